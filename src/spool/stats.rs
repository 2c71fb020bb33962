//! The counters of a spool: what opening it found, what waits, and for which target.

use super::target::Target;

/// What was found when a spool was opened. Also [`Spool::open_report`](super::Spool::open_report).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenReport {
    /// Segment files read.
    pub segments: u64,
    /// Batches that wait to be delivered.
    pub batches: u64,
    /// Points in them.
    pub points: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Batches still on the disk that were delivered already.
    pub delivered: u64,
    /// Batches whose header holds but whose content doesn't: lost.
    pub corrupt_batches: u64,
    /// Bytes inside segments that are no batch, the content of corrupt batches included.
    pub corrupt_bytes: u64,
    /// Numbers that are missing between two batches of one segment: batches lost without a trace.
    pub missing: u64,
    /// Numbers that are missing between two segments: lost files, the ends of segments that a power
    /// failure took in `Interval` or `OsManaged`, appends that failed; but also segments that were dropped
    /// for space while an older one stayed, segments that were delivered before an older one of another
    /// target was, and delivered ones whose acknowledgement, which isn't synced, was lost in a power
    /// failure.
    pub absent: u64,
    /// Bytes behind the last whole batch of a segment where no number is missing after it: a batch that
    /// was being written when the power went. Of the newest segment they are cut off.
    pub torn_bytes: u64,
    /// Segment files that can't be read (another version, a damaged header), renamed to `*.bad`. The
    /// four newest are kept.
    pub quarantined: u64,
    /// What else was in the directory and was left alone: unknown names, links, directories.
    pub ignored: u64,
    /// Nothing can be written to the directory: its file system is read-only, or this user may not
    /// write to it. What waits can be sent; acknowledgements are kept in memory alone, so the next open
    /// finds the same batches again. Appending is an error until the spool is opened anew.
    pub read_only: bool,
    /// The file system can't bring a directory's entries to the disk (some network and FUSE file
    /// systems): it decides when the name of a new segment is safe from a power failure.
    pub unsynced_directory: bool,
}

impl OpenReport {
    /// Whether nothing was lost and nothing was strange. A torn tail is neither: that batch had not
    /// been acknowledged (in [`Durability::EveryBatch`](super::Durability::EveryBatch)).
    ///
    /// ```
    /// assert!(influx_edge::spool::OpenReport::default().is_clean());
    /// ```
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.corrupt_batches == 0
            && self.corrupt_bytes == 0
            && self.missing == 0
            && self.quarantined == 0
    }
}

/// How a spool is doing, since it was opened. See [`Spool::stats`](super::Spool::stats).
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-spoolstats", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Spool, Target};
/// let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// let first = spool.append(Batch::new(&target, Precision::Second, 2, b"t v=1 60\nt v=2 61\n"))?;
/// spool.append(Batch::new(&target, Precision::Second, 1, b"t v=3 62\n"))?;
/// spool.ack([&first]);
/// let stats = spool.stats();
/// assert_eq!((stats.appended, stats.acknowledged, stats.batches), (2, 1, 1));
/// assert_eq!((stats.acknowledged_points, stats.points, stats.dropped_points), (2, 1, 0));
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolStats {
    /// Batches that wait.
    pub batches: u64,
    /// Points in them.
    pub points: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// What they take on disk, in whole blocks.
    pub disk_bytes: u64,
    /// Segment files.
    pub segments: u64,
    /// Batches appended.
    pub appended: u64,
    /// Batches acknowledged.
    pub acknowledged: u64,
    /// Points in them. What waited at the open or was appended since is always the sum of what waits,
    /// was acknowledged, was dropped, was found corrupt or was lost unsynced.
    pub acknowledged_points: u64,
    /// Batches dropped to free space.
    pub dropped_batches: u64,
    /// Points in them.
    pub dropped_points: u64,
    /// Batches found damaged or gone while being read, on top of the [`OpenReport`]'s.
    pub corrupt_batches: u64,
    /// Points in them.
    pub corrupt_points: u64,
    /// Lines kept as rejected.
    pub rejected_lines: u64,
    /// Rejected lines that could not be kept, or were dropped for newer ones.
    pub rejected_dropped: u64,
    /// Bytes written, headers included.
    pub bytes_written: u64,
    /// Syncs asked of the disk, of files and directories.
    pub syncs: u64,
    /// Segments given up because writing or syncing failed.
    pub poisoned_segments: u64,
    /// Batches that wait in segments whose sync failed: readable now, perhaps not after a power
    /// failure. The next [`sync`](super::Spool::sync) or [`poll`](super::Spool::poll) writes them to
    /// another file.
    pub at_risk: u64,
    /// Batches that were lost because the sync of their segment failed and they could not be read back.
    pub unsynced_batches: u64,
    /// Points in them.
    pub unsynced_points: u64,
    /// Acknowledgements that could not be noted: these batches may be delivered twice.
    pub unnoted_acks: u64,
    /// Whether the last append failed on a new segment too. It is tried again, at most once a
    /// second.
    pub failed: bool,
    /// Whether it was opened [read-only](OpenReport::read_only).
    pub read_only: bool,
}

/// What waits for one target.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-backlog", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Spool, Target};
/// # let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// # spool.append(Batch::new(&target, Precision::Second, 3, b"t v=1 60\nt v=2 61\nt v=3 62\n"))?;
/// for target in spool.targets() {
///     let waits = spool.backlog(&target);
///     assert_eq!((waits.target.bucket(), waits.batches, waits.points), ("sensors", 1, 3));
/// }
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backlog {
    /// The target.
    pub target: Target,
    /// Batches.
    pub batches: u64,
    /// Points in them.
    pub points: u64,
    /// Bytes of them.
    pub bytes: u64,
}

/// Counts.
pub(super) fn bump(counter: &mut u64, by: u64) {
    *counter = counter.saturating_add(by);
}
