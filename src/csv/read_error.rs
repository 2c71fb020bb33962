//! The error of [`Rows`](super::Rows) and [`Row`](super::Row), with std.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use std::io;

use super::error::{DecodeError, ValueError, ValueErrorKind};
use super::excerpt::Excerpt;
use super::record::Record;

/// Why reading rows failed. One pointer wide.
///
/// Everything on the std side of this module returns it, so one `?` serves for rows and values
/// alike, and the client's own error wraps it.
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
///         assert_eq!([column, data_type, found], ["_value", "double", r#""20.25""#]);
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The source failed: the connection broke, or the body was cut short.
    Io(io::Error),
    /// The stream isn't the CSV it should be.
    Decode {
        /// What is wrong, and in which CSV row.
        error: DecodeError,
        /// The row's beginning, for people to look at; at most 64 bytes, quoted.
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
    /// The query failed on the server after it had sent what came before.
    Server {
        /// The server's message.
        message: String,
        /// Its code or reference number; often empty.
        code: String,
    },
    /// A value is not what was asked for.
    Value {
        /// What is wrong.
        kind: ValueErrorKind,
        /// Number of the record in the response, from 1.
        row: u64,
        /// The column's name, or what named it if there is no such column.
        column: String,
        /// The column's datatype, as the server wrote it.
        data_type: String,
        /// What was asked for, such as `f64`.
        wanted: &'static str,
        /// The value's beginning; at most 64 bytes, quoted. If there is no such column: the names of
        /// those there are, of long lists the first of them.
        found: String,
    },
    /// A row doesn't fit the type it should become.
    Deserialize {
        /// Number of the record in the response, from 1.
        row: u64,
        /// The column it failed at, if it was one.
        column: Option<String>,
        /// What is wrong.
        message: String,
    },
}

impl ReadError {
    /// What went wrong.
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

/// How many bytes of names an error lists, about.
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

/// As `Display`, for that is what `main` prints of an error that it returns.
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
