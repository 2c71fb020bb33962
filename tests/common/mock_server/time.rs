//! RFC 3339 to nanoseconds and back. It doesn't use the crate's code, because it would then have the same
//! mistakes.

use std::time::{SystemTime, UNIX_EPOCH};

const SECOND: i128 = 1_000_000_000;

/// Nanoseconds since 1970, now.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("a clock after 1970").as_nanos()).expect("a clock before 2262")
}

/// `2023-11-14T22:13:20.5Z` (or with an offset, or the date alone) to nanoseconds since 1970.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let date = text.get(..10)?;
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let mut nanos = i128::from(days_from_civil(year, month, day)) * 86_400 * SECOND;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return i64::try_from(nanos).ok();
    }
    let rest = rest.strip_prefix('T')?;
    let clock_end = rest.find(['Z', '+', '-'])?;
    let (clock, zone) = rest.split_at(clock_end);
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    nanos += i128::from(seconds(whole, true)?) * SECOND;
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if !fraction.is_empty() {
        nanos += format!("{fraction:0<9}").parse::<i128>().ok()?;
    }
    let offset = match zone.split_at(1) {
        ("Z", "") => 0,
        ("+", offset) => seconds(offset, false)?,
        (_, offset) => -seconds(offset, false)?,
    };
    i64::try_from(nanos - i128::from(offset) * SECOND).ok()
}

/// Nanoseconds since 1970 as the server prints them: UTC, up to nine digits, no trailing zero.
pub(crate) fn format(nanos: i64) -> String {
    let (seconds, fraction) = (
        nanos.div_euclid(1_000_000_000),
        nanos.rem_euclid(1_000_000_000),
    );
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        text += format!(".{fraction:09}").trim_end_matches('0');
    }
    text + "Z"
}

/// `22:13:20` or `22:13` in seconds.
fn seconds(text: &str, whole_clock: bool) -> Option<i64> {
    let mut total = 0;
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() != if whole_clock { 3 } else { 2 } {
        return None;
    }
    for (part, unit) in parts.iter().zip([3600, 60, 1]) {
        if part.len() != 2 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        total += part.parse::<i64>().ok()? * unit;
    }
    Some(total)
}

// Years are counted from March, so that the leap day is the last of its year; 400 years are one
// whole turn of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (turn, year) = (year.div_euclid(400), year.rem_euclid(400));
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    turn * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (turn, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = turn * 400 + year + i64::from(month <= 2);
    (year, month, day)
}
