//! Finds the lines of a request that a server's error names.
//!
//! Servers name a bad line by its text (InfluxDB 2), by its number (1-based), or by both (InfluxDB 3); either may be
//! wrong or shortened. The caller removes the lines that are found and sends the others again, so a line that is
//! found by mistake is a good line lost. An entry that fits no line well enough names none.

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
    /// The indexes of those that servers count: no comments, no empty ones.
    counted: Vec<usize>,
    /// The parts between newlines, including those within strings.
    between: Vec<&'a [u8]>,
}

/// A line as servers repeat it: without leading blanks, and without a carriage return.
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

    /// The indexes of the lines that an entry names. The rules, in this order:
    ///
    /// 1. its number, if there is no text or the text is that line's;
    /// 2. its exact text, wherever that occurs;
    /// 3. its number, if the text is the start of that line;
    /// 4. its text, if that is the start of exactly one line.
    ///
    /// InfluxDB 3 counts the lines that it parses, but repeats the text of that number as if every newline ended a
    /// line. Behind a comment or a string with a newline that is the text of another line, often a good one. So rule 1
    /// also accepts the text at that number by such a count.
    fn named(&self, number: Option<u32>, text: &str) -> Vec<usize> {
        let place = number.and_then(|n| usize::try_from(n).ok()?.checked_sub(1));
        let numbered = place
            .and_then(|n| self.counted.get(n).copied())
            .and_then(|n| Some((n, bare(self.lines.get(n)?))));
        let whole = bare(text.as_bytes());
        let own = |n: usize, line: &[u8]| {
            if text.is_empty() {
                // (Only InfluxDB 3 is known to leave out comments when it counts.)
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

/// The text without the dots of a shortened one.
fn shortened(line: &str) -> &[u8] {
    line.trim_end_matches(['…', '.', '\n']).as_bytes()
}

/// Returns the errors of the lines that a server names, each with the line as it was sent, and the number of entries
/// that name a line again. An entry that names no line of the body keeps the server's text.
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
        let found = lines.named(one.number, &text);
        let place = one.number.map(|number| (number, place(&numbers, number)));
        let before = place.and_then(|(_, place)| numbers.get(place.ok()?));
        let again = before.is_some_and(|(_, b)| *b == text || b.is_empty() || text.is_empty());
        repeated = repeated.saturating_add(u64::from(again));
        if again && found.is_empty() {
            continue;
        }
        if found.is_empty() {
            // (A text that isn't found makes its number doubtful as well: that is kept only if the body has no such line.)
            let behind = |n: &u32| usize::try_from(*n).is_ok_and(|n| n > lines.lines.len());
            let number = one.number.filter(behind);
            let message = match text.is_empty() {
                true => reason,
                // (In one piece, because a secret may extend over both.)
                false => format!("'{text}': {reason}"),
            };
            errors.push(LineError {
                number,
                line: String::new(),
                reason: secrets.printable(&message, max),
            });
            keep(&mut numbers, place, text);
            continue;
        }
        let reason = secrets.printable(&reason, max);
        for n in found {
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

/// The position of a number among the sorted ones, or where to insert it. (A map takes 4 KiB of code in a small
/// program.)
fn place(numbers: &[(u32, String)], number: u32) -> Result<usize, usize> {
    numbers.binary_search_by_key(&number, |(number, _)| *number)
}

/// Stores the text with which a number was first named.
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
