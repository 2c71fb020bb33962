//! `Series`: a measurement and its tags, checked and escaped once, written many times.

use super::duplicate_keys::{Bits, KeySet};
use super::error::EncodeError;
use super::names;
use super::sink::{self, Sink};
use super::tag_writer::{Tag, TagWriter};
use super::value::TagValue;
use core::fmt;

/// A measurement and tags that don't change, in storage for `N` bytes.
///
/// They are checked and escaped once, and [`Encoder::series`](super::Encoder::series) only copies them. `N`
/// counts the bytes on the wire: measurement, and for each tag its key, its value and two more, plus one for
/// each escape. Doesn't allocate; `OwnedSeries` (feature `alloc`) does.
///
/// ```
/// use influx_edge::line::{Encoder, Series};
///
/// let series = Series::<64>::new("weather")?.tag("station", "zrh-1")?;
/// let mut storage = [0u8; 256];
/// let mut enc = Encoder::new(&mut storage);
/// for (t, temp) in [(1i64, 21.5), (2, 21.6)] {
///     enc.series(&series).field("temp_c", temp).timestamp(t)?;
/// }
/// assert_eq!(
///     enc.as_bytes(),
///     b"weather,station=zrh-1 temp_c=21.5 1\n\
///       weather,station=zrh-1 temp_c=21.6 2\n"
/// );
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
pub type Series<const N: usize> = SeriesIn<heapless::Vec<u8, N>>;

/// A [`Series`] that allocates the bytes it needs, when it is made.
///
/// ```
/// use influx_edge::line::{Encoder, OwnedSeries};
///
/// let series = OwnedSeries::new("weather")?.tag("station", "zrh-1")?;
/// let mut enc = Encoder::with_sink(Vec::new());
/// enc.series(&series).field("temp_c", 21.5).finish()?;
/// assert_eq!(enc.as_bytes(), b"weather,station=zrh-1 temp_c=21.5\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[cfg(feature = "alloc")]
pub type OwnedSeries = SeriesIn<alloc::vec::Vec<u8>>;

/// A series in storage of the caller's choice: see [`Series`].
// Not `Default`: without a measurement it would begin an invalid line.
#[derive(Clone, PartialEq, Eq)]
pub struct SeriesIn<S> {
    storage: S,
    bits: Bits,
    tags: u16,
}

impl<S: Sink + Default> SeriesIn<S> {
    /// Creates a series of this measurement, without tags.
    ///
    /// ```
    /// use influx_edge::line::{EncodeError, Series};
    ///
    /// let series = Series::<64>::new("weather")?.tag("station", "zrh 1")?;
    /// assert_eq!(series.as_bytes(), b"weather,station=zrh\\ 1");
    /// assert_eq!(Series::<4>::new("weather"), Err(EncodeError::BufferFull));
    /// # Ok::<(), EncodeError>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if [`Encoder::line`](super::Encoder::line) would reject the measurement, and
    /// [`BufferFull`](EncodeError::BufferFull) if the storage is too small.
    pub fn new(measurement: &str) -> Result<Self, EncodeError> {
        let mut series = Self::empty();
        sink::append(&mut series.storage, |out| {
            names::measurement(out, measurement.as_bytes())
        })?;
        Ok(series)
    }

    /// A list of tags without a measurement, for the default tags.
    pub(super) fn empty() -> Self {
        SeriesIn {
            storage: S::default(),
            bits: Bits::default(),
            tags: 0,
        }
    }
}

impl<S: Sink> SeriesIn<S> {
    /// Returns the escaped series key, with which each line begins: `weather,station=zrh-1`.
    ///
    /// ```
    /// use influx_edge::line::Series;
    ///
    /// assert_eq!(Series::<64>::new("weather")?.as_bytes(), b"weather");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.storage.bytes()
    }

    /// Adds a tag. `None` and an empty value add nothing.
    ///
    /// ```
    /// use influx_edge::line::{EncodeError, Series};
    ///
    /// let series = Series::<64>::new("weather")?.tag("channel", 3)?.tag("site", "")?;
    /// assert_eq!(series.as_bytes(), b"weather,channel=3");
    /// assert!(matches!(series.tag("channel", 4), Err(EncodeError::Duplicate(_))));
    /// # Ok::<(), EncodeError>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if [`Line::tag`](super::Line::tag) would reject the tag, and
    /// [`BufferFull`](EncodeError::BufferFull) if the storage is too small.
    pub fn tag(mut self, key: &str, value: impl TagValue) -> Result<Self, EncodeError> {
        let bits = self.bits;
        let added = sink::append(&mut self.storage, |out| {
            let mut keys = KeySet::default();
            keys.seed(bits);
            let written = value.write_to(TagWriter {
                out,
                start: 0,
                key: key.as_bytes(),
                index: self.tags,
                keys: &mut keys,
            })?;
            Ok(matches!(written, Tag::Written).then(|| keys.bits()))
        })?;
        if let Some(bits) = added {
            self.bits = bits;
            self.tags = self.tags.saturating_add(1);
        }
        Ok(self)
    }

    #[inline]
    pub(super) fn borrow(&self) -> SeriesRef<'_> {
        SeriesRef {
            key: self.storage.bytes(),
            bits: self.bits,
            tags: self.tags,
        }
    }
}

#[cfg(feature = "client")]
impl SeriesIn<alloc::vec::Vec<u8>> {
    /// Adds a tag that is escaped already.
    pub(super) fn push_escaped(&mut self, tag: &[u8]) {
        self.storage.push(b',');
        self.storage.extend_from_slice(tag);
        // All bits: any key might be there now.
        self.bits = Bits::ALL;
        self.tags = self.tags.saturating_add(1);
    }
}

/// A series whatever its storage is.
#[derive(Clone, Copy)]
pub(super) struct SeriesRef<'a> {
    pub(super) key: &'a [u8],
    pub(super) bits: Bits,
    pub(super) tags: u16,
}

impl<S: Sink> fmt::Debug for SeriesIn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = core::str::from_utf8(self.storage.bytes()).unwrap_or_default();
        f.debug_tuple("Series").field(&text).finish()
    }
}
