//! Compression of writes: which bodies, and whether the server takes them.
//!
//! A server, or a proxy before it, that takes no compressed bodies refuses them in many ways, also with
//! a 400 that reads as if the lines were at fault. So until it has stored one, what it refuses compressed
//! is sent once more as it is, before anything else is made of the refusal.

use super::Client;
use super::logging;
use super::transport::{HttpRequest, RequestBody};
use crate::error::{Error, Stored};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;
use std::time::Instant;

/// Whether a server takes compressed bodies, as far as is known. Shared by all clones of a client.
#[derive(Debug, Default)]
pub(crate) struct Compression(AtomicU8);

const UNKNOWN: u8 = 0;
/// It has read one.
const TAKEN: u8 = 1;
/// It has refused one and stored the same lines uncompressed.
const REFUSED: u8 = 2;

impl Compression {
    /// Whether the server is known to take no compressed bodies.
    pub(crate) fn is_refused(&self) -> bool {
        self.0.load(Ordering::Relaxed) == REFUSED
    }

    fn is_unknown(&self) -> bool {
        self.0.load(Ordering::Relaxed) == UNKNOWN
    }

    fn set(&self, state: u8) {
        self.0.store(state, Ordering::Relaxed);
    }
}

/// The statuses with which a compressed body is refused: 415 and 411 by the rules of HTTP, 400 and 501
/// by those who take it for text, 500 by those who fail on it.
fn may_be_about_compression(status: u16) -> bool {
    matches!(status, 400 | 411 | 415 | 500 | 501)
}

/// Whether the lines were read, whatever became of them.
fn was_read(result: &Result<(), Error>) -> bool {
    match result {
        Ok(()) => true,
        // (Who takes compressed bytes for text names lines, too, but none that there is.)
        Err(error) => {
            error.stored() == Stored::Partial
                || error.line_errors().iter().any(|line| line.number.is_some())
        }
    }
}

impl Client {
    /// The bytes compressed, if they are to be sent so.
    pub(crate) fn compress(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        use flate2::Compression;
        use flate2::write::GzEncoder;
        use std::io::Write as _;

        let inner = self.inner();
        if bytes.len() < inner.gzip_min_bytes? || inner.learnt.compression.is_refused() {
            return None;
        }
        // Level 1: line protocol repeats itself so much that more effort gains little.
        let space = bytes.len() / 4 + 64;
        let mut gzip = GzEncoder::new(Vec::with_capacity(space), Compression::fast());
        // Writing into memory doesn't fail; if it did, the plain bytes are right as well.
        gzip.write_all(bytes).ok()?;
        gzip.finish().ok()
    }

    /// Makes one attempt to write, and a second one without compression if that may be what was refused.
    pub(crate) fn attempt_write<'a>(
        &self,
        out: &mut HttpRequest<'a>,
        plain: &'a [u8],
        mut attempt: impl FnMut(&mut HttpRequest<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (start, limit) = (Instant::now(), out.overall);
        let result = attempt(out);
        let compression = &self.inner().learnt.compression;
        if !out.gzipped || !compression.is_unknown() {
            return result;
        }
        if was_read(&result) {
            compression.set(TAKEN);
            return result;
        }
        let status = result.as_ref().err().and_then(Error::status);
        if !status.is_some_and(may_be_about_compression) {
            return result;
        }
        // Both together take no longer than one may.
        let left = limit.saturating_sub(start.elapsed());
        if left < Duration::from_millis(1) {
            return result;
        }
        out.gzipped = false;
        out.body = RequestBody::Bytes(plain);
        out.overall = left;
        let again = attempt(out);
        out.overall = limit;
        if again.is_ok() || again.as_ref().is_err_and(|e| e.stored() == Stored::Partial) {
            compression.set(REFUSED);
            logging::warning(
                "the server takes no compressed bodies: from now on they are sent uncompressed",
            );
        }
        // A server that failed on the first may have stored it before.
        match result.is_err_and(|first| first.stored() == Stored::Unknown) {
            true => again.map_err(Error::after_unknown),
            false => again,
        }
    }
}
