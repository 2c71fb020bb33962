//! Fast path for splitting a record without quotes (SWAR, eight bytes at a time).
//!
//! Nearly every record is one line of bare cells. For those the state machine of csv-core is not
//! needed: eight bytes at a time are searched for delimiters, and the line is copied as a whole.
//! Everything else (quotes, a line that isn't complete yet, a lone CR) is left to csv-core, so
//! that every hard case is read by one parser only.

use crate::swar::{ONES, below, byte_of, equal};

/// A line found by [`split`].
pub(super) struct Line {
    /// Bytes of the line, delimiters included, line end excluded.
    pub(super) len: usize,
    /// Bytes to take from the input: the line and its end.
    pub(super) used: usize,
    /// Entries of `ends` that weren't needed.
    pub(super) spare: usize,
}

/// Finds the cells of the line at the start of `input`, from byte `from` on, and writes where each
/// ends.
///
/// `None` if csv-core has to look: a quote, no line end in sight, or more cells than `ends` holds.
#[inline]
pub(super) fn split(input: &[u8], from: usize, delimiter: u8, ends: &mut [usize]) -> Option<Line> {
    let delimiters = ONES * u64::from(delimiter);
    let mut slots = ends.iter_mut();
    let mut at = from;
    for chunk in input.get(from..)?.chunks_exact(8) {
        let word = u64::from_le_bytes(chunk.try_into().ok()?);
        let mut found = equal(word, delimiters);
        // CR, LF, the quote; and the blank and `!`, which are sorted out one by one.
        let mut rare = below(word, 0x23);
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

#[cfg(test)]
#[path = "tests/fast_split.rs"]
mod tests;
