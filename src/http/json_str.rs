//! `JsonStr`: a string in JSON, borrowed as it is written.

use super::printable::write_printable;
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
    fn strip(mut self, pattern: &str) -> Option<&'a str> {
        for c in pattern.chars() {
            if self.next()? != c {
                return None;
            }
        }
        Some(self.rest)
    }
}

impl Iterator for JsonChars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        if first != '\\' {
            self.rest = chars.as_str();
            return Some(first);
        }
        let escape = chars.next();
        let mut rest = chars.as_str();
        let decoded = escape.and_then(|escape| match escape {
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'u' => code_point(&mut rest),
            itself => Some(itself),
        });
        // A string that was cut short may end within an escape: it ends before it.
        self.rest = if decoded.is_some() { rest } else { "" };
        decoded
    }
}

impl core::iter::FusedIterator for JsonChars<'_> {}

/// The character behind `\u`, which may be two of them.
fn code_point(rest: &mut &str) -> Option<char> {
    let first = hex4(rest)?;
    if let (0xD800..0xDC00, Some(next)) = (first, rest.strip_prefix("\\u")) {
        let mut behind = next;
        if let Some(second @ 0xDC00..0xE000) = hex4(&mut behind) {
            *rest = behind;
            return char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00));
        }
    }
    Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn hex4(text: &mut &str) -> Option<u32> {
    let mut number = 0;
    for digit in text.get(..4)?.bytes() {
        number = number << 4 | char::from(digit).to_digit(16)?;
    }
    *text = text.get(4..)?;
    Some(number)
}
