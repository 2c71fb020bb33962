//! `Csv`: the format of `--csv`.

use super::cell::{Kind, Misfit, Value};
use super::columns::{self, Layout, Measurement, Role};
use super::format::{Format, LineEncoder, Lines, Position, RejectedRecord};
use super::records::{MAX_RECORD, Records};
use crate::failure::Failure;
use influx_edge::line::OwnedFieldKey;
use std::io::Read;
use std::rc::Rc;

/// Reads a header, then converts each record to a line.
pub(crate) struct Csv {
    layout: Rc<Layout>,
    records: Records,
    /// Known once the header is read.
    columns: Option<Columns>,
}

/// The columns of a line, by their positions in a record.
struct Columns {
    /// The number of columns.
    count: usize,
    measurement: Option<usize>,
    /// Sorted by their names.
    tags: Vec<(usize, String)>,
    fields: Vec<Field>,
    time: Option<(usize, String)>,
}

struct Field {
    cell: usize,
    name: String,
    key: OwnedFieldKey,
    kind: Kind,
    declared: bool,
}

/// The cells of a record.
#[derive(Clone, Copy)]
struct Row<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl Csv {
    /// # Errors
    /// Returns an error if `--columns` isn't a valid header.
    pub(crate) fn new(layout: Rc<Layout>) -> Result<Csv, Failure> {
        let mut csv = Csv {
            records: Records::new(layout.delimiter, layout.skip),
            columns: None,
            layout,
        };
        if let Some(names) = &csv.layout.columns {
            let columns = Columns::new(names.clone(), &csv.layout)?;
            csv.set_columns(columns);
        }
        Ok(csv)
    }

    fn set_columns(&mut self, columns: Columns) {
        self.records.set_width(columns.count);
        self.columns = Some(columns);
    }

    /// Takes a whole record. `last` is its part of the last piece.
    #[inline]
    fn record(&mut self, last: &[u8], lines: &mut Lines) -> Result<(), Failure> {
        let Some(columns) = &self.columns else {
            let columns = self.header()?;
            self.set_columns(columns);
            return Ok(());
        };
        match columns.line(&self.records, &self.layout, &mut lines.encoder) {
            Ok(()) => lines.numbers.push(self.records.lines().0),
            Err(reason) => lines.rejected.push(RejectedRecord {
                number: self.records.lines().0,
                record: self.records.raw(last),
                reason,
            }),
        }
        Ok(())
    }

    fn header(&self) -> Result<Columns, Failure> {
        let Some((cells, ends, _)) = self.records.record() else {
            return Err(Failure::usage(format_args!(
                "the header is longer than {MAX_RECORD} bytes; is this CSV?"
            )));
        };
        if cells.starts_with(b"\xFF\xFE") || cells.starts_with(b"\xFE\xFF") {
            return Err(Failure::usage(
                "the input is UTF-16, not UTF-8; convert it with iconv -f UTF-16 -t UTF-8",
            ));
        }
        let text = std::str::from_utf8(cells).map_err(|_| {
            Failure::usage(
                "the header is not UTF-8; convert the input, for example with iconv -f LATIN1 -t UTF-8",
            )
        })?;
        let row = Row { text, ends };
        let names = (0..ends.len())
            .map(|cell| row.cell(cell).unwrap_or_default().trim().to_owned())
            .collect::<Vec<_>>();
        if let Some(first) = names.first().filter(|name| name.starts_with('#')) {
            return Err(Failure::usage(format_args!(
                "the header begins with {first:?}; if it is a comment, or an annotation of a query's result, \
                 skip it with --skip"
            )));
        }
        Columns::new(names, &self.layout)
    }
}

impl Format for Csv {
    fn push(&mut self, piece: &[u8], lines: &mut Lines) -> Result<(), Failure> {
        let mut rest = piece;
        while let Some(last) = self.records.next(&mut rest) {
            self.record(last, lines)?;
        }
        Ok(())
    }

    fn finish(&mut self, lines: &mut Lines) -> Result<(), Failure> {
        if self.records.last() {
            self.record(&[], lines)?;
        }
        Ok(())
    }

    fn position(&self) -> Position {
        match self.columns {
            Some(_) => self.records.position(),
            None => Position::default(),
        }
    }

    fn resume(&mut self, at: Position, start: &mut dyn Read) -> Result<(), Failure> {
        if at == Position::default() {
            return Ok(());
        }
        let mut piece = [0; 4096];
        while self.columns.is_none() {
            let count = match start.read(&mut piece) {
                Ok(count) => count,
                Err(why) if why.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(why) => {
                    return Err(Failure::no_input("the header can't be read", why));
                }
            };
            let mut rest = piece.get(..count).unwrap_or_default();
            if self.records.next(&mut rest).is_some() || (count == 0 && self.records.last()) {
                let columns = self.header()?;
                self.set_columns(columns);
            } else if count == 0 {
                return Err(Failure::no_input(
                    "the header is missing",
                    "the input was replaced",
                ));
            }
        }
        self.records.resume(at);
        Ok(())
    }
}

impl Columns {
    /// # Errors
    /// Returns an error for a header that lacks a named column, has a name twice, or has no column for a field.
    fn new(names: Vec<String>, layout: &Layout) -> Result<Columns, Failure> {
        let there = || excerpt_of_list(&names);
        if let Some(missing) = layout.named().find(|name| !names.contains(name)) {
            return Err(Failure::usage(format_args!(
                "there is no column {missing:?}; there are {}",
                there()
            )));
        }
        let mut sorted = names.iter().collect::<Vec<_>>();
        sorted.sort_unstable();
        let twice = sorted.windows(2).find_map(|pair| match pair {
            [one, other] if one == other && !one.is_empty() => Some(one),
            _ => None,
        });
        if let Some(twice) = twice {
            return Err(Failure::usage(format_args!(
                "two columns are named {twice:?}; rename one, or give all names with --columns and skip \
                 the header with --skip 1"
            )));
        }
        let mut columns = Columns {
            count: names.len(),
            measurement: None,
            tags: Vec::new(),
            fields: Vec::new(),
            time: None,
        };
        for (cell, name) in names.iter().enumerate() {
            match layout.role(name) {
                Role::Measurement => columns.measurement = Some(cell),
                Role::Tag(_) => {
                    let at = columns.tags.partition_point(|(_, before)| before < name);
                    columns.tags.insert(at, (cell, name.clone()));
                }
                Role::Time => columns.time = Some((cell, name.clone())),
                Role::Field(_) if name.is_empty() => {
                    return Err(Failure::usage(format_args!(
                        "column {} has no name; select the columns of the fields with --fields",
                        cell.saturating_add(1)
                    )));
                }
                Role::Field(kind) => columns.fields.push(Field {
                    cell,
                    name: name.clone(),
                    key: OwnedFieldKey::new(name).map_err(|why| {
                        Failure::usage(format_args!(
                            "column {name:?} can't be a field: {why} (--fields selects the columns)"
                        ))
                    })?,
                    kind: kind.unwrap_or(Kind::Float),
                    declared: kind.is_some(),
                }),
                Role::Unused => {}
            }
        }
        if columns.fields.is_empty() {
            return Err(Failure::usage(format_args!(
                "no column is left for a field; there are {}. Is --delimiter right?",
                there()
            )));
        }
        Ok(columns)
    }

    /// Writes the record as a line, or returns the reason why it is rejected.
    #[inline]
    fn line(
        &self,
        records: &Records,
        layout: &Layout,
        encoder: &mut LineEncoder,
    ) -> Result<(), String> {
        let Some((cells, ends, count)) = records.record() else {
            return Err(too_long(records));
        };
        if count != self.count {
            return Err(wrong_count(count, self.count, records));
        }
        let text = std::str::from_utf8(cells).map_err(|_| NOT_UTF8)?;
        let row = Row { text, ends };
        let mut line = match (&layout.measurement, self.measurement) {
            (Measurement::Name(series), _) => encoder.series(series),
            (Measurement::Column(_), Some(cell)) => encoder.line(row.cell(cell)?.trim_ascii()),
            (Measurement::Column(name), None) => encoder.line(name),
        };
        for (cell, name) in &self.tags {
            line = line.tag(name, row.cell(*cell)?.trim_ascii());
        }
        let mut fields = line.fields();
        for field in &self.fields {
            let cell = row.cell(field.cell)?;
            let value = field.kind.read(cell);
            let value = value.map_err(|misfit| field.reason(misfit, cell))?;
            let key = &field.key;
            fields = match value {
                None => fields,
                Some(Value::Float(value)) => fields.field(key, value),
                Some(Value::Int(value)) => fields.field(key, value),
                Some(Value::Uint(value)) => fields.field(key, value),
                Some(Value::Bool(value)) => fields.field(key, value),
                Some(Value::Text(value)) => fields.field(key, value),
            };
        }
        let ended = match &self.time {
            Some((cell, name)) => {
                let text = row.cell(*cell)?;
                let time = layout.clock.read(text);
                fields.timestamp(time.map_err(|why| columns::no_time(name, text, why))?)
            }
            None => fields.finish(),
        };
        ended.map_err(|error| columns::rejected(encoder, error))
    }
}

const NOT_UTF8: &str = "not UTF-8; convert the input, for example with iconv -f LATIN1 -t UTF-8";

impl<'a> Row<'a> {
    #[inline]
    fn cell(&self, index: usize) -> Result<&'a str, &'static str> {
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before).unwrap_or(&0),
            None => 0,
        };
        let end = *self.ends.get(index).unwrap_or(&start);
        // Fails if a cell ends within a character: each of two cells may hold a part of one.
        self.text.get(start..end).ok_or(NOT_UTF8)
    }
}

impl Field {
    #[cold]
    fn reason(&self, misfit: Misfit, cell: &str) -> String {
        misfit.reason(&self.name, cell, self.declared)
    }
}

#[cold]
fn too_long(records: &Records) -> String {
    let (first, last) = records.lines();
    format!(
        "longer than {MAX_RECORD} bytes, up to line {last}; a closing quote may be missing in line {first}"
    )
}

#[cold]
fn wrong_count(count: usize, expected: usize, records: &Records) -> String {
    let (first, last) = records.lines();
    let lines = if last > first {
        format!(" (lines {first} to {last}; a closing quote may be missing)")
    } else {
        String::new()
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} cell{plural} instead of {expected}{lines}")
}

/// Returns the names in quotes, or the first of many.
fn excerpt_of_list(names: &[String]) -> String {
    const MOST: usize = 20;
    let mut shown = names
        .iter()
        .take(MOST)
        .map(|name| format!("{:?}", super::cell::excerpt(name)))
        .collect::<Vec<_>>();
    if names.len() > MOST {
        shown.push(format!("and {} more", names.len().saturating_sub(MOST)));
    }
    shown.join(", ")
}

#[cfg(test)]
#[path = "tests/csv.rs"]
mod tests;
