//! Recovery when a spool is opened: reads all segments, cuts off a torn tail, counts corruption, sets
//! unreadable files aside as `*.bad`. Content is never an error.
//!
//! There is no manifest: the files that are there, in the order of their names, are the state. Two
//! files that can disagree would be one too many.

use super::ack::MAX_SEQ;
use super::format::{RecordHeader, SEGMENT_HEADER, SegmentHeader};
use super::fs::{Access, Fs, FsFile, read_full};
use super::log::Log;
use super::numbers::{renumber, split_foreign, trusted};
use super::rewrite::NEW;
use super::scan::{Cursor, Step, Window};
use super::segment::{Segment, SyncState, name, parse_name};
use super::stats::{OpenReport, bump};
use alloc::vec::Vec;
use std::ffi::OsString;
use std::io;
use std::path::Path;

/// Nothing beyond this is read of a segment, however long its file claims to be: twice what the
/// largest segment and the largest record take.
pub(super) const MAX_FILE: u64 = 160 << 20;
/// Files set aside that are kept.
const MAX_BAD: usize = 4;

/// Makes a directory in the spool's own, so that a power cut doesn't take it back.
///
/// An existing one is synced too: the process that made it may have died before it came to that.
pub(super) fn make_dir(fs: &dyn Fs, dir: &Path) -> io::Result<()> {
    match fs.create_dir(dir) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    fs.sync_dir(dir.parent().unwrap_or(Path::new("")))
}

/// Takes up all segments of a directory. `adopt` gives each waiting record's target a number, or
/// says that it is none of ours. Returns up to which number all is delivered: `acked`, if that can be.
pub(super) fn recover(
    log: &mut Log,
    window: &mut Window,
    acked: u64,
    known: &[&str],
    report: &mut OpenReport,
    adopt: &mut dyn FnMut(&RecordHeader, &[u8]) -> Option<u32>,
) -> io::Result<u64> {
    let names = log.fs.list(&log.dir)?;
    let mut bases = Vec::new();
    for name in &names {
        match parse_name(name) {
            Some(base) if (1..MAX_SEQ).contains(&base) => bases.push(base),
            // A copy that was not finished, see `rewrite`; what it was made from is there.
            _ if is_unfinished(name) => {
                let _ = log.fs.remove(&log.dir.join(name));
            }
            _ if is_bad(name) || known.iter().any(|known| name == *known) => {}
            _ => count(&mut report.ignored),
        }
    }
    bases.sort_unstable();
    let acked = trusted(acked, &bases);
    let (bases, foreign) = split_foreign(&bases, acked);
    let mut expected = acked.saturating_add(1);
    for (index, &base) in bases.iter().enumerate() {
        let next = bases.get(index.saturating_add(1)).copied();
        let mut scan = SegmentScan {
            log,
            window,
            acked,
            report,
            adopt,
        };
        if let Some(segment) = scan.segment(base, next)? {
            let gap = segment.base.saturating_sub(expected);
            report.absent = report.absent.saturating_add(gap);
            expected = expected.max(segment.end_seq);
            report.segments = report.segments.saturating_add(1);
            log.segments.push_back(segment);
        }
    }
    log.next_seq = expected;
    sync_recovered(log)?;
    for index in (0..log.segments.len()).rev() {
        if log.segments.get(index).is_some_and(Segment::is_done) {
            log.remove(index);
        }
    }
    trim_bad(log);
    renumber(log, window, foreign, report, adopt);
    // The bytes behind a cut tail, and the name of a segment without records, may be used again.
    window.forget();
    Ok(acked)
}

/// Cuts the torn tail of the newest segment, and brings to the disk what the process before this one
/// had no time to.
///
/// The older segments were synced before the newest was begun, unless the settings were others then:
/// they count as not synced, and the first [`Log::sync`] sees to them.
fn sync_recovered(log: &mut Log) -> io::Result<()> {
    let durable = log.is_durable();
    if log.fs.check_writable().is_err() {
        return Ok(());
    }
    log.dir_dirty = true;
    for segment in &mut log.segments {
        segment.sync = SyncState::Dirty;
    }
    let newest = log.segments.back_mut();
    if let Some(newest) = newest {
        let path = log.dir.join(name(newest.base));
        let (file, writable) = match log.fs.open(&path, Access::Write) {
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                (log.fs.open(&path, Access::Read)?, false)
            }
            file => (file?, true),
        };
        let status = file.status()?;
        // What can't be cut stays: nothing is written behind it, and it is no record at the next open.
        let cut = status.len > newest.len && writable && !status.shared;
        if !cut && !durable {
            return Ok(());
        }
        if cut {
            file.set_len(newest.len)?;
        }
        file.sync()?;
        newest.sync = SyncState::Clean;
    } else if !durable {
        return Ok(());
    }
    // Without a segment, too: shows whether the file system can do it.
    log.fs.sync_dir(&log.dir)?;
    log.dir_dirty = false;
    Ok(())
}

/// Everything that reading one segment needs.
struct SegmentScan<'a> {
    log: &'a mut Log,
    window: &'a mut Window,
    acked: u64,
    report: &'a mut OpenReport,
    adopt: &'a mut dyn FnMut(&RecordHeader, &[u8]) -> Option<u32>,
}

impl SegmentScan<'_> {
    fn segment(&mut self, base: u64, next: Option<u64>) -> io::Result<Option<Segment>> {
        let path = self.log.path(base);
        let file = match self.log.fs.open(&path, Access::Read) {
            Ok(file) => file,
            // Not a regular file, or gone since the listing.
            Err(e) if is_foreign(e.kind()) => {
                count(&mut self.report.ignored);
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        let len = file.status()?.len;
        if len <= SEGMENT_HEADER as u64 {
            // Records come only after the header is on the disk: this one never had any.
            drop(file);
            let _ = self.log.fs.remove(&path);
            return Ok(None);
        }
        let mut head = [0; SEGMENT_HEADER];
        let n = read_full(&*file, &mut head, 0)?;
        let header = SegmentHeader::decode(head.get(..n).unwrap_or_default());
        match header {
            Ok(header) if header.base_seq == base => {
                let mut segment = Segment::new(base, header.key());
                self.records(&*file, &mut segment, len, next)?;
                Ok(Some(segment))
            }
            _ => {
                count(&mut self.report.quarantined);
                drop(file);
                let _ = self.log.fs.rename(&path, &path.with_extension("bad"));
                Ok(None)
            }
        }
    }

    fn records(
        &mut self,
        file: &dyn FsFile,
        segment: &mut Segment,
        len: u64,
        next: Option<u64>,
    ) -> io::Result<()> {
        self.window.select(segment.base);
        let mut bounds = segment.bounds();
        bounds.below = next.unwrap_or(MAX_SEQ);
        bounds.end = len.min(MAX_FILE);
        let mut cursor = Cursor::start(segment.base);
        // Damage counts when a whole record follows it; at the end of the newest it is a torn tail.
        let (mut good_end, mut damage) = (cursor.at, Damage::default());
        loop {
            match cursor.step(self.window, file, &bounds)? {
                Step::End => break,
                Step::Damage(bytes) => damage.bytes = damage.bytes.saturating_add(bytes),
                Step::Record(header) => {
                    let gap = (cursor.next_seq, header.seq);
                    if self.record(file, &cursor, &bounds, &header, segment)? {
                        self.count_missing(segment, gap, damage.batches);
                        damage.count(self.report);
                        damage = Damage::default();
                        cursor.pass(&header);
                        good_end = cursor.at;
                        segment.end_seq = cursor.next_seq;
                    } else {
                        damage.bytes = damage.bytes.saturating_add(header.record_len());
                        damage.batches = damage.batches.saturating_add(1);
                        // The number stays open, so that the gap is seen when the next is found.
                        cursor.at = cursor.at.saturating_add(header.record_len());
                    }
                }
            }
        }
        // Nothing was lost with it if the next segment goes on with the next number.
        if next.is_none_or(|next| next == segment.end_seq) {
            bump(&mut self.report.torn_bytes, len.saturating_sub(good_end));
        } else {
            damage.count(self.report);
        }
        segment.len = good_end;
        Ok(())
    }

    /// Takes up the record at the cursor; whether it is whole.
    fn record(
        &mut self,
        file: &dyn FsFile,
        cursor: &Cursor,
        bounds: &super::scan::Bounds,
        header: &RecordHeader,
        segment: &mut Segment,
    ) -> io::Result<bool> {
        if !cursor.payload_holds(self.window, file, bounds, header)? {
            return Ok(false);
        }
        let target = cursor.target(self.window, file, bounds, header)?;
        let Some(target) = (self.adopt)(header, target) else {
            return Ok(false);
        };
        if header.seq <= self.acked {
            count(&mut self.report.delivered);
        } else {
            segment.add(target, header.seq, header.points, header.payload_len);
            count(&mut self.report.batches);
            let report = &mut *self.report;
            report.points = report.points.saturating_add(u64::from(header.points));
            report.bytes = report.bytes.saturating_add(u64::from(header.payload_len));
        }
        Ok(true)
    }

    /// Numbers that no record has won't be delivered, and nobody has to wait for them.
    fn count_missing(&mut self, segment: &mut Segment, (from, to): (u64, u64), corrupt: u64) {
        for seq in from..to {
            segment.set_done(seq);
        }
        let open = to.saturating_sub(from.max(self.acked.saturating_add(1)));
        let missing = open.saturating_sub(corrupt);
        self.report.missing = self.report.missing.saturating_add(missing);
    }
}

/// Bytes that are no record, since the last one that is.
#[derive(Clone, Copy, Default)]
struct Damage {
    bytes: u64,
    batches: u64,
}

impl Damage {
    fn count(self, report: &mut OpenReport) {
        report.corrupt_bytes = report.corrupt_bytes.saturating_add(self.bytes);
        report.corrupt_batches = report.corrupt_batches.saturating_add(self.batches);
    }
}

fn count(counter: &mut u64) {
    bump(counter, 1);
}

fn is_foreign(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::InvalidInput | io::ErrorKind::NotFound | io::ErrorKind::IsADirectory
    )
}

fn is_bad(name: &OsString) -> bool {
    Path::new(name).extension().is_some_and(|e| e == "bad")
}

fn is_unfinished(name: &OsString) -> bool {
    let is_new = Path::new(name).extension().is_some_and(|e| e == NEW);
    is_new && parse_name(&stem_as_segment(name)).is_some()
}

/// Keeps the newest files that were set aside. What doesn't work out is tried again at the next open.
fn trim_bad(log: &Log) {
    let mut bad = log.fs.list(&log.dir).unwrap_or_default();
    bad.retain(|name| is_bad(name) && parse_name(&stem_as_segment(name)).is_some());
    bad.sort_unstable();
    let surplus = bad.len().saturating_sub(MAX_BAD);
    for name in bad.iter().take(surplus) {
        let _ = log.fs.remove(&log.dir.join(name));
    }
}

fn stem_as_segment(name: &OsString) -> OsString {
    Path::new(name).with_extension("seg").into_os_string()
}
