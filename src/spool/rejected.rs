//! Rejected lines on disk, with reasons: the subdirectory `rejected`.
//!
//! Its segments are those of the queue; the payload of a record begins with the reason: a length of two
//! bytes, little-endian, and the text. Bounded; the oldest segment is dropped first.

use super::batch::Batch;
use super::format::{Flags, MAX_PAYLOAD};
use super::fs::Fs;
use super::log::{Log, NewRecord};
use super::recovery::{make_dir, recover};
use super::rewrite::Rewritten;
use super::scan::Window;
use super::segment::{TargetCount, parse_name};
use super::stats::{OpenReport, bump};
use crate::clock::Clock;
use alloc::sync::Arc;
use std::io;
use std::path::PathBuf;

/// The most bytes of a reason that are kept.
const MAX_REASON: usize = 1024;

pub(super) struct Rejected {
    log: Log,
    max_bytes: u64,
    /// The name is taken by something that is not a directory.
    blocked: bool,
    /// Lines dropped to free space.
    pub(super) dropped: u64,
}

impl Rejected {
    /// Recovers what is there. A missing directory is created with the first rejection.
    pub(super) fn open(
        fs: Arc<dyn Fs>,
        dir: PathBuf,
        max_bytes: u64,
        durable: bool,
        window: &mut Window,
    ) -> io::Result<Self> {
        let mut rejected = Rejected {
            log: Log::new(fs, dir, max_bytes / 4, durable),
            max_bytes,
            blocked: false,
            dropped: 0,
        };
        match rejected.recover(window) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) if e.kind() == io::ErrorKind::NotADirectory => rejected.blocked = true,
            result => result?,
        }
        Ok(rejected)
    }

    fn recover(&mut self, window: &mut Window) -> io::Result<()> {
        let mut report = OpenReport::default();
        let adopt = &mut |_: &_, _: &[u8]| Some(0);
        recover(&mut self.log, window, 0, &[], &mut report, adopt).map(|_| ())
    }

    /// The number of lines that are kept.
    pub(super) fn lines(&self) -> u64 {
        let segments = self.log.segments.iter();
        segments.fold(0, |sum: u64, segment| {
            sum.saturating_add(segment.share(0).unwrap_or_default().points)
        })
    }

    pub(super) fn keep(
        &mut self,
        batch: &Batch<'_>,
        reason: &str,
        sync: bool,
        clock: &dyn Clock,
    ) -> io::Result<()> {
        if self.blocked {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let reason = reason.get(..end).unwrap_or_default().as_bytes();
        let reason_len = (reason.len() as u16).to_le_bytes();
        // Lines that don't fit are truncated: part of them is better than none.
        let most = MAX_PAYLOAD
            .saturating_sub(MAX_REASON)
            .min(usize::try_from(self.max_bytes / 4).unwrap_or(usize::MAX));
        let record = NewRecord {
            target: 0,
            target_bytes: batch.target.bytes(),
            flags: Flags(Flags::REJECTED.0 | batch.target.flags().0),
            precision: batch.precision,
            points: batch.points,
            payload: [
                &reason_len,
                reason,
                batch.lines.get(..most).unwrap_or(batch.lines),
            ],
            now: clock.unix_seconds(),
            sync,
        };
        while self.log.footprint_with(record.record_len()) > self.max_bytes && self.drop_oldest() {}
        if self.log.segments.is_empty() {
            make_dir(&*self.log.fs, &self.log.dir)?;
        }
        self.log.append(&record).map(|_| ())
    }

    /// Syncs like [`Spool::sync`](super::Spool::sync) does with the queue. Lines that can't be read back
    /// are counted as dropped.
    pub(super) fn sync(&mut self, window: &mut Window) -> io::Result<()> {
        self.log.sync_files();
        while let Some(index) = self.log.first_failed() {
            let mut found = TargetCount::none(0);
            let rewritten = self.log.rewrite(index, window, &mut |record, _| {
                found.add(1, u64::from(record.points), u64::from(record.payload_len));
            })?;
            let Some(segment) = self.log.segments.get_mut(index) else {
                break;
            };
            let all = segment.share(0).unwrap_or_default();
            let lost = match rewritten {
                Rewritten::Copied => all.without(&found),
                Rewritten::Gone => all,
            };
            segment.take(lost);
            bump(&mut self.dropped, lost.points);
            if matches!(rewritten, Rewritten::Gone) {
                self.log.remove(index);
            }
        }
        self.log.sync_names()
    }

    /// Removes everything and returns the number of lines.
    pub(super) fn clear(&mut self) -> io::Result<u64> {
        let lines = self.lines();
        while self.log.remove(0).is_some() {}
        // A file whose removal failed is recovered again, so that its lines stay visible.
        let left = match self.log.fs.list(&self.log.dir) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(lines),
            names => names?,
        };
        if left.iter().any(|name| parse_name(name).is_some()) {
            self.recover(&mut Window::default())?;
            return Err(io::Error::other("a file in it can't be removed"));
        }
        self.log.sync_names()?;
        Ok(lines)
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(segment) = self.log.remove(0) else {
            return false;
        };
        bump(
            &mut self.dropped,
            segment.share(0).unwrap_or_default().points,
        );
        true
    }
}

/// Splits the payload of a rejected record into the reason and the lines.
pub(super) fn split_reason(payload: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = payload.split_first_chunk::<2>()?;
    let (reason, lines) = rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
    Some((core::str::from_utf8(reason).ok()?, lines))
}
