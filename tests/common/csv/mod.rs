//! Shared code of the CSV tests: a stream as a list of events, read in every possible way.

#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod model;

use influx_edge::Timestamp;
use influx_edge::csv::{Cell, DataType, DecodeError, Decoder, Step, Table};

/// One value, comparable: floats as bits, so that NaN equals itself and -0 isn't 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    String(String),
    Long(i64),
    UnsignedLong(u64),
    Double(u64),
    Boolean(bool),
    Time(i64),
    /// Text of a type that the expectations don't know, or that couldn't be read as its type.
    Raw(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub name: String,
    pub data_type: String,
    pub group: bool,
    pub default: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Table {
        result: String,
        id: Option<u64>,
        columns: Vec<Column>,
        rows: Vec<Vec<Value>>,
    },
    Server {
        message: String,
        code: String,
    },
    Broken(DecodeError),
}

pub(crate) const NAN: u64 = 0x7FF8_0000_0000_0000;

pub(crate) fn value(cell: Cell<'_>) -> Value {
    if cell.is_null() {
        return Value::Null;
    }
    let raw = || Value::Raw(cell.as_bytes().to_vec());
    match cell.data_type() {
        DataType::String => cell
            .parse()
            .map_or_else(|_| raw(), |text: &str| Value::String(text.to_owned())),
        DataType::Long => cell.parse().map_or_else(|_| raw(), Value::Long),
        DataType::UnsignedLong => cell.parse().map_or_else(|_| raw(), Value::UnsignedLong),
        DataType::Double => cell.parse().map_or_else(
            |_| raw(),
            |value: f64| Value::Double(if value.is_nan() { NAN } else { value.to_bits() }),
        ),
        DataType::Boolean => cell.parse().map_or_else(|_| raw(), Value::Boolean),
        DataType::Time => cell
            .parse()
            .map_or_else(|_| raw(), |time: Timestamp| Value::Time(time.as_nanos())),
        _ => raw(),
    }
}

pub(crate) fn table(table: Table<'_>) -> Event {
    Event::Table {
        result: table.result().to_owned(),
        id: table.id(),
        columns: table
            .columns()
            .map(|column| Column {
                name: column.name().to_owned(),
                data_type: column.data_type().to_string(),
                group: column.is_group(),
                default: value(column.default_cell()),
            })
            .collect(),
        rows: Vec::new(),
    }
}

/// Decodes pieces over the given buffers, until the end or the first error.
pub(crate) fn decode<'i>(
    pieces: impl IntoIterator<Item = &'i [u8]>,
    mut decoder: Decoder<'_>,
) -> Vec<Event> {
    let mut events = Vec::new();
    for mut piece in pieces {
        loop {
            let (used, step) = match decoder.feed(piece) {
                Ok(done) => done,
                Err(error) => {
                    fail(&mut decoder, error, &mut events);
                    return events;
                }
            };
            piece = &piece[used..];
            match step {
                Step::NeedInput => {
                    assert!(piece.is_empty(), "a step without progress");
                    break;
                }
                step => take(&decoder, step, &mut events),
            }
        }
    }
    loop {
        match decoder.finish() {
            Ok(Step::End) => return events,
            Ok(step) => take(&decoder, step, &mut events),
            Err(error) => {
                fail(&mut decoder, error, &mut events);
                return events;
            }
        }
    }
}

fn take(decoder: &Decoder<'_>, step: Step, events: &mut Vec<Event>) {
    match step {
        Step::Table => events.push(table(decoder.table())),
        Step::Record => {
            let record = decoder.record();
            let cells: Vec<_> = record.cells().map(value).collect();
            // Every way to a cell leads to the same one.
            assert_eq!(cells.len(), record.table().columns().len());
            for (index, cell) in record.cells().enumerate() {
                assert_eq!(record.cell(index), Some(cell));
            }
            let Some(Event::Table { rows, .. }) = events.last_mut() else {
                panic!("a record without table");
            };
            rows.push(cells);
        }
        other => panic!("unexpected step {other:?}"),
    }
}

fn fail(decoder: &mut Decoder<'_>, error: DecodeError, events: &mut Vec<Event>) {
    // It sticks, and there is nothing to be read any more.
    assert_eq!(decoder.feed(b",,0,1\r\n"), Err(error));
    assert_eq!(decoder.finish(), Err(error));
    assert_eq!(decoder.record().cells().count(), 0);
    events.push(match decoder.server_error() {
        Some(server) => {
            assert_eq!(error, DecodeError::Server);
            Event::Server {
                message: server.message.to_owned(),
                code: server.code.to_owned(),
            }
        }
        None => Event::Broken(error),
    });
}

/// Decodes with buffers that are surely large enough.
pub(crate) fn decode_all<'i>(pieces: impl IntoIterator<Item = &'i [u8]>) -> Vec<Event> {
    let (mut text, mut ends) = (vec![0xAA; 64 << 10], vec![7; 4096]);
    decode(pieces, Decoder::new(&mut text, &mut ends))
}
