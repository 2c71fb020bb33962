//! Escaping of untrusted text for terminals and logs.

use core::fmt;

/// Writes characters, and escapes those that could forge a log line, move the cursor or reorder the
/// surrounding text (CVE-2021-42574, "Trojan Source").
pub(crate) fn write_printable(
    chars: impl Iterator<Item = char>,
    f: &mut dyn fmt::Write,
) -> fmt::Result {
    for c in chars {
        if is_unprintable(c) {
            write!(f, "{}", c.escape_default())?;
        } else {
            f.write_char(c)?;
        }
    }
    Ok(())
}

/// Returns `true` for control characters, line and paragraph separators, and the controls of
/// bidirectional text (Unicode's property `Bidi_Control`).
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}
