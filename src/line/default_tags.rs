//! `DefaultTags`: the tags that a line gets unless it has them itself.

#[cfg(feature = "client")]
use super::duplicate_keys;
use super::error::EncodeError;
use super::series::SeriesIn;
use super::sink::Sink;
#[cfg(feature = "std")]
use super::sink::sealed::Draining;
use super::sink::sealed::{self, Grow};
use super::value::TagValue;
use core::fmt;

/// Default tags of an encoder, in storage for `N` bytes.
///
/// Every line gets those that it doesn't have itself.
///
/// The line's own tag wins, unless its value is empty. Default tags are checked and escaped once. `N` counts as
/// for [`Series`](super::Series), without a measurement.
///
/// ```
/// use influx_edge::line::{DefaultTags, Encoder};
///
/// let tags = DefaultTags::<64>::new().tag("host", "gw-7")?.tag("site", "north")?;
/// let mut storage = [0u8; 128];
/// let mut enc = Encoder::new(&mut storage).default_tags(tags);
/// enc.line("load").tag("site", "south").field("one", 0.5).finish()?;
/// assert_eq!(enc.as_bytes(), b"load,site=south,host=gw-7 one=0.5\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
pub type DefaultTags<const N: usize> = DefaultTagsIn<heapless::Vec<u8, N>>;

/// [`DefaultTags`] that allocate the bytes they need, when tags are added.
///
/// ```
/// use influx_edge::line::{Encoder, OwnedDefaultTags};
///
/// let tags = OwnedDefaultTags::new().tag("host", "gw-7")?;
/// let mut enc = Encoder::with_sink(Vec::new()).default_tags(tags);
/// enc.line("load").tag("host", "").field("one", 0.5).finish()?;
/// assert_eq!(enc.as_bytes(), b"load,host=gw-7 one=0.5\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[cfg(feature = "alloc")]
pub type OwnedDefaultTags = DefaultTagsIn<alloc::vec::Vec<u8>>;

/// Default tags in storage of the caller's choice: see [`DefaultTags`].
#[derive(Clone, PartialEq, Eq)]
pub struct DefaultTagsIn<S>(SeriesIn<S>);

impl<S: Sink + Default> DefaultTagsIn<S> {
    /// Creates an empty list.
    ///
    /// ```
    /// use influx_edge::line::DefaultTags;
    ///
    /// let tags = DefaultTags::<64>::new().tag("host", "gw 7")?.tag("site", "north")?;
    /// assert_eq!(tags.as_bytes(), b",host=gw\\ 7,site=north");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        DefaultTagsIn(SeriesIn::empty())
    }
}

impl<S: Sink + Default> Default for DefaultTagsIn<S> {
    fn default() -> Self {
        DefaultTagsIn::new()
    }
}

impl<S: Sink> fmt::Debug for DefaultTagsIn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = core::str::from_utf8(self.as_bytes()).unwrap_or_default();
        f.debug_tuple("DefaultTags").field(&text).finish()
    }
}

impl<S: Sink> DefaultTagsIn<S> {
    /// Adds a tag. `None` and an empty value add nothing.
    ///
    /// ```
    /// use influx_edge::line::{DefaultTags, EncodeError};
    ///
    /// let tags = DefaultTags::<64>::new().tag("host", "gw-7")?.tag("site", "")?;
    /// assert_eq!(tags.as_bytes(), b",host=gw-7");
    /// assert!(matches!(tags.tag("time", "noon"), Err(EncodeError::Reserved(_))));
    /// # Ok::<(), EncodeError>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`SeriesIn::tag`].
    pub fn tag(self, key: &str, value: impl TagValue) -> Result<Self, EncodeError> {
        self.0.tag(key, value).map(DefaultTagsIn)
    }

    /// Returns the escaped list: `,host=gw-7,site=north`.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(feature = "client")]
impl OwnedDefaultTags {
    /// Adds those of the other tags whose keys are not among these.
    #[must_use]
    pub(crate) fn or(mut self, others: &OwnedDefaultTags) -> Self {
        for tag in duplicate_keys::tags(others.as_bytes()) {
            if !duplicate_keys::contains(self.as_bytes(), duplicate_keys::key_of(tag), false) {
                self.0.push_escaped(tag);
            }
        }
        self
    }
}

/// A sink whose lines get default tags.
impl<S: Sink, D: Sink> Sink for (S, DefaultTagsIn<D>) {}
impl<S: Sink, D: Sink> sealed::Sink for (S, DefaultTagsIn<D>) {
    const DRAINS: bool = S::DRAINS;
    fn open(&mut self) {
        self.0.open();
    }
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
    #[inline]
    fn parts(&mut self) -> (&mut [u8], &[u8]) {
        (self.0.parts().0, self.1.as_bytes())
    }
    fn grow(&mut self, whole: usize, used: usize, max: usize) -> Grow {
        self.0.grow(whole, used, max)
    }
    fn close(&mut self, whole: usize) {
        self.0.close(whole);
    }
}

#[cfg(feature = "std")]
impl<S: Sink + Draining, D: Sink> Draining for (S, DefaultTagsIn<D>) {
    fn drain(&mut self, whole: usize, used: usize) -> (usize, std::io::Result<()>) {
        self.0.drain(whole, used)
    }

    fn flush_out(&mut self) -> std::io::Result<()> {
        self.0.flush_out()
    }
}
