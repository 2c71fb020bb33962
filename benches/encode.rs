//! The encoder against the least that can be done: ratios, measured in one run.
//!
//! `cargo bench --bench encode`. The method is in `benches/README.md`.

mod support;

use influx_edge::line::{Encoder, OwnedFieldKey, OwnedSeries};
use std::hint::black_box;
use support::Contest;
use support::lines::{BUFFER, Digits, KINDS, Line, SENSORS, Value, data};

fn main() {
    println!("encode: time per line, and the ratio to the floor (lower is better)\n");
    for digits in [Digits::Two, Digits::Seventeen] {
        for kind in KINDS {
            let lines = data(kind, digits);
            contest(&format!("{kind}, {}", digits.name()), &lines);
        }
    }
}

fn contest(title: &str, lines: &[Line]) {
    check(lines);
    // A program has some sensors, not one for each line: the tags come round again.
    let series: Vec<_> = lines.iter().take(SENSORS).map(series).collect();
    let (mut storage, mut series_storage) = (vec![0u8; BUFFER], vec![0u8; BUFFER]);
    let mut fixed = Encoder::new(&mut storage);
    let mut by_series = Encoder::new(&mut series_storage);
    let keys = prepared(&lines[0]);
    let mut keys_storage = vec![0u8; BUFFER];
    let mut by_keys = Encoder::new(&mut keys_storage);
    let mut grown = Encoder::with_sink(Vec::new());
    let mut out = Vec::with_capacity(BUFFER);
    let mut memchr_out = Vec::with_capacity(BUFFER);
    let mut contest = Contest::new(title, lines.len());

    contest.floor("floor (position)", || {
        out.clear();
        for line in black_box(lines) {
            if out.len() > BUFFER - 4096 {
                black_box(&out);
                out.clear();
            }
            floor(&mut out, line, escape_position);
        }
        black_box(out.len());
    });
    contest.floor("floor (memchr)", || {
        memchr_out.clear();
        for line in black_box(lines) {
            if memchr_out.len() > BUFFER - 4096 {
                black_box(&memchr_out);
                memchr_out.clear();
            }
            floor(&mut memchr_out, line, escape_memchr);
        }
        black_box(memchr_out.len());
    });
    contest.run("Encoder, all checks", || {
        fixed.clear();
        for line in black_box(lines) {
            if fixed.as_bytes().len() > BUFFER - 4096 {
                black_box(fixed.as_bytes());
                fixed.clear();
            }
            encode(&mut fixed, line);
        }
        black_box(fixed.as_bytes().len());
    });
    contest.run("Series, all checks", || {
        by_series.clear();
        for (line, series) in black_box(lines).iter().zip(series.iter().cycle()) {
            if by_series.as_bytes().len() > BUFFER - 4096 {
                black_box(by_series.as_bytes());
                by_series.clear();
            }
            encode_series(&mut by_series, series, line);
        }
        black_box(by_series.as_bytes().len());
    });
    contest.run("Series, prepared keys", || {
        by_keys.clear();
        for (line, series) in black_box(lines).iter().zip(series.iter().cycle()) {
            if by_keys.as_bytes().len() > BUFFER - 4096 {
                black_box(by_keys.as_bytes());
                by_keys.clear();
            }
            encode_prepared(&mut by_keys, series, &keys, line);
        }
        black_box(by_keys.as_bytes().len());
    });
    contest.run("Encoder into a Vec", || {
        grown.clear();
        for line in black_box(lines) {
            if grown.as_bytes().len() > BUFFER - 4096 {
                black_box(grown.as_bytes());
                grown.clear();
            }
            encode(&mut grown, line);
        }
        black_box(grown.as_bytes().len());
    });
    contest.print();
}

fn encode<S: influx_edge::line::Sink>(enc: &mut Encoder<S>, line: &Line) {
    let mut out = enc.line(line.measurement);
    for (key, value) in &line.tags {
        out = out.tag(key, value);
    }
    let mut out = out.fields();
    for (key, value) in &line.fields {
        out = match value {
            Value::Float(v) => out.field(key, *v),
            Value::Text(v) => out.field(key, v),
        };
    }
    out.timestamp(line.time).expect("a legal line");
}

fn series(line: &Line) -> OwnedSeries {
    let mut series = OwnedSeries::new(line.measurement);
    for (key, value) in &line.tags {
        series = series.and_then(|series| series.tag(key, value));
    }
    series.expect("a legal series")
}

fn encode_series<S: influx_edge::line::Sink>(
    enc: &mut Encoder<S>,
    series: &OwnedSeries,
    line: &Line,
) {
    let mut out = enc.series(series).fields();
    for (key, value) in &line.fields {
        out = match value {
            Value::Float(v) => out.field(key, *v),
            Value::Text(v) => out.field(key, v),
        };
    }
    out.timestamp(line.time).expect("a legal line");
}

fn prepared(line: &Line) -> Vec<OwnedFieldKey> {
    let keys = line.fields.iter();
    keys.map(|(key, _)| OwnedFieldKey::new(key).expect("a legal key"))
        .collect()
}

fn encode_prepared<S: influx_edge::line::Sink>(
    enc: &mut Encoder<S>,
    series: &OwnedSeries,
    keys: &[OwnedFieldKey],
    line: &Line,
) {
    let mut out = enc.series(series).fields();
    for (key, (_, value)) in keys.iter().zip(&line.fields) {
        out = match value {
            Value::Float(v) => out.field(key, *v),
            Value::Text(v) => out.field(key, v),
        };
    }
    out.timestamp(line.time).expect("a legal line");
}

/// All that can't be avoided: find what needs a backslash, copy, itoa, ryu. No checks.
#[inline]
fn floor(out: &mut Vec<u8>, line: &Line, escape: impl Fn(&mut Vec<u8>, &[u8])) {
    escape(out, line.measurement.as_bytes());
    for (key, value) in &line.tags {
        out.push(b',');
        escape(out, key.as_bytes());
        out.push(b'=');
        escape(out, value.as_bytes());
    }
    let mut before = b' ';
    for (key, value) in &line.fields {
        out.push(before);
        before = b',';
        escape(out, key.as_bytes());
        out.push(b'=');
        match value {
            Value::Float(v) => {
                out.extend_from_slice(ryu::Buffer::new().format_finite(*v).as_bytes());
            }
            Value::Text(v) => {
                out.push(b'"');
                let mut rest = v.as_bytes();
                while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
                    out.extend_from_slice(&rest[..at]);
                    out.extend_from_slice(&[b'\\', rest[at]]);
                    rest = &rest[at + 1..];
                }
                out.extend_from_slice(rest);
                out.push(b'"');
            }
        }
    }
    out.push(b' ');
    out.extend_from_slice(itoa::Buffer::new().format(line.time).as_bytes());
    out.push(b'\n');
}

#[inline]
fn escape_position(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| matches!(b, b',' | b'=' | b' ')) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

#[inline]
fn escape_memchr(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = memchr::memchr3(b',', b'=', b' ', rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// The contestants write the same lines, but for `1.0` against `1`.
fn check(lines: &[Line]) {
    for line in lines {
        let mut least = Vec::new();
        floor(&mut least, line, escape_position);
        let mut enc = Encoder::with_sink(Vec::new());
        encode(&mut enc, line);
        let mut by_series = Encoder::with_sink(Vec::new());
        encode_series(&mut by_series, &series(line), line);
        let least = String::from_utf8(least)
            .expect("text")
            .replace(".0,", ",")
            .replace(".0 ", " ");
        assert_eq!(enc.as_bytes(), least.as_bytes());
        assert_eq!(by_series.as_bytes(), least.as_bytes());
        let mut by_keys = Encoder::with_sink(Vec::new());
        encode_prepared(&mut by_keys, &series(line), &prepared(line), line);
        assert_eq!(by_keys.as_bytes(), least.as_bytes());
    }
}
