//! Where the lines of a body end.
//!
//! A string field may contain newlines, and in a name or a tag value a quote is an ordinary character. So a line
//! is parsed as far as it takes to tell the parts apart.

/// The lines of a body, each with its newline, which the last one may lack.
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

/// Returns `true` if these bytes are one line with the newline that ends it.
#[cfg(feature = "embedded")]
pub(crate) fn is_whole(line: &[u8]) -> bool {
    line_end(line) == Some(line.len())
}

/// Returns the length of the first line, its newline included.
fn line_len(bytes: &[u8]) -> usize {
    line_end(bytes).unwrap_or(bytes.len())
}

/// Returns the end of the first line, behind its newline, if it has one.
fn line_end(bytes: &[u8]) -> Option<usize> {
    /// The part of a line that a byte belongs to.
    //
    //     Series ── space ──> Key ── = ──> First ── " ──> Text
    //                          ^             │              │ "
    //                          │             v              v
    //                          └──── , ──── Bare <──────────┘
    //
    // In `Series`, `Key` and `Text` a backslash makes the next byte ordinary. A newline ends the line in every
    // part but `Text`.
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

/// Returns the number of lines that are points: not comments, and not empty.
pub(crate) fn points(bytes: &[u8]) -> u64 {
    let is_point = |line: &&[u8]| !matches!(line.trim_ascii_start(), [] | [b'#', ..]);
    split(bytes).filter(is_point).count() as u64
}

/// Returns `true` if a line ends with a time.
//
// Digits at the end of a line that follow a space are a time: a value follows an equals sign, and a string ends
// with a quote.
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
