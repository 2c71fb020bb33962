//! Escaping: which characters of names (measurement, tag key, tag value, field key) and strings are
//! escaped, which are rejected.
//!
//! Three servers' parsers disagree about most unusual bytes; what stands here is the part they
//! agree on. Names (measurement, keys, tag values) escape `,` and space, and `=` except in the
//! measurement; string fields escape `"` and `\`. The refusals are listed at [`EncodeError`].
//!
//! Nearly every name is plain. So eight bytes are judged and copied at a time, and the first byte
//! that is not plain sends the whole name down the careful path. Eight of ASCII take the fewest steps. In a string what needs a backslash
//! is found eight bytes at a time as well.

use super::error::{EncodeError, Location, Part};
use super::slice_writer::SliceWriter;
use crate::FAST_PATHS;
use crate::swar::{HIGH, ONES, equal, first_below, first_equal};

/// Which name is being written: decides what is escaped, and names the place in an error.
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

/// Writes a name (UTF-8), escaped, or says why it is refused. The cursor may have moved on an error.
#[inline]
pub(super) fn name(
    cursor: &mut SliceWriter<'_>,
    bytes: &[u8],
    name: Name,
) -> Result<(), EncodeError> {
    // Most names are short and plain. These take no call.
    if FAST_PATHS && bytes.len() < 8 {
        let word = short_word(bytes);
        // Zeros are hits, but not those behind the text.
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

/// A string that is longer, or not plain, or that comes to the end of a buffer.
#[inline(never)]
fn any_string(cursor: &mut SliceWriter<'_>, text: &[u8]) -> Result<(), EncodeError> {
    let mut rest = text;
    if FAST_PATHS {
        let start = cursor.pos();
        let (read, written) = string_words(cursor.tail_mut(start), text);
        cursor.advance(written)?;
        rest = text.get(read..).unwrap_or_default();
    }
    // What is left is the end of the last eight bytes.
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

/// Space for eight bytes, eight backslashes and a word behind them that means nothing.
const WORD_CAPACITY: usize = 24;

/// Writes the whole words of a string's inside, as far as there is surely space. Says how many
/// bytes were read and how many written; what is left of `dest` behind them may be overwritten.
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

/// Puts the backslashes into a word of a string that begins the slot, and says how many.
#[inline]
fn put_backslashes(slot: &mut [u8; WORD_CAPACITY], word: u64) -> usize {
    let mut hits = equal(word, ONES * u64::from(b'"')) | equal(word, ONES * u64::from(b'\\'));
    let mut count = 0;
    while hits != 0 {
        let bits = hits.trailing_zeros() & 56;
        let at = (bits / 8) as usize + count;
        // The word again from that byte on, a place further: what is written last is right.
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

/// Escapes what a `Display` wrote raw from `start` on, in place, as a name.
pub(super) fn name_in_place(
    cursor: &mut SliceWriter<'_>,
    start: usize,
    name: Name,
) -> Result<(), EncodeError> {
    let escapes = check_name(cursor.written(start), name)?;
    escape_in_place(cursor, start, escapes, |byte| needs_escape(byte, name.part))
}

/// Escapes what a `Display` wrote raw from `start` on, in place, as the inside of a string.
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

/// Shifts the text right from its end, putting a backslash before each special byte.
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

/// A name that is longer, or not plain, or that comes to the end of a buffer.
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
    let all = dest.len();
    let mut slots = dest.iter_mut();
    let mut put = |byte| {
        if let Some(slot) = slots.next() {
            *slot = byte;
        }
    };
    let mut seen = 0;
    for &byte in text {
        let class = class(byte);
        seen |= class;
        // Names repeat from line to line, so the branch is foreseen.
        if class & escaped != 0 {
            put(b'\\');
        }
        put(byte);
    }
    let len = all.saturating_sub(slots.len());
    if seen & LOOK_CLOSER != 0 {
        look_closer(text, name)?;
    }
    cursor.advance(len)
}

/// (Apart, for it slows the loop before it.)
#[cold]
#[inline(never)]
fn look_closer(text: &[u8], name: Name) -> Result<(), EncodeError> {
    check_name(text, name).map(|_| ())
}

/// The same where there may be too little space for the worst case, or where code should be short.
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
                // The first byte of U+0080 to U+00BF, of which the first half are such, too.
                0xC2 => LOOK_CLOSER,
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
        // Nearly every byte is none of those, whatever follows it. (With the fast paths no byte of
        // an ordinary name comes here.)
        let harmless = !FAST_PATHS && !matches!(byte, 0..=0x1F | 0x7F | b'\\' | b'#' | 0xC2);
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

/// The code of the character at `at`, if that, with what follows it, is refused in a name of this part.
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
        // U+0080 to U+009F: InfluxDB 3 refuses them in the names of columns, and only there.
        [0xC2, code @ 0x80..=0x9F, ..] if is_key(part) => Some(*code),
        _ => None,
    }
}

/// Whether the name is that of a column in InfluxDB 3.
#[inline]
const fn is_key(part: Part) -> bool {
    matches!(part, Part::TagKey | Part::FieldKey)
}

/// Bytes that are plain everywhere.
const FILL: u64 = ONES * b'a' as u64;

/// Zero if all eight bytes are of ASCII and can go out in a name as they are, without a second look.
///
/// Of the bytes below `-` most can't, and the others are rare in names: one comparison for all.
#[inline]
const fn ascii_hits(word: u64) -> u64 {
    // The high bit is set in each byte that can't, and nothing is carried before the first of those.
    let below = word.wrapping_sub(ONES * b'-' as u64);
    let delete = word.wrapping_add(ONES);
    let equals = (word ^ (ONES * b'=' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (below | delete | equals | backslash | word) & HIGH
}

/// The same with other characters than those of ASCII. (Of a key those are looked at.)
#[inline]
const fn name_hits(word: u64) -> u64 {
    // No byte of a text is 0xFF, so nothing is carried from one to the next.
    let delete = word.wrapping_add(ONES) & !word;
    (first_below(word, b'-') | delete | first_equal(word, b'=') | first_equal(word, b'\\')) & HIGH
}

/// Zero if all eight bytes can go out in a string as they are.
#[inline]
const fn string_hits(word: u64) -> u64 {
    (first_equal(word, b'"') | first_equal(word, b'\\')) & HIGH
}

/// Copies a text of eight bytes or more if all of them are plain, and says so: its bytes, one over the other,
/// by whose high bits ASCII is recognised.
#[inline]
fn plain_words(dest: &mut [u8], text: &[u8]) -> Option<u64> {
    // The last eight bytes first, then whole words from the front: the two may overlap.
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

/// A text of up to seven bytes as a word, zeros behind it.
#[inline]
fn short_word(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        // Two halves that overlap.
        let [first, last] = [*first, *last].map(|half| u64::from(u32::from_le_bytes(half)));
        return first | last << ((text.len() * 8 - 32) & 63);
    }
    let bytes = text.iter().rev();
    bytes.fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
#[path = "tests/escape.rs"]
mod tests;
