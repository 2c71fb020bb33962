//! Compression of writes: the bodies that are compressed, and whether the server accepts them.
//!
//! A server or proxy that doesn't accept compressed bodies refuses them with various statuses, also with
//! a 400 that reads as if the lines were at fault. So until it has accepted one, a refused compressed body
//! is sent again uncompressed before the refusal is interpreted. For a status that can only be about the
//! encoding that holds later as well: a proxy may be added after months.
//
// The states. A status stands for a body that was refused so and then stored uncompressed:
//
//   UNKNOWN --500--> DOUBTED --500--> DOUBTED + 1 --500--> REFUSED
//   any but REFUSED --accepted--> TAKEN
//   any but TAKEN --400--> REFUSED
//   any --411, 415, 501--> REFUSED

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

/// The default of `gzip_min_bytes`: a request with a smaller body fits into one packet anyway.
const DEFAULT_MIN_BYTES: usize = 1024;

/// The size from which bodies are compressed: the setting, else the default; off for a server on this
/// machine that is reached without a proxy.
pub(super) fn min_bytes(set: Option<usize>, loopback: bool, proxied: bool) -> usize {
    match set {
        Some(bytes) => bytes,
        None if loopback && !proxied => usize::MAX,
        None => DEFAULT_MIN_BYTES,
    }
}

/// Whether the server accepts compressed bodies, as far as it is known. Shared by all clones of a client.
#[derive(Debug, Default)]
pub(crate) struct Compression(AtomicU8);

/// The compressor of a client and its clones, for bodies of at least `min_bytes`.
pub(crate) struct Compressor {
    pub(crate) min_bytes: usize,
    /// Allocated for the first body (about 320 KB) and reused, by one thread at a time.
    state: Mutex<Option<Compress>>,
}

const UNKNOWN: u8 = 0;
/// It has accepted one.
const TAKEN: u8 = 1;
/// It has refused one, and then stored the same lines uncompressed.
const REFUSED: u8 = 2;
/// It has failed on one, and then stored the same lines uncompressed. The next failure adds one.
const DOUBTED: u8 = 3;
/// Failures in a row that count as a refusal: any server may fail once.
const FAILURES: u8 = 3;

impl Compression {
    /// Whether the server is known to refuse compressed bodies.
    pub(crate) fn is_refused(&self) -> bool {
        self.0.load(Ordering::Relaxed) == REFUSED
    }

    fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed) == TAKEN
    }

    /// Notes that lines were refused compressed with this status and then stored uncompressed. Returns
    /// `true` if the server now counts as one that refuses compressed bodies.
    fn note_refusal(&self, status: u16) -> bool {
        let state = self.0.load(Ordering::Relaxed);
        // (A concurrent note may be lost, so the count may be off by one.)
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

    /// Frees the memory: no more bodies are compressed.
    fn free(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The bytes as one gzip member (RFC 1952): header, deflate data, CRC-32 and length. `None` if the
    /// compressor fails, which isn't expected.
    fn gzip(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        // No name, no time; XFL is 0: neither the least nor the most effort.
        const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
        const TRAILER: usize = 8;

        // (Also after a panic in another thread.)
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

/// The compression level, of 9. Measured with lines of 69 bytes: at the levels 1, 4 and 6 lines of noisy
/// sensors take 13.3, 11.0 and 10.6 bytes, regular ones 3.8, 2.4 and 2.4. A line takes 210, 570 and
/// 1 320 ns on x86_64, and 1 : 2.8 : 4.8 on armv7 (emulated). Above 4 the time doubles for few bytes.
const LEVEL: flate2::Compression = flate2::Compression::new(4);

/// Whether a body may have been refused because it is compressed: 415, 411 and 501 by the rules of HTTP
/// (RFC 9110, section 15), which are about no line. Until one `was_taken`, also 400 from a server that
/// parses it as text, and 500 from one that fails on it.
fn may_be_about_compression(status: u16, was_taken: bool) -> bool {
    matches!(status, 411 | 415 | 501) || !was_taken && matches!(status, 400 | 500)
}

/// Whether the server decompressed and parsed the lines, with whatever result.
fn was_read(result: &Result<(), Error>) -> bool {
    match result {
        Ok(()) => true,
        // (A server that parses compressed bytes as text names lines as well, but none that exists.)
        Err(error) => {
            error.stored() == Stored::Partial
                || error.line_errors().iter().any(|line| line.number.is_some())
        }
    }
}

impl Client {
    /// The compressed bytes, if they are to be sent compressed.
    pub(crate) fn compress(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let compressor = self.inner().compressor.as_ref()?;
        if bytes.len() < compressor.min_bytes || self.refuses_compression() {
            return None;
        }
        compressor.gzip(bytes)
    }

    /// Makes one attempt to write, and a second one uncompressed if the compression may have been refused.
    pub(crate) fn attempt_write<'a>(
        &self,
        out: &mut HttpRequest<'a>,
        plain: &'a [u8],
        mut attempt: impl FnMut(&mut HttpRequest<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (start, limit) = (Instant::now(), out.overall);
        let result = attempt(out);
        let compression = &self.inner().observed.compression;
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
        // Both together stay within the limit of one attempt.
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
                "the server accepts no compressed bodies: from now on they are sent uncompressed",
            );
        }
        // A server that failed on the compressed body may have stored it first.
        match result.is_err_and(|first| first.stored() == Stored::Unknown) {
            true => again.map_err(Error::after_unknown),
            false => again,
        }
    }
}

#[cfg(test)]
#[path = "tests/compression.rs"]
mod tests;
