//! The roles of the columns of a table, or of the keys of a JSON object: the options of `--csv` and `--jsonl`.

use super::cell::{Kind, excerpt};
use super::csv::Csv;
use super::format::{Format, LineEncoder};
use super::json::Json;
use super::time::{Clock, NoTime};
use crate::command::{Kind as OptKind, Matches, Opt};
use crate::failure::Failure;
use influx_edge::Precision;
use influx_edge::line::{EncodeError, OwnedSeries};
use std::rc::Rc;

/// Options of `write` for CSV and JSON.
pub(crate) const OPTIONS: &[Opt] = &[
    Opt::flag("csv", "the input is CSV: a header, then records"),
    Opt::flag("jsonl", "the input is JSON: an object on each line"),
    text("measurement", "NAME", "measurement of all records").short('m'),
    text(
        "measurement-from",
        "COL",
        "column that holds the measurement, instead",
    ),
    text("tags", "COL,…", "columns that are tags"),
    text(
        "fields",
        "COL,…",
        "columns that are fields (default: all others)",
    ),
    text(
        "time",
        "COL",
        "column of the time (default: time, if there is one)",
    ),
    text(
        "types",
        "COL=TYPE,…",
        "float, int, uint, bool, string; *=TYPE for all others",
    ),
    Opt::flag("utc", "times without an offset are in UTC"),
    text(
        "delimiter",
        "C",
        "between cells of CSV: a character, or tab (default: ,)",
    ),
    text(
        "columns",
        "COL,…",
        "names of the columns of CSV without a header",
    ),
    text("skip", "N", "lines to skip before the header of CSV"),
];

const fn text(long: &'static str, value: &'static str, help: &'static str) -> Opt {
    Opt::value(long, value, OptKind::Text, help)
}

/// The options, for all inputs of a run.
#[derive(Debug)]
pub(crate) struct Layout {
    json: bool,
    pub(crate) measurement: Measurement,
    /// In their order on a line.
    pub(crate) tags: Vec<String>,
    pub(crate) time: TimeColumn,
    fields: Option<Vec<String>>,
    types: Vec<(String, Kind)>,
    /// `*=TYPE`.
    other_types: Option<Kind>,
    pub(crate) clock: Clock,
    pub(crate) delimiter: u8,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) skip: u64,
}

#[derive(Debug)]
pub(crate) enum Measurement {
    Name(OwnedSeries),
    Column(String),
}

#[derive(Debug)]
pub(crate) enum TimeColumn {
    /// The column of `--time`: every record must have a time.
    Named(String),
    /// The column `time`, if there is one.
    IfThere,
}

/// The role of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Measurement,
    /// A tag, by its index among the tags.
    Tag(usize),
    Time,
    /// A field, with its type if that is declared.
    Field(Option<Kind>),
    Unused,
}

impl Layout {
    /// Reads the options; `None` without `--csv` and `--jsonl`. `unit` is the declared unit of numeric times.
    ///
    /// # Errors
    /// Returns a usage error for options that contradict each other.
    pub(crate) fn from_matches(
        matches: &Matches,
        unit: Option<Precision>,
    ) -> Result<Option<Layout>, Failure> {
        let json = match (matches.has("csv"), matches.has("jsonl")) {
            (true, true) => return Err(matches.misused("--csv and --jsonl exclude each other")),
            (false, false) => {
                let given = OPTIONS.iter().find(|opt| matches.has(opt.long));
                return given.map_or(Ok(None), |opt| {
                    Err(matches.misused(format_args!("--{} needs --csv or --jsonl", opt.long)))
                });
            }
            (_, json) => json,
        };
        let only_csv = ["delimiter", "columns", "skip"];
        if let Some(name) = only_csv.iter().find(|name| json && matches.has(name)) {
            return Err(matches.misused(format_args!("--{name} is for --csv")));
        }
        // Sorted by name, which is the order that servers store.
        let mut tag_columns = Vec::new();
        for name in list(matches, "tags")?.unwrap_or_default() {
            tag_columns.insert(tag_columns.partition_point(|before| *before < name), name);
        }
        let (types, other_types) = types(matches)?;
        let layout = Layout {
            json,
            measurement: measurement(matches)?,
            tags: tag_columns,
            time: match matches.text("time")? {
                Some(column) => TimeColumn::Named(column.to_owned()),
                None => TimeColumn::IfThere,
            },
            fields: list(matches, "fields")?,
            types,
            other_types,
            clock: Clock {
                unit,
                utc: matches.has("utc"),
            },
            delimiter: delimiter(matches)?,
            columns: list(matches, "columns")?,
            skip: matches.parsed("skip")?.unwrap_or(0),
        };
        layout.check().map_err(|why| matches.misused(why))?;
        Ok(Some(layout))
    }

    /// Returns an error for a column with two roles.
    fn check(&self) -> Result<(), String> {
        let names = || {
            let measurement = match &self.measurement {
                Measurement::Column(column) => Some(("--measurement-from", column)),
                Measurement::Name(_) => None,
            };
            let time = match &self.time {
                TimeColumn::Named(column) => Some(("--time", column)),
                TimeColumn::IfThere => None,
            };
            let tags = self.tags.iter().map(|column| ("--tags", column));
            let fields = self
                .fields
                .iter()
                .flatten()
                .map(|column| ("--fields", column));
            measurement
                .into_iter()
                .chain(time)
                .chain(tags)
                .chain(fields)
        };
        for (index, (option, column)) in names().enumerate() {
            let before = names().take(index).find(|(_, earlier)| *earlier == column);
            if let Some((first, _)) = before {
                return Err(format!(
                    "column {column:?} is named by {first} and again by {option}"
                ));
            }
        }
        for (column, _) in &self.types {
            if !matches!(self.role(column), Role::Field(_)) {
                return Err(format!(
                    "--types {column}: the column isn't a field, and only fields have a type"
                ));
            }
        }
        Ok(())
    }

    /// Returns the role of a column.
    pub(crate) fn role(&self, column: &str) -> Role {
        if let Some(index) = self.tags.iter().position(|tag| tag == column) {
            return Role::Tag(index);
        }
        match &self.measurement {
            Measurement::Column(name) if name == column => return Role::Measurement,
            _ => {}
        }
        let fields = self.fields.as_ref();
        let is_field = |fields: &Vec<String>| fields.iter().any(|field| field == column);
        let is_time = match &self.time {
            TimeColumn::Named(name) => name == column,
            TimeColumn::IfThere => column == "time",
        };
        if is_time {
            Role::Time
        } else if fields.is_none_or(is_field) {
            let declared = self.types.iter().find(|(name, _)| name == column);
            Role::Field(declared.map(|(_, kind)| *kind).or(self.other_types))
        } else {
            Role::Unused
        }
    }

    /// Returns the columns that options name, which therefore must exist.
    pub(crate) fn named(&self) -> impl Iterator<Item = &String> {
        let measurement = match &self.measurement {
            Measurement::Column(column) => Some(column),
            Measurement::Name(_) => None,
        };
        let time = match &self.time {
            TimeColumn::Named(column) => Some(column),
            TimeColumn::IfThere => None,
        };
        let types = self.types.iter().map(|(column, _)| column);
        let fields = self.fields.iter().flatten();
        self.tags
            .iter()
            .chain(fields)
            .chain(measurement)
            .chain(time)
            .chain(types)
    }

    /// Returns a format for one input.
    ///
    /// # Errors
    /// Returns an error if `--columns` isn't a valid header.
    pub(crate) fn format(self: &Rc<Layout>) -> Result<Box<dyn Format>, Failure> {
        Ok(if self.json {
            Box::new(Json::new(Rc::clone(self)))
        } else {
            Box::new(Csv::new(Rc::clone(self))?)
        })
    }
}

/// Describes why the encoder rejects a record, with the name of the column.
#[cold]
pub(crate) fn rejected(encoder: &LineEncoder, error: EncodeError) -> String {
    match (encoder.error_key(&error), error) {
        (_, EncodeError::NoFields) => "the record has no fields: all of them are empty".to_owned(),
        (Some(column), EncodeError::Duplicate(_)) => {
            format!("{}: the name occurs twice", excerpt(column))
        }
        (Some(column), error) => format!("{}: {error}", excerpt(column)),
        (None, error) => error.to_string(),
    }
}

/// Describes why a record has no time.
#[cold]
pub(crate) fn no_time(column: &str, text: &str, why: NoTime) -> String {
    match why {
        NoTime::Empty => format!("{column}: {why}"),
        _ => format!("{column}: {:?}: {why}", excerpt(text.trim_ascii())),
    }
}

fn measurement(matches: &Matches) -> Result<Measurement, Failure> {
    match (
        matches.text("measurement")?,
        matches.text("measurement-from")?,
    ) {
        (Some(name), None) => match OwnedSeries::new(name) {
            Ok(series) => Ok(Measurement::Name(series)),
            Err(why) => Err(matches.misused(format_args!("--measurement {name:?}: {why}"))),
        },
        (None, Some(column)) => Ok(Measurement::Column(column.to_owned())),
        (None, None) => {
            Err(matches.misused("--measurement NAME or --measurement-from COL is missing"))
        }
        (Some(_), Some(_)) => {
            Err(matches.misused("--measurement and --measurement-from exclude each other"))
        }
    }
}

/// Returns the names of a list, which may be given in several parts.
fn list(matches: &Matches, option: &str) -> Result<Option<Vec<String>>, Failure> {
    if !matches.has(option) {
        return Ok(None);
    }
    let mut names = Vec::new();
    for name in matches
        .texts(option)?
        .iter()
        .flat_map(|part| part.split(','))
    {
        match name.trim() {
            "" => return Err(matches.misused(format_args!("--{option}: a name is empty"))),
            name => names.push(name.to_owned()),
        }
    }
    Ok(Some(names))
}

type Types = (Vec<(String, Kind)>, Option<Kind>);

fn types(matches: &Matches) -> Result<Types, Failure> {
    let (mut types, mut others) = (Vec::<(String, Kind)>::new(), None);
    for part in list(matches, "types")?.unwrap_or_default() {
        let declared = part
            .rsplit_once('=')
            .and_then(|(column, kind)| Some((column, Kind::named(kind)?)));
        match declared {
            Some(("*", kind)) => others = Some(kind),
            Some((column, _)) if types.iter().any(|(name, _)| name == column) => {
                return Err(
                    matches.misused(format_args!("--types {column}: the column is named twice"))
                );
            }
            Some((column, kind)) => types.push((column.to_owned(), kind)),
            None => {
                return Err(matches.misused(format_args!(
                    "--types {part}: expected COL=TYPE, where TYPE is {}",
                    Kind::NAMES
                )));
            }
        }
    }
    Ok((types, others))
}

fn delimiter(matches: &Matches) -> Result<u8, Failure> {
    match matches.text("delimiter")? {
        None => Ok(b','),
        Some("tab" | "\\t") => Ok(b'\t'),
        Some(text) => match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(*byte),
            _ => Err(matches.misused(format_args!(
                "--delimiter {text:?}: expected one ASCII character, or tab"
            ))),
        },
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
#[path = "tests/speed.rs"]
mod speed;
#[cfg(test)]
#[path = "tests/columns.rs"]
pub(crate) mod tests;
