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
    let place = named
        .number
        .and_then(|n| usize::try_from(n).ok()?.checked_sub(1));
    let lines = || split(body).map(bare).enumerate();
    let numbered = place.and_then(|place| {
        // Servers count neither comments nor empty lines.
        lines()
            .filter(|(_, line)| !matches!(line, [] | [b'#', ..]))
            .nth(place)
    });
    if named.line.is_empty() {
        return numbered.map(|(n, _)| n).filter(|n| Some(*n) == place);
    }
    // InfluxDB 3 repeats the line of that number as if every newline ended one.
    let between = || place.and_then(|place| body.split(|byte| *byte == b'\n').nth(place));
    if let Some((n, line)) = numbered {
        if is(named.line, line) || between().is_some_and(|there| is(named.line, bare(there))) {
            return Some(n);
        }
    }
    if named.line.chars().all(|c| c.is_ascii_whitespace()) {
        return None;
    }
    if let Some((n, _)) = lines().find(|(_, line)| is(named.line, line)) {
        return Some(n);
    }
    let starts = |line: &[u8]| starts_with(line, named.line);
    if let Some((n, _)) = numbered.filter(|(_, line)| starts(line)) {
        return Some(n);
    }
    let mut fitting = lines().filter(|(_, line)| starts(line));
    match (fitting.next(), fitting.next()) {
        (Some((n, _)), None) => Some(n),
        _ => None,
    }
}

/// A line as servers repeat it: without its end, the blanks before it and a carriage return.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line).trim_ascii_start();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether this is the text of the line.
fn is(text: JsonStr<'_>, line: &[u8]) -> bool {
    let (mut len, mut last) = (0, ' ');
    for c in text.chars() {
        (len, last) = (len + 1, c);
    }
    len -= usize::from(last == '\r');
    rest_behind(line, text, len).is_some_and(<[u8]>::is_empty)
}

/// Whether the line starts with the text, without the dots that say that it goes on.
fn starts_with(line: &[u8], text: JsonStr<'_>) -> bool {
    let mut len = 0;
    for (index, c) in text.chars().enumerate() {
        // Here no line has a blank before it.
        if index == 0 && c.is_ascii_whitespace() {
            return false;
        }
        if !matches!(c, '…' | '.' | '\n') {
            len = index + 1;
        }
    }
    len > 0 && rest_behind(line, text, len).is_some()
}

/// What of the line stands behind the first characters of the text, blanks before it not counted.
fn rest_behind<'l>(mut line: &'l [u8], text: JsonStr<'_>, len: usize) -> Option<&'l [u8]> {
    let mut blank = true;
    for c in text.chars().take(len) {
        blank &= c.is_ascii_whitespace();
        if !blank {
            let mut utf8 = [0; 4];
            line = line.strip_prefix(c.encode_utf8(&mut utf8).as_bytes())?;
        }
    }
    Some(line)
}

#[cfg(all(test, feature = "client"))]
#[path = "tests/named_line.rs"]
mod tests;
