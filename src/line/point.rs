//! `Point`: a point that owns its parts.

use core::fmt;
use core::ops::Range;

use super::duplicate_keys::{Bits, KeyHash};
use super::encoder::Encoder;
use super::error::EncodeError;
use super::into_timestamp::{IntoTimestamp, KeptTime};
use super::kept::{FEW, Kept, KeptPart, KeptParts, Utf8};
use super::sink::Sink;
use super::to_line::ToLine;
use super::value::{FieldValue, TagValue};

/// A point that owns its measurement, tags, fields and time, all in one buffer.
///
/// For single writes, queues, and programs that build points far from the encoder. Tags are written sorted by
/// key, which is a little cheaper for the server. Setting a tag or field again replaces it. Nothing is checked
/// before the point is encoded: the encoder's settings decide about numbers that are not finite, newlines,
/// quoted keys, empty tags and the precision of the time.
///
/// [`new`](Self::new) allocates 256 bytes, enough for a line of 200. The buffer grows by doubling, and
/// [`clear`](Self::clear) keeps it for the next point. The [`Encoder`] alone, without a point in between, takes
/// half to two thirds of the time.
///
/// ```
/// use influx_edge::line::Encoder;
/// use influx_edge::{Point, Precision, Timestamp};
///
/// let point = Point::new("weather")
///     .tag("station", "zrh-1")
///     .tag("channel", 3)
///     .field("temp_c", 21.5)
///     .field("door_open", false)
///     .field("missing", None::<f64>)
///     .time(Timestamp::from_nanos(1_700_000_000_000_000_000));
///
/// let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
/// enc.encode(&point)?;
/// assert_eq!(
///     enc.as_bytes(),
///     b"weather,channel=3,station=zrh-1 temp_c=21.5,door_open=false 1700000000\n"
/// );
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
///
/// Each setter has two forms: by value for a chain, and `set_…` for a loop or a point that is reused.
///
/// ```
/// use influx_edge::{Point, ToLine, line::Encoder};
///
/// let mut enc = Encoder::with_sink(Vec::new());
/// let mut point = Point::new("core").tag("host", "gw-7");
/// for (cpu, busy) in [3.5, 96.0].into_iter().enumerate() {
///     point
///         .set_tag("cpu", cpu)
///         .set_field("busy", busy)
///         .set_time(7);
///     point.to_line(&mut enc)?;
/// }
/// assert_eq!(
///     enc.as_bytes(),
///     b"core,cpu=0,host=gw-7 busy=3.5 7\ncore,cpu=1,host=gw-7 busy=96 7\n"
/// );
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
///
/// Two points are equal if they have the same measurement, tags and time, and the same fields in the same
/// order. Floats are compared by their text on the line, so NaN equals NaN.
#[derive(Clone)]
pub struct Point {
    /// The measurement, then the tags, then the fields: see [`kept`].
    parts: Kept,
    /// The end of the measurement.
    tags: usize,
    /// The start of the last tag, or of the tags if there are none.
    last_tag: usize,
    /// The end of the tags.
    fields: usize,
    time: KeptTime,
    /// The Bloom filter of the fields' keys. Its bits stay when a field is removed.
    field_bits: Bits,
    /// The number of tags that were appended, at most 255.
    appended: u8,
    /// False if the tags are in the order in which they were set, possibly twice. Never with fields.
    sorted: bool,
}

impl Point {
    /// Creates a point without tags, fields and time.
    #[must_use]
    pub fn new(measurement: impl AsRef<str>) -> Self {
        let measurement = measurement.as_ref();
        let len = measurement.len();
        Point {
            parts: Kept::new(measurement),
            tags: len,
            last_tag: len,
            fields: len,
            time: KeptTime::Untimed,
            field_bits: Bits::default(),
            appended: 0,
            sorted: true,
        }
    }

    /// Sets a tag, or replaces it. The types of values are listed at [`TagValue`];
    /// [`Text`](super::Text) takes any `Display`.
    ///
    /// With `None` or an empty value the tag is absent. The encoder counts or rejects empty values: see
    /// [`Encoder::reject_empty_tags`].
    ///
    /// ```
    /// use influx_edge::{Point, line::Text};
    ///
    /// let host = Text(std::net::Ipv4Addr::LOCALHOST);
    /// let point = Point::new("t")
    ///     .tag("unit", 7u16)
    ///     .tag("host", host)
    ///     .tag("site", None::<&str>);
    /// assert_eq!(
    ///     Point::new("t").tag("a", "1").tag("a", "2"),
    ///     Point::new("t").tag("a", "2")
    /// );
    /// # let _ = point;
    /// ```
    #[must_use]
    pub fn tag(mut self, key: impl AsRef<str>, value: impl TagValue) -> Self {
        self.set_tag(key, value);
        self
    }

    /// Sets a tag in place: see [`tag`](Self::tag).
    pub fn set_tag(&mut self, key: impl AsRef<str>, value: impl TagValue) -> &mut Self {
        let few = usize::from(self.appended) < FEW;
        if !few {
            self.sort();
        }
        let (key, new) = (key.as_ref(), self.parts.len());
        self.parts.push::<true>(key, &value);
        let ordered = self.sorted && self.tags_end_before(key);
        if new == self.fields && (ordered || few) {
            // The usual case: behind the other tags, before any field.
            self.last_tag = new;
            self.fields = self.parts.len();
            self.appended = self.appended.saturating_add(1);
            self.sorted = ordered;
        } else {
            self.place_tag(key, new);
        }
        self
    }

    /// Sets several tags from an array, a vector or a map.
    ///
    /// ```
    /// use influx_edge::Point;
    ///
    /// let point = Point::new("t").tags([("site", "north"), ("shelf", "12")]);
    /// // Tags are texts:
    /// assert_eq!(point, Point::new("t").tag("shelf", 12).tag("site", "north"));
    /// ```
    #[must_use]
    pub fn tags<K: AsRef<str>, V: TagValue>(
        mut self,
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        for (key, value) in tags {
            self.set_tag(key, value);
        }
        self
    }

    /// Sets a field, or replaces it and keeps its position. `None` removes it.
    ///
    /// ```
    /// use influx_edge::{Point, line::Encoder};
    ///
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// enc.encode(&Point::new("t").field("n", 7u64).field("missing", None::<f64>))?;
    /// assert_eq!(enc.as_bytes(), b"t n=7u\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn field(mut self, key: impl AsRef<str>, value: impl FieldValue) -> Self {
        self.set_field(key, value);
        self
    }

    /// Sets a field in place: see [`field`](Self::field).
    pub fn set_field(&mut self, key: impl AsRef<str>, value: impl FieldValue) -> &mut Self {
        self.sort();
        let (key, new) = (key.as_ref(), self.parts.len());
        let present = self.parts.push::<false>(key, &value);
        let hash = KeyHash::of(key.as_bytes());
        if self.field_bits.contain(hash) {
            if let Some(old) = self.field_range(key, new) {
                self.parts.replace(old.start, old.end, new);
            }
        }
        if present {
            self.field_bits.insert(hash);
        }
        self
    }

    /// Sets several fields of one type from an array, a vector or a map.
    ///
    /// ```
    /// use influx_edge::Point;
    ///
    /// let point = Point::new("t").fields([("a", 1.0), ("b", 2.0)]);
    /// assert_eq!(point, Point::new("t").field("a", 1.0).field("b", 2.0));
    /// ```
    #[must_use]
    pub fn fields<K: AsRef<str>, V: FieldValue>(
        mut self,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        for (key, value) in fields {
            self.set_field(key, value);
        }
        self
    }

    /// Sets the time: a [`Timestamp`](crate::Timestamp), a `SystemTime`, or a number. Default: the server's
    /// clock, with the consequence described at [`Fields::finish`](super::Fields::finish).
    ///
    /// A number counts in the precision of the encoder or writer that the point is written to. Without one,
    /// and in [`Client::write`](crate::Client::write), it counts nanoseconds.
    /// [`Timestamp::from_secs`](crate::Timestamp::from_secs) and its siblings fix the unit of one number.
    ///
    /// A time outside the years 1677 to 2262 is rejected when the point is encoded.
    ///
    /// ```
    /// use influx_edge::{Point, Precision, line::Encoder};
    ///
    /// let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
    /// enc.encode(&Point::new("t").field("v", 1).time(std::time::UNIX_EPOCH))?;
    /// enc.encode(&Point::new("t").field("v", 1).time(4))?; // of the encoder's seconds
    /// assert_eq!(enc.as_bytes(), b"t v=1i 0\nt v=1i 4\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn time(mut self, time: impl IntoTimestamp) -> Self {
        self.set_time(time);
        self
    }

    /// Sets the time in place: see [`time`](Self::time).
    pub fn set_time(&mut self, time: impl IntoTimestamp) -> &mut Self {
        self.time = time.keep();
        self
    }

    /// Removes tags, fields and time, and keeps the measurement and the buffer. The next point of this
    /// measurement then allocates nothing.
    ///
    /// ```
    /// use influx_edge::Point;
    ///
    /// let mut point = Point::new("t").tag("a", "1").field("v", 1).time(7);
    /// point.clear();
    /// assert_eq!(point, Point::new("t"));
    /// ```
    pub fn clear(&mut self) {
        self.parts.truncate(self.tags);
        self.last_tag = self.tags;
        self.fields = self.tags;
        self.time = KeptTime::Untimed;
        self.field_bits = Bits::default();
        self.appended = 0;
        self.sorted = true;
    }

    /// Sorts the tags, if they aren't. All at once takes less time than one after the other.
    #[inline]
    fn sort(&mut self) {
        if !self.sorted {
            self.sort_tags();
        }
    }

    #[inline(never)]
    fn sort_tags(&mut self) {
        self.last_tag = self.parts.sort(self.tags, self.appended);
        self.fields = self.parts.len();
        self.sorted = true;
    }

    /// Returns a copy with sorted tags.
    #[cold]
    fn in_order(&self) -> Point {
        let mut point = self.clone();
        point.sort();
        point
    }

    /// Returns the bytes of the parts in a range.
    #[inline]
    fn slice(&self, range: Range<usize>) -> &[u8] {
        self.parts.slice(range.start, range.end)
    }

    #[inline]
    fn kept_tags(&self) -> KeptParts<'_> {
        KeptParts(self.slice(self.tags..self.fields))
    }

    #[inline]
    fn kept_fields(&self) -> KeptParts<'_> {
        KeptParts(self.slice(self.fields..self.parts.len()))
    }

    /// Returns `true` if a tag with this key belongs behind all others.
    #[inline]
    fn tags_end_before(&self, key: &str) -> bool {
        let last = KeptParts(self.slice(self.last_tag..self.fields)).next();
        last.is_none_or(|last| last.key < key.as_bytes())
    }

    /// Moves the tag that begins at `new`, the last part, into the order of the tags.
    #[cold]
    fn place_tag(&mut self, key: &str, new: usize) {
        let key = key.as_bytes();
        let mut at = self.tags..self.tags;
        for part in self.kept_tags() {
            at.end = at.start.saturating_add(part.size);
            if part.key >= key {
                if part.key > key {
                    at.end = at.start;
                }
                break;
            }
            at.start = at.end;
        }
        let added = self.parts.len().saturating_sub(new);
        let shifted = |end: usize| end.saturating_add(added).saturating_sub(at.len());
        if at.start >= self.fields {
            self.last_tag = at.start;
        } else if at.end <= self.last_tag {
            self.last_tag = shifted(self.last_tag);
        }
        self.fields = shifted(self.fields);
        self.parts.replace(at.start, at.end, new);
    }

    /// Returns the position of the field of this key among those that end at `end`.
    fn field_range(&self, key: &str, end: usize) -> Option<Range<usize>> {
        let mut at = self.fields;
        for KeptPart {
            key: found, size, ..
        } in KeptParts(self.slice(self.fields..end))
        {
            if found == key.as_bytes() {
                return Some(at..at.saturating_add(size));
            }
            at = at.saturating_add(size);
        }
        None
    }
}

/// Compares the parts, the fields in their order. A tag that was set from a number is its text.
impl PartialEq for Point {
    fn eq(&self, other: &Point) -> bool {
        if !(self.sorted && other.sorted) {
            return self.in_order() == other.in_order();
        }
        fn tags(point: &Point) -> impl Iterator<Item = impl PartialEq> {
            point.kept_tags().map(|tag| (tag.key, tag.value.as_tag()))
        }
        self.time == other.time
            && self.slice(0..self.tags) == other.slice(0..other.tags)
            && self.slice(self.fields..self.parts.len())
                == other.slice(other.fields..other.parts.len())
            && tags(self).eq(tags(other))
    }
}

impl Eq for Point {}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.sorted {
            return self.in_order().fmt(f);
        }
        f.debug_struct("Point")
            .field("measurement", &Utf8(self.slice(0..self.tags)))
            .field("tags", &self.kept_tags())
            .field("fields", &self.kept_fields())
            .field("time", &self.time)
            .finish()
    }
}

impl ToLine for Point {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        if !self.sorted {
            return self.in_order().to_line(enc);
        }
        let mut line = enc.line_of(self.slice(0..self.tags));
        for tag in self.kept_tags() {
            line = line.kept_tag(tag.key, &tag.value);
        }
        let mut line = line.fields();
        for field in self.kept_fields() {
            line = line.kept_field(field.key, &field.value);
        }
        match self.time {
            KeptTime::Untimed => line.finish(),
            KeptTime::Count(count) => line.timestamp(count),
            KeptTime::At(time) => line.timestamp(time),
        }
    }
}
