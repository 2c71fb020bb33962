//! `Backoff`: the time of the next attempt.

use super::error::Error;
use crate::http::{MAX_RETRY_AFTER, Remedy};
use core::time::Duration;

/// The time of the next attempt, computed from the results of earlier ones.
///
/// It has no clock: times are durations since a fixed moment, such as the start of the board.
///
/// The first delay is 1 s, and each further one is twice as long, up to 60 s. Each is shortened at random by
/// up to a half, so that a thousand boards don't come back at once. A longer delay that the server asks for
/// (`Retry-After`) is kept. If an operator has to act ([`Remedy::Operator`]), the delay is 60 s. No delay
/// exceeds 10 min: if the time goes back further, as that of a counter that starts anew, an attempt is due.
///
/// ```
/// use core::time::Duration;
/// use influx_edge::embedded::{Backoff, Error};
///
/// let mut backoff = Backoff::new(0x1234_5678);
/// let now = Duration::from_secs(100);
/// assert!(backoff.is_due(now));
/// let mut result: Result<(), Error<()>> = Err(Error::NotOpen); // of a call
/// backoff.on_result(now, &result);
/// let wait = backoff.wait(now);
/// assert!(wait >= Duration::from_millis(500) && wait <= Duration::from_secs(1));
/// result = Ok(());
/// backoff.on_result(now + wait, &result);
/// assert!(backoff.is_due(now + wait));
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    due_ms: u64,
    delay_ms: u32,
    random: u32,
}

// Exponential back-off with jitter, in [delay / 2, delay] ("equal jitter").
const FIRST_MS: u32 = 1_000;
const MAX_MS: u32 = 60_000;
/// The longest delay that a server gets.
const LONGEST_MS: u64 = MAX_RETRY_AFTER.as_secs() * 1000;

impl Backoff {
    /// Makes a back-off whose first attempt is due at once. `seed` should differ between boards: a serial
    /// number, for example.
    #[must_use]
    pub const fn new(seed: u32) -> Self {
        Backoff {
            due_ms: 0,
            delay_ms: 0,
            random: seed,
        }
    }

    /// Records the result of an attempt at the time `now`. After an error that fewer or other lines avoid
    /// ([`Remedy::Split`], [`Remedy::RemoveBadLines`]) the next attempt is due at once. A
    /// [`Queue`](super::Queue) makes it with those lines.
    pub fn on_result<T, E>(&mut self, now: Duration, result: &Result<T, Error<E>>) {
        match result {
            Ok(_) => self.succeeded(),
            Err(error) => {
                let retry_after = error.response().and_then(|response| response.retry_after);
                self.failed(now, error.remedy(), retry_after);
            }
        }
    }

    fn succeeded(&mut self) {
        (self.due_ms, self.delay_ms) = (0, 0);
    }

    fn failed(&mut self, now: Duration, remedy: Remedy, retry_after: Option<Duration>) {
        self.delay_ms = match remedy {
            // The next attempt has other lines.
            Remedy::Split | Remedy::RemoveBadLines | Remedy::None => return self.succeeded(),
            Remedy::Operator => MAX_MS,
            Remedy::Retry => (self.delay_ms * 2).clamp(FIRST_MS, MAX_MS),
        };
        // A linear congruential generator (Numerical Recipes), of which only the high bits are random enough.
        self.random = self
            .random
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        let less = (u64::from(self.delay_ms / 2) * u64::from(self.random >> 16)) >> 16;
        let delay = u64::from(self.delay_ms).saturating_sub(less);
        let asked = retry_after.map_or(0, millis).min(LONGEST_MS);
        self.due_ms = millis(now).saturating_add(delay.max(asked));
    }

    /// Returns `true` if an attempt is due.
    #[must_use]
    pub fn is_due(&self, now: Duration) -> bool {
        self.wait(now).is_zero()
    }

    /// Returns the time until an attempt is due, which is zero if one is.
    #[must_use]
    pub fn wait(&self, now: Duration) -> Duration {
        let left = self.due_ms.saturating_sub(millis(now));
        // More than any delay: the clock went back.
        Duration::from_millis(if left > LONGEST_MS { 0 } else { left })
    }
}

/// `Duration::as_millis` without its 128-bit arithmetic, which takes code on a microcontroller.
fn millis(time: Duration) -> u64 {
    time.as_secs()
        .saturating_mul(1000)
        .saturating_add(u64::from(time.subsec_millis()))
}
