//! One organization's batches in a `Spool`, by bucket.

use super::Loss;
use crate::OverflowPolicy;
use crate::Precision;
use crate::client::{Client, Org};
use crate::spool::{Batch, BatchRange, Losses, Mode, Rejection, Spool, SpoolError, Target};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Which batches on disk a batch in hand stands for.
pub(crate) type Ranges = Vec<BatchRange>;

/// A spool, and the organization whose batches in it are ours.
#[derive(Debug)]
pub(crate) struct Disk {
    spool: Spool,
    org: Option<Org>,
    /// Batches for other organizations, too.
    adopts_all: bool,
    /// The last sync failed.
    sync_failed: bool,
}

impl Disk {
    pub(crate) fn new(spool: Spool, client: &Client) -> Self {
        Disk {
            spool,
            org: client.inner().org.clone(),
            adopts_all: false,
            sync_failed: false,
        }
    }

    /// Every line goes to disk before it counts as accepted.
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

    /// The longest batch that it takes.
    pub(crate) fn max_batch_bytes(&self) -> usize {
        self.spool.max_batch_bytes()
    }

    /// It may soon have to drop or refuse something.
    pub(crate) fn is_half_full(&self) -> bool {
        self.spool.is_half_full()
    }

    /// Takes batches for other organizations for its own.
    pub(crate) fn adopt_all(&mut self) {
        self.adopts_all = true;
    }

    fn target(&self, bucket: &str) -> Result<Target, SpoolError> {
        match &self.org {
            Some(Org::Id(id)) => Target::with_org_id(id, bucket),
            Some(Org::Name(name)) => Target::new(name, bucket),
            None => Target::new("", bucket),
        }
    }

    fn is_ours(&self, target: &Target) -> bool {
        // (What a later version left can't be sent by this one.)
        let adopted = self.adopts_all && target.is_known();
        adopted || self.target(target.bucket()).is_ok_and(|own| own == *target)
    }

    /// The buckets for which something was found, and how many lines. (A bucket comes more than
    /// once if several organizations have one of that name.)
    pub(crate) fn found(&self) -> Vec<(String, u64)> {
        let targets = self.spool.targets().into_iter();
        targets
            .filter(|target| self.is_ours(target))
            .map(|t| (String::from(t.bucket()), self.spool.backlog(&t).points))
            .collect()
    }

    /// The target whose turn it is for a bucket: the one with the oldest batch.
    fn oldest(&self, bucket: &str) -> Result<Target, SpoolError> {
        let own = self.target(bucket)?;
        if !self.adopts_all {
            return Ok(own);
        }
        let mut targets = self.spool.targets().into_iter();
        let ours = |t: &Target| t.bucket() == bucket && self.is_ours(t);
        Ok(targets.find(ours).unwrap_or(own))
    }

    /// How many lines are for somebody else, and stay where they are.
    pub(crate) fn foreign(&self) -> u64 {
        let targets = self.spool.targets().into_iter();
        let foreign = targets.filter(|target| !self.is_ours(target));
        foreign.map(|t| self.spool.backlog(&t).points).sum()
    }

    fn losses(&self, losses: Losses) -> Vec<Loss> {
        let losses = losses.0.into_iter();
        losses
            .map(|loss| Loss {
                bucket: self
                    .is_ours(&loss.target)
                    .then(|| String::from(loss.target.bucket())),
                lines: loss.points,
                held: loss.held_points,
            })
            .collect()
    }

    /// Puts lines at the end of their bucket's queue.
    pub(crate) fn put(
        &mut self,
        bucket: &str,
        precision: Precision,
        lines: u64,
        bytes: &[u8],
    ) -> (Result<BatchRange, SpoolError>, Vec<Loss>) {
        let target = match self.target(bucket) {
            Ok(target) => target,
            Err(error) => return (Err(error), Vec::new()),
        };
        let points = u32::try_from(lines).unwrap_or(u32::MAX);
        let batch = Batch::new(&target, precision, points, bytes);
        let (put, losses) = self.spool.put(batch);
        (put, self.losses(losses))
    }

    /// The oldest lines of a bucket: into `body`, and how many and what they are.
    #[allow(clippy::type_complexity, reason = "said once, taken apart at once")]
    pub(crate) fn take(
        &mut self,
        bucket: &str,
        max_bytes: usize,
        body: &mut Vec<u8>,
    ) -> (
        Result<Option<(Precision, u64, Ranges)>, SpoolError>,
        Vec<Loss>,
    ) {
        let target = match self.oldest(bucket) {
            Ok(target) => target,
            Err(error) => return (Err(error), Vec::new()),
        };
        let (group, losses) = self.spool.take(&target, max_bytes, body);
        let group = group.map(|group| {
            group.map(|group| (group.precision(), group.points(), group.ranges().to_vec()))
        });
        (group, self.losses(losses))
    }

    /// A batch that was just put stays in memory, too.
    pub(crate) fn hold(&mut self, range: &BatchRange) {
        self.spool.hold(range);
    }

    pub(crate) fn ack(&mut self, ranges: &Ranges) {
        self.spool.ack(ranges);
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

    pub(crate) fn sync_due(&mut self) -> (Result<(), SpoolError>, Vec<Loss>) {
        let (due, losses) = self.spool.sync_due();
        self.sync_failed = due.is_err();
        (due.map(|_| ()), self.losses(losses))
    }

    pub(crate) fn sync_all(&mut self) -> (Result<(), SpoolError>, Vec<Loss>) {
        let (synced, losses) = self.spool.sync_all();
        self.sync_failed = synced.is_err();
        (synced, self.losses(losses))
    }

    /// How long until the next sync is due. A disk whose sync failed is left alone for a moment.
    pub(crate) fn next_sync(&self) -> Option<Duration> {
        let left = self.spool.next_sync()?;
        Some(match self.sync_failed {
            true => left.max(Duration::from_secs(1)),
            false => left,
        })
    }

    pub(crate) fn spool(&self) -> &Spool {
        &self.spool
    }
}
