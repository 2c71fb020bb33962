//! How fast responses are read, next to the least that reading them takes.
//!
//! The floor is csv-core's `read_record` alone: cells split and unquoted, and nothing looked at.
//! Everything else is given as a multiple of its speed, measured in the same run: all contestants
//! take turns, each is compared with the floor of its own round, and the median of that counts.
//!
//! `cargo bench --bench decode`, or `… -- 10` for inputs of 10 MB instead of 50.

use std::hint::black_box;
use std::time::Instant;

use influx_edge::Timestamp;
use influx_edge::csv::{DataType, Decoder, Key, Rows, Step};

const CHUNK: usize = 64 << 10;
const ROUNDS: usize = 21;

fn main() {
    let megabytes = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(50);
    println!("ratios to the floor: above 1.00 is faster than csv-core alone\n");
    for (name, body) in [
        ("mixed", mixed(megabytes << 20)),
        ("narrow", narrow(megabytes << 20)),
        ("wide", wide(megabytes << 20)),
    ] {
        compare(name, &body);
    }
}

/// Runs all contestants in turn and prints their medians.
fn compare(name: &str, body: &[u8]) {
    type Contestant = (&'static str, fn(&[u8]) -> u64);
    let mut contestants: Vec<Contestant> = vec![
        ("floor: csv-core read_record", floor),
        ("every cell as text", text),
        ("_time and _value typed", time_and_value),
        ("every column typed", typed),
    ];
    if name != "wide" {
        contestants.push(("a struct of five by serde", by_serde));
        contestants.push(("Rows: _value by name", by_name));
    }
    let rows = floor(body);
    let mut seconds = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for ((_, run), seconds) in contestants.iter().zip(&mut seconds) {
            let start = Instant::now();
            black_box(run(black_box(body)));
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    println!("{name}: {} MB, {rows} rows", body.len() >> 20);
    for ((name, _), times) in contestants.iter().zip(&seconds) {
        let ratios = seconds[0].iter().zip(times).map(|(floor, own)| floor / own);
        let time = median(times.iter().copied());
        println!(
            "  {name:<30} {:>6.2} x  {:>6.0} MB/s  {:>6.1} ns/row",
            median(ratios),
            body.len() as f64 / time / 1e6,
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

fn floor(body: &[u8]) -> u64 {
    let mut reader = csv_core::Reader::new();
    let (mut text, mut ends) = (vec![0; 1 << 20], vec![0; 4096]);
    let (mut at, mut ends_at, mut rows) = (0, 0, 0);
    for mut chunk in body.chunks(CHUNK) {
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

/// Runs `each` for every record of the body.
fn decode(body: &[u8], mut each: impl FnMut(&Decoder<'_>)) {
    let (mut text, mut ends) = (vec![0; 1 << 20], vec![0; 4096]);
    let mut decoder = Decoder::new(&mut text, &mut ends);
    for mut chunk in body.chunks(CHUNK) {
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

fn text(body: &[u8]) -> u64 {
    let mut sum = 0;
    decode(body, |decoder| {
        for cell in decoder.record().cells() {
            sum += black_box(cell.as_bytes()).len() as u64;
        }
    });
    sum
}

fn time_and_value(body: &[u8]) -> u64 {
    let (time, value) = (Key::new("_time"), Key::new("_value"));
    let mut sum = 0.0;
    decode(body, |decoder| {
        let record = decoder.record();
        let time: Timestamp = record.get(&time).unwrap();
        sum += time.as_nanos() as f64;
        // A table may hold strings.
        if let Ok(Some(value)) = record.get::<Option<f64>>(&value) {
            sum += value;
        }
    });
    sum.to_bits()
}

fn typed(body: &[u8]) -> u64 {
    let mut sum = 0_u64;
    decode(body, |decoder| {
        for cell in decoder.record().cells() {
            if cell.is_null() {
                continue;
            }
            sum ^= match cell.data_type() {
                DataType::Double => cell.parse::<f64>().unwrap().to_bits(),
                DataType::Long => cell.parse::<i64>().unwrap() as u64,
                DataType::Time => cell.parse::<Timestamp>().unwrap().as_nanos() as u64,
                DataType::Boolean => u64::from(cell.parse::<bool>().unwrap()),
                _ => cell.parse::<&str>().unwrap().len() as u64,
            };
        }
    });
    sum
}

/// What an application that allocates nothing per row asks for: tags are enums, by name.
#[derive(serde::Deserialize)]
struct Sample {
    #[serde(rename = "_time")]
    time: Timestamp,
    #[serde(rename = "_value")]
    value: Value,
    #[serde(rename = "_field")]
    field: Field,
    #[serde(rename = "_measurement")]
    measurement: Measurement,
    station: Station,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Humidity,
    TempC,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Measurement {
    Soil,
    Weather,
}

#[derive(Clone, Copy, serde::Deserialize)]
enum Station {
    #[serde(rename = "zrh-0")]
    Zrh0,
    #[serde(rename = "zrh-1")]
    Zrh1,
    #[serde(rename = "zrh-2")]
    Zrh2,
    #[serde(rename = "zrh-3")]
    Zrh3,
    #[serde(other)]
    Other,
}

/// A value of any type, as its bits or its length.
struct Value(u64);

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Value;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Value(value.to_bits()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value(value as u64))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value(u64::from(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value(value.len() as u64))
            }
            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value(0))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn by_serde(body: &[u8]) -> u64 {
    let mut sum = 0_u64;
    for sample in Rows::new(body).deserialize::<Sample>() {
        let sample = black_box(sample.unwrap());
        let tags = sample.field as u64 + sample.measurement as u64 + sample.station as u64;
        sum = sum.wrapping_add(sample.time.as_nanos() as u64 ^ sample.value.0 ^ tags);
    }
    sum
}

fn by_name(body: &[u8]) -> u64 {
    let mut sum = 0.0;
    let mut rows = Rows::new(body);
    while let Some(row) = rows.next().unwrap() {
        if let Ok(value) = row.record().get::<f64>("_value") {
            sum += value;
        }
    }
    sum.to_bits()
}

/// xorshift64*: the same bytes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound
    }
}

const RANGE: &str = "2023-11-14T00:00:00Z,2023-11-15T00:00:00Z";

/// Tables of three schemas in turn, 100 rows each: floats, integers, and strings of which every
/// fifth is quoted; times with 0 to 9 digits.
fn mixed(size: usize) -> Vec<u8> {
    let mut random = Random(1);
    let mut body = String::with_capacity(size + 20_000);
    let mut table = 0;
    while body.len() < size {
        for kind in ["double", "long", "string"] {
            body.push_str("#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,");
            body.push_str(&format!("dateTime:RFC3339,{kind},string,string,string\r\n"));
            body.push_str("#group,false,false,true,true,false,false,true,true,true\r\n");
            body.push_str("#default,_result,,,,,,,,\r\n,result,table,_start,_stop,_time,_value,");
            body.push_str("_field,_measurement,station\r\n");
            for row in 0..100 {
                let time = Timestamp::from_nanos(
                    1_700_000_000_000_000_000
                        + row * 1_000_000_000
                        + [0, 1_000_000, 123_456_789][random.below(3) as usize],
                );
                let value = match kind {
                    "double" => format!("{}", random.below(10_000) as f64 / 100.0),
                    "long" => format!("{}", random.below(1_000_000)),
                    _ if random.below(5) == 0 => {
                        format!("\"said \"\"{}\"\", twice\"", random.below(1000))
                    }
                    _ => format!("state {}", random.below(1000)),
                };
                body.push_str(&format!(
                    ",,{table},{RANGE},{time},{value},temp_c,weather,zrh-{}\r\n",
                    table % 7
                ));
            }
            body.push_str("\r\n");
            table += 1;
        }
    }
    body.into_bytes()
}

/// One table: time, value and the three names that go with it.
fn narrow(size: usize) -> Vec<u8> {
    let mut random = Random(2);
    let mut body = String::with_capacity(size + 400);
    body.push_str("#datatype,string,long,dateTime:RFC3339,double,string,string,string\r\n");
    body.push_str("#group,false,false,false,false,true,true,true\r\n#default,_result,,,,,,\r\n");
    body.push_str(",result,table,_time,_value,_field,_measurement,station\r\n");
    let mut nanos = 1_700_000_000_000_000_000;
    while body.len() < size {
        nanos += 1_000_000_000;
        let time = Timestamp::from_nanos(nanos);
        let value = random.below(10_000) as f64 / 100.0;
        body.push_str(&format!(",,0,{time},{value},temp_c,weather,zrh-1\r\n"));
    }
    body.push_str("\r\n");
    body.into_bytes()
}

/// One pivoted table: a time and forty fields, some of them null.
fn wide(size: usize) -> Vec<u8> {
    let mut random = Random(3);
    let mut body = String::with_capacity(size + 2000);
    let names: Vec<String> = (0..38).map(|field| format!("field_{field}")).collect();
    body.push_str("#datatype,string,long,dateTime:RFC3339,double");
    body.push_str(&",double,long".repeat(19));
    body.push_str("\r\n#group,false,false,false,false");
    body.push_str(&",false".repeat(38));
    body.push_str("\r\n#default,_result,,,");
    body.push_str(&",".repeat(38));
    body.push_str("\r\n,result,table,_time,_value,");
    body.push_str(&names.join(","));
    body.push_str("\r\n");
    let mut nanos = 1_700_000_000_000_000_000;
    while body.len() < size {
        nanos += 1_000_000_000;
        let value = random.below(10_000) as f64 / 100.0;
        body.push_str(&format!(",,0,{},{value}", Timestamp::from_nanos(nanos)));
        for _ in 0..19 {
            match random.below(4) {
                0 => body.push_str(",,"),
                _ => body.push_str(&format!(
                    ",{},{}",
                    random.below(100_000) as f64 / 1000.0,
                    random.below(1_000_000)
                )),
            }
        }
        body.push_str("\r\n");
    }
    body.push_str("\r\n");
    body.into_bytes()
}
