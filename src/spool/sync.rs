//! When the spool calls fsync: `sync`, `poll` and `close`, by its `Durability`.

use super::builder::Durability;
use super::error::SpoolError;
use super::losses::{LossCause, Losses, Tally};
use super::rewrite::Rewritten;
use super::segment::SyncState;
use super::spool::Spool;
use alloc::vec::Vec;
use core::time::Duration;
use std::io;

impl Spool {
    /// Brings everything to the disk, in every [`Durability`]. Returns when it is there.
    ///
    /// A segment whose sync failed, now or since the last call, is not synced again: what reads back of
    /// it is written to another file and synced there. Batches that don't read back are lost and
    /// counted ([`unsynced_batches`](super::SpoolStats::unsynced_batches)); after an `Ok` all the
    /// others are on the disk. Takes at most one segment more than `max_bytes` meanwhile.
    ///
    /// # Errors
    /// Returns an error if the disk failed and writing to another file failed too. What was not synced
    /// is still there to be read ([`at_risk`](super::SpoolStats::at_risk)); the next call tries again
    /// to write it elsewhere.
    pub fn sync(&mut self) -> Result<(), SpoolError> {
        let (result, losses) = self.sync_all();
        losses.counted_in_stats();
        result
    }

    /// [`sync`](Spool::sync), and what was lost by it; also beside an error.
    pub(crate) fn sync_all(&mut self) -> (Result<(), SpoolError>, Losses) {
        let mut losses = Losses::default();
        if let Err(error) = self.same_process() {
            return (Err(error), losses);
        }
        self.log.sync_files();
        let queue = self.rewrite_failed(&mut losses);
        let queue = queue.and_then(|()| self.log.sync_names());
        let rejected = self.rejected.sync(&mut self.window);
        self.unsynced_since = match &queue {
            Ok(()) => None,
            // It counts from now, so that `poll` doesn't ask a failing disk all the time.
            Err(_) => Some(self.clock.monotonic()),
        };
        let result = queue
            .and(rejected)
            .map_err(|error| SpoolError::from_io("sync the spool", self.dir(), error));
        (result, losses)
    }

    /// Writes what waits in segments whose sync failed to other files.
    fn rewrite_failed(&mut self, losses: &mut Losses) -> io::Result<()> {
        while let Some(index) = self.log.first_failed() {
            let Some(segment) = self.log.segments.get_mut(index) else {
                break;
            };
            if segment.is_done() {
                segment.sync = SyncState::Clean;
                continue;
            }
            let base = segment.base;
            let mut found = Tally::default();
            let (held, targets) = (&self.held, &mut self.targets);
            let acked = self.ack.acked();
            let mut waiting: Vec<(u32, u64, u32, u32)> = Vec::new();
            let rewritten = self
                .log
                .rewrite(index, &mut self.window, &mut |record, bytes| {
                    if record.seq > acked {
                        if let Some(target) = targets.find_record(record.flags, bytes) {
                            waiting.push((target, record.seq, record.points, record.payload_len));
                        }
                    }
                })?;
            if let Some(segment) = self.log.segments.get_mut(index) {
                let mut next = base.max(acked.saturating_add(1));
                for (target, seq, points, bytes) in waiting {
                    (next..seq).for_each(|lost| segment.set_done(lost));
                    next = seq.saturating_add(1);
                    if !segment.seq_done(seq) {
                        found.add(held, target, seq, points, bytes);
                    }
                }
                (next..segment.end_seq).for_each(|lost| segment.set_done(lost));
            }
            match rewritten {
                Rewritten::Copied => self.settle(base, None, &found, LossCause::Unsynced, losses),
                Rewritten::Gone => {
                    self.settle(base, None, &Tally::default(), LossCause::Unsynced, losses);
                    self.log.remove(index);
                }
            }
        }
        Ok(())
    }

    /// Does what is due: the sync of [`Durability::Interval`]. Returns how long until the next one,
    /// if there is anything to sync. Otherwise costs nothing; call it when idle.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-poll", std::process::id()));
    /// let mut spool = influx_edge::Spool::open(&dir)?;
    /// assert_eq!(spool.poll()?, None); // nothing waits for a sync
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`sync`](Spool::sync).
    pub fn poll(&mut self) -> Result<Option<Duration>, SpoolError> {
        let (result, losses) = self.sync_due();
        losses.counted_in_stats();
        result
    }

    /// [`poll`](Spool::poll), and what was lost by it; also beside an error.
    pub(crate) fn sync_due(&mut self) -> (Result<Option<Duration>, SpoolError>, Losses) {
        match self.next_sync() {
            Some(left) if left.is_zero() => {
                let (result, losses) = self.sync_all();
                (result.map(|()| None), losses)
            }
            left => (Ok(left), Losses::default()),
        }
    }

    /// How long until the next sync of `Interval` is due; `None` if there is nothing to sync.
    pub(crate) fn next_sync(&self) -> Option<Duration> {
        let Durability::Interval(interval) = self.settings.durability else {
            return None;
        };
        let age = self.clock.monotonic().saturating_sub(self.unsynced_since?);
        Some(interval.saturating_sub(age))
    }

    /// Syncs (unless `OsManaged`) and gives the directory free. Dropping does the same and keeps the
    /// error to itself. In a child process of the one that opened the spool both touch nothing.
    ///
    /// # Errors
    /// Returns the same errors as [`sync`](Spool::sync).
    pub fn close(mut self) -> Result<(), SpoolError> {
        self.sync_at_end()
    }

    pub(super) fn sync_at_end(&mut self) -> Result<(), SpoolError> {
        self.same_process()?;
        match self.settings.durability {
            Durability::OsManaged => Ok(()),
            _ => self.sync(),
        }
    }

    /// Whether a batch written now has to be synced now.
    pub(super) fn sync_with(&self, now: Duration) -> bool {
        match (self.settings.durability, self.unsynced_since) {
            (Durability::EveryBatch, _) => true,
            (Durability::Interval(interval), Some(since)) => now.saturating_sub(since) >= interval,
            (Durability::Interval(interval), None) => interval.is_zero(),
            (Durability::OsManaged, _) => false,
        }
    }
}
