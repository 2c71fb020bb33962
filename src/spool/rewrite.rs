//! Rewrites a segment after its sync failed.
//!
//! After a failed sync it is unknown which pages are on disk: the kernel may have marked them clean, so
//! that a second fsync succeeds without writing them (the "fsyncgate" of PostgreSQL, 2018). Therefore
//! every record that still reads back with a valid checksum is copied to a new file, at the same offset
//! and with the same number:
//!
//! ```text
//!   write `.new` -> sync it -> sync the directory -> rename it over `.seg` -> sync the directory
//! ```
//!
//! A crash at any moment leaves the old or the new file under the segment's name, so no number changes
//! its meaning, nothing is duplicated, and the order on disk stays. The last sync is
//! [`Log::sync_names`]. Both files take space for a moment: at most one segment more than `max_bytes`.

use super::format::{RecordHeader, SegmentHeader};
use super::fs::{Access, FsFile, write_full};
use super::log::{Log, salt};
use super::scan::{Bounds, Cursor, Step, Window, read_header};
use super::segment::SyncState;
use super::stats::bump;
use alloc::vec::Vec;
use std::io;
use std::path::Path;

/// Called with the header and the target of each whole record.
pub(super) type EachRecord<'a> = dyn FnMut(&RecordHeader, &[u8]) + 'a;

/// The outcome of rewriting a segment.
pub(super) enum Rewritten {
    /// Its records are synced, in another file.
    Copied,
    /// Its file is gone, or nothing in it can be read back.
    Gone,
}

impl Log {
    /// The index of the first segment whose sync failed.
    pub(super) fn first_failed(&self) -> Option<usize> {
        self.segments
            .iter()
            .position(|s| s.sync == SyncState::Failed)
    }

    /// Replaces the file of a segment by a synced copy. An error changes nothing.
    pub(super) fn rewrite(
        &mut self,
        index: usize,
        window: &mut Window,
        each: &mut EachRecord<'_>,
    ) -> io::Result<Rewritten> {
        let Some(segment) = self.segments.get(index) else {
            return Ok(Rewritten::Gone);
        };
        let (base, bounds) = (segment.base, segment.bounds());
        let path = self.path(base);
        let from = match self.fs.open(&path, Access::Read) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Rewritten::Gone),
            Err(e) => return Err(e),
        };
        let copy = path.with_extension(NEW);
        let copied = self.copy(&*from, &copy, &bounds, window, each);
        window.forget();
        // Some systems can't replace an open file.
        drop(from);
        self.reader = None;
        let result = match copied {
            // Without the first directory sync a file system that reorders metadata could persist the
            // rename with an earlier, unsynced `.new` of a previous attempt.
            Ok(Some(found)) => self
                .fs
                .sync_dir(&self.dir)
                .and_then(|()| self.fs.rename(&copy, &path))
                .map(|()| Some(found)),
            other => other,
        };
        if !matches!(result, Ok(Some(_))) {
            // If this fails, the next open or the next attempt removes it.
            let _ = self.fs.remove(&copy);
        }
        let Some((header, end)) = result? else {
            return Ok(Rewritten::Gone);
        };
        if let Some(segment) = self.segments.get_mut(index) {
            segment.key = header.key();
            segment.len = end;
            segment.sync = SyncState::Clean;
        }
        self.indexes.forget(base);
        self.dir_dirty = true;
        Ok(Rewritten::Copied)
    }

    /// Copies the whole records. Returns the new header and the end of the last record; `None` if there is
    /// none.
    fn copy(
        &mut self,
        from: &dyn FsFile,
        path: &Path,
        bounds: &Bounds,
        window: &mut Window,
        each: &mut EachRecord<'_>,
    ) -> io::Result<Option<(SegmentHeader, u64)>> {
        // A previous attempt may have failed to remove its copy.
        match self.fs.remove(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let to = self.fs.create(path)?;
        let header = SegmentHeader {
            base_seq: bounds.base,
            salt: salt(),
            created: read_header(from)?.map_or(0, |old| old.created),
        };
        write_full(&*to, &header.encode(), 0)?;
        // Reads the file again, rather than what was read before the sync failed.
        window.forget();
        let mut cursor = Cursor::start(bounds.base);
        let mut end = None;
        loop {
            match cursor.step(window, from, bounds)? {
                Step::End => break,
                Step::Damage(_) => {}
                Step::Record(record) => {
                    if let Some(target) =
                        copy_record(&cursor, &record, from, &*to, bounds, &header, window)?
                    {
                        each(&record, &target);
                        end = Some(cursor.at.saturating_add(record.record_len()));
                    }
                    cursor.pass(&record);
                }
            }
        }
        let Some(end) = end else {
            return Ok(None);
        };
        to.set_len(end)?;
        bump(&mut self.counts.bytes_written, end);
        bump(&mut self.counts.syncs, 1);
        to.sync()?;
        Ok(Some((header, end)))
    }
}

/// Copies a record to the same offset and returns its target; `None` if it is corrupt.
///
/// Writes the payload before the header: without a header it is no record.
fn copy_record(
    cursor: &Cursor,
    record: &RecordHeader,
    from: &dyn FsFile,
    to: &dyn FsFile,
    bounds: &Bounds,
    header: &SegmentHeader,
    window: &mut Window,
) -> io::Result<Option<Vec<u8>>> {
    let target = cursor.target(window, from, bounds, record)?.to_vec();
    let (mut was, mut is) = (bounds.key.crc(), header.key().crc());
    let mut at = cursor.at.saturating_add(record.payload_offset() as u64);
    let mut left = record.payload_len as usize;
    while left > 0 {
        let bytes = window.bytes(from, bounds.end, at, 1)?;
        let piece = bytes.get(..left.min(bytes.len())).unwrap_or_default();
        if piece.is_empty() {
            return Ok(None);
        }
        was.update(piece);
        is.update(piece);
        write_full(to, piece, at)?;
        at = at.saturating_add(piece.len() as u64);
        left = left.saturating_sub(piece.len());
    }
    if was.finalize() != record.payload_crc {
        return Ok(None);
    }
    let copy = RecordHeader {
        payload_crc: is.finalize(),
        ..*record
    };
    let mut head = copy.encode(header.key(), &target).to_vec();
    head.extend_from_slice(&target);
    write_full(to, &head, cursor.at)?;
    Ok(Some(target))
}

/// The extension of a copy until it replaces the original.
pub(super) const NEW: &str = "new";
