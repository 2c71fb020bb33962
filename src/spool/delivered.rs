//! What a spool notes when batches were delivered, and which are in their owner's memory.

use super::batch::BatchRange;
use super::segment::TargetCount;
use super::spool::Spool;
use super::stats::bump;

impl Spool {
    /// Notes that batches were delivered; how many points they held. Their space is freed with the
    /// last batch of their segment.
    ///
    /// Batches that were acknowledged, dropped or lost before do nothing and count nothing; nor does any in
    /// a child process of the one that opened the spool. Of a range
    /// with some of these the rest counts; for that their headers are read from the disk.
    /// Writes 20 bytes to the disk and syncs nothing: an acknowledgement that a crash takes makes the
    /// batch be delivered again, which changes nothing in the database if its points have timestamps.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-ack", std::process::id()));
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// # use influx_edge::Precision;
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// let range = spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
    /// spool.ack([&range]); // it was delivered
    /// assert!(spool.is_empty());
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack<'t>(&mut self, ranges: impl IntoIterator<Item = &'t BatchRange>) -> u64 {
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

    /// Notes that batches are in their owner's memory too, from being put until they are acknowledged
    /// or released: they are not read, and not dropped while others can be.
    #[allow(dead_code, reason = "for the writer")]
    pub(crate) fn hold(&mut self, range: &BatchRange) {
        if self.is_waiting(range) {
            self.held.insert(range);
        }
    }

    /// Notes that batches are held no longer and were not delivered: they are read again.
    #[allow(dead_code, reason = "for the writer")]
    pub(crate) fn release(&mut self, ranges: &[BatchRange]) {
        for range in ranges {
            self.held.remove(range);
        }
    }

    /// Marks batches as done and ends their being held; those that waited until now.
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
            // What is left of it was kept up to date.
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

    /// Whether a number is delivered, dropped, or was never there.
    pub(super) fn is_finished(&self, seq: u64) -> bool {
        let segment = || self.log.segments.get(self.log.index_of(seq)?);
        seq <= self.ack.acked() || segment().is_none_or(|segment| segment.seq_done(seq))
    }

    /// Whether any batch of a range still waits: not acknowledged, not dropped, not lost.
    #[allow(dead_code, reason = "for the writer")]
    pub(crate) fn is_waiting(&self, range: &BatchRange) -> bool {
        (range.first..=range.last).any(|seq| !self.is_finished(seq))
    }

    /// Removes segments in which nothing waits, and notes up to where all is delivered.
    pub(super) fn remove_acked(&mut self) {
        let acked = self.delivered_up_to();
        if acked > self.ack.acked() && self.ack.write(&*self.log.fs, acked).is_err() {
            bump(&mut self.stats.unnoted_acks, 1);
        }
        // The newest segment stays while anything waits: it is what remembers the last number.
        let newest = self.log.segments.len().saturating_sub(1);
        let idle = self.is_empty();
        for index in (0..self.log.segments.len()).rev() {
            let Some(segment) = self.log.segments.get(index).filter(|s| s.is_done()) else {
                continue;
            };
            // Of an empty spool the active one stays to be written to, unless it is nearly full.
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
