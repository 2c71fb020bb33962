//! `JsonStr`: a borrowed string of a JSON text.

use super::printable::write_printable;
use crate::json_escape;
use core::fmt;

/// A JSON string, borrowed as it is written.
///
/// Escapes are decoded while it is read.
///
/// It is untrusted text. `Display` is for people: control characters, and those that reorder text, are
/// escaped. [`chars`](JsonStr::chars) returns the exact characters. Nothing allocates.
///
/// ```
/// use influx_edge::http::ErrorBody;
///
/// let body = ErrorBody::read(
///     "{\"code\":\"invalid\",\"message\":\"unable to parse 'café\\u001b[2J f=': missing field value\"}"
///         .as_bytes(),
/// );
/// let message = body.message().unwrap();
/// assert_eq!(
///     message,
///     "unable to parse 'café\u{1b}[2J f=': missing field value"
/// );
/// assert_eq!(
///     message.to_string(),
///     "unable to parse 'café\\u{1b}[2J f=': missing field value"
/// );
/// assert_eq!(message.chars().count(), 50);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonStr<'a>(&'a str);

impl<'a> JsonStr<'a> {
    /// A string from its written form, without the quotes.
    pub(crate) fn new(raw: &'a str) -> Self {
        JsonStr(raw)
    }

    /// Returns the written form, without the quotes.
    pub(crate) fn as_raw(self) -> &'a str {
        self.0
    }

    /// Returns the characters, escapes decoded. Half of a surrogate pair is U+FFFD.
    pub fn chars(self) -> impl Iterator<Item = char> + Clone + use<'a> {
        self.decoded()
    }

    pub(crate) fn decoded(self) -> JsonChars<'a> {
        JsonChars { rest: self.0 }
    }

    /// Returns `true` if the string has no characters.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Returns `true` if `pattern`, which is plain text, occurs in the string.
    #[must_use]
    #[inline(never)]
    pub fn contains(self, pattern: &str) -> bool {
        self.split_once(pattern).is_some()
    }

    /// Returns `true` if the string begins with a pattern.
    pub(crate) fn starts_with(self, pattern: &str) -> bool {
        self.decoded().strip(pattern).is_some()
    }

    /// Returns `true` if the string ends with a pattern.
    pub(crate) fn ends_with(self, pattern: &str) -> bool {
        self.rsplit_once(pattern)
            .is_some_and(|(_, after)| after.is_empty())
    }

    /// Returns both sides of the first occurrence of a pattern.
    pub(crate) fn split_once(self, pattern: &str) -> Option<(JsonStr<'a>, JsonStr<'a>)> {
        let mut chars = self.decoded();
        loop {
            if let Some(after) = chars.strip(pattern) {
                return Some((self.before(chars), JsonStr(after)));
            }
            chars.next()?;
        }
    }

    /// Returns both sides of the last occurrence of a pattern.
    pub(crate) fn rsplit_once(self, pattern: &str) -> Option<(JsonStr<'a>, JsonStr<'a>)> {
        let mut chars = self.decoded();
        let mut found = None;
        loop {
            if let Some(after) = chars.strip(pattern) {
                found = Some((self.before(chars), JsonStr(after)));
            }
            if chars.next().is_none() {
                return found;
            }
        }
    }

    /// Returns the part of this string before the rest of its characters.
    fn before(self, rest: JsonChars<'a>) -> Self {
        let len = self.0.len().saturating_sub(rest.rest.len());
        JsonStr(self.0.get(..len).unwrap_or(self.0))
    }
}

impl PartialEq<str> for JsonStr<'_> {
    fn eq(&self, text: &str) -> bool {
        let rest = self.decoded().strip(text);
        rest.is_some_and(|rest| JsonStr(rest).decoded().next().is_none())
    }
}

impl PartialEq<&str> for JsonStr<'_> {
    fn eq(&self, text: &&str) -> bool {
        *self == **text
    }
}

/// Two strings are equal if their decoded characters are.
impl PartialEq for JsonStr<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.chars().eq(other.chars())
    }
}

impl Eq for JsonStr<'_> {}

impl fmt::Display for JsonStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_printable(self.chars(), f)
    }
}

/// The characters of a [`JsonStr`], escapes decoded.
#[derive(Clone, Copy)]
pub(crate) struct JsonChars<'a> {
    rest: &'a str,
}

impl<'a> JsonChars<'a> {
    /// Returns the text after `pattern`, if its characters come next.
    fn strip(mut self, mut pattern: &str) -> Option<&'a str> {
        while let Some((c, rest)) = split_first(pattern) {
            if self.next()? != c {
                return None;
            }
            pattern = rest;
        }
        Some(self.rest)
    }
}

/// Splits off the first character. Never inlined: decoding UTF-8 takes 100 bytes of code.
#[inline(never)]
fn split_first(text: &str) -> Option<(char, &str)> {
    let mut chars = text.chars();
    Some((chars.next()?, chars.as_str()))
}

impl Iterator for JsonChars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let first;
        (first, self.rest) = split_first(self.rest)?;
        if first != '\\' {
            return Some(first);
        }
        // A truncated string may end within an escape. It is taken to end before it.
        let decoded = json_escape::decode(self.rest.as_bytes());
        let used = decoded.map_or(self.rest.len(), |(_, used)| used);
        self.rest = self.rest.get(used..).unwrap_or_default();
        decoded.map(|(character, _)| character)
    }
}
