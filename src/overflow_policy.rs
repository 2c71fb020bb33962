//! `OverflowPolicy`: the policy at a limit. It is applied to memory in `writer/engine/accept` and, for handles, in
//! `writer/drive/shared`; to the time that a `write` waits in `writer/drive/inline`; to the disk in `spool/append`.

use core::time::Duration;

/// The policy for a full buffer or a full disk.
///
/// Used by a [`Writer`](crate::writer::Writer), the handles of a writer with its own thread, and a
/// [`Spool`](crate::spool::Spool). Each builder has its own default:
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
    /// Rejects new lines with an error, and keeps the old ones.
    Reject,
    /// Drops the oldest lines, counts them, and accepts new ones. A writer drops a batch. A spool drops a segment,
    /// with the delivered and undelivered batches in it; a segment with a batch that the writer is about to send
    /// is dropped only after all others.
    DropOldest,
    /// Blocks the calling thread for at most this long until there is space, then rejects.
    ///
    /// - A handle waits until the writer's thread has delivered enough.
    /// - A writer without a thread sends in `write`, oldest first, and doesn't wait for an attempt
    ///   that would come too late. It rejects at once if
    ///   [`send_in_write`](crate::writer::WriterBuilder::send_in_write) is off.
    /// - [`Spool::append`](crate::spool::Spool::append) rejects at once, because only the owner of a spool can
    ///   make space, by delivering. A writer without a thread that owns such a spool keeps in memory the lines
    ///   that the disk has no space for. At the limit of its memory it sends in `write` for this long, before
    ///   its own policy applies.
    Block(Duration),
}

// Matches without a wildcard: a new policy doesn't compile until each of these has an arm for it.
impl OverflowPolicy {
    /// Returns `true` if old lines make space for new ones.
    pub(crate) const fn drops_oldest(self) -> bool {
        match self {
            OverflowPolicy::DropOldest => true,
            OverflowPolicy::Reject | OverflowPolicy::Block(_) => false,
        }
    }

    /// Returns the time for which a `write` waits for space.
    #[cfg(feature = "client")]
    pub(crate) const fn block_limit(self) -> Option<Duration> {
        match self {
            OverflowPolicy::Block(limit) => Some(limit),
            OverflowPolicy::Reject | OverflowPolicy::DropOldest => None,
        }
    }
}
