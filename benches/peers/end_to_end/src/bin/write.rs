//! From points to a server's 204: processor time for a million points, everything included.
//!
//! `cargo run --release --manifest-path benches/peers/end_to_end/Cargo.toml --bin write`, or
//! `… -- 100000` for as many points a turn.
//!
//! All send the same batches to the same server, which runs in a process of its own; what each of them
//! writes is first read back by one parser and compared.

use end_to_end::{Server, compare, number, serve_if_asked};
use influx_edge::Client;
use influx_edge::client::Method;
use influx_edge::line::{EncodeError, Encoder, Sink, ToLine};
use influxdb_line_protocol::{FieldValue, parse_lines};
use influxdb2::models::{DataPoint, WriteDataPoint};
use std::time::Duration;

/// Points of a request.
const BATCH: usize = 5_000;

struct Reading {
    station: &'static str,
    temp_c: f64,
    humidity: f64,
    at: i64,
}

impl ToLine for Reading {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        enc.line("weather")
            .tag("station", self.station)
            .tag("site", "north")
            .field("temp_c", self.temp_c)
            .field("humidity", self.humidity)
            .timestamp(self.at)
    }
}

impl Reading {
    fn data_point(&self) -> DataPoint {
        DataPoint::builder("weather")
            .tag("station", self.station)
            .tag("site", "north")
            .field("temp_c", self.temp_c)
            .field("humidity", self.humidity)
            .timestamp(self.at)
            .build()
            .expect("a point with fields")
    }
}

fn main() {
    serve_if_asked(Vec::new);
    let points = number(50_000).next_multiple_of(BATCH);
    let readings: Vec<Reading> = (0..points)
        .map(|n| Reading {
            station: ["zrh-1", "zrh-2", "gva-1"][n % 3],
            temp_c: (n % 400) as f64 / 10.0,
            humidity: (n % 97) as f64 + 0.25,
            at: 1_700_000_000_000_000_000 + n as i64 * 1_000_003,
        })
        .collect();
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let client = Client::builder(&*server.url).org("acme").token("no-token");
    let client = client.build().expect("a client");
    let influxdb2 = influxdb2::Client::new(&*server.url, "acme", "no-token");
    let new_writer = |bucket: &str| {
        let writer = client
            .writer(bucket)
            .batch_lines(BATCH)
            .batch_bytes(1 << 20);
        let writer = writer.flush_interval(Duration::from_secs(3_600));
        writer.build().expect("a writer")
    };

    let with_writer = |writer: &mut influx_edge::writer::Writer| {
        for reading in &readings {
            writer.write(reading).expect("accepted");
        }
        assert_eq!(writer.stats().buffered, 0);
    };
    // The way its documentation shows.
    let by_stream = |bucket: &str| {
        for batch in readings.chunks(BATCH) {
            let points: Vec<_> = batch.iter().map(Reading::data_point).collect();
            let points = futures::stream::iter(points);
            runtime
                .block_on(influxdb2.write(bucket, points))
                .expect("204");
        }
    };
    // The way that costs it least: it sends each point of a stream in a chunk of its own.
    let by_body = |bucket: &str| {
        for batch in readings.chunks(BATCH) {
            let mut body = Vec::new();
            for reading in batch {
                let point = reading.data_point();
                point.write_data_point_to(&mut body).expect("into memory");
            }
            runtime
                .block_on(influxdb2.write_line_protocol("acme", bucket, body))
                .expect("204");
        }
    };

    let mut writer = new_writer("check");
    with_writer(&mut writer);
    check(&client, "influx-edge", &readings);
    by_stream("check");
    check(&client, "influxdb2, a stream", &readings);
    by_body("check");
    check(&client, "influxdb2, a body", &readings);

    let mut writer = new_writer("sensors");
    compare(
        &format!(
            "write: a million points of two tags and two fields, {BATCH} a request, over loopback"
        ),
        points,
        vec![
            (
                "influx-edge, client.writer(bucket)",
                Box::new(|| with_writer(&mut writer)),
            ),
            (
                "influxdb2 0.5.2, DataPoints by write",
                Box::new(|| by_stream("sensors")),
            ),
            (
                "influxdb2 0.5.2, DataPoints into one body",
                Box::new(|| by_body("sensors")),
            ),
        ],
    );
}

/// The server got these points, each once and in order.
fn check(client: &Client, who: &str, readings: &[Reading]) {
    let written = client
        .request(Method::Get, "/written")
        .max_body_bytes(1 << 30)
        .call();
    let text = written.and_then(influx_edge::client::Response::into_string);
    let text = text.expect("the server keeps it, and line protocol is text");
    let mut lines = parse_lines(&text);
    for reading in readings {
        let line = lines.next().expect(who).expect(who);
        let tag = |key: &str| line.tag_value(key).map(|value| value.to_string());
        let field = |key: &str| match line.field_value(key) {
            Some(FieldValue::F64(value)) => Some(*value),
            _ => None,
        };
        assert_eq!(line.series.measurement.as_str(), "weather", "{who}");
        assert_eq!(tag("station").as_deref(), Some(reading.station), "{who}");
        assert_eq!(tag("site").as_deref(), Some("north"), "{who}");
        assert_eq!(line.series.tag_set.as_ref().map(|tags| tags.len()), Some(2));
        assert_eq!(field("temp_c"), Some(reading.temp_c), "{who}");
        assert_eq!(field("humidity"), Some(reading.humidity), "{who}");
        assert_eq!(line.field_set.len(), 2, "{who}");
        assert_eq!(line.timestamp, Some(reading.at), "{who}");
    }
    assert!(lines.next().is_none(), "{who} wrote too much");
}
