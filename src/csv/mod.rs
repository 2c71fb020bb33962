//! Annotated CSV, the format in which a query's response comes: a decoder that never reads ahead,
//! never grows and never guesses.
//!
//! The format is described at
//! <https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/>; where servers do
//! otherwise, what they were seen to send counts.
//!
//! # In scope
//! - [`Decoder`]: bytes in, tables and records out, over two buffers you give it. No allocator, no
//!   I/O. Any split of the input, byte by byte included, gives the same records.
//! - [`Rows`] (feature `std`): the same over any [`std::io::Read`], one lending row at a time.
//! - Values on demand: a record is bytes, and a cell is parsed when you [`get`](Record::get) it.
//! - Rows into your own types by serde (feature `serde`).
//! - Responses with any annotations in any order, and without: every value is a string then, and is
//!   parsed as what you ask for.
//! - Rows that don't know their columns: [`Value`] and [`Row::values`]. Rows to keep: [`OwnedRow`].
//! - Small results as a whole: [`Rows::tables`]; as text for people: [`OwnedTable::display`]. Profiles apart:
//!   [`Rows::split_profile`].
//!
//! # Out of scope
//! - Writing CSV, and CSV of another shape: the first column has to be the annotation column.
//! - The dialect without a header row: headers and data can't be told apart there.
//!
//! # What to watch
//! - **A query can fail in its middle.** The status was 200 by then, so the server writes the
//!   error into the stream: as a table with the columns `error` and `reference`, or as a JSON
//!   object behind the last row. Both end the stream with an error, after the rows before it.
//! - **Empty cells are null**, for strings too: the format can't tell an empty string from none.
//!   `get::<Option<&str>>` says `None`, `get::<&str>` gives `""`.
//! - **Many tables may share one header.** They differ in the value of the `table` column only,
//!   and every change of it is a [`Step::Table`].
//! - `result` and `table` are properties of a [`Table`], not columns: index 0 is the first column
//!   of the data. Asked for by name, they are found, too (after the data columns).
//! - The server's CSV writer turns every line end inside a quoted cell into CRLF. It is handed out
//!   as LF, as it was written; [`Decoder::keep_crlf`] leaves the bytes as sent.
//!
//! # How large the buffers must be
//! `ends` counts cells: four times the columns of the widest table (the data's, plus `result`,
//! `table` and the annotation column), since datatypes, defaults and names are kept besides the
//! current record. `text` counts bytes: the three annotation rows, one byte per column, and the
//! longest record. A double may be 327 bytes long. [`DecodeError::RecordTooLong`] and
//! [`DecodeError::TooManyColumns`] tell when that was too little; no wrong data is ever given.
//!
//! # Allocation
//! None in the core. [`Rows`] allocates while it learns how large the tables are, and nothing per
//! row.

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
pub(crate) use plain::{PlainRows, PlainValues};
#[cfg(feature = "std")]
pub use read_error::{ReadError, ReadErrorKind};
#[cfg(feature = "std")]
pub use row::Row;
#[cfg(feature = "std")]
pub use rows::{Item, Rows};
#[cfg(feature = "std")]
pub use text_table::TextTable;
