//! A segment in memory: its waiting batches, counted by target, and the numbers that are done.
//!
//! The states of a segment file:
//!
//! ```text
//!   create --> active --> sealed --------------> removed
//!                |        |    ^                    ^
//!     sync fails |        |    | synced copy        | nothing can
//!                |        v    | replaces it        | be read back
//!                +------> failed -------------------+
//! ```
//!
//! - Create writes and syncs the header, then syncs the directory. Only then it is active.
//! - It is sealed, and only read from then on, when it is full, when a write to it fails, and when the
//!   spool is reopened.
//! - It is removed when all its batches are done (delivered or lost), or when it is dropped for space.
//! - A sealed segment with unsynced batches is [`SyncState::Dirty`]: one more sync, on a new descriptor, is
//!   possible, because none has failed. [`SyncState::Failed`] is left only by rewriting, see `rewrite`.

use super::format::{ChecksumSeed, SEGMENT_HEADER};
use super::scan::Bounds;
use super::stats::bump;
use alloc::vec::Vec;
use std::ffi::OsStr;
use std::format;
use std::string::String;

/// One segment file.
#[derive(Debug)]
pub(super) struct Segment {
    /// The sequence number of its first record, which is also its file name.
    pub(super) base: u64,
    /// One more than its last record's number.
    pub(super) end_seq: u64,
    pub(super) key: ChecksumSeed,
    /// The end of its valid bytes.
    pub(super) len: u64,
    /// The waiting batches of each target that has any, sorted by target. 40 bytes each.
    shares: Vec<TargetCount>,
    /// A bit set of the numbers that are done, by `seq - base`; empty until the first is set.
    done: Vec<u64>,
    /// Always `Clean` while the segment is active.
    pub(super) sync: SyncState,
}

/// The state of a sealed segment on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SyncState {
    /// Synced, as far as that was requested.
    #[default]
    Clean,
    /// Written without a sync. A sync on a new descriptor is still possible.
    Dirty,
    /// A sync failed. The kernel may have marked the pages clean, so a later success would prove nothing:
    /// the waiting batches have to be written to another file.
    Failed,
}

/// The waiting batches of one target in one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TargetCount {
    pub(super) target: u32,
    /// In a segment's share: the number of the first batch that was added to it.
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

    fn place_of(&self, target: u32) -> Result<usize, usize> {
        self.shares.binary_search_by_key(&target, |s| s.target)
    }

    /// Returns `true` if nothing waits in it.
    pub(super) fn is_done(&self) -> bool {
        self.shares.is_empty()
    }

    /// Adds a waiting batch.
    pub(super) fn add(&mut self, target: u32, seq: u64, points: u32, bytes: u32) {
        let at = self.place_of(target).unwrap_or_else(|at| {
            if self.shares.is_empty() {
                // Most segments have one target, and there may be thousands of segments.
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

    /// Subtracts batches that no longer wait, and returns the amount that was subtracted.
    pub(super) fn take(&mut self, off: TargetCount) -> TargetCount {
        let at = self.place_of(off.target);
        let Some((at, share)) = at.ok().and_then(|at| Some((at, self.shares.get_mut(at)?))) else {
            return TargetCount::none(off.target);
        };
        // The last batch takes any rounding difference along: no share is without batches.
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

    /// Returns `true` if a number is done: delivered, lost or never used.
    pub(super) fn seq_done(&self, seq: u64) -> bool {
        let (word, bit) = place(seq.saturating_sub(self.base));
        self.done.get(word).is_some_and(|w| w & bit != 0)
    }

    /// Marks a number as done.
    ///
    /// The size of the bit set is bounded by the scan: a number is no farther from the base than the
    /// number of records that fit before it.
    pub(super) fn set_done(&mut self, seq: u64) {
        // Batches of several targets are interleaved and acknowledged out of order. The file `ack` has
        // one number for all, so the numbers beyond it are remembered here until the gap is closed.
        let (word, bit) = place(seq.saturating_sub(self.base));
        if self.done.len() <= word {
            self.done.resize(word.saturating_add(1), 0);
        }
        if let Some(w) = self.done.get_mut(word) {
            *w |= bit;
        }
    }

    /// Counts the numbers in `first..=last` that are not done.
    pub(super) fn open_in(&self, first: u64, last: u64) -> u64 {
        let last = last.min(self.end_seq.saturating_sub(1));
        let open = (first.max(self.base)..=last).filter(|seq| !self.seq_done(*seq));
        open.count() as u64
    }

    /// Marks batches of a target as done.
    pub(super) fn set_range_done(&mut self, target: u32, first: u64, last: u64) {
        let last = last.min(self.end_seq.saturating_sub(1));
        for seq in first.max(self.base)..=last {
            self.set_done(seq);
        }
        let at = self.place_of(target).ok();
        let share = at.and_then(|at| self.shares.get_mut(at));
        // `first` orders the targets by age. The next number is a lower bound of their oldest batch.
        if let Some(share) = share.filter(|share| first <= share.first) {
            share.first = share.first.max(last.saturating_add(1));
        }
    }

    /// The disk space it takes, as `max_bytes` counts it.
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

    /// Adds batches of the same target.
    pub(super) fn add(&mut self, batches: u64, points: u64, bytes: u64) {
        bump(&mut self.batches, batches);
        bump(&mut self.points, points);
        bump(&mut self.bytes, bytes);
    }

    /// This count minus the other.
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

/// Rounds up to blocks of 4 KiB, so that many small files count in full.
pub(super) fn footprint(len: u64) -> u64 {
    len.saturating_add(4095) & !4095
}

fn place(index: u64) -> (usize, u64) {
    let word = usize::try_from(index / 64).unwrap_or(usize::MAX);
    (word, 1 << (index % 64))
}

/// The file name of the segment that begins with this number.
pub(super) fn name(base: u64) -> String {
    format!("{base:016x}.seg")
}

/// The number in a file name, if it is that of a segment.
pub(super) fn parse_name(name: &OsStr) -> Option<u64> {
    let digits = name.to_str()?.strip_suffix(".seg")?;
    let canonical = digits.len() == 16
        && digits
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    u64::from_str_radix(digits, 16).ok().filter(|_| canonical)
}
