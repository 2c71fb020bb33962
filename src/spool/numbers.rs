//! Sequence numbers that no spool of ours can have reached: forged, or damage that a checksum doesn't
//! show. They must not use up the numbers that are left, nor make what waits look delivered.
//!
//! - An acknowledgement beyond what can have been written is not believed: what it is about is
//!   delivered again at worst.
//! - Batches with such numbers get new ones behind all others: their segment is copied, the copy synced,
//!   then the segment removed. A crash in between makes them be there twice, no more.

use super::format::{RecordHeader, SEGMENT_HEADER, SegmentHeader};
use super::fs::{Access, read_full};
use super::log::{Log, NewRecord};
use super::scan::{Bounds, Cursor, Step, Window};
use super::stats::{OpenReport, bump};
use alloc::vec::Vec;
use std::io;

/// Numbers from here on are suspicious. At a million batches a second it takes 70 000 years to get
/// there.
const FOREIGN: u64 = 1 << 61;
/// More numbers than this are not missing between two segments, or behind the last.
const MAX_JUMP: u64 = 1 << 40;

/// Splits the bases of segments, in order, into ours and those with numbers that can't be.
pub(super) fn split_foreign(bases: &[u64], acked: u64) -> (&[u64], &[u64]) {
    let mut before = acked;
    let ours = bases.iter().take_while(|&&base| {
        let jump = base.saturating_sub(before);
        before = before.max(base);
        base < FOREIGN || jump <= MAX_JUMP
    });
    bases.split_at_checked(ours.count()).unwrap_or((bases, &[]))
}

/// The acknowledged number, or 0 if it can't be right beside these segments.
pub(super) fn trusted(acked: u64, bases: &[u64]) -> u64 {
    let ours = bases.iter().rev().find(|&&base| base < FOREIGN);
    let beyond = ours.is_some_and(|newest| acked.saturating_sub(*newest) > MAX_JUMP);
    if acked >= FOREIGN || beyond { 0 } else { acked }
}

/// What recovery gives each waiting record's target a number with.
pub(super) type Adopt<'a> = dyn FnMut(&RecordHeader, &[u8]) -> Option<u32> + 'a;

/// Gives the batches of these segments new numbers. What can't be copied now stays where it is, counted
/// as ignored, until the next open.
pub(super) fn renumber(
    log: &mut Log,
    window: &mut Window,
    foreign: &[u64],
    report: &mut OpenReport,
    adopt: &mut Adopt<'_>,
) {
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
            // Not twice, while the first is there.
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
    let mut head = [0; SEGMENT_HEADER];
    let n = read_full(&*file, &mut head, 0)?;
    let header = SegmentHeader::decode(head.get(..n).unwrap_or_default());
    let Some(header) = header.ok().filter(|header| header.base_seq == base) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let bounds = Bounds {
        key: header.key(),
        base,
        below: u64::MAX,
        end: file.status()?.len.min(super::recovery::MAX_FILE),
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
        let at = cursor.at.saturating_add(record.payload_offset() as u64);
        // The length is checked: the header's checksum holds, and the file is as long.
        payload.resize(record.payload_len as usize, 0);
        let n = read_full(&*file, &mut payload, at)?;
        let whole = n == payload.len() && bounds.key.checksum(&payload) == record.payload_crc;
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
                bump(&mut report.batches, 1);
                bump(&mut report.points, u64::from(record.points));
                bump(&mut report.bytes, u64::from(record.payload_len));
            }
            None => {
                bump(&mut report.corrupt_batches, 1);
                bump(&mut report.corrupt_bytes, record.record_len());
            }
        }
        cursor.pass(&record);
    }
}
