//! Changes to the head of a response before the HTTP library parses it.
//!
//! Secrets that a server or a proxy repeats are masked, because the library logs heads. Headers on which the
//! library acts, if another crate of the program enabled a feature of it, are renamed, and restored
//! afterwards: with `gzip` and `brotli` it would decode the body and hide that one is damaged, with `charset`
//! transcode it, and with `cookies` keep cookies, log them, and send them with every request.

use crate::client::scrub;
use crate::client::secret::Secrets;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use std::thread_local;
use ureq::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, SET_COOKIE};
use ureq::unversioned::transport::Buffers;

/// The size of the read buffer, which is the largest head of a response.
pub(super) const INPUT_BUFFER: usize = 8192;
/// The headers that are hidden from the library, and their temporary names, which have the same length.
const HIDDEN: [(HeaderName, &str); 3] = [
    (CONTENT_ENCODING, "content~encoding"),
    (CONTENT_TYPE, "content~type"),
    (SET_COOKIE, "set~cookie"),
];

thread_local! {
    /// The secrets to mask while the head of a response is awaited. Thread-local for the reason of
    /// `CallTrace`.
    static SECRETS: Cell<Option<Arc<Secrets>>> = const { Cell::new(None) };
}

/// Runs a call up to its response's head.
pub(super) fn masking<T>(secrets: &Arc<Secrets>, call: impl FnOnce() -> T) -> T {
    // The call may be nested: a body that is read while it is sent may make calls of its own.
    let outer = SECRETS.replace(Some(Arc::clone(secrets)));
    let result = call();
    SECRETS.set(outer);
    result
}

/// Restores the names of hidden headers.
pub(super) fn restore(headers: &mut HeaderMap) {
    let real = |name: &HeaderName| HIDDEN.iter().find(|(_, hidden)| name.as_str() == *hidden);
    if headers.keys().all(|name| real(name).is_none()) {
        return;
    }
    let mut restored = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter() {
        let name = real(name).map_or(name, |(name, _)| name);
        restored.append(name.clone(), value.clone());
    }
    *headers = restored;
}

/// Changes the head in a read buffer, if it is complete and has something to mask or to hide.
pub(super) fn rewrite(buffers: &mut dyn Buffers) {
    let Some(secrets) = SECRETS.take() else {
        return;
    };
    let input = buffers.input();
    let (before, rewritten) = (input.len(), rewritten(&secrets, input));
    SECRETS.set(Some(secrets));
    // The library's interface has no mutable input, so the head is consumed and appended again.
    let Some(rewritten) = rewritten.filter(|bytes| bytes.len() <= INPUT_BUFFER) else {
        return;
    };
    buffers.input_consume(before);
    if let Some(space) = buffers.input_append_buf().get_mut(..rewritten.len()) {
        space.copy_from_slice(&rewritten);
        buffers.input_appended(rewritten.len());
    }
}

/// The beginnings of lines that are never masked, because the client acts on them: a secret that equals a
/// part of one must not change the meaning of a response.
const KEPT: &str = "content-type:\x20application/
content-type:
content-encoding:
transfer-encoding:
connection:
location:
retry-after:
proxy-authenticate:
x-influxdb-
x-platform-error-code:";

/// Returns the length of a line's start that is never masked.
fn kept(line: &[u8]) -> usize {
    let is = |start: &str| {
        let there = line.get(..start.len()).unwrap_or(&[]);
        there.eq_ignore_ascii_case(start.as_bytes())
    };
    // The length of the body; and a cookie, which the client keeps and nothing logs.
    if is("content-length:") || is("set-cookie:") {
        return line.len();
    }
    // `HTTP/1.1 204 `
    if is("HTTP/1.") {
        return 13;
    }
    KEPT.lines()
        .find(|start| is(start))
        .map_or(0, |start| start.len())
}

/// Returns the input with its head changed; `None` if there is nothing to change.
fn rewritten(secrets: &Secrets, input: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = input.split_at_checked(head_len(input))?;
    let repeats = secrets.with(|needles| scrub::may_repeat(needles, head));
    let hides = head
        .split(|byte| *byte == b'\n')
        .any(|line| hidden(line).is_some());
    if !repeats && !hides {
        return None;
    }
    let mut out = Vec::with_capacity(input.len());
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let start = out.len();
        let kept = if repeats { kept(line) } else { line.len() };
        let (before, behind) = line.split_at_checked(kept).unwrap_or((line, &[]));
        out.extend_from_slice(before);
        secrets.with(|needles| scrub::mask(needles, behind, &mut out));
        if let Some(name) = hidden(line) {
            let end = start.saturating_add(name.len());
            if let Some(place) = out.get_mut(start..end) {
                place.copy_from_slice(name.as_bytes());
            }
        }
    }
    out.extend_from_slice(rest);
    Some(out)
}

/// Returns the length of the complete heads at the start of the input: those of interim responses (1xx), and
/// of the final response, which may be there already after a `100 Continue`.
fn head_len(input: &[u8]) -> usize {
    let mut end = 0usize;
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
    end
}

/// Returns `true` if a line is this header.
fn is(line: &[u8], name: &str) -> bool {
    let (start, rest) = line.split_at_checked(name.len()).unwrap_or((line, &[]));
    start.eq_ignore_ascii_case(name.as_bytes()) && rest.starts_with(b":")
}

/// Returns the name that hides this line, if the library would act on it.
fn hidden(line: &[u8]) -> Option<&'static str> {
    let found = HIDDEN.iter().find(|(name, _)| is(line, name.as_str()));
    found.map(|(_, hidden)| *hidden)
}

#[cfg(test)]
#[path = "tests/head.rs"]
mod tests;
