//! The JSON error that a server writes behind the last row when it fails in mid-stream:
//! `{"code":"internal error","message":"a panic has occurred: …"}`. (An error as a table: `row_kind`.)
//!
//! Only the two strings are extracted, in place. This is no JSON parser: the text may be cut off anywhere, and
//! then the part that was received is the message.

use crate::json_escape;
use core::ops::Range;

/// The ranges of message and code in the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    pub(super) message: Range<usize>,
    pub(super) code: Range<usize>,
}

/// Finds the two members and resolves their escapes in place. `None` if there is no message.
pub(super) fn parse(text: &mut [u8]) -> Option<Tail> {
    let mut tail = Tail::default();
    let mut found = false;
    let mut at = 0;
    // Strings alternate between a member's name and its value. A member whose value is a number or an object
    // is recognized by the byte after the colon, and skipped.
    while let Some(name) = next_string(text, at) {
        at = name.end + 1;
        let colon = text
            .get(at..)?
            .iter()
            .position(|byte| !byte.is_ascii_whitespace());
        let Some(colon) = colon else { break };
        if text.get(at + colon) != Some(&b':') {
            continue;
        }
        let value = at + colon + 1;
        let blank = text
            .get(value..)?
            .iter()
            .position(|byte| !byte.is_ascii_whitespace());
        let Some(blank) = blank else { break };
        if text.get(value + blank) != Some(&b'"') {
            at = value;
            continue;
        }
        let Some(value) = next_string(text, value) else {
            break;
        };
        at = value.end + 1;
        match text.get(name)? {
            b"message" => {
                tail.message = unescape(text, value);
                found = true;
            }
            b"code" => tail.code = unescape(text, value),
            _ => {}
        }
    }
    found.then_some(tail)
}

/// Finds the same object in the middle of a row. That row was split into cells and joined again, so quotes
/// around a member's name may be missing: csv-core took them for those of a cell.
pub(super) fn parse_joined(text: &mut [u8]) -> Option<Tail> {
    let code = member(text, b"{\"code\":")?;
    let message = member(text, b"message:").or_else(|| member(text, b"\"message\":"))?;
    Some(Tail {
        code: unescape(text, code),
        message: unescape(text, message),
    })
}

fn member(text: &[u8], name: &[u8]) -> Option<Range<usize>> {
    let at = text.windows(name.len()).position(|window| window == name)?;
    next_string(text, at + name.len())
}

/// The contents of the next string at or after `at`, up to its closing quote or the text's end.
fn next_string(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + text.get(at..)?.iter().position(|byte| *byte == b'"')? + 1;
    let mut end = start;
    while let Some(byte) = text.get(end) {
        match byte {
            b'"' => break,
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    Some(start..end.min(text.len()))
}

/// Resolves the escapes of a string in place: the result is never longer than the source.
fn unescape(text: &mut [u8], source: Range<usize>) -> Range<usize> {
    let (mut read, mut write) = (source.start, source.start);
    while read < source.end {
        let Some(&byte) = text.get(read) else { break };
        read += 1;
        if byte != b'\\' {
            put(text, &mut write, &[byte]);
            continue;
        }
        // An escape that can't be decoded stays, or becomes U+FFFD if it is of a character.
        let rest = text.get(read..source.end).unwrap_or_default();
        let (character, used) = match (json_escape::decode(rest), rest.first()) {
            (Some(decoded), _) => decoded,
            (None, Some(b'u')) => (char::REPLACEMENT_CHARACTER, 1),
            (None, Some(_)) => continue,
            (None, None) => ('\\', 0),
        };
        read += used;
        let mut utf8 = [0; 4];
        let utf8 = character.encode_utf8(&mut utf8).as_bytes();
        put(text, &mut write, utf8);
    }
    source.start..write
}

fn put(text: &mut [u8], write: &mut usize, bytes: &[u8]) {
    for &byte in bytes {
        if let Some(slot) = text.get_mut(*write) {
            *slot = byte;
            *write += 1;
        }
    }
}

#[cfg(test)]
#[path = "tests/server_error.rs"]
mod tests;
