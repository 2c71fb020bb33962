//! When the spool calls fsync: `sync`, `poll` and `close`, by its `Durability`.

use super::builder::Durability;
use super::error::SpoolError;
use super::spool::Spool;
use core::time::Duration;

impl Spool {
    /// Brings everything to the disk, in every [`Durability`]. Returns when it is there.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-sync", std::process::id()));
    /// use influx_edge::spool::Spool;
    ///
    /// let mut spool = Spool::open(&dir)?;
    /// spool.sync()?; // what the system had still in memory is on disk
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The disk's. What was not synced is still there to be read, and counted as
    /// [`at_risk`](super::SpoolStats::at_risk); a second call doesn't try it again.
    pub fn sync(&mut self) -> Result<(), SpoolError> {
        self.unsynced_since = None;
        let result = self.log.sync().and(self.rejected.sync());
        result.map_err(|error| SpoolError::from_io("sync the spool", self.dir(), error))
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
    /// As [`sync`](Spool::sync).
    pub fn poll(&mut self) -> Result<Option<Duration>, SpoolError> {
        let (Durability::Interval(interval), Some(since)) =
            (self.settings.durability, self.unsynced_since)
        else {
            return Ok(None);
        };
        let age = self.clock.monotonic().saturating_sub(since);
        match interval.checked_sub(age).filter(|left| !left.is_zero()) {
            Some(left) => Ok(Some(left)),
            None => self.sync().map(|()| None),
        }
    }

    /// Syncs (unless `OsManaged`) and gives the directory free. Dropping does the same and keeps the
    /// error to itself.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-close", std::process::id()));
    /// let spool = influx_edge::Spool::open(&dir)?;
    /// spool.close()?; // synced, and its lock is free
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`sync`](Spool::sync).
    pub fn close(mut self) -> Result<(), SpoolError> {
        self.sync_at_end()
    }

    pub(super) fn sync_at_end(&mut self) -> Result<(), SpoolError> {
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
