//! `Retry-After` (RFC 9110 §10.2.3) and the dates of HTTP (§5.6.7).

use super::words::{number, trim};
use crate::rfc3339::unix_days;
use core::time::Duration;

/// The longest delay that a server gets.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);

/// Returns the delay in a `Retry-After` header, at most ten minutes.
///
/// The header has whole or decimal seconds, or a date.
///
/// A date is relative to the response's own `Date`, because this machine's clock may not be set. A date in
/// the past is zero. Returns `None` if the value can't be read, or if it is a date and the response has no
/// `Date`. Of values that a proxy joined with a comma, the first counts. Nothing allocates.
///
/// ```
/// use core::time::Duration;
/// use influx_edge::http::retry_after;
///
/// assert_eq!(retry_after("120", None), Some(Duration::from_secs(120)));
/// assert_eq!(retry_after("0.5", None), Some(Duration::from_millis(500)));
/// let date = Some("Sun, 22 Nov 2026 06:00:00 GMT");
/// assert_eq!(
///     retry_after("Sun, 22 Nov 2026 06:00:09 GMT", date),
///     Some(Duration::from_secs(9))
/// );
/// assert_eq!(retry_after("1e12", None), Some(Duration::from_secs(600)));
/// assert_eq!(retry_after("soon", None), None);
/// ```
#[must_use]
pub fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    if let Some(then) = parse_date(value) {
        let seconds = then - parse_date(date?)?;
        let most = MAX_RETRY_AFTER.as_secs() as i64;
        return Some(Duration::from_secs(seconds.clamp(0, most) as u64));
    }
    let value = value.as_bytes().split(|byte| *byte == b',').next()?;
    let micros = micros(trim(value))?;
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    Some(Duration::new(seconds.into(), micros * 1000))
}

/// Parses seconds as servers and proxies write them, `120`, `1.5` or `1e3`, into microseconds, at most
/// `MAX_RETRY_AFTER`.
//
// The standard library's parser of floats takes 14 KB of a small program, for this one header. Here the
// number is kept as `digits * 10^zeros` in microseconds. Nine significant digits are enough, so neither
// overflows; further digits before the point only add to the exponent.
fn micros(text: &[u8]) -> Option<u32> {
    const MOST: u32 = MAX_RETRY_AFTER.as_micros() as u32;
    text.first().filter(|first| first.is_ascii_digit())?;
    let (mut digits, mut zeros) = (0, 6_i32);
    let mut in_fraction = false;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'0'..=b'9' if digits < 100_000_000 => {
                digits = digits * 10 + u32::from(byte & 0xF);
                zeros -= i32::from(in_fraction);
            }
            b'0'..=b'9' => zeros += i32::from(!in_fraction),
            b'.' if !in_fraction => in_fraction = true,
            b'e' | b'E' => {
                zeros = zeros.saturating_add(exponent(bytes.as_slice())?);
                break;
            }
            _ => return None,
        }
    }
    // Ten steps up exceed ten minutes, and ten down leave nothing: no more are needed.
    for _ in 0..zeros.min(10) {
        digits = digits.saturating_mul(10);
    }
    for _ in zeros.max(-10)..0 {
        digits /= 10;
    }
    Some(digits.min(MOST))
}

fn exponent(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] | digits => (1, digits),
    };
    Some(sign * i32::try_from(number(digits, 10)?).unwrap_or(i32::MAX))
}

/// Parses the value of a `Date` header into seconds since 1970-01-01 UTC.
///
/// The form is `Sun, 06 Nov 1994 08:49:37 GMT`. A device without a clock can set its own by it.
///
/// The form is the `IMF-fixdate` of RFC 9110 §5.6.7. The two obsolete forms return `None`. The day of the
/// week isn't checked. Nothing allocates.
///
/// ```
/// use influx_edge::http::parse_date;
///
/// assert_eq!(parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
/// assert_eq!(parse_date("Sun, 31 Feb 1994 08:49:37 GMT"), None);
/// ```
#[must_use]
pub fn parse_date(text: &str) -> Option<i64> {
    // A template: a digit is the index of the part that a digit of the text belongs to, and an underscore
    // accepts any byte.
    const FORM: &[u8; 29] = b"___, 00 ___ 1111 22:33:44 GMT";
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let text = trim(text.as_bytes());
    if text.len() != FORM.len() {
        return None;
    }
    let mut parts = [0_u16; 5];
    for (byte, form) in text.iter().zip(FORM) {
        match parts.get_mut(usize::from(form.wrapping_sub(b'0'))) {
            Some(part) if byte.is_ascii_digit() => *part = *part * 10 + u16::from(byte & 0xF),
            None if byte == form || *form == b'_' => {}
            _ => return None,
        }
    }
    let [day, year, hour, minute, second] = parts;
    let name = text.get(8..11)?;
    let month = (1..)
        .zip(MONTHS.chunks_exact(3))
        .find(|(_, month)| *month == name)?
        .0;
    if year < 1970 {
        return None;
    }
    let (year, day) = (u32::from(year), i64::from(day));
    let [before, last] = [month, month + 1].map(|month| unix_days(year, month, 1) - 1);
    let in_range = (1..=last - before).contains(&day)
        && hour < 24
        && minute < 60
        // 60 is a leap second.
        && second <= 60;
    let of_day = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
    in_range.then(|| (before + day) * 86_400 + i64::from(of_day))
}
