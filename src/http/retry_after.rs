//! `Retry-After` and the dates of HTTP.

use crate::rfc3339::{days_in_month, unix_days};
use core::time::Duration;

/// A server may ask for patience, but not for ever.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);

/// Returns the delay that a `Retry-After` header asks for: whole or decimal seconds, or a date.
///
/// A date is relative to the response's own `Date`, not to this machine's clock: at the edge that
/// one may be at 1970. The delay is at most ten minutes; a date in the past is zero. `None` if the
/// value can't be read, or is a date and the response has none. Of two headers that a proxy joined
/// with a comma the first counts. Nothing allocates.
///
/// ```
/// use core::time::Duration;
/// use influx_edge::http::retry_after;
///
/// assert_eq!(retry_after("120", None), Some(Duration::from_secs(120)));
/// assert_eq!(retry_after("0.5", None), Some(Duration::from_millis(500)));
/// let date = Some("Sun, 22 Nov 2026 06:00:00 GMT");
/// assert_eq!(retry_after("Sun, 22 Nov 2026 06:00:09 GMT", date), Some(Duration::from_secs(9)));
/// assert_eq!(retry_after("1e12", None), Some(Duration::from_secs(600)));
/// assert_eq!(retry_after("soon", None), None);
/// ```
#[must_use]
pub fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let delay = match parse_date(value) {
        Some(then) => {
            let seconds = then.saturating_sub(parse_date(date?)?);
            Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
        }
        None => seconds(value.split(',').next().unwrap_or("").trim())?,
    };
    Some(delay.min(MAX_RETRY_AFTER))
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

/// Parses a date as in the header `Date`, `Sun, 06 Nov 1994 08:49:37 GMT`, and returns it as seconds
/// since 1970-01-01 UTC. A device without a clock can set its own by it.
///
/// The form is that of RFC 9110 §5.6.7; the two forms that are obsolete since 1997 aren't read.
/// The day of the week isn't checked. Nothing allocates.
///
/// ```
/// use influx_edge::http::parse_date;
///
/// assert_eq!(parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
/// assert_eq!(parse_date("Sun, 31 Feb 1994 08:49:37 GMT"), None);
/// ```
#[must_use]
pub fn parse_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_weekday, rest) = text.trim().split_once(", ")?;
    let mut parts = rest.split(' ');
    let day = number(parts.next()?)?;
    let name = parts.next()?;
    let (month, _) = (1..).zip(MONTHS).find(|(_, month)| *month == name)?;
    let year = number(parts.next()?)?;
    let mut clock = parts.next()?.split(':');
    let hour = number(clock.next()?)?;
    let minute = number(clock.next()?)?;
    let second = number(clock.next()?)?;
    let in_range = (1970..=9999).contains(&year)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        // A leap second.
        && second <= 60;
    if parts.next() != Some("GMT") || parts.next().is_some() || clock.next().is_some() || !in_range
    {
        return None;
    }
    let of_day = hour * 3600 + minute * 60 + second;
    Some(unix_days(year, month, day) * 86_400 + i64::from(of_day))
}

/// A number of at most four digits.
fn number(text: &str) -> Option<u32> {
    let fits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}
