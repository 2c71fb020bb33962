//! The line-protocol encoder: points as bytes, without a heap.
//!
//! **What it is for.** A sensor's reading becomes a line of line protocol in a buffer that the
//! caller owns and reuses. A line is written whole or not at all, and what is written means the
//! same to every InfluxDB server, 1.x to 3.x, and to the servers that speak their protocol.
//!
//! **In scope**: measurement, tags, the five kinds of field value, timestamps in four precisions;
//! escaping; rejecting what some server would misparse; fixed, bounded and growing buffers.
//!
//! **Out of scope**: reading line protocol; sending it (the client does); batching and retries
//! (the writer does); clocks: the encoder never asks for the time.
//!
//! # What to watch
//! - *Size of a fixed buffer*: the longest line. Measurement + each tag key and value + each field
//!   key and value, 2 bytes for each pair, 1 for each escaped character, 22 for time and newline.
//! - *The series key* (measurement and tags) plus 4 plus a field key may take 65 535 bytes, as
//!   escaped. String fields have no limit here; InfluxDB 2.9 refuses one over 1 048 576 bytes
//!   unless configured otherwise, and names it in its partial-write report.
//! - *Accepted, stored and read back exactly, but a nuisance later*: tag keys `result` and `table`
//!   (they collide with the columns of a response); field keys `_time` `_start` `_stop`
//!   `_measurement`, or a tag and a field of one name (`pivot` refuses them); measurements
//!   `_series` `_fieldKeys` `_tagKeys` `_tags` `_measurements` (unreadable by InfluxQL).
//! - *Servers that only speak the protocol* may read less than InfluxDB does. For VictoriaMetrics
//!   set [`Encoder::reject_newlines`] and [`Encoder::reject_quoted_keys`].
//! - *Untimed lines*: see [`Fields::finish`].
//!
//! # Escaped and refused
//! | part | escaped | refused |
//! |---|---|---|
//! | measurement | `,` space | empty; leading `#`; control characters; a backslash at the end or before `,` `=` space `"` `\`; `#!~#`, or `#!~` at the end |
//! | tag key | `,` `=` space | empty; the same without the leading `#`; U+0080 to U+009F; `time` `_field` `_measurement` `_time` `_value` `_start` `_stop`; the same key twice |
//! | tag value | `,` `=` space | the same as for names (an empty value means no tag) |
//! | field key | `,` `=` space | empty; control characters, also U+0080 to U+009F; the backslashes; `time`; the same key twice |
//! | string field | `"` `\` | nothing, or newlines when [told to](Encoder::reject_newlines) |
//! | float | | NaN and infinities |
//! | time | | before 1677-09-21 or after 2262-04-11 (nanoseconds in 64 bits) |
//!
//! Why so strict: newlines and tabs in names have no escape that every server reads back; a
//! backslash at the end of a measurement swallows the tags into the name; `#!~#` is the storage
//! engine's own separator, and two different points would become one. Each of these is met
//! with success by some server. The control characters U+0080 to U+009F are names like any other to
//! InfluxDB 1.x and 2.x, and InfluxDB 3 refuses the line of a tag key or field key with one: such a point
//! would be stored by one server and lost with the next.

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
