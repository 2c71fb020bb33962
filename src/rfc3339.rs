//! RFC 3339: parsing and formatting of timestamps, with the calendar.

use core::fmt;

use crate::FAST_PATHS;
use crate::swar::{HIGH, ZEROS, are_digits, eight_digits};

/// The reason why a text isn't a [`Timestamp`](crate::Timestamp).
///
/// ```
/// use influx_edge::{Timestamp, TimestampError};
///
/// assert_eq!(
///     Timestamp::parse("2026-02-30T00:00:00Z"),
///     Err(TimestampError::Field)
/// );
/// assert_eq!(
///     Timestamp::parse("2016-12-31T23:59:60Z"),
///     Err(TimestampError::LeapSecond)
/// );
/// assert_eq!(
///     Timestamp::parse("2500-01-01T00:00:00Z"),
///     Err(TimestampError::OutOfRange)
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimestampError {
    /// Not of the form `2023-11-14T22:13:20.123456789Z`.
    Syntax,
    /// The form is right, but there is no such month, day, hour, minute, second or offset.
    Field,
    /// A leap second (`:60`): the server's time scale has none and rejects them too.
    LeapSecond,
    /// More than nine fraction digits: below a nanosecond nothing can be kept.
    TooPrecise,
    /// Before 1677-09-21T00:12:43.145224192Z or after 2262-04-11T23:47:16.854775807Z.
    OutOfRange,
}

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimestampError::Syntax => "not an RFC 3339 time",
            TimestampError::Field => "no such date or time of day",
            TimestampError::LeapSecond => "leap seconds are not supported",
            TimestampError::TooPrecise => "more than nine fraction digits",
            TimestampError::OutOfRange => "time outside the years 1677 to 2262",
        })
    }
}

impl core::error::Error for TimestampError {}

/// Parses the first `len` bytes of `tail`, in any form of RFC 3339, and returns nanoseconds since 1970.
//
// Nearly all times have one form, which is read eight bytes at a time. For that it may read bytes of `tail` behind
// `len`.
#[inline]
pub(crate) fn parse(tail: &[u8], len: usize) -> Result<i64, TimestampError> {
    if FAST_PATHS {
        if let Some(time) = common_form::<true>(tail, len) {
            return Ok(time);
        }
    }
    parse_bytes(tail.get(..len).unwrap_or_default(), false)
}

/// Parses the same as InfluxDB 3 writes it: without a zone, which means UTC, or as a bare date, which means its
/// midnight.
#[cfg(feature = "v3")]
#[inline]
pub(crate) fn parse_utc(tail: &[u8], len: usize) -> Result<i64, TimestampError> {
    if FAST_PATHS {
        if let Some(time) = common_form::<false>(tail, len) {
            return Ok(time);
        }
    }
    let text = tail.get(..len).unwrap_or_default();
    if let Ok(date) = <[u8; 10]>::try_from(text) {
        let mut midnight = *b"0000-00-00T00:00:00";
        if let Some(start) = midnight.first_chunk_mut() {
            *start = date;
        }
        return parse_bytes(&midnight, true);
    }
    parse_bytes(text, true)
}

/// Parses every form, byte by byte, so that a cell needs no UTF-8 check. With `utc` the zone may be absent.
fn parse_bytes(text: &[u8], utc: bool) -> Result<i64, TimestampError> {
    const FORM: &[u8; 19] = b"0000-00-00T00:00:00";
    let Some((whole, rest)) = text.split_first_chunk::<{ FORM.len() }>() else {
        return Err(TimestampError::Syntax);
    };
    let mut numbers = [0; 6];
    let mut next = numbers.iter_mut();
    let mut number = next.next();
    for (&byte, &form) in whole.iter().zip(FORM) {
        let digit = byte.wrapping_sub(b'0');
        match &mut number {
            Some(number) if form == b'0' && digit <= 9 => {
                **number = **number * 10 + u32::from(digit);
            }
            _ if byte == form || (form == b'T' && byte == b't') => number = next.next(),
            _ => return Err(TimestampError::Syntax),
        }
    }
    let [year, month, day, hour, minute, second] = numbers;
    let (nanos, rest) = fraction(rest)?;
    let offset = match rest {
        [] if utc => 0,
        rest => offset_seconds(rest)?,
    };
    if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return Err(TimestampError::Field);
    }
    if hour > 23 || minute > 59 || second > 60 {
        return Err(TimestampError::Field);
    }
    if second == 60 {
        return Err(TimestampError::LeapSecond);
    }
    // Outside these years no instant fits; inside them 32 bits hold every step below.
    if !(1677..=2262).contains(&year) {
        return Err(TimestampError::OutOfRange);
    }
    let days = unix_days(year, month, day);
    let seconds = days * 86_400 + i64::from(hour * 3600 + minute * 60 + second) - offset;
    join(seconds, nanos)
}

/// Days from 0000-03-01 to 1970-01-01 in the proleptic Gregorian calendar.
const EPOCH_DAYS: i64 = 719_468;

/// Parses `2023-11-14T22:13:20Z` and `2023-11-14T22:13:20.123456789Z`, or both without the `Z`. Returns `None`
/// for any other form, right or wrong.
//
// Three words of eight bytes cover the form, the third overlapping the second: `2023-11-`, `14T22:13`, `22:13:20`.
// Each is checked and converted by SWAR (`pairs`).
#[inline]
fn common_form<const ZONE: bool>(tail: &[u8], len: usize) -> Option<i64> {
    let (date, rest) = tail.split_first_chunk()?;
    let (day, _) = rest.split_first_chunk()?;
    let clock = tail.get(11..)?.first_chunk()?;
    let date = pairs(*date, *b"0000-00-")?;
    let day_and_hour = pairs(*day, *b"00T00:00")?;
    let clock = pairs(*clock, *b"00:00:00")?;
    let nanos = if ZONE {
        match (len.checked_sub(20)?, tail.get(19)?) {
            (0, b'Z') => 0,
            (1.., b'.') if *tail.get(len - 1)? == b'Z' => {
                fraction_digits(tail.get(20..)?, len - 21)?
            }
            _ => return None,
        }
    } else {
        match len.checked_sub(19)? {
            0 => 0,
            _ if *tail.get(19)? == b'.' => fraction_digits(tail.get(20..)?, len - 20)?,
            _ => return None,
        }
    };
    let [century, _, year, _, _, month, ..] = date.to_le_bytes();
    let [day, _, _, hour, _, _, minute, _] = day_and_hour.to_le_bytes();
    let [.., second, _] = clock.to_le_bytes();
    let year = u32::from(century) * 100 + u32::from(year);
    let (month, day) = (u32::from(month), u32::from(day));
    let in_range = (1678..=2261).contains(&year)
        && (1..=12).contains(&month)
        && day > 0
        && (day <= 28 || day <= days_in_month(year, month))
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    let seconds = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
    let days = unix_days(year, month, day);
    // Far from overflow in these years.
    Some((days * 86_400 + i64::from(seconds)) * 1_000_000_000 + i64::from(nanos))
}

/// Checks eight bytes of digits and separators against `form`. Returns them with each byte that has a digit
/// behind it replaced by the number of the two.
#[inline]
fn pairs(text: [u8; 8], form: [u8; 8]) -> Option<u64> {
    let digits = u64::from_le_bytes(text) ^ u64::from_le_bytes(form);
    // A digit may be 0 to 9, a separator has to be 0: added to these, more reaches the high bit.
    let limits = form.map(|byte| if byte == b'0' { 0x76 } else { 0x7F });
    let over = digits.wrapping_add(u64::from_le_bytes(limits)) | digits;
    (over & HIGH == 0).then_some(digits.wrapping_mul(10).wrapping_add(digits >> 8))
}

/// Returns one to nine digits at the start of `tail` as nanoseconds.
#[inline]
fn fraction_digits(tail: &[u8], len: usize) -> Option<u32> {
    if !(1..=9).contains(&len) {
        return None;
    }
    let word = u64::from_le_bytes(*tail.first_chunk()?) ^ ZEROS;
    // Zeros in place of the bytes behind the digits.
    let digits = word & (u64::MAX >> (64 - 8 * len.min(8)));
    if !are_digits(digits) {
        return None;
    }
    let ninth = match len {
        9 => tail.get(8)?.wrapping_sub(b'0'),
        _ => 0,
    };
    if ninth > 9 {
        return None;
    }
    // Eight digits: below 10^8.
    let eight = u32::try_from(eight_digits(digits)).ok()?;
    Some(eight * 10 + u32::from(ninth))
}

/// Returns the nanoseconds of an optional `.123`, and the rest.
#[inline]
fn fraction(text: &[u8]) -> Result<(u32, &[u8]), TimestampError> {
    let [b'.', rest @ ..] = text else {
        return Ok((0, text));
    };
    let (mut rest, mut nanos, mut scale) = (rest, 0, 1_000_000_000);
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        if scale == 1 {
            return Err(TimestampError::TooPrecise);
        }
        scale /= 10;
        nanos = nanos * 10 + u32::from(digit - b'0');
        rest = tail;
    }
    if scale == 1_000_000_000 {
        return Err(TimestampError::Syntax);
    }
    Ok((nanos * scale, rest))
}

/// Returns the seconds east of UTC of `Z`, `+hh:mm` or `-hh:mm`, without anything behind it.
#[inline]
fn offset_seconds(text: &[u8]) -> Result<i64, TimestampError> {
    match text {
        [b'Z' | b'z'] => Ok(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two_digits(*h1, *h2)?, two_digits(*m1, *m2)?);
            if hours > 23 || minutes > 59 {
                return Err(TimestampError::Field);
            }
            let seconds = i64::from(hours * 3600 + minutes * 60);
            Ok(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => Err(TimestampError::Syntax),
    }
}

fn two_digits(tens: u8, ones: u8) -> Result<u32, TimestampError> {
    match (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0')) {
        (tens @ 0..=9, ones @ 0..=9) => Ok(u32::from(tens) * 10 + u32::from(ones)),
        _ => Err(TimestampError::Syntax),
    }
}

pub(crate) fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Returns the days since 1970-01-01, negative before. Month 13 is the next year's first.
#[inline]
pub(crate) fn unix_days(year: u32, month: u32, day: u32) -> i64 {
    i64::from(days_from_civil(year, month, day)) - EPOCH_DAYS
}

/// Returns the days since 0000-03-01.
//
// Howard Hinnant, "chrono-compatible low-level date algorithms". The year starts in March, so the leap day is its
// last day, and no month's start depends on it. March to July have 31, 30, 31, 30 and 31 days, and so have August
// to December: 153 days in five months, so (153 · month + 2) / 5 is the number of days before a month. The years
// before have 365 days each, plus one in four, less one in a hundred, plus one in four hundred.
fn days_from_civil(year: u32, month: u32, day: u32) -> u32 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let century = year / 100;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year / 4 - century + century / 4 + day_of_year
}

/// Returns the year, month and day of a number of days since 0000-03-01.
//
// The inverse, after the same source. An era is 400 years, 146 097 days, after which the calendar repeats. Within
// it, day / 365 would give a year too many near the end of some years. Without the leap days before it all
// years have 365 days: one in 1460 days, but for one in 36 524, and the last day of the era.
fn civil_from_days(days: u32) -> (u32, u32, u32) {
    let era = days / 146_097;
    let day = days % 146_097;
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = year + era * 400;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

/// Joins whole seconds, rounded down, and nanoseconds. In the first second of the range `seconds * 10^9` alone
/// would overflow, so a negative time is counted back from the second above.
fn join(seconds: i64, nanos: u32) -> Result<i64, TimestampError> {
    let (seconds, nanos) = if seconds < 0 && nanos > 0 {
        (seconds + 1, i64::from(nanos) - 1_000_000_000)
    } else {
        (seconds, i64::from(nanos))
    };
    seconds
        .checked_mul(1_000_000_000)
        .and_then(|whole| whole.checked_add(nanos))
        .ok_or(TimestampError::OutOfRange)
}

/// Writes nanoseconds since 1970 in UTC, with nine fraction digits or with as many as it takes.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, time: i64, all_digits: bool) -> fmt::Result {
    let seconds = time.div_euclid(1_000_000_000);
    // In range: the remainder is below 10^9.
    let nanos = u32::try_from(time.rem_euclid(1_000_000_000)).unwrap_or(0);
    // Both fit: an i64 of nanoseconds is less than 107 000 days either way.
    let days = u32::try_from(seconds.div_euclid(86_400) + EPOCH_DAYS).unwrap_or(0);
    let second = u32::try_from(seconds.rem_euclid(86_400)).unwrap_or(0);
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    write!(
        f,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    )?;
    if all_digits {
        write!(f, ".{nanos:09}")?;
    } else if nanos != 0 {
        let (mut digits, mut width) = (nanos, 9);
        while digits % 10 == 0 {
            digits /= 10;
            width -= 1;
        }
        write!(f, ".{digits:0width$}")?;
    }
    f.write_str("Z")
}

#[cfg(test)]
#[path = "tests/rfc3339.rs"]
mod tests;
