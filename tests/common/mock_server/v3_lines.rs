//! Line protocol by the rules of InfluxDB 3: line by line, each column with a fixed kind.

use std::collections::BTreeMap;

use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines, split_lines};
use serde_json::Value as Json;

use super::lines::take;
use super::store::Line;
use super::time;
use super::v3::Tables;

/// The length of a line's excerpt in an error.
const REPEATED: usize = 20;
const MAX_COLUMNS: usize = 500;

/// The columns of a table, with the server's names of their kinds.
pub(crate) type Columns = BTreeMap<String, &'static str>;

/// The columns of a new table.
pub(crate) fn no_columns() -> Columns {
    BTreeMap::from([("time".to_owned(), "iox::column_type::timestamp")])
}

/// The reason why lines of a write weren't stored.
pub(crate) enum Refused {
    /// These lines, as JSON.
    Lines(Vec<String>),
    Whole(&'static str),
}

/// The nanoseconds of a precision; 0 for `auto`.
pub(crate) fn unit(word: &str) -> Result<i64, String> {
    match word {
        "auto" => Ok(0),
        "s" | "second" => Ok(1_000_000_000),
        "ms" | "millisecond" => Ok(1_000_000),
        "u" | "us" | "microsecond" => Ok(1_000),
        "n" | "ns" | "nanosecond" => Ok(1),
        other => Err(format!(
            "unknown variant `{other}`, expected one of `auto`, `s`, `second`, `millisecond`, `ms`, `microsecond`, `u`, `us`, `n`, `nanosecond`, `ns`"
        )),
    }
}

/// Reads a body: the lines to store, and the refused ones. Unless a part may be stored, one refused line
/// ends it, and there is nothing to store.
pub(crate) fn read(
    body: &str,
    unit: i64,
    tables: &mut Tables,
    partial: bool,
) -> (Vec<Line>, Vec<String>) {
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    let mut known = tables.clone();
    let mut number = 0u32;
    for text in split_lines(body) {
        let Some(judged) = parse_lines(text).next() else {
            continue;
        };
        number += 1;
        let judged = judged.map_err(|error| error.to_string());
        match judged.and_then(|parsed| line(&parsed, unit, &mut known)) {
            Ok(line) => lines.push(line),
            Err(words) => {
                let start: String = text.trim_end_matches('\n').chars().take(REPEATED).collect();
                refused.push(format!(
                    r#"{{"error_message":{},"line_number":{number},"original_line":{}}}"#,
                    Json::from(words),
                    Json::from(start)
                ));
                if !partial {
                    return (Vec::new(), refused);
                }
            }
        }
    }
    *tables = known;
    (lines, refused)
}

fn line(parsed: &ParsedLine<'_>, unit: i64, tables: &mut Tables) -> Result<Line, String> {
    let table = parsed.series.measurement.to_string();
    let mut columns = tables.get(&table).cloned().unwrap_or_else(no_columns);
    let tags = parsed.series.tag_set.iter().flatten();
    let tags = tags.map(|(key, _)| (key.to_string(), "iox::column_type::tag"));
    let fields = parsed.field_set.iter().map(|(key, value)| {
        let kind = match value {
            FieldValue::F64(_) => "iox::column_type::field::float",
            FieldValue::I64(_) => "iox::column_type::field::integer",
            FieldValue::U64(_) => "iox::column_type::field::uinteger",
            FieldValue::String(_) => "iox::column_type::field::string",
            FieldValue::Boolean(_) => "iox::column_type::field::boolean",
        };
        (key.to_string(), kind)
    });
    for (key, new) in tags.chain(fields) {
        if let Some(c) = key.chars().find(|c| ('\u{80}'..='\u{9f}').contains(c)) {
            // Recorded without a message of its own.
            return Err(format!("mock server: {c:?} in the name of a column"));
        }
        let old = *columns.entry(key.clone()).or_insert(new);
        if old != new {
            return Err(format!(
                "invalid column type for column '{key}', expected {old}, got {new}"
            ));
        }
    }
    if columns.len() > MAX_COLUMNS {
        return Err(format!(
            "Update to schema would exceed number of columns per table limit of {MAX_COLUMNS} columns"
        ));
    }
    let unit = match (unit, parsed.timestamp) {
        (0, Some(time)) => match time.unsigned_abs() {
            ..5_000_000_000 => 1_000_000_000,
            5_000_000_000..5_000_000_000_000 => 1_000_000,
            5_000_000_000_000..5_000_000_000_000_000 => 1_000,
            _ => 1,
        },
        (0, None) => 1,
        (unit, _) => unit,
    };
    if parsed
        .timestamp
        .is_some_and(|t| t.checked_mul(unit).is_none())
    {
        return Err("mock server: the time is out of range".into());
    }
    tables.insert(table, columns);
    Ok(take(parsed, unit, time::now()))
}
