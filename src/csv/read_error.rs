//! `ReadError`, the error of [`Rows`](super::Rows) and [`Row`](super::Row).

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use std::io;

use super::error::{DecodeError, ValueError, ValueErrorKind};
use super::excerpt::Excerpt;
use super::record::Record;

/// The error of reading rows or values, one pointer wide.
///
/// All functions of this module that need std return it, and it converts into [`Error`](crate::Error).
pub struct ReadError(Box<ReadErrorKind>);

/// The kinds of [`ReadError`].
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// use influx_edge::csv::ReadErrorKind;
///
/// let row = rows.next()?.expect("two rows");
/// match row.get::<i64>("_value").unwrap_err().kind() {
///     ReadErrorKind::Value { column, data_type, found, .. } => {
///         assert_eq!(
///             [column, data_type, found],
///             ["_value", "double", r#""20.25""#]
///         );
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The reader failed: the connection broke, or the body was truncated.
    Io(io::Error),
    /// The stream isn't annotated CSV.
    Decode {
        /// The reason, with the number of the CSV row.
        error: DecodeError,
        /// The start of the row, quoted; at most 64 bytes.
        excerpt: String,
    },
    /// A table has more columns than [`Rows::max_columns`](super::Rows::max_columns) allows.
    TooManyColumns {
        /// CSV row, from 1; annotation and header rows count.
        row: u64,
        /// The limit.
        max_columns: usize,
    },
    /// A table's description and one of its records are longer than
    /// [`Rows::max_record_bytes`](super::Rows::max_record_bytes) allows.
    RecordTooLong {
        /// CSV row, from 1; annotation and header rows count.
        row: u64,
        /// The limit.
        max_record_bytes: usize,
    },
    /// The query failed on the server after the rows before this.
    Server {
        /// The server's message.
        message: String,
        /// Its code or reference number; often empty.
        code: String,
    },
    /// A value can't be read as the requested type.
    Value {
        /// The kind of error.
        kind: ValueErrorKind,
        /// Number of the record in the response, from 1.
        row: u64,
        /// The column's name; the requested name or index if there is no such column.
        column: String,
        /// The column's datatype, as the server wrote it.
        data_type: String,
        /// The requested type, such as `f64`.
        wanted: &'static str,
        /// The start of the value, quoted; at most 64 bytes. If there is no such column, the names of the
        /// table's columns, of many the first.
        found: String,
    },
    /// A row can't be deserialized into the requested type.
    Deserialize {
        /// Number of the record in the response, from 1.
        row: u64,
        /// The column that failed, if it is one.
        column: Option<String>,
        /// Description.
        message: String,
    },
}

impl ReadError {
    /// Returns the kind of error, with its details.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// use influx_edge::csv::{ReadErrorKind, Rows};
    ///
    /// let error = Rows::new(&b"<html>"[..]).next().unwrap_err();
    /// assert!(matches!(error.kind(), ReadErrorKind::Decode { .. }));
    /// ```
    #[must_use]
    pub fn kind(&self) -> &ReadErrorKind {
        &self.0
    }

    #[cfg(feature = "client")]
    pub(crate) fn into_kind(self) -> ReadErrorKind {
        *self.0
    }

    pub(crate) fn new(kind: ReadErrorKind) -> ReadError {
        ReadError(Box::new(kind))
    }

    #[cold]
    pub(super) fn decode(error: DecodeError, row: &[u8]) -> ReadError {
        ReadError::new(ReadErrorKind::Decode {
            error,
            excerpt: Excerpt(row).to_string(),
        })
    }

    #[cold]
    pub(super) fn server(message: &[u8], code: &[u8]) -> ReadError {
        ReadError::new(ReadErrorKind::Server {
            message: String::from_utf8_lossy(message).into_owned(),
            code: String::from_utf8_lossy(code).into_owned(),
        })
    }

    #[cold]
    pub(super) fn value(record: &Record<'_>, error: ValueError, key: &dyn fmt::Debug) -> ReadError {
        let index = error.column.and_then(|column| usize::try_from(column).ok());
        let column = index.and_then(|index| record.table().column(index));
        let cell = index.and_then(|index| record.cell(index));
        ReadError::new(ReadErrorKind::Value {
            kind: error.kind,
            row: error.row,
            column: column.map_or_else(|| format!("{key:?}"), |column| column.name().to_owned()),
            data_type: column
                .map_or("", |column| column.datatype_or_string())
                .to_owned(),
            wanted: error.wanted,
            found: match error.kind {
                ValueErrorKind::NoSuchColumn => column_names(record),
                _ => Excerpt(cell.map_or(&[], |cell| cell.as_bytes())).to_string(),
            },
        })
    }
}

/// The approximate number of bytes of column names in an error.
const NAMES: usize = 200;

/// The names of a record's columns, on one line.
fn column_names(record: &Record<'_>) -> String {
    let mut names = String::new();
    for column in record.table().columns() {
        if !names.is_empty() {
            names.push_str(", ");
        }
        if names.len() > NAMES {
            names.push('…');
            break;
        }
        let name = column.name().chars().take(NAMES);
        names.extend(name.map(|c| if c.is_control() { ' ' } else { c }));
    }
    names
}

/// The same as `Display`, since a `main` that returns an error prints its `Debug`.
impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ReadErrorKind::Io(error) => write!(f, "reading the response failed: {error}"),
            ReadErrorKind::Decode { error, excerpt } => write!(f, "{error}: {excerpt}"),
            ReadErrorKind::TooManyColumns { row, max_columns } => write!(
                f,
                "the table at CSV row {row} has more than {max_columns} columns, the limit of max_columns: raise it, or ask for fewer columns (keep() in Flux, their names in SQL)"
            ),
            ReadErrorKind::RecordTooLong {
                row,
                max_record_bytes,
            } => write!(
                f,
                "CSV row {row} and its table's description are longer than {max_record_bytes} bytes, the limit of max_record_bytes: raise it, or ask for fewer columns (keep() in Flux, their names in SQL)"
            ),
            ReadErrorKind::Server { message, code } if code.is_empty() => {
                write!(f, "the query failed on the server: {message}")
            }
            ReadErrorKind::Server { message, code } => {
                write!(f, "the query failed on the server: {message} ({code})")
            }
            ReadErrorKind::Value {
                kind: ValueErrorKind::NoSuchColumn,
                row,
                column,
                found,
                ..
            } => write!(f, "row {row}: there is no column {column}, only {found}"),
            ReadErrorKind::Value {
                kind,
                row,
                column,
                data_type,
                wanted,
                found,
            } => write!(
                f,
                "row {row}, column `{column}` ({data_type}): wanted {wanted}, found {found}: {kind}"
            ),
            ReadErrorKind::Deserialize {
                row,
                column,
                message,
            } => {
                write!(f, "row {row}")?;
                if let Some(column) = column {
                    write!(f, ", column `{column}`")?;
                }
                write!(f, ": {message}")
            }
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            ReadErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        ReadError::new(ReadErrorKind::Io(error))
    }
}
