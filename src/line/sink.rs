//! Sinks: the storage that encoded lines are written to.

pub(super) mod sealed {
    /// The result of `grow`, when a line does not fit.
    pub enum Grow {
        /// There is no more.
        None,
        /// The storage has grown; everything stands where it stood.
        Grown,
        /// So many bytes of whole lines have left; what followed them begins that much earlier.
        Drained(usize),
        /// The sink could not pass its lines on; so many bytes of them had left before.
        Failed(usize),
    }

    pub trait Sink {
        /// Whether lines leave it while others are written.
        #[doc(hidden)]
        const DRAINS: bool = false;
        /// Makes the whole capacity writable. Called once, before anything else.
        #[doc(hidden)]
        fn open(&mut self);
        #[doc(hidden)]
        fn bytes(&self) -> &[u8];
        /// The storage, and the tags that every line gets unless it has them itself.
        #[doc(hidden)]
        fn parts(&mut self) -> (&mut [u8], &[u8]);
        /// `used` bytes hold something, the first `whole` of them are whole lines.
        #[doc(hidden)]
        fn grow(&mut self, whole: usize, used: usize) -> Grow;
        /// Cuts the storage to what was written, for the caller to take away.
        #[doc(hidden)]
        fn close(&mut self, whole: usize);
    }

    /// A sink that passes its lines on.
    #[cfg(feature = "std")]
    pub trait Draining: Sink {
        /// Passes the first `whole` bytes on and moves the rest, up to `used`, to the front. Says
        /// how many bytes left, which is less than `whole` after an error.
        #[doc(hidden)]
        fn drain(&mut self, whole: usize, used: usize) -> (usize, std::io::Result<()>);
        #[doc(hidden)]
        fn flush_out(&mut self) -> std::io::Result<()>;
    }
}
use sealed::Grow;

/// Storage for encoded lines. Sealed; these are the sinks:
///
/// | sink | grows | use |
/// |---|---|---|
/// | `&mut [u8]` | no | fixed buffer, no allocator: [`Encoder::new`](super::Encoder::new) |
/// | [`heapless::Vec`] | no | the same, owned by the encoder |
/// | `Vec<u8>` | without bound | programs that clear it often enough |
/// | [`BoundedVec`] | up to a limit | programs that want the limit kept |
/// | [`IoSink`](super::IoSink) | passes whole lines to an [`io::Write`](std::io::Write) | files, pipes, sockets |
///
/// A sink given to an encoder starts empty: bytes that were in it are overwritten.
///
/// ```
/// use influx_edge::line::{EncodeError, Encoder, Sink};
///
/// fn reading<S: Sink>(enc: &mut Encoder<S>, temp: f64) -> Result<(), EncodeError> {
///     enc.line("weather").field("temp_c", temp).finish()
/// }
///
/// let mut storage = [0u8; 64];
/// let (mut fixed, mut growing) = (Encoder::new(&mut storage), Encoder::with_sink(Vec::new()));
/// reading(&mut fixed, 21.5)?;
/// reading(&mut growing, 21.5)?;
/// assert_eq!(fixed.as_bytes(), growing.as_bytes());
/// # Ok::<(), EncodeError>(())
/// ```
pub trait Sink: sealed::Sink {}

impl Sink for &mut [u8] {}
impl sealed::Sink for &mut [u8] {
    #[inline]
    fn open(&mut self) {}
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }
    #[inline]
    fn parts(&mut self) -> (&mut [u8], &[u8]) {
        (self, &[])
    }
    #[inline]
    fn grow(&mut self, _: usize, _: usize) -> Grow {
        Grow::None
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
    #[inline]
    fn grow(&mut self, _: usize, _: usize) -> Grow {
        Grow::None
    }
    fn close(&mut self, whole: usize) {
        self.truncate(whole);
    }
}

#[cfg(feature = "alloc")]
pub use growing::BoundedVec;
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
        fn grow(&mut self, _: usize, _: usize) -> Grow {
            grow(self, usize::MAX)
        }
        fn close(&mut self, whole: usize) {
            self.truncate(whole);
        }
    }

    /// A `Vec` that never grows past a limit; beyond it a line is
    /// [`BufferFull`](crate::line::EncodeError::BufferFull).
    ///
    /// ```
    /// use influx_edge::line::{BoundedVec, EncodeError, Encoder};
    ///
    /// let mut enc = Encoder::with_sink(BoundedVec::new(40));
    /// enc.line("weather").field("temp_c", 21.5).finish()?;
    /// enc.line("weather").field("temp_c", 21.6).finish()?;
    /// let third = enc.line("weather").field("temp_c", 21.7).finish();
    /// assert_eq!(third, Err(EncodeError::BufferFull));
    /// assert_eq!(enc.as_bytes().len(), 40);
    /// # Ok::<(), EncodeError>(())
    /// ```
    #[derive(Clone, Debug, Default)]
    pub struct BoundedVec {
        bytes: Vec<u8>,
        max: usize,
    }

    impl BoundedVec {
        /// An empty sink that holds at most `max` bytes. Allocates when it is first written to,
        /// and by doubling from then on.
        ///
        /// ```
        /// use influx_edge::line::{BoundedVec, EncodeError, Encoder};
        ///
        /// let mut enc = Encoder::with_sink(BoundedVec::new(10));
        /// enc.line("t").field("v", 1).finish()?;
        /// assert_eq!(enc.line("t").field("v", 2).finish(), Err(EncodeError::BufferFull));
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[must_use]
        pub const fn new(max: usize) -> Self {
            BoundedVec {
                bytes: Vec::new(),
                max,
            }
        }

        /// The lines, once the encoder has given the sink back.
        ///
        /// ```
        /// use influx_edge::line::{BoundedVec, Encoder};
        ///
        /// let mut enc = Encoder::with_sink(BoundedVec::new(64));
        /// enc.line("t").field("v", 1).finish()?;
        /// assert_eq!(enc.into_sink().into_vec(), b"t v=1i\n");
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[must_use]
        pub fn into_vec(self) -> Vec<u8> {
            self.bytes
        }
    }

    impl Sink for BoundedVec {}
    impl sealed::Sink for BoundedVec {
        fn open(&mut self) {
            let size = self.bytes.capacity().min(self.max);
            self.bytes.resize(size, 0);
        }
        #[inline]
        fn bytes(&self) -> &[u8] {
            &self.bytes
        }
        #[inline]
        fn parts(&mut self) -> (&mut [u8], &[u8]) {
            (&mut self.bytes, &[])
        }
        #[cold]
        fn grow(&mut self, _: usize, _: usize) -> Grow {
            grow(&mut self.bytes, self.max)
        }
        fn close(&mut self, whole: usize) {
            self.bytes.truncate(whole);
        }
    }

    /// Doubles the writable storage, up to `max`. A failed allocation means no space.
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

    /// The end of a batch that is being collected: what the closure of
    /// [`Writer::write_with`](crate::writer::Writer::write_with) writes to.
    ///
    /// It lends its storage from the writer, so lines are written where they will be sent from. What
    /// is in the batch already is out of reach: the encoder begins behind it. (Nor can a closure
    /// exchange the encoder for another: its lifetime is the closure's own.)
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct Appending<'a> {
        /// All of it can be written to; what counts is known to the owner.
        bytes: &'a mut Vec<u8>,
        base: usize,
        /// The most that may be written behind `base`.
        max: usize,
        defaults: &'a [u8],
    }

    impl<'a> Appending<'a> {
        /// Writes into `bytes` from `base` on, at most `max` bytes, and makes it longer as needed: up
        /// to `max` in all by doubling, beyond that only for what is being written.
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
        fn open(&mut self) {}
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
        fn grow(&mut self, _: usize, _: usize) -> Grow {
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
