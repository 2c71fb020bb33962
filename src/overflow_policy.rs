//! `OverflowPolicy`: what happens at a limit of memory (in `writer`) or disk (in `spool/spool`).

use core::time::Duration;

/// The policy of a full buffer or a full disk: of a [`Writer`](crate::writer::Writer), of the
/// handles of a writer with a thread of its own, and of a [`Spool`](crate::spool::Spool).
///
/// There is no `Default`: each builder names its own.
///
/// | limit of | default | at the limit |
/// |---|---|---|
/// | [`WriterBuilder`](crate::writer::WriterBuilder::overflow_policy) | `Reject` | `write` |
/// | [`Writer::spawn`](crate::writer::Writer::spawn) | none | `write` of a handle |
/// | [`SpoolBuilder`](crate::spool::SpoolBuilder::overflow_policy) | `DropOldest` | `append` |
///
/// ```
/// use core::time::Duration;
/// use influx_edge::OverflowPolicy;
///
/// let patient = OverflowPolicy::Block(Duration::from_secs(2));
/// assert_ne!(patient, OverflowPolicy::Reject);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OverflowPolicy {
    /// Rejects what is new with an error and keeps what is there.
    Reject,
    /// Drops the oldest, counts it, and takes what is new. A writer drops a batch; a spool a
    /// segment, with the delivered and the undelivered batches in it. A segment with a batch that the
    /// writer holds in memory, to send it, is dropped only after all others.
    DropOldest,
    /// Waits for space for at most this long, then rejects. The calling thread is blocked.
    ///
    /// - A handle waits until the writer's thread has delivered enough.
    /// - A writer without a thread sends in `write`, oldest first, and doesn't wait for an attempt
    ///   that would come too late. It rejects at once if
    ///   [`send_in_write`](crate::writer::WriterBuilder::send_in_write) is off.
    /// - [`Spool::append`](crate::spool::Spool::append) rejects at once, for only the owner of a spool can
    ///   make space, by delivering. A writer without a thread that owns such a spool keeps in memory
    ///   what the disk has no space for, and at the limit of its memory sends in `write` for this
    ///   long, before its own policy applies.
    Block(Duration),
}
