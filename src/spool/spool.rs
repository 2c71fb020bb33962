//! `Spool`: recovery of its state, and rejected lines.

use super::ack::AckFile;
use super::batch::Batch;
use super::directory::Directory;
use super::error::SpoolError;
use super::format::MAX_PAYLOAD;
use super::fs::{Access, Disk, Fs, LOCK};
use super::held::Held;
use super::log::Log;
use super::recovery::recover;
use super::rejected::Rejected;
use super::scan::Window;
use super::segment::Segment;
#[cfg(feature = "client")]
use super::settings::Mode;
use super::settings::{Durability, Settings};
use super::stats::{OpenReport, SpoolStats, bump};
use super::targets::Targets;
#[cfg(feature = "client")]
use crate::OverflowPolicy;
use crate::clock::Clock;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};

/// A store-and-forward queue on disk: batches wait in it until they are delivered.
///
/// `Ok` from [`append`](Spool::append) acknowledges a batch: from then on it survives what the
/// [`Durability`] says, until [`ack`](Spool::ack) confirms its delivery or the
/// [`OverflowPolicy`](crate::OverflowPolicy) drops it, which is counted.
///
/// A directory has one owner: the process that opened it, not a fork of that process. Daemonize first,
/// then open.
///
/// Methods block while the disk works; no thread is started. Memory: about 500 bytes for each segment
/// and 50 for each target in it beyond the tenth, 150 for each target, two windows of 64 KiB, a second
/// copy of a batch of up to 64 KiB while it is written, and for reading 8 bytes for each batch in the two
/// segments that were read last (at most 480 KiB for segments of 1 MiB).
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::spool::{Batch, Spool, Target};
///
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}", std::process::id()));
/// let mut spool = Spool::open(&dir)?;
/// let target = Target::new("acme", "sensors")?;
/// spool.append(Batch::new(
///     &target,
///     Precision::Second,
///     1,
///     b"t,site=a v=1 60\n",
/// ))?;
///
/// let mut body = Vec::new();
/// for target in spool.targets() {
///     while let Some(group) =
///         spool.read_batches(&target, 512 * 1024, &mut body)?
///     {
///         // Send the body here, then acknowledge it:
///         assert_eq!((group.points, &*body), (1, &b"t,site=a v=1 60\n"[..]));
///         spool.ack(&group);
///     }
/// }
/// assert!(spool.is_empty());
/// spool.close()?;
/// # std::fs::remove_dir_all(&dir).unwrap();
/// # Ok::<(), influx_edge::spool::SpoolError>(())
/// ```
pub struct Spool {
    pub(super) log: Log,
    pub(super) ack: AckFile,
    pub(super) rejected: Rejected,
    pub(super) targets: Targets,
    pub(super) held: Held,
    pub(super) window: Window,
    pub(super) settings: Settings,
    pub(super) clock: Box<dyn Clock>,
    report: OpenReport,
    pub(super) stats: SpoolStats,
    /// When the oldest unsynced batch was written.
    pub(super) unsynced_since: Option<Duration>,
    pub(super) failed_at: Option<Duration>,
    /// Bytes of segments that were dropped for appends since the last one that succeeded.
    pub(super) wasted: u64,
    // The last field: dropping it releases the lock, after everything else is closed.
    directory: Arc<Directory>,
}

impl Spool {
    pub(super) fn recover(
        settings: Settings,
        disk: Box<dyn Disk>,
        clock: Box<dyn Clock>,
    ) -> Result<Self, SpoolError> {
        // The order matters: the owner is checked before anything in the directory is trusted, and the
        // lock is taken before anything is read, since a running owner changes it.
        let opening = |error| SpoolError::from_io("open the spool", &settings.dir, error);
        let mut directory = Directory::open_or_make(disk, &settings.dir).map_err(opening)?;
        directory.check_owner(settings.allow_shared_directory)?;
        let read_only = directory.is_read_only().map_err(opening)?;
        match directory.lock() {
            Ok(true) => {}
            Ok(false) => return Err(SpoolError::Locked { dir: settings.dir }),
            // No lock file can exist here, and no second owner can write.
            Err(e) if read_only && e.kind() == io::ErrorKind::ReadOnlyFilesystem => {}
            Err(e) => return Err(opening(e)),
        }
        let directory = Arc::new(directory);
        let fs = Arc::clone(&directory) as Arc<dyn Fs>;
        let durable = settings.durability != Durability::OsManaged && !read_only;
        let mut window = Window::default();
        let bound = settings.max_rejected_bytes;
        let rejected_dir = PathBuf::from("rejected");
        let rejected = Rejected::open(Arc::clone(&fs), rejected_dir, bound, durable, &mut window)
            .map_err(opening)?;
        let access = match read_only {
            true => Access::Read,
            false => Access::Write,
        };
        let mut ack = AckFile::read(&*fs, PathBuf::from("ack"), access).map_err(opening)?;
        let mut targets = Targets::default();
        let mut report = OpenReport::default();
        let segment_bytes = settings.effective_segment_bytes();
        let mut log = Log::new(fs, PathBuf::new(), segment_bytes, durable);
        let acked = recover(
            &mut log,
            &mut window,
            ack.acked(),
            &[LOCK, "ack", "ack.new", "rejected"],
            &mut report,
            &mut |header, bytes| targets.intern_record(header.flags, bytes),
        )
        .map_err(opening)?;
        report.read_only = read_only;
        report.unsynced_directory = directory.is_unsynced();
        ack.correct(acked);
        Ok(Spool {
            log,
            ack,
            rejected,
            targets,
            held: Held::default(),
            window,
            settings,
            clock,
            report,
            stats: SpoolStats::default(),
            unsynced_since: None,
            failed_at: None,
            wasted: 0,
            directory,
        })
    }

    /// Returns an error in a fork of the process that opened the spool.
    pub(super) fn same_process(&self) -> Result<(), SpoolError> {
        self.directory.same_process()
    }

    /// Returns an error in a forked process and on a read-only disk.
    pub(super) fn check_writable(&self) -> Result<(), SpoolError> {
        self.same_process()?;
        match self.report.read_only {
            true => Err(SpoolError::ReadOnly {
                dir: self.settings.dir.clone(),
            }),
            false => Ok(()),
        }
    }

    /// Returns the findings of opening the spool.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-open_report", std::process::id()));
    /// use influx_edge::spool::Spool;
    ///
    /// let spool = Spool::open(&dir)?;
    /// assert!(spool.open_report().is_clean());
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn open_report(&self) -> &OpenReport {
        &self.report
    }

    /// Returns the path of the directory, as it was given.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.settings.dir
    }

    /// Returns `true` if no batch waits.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-is-empty", std::process::id()));
    /// let spool = influx_edge::Spool::open(&dir)?;
    /// assert!(spool.is_empty());
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.log.segments.iter().all(Segment::is_done)
    }

    /// Returns the size of the largest batch that is accepted.
    ///
    /// It is 16 MiB, or a quarter of `max_bytes` if that is less.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-max", std::process::id()));
    /// let spool = influx_edge::Spool::builder(&dir).max_bytes(4 << 20).open()?;
    /// assert_eq!(spool.max_batch_bytes(), 1 << 20);
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_batch_bytes(&self) -> usize {
        usize::try_from(self.settings.max_bytes / 4).map_or(MAX_PAYLOAD, |q| q.min(MAX_PAYLOAD))
    }

    #[cfg(feature = "client")]
    pub(crate) fn mode(&self) -> Mode {
        self.settings.mode
    }

    #[cfg(feature = "client")]
    pub(crate) fn overflow_policy(&self) -> OverflowPolicy {
        self.settings.overflow_policy
    }

    /// Returns `true` if the waiting batches take more than half of `max_bytes`.
    #[cfg(feature = "client")]
    pub(crate) fn is_half_full(&self) -> bool {
        self.log.footprint() > self.settings.max_bytes / 2
    }

    /// Stores lines that a server rejected, with the reason, of which 1 KiB is kept. They are not
    /// delivered again. The batch that contained them is acknowledged separately, after this call.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-reject", std::process::id()));
    /// use influx_edge::Precision;
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// let batch = Batch::new(&target, Precision::Second, 1, b"t v= 60\n");
    /// spool.reject(batch, "missing field value")?;
    /// assert_eq!((spool.stats().rejected_lines, spool.stats().batches), (1, 0));
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the disk fails or is read-only, and in a forked process. The lines are then
    /// counted in [`SpoolStats::rejected_dropped`].
    pub fn reject(&mut self, batch: Batch<'_>, reason: &str) -> Result<(), SpoolError> {
        let sync = self.settings.durability != Durability::OsManaged;
        let kept = self.check_writable().and_then(|()| {
            let kept = self.rejected.keep(&batch, reason, sync, &*self.clock);
            kept.map_err(|e| SpoolError::from_io("keep rejected lines in", self.dir(), e))
        });
        kept.inspect_err(|_| bump(&mut self.rejected.dropped, u64::from(batch.points)))
    }

    /// Removes all rejected lines and returns their number. [`Inspector`](super::Inspector) reads them.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-clear-rejected", std::process::id()));
    /// # use influx_edge::Precision;
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// spool.reject(
    ///     Batch::new(&target, Precision::Second, 1, b"t v=x 60\n"),
    ///     "unable to parse",
    /// )?;
    /// assert_eq!(spool.clear_rejected()?, 1);
    /// assert_eq!(spool.stats().rejected_lines, 0);
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the disk is read-only, or if a file can't be removed; its lines remain.
    pub fn clear_rejected(&mut self) -> Result<u64, SpoolError> {
        self.check_writable()?;
        let cleared = self.rejected.clear();
        cleared.map_err(|e| SpoolError::from_io("remove rejected lines from", self.dir(), e))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let _ = self.sync_at_end();
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool")
            .field("dir", &self.settings.dir)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
