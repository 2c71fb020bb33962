//! `Batch`, which `append` takes, and `BatchId` and `BatchGroup`, which `read_batches` returns.

use super::target::Target;
use crate::Precision;
use alloc::vec::Vec;

/// A batch on its way in. The spool doesn't look into the bytes.
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
    ///
    /// ```
    /// use influx_edge::Precision;
    /// use influx_edge::spool::{Batch, Target};
    ///
    /// let target = Target::new("acme", "sensors")?;
    /// let batch = Batch::new(&target, Precision::Second, 2, b"t v=1 60\nt v=2 61\n");
    /// # let _ = batch;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

/// Stands for one batch in the spool; for [`Spool::ack`](super::Spool::ack). Good for the spool
/// that gave it, until that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchId {
    pub(super) seq: u64,
    pub(super) target: u32,
    pub(super) points: u32,
    pub(super) bytes: u32,
}

impl BatchId {
    /// The batch's number. Later batches have larger ones, across restarts too.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// How many points it holds.
    #[must_use]
    pub fn points(&self) -> u32 {
        self.points
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> u32 {
        self.bytes
    }
}

/// Some batches of one target and one precision, the oldest there are. Made by
/// [`Spool::read_batches`](super::Spool::read_batches).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchGroup {
    pub(super) precision: Precision,
    pub(super) batch_ids: Vec<BatchId>,
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
        self.batch_ids
            .iter()
            .fold(0, |sum: u64, t| sum.saturating_add(u64::from(t.points)))
    }

    /// The batches, oldest first; at least one.
    #[must_use]
    pub fn batch_ids(&self) -> &[BatchId] {
        &self.batch_ids
    }
}
