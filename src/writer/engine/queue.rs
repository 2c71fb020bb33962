//! The queue of one bucket: lines that are collected, sealed batches, and what is held from disk.

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

/// So much storage of what was on disk is used again when nothing else is there.
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

    /// The number of a bucket's queue; a new one if need be. (A program has few.)
    pub(crate) fn number_of(&mut self, bucket: &str, precision: Precision) -> usize {
        let found = self.iter().position(|queue| &*queue.bucket == bucket);
        found.unwrap_or_else(|| {
            self.others.push(Queue::new(bucket, precision));
            self.others.len()
        })
    }
}

/// There is always a queue: a number that none has is taken for that of the first. (Nobody has such a
/// number: queues are numbered when they are made, and stay.)
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
    /// Lines that don't make a batch yet: the first `open_len` bytes. The rest is there to be written
    /// to.
    pub(crate) open: Vec<u8>,
    pub(crate) open_len: usize,
    pub(crate) open_lines: usize,
    /// Where in them the last thing written begins: no need to look for the last line from the front.
    last: usize,
    /// The unit of their times: the writer's, but while text in another one is taken.
    pub(crate) precision: Precision,
    /// So many bytes behind them are lines that are about to be taken: they stay behind them when those
    /// become a batch.
    pub(crate) aside: usize,
    /// When the first of them came.
    pub(crate) opened_at: Duration,
    /// Batches in the order they were written. The first one may be on disk as well.
    pub(crate) sealed: VecDeque<Batch>,
    /// Lines of this bucket on disk, those held included.
    pub(crate) spooled: u64,
    /// What the disk failed with since it last took something, as far as it was emitted.
    pub(crate) spool_errors: Vec<String>,
    pub(crate) backoff: Backoff,
    /// What its last request failed with.
    pub(crate) last_error: Option<Arc<Error>>,
    /// What is on disk has waited for the server, or comes from an earlier life: it is not to be
    /// sent in one burst.
    pub(crate) backlog: bool,
    pub(crate) probe: Probe,
    /// What went to disk before it counted as accepted, and is collected there: since when, and how
    /// many lines and bytes.
    pub(crate) fresh: Option<(Duration, usize, usize)>,
    /// Storage to use again.
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

    /// Lines that don't make a batch yet.
    pub(crate) fn collected(&self) -> Lines<'_> {
        Lines {
            bytes: self.open.get(..self.open_len).unwrap_or_default(),
            precision: self.precision,
        }
    }

    /// The `len` bytes behind them, which are about to be added.
    pub(crate) fn written(&self, len: usize) -> &[u8] {
        let end = self.open_len.saturating_add(len);
        self.open.get(self.open_len..end).unwrap_or_default()
    }

    /// Adds the whole lines that stand behind the open ones. The caller has seen to it that they fit.
    #[inline]
    pub(crate) fn keep(&mut self, len: usize, lines: usize, last: usize) {
        self.last = self.open_len + last;
        self.open_len += len;
        self.open_lines += lines;
    }

    /// Puts whole lines from elsewhere behind the collected ones, where they can be kept, and a newline where
    /// the last one has none. Returns how many bytes these are.
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
            // Doubles by itself; no more than that.
            self.open.extend_from_slice(behind);
            end = end.saturating_add(part.len());
        }
        end.saturating_sub(self.open_len)
    }

    /// Makes a batch of what there is. `waits`: it won't be sent at once, so it keeps no more
    /// storage than it needs. True if there was anything.
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

    /// Storage of a batch that is done with. (What is in it stays: it is overwritten.)
    pub(crate) fn reuse(&mut self, bytes: Option<Vec<u8>>) {
        let spare = self.spare.as_ref().map_or(0, Vec::capacity);
        if let Some(bytes) = bytes.filter(|bytes| bytes.capacity() > spare) {
            self.spare = Some(bytes);
        }
    }

    /// Storage for a batch.
    pub(crate) fn storage(&mut self) -> Vec<u8> {
        self.spare.take().unwrap_or_default()
    }

    /// Bytes of storage, used or not.
    #[cfg(test)]
    pub(crate) fn storage_bytes(&self) -> usize {
        let sealed: usize = self.sealed.iter().map(Batch::capacity).sum();
        sealed + self.open.capacity() + self.spare.as_ref().map_or(0, Vec::capacity)
    }

    /// Lines in memory alone, counted from the ground up.
    pub(crate) fn lines(&self) -> usize {
        let sealed: usize = self.in_memory().map(Batch::lines).sum();
        sealed.saturating_add(self.open_lines)
    }

    /// How many of the first batches are on disk as well: one or none.
    pub(crate) fn held(&self) -> usize {
        let first = self.sealed.front();
        usize::from(first.is_some_and(|batch| batch.held().is_some()))
    }

    /// How many of the first batches are older than what else is on disk: one or none. It is sent first,
    /// and can't be put behind that. `most`: the longest batch that the disk takes.
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

    /// What is sent next: what is on disk is older than what is in memory.
    pub(crate) fn head(&mut self) -> Option<&mut Batch> {
        self.sealed.front_mut()
    }

    /// Where the lines of that are counted.
    pub(crate) fn place(&self) -> Place {
        match self.held() {
            0 => Place::Buffered,
            _ => Place::Spooled,
        }
    }

    /// The first batch is done if nothing of it is left. What was on disk leaves the disk then.
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
            // The backlog's end: its requests may have been larger than any that follow.
            bytes.truncate(KEPT);
            bytes.shrink_to(KEPT);
        }
        self.reuse(bytes);
        ranges
    }

    /// The first piece was stored: its last line is the newest thing there is.
    pub(crate) fn note_stored(&mut self) {
        if let Some(batch) = self.sealed.front() {
            self.probe.stored(batch.end_of_piece(), batch.precision);
        }
    }

    /// The `len` bytes behind the collected lines went to disk; the last of them begins at `last` or
    /// behind it.
    pub(crate) fn note_ahead(&mut self, len: usize, last: usize) {
        let end = self.open_len.saturating_add(len);
        let start = self.open_len.saturating_add(last);
        let written = self.open.get(start..end).unwrap_or_default();
        self.probe.spooled(written, self.precision);
        self.spool_errors.clear();
    }

    /// The next request is a probe, if there is anything to probe with. False if not.
    pub(crate) fn plan_probe(&mut self, random: u64) -> bool {
        // Any line but the first of this batch (if its times are of the writer's unit), any of those
        // that follow, or the last that went to disk: what stands behind a failing line may fail as
        // well, so all of them have to come up now and then.
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
