//! Segments in a directory: appending to the newest, beginning another, removing old ones.
//!
//! The rules that make `Ok` mean something:
//! - a segment's header, and its directory entry, are on the disk before its first record is
//!   written;
//! - a record counts only when all of it is written and, if asked for, synced;
//! - after any failure the descriptor is given up and the attempt made once more, on a new segment. A
//!   failed sync is never repeated on the same descriptor: the kernel may report it once, forget the
//!   pages, and call the next sync a success;
//! - a number stands for one batch: the second attempt has the number of the first, as the base of its
//!   segment, and recovery looks at no record of the segment before that has this number or a later
//!   one. If both fail, the number is not used again.

use super::ack::MAX_SEQ;
use super::format::{Flags, RECORD_HEADER, RecordHeader, SEGMENT_HEADER, SegmentHeader};
use super::fs::{Access, Fs, FsFile, write_full};
use super::index::{Indexes, SegmentIndex};
use super::segment::{Segment, SyncState, footprint, name};
use crate::Precision;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::PathBuf;

/// Records up to this size are put together in memory and written in one call.
const ONE_WRITE: usize = 64 << 10;

pub(super) struct Log {
    pub(super) fs: Arc<dyn Fs>,
    pub(super) dir: PathBuf,
    /// By base, oldest first; the active one is the last.
    pub(super) segments: VecDeque<Segment>,
    active: Option<Active>,
    /// The last older segment that was read from.
    pub(super) reader: Option<(u64, Box<dyn FsFile>)>,
    indexes: Indexes,
    pub(super) next_seq: u64,
    segment_bytes: u64,
    /// Whether anything is synced unless asked for.
    durable: bool,
    /// The directory has entries that were not synced.
    pub(super) dir_dirty: bool,
    scratch: Vec<u8>,
    pub(super) counts: Counts,
}

/// The segment that is being written to.
struct Active {
    file: Box<dyn FsFile>,
    /// Batches since the last sync.
    unsynced: u64,
    /// A sync failed: this descriptor and these pages are good for nothing more.
    sync_failed: bool,
}

/// What the log did, and what befell it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) bytes_written: u64,
    pub(super) syncs: u64,
    pub(super) poisoned: u64,
}

/// A record to be.
#[derive(Clone, Copy)]
pub(super) struct NewRecord<'a> {
    /// The target as the segments' shares know it.
    pub(super) target: u32,
    pub(super) target_bytes: &'a [u8],
    pub(super) flags: Flags,
    pub(super) precision: Precision,
    pub(super) points: u32,
    /// The payload in pieces.
    pub(super) payload: [&'a [u8]; 3],
    /// Unix seconds, if a segment is begun.
    pub(super) now: u64,
    /// Whether it has to be on the disk.
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

    /// Writes a record; its number. On an error nothing counts as written.
    pub(super) fn append(&mut self, draft: &NewRecord<'_>) -> io::Result<u64> {
        match self.try_append(draft) {
            Ok(seq) => Ok(seq),
            Err(_) => {
                self.poison();
                self.try_append(draft).inspect_err(|_| self.poison())
            }
        }
    }

    fn try_append(&mut self, draft: &NewRecord<'_>) -> io::Result<u64> {
        let len = draft.record_len();
        if !self.fits(len) {
            self.rotate(draft.now)?;
        }
        let seq = self.next_seq;
        if seq >= MAX_SEQ {
            return Err(io::Error::other("sequence numbers are used up"));
        }
        self.next_seq = seq.saturating_add(1);
        let (Some(active), Some(segment)) = (&mut self.active, self.segments.back_mut()) else {
            return Err(io::Error::other("no segment to write to"));
        };
        // A segment that somebody removed takes bytes as before, and they are lost with the process.
        if !active.file.status()?.linked {
            return Err(io::ErrorKind::NotFound.into());
        }
        write_record(active, segment, seq, draft, &mut self.scratch)?;
        if draft.sync {
            self.counts.syncs = self.counts.syncs.saturating_add(1);
            active.sync()?;
        } else {
            active.unsynced = active.unsynced.saturating_add(1);
        }
        // Another owner that came before this would not know of the record.
        self.fs.still_owned()?;
        segment.len = segment.len.saturating_add(len);
        segment.end_seq = self.next_seq;
        let payload_len = u32::try_from(draft.payload_len()).unwrap_or(u32::MAX);
        segment.add(draft.target, seq, draft.points, payload_len);
        self.counts.bytes_written = self.counts.bytes_written.saturating_add(len);
        Ok(seq)
    }

    /// Whether the active segment takes a record of this length. One that is too long for any
    /// segment gets its own.
    fn fits(&self, len: u64) -> bool {
        let Some(segment) = self.segments.back().filter(|_| self.active.is_some()) else {
            return false;
        };
        segment.len.saturating_add(len) <= self.segment_bytes
    }

    /// Begins a new segment.
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
                // It holds no record; what can't be removed now is removed at the next open.
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
        let bytes = header.encode();
        write_full(file, &bytes, 0)?;
        self.counts.bytes_written = self.counts.bytes_written.saturating_add(bytes.len() as u64);
        if self.durable {
            self.counts.syncs = self.counts.syncs.saturating_add(2);
            file.sync()?;
            self.fs.sync_dir(&self.dir)?;
        }
        Ok(())
    }

    /// Ends the active segment. Its unsynced batches go to the disk now, unless nothing is synced
    /// here.
    pub(super) fn seal(&mut self) {
        let Some(mut active) = self.active.take() else {
            return;
        };
        if active.unsynced == 0 {
            return;
        }
        let state = if self.durable {
            self.counts.syncs = self.counts.syncs.saturating_add(1);
            match active.sync() {
                Ok(()) => return,
                Err(_) => {
                    self.counts.poisoned = self.counts.poisoned.saturating_add(1);
                    SyncState::Failed
                }
            }
        } else {
            SyncState::Dirty
        };
        self.set_newest(state);
    }

    /// Gives up the active segment after a failure. What counts of it stays, to be read.
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
        // For tidiness alone: what is behind the end is not looked at, and recovery copes with it.
        let _ = file.set_len(valid);
        drop(file);
        self.counts.poisoned = self.counts.poisoned.saturating_add(1);
        if self.segments.back().is_some_and(|s| s.base < end_seq) {
            self.next_seq = end_seq;
            match (unsynced, sync_failed) {
                (0, _) => {}
                (_, true) => self.set_newest(SyncState::Failed),
                (_, false) => self.set_newest(SyncState::Dirty),
            }
        } else {
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

    /// How many batches were written since the last sync, of the active segment.
    pub(super) fn unsynced(&self) -> u64 {
        self.active.as_ref().map_or(0, |active| active.unsynced)
    }

    /// Whether the sync of a segment failed that is no longer written to.
    pub(super) fn has_failed(&self) -> bool {
        self.first_failed().is_some()
    }

    /// Whether anything was written and not brought to the disk, as far as is known.
    pub(super) fn has_unsynced(&self) -> bool {
        let clean = |s: &Segment| s.sync == SyncState::Clean;
        self.unsynced() > 0 || !self.segments.iter().all(clean)
    }

    /// Syncs each file that needs it, once. What fails is marked so, for
    /// [`rewrite`](super::rewrite) to deal with: a sync is tried on no descriptor twice.
    pub(super) fn sync_files(&mut self) {
        if self.unsynced() > 0 {
            self.counts.syncs = self.counts.syncs.saturating_add(1);
            if self.active.as_mut().is_some_and(|a| a.sync().is_err()) {
                self.poison();
            }
        }
        for index in 0..self.segments.len() {
            let dirty = |s: &&Segment| s.sync == SyncState::Dirty;
            let Some(base) = self.segments.get(index).filter(dirty).map(|s| s.base) else {
                continue;
            };
            self.counts.syncs = self.counts.syncs.saturating_add(1);
            let file = self.fs.open(&self.path(base), Access::Write);
            let state = match file.and_then(|file| file.sync()) {
                Ok(()) => SyncState::Clean,
                Err(_) => {
                    self.counts.poisoned = self.counts.poisoned.saturating_add(1);
                    SyncState::Failed
                }
            };
            if let Some(segment) = self.segments.get_mut(index) {
                segment.sync = state;
            }
        }
    }

    /// Brings the directory's entries to the disk, if some are new.
    pub(super) fn sync_names(&mut self) -> io::Result<()> {
        if self.dir_dirty {
            self.counts.syncs = self.counts.syncs.saturating_add(1);
            self.fs.sync_dir(&self.dir)?;
            self.dir_dirty = false;
        }
        Ok(())
    }

    /// A file to read a segment from.
    pub(super) fn file(&mut self, base: u64) -> io::Result<&dyn FsFile> {
        self.reading(base).map(|(file, _)| file)
    }

    /// A file to read a segment from, and its index.
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

    /// The segment with this base.
    pub(super) fn segment_of(&mut self, base: u64) -> Option<&mut Segment> {
        let at = self.segments.binary_search_by_key(&base, |s| s.base).ok()?;
        self.segments.get_mut(at)
    }

    /// The segment that holds a number, by its place.
    pub(super) fn index_of(&self, seq: u64) -> Option<usize> {
        let after = self.segments.partition_point(|s| s.base <= seq);
        let index = after.checked_sub(1)?;
        let segment = self.segments.get(index)?;
        (seq < segment.end_seq).then_some(index)
    }

    pub(super) fn is_active(&self, index: usize) -> bool {
        self.active.is_some() && index.saturating_add(1) == self.segments.len()
    }

    /// Removes a segment, file and all.
    pub(super) fn remove(&mut self, index: usize) -> Option<Segment> {
        if self.is_active(index) {
            self.active = None;
        }
        let segment = self.segments.remove(index)?;
        if self
            .reader
            .as_ref()
            .is_some_and(|(b, _)| *b == segment.base)
        {
            self.reader = None;
        }
        self.indexes.forget(segment.base);
        // What stays is delivered again after the next open, or was meant to be dropped anyway.
        let _ = self.fs.remove(&self.path(segment.base));
        Some(segment)
    }

    /// A segment's file is another one now, with the same records at the same places.
    pub(super) fn replaced(&mut self, base: u64) {
        self.reader = None;
        self.indexes.forget(base);
        self.dir_dirty = true;
    }

    /// What all segments take on disk, as the limit counts it.
    pub(super) fn footprint(&self) -> u64 {
        self.segments.iter().fold(0, |sum: u64, segment| {
            sum.saturating_add(segment.footprint())
        })
    }

    /// What they would take with one more record.
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

/// Writes a record behind the end of the segment. Nothing is counted yet.
fn write_record(
    active: &Active,
    segment: &Segment,
    seq: u64,
    draft: &NewRecord<'_>,
    scratch: &mut Vec<u8>,
) -> io::Result<()> {
    let mut crc = segment.key.crc();
    for piece in draft.payload {
        crc.update(piece);
    }
    let too_long = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let header = RecordHeader {
        payload_len: u32::try_from(draft.payload_len()).map_err(too_long)?,
        seq,
        target_len: u16::try_from(draft.target_bytes.len()).map_err(too_long)?,
        flags: draft.flags,
        precision: draft.precision,
        points: draft.points,
        payload_crc: crc.value(),
    };
    scratch.clear();
    scratch.extend_from_slice(&header.encode(segment.key, draft.target_bytes));
    scratch.extend_from_slice(draft.target_bytes);
    let mut at = segment.len;
    for piece in draft.payload {
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

/// Random enough that nobody who sends data can guess it: the standard library's keys come from the
/// operating system.
pub(super) fn salt() -> u64 {
    RandomState::new().build_hasher().finish()
}
