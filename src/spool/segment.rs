//! The index of a segment in memory: counts for each target, and which records are acknowledged.

use super::format::{ChecksumSeed, SEGMENT_HEADER};
use super::scan::Bounds;
use alloc::vec::Vec;
use std::ffi::OsStr;
use std::format;
use std::string::String;

/// One segment file.
#[derive(Debug)]
pub(super) struct Segment {
    /// The sequence number of its first record, and its name.
    pub(super) base: u64,
    /// One more than its last record's number.
    pub(super) end_seq: u64,
    pub(super) key: ChecksumSeed,
    /// Where its valid bytes end.
    pub(super) len: u64,
    /// What waits in it, for each target that has something in it, by target. 40 bytes each.
    shares: Vec<TargetCount>,
    /// Which of its numbers are done with, by `seq - base`; empty while none is out of order.
    done: Vec<u64>,
    /// What is known of its syncs; of the active one, of those before it is sealed.
    pub(super) sync: SyncState,
}

/// Whether a segment that is no longer written to is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SyncState {
    /// It is, as far as that was asked for.
    #[default]
    Clean,
    /// It was written to without a sync. One on a new descriptor is still possible.
    Dirty,
    /// A sync failed. The kernel may have forgotten its pages, so no later sync means anything: what
    /// waits in it has to be written to another file.
    Failed,
}

/// What waits for one target in one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TargetCount {
    pub(super) target: u32,
    /// Of a segment's share: the number of the first batch that was added to it.
    pub(super) first: u64,
    pub(super) batches: u64,
    pub(super) points: u64,
    pub(super) bytes: u64,
}

impl Segment {
    pub(super) fn new(base: u64, key: ChecksumSeed) -> Self {
        Segment {
            base,
            end_seq: base,
            key,
            len: SEGMENT_HEADER as u64,
            shares: Vec::new(),
            done: Vec::new(),
            sync: SyncState::Clean,
        }
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            key: self.key,
            base: self.base,
            below: self.end_seq,
            end: self.len,
        }
    }

    pub(super) fn shares(&self) -> impl Iterator<Item = TargetCount> + '_ {
        self.shares.iter().copied()
    }

    pub(super) fn share(&self, target: u32) -> Option<TargetCount> {
        let at = self.place_of(target).ok()?;
        self.shares.get(at).copied()
    }

    /// Where a target's share is, or would be.
    fn place_of(&self, target: u32) -> Result<usize, usize> {
        self.shares.binary_search_by_key(&target, |s| s.target)
    }

    /// Nothing waits in it.
    pub(super) fn is_done(&self) -> bool {
        self.shares.is_empty()
    }

    /// Notes one more waiting batch.
    pub(super) fn add(&mut self, target: u32, seq: u64, points: u32, bytes: u32) {
        let at = self.place_of(target).unwrap_or_else(|at| {
            if self.shares.is_empty() {
                // (Most segments have one target, and there may be thousands of segments.)
                self.shares.reserve_exact(1);
            }
            let first = seq;
            self.shares.insert(
                at,
                TargetCount {
                    first,
                    ..TargetCount::none(target)
                },
            );
            at
        });
        if let Some(share) = self.shares.get_mut(at) {
            share.add(1, u64::from(points), u64::from(bytes));
        }
    }

    /// Notes that some batches wait no longer; what was really taken off.
    pub(super) fn take(&mut self, off: TargetCount) -> TargetCount {
        let at = self.place_of(off.target);
        let Some((at, share)) = at.ok().and_then(|at| Some((at, self.shares.get_mut(at)?))) else {
            return TargetCount::none(off.target);
        };
        // The last batch takes along what rounding left: no share without batches.
        if off.batches >= share.batches {
            return self.shares.remove(at);
        }
        let taken = TargetCount {
            first: share.first,
            batches: off.batches,
            points: off.points.min(share.points),
            bytes: off.bytes.min(share.bytes),
            ..off
        };
        *share = share.without(&taken);
        taken
    }

    /// Whether a number is done with: delivered, or never there.
    pub(super) fn seq_done(&self, seq: u64) -> bool {
        let (word, bit) = place(seq.saturating_sub(self.base));
        self.done.get(word).is_some_and(|w| w & bit != 0)
    }

    /// Notes that a number is done with.
    ///
    /// The length is bounded by what was checked before: a number is at most as far from the base as
    /// records fit before it.
    pub(super) fn set_done(&mut self, seq: u64) {
        let (word, bit) = place(seq.saturating_sub(self.base));
        if self.done.len() <= word {
            self.done.resize(word.saturating_add(1), 0);
        }
        if let Some(w) = self.done.get_mut(word) {
            *w |= bit;
        }
    }

    /// How many of these numbers are not done with.
    pub(super) fn open_in(&self, first: u64, last: u64) -> u64 {
        let last = last.min(self.end_seq.saturating_sub(1));
        let open = (first.max(self.base)..=last).filter(|seq| !self.seq_done(*seq));
        open.count() as u64
    }

    /// Notes that these batches of a target are done with.
    pub(super) fn set_range_done(&mut self, target: u32, first: u64, last: u64) {
        let last = last.min(self.end_seq.saturating_sub(1));
        for seq in first.max(self.base)..=last {
            self.set_done(seq);
        }
        let at = self.place_of(target).ok();
        let share = at.and_then(|at| self.shares.get_mut(at));
        if let Some(share) = share.filter(|share| first <= share.first) {
            share.first = share.first.max(last.saturating_add(1));
        }
    }

    /// What it takes on disk, as the limit counts it.
    pub(super) fn footprint(&self) -> u64 {
        footprint(self.len)
    }
}

impl TargetCount {
    pub(super) fn none(target: u32) -> Self {
        TargetCount {
            target,
            ..TargetCount::default()
        }
    }

    /// Counts more of the same target.
    pub(super) fn add(&mut self, batches: u64, points: u64, bytes: u64) {
        self.batches = self.batches.saturating_add(batches);
        self.points = self.points.saturating_add(points);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// What is in this count and not in the other.
    pub(super) fn without(&self, other: &TargetCount) -> Self {
        TargetCount {
            target: self.target,
            first: self.first,
            batches: self.batches.saturating_sub(other.batches),
            points: self.points.saturating_sub(other.points),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}

/// Whole blocks, so that a thousand small files don't count as nothing.
pub(super) fn footprint(len: u64) -> u64 {
    len.saturating_add(4095) & !4095
}

fn place(index: u64) -> (usize, u64) {
    let word = usize::try_from(index / 64).unwrap_or(usize::MAX);
    (word, 1 << (index % 64))
}

/// The name of the segment that begins with this number.
pub(super) fn name(base: u64) -> String {
    format!("{base:016x}.seg")
}

/// The number in a segment's name, if it is one.
pub(super) fn parse_name(name: &OsStr) -> Option<u64> {
    let digits = name.to_str()?.strip_suffix(".seg")?;
    let canonical = digits.len() == 16
        && digits
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    u64::from_str_radix(digits, 16).ok().filter(|_| canonical)
}
