//! `Spool`: opening, its settings, and lines that a server rejected.

use super::ack::AckFile;
use super::builder::{Durability, Mode, SpoolBuilder};
use super::directory::Directory;
use super::error::{SpoolError, SpoolErrorKind};
use super::format::MAX_PAYLOAD;
use super::fs::{Access, Disk, Fs, LOCK};
use super::held::Held;
use super::log::Log;
use super::recovery::recover;
use super::rejected::{Rejected, Rejection};
use super::scan::Window;
use super::segment::Segment;
use super::stats::{OpenReport, SpoolStats, bump};
use super::targets::Targets;
use crate::OverflowPolicy;
use crate::clock::Clock;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};

/// Batches on disk, until they are delivered. One owner per directory: the process that opened it, not a
/// child of it made by fork. Daemonize first, then open.
///
/// A batch is acknowledged by [`append`](Spool::append)'s `Ok`: from then on it survives what the
/// [`Durability`] says, until [`ack`](Spool::ack) says that it was delivered or the
/// [`OverflowPolicy`] drops it, which is counted.
///
/// Blocks while the disk works; makes no thread. Memory: some 500 bytes for each segment and 50 for each
/// target in it beyond the tenth, 150 for each target, two windows of 64 KiB, a batch of up to 64 KiB
/// once more while it is written, and for reading 8 bytes for each batch in the two segments that were
/// read last (at most 480 KiB for segments of 1 MiB).
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::spool::{Batch, Spool, Target};
///
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}", std::process::id()));
/// let mut spool = Spool::open(&dir)?;
/// let target = Target::new("acme", "sensors")?;
/// spool.append(Batch::new(&target, Precision::Second, 1, b"t,site=a v=1 60\n"))?;
///
/// let mut body = Vec::new();
/// for target in spool.targets() {
///     while let Some(group) = spool.read_batches(&target, 512 * 1024, &mut body)? {
///         assert_eq!((group.points(), &*body), (1, &b"t,site=a v=1 60\n"[..])); // send it, then:
///         spool.ack(group.ranges());
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
    pub(super) settings: SpoolBuilder,
    pub(super) clock: Box<dyn Clock>,
    report: OpenReport,
    pub(super) stats: SpoolStats,
    /// When the oldest unsynced batch was written.
    pub(super) unsynced_since: Option<Duration>,
    pub(super) failed_at: Option<Duration>,
    /// Bytes of segments that were dropped for appends since the last one that succeeded.
    pub(super) wasted: u64,
    // With the lock, which is freed when everything else is done.
    directory: Arc<Directory>,
}

impl Spool {
    /// Opens the spool of a directory with the default settings, making the directory (for its owner
    /// alone) if need be.
    ///
    /// Reads everything that waits in it, checksums included; what it found is in
    /// [`open_report`](Spool::open_report).
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-open", std::process::id()));
    /// use influx_edge::spool::Spool;
    ///
    /// let spool = Spool::open(&dir)?;
    /// assert!(spool.is_empty());
    /// assert!(Spool::open(&dir).unwrap_err().is_locked()); // one owner at a time
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error at once if another has the directory
    /// ([`is_locked`](SpoolError::is_locked)), another user may change it
    /// ([`SharedDirectory`](SpoolErrorKind::SharedDirectory)), or the operating system refuses. The
    /// content of the directory, whatever it is, is never an error.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, SpoolError> {
        Self::builder(dir).open()
    }

    /// Other settings than the default ones; [`SpoolBuilder::open`] opens.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-builder", std::process::id()));
    /// use influx_edge::spool::Spool;
    ///
    /// let spool = Spool::builder(&dir).max_bytes(8 << 20).open()?;
    /// assert_eq!(spool.max_batch_bytes(), 2 << 20);
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(dir: impl Into<PathBuf>) -> SpoolBuilder {
        SpoolBuilder::for_dir(dir.into())
    }
}

impl Spool {
    pub(super) fn recover(
        settings: SpoolBuilder,
        disk: Box<dyn Disk>,
        clock: Box<dyn Clock>,
    ) -> Result<Self, SpoolError> {
        let opening = |error| SpoolError::from_io("open the spool", &settings.dir, error);
        let mut directory = Directory::open_or_make(disk, &settings.dir).map_err(opening)?;
        directory.check_owner(settings.allow_shared_directory)?;
        let read_only = directory.is_read_only().map_err(opening)?;
        match directory.lock() {
            Ok(true) => {}
            Ok(false) => {
                let dir = settings.dir;
                return Err(SpoolErrorKind::Locked { dir }.into());
            }
            // There can't be a lock file, and there can't be two owners that write.
            Err(e) if read_only && e.kind() == io::ErrorKind::ReadOnlyFilesystem => {}
            Err(e) => return Err(opening(e)),
        }
        let directory = Arc::new(directory);
        let fs = Arc::clone(&directory) as Arc<dyn Fs>;
        // What can't be written needs no sync.
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

    /// Returns an error in a child process of the one that opened the spool.
    pub(super) fn same_process(&self) -> Result<(), SpoolError> {
        Ok(self.directory.same_process()?)
    }

    /// Returns an error if nothing can be put here: in a child process, and on a read-only disk.
    pub(super) fn check_writable(&self) -> Result<(), SpoolError> {
        self.same_process()?;
        match self.report.read_only {
            true => Err(SpoolErrorKind::ReadOnly {
                dir: self.settings.dir.clone(),
            }
            .into()),
            false => Ok(()),
        }
    }

    /// What was found when the spool was opened.
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

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.settings.dir
    }

    /// Which batches its owner is to put here.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.settings.mode
    }

    /// When a batch counts as safe.
    #[must_use]
    pub fn durability(&self) -> Durability {
        self.settings.durability
    }

    /// What happens when there is no space left.
    #[must_use]
    pub fn overflow_policy(&self) -> OverflowPolicy {
        self.settings.full
    }

    /// Whether nothing waits.
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

    /// The longest batch that is taken: 16 MiB, or a quarter of `max_bytes`.
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

    /// Whether what waits takes more than half of `max_bytes`.
    #[cfg(feature = "client")]
    pub(crate) fn is_half_full(&self) -> bool {
        self.log.footprint() > self.settings.max_bytes / 2
    }

    /// Keeps lines that a server refused for good, and why. They are not delivered again; the
    /// batch they came with is acknowledged separately, after this.
    ///
    /// # Errors
    /// Returns an error if the disk fails or is read-only, or in a child process. The lines are
    /// counted as lost then ([`SpoolStats::rejected_dropped`]).
    pub fn reject(&mut self, rejection: Rejection<'_>) -> Result<(), SpoolError> {
        self.check_writable().inspect_err(|_| {
            bump(&mut self.rejected.dropped, u64::from(rejection.count));
        })?;
        let sync = self.settings.durability != Durability::OsManaged;
        let kept = self.rejected.keep(&rejection, sync, &*self.clock);
        kept.map_err(|error| {
            bump(&mut self.rejected.dropped, u64::from(rejection.count));
            SpoolError::from_io("keep rejected lines in", &self.settings.dir, error)
        })
    }

    /// Removes the rejected lines, all of them, once somebody has put them right or has no use for
    /// them, and returns how many there were. [`Inspector`](super::Inspector) reads them.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-clear-rejected", std::process::id()));
    /// # use influx_edge::Precision;
    /// use influx_edge::spool::{Rejection, Spool, Target};
    ///
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// let (precision, lines, reason) = (Precision::Second, b"t v=x 60\n", "unable to parse");
    /// spool.reject(Rejection { target: &target, precision, lines, count: 1, reason })?;
    /// assert_eq!(spool.stats().rejected_lines, 1);
    /// assert_eq!(spool.clear_rejected()?, 1);
    /// assert_eq!(spool.stats().rejected_lines, 0);
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the disk is read-only, or a file can't be removed: what it holds stays.
    pub fn clear_rejected(&mut self) -> Result<u64, SpoolError> {
        self.check_writable()?;
        let cleared = self.rejected.clear();
        cleared.map_err(|error| {
            SpoolError::from_io("remove rejected lines from", &self.settings.dir, error)
        })
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
