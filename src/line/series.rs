//! A measurement and its tags, escaped and checked once, written many times.

use super::core::{self, tag_key};
use super::cursor::Cursor;
use super::error::{EncodeError, Part, Place};
use super::escape::Name;
use super::keys::{self, KeyMask};
use super::value::{TagValue, sealed};

/// Measurement and tags of a sensor that reports all day, with storage for `N` bytes inside.
///
/// What [`Encoder::line`](super::Encoder::line) checks and escapes for each line is done here
/// once; [`Encoder::point`](super::Encoder::point) then only copies. `N` counts the bytes on the
/// wire: measurement, and for each tag its key, its value and two more, plus one for each escape.
/// Nothing is allocated; `OwnedSeries` (feature `alloc`) takes what it needs.
///
/// ```
/// use influx_edge::line::{Encoder, Series};
///
/// let series = Series::<64>::new("weather").tag("station", "zrh-1").build()?;
/// let mut storage = [0u8; 256];
/// let mut enc = Encoder::new(&mut storage);
/// for (t, temp) in [(1i64, 21.5), (2, 21.6)] {
///     enc.point(&series).field("temp_c", temp).timestamp(t)?;
/// }
/// assert_eq!(
///     enc.as_bytes(),
///     b"weather,station=zrh-1 temp_c=21.5 1\nweather,station=zrh-1 temp_c=21.6 2\n"
/// );
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series<const N: usize> {
    key: heapless::Vec<u8, N>,
    mask: KeyMask,
    tags: u16,
}

impl<const N: usize> Series<N> {
    /// Begins a series of this measurement. Errors wait until
    /// [`build`](SeriesBuilder::build).
    #[expect(
        clippy::new_ret_no_self,
        reason = "reads as the contract: new, tag, tag, build"
    )]
    pub fn new(measurement: &str) -> SeriesBuilder<N> {
        let mut builder = SeriesBuilder {
            series: Series {
                key: heapless::Vec::new(),
                mask: KeyMask::default(),
                tags: 0,
            },
            error: None,
        };
        builder.add(|out, _| core::measurement(out, measurement));
        builder
    }

    /// The escaped series key, as each line begins: `weather,station=zrh-1`.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.key
    }
}

/// Collects the tags of a [`Series`]; the first error is kept for [`build`](Self::build).
#[derive(Clone, Debug)]
#[must_use = "a series is there only after build()"]
pub struct SeriesBuilder<const N: usize> {
    series: Series<N>,
    error: Option<EncodeError>,
}

impl<const N: usize> SeriesBuilder<N> {
    /// Adds a tag. An empty value or `None` means the tag is absent.
    pub fn tag(mut self, key: &str, value: impl TagValue) -> Self {
        let (mut mask, index) = (self.series.mask, self.series.tags);
        let mut written = false;
        self.add(|out, before| {
            written = tag(out, before, key, &value, &mut mask, index)?;
            Ok(())
        });
        if written && self.error.is_none() {
            self.series.mask = mask;
            self.series.tags = index.saturating_add(1);
        }
        self
    }

    /// The series, or the first thing that was wrong with it.
    ///
    /// # Errors
    /// What [`Encoder::line`](super::Encoder::line) and its tags would refuse;
    /// [`BufferFull`](EncodeError::BufferFull) if `N` is too small.
    pub fn build(self) -> Result<Series<N>, EncodeError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.series),
        }
    }

    /// Lets `write` append to the key; on an error nothing of it stays.
    fn add(&mut self, write: impl FnOnce(&mut Cursor<'_>, usize) -> Result<(), EncodeError>) {
        if self.error.is_some() {
            return;
        }
        let key = &mut self.series.key;
        let before = key.len();
        // Never fails: N is the capacity.
        let _ = key.resize_default(N);
        let mut out = Cursor::new(key, before);
        let done = write(&mut out, before);
        let len = if done.is_ok() { out.pos() } else { before };
        key.truncate(len);
        self.error = done.err();
    }
}

/// Appends `,key=value` behind the `before` bytes already there. False if the tag is absent.
fn tag<V: sealed::Tag>(
    out: &mut Cursor<'_>,
    before: usize,
    key: &str,
    value: &V,
    mask: &mut KeyMask,
    index: u16,
) -> Result<bool, EncodeError> {
    let part = Part::TagKey;
    let key_start = tag_key(out, key, Name { part, index })?;
    let value_start = out.pos();
    let part = Part::TagValue;
    sealed::Tag::put(value, out, Name { part, index })?;
    if out.pos() == value_start {
        out.rewind(before);
        return Ok(false);
    }
    if mask.add(key.as_bytes()) {
        let all = out.written(0);
        let escaped = all
            .get(key_start..value_start.saturating_sub(1))
            .unwrap_or_default();
        if keys::contains(all.get(..before).unwrap_or_default(), escaped, false) {
            return Err(EncodeError::Duplicate(Place::new(Part::TagKey, index, 0)));
        }
    }
    Ok(true)
}

/// A borrowed series: what [`Encoder::point`](super::Encoder::point) takes.
#[derive(Clone, Copy, Debug)]
pub struct SeriesRef<'a> {
    pub(super) key: &'a [u8],
    pub(super) mask: KeyMask,
    pub(super) tags: u16,
}

impl<'a, const N: usize> From<&'a Series<N>> for SeriesRef<'a> {
    #[inline]
    fn from(series: &'a Series<N>) -> Self {
        SeriesRef {
            key: &series.key,
            mask: series.mask,
            tags: series.tags,
        }
    }
}
