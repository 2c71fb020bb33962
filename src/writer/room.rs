//! The limits of batch, memory and disk: makes space for a line, blocks, drops the oldest, or rejects.

use super::account::{DropReason, Place};
use super::core::Core;
use super::disk::Disk;
use super::event::Event;
use super::seams::{Clock, Transport};
use crate::OverflowPolicy;
use crate::error::WriteError;
use core::time::Duration;

impl<C: Clock, T: Transport> Core<C, T> {
    /// Makes space for `len` bytes more, in the batch and in the buffer.
    pub(super) fn make_room(&mut self, lane: usize, len: usize) -> Result<(), WriteError> {
        let batch_bytes = self.settings.batch_bytes;
        if len > batch_bytes {
            return Err(WriteError::TooLarge(batch_bytes));
        }
        let too_long = |core: &Self| {
            core.lanes
                .get(lane)
                .is_some_and(|to| to.open_len.saturating_add(len) > batch_bytes)
        };
        if too_long(self) {
            self.seal(lane);
            self.send_in_write();
        }
        if self.has_room(len) {
            return Ok(());
        }
        // The last resort before anything is lost: what is due may go now.
        self.send_in_write();
        if !self.has_room(len) {
            self.all_to_disk();
        }
        if !self.has_room(len) {
            self.wait_for_room(len);
        }
        while !self.has_room(len) {
            let dropped = self.settings.overflow_policy == OverflowPolicy::DropOldest
                && self.drop_oldest(lane);
            if !dropped {
                return Err(WriteError::Full);
            }
        }
        Ok(())
    }

    fn has_room(&self, len: usize) -> bool {
        self.bytes.saturating_add(len) <= self.settings.max_buffer_bytes
    }

    /// Everything in memory goes to disk, as far as there is one and it has space.
    fn all_to_disk(&mut self) {
        if self.disk.is_none() {
            return;
        }
        for at in 0..self.lanes.len() {
            if let Some(lane) = self.lanes.get_mut(at) {
                lane.seal(true);
            }
            self.spool_sealed(at);
        }
    }

    /// Where the policy of the writer or of its spool is to block: sends, for as long as the longer of
    /// the two says, until there is space for `len` bytes. It doesn't wait for an attempt that
    /// would come too late.
    fn wait_for_room(&mut self, len: usize) {
        let own = match self.settings.overflow_policy {
            OverflowPolicy::Block(limit) => Some(limit),
            OverflowPolicy::Reject | OverflowPolicy::DropOldest => None,
        };
        let limit = own.max(self.disk.as_ref().and_then(Disk::block));
        let Some(limit) = limit.filter(|_| self.settings.send_in_write) else {
            return;
        };
        let deadline = self.clock.now().saturating_add(limit);
        while !self.has_room(len) {
            let now = self.clock.now();
            self.age(now);
            let lanes = self.lanes.iter().enumerate();
            let first = lanes
                .filter(|(_, lane)| lane.has_work())
                .min_by_key(|(_, lane)| lane.next_at)
                .map(|(at, lane)| (at, lane.next_at));
            let Some((at, due)) = first.filter(|(_, due)| now < deadline && *due < deadline) else {
                return;
            };
            if due > now {
                self.clock.sleep(due.saturating_sub(now));
            }
            let left = deadline.saturating_sub(self.clock.now());
            self.attempt(at, Some(left.max(Duration::from_millis(1))));
            self.all_to_disk();
        }
    }

    pub(super) fn send_in_write(&mut self) {
        if self.settings.send_in_write {
            self.poll();
        }
    }

    /// Drops the oldest batch: of this lane, or, if it has none, of the one with the most.
    fn drop_oldest(&mut self, lane: usize) -> bool {
        let has_batch = |at: &usize| self.lanes.get(*at).is_some_and(|l| !l.is_empty());
        let fullest = || {
            let all = self.lanes.iter().enumerate().filter(|(_, l)| !l.is_empty());
            all.max_by_key(|(_, l)| l.lines()).map(|(at, _)| at)
        };
        let Some(lane) = Some(lane).filter(has_batch).or_else(fullest) else {
            return false;
        };
        let Some(from) = self.lanes.get_mut(lane) else {
            return false;
        };
        if from.sealed.is_empty() {
            from.seal(false);
        }
        self.drop_first(lane, DropReason::Overflow)
    }

    /// Drops the first batch of a lane.
    pub(super) fn drop_first(&mut self, lane: usize, reason: DropReason) -> bool {
        let Some(from) = self.lanes.get_mut(lane) else {
            return false;
        };
        let Some(batch) = from.sealed.pop_front() else {
            return false;
        };
        let lines = batch.lines();
        self.bytes = self.bytes.saturating_sub(batch.rest().len());
        from.reuse(batch.into_bytes());
        self.stats.drop_lines(Place::Memory, reason, lines);
        self.tell(lane, |bucket| Event::Dropped {
            bucket,
            lines: lines as u64,
            reason,
        });
        true
    }

    /// Takes lines that were accepted elsewhere: what has no space here is lost, and told.
    pub(crate) fn take_over(&mut self, lane: usize, bytes: &[u8], lines: usize) {
        if self.take(lane, bytes, lines).is_ok() {
            return;
        }
        self.stats.not_accepted = self.stats.not_accepted.saturating_sub(1);
        self.stats.accepted = self.stats.accepted.saturating_add(lines as u64);
        self.stats.buffered = self.stats.buffered.saturating_add(lines as u64);
        self.stats
            .drop_lines(Place::Memory, DropReason::Overflow, lines);
        self.tell(lane, |bucket| Event::Dropped {
            bucket,
            lines: lines as u64,
            reason: DropReason::Overflow,
        });
    }
}
