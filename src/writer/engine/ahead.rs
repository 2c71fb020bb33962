//! [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead): lines are on disk before they count as
//! accepted.

use super::super::account::Place;
use super::super::spool::Disk;
use super::accept::{Accepted, Pending};
use super::{Engine, Note, Queue};
use crate::error::WriteError;
use alloc::string::ToString;
use core::time::Duration;

impl Engine {
    pub(crate) fn is_ahead(&self) -> bool {
        self.disk.as_ref().is_some_and(Disk::is_ahead)
    }

    /// Puts lines on disk, as durable as the spool's setting says, and takes them.
    pub(super) fn write_ahead(&mut self, pending: Pending) -> Result<Accepted, WriteError> {
        let Pending {
            queue: at,
            len,
            lines,
            ..
        } = pending;
        let (Some(disk), Some(queue)) = (&mut self.disk, self.queues.get(at)) else {
            return Err(WriteError::Closed);
        };
        let bytes = queue.written(len);
        let (put, lost) = disk.put(&queue.bucket, queue.precision, lines as u64, bytes);
        self.settle(lost);
        match put {
            Ok(_) => {
                if let Some(queue) = self.queues.get_mut(at) {
                    queue.note_ahead(len, self.settings.precision);
                }
                self.transfer(at, Place::Outside, Place::Spooled, lines as u64);
                Ok(self.collect_ahead(at, lines, len))
            }
            Err(error) if error.is_full() => Ok(Accepted::NoSpace(pending)),
            Err(error) => {
                let message = error.to_string();
                let told = message.clone();
                self.note(at, |bucket| Note::SpoolFailed(bucket, told));
                self.stats.not_accepted = self.stats.not_accepted.saturating_add(1);
                Err(WriteError::NotDurable(message))
            }
        }
    }

    /// Lines on disk are sent in batches as those in memory are.
    fn collect_ahead(&mut self, at: usize, lines: usize, len: usize) -> Accepted {
        let now = self.now;
        let Some(queue) = self.queues.get_mut(at) else {
            return Accepted::Yes;
        };
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

    /// When lines that are collected on disk make a batch, if there are no others on disk.
    pub(super) fn fresh_at(&self, queue: &Queue) -> Option<Duration> {
        let (since, lines, bytes) = queue.fresh?;
        let alone = queue.held.is_none() && queue.spooled == lines as u64;
        let waits = alone && !self.is_full(lines, bytes);
        waits.then(|| since.saturating_add(self.settings.flush_interval))
    }

    /// How long a program is to wait for space on disk, by the spool's policy.
    pub(crate) fn blocks_for(&self) -> Option<Duration> {
        self.disk.as_ref().and_then(Disk::block)
    }
}
