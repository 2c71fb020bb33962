//! `Spool`: appending, rejecting, and what happens when `max_bytes` is reached or the disk is full.

use super::ack::AckFile;
use super::batch::{Batch, BatchId};
use super::builder::{Durability, Mode, SpoolBuilder};
use super::error::{SpoolError, SpoolErrorKind};
use super::format::MAX_PAYLOAD;
use super::fs::{Access, Fs, FsLock};
use super::log::{Log, NewRecord};
use super::recovery::{make_dir, recover};
use super::rejected::{Rejected, Rejection};
use super::scan::{Cursor, Window};
use super::segment::Segment;
use super::stats::{OpenReport, SpoolStats, bump};
use super::target::Target;
use crate::OverflowPolicy;
use crate::clock::Clock;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};

/// After the disk failed twice in a row, it is left alone this long.
const PAUSE: Duration = Duration::from_secs(1);

/// Batches on disk, until they are delivered. One owner per directory.
///
/// A batch is acknowledged by [`append`](Spool::append)'s `Ok`: from then on it survives what the
/// [`Durability`] says, until [`ack`](Spool::ack) says that it was delivered or the
/// [`OverflowPolicy`] drops it, which is counted.
///
/// Blocks while the disk works; makes no thread. Memory: some 100 bytes for each segment, two
/// windows of 64 KiB, and a batch of up to 64 KiB once more while it is written.
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
///         spool.ack(group.batch_ids());
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
    pub(super) targets: Vec<TargetState>,
    pub(super) window: Window,
    pub(super) settings: SpoolBuilder,
    pub(super) clock: Box<dyn Clock>,
    report: OpenReport,
    pub(super) stats: SpoolStats,
    /// When the oldest unsynced batch was written.
    pub(super) unsynced_since: Option<Duration>,
    pub(super) failed_at: Option<Duration>,
    // Last: freed when everything else is done.
    _lock: Box<dyn FsLock>,
}

/// A target that was seen, and where its oldest waiting batch may be at the earliest.
pub(super) struct TargetState {
    pub(super) target: Target,
    pub(super) from: Position,
}

/// A place in the log: a segment, by its base, and a place in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) base: u64,
    pub(super) cursor: Cursor,
}

impl Position {
    pub(super) fn start(base: u64) -> Self {
        Position {
            base,
            cursor: Cursor::start(base),
        }
    }
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
    /// [`is_locked`](SpoolError::is_locked) when another has the directory, at once; an I/O error of
    /// the system's. Never the content of the directory, whatever it is.
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
        SpoolBuilder::new(dir.into())
    }
}

impl Spool {
    pub(super) fn recover(
        settings: SpoolBuilder,
        fs: Arc<dyn Fs>,
        clock: Box<dyn Clock>,
    ) -> Result<Self, SpoolError> {
        // The spool's own directory may be reached through a link; nothing in it may be one.
        let dir = settings.dir.join(".");
        let durable = settings.durability != Durability::OsManaged;
        let opening = |error| SpoolError::from_io("open the spool", &settings.dir, error);
        make_dir(&*fs, &settings.dir).map_err(opening)?;
        let Some(lock) = fs.lock(&dir.join("LOCK")).map_err(opening)? else {
            let dir = settings.dir;
            return Err(SpoolErrorKind::Locked { dir }.into());
        };
        let mut window = Window::default();
        let rejected_dir = dir.join("rejected");
        let bound = settings.max_rejected_bytes;
        let rejected = Rejected::open(Arc::clone(&fs), rejected_dir, bound, durable, &mut window)
            .map_err(opening)?;
        let ack = AckFile::read(&*fs, dir.join("ack"), Access::Write).map_err(opening)?;
        let mut targets = Vec::new();
        let mut report = OpenReport::default();
        let mut log = Log::new(fs, dir.clone(), settings.effective_segment_bytes(), durable);
        recover(
            &mut log,
            &mut window,
            ack.acked(),
            &["LOCK", "ack", "rejected"],
            &mut report,
            &mut |header, bytes| {
                if let Some(known) = find(&targets, |t| t.is(header.flags, bytes)) {
                    return Some(known);
                }
                let target = Target::from_record(header.flags, bytes)?;
                Some(intern(&mut targets, &target))
            },
        )
        .map_err(opening)?;
        Ok(Spool {
            log,
            ack,
            rejected,
            targets,
            window,
            settings,
            clock,
            report,
            stats: SpoolStats::default(),
            unsynced_since: None,
            failed_at: None,
            _lock: lock,
        })
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

    /// Puts a batch at the end of its target's queue.
    ///
    /// `Ok` means that it survives what the [`Durability`] says. The id is for
    /// [`ack`](Spool::ack), should the batch be delivered without having been read back.
    ///
    /// Blocks for the write and, in `EveryBatch`, for the sync. A failure of the disk is met by one
    /// more attempt on a new file.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-append", std::process::id()));
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// # use influx_edge::Precision;
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?; // it is on disk now
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The batch is not acknowledged, and the spool is as it was: [`SpoolErrorKind::Full`] if there is
    /// no space left and nothing may be dropped; [`SpoolErrorKind::TooLarge`], over
    /// [`max_batch_bytes`](Spool::max_batch_bytes); [`SpoolErrorKind::EmptyBatch`];
    /// [`SpoolErrorKind::Io`] when the disk failed twice, and for a second after that
    /// [`SpoolErrorKind::Failed`].
    pub fn append(&mut self, batch: Batch<'_>) -> Result<BatchId, SpoolError> {
        let (bytes, max) = (batch.bytes.len(), self.max_batch_bytes());
        if bytes == 0 {
            return Err(SpoolErrorKind::EmptyBatch.into());
        }
        if bytes > max {
            return Err(SpoolErrorKind::TooLarge { bytes, max }.into());
        }
        let now = self.clock.monotonic();
        if self.is_paused(now) {
            return Err(SpoolErrorKind::Failed.into());
        }
        let target = self.intern(batch.target);
        let record = NewRecord {
            target,
            target_bytes: batch.target.bytes(),
            flags: batch.target.flags(),
            precision: batch.precision,
            points: batch.points,
            payload: [batch.bytes, &[], &[]],
            now: self.clock.unix_seconds(),
            sync: self.sync_with(now),
        };
        self.free_space(record.record_len())?;
        let seq = self.append_record(&record, now)?;
        self.failed_at = None;
        self.unsynced_since = match self.log.unsynced() {
            0 => None,
            _ => self.unsynced_since.or(Some(now)),
        };
        bump(&mut self.stats.appended, 1);
        Ok(BatchId {
            seq,
            target,
            points: batch.points,
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
        })
    }

    fn append_record(&mut self, record: &NewRecord<'_>, now: Duration) -> Result<u64, SpoolError> {
        loop {
            let error = match self.log.append(record) {
                Ok(seq) => return Ok(seq),
                Err(error) => error,
            };
            if !is_no_space(&error) {
                self.failed_at = Some(now);
                return Err(SpoolError::from_io("write to the spool", self.dir(), error));
            }
            if self.settings.full != OverflowPolicy::DropOldest || !self.drop_oldest() {
                return Err(SpoolErrorKind::Full.into());
            }
        }
    }

    /// Whether what waits takes more than half of `max_bytes`.
    #[cfg(feature = "client")]
    pub(crate) fn is_half_full(&self) -> bool {
        self.log.footprint() > self.settings.max_bytes / 2
    }

    /// Keeps lines that a server refused for good, and why. They are not delivered again; the
    /// batch they came with is acknowledged separately, after this.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-reject", std::process::id()));
    /// use influx_edge::spool::{Rejection, Spool, Target};
    ///
    /// # use influx_edge::Precision;
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// spool.reject(Rejection {
    ///     target: &target,
    ///     precision: Precision::Second,
    ///     lines: b"t v=x 60\n",
    ///     count: 1,
    ///     reason: "unable to parse",
    /// })?;
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The disk's. The lines are counted as lost ([`SpoolStats::rejected_dropped`]).
    pub fn reject(&mut self, rejection: Rejection<'_>) -> Result<(), SpoolError> {
        let sync = self.settings.durability != Durability::OsManaged;
        let kept = self.rejected.keep(&rejection, sync, &*self.clock);
        kept.map_err(|error| {
            bump(&mut self.rejected.dropped, u64::from(rejection.count));
            SpoolError::from_io("keep rejected lines in", &self.settings.dir, error)
        })
    }

    /// Frees space for a record, or returns an error if there is none.
    fn free_space(&mut self, len: u64) -> Result<(), SpoolError> {
        while self.log.footprint_with(len) > self.settings.max_bytes {
            if self.settings.full != OverflowPolicy::DropOldest || !self.drop_oldest() {
                return Err(SpoolErrorKind::Full.into());
            }
        }
        Ok(())
    }

    /// Drops the oldest segment, delivered or not; whether there was one.
    fn drop_oldest(&mut self) -> bool {
        if self.log.is_active(0) {
            self.log.seal();
        }
        let Some(segment) = self.log.remove(0) else {
            return false;
        };
        for share in segment.shares() {
            bump(&mut self.stats.dropped_batches, share.batches);
            bump(&mut self.stats.dropped_points, share.points);
        }
        self.remove_acked();
        true
    }

    fn is_paused(&self, now: Duration) -> bool {
        self.failed_at
            .is_some_and(|at| now.saturating_sub(at) < PAUSE)
    }

    fn intern(&mut self, target: &Target) -> u32 {
        intern(&mut self.targets, target)
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

pub(super) fn find(targets: &[TargetState], is: impl Fn(&Target) -> bool) -> Option<u32> {
    let at = targets.iter().position(|state| is(&state.target))?;
    u32::try_from(at).ok()
}

fn intern(targets: &mut Vec<TargetState>, target: &Target) -> u32 {
    if let Some(known) = find(targets, |t| t == target) {
        return known;
    }
    targets.push(TargetState {
        target: target.clone(),
        from: Position::start(0),
    });
    u32::try_from(targets.len().saturating_sub(1)).unwrap_or(u32::MAX)
}

fn is_no_space(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
