//! `Losses`: lines that left the disk without being delivered, as a value that the compiler requires to be
//! used.

use super::held::Held;
use super::segment::TargetCount;
use super::spool::Spool;
use super::stats::bump;
use super::target::Target;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Lines that left the disk without being delivered.
#[must_use = "lost lines have to be counted"]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses(pub(crate) Vec<Loss>);

/// A loss of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "read by the writer")]
pub(crate) struct Loss {
    pub(crate) target: Target,
    pub(crate) batches: u64,
    pub(crate) points: u64,
    /// The points of these that are held (see [`Spool::hold`]): the owner has them in memory, so they are
    /// only no longer on disk.
    pub(crate) held_points: u64,
    pub(crate) cause: LossCause,
}

/// The reason of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LossCause {
    /// Dropped to free space.
    Dropped,
    /// The checksum is no longer valid, or the file is gone.
    Corrupt,
    /// The sync of the segment failed, and the lines can't be read back to be written elsewhere.
    Unsynced,
}

/// The waiting batches that were found in a segment, by target and by held range.
#[derive(Default)]
pub(super) struct Tally {
    targets: BTreeMap<u32, TargetCount>,
    held: BTreeMap<u64, TargetCount>,
}

impl Tally {
    /// Counts a waiting batch.
    pub(super) fn add(&mut self, held: &Held, target: u32, seq: u64, points: u32, bytes: u32) {
        let (points, bytes) = (u64::from(points), u64::from(bytes));
        let count = self.targets.entry(target).or_default();
        count.add(1, points, bytes);
        if let Some(first) = held.find(seq) {
            self.held.entry(first).or_default().add(1, points, bytes);
        }
    }
}

impl Spool {
    /// Counts as lost whatever should wait in a segment, of one target or of all, and was not found.
    pub(super) fn settle(
        &mut self,
        base: u64,
        only: Option<u32>,
        found: &Tally,
        cause: LossCause,
        losses: &mut Losses,
    ) {
        let Some(segment) = self.log.segment_of(base) else {
            return;
        };
        let end = segment.end_seq;
        let shares: Vec<_> = match only {
            Some(target) => segment.share(target).into_iter().collect(),
            None => segment.shares().collect(),
        };
        // expected − found = lost, for each target, in batches, points and bytes. The same difference for
        // each held range says how many of the lost points the owner still has in memory.
        let held = self.held.in_segment(base, end);
        for share in shares {
            let there = found.targets.get(&share.target).copied();
            let lost = share.without(&there.unwrap_or_default());
            if lost.batches == 0 {
                continue;
            }
            let mut held_points = 0;
            for range in held.iter().filter(|range| range.target == share.target) {
                let left = found.held.get(&range.first).copied().unwrap_or_default();
                bump(&mut held_points, range.points.saturating_sub(left.points));
                self.held
                    .set_left(range.first, left.batches, left.points, left.bytes);
            }
            if let Some(segment) = self.log.segment_of(base) {
                segment.take(lost);
            }
            self.lose(losses, lost, held_points, cause);
        }
    }

    /// Counts a loss in the stats, and adds it to `losses`.
    pub(super) fn lose(
        &mut self,
        losses: &mut Losses,
        count: TargetCount,
        held_points: u64,
        cause: LossCause,
    ) {
        let stats = &mut self.stats;
        let (batches, points) = match cause {
            LossCause::Dropped => (&mut stats.dropped_batches, &mut stats.dropped_points),
            LossCause::Corrupt => (&mut stats.corrupt_batches, &mut stats.corrupt_points),
            LossCause::Unsynced => (&mut stats.unsynced_batches, &mut stats.unsynced_points),
        };
        bump(batches, count.batches);
        bump(points, count.points);
        if let Some(target) = self.targets.get(count.target) {
            losses.0.push(Loss {
                target: target.clone(),
                batches: count.batches,
                points: count.points,
                held_points: held_points.min(count.points),
                cause,
            });
        }
    }
}
