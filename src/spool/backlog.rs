//! Counters of the waiting batches, in total and by target.

use super::segment::{Segment, SyncState, TargetCount};
use super::spool::Spool;
use super::stats::{Backlog, SpoolStats};
use super::target::Target;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

impl Spool {
    /// Returns the counters.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-stats", std::process::id()));
    /// use influx_edge::spool::Spool;
    ///
    /// let spool = Spool::open(&dir)?;
    /// assert_eq!(spool.stats().points, 0);
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> SpoolStats {
        let waiting = sum(self.log.segments.iter().flat_map(Segment::shares));
        SpoolStats {
            batches: waiting.batches,
            points: waiting.points,
            bytes: waiting.bytes,
            disk_bytes: self.log.footprint(),
            segments: self.log.segments.len() as u64,
            rejected_lines: self.rejected.lines(),
            rejected_dropped: self.rejected.dropped,
            bytes_written: self.log.counts.bytes_written,
            syncs: self.log.counts.syncs,
            poisoned_segments: self.log.counts.poisoned,
            at_risk: self.at_risk(),
            failed: self.failed_at.is_some(),
            read_only: self.open_report().read_only,
            ..self.stats
        }
    }

    /// Returns the targets for which batches wait, the one with the oldest batch first.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-targets", std::process::id()));
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// # use influx_edge::Precision;
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
    /// assert_eq!(spool.targets(), [target]);
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        // By the oldest segment that has a batch of it, then by the first batch there.
        let mut seen = BTreeSet::new();
        let mut order = Vec::new();
        for segment in &self.log.segments {
            let begin = order.len();
            let shares = segment.shares().map(|share| (share.first, share.target));
            order.extend(shares.filter(|(_, target)| seen.insert(*target)));
            if let Some(new) = order.get_mut(begin..) {
                new.sort_unstable();
            }
        }
        let targets = order.iter();
        targets
            .filter_map(|(_, target)| self.targets.get(*target).cloned())
            .collect()
    }

    /// Counts the batches that wait for a target.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-backlog", std::process::id()));
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// # use influx_edge::Precision;
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// spool.append(Batch::new(
    ///     &target,
    ///     Precision::Second,
    ///     3,
    ///     b"t v=1 60\nt v=2 61\nt v=3 62\n",
    /// ))?;
    /// assert_eq!(spool.backlog(&target).points, 3);
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn backlog(&self, target: &Target) -> Backlog {
        let number = self.targets.find(target);
        let share = |segment: &Segment| segment.share(number?);
        let waiting = sum(self.log.segments.iter().filter_map(share));
        Backlog {
            target: target.clone(),
            batches: waiting.batches,
            points: waiting.points,
            bytes: waiting.bytes,
        }
    }

    fn at_risk(&self) -> u64 {
        let segments = self.log.segments.iter();
        let failed = segments.filter(|segment| segment.sync == SyncState::Failed);
        sum(failed.flat_map(Segment::shares)).batches
    }
}

fn sum(shares: impl Iterator<Item = TargetCount>) -> TargetCount {
    shares.fold(TargetCount::default(), |mut sum, share| {
        sum.add(share.batches, share.points, share.bytes);
        sum
    })
}
