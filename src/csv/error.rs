//! Errors of decoding: small `Copy` types that need no heap.

use core::fmt;

use crate::rfc3339::TimestampError;

/// The reason that the stream can't be decoded.
///
/// It is final: every later call returns it again. The records before it are valid.
///
/// ```
/// use influx_edge::csv::{DecodeError, Decoder};
///
/// let (mut text, mut ends) = ([0; 256], [0; 32]);
/// let mut decoder = Decoder::new(&mut text, &mut ends);
/// let error = decoder.feed(b"<html>\r\n").unwrap_err(); // a captive portal's page
/// assert_eq!(error, DecodeError::UnexpectedRow { row: 1 });
/// assert_eq!(decoder.finish(), Err(error)); // final
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeError {
    /// The `text` buffer (or the limit of [`Rows`](crate::csv::Rows)) can't hold the table's
    /// description and this record.
    RecordTooLong {
        /// CSV row, from 1; annotation and header rows count, empty lines don't.
        row: u64,
    },
    /// The `ends` buffer (or the limit of [`Rows`](crate::csv::Rows)) is too small for so many
    /// columns.
    TooManyColumns {
        /// CSV row, from 1.
        row: u64,
    },
    /// A row has more or fewer cells than its table's header.
    RowLength {
        /// CSV row, from 1.
        row: u64,
        /// Cells of the table's first row, annotation column included.
        expected: usize,
        /// Cells of this row.
        found: usize,
    },
    /// A row that is not valid here: text in the annotation column, or the same annotation twice. HTML and JSON
    /// in place of CSV are this error too.
    UnexpectedRow {
        /// CSV row, from 1.
        row: u64,
    },
    /// A column's name, datatype or default isn't UTF-8.
    NotUtf8 {
        /// CSV row, from 1.
        row: u64,
    },
    /// The stream is truncated: it ends inside a row, or between annotations and header.
    UnexpectedEnd {
        /// Number of CSV rows before the end.
        row: u64,
    },
    /// The server reports that the query failed after the rows before this.
    /// [`Decoder::server_error`](crate::csv::Decoder::server_error) returns its message.
    Server,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::RecordTooLong { row } => {
                write!(f, "CSV row {row} is too long for the record buffer")
            }
            DecodeError::TooManyColumns { row } => {
                write!(f, "CSV row {row} has too many columns for the buffer")
            }
            DecodeError::RowLength {
                row,
                expected,
                found,
            } => write!(
                f,
                "CSV row {row} has {found} cells, its table has {expected}"
            ),
            DecodeError::UnexpectedRow { row } => write!(f, "CSV row {row} is not annotated CSV"),
            DecodeError::NotUtf8 { row } => {
                write!(f, "CSV row {row} names columns that are not UTF-8")
            }
            DecodeError::UnexpectedEnd { row } => {
                write!(f, "the stream ends in the middle, after CSV row {row}")
            }
            DecodeError::Server => f.write_str("the server reports that the query failed"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// The server's error of a query that failed while its rows were sent.
///
/// ```
/// # let response = b"#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n\
/// #     ,\"runtime error: cannot convert string \"\"n0\"\" to Float due to invalid syntax\",";
/// # use influx_edge::csv::{DecodeError, Decoder};
/// # let (mut text, mut ends) = ([0; 256], [0; 32]);
/// # let mut decoder = Decoder::new(&mut text, &mut ends);
/// # decoder.feed(response)?;
/// assert_eq!(decoder.finish(), Err(DecodeError::Server));
/// let error = decoder.server_error().expect("the server's message");
/// assert!(
///     error
///         .message
///         .starts_with(r#"runtime error: cannot convert string "n0" to Float"#)
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerError<'a> {
    /// Message; empty if the stream ended before it.
    pub message: &'a str,
    /// Code (`internal error`) or reference number; often empty.
    pub code: &'a str,
}

/// The error of a cell that can't be read as the requested type.
///
/// Small and `Copy`: it has row and column by number. [`Record::explain`](crate::csv::Record::explain) adds the
/// column's name and an excerpt of the cell.
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// let record = rows.next()?.expect("two rows").record();
/// let error = record.get::<i64>("_value").unwrap_err(); // not cut to 20
/// assert_eq!((error.row, error.column, error.wanted), (1, Some(0), "i64"));
/// assert_eq!(
///     record.explain(&error).to_string(),
///     r#"row 1, column `_value` (double): wanted i64, found "20.25": the column has another datatype"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueError {
    /// The kind of error.
    pub kind: ValueErrorKind,
    /// Number of the record in the response, from 1, as
    /// [`Record::row_number`](crate::csv::Record::row_number) counts.
    pub row: u64,
    /// Index of the column, as [`Table::column`](crate::csv::Table::column) counts; `None` if there
    /// is no such column.
    pub column: Option<u32>,
    /// The requested type, such as `f64`.
    pub wanted: &'static str,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": wanted {}: {}", self.wanted, self.kind)
    }
}

impl core::error::Error for ValueError {}

/// The kinds of [`ValueError`].
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// use influx_edge::csv::ValueErrorKind;
///
/// let record = rows.next()?.expect("two rows").record();
/// assert_eq!(
///     record.get::<f64>("temp").unwrap_err().kind,
///     ValueErrorKind::NoSuchColumn
/// );
/// assert_eq!(
///     record.get::<f64>("station").unwrap_err().kind,
///     ValueErrorKind::Syntax
/// );
/// assert_eq!(
///     record.get::<bool>("_value").unwrap_err().kind,
///     ValueErrorKind::Type
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueErrorKind {
    /// The table has no column of that name or index.
    NoSuchColumn,
    /// The cell is null; read an `Option` where that is possible.
    Null,
    /// The column's datatype can't be read as the requested type.
    Type,
    /// The text isn't a value of the requested type.
    Syntax,
    /// The text isn't a time.
    Time(TimestampError),
    /// The value doesn't fit into the requested type.
    OutOfRange,
    /// The text isn't UTF-8.
    NotUtf8,
    /// The buffer for decoded bytes is too small.
    BufferTooSmall,
}

impl ValueErrorKind {
    pub(super) fn of_time(error: TimestampError) -> ValueErrorKind {
        match error {
            TimestampError::OutOfRange => ValueErrorKind::OutOfRange,
            other => ValueErrorKind::Time(other),
        }
    }
}

impl fmt::Display for ValueErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValueErrorKind::Time(error) => return error.fmt(f),
            ValueErrorKind::NoSuchColumn => "no such column",
            ValueErrorKind::Null => "the value is null",
            ValueErrorKind::Type => "the column has another datatype",
            ValueErrorKind::Syntax => "the text is not such a value",
            ValueErrorKind::OutOfRange => "the value is out of range",
            ValueErrorKind::NotUtf8 => "the text is not UTF-8",
            ValueErrorKind::BufferTooSmall => "the buffer is too small",
        })
    }
}

impl core::error::Error for ValueErrorKind {}

#[cfg(test)]
#[path = "tests/error.rs"]
mod tests;
