//! The server's clock, as the header `Date` of its responses tells it.

use super::Client;
use super::transport::HttpResponse;
use crate::Timestamp;
use crate::http::parse_date;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

const SECOND: i64 = 1_000_000_000;
/// How long a machine's clock that was ahead of the server's counts as being so. A machine that slept
/// since then looks the same.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// The latest response that told the time. (A lock, for not every machine has atomics of 64 bits.)
#[derive(Debug, Default)]
pub(crate) struct ServerClock(Mutex<Option<Sample>>);

/// (Kept small: every client has one.)
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// When the response came.
    at: Instant,
    /// What the server's clock showed, in seconds: up to a second less than it was.
    date: u32,
    /// By how many seconds the machine's clock was ahead of `date` then; negative if it was behind,
    /// [`UNREAD`] if it couldn't be read.
    ahead: i32,
}

/// See [`Sample::ahead`].
const UNREAD: i32 = i32::MIN;

/// The server's clock, as far as it is known now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerTime {
    /// It shows this time or a later one: the `Date` was cut to a second, the response took time, and a
    /// monotonic clock may stand still while the machine sleeps.
    pub(crate) at_least: Timestamp,
    /// By how much the machine's clock was ahead of the server's when the response came; `None` if that
    /// is too long ago, or the clock could not be read.
    pub(crate) was_ahead: Option<i64>,
}

impl ServerTime {
    /// Whether the machine's clock is wrong by more than that.
    ///
    /// The server's time is known from below only. So a clock that shows less is behind, without doubt.
    /// One that shows more may be that of a machine that slept since; it is ahead if it was so already
    /// when the response came.
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
    /// Takes the time from a response. Only InfluxDB is believed, and no proxy's copy.
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
            return; // no server's clock
        };
        let ahead = wall.map_or(UNREAD, |wall| {
            let seconds = wall.0.div_euclid(SECOND).saturating_sub(i64::from(date));
            i32::try_from(seconds).unwrap_or(if seconds < 0 { i32::MIN + 1 } else { i32::MAX })
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Sample { at, date, ahead });
    }

    /// The server's time, so long after the response that told it.
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
    /// The server's clock: the `Date` of its latest response, and the time since then by this machine's
    /// monotonic clock. `None` until a response of InfluxDB had a `Date`.
    ///
    /// A machine without a battery-backed clock can set its own by it. It is late by up to a second and
    /// the response's way, and by the time that the machine slept since. Common to a client's clones; no
    /// request is made, and nothing is allocated.
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

    /// The same with what is needed to compare it.
    pub(crate) fn server_clock(&self) -> Option<ServerTime> {
        self.inner().learnt.server_clock.at(Instant::now())
    }
}

#[cfg(test)]
#[path = "tests/server_clock.rs"]
mod tests;
