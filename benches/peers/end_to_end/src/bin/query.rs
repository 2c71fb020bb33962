//! From a query to values: processor time for a million rows, everything included.
//!
//! `cargo run --release --manifest-path benches/peers/end_to_end/Cargo.toml --bin query`, or `… -- 20`
//! for a response of 20 MB instead of 10.
//!
//! All ask the same server, which runs in a process of its own and sends the same rows to everybody;
//! what they make of them is compared before any time is taken.

use end_to_end::responses::{Sum, body};
use end_to_end::{Server, compare, number, serve_if_asked};
use fallible_iterator::FallibleIterator;
use futures::StreamExt;
use influx_edge::{Client, Timestamp};
use std::hint::black_box;

const FLUX: &str = "from(bucket: \"sensors\") |> range(start: -1h)";

fn main() {
    serve_if_asked(|| body(number(10) << 20));
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let client = Client::builder(&*server.url).org("acme").token("no-token");
    let client = client.build().expect("a client");
    let influxdb2 = influxdb2::Client::new(&*server.url, "acme", "no-token");
    let stream = influxdb_stream::Client::new(&*server.url, "acme", "no-token");

    let ours = || rows(&client);
    let by_influxdb2 = || runtime.block_on(influxdb2_rows(&influxdb2));
    let by_stream = || runtime.block_on(stream_rows(&stream));
    let truth = ours();
    assert!(truth.rows > 1000);
    assert_eq!(by_influxdb2(), truth);
    assert_eq!(by_stream(), truth);

    compare(
        &format!(
            "query: a million rows of five columns, {} MB a response, over loopback",
            number(10)
        ),
        truth.rows as usize,
        vec![
            (
                "influx-edge, client.query(…).call()",
                Box::new(|| assert_eq!(ours(), truth)),
            ),
            (
                "influxdb2 0.5.2, query_raw_iter",
                Box::new(|| assert_eq!(by_influxdb2(), truth)),
            ),
            (
                "influxdb-stream 0.1.1, query_stream",
                Box::new(|| assert_eq!(by_stream(), truth)),
            ),
        ],
    );
}

fn rows(client: &Client) -> Sum {
    let mut sum = Sum::default();
    let mut rows = client.query(FLUX).call().expect("a response");
    while let Some(row) = rows.next().expect("a row") {
        let mut cells = row.cells();
        let mut cell = || cells.next().expect("five cells");
        let time: Timestamp = cell().parse().expect("a time");
        let value: f64 = cell().parse().expect("a value");
        let field: &str = cell().parse().expect("text");
        let measurement: &str = cell().parse().expect("text");
        let station: &str = cell().parse().expect("text");
        black_box((field, measurement));
        sum.add(time.as_nanos(), value, station.len());
    }
    sum
}

async fn influxdb2_rows(client: &influxdb2::Client) -> Sum {
    use influxdb2_structmap::value::Value;

    let mut sum = Sum::default();
    let query = influxdb2::models::Query::new(FLUX.to_owned());
    let table = client
        .query_raw_iter(Some(query))
        .await
        .expect("a response");
    let mut rows = table.result();
    while let Some(row) = rows.next().expect("a row") {
        let (Value::TimeRFC(time), Value::Double(value), Value::String(station)) = (
            &row.values["_time"],
            &row.values["_value"],
            &row.values["station"],
        ) else {
            panic!("{row:?}");
        };
        let nanos = time.timestamp_nanos_opt().expect("in range");
        sum.add(nanos, value.into_inner(), station.len());
    }
    sum
}

async fn stream_rows(client: &influxdb_stream::Client) -> Sum {
    use influxdb_stream::Value;

    let mut sum = Sum::default();
    let mut rows = client.query_stream(FLUX).await.expect("a response");
    while let Some(row) = rows.next().await {
        let row = row.expect("a row");
        let (Value::TimeRFC(time), Value::Double(value), Value::String(station)) = (
            &row.values["_time"],
            &row.values["_value"],
            &row.values["station"],
        ) else {
            panic!("{row:?}");
        };
        let nanos = time.timestamp_nanos_opt().expect("in range");
        sum.add(nanos, value.into_inner(), station.len());
    }
    sum
}
