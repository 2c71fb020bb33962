//! Putting batches on disk, and what happens when `max_bytes` is reached or the disk is full.

use super::batch::{Batch, BatchRange};
use super::builder::Durability;
use super::error::{SpoolError, SpoolErrorKind};
use super::log::NewRecord;
use super::losses::{LossCause, Losses};
use super::segment::footprint;
use super::spool::Spool;
use super::stats::bump;
use crate::OverflowPolicy;
use core::time::Duration;
use std::io;

/// After the disk failed twice in a row, it is left alone this long.
const PAUSE: Duration = Duration::from_secs(1);

/// Beyond so many, targets are forgotten when nothing waits.
const MANY_TARGETS: usize = 1024;

impl Spool {
    /// Puts a batch at the end of its target's queue.
    ///
    /// `Ok` means that it survives what the [`Durability`] says. The range, of one batch, is for
    /// [`ack`](Spool::ack), should the batch be delivered without having been read back.
    ///
    /// Blocks for the write and, in `EveryBatch`, for the sync. A failure of the disk is met by one
    /// more attempt on a new file.
    ///
    /// With [`OverflowPolicy::DropOldest`] the oldest segments are dropped where there is no space. If
    /// the disk is full although `max_bytes` isn't reached, no more is dropped than this batch takes,
    /// in whole segments; while that doesn't help, later calls drop nothing more and fail.
    ///
    /// # Errors
    /// Returns an error if the batch is not acknowledged: it is the caller's still. What was dropped
    /// for it is counted ([`SpoolStats::dropped_points`](super::SpoolStats::dropped_points)). It is
    /// [`SpoolErrorKind::Full`] if there is no space left and nothing may be dropped, or dropping
    /// did not help; [`SpoolErrorKind::TooLarge`] if the batch is over
    /// [`max_batch_bytes`](Spool::max_batch_bytes); [`SpoolErrorKind::EmptyBatch`] if it has no
    /// bytes; [`SpoolErrorKind::Io`] if the disk failed twice, and for a second after that
    /// [`SpoolErrorKind::Failed`]; [`SpoolErrorKind::ReadOnly`] or [`SpoolErrorKind::Forked`],
    /// before anything else, if nothing can be written here.
    pub fn append(&mut self, batch: Batch<'_>) -> Result<BatchRange, SpoolError> {
        let (result, losses) = self.put(batch);
        losses.counted_in_stats();
        result
    }

    /// [`append`](Spool::append), and what was lost by it; also beside an error.
    pub(crate) fn put(&mut self, batch: Batch<'_>) -> (Result<BatchRange, SpoolError>, Losses) {
        let mut losses = Losses::default();
        let result = self.try_put(batch, &mut losses);
        (result, losses)
    }

    fn try_put(&mut self, batch: Batch<'_>, losses: &mut Losses) -> Result<BatchRange, SpoolError> {
        self.check_writable()?;
        let (bytes, max) = (batch.bytes.len(), self.max_batch_bytes());
        if bytes == 0 {
            return Err(SpoolErrorKind::EmptyBatch.into());
        }
        if bytes > max {
            return Err(SpoolErrorKind::TooLarge { bytes, max }.into());
        }
        let now = self.clock.monotonic();
        if self.is_paused(now) {
            return Err(SpoolErrorKind::Failed.into());
        }
        if self.targets.len() > MANY_TARGETS && self.is_empty() {
            self.targets.clear();
        }
        let target = self.targets.intern(batch.target);
        let record = NewRecord {
            target,
            target_bytes: batch.target.bytes(),
            flags: batch.target.flags(),
            precision: batch.precision,
            points: batch.points,
            payload: [batch.bytes, &[], &[]],
            now: self.clock.unix_seconds(),
            sync: self.sync_with(now),
        };
        self.free_space(record.record_len(), losses)?;
        let seq = self.append_record(&record, now, losses)?;
        self.failed_at = None;
        self.wasted = 0;
        bump(&mut self.stats.appended, 1);
        self.after_append(&record, now, losses);
        Ok(BatchRange {
            first: seq,
            last: seq,
            target,
            batches: 1,
            points: u64::from(batch.points),
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
        })
    }

    /// Keeps the promise of `Interval` for what was appended before.
    fn after_append(&mut self, record: &NewRecord<'_>, now: Duration, losses: &mut Losses) {
        let is_due = record.sync && self.settings.durability != Durability::EveryBatch;
        if !self.log.has_unsynced() {
            self.unsynced_since = None;
        } else if is_due && self.unsynced_since.is_some() {
            // What is in segments before this one is due as well. This batch is safe, so the error is not this call's;
            // `unsynced_since` and the counters say that it is still to be done.
            let (_, lost) = self.sync_all();
            losses.0.extend(lost.0);
        } else {
            self.unsynced_since = self.unsynced_since.or(Some(now));
        }
    }

    fn append_record(
        &mut self,
        record: &NewRecord<'_>,
        now: Duration,
        losses: &mut Losses,
    ) -> Result<u64, SpoolError> {
        let mut error = match self.log.append(record) {
            Ok(seq) => return Ok(seq),
            Err(error) => error,
        };
        if is_no_space(&error) && self.drop_for(record.record_len(), losses) {
            error = match self.log.append(record) {
                Ok(seq) => return Ok(seq),
                Err(error) => error,
            };
        }
        if is_no_space(&error) {
            return Err(SpoolErrorKind::Full.into());
        }
        self.failed_at = Some(now);
        Err(SpoolError::from_io("write to the spool", self.dir(), error))
    }

    /// Frees space for a record within `max_bytes`, or returns an error if there is none.
    fn free_space(&mut self, len: u64, losses: &mut Losses) -> Result<(), SpoolError> {
        while self.log.footprint_with(len) > self.settings.max_bytes {
            let may_drop = self.settings.full == OverflowPolicy::DropOldest;
            if !may_drop || !self.drop_segment(losses) {
                return Err(SpoolErrorKind::Full.into());
            }
        }
        Ok(())
    }

    /// Frees space on a full disk: as much as a record takes, once until an append succeeds. Whether
    /// anything was dropped.
    fn drop_for(&mut self, len: u64, losses: &mut Losses) -> bool {
        let mut dropped = false;
        while self.settings.full == OverflowPolicy::DropOldest
            && self.wasted < footprint(len)
            && self.drop_segment(losses)
        {
            dropped = true;
        }
        dropped
    }

    /// Drops a segment, delivered or not; whether there was one. The oldest of which nothing is held;
    /// else the oldest. The one that is written to is the last to go.
    fn drop_segment(&mut self, losses: &mut Losses) -> bool {
        let count = self.log.segments.len();
        let sealed = count.saturating_sub(usize::from(self.log.is_active(count.saturating_sub(1))));
        let free = self.log.segments.iter().take(sealed);
        let free = free.map(|s| !self.held.any_in(s.base, s.end_seq));
        let index = free.into_iter().position(|free| free).unwrap_or(0);
        if self.log.is_active(index) {
            self.log.seal();
        }
        let Some(segment) = self.log.remove(index) else {
            return false;
        };
        bump(&mut self.wasted, segment.footprint());
        let held = self.held.in_segment(segment.base, segment.end_seq);
        self.held.forget(segment.base, segment.end_seq);
        for share in segment.shares() {
            let held = held.iter().filter(|range| range.target == share.target);
            let held_points = held.fold(0, |sum: u64, range| sum.saturating_add(range.points));
            self.lose(losses, share, held_points, LossCause::Dropped);
        }
        self.remove_acked();
        true
    }

    fn is_paused(&self, now: Duration) -> bool {
        self.failed_at
            .is_some_and(|at| now.saturating_sub(at) < PAUSE)
    }
}

fn is_no_space(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
