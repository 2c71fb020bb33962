//! The offsets of the records in a segment, chained by target.
//!
//! Without it, each read of one of n targets would scan the records of the others: n passes over a
//! segment instead of one. The records are in an array by number minus base, as a linked list for each
//! target: an entry has the offset and the number of the target's next record.
//!
//! The index grows while a segment is read and is kept for the two segments that were read last. Memory:
//! 8 bytes for each number of such a segment (57 KiB for 1 MiB of records of 100 bytes, at most 240 KiB,
//! in proportion for larger segments) and about 30 for each target in it.

use super::format::{RecordHeader, SEGMENT_HEADER};
use super::fs::FsFile;
use super::scan::{Bounds, Cursor, Step, Window};
use alloc::vec::Vec;
use std::collections::HashMap;
use std::io;

/// The indexes of the two segments that were read last.
#[derive(Debug)]
pub(super) struct Indexes {
    latest: SegmentIndex,
    earlier: SegmentIndex,
}

/// The index of one segment.
#[derive(Debug)]
pub(super) struct SegmentIndex {
    base: u64,
    /// The position up to which it is indexed.
    cursor: Cursor,
    /// By number minus base.
    records: Vec<Slot>,
    chains: HashMap<u32, Chain>,
}

/// An entry of the index.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// The offset of the record; 0 if there is none or it is corrupt.
    at: u32,
    /// The next record of the same target; 0 if none is indexed. (The first record follows none.)
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Chain {
    first: u32,
    last: u32,
}

impl Default for Indexes {
    fn default() -> Self {
        Indexes {
            latest: SegmentIndex::new(0),
            earlier: SegmentIndex::new(0),
        }
    }
}

impl Indexes {
    /// Returns the index of a segment; an empty one if there is none.
    pub(super) fn of(&mut self, base: u64) -> &mut SegmentIndex {
        if self.latest.base != base {
            core::mem::swap(&mut self.latest, &mut self.earlier);
            if self.latest.base != base {
                self.latest = SegmentIndex::new(base);
            }
        }
        &mut self.latest
    }

    pub(super) fn forget(&mut self, base: u64) {
        for index in [&mut self.latest, &mut self.earlier] {
            if index.base == base {
                *index = SegmentIndex::new(0);
            }
        }
    }
}

impl SegmentIndex {
    fn new(base: u64) -> Self {
        SegmentIndex {
            base,
            cursor: Cursor::start(base),
            records: Vec::new(),
            chains: HashMap::new(),
        }
    }

    /// The number of the target's record after `after`, or of its first one, as far as the segment is
    /// indexed.
    pub(super) fn next(&self, target: u32, after: Option<u64>) -> Option<u64> {
        let next = match after {
            None => self.chains.get(&target)?.first,
            Some(after) => match self.slot(after)?.next {
                0 => return None,
                next => next,
            },
        };
        Some(self.base.saturating_add(u64::from(next)))
    }

    /// The offset of a record.
    pub(super) fn at(&self, seq: u64) -> Option<u64> {
        let at = self.slot(seq)?.at;
        (at >= SEGMENT_HEADER as u32).then_some(u64::from(at))
    }

    /// The offset of the next number's record, if it is indexed. The record ends there or before.
    pub(super) fn end(&self, seq: u64) -> Option<u64> {
        self.at(seq.saturating_add(1))
    }

    /// Marks a record as corrupt.
    pub(super) fn set_lost(&mut self, seq: u64) {
        if let Some(slot) = self.index(seq).and_then(|i| self.records.get_mut(i)) {
            slot.at = 0;
        }
    }

    /// The numbers before `end` without a record. Called when the whole segment is indexed.
    pub(super) fn missing(&self, end: u64) -> Vec<u64> {
        let numbers = self.base..end;
        numbers.filter(|seq| self.at(*seq).is_none()).collect()
    }

    /// Removes the first record of a target, which is done.
    pub(super) fn drop_first(&mut self, target: u32) {
        let Some(chain) = self.chains.get_mut(&target) else {
            return;
        };
        match self.records.get(chain.first as usize) {
            Some(slot) if slot.next != 0 => chain.first = slot.next,
            _ => {
                self.chains.remove(&target);
            }
        }
    }

    /// Indexes one more item of the segment; `false` at its end. `target` maps the target of a record to
    /// its number; records without one are left out.
    pub(super) fn read_on(
        &mut self,
        window: &mut Window,
        file: &dyn FsFile,
        bounds: &Bounds,
        target: &mut dyn FnMut(&RecordHeader, &[u8]) -> Option<u32>,
    ) -> io::Result<bool> {
        match self.cursor.step(window, file, bounds)? {
            Step::End => return Ok(false),
            Step::Damage(_) => {}
            Step::Record(header) => {
                let bytes = self.cursor.target(window, file, bounds, &header)?;
                if let Some(target) = target(&header, bytes) {
                    self.add(target, header.seq, self.cursor.at);
                }
                self.cursor.pass(&header);
            }
        }
        Ok(true)
    }

    fn add(&mut self, target: u32, seq: u64, at: u64) {
        // Bounded by the scan: a number is no farther from the base than the number of records that fit
        // before it, and no segment is read beyond 160 MiB.
        let (Some(index), Ok(at)) = (self.index(seq), u32::try_from(at)) else {
            return;
        };
        let Ok(number) = u32::try_from(index) else {
            return;
        };
        if self.records.len() <= index {
            self.records
                .resize(index.saturating_add(1), Slot::default());
        }
        if let Some(slot) = self.records.get_mut(index) {
            *slot = Slot { at, next: 0 };
        }
        let new = Chain {
            first: number,
            last: number,
        };
        let chain = self.chains.entry(target).or_insert(new);
        let last = core::mem::replace(&mut chain.last, number);
        let last = self.records.get_mut(last as usize);
        if let Some(last) = last.filter(|_| chain.first != number) {
            last.next = number;
        }
    }

    fn slot(&self, seq: u64) -> Option<&Slot> {
        self.records.get(self.index(seq)?)
    }

    fn index(&self, seq: u64) -> Option<usize> {
        usize::try_from(seq.checked_sub(self.base)?).ok()
    }
}
