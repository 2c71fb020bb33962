//! Text from outside: cut to a bound, and escaped when printed.

use crate::http::write_printable;
use core::fmt;

/// Text from outside for a terminal or a log: control characters are escaped, so that it can neither
/// forge a log line nor move the cursor.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_printable(self.0.chars(), f)
    }
}

/// The same for any value with `Display`.
pub(super) struct Escaped<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Through<'a, 'b>(&'a mut fmt::Formatter<'b>);
        impl fmt::Write for Through<'_, '_> {
            fn write_str(&mut self, s: &str) -> fmt::Result {
                write!(self.0, "{}", Printable(s))
            }
        }
        fmt::write(&mut Through(f), format_args!("{}", self.0))
    }
}

/// Whether a text contains another. A naive search: that of `str` (Two-Way) adds a kilobyte to a small
/// program, and these texts are short.
pub(crate) fn has(text: &str, part: &str) -> bool {
    let mut windows = text.as_bytes().windows(part.len().max(1));
    windows.any(|window| window == part.as_bytes())
}

/// The longest start of `text` that is at most `max` bytes and ends between characters.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
#[path = "tests/text.rs"]
mod tests;
