//! `Stats` and `Outcome`: how many lines were accepted, and the outcome of each.

use core::fmt;
use core::time::Duration;

/// What became of every line, in numbers. Cheap to take: plain numbers, no allocation.
///
/// The contract, at every moment:
/// **accepted = delivered + spooled + rejected + dropped + buffered**
/// ([`is_balanced`](Stats::is_balanced)). A line that `write` refused was never accepted and is
/// counted in `not_accepted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Lines taken over, from the program or, at start, from a spool's earlier life.
    pub accepted: u64,
    /// Of those, lines that were waiting in the spool when the writer was built.
    pub recovered: u64,
    /// Lines the server said are stored.
    pub delivered: u64,
    /// Lines waiting on disk now. They become delivered, rejected or dropped.
    pub spooled: u64,
    /// Lines the server refused for good, by reason.
    pub rejected: RejectedLines,
    /// Lines lost on this side, by reason.
    pub dropped: DroppedLines,
    /// Lines waiting in memory now.
    pub buffered: u64,
    /// Bytes of those.
    pub buffered_bytes: u64,
    /// Calls of `write` that took nothing: a full buffer, a point that can't be encoded, a clock
    /// that isn't set.
    pub not_accepted: u64,
    /// Requests made.
    pub requests: u64,
    /// Requests after which nothing was known or stored, and the data were kept.
    pub failures: u64,
    /// Bytes of line protocol sent, before compression, repeats included.
    pub bytes_sent: u64,
    /// How long until the next attempt, while the writer waits after a failure.
    pub next_attempt: Option<Duration>,
}

/// Lines the server refused for good, by [`RejectReason`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedLines {
    /// [`RejectReason::Refused`].
    pub refused: u64,
    /// [`RejectReason::Partial`].
    pub partial: u64,
    /// [`RejectReason::TooLarge`].
    pub too_large: u64,
    /// [`RejectReason::Poison`].
    pub poison: u64,
}

/// Lines lost on this side, by [`DropReason`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DroppedLines {
    /// [`DropReason::Overflow`].
    pub overflow: u64,
    /// [`DropReason::GivenUp`].
    pub given_up: u64,
    /// [`DropReason::Closed`].
    pub closed: u64,
    /// [`DropReason::Spool`].
    pub spool: u64,
    /// [`DropReason::Panicked`].
    pub panicked: u64,
}

/// Why the server won't have a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// It can't be read, or isn't allowed: 400, 422. Its neighbours were sent without it. Either the
    /// server named it, or it was refused alone while the path was known to work.
    Refused,
    /// The server stored its neighbours and dropped it: a type that conflicts with the field's, a
    /// time outside the retention period.
    Partial,
    /// Alone it is larger than the server takes: 413, while other lines were stored.
    TooLarge,
    /// The server fails (500) whenever it meets this line, and only then.
    Poison,
}

/// Why a line was lost on this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The buffer was full, and the oldest had to go
    /// ([`OverflowPolicy::DropOldest`](super::OverflowPolicy::DropOldest)).
    Overflow,
    /// The retry policy came to its end.
    GivenUp,
    /// The writer was closed or dropped while it couldn't be delivered.
    Closed,
    /// The spool lost it: no space, or a damaged disk.
    Spool,
    /// The writer's thread panicked.
    Panicked,
}

impl RejectedLines {
    /// All of them.
    ///
    /// ```
    /// assert_eq!(influx_edge::writer::RejectedLines::default().total(), 0);
    /// ```
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.refused
            .saturating_add(self.partial)
            .saturating_add(self.too_large)
            .saturating_add(self.poison)
    }

    fn slot(&mut self, reason: RejectReason) -> &mut u64 {
        match reason {
            RejectReason::Refused => &mut self.refused,
            RejectReason::Partial => &mut self.partial,
            RejectReason::TooLarge => &mut self.too_large,
            RejectReason::Poison => &mut self.poison,
        }
    }
}

impl DroppedLines {
    /// All of them.
    ///
    /// ```
    /// assert_eq!(influx_edge::writer::DroppedLines::default().total(), 0);
    /// ```
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.overflow
            .saturating_add(self.given_up)
            .saturating_add(self.closed)
            .saturating_add(self.spool)
            .saturating_add(self.panicked)
    }

    pub(crate) fn slot(&mut self, reason: DropReason) -> &mut u64 {
        match reason {
            DropReason::Overflow => &mut self.overflow,
            DropReason::GivenUp => &mut self.given_up,
            DropReason::Closed => &mut self.closed,
            DropReason::Spool => &mut self.spool,
            DropReason::Panicked => &mut self.panicked,
        }
    }
}

impl Stats {
    /// Whether the account closes: accepted = delivered + spooled + rejected + dropped + buffered.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").build()?;
    /// assert!(w.stats().is_balanced()); // at every moment
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub const fn is_balanced(&self) -> bool {
        self.accepted
            == self
                .delivered
                .saturating_add(self.spooled)
                .saturating_add(self.rejected.total())
                .saturating_add(self.dropped.total())
                .saturating_add(self.buffered)
    }

    /// Where lines leave from, when their fate is known.
    pub(crate) fn leave(&mut self, place: Place, lines: usize) -> u64 {
        let lines = lines as u64;
        let from = match place {
            Place::Memory => &mut self.buffered,
            Place::Disk => &mut self.spooled,
        };
        *from = from.saturating_sub(lines);
        lines
    }

    pub(crate) fn deliver(&mut self, place: Place, lines: usize) {
        self.delivered = self.delivered.saturating_add(self.leave(place, lines));
    }

    pub(crate) fn reject(&mut self, place: Place, reason: RejectReason, lines: usize) {
        let lines = self.leave(place, lines);
        let slot = self.rejected.slot(reason);
        *slot = slot.saturating_add(lines);
    }

    pub(crate) fn drop_lines(&mut self, place: Place, reason: DropReason, lines: usize) {
        let lines = self.leave(place, lines);
        let slot = self.dropped.slot(reason);
        *slot = slot.saturating_add(lines);
    }
}

/// Where lines wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Memory,
    Disk,
}

/// What became of the lines since the flush before: what [`flush`](super::Writer::flush) returns.
///
/// When it comes, nothing is left in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "it says whether lines were rejected or dropped"]
#[non_exhaustive]
pub struct Outcome {
    /// Lines the server stored since then.
    pub delivered: u64,
    /// Lines on disk now, to be delivered when the server is back.
    pub spooled: u64,
    /// Lines the server refused for good since then.
    pub rejected: RejectedLines,
    /// Lines lost on this side since then.
    pub dropped: DroppedLines,
}

impl Outcome {
    pub(crate) fn between(before: &Stats, now: &Stats) -> Self {
        let (b, n) = (&before.rejected, &now.rejected);
        let rejected = RejectedLines {
            refused: n.refused.saturating_sub(b.refused),
            partial: n.partial.saturating_sub(b.partial),
            too_large: n.too_large.saturating_sub(b.too_large),
            poison: n.poison.saturating_sub(b.poison),
        };
        let (b, n) = (&before.dropped, &now.dropped);
        let dropped = DroppedLines {
            overflow: n.overflow.saturating_sub(b.overflow),
            given_up: n.given_up.saturating_sub(b.given_up),
            closed: n.closed.saturating_sub(b.closed),
            spool: n.spool.saturating_sub(b.spool),
            panicked: n.panicked.saturating_sub(b.panicked),
        };
        Outcome {
            delivered: now.delivered.saturating_sub(before.delivered),
            spooled: now.spooled,
            rejected,
            dropped,
        }
    }

    /// Whether every line is in the database or on disk.
    ///
    /// ```
    /// assert!(influx_edge::writer::Outcome::default().is_safe());
    /// ```
    #[must_use]
    pub const fn is_safe(&self) -> bool {
        self.rejected.total() == 0 && self.dropped.total() == 0
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} delivered", self.delivered)?;
        for (number, word) in [
            (self.spooled, "on disk"),
            (self.rejected.total(), "rejected"),
            (self.dropped.total(), "dropped"),
        ] {
            if number > 0 {
                write!(f, ", {number} {word}")?;
            }
        }
        Ok(())
    }
}
