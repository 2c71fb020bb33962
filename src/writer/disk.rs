//! The adapter between the writer and `Spool`: one organization's batches, by bucket.

use super::lane::Lane;
use crate::OverflowPolicy;
use crate::Precision;
use crate::client::{Client, Org};
use crate::spool::{Batch, BatchId, Mode, Rejection, Spool, SpoolError, Target};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Which batches a batch in hand stands for.
pub(crate) type Tickets = Vec<BatchId>;

/// A spool, and the organization whose batches in it are ours.
#[derive(Debug)]
pub(crate) struct Disk {
    spool: Spool,
    org: Option<Org>,
}

impl Disk {
    pub(crate) fn new(spool: Spool, client: &Client) -> Self {
        Disk {
            spool,
            org: client.inner().org.clone(),
        }
    }

    /// Every batch goes to disk before it is sent.
    pub(crate) fn is_ahead(&self) -> bool {
        self.spool.mode() == Mode::WriteAhead
    }

    /// How long its owner is to send for space when it is full, before it gives up.
    pub(crate) fn block(&self) -> Option<Duration> {
        match self.spool.overflow_policy() {
            OverflowPolicy::Block(limit) => Some(limit),
            OverflowPolicy::DropOldest | OverflowPolicy::Reject => None,
        }
    }

    /// It may soon have to drop or refuse something.
    pub(crate) fn is_half_full(&self) -> bool {
        self.spool.is_half_full()
    }

    fn target(&self, bucket: &str) -> Result<Target, SpoolError> {
        match &self.org {
            Some(Org::Id(id)) => Target::with_org_id(id, bucket),
            Some(Org::Name(name)) => Target::new(name, bucket),
            None => Target::new("", bucket),
        }
    }

    /// The buckets for which something was found, and how many lines.
    pub(crate) fn found(&self) -> Vec<(String, u64)> {
        let ours = |target: &Target| self.target(target.bucket()).is_ok_and(|t| t == *target);
        let targets = self.spool.targets().into_iter().filter(ours);
        targets
            .map(|t| (String::from(t.bucket()), self.spool.backlog(&t).points))
            .collect()
    }

    /// Puts lines at the end of their bucket's queue.
    pub(crate) fn append(
        &mut self,
        bucket: &str,
        precision: Precision,
        lines: usize,
        bytes: &[u8],
    ) -> Result<(), SpoolError> {
        let target = self.target(bucket)?;
        let points = u32::try_from(lines).unwrap_or(u32::MAX);
        let batch = Batch::new(&target, precision, points, bytes);
        self.spool.append(batch).map(|_| ())
    }

    /// The oldest lines of a bucket: into `body`, and how many and what they are.
    pub(crate) fn collect(
        &mut self,
        bucket: &str,
        max_bytes: usize,
        body: &mut Vec<u8>,
    ) -> Result<Option<(Precision, u64, Tickets)>, SpoolError> {
        let target = self.target(bucket)?;
        let group = self.spool.read_batches(&target, max_bytes, body)?;
        Ok(group.map(|b| (b.precision(), b.points(), b.batch_ids().to_vec())))
    }

    pub(crate) fn ack(&mut self, batch_ids: &Tickets) {
        self.spool.ack(batch_ids);
    }

    /// How many lines of a lane the spool has lost: it dropped them for want of space, or they were
    /// damaged. What the lane has in hand isn't lost, whatever became of it on disk.
    pub(crate) fn lost(&self, lane: &Lane) -> u64 {
        let Ok(target) = self.target(&lane.bucket) else {
            return 0;
        };
        let (held, waiting) = match &lane.drain {
            Some(drain) => {
                let waiting = drain.batch_ids.iter().filter(|t| self.spool.is_waiting(t));
                let waiting: u64 = waiting.map(|t| u64::from(t.points())).sum();
                (drain.batch.lines() as u64, waiting)
            }
            None => (0, 0),
        };
        let there = self.spool.backlog(&target).points.saturating_sub(waiting);
        lane.spooled.saturating_sub(held).saturating_sub(there)
    }

    /// Keeps a line that the server refused.
    pub(crate) fn reject(&mut self, bucket: &str, precision: Precision, line: &str, reason: &str) {
        if let Ok(target) = self.target(bucket) {
            // If that fails, the spool counts it; the writer has counted and kept it already.
            let _ = self.spool.reject(Rejection {
                target: &target,
                precision,
                lines: line.as_bytes(),
                count: 1,
                reason,
            });
        }
    }

    pub(crate) fn poll(&mut self) -> Result<Option<Duration>, SpoolError> {
        self.spool.poll()
    }

    pub(crate) fn sync(&mut self) -> Result<(), SpoolError> {
        self.spool.sync()
    }

    pub(crate) fn spool(&self) -> &Spool {
        &self.spool
    }
}
