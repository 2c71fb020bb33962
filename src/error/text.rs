//! Text from outside: cut to a bound, and escaped when printed.

use crate::http::write_printable;
use core::fmt;

/// Text from outside on its way to a terminal or a log: control characters come out escaped, so
/// that it can neither forge a log line nor move the cursor.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_printable(self.0.chars(), f)
    }
}

/// The same for anything that prints itself.
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

/// Whether a text holds words. A byte at a time: the quick way of `str` takes a kilobyte more.
pub(crate) fn has(text: &str, words: &str) -> bool {
    let mut places = text.as_bytes().windows(words.len().max(1));
    places.any(|place| place == words.as_bytes())
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
