//! The line-protocol encoder: points as bytes, without a heap.
//!
//! ```
//! use influx_edge::Precision;
//! use influx_edge::line::{EncodeError, Encoder};
//!
//! let mut storage = [0u8; 128];
//! let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
//! enc.line("weather")
//!     .tag("station", "zrh 1")
//!     .field("temp_c", 21.5)
//!     .timestamp(1_700_000_000)?;
//! let rejected = enc
//!     .line("weather")
//!     .tag("station", "two\nlines")
//!     .field("temp_c", 21.6)
//!     .finish();
//! assert!(matches!(rejected, Err(EncodeError::ControlCharacter(..))));
//! assert_eq!(
//!     enc.as_bytes(),
//!     b"weather,station=zrh\\ 1 temp_c=21.5 1700000000\n"
//! );
//! # Ok::<(), EncodeError>(())
//! ```
//!
//! A line is written whole or not at all, into a buffer that the caller owns and reuses. The
//! output means the same to every InfluxDB server, 1.x to 3.x, and to other servers of their protocol.
//!
//! # Which type to take
//! | for | take |
//! |---|---|
//! | a reading, where it is measured | [`Encoder`]; `line` gives a [`Line`] (tags), the first field gives [`Fields`] (fields and the end) |
//! | a point that is kept, queued or built in parts | [`Point`], which owns what it holds |
//! | a struct with serde | [`Schema`] and [`Encoder::serialize`] |
//! | a type of yours without serde | [`ToLine`] |
//! | a sensor whose tags never change | [`Series`], or [`OwnedSeries`] on the heap; for its field keys [`FieldKey`], [`OwnedFieldKey`] |
//! | tags that every line gets | [`DefaultTags`], or [`OwnedDefaultTags`] on the heap |
//! | where the lines go | a [`Sink`]: `&mut [u8]`, `heapless::Vec`, `Vec`, [`IoSink`] |
//! | what was encoded, to be sent | [`Lines`]: bytes and their precision |
//! | a value with a `Display` | [`Text`]; the other types of values are listed at [`FieldValue`], [`TagValue`], [`IntoTimestamp`] |
//! | names from outside the program | [`sanitize`], where a changed name is better than none |
//! | line protocol that exists as text | [`text_lines`] |
//! | a line that was rejected | [`EncodeError`], with the [`Location`]; from serde [`SerializeError`] |
//!
//! `SeriesIn`, `FieldKeyIn` and `DefaultTagsIn` are the types behind both names of a pair.
//!
//! This module doesn't send (the [client](crate::client) does), batch or retry (the
//! [writer](crate::writer) does), and never reads a clock.
//!
//! # Limits
//! - *Size of a fixed buffer*: the longest line. Measurement + each tag key and value + each field
//!   key and value, 2 bytes for each pair, 1 for each escaped character, 22 for time and newline.
//! - *Size of the series key* (measurement and tags) plus 4 plus a field key: 65 535 bytes, as escaped.
//! - *Size of a string field*: no limit here. InfluxDB 2.9 rejects one over 1 048 576 bytes unless
//!   configured otherwise, and names it in its partial-write report.
//!
//! # Names that are stored but cause trouble
//! These are accepted and read back exactly:
//! - Tag keys `result` and `table` collide with the columns of a response.
//! - `pivot` rejects field keys `_time` `_start` `_stop` `_measurement`, and a tag and a field of one name.
//! - InfluxQL can't read measurements `_series` `_fieldKeys` `_tagKeys` `_tags` `_measurements`.
//!
//! Servers that are not InfluxDB may read less. For VictoriaMetrics set [`Encoder::reject_newlines`] and
//! [`Encoder::reject_quoted_keys`]. For lines without a time see [`Fields::finish`].
//!
//! # Escaped and rejected
//! | part | escaped | rejected |
//! |---|---|---|
//! | measurement | `,` space | empty; leading `#`; control characters; a backslash at the end or before `,` `=` space `"` `\`; `#!~#`, or `#!~` at the end |
//! | tag key | `,` `=` space | as a measurement, but for the leading `#`; U+0080 to U+009F; `time` `_field` `_measurement` `_time` `_value` `_start` `_stop`; the same key twice |
//! | tag value | `,` `=` space | as a measurement, but for the leading `#` (an empty value means no tag) |
//! | field key | `,` `=` space | empty; control characters, also U+0080 to U+009F; the backslashes; `time`; the same key twice |
//! | string field | `"` `\` | nothing, or newlines if [so configured](Encoder::reject_newlines) |
//! | float | | NaN and infinities |
//! | time | | before 1677-09-21 or after 2262-04-11 (nanoseconds in 64 bits) |
//!
//! Each of these is accepted by some server with a success status, and then misread:
//! - Newlines and tabs in names have no escape that every server reads back. A newline in a tag begins a
//!   line of its own.
//! - A backslash at the end of a measurement makes the tags a part of the name.
//! - `#!~#` is the storage engine's own separator: two different points would become one.
//! - U+0080 to U+009F are ordinary characters to InfluxDB 1.x and 2.x. InfluxDB 3 rejects a line with one in
//!   the key of a tag or field, so a point would be stored by one server and lost with the next.

mod compact_number;
mod default_tags;
mod duplicate_keys;
mod encoder;
mod error;
mod escape;
mod field_key;
mod formatted;
mod into_timestamp;
#[cfg(feature = "std")]
mod io_sink;
#[cfg(feature = "alloc")]
mod kept;
mod line_state;
mod names;
mod number;
#[cfg(feature = "alloc")]
mod point;
mod sanitize;
#[cfg(feature = "serde")]
mod serialize;
mod series;
mod sink;
mod slice_writer;
#[cfg(any(feature = "client", feature = "embedded"))]
pub(crate) mod split_lines;
mod tag_writer;
mod text_lines;
mod to_line;
mod value;

#[cfg(feature = "alloc")]
pub use default_tags::OwnedDefaultTags;
pub use default_tags::{DefaultTags, DefaultTagsIn};
pub use encoder::{Encoder, Fields, Line, Lines};
pub use error::{EncodeError, Location, Part, ValueKind};
#[cfg(feature = "alloc")]
pub use field_key::OwnedFieldKey;
pub use field_key::{FieldKey, FieldKeyIn, FieldName};
pub use into_timestamp::IntoTimestamp;
#[cfg(feature = "std")]
pub use io_sink::IoSink;
#[cfg(feature = "alloc")]
pub use point::Point;
pub use sanitize::sanitize;
#[cfg(feature = "client")]
pub(crate) use serialize::Measurement;
#[cfg(feature = "serde")]
pub use serialize::{Schema, SerializeError};
#[cfg(feature = "alloc")]
pub use series::OwnedSeries;
pub use series::{Series, SeriesIn};
#[cfg(feature = "client")]
pub use sink::Appending;
pub use sink::Sink;
pub use text_lines::{LineSyntaxError, TextLine, TextLines, text_lines, whole_lines};
pub use to_line::ToLine;
pub use value::{FieldValue, TagValue, Text};
