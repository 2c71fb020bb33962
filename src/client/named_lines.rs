//! Which lines of a request a server means by what it says about them.

use super::secret::Secrets;
use crate::error::LineError;
use crate::http::LineErrorRef;
use crate::line::split_lines::split;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The lines of a request's body.
struct Lines<'a> {
    lines: Vec<&'a [u8]>,
    /// Those that servers count: no comments, no empty ones.
    counted: Vec<usize>,
    /// What there is between newlines, also those within strings.
    between: Vec<&'a [u8]>,
}

/// A line as servers repeat it: without the blanks before it, and without a carriage return.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_start();
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl<'a> Lines<'a> {
    fn new(body: &'a [u8]) -> Self {
        let without_end = |line: &'a [u8]| line.strip_suffix(b"\n").unwrap_or(line);
        let lines: Vec<_> = split(body).map(without_end).collect();
        let counts = |line: &[u8]| !matches!(bare(line), [] | [b'#', ..]);
        let counted = lines.iter().enumerate().filter(|(_, line)| counts(line));
        Lines {
            counted: counted.map(|(n, _)| n).collect(),
            between: body.split(|byte| *byte == b'\n').collect(),
            lines,
        }
    }

    /// A line is meant by its number, if no text is given or the text is its own; by its exact text,
    /// wherever that stands; by its number, if the text agrees as far as it goes; by the start of
    /// its text, if that fits one line only. To take out a line that wasn't meant would be to lose
    /// it, so what fits less well means none.
    ///
    /// InfluxDB 3 counts the lines that it parses, but repeats the one of that number as if every
    /// newline ended one: behind a comment or a string with a newline that is another line, often a
    /// good one, so such a text says nothing against the number.
    fn meant(&self, number: Option<u32>, text: &str) -> Vec<usize> {
        let place = number.and_then(|n| usize::try_from(n).ok()?.checked_sub(1));
        let numbered = place
            .and_then(|n| self.counted.get(n).copied())
            .and_then(|n| Some((n, bare(self.lines.get(n)?))));
        let whole = bare(text.as_bytes());
        let own = |n: usize, line: &[u8]| {
            if text.is_empty() {
                // Whether comments count, too, is known of InfluxDB 3 alone.
                return Some(n) == place;
            }
            let between = place.and_then(|n| self.between.get(n));
            line == whole || between.is_some_and(|there| bare(there) == whole)
        };
        if let Some((n, _)) = numbered.filter(|(n, line)| own(*n, line)) {
            return alloc::vec![n];
        }
        if whole.is_empty() {
            return Vec::new();
        }
        let all = || self.lines.iter().enumerate();
        let same = all().filter(|(_, line)| bare(line) == whole);
        let exact: Vec<usize> = same.map(|(n, _)| n).collect();
        let start = shortened(text);
        if !exact.is_empty() || start.is_empty() {
            return exact;
        }
        if let Some((n, _)) = numbered.filter(|(_, line)| line.starts_with(start)) {
            return alloc::vec![n];
        }
        let mut fitting = all().filter(|(_, line)| bare(line).starts_with(start));
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

/// The errors of the lines that a server names, each with the line as it was sent, and how often it names
/// a line once more. What names no line of the body keeps the server's words for it; without a body there
/// is nothing else.
pub(crate) fn line_errors<'a>(
    named: impl Iterator<Item = LineErrorRef<'a>>,
    body: &[u8],
    secrets: &Secrets,
    max: usize,
) -> (Vec<LineError>, u64) {
    let (mut errors, mut repeated) = (Vec::new(), 0_u64);
    let mut numbers: Vec<(u32, String)> = Vec::new();
    let mut lines: Option<Lines<'_>> = None;
    let mut taken = Vec::new();
    for one in named {
        let lines = lines.get_or_insert_with(|| Lines::new(body));
        taken.resize(lines.lines.len(), false);
        let text: String = one.line.chars().collect();
        let reason: String = one.reason.chars().collect();
        let meant = lines.meant(one.number, &text);
        let place = one.number.map(|number| (number, place(&numbers, number)));
        let before = place.and_then(|(_, place)| numbers.get(place.ok()?));
        let again = before.is_some_and(|(_, b)| *b == text || b.is_empty() || text.is_empty());
        repeated = repeated.saturating_add(u64::from(again));
        if again && meant.is_empty() {
            continue;
        }
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
            keep(&mut numbers, place, text);
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
        keep(&mut numbers, place, text);
    }
    (errors, repeated)
}

/// Where a number is among those named, in their order, or where it belongs. (A map takes 4 KiB of a small
/// program.)
fn place(numbers: &[(u32, String)], number: u32) -> Result<usize, usize> {
    numbers.binary_search_by_key(&number, |(number, _)| *number)
}

/// Remembers by which number and text a line was first named.
fn keep(
    numbers: &mut Vec<(u32, String)>,
    place: Option<(u32, Result<usize, usize>)>,
    text: String,
) {
    if let Some((number, Err(place))) = place {
        if place <= numbers.len() {
            numbers.insert(place, (number, text));
        }
    }
}

#[cfg(test)]
#[path = "tests/named_lines.rs"]
mod tests;
