//! Compression of writes: which bodies, and whether the server takes them.
//!
//! A server, or a proxy before it, that takes no compressed bodies refuses them in many ways, also with
//! a 400 that reads as if the lines were at fault. So until it has read one, what it refuses compressed
//! is sent once more as it is, before anything else is made of the refusal. Where the status can mean
//! nothing but the body's form, that holds later, too: a proxy may come between after months.

use super::Client;
use super::logging;
use super::transport::{HttpRequest, RequestBody};
use crate::error::{Error, Stored};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;
use flate2::{Compress, Crc, FlushCompress, Status};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Bodies of at least so many bytes are compressed unless it is set otherwise: a request
/// takes two packets then, and one without most of the body.
const DEFAULT_MIN_BYTES: usize = 1024;

/// From how many bytes on a body is compressed, as `set` says; by default not if the server is on
/// this machine, which has to be reached without a proxy for that.
pub(super) fn min_bytes(set: Option<usize>, loopback: bool, proxied: bool) -> usize {
    match set {
        Some(bytes) => bytes,
        None if loopback && !proxied => usize::MAX,
        None => DEFAULT_MIN_BYTES,
    }
}

/// Whether a server takes compressed bodies, as far as is known. Shared by all clones of a client.
#[derive(Debug, Default)]
pub(crate) struct Compression(AtomicU8);

/// What compresses bodies of at least `min_bytes`, for all clones of a client.
pub(crate) struct Compressor {
    pub(crate) min_bytes: usize,
    /// Made for the first body and used for all others, by one thread at a time: it takes some 320 KB.
    state: Mutex<Option<Compress>>,
}

const UNKNOWN: u8 = 0;
/// It has read one.
const TAKEN: u8 = 1;
/// It has refused one and stored the same lines uncompressed.
const REFUSED: u8 = 2;
/// It has failed on one and stored the same lines uncompressed; the next failure adds one.
const DOUBTED: u8 = 3;
/// Failures in a row before it is taken for a refusal: any server fails once.
const FAILURES: u8 = 3;

impl Compression {
    /// Whether the server is known to take no compressed bodies.
    pub(crate) fn is_refused(&self) -> bool {
        self.0.load(Ordering::Relaxed) == REFUSED
    }

    fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed) == TAKEN
    }

    /// Notes that lines were stored uncompressed that were refused compressed with this status, and
    /// whether that shows that the server takes no compressed bodies.
    fn note_refusal(&self, status: u16) -> bool {
        let state = self.0.load(Ordering::Relaxed);
        // (What another thread notes meanwhile counts less or more by one.)
        let next = match state {
            _ if status != 500 => REFUSED,
            UNKNOWN | TAKEN => DOUBTED,
            REFUSED => REFUSED,
            failures if failures.saturating_sub(DOUBTED).saturating_add(2) >= FAILURES => REFUSED,
            failures => failures.saturating_add(1),
        };
        self.set(next);
        next == REFUSED
    }

    fn set(&self, state: u8) {
        self.0.store(state, Ordering::Relaxed);
    }
}

impl Compressor {
    /// `None` if no body is large enough.
    pub(super) fn new(min_bytes: usize) -> Option<Arc<Compressor>> {
        let state = Mutex::new(None);
        (min_bytes < usize::MAX).then(|| Compressor { min_bytes, state }.into())
    }

    /// None is needed any more.
    fn free(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The bytes as a member of gzip (RFC 1952). `None` if that fails, which it doesn't.
    fn gzip(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        // No name, no time; XFL is 0: neither the least nor the most effort.
        const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
        const TRAILER: usize = 8;

        // What a panic left is reset as well.
        let mut kept = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let compressor = kept.get_or_insert_with(|| Compress::new(LEVEL, false));
        compressor.reset();
        let mut out = Vec::with_capacity(bytes.len() / 4 + 64);
        out.extend_from_slice(&HEADER);
        loop {
            let read = usize::try_from(compressor.total_in()).ok()?;
            let (rest, before) = (bytes.get(read..)?, compressor.total_out());
            let status = compressor.compress_vec(rest, &mut out, FlushCompress::Finish);
            match status.ok()? {
                Status::StreamEnd => break,
                Status::BufError if out.len() < out.capacity() => return None,
                _ if compressor.total_out() == before && out.len() < out.capacity() => return None,
                _ => out.reserve(out.len() / 2 + TRAILER),
            }
        }
        let mut crc = Crc::new();
        crc.update(bytes);
        out.extend_from_slice(&crc.sum().to_le_bytes());
        out.extend_from_slice(&crc.amount().to_le_bytes());
        Some(out)
    }
}

/// The effort of the compressor, of 9. Lines of noisy sensors, 69 bytes each, become 13.3 bytes at
/// level 1, 11.0 at 4 and 10.6 at 6; regular ones 3.8, 2.4 and 2.4. That takes 210, 570 and 1 320 ns of
/// a processor of x86_64 for a line, in the ratio 1 : 2.8 : 4.8 on armv7 (emulated): beyond 4 bytes
/// hardly become fewer, and twice the time goes into it.
const LEVEL: flate2::Compression = flate2::Compression::new(4);

/// Whether a compressed body may have been refused for being compressed: with 415, 411 and 501 by the
/// rules of HTTP, about no line; until one `was_taken` also with 400 by those who take it for text, and
/// with 500 by those who fail on it.
fn may_be_about_compression(status: u16, was_taken: bool) -> bool {
    matches!(status, 411 | 415 | 501) || !was_taken && matches!(status, 400 | 500)
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
        let compressor = self.inner().compressor.as_ref()?;
        if bytes.len() < compressor.min_bytes || self.refuses_compression() {
            return None;
        }
        compressor.gzip(bytes)
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
        if !out.gzipped {
            return result;
        }
        let was_taken = compression.is_taken();
        if was_read(&result) {
            compression.set(TAKEN);
            return result;
        }
        let status = result.as_ref().err().and_then(Error::status);
        let Some(status) = status.filter(|status| may_be_about_compression(*status, was_taken))
        else {
            return result;
        };
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
        let stored = again.is_ok() || again.as_ref().is_err_and(|e| e.stored() == Stored::Partial);
        if stored && compression.note_refusal(status) {
            if let Some(compressor) = &self.inner().compressor {
                compressor.free();
            }
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

#[cfg(test)]
#[path = "tests/compression.rs"]
mod tests;
