//! The moves of batches between memory and disk, and their order.
//!
//! Invariant, for each bucket: lines on disk are older than lines in memory (but for one held or evicted batch at the
//! front). So as long as anything is on disk, new batches are written behind it, and requests are made from disk. And
//! before any batch goes to disk, the one in flight does: if it were repeated after a newer value of the same point
//! was stored, the older value would replace the newer.
//!
//! ```text
//!              spool_first             read_back             retire
//!  in memory ─────────────▶ on disk ─────────────▶ held ──────────────▶ acknowledged on disk
//!      │                                           ▲  │
//!      └── spool_first, while it is in flight ─────┘  │ unhold: the disk lost it
//!                                                     ▼
//!                                                  evicted: in memory alone, older than the disk
//! ```

use super::super::account::{DropReason, Place};
use super::super::spool::{Disk, DiskError, Loss};
use super::backoff::Pause;
use super::batch::{Batch, OnDisk};
use super::{Engine, Note};
use crate::client::retry::part;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

/// The delay after which a disk that can't be read is tried again.
const DISK_PAUSE: Duration = Duration::from_secs(5);
/// The delay after which a disk that accepted nothing is tried again while a request stalls.
const DISK_REST: Duration = Duration::from_secs(1);
/// The number of a disk's last errors that aren't emitted again as long as it accepts nothing. (It alternates between
/// two: the failure itself, and the refusal during the delay after it.)
const MAX_EMITTED: usize = 4;

impl Engine {
    /// Adds a spool, with the backlog in it.
    pub(crate) fn adopt(&mut self, now: Duration, disk: Disk) {
        self.now = self.now.max(now);
        let (found, foreign) = disk.found();
        for (bucket, lines) in found {
            let at = self.queue(&bucket);
            let spread = part(self.settings.retry.interval, self.jitter.next());
            self.queues[at].backlog = true;
            // (Machines restart together after a power failure.)
            self.retry_in(at, spread);
            self.stats.recovered = self.stats.recovered.saturating_add(lines);
            self.transfer(at, Place::Outside, Place::Spooled, lines);
        }
        self.stats.foreign = foreign;
        if foreign > 0 {
            self.events.push(Note::Foreign(foreign));
        }
        self.disk = Some(disk);
    }

    /// Writes the sealed batches of a queue to disk if there are older ones.
    pub(super) fn spool_if_due(&mut self, at: usize) {
        if self.is_ahead() || self.queues[at].spooled > 0 {
            self.spool_sealed(at);
        }
    }

    /// The time when the request in flight counts as stalled, and batches behind it go to disk; `None` if there are
    /// none.
    pub(super) fn stalls_at(&self) -> Option<Duration> {
        let out = self.out.filter(|_| self.disk.is_some())?;
        let most = self.disk.as_ref().map_or(0, Disk::max_batch_bytes);
        let mut queues = self.queues.iter().enumerate();
        let behind = queues.any(|(at, queue)| {
            let stays = self.fixed(at).max(queue.before_disk(most));
            queue.sealed.len() > stays
        });
        let stalls = out.since.saturating_add(self.settings.flush_interval);
        behind.then(|| stalls.max(self.disk_rests_until))
    }

    /// Writes the sealed batches of a queue to disk, the one in flight first. Batches that the disk doesn't accept
    /// stay in memory.
    pub(super) fn spool_sealed(&mut self, at: usize) {
        let mut moved = 0u64;
        while let Some(lines) = self.spool_first(at) {
            moved = moved.saturating_add(lines);
        }
        if moved > 0 {
            self.note(at, |bucket| Note::Lines(bucket, moved, Place::Spooled));
        }
    }

    /// Writes the first batch of a queue that is in memory alone to disk. Returns the number of its lines if the disk
    /// accepted it.
    fn spool_first(&mut self, at: usize) -> Option<u64> {
        let out = self.out.is_some_and(|out| out.queue == at);
        let (disk, queue) = (self.disk.as_mut()?, &mut self.queues[at]);
        let before = queue.before_disk(disk.max_batch_bytes());
        // (A batch in flight stays in memory until its result is there.)
        let hold = out && before == 0;
        let batch = queue.sealed.get_mut(before)?;
        let (lines, bytes) = (batch.lines() as u64, batch.rest().len());
        let (put, lost) = disk.put(&queue.bucket, batch.unsent(), lines, hold);
        let range = match put {
            Ok(range) => range,
            Err(error) => {
                self.disk_rests_until = self.now.saturating_add(DISK_REST);
                self.settle(lost);
                self.spool_failed(at, &error);
                return None;
            }
        };
        queue.probe.spooled(batch.end_of_rest(), batch.precision);
        queue.spool_errors.clear();
        if hold {
            batch.on_disk = OnDisk::Held(Vec::from([range]));
        } else {
            let gone = queue.sealed.remove(before);
            queue.reuse(gone.and_then(Batch::into_bytes));
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        self.transfer(at, Place::Buffered, Place::Spooled, lines);
        self.settle(lost);
        Some(lines)
    }

    /// Counts lines that left the disk without being delivered.
    pub(super) fn settle(&mut self, losses: Vec<Loss>) {
        for loss in losses {
            let Some(at) = loss.bucket.as_deref().map(|bucket| self.queue(bucket)) else {
                // (Of another organization.)
                self.stats.foreign = self.stats.foreign.saturating_sub(loss.lines);
                continue;
            };
            let lost = loss.lines.saturating_sub(loss.held);
            if loss.held > 0 {
                self.unhold(at);
            }
            if lost > 0 {
                self.finish(at, Place::Spooled, Place::Dropped(DropReason::Spool), lost);
            }
        }
    }

    /// Takes note that the held batch of a queue is no longer on disk. It is sent before the lines that are still
    /// there, and is not written behind them; once the disk is empty it may go there again.
    fn unhold(&mut self, at: usize) {
        let Some(batch) = self.queues[at]
            .head()
            .filter(|batch| batch.held().is_some())
        else {
            return;
        };
        let OnDisk::Held(ranges) = core::mem::replace(&mut batch.on_disk, OnDisk::Evicted) else {
            return;
        };
        if let Some(disk) = &mut self.disk {
            // (If a part of it is still there, it would be read back a second time.)
            disk.ack(&ranges);
        }
        let lines = batch.lines() as u64;
        self.bytes = self.bytes.saturating_add(batch.rest().len());
        self.transfer(at, Place::Spooled, Place::Buffered, lines);
    }

    /// Reads the oldest batches back from disk, if there are any. Returns `false` if the disk can't be read now, or
    /// nothing is left to send.
    pub(super) fn read_back(&mut self, at: usize) -> bool {
        let settings = &self.settings;
        let (usual, most) = (settings.batch_bytes, settings.merge_bytes);
        let max_bytes = self.link.backlog(usual, most, settings.request_limit);
        let (Some(disk), queue) = (&mut self.disk, &mut self.queues[at]) else {
            return true;
        };
        if queue.before_disk(usize::MAX) > 0 || queue.spooled == 0 {
            return true;
        }
        let mut body = queue.storage();
        queue.fresh = None;
        let (taken, lost) = disk.take(&queue.bucket, max_bytes, &mut body);
        if let Ok(Some((precision, lines, ranges))) = taken {
            let lines = usize::try_from(lines).unwrap_or(usize::MAX);
            let mut batch = Batch::new((0, precision), body, lines);
            batch.on_disk = OnDisk::Held(ranges);
            queue.sealed.push_front(batch);
            self.settle(lost);
            return true;
        }
        queue.reuse(Some(body));
        self.settle(lost);
        if let Err(error) = taken {
            self.spool_failed(at, &error);
        } else if self.queues[at].spooled == 0 {
            return self.queues[at].lines() > 0;
        }
        // (The disk has lines but can't read them now.)
        self.retry_in(at, DISK_PAUSE);
        false
    }

    /// Delays the next attempt, without counting a failure.
    pub(super) fn retry_in(&mut self, at: usize, wait: Duration) {
        let until = self.now.saturating_add(wait);
        self.queues[at].backoff.wait(until, Pause::Retry);
    }

    /// Emits a failure of the disk for a queue, unless the same was emitted since the disk last accepted something.
    pub(super) fn spool_failed(&mut self, at: usize, error: &DiskError) {
        let message = error.to_string();
        let emitted = &mut self.queues[at].spool_errors;
        if !emitted.contains(&message) {
            emitted.truncate(MAX_EMITTED - 1);
            emitted.insert(0, message.clone());
            self.note(at, |bucket| Note::SpoolFailed(bucket, message));
        }
    }

    /// Syncs the disk if its durability requires it now. `all`: in any case.
    pub(super) fn sync(&mut self, all: bool) -> Result<(), DiskError> {
        let Some(disk) = &mut self.disk else {
            return Ok(());
        };
        let (synced, lost) = disk.sync(all);
        self.settle(lost);
        if let Err(error) = &synced {
            self.spool_failed(super::MAIN, error);
        }
        synced
    }
}
