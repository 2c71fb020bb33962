//! A response of InfluxDB 3 over the loopback, in chunks and in constant memory.
//!
//! The gigabyte takes a while without optimisation:
//! `cargo test --release --features v3 --test resource_use -- --ignored v3_`.

use std::io::Write as _;

use crate::client_stream::resident_peak;
use crate::common::wire::{self, Wire};
use allocation_counter::measure;

const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n";
const NAMES: &str = "hum,n,note,ok,station,temp_c,time\n";
/// One of two has quotes, so that csv-core reads it.
const ROWS: &str = "40,7,\"a \"\"b\"\", c\",true,zrh-1,21.53125,2023-11-14T22:13:20.123456789\n\
    ,,,,zrh-2,21.53125,2023-11-14T22:13:20.123456789\n";

fn chunk(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n", body.len())
}

/// Reads so many bytes of rows, after a first, small response.
fn read(total: usize) {
    let _alone = crate::alone();
    wire::watch::quiet();
    let many = ROWS.repeat(500);
    let count = total / many.len();
    let wanted = 1_000 * count as u64;
    let wire = Wire::each(1, move |peer| {
        // What is loaded once is not what is asked for here.
        peer.request();
        let small = [HEAD, &chunk(NAMES), &chunk(ROWS), "0\r\n\r\n"].concat();
        peer.send(small);
        peer.request();
        peer.send([HEAD, &chunk(NAMES)].concat());
        let many = chunk(&many);
        for _ in 0..count {
            if peer.stream.write_all(many.as_bytes()).is_err() {
                return;
            }
        }
        peer.send("0\r\n\r\n");
    });
    let client = wire.builder().timeout(std::time::Duration::from_secs(600));
    let client = client.build().unwrap();
    let mut seen = 0u64;
    let mut run = || {
        let mut rows = client.v3("db").sql("SELECT * FROM weather").call().unwrap();
        seen = 0;
        while let Some(row) = rows.next().unwrap() {
            let value: f64 = row.get("temp_c").unwrap();
            let nanos: i64 = row.get("time").unwrap();
            let note: Option<&str> = row.get("note").unwrap();
            assert_eq!((value, nanos % 1_000), (21.53125, 789));
            assert!(note.is_none_or(|note| note == "a \"b\", c"));
            seen += 1;
        }
    };
    run();
    #[cfg(target_os = "linux")]
    resident_peak(); // of what ran before
    #[cfg(target_os = "linux")]
    let before = resident_peak();
    let cost = measure(&mut run);
    #[cfg(target_os = "linux")]
    let growth = resident_peak().saturating_sub(before);
    assert_eq!(seen, wanted);
    println!(
        "{} MB, {seen} rows: {} allocations, at most {} bytes at once",
        total / 1_000_000,
        cost.count_total,
        cost.bytes_max
    );
    assert!(cost.count_total <= 200, "none for a row: {cost:?}");
    assert!(cost.bytes_max <= 128 * 1024, "{cost:?}");
    #[cfg(target_os = "linux")]
    {
        println!("resident memory grew by {growth} KiB at most");
        assert!(growth <= 4 << 10, "{growth} KiB");
    }
}

#[test]
fn v3_rows_are_streamed() {
    read(20_000_000);
}

#[test]
#[ignore = "a gigabyte: run it with --release"]
fn v3_a_gigabyte_of_rows_is_streamed() {
    read(1_000_000_000);
}

/// The same from memory: whatever is allocated is so for the first rows.
#[test]
fn v3_rows_from_memory_allocate_nothing_each() {
    let _alone = crate::alone();
    let text: &'static str = [NAMES, &ROWS.repeat(10_000)].concat().leak();
    let mut rows = influx_edge::v3::Rows::from_reader(text.as_bytes());
    for _ in 0..2 {
        assert!(rows.next().unwrap().is_some());
    }
    let mut count = 2;
    let cost = measure(|| {
        while let Some(row) = rows.next().unwrap() {
            let key = influx_edge::csv::Key::new("station");
            assert!(row.get::<&str>(&key).unwrap().starts_with("zrh-"));
            assert!(row.get::<influx_edge::Timestamp>("time").is_ok());
            assert_eq!(row.table().columns().len(), 7);
            count += 1;
        }
    });
    assert_eq!(count, 20_000);
    assert_eq!(cost.count_total, 0, "{cost:?}");

    #[derive(serde::Deserialize)]
    struct Reading {
        hum: Option<i64>,
        temp_c: f64,
        time: influx_edge::Timestamp,
    }
    let mut values = influx_edge::v3::Rows::from_reader(text.as_bytes()).deserialize::<Reading>();
    for _ in 0..2 {
        values.next().unwrap().unwrap();
    }
    let cost = measure(|| {
        for value in values.by_ref() {
            let Reading { hum, temp_c, time } = value.unwrap();
            assert!(hum.is_none_or(|hum| hum == 40) && temp_c > 21.0);
            assert!(time > influx_edge::Timestamp::from_secs(0));
        }
    });
    assert_eq!(cost.count_total, 0, "{cost:?}");
}
