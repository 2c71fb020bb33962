//! Timestamps for lines without one, and `ClockGuard` for a clock that is not set.

use super::seams::Clock;
use super::split::{has_time, split};
use crate::Precision;
use crate::error::WriteError;
use alloc::vec::Vec;

/// 2020-01-01T00:00:00Z in nanoseconds. A clock that shows less was never set: a board without a
/// battery starts at 1970, or at the date its image was built.
pub(crate) const EARLIEST: i64 = 1_577_836_800 * 1_000_000_000;

/// What a marked line gets as one more field.
const MARK: &[u8] = b",clock_unset=true";

/// A step back of the clock that is taken for its coarseness rather than for a correction.
const COARSE: i64 = 1_000_000;

/// What to do with a point that has no time while the machine's clock isn't set (shows a time
/// before 2020).
///
/// Boards without a battery-backed clock boot in 1970, or at the date of their image, until NTP
/// has been reached. Points stamped then end up where nobody looks for them, and after the next
/// boot new points overwrite them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockGuard {
    /// Refuse the point: [`WriteError::ClockNotSet`]. The default.
    #[default]
    Reject,
    /// Stamp it with what the clock shows, and add the field `clock_unset=true`, by which such
    /// points can be found.
    Mark,
    /// Leave it without a time: the server takes its own when the request arrives. Points of one
    /// series that travel in one request then become one, and a repeated request makes a second
    /// point.
    ServerTime,
}

/// Gives times to points, none twice as far as the precision allows.
#[derive(Debug)]
pub(crate) struct Stamper {
    precision: Precision,
    guard: ClockGuard,
    /// The last time given, in nanoseconds.
    last: i64,
    /// Lines under way.
    out: Vec<u8>,
}

impl Stamper {
    pub(crate) fn new(precision: Precision, guard: ClockGuard) -> Self {
        Stamper {
            precision,
            guard,
            last: i64::MIN,
            out: Vec::new(),
        }
    }

    /// `lines` with a time on each. The storage stays with the stamper: give it back by
    /// [`reuse`](Self::reuse).
    pub(crate) fn stamp(
        &mut self,
        lines: &[u8],
        clock: &impl Clock,
    ) -> Result<Vec<u8>, WriteError> {
        let wall = clock.wall();
        let unset = wall.is_none_or(|now| now < EARLIEST);
        let now = match (self.guard, wall) {
            (ClockGuard::Reject, _) if unset => return Err(WriteError::ClockNotSet),
            (ClockGuard::Mark, None) => return Err(WriteError::ClockNotSet),
            (_, now) => now.unwrap_or(0),
        };
        let mut out = core::mem::take(&mut self.out);
        out.clear();
        if unset && self.guard == ClockGuard::ServerTime {
            out.extend_from_slice(lines);
            return Ok(out);
        }
        for line in split(lines) {
            if has_time(line) {
                out.extend_from_slice(line);
                continue;
            }
            out.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
            if unset {
                out.extend_from_slice(MARK);
            }
            out.push(b' ');
            let count = self.next(now).div_euclid(self.precision.nanos());
            out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
            out.push(b'\n');
        }
        Ok(out)
    }

    /// Another one of the same kind, for another thread.
    pub(crate) fn fresh(&self) -> Self {
        Stamper::new(self.precision, self.guard)
    }

    pub(crate) fn reuse(&mut self, out: Vec<u8>) {
        self.out = out;
    }

    /// Two lines of one series with one time are one point. So in nanoseconds, where there is space
    /// between two readings of the clock, no time is given twice. Coarser units have no such space:
    /// there a counted-up time would soon be wrong.
    fn next(&mut self, now: i64) -> i64 {
        let ahead = self.last.saturating_sub(now);
        let time = if self.precision == Precision::Nanosecond && (0..COARSE).contains(&ahead) {
            self.last.saturating_add(1)
        } else {
            now
        };
        self.last = time;
        time
    }
}

#[cfg(test)]
#[path = "tests/stamp.rs"]
mod tests;
