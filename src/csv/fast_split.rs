//! Fast path for splitting a record without quotes: SWAR, eight bytes at a time.
//!
//! Nearly every record is one line of bare cells, which needs no state machine. Eight bytes are loaded as a word;
//! [`equal`] sets the top bit of each byte that is a delimiter, and [`below`] that of each byte below `#`, which
//! has all that can end the line or change its meaning (LF 0x0A, CR 0x0D, the quote 0x22) and only two others
//! (the space and `!`). The bits are then taken one by one, from the lowest: `x & (x - 1)` clears it, and
//! `x & -x` isolates it. The line is copied as a whole, delimiters included.
//!
//! Everything else (a quote, an incomplete line, a CR without LF) is left to csv-core, so that only one parser
//! reads the hard cases.

use crate::swar::{ONES, below, byte_of, equal};

/// A line found by [`split`].
pub(super) struct Line {
    /// Bytes of the line, delimiters included, line end excluded.
    pub(super) len: usize,
    /// Bytes of the line and its end.
    pub(super) used: usize,
    /// Entries of `ends` that were not needed.
    pub(super) spare: usize,
}

/// Finds the cells of the line at the start of `input`, from byte `from` on, and writes the end of each.
///
/// Returns `None` if csv-core has to read it: it has a quote, more cells than `ends` has entries, or no line
/// end in this input.
#[inline]
pub(super) fn split(input: &[u8], from: usize, delimiter: u8, ends: &mut [usize]) -> Option<Line> {
    let delimiters = ONES * u64::from(delimiter);
    let mut slots = ends.iter_mut();
    let mut at = from;
    for chunk in input.get(from..)?.chunks_exact(8) {
        let word = u64::from_le_bytes(chunk.try_into().ok()?);
        let mut found = equal(word, delimiters);
        // CR, LF and the quote; also the space and `!`, which are cleared one by one.
        let mut rare = below(word, 0x23);
        while rare != 0 {
            let place = at + byte_of(rare);
            match *input.get(place)? {
                byte @ (b'\n' | b'\r') => {
                    // Only the delimiters below the lowest bit of `rare`, which is the line's end.
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
    // The last bytes of the input, fewer than eight.
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
        // csv-core decides about a CR that is the input's last byte or has no LF after it.
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
