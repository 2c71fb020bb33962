//! When batches move between memory and disk, and in which order.
//!
//! In order, for each bucket: what is on disk is older than what is in memory. So as long as
//! anything is on disk, new batches go behind it, and the disk is what is sent from. And before any
//! batch goes to disk, the one that is under way goes: otherwise a repeat of it would come after a
//! newer value of the same point.

use super::super::account::{DropReason, Place};
use super::super::spool::{Disk, Loss};
use super::backoff::Pause;
use super::batch::Batch;
use super::queue::Held;
use super::{Engine, Note};
use crate::client::retry::part;
use crate::error::Error;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

/// A disk that can't be read is tried again after this.
const DISK_PAUSE: Duration = Duration::from_secs(5);
/// One that took nothing is tried again after this, while a request stalls.
const DISK_REST: Duration = Duration::from_secs(1);

impl Engine {
    /// Takes a spool, and takes over what is in it.
    pub(crate) fn adopt(&mut self, now: Duration, disk: Disk) {
        self.now = self.now.max(now);
        for (bucket, lines) in disk.found() {
            let at = self.queue(&bucket);
            let spread = part(self.settings.retry.interval, self.jitter.next());
            if let Some(queue) = self.queues.get_mut(at) {
                queue.backlog = true;
                // Machines that the same power cut put out come back together.
                let until = self.now.saturating_add(spread);
                queue.backoff.wait(Pause::Retry(until));
            }
            self.stats.recovered = self.stats.recovered.saturating_add(lines);
            self.transfer(at, Place::Outside, Place::Spooled, lines);
        }
        self.stats.foreign = disk.foreign();
        if self.stats.foreign > 0 {
            self.events.push(Note::Foreign(self.stats.foreign));
        }
        self.disk = Some(disk);
    }

    /// Puts the sealed batches of a queue on disk, if that is where they belong now: behind others.
    pub(super) fn spool_if_due(&mut self, at: usize) {
        let ahead = self.disk.as_ref().is_some_and(Disk::is_ahead);
        let behind = self.queues.get(at).is_some_and(|queue| queue.spooled > 0);
        if ahead || behind {
            self.spool_sealed(at);
        }
    }

    /// A request has been out for so long that what waits behind it is to go to disk.
    pub(super) fn stalls_at(&self) -> Option<Duration> {
        let waits = |q: &super::Queue| !q.sealed.is_empty();
        let out = self.out.filter(|_| self.disk.is_some())?;
        let behind = self.queues.iter().enumerate().any(|(at, queue)| {
            let own = usize::from(out.queue == at && queue.held.is_none());
            waits(queue) && queue.sealed.len() > own
        });
        let stalls = out.since.saturating_add(self.settings.flush_interval);
        behind.then(|| stalls.max(self.disk_rests_until))
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.stalls_at().is_some_and(|at| at <= self.now)
    }

    /// Puts the sealed batches of a queue on disk, the one that is under way first. What the disk
    /// doesn't take stays in memory.
    pub(super) fn spool_sealed(&mut self, at: usize) {
        let mut moved = 0u64;
        while let Some(lines) = self.spool_first(at) {
            moved = moved.saturating_add(lines);
        }
        if moved > 0 {
            self.note(at, |bucket| Note::Spooled(bucket, moved));
        }
    }

    /// Puts the first sealed batch of a queue on disk; how many lines, if the disk took it.
    fn spool_first(&mut self, at: usize) -> Option<u64> {
        let out = self.out.is_some_and(|out| out.queue == at);
        let (disk, queue) = (self.disk.as_mut()?, self.queues.get_mut(at)?);
        let batch = queue.sealed.front()?;
        let (lines, bytes) = (batch.lines() as u64, batch.rest().len());
        let (put, lost) = disk.put(&queue.bucket, batch.precision, lines, batch.rest());
        let range = match put {
            Ok(range) => range,
            Err(error) => {
                let message = error.to_string();
                self.disk_rests_until = self.now.saturating_add(DISK_REST);
                self.settle(lost);
                self.note(at, |bucket| Note::SpoolFailed(bucket, message));
                return None;
            }
        };
        if let Some(batch) = queue.sealed.pop_front() {
            queue.note_spooled(&batch, self.settings.precision);
            if out && queue.held.is_none() {
                // It stays in hand until its result is there.
                disk.hold(&range);
                let ranges = Vec::from([range]);
                queue.held = Some(Held { batch, ranges });
            } else {
                queue.reuse(batch.into_bytes());
            }
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        self.transfer(at, Place::Buffered, Place::Spooled, lines);
        self.settle(lost);
        Some(lines)
    }

    /// Counts what left the disk without being delivered.
    pub(super) fn settle(&mut self, losses: Vec<Loss>) {
        for loss in losses {
            let Some(at) = loss.bucket.as_deref().map(|bucket| self.queue(bucket)) else {
                // For somebody else.
                self.stats.foreign = self.stats.foreign.saturating_sub(loss.lines);
                continue;
            };
            let lost = loss.lines.saturating_sub(loss.held);
            if loss.held > 0 {
                self.unhold(at);
            }
            if lost > 0 {
                self.transfer(at, Place::Spooled, Place::Dropped(DropReason::Spool), lost);
                self.note(at, |bucket| Note::Dropped(bucket, lost, DropReason::Spool));
            }
        }
    }

    /// What a queue holds is no longer on disk: it is in memory alone.
    fn unhold(&mut self, at: usize) {
        let Some(queue) = self.queues.get_mut(at) else {
            return;
        };
        let Some(held) = queue.held.take() else {
            return;
        };
        if let Some(disk) = &mut self.disk {
            // If a part of it is still there, the disk would bring it up a second time.
            disk.ack(&held.ranges);
        }
        let lines = held.batch.lines() as u64;
        self.bytes = self.bytes.saturating_add(held.batch.rest().len());
        queue.sealed.push_front(held.batch);
        self.transfer(at, Place::Spooled, Place::Buffered, lines);
    }

    /// Takes the oldest batches from disk in hand, if there are any. False if the disk can't be
    /// read now, or nothing is left to send.
    pub(super) fn read_back(&mut self, at: usize) -> bool {
        let max_bytes = self.settings.batch_bytes;
        let (Some(disk), Some(queue)) = (&mut self.disk, self.queues.get_mut(at)) else {
            return true;
        };
        if queue.held.is_some() || queue.spooled == 0 {
            return true;
        }
        let mut body = queue.storage();
        queue.fresh = None;
        let (taken, lost) = disk.take(&queue.bucket, max_bytes, &mut body);
        match taken {
            Ok(Some((precision, lines, ranges))) => {
                let lines = usize::try_from(lines).unwrap_or(usize::MAX);
                // What comes from disk is older than any batch a flush waits for.
                let batch = Batch::new((0, precision), body, lines, None);
                queue.held = Some(Held { batch, ranges });
                self.settle(lost);
                true
            }
            Ok(None) => {
                queue.reuse(Some(body));
                self.settle(lost);
                let Some(queue) = self.queues.get_mut(at) else {
                    return false;
                };
                if queue.spooled > 0 {
                    // It can't tell what it has; not to be asked all the time.
                    let until = self.now.saturating_add(DISK_PAUSE);
                    queue.backoff.wait(Pause::Retry(until));
                }
                queue.spooled == 0 && !queue.is_empty()
            }
            Err(error) => {
                queue.reuse(Some(body));
                let until = self.now.saturating_add(DISK_PAUSE);
                queue.backoff.wait(Pause::Retry(until));
                self.settle(lost);
                let message = error.to_string();
                self.note(at, |bucket| Note::SpoolFailed(bucket, message));
                false
            }
        }
    }

    /// Syncs the disk if its durability asks for it now.
    pub(super) fn sync_if_due(&mut self) {
        let Some(disk) = &mut self.disk else {
            return;
        };
        let (synced, lost) = disk.sync_due();
        self.settle(lost);
        if let Err(error) = synced {
            let message = error.to_string();
            self.note(super::MAIN, |bucket| Note::SpoolFailed(bucket, message));
        }
    }

    /// Syncs the disk, whatever its durability.
    pub(super) fn sync_all(&mut self) -> Result<(), Error> {
        let Some(disk) = &mut self.disk else {
            return Ok(());
        };
        let (synced, lost) = disk.sync_all();
        self.settle(lost);
        synced.map_err(|error| {
            let message = error.to_string();
            self.note(super::MAIN, |bucket| Note::SpoolFailed(bucket, message));
            error.into()
        })
    }
}
