//! Moves of batches within a spool: from the rejected lines back to the queue, from one bucket to another.
//!
//! A batch is on disk at its new place before it is removed from the old one. After a crash in between it is
//! delivered twice, which changes nothing in the database.

use super::Stored;
use crate::failure::Failure;
use influx_edge::Spool;
use influx_edge::spool::{
    Batch, Entry, Inspector, OverflowPolicy, SpoolBuilder, SpoolError, Target,
};

/// Bytes moved at a time.
const STEP: usize = 512 << 10;

/// Sets limits with which no spooled line is dropped, whatever the limits of the spool's owner are.
pub(super) fn gentle(builder: SpoolBuilder) -> SpoolBuilder {
    builder
        .max_bytes(1 << 40)
        .max_rejected_bytes(16 << 20)
        .overflow_policy(OverflowPolicy::Reject)
}

/// The counts of a requeue.
#[derive(Default)]
pub(super) struct Requeued {
    pub(super) lines: u64,
    /// Lines whose text is unknown, because the server reported only their number.
    pub(super) without_text: u64,
    pub(super) damaged: u64,
}

/// Puts the rejected lines back into the queue.
pub(super) fn requeue(spool: &mut Spool, stored: &Stored) -> Result<Requeued, Failure> {
    let mut done = Requeued::default();
    let mut appended: Result<(), SpoolError> = Ok(());
    stored.walk(Inspector::walk_rejected, &mut |entry| match entry {
        Entry::Batch { batch, .. } if batch.lines.is_empty() => {
            done.without_text = done.without_text.saturating_add(u64::from(batch.points));
        }
        Entry::Batch { batch, .. } if appended.is_ok() => {
            appended = spool.append(batch).map(|_| ());
            done.lines = done.lines.saturating_add(u64::from(batch.points));
        }
        Entry::Corrupt { .. } | Entry::Damage { .. } | Entry::Unreadable { .. } => {
            done.damaged = done.damaged.saturating_add(1);
        }
        _ => {}
    })?;
    appended?;
    spool.sync()?;
    spool.clear_rejected()?;
    Ok(done)
}

/// Moves the spooled lines of a bucket to another one; returns the number of points.
pub(super) fn rename(spool: &mut Spool, old: &str, new: &str) -> Result<u64, Failure> {
    let mut points = 0_u64;
    let mut lines = Vec::new();
    let of_old = |target: &Target| target.bucket() == old;
    for target in spool.targets().into_iter().filter(of_old) {
        let moved = match target.org_is_id() {
            true => Target::with_org_id(target.org(), new),
            false => Target::new(target.org(), new),
        };
        let moved = moved?.for_server(target.server());
        while let Some(group) = spool.read_batches(&target, STEP, &mut lines)? {
            let count = u32::try_from(group.points).unwrap_or(u32::MAX);
            let batch = Batch::new(&moved, group.precision, count, &lines);
            spool.append(batch)?;
            spool.sync()?;
            spool.ack(&group);
            points = points.saturating_add(group.points);
        }
    }
    Ok(points)
}
