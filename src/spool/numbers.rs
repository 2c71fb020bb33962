//! Sequence numbers that a spool can't have reached: forged, or damage that a checksum doesn't detect.
//! They must neither use up the remaining numbers nor make waiting batches look delivered.
//!
//! - An acknowledgement beyond what can have been written is ignored: at worst, batches are delivered
//!   again.
//! - Batches with such numbers get new ones behind all others: their segment is copied, the copy is
//!   synced, then the segment is removed. After a crash in between they are there twice.

use super::format::RecordHeader;
use super::fs::Access;
use super::log::{Log, NewRecord};
use super::scan::{Bounds, Cursor, MAX_FILE, Step, Window, read_header};
use super::stats::{OpenReport, bump};
use alloc::vec::Vec;
use std::io;

/// Numbers from here on are implausible: a million batches a second reach it after 70 000 years.
const FOREIGN: u64 = 1 << 61;
/// The largest plausible gap between two segments, or behind the last.
const MAX_JUMP: u64 = 1 << 40;

/// Splits the sorted bases of segments into plausible and implausible ones.
pub(super) fn split_foreign(bases: &[u64], acked: u64) -> (&[u64], &[u64]) {
    let mut before = acked;
    let ours = bases.iter().take_while(|&&base| {
        let jump = base.saturating_sub(before);
        before = before.max(base);
        base < FOREIGN || jump <= MAX_JUMP
    });
    bases.split_at_checked(ours.count()).unwrap_or((bases, &[]))
}

/// Returns the acknowledged number, or 0 if it is implausible beside these segments.
pub(super) fn trusted(acked: u64, bases: &[u64]) -> u64 {
    let ours = bases.iter().rev().find(|&&base| base < FOREIGN);
    let beyond = ours.is_some_and(|newest| acked.saturating_sub(*newest) > MAX_JUMP);
    if acked >= FOREIGN || beyond { 0 } else { acked }
}

/// Maps the target of a record to a number, or to `None` if it is invalid.
pub(super) type Adopt<'a> = dyn FnMut(&RecordHeader, &[u8]) -> Option<u32> + 'a;

/// Gives the batches of these segments new numbers. A segment that can't be copied stays until the next
/// open and is counted as ignored.
pub(super) fn renumber(
    log: &mut Log,
    window: &mut Window,
    foreign: &[u64],
    report: &mut OpenReport,
    adopt: &mut Adopt<'_>,
) {
    // A copy gets a segment of its own, so that a failure can be undone by removing that one.
    for base in foreign {
        log.seal();
        let first = log.next_seq;
        let mut counts = *report;
        let copied = copy(log, window, *base, &mut counts, adopt).and_then(|()| {
            log.seal();
            log.sync_files();
            log.sync_names()?;
            if log.has_failed() {
                return Err(io::Error::other("not synced"));
            }
            log.fs.remove(&log.path(*base))
        });
        window.forget();
        if copied.is_ok() {
            *report = counts;
            bump(&mut report.segments, 1);
        } else {
            // The original is still there: its batches must not be delivered twice.
            while log.segments.back().is_some_and(|s| s.base >= first) {
                log.remove(log.segments.len().saturating_sub(1));
            }
            bump(&mut report.ignored, 1);
        }
    }
}

fn copy(
    log: &mut Log,
    window: &mut Window,
    base: u64,
    report: &mut OpenReport,
    adopt: &mut Adopt<'_>,
) -> io::Result<()> {
    let file = log.fs.open(&log.path(base), Access::Read)?;
    let header = read_header(&*file)?;
    let Some(header) = header.ok().filter(|header| header.base_seq == base) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let bounds = Bounds {
        key: header.key(),
        base,
        below: u64::MAX,
        end: file.status()?.len.min(MAX_FILE),
    };
    window.forget();
    window.select(base);
    let mut cursor = Cursor::start(base);
    let mut payload = Vec::new();
    loop {
        let record = match cursor.step(window, &*file, &bounds)? {
            Step::End => return Ok(()),
            Step::Damage(bytes) => {
                bump(&mut report.corrupt_bytes, bytes);
                continue;
            }
            Step::Record(record) => record,
        };
        let target = cursor.target(window, &*file, &bounds, &record)?.to_vec();
        let whole = cursor.read_payload(&*file, &bounds, &record, &mut payload)?;
        match adopt(&record, &target).filter(|_| whole) {
            Some(number) => {
                log.append(&NewRecord {
                    target: number,
                    target_bytes: &target,
                    flags: record.flags,
                    precision: record.precision,
                    points: record.points,
                    payload: [&payload, &[], &[]],
                    now: header.created,
                    sync: false,
                })?;
                report.count_batch(record.points, record.payload_len);
            }
            None => {
                bump(&mut report.corrupt_batches, 1);
                bump(&mut report.corrupt_bytes, record.record_len());
            }
        }
        cursor.pass(&record);
    }
}
