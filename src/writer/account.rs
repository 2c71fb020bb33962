//! `Stats` and `Outcome`: the numbers of accepted lines, by what became of them.

use core::fmt;
use core::time::Duration;

/// The number of lines in each place. Plain numbers; no allocation.
///
/// At every moment
/// **accepted = delivered + spooled + rejected + dropped + buffered**
/// ([`is_balanced`](Stats::is_balanced)). A line that `write` refused was never accepted; `not_accepted` counts
/// the call.
///
/// ```
/// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
/// let mut w = client.writer("sensors").build()?;
/// w.write("t v=1 1\nt v=2 2")?;
/// let stats = w.stats();
/// assert_eq!((stats.accepted, stats.buffered, stats.buffered_bytes), (2, 2, 16));
/// assert_eq!(stats.to_string(), "2 accepted: 2 in memory (16 bytes)");
/// # drop(w.close_within(core::time::Duration::ZERO));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Lines accepted from the program and, when the writer is built, from a spool.
    pub accepted: u64,
    /// Of those, lines that were waiting in the spool when the writer was built.
    pub recovered: u64,
    /// Lines that the server has stored.
    pub delivered: u64,
    /// Lines waiting on disk now.
    pub spooled: u64,
    /// Lines that the server refused for good, by reason.
    pub rejected: RejectedLines,
    /// Lines lost on this side, by reason.
    pub dropped: DroppedLines,
    /// Lines waiting in memory now.
    pub buffered: u64,
    /// The bytes of those lines.
    pub buffered_bytes: u64,
    /// Lines on disk for another organization than the client's, or for another kind of server.
    /// They aren't accepted, and not part of the sum above;
    /// [`WriterBuilder::adopt_all`](super::WriterBuilder::adopt_all) sends them.
    pub foreign: u64,
    /// Of the accepted lines, those that the writer wrote about itself
    /// ([`WriterBuilder::report_stats`](super::WriterBuilder::report_stats)).
    pub own: u64,
    /// Fields that were left out because they were not finite
    /// ([`WriterBuilder::skip_non_finite`](super::WriterBuilder::skip_non_finite)).
    pub skipped_fields: u64,
    /// Tags that were left out because their value was empty.
    pub empty_tags: u64,
    /// Calls of `write` that took nothing: a full buffer, a point that can't be encoded, a clock
    /// that isn't set.
    pub not_accepted: u64,
    /// Requests made.
    pub requests: u64,
    /// Requests after which the lines were kept: nothing was stored, or the outcome is unknown.
    pub failures: u64,
    /// Bytes of line protocol sent, before compression, repeats included.
    pub bytes_sent: u64,
    /// The time until the next attempt, while the writer waits after a failure or before it sends the backlog
    /// that it found.
    pub next_attempt: Option<Duration>,
}

/// Lines that the server refused for good, by [`RejectReason`].
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

/// The reason why the server refused a line for good.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::writer::RejectReason;
///
/// let mut w = client.writer("sensors").build()?;
/// w.write("t v=1 1\nt v=\"two\" 2")?; // two types in one field
/// w.flush()?;
/// assert_eq!(
///     w.take_rejected().pop().map(|one| one.reason),
///     Some(RejectReason::Partial)
/// );
/// assert_eq!(w.stats().rejected.partial, 1);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// It can't be parsed, or isn't allowed: 400, 422. The lines around it were sent without it. Either the server
    /// named it, or it was refused alone while the path was known to work.
    Refused,
    /// The server stored the lines around it and dropped this one: a type that conflicts with the field's, or a
    /// time outside the retention period.
    Partial,
    /// It alone exceeds the server's size limit: 413, while other lines were stored.
    TooLarge,
    /// The server fails (500) on each request with this line, and only on those.
    Poison,
}

/// The reason why a line was lost on this side.
///
/// ```
/// # let client = influx_edge::Client::builder("http://localhost:1").org("acme").build()?;
/// use core::time::Duration;
/// use influx_edge::writer::{DropReason, Event};
///
/// let (sender, events) = std::sync::mpsc::channel();
/// let mut w = client.writer("sensors").on_event(move |event| {
///     if let Event::Dropped { lines, reason, .. } = event {
///         let _ = sender.send((*lines, *reason));
///     }
/// }).build()?;
/// w.write("t v=1 1")?;
/// assert!(w.close_within(Duration::ZERO).is_err());
/// assert_eq!(events.recv(), Ok((1, DropReason::Closed)));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The buffer was full, and the oldest lines were dropped
    /// ([`OverflowPolicy::DropOldest`](super::OverflowPolicy::DropOldest)).
    Overflow,
    /// The retry policy's limit was reached.
    GivenUp,
    /// The writer was closed or dropped before the line was delivered.
    Closed,
    /// The spool lost it: no space, or a damaged disk.
    Spool,
    /// The writer's thread panicked.
    Panicked,
}

/// Counts by reason.
pub(super) trait ByReason: Copy + Default {
    type Reason: Copy + fmt::Display;

    fn slot(&mut self, reason: Self::Reason) -> &mut u64;

    /// Each reason with its count.
    fn each(&self) -> impl Iterator<Item = (Self::Reason, u64)> + Clone;

    /// What came since an earlier count.
    fn since(&self, before: &Self) -> Self {
        let mut since = Self::default();
        for ((reason, now), (_, before)) in self.each().zip(before.each()) {
            *since.slot(reason) = now.saturating_sub(before);
        }
        since
    }
}

impl ByReason for RejectedLines {
    type Reason = RejectReason;

    fn slot(&mut self, reason: RejectReason) -> &mut u64 {
        match reason {
            RejectReason::Refused => &mut self.refused,
            RejectReason::Partial => &mut self.partial,
            RejectReason::TooLarge => &mut self.too_large,
            RejectReason::Poison => &mut self.poison,
        }
    }

    fn each(&self) -> impl Iterator<Item = (RejectReason, u64)> + Clone {
        let each = [
            (RejectReason::Refused, self.refused),
            (RejectReason::Partial, self.partial),
            (RejectReason::TooLarge, self.too_large),
            (RejectReason::Poison, self.poison),
        ];
        each.into_iter()
    }
}

impl ByReason for DroppedLines {
    type Reason = DropReason;

    fn slot(&mut self, reason: DropReason) -> &mut u64 {
        match reason {
            DropReason::Overflow => &mut self.overflow,
            DropReason::GivenUp => &mut self.given_up,
            DropReason::Closed => &mut self.closed,
            DropReason::Spool => &mut self.spool,
            DropReason::Panicked => &mut self.panicked,
        }
    }

    fn each(&self) -> impl Iterator<Item = (DropReason, u64)> + Clone {
        let each = [
            (DropReason::Overflow, self.overflow),
            (DropReason::GivenUp, self.given_up),
            (DropReason::Closed, self.closed),
            (DropReason::Spool, self.spool),
            (DropReason::Panicked, self.panicked),
        ];
        each.into_iter()
    }
}

impl RejectedLines {
    /// Returns the number of all of them.
    ///
    /// ```
    /// assert_eq!(influx_edge::writer::RejectedLines::default().total(), 0);
    /// ```
    #[must_use]
    pub fn total(&self) -> u64 {
        self.each()
            .fold(0, |sum, (_, lines)| sum.saturating_add(lines))
    }
}

impl DroppedLines {
    /// Returns the number of all of them.
    ///
    /// ```
    /// assert_eq!(influx_edge::writer::DroppedLines::default().total(), 0);
    /// ```
    #[must_use]
    pub fn total(&self) -> u64 {
        self.each()
            .fold(0, |sum, (_, lines)| sum.saturating_add(lines))
    }
}

impl Stats {
    /// Returns `true` if accepted = delivered + spooled + rejected + dropped + buffered, which always holds.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").build()?;
    /// assert!(w.stats().is_balanced()); // at every moment
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.accepted
            == self
                .delivered
                .saturating_add(self.spooled)
                .saturating_add(self.rejected.total())
                .saturating_add(self.dropped.total())
                .saturating_add(self.buffered)
    }

    /// Moves lines from one place to another. No count of lines changes in any other way, which is why the
    /// account is balanced at every moment.
    ///
    /// From [`Place::Outside`] they are accepted.
    //
    // | from     | to                 | in |
    // |----------|--------------------|----|
    // | Outside  | Buffered           | `Engine::collect`, and the fast path of `Engine::write` |
    // | Outside  | Spooled            | `Engine::write_ahead`; `Engine::adopt` (the backlog) |
    // | Outside  | Dropped(Overflow)  | `Engine::overflowed` (dropped from the inbox of the handles) |
    // | Buffered | Spooled            | `Engine::spool_first` |
    // | Spooled  | Buffered           | `Engine::unhold` |
    // | Spooled  | Dropped(Spool)     | `Engine::settle` |
    // | Buffered | Dropped            | `Engine::drop_at`; `State::close` after a panic |
    // | Buffered, Spooled | Delivered, Rejected | `Engine::count_delivered`, `report_partial`, `reject` |
    #[inline]
    pub(crate) fn transfer(&mut self, from: Place, to: Place, lines: u64) {
        let moved = match self.slot(from) {
            // More lines than there are can't leave a place, so the sum holds whatever is asked for.
            Some(slot) => {
                debug_assert!(*slot >= lines, "{lines} lines from {from:?} to {to:?}");
                let moved = lines.min(*slot);
                *slot = slot.saturating_sub(moved);
                moved
            }
            None => {
                self.accepted = self.accepted.saturating_add(lines);
                lines
            }
        };
        if let Some(slot) = self.slot(to) {
            *slot = slot.saturating_add(moved);
        }
    }

    /// Counts fields and tags that were left out of accepted lines.
    pub(crate) fn left_out(&mut self, (fields, tags): (u64, u64)) {
        self.skipped_fields = self.skipped_fields.saturating_add(fields);
        self.empty_tags = self.empty_tags.saturating_add(tags);
    }

    /// Takes lines into memory.
    #[inline]
    pub(crate) fn accept(&mut self, lines: u64) {
        self.transfer(Place::Outside, Place::Buffered, lines);
    }

    #[inline]
    fn slot(&mut self, place: Place) -> Option<&mut u64> {
        Some(match place {
            Place::Outside => return None,
            Place::Buffered => &mut self.buffered,
            Place::Spooled => &mut self.spooled,
            Place::Delivered => &mut self.delivered,
            Place::Rejected(reason) => self.rejected.slot(reason),
            Place::Dropped(reason) => self.dropped.slot(reason),
        })
    }
}

/// The place where a line is: exactly one at any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Not accepted yet.
    Outside,
    /// In memory alone.
    Buffered,
    /// On disk.
    Spooled,
    /// In the database.
    Delivered,
    /// Refused by the server.
    Rejected(RejectReason),
    /// Lost on this side.
    Dropped(DropReason),
}

/// The numbers of lines by outcome, from a flush or close.
///
/// They count since the previous flush if [`flush`](super::Writer::flush) returns them, and since the writer
/// was built if [`close`](super::Writer::close) does. No line is in memory alone by then.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let mut w = client.writer("sensors").build()?;
/// w.write("t v=1 1\nt v=\"two\" 2")?; // two types in one field
/// let outcome = w.flush()?;
/// assert_eq!((outcome.delivered, outcome.rejected.total()), (1, 1));
/// assert_eq!(outcome.to_string(), "1 delivered, 1 rejected");
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "lines may have been rejected or dropped"]
#[non_exhaustive]
pub struct Outcome {
    /// Lines that the server stored.
    pub delivered: u64,
    /// Lines on disk now, to be delivered when the server is back.
    pub spooled: u64,
    /// Lines that the server refused for good.
    pub rejected: RejectedLines,
    /// Lines lost on this side.
    pub dropped: DroppedLines,
}

impl Outcome {
    pub(crate) fn between(before: &Stats, now: &Stats) -> Self {
        Outcome {
            delivered: now.delivered.saturating_sub(before.delivered),
            spooled: now.spooled,
            rejected: now.rejected.since(&before.rejected),
            dropped: now.dropped.since(&before.dropped),
        }
    }

    /// Returns `true` if every line is in the database or on disk.
    ///
    /// ```
    /// assert!(influx_edge::writer::Outcome::default().is_safe());
    /// ```
    #[must_use]
    pub fn is_safe(&self) -> bool {
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
