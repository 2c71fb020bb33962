//! `SpoolBuilder`: settings of a spool and their defaults: size limits, durability, overflow policy.

use super::error::SpoolError;
use super::fs::{Disk, OsDisk};
use super::spool::Spool;
use crate::OverflowPolicy;
use crate::clock::{Clock, SystemClock};
use alloc::boxed::Box;
use core::time::Duration;
use std::path::PathBuf;

/// When a batch counts as safe.
///
/// What survives; `cargo bench --bench spool` prints what it costs on your disk:
///
/// | | kill -9 | power failure |
/// |---|---|---|
/// | `EveryBatch` | everything | everything |
/// | `Interval(100 ms)` | everything | all but the last 100 ms |
/// | `OsManaged` | everything | all but what the system has not written yet, some 30 s |
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-durability", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Target};
/// use core::time::Duration;
/// use influx_edge::spool::{Durability, Spool};
///
/// let interval = Duration::from_secs(60);
/// let mut spool = Spool::builder(&dir).durability(Durability::Interval(interval)).open()?;
/// # let target = Target::new("acme", "sensors")?;
/// spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
/// assert!(spool.poll()?.is_some_and(|left| left <= interval)); // until it has to be called again
/// spool.sync()?;
/// assert_eq!(spool.poll()?, None);
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The disk has it before `append` says Ok. The default.
    #[default]
    EveryBatch,
    /// The disk has it this much later at most, provided that [`Spool::append`] or
    /// [`Spool::poll`] is called in time. [`Spool::sync`] brings it there at once.
    Interval(Duration),
    /// The operating system writes when it likes to. Nothing is ever synced but by
    /// [`Spool::sync`].
    OsManaged,
}

/// Which batches go to disk. The spool itself takes whatever it is given; its owner reads this.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-mode", std::process::id()));
/// # let client = influx_edge::Client::builder("http://localhost:1").org("acme").build()?;
/// use influx_edge::spool::{Mode, Spool};
///
/// let spool = Spool::builder(&dir).mode(Mode::WriteAhead).open()?;
/// let mut w = client.writer("sensors").spool(spool).build()?;
/// w.write("t v=1 60000000000")?;
/// assert_eq!((w.stats().spooled, w.stats().buffered), (1, 0)); // on disk before it is sent
/// # drop(w.close_within(core::time::Duration::ZERO));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Those that can't be delivered now, and all later ones until the spool is empty again, so that
    /// their order holds. While the server responds, nothing is written to the disk. The default.
    #[default]
    OnFailure,
    /// Every batch before it counts as accepted: a writer's `write` returns when its lines are on disk, as
    /// durable as the [`Durability`] says, so they survive a crash while the server responds, too.
    WriteAhead,
}

/// Settings of a [`Spool`], made by [`Spool::builder`].
#[derive(Clone, Debug)]
pub struct SpoolBuilder {
    pub(super) dir: PathBuf,
    pub(super) max_bytes: u64,
    pub(super) segment_bytes: u64,
    pub(super) max_rejected_bytes: u64,
    pub(super) durability: Durability,
    pub(super) full: OverflowPolicy,
    pub(super) mode: Mode,
    pub(super) allow_shared_directory: bool,
}

impl SpoolBuilder {
    pub(super) fn for_dir(dir: PathBuf) -> Self {
        SpoolBuilder {
            dir,
            max_bytes: 64 << 20,
            segment_bytes: 1 << 20,
            max_rejected_bytes: 1 << 20,
            durability: Durability::default(),
            full: OverflowPolicy::DropOldest,
            mode: Mode::default(),
            allow_shared_directory: false,
        }
    }

    /// The most the waiting batches take on disk, counted in whole blocks of 4 KiB. Rejected lines
    /// and files set aside come on top, see [`max_rejected_bytes`](SpoolBuilder::max_rejected_bytes).
    /// Defaults to 64 MiB; less than 64 KiB is taken as 64 KiB.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes.max(64 << 10);
        self
    }

    /// How large a segment file grows before the next is begun, which is also how much
    /// [`OverflowPolicy::DropOldest`] drops at once. Defaults to 1 MiB; kept between 4 KiB and 64 MiB, and
    /// to a quarter of `max_bytes`.
    #[must_use]
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes.clamp(4 << 10, 64 << 20);
        self
    }

    /// The most that refused lines take on disk; the oldest go first. Defaults to 1 MiB; less than
    /// 64 KiB is taken as 64 KiB.
    #[must_use]
    pub fn max_rejected_bytes(mut self, bytes: u64) -> Self {
        self.max_rejected_bytes = bytes.max(64 << 10);
        self
    }

    /// When a batch counts as safe. Defaults to [`Durability::EveryBatch`].
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// What happens when there is no space: `max_bytes` is reached, or the disk is full. Default:
    /// [`OverflowPolicy::DropOldest`], for a logger that runs for years should have the newest data.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-overflow_policy", std::process::id()));
    /// use influx_edge::spool::{OverflowPolicy, Spool};
    ///
    /// let spool = Spool::builder(&dir).overflow_policy(OverflowPolicy::Reject).open()?;
    /// assert_eq!(spool.overflow_policy(), OverflowPolicy::Reject);
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn overflow_policy(mut self, policy: OverflowPolicy) -> Self {
        self.full = policy;
        self
    }

    /// Which batches go to disk. Defaults to [`Mode::OnFailure`].
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-mode", std::process::id()));
    /// use influx_edge::spool::{Mode, Spool};
    ///
    /// let spool = Spool::builder(&dir).mode(Mode::WriteAhead).open()?;
    /// assert_eq!(spool.mode(), Mode::WriteAhead);
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Opens the spool also in a directory that another user owns, or that all users may write to.
    /// Default: such a directory is refused, for what is in it could be changed on its way to the server.
    ///
    /// Needed on file systems without owners, such as a USB stick with vfat, where everything has the
    /// mode 0777. Does nothing where the system has no owners and modes (Windows).
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-shared", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// use influx_edge::spool::{Spool, SpoolErrorKind};
    ///
    /// # #[cfg(unix)] {
    /// # use std::os::unix::fs::PermissionsExt;
    /// std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o777))?;
    /// let error = Spool::open(&dir).unwrap_err();
    /// assert!(matches!(error.kind(), SpoolErrorKind::SharedDirectory { mode: 0o777, .. }));
    /// let spool = Spool::builder(&dir).allow_shared_directory().open()?;
    /// # }
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn allow_shared_directory(mut self) -> Self {
        self.allow_shared_directory = true;
        self
    }

    /// Opens the spool: takes the lock, reads all there is, cuts a torn tail.
    ///
    /// Blocks for as long as reading at most `max_bytes` takes; see [`Spool::open`].
    ///
    /// # Errors
    /// Returns the same errors as [`Spool::open`].
    pub fn open(self) -> Result<Spool, SpoolError> {
        self.open_on(OsDisk, SystemClock::default())
    }

    /// Opens the spool on this disk and by this clock: the machine's, or those of a test.
    pub(super) fn open_on(
        self,
        disk: impl Disk + 'static,
        clock: impl Clock + 'static,
    ) -> Result<Spool, SpoolError> {
        Spool::recover(self, Box::new(disk), Box::new(clock))
    }

    pub(super) fn effective_segment_bytes(&self) -> u64 {
        self.segment_bytes.min(self.max_bytes / 4)
    }
}
