//! `IoSink`: a sink that writes whole lines to an [`io::Write`].

use super::sink::Sink;
use super::sink::sealed::{self, Draining as _, Grow};
use std::io;
use std::vec::Vec;

/// A sink that writes whole lines to an [`io::Write`] whenever its buffer is full.
///
/// The buffer has a fixed size. A longer line is
/// [`BufferFull`](crate::line::EncodeError::BufferFull). If the `io::Write` fails, the line is
/// [`Sink`](crate::line::EncodeError::Sink), the reason is in [`error`](Self::error), and lines that were not
/// written stay in the buffer. [`Encoder::flush`](crate::line::Encoder::flush) writes the rest.
///
/// ```
/// use influx_edge::line::{IoSink, Encoder};
///
/// let mut enc = Encoder::with_sink(IoSink::new(Vec::new(), 64));
/// for n in 0..100i64 {
///     enc.line("count").field("n", n).timestamp(n)?;
/// }
/// enc.flush()?;
/// let file = enc.into_sink().into_writer();
/// assert_eq!(file.iter().filter(|byte| **byte == b'\n').count(), 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct IoSink<W> {
    out: W,
    bytes: Vec<u8>,
    error: Option<io::Error>,
}

impl<W: io::Write> IoSink<W> {
    /// Creates a sink in front of `out`, and allocates its buffer of `buffer` bytes.
    ///
    /// ```
    /// use influx_edge::line::{IoSink, Encoder};
    ///
    /// // Any writer works: a file, a pipe, a `Vec`.
    /// let mut enc = Encoder::with_sink(IoSink::new(Vec::new(), 4096));
    /// enc.line("t").field("v", 1).finish()?;
    /// enc.flush()?;
    /// assert_eq!(enc.into_sink().into_writer(), b"t v=1i\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(out: W, buffer: usize) -> Self {
        IoSink {
            out,
            bytes: std::vec![0; buffer],
            error: None,
        }
    }

    /// Returns the last error of the `io::Write`. The next success clears it.
    #[must_use]
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Returns the `io::Write`. Lines that were not written are lost: flush the encoder first.
    #[must_use]
    pub fn into_writer(self) -> W {
        self.out
    }
}

impl<W: io::Write> sealed::Draining for IoSink<W> {
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

impl<W: io::Write> Sink for IoSink<W> {}
impl<W: io::Write> sealed::Sink for IoSink<W> {
    const DRAINS: bool = true;
    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    #[inline]
    fn parts(&mut self) -> (&mut [u8], &[u8]) {
        (&mut self.bytes, &[])
    }
    #[cold]
    fn grow(&mut self, whole: usize, used: usize, _: usize) -> Grow {
        if whole == 0 {
            return Grow::None;
        }
        let (gone, done) = self.drain(whole, used);
        match done {
            Ok(()) => {
                self.error = None;
                Grow::Drained(gone)
            }
            Err(e) => {
                self.error = Some(e);
                Grow::Failed(gone)
            }
        }
    }
    fn close(&mut self, _: usize) {}
}
