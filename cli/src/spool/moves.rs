//! Batches moved within a spool: from the rejected ones back into the queue, from a bucket to another.
//!
//! What is moved is on disk at its new place before it leaves the old one: a crash in between delivers it
//! twice, which changes nothing in the database.

use super::failure;
use crate::failure::Failure;
use influx_edge::Spool;
use influx_edge::spool::{
    Batch, Entry, Inspector, OverflowPolicy, SpoolBuilder, SpoolError, Target,
};

/// Bytes that are moved at a time.
const STEP: usize = 512 << 10;

/// Settings with which nothing that waits is dropped, whatever its owner's limit was: space is the disk's.
pub(super) fn gentle(builder: SpoolBuilder) -> SpoolBuilder {
    builder
        .max_bytes(1 << 40)
        .max_rejected_bytes(16 << 20)
        .overflow_policy(OverflowPolicy::Reject)
}

/// What became of the rejected lines.
#[derive(Default)]
pub(super) struct Requeued {
    pub(super) lines: u64,
    /// Of these the server didn't say which they were, so there is no text of them.
    pub(super) nameless: u64,
    pub(super) damaged: u64,
}

/// Puts what was rejected back into the queue.
pub(super) fn requeue(spool: &mut Spool, inspector: &Inspector) -> Result<Requeued, Failure> {
    let mut done = Requeued::default();
    let mut appended: Result<(), SpoolError> = Ok(());
    let walked = inspector.walk_rejected(&mut |entry| match entry {
        Entry::Batch { batch, .. } if batch.lines.is_empty() => {
            done.nameless = done.nameless.saturating_add(u64::from(batch.points));
        }
        Entry::Batch { batch, .. } if appended.is_ok() => {
            appended = spool.append(batch).map(|_| ());
            done.lines = done.lines.saturating_add(u64::from(batch.points));
        }
        Entry::Corrupt { .. } | Entry::Damage { .. } | Entry::Unreadable { .. } => {
            done.damaged = done.damaged.saturating_add(1);
        }
        _ => {}
    });
    walked.map_err(|error| failure(&error))?;
    appended.map_err(|error| failure(&error))?;
    spool.sync().map_err(|error| failure(&error))?;
    spool.clear_rejected().map_err(|error| failure(&error))?;
    Ok(done)
}

/// Moves what waits for a bucket to another one; how many points those are.
pub(super) fn rename(spool: &mut Spool, old: &str, new: &str) -> Result<u64, Failure> {
    let mut points = 0_u64;
    let mut lines = Vec::new();
    let of_old = |target: &Target| target.bucket() == old;
    for target in spool.targets().into_iter().filter(of_old) {
        let moved = match target.org_is_id() {
            true => Target::with_org_id(target.org(), new),
            false => Target::new(target.org(), new),
        };
        let moved = moved
            .map_err(|error| failure(&error))?
            .for_server(target.server());
        loop {
            let read = spool.read_batches(&target, STEP, &mut lines);
            let Some(group) = read.map_err(|error| failure(&error))? else {
                break;
            };
            let count = u32::try_from(group.points).unwrap_or(u32::MAX);
            let batch = Batch::new(&moved, group.precision, count, &lines);
            spool.append(batch).map_err(|error| failure(&error))?;
            spool.sync().map_err(|error| failure(&error))?;
            spool.ack(&group);
            points = points.saturating_add(group.points);
        }
    }
    Ok(points)
}
