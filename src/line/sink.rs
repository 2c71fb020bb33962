//! Where encoded lines go: storage that the encoder fills from the front.

pub(super) mod sealed {
    /// What a sink answers when a line does not fit.
    pub enum Room {
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
        fn make_room(&mut self, whole: usize, used: usize) -> Room;
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
use super::series::DefaultTagsIn;
use sealed::Room;

/// Storage for encoded lines. Sealed; these are the sinks:
///
/// | sink | grows | use |
/// |---|---|---|
/// | `&mut [u8]` | no | fixed buffer, no allocator: [`Encoder::new`](super::Encoder::new) |
/// | [`heapless::Vec`] | no | the same, owned by the encoder |
/// | `Vec<u8>` | without bound | programs that clear it often enough |
/// | [`Bounded`] | up to a limit | programs that want the limit kept |
/// | [`Drain`] | passes whole lines to an [`io::Write`](std::io::Write) | files, pipes, sockets |
///
/// A sink given to an encoder starts empty: bytes that were in it are overwritten.
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
    fn make_room(&mut self, _: usize, _: usize) -> Room {
        Room::None
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
    fn make_room(&mut self, _: usize, _: usize) -> Room {
        Room::None
    }
    fn close(&mut self, whole: usize) {
        self.truncate(whole);
    }
}

/// A sink with default tags in front of it: what
/// [`Encoder::default_tags`](super::Encoder::default_tags) makes.
#[derive(Clone, Debug, Default)]
pub struct Tagged<S, D> {
    sink: S,
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
    fn make_room(&mut self, whole: usize, used: usize) -> Room {
        self.sink.make_room(whole, used)
    }
    fn close(&mut self, whole: usize) {
        self.sink.close(whole);
    }
}

#[cfg(feature = "alloc")]
pub use growing::Bounded;
#[cfg(feature = "alloc")]
mod growing {
    use super::Sink;
    use super::sealed::{self, Room};
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
        fn make_room(&mut self, _: usize, _: usize) -> Room {
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
    /// use influx_edge::line::{Bounded, EncodeError, Encoder};
    ///
    /// let mut enc = Encoder::with_sink(Bounded::new(40));
    /// enc.line("weather").field("temp_c", 21.5).finish()?;
    /// enc.line("weather").field("temp_c", 21.6).finish()?;
    /// let third = enc.line("weather").field("temp_c", 21.7).finish();
    /// assert_eq!(third, Err(EncodeError::BufferFull));
    /// assert_eq!(enc.as_bytes().len(), 40);
    /// # Ok::<(), EncodeError>(())
    /// ```
    #[derive(Clone, Debug, Default)]
    pub struct Bounded {
        bytes: Vec<u8>,
        max: usize,
    }

    impl Bounded {
        /// An empty sink that holds at most `max` bytes. Allocates when it is first written to,
        /// and by doubling from then on.
        ///
        /// ```
        /// use influx_edge::line::{Bounded, EncodeError, Encoder};
        ///
        /// let mut enc = Encoder::with_sink(Bounded::new(10));
        /// enc.line("t").field("v", 1).finish()?;
        /// assert_eq!(enc.line("t").field("v", 2).finish(), Err(EncodeError::BufferFull));
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[must_use]
        pub const fn new(max: usize) -> Self {
            Bounded {
                bytes: Vec::new(),
                max,
            }
        }

        /// The lines, once the encoder has given the sink back.
        ///
        /// ```
        /// use influx_edge::line::{Bounded, Encoder};
        ///
        /// let mut enc = Encoder::with_sink(Bounded::new(64));
        /// enc.line("t").field("v", 1).finish()?;
        /// assert_eq!(enc.into_sink().into_vec(), b"t v=1i\n");
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[must_use]
        pub fn into_vec(self) -> Vec<u8> {
            self.bytes
        }
    }

    impl Sink for Bounded {}
    impl sealed::Sink for Bounded {
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
        fn make_room(&mut self, _: usize, _: usize) -> Room {
            grow(&mut self.bytes, self.max)
        }
        fn close(&mut self, whole: usize) {
            self.bytes.truncate(whole);
        }
    }

    /// Doubles the writable storage, up to `max`. An allocator that says no means no room.
    fn grow(bytes: &mut Vec<u8>, max: usize) -> Room {
        let len = bytes.len();
        let new = len.saturating_mul(2).max(FIRST).min(max);
        let Some(more) = new.checked_sub(len).filter(|more| *more > 0) else {
            return Room::None;
        };
        if bytes.try_reserve_exact(more).is_err() {
            return Room::None;
        }
        bytes.resize(new, 0);
        Room::Grown
    }
}

#[cfg(feature = "client")]
pub use appending::Appending;
#[cfg(feature = "client")]
mod appending {
    use super::Sink;
    use super::sealed::{self, Room};
    use alloc::vec::Vec;

    /// The size a batch starts with, in bytes.
    const FIRST: usize = 4 * 1024;

    /// The end of a batch that is being collected: what the closure of
    /// [`Writer::write_with`](crate::writer::Writer::write_with) writes to.
    ///
    /// It lends its storage from the writer, so lines are written where they will be sent from. What
    /// is in the batch already is out of reach: the encoder begins behind it. (Nor can a closure
    /// exchange the encoder for another: its lifetime is the closure's own.)
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
            let room = self.bytes.get_mut(self.base..).unwrap_or_default();
            (room, self.defaults)
        }
        #[cold]
        fn make_room(&mut self, _: usize, _: usize) -> Room {
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
                return Room::None;
            };
            if self.bytes.try_reserve_exact(more).is_err() {
                return Room::None;
            }
            self.bytes.resize(new, 0);
            Room::Grown
        }
        fn close(&mut self, _: usize) {}
    }
}

#[cfg(feature = "std")]
pub use drain::Drain;
#[cfg(feature = "std")]
mod drain {
    use super::sealed::{self, Draining as _, Room};
    use super::{Sink, Tagged};
    use std::io;
    use std::vec::Vec;

    /// Passes whole lines on to an [`io::Write`] whenever its buffer is full.
    ///
    /// The buffer's size is fixed. A line longer than it is
    /// [`BufferFull`](crate::line::EncodeError::BufferFull). When the writer fails, the line is
    /// [`Sink`](crate::line::EncodeError::Sink), the reason is in [`error`](Self::error), and the
    /// lines that the writer did not take stay in the buffer.
    /// [`Encoder::flush`](crate::line::Encoder::flush) passes on what is left.
    ///
    /// ```
    /// use influx_edge::line::{Drain, Encoder};
    ///
    /// let mut enc = Encoder::with_sink(Drain::new(Vec::new(), 64));
    /// for n in 0..100i64 {
    ///     enc.line("count").field("n", n).timestamp(n)?;
    /// }
    /// enc.flush()?;
    /// let file = enc.into_sink().into_writer();
    /// assert_eq!(file.iter().filter(|byte| **byte == b'\n').count(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug)]
    pub struct Drain<W> {
        out: W,
        bytes: Vec<u8>,
        error: Option<io::Error>,
    }

    impl<W: io::Write> Drain<W> {
        /// A sink in front of `out` with a buffer of `buffer` bytes, allocated now.
        ///
        /// ```
        /// use influx_edge::line::{Drain, Encoder};
        ///
        /// let mut enc = Encoder::with_sink(Drain::new(Vec::new(), 4096)); // or a file, or a pipe
        /// enc.line("t").field("v", 1).finish()?;
        /// enc.flush()?;
        /// assert_eq!(enc.into_sink().into_writer(), b"t v=1i\n");
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn new(out: W, buffer: usize) -> Self {
            Drain {
                out,
                bytes: std::vec![0; buffer],
                error: None,
            }
        }

        /// Why the writer last failed; cleared by the next success.
        #[must_use]
        pub fn error(&self) -> Option<&io::Error> {
            self.error.as_ref()
        }

        /// The writer. Lines that were not passed on are gone: flush the encoder first.
        #[must_use]
        pub fn into_writer(self) -> W {
            self.out
        }
    }

    impl<W: io::Write> sealed::Draining for Drain<W> {
        fn drain(&mut self, whole: usize, used: usize) -> (usize, io::Result<()>) {
            let mut gone = 0;
            let done = loop {
                match self.bytes.get(gone..whole) {
                    None | Some([]) => break Ok(()),
                    Some(lines) => match self.out.write(lines) {
                        Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                        Ok(n) => gone = gone.saturating_add(n).min(whole),
                        Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                        Err(e) => break Err(e),
                    },
                }
            };
            if gone <= used && used <= self.bytes.len() {
                self.bytes.copy_within(gone..used, 0);
            }
            (gone, done)
        }

        fn flush_out(&mut self) -> io::Result<()> {
            self.out.flush()
        }
    }

    impl<S: Sink + sealed::Draining, D: Sink> sealed::Draining for Tagged<S, D> {
        fn drain(&mut self, whole: usize, used: usize) -> (usize, io::Result<()>) {
            self.sink.drain(whole, used)
        }

        fn flush_out(&mut self) -> io::Result<()> {
            self.sink.flush_out()
        }
    }

    impl<W: io::Write> Sink for Drain<W> {}
    impl<W: io::Write> sealed::Sink for Drain<W> {
        fn open(&mut self) {}
        #[inline]
        fn bytes(&self) -> &[u8] {
            &self.bytes
        }
        #[inline]
        fn parts(&mut self) -> (&mut [u8], &[u8]) {
            (&mut self.bytes, &[])
        }
        #[cold]
        fn make_room(&mut self, whole: usize, used: usize) -> Room {
            if whole == 0 {
                return Room::None;
            }
            let (gone, done) = self.drain(whole, used);
            match done {
                Ok(()) => {
                    self.error = None;
                    Room::Drained(gone)
                }
                Err(e) => {
                    self.error = Some(e);
                    Room::Failed(gone)
                }
            }
        }
        fn close(&mut self, _: usize) {}
    }
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::Appending;
    use crate::line::{EncodeError, Encoder};
    use alloc::vec::Vec;

    #[test]
    fn what_is_appended_can_be_looked_at_and_what_was_there_cannot() {
        let mut batch = Vec::from(*b"m f=0i\n");
        let mut enc = Encoder::with_sink(Appending::new(&mut batch, 7, 16, b",t=v"));
        enc.line("m").field("f", 1).finish().unwrap();
        assert_eq!(enc.as_bytes(), b"m,t=v f=1i\n");
        let second = enc.line("m").field("f", 2).finish();
        assert_eq!(second, Err(EncodeError::BufferFull));
        assert_eq!(enc.as_bytes(), b"m,t=v f=1i\n");
        assert!(batch.starts_with(b"m f=0i\nm,t=v f=1i\n"));
    }
}
