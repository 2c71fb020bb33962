//! `sync`, `poll` and `close`.

use super::error::SpoolError;
use super::losses::{LossCause, Losses, Tally};
use super::rewrite::Rewritten;
use super::segment::SyncState;
use super::settings::Durability;
use super::spool::Spool;
use alloc::vec::Vec;
use core::time::Duration;
use std::io;

impl Spool {
    /// Syncs everything to the disk, with any [`Durability`]. Blocks until that is done.
    ///
    /// A segment whose sync failed, now or earlier, is not synced again: the batches that can be read back
    /// are written to another file, which is synced. The others are lost and counted
    /// ([`unsynced_batches`](super::SpoolStats::unsynced_batches)). Meanwhile the spool takes at most one
    /// segment more than `max_bytes`.
    ///
    /// # Errors
    /// Returns an error if a sync failed and writing to another file failed too. The batches can still be
    /// read ([`at_risk`](super::SpoolStats::at_risk)); the next call tries again to write them elsewhere.
    pub fn sync(&mut self) -> Result<(), SpoolError> {
        self.sync_all().0
    }

    /// Syncs like [`sync`](Spool::sync), and returns the losses, also beside an error.
    pub(crate) fn sync_all(&mut self) -> (Result<(), SpoolError>, Losses) {
        let mut losses = Losses::default();
        if let Err(error) = self.same_process() {
            return (Err(error), losses);
        }
        // Contents before names: when the names are synced, so is everything that they name.
        self.log.sync_files();
        let queue = self.rewrite_failed(&mut losses);
        let queue = queue.and_then(|()| self.log.sync_names());
        let rejected = self.rejected.sync(&mut self.window);
        self.unsynced_since = match &queue {
            Ok(()) => None,
            // Restarts the interval, so that `poll` doesn't retry a failing disk all the time.
            Err(_) => Some(self.clock.monotonic()),
        };
        let result = queue
            .and(rejected)
            .map_err(|error| SpoolError::from_io("sync the spool", self.dir(), error));
        (result, losses)
    }

    /// Writes the waiting batches of segments whose sync failed to other files.
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
            // The copy has gaps where records could not be read. Their numbers are done, so that the number
            // up to which all is delivered can pass them; `settle` counts their batches as lost.
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

    /// Syncs if that is due by [`Durability::Interval`]. Returns the time until the next sync, if there is
    /// anything to sync. Otherwise costs nothing; call it when idle.
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
        self.sync_due().0
    }

    /// Syncs like [`poll`](Spool::poll), and returns the losses, also beside an error.
    pub(crate) fn sync_due(&mut self) -> (Result<Option<Duration>, SpoolError>, Losses) {
        match self.next_sync() {
            Some(left) if left.is_zero() => {
                let (result, losses) = self.sync_all();
                (result.map(|()| None), losses)
            }
            left => (Ok(left), Losses::default()),
        }
    }

    /// The time until the next sync of `Interval` is due; `None` if there is nothing to sync.
    pub(crate) fn next_sync(&self) -> Option<Duration> {
        let Durability::Interval(interval) = self.settings.durability else {
            return None;
        };
        let age = self.clock.monotonic().saturating_sub(self.unsynced_since?);
        Some(interval.saturating_sub(age))
    }

    /// Syncs, unless the durability is [`Durability::OsManaged`], and unlocks the directory. Dropping does
    /// the same and ignores the error. In a fork of the process that opened the spool, neither changes
    /// anything.
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

    /// Returns `true` if a batch written now has to be synced now.
    pub(super) fn sync_with(&self, now: Duration) -> bool {
        // `Interval` is a group commit: the first batch after the interval is synced as it is appended, and
        // that one `fdatasync` makes all batches before it in the file durable. Without traffic `poll` does
        // it. (`EveryBatch` groups too, one level up: the writer puts many lines in a batch.)
        match (self.settings.durability, self.unsynced_since) {
            (Durability::EveryBatch, _) => true,
            (Durability::Interval(interval), Some(since)) => now.saturating_sub(since) >= interval,
            (Durability::Interval(interval), None) => interval.is_zero(),
            (Durability::OsManaged, _) => false,
        }
    }
}
