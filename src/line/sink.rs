//! Sinks: the storage that encoded lines are written to.

pub(super) mod sealed {
    /// The result of `grow`, after a line didn't fit.
    pub enum Grow {
        /// There is no more space.
        None,
        /// The storage has grown, and its bytes are where they were.
        Grown,
        /// So many bytes of whole lines have left, and the bytes behind them moved to the front.
        Drained(usize),
        /// The sink could not write its lines; so many bytes of them had left before.
        Failed(usize),
    }

    pub trait Sink {
        /// True if lines leave the sink while others are written.
        #[doc(hidden)]
        const DRAINS: bool = false;
        /// Makes the whole capacity writable. The first call.
        #[doc(hidden)]
        #[inline]
        fn open(&mut self) {}
        #[doc(hidden)]
        fn bytes(&self) -> &[u8];
        /// Returns the storage, and the default tags, of which every line gets those that it lacks. (One method
        /// for both: a line borrows them at once.)
        #[doc(hidden)]
        fn parts(&mut self) -> (&mut [u8], &[u8]);
        /// Makes space if possible. `used` bytes are in use, and the first `whole` of them are whole lines. A
        /// `Vec` grows to at most `max` bytes.
        #[doc(hidden)]
        #[inline]
        fn grow(&mut self, _whole: usize, _used: usize, _max: usize) -> Grow {
            Grow::None
        }
        /// Cuts the storage to the whole lines, for the caller to take.
        #[doc(hidden)]
        fn close(&mut self, whole: usize);
    }

    /// A sink that writes its lines elsewhere.
    #[cfg(feature = "std")]
    pub trait Draining: Sink {
        /// Writes the first `whole` bytes and moves the rest, up to `used`, to the front. Returns the number of
        /// bytes that left, which is less than `whole` after an error.
        #[doc(hidden)]
        fn drain(&mut self, whole: usize, used: usize) -> (usize, std::io::Result<()>);
        #[doc(hidden)]
        fn flush_out(&mut self) -> std::io::Result<()>;
    }
}
use sealed::Grow;

use super::error::EncodeError;
use super::slice_writer::SliceWriter;

/// Storage for encoded lines. The trait is sealed; these are the sinks:
///
/// | sink | grows | use |
/// |---|---|---|
/// | `&mut [u8]` | no | fixed buffer, no allocator: [`Encoder::new`](super::Encoder::new) |
/// | [`heapless::Vec`] | no | the same, owned by the encoder |
/// | `Vec<u8>` | without bound, or up to a limit: [`Encoder::bounded`](super::Encoder::bounded) | programs with a heap |
/// | [`IoSink`](super::IoSink) | writes whole lines to an [`io::Write`](std::io::Write) | files, pipes, sockets |
/// | `(S, DefaultTagsIn<D>)` | as `S` | what [`Encoder::default_tags`](super::Encoder::default_tags) makes |
///
/// A sink given to an encoder starts empty: bytes that were in it are overwritten.
///
/// ```
/// use influx_edge::line::{EncodeError, Encoder, Sink};
///
/// fn reading<S: Sink>(
///     enc: &mut Encoder<S>,
///     temp: f64,
/// ) -> Result<(), EncodeError> {
///     enc.line("weather").field("temp_c", temp).finish()
/// }
///
/// let mut storage = [0u8; 64];
/// let (mut fixed, mut growing) =
///     (Encoder::new(&mut storage), Encoder::with_sink(Vec::new()));
/// reading(&mut fixed, 21.5)?;
/// reading(&mut growing, 21.5)?;
/// assert_eq!(fixed.as_bytes(), growing.as_bytes());
/// # Ok::<(), EncodeError>(())
/// ```
pub trait Sink: sealed::Sink {}

impl Sink for &mut [u8] {}
impl sealed::Sink for &mut [u8] {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }
    #[inline]
    fn parts(&mut self) -> (&mut [u8], &[u8]) {
        (self, &[])
    }
    #[inline]
    fn close(&mut self, whole: usize) {
        let all = core::mem::take(self);
        *self = all
            .split_at_mut_checked(whole)
            .map_or(&mut [], |(kept, _)| kept);
    }
}

impl<const N: usize> Sink for heapless::Vec<u8, N> {}
impl<const N: usize> sealed::Sink for heapless::Vec<u8, N> {
    fn open(&mut self) {
        // Never fails: N is the capacity.
        let _ = self.resize_default(N);
    }
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }
    #[inline]
    fn parts(&mut self) -> (&mut [u8], &[u8]) {
        (self, &[])
    }
    fn close(&mut self, whole: usize) {
        self.truncate(whole);
    }
}

/// Appends to a sink, from the start again whenever it could grow. After an error the sink is as it was.
pub(super) fn append<S: Sink, T>(
    sink: &mut S,
    write: impl Fn(&mut SliceWriter<'_>) -> Result<T, EncodeError>,
) -> Result<T, EncodeError> {
    let before = sink.bytes().len();
    sink.open();
    loop {
        let mut out = SliceWriter::new(sink.parts().0, before);
        let (done, end) = (write(&mut out), out.pos());
        match done {
            Err(EncodeError::BufferFull)
                if matches!(sink.grow(0, before, usize::MAX), Grow::Grown) => {}
            done => {
                sink.close(if done.is_ok() { end } else { before });
                return done;
            }
        }
    }
}

#[cfg(feature = "alloc")]
mod growing {
    use super::Sink;
    use super::sealed::{self, Grow};
    use alloc::vec::Vec;

    /// The size a growing sink starts with, in bytes: a few lines.
    const FIRST: usize = 256;

    impl Sink for Vec<u8> {}
    impl sealed::Sink for Vec<u8> {
        fn open(&mut self) {
            self.resize(self.capacity(), 0);
        }
        #[inline]
        fn bytes(&self) -> &[u8] {
            self
        }
        #[inline]
        fn parts(&mut self) -> (&mut [u8], &[u8]) {
            (self, &[])
        }
        #[cold]
        fn grow(&mut self, _: usize, _: usize, max: usize) -> Grow {
            grow(self, max)
        }
        fn close(&mut self, whole: usize) {
            self.truncate(whole);
        }
    }

    /// Doubles the writable storage, up to `max`. A failed allocation counts as no space.
    fn grow(bytes: &mut Vec<u8>, max: usize) -> Grow {
        let len = bytes.len();
        let new = len.saturating_mul(2).max(FIRST).min(max);
        let Some(more) = new.checked_sub(len).filter(|more| *more > 0) else {
            return Grow::None;
        };
        if bytes.try_reserve_exact(more).is_err() {
            return Grow::None;
        }
        bytes.resize(new, 0);
        Grow::Grown
    }
}

#[cfg(feature = "client")]
pub use appending::Appending;
#[cfg(feature = "client")]
mod appending {
    use super::Sink;
    use super::sealed::{self, Grow};
    use alloc::vec::Vec;

    /// The size a batch starts with, in bytes.
    const FIRST: usize = 4 * 1024;

    /// The end of a batch, to which the closure of
    /// [`Writer::write_with`](crate::writer::Writer::write_with) appends.
    ///
    /// It borrows its storage from the writer, so lines are encoded in the buffer that is sent. The closure
    /// can't reach what is in the batch already, because the encoder begins behind it; nor can it exchange
    /// the encoder for another, because its lifetime is the closure's own.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct Appending<'a> {
        /// All of it can be written to; the owner keeps the length in use.
        bytes: &'a mut Vec<u8>,
        base: usize,
        /// The most bytes behind `base`.
        max: usize,
        defaults: &'a [u8],
    }

    impl<'a> Appending<'a> {
        /// Writes at most `max` bytes into `bytes`, from `base` on. `bytes` grows to `max` in all by doubling, and
        /// beyond that only by what is written.
        pub(crate) fn new(
            bytes: &'a mut Vec<u8>,
            base: usize,
            max: usize,
            defaults: &'a [u8],
        ) -> Self {
            Appending {
                bytes,
                base,
                max,
                defaults,
            }
        }
    }

    impl Sink for Appending<'_> {}
    impl sealed::Sink for Appending<'_> {
        #[inline]
        fn bytes(&self) -> &[u8] {
            self.bytes.get(self.base..).unwrap_or_default()
        }
        #[inline]
        fn parts(&mut self) -> (&mut [u8], &[u8]) {
            let space = self.bytes.get_mut(self.base..).unwrap_or_default();
            (space, self.defaults)
        }
        #[cold]
        fn grow(&mut self, _: usize, _: usize, _: usize) -> Grow {
            let len = self.bytes.len();
            let new = if len < self.max {
                let twice = len.saturating_mul(2).max(FIRST);
                twice.max(self.bytes.capacity()).min(self.max)
            } else {
                let item = len.saturating_sub(self.base);
                let end = self.base.saturating_add(self.max);
                len.saturating_add(item.max(256)).min(end)
            };
            let Some(more) = new.checked_sub(len).filter(|more| *more > 0) else {
                return Grow::None;
            };
            if self.bytes.try_reserve_exact(more).is_err() {
                return Grow::None;
            }
            self.bytes.resize(new, 0);
            Grow::Grown
        }
        fn close(&mut self, _: usize) {}
    }
}

#[cfg(all(test, feature = "client"))]
#[path = "tests/sink.rs"]
mod tests;
