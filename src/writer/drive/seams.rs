//! The traits `Clock` and `Transport`, which tests replace by simulated ones.
//!
//! Both are traits so that tests can simulate a day of a gateway in a second. There is one production
//! implementation of each.

use super::super::engine::{Attempt, Finished};
use super::super::stamp::Reading;
use crate::Timestamp;
use crate::client::Client;
use crate::error::Error;
use core::time::Duration;
use std::thread;
use std::time::{Instant, SystemTime};

/// Time, in its two kinds.
pub(crate) trait Clock {
    /// The time since a fixed moment. Monotonic: all delays and deadlines use it.
    fn now(&self) -> Duration;
    /// The calendar time of this machine, which NTP or a person may set, and of the server if `compares`. Only for
    /// stamping points. `None` outside the years 1677 to 2262.
    fn reading(&self, compares: bool) -> Reading;
    /// Makes the calling thread sleep.
    fn sleep(&mut self, time: Duration);
}

/// A path to the server.
pub(crate) trait Transport {
    /// Makes one attempt and returns its result. `Ok` is 204 and nothing else.
    fn send(&mut self, attempt: &Attempt) -> Result<(), Error>;

    /// Returns `true` if the server is known not to accept compressed bodies.
    fn refuses_compression(&self) -> bool {
        false
    }

    /// Makes one attempt and returns its result for the engine. The batch owns the body alone again afterwards.
    fn make(&mut self, attempt: Attempt) -> Finished {
        let result = self.send(&attempt);
        Finished {
            id: attempt.id,
            result,
            uncompressed: self.refuses_compression(),
        }
    }
}

/// The machine's clocks, and the server's as the client measured it.
#[derive(Clone, Debug)]
pub(crate) struct SystemClock {
    start: Instant,
    client: Client,
}

impl SystemClock {
    pub(crate) fn new(client: Client) -> Self {
        SystemClock {
            start: Instant::now(),
            client,
        }
    }

    /// Converts an instant to this clock.
    pub(crate) fn at(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.start)
    }
}

impl Clock for SystemClock {
    #[inline]
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    #[inline]
    fn reading(&self, compares: bool) -> Reading {
        let wall = Timestamp::try_from(SystemTime::now());
        Reading {
            wall: wall.ok().map(|time| time.0),
            server: compares.then(|| self.client.server_clock()).flatten(),
        }
    }

    fn sleep(&mut self, time: Duration) {
        thread::sleep(time);
    }
}
