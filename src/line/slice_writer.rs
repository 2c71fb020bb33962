//! `SliceWriter`: a bounds-checked position in a byte slice, by which all bytes get into a buffer.

use super::error::EncodeError;
use crate::FAST_PATHS;

/// Writes into a slice from a position on; running out of space is [`EncodeError::BufferFull`].
pub(super) struct SliceWriter<'b> {
    buf: &'b mut [u8],
    pos: usize,
}

impl<'b> SliceWriter<'b> {
    /// `pos` may be past the end of `buf`, where there is no space.
    #[inline]
    pub(super) fn new(buf: &'b mut [u8], pos: usize) -> Self {
        SliceWriter { buf, pos }
    }

    #[inline]
    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    /// Goes back to an earlier position.
    #[inline]
    pub(super) fn rewind(&mut self, pos: usize) {
        debug_assert!(pos <= self.pos);
        self.pos = pos;
    }

    #[inline]
    pub(super) fn put(&mut self, byte: u8) -> Result<(), EncodeError> {
        let slot = self.buf.get_mut(self.pos).ok_or(EncodeError::BufferFull)?;
        *slot = byte;
        self.pos += 1;
        Ok(())
    }

    /// Returns the next `len` bytes for the caller to fill, and moves behind them.
    #[inline]
    pub(super) fn reserve(&mut self, len: usize) -> Result<&mut [u8], EncodeError> {
        let space = self
            .buf
            .get_mut(self.pos..)
            .and_then(|rest| rest.get_mut(..len))
            .ok_or(EncodeError::BufferFull)?;
        self.pos += len;
        Ok(space)
    }

    #[inline]
    pub(super) fn copy(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.reserve(bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    /// Copies a text that is nearly always shorter than 32 bytes, by a few moves of fixed size. (A call to memcpy
    /// costs more than moving so few bytes.)
    #[inline]
    pub(super) fn copy_short(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        let space = self.reserve(bytes.len())?;
        copy_overlapping(space, bytes);
        Ok(())
    }

    /// Writes the lowest `len` bytes of a word, the lowest first. Returns `false` if there is no space for all
    /// eight.
    #[inline]
    pub(super) fn put_word(&mut self, word: u64, len: usize) -> bool {
        debug_assert!(len <= 8);
        let space = self.buf.get_mut(self.pos..).unwrap_or_default();
        let Some(slot) = space.first_chunk_mut::<8>() else {
            return false;
        };
        // The bytes beyond `len` are overwritten later.
        *slot = word.to_le_bytes();
        self.pos += len;
        true
    }

    /// Returns the bytes written from `start` on.
    #[inline]
    pub(super) fn written(&self, start: usize) -> &[u8] {
        self.buf.get(start..self.pos).unwrap_or_default()
    }

    /// Returns the bytes written from `start` to `end`, or none if that is not a range.
    #[inline]
    pub(super) fn between(&self, start: usize, end: usize) -> &[u8] {
        self.written(start)
            .get(..end.wrapping_sub(start))
            .unwrap_or_default()
    }

    /// Returns the bytes from `start` on, with all the space behind them.
    #[inline]
    pub(super) fn tail_mut(&mut self, start: usize) -> &mut [u8] {
        self.buf.get_mut(start..).unwrap_or_default()
    }

    /// Moves over bytes that were written through [`tail_mut`](Self::tail_mut).
    #[inline]
    pub(super) fn advance(&mut self, len: usize) -> Result<(), EncodeError> {
        self.reserve(len).map(|_| ())
    }
}

/// Copies up to 32 bytes by two moves that may overlap. (The compiler makes a memcpy of a loop.)
#[inline]
fn copy_overlapping(to: &mut [u8], from: &[u8]) {
    debug_assert_eq!(to.len(), from.len());
    if !FAST_PATHS || from.len() > 32 {
        to.copy_from_slice(from);
    } else {
        let _ = ends::<16>(to, from)
            || ends::<8>(to, from)
            || ends::<4>(to, from)
            || ends::<2>(to, from)
            || ends::<1>(to, from);
    }
}

/// Copies the first `N` bytes and the last `N`. Returns `false` if there are fewer.
#[inline]
fn ends<const N: usize>(to: &mut [u8], from: &[u8]) -> bool {
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else {
        return false;
    };
    if let Some(slot) = to.first_chunk_mut::<N>() {
        *slot = *first;
    }
    if let Some(slot) = to.last_chunk_mut::<N>() {
        *slot = *last;
    }
    true
}

#[cfg(test)]
#[path = "tests/slice_writer.rs"]
mod tests;
