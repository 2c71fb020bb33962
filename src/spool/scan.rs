//! Scans a segment for valid records, and resynchronizes after a torn or corrupt one. The meaning of a
//! torn tail is decided in `recovery`.
//!
//! Memory is one window of 64 KiB, however long the file or a record claims to be.

use super::format::{
    ChecksumSeed, HeaderError, MIN_RECORD, RECORD_MAGIC, RecordError, RecordHeader, SEGMENT_HEADER,
    SegmentHeader,
};
use super::fs::{FsFile, read_full};
use alloc::vec::Vec;
use std::io;

/// The size of the window in bytes.
pub(super) const WINDOW: usize = 64 << 10;
/// The limit of what is read of a segment, however long the file claims to be: twice the size of the
/// largest segment and the largest record.
pub(super) const MAX_FILE: u64 = 160 << 20;

/// A part of one file in memory.
#[derive(Debug, Default)]
pub(super) struct Window {
    buf: Vec<u8>,
    owner: Option<u64>,
    at: u64,
    len: usize,
}

/// The limits of a scan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) key: ChecksumSeed,
    /// The sequence number of its first record.
    pub(super) base: u64,
    /// The numbers of its records are below this one.
    pub(super) below: u64,
    /// The offset at which its bytes end.
    pub(super) end: u64,
}

/// A position in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) at: u64,
    /// The lowest number the next record may have.
    pub(super) next_seq: u64,
}

/// An item of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A record with a valid header. Its payload has not been checked, and the cursor is still at it.
    Record(RecordHeader),
    /// A number of bytes that are no record. The cursor is behind them.
    Damage(u64),
    /// The end.
    End,
}

impl Cursor {
    pub(super) fn start(base: u64) -> Self {
        Cursor {
            at: SEGMENT_HEADER as u64,
            next_seq: base,
        }
    }

    /// Moves behind a record.
    pub(super) fn pass(&mut self, header: &RecordHeader) {
        self.at = self.at.saturating_add(header.record_len());
        self.next_seq = header.seq.saturating_add(1);
    }

    /// Returns the next item of the segment.
    pub(super) fn step(
        &mut self,
        window: &mut Window,
        file: &dyn FsFile,
        bounds: &Bounds,
    ) -> io::Result<Step> {
        if self.at >= bounds.end {
            return Ok(Step::End);
        }
        if let Some(header) = self.header_at(self.at, window, file, bounds)? {
            return Ok(Step::Record(header));
        }
        let from = self.at;
        self.at = self.find_record(window, file, bounds)?;
        Ok(Step::Damage(self.at.saturating_sub(from)))
    }

    /// The offset of the next valid header behind the cursor, or the end.
    fn find_record(
        &self,
        window: &mut Window,
        file: &dyn FsFile,
        bounds: &Bounds,
    ) -> io::Result<u64> {
        // While headers are valid, the lengths in them lead from one record to the next. After damage no
        // length can be trusted, so this resynchronizes like a decoder of MPEG or Ogg streams: at the
        // next first byte of the magic behind which a whole header is valid. 0xF5 occurs in no UTF-8
        // text, so line protocol offers no false candidates, and a forged header fails its checksum.
        let mut at = self.at.saturating_add(1);
        while at < bounds.end {
            let bytes = window.bytes(file, bounds.end, at, 1)?;
            if bytes.is_empty() {
                break;
            }
            let Some(hit) = bytes.iter().position(|&b| b == RECORD_MAGIC[0]) else {
                at = at.saturating_add(bytes.len() as u64);
                continue;
            };
            at = at.saturating_add(hit as u64);
            if self.header_at(at, window, file, bounds)?.is_some() {
                return Ok(at);
            }
            at = at.saturating_add(1);
        }
        Ok(bounds.end)
    }

    /// The record header at an offset, if it is valid there.
    pub(super) fn header_at(
        &self,
        at: u64,
        window: &mut Window,
        file: &dyn FsFile,
        bounds: &Bounds,
    ) -> io::Result<Option<RecordHeader>> {
        // A header is read only as far as is needed to reject it. Its target may be longer than the
        // first bytes that were requested, so `decode` may ask for more, once.
        let mut need = MIN_RECORD;
        let header = loop {
            let bytes = window.bytes(file, bounds.end, at, need)?;
            match RecordHeader::decode(bounds.key, bytes) {
                Ok(header) => break header,
                Err(RecordError::NeedBytes(more)) if more > need && bytes.len() >= need => {
                    need = more;
                }
                Err(_) => return Ok(None),
            }
        };
        // Numbers rise by one from record to record, and a gap is a lost record, which had a place in the
        // file. So only as many numbers as records fit before this offset can precede it: a higher one is
        // forged or damaged, and would make the bit set of done numbers and the index allocate by it.
        let most = at.saturating_sub(SEGMENT_HEADER as u64) / MIN_RECORD as u64;
        let plausible = header.seq >= self.next_seq
            && header.seq < bounds.below
            && header.seq.saturating_sub(bounds.base) <= most
            && at.saturating_add(header.record_len()) <= bounds.end;
        Ok(plausible.then_some(header))
    }

    /// Returns `true` if the checksum of the payload at the cursor is valid.
    pub(super) fn payload_holds(
        &self,
        window: &mut Window,
        file: &dyn FsFile,
        bounds: &Bounds,
        header: &RecordHeader,
    ) -> io::Result<bool> {
        let mut at = self.at.saturating_add(header.payload_offset() as u64);
        let mut left = header.payload_len as usize;
        let mut crc = bounds.key.crc();
        while left > 0 {
            let bytes = window.bytes(file, bounds.end, at, 1)?;
            let piece = bytes.get(..left.min(bytes.len())).unwrap_or_default();
            if piece.is_empty() {
                return Ok(false);
            }
            crc.update(piece);
            at = at.saturating_add(piece.len() as u64);
            left = left.saturating_sub(piece.len());
        }
        Ok(crc.finalize() == header.payload_crc)
    }

    /// Reads the payload of the record at the cursor, and returns `true` if its checksum is valid.
    pub(super) fn read_payload(
        &self,
        file: &dyn FsFile,
        bounds: &Bounds,
        header: &RecordHeader,
        payload: &mut Vec<u8>,
    ) -> io::Result<bool> {
        let at = self.at.saturating_add(header.payload_offset() as u64);
        // The length is no claim: the header's checksum holds, and the file is as long.
        payload.resize(header.payload_len as usize, 0);
        let n = read_full(file, payload, at)?;
        payload.truncate(n);
        let whole = n == header.payload_len as usize;
        Ok(whole && bounds.key.checksum([&**payload]) == header.payload_crc)
    }

    /// The target of the record at the cursor.
    pub(super) fn target<'w>(
        &self,
        window: &'w mut Window,
        file: &dyn FsFile,
        bounds: &Bounds,
        header: &RecordHeader,
    ) -> io::Result<&'w [u8]> {
        let end = header.payload_offset();
        let bytes = window.bytes(file, bounds.end, self.at, end)?;
        Ok(bytes.get(super::format::RECORD_HEADER..end).unwrap_or(&[]))
    }
}

/// Reads and decodes the header of a segment file.
pub(super) fn read_header(file: &dyn FsFile) -> io::Result<Result<SegmentHeader, HeaderError>> {
    let mut head = [0; SEGMENT_HEADER];
    let n = read_full(file, &mut head, 0)?;
    Ok(SegmentHeader::decode(head.get(..n).unwrap_or_default()))
}

impl Window {
    /// Selects the file that the next bytes are from, and discards those of another.
    pub(super) fn select(&mut self, owner: u64) {
        if self.owner != Some(owner) {
            self.forget();
            self.owner = Some(owner);
        }
    }

    /// Discards the content.
    pub(super) fn forget(&mut self) {
        self.owner = None;
        self.len = 0;
    }

    /// The bytes from `at` on: at least `want` of them (at most [`WINDOW`]), unless `end` is nearer.
    pub(super) fn bytes(
        &mut self,
        file: &dyn FsFile,
        end: u64,
        at: u64,
        want: usize,
    ) -> io::Result<&[u8]> {
        self.bytes_of(file, end, at, want, WINDOW)
    }

    /// The same, but reads no more than `ahead` bytes from the file.
    pub(super) fn bytes_of(
        &mut self,
        file: &dyn FsFile,
        end: u64,
        at: u64,
        want: usize,
        ahead: usize,
    ) -> io::Result<&[u8]> {
        // The window holds the file's bytes `self.at .. self.at + self.len`. A request outside of it moves it
        // to begin at `at`; a scan goes forward, so nothing before that is needed again.
        let there = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
        let want = want.min(there).min(WINDOW);
        let held = self
            .at
            .saturating_add(self.len as u64)
            .saturating_sub(at)
            .min(self.len as u64);
        if at < self.at || held < want as u64 || held == 0 {
            self.len = 0;
            self.at = at;
            self.buf.resize(WINDOW, 0);
            let most = ahead.max(want).min(WINDOW).min(there);
            let part = self.buf.get_mut(..most).unwrap_or_default();
            self.len = read_full(file, part, at)?;
        }
        let from = usize::try_from(at.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let to = self.len.min(from.saturating_add(there));
        Ok(self.buf.get(from..to).unwrap_or(&[]))
    }
}
