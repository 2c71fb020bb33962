//! `JsonStr`: a string in JSON, borrowed as it is written.

use super::printable::write_printable;
use crate::json_escape;
use core::fmt;

/// A string in a JSON text, borrowed as it is written; escapes are decoded while it is read.
///
/// It comes from outside. `Display` is for people: control characters and those that reorder text
/// are printed as escapes. [`chars`](JsonStr::chars) has the exact characters. Nothing allocates.
///
/// ```
/// use influx_edge::http::ErrorBody;
///
/// let body = ErrorBody::read("{\"code\":\"invalid\",\"message\":\"unable to parse 'café\\u001b[2J f=': missing field value\"}".as_bytes());
/// let message = body.message().unwrap();
/// assert_eq!(message, "unable to parse 'café\u{1b}[2J f=': missing field value");
/// assert_eq!(message.to_string(), "unable to parse 'café\\u{1b}[2J f=': missing field value");
/// assert_eq!(message.chars().count(), 50);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonStr<'a>(&'a str);

impl<'a> JsonStr<'a> {
    /// The inside of a string, between its quotes.
    pub(crate) fn new(raw: &'a str) -> Self {
        JsonStr(raw)
    }

    /// Returns the string as it is written in the JSON text, with its escapes and without its
    /// quotes.
    #[must_use]
    pub fn as_raw(self) -> &'a str {
        self.0
    }

    /// Returns the characters, escapes decoded. Half a surrogate pair is U+FFFD.
    #[must_use]
    pub fn chars(self) -> JsonChars<'a> {
        JsonChars { rest: self.0 }
    }

    /// Returns whether there is no character in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether `pattern` occurs in it. The pattern is plain text.
    #[must_use]
    #[inline(never)]
    pub fn contains(self, pattern: &str) -> bool {
        self.split_once(pattern).is_some()
    }

    /// Whether it begins with a pattern.
    pub(crate) fn starts_with(self, pattern: &str) -> bool {
        self.chars().strip(pattern).is_some()
    }

    /// Whether it ends with a pattern.
    pub(crate) fn ends_with(self, pattern: &str) -> bool {
        self.rsplit_once(pattern)
            .is_some_and(|(_, behind)| behind.is_empty())
    }

    /// Both sides of the first occurrence of a pattern.
    pub(crate) fn split_once(self, pattern: &str) -> Option<(JsonStr<'a>, JsonStr<'a>)> {
        let mut chars = self.chars();
        loop {
            if let Some(behind) = chars.strip(pattern) {
                return Some((self.before(chars), JsonStr(behind)));
            }
            chars.next()?;
        }
    }

    /// Both sides of the last occurrence of a pattern.
    pub(crate) fn rsplit_once(self, pattern: &str) -> Option<(JsonStr<'a>, JsonStr<'a>)> {
        let mut chars = self.chars();
        let mut found = None;
        loop {
            if let Some(behind) = chars.strip(pattern) {
                found = Some((self.before(chars), JsonStr(behind)));
            }
            if chars.next().is_none() {
                return found;
            }
        }
    }

    /// What of this string stands before the rest of its characters.
    fn before(self, rest: JsonChars<'a>) -> Self {
        let len = self.0.len().saturating_sub(rest.rest.len());
        JsonStr(self.0.get(..len).unwrap_or(self.0))
    }
}

impl PartialEq<str> for JsonStr<'_> {
    fn eq(&self, text: &str) -> bool {
        let rest = self.chars().strip(text);
        rest.is_some_and(|rest| JsonStr(rest).chars().next().is_none())
    }
}

impl PartialEq<&str> for JsonStr<'_> {
    fn eq(&self, text: &&str) -> bool {
        *self == **text
    }
}

/// Two are equal if their characters are, however each is written.
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
///
/// ```
/// use influx_edge::http::ErrorBody;
///
/// let body = ErrorBody::read(br#"{"error":"database not found: \"nowhere\""}"#);
/// let mut chars = body.message().unwrap().chars();
/// assert_eq!(chars.nth(20), Some('"'));
/// assert_eq!(chars.collect::<String>(), "nowhere\"");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct JsonChars<'a> {
    rest: &'a str,
}

impl<'a> JsonChars<'a> {
    /// What stands behind these characters, if they come next.
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

/// The first character and what stands behind it. Once in a program: to decode UTF-8 takes 100 bytes.
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
        // A string that was cut short may end within an escape: it ends before it.
        let decoded = json_escape::decode(self.rest.as_bytes());
        let used = decoded.map_or(self.rest.len(), |(_, used)| used);
        self.rest = self.rest.get(used..).unwrap_or_default();
        decoded.map(|(character, _)| character)
    }
}

impl core::iter::FusedIterator for JsonChars<'_> {}
