//! The time before which a queue doesn't send, and the reason. The module [`writer`](crate::writer#a-queue) has the
//! state diagram.

use core::time::Duration;

/// The delay of a queue, and its consecutive failures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    /// No attempt before this.
    pub(crate) until: Duration,
    /// The reason.
    pub(crate) pause: Pause,
    pub(crate) failing: Streak,
}

/// The reason for a delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pause {
    /// A retry. A flush ends the delay.
    #[default]
    Retry,
    /// The server asked for it. A flush doesn't end it.
    ServerAsked,
    /// The drain rate of a backlog; nothing has failed.
    DrainRate,
}

/// Consecutive failures: their number, and the time of the first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Streak {
    pub(crate) count: u32,
    pub(crate) since: Duration,
}

impl Backoff {
    /// Replaces the delay. The failures stay counted.
    pub(crate) fn wait(&mut self, until: Duration, pause: Pause) {
        (self.until, self.pause) = (until, pause);
    }
}

impl Streak {
    /// Counts a failure.
    pub(crate) fn add(&mut self, now: Duration) {
        if self.count == 0 {
            self.since = now;
        }
        self.count = self.count.saturating_add(1);
    }
}
