//! The traits `Clock` and `Transport`, which tests replace by simulated ones.
//!
//! Both are traits so that a day of a gateway's life can be run in a second. There is one
//! production implementation of each, and the writer knows no other.

use super::super::engine::Attempt;
use super::super::stamp::Reading;
use crate::client::Client;
use crate::error::Error;
use core::time::Duration;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Time, in its two kinds.
pub(crate) trait Clock {
    /// Since some fixed moment. Never steps back: everything that waits counts in this.
    fn now(&self) -> Duration;
    /// Nanoseconds since 1970, as the machine believes; steps as NTP or a person likes. Only for
    /// stamping points. `None` outside the years 1677 to 2262.
    fn wall(&self) -> Option<i64>;
    /// What both clocks of interest show: this machine's, and the server's if `compares`.
    #[inline]
    fn reading(&self, compares: bool) -> Reading {
        let _ = compares;
        Reading::from(self.wall())
    }
    /// Lets the calling thread wait.
    fn sleep(&mut self, time: Duration);
}

/// A path to the server.
pub(crate) trait Transport {
    /// Makes one attempt and returns its result. `Ok` is 204 and nothing else.
    fn send(&mut self, attempt: &Attempt) -> Result<(), Error>;

    /// Whether the server is known to take no compressed bodies.
    fn refuses_compression(&self) -> bool {
        false
    }
}

impl Transport for Client {
    fn send(&mut self, attempt: &Attempt) -> Result<(), Error> {
        let (lines, limit) = (attempt.lines(), attempt.limit);
        self.write_once(&attempt.bucket, lines, attempt.expect, limit)
    }

    fn refuses_compression(&self) -> bool {
        Client::refuses_compression(self)
    }
}

/// The machine's own clocks, and the server's, which the client knows of.
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

    /// This moment in the clock's own count.
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
    fn wall(&self) -> Option<i64> {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).ok(),
            Err(before) => i64::try_from(before.duration().as_nanos())
                .ok()
                .and_then(i64::checked_neg),
        }
    }

    #[inline]
    fn reading(&self, compares: bool) -> Reading {
        let server = if compares {
            self.client.server_clock()
        } else {
            None
        };
        let wall = self.wall();
        Reading { wall, server }
    }

    fn sleep(&mut self, time: Duration) {
        thread::sleep(time);
    }
}
