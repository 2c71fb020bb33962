//! Which lines of a request a server means by what it says about them.

use super::secret::Secrets;
use super::split_lines::split;
use crate::error::LineError;
use crate::http::LineErrorRef;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The lines of a request's body, in the order of their numbers.
struct Lines<'a> {
    lines: Vec<&'a [u8]>,
}

impl<'a> Lines<'a> {
    fn new(body: &'a [u8]) -> Self {
        let without_end = |line: &'a [u8]| line.strip_suffix(b"\n").unwrap_or(line);
        let lines = split(body).map(without_end).collect();
        Lines { lines }
    }

    /// A line is meant by its number, if no text is given or the text is its own; by its exact text,
    /// wherever that stands; by its number, if the text agrees as far as it goes; by the start of
    /// its text, if that fits one line only. To take out a line that wasn't meant would be to lose
    /// it, so what fits less well means none.
    fn meant(&self, number: Option<u32>, text: &str) -> Vec<usize> {
        let numbered = number
            .and_then(|n| usize::try_from(n).ok()?.checked_sub(1))
            .and_then(|n| Some((n, *self.lines.get(n)?)));
        let whole = text.as_bytes();
        if let Some((n, _)) = numbered.filter(|(_, line)| whole.is_empty() || *line == whole) {
            return alloc::vec![n];
        }
        if whole.is_empty() {
            return Vec::new();
        }
        let all = || self.lines.iter().enumerate();
        let same = all().filter(|(_, line)| **line == whole);
        let exact: Vec<usize> = same.map(|(n, _)| n).collect();
        let start = shortened(text);
        if !exact.is_empty() || start.is_empty() {
            return exact;
        }
        if let Some((n, _)) = numbered.filter(|(_, line)| line.starts_with(start)) {
            return alloc::vec![n];
        }
        let mut fitting = all().filter(|(_, line)| line.starts_with(start));
        match (fitting.next(), fitting.next()) {
            (Some((n, _)), None) => alloc::vec![n],
            _ => Vec::new(),
        }
    }
}

/// The text without the dots that say it goes on.
fn shortened(line: &str) -> &[u8] {
    line.trim_end_matches(['…', '.', '\n']).as_bytes()
}

/// The errors of the lines that a server names, each with the line as it was sent. What names no
/// line of the body keeps the server's words for it; without a body there is nothing else.
pub(crate) fn line_errors<'a>(
    named: impl Iterator<Item = LineErrorRef<'a>>,
    body: &[u8],
    secrets: &Secrets,
    max: usize,
) -> Vec<LineError> {
    let mut errors = Vec::new();
    let mut lines: Option<Lines<'_>> = None;
    let mut taken = Vec::new();
    for one in named {
        let lines = lines.get_or_insert_with(|| Lines::new(body));
        taken.resize(lines.lines.len(), false);
        let text: String = one.line.chars().collect();
        let reason: String = one.reason.chars().collect();
        let meant = lines.meant(one.number, &text);
        if meant.is_empty() {
            // Words that name another line than the number does make the number doubtful, too.
            let behind = |n: &u32| usize::try_from(*n).is_ok_and(|n| n > lines.lines.len());
            let number = one.number.filter(behind);
            let words = match text.is_empty() {
                true => reason,
                // Together, for a secret may lie across the two.
                false => format!("'{text}': {reason}"),
            };
            errors.push(LineError {
                number,
                line: String::new(),
                reason: secrets.printable(&words, max),
            });
            continue;
        }
        let reason = secrets.printable(&reason, max);
        for n in meant {
            let Some(done) = taken.get_mut(n).filter(|done| !**done) else {
                continue;
            };
            *done = true;
            let line = lines.lines.get(n).copied().unwrap_or_default();
            errors.push(LineError {
                number: u32::try_from(n).ok().and_then(|n| n.checked_add(1)),
                line: String::from_utf8_lossy(line).into_owned(),
                reason: reason.to_owned(),
            });
        }
    }
    errors
}

#[cfg(test)]
#[path = "tests/named_lines.rs"]
mod tests;
