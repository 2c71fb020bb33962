//! `--output raw`: the response as received, inspected while it is copied.

use influx_edge::csv::{DecodeError, Decoder, Step};
use std::io::{self, Write};

/// Forwards bytes and keeps the output's error, which the library would turn into one of its own.
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

/// Forwards annotated CSV, counts its rows and detects an error at its end.
pub(super) struct Watched<'b, W> {
    out: W,
    decoder: Decoder<'b>,
    pub(super) rows: u64,
    /// The server's message.
    pub(super) error: Option<String>,
    /// `true` after input that couldn't be decoded; the rest is forwarded without being inspected.
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

    /// Returns `true` if all of it was decoded and it had no rows.
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0 && !self.blind
    }

    /// Ends the response.
    pub(super) fn finish(&mut self) {
        while !self.blind {
            match self.decoder.finish() {
                Ok(Step::End) => break,
                step => self.on_step(step),
            }
        }
    }

    fn on_step(&mut self, step: Result<Step, DecodeError>) {
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
                    self.on_step(Ok(step));
                }
                Err(error) => self.on_step(Err(error)),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Escapes control characters except newlines; carriage returns before newlines are removed.
pub(super) struct Escaped<W> {
    out: W,
    /// A byte that can be written only once the next one is known.
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
