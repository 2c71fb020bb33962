//! What waits, and for whom; how the spool is doing.

use super::clock::Clock;
use super::fs::Fs;
use super::queue::{Spool, bump, find};
use super::report::{Backlog, SpoolStats};
use super::segment::{Segment, Share};
use super::target::Target;
use alloc::vec::Vec;

impl<F: Fs, C: Clock> Spool<F, C> {
    /// How it is doing.
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
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.stats.dropped_points
    }

    /// The targets for which something waits; whose oldest batch is the oldest comes first.
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
