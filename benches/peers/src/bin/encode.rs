//! Encoders side by side: the same points, each through its client's own fastest public way.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml --bin encode`.
//!
//! Before anything is timed, what a client writes is read by one parser and compared with the points;
//! a client that refuses or changes a kind of point does not take part in it, and the table says so.

#[path = "../../../support/mod.rs"]
mod support;

use influx_edge::line::Encoder;
use influxdb::{Timestamp, Type, WriteQuery};
use influxdb_line_protocol::{FieldValue, LineProtocolBuilder, parse_lines};
use influxdb2::models::{DataPoint, WriteDataPoint};
use questdb::ingress::{Buffer, ProtocolVersion, TimestampNanos};
use std::hint::black_box;
use support::Contest;
use support::lines::{BUFFER, Digits, KINDS, Line, Value, data};

fn main() {
    println!("encode: time per line, and the ratio to influx-edge (higher is slower)");
    println!("influx-edge checks every name and refuses what some server misreads;");
    println!("what the others check is said beside them\n");
    for digits in [Digits::Two, Digits::Seventeen] {
        for kind in KINDS {
            contest(&format!("{kind}, {}", digits.name()), &data(kind, digits));
        }
    }
}

/// A client: writes one line behind what is there, or says why not.
struct Peer {
    name: &'static str,
    write: fn(&mut Out, &Line) -> Result<(), String>,
}

/// The buffer of each client, kept from line to line where its interface allows it.
struct Out {
    bytes: Vec<u8>,
    questdb: Buffer,
}

impl Out {
    fn new() -> Out {
        Out {
            bytes: Vec::with_capacity(BUFFER),
            questdb: Buffer::new(ProtocolVersion::V1),
        }
    }

    fn len(&self) -> usize {
        self.bytes.len() + self.questdb.as_bytes().len()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.questdb.clear();
    }

    fn written(&self) -> Vec<u8> {
        [&self.bytes, self.questdb.as_bytes()].concat()
    }
}

const PEERS: [Peer; 4] = [
    Peer {
        name: "questdb-rs 7 (QuestDB's name rules)",
        write: questdb,
    },
    Peer {
        name: "influxdb-line-protocol 2 (no checks)",
        write: builder,
    },
    Peer {
        name: "influxdb2 0.5 (no checks)",
        write: influxdb2,
    },
    Peer {
        name: "influxdb 0.8 (no checks)",
        write: influxdb,
    },
];

fn contest(title: &str, lines: &[Line]) {
    let mut contest = Contest::new(title, lines.len());
    let mut storage = vec![0u8; BUFFER];
    let mut excluded = Vec::new();
    {
        let mut enc = Encoder::new(&mut storage);
        for line in lines {
            enc.clear();
            ours(&mut enc, line);
            assert_eq!(reads_as(enc.as_bytes(), line), Ok(()));
        }
    }
    contest.floor("influx-edge, all checks", move || {
        let mut enc = Encoder::new(&mut storage);
        for line in black_box(lines) {
            if enc.as_bytes().len() > BUFFER - 4096 {
                black_box(enc.as_bytes());
                enc.clear();
            }
            ours(&mut enc, line);
        }
        black_box(enc.as_bytes().len());
    });
    for Peer { name, write } in PEERS {
        let mut out = Out::new();
        let fit = lines.iter().try_for_each(|line| {
            out.clear();
            write(&mut out, line)?;
            reads_as(&out.written(), line)
        });
        if let Err(why) = fit {
            excluded.push((name, why));
            continue;
        }
        contest.run(name, move || {
            out.clear();
            for line in black_box(lines) {
                if out.len() > BUFFER - 4096 {
                    black_box(out.len());
                    out.clear();
                }
                write(&mut out, line).expect("it could before");
            }
            black_box(out.len());
        });
    }
    contest.print();
    for (name, why) in excluded {
        println!("  {name} does not take part: {why}\n");
    }
}

fn ours(enc: &mut Encoder<&mut [u8]>, line: &Line) {
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

fn questdb(out: &mut Out, line: &Line) -> Result<(), String> {
    let write = |buffer: &mut Buffer| -> questdb::Result<()> {
        buffer.table(line.measurement)?;
        for (key, value) in &line.tags {
            buffer.symbol(key.as_str(), value)?;
        }
        for (key, value) in &line.fields {
            match value {
                Value::Float(v) => buffer.column_f64(key.as_str(), *v)?,
                Value::Text(v) => buffer.column_str(key.as_str(), v)?,
            };
        }
        buffer.at(TimestampNanos::new(line.time))
    };
    write(&mut out.questdb).map_err(|e| e.to_string())
}

fn builder(out: &mut Out, line: &Line) -> Result<(), String> {
    let buffer = std::mem::take(&mut out.bytes);
    let mut line_out = LineProtocolBuilder::new_with(buffer).measurement(line.measurement);
    for (key, value) in &line.tags {
        line_out = line_out.tag(key, value);
    }
    // Its types ask for a first field.
    let mut fields = line.fields.iter();
    let (key, value) = fields.next().ok_or("no field")?;
    let mut line_out = match value {
        Value::Float(v) => line_out.field(key, *v),
        Value::Text(v) => line_out.field(key, v.as_str()),
    };
    for (key, value) in fields {
        line_out = match value {
            Value::Float(v) => line_out.field(key, *v),
            Value::Text(v) => line_out.field(key, v.as_str()),
        };
    }
    out.bytes = line_out.timestamp(line.time).close_line().build();
    Ok(())
}

fn influxdb2(out: &mut Out, line: &Line) -> Result<(), String> {
    let mut point = DataPoint::builder(line.measurement);
    for (key, value) in &line.tags {
        point = point.tag(key, value);
    }
    for (key, value) in &line.fields {
        point = match value {
            Value::Float(v) => point.field(key, *v),
            Value::Text(v) => point.field(key, v.as_str()),
        };
    }
    let point = point
        .timestamp(line.time)
        .build()
        .map_err(|e| e.to_string())?;
    point
        .write_data_point_to(&mut out.bytes)
        .map_err(|e| e.to_string())
}

fn influxdb(out: &mut Out, line: &Line) -> Result<(), String> {
    let time = Timestamp::Nanoseconds(line.time as u128);
    let mut query = WriteQuery::new(time, line.measurement);
    for (key, value) in &line.tags {
        query = query.add_tag(key, value.as_str());
    }
    for (key, value) in &line.fields {
        query = match value {
            Value::Float(v) => query.add_field(key, Type::Float(*v)),
            Value::Text(v) => query.add_field(key, v.as_str()),
        };
    }
    use influxdb::Query as _;
    let text = query.build().map_err(|e| e.to_string())?.get();
    out.bytes.extend_from_slice(text.as_bytes());
    out.bytes.push(b'\n');
    Ok(())
}

/// One parser reads the line back: is it the point that was meant?
fn reads_as(bytes: &[u8], line: &Line) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    let parsed: Vec<_> = parse_lines(text).collect();
    let [Ok(parsed)] = parsed.as_slice() else {
        return Err(format!("not one legal line: {text:?}"));
    };
    let mut tags: Vec<(String, String)> = parsed
        .series
        .tag_set
        .iter()
        .flatten()
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect();
    let mut wanted = line.tags.clone();
    tags.sort();
    wanted.sort();
    let value = |key: &str| {
        let field = parsed.field_set.iter().find(|(k, _)| k.as_str() == key);
        field.map(|(_, value)| value)
    };
    let fields = line
        .fields
        .iter()
        .all(|(key, want)| match (value(key), want) {
            (Some(FieldValue::F64(v)), Value::Float(want)) => v == want,
            (Some(FieldValue::String(v)), Value::Text(want)) => v.as_str() == want,
            _ => false,
        });
    let same = parsed.series.measurement.as_str() == line.measurement
        && tags == wanted
        && fields
        && parsed.field_set.len() == line.fields.len()
        && parsed.timestamp == Some(line.time);
    same.then_some(()).ok_or(format!("another point: {text:?}"))
}
