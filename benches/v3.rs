//! How fast a response of InfluxDB 3 is read, next to the least that reading it takes, and what the two
//! formats that rows can come in differ by.
//!
//! The floor is csv-core's `read_record` alone: cells split and unquoted, and nothing looked at.
//! Everything else is given as a multiple of its speed, measured in the same run: all contestants take
//! turns, each is compared with the floor of its own round, and the median of that counts.
//!
//! `cargo bench --features v3 --bench v3`, or `… -- 100` for 100 000 rows instead of a million.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

use influx_edge::Timestamp;
use influx_edge::csv::Key;
use influx_edge::v3::Rows;

const CHUNK: usize = 16 << 10;
const ROUNDS: usize = 9;

/// One row, in both formats.
struct Bodies {
    csv: &'static [u8],
    jsonl: &'static [u8],
}

#[derive(serde::Deserialize)]
struct Reading {
    hum: Option<i64>,
    n: Option<u64>,
    note: Option<String>,
    ok: Option<bool>,
    station: String,
    temp_c: f64,
    time: Timestamp,
}

/// The same of text that is still there.
#[derive(serde::Deserialize)]
struct Borrowed<'a> {
    hum: Option<i64>,
    n: Option<u64>,
    note: Option<std::borrow::Cow<'a, str>>,
    ok: Option<bool>,
    station: &'a str,
    temp_c: f64,
    time: Timestamp,
}

fn main() {
    let thousands: usize = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(1000);
    let rows = thousands * 1000;
    for (name, quoted, nulls) in [
        ("full rows, no quotes", false, false),
        ("every row with a quoted cell", true, false),
        ("most cells null", false, true),
    ] {
        compare(name, rows, &bodies(rows, quoted, nulls));
    }
}

/// Rows as the server writes them: the columns of `SELECT *`.
fn bodies(rows: usize, quoted: bool, nulls: bool) -> Bodies {
    let mut csv = String::from("hum,n,note,ok,station,temp_c,time\n");
    let mut jsonl = String::new();
    for n in 0..rows {
        let (second, station) = (n % 60, n % 16);
        let time = format!(
            "2023-11-14T22:13:{second:02}.{:09}",
            n * 997 % 1_000_000_000
        );
        let temp = (n % 4000) as f64 / 100.0;
        if nulls && n % 10 != 0 {
            writeln!(csv, ",,,,zrh-{station},{temp:?},{time}").unwrap();
            let rest = format!(r#""station":"zrh-{station}","temp_c":{temp:?},"time":"{time}""#);
            writeln!(jsonl, "{{{rest}}}").unwrap();
            continue;
        }
        let (hum, ok) = (n % 100, n % 2 == 0);
        let (in_csv, in_json) = if quoted {
            (r#""a ""b"", c""#, r#"a \"b\", c"#)
        } else {
            ("calm", "calm")
        };
        writeln!(csv, "{hum},{n},{in_csv},{ok},zrh-{station},{temp:?},{time}").unwrap();
        writeln!(
            jsonl,
            r#"{{"hum":{hum},"n":{n},"note":"{in_json}","ok":{ok},"station":"zrh-{station}","temp_c":{temp:?},"time":"{time}"}}"#
        )
        .unwrap();
    }
    Bodies {
        csv: csv.into_bytes().leak(),
        jsonl: jsonl.into_bytes().leak(),
    }
}

/// Runs all contestants in turn and prints their medians.
fn compare(name: &str, rows: usize, bodies: &Bodies) {
    type Contestant = (&'static str, fn(&Bodies) -> u64);
    let contestants: [Contestant; 8] = [
        ("floor: csv-core read_record", floor),
        ("rows", only_rows),
        ("temp_c by name", by_name),
        ("time and temp_c by key", by_key),
        ("every column typed", typed),
        ("a struct of seven by serde", by_serde),
        ("the same, borrowed", borrowed),
        ("jsonl: the same by serde_json", by_json),
    ];
    let mut seconds = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for ((_, run), seconds) in contestants.iter().zip(&mut seconds) {
            let start = Instant::now();
            black_box(run(black_box(bodies)));
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    let (csv, jsonl) = (bodies.csv.len() as f64, bodies.jsonl.len() as f64);
    println!(
        "{name}: {rows} rows, {:.1} bytes a row in csv, {:.1} in jsonl ({:.2} x)",
        csv / rows as f64,
        jsonl / rows as f64,
        jsonl / csv
    );
    for ((name, _), times) in contestants.iter().zip(&seconds) {
        let ratios = seconds[0].iter().zip(times).map(|(floor, own)| floor / own);
        let time = median(times.iter().copied());
        println!(
            "  {name:<30} {:>6.2} x  {:>6.1} ns/row",
            median(ratios),
            time / rows as f64 * 1e9
        );
    }
    println!();
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn floor(bodies: &Bodies) -> u64 {
    let mut reader = csv_core::Reader::new();
    let (mut text, mut ends) = (vec![0; 1 << 20], vec![0; 4096]);
    let (mut at, mut ends_at, mut rows) = (0, 0, 0);
    for mut chunk in bodies.csv.chunks(CHUNK) {
        while !chunk.is_empty() {
            let (result, used, bytes, cells) =
                reader.read_record(chunk, &mut text[at..], &mut ends[ends_at..]);
            chunk = &chunk[used..];
            (at, ends_at) = (at + bytes, ends_at + cells);
            match result {
                csv_core::ReadRecordResult::Record => {
                    black_box((&text[..at], &ends[..ends_at]));
                    (at, ends_at) = (0, 0);
                    rows += 1;
                }
                csv_core::ReadRecordResult::InputEmpty => {}
                other => panic!("{other:?}"),
            }
        }
    }
    rows
}

fn only_rows(bodies: &Bodies) -> u64 {
    let mut rows = Rows::from_reader(bodies.csv);
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        black_box(&row);
        count += 1;
    }
    count
}

fn by_name(bodies: &Bodies) -> u64 {
    let mut rows = Rows::from_reader(bodies.csv);
    let mut sum = 0.0;
    while let Some(row) = rows.next().unwrap() {
        sum += row.get::<f64>("temp_c").unwrap();
    }
    sum.to_bits()
}

fn by_key(bodies: &Bodies) -> u64 {
    let (time, temp) = (Key::new("time"), Key::new("temp_c"));
    let mut rows = Rows::from_reader(bodies.csv);
    let mut sum = 0.0;
    while let Some(row) = rows.next().unwrap() {
        let time: Timestamp = row.get(&time).unwrap();
        sum += row.get::<f64>(&temp).unwrap() + time.as_nanos() as f64;
    }
    sum.to_bits()
}

fn typed(bodies: &Bodies) -> u64 {
    let mut rows = Rows::from_reader(bodies.csv);
    let mut sum = 0_u64;
    while let Some(row) = rows.next().unwrap() {
        sum ^= row.get::<Option<i64>>(0).unwrap().unwrap_or(0) as u64;
        sum ^= row.get::<Option<u64>>(1).unwrap().unwrap_or(0);
        sum ^= row.get::<&str>(2).unwrap().len() as u64;
        sum ^= u64::from(row.get::<Option<bool>>(3).unwrap().unwrap_or(false));
        sum ^= row.get::<&str>(4).unwrap().len() as u64;
        sum ^= row.get::<f64>(5).unwrap().to_bits();
        sum ^= row.get::<i64>(6).unwrap() as u64;
    }
    sum
}

fn by_serde(bodies: &Bodies) -> u64 {
    let rows = Rows::from_reader(bodies.csv).deserialize::<Reading>();
    rows.map(|reading| sum(&reading.unwrap()))
        .fold(0, |a, b| a ^ b)
}

fn borrowed(bodies: &Bodies) -> u64 {
    let mut rows = Rows::from_reader(bodies.csv);
    let mut sum = 0_u64;
    while let Some(row) = rows.next().unwrap() {
        let r: Borrowed<'_> = row.deserialize().unwrap();
        let text = r.note.map_or(0, |note| note.len()) + r.station.len();
        sum ^= r.temp_c.to_bits() ^ r.time.as_nanos() as u64 ^ text as u64;
        sum ^= r.hum.unwrap_or(0) as u64 ^ r.n.unwrap_or(0) ^ u64::from(r.ok.unwrap_or(false));
    }
    sum
}

fn by_json(bodies: &Bodies) -> u64 {
    let rows = serde_json::Deserializer::from_slice(bodies.jsonl).into_iter::<Reading>();
    rows.map(|reading| sum(&reading.unwrap()))
        .fold(0, |a, b| a ^ b)
}

fn sum(r: &Reading) -> u64 {
    let text = r.note.as_ref().map_or(0, String::len) + r.station.len();
    let numbers = r.hum.unwrap_or(0) as u64 ^ r.n.unwrap_or(0) ^ u64::from(r.ok.unwrap_or(false));
    numbers ^ r.temp_c.to_bits() ^ r.time.as_nanos() as u64 ^ text as u64
}
