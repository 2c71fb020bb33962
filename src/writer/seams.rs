//! The traits `Clock` and `Transport`, which tests replace by simulated ones.
//!
//! Both are traits so that a day of a gateway's life can be run in a second. There is one
//! production implementation of each, and the writer knows no other.

use crate::client::Client;
use crate::error::Error;
use crate::line::Lines;
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
    /// Lets the calling thread wait.
    fn sleep(&mut self, time: Duration);
}

/// One attempt's worth of lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) lines: Lines<'a>,
    /// The body is to wait until the server asks for it.
    pub(crate) expect: bool,
    /// The attempt may take no longer, if the client's own limit isn't shorter.
    pub(crate) limit: Option<Duration>,
}

/// A path to the server.
pub(crate) trait Transport {
    /// Makes one attempt and returns its result. `Ok` is 204 and nothing else.
    fn send(&mut self, parcel: Parcel<'_>) -> Result<(), Error>;

    /// Whether the server is known to take no compressed bodies.
    fn refuses_compression(&self) -> bool {
        false
    }
}

impl Transport for Client {
    fn send(&mut self, parcel: Parcel<'_>) -> Result<(), Error> {
        self.write_once(parcel.bucket, parcel.lines, parcel.expect, parcel.limit)
    }

    fn refuses_compression(&self) -> bool {
        Client::refuses_compression(self)
    }
}

/// The machine's own clocks.
#[derive(Clone, Debug)]
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        SystemClock {
            start: Instant::now(),
        }
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

    fn sleep(&mut self, time: Duration) {
        thread::sleep(time);
    }
}
