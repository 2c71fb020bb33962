//! [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead): lines are on disk before they count as
//! accepted.

use super::super::account::Place;
use super::super::spool::Disk;
use super::accept::{Accepted, Pending};
use super::{Engine, Queue};
use crate::error::WriteError;
use crate::line::Lines;
use alloc::string::ToString;
use core::time::Duration;

impl Engine {
    pub(crate) fn is_ahead(&self) -> bool {
        self.disk.as_ref().is_some_and(Disk::is_ahead)
    }

    /// Writes lines to disk, with the spool's durability, and accepts them.
    pub(super) fn write_ahead(&mut self, pending: Pending) -> Result<Accepted, WriteError> {
        let (at, len, lines) = (pending.queue, pending.len, pending.lines);
        let Some(disk) = &mut self.disk else {
            return Err(WriteError::Closed);
        };
        let queue = &self.queues[at];
        let (bytes, precision) = (queue.written(len), queue.precision);
        let put = Lines { bytes, precision };
        let (put, lost) = disk.put(&queue.bucket, put, lines as u64, false);
        self.settle(lost);
        match put {
            Ok(_) => {
                self.queues[at].note_ahead(len, pending.last);
                self.transfer(at, Place::Outside, Place::Spooled, lines as u64);
                Ok(self.collect_ahead(at, lines, len))
            }
            Err(error) if Disk::is_full(&error) => Ok(Accepted::NoSpace(pending)),
            Err(error) => {
                self.spool_failed(at, &error);
                Err(WriteError::NotDurable(error.to_string()))
            }
        }
    }

    /// Counts lines on disk towards the next batch, as those in memory are.
    fn collect_ahead(&mut self, at: usize, lines: usize, len: usize) -> Accepted {
        let now = self.now;
        let queue = &mut self.queues[at];
        let (since, before, bytes) = queue.fresh.unwrap_or((now, 0, 0));
        let (lines, bytes) = (before.saturating_add(lines), bytes.saturating_add(len));
        queue.fresh = Some((since, lines, bytes));
        match self.is_full(lines, bytes) {
            true => Accepted::Full,
            false => Accepted::Yes,
        }
    }

    fn is_full(&self, lines: usize, bytes: usize) -> bool {
        lines >= self.settings.batch_lines || bytes >= self.settings.batch_bytes
    }

    /// The time when the lines that are collected on disk make a batch; `None` if there are older ones.
    pub(super) fn fresh_at(&self, queue: &Queue) -> Option<Duration> {
        let (since, lines, bytes) = queue.fresh?;
        let alone = queue.held() == 0 && queue.spooled == lines as u64;
        let waits = alone && !self.is_full(lines, bytes);
        waits.then(|| since.saturating_add(self.settings.flush_interval))
    }

    /// The time that a program waits for space on disk, by the spool's policy.
    pub(crate) fn blocks_for(&self) -> Option<Duration> {
        self.disk.as_ref().and_then(Disk::block)
    }
}
