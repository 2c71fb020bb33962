//! Recovery when a spool is opened: reads all segments, truncates a torn tail, counts corruption,
//! quarantines unreadable files as `*.bad`. Content never causes an error.
//!
//! There is no manifest that could disagree with the directory: the state is the files in the order of
//! their names, scanned.
//!
//! A torn tail is what an interrupted append leaves behind the last valid record. It differs from damage
//! in that nothing was lost: its batch was not acknowledged, and the next append goes to a new segment
//! that begins with the same number. So bytes at the end of a segment are a torn tail if the next segment
//! continues with the next number, or if there is none. Otherwise they are damage.

use super::ack::MAX_SEQ;
use super::format::{RecordHeader, SEGMENT_HEADER};
use super::fs::{Access, Fs, FsFile};
use super::log::Log;
use super::numbers::{renumber, split_foreign, trusted};
use super::rewrite::NEW;
use super::scan::{Bounds, Cursor, MAX_FILE, Step, Window, read_header};
use super::segment::{Segment, SyncState, name, parse_name};
use super::stats::{OpenReport, bump};
use alloc::vec::Vec;
use std::ffi::OsString;
use std::io;
use std::path::Path;

/// The number of quarantined files that are kept.
const MAX_BAD: usize = 4;

/// Creates a subdirectory and syncs its directory entry, also that of an existing one: the process that
/// created it may have been killed before its own sync.
pub(super) fn make_dir(fs: &dyn Fs, dir: &Path) -> io::Result<()> {
    match fs.create_dir(dir) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    fs.sync_dir(dir.parent().unwrap_or(Path::new("")))
}

/// Recovers all segments of a directory. `adopt` maps the target of each waiting record to a number, or
/// to `None` if it is invalid. Returns the number up to which all batches are delivered: `acked`, or 0 if
/// that is implausible.
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
            // An unfinished copy, see `rewrite`. The original is there.
            _ if base_with(name, NEW).is_some() => {
                let _ = log.fs.remove(&log.dir.join(name));
            }
            _ if is_bad(name) || known.iter().any(|known| name == *known) => {}
            _ => bump(&mut report.ignored, 1),
        }
    }
    // The names give the order, and bound the numbers: those of a segment lie between its base and the next.
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
            bump(&mut report.absent, segment.base.saturating_sub(expected));
            expected = expected.max(segment.end_seq);
            bump(&mut report.segments, 1);
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
    // The bytes behind a truncated tail, and the name of an empty segment, may be used again.
    window.forget();
    Ok(acked)
}

/// Truncates the torn tail of the newest segment, and syncs what the previous process did not.
///
/// Records that were only in the page cache when that process was killed are valid here and not yet on
/// disk, so recovery syncs before anything relies on them. Older segments were synced before the newest
/// was created, unless the settings were different then: they count as not synced until the first
/// [`sync`](super::Spool::sync).
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
        // A tail that can't be truncated is harmless: nothing is appended to a recovered segment, and the
        // tail is no record at the next open either.
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
    // Also without a segment: it shows whether the file system supports it.
    log.fs.sync_dir(&log.dir)?;
    log.dir_dirty = false;
    Ok(())
}

/// The context of reading one segment.
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
                bump(&mut self.report.ignored, 1);
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        let len = file.status()?.len;
        if len <= SEGMENT_HEADER as u64 {
            // The header is synced before the first record is written: this segment never had any.
            drop(file);
            let _ = self.log.fs.remove(&path);
            return Ok(None);
        }
        match read_header(&*file)? {
            Ok(header) if header.base_seq == base => {
                let mut segment = Segment::new(base, header.key());
                self.records(&*file, &mut segment, len, next)?;
                Ok(Some(segment))
            }
            _ => {
                bump(&mut self.report.quarantined, 1);
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
        // Damage is counted when a whole record follows it; at the end it may be a torn tail.
        let (mut good_end, mut damage) = (cursor.at, Damage::default());
        loop {
            match cursor.step(self.window, file, &bounds)? {
                Step::End => break,
                Step::Damage(bytes) => bump(&mut damage.bytes, bytes),
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
                        bump(&mut damage.bytes, header.record_len());
                        bump(&mut damage.batches, 1);
                        // Moves without its number, so that the next record shows the gap.
                        bump(&mut cursor.at, header.record_len());
                    }
                }
            }
        }
        // A torn tail if the next segment goes on with the next number: nothing was lost with it.
        if next.is_none_or(|next| next == segment.end_seq) {
            bump(&mut self.report.torn_bytes, len.saturating_sub(good_end));
        } else {
            damage.count(self.report);
        }
        segment.len = good_end;
        Ok(())
    }

    /// Adds the record at the cursor; `false` if it is corrupt.
    fn record(
        &mut self,
        file: &dyn FsFile,
        cursor: &Cursor,
        bounds: &Bounds,
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
            bump(&mut self.report.delivered, 1);
        } else {
            segment.add(target, header.seq, header.points, header.payload_len);
            self.report.count_batch(header.points, header.payload_len);
        }
        Ok(true)
    }

    /// Marks the numbers between two records as done, and counts those that were not delivered.
    fn count_missing(&mut self, segment: &mut Segment, (from, to): (u64, u64), corrupt: u64) {
        for seq in from..to {
            segment.set_done(seq);
        }
        let open = to.saturating_sub(from.max(self.acked.saturating_add(1)));
        bump(&mut self.report.missing, open.saturating_sub(corrupt));
    }
}

/// Bytes that are no valid record, since the last one that is.
#[derive(Clone, Copy, Default)]
struct Damage {
    bytes: u64,
    batches: u64,
}

impl Damage {
    fn count(self, report: &mut OpenReport) {
        bump(&mut report.corrupt_bytes, self.bytes);
        bump(&mut report.corrupt_batches, self.batches);
    }
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

/// The number in the name of a segment whose extension was replaced by this one.
fn base_with(name: &OsString, extension: &str) -> Option<u64> {
    let name = Path::new(name);
    name.extension().filter(|found| *found == extension)?;
    parse_name(name.with_extension("seg").as_os_str())
}

/// Removes all but the newest quarantined files. Failures are retried at the next open.
fn trim_bad(log: &Log) {
    let mut bad = log.fs.list(&log.dir).unwrap_or_default();
    bad.retain(|name| base_with(name, "bad").is_some());
    bad.sort_unstable();
    let surplus = bad.len().saturating_sub(MAX_BAD);
    for name in bad.iter().take(surplus) {
        let _ = log.fs.remove(&log.dir.join(name));
    }
}
