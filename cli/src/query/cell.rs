//! Rows as every output takes them, whichever language asked for them.

use crate::failure::Failure;
use influx_edge::csv;

/// A value as text, exactly as it came, and its type.
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
    /// Whether it is of the group key: the same in all rows of a table.
    pub(super) is_group: bool,
}

/// The description of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// The number of the statement that the rows are the result of.
    pub(super) statement: u32,
    pub(super) columns: Vec<Column>,
}

/// Takes tables and their rows, in order.
pub(super) trait Sink {
    /// A table begins; it may have no rows.
    fn table(&mut self, head: Head) -> Result<(), Failure>;

    /// A row of the table, with a cell for each of its columns.
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure>;

    /// The end, also of a response that failed on the way: writes what was held back.
    fn finish(&mut self) -> Result<(), Failure>;
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: &'a str) -> Cell<'a> {
        Cell {
            kind: Kind::Text,
            text: text.as_bytes(),
        }
    }

    /// The value, if it is a finite number.
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

/// Text on one line of a terminal: what would move the cursor or reorder the text is escaped.
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

/// Control characters, line and paragraph separators, and the controls of bidirectional text.
pub(super) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}
