//! `Body`: the body of a response, as a stream with a limit.

use super::call_trace::CallTrace;
use super::decoder::Decoder;
use super::detail::Detail;
use super::error::HttpError;
use crate::error::{Error, TransportErrorKind};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use std::io::{self, Read};

/// The largest piece in which a body is collected that is read whole.
const MAX_PIECE: usize = 64 * 1024;

/// The body of a response, decompressed while it is received.
///
/// Read to its end, it returns the connection to the pool; dropped earlier, it closes the connection. Errors
/// are [`io::Error`]s around an [`HttpError`]. A truncated body is always an error. Without a length and
/// without chunks, the end of the body is the orderly end of the connection, which with TLS is a
/// `close_notify`.
pub(crate) struct Body {
    reader: Option<Decoder>,
    /// It isn't chunked, so the end of the connection may be its end.
    open_ended: bool,
    left: u64,
    cap: u64,
    /// The error that ended `read_some`.
    pub(crate) broke: Option<HttpError>,
}

impl Body {
    pub(super) fn new(body: Decoder, open_ended: bool, cap: u64) -> Self {
        Body {
            reader: Some(body),
            open_ended,
            left: cap,
            cap,
            broke: None,
        }
    }

    /// Reads the whole body, or returns an error if it exceeds the limit.
    pub(crate) fn read_all(&mut self) -> Result<Vec<u8>, HttpError> {
        // In pieces, because a growing vector is in memory twice while it is moved. A body that exceeds the
        // limit must be found without that.
        let mut full: Vec<Vec<u8>> = Vec::new();
        let mut piece = Vec::new();
        let mut filled = 0usize;
        let mut total = 0usize;
        loop {
            if filled == piece.len() {
                let size = total.clamp(1024, MAX_PIECE);
                if filled > 0 {
                    full.push(core::mem::take(&mut piece));
                }
                piece = alloc::vec![0; size];
                filled = 0;
            }
            let space = piece.get_mut(filled..).unwrap_or(&mut []);
            let n = self.read(space).map_err(HttpError::from_read)?;
            if n == 0 {
                break;
            }
            filled = filled.saturating_add(n);
            total = total.saturating_add(n);
        }
        piece.truncate(filled);
        full.push(piece);
        Ok(full.concat())
    }

    /// Copies the body to a writer and returns the number of bytes. `broken` makes an error of what ends the
    /// response early.
    pub(crate) fn copy_to(
        &mut self,
        to: &mut dyn io::Write,
        broken: impl FnOnce(HttpError) -> Error,
    ) -> Result<u64, Error> {
        let mut piece = [0u8; 8192];
        let mut total = 0u64;
        loop {
            let n = match self.read(&mut piece) {
                Ok(0) => return Ok(total),
                Ok(n) => n,
                Err(e) => return Err(broken(HttpError::from_read(e))),
            };
            to.write_all(piece.get(..n).unwrap_or(&[])).map_err(|e| {
                Error::content("cannot pass the response of the query on", e.to_string())
            })?;
            total = total.saturating_add(n as u64);
        }
    }

    /// Reads at most `max` bytes and never fails, for the bodies of errors. If the body ends within them, the
    /// connection can be used again.
    pub(crate) fn read_some(&mut self, max: usize) -> Vec<u8> {
        let mut some = Vec::new();
        let mut piece = [0u8; 1024];
        while some.len() < max {
            match self.read(&mut piece) {
                Ok(0) => break,
                Err(e) => {
                    self.broke = Some(HttpError::from_read(e));
                    break;
                }
                Ok(n) => some.extend_from_slice(piece.get(..n).unwrap_or(&[])),
            }
        }
        some.truncate(max);
        some
    }
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(reader) = &mut self.reader else {
            return Ok(0);
        };
        if buf.is_empty() {
            return Ok(0);
        }
        // One byte beyond the limit is read: a body of exactly the limit isn't an error.
        let most = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX);
        let most = most.min(buf.len());
        let piece = buf.get_mut(..most).unwrap_or(&mut []);
        let open_ended = self.open_ended;
        // Read by `CredentialTransport::await_input`, which is below the library in this thread.
        CallTrace::note(|t| t.open_ended = open_ended);
        match reader.read(piece) {
            Ok(0) => {
                self.reader = None;
                Ok(0)
            }
            Ok(n) if n as u64 > self.left => {
                self.reader = None;
                Err(HttpError::new(
                    TransportErrorKind::TooLarge,
                    Detail::own(format!("more than {} bytes", self.cap)),
                )
                .into_io())
            }
            Ok(n) => {
                self.left = self.left.saturating_sub(n as u64);
                Ok(n)
            }
            Err(e) => {
                self.reader = None;
                Err(e)
            }
        }
    }
}

impl core::fmt::Debug for Body {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Body")
            .field("ended", &self.reader.is_none())
            .finish_non_exhaustive()
    }
}
