//! The retry policy of a client: when a request is tried again and after which delay; parsing of
//! `Retry-After`. Batches of a writer: `writer/deliver` and `writer/settings`.

use super::transport::Headers;
use crate::rfc3339::unix_days;
use core::time::Duration;

/// A server may ask for patience, but not for ever.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);

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

/// A retry that is about to be made, for
/// [`ClientBuilder::on_retry`](super::ClientBuilder::on_retry).
#[derive(Debug)]
#[non_exhaustive]
pub struct Retry<'a> {
    /// Which retry it is, from 1.
    pub attempt: u32,
    /// Delay before this retry.
    pub pause: Duration,
    /// Why it is needed.
    pub error: &'a crate::Error,
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
    /// No retry at all: what a client does unless told otherwise.
    ///
    /// ```
    /// use core::time::Duration;
    /// use influx_edge::client::RetryPolicy;
    ///
    /// assert_eq!(RetryPolicy::none().delay(1, Duration::ZERO, None, 0), None);
    /// ```
    #[must_use]
    pub fn none() -> Self {
        RetryPolicy {
            max_retries: 0,
            ..RetryPolicy::default()
        }
    }

    /// The pause before retry number `attempt` (from 1), or `None` to give up.
    ///
    /// `elapsed` is the time since the first attempt began, measured on a monotonic clock;
    /// `retry_after` what the server asked for; `random` any 64 random bits. What the server asks
    /// for is a lower bound, with up to a tenth on top. The pause is cut to what is left of
    /// `max_time`. No clock is read and nothing is allocated here.
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
        let pause = match retry_after {
            Some(asked) => {
                let asked = asked.min(MAX_RETRY_AFTER);
                asked.saturating_add(part(asked / 10, random))
            }
            None => {
                let base = self.exponential_base.max(1);
                let low = base
                    .checked_pow(attempt.saturating_sub(1))
                    .and_then(|factor| self.interval.checked_mul(factor))
                    .unwrap_or(Duration::MAX);
                let high = low.checked_mul(base).unwrap_or(Duration::MAX);
                low.saturating_add(part(high.saturating_sub(low), random))
                    .min(self.max_interval)
            }
        };
        Some(pause.min(left))
    }
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

/// `Retry-After`: seconds, seconds with decimals, or a date, which is relative to the response's own
/// `Date`, not to our clock: at the edge that one may be at 1970. At most ten minutes; a past date
/// is zero; what can't be read is None.
pub(crate) fn retry_after(headers: &Headers) -> Option<Duration> {
    let value = headers.get("retry-after")?.trim();
    if let Some(then) = http_date(value) {
        let now = headers.get("date").and_then(|d| http_date(d.trim()))?;
        let seconds = u64::try_from(then.saturating_sub(now)).unwrap_or(0);
        return Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
    }
    // Two headers that a proxy joined: the first counts.
    let first = value.split(',').next().unwrap_or("").trim();
    seconds(first).map(|asked| asked.min(MAX_RETRY_AFTER))
}

/// Seconds as servers and proxies write them: `120`, also `1.5` and `1e3`. By hand: the standard
/// library's parser of floats takes 14 KB of a small program, for this one header.
fn seconds(text: &str) -> Option<Duration> {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let billionths = fraction.bytes().chain([b'0'; 9]).take(9);
    let mut nanos = whole.bytes().chain(billionths).fold(0u64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit & 0xF))
    });
    // More than these change nothing: the largest number has twenty digits.
    for _ in 0..exponent.unsigned_abs().min(20) {
        nanos = match exponent {
            ..0 => nanos / 10,
            _ => nanos.saturating_mul(10),
        };
    }
    Some(Duration::from_nanos(nanos))
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7; the two forms that are
/// obsolete since 1997 aren't read).
fn http_date(text: &str) -> Option<i64> {
    let (_weekday, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day: u32 = parts.next()?.parse().ok()?;
    let month = match parts.next()? {
        "Jan" => 1,
        "Feb" => 2,
        "Mar" => 3,
        "Apr" => 4,
        "May" => 5,
        "Jun" => 6,
        "Jul" => 7,
        "Aug" => 8,
        "Sep" => 9,
        "Oct" => 10,
        "Nov" => 11,
        "Dec" => 12,
        _ => return None,
    };
    let year: u32 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':');
    let hour: i64 = clock.next()?.parse().ok()?;
    let minute: i64 = clock.next()?.parse().ok()?;
    let second: i64 = clock.next()?.parse().ok()?;
    let in_range = (1..=31).contains(&day)
        && (1970..=9999).contains(&year)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if parts.next() != Some("GMT") || clock.next().is_some() || !in_range {
        return None;
    }
    Some(unix_days(year, month, day) * 86_400 + (hour * 60 + minute) * 60 + second)
}

#[cfg(test)]
#[path = "tests/retry.rs"]
mod tests;
