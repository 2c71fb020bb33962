//! When a queue may send again, and why not sooner.

use core::time::Duration;

/// What a queue waits for, and how often in a row it failed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    /// No attempt before this.
    pub(crate) until: Duration,
    /// Why not.
    pub(crate) pause: Pause,
    pub(crate) failing: Streak,
}

/// Why a queue waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pause {
    /// For a retry. Whoever flushes may cut it short.
    #[default]
    Retry,
    /// The server asked for it.
    ServerAsked,
    /// To keep the rate at which a backlog is sent: nothing has failed.
    DrainRate,
}

/// Failures in a row: how many, and since when.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Streak {
    pub(crate) count: u32,
    pub(crate) since: Duration,
}

impl Backoff {
    /// Waits. What was waited for before is forgotten; the failures are not.
    pub(crate) fn wait(&mut self, until: Duration, pause: Pause) {
        (self.until, self.pause) = (until, pause);
    }
}

impl Streak {
    /// One more.
    pub(crate) fn add(&mut self, now: Duration) {
        if self.count == 0 {
            self.since = now;
        }
        self.count = self.count.saturating_add(1);
    }
}
