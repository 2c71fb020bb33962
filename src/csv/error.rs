//! Errors of decoding: small `Copy` types without a heap.

use core::fmt;

use crate::rfc3339::TimestampError;

/// Why the stream can't be read on.
///
/// Every one is final: the decoder repeats it, and gives no more records. The records before it
/// were right.
///
/// ```
/// use influx_edge::csv::{DecodeError, Decoder};
///
/// let (mut text, mut ends) = ([0; 256], [0; 32]);
/// let mut decoder = Decoder::new(&mut text, &mut ends);
/// let error = decoder.feed(b"<html>\r\n").unwrap_err(); // a captive portal's page
/// assert_eq!(error, DecodeError::UnexpectedRow { row: 1 });
/// assert_eq!(decoder.finish(), Err(error)); // nothing can be read behind it
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
    /// A row that can't stand here: text in the annotation column, the same annotation twice. An
    /// HTML page or a JSON document instead of CSV ends here too.
    UnexpectedRow {
        /// CSV row, from 1.
        row: u64,
    },
    /// A column's name, datatype or default isn't UTF-8.
    NotUtf8 {
        /// CSV row, from 1.
        row: u64,
    },
    /// The stream ends inside a row, or between annotations and header: a part of it is missing.
    UnexpectedEnd {
        /// CSV rows before the end.
        row: u64,
    },
    /// The server reports that the query failed, after it had sent what came before.
    /// [`Decoder::server_error`](crate::csv::Decoder::server_error) has its words.
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

/// What the server said about a query that failed after its first rows.
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
/// assert!(error.message.starts_with(r#"runtime error: cannot convert string "n0" to Float"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerError<'a> {
    /// The message; empty if the stream ended before it.
    pub message: &'a str,
    /// The code (`internal error`) or the reference number; often empty.
    pub code: &'a str,
}

/// Why a cell could not be read as the type asked for.
///
/// Small and without borrow: it names row and column by number.
/// [`Record::explain`](crate::csv::Record::explain) puts it in words, with the column's name and
/// an excerpt of what was found.
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
    /// What is wrong.
    pub kind: ValueErrorKind,
    /// Number of the record in the response, from 1, as
    /// [`Record::row_number`](crate::csv::Record::row_number) counts.
    pub row: u64,
    /// Index of the column, as [`Table::column`](crate::csv::Table::column) counts; `None` if there
    /// is no such column.
    pub column: Option<u32>,
    /// What was asked for, such as `f64`.
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

/// What is wrong with a value.
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// use influx_edge::csv::ValueErrorKind;
///
/// let record = rows.next()?.expect("two rows").record();
/// assert_eq!(record.get::<f64>("temp").unwrap_err().kind, ValueErrorKind::NoSuchColumn);
/// assert_eq!(record.get::<f64>("station").unwrap_err().kind, ValueErrorKind::Syntax);
/// assert_eq!(record.get::<bool>("_value").unwrap_err().kind, ValueErrorKind::Type);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueErrorKind {
    /// The table has no column of that name or index.
    NoSuchColumn,
    /// The cell is null; ask for an `Option` where that may be.
    Null,
    /// The column's datatype can't be read as the type asked for.
    Type,
    /// The text isn't a value of the type asked for.
    Syntax,
    /// The text isn't a time.
    Time(TimestampError),
    /// The value doesn't fit into the type asked for.
    OutOfRange,
    /// The text isn't UTF-8.
    NotUtf8,
    /// The buffer for decoded bytes is too small.
    BufferTooSmall,
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
