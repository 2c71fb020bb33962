//! `append`, and the overflow policy when `max_bytes` is reached or the disk is full.

use super::batch::{Batch, BatchGroup, BatchRange};
use super::error::SpoolError;
use super::log::NewRecord;
use super::losses::{LossCause, Losses};
use super::segment::footprint;
use super::settings::Durability;
use super::spool::Spool;
use super::stats::bump;
use core::time::Duration;
use std::io;

/// The pause after the disk failed twice in a row.
const PAUSE: Duration = Duration::from_secs(1);

/// If there are more, targets are forgotten when nothing waits.
const MANY_TARGETS: usize = 1024;

impl Spool {
    /// Appends a batch to the queue of its target.
    ///
    /// `Ok` means that the batch survives what the [`Durability`] says. The group, of this one batch, is
    /// for [`ack`](Spool::ack), in case the batch is delivered without having been read back.
    ///
    /// Blocks for the write and, with [`Durability::EveryBatch`], for the sync. If either fails, it is
    /// attempted once more on a new file.
    ///
    /// With [`OverflowPolicy::DropOldest`](crate::OverflowPolicy::DropOldest) the oldest segments are dropped if space is short. If the disk
    /// is full before `max_bytes` is reached, no more is dropped than this batch takes, in whole segments;
    /// while that doesn't help, later calls drop nothing more and fail.
    ///
    /// # Errors
    /// The batch is not acknowledged after an error. Batches that were dropped for it are counted
    /// ([`SpoolStats::dropped_points`](super::SpoolStats::dropped_points)). Returns
    /// - [`SpoolError::ReadOnly`] or [`SpoolError::Forked`] if nothing can be written here,
    /// - [`SpoolError::EmptyBatch`] or [`SpoolError::TooLarge`] for such a batch, see
    ///   [`max_batch_bytes`](Spool::max_batch_bytes),
    /// - [`SpoolError::Full`] if space is short and nothing may be dropped, or dropping did not help,
    /// - [`SpoolError::Io`] if the disk failed twice, and [`SpoolError::Failed`] for a second after that.
    pub fn append(&mut self, batch: Batch<'_>) -> Result<BatchGroup, SpoolError> {
        // Losses are counted in the stats, too.
        let (appended, _) = self.put(batch);
        appended.map(|range| BatchGroup::new(batch.precision, range))
    }

    /// Appends like [`append`](Spool::append), and returns the losses that this caused, also beside an
    /// error.
    pub(crate) fn put(&mut self, batch: Batch<'_>) -> (Result<BatchRange, SpoolError>, Losses) {
        let mut losses = Losses::default();
        let result = self.try_put(batch, &mut losses);
        (result, losses)
    }

    fn try_put(&mut self, batch: Batch<'_>, losses: &mut Losses) -> Result<BatchRange, SpoolError> {
        self.check_writable()?;
        let (bytes, max) = (batch.lines.len(), self.max_batch_bytes());
        if bytes == 0 {
            return Err(SpoolError::EmptyBatch);
        }
        if bytes > max {
            return Err(SpoolError::TooLarge { bytes, max });
        }
        let now = self.clock.monotonic();
        if self.is_paused(now) {
            return Err(SpoolError::Failed);
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
            payload: [batch.lines, &[], &[]],
            now: self.clock.unix_seconds(),
            sync: self.sync_with(now),
        };
        self.free_space(record.record_len(), losses)?;
        let seq = self.append_record(&record, now, losses)?;
        self.failed_at = None;
        self.wasted = 0;
        bump(&mut self.stats.appended, 1);
        self.after_append(&record, now, losses);
        Ok(BatchRange::one(target, seq, batch.points, bytes))
    }

    /// Keeps the promise of `Interval` for batches that were appended before.
    fn after_append(&mut self, record: &NewRecord<'_>, now: Duration, losses: &mut Losses) {
        let is_due = record.sync && self.settings.durability != Durability::EveryBatch;
        if !self.log.has_unsynced() {
            self.unsynced_since = None;
        } else if is_due && self.unsynced_since.is_some() {
            // Earlier segments are due as well. This batch is safe, so a failure is not an error of this
            // call; `unsynced_since` and the counters record that the sync is still to be done.
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
        let mut appended = self.log.append(record);
        if appended.as_ref().is_err_and(is_no_space) && self.drop_for(record.record_len(), losses) {
            appended = self.log.append(record);
        }
        appended.map_err(|error| {
            if is_no_space(&error) {
                return SpoolError::Full;
            }
            self.failed_at = Some(now);
            SpoolError::from_io("write to the spool", self.dir(), error)
        })
    }

    /// Frees space for a record within `max_bytes`.
    fn free_space(&mut self, len: u64, losses: &mut Losses) -> Result<(), SpoolError> {
        while self.log.footprint_with(len) > self.settings.max_bytes {
            let may_drop = self.settings.overflow_policy.drops_oldest();
            if !may_drop || !self.drop_segment(losses) {
                return Err(SpoolError::Full);
            }
        }
        Ok(())
    }

    /// Frees space on a full disk and returns `true` if anything was dropped.
    ///
    /// `wasted` limits that to the size of one record until an append succeeds. Without the limit a disk
    /// that other programs keep full would cost the whole backlog, one segment an attempt.
    fn drop_for(&mut self, len: u64, losses: &mut Losses) -> bool {
        let mut dropped = false;
        while self.settings.overflow_policy.drops_oldest()
            && self.wasted < footprint(len)
            && self.drop_segment(losses)
        {
            dropped = true;
        }
        dropped
    }

    /// Drops a segment, delivered or not; `false` if there is none. Drops the oldest of which nothing is
    /// held, else the oldest; the active one last.
    fn drop_segment(&mut self, losses: &mut Losses) -> bool {
        // The owner of held batches delivers them from memory, so dropping others first keeps more data. But
        // their copies on disk have to go before nothing can be stored at all.
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
