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
    /// What waits in it, for each target that has something in it.
    shares: Vec<TargetCount>,
    /// Which of its numbers are done with, by `seq - base`; empty while none is out of order.
    done: Vec<u64>,
    /// Written to without a sync, and no longer being written to.
    pub(super) dirty: bool,
}

/// What waits for one target in one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TargetCount {
    pub(super) target: u32,
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
            dirty: false,
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

    pub(super) fn shares(&self) -> &[TargetCount] {
        &self.shares
    }

    pub(super) fn share(&self, target: u32) -> Option<&TargetCount> {
        self.shares.iter().find(|share| share.target == target)
    }

    /// Nothing waits in it.
    pub(super) fn is_done(&self) -> bool {
        self.shares.is_empty()
    }

    /// Notes one more waiting batch.
    pub(super) fn add(&mut self, target: u32, points: u32, bytes: u32) {
        let share = match self.shares.iter_mut().find(|share| share.target == target) {
            Some(share) => share,
            None => {
                self.shares.push(TargetCount {
                    target,
                    ..TargetCount::default()
                });
                let Some(share) = self.shares.last_mut() else {
                    return;
                };
                share
            }
        };
        share.batches = share.batches.saturating_add(1);
        share.points = share.points.saturating_add(u64::from(points));
        share.bytes = share.bytes.saturating_add(u64::from(bytes));
    }

    /// Notes that some batches wait no longer; what was really taken off.
    pub(super) fn take(&mut self, off: TargetCount) -> TargetCount {
        let Some(at) = self.shares.iter().position(|s| s.target == off.target) else {
            return TargetCount {
                target: off.target,
                ..TargetCount::default()
            };
        };
        let Some(share) = self.shares.get_mut(at) else {
            return off;
        };
        // The last batch takes along what rounding left: no share without batches.
        if off.batches >= share.batches {
            return self.shares.swap_remove(at);
        }
        let taken = TargetCount {
            target: off.target,
            batches: off.batches,
            points: off.points.min(share.points),
            bytes: off.bytes.min(share.bytes),
        };
        share.batches = share.batches.saturating_sub(taken.batches);
        share.points = share.points.saturating_sub(taken.points);
        share.bytes = share.bytes.saturating_sub(taken.bytes);
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

    /// What it takes on disk, as the limit counts it.
    pub(super) fn footprint(&self) -> u64 {
        footprint(self.len)
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
