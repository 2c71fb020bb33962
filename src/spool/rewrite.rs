//! Writes a segment once more after its sync failed.
//!
//! After a failed sync nobody knows what of the file is on the disk: the kernel may have marked the
//! pages as written. So what reads back with its checksum is copied to a new file, each record at its
//! place and with its number; the copy is synced and renamed over the old one. A crash at any moment
//! leaves one of the two under the name: no number changes its meaning, nothing is there twice, and
//! order on disk stays. For a moment both take space: at most one segment more than `max_bytes`.

use super::format::{RecordHeader, SEGMENT_HEADER, SegmentHeader};
use super::fs::{Access, FsFile, read_full, write_full};
use super::log::{Log, salt};
use super::scan::{Bounds, Cursor, Step, Window};
use super::segment::SyncState;
use alloc::vec::Vec;
use std::io;
use std::path::Path;

/// Called with each whole record and its target's bytes.
pub(super) type EachRecord<'a> = dyn FnMut(&RecordHeader, &[u8]) + 'a;

/// What became of a segment.
pub(super) enum Rewritten {
    /// It is on the disk now, in another file.
    Copied,
    /// Its file is gone, or nothing in it reads back.
    Gone,
}

impl Log {
    /// The first segment of which a sync failed, by its place.
    pub(super) fn first_failed(&self) -> Option<usize> {
        self.segments
            .iter()
            .position(|s| s.sync == SyncState::Failed)
    }

    /// Writes a segment to another file, syncs it and puts it in the place of the first. After an
    /// error everything is as before.
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
        // What is open can't be replaced everywhere.
        drop(from);
        self.reader = None;
        let result = match copied {
            // The name has to mean this copy, not one of an attempt before, whatever the system
            // makes of the order of the two changes.
            Ok(Some(found)) => self
                .fs
                .sync_dir(&self.dir)
                .and_then(|()| self.fs.rename(&copy, &path))
                .map(|()| Some(found)),
            other => other,
        };
        if !matches!(result, Ok(Some(_))) {
            // What stays is removed at the next open, or by the next attempt.
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
        self.replaced(base);
        Ok(Rewritten::Copied)
    }

    /// Copies what is whole: the new header, and where the last record ends. `None` if there is
    /// nothing.
    fn copy(
        &mut self,
        from: &dyn FsFile,
        path: &Path,
        bounds: &Bounds,
        window: &mut Window,
        each: &mut EachRecord<'_>,
    ) -> io::Result<Option<(SegmentHeader, u64)>> {
        // One that an attempt before this could not remove.
        match self.fs.remove(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let to = self.fs.create(path)?;
        let mut head = [0; SEGMENT_HEADER];
        let n = read_full(from, &mut head, 0)?;
        let old = SegmentHeader::decode(head.get(..n).unwrap_or_default());
        let header = SegmentHeader {
            base_seq: bounds.base,
            salt: salt(),
            created: old.map_or(0, |old| old.created),
        };
        write_full(&*to, &header.encode(), 0)?;
        // From the disk, as far as the system lets us see it: not what was read before.
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
        self.counts.bytes_written = self.counts.bytes_written.saturating_add(end);
        self.counts.syncs = self.counts.syncs.saturating_add(1);
        to.sync()?;
        Ok(Some((header, end)))
    }
}

/// Copies one record to the same place; its target's bytes, or `None` if it isn't whole.
///
/// The payload first: without a header before it, it is nothing.
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
    if was.value() != record.payload_crc {
        return Ok(None);
    }
    let copy = RecordHeader {
        payload_crc: is.value(),
        ..*record
    };
    let mut head = copy.encode(header.key(), &target).to_vec();
    head.extend_from_slice(&target);
    write_full(to, &head, cursor.at)?;
    Ok(Some(target))
}

/// The ending of a copy's name until it takes the place of the first.
pub(super) const NEW: &str = "new";
