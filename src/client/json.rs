//! A reader for the JSON of an error that builds no values. A program that only writes meets
//! JSON nowhere else, and pays 24 KiB less for this (of 682) than for `serde_json`'s tree of values, 33
//! less than for its raw values. Whatever is made into a type of ours is read by `serde_json`.
//!
//! Everything that serde_json takes for JSON is taken here; besides it, half of a surrogate pair is
//! (and becomes U+FFFD), and a number of any size.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// How deep values may be nested.
const MAX_DEPTH: usize = 128;

/// A value in a checked text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<'a>(&'a [u8]);

impl<'a> Json<'a> {
    /// Checks that this is one JSON object, and nothing else.
    pub(super) fn object(text: &'a [u8]) -> Option<Self> {
        core::str::from_utf8(text).ok()?;
        let text = blank(text);
        let rest = walk(text, MAX_DEPTH, &mut |_, _| {})?;
        (text.starts_with(b"{") && blank(rest).is_empty()).then_some(Json(text))
    }

    pub(super) fn is_object(self) -> bool {
        self.0.starts_with(b"{")
    }

    /// A member of an object; the last one of this name. (A name with escapes is not found.)
    pub(super) fn get(self, name: &str) -> Option<Json<'a>> {
        let mut found = None;
        walk(self.0, MAX_DEPTH, &mut |key, value| {
            if key == Some(name.as_bytes()) {
                found = Some(Json(value));
            }
        });
        found
    }

    /// The elements of an array. `None` if it is none.
    pub(super) fn items(self) -> Option<Vec<Json<'a>>> {
        let mut items = Vec::new();
        walk(self.0, MAX_DEPTH, &mut |key, value| {
            if key.is_none() {
                items.push(Json(value));
            }
        });
        self.0.starts_with(b"[").then_some(items)
    }

    /// A string, its escapes resolved.
    pub(super) fn text(self) -> Option<String> {
        let raw = self.0.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let mut rest = core::str::from_utf8(raw).ok()?;
        let mut text = String::with_capacity(rest.len());
        while let Some((plain, escaped)) = rest.split_once('\\') {
            text.push_str(plain);
            let mut chars = escaped.chars();
            let escape = chars.next()?;
            rest = chars.as_str();
            text.push(match escape {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => character(&mut rest)?,
                itself => itself,
            });
        }
        text.push_str(rest);
        Some(text)
    }

    /// A number, as it is written.
    pub(super) fn number(self) -> Option<String> {
        let text = core::str::from_utf8(self.0).ok()?;
        text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            .then(|| text.to_owned())
    }

    /// A number from 0 to 4 294 967 295.
    pub(super) fn integer(self) -> Option<u32> {
        core::str::from_utf8(self.0).ok()?.parse().ok()
    }
}

fn blank(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    text.get(end.unwrap_or(text.len())..).unwrap_or(&[])
}

/// Goes over one value, tells of its members (with their names) or elements, and returns what
/// stands behind it. `None` if it isn't JSON.
fn walk<'a>(
    text: &'a [u8],
    depth: usize,
    each: &mut dyn FnMut(Option<&'a [u8]>, &'a [u8]),
) -> Option<&'a [u8]> {
    let (close, mut rest) = match text.split_first()? {
        (b'{', rest) => (b'}', rest),
        (b'[', rest) => (b']', rest),
        (b'"', rest) => return string(rest).map(|(_, rest)| rest),
        _ => return scalar(text),
    };
    let depth = depth.checked_sub(1)?;
    if let Some((byte, behind)) = blank(rest).split_first() {
        if *byte == close {
            return Some(behind);
        }
    }
    loop {
        let mut key = None;
        if close == b'}' {
            let (name, behind) = string(blank(rest).strip_prefix(b"\"")?)?;
            rest = blank(behind).strip_prefix(b":")?;
            key = Some(name);
        }
        let value = blank(rest);
        rest = walk(value, depth, &mut |_, _| {})?;
        each(key, before(value, rest));
        match blank(rest).split_first()? {
            (b',', behind) => rest = behind,
            (byte, behind) if *byte == close => return Some(behind),
            _ => return None,
        }
    }
}

/// What of a text stands before this rest of it.
fn before<'a>(text: &'a [u8], rest: &[u8]) -> &'a [u8] {
    text.get(..text.len().saturating_sub(rest.len()))
        .unwrap_or(text)
}

/// The inside of a string that has begun, and what stands behind it.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = text;
    loop {
        let (byte, behind) = rest.split_first()?;
        rest = match byte {
            b'"' => return Some((before(text, rest), behind)),
            b'\\' => match behind.split_first()? {
                (b'u', digits) => {
                    let (four, behind) = digits.split_at_checked(4)?;
                    four.iter().all(u8::is_ascii_hexdigit).then_some(behind)?
                }
                (b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', behind) => behind,
                _ => return None,
            },
            ..0x20 => return None,
            _ => behind,
        };
    }
}

/// What stands behind a number or a word.
fn scalar(text: &[u8]) -> Option<&[u8]> {
    for word in [&b"true"[..], b"false", b"null"] {
        if let Some(rest) = text.strip_prefix(word) {
            return Some(rest);
        }
    }
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let mut rest = match text.strip_prefix(b"0") {
        Some(rest) => rest,
        None => digits(text)?,
    };
    if let Some(fraction) = rest.strip_prefix(b".") {
        rest = digits(fraction)?;
    }
    if let Some((b'e' | b'E', exponent)) = rest.split_first() {
        rest = digits(match exponent.split_first()? {
            (b'+' | b'-', unsigned) => unsigned,
            _ => exponent,
        })?;
    }
    Some(rest)
}

/// What stands behind the digits, of which there must be one.
fn digits(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    let end = end.unwrap_or(text.len());
    (end > 0).then(|| text.get(end..)).flatten()
}

/// The character behind `\u`, which may be two of them: half a pair is U+FFFD.
fn character(rest: &mut &str) -> Option<char> {
    let first = hex4(rest)?;
    *rest = rest.get(4..)?;
    if let (0xD800..0xDC00, Some(next)) = (first, rest.strip_prefix("\\u")) {
        if let Some(second @ 0xDC00..0xE000) = hex4(next) {
            *rest = next.get(4..)?;
            return char::decode_utf16([first, second]).next()?.ok();
        }
    }
    Some(char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn hex4(text: &str) -> Option<u16> {
    u16::from_str_radix(text.get(..4)?, 16).ok()
}

#[cfg(test)]
#[path = "tests/json.rs"]
mod tests;
