//! Where the records of each target are in a segment: what makes many targets cheap to read.
//!
//! Built while a segment is read, as far as it was read, and kept for the two segments read last. Memory: 8 bytes for each number of such a segment (57 KiB for 1 MiB of records of 100
//! bytes; 240 KiB at most; in proportion for larger segments) and some 30 for each target in it.

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

/// One segment's records, chained by target.
#[derive(Debug)]
pub(super) struct SegmentIndex {
    base: u64,
    /// Up to where it was read.
    cursor: Cursor,
    /// By number minus base.
    records: Vec<Place>,
    chains: HashMap<u32, Chain>,
}

/// Where a record is, and which is the next of its target.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// 0: none that is of use.
    at: u32,
    /// 0: none; nothing comes before the first.
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
    /// The index of a segment, an empty one if there is none.
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

    /// The first number of a target after `after`, or the first of all, as far as the segment was
    /// read.
    pub(super) fn next(&self, target: u32, after: Option<u64>) -> Option<u64> {
        let next = match after {
            None => self.chains.get(&target)?.first,
            Some(after) => match self.place(after)?.next {
                0 => return None,
                next => next,
            },
        };
        Some(self.base.saturating_add(u64::from(next)))
    }

    /// Where a record is.
    pub(super) fn at(&self, seq: u64) -> Option<u64> {
        let at = self.place(seq)?.at;
        (at >= SEGMENT_HEADER as u32).then_some(u64::from(at))
    }

    /// Where the record after this one is, if that is known: this one ends there or before.
    pub(super) fn end(&self, seq: u64) -> Option<u64> {
        self.at(seq.saturating_add(1))
    }

    /// A record that turned out to be none.
    pub(super) fn set_lost(&mut self, seq: u64) {
        if let Some(place) = self.index(seq).and_then(|i| self.records.get_mut(i)) {
            place.at = 0;
        }
    }

    /// The numbers before `end` without a record, of a segment that was read to its end.
    pub(super) fn missing(&self, end: u64) -> Vec<u64> {
        let numbers = self.base..end;
        numbers.filter(|seq| self.at(*seq).is_none()).collect()
    }

    /// The first of a target is done with.
    pub(super) fn drop_first(&mut self, target: u32) {
        let Some(chain) = self.chains.get(&target) else {
            return;
        };
        match self
            .records
            .get(chain.first as usize)
            .map(|place| place.next)
        {
            Some(next) if next != 0 => {
                if let Some(chain) = self.chains.get_mut(&target) {
                    chain.first = next;
                }
            }
            _ => {
                self.chains.remove(&target);
            }
        }
    }

    /// Reads on by one step. `target` gives a record's target its number; those without one are left
    /// out. False at the end.
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
        // In bounds by what the scan checks: a number is at most as far from the base as records fit
        // before it, and no segment is read beyond 160 MiB.
        let (Some(index), Ok(at)) = (self.index(seq), u32::try_from(at)) else {
            return;
        };
        let Ok(number) = u32::try_from(index) else {
            return;
        };
        if self.records.len() <= index {
            self.records
                .resize(index.saturating_add(1), Place::default());
        }
        if let Some(place) = self.records.get_mut(index) {
            *place = Place { at, next: 0 };
        }
        match self.chains.get_mut(&target) {
            Some(chain) => {
                if let Some(last) = self.records.get_mut(chain.last as usize) {
                    last.next = number;
                }
                chain.last = number;
            }
            None => {
                let chain = Chain {
                    first: number,
                    last: number,
                };
                self.chains.insert(target, chain);
            }
        }
    }

    fn place(&self, seq: u64) -> Option<&Place> {
        self.records.get(self.index(seq)?)
    }

    fn index(&self, seq: u64) -> Option<usize> {
        usize::try_from(seq.checked_sub(self.base)?).ok()
    }
}
