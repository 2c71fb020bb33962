//! Every response recorded from a real server (InfluxDB OSS 2.9.1), whole and in pieces of every
//! kind, equals its expectation.
//!
//! The expectations were made by an independent reader.

use crate::common::random::{Draw, Rng};
use std::fs;
use std::path::PathBuf;

use crate::common::csv::{Column, Event, NAN, Value, decode, decode_all};
use influx_edge::csv::Decoder;
use serde_json::Value as Json;

struct Recording {
    name: String,
    body: Vec<u8>,
    delimiter: u8,
    expected: Vec<Event>,
}

impl Recording {
    fn decode<'i>(&self, pieces: impl IntoIterator<Item = &'i [u8]>) -> Vec<Event> {
        let (mut text, mut ends) = (vec![0xAA; 8 << 10], vec![7; 256]);
        let decoder = Decoder::new(&mut text, &mut ends).delimiter(self.delimiter);
        decode(pieces, decoder)
    }

    fn check<'i>(&self, pieces: impl IntoIterator<Item = &'i [u8]>, how: &str) {
        assert_eq!(self.decode(pieces), self.expected, "{}, {how}", self.name);
    }
}

fn recordings() -> Vec<Recording> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/csv");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".expected.json").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert_eq!(names.len(), 35, "recordings are missing");
    names
        .into_iter()
        .map(|name| {
            let read = |kind: &str| fs::read(folder.join(format!("{name}.{kind}"))).unwrap();
            let flux = String::from_utf8(read("flux")).unwrap();
            let delimiter = if flux.contains(r#""delimiter": ";""#) {
                b';'
            } else {
                b','
            };
            let expected: Json = serde_json::from_slice(&read("expected.json")).unwrap();
            let events = expected.as_array().unwrap();
            Recording {
                body: read("csv"),
                delimiter,
                expected: events.iter().map(event).collect(),
                name,
            }
        })
        .collect()
}

fn event(json: &Json) -> Event {
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    if let Some(error) = json.get("error") {
        let code = error.get("code").or(error.get("reference")).unwrap();
        return Event::Server {
            message: text(&error["message"]),
            code: text(code),
        };
    }
    let table = &json["table"];
    let columns = table["columns"].as_array().unwrap();
    let row = |row: &Json| row.as_array().unwrap().iter().map(value).collect();
    Event::Table {
        result: text(&table["result"]),
        id: Some(text(&table["id"]).parse().unwrap()),
        columns: columns
            .iter()
            .enumerate()
            .map(|(index, column)| Column {
                name: text(&column["label"]),
                data_type: text(&column["datatype"]),
                group: column["group"].as_bool().unwrap(),
                default: match table.get("defaults") {
                    Some(defaults) => value(&defaults[index]),
                    None => Value::Null,
                },
            })
            .collect(),
        rows: table["rows"].as_array().unwrap().iter().map(row).collect(),
    }
}

fn value(json: &Json) -> Value {
    let Some(object) = json.as_object() else {
        assert!(json.is_null());
        return Value::Null;
    };
    let (kind, value) = object.iter().next().unwrap();
    let text = value.as_str().unwrap_or_default();
    match kind.as_str() {
        "string" => Value::String(text.to_owned()),
        "long" => Value::Long(text.parse().unwrap()),
        "unsignedLong" => Value::UnsignedLong(text.parse().unwrap()),
        "double" if text == "nan" => Value::Double(NAN),
        "double" => Value::Double(u64::from_str_radix(text, 16).unwrap()),
        "boolean" => Value::Boolean(value.as_bool().unwrap()),
        "time" => Value::Time(text.parse().unwrap()),
        other => panic!("unknown kind {other}"),
    }
}

#[test]
fn whole() {
    for recording in recordings() {
        recording.check([&recording.body[..]], "whole");
    }
}

#[test]
fn cut_at_every_byte() {
    for recording in recordings() {
        for cut in 0..=recording.body.len() {
            let (head, tail) = recording.body.split_at(cut);
            recording.check([head, tail], &format!("cut at {cut}"));
        }
    }
}

#[test]
fn in_pieces_of_1_to_64_bytes() {
    for recording in recordings() {
        for size in 1..=64 {
            recording.check(recording.body.chunks(size), &format!("in pieces of {size}"));
        }
    }
}

/// Ten thousand splittings, shared out among the recordings; empty pieces among them.
#[test]
fn split_at_random() {
    let recordings = recordings();
    let mut random = Rng::with_seed(1);
    for round in 0..10_000 {
        let recording = &recordings[round % recordings.len()];
        let mut rest = &recording.body[..];
        let mut pieces = Vec::new();
        let longest = 1 + random.below(200);
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(random.below(longest + 1).min(rest.len()));
            pieces.push(piece);
            rest = tail;
        }
        recording.check(pieces, &format!("round {round}"));
    }
}

/// Without a header row, names and data can't be told apart; but nothing else goes wrong.
#[test]
fn without_header_the_first_row_is_taken_for_it() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/csv");
    for (name, rows) in [("header-false", 3), ("header-false-annotated", 3)] {
        let body = fs::read(folder.join(format!("{name}.csv"))).unwrap();
        let events = decode_all([&body[..]]);
        let [Event::Table { rows: found, .. }] = &events[..] else {
            panic!("{name}: {events:?}");
        };
        assert_eq!(found.len(), rows, "{name}");
    }
}
