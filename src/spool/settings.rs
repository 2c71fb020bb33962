//! The settings of a spool and their defaults.

use crate::OverflowPolicy;
use core::time::Duration;
use std::path::PathBuf;

/// The point at which a batch counts as safe, and so the events that it survives.
///
/// | | `kill -9` | power failure |
/// |---|---|---|
/// | `EveryBatch` | everything | everything |
/// | `Interval(100 ms)` | everything | all but the last 100 ms |
/// | `OsManaged` | everything | all but what the system has not written yet, about 30 s |
///
/// `cargo bench --bench spool` prints the cost of each on your disk.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-durability", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Target};
/// use core::time::Duration;
/// use influx_edge::spool::{Durability, Spool};
///
/// let interval = Duration::from_secs(60);
/// let mut spool = Spool::builder(&dir)
///     .durability(Durability::Interval(interval))
///     .open()?;
/// # let target = Target::new("acme", "sensors")?;
/// spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
/// // `poll` returns the time until it has to be called again:
/// assert!(spool.poll()?.is_some_and(|left| left <= interval));
/// spool.sync()?;
/// assert_eq!(spool.poll()?, None);
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A batch is synced before [`Spool::append`](super::Spool::append) returns `Ok`. The default.
    #[default]
    EveryBatch,
    /// A batch is synced at most this long after it was appended, provided that
    /// [`Spool::append`](super::Spool::append) or [`Spool::poll`](super::Spool::poll) is called in time.
    /// [`Spool::sync`](super::Spool::sync) syncs at once.
    Interval(Duration),
    /// The operating system decides when to write. Only [`Spool::sync`](super::Spool::sync) syncs.
    OsManaged,
}

/// The batches that go to disk: all, or those that can't be delivered.
///
/// [`Spool::append`](super::Spool::append) stores every batch that it is given; the mode is for the
/// [`Writer`](crate::Writer) that owns the spool.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-mode", std::process::id()));
/// # let client = influx_edge::Client::builder("http://localhost:1").org("acme").build()?;
/// use influx_edge::spool::{Mode, Spool};
///
/// let spool = Spool::builder(&dir).mode(Mode::WriteAhead).open()?;
/// let mut w = client.writer("sensors").spool(spool).build()?;
/// w.write("t v=1 60000000000")?;
/// // The line is on disk before it is sent:
/// assert_eq!((w.stats().spooled, w.stats().buffered), (1, 0));
/// # drop(w.close_within(core::time::Duration::ZERO));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Batches that can't be delivered now, and all later ones until the spool is empty again, so that
    /// order holds. While the server responds, nothing is written to disk. The default.
    #[default]
    OnFailure,
    /// Every batch, before it counts as accepted. A writer's `write` returns when its lines are on disk,
    /// as durable as the [`Durability`] says, so they also survive a crash while the server responds.
    WriteAhead,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) dir: PathBuf,
    pub(super) max_bytes: u64,
    pub(super) segment_bytes: u64,
    pub(super) max_rejected_bytes: u64,
    pub(super) durability: Durability,
    pub(super) overflow_policy: OverflowPolicy,
    pub(super) mode: Mode,
    pub(super) allow_shared_directory: bool,
}

impl Settings {
    pub(super) fn new(dir: PathBuf) -> Self {
        Settings {
            dir,
            max_bytes: 64 << 20,
            segment_bytes: 1 << 20,
            max_rejected_bytes: 1 << 20,
            durability: Durability::default(),
            overflow_policy: OverflowPolicy::DropOldest,
            mode: Mode::default(),
            allow_shared_directory: false,
        }
    }

    pub(super) fn effective_segment_bytes(&self) -> u64 {
        self.segment_bytes.min(self.max_bytes / 4)
    }
}
