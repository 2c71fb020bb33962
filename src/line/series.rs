//! A measurement and its tags, escaped and checked once, written many times.

use super::duplicate_keys::{self, Bits, KeyHash, KeySet};
use super::error::{EncodeError, Location, Part};
use super::escape::Name;
use super::names::{self, tag_key};
use super::sink::Sink;
use super::sink::sealed::Grow;
use super::slice_writer::SliceWriter;
use super::value::{TagValue, sealed};

/// Measurement and tags of a sensor that reports all day, with storage for `N` bytes inside.
///
/// What [`Encoder::line`](super::Encoder::line) checks and escapes for each line is done here
/// once; [`Encoder::series`](super::Encoder::series) then only copies. `N` counts the bytes on the
/// wire: measurement, and for each tag its key, its value and two more, plus one for each escape.
/// Nothing is allocated; `OwnedSeries` (feature `alloc`) takes what it needs.
///
/// ```
/// use influx_edge::line::{Encoder, Series};
///
/// let series = Series::<64>::builder("weather").tag("station", "zrh-1").build()?;
/// let mut storage = [0u8; 256];
/// let mut enc = Encoder::new(&mut storage);
/// for (t, temp) in [(1i64, 21.5), (2, 21.6)] {
///     enc.series(&series).field("temp_c", temp).timestamp(t)?;
/// }
/// assert_eq!(
///     enc.as_bytes(),
///     b"weather,station=zrh-1 temp_c=21.5 1\nweather,station=zrh-1 temp_c=21.6 2\n"
/// );
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
pub type Series<const N: usize> = SeriesIn<heapless::Vec<u8, N>>;

/// A [`Series`] that allocates the bytes it needs, when it is built.
///
/// ```
/// use influx_edge::line::{Encoder, OwnedSeries};
///
/// let series = OwnedSeries::builder("weather").tag("station", "zrh-1").build()?;
/// let mut enc = Encoder::with_sink(Vec::new());
/// enc.series(&series).field("temp_c", 21.5).finish()?;
/// assert_eq!(enc.as_bytes(), b"weather,station=zrh-1 temp_c=21.5\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[cfg(feature = "alloc")]
pub type OwnedSeries = SeriesIn<alloc::vec::Vec<u8>>;

/// A series in storage of the caller's choice: see [`Series`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesIn<S> {
    storage: S,
    bits: Bits,
    tags: u16,
}

impl<S: Sink + Default> SeriesIn<S> {
    /// Begins a series of this measurement. Errors wait until
    /// [`build`](SeriesBuilder::build).
    ///
    /// ```
    /// use influx_edge::line::Series;
    ///
    /// let series = Series::<64>::builder("weather").tag("station", "zrh 1").build()?;
    /// assert_eq!(series.as_bytes(), b"weather,station=zrh\\ 1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(measurement: &str) -> SeriesBuilder<S> {
        let mut builder = SeriesBuilder::empty();
        builder.add(|out, _| names::measurement(out, measurement.as_bytes()));
        builder
    }
}

impl<S: Sink> SeriesIn<S> {
    /// The escaped series key, as each line begins: `weather,station=zrh-1`.
    ///
    /// ```
    /// use influx_edge::line::Series;
    ///
    /// assert_eq!(Series::<64>::builder("weather").build()?.as_bytes(), b"weather");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.storage.bytes()
    }
}

#[cfg(feature = "client")]
impl SeriesIn<alloc::vec::Vec<u8>> {
    /// Adds a tag that is escaped already.
    pub(super) fn push_escaped(&mut self, tag: &[u8]) {
        self.storage.push(b',');
        self.storage.extend_from_slice(tag);
        // Any key might be there now.
        self.bits = Bits::ALL;
        self.tags = self.tags.saturating_add(1);
    }
}

/// Collects the tags of a [`Series`]; the first error is kept for [`build`](Self::build).
#[derive(Clone, Debug)]
#[must_use = "a series is there only after build()"]
pub struct SeriesBuilder<S> {
    series: SeriesIn<S>,
    error: Option<EncodeError>,
}

impl<S: Sink + Default> SeriesBuilder<S> {
    pub(super) fn empty() -> Self {
        SeriesBuilder {
            series: SeriesIn::default(),
            error: None,
        }
    }
}

impl<S: Sink> SeriesBuilder<S> {
    /// Adds a tag. An empty value or `None` means the tag is absent.
    ///
    /// ```
    /// use influx_edge::line::Series;
    ///
    /// let series = Series::<64>::builder("weather").tag("channel", 3).build()?;
    /// assert_eq!(series.as_bytes(), b"weather,channel=3");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tag(mut self, key: &str, value: impl TagValue) -> Self {
        let (bits, index) = (self.series.bits, self.series.tags);
        let added = self.add(|out, before| tag(out, before, key, &value, bits, index));
        if let Some(Some(bits)) = added {
            self.series.bits = bits;
            self.series.tags = index.saturating_add(1);
        }
        self
    }

    /// The series, or the first thing that was wrong with it.
    ///
    /// ```
    /// use influx_edge::line::{EncodeError, Series};
    ///
    /// let small = Series::<8>::builder("weather").tag("station", "zrh-1").build();
    /// assert_eq!(small.unwrap_err(), EncodeError::BufferFull);
    /// ```
    ///
    /// # Errors
    /// Returns an error if [`Encoder::line`](super::Encoder::line) or its tags would refuse a part,
    /// and [`BufferFull`](EncodeError::BufferFull) if the storage is too small.
    pub fn build(self) -> Result<SeriesIn<S>, EncodeError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.series),
        }
    }

    /// Lets `write` append to the key, again if the storage can grow; on an error nothing stays.
    fn add<T>(
        &mut self,
        write: impl Fn(&mut SliceWriter<'_>, usize) -> Result<T, EncodeError>,
    ) -> Option<T> {
        if self.error.is_some() {
            return None;
        }
        let storage = &mut self.series.storage;
        let before = storage.bytes().len();
        storage.open();
        loop {
            let mut out = SliceWriter::new(storage.parts().0, before);
            let (done, end) = (write(&mut out, before), out.pos());
            match done {
                Ok(value) => {
                    storage.close(end);
                    return Some(value);
                }
                Err(EncodeError::BufferFull) if matches!(storage.grow(0, before), Grow::Grown) => {}
                Err(error) => {
                    storage.close(before);
                    self.error = Some(error);
                    return None;
                }
            }
        }
    }
}

/// Appends `,key=value` behind the `before` bytes already there. `Some` are the bits of all its keys,
/// `None` means the tag is absent.
fn tag<V: sealed::Tag>(
    out: &mut SliceWriter<'_>,
    before: usize,
    key: &str,
    value: &V,
    bits: Bits,
    index: u16,
) -> Result<Option<Bits>, EncodeError> {
    let part = Part::TagKey;
    if value.is_absent() {
        return names::check_tag_key(key.as_bytes(), Name { part, index }).map(|()| None);
    }
    let key_start = tag_key(out, key.as_bytes(), Name { part, index })?;
    let value_start = out.pos();
    let part = Part::TagValue;
    sealed::Tag::put(value, out, Name { part, index })?;
    if out.pos() == value_start {
        out.rewind(before);
        return Ok(None);
    }
    let hash = KeyHash::of(key.as_bytes());
    let mut keys = KeySet::default();
    keys.seed(bits);
    if !keys.definitely_absent(hash) {
        let escaped = out.between(key_start, value_start.saturating_sub(1));
        if duplicate_keys::contains(out.between(0, before), escaped, false) {
            return Err(EncodeError::Duplicate(Location::new(
                Part::TagKey,
                index,
                0,
            )));
        }
    }
    keys.insert(hash);
    Ok(Some(keys.bits()))
}

/// A borrowed series: what [`Encoder::series`](super::Encoder::series) takes.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct SeriesRef<'a> {
    pub(super) key: &'a [u8],
    pub(super) bits: Bits,
    pub(super) tags: u16,
}

impl<'a, S: Sink> From<&'a SeriesIn<S>> for SeriesRef<'a> {
    #[inline]
    fn from(series: &'a SeriesIn<S>) -> Self {
        SeriesRef {
            key: series.storage.bytes(),
            bits: series.bits,
            tags: series.tags,
        }
    }
}
