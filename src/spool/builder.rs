//! `SpoolBuilder`, and opening a spool.

use super::error::SpoolError;
use super::fs::Disk;
use super::os_disk::OsDisk;
use super::settings::{Durability, Mode, Settings};
use super::spool::Spool;
use crate::OverflowPolicy;
use crate::clock::{Clock, SystemClock};
use alloc::boxed::Box;
use std::path::PathBuf;

/// A builder of a [`Spool`], made by [`Spool::builder`].
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-builder", std::process::id()));
/// use influx_edge::spool::Spool;
///
/// let spool = Spool::builder(&dir).max_bytes(8 << 20).open()?;
/// assert_eq!(spool.max_batch_bytes(), 2 << 20); // a quarter
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SpoolBuilder {
    settings: Settings,
}

impl Spool {
    /// Opens the spool in a directory with the default settings. Creates the directory if it does not
    /// exist, accessible to its owner only.
    ///
    /// Reads everything that waits in it and verifies the checksums;
    /// [`open_report`](Spool::open_report) has the findings. Blocks for as long as that takes.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-open", std::process::id()));
    /// use influx_edge::spool::Spool;
    ///
    /// let spool = Spool::open(&dir)?;
    /// assert!(spool.is_empty());
    /// assert!(Spool::open(&dir).is_err()); // one owner at a time
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`SpoolError::Locked`] immediately if the directory has another owner,
    /// [`SpoolError::SharedDirectory`] if another user may change it, or the error of the operating
    /// system. The content of the directory never causes an error.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, SpoolError> {
        Self::builder(dir).open()
    }

    /// Returns a builder for the spool in a directory; [`SpoolBuilder::open`] opens it.
    pub fn builder(dir: impl Into<PathBuf>) -> SpoolBuilder {
        SpoolBuilder {
            settings: Settings::new(dir.into()),
        }
    }
}

impl SpoolBuilder {
    /// Sets the most disk space that waiting batches may take, counted in blocks of 4 KiB. Rejected lines
    /// and quarantined files are extra, see [`max_rejected_bytes`](SpoolBuilder::max_rejected_bytes).
    /// Default: 64 MiB. Least: 64 KiB.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.settings.max_bytes = bytes.max(64 << 10);
        self
    }

    /// Sets the size at which a segment file is full. [`OverflowPolicy::DropOldest`] drops whole
    /// segments. Default: 1 MiB. Clamped to 4 KiB to 64 MiB, and to a quarter of `max_bytes`.
    #[must_use]
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.settings.segment_bytes = bytes.clamp(4 << 10, 64 << 20);
        self
    }

    /// Sets the most disk space that rejected lines may take; the oldest are dropped first. Default:
    /// 1 MiB. Least: 64 KiB.
    #[must_use]
    pub fn max_rejected_bytes(mut self, bytes: u64) -> Self {
        self.settings.max_rejected_bytes = bytes.max(64 << 10);
        self
    }

    /// Sets the point at which a batch counts as safe. Default: [`Durability::EveryBatch`].
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.settings.durability = durability;
        self
    }

    /// Sets the behaviour when `max_bytes` is reached or the disk is full. Default:
    /// [`OverflowPolicy::DropOldest`], because a logger that runs for years should have the newest data.
    #[must_use]
    pub fn overflow_policy(mut self, policy: OverflowPolicy) -> Self {
        self.settings.overflow_policy = policy;
        self
    }

    /// Sets the batches that go to disk.
    ///
    /// Default: [`Mode::OnFailure`].
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.settings.mode = mode;
        self
    }

    /// Accepts a directory that another user owns or that is writable by all. By default such a directory
    /// is an error, because its content could be changed on its way to the server.
    ///
    /// Needed on file systems without owners, such as a USB stick with vfat, where every mode is 0777.
    /// Has no effect on systems without owners and modes (Windows).
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-shared", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// use influx_edge::spool::{Spool, SpoolError};
    ///
    /// # #[cfg(unix)] {
    /// # use std::os::unix::fs::PermissionsExt;
    /// std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o777))?;
    /// let opened = Spool::open(&dir);
    /// assert!(matches!(opened, Err(SpoolError::SharedDirectory { mode: 0o777, .. })));
    /// let spool = Spool::builder(&dir).allow_shared_directory().open()?;
    /// # }
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn allow_shared_directory(mut self) -> Self {
        self.settings.allow_shared_directory = true;
        self
    }

    /// Opens the spool: locks the directory, reads all segments, truncates a torn tail.
    ///
    /// Blocks for as long as it takes to read at most `max_bytes`.
    ///
    /// # Errors
    /// Returns the same errors as [`Spool::open`].
    pub fn open(self) -> Result<Spool, SpoolError> {
        self.open_on(OsDisk, SystemClock::default())
    }

    /// Opens the spool with a disk and a clock: those of the machine, or those of a test.
    pub(super) fn open_on(
        self,
        disk: impl Disk + 'static,
        clock: impl Clock + 'static,
    ) -> Result<Spool, SpoolError> {
        Spool::recover(self.settings, Box::new(disk), Box::new(clock))
    }
}
