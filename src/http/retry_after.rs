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
        None => {
            let end = value.bytes().position(|byte| byte == b',');
            seconds(value.get(..end.unwrap_or(value.len()))?.trim_ascii())?
        }
    };
    Some(delay.min(MAX_RETRY_AFTER))
}

/// Seconds as servers and proxies write them: `120`, also `1.5` and `1e3`. By hand: the standard
/// library's parser of floats takes 14 KB of a small program, for this one header.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.as_bytes();
    let exponent_at = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (number, exponent) = match exponent_at {
        Some(at) => (text.get(..at)?, exponent(text.get(at + 1..)?)?),
        None => (text, 0),
    };
    let whole = number
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let fraction = match number.get(whole..)? {
        [b'.', fraction @ ..] => fraction,
        [] => &[],
        _ => return None,
    };
    if whole == 0 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // The digits without their point, and zeros on both sides.
    let digits = |range: core::ops::Range<i32>, most: u32| {
        range.fold(0_u32, |sum, index| {
            let index = index as usize;
            let digit = number.get(index.wrapping_add(usize::from(index >= whole)));
            most.min(sum * 10 + digit.map_or(0, |digit| u32::from(digit & 0xF)))
        })
    };
    // Further out there are only zeros, or more than ten minutes.
    let point = (whole as i32)
        .saturating_add(exponent)
        .clamp(-9, number.len() as i32 + 4);
    let seconds = digits(0..point, MAX_RETRY_AFTER.as_secs() as u32);
    let nanos = digits(point..point + 9, u32::MAX);
    Some(Duration::new(seconds.into(), nanos))
}

/// A whole number of at most nine digits.
fn exponent(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if !(1..=9).contains(&digits.len()) {
        return None;
    }
    let number = number(digits)? as i32;
    Some(if negative { -number } else { number })
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
    const FORM: &[u8; 29] = b"___, __ ___ ____ __:__:__ GMT";
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let text = text.trim_ascii().as_bytes();
    let has_form = |(byte, form): (&u8, &u8)| byte == form || *form == b'_';
    if text.len() != FORM.len() || !text.iter().zip(FORM).all(has_form) {
        return None;
    }
    let name = text.get(8..11)?;
    let month = (1..)
        .zip(MONTHS.chunks_exact(3))
        .find(|(_, month)| *month == name)?
        .0;
    let at = |from: usize| number(text.get(from..from + 2)?);
    let (day, hour, minute, second) = (at(5)?, at(17)?, at(20)?, at(23)?);
    let year = number(text.get(12..16)?)?;
    let in_range = year >= 1970
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        // A leap second.
        && second <= 60;
    if !in_range {
        return None;
    }
    let of_day = hour * 3600 + minute * 60 + second;
    Some(unix_days(year, month, day) * 86_400 + i64::from(of_day))
}

/// A number of at most nine digits.
#[inline(never)]
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum: u32, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + u32::from(digit & 0xF))
    })
}
