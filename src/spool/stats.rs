//! The counters of a spool.

use super::target::Target;
use core::fmt;

/// The findings of opening a spool. Returned by [`Spool::open_report`](super::Spool::open_report).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenReport {
    /// Segment files read.
    pub segments: u64,
    /// Batches that wait to be delivered.
    pub batches: u64,
    /// Points in these batches.
    pub points: u64,
    /// Bytes of their lines.
    pub bytes: u64,
    /// Batches on disk that are already delivered.
    pub delivered: u64,
    /// Batches whose header is intact and whose content is not. They are lost.
    pub corrupt_batches: u64,
    /// Bytes in segments that are no valid batch, those of corrupt batches included.
    pub corrupt_bytes: u64,
    /// Sequence numbers missing between two batches of a segment: batches that are lost completely.
    pub missing: u64,
    /// Sequence numbers missing between two segments. Either batches were lost: a file, or in `Interval`
    /// and `OsManaged` the end of a segment in a power failure. Or none were: an append failed, a
    /// segment was dropped for space (and counted) or delivered before an older one, or a power failure
    /// lost the acknowledgement of delivered segments, which isn't synced.
    pub absent: u64,
    /// Bytes behind the last whole batch of a segment, without a missing number: an append that a crash
    /// interrupted. Those of the newest segment are truncated.
    pub torn_bytes: u64,
    /// Segment files that can't be read (another version, a damaged header). They are renamed to `*.bad`,
    /// and the four newest are kept.
    pub quarantined: u64,
    /// Other entries of the directory, which are left alone: unknown names, links, directories.
    pub ignored: u64,
    /// The directory is not writable: its file system is read-only, or this user lacks the permission.
    /// Batches that wait can be delivered. Acknowledgements are kept in memory only, so the next open
    /// finds the same batches again. Appending is an error until the spool is reopened.
    pub read_only: bool,
    /// The file system can't sync directories (some network and FUSE file systems). It decides itself
    /// when the name of a new segment is safe from a power failure.
    pub unsynced_directory: bool,
}

impl OpenReport {
    /// Returns `true` if nothing was corrupt, missing or quarantined. A torn tail is none of these: its
    /// batch was not acknowledged (with [`Durability::EveryBatch`](super::Durability::EveryBatch)).
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

    pub(super) fn count_batch(&mut self, points: u32, bytes: u32) {
        bump(&mut self.batches, 1);
        bump(&mut self.points, u64::from(points));
        bump(&mut self.bytes, u64::from(bytes));
    }
}

/// One line: `120 points waiting; corrupt batches: 1; missing batches: 2; quarantined files: 1; read-only`.
/// Damage is listed if there is any; the other findings are left out.
///
/// ```
/// assert_eq!(influx_edge::spool::OpenReport::default().to_string(), "0 points waiting");
/// ```
impl fmt::Display for OpenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.points == 1 { "" } else { "s" };
        write!(f, "{} point{plural} waiting", self.points)?;
        for (name, number) in [
            ("corrupt batches", self.corrupt_batches),
            ("corrupt bytes", self.corrupt_bytes),
            ("missing batches", self.missing),
            ("quarantined files", self.quarantined),
        ] {
            if number > 0 {
                write!(f, "; {name}: {number}")?;
            }
        }
        for (name, found) in [
            ("read-only", self.read_only),
            ("directory can't be synced", self.unsynced_directory),
        ] {
            if found {
                write!(f, "; {name}")?;
            }
        }
        Ok(())
    }
}

/// The counters of a spool since it was opened. Returned by [`Spool::stats`](super::Spool::stats).
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-spoolstats", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Spool, Target};
/// let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// let first = spool.append(Batch::new(
///     &target,
///     Precision::Second,
///     2,
///     b"t v=1 60\nt v=2 61\n",
/// ))?;
/// spool.append(Batch::new(&target, Precision::Second, 1, b"t v=3 62\n"))?;
/// spool.ack(&first);
/// let stats = spool.stats();
/// assert_eq!((stats.appended, stats.acknowledged, stats.batches), (2, 1, 1));
/// assert_eq!(
///     (stats.acknowledged_points, stats.points, stats.dropped_points),
///     (2, 1, 0)
/// );
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolStats {
    /// Batches that wait.
    pub batches: u64,
    /// Points in these batches.
    pub points: u64,
    /// Bytes of their lines.
    pub bytes: u64,
    /// The disk space that the segments take, in blocks of 4 KiB.
    pub disk_bytes: u64,
    /// Segment files.
    pub segments: u64,
    /// Batches appended.
    pub appended: u64,
    /// Batches acknowledged.
    pub acknowledged: u64,
    /// Points in acknowledged batches. The points that were found by opening or appended since are always
    /// the sum of those that wait and those acknowledged, dropped, corrupt or lost unsynced.
    pub acknowledged_points: u64,
    /// Batches dropped to free space.
    pub dropped_batches: u64,
    /// Points in dropped batches.
    pub dropped_points: u64,
    /// Batches found damaged or missing while reading, in addition to those of the [`OpenReport`].
    pub corrupt_batches: u64,
    /// Points in corrupt batches.
    pub corrupt_points: u64,
    /// Rejected lines that are kept.
    pub rejected_lines: u64,
    /// Rejected lines that could not be stored, or were dropped for newer ones.
    pub rejected_dropped: u64,
    /// Bytes written, headers included.
    pub bytes_written: u64,
    /// Syncs of files and directories.
    pub syncs: u64,
    /// Segments abandoned because a write or a sync failed.
    pub poisoned_segments: u64,
    /// Batches that wait in segments whose sync failed. They may be lost in a power failure; the next
    /// [`sync`](super::Spool::sync) or [`poll`](super::Spool::poll) writes them to another file.
    pub at_risk: u64,
    /// Batches lost because the sync of their segment failed and they could not be read back.
    pub unsynced_batches: u64,
    /// Points in batches lost unsynced.
    pub unsynced_points: u64,
    /// Acknowledgements that could not be written. Their batches may be delivered twice.
    pub unnoted_acks: u64,
    /// The last append failed, also on a new segment. It is retried at most once a second.
    pub failed: bool,
    /// The spool was opened [read-only](OpenReport::read_only).
    pub read_only: bool,
}

/// The batches that wait for one target. Returned by [`Spool::backlog`](super::Spool::backlog).
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-backlog", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Spool, Target};
/// # let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// # spool.append(Batch::new(&target, Precision::Second, 3, b"t v=1 60\nt v=2 61\nt v=3 62\n"))?;
/// for target in spool.targets() {
///     let backlog = spool.backlog(&target);
///     assert_eq!(
///         (backlog.target.bucket(), backlog.batches, backlog.points),
///         ("sensors", 1, 3)
///     );
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
    /// The number of batches.
    pub batches: u64,
    /// Points in these batches.
    pub points: u64,
    /// Bytes of their lines.
    pub bytes: u64,
}

/// Adds to a counter.
pub(super) fn bump(counter: &mut u64, by: u64) {
    *counter = counter.saturating_add(by);
}
