//! How the buffers of `Rows` and `PlainRows` are filled and grow.

use alloc::vec::Vec;
use std::io::{self, Read};

/// Default limit of a table's description and one record.
pub(crate) const MAX_RECORD_BYTES: usize = 16 << 20;
pub(super) const MAX_COLUMNS: usize = 4096;
pub(super) const INPUT_BYTES: usize = 16 << 10;
pub(super) const FIRST_TEXT: usize = 1024;
/// Up to this length the text buffer doubles. Doubling keeps the old buffer until the new one is filled,
/// which takes up to three times the memory of the record; so a record that needs more gets the default
/// limit at once (or its own limit, if that is less), and the system provides only the pages it touches.
const DOUBLED: usize = 128 << 10;

/// Reads once; a read that a signal interrupts is repeated.
pub(super) fn fill(reader: &mut impl Read, space: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(space) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done.map(|bytes| bytes.min(space.len())),
        }
    }
}

/// Makes the text buffer longer; returns `false` if it has reached its limit.
pub(super) fn grow_text(text: &mut Vec<u8>, max: usize) -> bool {
    let len = text.len();
    let mut larger = len.saturating_mul(2).max(FIRST_TEXT);
    if len >= DOUBLED {
        larger = larger.max(MAX_RECORD_BYTES);
    }
    let larger = larger.min(max);
    if larger <= len {
        return false;
    }
    // Not `resize`: `vec![0; n]` gets zeroed pages from the system, which take no memory until they are
    // touched.
    let mut new = alloc::vec![0; larger];
    if let Some(start) = new.get_mut(..len) {
        start.copy_from_slice(text);
    }
    *text = new;
    true
}

/// Makes the buffer of cell ends longer; returns `false` if it has reached its limit.
pub(super) fn grow_ends(ends: &mut Vec<usize>, max: usize) -> bool {
    let larger = ends.len().saturating_mul(2).max(64).min(max);
    if larger <= ends.len() {
        return false;
    }
    ends.resize(larger, 0);
    true
}
