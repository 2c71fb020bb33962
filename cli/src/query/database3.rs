//! SQL and InfluxQL queries to InfluxDB 3.

use super::cell::{Cell, Column, Head, Kind, Sink};
use super::lines::{escaped_json, is_json_number};
use super::raw::Kept;
use super::{Language, Request, broken_off};
use crate::failure::Failure;
use influx_edge::Timestamp;
use influx_edge::v3::Query;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::{self, Write};

fn query<'c>(request: &Request<'c>) -> Result<Query<'c>, Failure> {
    let database = request.client.v3(request.db.as_str());
    let mut query = match request.language {
        Language::Sql => database.sql(request.text.as_str()),
        _ => database.influxql(request.text.as_str()),
    };
    for (name, param) in &request.params {
        query = query.param(name.as_str(), param.json(name)?);
    }
    Ok(query)
}

/// Passes the rows to `sink` and returns their number. They are requested as CSV, which has no types.
pub(super) fn run(request: &Request<'_>, sink: &mut dyn Sink) -> Result<u64, Failure> {
    let mut rows = query(request)?.call()?;
    let mut count = 0u64;
    let columns = match rows.columns() {
        Ok(columns) => columns.map(|name| Column {
            name: name.to_owned(),
            is_group: false,
        }),
        Err(error) => return Err(broken_off(error, 0)),
    };
    let columns: Vec<Column> = columns.collect();
    let time_at = columns.iter().position(|column| column.name == "time");
    sink.table(Head {
        statement: 0,
        columns,
    })?;
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                count = count.saturating_add(1);
                let mut cells: Vec<Cell<'_>> = row.cells().map(Cell::from).collect();
                let cell = time_at.and_then(|at| cells.get_mut(at));
                let with_zone = cell.as_ref().and_then(|cell| time(cell.text));
                if let (Some(cell), Some(text)) = (cell, &with_zone) {
                    cell.kind = Kind::Time;
                    cell.text = text.as_bytes();
                }
                sink.row(&cells)?;
            }
            Ok(None) => return Ok(count),
            Err(error) => return Err(broken_off(error, count)),
        }
    }
}

/// Returns the time with its zone, which InfluxDB 3 omits; `None` if the text isn't a time.
fn time(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    if Timestamp::parse(text).is_ok() {
        return Some(text.to_owned());
    }
    let text = format!("{text}Z");
    Timestamp::parse(&text).is_ok().then_some(text)
}

/// Copies the response, which is CSV.
pub(super) fn raw(request: &Request<'_>, out: &mut dyn Write) -> Result<u64, Failure> {
    let mut kept = Kept { out, error: None };
    let done = query(request)?.write_to(&mut kept);
    if let Some(error) = kept.error {
        return Err(error.into());
    }
    // An empty result has no header, so bytes are a sufficient count.
    Ok(done?)
}

/// Passes the rows to `sink` with their types, and therefore requests them as JSON. A text column that isn't a
/// time counts as part of the group key.
pub(super) fn typed(request: &Request<'_>, sink: &mut dyn Sink) -> Result<u64, Failure> {
    each_object(request, |object| {
        let members = object.0.iter().map(|(name, raw)| (name, value(raw)));
        let members: Vec<(&String, (Kind, String))> = members.collect();
        let columns = members.iter().map(|(name, (kind, _))| Column {
            name: (*name).clone(),
            is_group: *kind == Kind::Text,
        });
        sink.table(Head {
            statement: 0,
            columns: columns.collect(),
        })?;
        let cells = members.iter().map(|(_, (kind, text))| Cell {
            kind: *kind,
            text: text.as_bytes(),
        });
        sink.row(&cells.collect::<Vec<_>>())
    })
}

fn value(raw: &RawValue) -> (Kind, String) {
    let raw = raw.get();
    match raw.as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(raw).unwrap_or_default();
            match time(text.as_bytes()) {
                Some(time) => (Kind::Time, time),
                None => (Kind::Text, text),
            }
        }
        Some(b't' | b'f') => (Kind::Bool, raw.to_owned()),
        _ if is_json_number(raw.as_bytes()) => (Kind::Number, raw.to_owned()),
        _ => (Kind::Null, String::new()),
    }
}

/// Copies the rows as JSON, an object on each line; the column `time` gets its zone.
pub(super) fn json_lines(request: &Request<'_>, out: &mut dyn Write) -> Result<u64, Failure> {
    each_object(request, |object| {
        let mut line = String::from("{");
        for (name, raw) in &object.0 {
            if line.len() > 1 {
                line.push(',');
            }
            line.push_str(&serde_json::Value::from(name.as_str()).to_string());
            line.push(':');
            let text = raw.get().trim_matches('"').as_bytes();
            match time(text).filter(|_| name == "time") {
                Some(time) => line.push_str(&format!("\"{time}\"")),
                None => line.push_str(raw.get()),
            }
        }
        line.push('}');
        Ok(writeln!(out, "{}", escaped_json(&line))?)
    })
}

/// A JSON object: its members in order, with their values as raw text.
struct Object(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// Calls `each` for the objects of the response and returns their number.
fn each_object(
    request: &Request<'_>,
    mut each: impl FnMut(Object) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut rows = 0u64;
    let mut lines = EachLine::new(|line: &str| {
        if line.trim().is_empty() {
            return Ok(());
        }
        let object = serde_json::from_str(line).map_err(|why| {
            Failure::new(
                1,
                format_args!("row {} of the response: {why}", rows.saturating_add(1)),
            )
        })?;
        rows = rows.saturating_add(1);
        each(object)
    });
    let done = query(request)?.write_json_lines_to(&mut lines);
    let last = match (&done, lines.failure.take()) {
        (_, Some(failure)) => Err(failure),
        (Ok(_), None) => lines.finish(),
        (Err(_), None) => Ok(()),
    };
    last?;
    match done {
        Ok(_) => Ok(rows),
        Err(error) if rows > 0 => Err(broken_off(error, rows)),
        Err(error) => Err(error.into()),
    }
}

/// The longest line: the decoder's limit for a row of CSV.
const MAX_LINE: usize = 16 << 20;

/// Splits a response into lines and calls `each` for them.
struct EachLine<F> {
    each: F,
    line: Vec<u8>,
    /// The failure that ended it early.
    failure: Option<Failure>,
}

impl<F: FnMut(&str) -> Result<(), Failure>> EachLine<F> {
    fn new(each: F) -> Self {
        EachLine {
            each,
            line: Vec::new(),
            failure: None,
        }
    }

    /// Ends the response: the rest is the last line.
    fn finish(&mut self) -> Result<(), Failure> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return Ok(());
        }
        self.whole(&line)
    }

    fn whole(&mut self, line: &[u8]) -> Result<(), Failure> {
        let line = std::str::from_utf8(line)
            .map_err(|_| Failure::new(1, "the response is not UTF-8 text"))?;
        (self.each)(line)
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), Failure> {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            if self.line.len().saturating_add(text.len()) > MAX_LINE {
                let why = "a row of the response has more than 16 MiB; select fewer columns";
                return Err(Failure::new(1, why));
            }
            self.line.extend_from_slice(text);
            if text.len() < part.len() {
                let mut line = std::mem::take(&mut self.line);
                self.whole(&line)?;
                line.clear();
                self.line = line;
            }
        }
        Ok(())
    }
}

impl<F: FnMut(&str) -> Result<(), Failure>> Write for EachLine<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.take(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(failure) => {
                self.failure = Some(failure);
                Err(io::Error::from(io::ErrorKind::Other))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
