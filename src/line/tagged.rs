//! `Tagged`: a sink and the tags that every line in it gets.

use super::default_tags::DefaultTagsIn;
use super::sink::Sink;
use super::sink::sealed::{self, Grow};

/// A sink with default tags in front of it: what
/// [`Encoder::default_tags`](super::Encoder::default_tags) makes.
///
/// ```
/// use influx_edge::line::{Encoder, OwnedDefaultTags, Tagged};
///
/// let tags = OwnedDefaultTags::builder().tag("host", "gw-7").build()?;
/// let mut enc: Encoder<Tagged<Vec<u8>, Vec<u8>>> =
///     Encoder::with_sink(Vec::new()).default_tags(tags);
/// enc.line("t").field("v", 1).finish()?;
/// assert_eq!(enc.into_sink().into_inner(), b"t,host=gw-7 v=1i\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tagged<S, D> {
    pub(super) sink: S,
    tags: DefaultTagsIn<D>,
}

impl<S, D> Tagged<S, D> {
    pub(super) fn new(sink: S, tags: DefaultTagsIn<D>) -> Self {
        Tagged { sink, tags }
    }

    /// The sink alone.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.sink
    }
}

impl<S: Sink, D: Sink> Sink for Tagged<S, D> {}
impl<S: Sink, D: Sink> sealed::Sink for Tagged<S, D> {
    const DRAINS: bool = S::DRAINS;
    fn open(&mut self) {
        self.sink.open();
    }
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.sink.bytes()
    }
    #[inline]
    fn parts(&mut self) -> (&mut [u8], &[u8]) {
        (self.sink.parts().0, self.tags.as_bytes())
    }
    fn grow(&mut self, whole: usize, used: usize) -> Grow {
        self.sink.grow(whole, used)
    }
    fn close(&mut self, whole: usize) {
        self.sink.close(whole);
    }
}
