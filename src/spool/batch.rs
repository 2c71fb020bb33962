//! `Batch`, which `append` takes, and `BatchRange` and `BatchGroup`, which `append` and
//! `read_batches` return.

use super::segment::TargetCount;
use super::target::Target;
use crate::Precision;
use alloc::vec::Vec;

/// A batch on its way in. The spool doesn't look into the bytes.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-batch", std::process::id()));
/// use influx_edge::Precision;
/// use influx_edge::spool::{Batch, Spool, Target};
///
/// let mut spool = Spool::open(&dir)?;
/// let target = Target::new("acme", "sensors")?;
/// let range = spool.append(Batch::new(&target, Precision::Second, 2, b"t v=1 60\nt v=2 61\n"))?;
/// assert_eq!((range.batches(), range.points(), range.bytes()), (1, 2, 18));
/// assert!(spool.append(Batch::new(&target, Precision::Second, 0, b"")).is_err());
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    pub(super) target: &'a Target,
    pub(super) precision: Precision,
    pub(super) points: u32,
    pub(super) bytes: &'a [u8],
}

impl<'a> Batch<'a> {
    /// A batch for a target: the unit of its timestamps, how many points it holds (for the counters;
    /// not checked) and its bytes, newline at the end.
    #[must_use]
    pub fn new(target: &'a Target, precision: Precision, points: u32, bytes: &'a [u8]) -> Self {
        Batch {
            target,
            precision,
            points,
            bytes,
        }
    }
}

/// Consecutive batches of one target in the spool; for [`Spool::ack`](super::Spool::ack). Valid for
/// the spool that returned it, until that is closed.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-range", std::process::id()));
/// use influx_edge::Precision;
/// use influx_edge::spool::{Batch, Spool, Target};
///
/// let mut spool = Spool::open(&dir)?;
/// let target = Target::new("acme", "sensors")?;
/// for _ in 0..3 {
///     spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
/// }
/// let group = spool.read_batches(&target, 64 * 1024, &mut Vec::new())?.expect("three wait");
/// let [range] = group.ranges() else { panic!("one run of batches") };
/// assert_eq!((range.first_seq(), range.last_seq(), range.batches()), (1, 3, 3));
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchRange {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) target: u32,
    pub(super) batches: u64,
    pub(super) points: u64,
    pub(super) bytes: u64,
}

impl BatchRange {
    /// The number of the first batch. Later batches have larger ones, across restarts too.
    #[must_use]
    pub fn first_seq(&self) -> u64 {
        self.first
    }

    /// The number of the last batch. Every waiting batch between the first and the last is one of
    /// the range.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.last
    }

    /// How many batches there are; at least one.
    #[must_use]
    pub fn batches(&self) -> u64 {
        self.batches
    }

    /// How many points they hold together.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.points
    }

    /// Their bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl BatchRange {
    pub(super) fn count(&self) -> TargetCount {
        let mut count = TargetCount::none(self.target);
        count.add(self.batches, self.points, self.bytes);
        count
    }
}

/// Some batches of one target and one precision, the oldest there are. Made by
/// [`Spool::read_batches`](super::Spool::read_batches).
///
/// Memory: 48 bytes for each range. Batches that follow each other make one; where the batches of
/// several targets alternate, each makes its own.
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
/// let group = spool.read_batches(&target, 64 * 1024, &mut lines)?.expect("three wait");
/// assert_eq!(lines, b"t v=1 60\nt v=2 61\nt v=3 62\n");
/// assert_eq!((group.batches(), group.precision()), (3, Precision::Second));
/// spool.ack(group.ranges()); // they were delivered
/// assert!(spool.is_empty());
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchGroup {
    pub(super) precision: Precision,
    pub(super) ranges: Vec<BatchRange>,
}

impl BatchGroup {
    /// The unit of all their timestamps.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// How many points they hold together.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.sum(|range| range.points)
    }

    /// How many batches there are; at least one.
    #[must_use]
    pub fn batches(&self) -> u64 {
        self.sum(|range| range.batches)
    }

    /// The batches, oldest first; at least one range.
    #[must_use]
    pub fn ranges(&self) -> &[BatchRange] {
        &self.ranges
    }

    fn sum(&self, of: impl Fn(&BatchRange) -> u64) -> u64 {
        let ranges = self.ranges.iter();
        ranges.fold(0, |sum: u64, range| sum.saturating_add(of(range)))
    }
}
