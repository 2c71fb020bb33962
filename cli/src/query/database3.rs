//! SQL and InfluxQL, asked of InfluxDB 3.

use super::cell::{Cell, Column, Head, Kind, Sink};
use super::lines::{escaped_json, is_json_number};
use super::raw::{EachLine, Kept};
use super::{Asked, Language, broken_off};
use crate::failure::Failure;
use influx_edge::v3::Query;
use influx_edge::{Client, Timestamp};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::Write;

fn query<'c>(client: &'c Client, asked: &Asked) -> Result<Query<'c>, Failure> {
    let database = client.v3(asked.db.as_str());
    let mut query = match asked.language {
        Language::Sql => database.sql(asked.text.as_str()),
        _ => database.influxql(asked.text.as_str()),
    };
    for (name, param) in &asked.params {
        query = query.param(name.as_str(), param.json(name)?);
    }
    Ok(query)
}

/// Hands the rows to `sink`, and counts them. They come as CSV, which has no types.
pub(super) fn run(
    client: &Client,
    asked: &Asked,
    sink: &mut dyn Sink,
    count: &mut u64,
) -> Result<(), Failure> {
    let mut rows = query(client, asked)?.call()?;
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
                *count = count.saturating_add(1);
                let mut cells: Vec<Cell<'_>> = row.cells().map(Cell::from).collect();
                let cell = time_at.and_then(|at| cells.get_mut(at));
                let with_zone = cell.as_ref().and_then(|cell| time(cell.text));
                if let (Some(cell), Some(text)) = (cell, &with_zone) {
                    cell.kind = Kind::Time;
                    cell.text = text.as_bytes();
                }
                sink.row(&cells)?;
            }
            Ok(None) => return Ok(()),
            Err(error) => return Err(broken_off(error, *count)),
        }
    }
}

/// The same time with its zone, which InfluxDB 3 leaves out; `None` if it is no time.
fn time(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    if Timestamp::parse(text).is_ok() {
        return Some(text.to_owned());
    }
    let text = format!("{text}Z");
    Timestamp::parse(&text).is_ok().then_some(text)
}

/// Copies the response, CSV.
pub(super) fn raw(
    client: &Client,
    asked: &Asked,
    out: &mut dyn Write,
    count: &mut u64,
) -> Result<(), Failure> {
    let mut kept = Kept { out, error: None };
    let done = query(client, asked)?.write_to(&mut kept);
    if let Some(error) = kept.error {
        return Err(error.into());
    }
    // An empty result has not even a header.
    *count = done?;
    Ok(())
}

/// Hands the rows to `sink` with their types, for which they come as JSON. A column that is text, and no
/// time, is taken for one of the group key.
pub(super) fn typed(
    client: &Client,
    asked: &Asked,
    sink: &mut dyn Sink,
    count: &mut u64,
) -> Result<(), Failure> {
    each_object(client, asked, count, |object| {
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

/// Copies the rows as JSON, an object a line; the column `time` gets its zone.
pub(super) fn json_lines(
    client: &Client,
    asked: &Asked,
    out: &mut dyn Write,
    count: &mut u64,
) -> Result<(), Failure> {
    each_object(client, asked, count, |object| {
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

/// An object with its members in order, and their values as they were written.
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

fn each_object(
    client: &Client,
    asked: &Asked,
    count: &mut u64,
    mut each: impl FnMut(Object) -> Result<(), Failure>,
) -> Result<(), Failure> {
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
    let done = query(client, asked)?.write_json_lines_to(&mut lines);
    let last = match (&done, lines.failure.take()) {
        (_, Some(failure)) => Err(failure),
        (Ok(_), None) => lines.finish(),
        (Err(_), None) => Ok(()),
    };
    *count = rows;
    last?;
    match done {
        Ok(_) => Ok(()),
        Err(error) if rows > 0 => Err(broken_off(error, rows)),
        Err(error) => Err(error.into()),
    }
}
