//! Names and strings onto the wire: what is escaped, what is refused.
//!
//! Three servers' parsers disagree about most unusual bytes; what stands here is the part they
//! agree on. Names (measurement, keys, tag values) escape `,` and space, and `=` except in the
//! measurement; string fields escape `"` and `\`. The refusals are listed at [`EncodeError`].
//!
//! Nearly every name is plain. So eight bytes are judged and copied at a time, and the first byte
//! that is not plain sends the whole text down the careful path.

use super::cursor::Cursor;
use super::error::{EncodeError, Part, Place};
use crate::SHORTCUTS;

/// Which name is being written: decides what is escaped, and names the place in an error.
#[derive(Clone, Copy)]
pub(super) struct Name {
    pub(super) part: Part,
    pub(super) index: u16,
}

impl Name {
    fn at(self, offset: usize) -> Place {
        Place::new(self.part, self.index, offset)
    }
}

/// Writes a name, escaped, or says why it is refused. The cursor may have moved on an error.
#[inline]
pub(super) fn name(cursor: &mut Cursor<'_>, text: &str, name: Name) -> Result<(), EncodeError> {
    let start = cursor.pos();
    if copy_plain::<NameBytes>(cursor, text.as_bytes())? {
        return Ok(());
    }
    cursor.rewind(start);
    escaped_name(cursor, text.as_bytes(), name)
}

/// Writes the inside of a string field, escaped, without the quotes around it.
#[inline]
pub(super) fn string(cursor: &mut Cursor<'_>, text: &str) -> Result<(), EncodeError> {
    let mut rest = text.as_bytes();
    let start = cursor.pos();
    let room = cursor.tail_mut(start);
    let mut len = 0;
    while let Some(word) = rest.first_chunk::<8>() {
        let Some(slot) = room
            .get_mut(len..)
            .and_then(|room| room.first_chunk_mut::<8>())
        else {
            // Not the end yet: an escape less, and the rest may fit.
            break;
        };
        *slot = *word;
        let plain = StringBytes::plain_bytes(u64::from_le_bytes(*word));
        len += plain;
        rest = rest.get(plain..).unwrap_or_default();
        if plain < 8 {
            break_out(room, &mut len, &mut rest)?;
        }
    }
    cursor.advance(len)?;
    for &byte in rest {
        if !StringBytes::plain(byte) {
            cursor.put(b'\\')?;
        }
        cursor.put(byte)?;
    }
    Ok(())
}

/// Writes the byte `rest` begins with behind a backslash.
#[inline]
fn break_out(room: &mut [u8], len: &mut usize, rest: &mut &[u8]) -> Result<(), EncodeError> {
    let slot = room
        .get_mut(*len..)
        .and_then(|room| room.first_chunk_mut::<2>());
    if let (Some(slot), Some((&byte, tail))) = (slot, rest.split_first()) {
        *slot = [b'\\', byte];
        *len += 2;
        *rest = tail;
        return Ok(());
    }
    Err(EncodeError::BufferFull)
}

/// Escapes what a `Display` wrote raw from `start` on, in place, as a name.
pub(super) fn name_in_place(
    cursor: &mut Cursor<'_>,
    start: usize,
    name: Name,
) -> Result<(), EncodeError> {
    let escapes = check_name(cursor.written(start), name)?;
    escape_in_place(cursor, start, escapes, |byte| needs_escape(byte, name.part))
}

/// Escapes what a `Display` wrote raw from `start` on, in place, as the inside of a string.
pub(super) fn string_in_place(cursor: &mut Cursor<'_>, start: usize) -> Result<(), EncodeError> {
    let special = |byte| byte == b'"' || byte == b'\\';
    let escapes = cursor
        .written(start)
        .iter()
        .filter(|b| special(**b))
        .count();
    escape_in_place(cursor, start, escapes, special)
}

/// Shifts the text right from its end, putting a backslash before each special byte.
fn escape_in_place(
    cursor: &mut Cursor<'_>,
    start: usize,
    escapes: usize,
    special: impl Fn(u8) -> bool,
) -> Result<(), EncodeError> {
    if escapes == 0 {
        return Ok(());
    }
    let len = cursor.written(start).len();
    cursor.advance(escapes)?;
    let text = cursor.tail_mut(start);
    let (mut from, mut to) = (len, len + escapes);
    while from < to {
        from = from.saturating_sub(1);
        let byte = text.get(from).copied().unwrap_or_default();
        let backslash = special(byte).then_some(b'\\');
        for out in [Some(byte), backslash].into_iter().flatten() {
            to = to.saturating_sub(1);
            if let Some(slot) = text.get_mut(to) {
                *slot = out;
            }
        }
    }
    Ok(())
}

#[inline]
fn needs_escape(byte: u8, part: Part) -> bool {
    match byte {
        b',' | b' ' => true,
        b'=' => !matches!(part, Part::Measurement),
        _ => false,
    }
}

/// The path for a name with at least one byte that is not plain.
fn escaped_name(cursor: &mut Cursor<'_>, text: &[u8], name: Name) -> Result<(), EncodeError> {
    if !SHORTCUTS {
        return careful_name(cursor, text, name);
    }
    let escaped = match name.part {
        Part::Measurement => COMMA_SPACE,
        _ => COMMA_SPACE | EQUALS,
    };
    let start = cursor.pos();
    let room = cursor.tail_mut(start);
    let Some(room) = room.get_mut(..text.len().saturating_mul(2)) else {
        return careful_name(cursor, text, name);
    };
    let mut len = 0;
    let mut seen = 0;
    for &byte in text {
        let class = class(byte);
        seen |= class;
        // Names repeat from line to line, so the branch is foreseen.
        if class & escaped != 0 {
            if let Some(slot) = room.get_mut(len) {
                *slot = b'\\';
            }
            len += 1;
        }
        if let Some(slot) = room.get_mut(len) {
            *slot = byte;
        }
        len += 1;
    }
    if seen & LOOK_CLOSER != 0 {
        check_name(text, name)?;
    }
    cursor.advance(len)
}

/// The same where there may be too little room for the worst case.
#[cold]
fn careful_name(cursor: &mut Cursor<'_>, text: &[u8], name: Name) -> Result<(), EncodeError> {
    check_name(text, name)?;
    for &byte in text {
        if needs_escape(byte, name.part) {
            cursor.put(b'\\')?;
        }
        cursor.put(byte)?;
    }
    Ok(())
}

/// What a byte of a name may ask for.
const COMMA_SPACE: u8 = 1;
const EQUALS: u8 = 2;
/// Control characters are refused; `\` and `#` are in some company.
const LOOK_CLOSER: u8 = 4;

#[inline]
fn class(byte: u8) -> u8 {
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated by the compiler, which would say so"
    )]
    const CLASSES: [u8; 256] = {
        let mut classes = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            classes[byte] = match byte as u8 {
                b',' | b' ' => COMMA_SPACE,
                b'=' => EQUALS,
                0..=0x1F | 0x7F | b'\\' | b'#' => LOOK_CLOSER,
                _ => 0,
            };
            byte += 1;
        }
        classes
    };
    // A byte always has its place in 256.
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// The refusals of a name. `Ok` is the number of escapes it needs.
pub(super) fn check_name(text: &[u8], name: Name) -> Result<usize, EncodeError> {
    let mut escapes = 0;
    for (offset, &byte) in text.iter().enumerate() {
        if offends(text, offset, name.part) {
            return Err(match byte {
                b'\\' => EncodeError::Backslash(name.at(offset)),
                b'#' => EncodeError::StorageSeparator(name.at(offset)),
                _ => EncodeError::ControlCharacter(name.at(offset), byte),
            });
        }
        escapes += usize::from(needs_escape(byte, name.part));
    }
    Ok(escapes)
}

/// True if the byte at `at`, with what follows it, is refused in a name of this part.
#[inline]
pub(super) fn offends(text: &[u8], at: usize, part: Part) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    match rest {
        [0..=0x1F | 0x7F, ..] => true,
        [b'\\'] | [b'\\', b',' | b'=' | b' ' | b'"' | b'\\', ..] => true,
        // A field key may hold the storage separator: the server splits at the first one, and
        // the series key before it is clean.
        [b'#', b'!', b'~'] | [b'#', b'!', b'~', b'#', ..] => !matches!(part, Part::FieldKey),
        _ => false,
    }
}

/// Which bytes can go out as they are without a second look.
trait Plain {
    /// Says it of one byte.
    fn plain(byte: u8) -> bool;
    /// Says it of eight: zero if all of them are plain; else the lowest bit set is the high bit
    /// of the first that is not.
    fn hits(word: u64) -> u64;

    /// How many of the eight are plain before the first that is not.
    #[inline]
    fn plain_bytes(word: u64) -> usize {
        // 64 zeros, eight bytes, if there is no hit.
        (Self::hits(word).trailing_zeros() / 8) as usize
    }
}

struct NameBytes;
struct StringBytes;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of the first byte of `word` that equals `byte` (behind it, anything); zero if none
/// does.
#[inline]
const fn eq(word: u64, byte: u8) -> u64 {
    let x = word ^ (ONES * byte as u64);
    x.wrapping_sub(ONES) & !x
}

/// As [`eq`], for bytes below `n` (`n` ≤ 128).
#[inline]
const fn less(word: u64, n: u8) -> u64 {
    word.wrapping_sub(ONES * n as u64) & !word
}

impl Plain for NameBytes {
    #[inline]
    fn plain(byte: u8) -> bool {
        // The table is read where it saves time; without it goes 256 bytes smaller.
        match byte {
            _ if SHORTCUTS => class(byte) == 0,
            0..=b' ' | 0x7F | b',' | b'=' | b'\\' | b'#' => false,
            _ => true,
        }
    }

    #[inline]
    fn hits(w: u64) -> u64 {
        let hit = less(w, b' ' + 1) | eq(w, b',') | eq(w, b'=') | eq(w, b'\\') | eq(w, b'#');
        (hit | eq(w, 0x7F)) & HIGH
    }
}

impl Plain for StringBytes {
    #[inline]
    fn plain(byte: u8) -> bool {
        byte != b'"' && byte != b'\\'
    }

    #[inline]
    fn hits(w: u64) -> u64 {
        (eq(w, b'"') | eq(w, b'\\')) & HIGH
    }
}

/// Copies the text if every byte is plain and says so; else `false`, the cursor somewhere behind.
#[inline]
fn copy_plain<P: Plain>(cursor: &mut Cursor<'_>, text: &[u8]) -> Result<bool, EncodeError> {
    let room = cursor.reserve(text.len())?;
    if !SHORTCUTS {
        room.copy_from_slice(text);
        return Ok(text.iter().all(|byte| P::plain(*byte)));
    }
    // The last eight bytes first, then whole words from the front: the two may overlap.
    if let (Some(last), Some(slot)) = (text.last_chunk::<8>(), room.last_chunk_mut::<8>()) {
        if P::hits(u64::from_le_bytes(*last)) != 0 {
            return Ok(false);
        }
        *slot = *last;
        for (to, from) in room.chunks_exact_mut(8).zip(text.chunks_exact(8)) {
            if let (Some(to), Some(word)) = (to.first_chunk_mut::<8>(), from.first_chunk::<8>()) {
                if P::hits(u64::from_le_bytes(*word)) != 0 {
                    return Ok(false);
                }
                *to = *word;
            }
        }
        return Ok(true);
    }
    // Four to seven bytes make a word of two halves that overlap.
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        if let Some(slot) = room.first_chunk_mut::<4>() {
            *slot = *first;
        }
        if let Some(slot) = room.last_chunk_mut::<4>() {
            *slot = *last;
        }
        let word =
            u64::from(u32::from_le_bytes(*last)) << 32 | u64::from(u32::from_le_bytes(*first));
        return Ok(P::hits(word) == 0);
    }
    let mut plain = true;
    for (to, &byte) in room.iter_mut().zip(text) {
        *to = byte;
        plain &= P::plain(byte);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees<P: Plain>() {
        for byte in 0..=255u8 {
            for lane in 0..8 {
                for filler in [b'a', 0x80, 0xFF, b'-', b'!', b'<'] {
                    let mut bytes = [filler; 8];
                    bytes[lane] = byte;
                    let one_by_one = bytes.iter().take_while(|b| P::plain(**b)).count();
                    assert_eq!(
                        P::plain_bytes(u64::from_le_bytes(bytes)),
                        one_by_one,
                        "byte {byte:#x} in lane {lane} among {filler:#x}"
                    );
                }
            }
        }
    }

    #[test]
    fn eight_at_once_says_the_same_as_one_by_one() {
        agrees::<NameBytes>();
        agrees::<StringBytes>();
    }
}
