//! Owned points: for one-off writes, queues, and programs that build points far from the encoder.

use alloc::string::String;
use alloc::vec::Vec;

use super::encoder::Encoder;
use super::error::EncodeError;
use super::sink::Sink;
use super::to_line::ToLine;
use super::value::{FieldValue, OwnedValue};
use crate::{Precision, Timestamp};

/// A point that owns its parts: measurement, tags, fields, time. Allocates for each of them.
///
/// Tags are kept sorted by key, which is a little cheaper for the server; setting a tag or field
/// again replaces it. Nothing is checked here: encoding the point checks everything.
///
/// For points by the thousand, the [`Encoder`] takes the parts without a detour through the heap.
///
/// ```
/// use influx_edge::line::{Encoder, Point};
/// use influx_edge::{Precision, Timestamp};
///
/// let point = Point::new("weather")
///     .tag("station", "zrh-1")
///     .tag("site", "north")
///     .field("temp_c", 21.5)
///     .field("door_open", false)
///     .field("missing", None::<f64>)
///     .time(Timestamp::from_nanos(1_700_000_000_000_000_000));
///
/// let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
/// enc.encode(&point)?;
/// assert_eq!(
///     enc.as_bytes(),
///     b"weather,site=north,station=zrh-1 temp_c=21.5,door_open=false 1700000000\n"
/// );
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    measurement: String,
    tags: Vec<(String, String)>,
    fields: Vec<(String, OwnedValue)>,
    time: When,
}

/// When a point was.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    /// The server's clock decides.
    Untimed,
    At(Timestamp),
    /// The clock gave a time that 64 bits of nanoseconds can't hold.
    OutOfRange,
}

impl Point {
    /// A point without tags, fields and time.
    ///
    /// ```
    /// use influx_edge::line::Point;
    ///
    /// let point = Point::new("weather").tag("station", "zrh-1").field("temp_c", 21.5);
    /// # let _ = point;
    /// ```
    #[must_use]
    pub fn new(measurement: impl Into<String>) -> Self {
        Point {
            measurement: measurement.into(),
            tags: Vec::new(),
            fields: Vec::new(),
            time: When::Untimed,
        }
    }

    /// Sets a tag, or replaces it. An empty value means the tag is absent. The value is text; a number is
    /// given as text, by `to_string()`.
    ///
    /// ```
    /// use influx_edge::line::Point;
    ///
    /// assert_eq!(Point::new("t").tag("a", "1").tag("a", "2"), Point::new("t").tag("a", "2"));
    /// ```
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let (key, value) = (key.into(), value.into());
        match self.tags.binary_search_by(|(k, _)| k.as_str().cmp(&key)) {
            Ok(at) => {
                if let Some(slot) = self.tags.get_mut(at) {
                    slot.1 = value;
                }
            }
            Err(at) => self.tags.insert(at, (key, value)),
        }
        self
    }

    /// Sets a field, or replaces it. `None` sets nothing.
    ///
    /// ```
    /// use influx_edge::line::{Encoder, Point};
    ///
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// enc.encode(&Point::new("t").field("n", 7u64).field("missing", None::<f64>))?;
    /// assert_eq!(enc.as_bytes(), b"t n=7u\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn field(mut self, key: impl Into<String>, value: impl FieldValue) -> Self {
        if let Some(value) = value.to_owned_value() {
            let key = key.into();
            match self.fields.iter_mut().find(|(k, _)| *k == key) {
                Some(slot) => slot.1 = value,
                None => self.fields.push((key, value)),
            }
        }
        self
    }

    /// Sets the time: a [`Timestamp`] or a `SystemTime`. Without one, a writer gives the point
    /// the machine's time when it is written; `Client::write` leaves it to the server's clock, with the
    /// consequence described at [`Fields::finish`](super::Fields::finish).
    ///
    /// A time outside the years 1677 to 2262 is refused when the point is encoded.
    ///
    /// ```
    /// use influx_edge::line::{Encoder, Point};
    ///
    /// let point = Point::new("t").field("v", 1).time(std::time::UNIX_EPOCH);
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// enc.encode(&point)?;
    /// assert_eq!(enc.as_bytes(), b"t v=1i 0\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn time(mut self, time: impl TryInto<Timestamp>) -> Self {
        self.time = time.try_into().map_or(When::OutOfRange, When::At);
        self
    }

    /// Sets the time as a count of `precision` since the epoch.
    ///
    /// Encoding brings it to the encoder's precision, rounding down.
    ///
    /// ```
    /// use influx_edge::{Precision, line::{Encoder, Point}};
    ///
    /// let point = Point::new("t").field("v", 1).timestamp(7, Precision::Second);
    /// let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Millisecond);
    /// enc.encode(&point)?;
    /// assert_eq!(enc.as_bytes(), b"t v=1i 7000\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn timestamp(mut self, count: i64, precision: Precision) -> Self {
        self.time = match count.checked_mul(precision.nanos()) {
            Some(nanos) => When::At(Timestamp::from_nanos(nanos)),
            None => When::OutOfRange,
        };
        self
    }
}

impl ToLine for Point {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        let mut line = enc.line(&self.measurement);
        for (key, value) in &self.tags {
            line = line.tag(key, value.as_str());
        }
        let mut line = line.fields();
        for (key, value) in &self.fields {
            line = match value {
                OwnedValue::Float(v) => line.field(key, *v),
                OwnedValue::Float32(v) => line.field(key, *v),
                OwnedValue::Integer(v) => line.field(key, *v),
                OwnedValue::Unsigned(v) => line.field(key, *v),
                OwnedValue::Boolean(v) => line.field(key, *v),
                OwnedValue::Text(v) => line.field(key, v.as_str()),
            };
        }
        match self.time {
            When::Untimed => line.finish(),
            When::At(time) => line.timestamp(time),
            When::OutOfRange => line.fail(EncodeError::TimestampOutOfRange),
        }
    }
}
