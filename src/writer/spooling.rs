//! When batches move between memory and disk, and in which order.
//!
//! In order, for each bucket: what is on disk is older than what is in memory. So as long as
//! anything is on disk, new batches go behind it, and the disk is what is sent from.

use super::account::{DropReason, Place};
use super::batch::Batch;
use super::core::Core;
use super::disk::Disk;
use super::event::Event;
use super::lane::Drain;
use super::seams::{Clock, Transport};
use crate::client::retry::part;
use alloc::string::ToString;
use core::time::Duration;

/// A disk that can't be read is tried again after this.
const DISK_PAUSE: Duration = Duration::from_secs(5);

impl<C: Clock, T: Transport> Core<C, T> {
    /// Takes a spool, and takes over what is in it.
    pub(crate) fn adopt(&mut self, disk: Disk) {
        let now = self.clock.now();
        for (bucket, lines) in disk.found() {
            let at = self.lane(&bucket);
            let spread = part(self.settings.retry.interval, self.jitter.next());
            if let Some(lane) = self.lanes.get_mut(at) {
                lane.spooled = lines;
                lane.backlog = true;
                // Machines that the same power cut put out come back together.
                lane.next_at = now.saturating_add(spread);
            }
            self.stats.accepted = self.stats.accepted.saturating_add(lines);
            self.stats.recovered = self.stats.recovered.saturating_add(lines);
            self.stats.spooled = self.stats.spooled.saturating_add(lines);
        }
        self.disk = Some(disk);
    }

    /// Puts the sealed batches of a lane on disk, if that is where they belong now: behind others,
    /// or ahead of being sent.
    pub(super) fn spool_if_due(&mut self, at: usize) {
        let ahead = self.disk.as_ref().is_some_and(Disk::is_ahead);
        let behind = self.lanes.get(at).is_some_and(|lane| lane.spooled > 0);
        if ahead || behind {
            self.spool_sealed(at);
        }
    }

    /// Puts the sealed batches of a lane on disk. What the disk doesn't take stays in memory.
    pub(super) fn spool_sealed(&mut self, at: usize) {
        let precision = self.settings.precision;
        let mut moved = 0usize;
        loop {
            let (Some(disk), Some(lane)) = (&mut self.disk, self.lanes.get_mut(at)) else {
                return;
            };
            let Some(batch) = lane.sealed.front() else {
                break;
            };
            let (lines, bytes) = (batch.lines(), batch.rest().len());
            if let Err(error) = disk.append(&lane.bucket, precision, lines, batch.rest()) {
                let message = error.to_string();
                if let Some(listener) = &mut self.listener {
                    listener(&Event::SpoolFailed {
                        bucket: &lane.bucket,
                        message: &message,
                    });
                }
                break;
            }
            lane.keep_newest();
            if let Some(batch) = lane.sealed.pop_front() {
                lane.reuse(batch.into_bytes());
            }
            lane.spooled = lane.spooled.saturating_add(lines as u64);
            self.bytes = self.bytes.saturating_sub(bytes);
            self.stats.leave(Place::Memory, lines);
            self.stats.spooled = self.stats.spooled.saturating_add(lines as u64);
            moved = moved.saturating_add(lines);
        }
        if moved > 0 {
            self.tell(at, |bucket| Event::Spooled {
                bucket,
                lines: moved as u64,
            });
            // Space may have been made by dropping the oldest, of any bucket.
            for at in 0..self.lanes.len() {
                self.settle_losses(at);
            }
        }
    }

    /// Counts what the spool has lost.
    fn settle_losses(&mut self, at: usize) {
        let (Some(disk), Some(lane)) = (&self.disk, self.lanes.get_mut(at)) else {
            return;
        };
        let lost = disk.lost(lane);
        if lost == 0 {
            return;
        }
        lane.spooled = lane.spooled.saturating_sub(lost);
        let lines = usize::try_from(lost).unwrap_or(usize::MAX);
        self.stats.drop_lines(Place::Disk, DropReason::Spool, lines);
        self.tell(at, |bucket| Event::Dropped {
            bucket,
            lines: lost,
            reason: DropReason::Spool,
        });
    }

    /// Takes the oldest batches from disk in hand, if there are any. False if the disk can't be
    /// read now, or nothing is left to send.
    pub(super) fn read_back(&mut self, at: usize) -> bool {
        let max_bytes = self.settings.batch_bytes;
        let (Some(disk), Some(lane)) = (&mut self.disk, self.lanes.get_mut(at)) else {
            return true;
        };
        if lane.drain.is_some() || lane.spooled == 0 {
            return true;
        }
        let mut body = lane.storage();
        match disk.collect(&lane.bucket, max_bytes, &mut body) {
            Ok(Some((precision, lines, batch_ids))) => {
                let lines = usize::try_from(lines).unwrap_or(usize::MAX);
                lane.drain = Some(Drain {
                    batch: Batch::new(body, lines, 0).without_last(),
                    precision,
                    batch_ids,
                });
                self.settle_losses(at);
                true
            }
            Ok(None) => {
                lane.reuse(body);
                self.settle_losses(at);
                let Some(lane) = self.lanes.get_mut(at) else {
                    return false;
                };
                if lane.spooled > 0 {
                    // It can't tell what it has; not to be asked all the time.
                    lane.next_at = self.clock.now().saturating_add(DISK_PAUSE);
                }
                lane.spooled == 0 && !lane.is_empty()
            }
            Err(error) => {
                lane.reuse(body);
                lane.next_at = self.clock.now().saturating_add(DISK_PAUSE);
                let message = error.to_string();
                if let Some(listener) = &mut self.listener {
                    listener(&Event::SpoolFailed {
                        bucket: &lane.bucket,
                        message: &message,
                    });
                }
                false
            }
        }
    }

    /// Open batches that are old enough go to disk, where there are others before them: they need
    /// not wait for the server there.
    pub(super) fn age(&mut self, now: Duration) {
        let Some(disk) = &mut self.disk else {
            return;
        };
        // A sync that fails is counted by the spool, and never repeated.
        let _ = disk.poll();
        for at in 0..self.lanes.len() {
            let interval = self.settings.flush_interval;
            let aged = self.lanes.get(at).is_some_and(|lane| {
                lane.open_lines > 0 && lane.opened_at.saturating_add(interval) <= now
            });
            if aged {
                self.seal(at);
            } else {
                self.spool_if_due(at);
            }
        }
    }
}
