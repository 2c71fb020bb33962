//! `--output raw`: the response as it comes, looked at on its way.

use influx_edge::csv::{DecodeError, Decoder, Step};
use std::io::{self, Write};

/// Passes bytes on, and keeps the error that the output had: a library that is handed this makes its own
/// words of it.
pub(super) struct Kept<W> {
    pub(super) out: W,
    pub(super) error: Option<io::Error>,
}

impl<W: Write> Write for Kept<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| {
            let kind = error.kind();
            self.error = Some(error);
            io::Error::from(kind)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Passes annotated CSV on, counts its rows, and sees the error in which it may end.
pub(super) struct Watched<'b, W> {
    out: W,
    decoder: Decoder<'b>,
    pub(super) rows: u64,
    /// The server's message.
    pub(super) error: Option<String>,
    /// Whether something couldn't be decoded, so that nothing is known of what follows.
    blind: bool,
}

impl<'b, W: Write> Watched<'b, W> {
    pub(super) fn new(out: W, decoder: Decoder<'b>) -> Self {
        Watched {
            out,
            decoder,
            rows: 0,
            error: None,
            blind: false,
        }
    }

    /// Whether nothing was in it, as far as it could be decoded.
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0 && !self.blind
    }

    /// The end of the response.
    pub(super) fn finish(&mut self) {
        while !self.blind {
            match self.decoder.finish() {
                Ok(Step::End) => break,
                step => self.took(step),
            }
        }
    }

    fn took(&mut self, step: Result<Step, DecodeError>) {
        match step {
            Ok(Step::Record) => self.rows = self.rows.saturating_add(1),
            Ok(_) => {}
            Err(DecodeError::Server) => {
                let error = self.decoder.server_error();
                self.error = error
                    .map(|error| error.message.to_owned())
                    .or(Some(String::new()));
                self.blind = true;
            }
            Err(_) => self.blind = true,
        }
    }
}

impl<W: Write> Write for Watched<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write_all(bytes)?;
        let mut rest = bytes;
        while !self.blind && !rest.is_empty() {
            match self.decoder.feed(rest) {
                Ok((used, step)) => {
                    rest = rest.get(used..).unwrap_or_default();
                    self.took(Ok(step));
                }
                Err(error) => self.took(Err(error)),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Escapes what a terminal would obey, but newlines; carriage returns before them are left out.
pub(super) struct Escaped<W> {
    out: W,
    /// A byte whose meaning hangs on the next one.
    held: Option<u8>,
}

impl<W: Write> Escaped<W> {
    pub(super) fn new(out: W) -> Self {
        Escaped { out, held: None }
    }

    fn byte(&mut self, byte: u8) -> io::Result<()> {
        match (self.held.take(), byte) {
            (Some(b'\r'), b'\n') => {}
            (Some(b'\r'), _) => self.out.write_all(b"\\r")?,
            // U+0080 to U+009F.
            (Some(0xc2), 0x80..=0x9f) => return write!(self.out, "\\u{{{byte:x}}}"),
            (Some(first), _) => self.out.write_all(&[first])?,
            (None, _) => {}
        }
        match byte {
            b'\r' | 0xc2 => self.held = Some(byte),
            b'\n' => self.out.write_all(b"\n")?,
            byte if byte.is_ascii_control() => write!(self.out, "{}", byte.escape_ascii())?,
            byte => self.out.write_all(&[byte])?,
        }
        Ok(())
    }
}

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bytes.iter().try_for_each(|byte| self.byte(*byte))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Hands on whole lines.
#[cfg(feature = "v3")]
pub(super) struct EachLine<F> {
    each: F,
    line: Vec<u8>,
    /// Why it ended early.
    pub(super) failure: Option<crate::failure::Failure>,
}

#[cfg(feature = "v3")]
mod each_line {
    use super::EachLine;
    use crate::failure::Failure;
    use std::io::{self, Write};

    /// As long as the rows of a response in CSV may be.
    const MAX_LINE: usize = 16 << 20;

    impl<F: FnMut(&str) -> Result<(), Failure>> EachLine<F> {
        pub(crate) fn new(each: F) -> Self {
            EachLine {
                each,
                line: Vec::new(),
                failure: None,
            }
        }

        /// The end of the response: what is left is the last line.
        pub(crate) fn finish(&mut self) -> Result<(), Failure> {
            let line = std::mem::take(&mut self.line);
            if line.is_empty() {
                return Ok(());
            }
            self.whole(&line)
        }

        fn whole(&mut self, line: &[u8]) -> Result<(), Failure> {
            let line = std::str::from_utf8(line)
                .map_err(|_| Failure::new(1, "the response is not UTF-8 text"))?;
            (self.each)(line)
        }

        fn take(&mut self, piece: &[u8]) -> Result<(), Failure> {
            for part in piece.split_inclusive(|byte| *byte == b'\n') {
                let (text, ended) = match part.strip_suffix(b"\n") {
                    Some(text) => (text, true),
                    None => (part, false),
                };
                if self.line.len().saturating_add(text.len()) > MAX_LINE {
                    let why = "a row of the response has more than 16 MiB; select fewer columns";
                    return Err(Failure::new(1, why));
                }
                self.line.extend_from_slice(text);
                if ended {
                    let mut line = std::mem::take(&mut self.line);
                    self.whole(&line)?;
                    line.clear();
                    self.line = line;
                }
            }
            Ok(())
        }
    }

    impl<F: FnMut(&str) -> Result<(), Failure>> Write for EachLine<F> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.take(bytes) {
                Ok(()) => Ok(bytes.len()),
                Err(failure) => {
                    self.failure = Some(failure);
                    Err(io::Error::from(io::ErrorKind::Other))
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
