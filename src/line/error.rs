//! `EncodeError`: the reason and the position of a rejected line.

use core::fmt;

use crate::TimestampError;

/// The part of a line that an error is about.
///
/// ```
/// use influx_edge::line::{Encoder, Part};
///
/// let mut enc = Encoder::with_sink(Vec::new());
/// let error = enc
///     .line("t")
///     .tag("time", "noon")
///     .field("v", 1)
///     .finish()
///     .unwrap_err();
/// let part = error.location().expect("it is in a tag").part;
/// assert_eq!(part, Part::TagKey);
/// assert_eq!(part.to_string(), "tag key");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The measurement's name.
    Measurement,
    /// A tag's key.
    TagKey,
    /// A tag's value.
    TagValue,
    /// A field's key.
    FieldKey,
    /// A field's value.
    FieldValue,
    /// The timestamp.
    Timestamp,
}

impl Part {
    const fn as_str(self) -> &'static str {
        match self {
            Part::Measurement => "measurement",
            Part::TagKey => "tag key",
            Part::TagValue => "tag value",
            Part::FieldKey => "field key",
            Part::FieldValue => "field value",
            Part::Timestamp => "timestamp",
        }
    }

    /// Returns the words before the name of the tag or field that an error is about.
    #[cfg(any(feature = "client", feature = "serde"))]
    pub(crate) const fn named(self) -> &'static str {
        match self {
            Part::Measurement => "the measurement, field",
            Part::TagKey => "tag key",
            Part::TagValue => "the value of tag",
            Part::FieldKey => "field key",
            Part::FieldValue => "the value of field",
            Part::Timestamp => "the time, field",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kind of a value that serde gave where it can't be written.
///
/// ```
/// use influx_edge::line::{EncodeError, Encoder, Schema, ValueKind};
///
/// let mut enc = Encoder::with_sink(Vec::new());
/// let error = enc
///     .serialize(&Schema::new("weather"), &[21.5, 22.0])
///     .unwrap_err();
/// assert_eq!(error.error(), EncodeError::NotAStruct(ValueKind::Sequence));
/// assert_eq!(
///     error.to_string(),
///     "a line is made of a struct or a map, not of a sequence"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// A boolean.
    Boolean,
    /// An integer.
    Integer,
    /// An integer outside the range of 64 bits.
    WideInteger,
    /// A float.
    Float,
    /// A text, a character, or a unit variant.
    Text,
    /// Bytes.
    Bytes,
    /// A sequence, an array or a tuple.
    Sequence,
    /// A map.
    Map,
    /// A struct.
    Struct,
    /// A variant with data of an externally tagged enum.
    Variant,
    /// `None`, or a unit.
    Nothing,
}

impl ValueKind {
    const fn as_str(self) -> &'static str {
        match self {
            ValueKind::Boolean => "a boolean",
            ValueKind::Integer => "an integer",
            ValueKind::WideInteger => "an integer outside the range of 64 bits",
            ValueKind::Float => "a float",
            ValueKind::Text => "a text",
            ValueKind::Bytes => "bytes",
            ValueKind::Sequence => "a sequence",
            ValueKind::Map => "a map",
            ValueKind::Struct => "a struct",
            ValueKind::Variant => "an enum's variant with data",
            ValueKind::Nothing => "nothing",
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The position of an error in a line.
///
/// The part, the tag or field, and the byte of its text.
///
/// ```
/// # let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
/// let line = enc
///     .line("t")
///     .tag("host", "gw-7")
///     .tag("site", "north\nwing")
///     .field("v", 1);
/// let at = line
///     .finish()
///     .unwrap_err()
///     .location()
///     .expect("it is in a tag");
/// assert_eq!((at.index, at.offset), (1, 5));
/// assert_eq!(at.to_string(), "tag value 2"); // counted from one
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The part of the line.
    pub part: Part,
    /// Which tag or which field, counted from 0 over those that were written; 0 for the
    /// measurement and the timestamp. Stops counting at 65 535.
    pub index: u16,
    /// The byte offset in the text as it was given, before escaping. Stops counting at `u32::MAX`.
    pub offset: u32,
}

impl Location {
    pub(super) fn new(part: Part, index: u16, offset: usize) -> Self {
        Location {
            part,
            index,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Measurement | Part::Timestamp => f.write_str(self.part.as_str()),
            part => write!(f, "{} {}", part.as_str(), u32::from(self.index) + 1),
        }
    }
}

/// The reason why a line was rejected.
///
/// The line was rolled back, and the encoder is ready for the next one.
///
/// After [`BufferFull`](EncodeError::BufferFull) and [`Sink`](EncodeError::Sink) the same line can succeed
/// later: send the lines in the buffer, clear it, and write the line again. All others are lines that some
/// InfluxDB server would reject, or accept and misread; they fail again.
///
/// The value is `Copy` and takes at most 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EncodeError {
    /// The sink has no space for the whole line. Lines written before are untouched.
    BufferFull,
    /// The sink could not write its lines; the reason is in [`IoSink::error`](super::IoSink::error).
    Sink,
    /// The line has no field, or only fields that are `None`. Servers reject it.
    NoFields,
    /// The name is empty.
    Empty(Location),
    /// A control character (below 0x20, or 0x7F) in a name or a tag value. It has no escape that
    /// every server reads back, and a newline would begin a line of its own. In the keys of tags and
    /// fields also U+0080 to U+009F, which InfluxDB 3 rejects there. The number is the code point.
    ControlCharacter(Location, u8),
    /// A measurement begins with `#`. Every server reads the line as a comment, drops it, and responds with
    /// success.
    Comment,
    /// A backslash at the end of a name or tag value, or directly before `,` `=` space `"` `\`.
    /// Servers read it as an escape of what follows.
    Backslash(Location),
    /// `#!~#` inside, or `#!~` at the end: the storage engine's own separator. Two different
    /// points would become one.
    StorageSeparator(Location),
    /// A name that the server reserves. Tag keys: `time`, `_field`, `_measurement`, `_time`,
    /// `_value`, `_start`, `_stop`. Field key: `time`.
    Reserved(Location),
    /// The key is already on this line. Servers disagree about which value would win.
    Duplicate(Location),
    /// NaN or an infinity; line protocol has no form for them.
    NotFinite(Location),
    /// A newline in a string field, with [`Encoder::reject_newlines`](super::Encoder::reject_newlines).
    Newline(Location),
    /// A quote in a field key, with
    /// [`Encoder::reject_quoted_keys`](super::Encoder::reject_quoted_keys).
    Quote(Location),
    /// Series key, four bytes and field key take more than 65 535 bytes as escaped. The number is their
    /// length.
    KeyTooLong(Location, u32),
    /// The time is outside −9 223 372 036 854 775 806 … 9 223 372 036 854 775 805 nanoseconds
    /// since the epoch (years 1677 to 2262), the range that can be stored *and* queried.
    TimestampOutOfRange,
    /// The value's own `Display` returned an error.
    Format(Location),
    /// A value of this kind can't be written as that part of a line: a sequence as any, a float as the time.
    Unsupported(Location, ValueKind),
    /// The value to be serialized as a line is neither a struct nor a map.
    NotAStruct(ValueKind),
    /// The value's own `Serialize` returned an error.
    Serialize(Location),
    /// The struct lacks a field that the schema names as a tag. The index is that in the schema.
    MissingTag(Location),
    /// The struct lacks the field that the schema names as the time.
    MissingTime,
    /// The struct lacks the field that the schema names as the measurement.
    MissingMeasurement,
    /// The text of the time is not a time.
    TimestampText(TimestampError),
}

impl EncodeError {
    /// Returns the position of the error in the line, if it has one.
    ///
    /// ```
    /// use influx_edge::line::{Encoder, Part};
    ///
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// let error = enc.line("t").tag("a\n", "b").field("v", 1).finish().unwrap_err();
    /// assert_eq!(error.location().map(|location| location.part), Some(Part::TagKey));
    /// ```
    #[must_use]
    pub const fn location(&self) -> Option<Location> {
        match *self {
            EncodeError::Empty(place)
            | EncodeError::ControlCharacter(place, _)
            | EncodeError::Backslash(place)
            | EncodeError::StorageSeparator(place)
            | EncodeError::Reserved(place)
            | EncodeError::Duplicate(place)
            | EncodeError::NotFinite(place)
            | EncodeError::Newline(place)
            | EncodeError::Quote(place)
            | EncodeError::KeyTooLong(place, _)
            | EncodeError::Format(place)
            | EncodeError::Unsupported(place, _)
            | EncodeError::Serialize(place)
            | EncodeError::MissingTag(place) => Some(place),
            EncodeError::Comment | EncodeError::MissingMeasurement => Some(Location {
                part: Part::Measurement,
                index: 0,
                offset: 0,
            }),
            EncodeError::TimestampOutOfRange
            | EncodeError::TimestampText(_)
            | EncodeError::MissingTime => Some(Location {
                part: Part::Timestamp,
                index: 0,
                offset: 0,
            }),
            EncodeError::BufferFull
            | EncodeError::Sink
            | EncodeError::NoFields
            | EncodeError::NotAStruct(_) => None,
        }
    }
}

impl EncodeError {
    /// Prints the error with `place` in place of the location.
    pub(crate) fn describe(
        &self,
        f: &mut fmt::Formatter<'_>,
        place: &dyn fmt::Display,
    ) -> fmt::Result {
        // The words behind the place, and those behind the byte offset if it is printed.
        let (what, behind) = match self {
            EncodeError::BufferFull => {
                return f.write_str(
                    "no space for the line: send the buffer and clear it, or enlarge it",
                );
            }
            EncodeError::Sink => return f.write_str("the sink could not pass its lines on"),
            EncodeError::NoFields => {
                return f.write_str("the line has no field: give it at least one");
            }
            EncodeError::KeyTooLong(_, length) => {
                return write!(
                    f,
                    "series key and {place} take {length} bytes, 65535 is the most"
                );
            }
            EncodeError::Unsupported(at, kind) => {
                let only = match at.part {
                    Part::Measurement => ": a measurement is a text",
                    Part::Timestamp => {
                        ": a time is an integer, a Timestamp, a SystemTime or RFC 3339 text"
                    }
                    Part::FieldKey => ": a map's key is a text, a number or a boolean",
                    _ => ", which has no form in line protocol",
                };
                return write!(f, "{place} is {}{only}", kind.as_str());
            }
            EncodeError::NotAStruct(kind) => {
                return write!(
                    f,
                    "a line is made of a struct or a map, not of {}",
                    kind.as_str()
                );
            }
            EncodeError::TimestampText(error) => return write!(f, "{place}: {error}"),
            EncodeError::Serialize(_) => (
                " could not be serialized: its own Serialize returned an error",
                None,
            ),
            EncodeError::MissingTag(_) | EncodeError::MissingTime => {
                (" is in the schema, but not in the value", None)
            }
            EncodeError::MissingMeasurement => {
                (" is taken from a field that the value does not have", None)
            }
            EncodeError::Comment => (
                " begins with #: a server would drop the line as a comment",
                None,
            ),
            EncodeError::TimestampOutOfRange => (
                " is outside the years 1677 to 2262: check the clock and the precision",
                None,
            ),
            EncodeError::Empty(_) => (" is empty", None),
            EncodeError::Reserved(_) => (" is a name the server keeps for itself: rename it", None),
            EncodeError::Duplicate(_) => {
                (" is already on this line: each key may stand once", None)
            }
            EncodeError::NotFinite(_) => (
                " is NaN or infinite: leave the field out where there is no number",
                None,
            ),
            EncodeError::Format(_) => (" could not be formatted", None),
            EncodeError::ControlCharacter(..) => (
                " has the control character",
                Some(": remove it or sanitize the text"),
            ),
            EncodeError::Backslash(_) => (
                " has a backslash",
                Some(" that a server would read as an escape"),
            ),
            EncodeError::StorageSeparator(_) => (
                " has the storage separator #!~# (or its beginning at the end)",
                Some(""),
            ),
            EncodeError::Newline(_) => (" has a newline", Some("")),
            EncodeError::Quote(_) => (" has a quote", Some("")),
        };
        write!(f, "{place}{what}")?;
        if let EncodeError::ControlCharacter(_, byte) = self {
            write!(f, " {byte:#04x}")?;
        }
        match (self.location(), behind) {
            (Some(location), Some(behind)) => write!(f, " at byte {}{behind}", location.offset),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.location() {
            Some(location) => self.describe(f, &location),
            None => self.describe(f, &""),
        }
    }
}

impl core::error::Error for EncodeError {}

#[cfg(test)]
#[path = "tests/error.rs"]
mod tests;
