//! `RetryPolicy`: the retries of a call and the pauses before them. Batches of a writer use it in
//! `writer/engine/results` and `writer/settings`. `Retry-After` is parsed in `http`.

use crate::http::MAX_RETRY_AFTER;
use core::time::Duration;

/// The number of retries of a call, and the pauses before them.
///
/// The backoff is exponential, with jitter.
///
/// The defaults are those that the official InfluxDB clients share: at most 5 retries, the first after 5
/// to 10 s, each pause about twice the one before, none longer than 125 s, all within 180 s. Pause *n* is
/// random, uniformly between `interval · base^(n-1)` and `interval · base^n`, so that devices that lost
/// their server at the same moment don't return at the same moment.
///
/// A client does **not** retry unless [`ClientBuilder::retry`](super::ClientBuilder::retry) sets a
/// policy: retries sleep in the calling thread, which not every program can afford.
///
/// ```
/// use core::time::Duration;
/// use influx_edge::client::RetryPolicy;
///
/// let policy = RetryPolicy::default();
/// // The first pause, with the random number at its smallest.
/// assert_eq!(
///     policy.delay(1, Duration::ZERO, None, 0),
///     Some(Duration::from_secs(5))
/// );
/// // The sixth retry isn't made.
/// assert_eq!(policy.delay(6, Duration::ZERO, None, 0), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The most retries after a call's first failure. Default: 5.
    pub max_retries: u32,
    /// The lower bound of the first pause. Default: 5 s.
    pub interval: Duration,
    /// The upper bound of every pause. Default: 125 s.
    pub max_interval: Duration,
    /// The limit for all attempts and pauses together. Default: 180 s.
    pub max_time: Duration,
    /// The factor from one pause to the next, at least 1. Default: 2.
    pub exponential_base: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            max_retries: 5,
            interval: Duration::from_secs(5),
            max_interval: Duration::from_secs(125),
            max_time: Duration::from_secs(180),
            exponential_base: 2,
        }
    }
}

impl RetryPolicy {
    /// No retry at all: the default of a client.
    pub(crate) fn none() -> Self {
        RetryPolicy {
            max_retries: 0,
            ..RetryPolicy::default()
        }
    }

    /// Returns a policy that retries without end: pauses from 1 s to 5 min, each about twice the one
    /// before. It is the default of a [`Writer`](crate::writer::Writer) and the base for others:
    /// `RetryPolicy { max_interval, ..RetryPolicy::unbounded() }` changes the pauses and never gives up,
    /// while the same with [`default`](RetryPolicy::default) gives up after 180 s.
    ///
    /// A [`Client`](crate::Client) with this policy blocks its caller for as long as the server is away.
    ///
    /// ```
    /// use core::time::Duration;
    /// use influx_edge::client::RetryPolicy;
    ///
    /// let week = Duration::from_secs(7 * 86_400);
    /// assert!(RetryPolicy::unbounded().delay(10_000, week, None, 0).is_some());
    /// assert!(RetryPolicy::default().delay(1, week, None, 0).is_none());
    /// ```
    #[must_use]
    pub fn unbounded() -> Self {
        RetryPolicy {
            max_retries: u32::MAX,
            interval: Duration::from_secs(1),
            max_interval: Duration::from_secs(300),
            max_time: Duration::MAX,
            exponential_base: 2,
        }
    }

    /// Returns the pause before retry number `attempt` (from 1), or `None` to give up.
    ///
    /// `elapsed` is the time since the first attempt began, on a monotonic clock; `retry_after` the delay
    /// that the server asked for; `random` any 64 random bits. The server's delay, at most 10 min and with
    /// up to a tenth added at random, is a lower bound of the pause. The pause ends at `max_time`. No clock
    /// is read, and nothing is allocated.
    ///
    /// ```
    /// use core::time::Duration;
    /// use influx_edge::client::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default();
    /// let asked = Some(Duration::from_secs(60)); // by Retry-After: a lower bound
    /// assert_eq!(policy.delay(1, Duration::ZERO, asked, 0), asked);
    /// ```
    #[must_use]
    pub fn delay(
        &self,
        attempt: u32,
        elapsed: Duration,
        retry_after: Option<Duration>,
        random: u64,
    ) -> Option<Duration> {
        if attempt == 0 || attempt > self.max_retries {
            return None;
        }
        let left = self.max_time.checked_sub(elapsed)?;
        if left.is_zero() {
            return None;
        }
        // Jitter over a whole step: pause n is uniform in [interval * base^(n-1), interval * base^n). "Full
        // jitter" (M. Brooker, "Exponential Backoff and Jitter", AWS 2015) starts at zero instead; the lower
        // bound here is that of InfluxDB's clients, and gives a server that restarts some time.
        let base = self.exponential_base.max(1);
        let low = base
            .checked_pow(attempt.saturating_sub(1))
            .and_then(|factor| self.interval.checked_mul(factor))
            .unwrap_or(Duration::MAX);
        let high = low.checked_mul(base).unwrap_or(Duration::MAX);
        let own = low
            .saturating_add(part(high.saturating_sub(low), random))
            .min(self.max_interval);
        Some(at_least(own, retry_after, random).min(left))
    }
}

/// The longer of the policy's own pause and the server's `Retry-After` (RFC 9110, section 10.2.3), which
/// gets jitter as well, as it is the same for every client. A server that asks for no delay still gets the
/// policy's pause.
pub(crate) fn at_least(own: Duration, asked: Option<Duration>, random: u64) -> Duration {
    let asked = asked.unwrap_or(Duration::ZERO).min(MAX_RETRY_AFTER);
    own.max(asked.saturating_add(part(asked / 10, random)))
}

/// `random / 2^64` of a span, to the nanosecond: a uniform random part of it, by one multiplication.
pub(crate) fn part(span: Duration, random: u64) -> Duration {
    let nanos = (span.as_nanos().min(u128::from(u64::MAX)) * u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Random bits for jitter, from the random keys of std's hash maps: without a crate for random numbers,
/// and good enough where nobody gains by guessing them.
pub(crate) fn random() -> u64 {
    use core::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}

#[cfg(test)]
#[path = "tests/retry.rs"]
mod tests;
