//! The queue of one bucket: open and sealed batches, and the time of the next attempt.

use super::account::Place;
use super::batch::Batch;
use super::disk::Tickets;
use super::split::split;
use crate::Precision;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// What is kept to ask the server whether it works, at most.
const MAX_PROOF: usize = 4 * 1024;

/// One bucket's queue. A bucket that is missing or slow holds up nobody but itself.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) bucket: String,
    /// Lines that don't make a batch yet: the first `open_len` bytes. The rest is there to be written
    /// to.
    pub(crate) open: Vec<u8>,
    pub(crate) open_len: usize,
    pub(crate) open_lines: usize,
    /// Where in `open` the last thing written begins.
    last: usize,
    /// When the first of them came.
    pub(crate) opened_at: Duration,
    /// Batches in the order they were written; the first may be under way.
    pub(crate) sealed: VecDeque<Batch>,
    /// Lines of this bucket on disk, those in hand included.
    pub(crate) spooled: u64,
    /// What was read back from disk and is under way.
    pub(crate) drain: Option<Drain>,
    /// No attempt before.
    pub(crate) next_at: Duration,
    /// The server itself asked for that pause.
    pub(crate) asked: bool,
    /// That pause keeps the pace of draining, nothing has failed.
    pub(crate) paced: bool,
    /// What is on disk has waited for the server, or comes from an earlier life: it is not to be
    /// sent in one burst.
    pub(crate) backlog: bool,
    /// Failures in a row, and when they began.
    pub(crate) streak: u32,
    pub(crate) failing_since: Option<Duration>,
    /// The last thing the server stored. Sent again it changes nothing, but shows whether the
    /// server works.
    proof: Vec<u8>,
    /// It has been refused since it was stored. That shows that the path is to blame, unless the
    /// database has changed; so that nothing waits for ever, other lines are tried as well.
    doubted: bool,
    /// Where nothing was stored yet, or that is in doubt: one of the lines that still wait, to the
    /// same end. Its turn comes again, so nothing is out of order in the end.
    trial: Vec<u8>,
    /// The last line that went to disk, while it is there: it comes again, too.
    newest: Vec<u8>,
    /// Storage to use again.
    spare: Option<Vec<u8>>,
}

/// Batches from disk, in hand until they are delivered.
#[derive(Debug)]
pub(crate) struct Drain {
    pub(crate) batch: Batch,
    pub(crate) precision: Precision,
    pub(crate) batch_ids: Tickets,
}

impl Lane {
    pub(crate) fn new(bucket: String) -> Self {
        Lane {
            bucket,
            open: Vec::new(),
            open_len: 0,
            open_lines: 0,
            last: 0,
            opened_at: Duration::ZERO,
            sealed: VecDeque::new(),
            spooled: 0,
            drain: None,
            next_at: Duration::ZERO,
            asked: false,
            paced: false,
            backlog: false,
            streak: 0,
            failing_since: None,
            proof: Vec::new(),
            doubted: false,
            trial: Vec::new(),
            newest: Vec::new(),
            spare: None,
        }
    }

    /// Lines that don't make a batch yet.
    pub(crate) fn open_bytes(&self) -> &[u8] {
        self.open.get(..self.open_len).unwrap_or_default()
    }

    /// The `len` bytes behind them, which are about to be added.
    pub(crate) fn written(&self, len: usize) -> &[u8] {
        let end = self.open_len.saturating_add(len);
        self.open.get(self.open_len..end).unwrap_or_default()
    }

    /// Adds the whole lines that stand behind the open ones. The caller has seen to it that they fit.
    #[inline]
    pub(crate) fn keep(&mut self, len: usize, lines: usize) {
        self.last = self.open_len;
        self.open_len += len;
        self.open_lines += lines;
    }

    /// Adds whole lines from elsewhere. The caller has seen to it that they fit.
    pub(crate) fn append(&mut self, bytes: &[u8], lines: usize, batch_bytes: usize) {
        let end = self.open_len.saturating_add(bytes.len());
        if self.open.len() < end {
            // Doubles, but not beyond a batch. (A vector left to itself would.)
            let twice = self.open.len().saturating_mul(2).min(batch_bytes);
            let want = twice.max(self.open.capacity().min(batch_bytes)).max(end);
            let more = want.saturating_sub(self.open.len());
            self.open.reserve_exact(more);
            self.open.resize(want, 0);
        }
        if let Some(place) = self.open.get_mut(self.open_len..end) {
            place.copy_from_slice(bytes);
            self.keep(bytes.len(), lines);
        }
    }

    /// Makes a batch of what there is. `waits`: it won't be sent at once, so it keeps no more
    /// storage than it needs.
    pub(crate) fn seal(&mut self, waits: bool) {
        if self.open_lines == 0 {
            return;
        }
        let fresh = self.spare.take().unwrap_or_default();
        let mut bytes = core::mem::replace(&mut self.open, fresh);
        bytes.truncate(self.open_len);
        let mut batch = Batch::new(bytes, self.open_lines, self.last);
        if waits {
            batch.shrink();
        }
        self.open_len = 0;
        self.open_lines = 0;
        self.last = 0;
        self.sealed.push_back(batch);
    }

    /// Storage of a batch that is done with. (What is in it stays: it is overwritten.)
    pub(crate) fn reuse(&mut self, bytes: Vec<u8>) {
        let better = self
            .spare
            .as_ref()
            .is_none_or(|spare| spare.capacity() < bytes.capacity());
        if better {
            self.spare = Some(bytes);
        }
    }

    /// Bytes of storage, used or not.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        let sealed: usize = self.sealed.iter().map(Batch::held).sum();
        sealed + self.open.capacity() + self.spare.as_ref().map_or(0, Vec::capacity)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open_lines == 0 && self.sealed.is_empty()
    }

    /// Whether there is anything to send.
    pub(crate) fn has_work(&self) -> bool {
        !self.is_empty() || self.spooled > 0
    }

    /// Lines in memory, counted from the ground up.
    pub(crate) fn lines(&self) -> usize {
        let sealed: usize = self.sealed.iter().map(Batch::lines).sum();
        sealed.saturating_add(self.open_lines)
    }

    /// What is sent next: what is on disk is older than what is in memory.
    pub(crate) fn head(&mut self) -> Option<&mut Batch> {
        match &mut self.drain {
            Some(drain) => Some(&mut drain.batch),
            None => self.sealed.front_mut(),
        }
    }

    /// The same, to look at.
    pub(crate) fn peek(&self) -> Option<&Batch> {
        match &self.drain {
            Some(drain) => Some(&drain.batch),
            None => self.sealed.front(),
        }
    }

    /// Where that is counted.
    pub(crate) fn place(&self) -> Place {
        match self.drain {
            Some(_) => Place::Disk,
            None => Place::Memory,
        }
    }

    /// The first batch is done if nothing of it is left. What came from disk leaves the disk then.
    pub(crate) fn retire(&mut self) -> Option<Tickets> {
        if let Some(drain) = self.drain.take_if(|drain| drain.batch.is_done()) {
            self.reuse(drain.batch.into_bytes());
            return Some(drain.batch_ids);
        }
        self.retire_sealed();
        None
    }

    /// Storage for a batch.
    pub(crate) fn storage(&mut self) -> Vec<u8> {
        self.spare.take().unwrap_or_default()
    }

    fn retire_sealed(&mut self) {
        if !self.sealed.front().is_some_and(Batch::is_done) {
            return;
        }
        if let Some(batch) = self.sealed.pop_front() {
            self.reuse(batch.into_bytes());
        }
    }

    /// The first piece was stored: its last line is the newest thing there is. An older one would
    /// not do, for it may have been overwritten since.
    pub(crate) fn keep_proof(&mut self, precision: Precision) {
        let mut proof = core::mem::take(&mut self.proof);
        proof.clear();
        let Some(batch) = self.peek() else {
            return;
        };
        let last = match batch.last_written() {
            Some(last) => last,
            None => split(batch.piece_bytes()).last().unwrap_or_default(),
        };
        // (Times of another unit than the writer's would make it another point.)
        let same_unit = self.drain.as_ref().is_none_or(|d| d.precision == precision);
        if last.len() <= MAX_PROOF && same_unit {
            proof.extend_from_slice(last);
        }
        self.proof = proof;
        self.doubted = false;
    }

    /// The first batch went to disk.
    pub(crate) fn keep_newest(&mut self) {
        let Some(batch) = self.sealed.front() else {
            return;
        };
        let last = batch.last_written().unwrap_or(batch.rest());
        let last = split(last).last().unwrap_or_default();
        self.newest.clear();
        if last.len() <= MAX_PROOF {
            self.newest.extend_from_slice(last);
        }
    }

    pub(crate) fn forget_proof(&mut self) {
        self.proof.clear();
    }

    /// What was sent to prove was refused.
    pub(crate) fn doubt_proof(&mut self) {
        self.doubted = true;
    }

    /// Sees to it that there is something to prove with that the path works. False if not.
    pub(crate) fn find_proof(&mut self, random: u64, precision: Precision) -> bool {
        let mut trial = core::mem::take(&mut self.trial);
        trial.clear();
        let other = self.doubted && random & 1 << 32 != 0;
        if !self.proof.is_empty() && !other {
            return true;
        }
        // Any line but the first of this batch (if its times are of the writer's unit), any of those
        // that follow, or the last that went to disk: what stands behind a failing line may fail as
        // well, so all of them have to come up now and then.
        let same_unit = self.drain.as_ref().is_none_or(|d| d.precision == precision);
        let batch = self.peek().map_or(&[][..], Batch::rest);
        let first = split(batch).next().map_or(0, <[u8]>::len);
        let here = batch.get(first..).filter(|_| same_unit);
        let in_hand = usize::from(self.drain.is_none());
        let later = self.sealed.iter().skip(in_hand).map(Batch::rest);
        let open = self.open.get(..self.open_len).unwrap_or_default();
        let later = later.chain([open]);
        let on_disk = self.spooled > 0 && batch != self.newest;
        let newest = Some(self.newest.as_slice()).filter(|_| on_disk);
        let others = here.into_iter().chain(later).chain(newest);
        let others = others.filter(|bytes| !bytes.is_empty());
        let (batch, line) = (random >> 40, random & 0xffff_ffff);
        let line = pick(others, batch).and_then(|bytes| pick(split(bytes), line));
        let line = line.unwrap_or_default();
        if line.len() <= MAX_PROOF {
            trial.extend_from_slice(line);
        }
        self.trial = trial;
        !self.proof().is_empty()
    }

    /// What proves was stored. If it was a trial it proves from now on: it comes again in its turn,
    /// and what is delivered before that takes its place.
    pub(crate) fn proof_stood(&mut self) {
        self.doubted = false;
        if !self.trial.is_empty() {
            core::mem::swap(&mut self.proof, &mut self.trial);
            self.trial.clear();
        }
    }

    /// What to prove with that the path works.
    pub(crate) fn proof(&self) -> &[u8] {
        if self.trial.is_empty() {
            &self.proof
        } else {
            &self.trial
        }
    }

    /// The way is open again.
    pub(crate) fn succeeded(&mut self) -> Option<Duration> {
        self.streak = 0;
        self.asked = false;
        self.paced = false;
        self.next_at = Duration::ZERO;
        self.failing_since.take()
    }
}

/// One of these.
fn pick<'a>(mut all: impl Iterator<Item = &'a [u8]> + Clone, random: u64) -> Option<&'a [u8]> {
    let count = u64::try_from(all.clone().count()).ok()?;
    let number = random.checked_rem(count)?;
    all.nth(usize::try_from(number).ok()?)
}

#[cfg(test)]
#[path = "tests/lane.rs"]
mod tests;
