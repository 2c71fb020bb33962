//! Reading a query's response: influx-edge next to its peers, over the same bytes in one run.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml --bin decode`, or `… -- 20` for 20 MB
//! instead of 10.
//!
//! Everybody's result is checked to be the same before any time is taken; then the contestants take
//! turns, and the median of each is compared. The versions are those of `Cargo.lock`.

#[path = "../responses.rs"]
mod responses;

use responses::{Sum, body};
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Instant;

use fallible_iterator::FallibleIterator;
use influx_edge::Timestamp;
use influx_edge::csv::{Decoder, Key, Rows, Step};

const ROUNDS: usize = 7;

fn main() {
    let megabytes = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let body = body(megabytes.unwrap_or(10) << 20);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // influxdb2's reader is reached through its client only; the body is in memory when it begins.
    let influxdb2 = runtime.block_on(influxdb2_rows(&body));

    println!("{} MB, one table of five columns\n", body.len() >> 20);
    compare(
        "each row in full: all columns, as each library hands them out",
        vec![
            (
                "influx-edge, Rows, all typed",
                Box::new(|| all_typed(&body)),
            ),
            (
                "influxdb2 0.5.2",
                Box::new(|| influxdb2_sum(influxdb2.result())),
            ),
            (
                "influxdb-stream 0.1.1",
                Box::new(|| runtime.block_on(stream_sum(&body))),
            ),
        ],
    );
    compare(
        "time and value only",
        vec![
            (
                "influx-edge, Decoder and Key",
                Box::new(|| time_and_value(&body)),
            ),
            (
                "influxdb2 0.5.2",
                Box::new(|| influxdb2_sum(influxdb2.result())),
            ),
            (
                "influxdb-stream 0.1.1",
                Box::new(|| runtime.block_on(stream_sum(&body))),
            ),
        ],
    );
    compare(
        "cells as bytes",
        vec![
            ("influx-edge, Decoder", Box::new(|| cells(&body))),
            ("csv 1.4.0, ByteRecord", Box::new(|| byte_records(&body))),
        ],
    );
    compare(
        "a struct of five by serde: text borrowed, the time as text",
        vec![
            (
                "influx-edge, Row::deserialize",
                Box::new(|| by_serde(&body)),
            ),
            (
                "csv 1.4.0, ByteRecord and serde",
                Box::new(|| csv_serde(&body)),
            ),
        ],
    );
}

/// Checks that all come to the same result, then times them in turn. The first is ours.
fn compare(title: &str, contestants: Vec<(&str, Box<dyn Fn() -> Sum + '_>)>) {
    let truth = contestants[0].1();
    assert!(truth.rows > 1000);
    for (name, run) in &contestants {
        assert_eq!(run(), truth, "{name}");
    }
    let mut seconds = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for ((_, run), seconds) in contestants.iter().zip(&mut seconds) {
            let start = Instant::now();
            black_box(run());
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    println!("{title}");
    let mut ours = None;
    for ((name, _), seconds) in contestants.iter().zip(&mut seconds) {
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2];
        let ours = *ours.get_or_insert(median);
        println!(
            "  {name:<34} {:>8.1} ns/row   ours is {:>6.2} x as fast",
            median / truth.rows as f64 * 1e9,
            median / ours
        );
    }
    println!();
}

fn all_typed(body: &[u8]) -> Sum {
    let mut sum = Sum::default();
    let mut rows = Rows::new(body);
    while let Some(row) = rows.next().unwrap() {
        let mut cells = row.cells();
        let mut cell = || cells.next().unwrap();
        let time: Timestamp = cell().parse().unwrap();
        let value: f64 = cell().parse().unwrap();
        let field: &str = cell().parse().unwrap();
        let measurement: &str = cell().parse().unwrap();
        let station: &str = cell().parse().unwrap();
        black_box((field, measurement));
        sum.add(time.as_nanos(), value, station.len());
    }
    sum
}

fn time_and_value(body: &[u8]) -> Sum {
    let mut sum = Sum::default();
    let (time, value, station) = (Key::new("_time"), Key::new("_value"), Key::new("station"));
    decode(body, |decoder| {
        let record = decoder.record();
        sum.add(
            record.get(&time).unwrap(),
            record.get(&value).unwrap(),
            record.get::<&[u8]>(&station).unwrap().len(),
        );
    });
    sum
}

fn cells(body: &[u8]) -> Sum {
    let mut sum = Sum::default();
    decode(body, |decoder| {
        sum.rows += 1;
        for cell in decoder.record().cells() {
            sum.text += cell.as_bytes().len();
        }
    });
    sum
}

fn decode(body: &[u8], mut each: impl FnMut(&Decoder<'_>)) {
    let (mut text, mut ends) = (vec![0; 4096], vec![0; 128]);
    let mut decoder = Decoder::new(&mut text, &mut ends);
    for mut chunk in body.chunks(64 << 10) {
        loop {
            let (used, step) = decoder.feed(chunk).unwrap();
            chunk = &chunk[used..];
            match step {
                Step::NeedInput => break,
                Step::Record => each(&decoder),
                _ => {}
            }
        }
    }
    while decoder.finish().unwrap() != Step::End {}
}

/// The csv crate knows no annotations: the first four rows are stepped over.
fn reader(body: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(true)
        .comment(Some(b'#'))
        .from_reader(body)
}

fn byte_records(body: &[u8]) -> Sum {
    let mut sum = Sum::default();
    let mut reader = reader(body);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).unwrap() {
        sum.rows += 1;
        for cell in record.iter().skip(3) {
            sum.text += cell.len();
        }
    }
    sum
}

#[derive(serde::Deserialize)]
struct Sample<'a> {
    #[serde(rename = "_time")]
    time: &'a str,
    #[serde(rename = "_value")]
    value: f64,
    #[serde(rename = "_field")]
    field: &'a str,
    #[serde(rename = "_measurement")]
    measurement: &'a str,
    station: &'a str,
}

fn by_serde(body: &[u8]) -> Sum {
    let mut sum = Sum::default();
    let mut rows = Rows::new(body);
    while let Some(row) = rows.next().unwrap() {
        let sample: Sample<'_> = row.deserialize().unwrap();
        black_box((sample.field, sample.measurement));
        sum.add(sample.time.len() as i64, sample.value, sample.station.len());
    }
    sum
}

fn csv_serde(body: &[u8]) -> Sum {
    let mut sum = Sum::default();
    let mut reader = reader(body);
    let headers = reader.byte_headers().unwrap().clone();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).unwrap() {
        let sample: Sample<'_> = record.deserialize(Some(&headers)).unwrap();
        black_box((sample.field, sample.measurement));
        sum.add(sample.time.len() as i64, sample.value, sample.station.len());
    }
    sum
}

/// Serves the body once, over loopback.
async fn influxdb2_rows(body: &[u8]) -> influxdb2::api::query::QueryTableIter {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let response = [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ",
        body.len().to_string().as_bytes(),
        b"\r\n\r\n",
        body,
    ]
    .concat();
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        // The request is short.
        let _ = connection.read(&mut [0; 65_536]).unwrap();
        connection.write_all(&response).unwrap();
    });
    let client = influxdb2::Client::new(url, "acme", "no-token");
    let query = influxdb2::models::Query::new("from()".to_owned());
    let rows = client.query_raw_iter(Some(query)).await.unwrap();
    server.join().unwrap();
    rows
}

fn influxdb2_sum(
    rows: impl FallibleIterator<Item = influxdb2::api::query::FluxRecord, Error: std::fmt::Debug>,
) -> Sum {
    use influxdb2_structmap::value::Value;

    let mut sum = Sum::default();
    let mut rows = rows;
    while let Some(row) = rows.next().unwrap() {
        let (Value::TimeRFC(time), Value::Double(value), Value::String(station)) = (
            &row.values["_time"],
            &row.values["_value"],
            &row.values["station"],
        ) else {
            panic!("{row:?}");
        };
        let nanos = time.timestamp_nanos_opt().unwrap();
        sum.add(nanos, value.into_inner(), station.len());
    }
    sum
}

async fn stream_sum(body: &[u8]) -> Sum {
    use influxdb_stream::Value;

    let mut sum = Sum::default();
    let mut parser = influxdb_stream::parser::AnnotatedCsvParser::new(body);
    while let Some(row) = parser.next().await.unwrap() {
        let (Value::TimeRFC(time), Value::Double(value), Value::String(station)) = (
            &row.values["_time"],
            &row.values["_value"],
            &row.values["station"],
        ) else {
            panic!("{row:?}");
        };
        let nanos = time.timestamp_nanos_opt().unwrap();
        sum.add(nanos, value.into_inner(), station.len());
    }
    sum
}
