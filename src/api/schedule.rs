//! The schedule of a task: the line `option task = {…}` of its Flux.

use crate::error::Error;
use crate::flux::to_literal;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;
use core::time::Duration;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};

/// The interval between a task's runs, or their offset.
///
/// A [`Duration`] in whole seconds, or a Flux duration as text: `1h30m`, `1d`, `1mo`.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use core::time::Duration;
/// use influx_edge::api::{Interval, NewTask};
///
/// assert_eq!(
///     Interval::from(Duration::from_secs(5_400)),
///     Interval::from("1h30m")
/// );
/// // Any other text is an error of the call, and nothing is sent.
/// let task = NewTask::every(
///     "hourly",
///     "1.5h",
///     r#"from(bucket: "sensors") |> range(start: -1h)"#,
/// );
/// assert!(client.tasks().create(&task).unwrap_err().is_config());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval(Result<String, String>);

impl From<Duration> for Interval {
    fn from(time: Duration) -> Self {
        if time.subsec_nanos() != 0 {
            return Interval(Err(format!(
                "a task's times are whole seconds, not {time:?}"
            )));
        }
        let mut left = time.as_secs();
        let mut text = String::new();
        // No unit above hours, which an offset can't have.
        for (unit, seconds) in [("h", 3_600), ("m", 60), ("s", 1)] {
            if left >= seconds {
                let _ = write!(text, "{}{unit}", left / seconds);
                left %= seconds;
            }
        }
        if text.is_empty() {
            text.push_str("0s");
        }
        Interval(Ok(text))
    }
}

impl From<&str> for Interval {
    fn from(text: &str) -> Self {
        if is_duration(text) {
            Interval(Ok(text.to_owned()))
        } else {
            Interval(Err(format!(
                "{text:?} is no duration as Flux writes one: 1h30m, 1d, 1mo"
            )))
        }
    }
}

impl From<String> for Interval {
    fn from(text: String) -> Self {
        Interval::from(text.as_str())
    }
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.as_ref().map_err(S::Error::custom)?;
        serializer.serialize_str(text)
    }
}

impl Interval {
    /// The text, or the reason that it can't be one.
    pub(super) fn text(&self) -> Result<&str, Error> {
        match &self.0 {
            Ok(text) => Ok(text),
            Err(why) => Err(Error::config(why.as_str())),
        }
    }

    /// The text as an offset, which the server parses by Go's `time.ParseDuration`: its units end at the
    /// hour.
    pub(super) fn offset(&self) -> Result<&str, Error> {
        let text = self.text()?;
        if text.contains(['y', 'w', 'd']) || text.contains("mo") {
            return Err(Error::config(format!(
                "{text:?} can't be a task's offset: the server takes hours and shorter units (24h instead of 1d)"
            )));
        }
        Ok(text)
    }

    /// The text of an interval, which must not be zero.
    pub(super) fn positive(&self) -> Result<&str, Error> {
        let text = self.text()?;
        if text.bytes().any(|b| matches!(b, b'1'..=b'9')) {
            Ok(text)
        } else {
            Err(Error::config("a task can't run every zero seconds"))
        }
    }
}

/// Returns `true` if a text is numbers with units, and so can't be anything else in a script than a
/// duration.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    let mut parts = 0u32;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let units = tail
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(units);
        let known = matches!(
            unit,
            "y" | "mo" | "w" | "d" | "h" | "m" | "s" | "ms" | "us" | "µs" | "ns"
        );
        if number.is_empty() || !known {
            return false;
        }
        rest = tail;
        parts = parts.saturating_add(1);
    }
    parts > 0
}

/// Rejects a schedule that never comes, such as `0 0 30 2 *`. InfluxDB 2.9.1 stores one in an update, and
/// from then on rejects every change that keeps the schedule.
pub(super) fn check_cron(cron: &str) -> Result<&str, Error> {
    if cron.trim().is_empty() {
        return Err(Error::config("the cron schedule is empty"));
    }
    // Five fields, or six with seconds, or seven with years. The rest, such as `@daily`, is for the server
    // to check.
    let fields = cron.split_whitespace().count();
    let skipped = match fields {
        5 => 2,
        6 | 7 => 3,
        _ => return Ok(cron),
    };
    let mut dates = cron.split_whitespace().skip(skipped);
    let (days, months) = (dates.next().unwrap_or("*"), dates.next().unwrap_or("*"));
    let day = days.split(',').map(first_day).min().unwrap_or(1);
    let comes = months.split(',').any(|month| day <= length(month));
    if (30..=31).contains(&day) && !comes {
        return Err(Error::config(format!(
            "the cron schedule {cron:?} never comes: none of its months has {day} days"
        )));
    }
    Ok(cron)
}

/// The first day of one item of a list; 1 if that isn't known.
fn first_day(item: &str) -> u8 {
    let first = item.split(['-', '/']).next().unwrap_or(item);
    first.parse().unwrap_or(1)
}

/// The number of days in the month that an item of a list names; 31 if that isn't known.
fn length(item: &str) -> u8 {
    let range = item.split('/').next().unwrap_or(item);
    let item = match range.split_once('-') {
        // One month as a range.
        Some((first, last)) if first.eq_ignore_ascii_case(last) => first,
        _ => item,
    };
    let is = |number: u8, name: &str| item.parse() == Ok(number) || item.eq_ignore_ascii_case(name);
    if is(2, "feb") {
        return 29;
    }
    match is(4, "apr") || is(6, "jun") || is(9, "sep") || is(11, "nov") {
        true => 30,
        false => 31,
    }
}

/// The schedule of a task.
#[derive(Clone, Debug)]
pub(super) enum When {
    Every(Interval),
    Cron(String),
}

/// The script of a task with its option.
pub(super) fn with_option(
    name: &str,
    when: &When,
    offset: Option<&Interval>,
    flux: &str,
) -> Result<String, Error> {
    let name = to_literal(name)?;
    let mut option = format!("option task = {{name: {name}, ");
    match when {
        When::Every(every) => {
            option.push_str("every: ");
            option.push_str(every.positive()?);
        }
        When::Cron(cron) => {
            option.push_str("cron: ");
            option.push_str(&to_literal(check_cron(cron)?)?);
        }
    }
    if let Some(offset) = offset {
        option.push_str(", offset: ");
        option.push_str(offset.offset()?);
    }
    option.push('}');
    Ok(if begins_with_imports(flux) {
        // Flux requires imports before every statement, so the option follows the whole script.
        format!("{flux}\n\n{option}\n")
    } else {
        format!("{option}\n{flux}")
    })
}

/// Returns `true` if a script begins, after comments, with a clause that has to stay first.
fn begins_with_imports(flux: &str) -> bool {
    let mut rest = flux.trim_start();
    while let Some(comment) = rest.strip_prefix("//") {
        rest = comment
            .split_once('\n')
            .map_or("", |(_, next)| next)
            .trim_start();
    }
    // An attribute (`@edition`) may stand before the package clause.
    rest.starts_with('@')
        || ["import", "package"].iter().any(|word| {
            rest.strip_prefix(word)
                .is_some_and(|after| after.starts_with(|c: char| c.is_whitespace() || c == '"'))
        })
}

#[cfg(test)]
#[path = "tests/schedule.rs"]
mod tests;
