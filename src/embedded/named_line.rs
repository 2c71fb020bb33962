//! The first line that a server names as bad, found in the lines sent. The client has the same rule with a
//! heap, and a test compares the two.

use crate::http::{JsonStr, LineErrorRef, LineErrors};
use crate::line::split_lines::split;

/// Returns the number, from 1, of the first line that the server names.
pub(super) fn first_named(lines: &[u8], mut named: LineErrors<'_>) -> Option<u32> {
    let index = named.find_map(|one| matching_line(lines, &one))?;
    u32::try_from(index).ok()?.checked_add(1)
}

/// Returns the index of the line that an error names.
//
// Servers give a number, a text, or both; the text may be shortened, and the number may be counted by other
// rules than ours. The best of these ranks wins, and of equal ones above 1 the first line:
//
//   4  number, and the text between the newlines of that number is equal
//   4  number and equal text      3  equal text
//   2  number and start of text   1  start of text, if it fits one line only
//   1  number, if no text is given
fn matching_line(body: &[u8], named: &LineErrorRef<'_>) -> Option<usize> {
    let text = named.line;
    let place = named
        .number
        .and_then(|n| usize::try_from(n).ok()?.checked_sub(1));
    // InfluxDB 3 splits at every newline, also at one within a string.
    let between = place.and_then(|place| body.split(|byte| *byte == b'\n').nth(place));
    let between = between.is_some_and(|line| fit(bare(line), text) == Fit::Whole);
    let (mut found, mut best, mut several) = (None, 0, false);
    let mut counted = 0;
    for (index, line) in split(body).map(bare).enumerate() {
        // Servers count neither comments nor empty lines.
        let counts = !matches!(line, [] | [b'#', ..]);
        let numbered = counts && Some(counted) == place;
        counted += usize::from(counts);
        let rank = match fit(line, text) {
            _ if text.is_empty() => u8::from(numbered && Some(index) == place),
            _ if numbered && between => 4,
            Fit::Start => 1 + u8::from(numbered),
            Fit::Whole if !line.is_empty() => 3 + u8::from(numbered),
            Fit::Whole | Fit::Not => 0,
        };
        several |= rank == best;
        if rank > best {
            (found, best, several) = (Some(index), rank, false);
        }
    }
    found.filter(|_| best > 1 || !several)
}

/// Returns a line as servers repeat it: without its line end and the blanks before it.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line).trim_ascii_start();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The part of a line that a text is equal to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Not,
    /// The start of the line. The text may end with dots, which mark it as shortened.
    Start,
    Whole,
}

#[inline(never)]
fn fit(mut line: &[u8], text: JsonStr<'_>) -> Fit {
    let is_dot = |c| matches!(c, '…' | '.' | '\n');
    let (mut blank, mut indented, mut begun) = (true, false, false);
    let mut last = ' ';
    let mut rest = text.decoded();
    let mut chars = rest;
    while let Some(c) = chars.next() {
        blank &= c.is_ascii_whitespace();
        // `bare` has removed the blanks before the line.
        indented |= blank;
        if !blank {
            let mut utf8 = [0; 4];
            let Some(behind) = line.strip_prefix(c.encode_utf8(&mut utf8).as_bytes()) else {
                break;
            };
            line = behind;
            begun |= !is_dot(c);
            last = c;
        }
        rest = chars;
    }
    let mut others = rest;
    // `bare` has removed the line's carriage return.
    let whole = match others.next() {
        None => last != '\r',
        Some(c) => c == '\r' && others.next().is_none(),
    };
    if whole && line.is_empty() {
        Fit::Whole
    } else if begun && !indented && rest.all(is_dot) {
        Fit::Start
    } else {
        Fit::Not
    }
}

#[cfg(all(test, feature = "client"))]
#[path = "tests/named_line.rs"]
mod tests;
