//! The server's clock, from the header `Date` of its responses.

use super::Client;
use super::transport::HttpResponse;
use crate::Timestamp;
use crate::http::parse_date;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

const SECOND: i64 = 1_000_000_000;
/// The time for which a measured lead of this machine's clock counts. A machine that has slept since looks
/// the same as one whose clock leads.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// The latest response with a `Date`. (A lock, as not every machine has 64-bit atomics.)
#[derive(Debug, Default)]
pub(crate) struct ServerClock(Mutex<Option<Sample>>);

#[derive(Clone, Copy, Debug)]
struct Sample {
    /// The time at which the response arrived.
    at: Instant,
    /// The server's `Date` in Unix seconds, rounded down.
    date: u32,
    /// The machine's clock minus `date` in seconds; [`UNREAD`] if the clock couldn't be read.
    ahead: i32,
}

/// See [`Sample::ahead`].
const UNREAD: i32 = i32::MIN;

/// A bound for the server's clock now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerTime {
    /// The server's clock shows this time or a later one: `Date` is rounded down to a second, the response
    /// took time, and a monotonic clock may stop while the machine sleeps.
    pub(crate) at_least: Timestamp,
    /// The lead of the machine's clock when the response arrived, in nanoseconds; `None` if that is too long
    /// ago, or the clock couldn't be read.
    pub(crate) was_ahead: Option<i64>,
}

impl ServerTime {
    /// Whether the machine's clock is wrong by more than `most`.
    ///
    /// The server's time is known only as a lower bound. So a clock that shows less is certainly behind.
    /// One that shows more may belong to a machine that has slept since; it is ahead only if it was ahead
    /// when the response arrived.
    pub(crate) fn differs(self, time: Timestamp, most: Duration) -> bool {
        let most = i64::try_from(most.as_nanos()).unwrap_or(i64::MAX);
        let ahead = time.0.saturating_sub(self.at_least.0);
        if ahead < 0 {
            return ahead.saturating_neg() > most;
        }
        let bound = most.saturating_add(SECOND);
        ahead > bound && self.was_ahead.is_some_and(|then| then > bound)
    }
}

impl ServerClock {
    /// Notes the `Date` of a response of InfluxDB, not of a cached copy (which has an `Age`, RFC 9111).
    pub(crate) fn note(&self, response: &HttpResponse) {
        let headers = &response.headers;
        let credible = response.status == 204 || headers.names_influxdb();
        if !credible || headers.get("age").is_some() {
            return;
        }
        if let Some(date) = headers.get("date").and_then(parse_date) {
            let wall = Timestamp::try_from(SystemTime::now()).ok();
            self.set(date, Instant::now(), wall);
        }
    }

    fn set(&self, date: i64, at: Instant, wall: Option<Timestamp>) {
        let Ok(date) = u32::try_from(date) else {
            return; // before 1970 or after 2106: not a set clock
        };
        let ahead = wall.map_or(UNREAD, |wall| {
            let seconds = wall.0.div_euclid(SECOND).saturating_sub(i64::from(date));
            i32::try_from(seconds).unwrap_or(if seconds < 0 { i32::MIN + 1 } else { i32::MAX })
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Sample { at, date, ahead });
    }

    /// The server's time at an instant after the response.
    fn at(&self, now: Instant) -> Option<ServerTime> {
        let sample = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let age = now.saturating_duration_since(sample.at);
        let date = i64::from(sample.date).saturating_mul(SECOND);
        let passed = i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
        Some(ServerTime {
            at_least: Timestamp(date.saturating_add(passed)),
            was_ahead: Some(sample.ahead)
                .filter(|ahead| *ahead != UNREAD && age <= MAX_AGE)
                .map(|ahead| i64::from(ahead).saturating_mul(SECOND)),
        })
    }
}

impl Client {
    /// Returns the server's time: the `Date` of its latest response plus the time since then by this
    /// machine's monotonic clock. `None` until InfluxDB has sent a `Date`. No request is made, and nothing
    /// is allocated; clones share it.
    ///
    /// A machine without a battery-backed clock can set its own by it. The value is late by up to a second,
    /// by the latency of the response, and by the time for which the machine has slept since.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// assert!(client.server_time().is_none());
    /// client.ping()?;
    /// if let Some(time) = client.server_time() {
    ///     println!("the server's clock shows {time}");
    /// }
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn server_time(&self) -> Option<Timestamp> {
        Some(self.server_clock()?.at_least)
    }

    /// The same with the values that a comparison needs.
    pub(crate) fn server_clock(&self) -> Option<ServerTime> {
        self.inner().observed.server_clock.at(Instant::now())
    }
}

#[cfg(test)]
#[path = "tests/server_clock.rs"]
mod tests;
