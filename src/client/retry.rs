//! The retry policy of a client: when a request is tried again and after which delay. Batches of a
//! writer: `writer/engine/results` and `writer/settings`. `Retry-After` is read by `http`.

use crate::http::MAX_RETRY_AFTER;
use core::time::Duration;

/// How often, and after what pauses, a call is tried again.
///
/// The defaults are those that the official InfluxDB clients share: at most 5 retries, the first
/// after 5 to 10 s, each pause about twice the one before, none longer than 125 s, all of it within
/// 180 s. Pause *n* is drawn evenly between `interval · base^(n-1)` and `interval · base^n`, so that
/// a fleet that lost its server doesn't come back in step.
///
/// A client does **not** retry unless [`ClientBuilder::retry`](super::ClientBuilder::retry) gives it
/// a policy: retries sleep in the calling thread, and only the program knows whether its loop can
/// afford that.
///
/// ```
/// use core::time::Duration;
/// use influx_edge::client::RetryPolicy;
///
/// let policy = RetryPolicy::default();
/// // The first pause, with the random number at its smallest.
/// assert_eq!(policy.delay(1, Duration::ZERO, None, 0), Some(Duration::from_secs(5)));
/// // The sixth retry isn't made.
/// assert_eq!(policy.delay(6, Duration::ZERO, None, 0), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// How many times a call is tried again after its first failure. Default 5.
    pub max_retries: u32,
    /// The shortest first pause. Default 5 s.
    pub interval: Duration,
    /// No pause is longer. Default 125 s.
    pub max_interval: Duration,
    /// From the first attempt's start to the last one's, including pauses. Default 180 s.
    pub max_time: Duration,
    /// The factor from one pause to the next, at least 1. Default 2.
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

    /// Retries without end: pauses from 1 s to 5 min, each drawn from about twice the range of the one
    /// before, no limit on retries or time. The default of a [`Writer`](crate::writer::Writer), and the
    /// base for its own policies: `RetryPolicy { max_interval, ..RetryPolicy::unbounded() }` changes the
    /// pauses and still gives nothing up, unlike the same with [`default`](RetryPolicy::default), which
    /// gives up after 180 s.
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

    /// The pause before retry number `attempt` (from 1), or `None` to give up.
    ///
    /// `elapsed` is the time since the first attempt began, measured on a monotonic clock;
    /// `retry_after` the delay that the server asked for; `random` any 64 random bits. What the server
    /// asks for, at most 10 min and with up to a tenth on top, counts where it is longer than the
    /// policy's own pause. The pause is cut to what is left of `max_time`. No clock is read and nothing
    /// is allocated here.
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

/// A pause that is no shorter than the policy's `own`, and no shorter than the server asked for. A server
/// that asks for none at all must not be met by requests without any.
pub(crate) fn at_least(own: Duration, asked: Option<Duration>, random: u64) -> Duration {
    let asked = asked.unwrap_or(Duration::ZERO).min(MAX_RETRY_AFTER);
    own.max(asked.saturating_add(part(asked / 10, random)))
}

/// `random / 2^64` of a span, to the nanosecond.
pub(crate) fn part(span: Duration, random: u64) -> Duration {
    let nanos = (span.as_nanos().min(u128::from(u64::MAX)) * u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Random bits for jitter, from the keys std draws for its hash maps: no crate, and no need to be
/// hard to guess.
pub(crate) fn random() -> u64 {
    use core::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}

#[cfg(test)]
#[path = "tests/retry.rs"]
mod tests;
