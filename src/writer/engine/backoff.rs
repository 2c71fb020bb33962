//! When a queue may send again, and why not sooner.

use core::time::Duration;

/// The pause of one queue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    /// A new one is set, whatever it was waited for before; the failures are not forgotten.
    pub(crate) pause: Pause,
    failing: Streak,
}

/// What a queue waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pause {
    /// Nothing.
    #[default]
    None,
    /// A retry. Whoever flushes may cut it short.
    Retry(Duration),
    /// The time that the server asked for.
    ServerAsked(Duration),
    /// The rate at which a backlog is sent: nothing has failed.
    DrainRate(Duration),
}

/// Failures in a row: how many, and since when.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Streak {
    pub(crate) count: u32,
    pub(crate) since: Duration,
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

impl Backoff {
    /// No attempt before this.
    pub(crate) fn until(&self) -> Duration {
        match self.pause {
            Pause::None => Duration::ZERO,
            Pause::Retry(at) | Pause::ServerAsked(at) | Pause::DrainRate(at) => at,
        }
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.failing.count > 0
    }

    /// Whether the pause only keeps the rate of draining.
    pub(crate) fn keeps_rate(&self) -> bool {
        matches!(self.pause, Pause::DrainRate(_))
    }

    /// One more failure; how many there are in a row.
    pub(crate) fn failed(&mut self, now: Duration) -> u32 {
        self.failing.add(now);
        self.failing.count
    }

    /// Keeps the rate of draining, unless a longer pause is under way.
    pub(crate) fn keep_rate(&mut self, until: Duration) {
        if until > self.until() {
            self.pause = Pause::DrainRate(until);
        }
    }

    /// Somebody waits for the queue: a retry comes at once.
    pub(crate) fn hurry(&mut self) {
        if matches!(self.pause, Pause::Retry(_)) {
            self.pause = Pause::None;
        }
    }

    /// The path works. When it began to fail, if it did.
    pub(crate) fn succeeded(&mut self) -> Option<Duration> {
        let failing = core::mem::take(self).failing;
        (failing.count > 0).then_some(failing.since)
    }
}
