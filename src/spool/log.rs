//! A log of segments in a directory: appends to the newest, begins new ones, removes old ones.
//!
//! The invariants that an `Ok` relies on:
//! - Order of syncs: the header of a segment, then its directory entry, are on disk before its first
//!   record is written. Records are synced with `fdatasync`, which includes the file's length. A removal
//!   is not synced: if a power failure undoes it, the batches are delivered again.
//! - A record counts only when it is completely written and, if requested, synced. A partial one is a torn
//!   tail, see `recovery`.
//! - After any failure the descriptor is abandoned, and the append is attempted once more on a new segment.
//!   A failed sync is never repeated on the same file: the kernel may report the error once, mark the pages
//!   clean, and let the next sync succeed (PostgreSQL's "fsyncgate").
//! - A number identifies one batch: the second attempt has the number of the first, as the base of its
//!   segment, and recovery ignores records of the previous segment from this number on. If both attempts
//!   fail, the number is not used again.

use super::ack::MAX_SEQ;
use super::format::{Flags, RECORD_HEADER, RecordHeader, SEGMENT_HEADER, SegmentHeader};
use super::fs::{Access, Fs, FsFile, write_full};
use super::index::{Indexes, SegmentIndex};
use super::segment::{Segment, SyncState, footprint, name};
use super::stats::bump;
use crate::Precision;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::PathBuf;

/// Records up to this size are assembled in memory and written with one call.
const ONE_WRITE: usize = 64 << 10;

pub(super) struct Log {
    pub(super) fs: Arc<dyn Fs>,
    pub(super) dir: PathBuf,
    /// By base, oldest first; the active one is the last.
    pub(super) segments: VecDeque<Segment>,
    active: Option<Active>,
    /// The sealed segment that was read last.
    pub(super) reader: Option<(u64, Box<dyn FsFile>)>,
    pub(super) indexes: Indexes,
    pub(super) next_seq: u64,
    segment_bytes: u64,
    /// Segments are synced without a request.
    durable: bool,
    /// The directory has unsynced entries.
    pub(super) dir_dirty: bool,
    scratch: Vec<u8>,
    pub(super) counts: Counts,
}

/// The segment that is appended to.
struct Active {
    file: Box<dyn FsFile>,
    /// Batches since the last sync.
    unsynced: u64,
    /// A sync failed, so the state of all unsynced pages is unknown.
    sync_failed: bool,
}

/// Counters of a log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) bytes_written: u64,
    pub(super) syncs: u64,
    pub(super) poisoned: u64,
}

impl Counts {
    /// Counts the sync of a sealed segment, and returns its state after it.
    fn after_sync(&mut self, synced: &io::Result<()>) -> SyncState {
        bump(&mut self.syncs, 1);
        if synced.is_ok() {
            return SyncState::Clean;
        }
        bump(&mut self.poisoned, 1);
        SyncState::Failed
    }
}

/// A record to append.
#[derive(Clone, Copy)]
pub(super) struct NewRecord<'a> {
    /// The number of the target.
    pub(super) target: u32,
    pub(super) target_bytes: &'a [u8],
    pub(super) flags: Flags,
    pub(super) precision: Precision,
    pub(super) points: u32,
    /// The payload in pieces.
    pub(super) payload: [&'a [u8]; 3],
    /// Unix seconds, for the header of a new segment.
    pub(super) now: u64,
    /// The record has to be synced.
    pub(super) sync: bool,
}

impl NewRecord<'_> {
    pub(super) fn payload_len(&self) -> usize {
        self.payload
            .iter()
            .fold(0, |sum: usize, piece| sum.saturating_add(piece.len()))
    }

    pub(super) fn record_len(&self) -> u64 {
        (RECORD_HEADER as u64)
            .saturating_add(self.target_bytes.len() as u64)
            .saturating_add(self.payload_len() as u64)
    }
}

impl Log {
    pub(super) fn new(fs: Arc<dyn Fs>, dir: PathBuf, segment_bytes: u64, durable: bool) -> Self {
        Log {
            fs,
            dir,
            segments: VecDeque::new(),
            active: None,
            reader: None,
            indexes: Indexes::default(),
            next_seq: 1,
            segment_bytes,
            durable,
            dir_dirty: false,
            scratch: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Appends a record and returns its number. After an error nothing counts as written.
    pub(super) fn append(&mut self, record: &NewRecord<'_>) -> io::Result<u64> {
        self.try_append(record).or_else(|_| {
            self.poison();
            self.try_append(record).inspect_err(|_| self.poison())
        })
    }

    fn try_append(&mut self, record: &NewRecord<'_>) -> io::Result<u64> {
        let len = record.record_len();
        if !self.fits(len) {
            self.rotate(record.now)?;
        }
        let seq = self.next_seq;
        if seq >= MAX_SEQ {
            return Err(io::Error::other("sequence numbers are used up"));
        }
        // Advanced before the write: `poison` gives the number back only if a new segment will use it.
        self.next_seq = seq.saturating_add(1);
        let (Some(active), Some(segment)) = (&mut self.active, self.segments.back_mut()) else {
            return Err(io::Error::other("no segment to write to"));
        };
        // A file that was deleted still accepts writes, which are lost when the process ends.
        if !active.file.status()?.linked {
            return Err(io::ErrorKind::NotFound.into());
        }
        write_record(active, segment, seq, record, &mut self.scratch)?;
        if record.sync {
            bump(&mut self.counts.syncs, 1);
            active.sync()?;
        } else {
            bump(&mut active.unsynced, 1);
        }
        // A second owner may have read the directory before this record was there.
        self.fs.still_owned()?;
        bump(&mut segment.len, len);
        segment.end_seq = self.next_seq;
        let payload_len = u32::try_from(record.payload_len()).unwrap_or(u32::MAX);
        segment.add(record.target, seq, record.points, payload_len);
        bump(&mut self.counts.bytes_written, len);
        Ok(seq)
    }

    /// Returns `true` if the active segment has space for a record of this length. A record that is too
    /// long for any segment gets its own.
    fn fits(&self, len: u64) -> bool {
        let Some(segment) = self.segments.back().filter(|_| self.active.is_some()) else {
            return false;
        };
        segment.len.saturating_add(len) <= self.segment_bytes
    }

    /// Seals the active segment and creates a new one.
    fn rotate(&mut self, now: u64) -> io::Result<()> {
        self.seal();
        let base = self.next_seq;
        let header = SegmentHeader {
            base_seq: base,
            salt: salt(),
            created: now,
        };
        let path = self.path(base);
        let created = self.fs.create(&path).and_then(|file| {
            if let Err(e) = self.begin(&*file, &header) {
                drop(file);
                // It holds no record. If this fails, the next open removes it.
                let _ = self.fs.remove(&path);
                return Err(e);
            }
            Ok(file)
        });
        let file = created.inspect_err(|_| self.next_seq = base.saturating_add(1))?;
        self.dir_dirty |= !self.durable;
        self.segments.push_back(Segment::new(base, header.key()));
        self.active = Some(Active {
            file,
            unsynced: 0,
            sync_failed: false,
        });
        Ok(())
    }

    fn begin(&mut self, file: &dyn FsFile, header: &SegmentHeader) -> io::Result<()> {
        // The file before its directory: a name that survives a power failure then has a valid header, so
        // recovery can tell an unused segment from a damaged one. And the directory before the first `Ok`:
        // the `fdatasync` of a record doesn't cover the entry that leads to the file.
        let bytes = header.encode();
        write_full(file, &bytes, 0)?;
        bump(&mut self.counts.bytes_written, bytes.len() as u64);
        if self.durable {
            bump(&mut self.counts.syncs, 2);
            file.sync()?;
            self.fs.sync_dir(&self.dir)?;
        }
        Ok(())
    }

    /// Ends the active segment. Syncs its unsynced batches if the log is durable.
    pub(super) fn seal(&mut self) {
        let Some(mut active) = self.active.take() else {
            return;
        };
        if active.unsynced == 0 {
            return;
        }
        let state = match self.durable {
            true => self.counts.after_sync(&active.sync()),
            false => SyncState::Dirty,
        };
        self.set_newest(state);
    }

    /// Abandons the active segment after a failure. Its complete records can still be read.
    fn poison(&mut self) {
        let Some(Active {
            file,
            unsynced,
            sync_failed,
        }) = self.active.take()
        else {
            return;
        };
        let (valid, end_seq) = self.segments.back().map_or((0, 0), |s| (s.len, s.end_seq));
        // Not required: nothing behind the end is read, and recovery skips it.
        let _ = file.set_len(valid);
        drop(file);
        bump(&mut self.counts.poisoned, 1);
        if self.segments.back().is_some_and(|s| s.base < end_seq) {
            // The next segment begins with the number that failed. Recovery ignores a partial record
            // of that number here, since the numbers of a segment end where the next one begins.
            self.next_seq = end_seq;
            match sync_failed {
                _ if unsynced == 0 => {}
                true => self.set_newest(SyncState::Failed),
                false => self.set_newest(SyncState::Dirty),
            }
        } else {
            // Without a record the segment is removed. Its number is skipped: if the removal fails, the
            // name is taken, possibly by a partial record.
            self.remove(self.segments.len().saturating_sub(1));
        }
    }

    fn set_newest(&mut self, state: SyncState) {
        if let Some(segment) = self.segments.back_mut() {
            segment.sync = state;
        }
    }

    pub(super) fn is_durable(&self) -> bool {
        self.durable
    }

    /// The number of batches that were appended to the active segment since its last sync.
    pub(super) fn unsynced(&self) -> u64 {
        self.active.as_ref().map_or(0, |active| active.unsynced)
    }

    /// Returns `true` if the sync of a sealed segment failed.
    pub(super) fn has_failed(&self) -> bool {
        self.first_failed().is_some()
    }

    /// Returns `true` if anything may not have reached the disk.
    pub(super) fn has_unsynced(&self) -> bool {
        let clean = |s: &Segment| s.sync == SyncState::Clean;
        self.unsynced() > 0 || !self.segments.iter().all(clean)
    }

    /// Syncs each file that needs it, once. Failures are marked for [`rewrite`](super::rewrite).
    pub(super) fn sync_files(&mut self) {
        if self.unsynced() > 0 {
            bump(&mut self.counts.syncs, 1);
            if self.active.as_mut().is_some_and(|a| a.sync().is_err()) {
                self.poison();
            }
        }
        // A sealed segment with unsynced batches is synced through a new descriptor. That works because the
        // kernel keeps dirty pages by file, not by descriptor, and no sync of it has failed yet.
        for index in 0..self.segments.len() {
            let dirty = |s: &&Segment| s.sync == SyncState::Dirty;
            let Some(base) = self.segments.get(index).filter(dirty).map(|s| s.base) else {
                continue;
            };
            let file = self.fs.open(&self.path(base), Access::Write);
            let synced = file.and_then(|file| file.sync());
            let state = self.counts.after_sync(&synced);
            if let Some(segment) = self.segments.get_mut(index) {
                segment.sync = state;
            }
        }
    }

    /// Syncs the directory if it has new entries.
    pub(super) fn sync_names(&mut self) -> io::Result<()> {
        if self.dir_dirty {
            bump(&mut self.counts.syncs, 1);
            self.fs.sync_dir(&self.dir)?;
            self.dir_dirty = false;
        }
        Ok(())
    }

    /// Returns a file to read a segment from.
    pub(super) fn file(&mut self, base: u64) -> io::Result<&dyn FsFile> {
        self.reading(base).map(|(file, _)| file)
    }

    /// Returns a file to read a segment from, and its index.
    pub(super) fn reading(&mut self, base: u64) -> io::Result<(&dyn FsFile, &mut SegmentIndex)> {
        let is_active = self.segments.back().is_some_and(|s| s.base == base);
        let index = self.indexes.of(base);
        if let Some(active) = self.active.as_ref().filter(|_| is_active) {
            return Ok((&*active.file, index));
        }
        let file = match self.reader.take() {
            Some((of, file)) if of == base => file,
            _ => self.fs.open(&self.dir.join(name(base)), Access::Read)?,
        };
        Ok((&*self.reader.insert((base, file)).1, index))
    }

    /// Finds the segment with this base.
    pub(super) fn segment_of(&mut self, base: u64) -> Option<&mut Segment> {
        let at = self.segments.binary_search_by_key(&base, |s| s.base).ok()?;
        self.segments.get_mut(at)
    }

    /// Finds the index of the segment that contains a number.
    pub(super) fn index_of(&self, seq: u64) -> Option<usize> {
        let after = self.segments.partition_point(|s| s.base <= seq);
        let index = after.checked_sub(1)?;
        let segment = self.segments.get(index)?;
        (seq < segment.end_seq).then_some(index)
    }

    pub(super) fn is_active(&self, index: usize) -> bool {
        self.active.is_some() && index.saturating_add(1) == self.segments.len()
    }

    /// Removes a segment and its file.
    pub(super) fn remove(&mut self, index: usize) -> Option<Segment> {
        if self.is_active(index) {
            self.active = None;
        }
        let segment = self.segments.remove(index)?;
        self.reader.take_if(|(base, _)| *base == segment.base);
        self.indexes.forget(segment.base);
        // If this fails, the batches are found and delivered again after the next open.
        let _ = self.fs.remove(&self.path(segment.base));
        Some(segment)
    }

    /// The disk space of all segments, as `max_bytes` counts it.
    pub(super) fn footprint(&self) -> u64 {
        self.segments.iter().fold(0, |sum: u64, segment| {
            sum.saturating_add(segment.footprint())
        })
    }

    /// The same with one more record of this length.
    pub(super) fn footprint_with(&self, len: u64) -> u64 {
        let now = self.footprint();
        match self.segments.back() {
            Some(last) if self.fits(len) => now
                .saturating_sub(last.footprint())
                .saturating_add(footprint(last.len.saturating_add(len))),
            _ => now.saturating_add(footprint(len.saturating_add(SEGMENT_HEADER as u64))),
        }
    }

    pub(super) fn path(&self, base: u64) -> PathBuf {
        self.dir.join(name(base))
    }
}

impl Active {
    fn sync(&mut self) -> io::Result<()> {
        let result = self.file.sync();
        self.sync_failed |= result.is_err();
        if result.is_ok() {
            self.unsynced = 0;
        }
        result
    }
}

/// Writes a record behind the end of the segment, and counts nothing.
fn write_record(
    active: &Active,
    segment: &Segment,
    seq: u64,
    record: &NewRecord<'_>,
    scratch: &mut Vec<u8>,
) -> io::Result<()> {
    let too_long = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let header = RecordHeader {
        payload_len: u32::try_from(record.payload_len()).map_err(too_long)?,
        seq,
        target_len: u16::try_from(record.target_bytes.len()).map_err(too_long)?,
        flags: record.flags,
        precision: record.precision,
        points: record.points,
        payload_crc: segment.key.checksum(record.payload),
    };
    // One write for small records: a system call for each piece would triple the cost, and a single write
    // is the least likely to be torn. Large payloads are not copied.
    scratch.clear();
    scratch.extend_from_slice(&header.encode(segment.key, record.target_bytes));
    scratch.extend_from_slice(record.target_bytes);
    let mut at = segment.len;
    for piece in record.payload {
        if scratch.len().saturating_add(piece.len()) > ONE_WRITE {
            write_full(&*active.file, scratch, at)?;
            at = at.saturating_add(scratch.len() as u64);
            scratch.clear();
            write_full(&*active.file, piece, at)?;
            at = at.saturating_add(piece.len() as u64);
        } else {
            scratch.extend_from_slice(piece);
        }
    }
    write_full(&*active.file, scratch, at)
}

/// A number that can't be guessed by a sender of data: the keys of the standard library's hash maps are
/// random.
pub(super) fn salt() -> u64 {
    RandomState::new().build_hasher().finish()
}
