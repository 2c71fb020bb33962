//! One organization's batches in a `Spool`, by bucket.

use super::super::rejected::Rejected;
use super::{Loss, Lossy, Ranges, Taken};
use crate::client::{Client, Org};
use crate::line::Lines;
use crate::spool::{Batch, Losses, Mode, ServerKind, Spool, Target};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

pub(crate) use crate::spool::{BatchRange as Range, SpoolError as DiskError};

/// A spool, and the organization whose batches the writer sends.
#[derive(Debug)]
pub(crate) struct Disk {
    spool: Spool,
    org: Option<Org>,
    server: ServerKind,
    /// Batches of other organizations are sent as well.
    adopts_all: bool,
    /// The last sync failed.
    sync_failed: bool,
}

impl Disk {
    pub(crate) fn new(spool: Spool, client: &Client, server: ServerKind) -> Self {
        Disk {
            spool,
            // (InfluxDB 3 has no organizations: the client's is not part of a target.)
            org: (client.inner().org.clone()).filter(|_| server == ServerKind::V2),
            server,
            adopts_all: false,
            sync_failed: false,
        }
    }

    /// Returns `true` if every line goes to disk before it is accepted.
    pub(crate) fn is_ahead(&self) -> bool {
        self.spool.mode() == Mode::WriteAhead
    }

    /// The time that the writer sends to make space when the spool is full.
    pub(crate) fn block(&self) -> Option<Duration> {
        self.spool.overflow_policy().block_limit()
    }

    /// The longest batch that it accepts.
    pub(crate) fn max_batch_bytes(&self) -> usize {
        self.spool.max_batch_bytes()
    }

    /// Returns `true` if it may have to drop or refuse batches soon.
    pub(crate) fn is_half_full(&self) -> bool {
        self.spool.is_half_full()
    }

    /// Has batches of other organizations sent as well.
    pub(crate) fn adopt_all(&mut self) {
        self.adopts_all = true;
    }

    /// Refuses the name of a bucket that can't be stored.
    pub(crate) fn check_bucket(&self, bucket: &str) -> Result<(), DiskError> {
        self.target(bucket).map(|_| ())
    }

    /// The length of the organization's name or id.
    pub(crate) fn org_bytes(&self) -> usize {
        match &self.org {
            Some(Org::Id(org) | Org::Name(org)) => org.len(),
            None => 0,
        }
    }

    fn target(&self, bucket: &str) -> Result<Target, DiskError> {
        let target = match &self.org {
            Some(Org::Id(id)) => Target::with_org_id(id, bucket),
            Some(Org::Name(name)) => Target::new(name, bucket),
            None => Target::new("", bucket),
        };
        match self.server {
            ServerKind::V2 => target,
            server => target.map(|target| target.for_server(server)),
        }
    }

    fn is_ours(&self, target: &Target) -> bool {
        // (Batches of an unknown kind of server, from a later version, can't be sent.)
        let adopted = self.adopts_all && target.is_known();
        adopted || self.target(target.bucket()).is_ok_and(|own| own == *target)
    }

    /// The buckets with a backlog and the number of lines, and the number of foreign lines, which stay. (A bucket is
    /// listed more than once if several organizations have one of that name.)
    pub(crate) fn found(&self) -> (Vec<(String, u64)>, u64) {
        let (mut ours, mut foreign) = (Vec::new(), 0u64);
        for target in self.spool.targets() {
            let lines = self.spool.backlog(&target).points;
            match self.is_ours(&target) {
                true => ours.push((String::from(target.bucket()), lines)),
                false => foreign = foreign.saturating_add(lines),
            }
        }
        (ours, foreign)
    }

    /// The target to read from for a bucket: the one with the oldest batch.
    fn oldest(&self, bucket: &str) -> Result<Target, DiskError> {
        let own = self.target(bucket)?;
        if !self.adopts_all {
            return Ok(own);
        }
        let mut targets = self.spool.targets().into_iter();
        let ours = |t: &Target| t.bucket() == bucket && self.is_ours(t);
        Ok(targets.find(ours).unwrap_or(own))
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

    /// Appends lines to their bucket's queue. `hold`: they stay in memory as well.
    pub(crate) fn put(
        &mut self,
        bucket: &str,
        lines: Lines<'_>,
        count: u64,
        hold: bool,
    ) -> Lossy<Range> {
        let target = match self.target(bucket) {
            Ok(target) => target,
            Err(error) => return (Err(error), Vec::new()),
        };
        let points = u32::try_from(count).unwrap_or(u32::MAX);
        let batch = Batch::new(&target, lines.precision, points, lines.bytes);
        let (put, losses) = self.spool.put(batch);
        if let Some(range) = put.as_ref().ok().filter(|_| hold) {
            self.spool.hold(range);
        }
        (put, self.losses(losses))
    }

    /// Returns `true` if a call failed for lack of space.
    pub(crate) fn is_full(error: &DiskError) -> bool {
        matches!(error, DiskError::Full)
    }

    /// Reads the oldest lines of a bucket into `body`.
    pub(crate) fn take(
        &mut self,
        bucket: &str,
        max_bytes: usize,
        body: &mut Vec<u8>,
    ) -> Lossy<Option<Taken>> {
        let target = match self.oldest(bucket) {
            Ok(target) => target,
            Err(error) => return (Err(error), Vec::new()),
        };
        let (group, losses) = self.spool.take(&target, max_bytes, body);
        let group =
            group.map(|group| group.map(|group| (group.precision, group.points, group.ranges)));
        (group, self.losses(losses))
    }

    pub(crate) fn ack(&mut self, ranges: &Ranges) {
        self.spool.ack_ranges(ranges);
    }

    /// Keeps a line that the server refused.
    pub(crate) fn reject(&mut self, rejected: &Rejected) {
        if let Ok(target) = self.target(&rejected.bucket) {
            // (The spool counts a failure; the writer has counted and kept the line already.)
            let line = rejected.line.as_bytes();
            let batch = Batch::new(&target, rejected.precision, 1, line);
            let _ = self.spool.reject(batch, &rejected.message);
        }
    }

    /// Syncs if the durability requires it now. `all`: in any case.
    pub(crate) fn sync(&mut self, all: bool) -> Lossy<()> {
        let (synced, losses) = match all {
            true => self.spool.sync_all(),
            false => {
                let (due, losses) = self.spool.sync_due();
                (due.map(|_| ()), losses)
            }
        };
        self.sync_failed = synced.is_err();
        (synced, self.losses(losses))
    }

    /// The time until the next sync is due; at least a second after a failed one.
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
