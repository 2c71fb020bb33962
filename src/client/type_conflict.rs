//! The lines that can be the cause of a type conflict, which InfluxDB 1 and 2 name by measurement and
//! field only.

use super::split_lines::split;
use crate::error::LineError;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// `… field type conflict: input field "v" on measurement "m" is type string, already exists as …`,
/// taken apart.
struct Conflict<'a> {
    /// `v" on measurement "m`: where the one ends and the other begins only the lines tell.
    names: &'a str,
    /// The type that is stored. The message names one other type, but lines of all others are dropped.
    stored: &'a str,
}

impl<'a> Conflict<'a> {
    fn of(message: &'a str) -> Option<Self> {
        let (_, rest) = message.split_once("field type conflict: input field \"")?;
        let (names, types) = rest.rsplit_once("\" is type ")?;
        let (_, stored) = types.split_once(", already exists as type ")?;
        let stored = stored.split(' ').next()?;
        Some(Conflict { names, stored })
    }

    fn is_cause(&self, line: &[u8]) -> bool {
        const BETWEEN: &[u8] = b"\" on measurement \"";
        let Some(parts) = Parts::of(line) else {
            return false;
        };
        parts.fields.iter().any(|(key, value)| {
            kind_of(value).is_some_and(|kind| kind != self.stored)
                && self
                    .names
                    .as_bytes()
                    .strip_prefix(&**key)
                    .and_then(|rest| rest.strip_prefix(BETWEEN))
                    .is_some_and(|measurement| measurement == &*parts.measurement)
        })
    }
}

/// The lines of `body` that hold the field as another type than a message says is stored, each with the
/// server's `reason`; none if the message is about something else. Numbers count from 1.
pub(super) fn causes(message: &str, body: &[u8], reason: &str) -> Vec<LineError> {
    let Some(conflict) = Conflict::of(message) else {
        return Vec::new();
    };
    let mut errors = Vec::new();
    for (number, line) in (1..).zip(split(body)) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if conflict.is_cause(line) {
            errors.push(LineError {
                number: Some(number),
                line: String::from_utf8_lossy(line).into_owned(),
                reason: reason.to_owned(),
            });
        }
    }
    errors
}

/// What a field's value is, as InfluxDB calls it.
fn kind_of(value: &[u8]) -> Option<&'static str> {
    Some(match value {
        [b'"', ..] => "string",
        [b't' | b'T' | b'f' | b'F', ..] => "boolean",
        [.., b'i'] => "integer",
        [.., b'u'] => "unsigned",
        [_, ..] => "float",
        [] => return None,
    })
}

/// A line's measurement and fields, without escapes.
struct Parts<'a> {
    measurement: Vec<u8>,
    fields: Vec<(Vec<u8>, &'a [u8])>,
}

impl<'a> Parts<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let line = line.trim_ascii_start();
        if matches!(line, [] | [b'#', ..]) {
            return None;
        }
        let (series, mut rest) = cut(line, b" ")?;
        let measurement = cut(series, b",").map_or(series, |(before, _)| before);
        let mut fields = Vec::new();
        loop {
            let (key, after) = cut(rest, b"=")?;
            let (value, more) = value(after);
            fields.push((unescape(key, b", ="), value));
            match more {
                [b',', more @ ..] => rest = more,
                _ => break,
            }
        }
        Some(Parts {
            measurement: unescape(measurement, b", "),
            fields,
        })
    }
}

/// Cuts at the first of a byte that no backslash escapes; that byte is in neither part.
fn cut<'a>(text: &'a [u8], at: &[u8; 1]) -> Option<(&'a [u8], &'a [u8])> {
    let mut escaped = false;
    let position = text.iter().position(|byte| {
        let found = !escaped && *byte == at[0];
        escaped = !escaped && *byte == b'\\';
        found
    })?;
    let (before, from) = text.split_at_checked(position)?;
    Some((before, from.get(1..)?))
}

/// A field's value at the beginning of a text, and what follows it.
fn value(text: &[u8]) -> (&[u8], &[u8]) {
    let mut quoted = text.first() == Some(&b'"');
    let mut escaped = false;
    let end = text.iter().enumerate().position(|(at, byte)| {
        let ends = !quoted && matches!(byte, b',' | b' ' | b'\r');
        if at > 0 && *byte == b'"' && !escaped {
            quoted = false;
        }
        escaped = !escaped && *byte == b'\\';
        ends
    });
    text.split_at_checked(end.unwrap_or(text.len()))
        .unwrap_or((text, b""))
}

/// Takes the backslashes before these bytes away.
fn unescape(text: &[u8], escapable: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, more @ ..] = rest {
        match (byte, more) {
            (b'\\', [next, more @ ..]) if escapable.contains(next) => {
                out.push(*next);
                rest = more;
            }
            _ => {
                out.push(*byte);
                rest = more;
            }
        }
    }
    out
}

#[cfg(test)]
#[path = "tests/type_conflict.rs"]
mod tests;
