//! Secrets that a server or a proxy repeats in the head of its response. The HTTP library writes heads
//! to the log, so they are masked before it sees them.

use super::INPUT_BUFFER;
use crate::client::scrub;
use crate::client::secret::Secrets;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use std::thread_local;
use ureq::unversioned::transport::Buffers;

thread_local! {
    /// What must not be printed, while the head of a response is awaited. Thread-local for the same
    /// reason as the connector's.
    static SECRETS: Cell<Option<Arc<Secrets>>> = const { Cell::new(None) };
}

/// Runs a call up to its response's head.
pub(super) fn masking<T>(secrets: &Arc<Secrets>, call: impl FnOnce() -> T) -> T {
    // A body that is read while it's sent may make calls of its own, in this thread.
    let outer = SECRETS.replace(Some(Arc::clone(secrets)));
    let result = call();
    SECRETS.set(outer);
    result
}

/// Masks the head in a read buffer, if all of it is there and it repeats a secret.
pub(super) fn mask(buffers: &mut dyn Buffers) {
    let Some(secrets) = SECRETS.take() else {
        return;
    };
    let input = buffers.input();
    let (before, masked) = (input.len(), masked(&secrets, input));
    SECRETS.set(Some(secrets));
    // Taken out and put in again: there is no other way to change what the library will read.
    let Some(masked) = masked.filter(|bytes| bytes.len() <= INPUT_BUFFER) else {
        return;
    };
    buffers.input_consume(before);
    if let Some(space) = buffers.input_append_buf().get_mut(..masked.len()) {
        space.copy_from_slice(&masked);
        buffers.input_appended(masked.len());
    }
}

/// Beginnings of lines that mean something to the client: a secret that has such words in it must not
/// change what a response means.
const KEPT: [&[u8]; 8] = [
    b"content-type: application/",
    b"content-type:",
    b"content-encoding:",
    b"transfer-encoding:",
    b"location:",
    b"retry-after:",
    b"proxy-authenticate:",
    b"x-influxdb-",
];

/// The input with its head masked; `None` if there is nothing to mask.
fn masked(secrets: &Secrets, input: &[u8]) -> Option<Vec<u8>> {
    let mut end = 0usize;
    // Behind a `100 Continue` the head that counts may be there already.
    while let Some(rest) = input.get(end..).filter(|rest| rest.starts_with(b"HTTP/1.")) {
        let last = |w: &[u8]| w == b"\n\r\n" || w.ends_with(b"\n\n");
        let Some(at) = rest.windows(3).position(last) else {
            break;
        };
        end = end.saturating_add(at).saturating_add(3);
        if rest.get(9) != Some(&b'1') {
            break;
        }
    }
    let head = input.get(..end).unwrap_or(&[]);
    if !secrets.with(|needles| scrub::may_repeat(needles, head)) {
        return None;
    }
    let mut out = Vec::with_capacity(input.len());
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let is = |name: &[u8]| {
            let start = line.get(..name.len()).unwrap_or(&[]);
            start.eq_ignore_ascii_case(name)
        };
        // Not how long the body is; and a cookie is the client's to keep, which no log shows.
        let kept = if is(b"content-length:") || is(b"set-cookie:") {
            line.len()
        } else if is(b"HTTP/1.") {
            // The status.
            13
        } else {
            KEPT.iter()
                .find(|name| is(name))
                .map_or(0, |name| name.len())
        };
        let (kept, text) = line.split_at_checked(kept).unwrap_or((line, &[]));
        out.extend_from_slice(kept);
        secrets.with(|needles| scrub::mask(needles, text, &mut out));
    }
    out.extend_from_slice(input.get(end..).unwrap_or(&[]));
    Some(out)
}
