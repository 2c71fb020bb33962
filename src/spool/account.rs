//! What waits, and for whom; how the spool is doing.

use super::clock::Clock;
use super::fs::Fs;
use super::queue::{Spool, find};
use super::report::{Backlog, SpoolStats, bump};
use super::segment::{Segment, Share};
use super::target::Target;
use alloc::vec::Vec;

impl<F: Fs, C: Clock> Spool<F, C> {
    /// How it is doing.
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
        let waiting = self.waiting(|_| true);
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
            at_risk: self.log.counts.at_risk,
            failed: self.failed_at.is_some(),
            ..self.stats
        }
    }

    /// Points dropped so far to make room.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-dropped", std::process::id()));
    /// use influx_edge::spool::Spool;
    ///
    /// let spool = Spool::open(&dir)?;
    /// assert_eq!(spool.dropped(), 0); // points, since it was opened
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.stats.dropped_points
    }

    /// The targets for which something waits; whose oldest batch is the oldest comes first.
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
        let mut order: Vec<u32> = Vec::new();
        for segment in &self.log.segments {
            for share in segment.shares() {
                if !order.contains(&share.target) {
                    order.push(share.target);
                }
            }
        }
        let state = |index: &u32| self.targets.get(*index as usize);
        order.sort_by_key(|index| state(index).map_or(0, |s| s.from.cursor.next_seq));
        order
            .iter()
            .filter_map(state)
            .map(|s| s.target.clone())
            .collect()
    }

    /// What waits for a target.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-backlog", std::process::id()));
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// # use influx_edge::Precision;
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// spool.append(Batch::new(&target, Precision::Second, 3, b"t v=1 60\nt v=2 61\nt v=3 62\n"))?;
    /// assert_eq!(spool.backlog(&target).points, 3);
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn backlog(&self, target: &Target) -> Backlog {
        let index = find(&self.targets, |t| t == target);
        let waiting = self.waiting(|share| Some(share.target) == index);
        Backlog {
            target: target.clone(),
            batches: waiting.batches,
            points: waiting.points,
            bytes: waiting.bytes,
        }
    }

    fn waiting(&self, which: impl Fn(&Share) -> bool) -> Share {
        let shares = self.log.segments.iter().flat_map(Segment::shares);
        let mut sum = Share::default();
        for share in shares.filter(|share| which(share)) {
            bump(&mut sum.batches, share.batches);
            bump(&mut sum.points, share.points);
            bump(&mut sum.bytes, share.bytes);
        }
        sum
    }
}
