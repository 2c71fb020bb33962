//! Rows in the form of every output, whatever the language of the query.

use crate::failure::Failure;
use influx_edge::csv;

/// A value as text, unchanged, and its type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Text,
    Number,
    Bool,
    Time,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// `true` if it belongs to the group key: its value is the same in all rows of a table.
    pub(super) is_group: bool,
}

/// The description of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// The number of the statement that returned the rows.
    pub(super) statement: u32,
    pub(super) columns: Vec<Column>,
}

/// Receives tables and their rows, in order.
pub(super) trait Sink {
    /// Begins a table; it may have no rows.
    fn table(&mut self, head: Head) -> Result<(), Failure>;

    /// Takes a row of the table, with a cell for each of its columns.
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure>;

    /// Ends the output, also that of a response that broke off: writes buffered rows.
    fn finish(&mut self) -> Result<(), Failure>;
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: &'a str) -> Cell<'a> {
        Cell {
            kind: Kind::Text,
            text: text.as_bytes(),
        }
    }

    /// Returns the value, if it is a finite number.
    pub(super) fn number(&self) -> Option<f64> {
        if self.kind != Kind::Number {
            return None;
        }
        let number: f64 = std::str::from_utf8(self.text).ok()?.parse().ok()?;
        number.is_finite().then_some(number)
    }
}

impl<'a> From<csv::Cell<'a>> for Cell<'a> {
    fn from(cell: csv::Cell<'a>) -> Cell<'a> {
        use csv::DataType;
        let kind = match cell.data_type() {
            _ if cell.is_null() => Kind::Null,
            DataType::Long | DataType::UnsignedLong | DataType::Double => Kind::Number,
            DataType::Boolean => Kind::Bool,
            DataType::Time => Kind::Time,
            _ => Kind::Text,
        };
        Cell {
            kind,
            text: cell.as_bytes(),
        }
    }
}

/// Escapes characters that would move the cursor of a terminal or reorder the text.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns `true` for control characters, line and paragraph separators, and bidirectional controls.
pub(super) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}
