//! The queue of one bucket: collected lines, sealed batches, and the held batch.
//!
//! ```text
//!  open:    ┌──────────────────────┬───────────────┬──────────────┐
//!           │ collected            │ aside         │ storage      │
//!           └──────────────────────┴───────────────┴──────────────┘
//!           0                      open_len        + aside
//!  sealed:  [held or evicted batch], batch, batch, …   (oldest first)
//! ```
//! An item is encoded behind the collected lines. To accept it is to move `open_len`; to refuse it is to do nothing.
//! `aside` is for an item that waits for space: if the collected lines become a batch meanwhile, it moves along.

use super::super::account::Place;
use super::super::split::split;
use super::super::spool::Ranges;
use super::backoff::Backoff;
use super::batch::{Batch, OnDisk};
use super::probe::Probe;
use crate::Precision;
use crate::error::Error;
use crate::line::Lines;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::{Index, IndexMut};
use core::time::Duration;

/// The most storage that is kept at the end of a backlog, whose requests may have been larger than any that follow.
const KEPT: usize = 256 * 1024;

/// The queues of a writer, by number: that of the bucket it was made for is the first.
#[derive(Debug)]
pub(crate) struct Queues {
    main: Queue,
    others: Vec<Queue>,
}

impl Queues {
    pub(crate) fn new(main: Queue) -> Self {
        let others = Vec::new();
        Queues { main, others }
    }

    pub(crate) fn len(&self) -> usize {
        self.others.len().saturating_add(1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Queue> + Clone {
        core::iter::once(&self.main).chain(&self.others)
    }

    /// The number of a bucket's queue; a new one if need be. (A linear search: a program has few buckets.)
    pub(crate) fn number_of(&mut self, bucket: &str, precision: Precision) -> usize {
        let found = self.iter().position(|queue| &*queue.bucket == bucket);
        found.unwrap_or_else(|| {
            self.others.push(Queue::new(bucket, precision));
            self.others.len()
        })
    }
}

/// There is always a queue, so indexing can't fail: an unknown number, which no caller has, is the first queue's.
impl Index<usize> for Queues {
    type Output = Queue;

    #[inline]
    fn index(&self, at: usize) -> &Queue {
        let other = at.checked_sub(1).and_then(|at| self.others.get(at));
        other.unwrap_or(&self.main)
    }
}

impl IndexMut<usize> for Queues {
    #[inline]
    fn index_mut(&mut self, at: usize) -> &mut Queue {
        let other = at.checked_sub(1).and_then(|at| self.others.get_mut(at));
        other.unwrap_or(&mut self.main)
    }
}

/// One bucket's queue. A bucket that is missing or slow holds up no other.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) bucket: Arc<str>,
    /// The collected lines, which don't make a batch yet: the first `open_len` bytes.
    pub(crate) open: Vec<u8>,
    pub(crate) open_len: usize,
    pub(crate) open_lines: usize,
    /// The start of the item that was written last, for [`Batch::last`].
    last: usize,
    /// The unit of their times: the writer's, except while text of another unit is accepted.
    pub(crate) precision: Precision,
    /// The bytes behind them that are about to be accepted.
    pub(crate) aside: usize,
    /// The time when the first of them was written.
    pub(crate) opened_at: Duration,
    /// The batches, in the order in which they were written. The first one may be on disk as well.
    pub(crate) sealed: VecDeque<Batch>,
    /// The number of lines of this bucket on disk, including held ones.
    pub(crate) spooled: u64,
    /// The errors of the disk that were emitted since it last accepted something.
    pub(crate) spool_errors: Vec<String>,
    pub(crate) backoff: Backoff,
    /// The error of its last request.
    pub(crate) last_error: Option<Arc<Error>>,
    /// The lines on disk waited for the server, or come from an earlier run: they are sent at the drain rate.
    pub(crate) backlog: bool,
    pub(crate) probe: Probe,
    /// In write-ahead: the lines that are collected on disk for the next batch: since when, their number and bytes.
    pub(crate) fresh: Option<(Duration, usize, usize)>,
    /// Storage for the next batch.
    spare: Option<Vec<u8>>,
}

impl Queue {
    pub(crate) fn new(bucket: &str, precision: Precision) -> Self {
        Queue {
            bucket: bucket.into(),
            open: Vec::new(),
            open_len: 0,
            open_lines: 0,
            last: 0,
            precision,
            aside: 0,
            opened_at: Duration::ZERO,
            sealed: VecDeque::new(),
            spooled: 0,
            spool_errors: Vec::new(),
            backoff: Backoff::default(),
            last_error: None,
            backlog: false,
            probe: Probe::new(precision),
            fresh: None,
            spare: None,
        }
    }

    /// The collected lines.
    pub(crate) fn collected(&self) -> Lines<'_> {
        Lines {
            bytes: self.open.get(..self.open_len).unwrap_or_default(),
            precision: self.precision,
        }
    }

    /// The `len` bytes behind them.
    pub(crate) fn written(&self, len: usize) -> &[u8] {
        let end = self.open_len.saturating_add(len);
        self.open.get(self.open_len..end).unwrap_or_default()
    }

    /// Adds the whole lines behind the collected ones to these. The caller has checked that they fit.
    #[inline]
    pub(crate) fn keep(&mut self, len: usize, lines: usize, last: usize) {
        self.last = self.open_len + last;
        self.open_len += len;
        self.open_lines += lines;
    }

    /// Copies whole lines behind the collected ones, and a newline if the last one has none. Returns their length.
    pub(crate) fn write_behind(&mut self, bytes: &[u8]) -> usize {
        let newline = match bytes.last() {
            None | Some(b'\n') => &b""[..],
            Some(_) => b"\n",
        };
        let mut end = self.open_len;
        for part in [bytes, newline] {
            let place = self.open.get_mut(end..).unwrap_or_default();
            let (over, behind) = part.split_at(place.len().min(part.len()));
            for (to, from) in place.iter_mut().zip(over) {
                *to = *from;
            }
            self.open.extend_from_slice(behind);
            end = end.saturating_add(part.len());
        }
        end.saturating_sub(self.open_len)
    }

    /// Makes a batch of the collected lines. `waits`: it won't be sent at once, so it keeps no more storage than it
    /// needs. Returns `false` if there were none.
    pub(crate) fn seal(&mut self, number: u64, waits: bool) -> bool {
        let aside = self.aside;
        if self.open_lines == 0 {
            return false;
        }
        let fresh = self.storage();
        let mut bytes = core::mem::replace(&mut self.open, fresh);
        let start = core::mem::take(&mut self.open_len);
        if let Some(behind) = bytes.get(start..start.saturating_add(aside)) {
            self.write_behind(behind);
        }
        bytes.truncate(start);
        let mut batch = Batch::new((number, self.precision), bytes, self.open_lines);
        batch.last = self.last;
        if waits {
            batch.shrink();
        }
        self.open_lines = 0;
        self.sealed.push_back(batch);
        true
    }

    /// Keeps the storage of a finished batch, unless larger storage is kept already.
    pub(crate) fn reuse(&mut self, bytes: Option<Vec<u8>>) {
        let spare = self.spare.as_ref().map_or(0, Vec::capacity);
        if let Some(bytes) = bytes.filter(|bytes| bytes.capacity() > spare) {
            self.spare = Some(bytes);
        }
    }

    /// Returns storage for a batch. (Its content is overwritten.)
    pub(crate) fn storage(&mut self) -> Vec<u8> {
        self.spare.take().unwrap_or_default()
    }

    /// Bytes of storage, used or not.
    #[cfg(test)]
    pub(crate) fn storage_bytes(&self) -> usize {
        let sealed: usize = self.sealed.iter().map(Batch::capacity).sum();
        sealed + self.open.capacity() + self.spare.as_ref().map_or(0, Vec::capacity)
    }

    /// Counts the lines in memory alone.
    pub(crate) fn lines(&self) -> usize {
        let sealed: usize = self.in_memory().map(Batch::lines).sum();
        sealed.saturating_add(self.open_lines)
    }

    /// The number of batches at the front that are on disk as well: one or none.
    pub(crate) fn held(&self) -> usize {
        let first = self.sealed.front();
        usize::from(first.is_some_and(|batch| batch.held().is_some()))
    }

    /// The number of batches at the front that must not be written to disk, one or none: the batch is there already,
    /// or older than the lines there, or longer than `most`, the longest batch that the disk accepts.
    pub(crate) fn before_disk(&self, most: usize) -> usize {
        let first = self.sealed.front();
        usize::from(first.is_some_and(|batch| match batch.on_disk {
            OnDisk::No => false,
            OnDisk::Held(_) => true,
            OnDisk::Evicted => self.spooled > 0 || batch.rest().len() > most,
        }))
    }

    /// The batches in memory alone.
    pub(crate) fn in_memory(&self) -> impl Iterator<Item = &Batch> {
        self.sealed.iter().skip(self.held())
    }

    /// The batch that is sent next.
    pub(crate) fn head(&mut self) -> Option<&mut Batch> {
        self.sealed.front_mut()
    }

    /// The place where the lines of that batch are counted.
    pub(crate) fn place(&self) -> Place {
        match self.held() {
            0 => Place::Buffered,
            _ => Place::Spooled,
        }
    }

    /// Removes the first batch if no lines of it are left. Returns its batches on disk, to be acknowledged.
    pub(crate) fn retire(&mut self) -> Option<Ranges> {
        if !self.sealed.front().is_some_and(Batch::is_done) {
            return None;
        }
        let mut done = self.sealed.pop_front()?;
        let ranges = match core::mem::replace(&mut done.on_disk, OnDisk::No) {
            OnDisk::Held(ranges) => Some(ranges),
            OnDisk::No | OnDisk::Evicted => None,
        };
        let mut bytes = done.into_bytes();
        if let Some(bytes) = bytes
            .as_mut()
            .filter(|_| ranges.is_some() && self.spooled == 0)
        {
            bytes.truncate(KEPT);
            bytes.shrink_to(KEPT);
        }
        self.reuse(bytes);
        ranges
    }

    /// Keeps the last line of the piece that was stored as a probe.
    pub(crate) fn note_stored(&mut self) {
        if let Some(batch) = self.sealed.front() {
            self.probe.stored(batch.end_of_piece(), batch.precision);
        }
    }

    /// Takes note that the `len` bytes behind the collected lines went to disk. The last line begins at `last` or
    /// behind it.
    pub(crate) fn note_ahead(&mut self, len: usize, last: usize) {
        let end = self.open_len.saturating_add(len);
        let start = self.open_len.saturating_add(last);
        let written = self.open.get(start..end).unwrap_or_default();
        self.probe.spooled(written, self.precision);
        self.spool_errors.clear();
    }

    /// Makes the next request a probe. Returns `false` if there is no line for it.
    pub(crate) fn plan_probe(&mut self, random: u64) -> bool {
        // The candidates are all lines but the first of this batch (which is under suspicion), those of later batches,
        // and the last one that went to disk, if their times are of the writer's unit. A line behind a failing one
        // may fail as well, so each has to be chosen at some time.
        let rest = self.sealed.front().map_or(&[][..], Batch::rest);
        let first = split(rest).next().map_or(0, <[u8]>::len);
        let skipped = core::iter::once(first).chain(core::iter::repeat(0));
        let sealed = self.sealed.iter().zip(skipped);
        let sealed = sealed.map(|(batch, skip)| (batch.rest().get(skip..), batch.precision));
        let open = (self.open.get(..self.open_len), self.precision);
        let unit = self.probe.unit;
        let others = sealed.chain([open]).filter(|(_, of)| *of == unit);
        let others = others.filter_map(|(bytes, _)| bytes);
        let on_disk = self.spooled > 0 && rest != self.probe.newest;
        let can = self.probe.choose(random, others, on_disk);
        if let Some(batch) = self.head() {
            batch.probe = can;
        }
        can
    }
}

#[cfg(test)]
#[path = "../tests/queue.rs"]
mod tests;
