//! `ack`, and batches that the owner also has in memory.

use super::batch::{BatchGroup, BatchRange};
use super::segment::TargetCount;
use super::spool::Spool;
use super::stats::bump;

impl Spool {
    /// Marks batches as delivered and returns their number of points. A segment file is removed with its
    /// last batch.
    ///
    /// Batches that were acknowledged, dropped or lost before are ignored and not counted; if a group
    /// has some of these, the headers of the others are read from the disk. In a fork of the process that
    /// opened the spool, the call has no effect.
    ///
    /// Writes 20 bytes and syncs nothing. If a crash loses the acknowledgement, the batches are delivered
    /// again, which changes nothing in the database if their points have timestamps.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-ack", std::process::id()));
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// # use influx_edge::Precision;
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// let group =
    ///     spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
    /// assert_eq!(spool.ack(&group), 1); // it was delivered
    /// assert!(spool.is_empty());
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack(&mut self, group: &BatchGroup) -> u64 {
        self.ack_ranges(&group.ranges)
    }

    pub(crate) fn ack_ranges(&mut self, ranges: &[BatchRange]) -> u64 {
        let mut points = 0;
        if self.same_process().is_err() {
            return points;
        }
        for range in ranges {
            let done = self.finish(range);
            bump(&mut self.stats.acknowledged, done.batches);
            bump(&mut points, done.points);
        }
        bump(&mut self.stats.acknowledged_points, points);
        self.remove_acked();
        points
    }

    /// Marks batches as held: the owner has them in memory too, until they are acknowledged or released.
    /// Held batches are not read, and not dropped while others can be.
    #[allow(dead_code, reason = "for the writer")]
    pub(crate) fn hold(&mut self, range: &BatchRange) {
        if self.is_waiting(range) {
            self.held.insert(range);
        }
    }

    /// Ends the hold of batches that were not delivered, so that they are read again.
    #[allow(dead_code, reason = "for the writer")]
    pub(crate) fn release(&mut self, ranges: &[BatchRange]) {
        for range in ranges {
            self.held.remove(range);
        }
    }

    /// Marks batches as done and not held, and counts those of them that waited.
    pub(super) fn finish(&mut self, range: &BatchRange) -> TargetCount {
        let held = self.held.remove(range);
        let none = TargetCount::none(range.target);
        let first = range.first.max(self.ack.acked().saturating_add(1));
        let Some(index) = self.log.index_of(range.first) else {
            return none;
        };
        let Some(segment) = self.log.segments.get(index) else {
            return none;
        };
        let open = segment.open_in(first, range.last);
        if open == 0 {
            return none;
        }
        let count = match held {
            // Losses have been subtracted from it already.
            Some(left) => left.count(),
            None if open == range.batches => range.count(),
            None => self.measure(segment.base, range, open),
        };
        let Some(segment) = self.log.segments.get_mut(index) else {
            return none;
        };
        segment.set_range_done(range.target, first, range.last);
        segment.take(count)
    }

    /// Returns `true` if a number is delivered, dropped or lost, or was never used.
    pub(super) fn is_finished(&self, seq: u64) -> bool {
        let segment = || self.log.segments.get(self.log.index_of(seq)?);
        seq <= self.ack.acked() || segment().is_none_or(|segment| segment.seq_done(seq))
    }

    /// Returns `true` if any batch of a range waits.
    #[allow(dead_code, reason = "for the writer")]
    pub(crate) fn is_waiting(&self, range: &BatchRange) -> bool {
        (range.first..=range.last).any(|seq| !self.is_finished(seq))
    }

    /// Records the number up to which all batches are delivered, and removes segments in which nothing
    /// waits.
    pub(super) fn remove_acked(&mut self) {
        // The number first, then the files: if the process is killed in between, recovery finds batches that
        // are delivered. In the other order it would find numbers missing.
        let acked = self.delivered_up_to();
        if acked > self.ack.acked() && self.ack.write(&*self.log.fs, acked).is_err() {
            bump(&mut self.stats.unnoted_acks, 1);
        }
        // While anything waits the newest segment stays: after a restart it is what proves the last number
        // used. The file `ack` can't, because it is not synced.
        let newest = self.log.segments.len().saturating_sub(1);
        let idle = self.is_empty();
        for index in (0..self.log.segments.len()).rev() {
            let Some(segment) = self.log.segments.get(index).filter(|s| s.is_done()) else {
                continue;
            };
            // An empty spool keeps its active segment for the next append, unless it is half full.
            let spent = segment.len > self.settings.effective_segment_bytes() / 2;
            let surplus = idle && (spent || !self.log.is_active(index));
            if index != newest || surplus {
                self.log.remove(index);
            }
        }
    }

    /// The number up to which nothing waits.
    fn delivered_up_to(&self) -> u64 {
        let Some(oldest) = self.log.segments.iter().find(|s| !s.is_done()) else {
            return self.log.next_seq.saturating_sub(1);
        };
        let mut seq = oldest.base.max(self.ack.acked().saturating_add(1));
        while seq < oldest.end_seq && oldest.seq_done(seq) {
            seq = seq.saturating_add(1);
        }
        seq.saturating_sub(1)
    }
}
