//! The points, in memory. The last write to a series, field and time wins.

use std::collections::BTreeMap;
use std::fmt;

/// One field's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Float(f64),
    Integer(i64),
    Unsigned(u64),
    String(String),
    Boolean(bool),
}

impl Value {
    /// The type's name in the message of a write error.
    fn kind(&self) -> &'static str {
        match self {
            Self::Float(_) => "float",
            Self::Integer(_) => "integer",
            Self::Unsigned(_) => "unsigned",
            Self::String(_) => "string",
            Self::Boolean(_) => "boolean",
        }
    }

    /// The type's name in a `#datatype` row.
    pub(crate) fn datatype(&self) -> &'static str {
        match self {
            Self::Float(_) => "double",
            Self::Integer(_) => "long",
            Self::Unsigned(_) => "unsignedLong",
            Self::String(_) => "string",
            Self::Boolean(_) => "boolean",
        }
    }
}

impl fmt::Display for Value {
    /// As the server prints it; Rust, like it, writes floats without an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(v) => write!(f, "{v}"),
            Self::Integer(v) => write!(f, "{v}"),
            Self::Unsigned(v) => write!(f, "{v}"),
            Self::String(v) => write!(f, "{v}"),
            Self::Boolean(v) => write!(f, "{v}"),
        }
    }
}

/// One stored value with its series, field and time, for the tests.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub measurement: String,
    /// Sorted by key.
    pub tags: Vec<(String, String)>,
    pub field: String,
    /// Nanoseconds since 1970.
    pub time: i64,
    pub value: Value,
}

/// The key of one table of a query; tables are ordered by its fields.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Series {
    pub measurement: String,
    pub tags: Vec<(String, String)>,
    pub field: String,
}

/// One received line, checked.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub measurement: String,
    /// Sorted by key.
    pub tags: Vec<(String, String)>,
    pub fields: Vec<(String, Value)>,
    /// Nanoseconds since 1970.
    pub time: i64,
}

/// One bucket.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    series: BTreeMap<Series, BTreeMap<i64, Value>>,
    /// The type a field got by its first write. A later write of another type is a conflict.
    kinds: BTreeMap<(String, String), &'static str>,
}

impl Bucket {
    /// Stores every line that fits the types already there. `Err` carries the server's message about
    /// those that do not; the others are stored all the same.
    pub(crate) fn write(&mut self, lines: Vec<Line>) -> Result<(), String> {
        let mut refused: Option<String> = None;
        let mut dropped = 0;
        for line in lines {
            if let Some(conflict) = self.conflict(&line) {
                refused.get_or_insert(conflict);
                dropped += 1;
                continue;
            }
            for (field, value) in line.fields {
                if field == "time" {
                    let words = format!(
                        r#"invalid field name: input field "time" on measurement "{}" is invalid"#,
                        line.measurement
                    );
                    refused.get_or_insert(words);
                    continue;
                }
                let series = Series {
                    measurement: line.measurement.clone(),
                    tags: line.tags.clone(),
                    field,
                };
                let times = self.series.entry(series).or_default();
                times.insert(line.time, value);
            }
        }
        match refused {
            None => Ok(()),
            Some(reason) => Err(format!("partial write: {reason} dropped={dropped}")),
        }
    }

    /// The first field of the line that has another type already. A field seen for the first time
    /// gets its type here, and keeps it even if the line is then refused.
    fn conflict(&mut self, line: &Line) -> Option<String> {
        for (field, value) in &line.fields {
            let key = (line.measurement.clone(), field.clone());
            let (new, old) = (value.kind(), *self.kinds.entry(key).or_insert(value.kind()));
            if new != old {
                return Some(format!(
                    "field type conflict: input field \"{field}\" on measurement \"{}\" is type {new}, \
                     already exists as type {old}",
                    line.measurement
                ));
            }
        }
        None
    }

    /// Removes a measurement.
    pub(crate) fn remove(&mut self, measurement: &str) {
        self.series
            .retain(|series, _| series.measurement != measurement);
        self.kinds.retain(|(of, _), _| of != measurement);
    }

    /// Every series with its values in time order.
    pub(crate) fn series(&self) -> impl Iterator<Item = (&Series, &BTreeMap<i64, Value>)> {
        self.series.iter()
    }

    /// Every stored value, by series, then by time.
    pub(crate) fn points(&self) -> Vec<Point> {
        let all = self.series.iter();
        all.flat_map(|(series, values)| {
            values.iter().map(|(time, value)| Point {
                measurement: series.measurement.clone(),
                tags: series.tags.clone(),
                field: series.field.clone(),
                time: *time,
                value: value.clone(),
            })
        })
        .collect()
    }
}
