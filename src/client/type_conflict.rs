//! Finds the lines that can have caused a type conflict: the errors of InfluxDB 1 and 2 only have the measurement and
//! the field.

use crate::error::LineError;
use crate::line::split_lines::split;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// The text before and between the names in
/// `… field type conflict: input field "v" on measurement "m" is type string, already exists as type float`.
const BEFORE: &[u8] = b"field type conflict: input field \"";
const BETWEEN: &[u8] = b"\" on measurement \"";
const BEHIND: &[u8] = b"\" is type ";
const STORED: &[u8] = b", already exists as type ";

/// Returns the lines of `body` that have the field with another type than the stored one of the message, each with the
/// server's `reason`; none if the message is about something else. Numbers are from 1.
pub(super) fn causes(message: &str, body: &[u8], reason: &str) -> Vec<LineError> {
    let mut errors = Vec::new();
    let Some((names, stored)) = conflict(message.as_bytes()) else {
        return errors;
    };
    let mut name = Vec::new();
    for (number, line) in (1..).zip(split(body)) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if is_cause(line, names, stored, &mut name) {
            errors.push(LineError {
                number: Some(number),
                line: String::from_utf8_lossy(line).into_owned(),
                reason: reason.to_owned(),
            });
        }
    }
    errors
}

/// Returns the names as `v" on measurement "m`, and the first letter of the stored type. The names may contain the text
/// between them, so they can't be split here; instead they are built from each line and compared. (The message has one
/// other type, but the server drops the lines of all other types.)
fn conflict(message: &[u8]) -> Option<(&[u8], u8)> {
    let find = |text: &[u8], words: &[u8]| text.windows(words.len()).position(|w| w == words);
    let start = find(message, BEFORE)?.checked_add(BEFORE.len())?;
    let stored = find(message, STORED)?;
    let (names, types) = (message.get(start..stored)?, message.get(stored..)?);
    // The last one, since a name may contain this text.
    let end = names.windows(BEHIND.len()).rposition(|w| w == BEHIND)?;
    Some((names.get(..end)?, *types.get(STORED.len())?))
}

/// Returns `true` if a field of the line has these names and a type with another first letter. `name` is a buffer for
/// the names.
fn is_cause(line: &[u8], names: &[u8], stored: u8, name: &mut Vec<u8>) -> bool {
    let line = line.trim_ascii_start();
    if line.starts_with(b"#") {
        return false;
    }
    let measurement_len = end(line, b", ");
    let Some(measurement) = line.get(..measurement_len) else {
        return false;
    };
    let mut rest = line.get(end(line, b" ")..).unwrap_or_default();
    // Each turn reads a field: the space or comma before it, its key and its value.
    while let [b' ' | b',', field @ ..] = rest {
        // Servers accept several spaces.
        let field = field.trim_ascii_start();
        let key_len = end(field, b"=");
        let Some((key, [_, value @ ..])) = field.split_at_checked(key_len) else {
            return false;
        };
        let value_len = match value {
            [b'"', text @ ..] => end(text, b"\"").saturating_add(2),
            _ => end(value, b", \r"),
        };
        let (value, behind) = value.split_at_checked(value_len).unwrap_or((value, b""));
        // 2.9.1 quotes names as Go does.
        for quoted in [true, false] {
            name.clear();
            unescape(key, quoted, name);
            name.extend_from_slice(BETWEEN);
            unescape(measurement, quoted, name);
            if name.as_slice() == names && kind(value).is_some_and(|kind| kind != stored) {
                return true;
            }
        }
        // A space ends the fields.
        rest = if behind.starts_with(b",") {
            behind
        } else {
            b""
        };
    }
    false
}

/// Returns the first letter of InfluxDB's name for a value's type: string, boolean, integer, unsigned, float.
fn kind(value: &[u8]) -> Option<u8> {
    Some(match value {
        [b'"', ..] => b's',
        [b't' | b'T' | b'f' | b'F', ..] => b'b',
        [.., last @ (b'i' | b'u')] => *last,
        [_, ..] => b'f',
        [] => return None,
    })
}

/// Returns the position of the first of these bytes that isn't escaped by a backslash, or the length.
fn end(text: &[u8], at: &[u8]) -> usize {
    let mut escaped = false;
    let found = text.iter().position(|byte| {
        let found = !escaped && at.contains(byte);
        escaped = !escaped && *byte == b'\\';
        found
    });
    found.unwrap_or(text.len())
}

/// Appends a name without its escapes; if `quoted`, with Go's escapes of quotes and backslashes.
fn unescape(name: &[u8], quoted: bool, to: &mut Vec<u8>) {
    for (at, byte) in name.iter().enumerate() {
        let next = name.get(at.saturating_add(1));
        if *byte == b'\\' && matches!(next, Some(b',' | b' ' | b'=')) {
            continue;
        }
        if quoted && matches!(byte, b'"' | b'\\') {
            to.push(b'\\');
        }
        to.push(*byte);
    }
}

#[cfg(test)]
#[path = "tests/type_conflict.rs"]
mod tests;
