//! Batches that the owner also has in memory: read and not yet delivered, or just appended.

use super::batch::BatchRange;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Held ranges by their first number. They never overlap. Memory: about 60 bytes for each.
#[derive(Debug, Default)]
pub(super) struct Held(BTreeMap<u64, BatchRange>);

impl Held {
    /// Adds a range; one that overlaps another changes nothing.
    #[allow(dead_code, reason = "for the writer")]
    pub(super) fn insert(&mut self, range: &BatchRange) {
        let overlaps = self.0.range(range.first..=range.last).next().is_some();
        if !overlaps && !self.contains(range.first) && range.first <= range.last {
            self.0.insert(range.first, *range);
        }
    }

    /// Removes a range and returns what of it is still on disk.
    pub(super) fn remove(&mut self, range: &BatchRange) -> Option<BatchRange> {
        let held = self.0.get(&range.first)?;
        if held.last != range.last {
            return None;
        }
        self.0.remove(&range.first)
    }

    pub(super) fn contains(&self, seq: u64) -> bool {
        self.find(seq).is_some()
    }

    /// Finds the range that contains a number, and returns its first number.
    pub(super) fn find(&self, seq: u64) -> Option<u64> {
        // Ranges don't overlap, so only the last one that begins at or before the number can contain it.
        let (first, range) = self.0.range(..=seq).next_back()?;
        (range.last >= seq).then_some(*first)
    }

    /// Returns `true` if a range begins in `base..end`.
    pub(super) fn any_in(&self, base: u64, end: u64) -> bool {
        base < end && self.0.range(base..end).next().is_some()
    }

    /// The ranges of a segment. No range crosses from one segment to another.
    pub(super) fn in_segment(&self, base: u64, end: u64) -> Vec<BatchRange> {
        if base >= end {
            return Vec::new();
        }
        self.0.range(base..end).map(|(_, range)| *range).collect()
    }

    /// Sets what is left of a range. A range with nothing left is removed.
    pub(super) fn set_left(&mut self, first: u64, batches: u64, points: u64, bytes: u64) {
        if batches == 0 {
            self.0.remove(&first);
        } else if let Some(range) = self.0.get_mut(&first) {
            range.batches = batches;
            range.points = points;
            range.bytes = bytes;
        }
    }

    /// Removes the ranges of a segment that was removed.
    pub(super) fn forget(&mut self, base: u64, end: u64) {
        self.0.retain(|first, _| !(base..end).contains(first));
    }
}
