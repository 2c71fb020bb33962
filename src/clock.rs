//! The clock that the spool reads.

use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The clock of a spool, which tests replace.
pub(crate) trait Clock: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Returns the time since some fixed moment, which never goes back. All decisions use this one.
    fn monotonic(&self) -> Duration;
    /// Returns the seconds since 1970 by the machine's clock, right or wrong. Only for people to read.
    fn unix_seconds(&self) -> u64;
}

/// The clocks of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn unix_seconds(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }
}
