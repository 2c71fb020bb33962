//! Escaping of names (measurement, tag key, tag value, field key) and strings, and rejection of what no
//! escape makes safe.
//!
//! The servers' parsers disagree about most unusual bytes; these rules are what they agree on. Names escape
//! `,` and space, and `=` except in the measurement; string fields escape `"` and `\`. What is rejected is
//! listed at [`EncodeError`].

// Nearly every name is plain, that is, needs no escape and no second look. So names are scanned and copied
// eight bytes at a time, by SWAR (see `crate::swar`): a few operations on a word of 64 bits mark the bytes
// that aren't plain.
//
//   name of up to 7 bytes ── plain ──> one store                                (`name`)
//         │ no                                                     (`any_name`, not inlined)
//         v
//   words of 8 bytes, the last one first ── all plain ──> copied                (`plain_words`)
//         │ no
//         v
//   byte by byte, by a table of classes ── no `\`, `#` or control ──> escaped
//         │ one of these
//         v
//   `check_name`, which looks at a byte and what follows it: the only place that rejects
//
// Where fast paths are off (without std), and where a name might not fit with all its escapes, it is checked
// and then copied byte by byte (`careful_name`).

use super::error::{EncodeError, Location, Part};
use super::slice_writer::SliceWriter;
use crate::FAST_PATHS;
use crate::swar::{HIGH, ONES, equal, first_below, first_equal};

/// The name that is written, which decides what is escaped, and its position for an error.
#[derive(Clone, Copy)]
pub(super) struct Name {
    pub(super) part: Part,
    pub(super) index: u16,
}

impl Name {
    fn at(self, offset: usize) -> Location {
        Location::new(self.part, self.index, offset)
    }
}

/// Writes a name (UTF-8), escaped. The cursor may have moved after an error.
#[inline]
pub(super) fn name(
    cursor: &mut SliceWriter<'_>,
    bytes: &[u8],
    name: Name,
) -> Result<(), EncodeError> {
    // Short plain names take no call.
    if FAST_PATHS && bytes.len() < 8 {
        let word = short_word(bytes);
        // A NUL isn't plain, but the zeros behind the text are no NULs.
        let filled = word | FILL << (bytes.len() * 8);
        let plain = match is_key(name.part) {
            true => ascii_hits(filled) == 0,
            false => name_hits(filled) == 0,
        };
        if plain && cursor.put_word(word, bytes.len()) {
            return Ok(());
        }
    }
    any_name(cursor, bytes, name)
}

/// Writes the inside of a string field (UTF-8), escaped, without the quotes around it.
#[inline]
pub(super) fn string(cursor: &mut SliceWriter<'_>, bytes: &[u8]) -> Result<(), EncodeError> {
    if FAST_PATHS && bytes.len() < 8 {
        let word = short_word(bytes);
        if string_hits(word) == 0 && cursor.put_word(word, bytes.len()) {
            return Ok(());
        }
    }
    any_string(cursor, bytes)
}

/// Writes any string: longer, not plain, or at the end of a buffer.
#[inline(never)]
fn any_string(cursor: &mut SliceWriter<'_>, text: &[u8]) -> Result<(), EncodeError> {
    let mut rest = text;
    if FAST_PATHS {
        let start = cursor.pos();
        let (read, written) = string_words(cursor.tail_mut(start), text);
        cursor.advance(written)?;
        rest = text.get(read..).unwrap_or_default();
    }
    // The rest is the end of the last eight bytes, which are loaded whole and shifted.
    if let (true, Some(last), 1..8) = (FAST_PATHS, text.last_chunk::<8>(), rest.len()) {
        let word = u64::from_le_bytes(*last) >> (64 - rest.len() * 8);
        if string_hits(word) == 0 && cursor.put_word(word, rest.len()) {
            return Ok(());
        }
    }
    for &byte in rest {
        if special_in_string(byte) {
            cursor.put(b'\\')?;
        }
        cursor.put(byte)?;
    }
    Ok(())
}

/// Eight bytes and eight backslashes, and as many as the last store of a word may write behind them.
const WORD_CAPACITY: usize = 24;

/// Writes the whole words of a string's inside while there is space for the worst case. Returns the number of
/// bytes read and written. `dest` behind them may be overwritten.
#[inline]
fn string_words(dest: &mut [u8], text: &[u8]) -> (usize, usize) {
    let (mut read, mut written) = (0, 0);
    for word in text.chunks_exact(8) {
        let dest = dest.get_mut(written..);
        let slot = dest.and_then(|dest| dest.first_chunk_mut::<WORD_CAPACITY>());
        let (Some(slot), Some(word)) = (slot, word.first_chunk::<8>()) else {
            break;
        };
        let word = u64::from_le_bytes(*word);
        put(slot, 0, word);
        if string_hits(word) != 0 {
            written += put_backslashes(slot, word);
        }
        read += 8;
        written += 8;
    }
    (read, written)
}

/// Inserts the backslashes into the word of a string that begins the slot, and returns their number.
#[inline]
fn put_backslashes(slot: &mut [u8; WORD_CAPACITY], word: u64) -> usize {
    let mut hits = equal(word, ONES * u64::from(b'"')) | equal(word, ONES * u64::from(b'\\'));
    let mut count = 0;
    while hits != 0 {
        let bits = hits.trailing_zeros() & 56;
        let at = (bits / 8) as usize + count;
        // A backslash over the byte, and behind it the word once more from that byte on. What this stores too
        // much is overwritten by the next round, or means nothing.
        if let Some(slot) = slot.get_mut(at) {
            *slot = b'\\';
        }
        put(slot, at + 1, word >> bits);
        count += 1;
        hits &= hits - 1;
    }
    count
}

#[inline]
fn put(slot: &mut [u8; WORD_CAPACITY], at: usize, word: u64) {
    let slot = slot.get_mut(at..);
    if let Some(slot) = slot.and_then(|slot| slot.first_chunk_mut::<8>()) {
        *slot = word.to_le_bytes();
    }
}

/// Escapes in place, as a name, what a `Display` wrote from `start` on.
pub(super) fn name_in_place(
    cursor: &mut SliceWriter<'_>,
    start: usize,
    name: Name,
) -> Result<(), EncodeError> {
    let escapes = check_name(cursor.written(start), name)?;
    escape_in_place(cursor, start, escapes, |byte| needs_escape(byte, name.part))
}

/// Escapes in place, as the inside of a string, what a `Display` wrote from `start` on.
pub(super) fn string_in_place(
    cursor: &mut SliceWriter<'_>,
    start: usize,
) -> Result<(), EncodeError> {
    let escapes = cursor
        .written(start)
        .iter()
        .filter(|b| special_in_string(**b))
        .count();
    escape_in_place(cursor, start, escapes, special_in_string)
}

#[inline]
fn special_in_string(byte: u8) -> bool {
    byte == b'"' || byte == b'\\'
}

/// Inserts a backslash before each special byte.
//
// From the end to the front, so that no byte is overwritten before it is moved, and only until the last
// backslash is in place: what is before it doesn't move.
fn escape_in_place(
    cursor: &mut SliceWriter<'_>,
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

/// Writes any name: longer, not plain, or at the end of a buffer.
#[inline(never)]
fn any_name(cursor: &mut SliceWriter<'_>, text: &[u8], name: Name) -> Result<(), EncodeError> {
    let escaped = match name.part {
        Part::Measurement => COMMA_SPACE,
        _ => COMMA_SPACE | EQUALS,
    };
    let start = cursor.pos();
    let dest = cursor.tail_mut(start);
    if dest.len() < text.len() {
        return Err(EncodeError::BufferFull);
    }
    let dest = dest.get_mut(..text.len().saturating_mul(2));
    let (true, Some(dest)) = (FAST_PATHS, dest) else {
        return careful_name(cursor, text, name);
    };
    if let Some(seen) = plain_words(dest, text) {
        if seen & HIGH != 0 && is_key(name.part) {
            look_closer(text, name)?;
        }
        return cursor.advance(text.len());
    }
    // Twice as many slots as bytes: none is missing.
    let all = dest.len();
    let mut rest = dest;
    let mut seen = 0;
    for &byte in text {
        let class = class(byte);
        seen |= class;
        // Names repeat from line to line, so the branch is predicted.
        if class & escaped != 0 {
            let Some(([first, second], behind)) =
                core::mem::take(&mut rest).split_first_chunk_mut()
            else {
                return Err(EncodeError::BufferFull);
            };
            (*first, *second) = (b'\\', byte);
            rest = behind;
        } else {
            let Some((first, behind)) = core::mem::take(&mut rest).split_first_mut() else {
                return Err(EncodeError::BufferFull);
            };
            *first = byte;
            rest = behind;
        }
    }
    let len = all.saturating_sub(rest.len());
    if seen & LOOK_CLOSER != 0 {
        look_closer(text, name)?;
    }
    cursor.advance(len)
}

/// (Not inlined: that slows the loop before it.)
#[cold]
#[inline(never)]
fn look_closer(text: &[u8], name: Name) -> Result<(), EncodeError> {
    check_name(text, name).map(|_| ())
}

/// Writes a name in little code, or where there may be too little space for the worst case.
#[cold]
fn careful_name(cursor: &mut SliceWriter<'_>, text: &[u8], name: Name) -> Result<(), EncodeError> {
    check_name(text, name)?;
    for &byte in text {
        if needs_escape(byte, name.part) {
            cursor.put(b'\\')?;
        }
        cursor.put(byte)?;
    }
    Ok(())
}

/// The classes of a name's bytes.
const COMMA_SPACE: u8 = 1;
const EQUALS: u8 = 2;
/// Control characters, which are rejected, and `\` and `#`, which are before some others.
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
                byte if may_offend(byte) => LOOK_CLOSER,
                _ => 0,
            };
            byte += 1;
        }
        classes
    };
    // In range: a byte is below 256.
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Checks a name. Returns the number of escapes it needs.
pub(super) fn check_name(text: &[u8], name: Name) -> Result<usize, EncodeError> {
    let mut escapes = 0;
    for (offset, &byte) in text.iter().enumerate() {
        // Spares most bytes the look at what follows. (With the fast paths no ordinary name comes here.)
        let harmless = !FAST_PATHS && !may_offend(byte);
        if let (false, Some(code)) = (harmless, offence(text, offset, name.part)) {
            return Err(match code {
                b'\\' => EncodeError::Backslash(name.at(offset)),
                b'#' => EncodeError::StorageSeparator(name.at(offset)),
                _ => EncodeError::ControlCharacter(name.at(offset), code),
            });
        }
        escapes += usize::from(needs_escape(byte, name.part));
    }
    Ok(escapes)
}

/// Returns `true` if [`offence`] may reject a character that begins with this byte. 0xC2 begins U+0080 to U+00BF, of
/// which the first half is control characters.
//
// Without a look at these bytes the fast paths take every byte that isn't ASCII for plain in a measurement and in the
// value of a tag (`name_hits`): a character of several bytes that is rejected there has to be found by them, too.
#[inline]
const fn may_offend(byte: u8) -> bool {
    matches!(byte, 0..=0x1F | 0x7F | b'\\' | b'#' | 0xC2)
}

/// Returns the code of the character at `at` if it is rejected, with what follows it, in a name of this part.
#[inline]
pub(super) fn offence(text: &[u8], at: usize, part: Part) -> Option<u8> {
    let rest = text.get(at..).unwrap_or_default();
    match rest {
        [code @ (0..=0x1F | 0x7F), ..] => Some(*code),
        [b'\\'] | [b'\\', b',' | b'=' | b' ' | b'"' | b'\\', ..] => Some(b'\\'),
        // A field key may hold the storage separator: the server splits at the first one, and
        // the series key before it is clean.
        [b'#', b'!', b'~'] | [b'#', b'!', b'~', b'#', ..] if !matches!(part, Part::FieldKey) => {
            Some(b'#')
        }
        // U+0080 to U+009F: InfluxDB 3 rejects them in the names of columns, and only there.
        [0xC2, code @ 0x80..=0x9F, ..] if is_key(part) => Some(*code),
        _ => None,
    }
}

/// Returns `true` if the name is that of a column in InfluxDB 3.
#[inline]
const fn is_key(part: Part) -> bool {
    matches!(part, Part::TagKey | Part::FieldKey)
}

/// Eight bytes that are plain everywhere.
const FILL: u64 = ONES * b'a' as u64;

/// Returns zero if all eight bytes are ASCII and plain in a name.
//
// Of the bytes below `-` most aren't plain (control characters, space, `#`, `,`), and the others are rare in
// names: one comparison for all. Above it are `=`, `\`, DEL and what isn't ASCII.
#[inline]
const fn ascii_hits(word: u64) -> u64 {
    // The high bit is set in each byte that isn't plain. Carries and borrows begin at such a byte, so they can
    // mark too many bytes behind the first, but none before it: zero stays exact.
    let below = word.wrapping_sub(ONES * b'-' as u64);
    let delete = word.wrapping_add(ONES);
    let equals = (word ^ (ONES * b'=' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (below | delete | equals | backslash | word) & HIGH
}

/// Returns zero if all eight bytes are plain in a tag value or a measurement. (In a key, bytes that aren't ASCII
/// need a second look, for U+0080 to U+009F.)
#[inline]
const fn name_hits(word: u64) -> u64 {
    // No byte of a text is 0xFF, so nothing is carried from one to the next.
    let delete = word.wrapping_add(ONES) & !word;
    (first_below(word, b'-') | delete | first_equal(word, b'=') | first_equal(word, b'\\')) & HIGH
}

/// Returns zero if no byte of a string needs a backslash.
#[inline]
const fn string_hits(word: u64) -> u64 {
    (first_equal(word, b'"') | first_equal(word, b'\\')) & HIGH
}

/// Copies a text of eight bytes or more if all of them are plain. Returns the OR of its words, whose high bits
/// tell whether all of it is ASCII.
#[inline]
fn plain_words(dest: &mut [u8], text: &[u8]) -> Option<u64> {
    // The last eight bytes first, then whole words from the front, which may overlap them: so no rest of less
    // than a word is left.
    let last = dest.get_mut(..text.len());
    let last = last.and_then(|dest| dest.last_chunk_mut::<8>());
    let (to, from) = (last?, text.last_chunk::<8>()?);
    let mut seen = u64::from_le_bytes(*from);
    if name_hits(seen) != 0 {
        return None;
    }
    *to = *from;
    for (to, from) in dest.chunks_exact_mut(8).zip(text.chunks_exact(8)) {
        if let (Some(to), Some(from)) = (to.first_chunk_mut::<8>(), from.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*from);
            if name_hits(word) != 0 {
                return None;
            }
            seen |= word;
            *to = *from;
        }
    }
    Some(seen)
}

/// Loads a text of up to seven bytes as a word, with zeros behind it.
#[inline]
fn short_word(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        // Two halves that overlap where both have the same bytes.
        let [first, last] = [*first, *last].map(|half| u64::from(u32::from_le_bytes(half)));
        return first | last << ((text.len() * 8 - 32) & 63);
    }
    let bytes = text.iter().rev();
    bytes.fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
#[path = "tests/escape.rs"]
mod tests;
