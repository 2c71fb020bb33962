//! Annotated CSV, the format of query results: a decoder, and rows over any reader.
//!
//! The decoder does no I/O and doesn't allocate.
//!
//! ```
//! use influx_edge::csv::Rows;
//!
//! let response = "#datatype,string,long,double,string\r\n\
//!     #group,false,false,false,true\r\n\
//!     #default,_result,,,\r\n,result,table,_value,station\r\n\
//!     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
//! # #[cfg(feature = "std")] {
//! let mut rows = Rows::new(response.as_bytes());
//! let mut sum = 0.0;
//! while let Some(row) = rows.next()? {
//!     sum += row.get::<f64>("_value")?;
//! }
//! assert_eq!(sum, 40.75);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The format is described at
//! <https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/>. Where servers deviate from
//! that page, this module follows recordings of their responses.
//!
//! # Which type to use
//! | task | type |
//! |---|---|
//! | a query of the client | [`client::Rows`](crate::client::Rows), which lends the same [`Row`]s |
//! | CSV from a file or any other [`Read`](std::io::Read) | [`Rows`] (feature `std`) |
//! | CSV without std, without a heap, or without blocking | [`Decoder`] |
//! | a loop over many rows | `&str` or [`Key`] as the column's name |
//! | rows into your own types | [`Rows::deserialize`], [`Record::deserialize`] (feature `serde`) |
//! | columns that aren't known beforehand | [`Row::values`], [`Value`] |
//! | rows to keep, or to send to another thread | [`OwnedRow`], by [`Rows::owned`] |
//! | a small result in memory, or as text for people | [`Rows::tables`], [`OwnedTable::display`] |
//!
//! Values are parsed on demand: a record is bytes, and a cell is parsed by [`get`](Record::get).
//! Annotations may come in any order, or not at all: then every value is a string, and is parsed as the
//! type that `get` asks for.
//!
//! # Out of scope
//! - Writing CSV, and CSV of other shapes: the first column must be the annotation column.
//! - The dialect without a header row, in which header and data can't be told apart.
//!
//! # Pitfalls of the format
//! - **A query can fail in the middle of its response.** By then the status was 200, so the server writes
//!   the error into the body: as a table with the columns `error` and `reference`, or as a JSON object
//!   after the last row. Both end the stream with an error, after the rows before it.
//! - **An empty cell is null**, for strings too: the format does not distinguish an empty string from null.
//!   `get::<Option<&str>>` returns `None`, `get::<&str>` returns `""`.
//! - Several tables may share one header. They differ only in the `table` column, and each change of its
//!   value is a [`Step::Table`].
//! - `result` and `table` are properties of a [`Table`], not columns: index 0 is the first column of the
//!   data. They can still be read by name, unless a column of the data has that name.
//! - The server writes every line end inside a quoted cell as CRLF. It is returned as LF, as it was stored;
//!   [`Decoder::keep_crlf`] leaves the bytes as sent.
//!
//! # Buffer sizes
//! `ends` needs four entries for each column of the widest table (its own columns plus `result`, `table` and
//! the annotation column), since datatypes, defaults and names are kept beside the current record. `text`
//! needs the bytes of the rows `#datatype` and `#default`, the header row, one byte per column, and the
//! longest record. InfluxDB writes a double without an exponent: usually in fewer than 20 bytes, but
//! -2.2250738585072014e-308 takes 327. Too small a buffer is [`DecodeError::RecordTooLong`] or
//! [`DecodeError::TooManyColumns`], never wrong data.
//!
//! # Allocation
//! [`Decoder`] doesn't allocate. [`Rows`] allocates until its buffers hold the widest table and the longest
//! record, and nothing per row.

mod cell;
mod column_key;
mod data_type;
#[cfg(feature = "serde")]
mod de;
mod decoder;
mod error;
mod excerpt;
mod fast_split;
mod finish;
#[cfg(any(test, not(feature = "std")))]
mod float;
mod from_cell;
mod number;
mod parser;
mod record;
mod row_kind;
mod schema;
mod server_error;
mod table;
#[cfg(feature = "v3")]
mod untyped;
mod value;

#[cfg(feature = "std")]
mod buffers;
#[cfg(feature = "std")]
mod description;
#[cfg(feature = "std")]
mod display_width;
#[cfg(feature = "std")]
mod owned_row;
#[cfg(feature = "std")]
mod owned_table;
#[cfg(feature = "v3")]
mod plain;
#[cfg(feature = "std")]
mod profile;
#[cfg(feature = "std")]
mod read_error;
#[cfg(feature = "std")]
mod row;
#[cfg(feature = "std")]
mod rows;
#[cfg(feature = "std")]
mod text_table;

pub use cell::{Cell, FromCell};
pub use column_key::{ColumnKey, Key};
pub use data_type::DataType;
pub use decoder::{Decoder, Step};
pub use error::{DecodeError, ServerError, ValueError, ValueErrorKind};
pub use record::Record;
pub use table::{Column, Table};
pub use value::Value;

#[cfg(feature = "client")]
pub(crate) use buffers::MAX_RECORD_BYTES;
#[cfg(feature = "serde")]
pub use de::DeserializeError;
#[cfg(feature = "std")]
pub use display_width::display_width;
#[cfg(feature = "v3")]
pub(crate) use owned_row::OwnedPlainRows;
#[cfg(feature = "std")]
pub use owned_row::OwnedRow;
#[cfg(feature = "std")]
pub use owned_table::OwnedTable;
#[cfg(feature = "v3")]
pub(crate) use plain::PlainRows;
#[cfg(feature = "std")]
pub use read_error::{ReadError, ReadErrorKind};
#[cfg(feature = "std")]
pub use row::Row;
#[cfg(feature = "std")]
pub use rows::{Item, Rows};
#[cfg(feature = "std")]
pub use text_table::TextTable;
