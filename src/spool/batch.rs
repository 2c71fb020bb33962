//! `Batch`, which goes into the spool, and `BatchGroup`, which identifies batches in it.

use super::segment::TargetCount;
use super::stats::bump;
use super::target::Target;
use crate::Precision;
use alloc::vec;
use alloc::vec::Vec;

/// Lines for one target. The spool doesn't parse them.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-batch", std::process::id()));
/// use influx_edge::Precision;
/// use influx_edge::spool::{Batch, Spool, Target};
///
/// let mut spool = Spool::open(&dir)?;
/// let target = Target::new("acme", "sensors")?;
/// let group = spool.append(Batch::new(
///     &target,
///     Precision::Second,
///     2,
///     b"t v=1 60\nt v=2 61\n",
/// ))?;
/// assert_eq!((group.batches, group.points, group.bytes), (1, 2, 18));
/// assert!(
///     spool
///         .append(Batch::new(&target, Precision::Second, 0, b""))
///         .is_err()
/// );
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Batch<'a> {
    /// The destination.
    pub target: &'a Target,
    /// The unit of the timestamps.
    pub precision: Precision,
    /// The number of points, or of rejected lines. Used for the counters, and not checked.
    pub points: u32,
    /// The lines, with a newline at the end.
    pub lines: &'a [u8],
}

impl<'a> Batch<'a> {
    /// Creates a batch from its fields.
    #[must_use]
    pub fn new(target: &'a Target, precision: Precision, points: u32, lines: &'a [u8]) -> Self {
        Batch {
            target,
            precision,
            points,
            lines,
        }
    }
}

/// Batches in the spool, of one target and one precision.
///
/// [`append`](super::Spool::append) and [`read_batches`](super::Spool::read_batches) return it, for
/// [`Spool::ack`](super::Spool::ack). Valid for the [`Spool`](super::Spool) that returned it, until that is
/// closed.
///
/// Memory: 72 bytes, and 48 for each run of batches. Batches of alternating targets make a run each.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-batchgroup", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Spool, Target};
/// # let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// # for line in [b"t v=1 60\n", b"t v=2 61\n", b"t v=3 62\n"] {
/// #     spool.append(Batch::new(&target, Precision::Second, 1, line))?;
/// # }
/// let mut lines = Vec::new();
/// let group = spool
///     .read_batches(&target, 64 * 1024, &mut lines)?
///     .expect("three wait");
/// assert_eq!(lines, b"t v=1 60\nt v=2 61\nt v=3 62\n");
/// assert_eq!((group.batches, group.precision), (3, Precision::Second));
/// assert_eq!((group.first_seq, group.last_seq), (1, 3));
/// spool.ack(&group); // they were delivered
/// assert!(spool.is_empty());
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchGroup {
    /// The unit of all their timestamps.
    pub precision: Precision,
    /// The number of batches, at least one.
    pub batches: u64,
    /// The number of points.
    pub points: u64,
    /// The size of the lines in bytes.
    pub bytes: u64,
    /// The sequence number of the first batch. Later batches have larger numbers, also across restarts.
    pub first_seq: u64,
    /// The sequence number of the last batch.
    pub last_seq: u64,
    /// Oldest first; never empty.
    pub(crate) ranges: Vec<BatchRange>,
}

/// A run of batches of one target in one segment. Every waiting batch between the first and the last
/// belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(super) target: u32,
    pub(crate) batches: u64,
    pub(crate) points: u64,
    pub(super) bytes: u64,
}

impl BatchRange {
    pub(super) fn one(target: u32, seq: u64, points: u32, bytes: usize) -> Self {
        BatchRange {
            first: seq,
            last: seq,
            target,
            batches: 1,
            points: u64::from(points),
            bytes: bytes as u64,
        }
    }

    pub(super) fn count(&self) -> TargetCount {
        let mut count = TargetCount::none(self.target);
        count.add(self.batches, self.points, self.bytes);
        count
    }
}

impl BatchGroup {
    pub(super) fn new(precision: Precision, range: BatchRange) -> Self {
        BatchGroup {
            precision,
            batches: range.batches,
            points: range.points,
            bytes: range.bytes,
            first_seq: range.first,
            last_seq: range.last,
            ranges: vec![range],
        }
    }

    /// Adds later batches: to the last range if nothing that waits is between them.
    pub(super) fn push(&mut self, range: BatchRange, all_finished: impl Fn(u64, u64) -> bool) {
        self.last_seq = range.last;
        bump(&mut self.batches, range.batches);
        bump(&mut self.points, range.points);
        bump(&mut self.bytes, range.bytes);
        match self.ranges.last_mut() {
            Some(run) if all_finished(run.last.saturating_add(1), range.first) => {
                run.last = range.last;
                bump(&mut run.batches, range.batches);
                bump(&mut run.points, range.points);
                bump(&mut run.bytes, range.bytes);
            }
            _ => self.ranges.push(range),
        }
    }
}
