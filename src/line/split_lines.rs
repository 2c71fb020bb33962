//! The borders of lines in line protocol, with newlines in string fields.
//!
//! Not at every newline: a string field may hold some. And not every quote opens a string: in a
//! name or a tag value it is an ordinary character. So the lines are read as the servers read them,
//! as far as that takes.

/// The lines of a body, each with its newline (the last one may lack it).
#[derive(Clone, Debug)]
pub(crate) struct Split<'a> {
    rest: &'a [u8],
}

pub(crate) fn split(bytes: &[u8]) -> Split<'_> {
    Split { rest: bytes }
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = line_len(self.rest);
        let (line, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Some(line)
    }
}

/// Whether these bytes are one line with the newline that ends it, and not one in a string.
#[cfg(feature = "embedded")]
pub(crate) fn is_whole(line: &[u8]) -> bool {
    line_end(line) == Some(line.len())
}

/// The length of the first line, its newline included.
fn line_len(bytes: &[u8]) -> usize {
    line_end(bytes).unwrap_or(bytes.len())
}

/// Where the newline that ends the first line is, if it has one.
fn line_end(bytes: &[u8]) -> Option<usize> {
    /// Which part of a line a byte belongs to.
    enum Part {
        /// Measurement and tags, until a space.
        Series,
        /// A field's key, until `=`.
        Key,
        /// The first byte of a field's value.
        First,
        /// A value without quotes, and the time.
        Bare,
        /// A string.
        Text,
    }
    let mut part = Part::Series;
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        if escaped {
            escaped = false;
            continue;
        }
        part = match (part, byte) {
            (Part::Text, b'"') => Part::Bare,
            (part @ (Part::Series | Part::Key | Part::Text), b'\\') => {
                escaped = true;
                part
            }
            (Part::Text, _) => Part::Text,
            (_, b'\n') => return Some(at.saturating_add(1)),
            (Part::Series, b' ') => Part::Key,
            (Part::Key, b'=') => Part::First,
            (Part::First, b'"') => Part::Text,
            (Part::First | Part::Bare, b',') => Part::Key,
            (Part::First, _) => Part::Bare,
            (part, _) => part,
        };
    }
    None
}

/// How many lines servers take for points: comments and empty ones aren't.
pub(crate) fn points(bytes: &[u8]) -> u64 {
    let is_point = |line: &&[u8]| !matches!(line.trim_ascii_start(), [] | [b'#', ..]);
    split(bytes).filter(is_point).count() as u64
}

/// Whether a line ends with a time. The last thing on a line that is digits, and follows a space,
/// is one: a value follows an equals sign, and a string ends with a quote.
#[cfg(feature = "client")]
pub(crate) fn has_time(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let digits = line
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let before = line.get(..line.len().saturating_sub(digits)).unwrap_or(b"");
    let before = before.strip_suffix(b"-").unwrap_or(before);
    digits > 0 && before.ends_with(b" ")
}

#[cfg(all(test, feature = "client"))]
#[path = "tests/split_lines.rs"]
mod tests;
