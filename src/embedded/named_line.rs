//! Which of the lines sent a server names. The rule is that of the client, which has a heap.

use crate::http::{JsonStr, LineErrorRef, LineErrors};
use crate::line::split_lines::split;

/// The number, from 1, of the first line that is named.
pub(super) fn first_named(lines: &[u8], mut named: LineErrors<'_>) -> Option<u32> {
    let index = named.find_map(|one| meant(lines, &one))?;
    u32::try_from(index).ok()?.checked_add(1)
}

/// A line is meant by its number, if no text is given or the text is its own; by its exact text, wherever
/// that stands; by its number, if the text agrees as far as it goes; by the start of its text, if that
/// fits one line only.
fn meant(body: &[u8], named: &LineErrorRef<'_>) -> Option<usize> {
    let text = named.line;
    let place = named
        .number
        .and_then(|n| usize::try_from(n).ok()?.checked_sub(1));
    // InfluxDB 3 repeats the line of that number as if every newline ended one.
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

/// A line as servers repeat it: without its end, the blanks before it and a carriage return.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line).trim_ascii_start();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// How far a text is that of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Not,
    /// The line starts with the text, without the dots that say that it goes on.
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
        // Here no line has a blank before it.
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
    // The line is without its carriage return.
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
