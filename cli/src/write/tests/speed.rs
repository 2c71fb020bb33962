//! Conversion alone, in processor time:
//! `cargo test --release -p influx-edge-cli --bin influx-edge -- --ignored --nocapture speed`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use super::tests::{format_of, no_lines};
use csv_core::{ReadRecordResult, Reader};
use influx_edge::Timestamp;
use influx_edge::line::{Encoder, OwnedFieldKey, OwnedSeries};
use std::fmt::Write as _;

const RECORDS: usize = 50_000;
const ROUNDS: usize = 15;
const PIECE: usize = 64 * 1024;

/// Nanoseconds that this thread was on a processor.
fn processor_time() -> u64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    times
        .split(' ')
        .next()
        .and_then(|time| time.parse().ok())
        .expect("a number")
}

fn measured(run: &mut dyn FnMut() -> usize, times: &mut Vec<u64>) -> usize {
    let begin = processor_time();
    let length = run();
    times.push(processor_time() - begin);
    length
}

fn median(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The times, tags and readings of record `n`.
fn values(n: usize) -> (Timestamp, usize, f64, f64, f64) {
    let time = Timestamp::from_millis(1_700_000_000_000 + n as i64 * 250);
    let reading = |from: usize, by: usize| ((n * by % 4000) + from) as f64 / 100.0;
    (
        time,
        n % 40,
        reading(1000, 7),
        reading(3000, 13),
        reading(99_000, 17),
    )
}

/// By csv-core and the encoder, for this table alone.
fn by_hand(input: &[u8], out: &mut Vec<u8>) {
    let series = OwnedSeries::new("weather").expect("a series");
    let keys =
        ["temp_c", "hum_pct", "pressure_hpa"].map(|key| OwnedFieldKey::new(key).expect("a key"));
    let mut reader = Reader::new();
    let mut encoder = Encoder::with_sink(std::mem::take(out));
    let (mut cells, mut ends) = ([0; 4096], [0; 64]);
    let mut rest = input;
    let mut header = true;
    loop {
        let (result, read, wrote, ended) = reader.read_record(rest, &mut cells, &mut ends);
        rest = &rest[read..];
        match result {
            ReadRecordResult::Record if header => header = false,
            ReadRecordResult::Record => {
                let text = std::str::from_utf8(&cells[..wrote]).expect("UTF-8");
                assert_eq!(ended, 5);
                let cell = |n: usize| &text[if n == 0 { 0 } else { ends[n - 1] }..ends[n]];
                let mut line = encoder.series(&series).tag("station", cell(1)).fields();
                for (n, key) in keys.iter().enumerate() {
                    line = line.field(key, cell(n + 2).parse::<f64>().expect("a number"));
                }
                let time = Timestamp::parse(cell(0)).expect("a time");
                line.timestamp(time).expect("a line");
            }
            ReadRecordResult::End => break,
            _ => {}
        }
    }
    *out = encoder.into_sink();
}

#[test]
#[ignore = "a measurement"]
fn speed() {
    let (mut csv, mut json) = (
        String::from("time,station,temp_c,hum_pct,pressure_hpa\n"),
        String::new(),
    );
    for n in 0..RECORDS {
        let (time, station, a, b, c) = values(n);
        let _ = writeln!(csv, "{time},zrh-{station},{a:.2},{b:.2},{c:.2}");
        let _ = writeln!(
            json,
            "{{\"time\":\"{time}\",\"station\":\"zrh-{station}\",\"temp_c\":{a:.2},\"hum_pct\":{b:.2},\"pressure_hpa\":{c:.2}}}"
        );
    }
    let mut hand = Vec::new();
    let mut text = Vec::new();
    let convert = |args: &str, input: &str, text: &mut Vec<u8>| {
        let mut format = format_of(args);
        let mut lines = no_lines();
        text.clear();
        for piece in input.as_bytes().chunks(PIECE) {
            format.push(piece, &mut lines).expect("lines");
            text.extend_from_slice(lines.encoder.as_bytes());
            lines.encoder.clear();
            lines.numbers.clear();
        }
        assert!(lines.rejected.is_empty());
        text.len()
    };
    let parse = |input: &str| {
        let lines = input.lines();
        lines
            .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
            .count()
    };
    let (mut by_csv, mut by_json, mut base, mut value) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        measured(
            &mut || {
                by_hand(csv.as_bytes(), &mut hand);
                hand.len()
            },
            &mut base,
        );
        measured(
            &mut || convert("--csv -m weather --tags station", &csv, &mut text),
            &mut by_csv,
        );
        assert!(hand == text);
        measured(
            &mut || convert("--jsonl -m weather --tags station", &json, &mut text),
            &mut by_json,
        );
        assert!(hand == text);
        measured(&mut || parse(&json), &mut value);
    }
    let (by_csv, by_json, base, value) =
        (median(by_csv), median(by_json), median(base), median(value));
    let row = |name: &str, time: u64, input: &str| {
        println!(
            "{name:<32} {:>5} ns a record  {:>4.0} MB/s",
            time / RECORDS as u64,
            input.len() as f64 * 1000.0 / time as f64
        );
    };
    row("csv-core and Encoder, by hand", base, &csv);
    row("--csv", by_csv, &csv);
    row("serde_json::Value of each line", value, &json);
    row("--jsonl", by_json, &json);
    println!(
        "--csv / by hand {:.2}, --jsonl / Value {:.2}",
        by_csv as f64 / base as f64,
        by_json as f64 / value as f64
    );
}
