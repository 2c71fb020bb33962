//! Decoding of echoes: the encodings in which a server or a proxy may repeat a request, and a secret with it. They are
//! percent-encoding, HTML entities, escapes of JSON, broken lines and base64.
//!
//! Each is decoded by itself; nested ones are found because the caller (`scrub`) tries them in every order. Each
//! decoded byte has its range in the original text, so that a secret that is found after decoding can be blanked
//! there.

use alloc::vec::Vec;

/// A byte of a decoded text, and its range in the original text.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    pub(super) byte: u8,
    /// Invisible bytes were removed before it.
    pub(super) gap: bool,
    pub(super) start: u16,
    pub(super) end: u16,
}

/// Returns a text as units, one for each byte.
pub(super) fn units(text: &[u8]) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len());
    let mut start = 0u16;
    for byte in text {
        let end = start.saturating_add(1);
        units.push(Unit {
            byte: *byte,
            gap: false,
            start,
            end,
        });
        start = end;
    }
    units
}

/// Removes spaces, control characters, joiners and direction marks, so that a secret that is broken over lines is
/// found.
pub(super) fn squeeze(units: &mut Vec<Unit>) {
    let (mut at, mut kept, mut gap) = (0usize, 0usize, false);
    while let Some(unit) = units.get(at).copied() {
        let next = byte(units, at.saturating_add(1));
        // As bytes of UTF-8: C0 and DEL; C1, no-break space and soft hyphen; U+2000 to U+207F; U+FEC0 to U+FEFF, for the
        // byte order mark.
        let hidden: usize = match (unit.byte, next) {
            (0..=0x20 | 0x7F, _) => 1,
            (0xC2, 0x80..=0xA0 | 0xAD) => 2,
            (0xE2, 0x80 | 0x81) | (0xEF, 0xBB) => 3,
            _ => 0,
        };
        gap |= unit.gap || hidden > 0;
        at = at.saturating_add(hidden.max(1));
        if hidden > 0 {
            continue;
        }
        if let Some(slot) = units.get_mut(kept) {
            *slot = Unit { gap, ..unit };
        }
        gap = false;
        kept = kept.saturating_add(1);
    }
    units.truncate(kept);
}

/// The number of encodings of [`decode`].
pub(super) const ENCODINGS: usize = 9;
/// The first of the four that are base64, by the number of characters that are skipped at the start of a run. Base64
/// also decodes ordinary words.
pub(super) const BASE64: usize = 5;

/// The result of decoding at a position: a character or one of the constants below, and the number of units it takes.
type Decoded = Option<(u32, usize)>;
const NOTHING: u32 = u32::MAX;
/// Added to a byte that may be part of a UTF-8 character.
const BYTE: u32 = 0x8000_0000;

/// Decodes one encoding. Returns `None` if the text has nothing in it.
///
/// 0 is percent, 1 entities, 2 JSON, 3 broken lines, 4 percent with `+` for a space, the others base64.
pub(super) fn decode(encoding: usize, units: &[Unit]) -> Option<Vec<Unit>> {
    if let Some(skip) = encoding.checked_sub(BASE64) {
        return base64(units, skip);
    }
    let mut out: Vec<Unit> = Vec::new();
    let mut rest = units;
    let mut changed = false;
    while let Some((first, behind)) = rest.split_first() {
        let decoded = match (encoding, first.byte) {
            // Only differs from 0 if there is a `+`.
            (4, b'+') => Some((NOTHING, 1)),
            (0 | 4, b'%') => hex(behind, 2).map(|byte| (byte | BYTE, 3)),
            (1, b'&') => entity(behind),
            (2, b'\\') => escape(behind),
            (3, b'<' | b'=') => broken(first.byte, behind),
            _ => None,
        };
        let Some((code, used)) = decoded else {
            out.push(*first);
            rest = behind;
            continue;
        };
        changed |= encoding != 4 || code == NOTHING;
        let (head, tail) = rest.split_at_checked(used).unwrap_or((rest, &[]));
        let end = head.last().map_or(first.end, |unit| unit.end);
        let mut utf8 = [code.to_le_bytes()[0], 0, 0, 0];
        let len = match char::from_u32(code) {
            Some(c) => c.encode_utf8(&mut utf8).len(),
            None => usize::from(code != NOTHING),
        };
        for byte in utf8.into_iter().take(len) {
            out.push(Unit {
                byte,
                end,
                ..*first
            });
        }
        rest = tail;
    }
    changed.then_some(out)
}

fn byte(units: &[Unit], at: usize) -> u8 {
    // 0xFF has no meaning in any of the encodings.
    units.get(at).map_or(0xFF, |unit| unit.byte)
}

/// Parses so many hexadecimal digits at the start.
fn hex(units: &[Unit], digits: usize) -> Option<u32> {
    let mut value = 0u32;
    for unit in units.get(..digits)? {
        value = value << 4 | char::from(unit.byte).to_digit(16)?;
    }
    Some(value)
}

/// `&amp;`, `&#43;`, `&#x2b;`
fn entity(units: &[Unit]) -> Decoded {
    if byte(units, 0) != b'#' {
        let names: [&[u8]; 5] = [b"amp;&", b"lt;<", b"gt;>", b"quot;\"", b"apos;'"];
        for name in names {
            let (meant, name) = name.split_last()?;
            if starts_with(units, name) {
                return Some((u32::from(*meant), name.len().saturating_add(1)));
            }
        }
        return None;
    }
    let radix = if byte(units, 1) | 0x20 == b'x' {
        16
    } else {
        10
    };
    let start = if radix == 16 { 2usize } else { 1 };
    let (mut code, mut at) = (0u32, start);
    while let Some(digit) = char::from(byte(units, at)).to_digit(radix) {
        code = code.saturating_mul(radix).saturating_add(digit);
        at = at.saturating_add(1);
    }
    let used = at
        .saturating_add(1)
        .saturating_add(usize::from(byte(units, at) == b';'));
    (at > start && code < BYTE).then_some((code, used))
}

/// `\"`, `\/`, `\n`, `\u002b`, `\x2b`
fn escape(units: &[Unit]) -> Decoded {
    let kind = byte(units, 0);
    let behind = units.get(1..).unwrap_or(&[]);
    Some(match kind | 0x20 {
        b'u' => {
            let first = hex(behind, 4)?;
            let low = behind.get(4..).filter(|low| starts_with(low, b"\\u"));
            match low.and_then(|low| hex(low.get(2..)?, 4)) {
                Some(second @ 0xDC00..=0xDFFF) if first & 0xFC00 == 0xD800 => {
                    let code = (first & 0x3FF) << 10 | second & 0x3FF;
                    (code.saturating_add(0x1_0000), 12)
                }
                _ => (first, 6),
            }
        }
        b'x' => (hex(behind, 2)?, 4),
        b'n' | b'r' | b't' | b'b' | b'f' => (NOTHING, 2),
        _ if kind.is_ascii_punctuation() => (u32::from(kind), 2),
        _ => return None,
    })
}

/// Matches `<br>`, and the `=` at the end of a line in quoted-printable. No other tags, since a secret may look like
/// one.
fn broken(first: u8, behind: &[Unit]) -> Decoded {
    if first == b'=' {
        return behind.first()?.gap.then_some((NOTHING, 1));
    }
    if starts_with(behind, b"br>") {
        return Some((NOTHING, 4));
    }
    starts_with(behind, b"br/>").then_some((NOTHING, 5))
}

/// Returns `true` if the units start with a text, in either case.
fn starts_with(units: &[Unit], text: &[u8]) -> bool {
    let mut at = 0usize;
    text.iter().all(|wanted| {
        at = at.saturating_add(1);
        byte(units, at.saturating_sub(1)).eq_ignore_ascii_case(wanted)
    })
}

/// Decodes base64 of either alphabet, without the first `skip` characters of each run: the echo may begin in the
/// middle of a group of four.
fn base64(units: &[Unit], skip: usize) -> Option<Vec<Unit>> {
    /// A shorter run is an ordinary word.
    const SHORT: usize = 8;
    let mut out: Vec<Unit> = Vec::new();
    let (mut run, mut seen, mut bits, mut held) = (0usize, 0usize, 0u32, 0u32);
    let mut before = 0u16;
    // One step more than there are units, to end the last run.
    for at in 0..=units.len() {
        let unit = units.get(at);
        let value = unit.and_then(|unit| sextet(unit.byte));
        let (Some(unit), Some(value)) = (unit, value) else {
            if out.len().saturating_sub(run) < SHORT {
                out.truncate(run);
            }
            (run, seen, held) = (out.len(), 0, 0);
            continue;
        };
        seen = seen.saturating_add(1);
        if seen <= skip {
            continue;
        }
        bits = bits << 6 | value;
        held = held.saturating_add(6);
        if held >= 8 {
            held = held.saturating_sub(8);
            out.push(Unit {
                byte: (bits >> held).to_le_bytes()[0],
                start: before,
                ..*unit
            });
        }
        before = unit.start;
    }
    (!out.is_empty()).then_some(out)
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte.wrapping_sub(b'A'),
        b'a'..=b'z' => byte.wrapping_sub(b'a' - 26),
        b'0'..=b'9' => byte.wrapping_add(52 - b'0'),
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}
