//! Default tags, which every line of an encoder gets unless it has them itself.

#[cfg(feature = "client")]
use super::duplicate_keys;
use super::error::EncodeError;
use super::series::{SeriesBuilder, SeriesIn};
use super::sink::Sink;
use super::value::TagValue;

/// Tags that every line of an encoder gets unless it has them itself, in storage for `N` bytes.
///
/// The line's own tag wins; a line's tag with an empty value counts as absent, so the default
/// steps in. Checked and escaped once. `N` counts as for [`Series`](super::Series), without a measurement.
///
/// ```
/// use influx_edge::line::{DefaultTags, Encoder};
///
/// let tags = DefaultTags::<64>::builder().tag("host", "gw-7").tag("site", "north").build()?;
/// let mut storage = [0u8; 128];
/// let mut enc = Encoder::new(&mut storage).default_tags(tags);
/// enc.line("load").tag("site", "south").field("one", 0.5).finish()?;
/// assert_eq!(enc.as_bytes(), b"load,site=south,host=gw-7 one=0.5\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
pub type DefaultTags<const N: usize> = DefaultTagsIn<heapless::Vec<u8, N>>;

/// [`DefaultTags`] that allocate the bytes they need, when they are built.
///
/// ```
/// use influx_edge::line::{Encoder, OwnedDefaultTags};
///
/// let tags = OwnedDefaultTags::builder().tag("host", "gw-7").build()?;
/// let mut enc = Encoder::with_sink(Vec::new()).default_tags(tags);
/// enc.line("load").tag("host", "").field("one", 0.5).finish()?;
/// assert_eq!(enc.as_bytes(), b"load,host=gw-7 one=0.5\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[cfg(feature = "alloc")]
pub type OwnedDefaultTags = DefaultTagsIn<alloc::vec::Vec<u8>>;

/// Default tags in storage of the caller's choice: see [`DefaultTags`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefaultTagsIn<S>(SeriesIn<S>);

impl<S: Sink + Default> DefaultTagsIn<S> {
    /// Begins an empty list. Errors wait until [`build`](DefaultTagsBuilder::build).
    ///
    /// ```
    /// use influx_edge::line::DefaultTags;
    ///
    /// let tags = DefaultTags::<64>::builder().tag("host", "gw 7").tag("site", "north").build()?;
    /// assert_eq!(tags.as_bytes(), b",host=gw\\ 7,site=north");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder() -> DefaultTagsBuilder<S> {
        DefaultTagsBuilder(SeriesBuilder::empty())
    }
}

impl<S: Sink> DefaultTagsIn<S> {
    /// The escaped list: `,host=gw-7,site=north`.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(feature = "client")]
impl OwnedDefaultTags {
    /// These tags, and of the others those whose keys are not among them.
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

/// Collects [`DefaultTags`]; the first error is kept for [`build`](Self::build).
///
/// ```
/// use influx_edge::line::{DefaultTags, EncodeError};
///
/// let tags = DefaultTags::<64>::builder().tag("host", "gw-7").tag("site", ""); // no site
/// assert_eq!(tags.build()?.as_bytes(), b",host=gw-7");
/// let reserved = DefaultTags::<64>::builder().tag("time", "noon").tag("host", "gw-7");
/// assert!(matches!(reserved.build(), Err(EncodeError::Reserved(_))));
/// # Ok::<(), EncodeError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "the tags are there only after build()"]
pub struct DefaultTagsBuilder<S>(SeriesBuilder<S>);

impl<S: Sink> DefaultTagsBuilder<S> {
    /// Adds a tag. An empty value or `None` adds nothing.
    pub fn tag(self, key: &str, value: impl TagValue) -> Self {
        DefaultTagsBuilder(self.0.tag(key, value))
    }

    /// The tags, or the first thing that was wrong with them.
    ///
    /// # Errors
    /// Returns the same errors as [`SeriesBuilder::build`].
    pub fn build(self) -> Result<DefaultTagsIn<S>, EncodeError> {
        self.0.build().map(DefaultTagsIn)
    }
}
