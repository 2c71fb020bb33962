//! Timestamps for lines without one, and `ClockGuard` for a clock that is not set.

use super::split::{has_time, split};
use crate::client::ServerTime;
use crate::error::{ClockError, WriteError};
use crate::{Precision, Timestamp};
use alloc::vec::Vec;
use core::time::Duration;

/// 2020-01-01T00:00:00Z in nanoseconds. A clock that shows less was never set: a board without a
/// battery starts at 1970, or at the date its image was built.
pub(crate) const EARLIEST: i64 = 1_577_836_800 * SECOND;
/// The last time that a server stores.
const LATEST: i64 = i64::MAX - 1;

const SECOND: i64 = 1_000_000_000;

/// The field that a marked line gets.
const MARK: &[u8] = b",clock_unset=true";

/// A clock that goes back by more than this was set back; smaller steps are jitter, or a coarse clock.
const MAX_JITTER: i64 = SECOND;

/// Smaller differences to the server's clock can't be measured: its `Date` counts whole seconds, and a response
/// takes time.
pub(crate) const MIN_DIFFERENCE: Duration = Duration::from_secs(5);

/// The treatment of a point without a time while the machine's clock isn't set.
///
/// Boards without a battery-backed clock boot in 1970, at the date of their image, or at the time of their last
/// shutdown, until NTP has been reached. Points stamped then have a wrong time, and after the next boot new points
/// overwrite them.
///
/// A clock counts as not set if it can't be read, or shows a time outside
/// [`clock_not_before`](super::WriterBuilder::clock_not_before) (default: the year 2020) and
/// [`clock_not_after`](super::WriterBuilder::clock_not_after) (default: the year 2262), or differs
/// from the server's by more than
/// [`clock_max_difference`](super::WriterBuilder::clock_max_difference) (default: not compared).
/// [`ClockError`] has the reason.
///
/// ```
/// # let client = influx_edge::Client::builder("http://localhost:1").org("acme").build()?;
/// use influx_edge::Timestamp;
/// use influx_edge::writer::ClockGuard;
///
/// // The day on which the program was built:
/// let built = Timestamp::parse("2200-01-01T00:00:00Z")?;
/// let w = client.writer("sensors").clock_not_before(built);
/// let mut w = w.clock_guard(ClockGuard::Mark).build()?;
/// w.write("weather temp_c=21.5")?;
/// let (_, lines) = w.unsent().next().expect("a line");
/// assert!(
///     lines
///         .bytes
///         .starts_with(b"weather temp_c=21.5,clock_unset=true ")
/// );
/// # drop(w.close_within(core::time::Duration::ZERO));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockGuard {
    /// Refuse the point: [`WriteError::ClockNotSet`]. The default.
    #[default]
    Reject,
    /// Stamp it with the clock's time, and add the field `clock_unset=true`, by which such points can be found.
    Mark,
    /// Leave it without a time: the server uses its own when the request arrives. Points of one series in one
    /// request then become one point, and a repeated request makes a second one.
    ServerTime,
}

/// The conditions under which a clock counts as set, and the treatment of points while it isn't.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockRules {
    pub(crate) guard: ClockGuard,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) max_difference: Option<Duration>,
}

impl Default for ClockRules {
    fn default() -> Self {
        ClockRules {
            guard: ClockGuard::default(),
            not_before: Timestamp(EARLIEST),
            not_after: Timestamp(LATEST),
            max_difference: None,
        }
    }
}

impl ClockRules {
    /// Returns `true` if the machine's clock is compared with the server's.
    pub(crate) fn compares(&self) -> bool {
        self.max_difference.is_some()
    }

    /// The time that the machine's clock shows, if it counts as set.
    fn check(&self, reading: Reading) -> Result<i64, ClockError> {
        let time = Timestamp(reading.wall.ok_or(ClockError::Unreadable)?);
        if time < self.not_before {
            let not_before = self.not_before;
            return Err(ClockError::TooEarly { time, not_before });
        }
        if time > self.not_after {
            let not_after = self.not_after;
            return Err(ClockError::TooLate { time, not_after });
        }
        if let (Some(most), Some(server)) = (self.max_difference, reading.server) {
            if server.differs(time, most) {
                let server = server.at_least;
                return Err(ClockError::ServerDiffers { time, server });
            }
        }
        Ok(time.0)
    }
}

/// The clocks at the moment at which a point comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// The machine's, in nanoseconds since 1970.
    pub(crate) wall: Option<i64>,
    /// The server's, if it is known. Read only if [`ClockRules::compares`].
    pub(crate) server: Option<ServerTime>,
}

/// The behaviour of the clock since lines were last stamped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "a clock that was set back is reported"]
pub(crate) struct Stamped {
    /// The clock was set back by so much from its latest time. Its new time is used.
    pub(crate) stepped_back: Option<Duration>,
}

/// Gives times to points, none twice if the precision allows that. One for all handles of a writer.
///
/// Two lines of one series with one time are one point. In nanoseconds there are unused times between two clock
/// readings, so each time given is later than the one before, unless the clock was set back by more than
/// [`MAX_JITTER`]. Then the new time is used: a clock that NTP corrected would otherwise be ignored for as long as
/// it was wrong. Coarser units have no unused times: a time counted up would soon be ahead of the clock, so the
/// clock's own is given, rounded down.
#[derive(Debug)]
pub(crate) struct Stamper {
    rules: ClockRules,
    /// The last time given, in nanoseconds.
    last: i64,
    /// The latest time that the clock showed since it was set.
    highest: i64,
}

impl Stamper {
    pub(crate) fn new(rules: ClockRules) -> Self {
        Stamper {
            rules,
            last: i64::MIN,
            highest: i64::MIN,
        }
    }

    /// Replaces `out` by `lines` with a time on each that has none, in this precision. On an error nothing
    /// has changed but `out`. Allocates nothing once `out` has grown.
    pub(crate) fn stamp(
        &mut self,
        precision: Precision,
        lines: &[u8],
        reading: Reading,
        out: &mut Vec<u8>,
    ) -> Result<Stamped, WriteError> {
        out.clear();
        let (now, set) = match (self.rules.check(reading), self.rules.guard, reading.wall) {
            (Ok(now), ..) => (now, true),
            (Err(_), ClockGuard::ServerTime, _) => {
                out.extend_from_slice(lines);
                return Ok(Stamped::default());
            }
            (Err(_), ClockGuard::Mark, Some(now)) => (now, false),
            (Err(why), ..) => return Err(WriteError::ClockNotSet(why)),
        };
        let stamped = self.follow(now);
        for line in split(lines) {
            if has_time(line) {
                out.extend_from_slice(line);
                continue;
            }
            out.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
            if !set {
                out.extend_from_slice(MARK);
            }
            out.push(b' ');
            let time = match precision {
                Precision::Nanosecond => self.next(now),
                _ => now.div_euclid(precision.nanos()),
            };
            out.extend_from_slice(itoa::Buffer::new().format(time).as_bytes());
            out.push(b'\n');
        }
        Ok(stamped)
    }

    /// Tracks the clock, and detects that it was set back.
    fn follow(&mut self, now: i64) -> Stamped {
        let back = self.highest.saturating_sub(now);
        if self.highest != i64::MIN && back > MAX_JITTER {
            self.highest = now;
            self.last = i64::MIN;
            let back = Duration::from_nanos(back.unsigned_abs());
            return Stamped {
                stepped_back: Some(back),
            };
        }
        self.highest = self.highest.max(now);
        Stamped::default()
    }

    /// The clock's time, or the first one after the last that was given.
    fn next(&mut self, now: i64) -> i64 {
        self.last = now.max(self.last.saturating_add(1)).min(LATEST);
        self.last
    }
}

#[cfg(test)]
#[path = "tests/stamp.rs"]
mod tests;
