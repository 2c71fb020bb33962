//! The traits `Clock` and `Transport`, which tests replace by simulated ones.
//!
//! Both are traits so that a day of a gateway's life can be run in a second. There is one
//! production implementation of each, and the writer knows no other.

use super::super::engine::Attempt;
use super::super::route::Sender;
use super::super::stamp::Reading;
use super::keeper::Finished;
use crate::Timestamp;
use crate::client::Client;
use crate::error::Error;
use core::time::Duration;
use std::thread;
use std::time::{Instant, SystemTime};

/// Time, in its two kinds.
pub(crate) trait Clock {
    /// Since some fixed moment. Never steps back: everything that waits counts in this.
    fn now(&self) -> Duration;
    /// The calendar by this machine, which steps as NTP or a person likes, and by the server if
    /// `compares`. Only for stamping points. `None` outside the years 1677 to 2262.
    fn reading(&self, compares: bool) -> Reading;
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

    /// Makes one attempt and returns what the engine is to know of it. The body is the batch's again then.
    fn make(&mut self, attempt: Attempt) -> Finished {
        let result = self.send(&attempt);
        Finished {
            id: attempt.id,
            result,
            uncompressed: self.refuses_compression(),
        }
    }
}

impl Transport for Sender {
    fn send(&mut self, attempt: &Attempt) -> Result<(), Error> {
        Sender::send(self, attempt)
    }

    fn refuses_compression(&self) -> bool {
        self.client.refuses_compression()
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
