//! The quick way through a record without quotes.
//!
//! Nearly every record is one line of bare cells. For those the state machine of csv-core is not
//! needed: eight bytes at a time are searched for delimiters, and the line is copied as a whole.
//! Everything else (quotes, a line that isn't complete yet, a lone CR) is left to csv-core, so
//! that every hard case is read by one parser only.

use crate::FAST_PATHS;

/// A line found by [`split`].
pub(super) struct Line {
    /// Bytes of the line, delimiters included, line end excluded.
    pub(super) len: usize,
    /// Bytes to take from the input: the line and its end.
    pub(super) used: usize,
    /// Entries of `ends` that weren't needed.
    pub(super) spare: usize,
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Finds the cells of the line at the start of `input`, from byte `from` on, and writes where each
/// ends.
///
/// `None` if csv-core has to look: a quote, no line end in sight, or more cells than `ends` holds.
#[inline]
pub(super) fn split(input: &[u8], from: usize, delimiter: u8, ends: &mut [usize]) -> Option<Line> {
    let delimiters = LOW * u64::from(delimiter);
    let mut slots = ends.iter_mut();
    let mut at = from;
    let words = if FAST_PATHS { input.get(from..)? } else { &[] };
    for chunk in words.chunks_exact(8) {
        let word = u64::from_le_bytes(chunk.try_into().ok()?);
        let mut found = equal(word, delimiters);
        let mut rare = below_0x23(word);
        while rare != 0 {
            let place = at + byte_of(rare);
            match *input.get(place)? {
                byte @ (b'\n' | b'\r') => {
                    // The delimiters before the line's end.
                    found &= (rare & rare.wrapping_neg()) - 1;
                    while found != 0 {
                        *slots.next()? = at + byte_of(found);
                        found &= found - 1;
                    }
                    *slots.next()? = place;
                    return line(input, place, byte, slots.len());
                }
                b'"' => return None,
                _ => rare &= rare - 1,
            }
        }
        while found != 0 {
            *slots.next()? = at + byte_of(found);
            found &= found - 1;
        }
        at += 8;
    }
    // The last bytes of the piece, one by one.
    for (place, &byte) in input.iter().enumerate().skip(at) {
        match byte {
            b'\n' | b'\r' => {
                *slots.next()? = place;
                return line(input, place, byte, slots.len());
            }
            b'"' => return None,
            _ if byte == delimiter => *slots.next()? = place,
            _ => {}
        }
    }
    None
}

/// The line that ends at `place`; `spare` entries were left unused.
#[inline]
fn line(input: &[u8], place: usize, byte: u8, spare: usize) -> Option<Line> {
    let used = match byte {
        b'\n' => place + 1,
        // A CR that is the piece's last byte, or stands alone, is not ours to judge.
        _ if *input.get(place + 1)? == b'\n' => place + 2,
        _ => return None,
    };
    Some(Line {
        len: place,
        used,
        spare,
    })
}

/// Which byte of a word the lowest mark is in.
#[inline]
fn byte_of(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// 0x80 in every byte that equals the one repeated in `pattern`.
#[inline]
fn equal(word: u64, pattern: u64) -> u64 {
    let difference = word ^ pattern;
    let low = (difference & !HIGH) + !HIGH;
    !(low | difference) & HIGH
}

/// 0x80 in every byte below 0x23: CR, LF, the quote; and the blank and `!`, which are sorted out
/// one by one.
#[inline]
fn below_0x23(word: u64) -> u64 {
    let low = (word & !HIGH) + LOW * (0x80 - 0x23);
    !(low | word) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn cells(input: &[u8]) -> Option<(Vec<usize>, usize, usize)> {
        let mut ends = [0; 16];
        let line = split(input, 0, b',', &mut ends)?;
        Some((ends[..16 - line.spare].to_vec(), line.len, line.used))
    }

    #[test]
    fn masks_are_exact_for_every_byte_in_every_place() {
        for byte in 0..=255_u8 {
            for place in 0..8 {
                for other in [0, 0x22, 0x23, b',', 0x7F, 0x80, 0xFF] {
                    let mut bytes = [other; 8];
                    bytes[place] = byte;
                    let word = u64::from_le_bytes(bytes);
                    let expect = |hit: fn(u8) -> bool| {
                        u64::from_le_bytes(bytes.map(|byte| if hit(byte) { 0x80 } else { 0 }))
                    };
                    assert_eq!(equal(word, LOW * u64::from(b',')), expect(|b| b == b','));
                    assert_eq!(below_0x23(word), expect(|b| b < 0x23));
                }
            }
        }
    }

    #[test]
    fn lines_are_split_where_csv_core_would() {
        assert_eq!(cells(b",,0,1.5\r\n"), Some((std::vec![0, 1, 3, 7], 7, 9)));
        assert_eq!(cells(b",,0,1.5\nmore"), Some((std::vec![0, 1, 3, 7], 7, 8)));
        assert_eq!(
            cells(b",,0,two words and ! more,x\r\n,"),
            Some((std::vec![0, 1, 3, 24, 26], 26, 28))
        );
    }

    #[test]
    fn everything_else_is_left_to_csv_core() {
        for input in [
            &b""[..],
            b",,0,1.5",
            b",,0,1.5\r",
            b",,0,\"quoted\"\r\n",
            b",,0,1.5\r,,1,2.5\r\n",
        ] {
            assert_eq!(cells(input), None);
        }
        assert!(split(b",,,,,\r\n", 0, b',', &mut [0; 3]).is_none());
    }
}
