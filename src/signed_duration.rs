//! `SignedDuration`: a duration that may be negative, as in Flux.

use core::fmt;
use core::time::Duration;

const MICRO: i64 = 1_000;
const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// A duration in nanoseconds that may be negative: the `-1h` of `range(start: -1h)`.
///
/// The field is the number of nanoseconds. Constructors and operators saturate at the range of an `i64`, 292 years
/// in both directions. `Display` writes a Flux literal, and `FromStr` parses one.
///
/// ```
/// use influx_edge::SignedDuration;
///
/// assert_eq!(SignedDuration::hours(-1).to_string(), "-1h");
/// assert_eq!(SignedDuration(1_500_000_000).to_string(), "1s500ms");
/// assert_eq!("-1h30m".parse(), Ok(SignedDuration::minutes(-90)));
/// assert_eq!(SignedDuration::seconds(-3).as_millis(), -3_000);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignedDuration(pub i64);

macro_rules! units {
    ($($(#[$doc:meta])* $name:ident $unit:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub const fn $name(count: i64) -> SignedDuration {
            SignedDuration(count.saturating_mul($unit))
        }
    )*};
}

impl SignedDuration {
    units! {
        /// Returns a number of weeks of seven days.
        weeks WEEK;
        /// Returns a number of days of 24 hours.
        days DAY;
        /// Returns a number of hours.
        hours HOUR;
        /// Returns a number of minutes.
        minutes MINUTE;
        /// Returns a number of seconds.
        seconds SECOND;
        /// Returns a number of milliseconds.
        millis MILLI;
        /// Returns a number of microseconds.
        micros MICRO;
    }

    /// Returns the negative of a duration: the start of a range that begins so long ago.
    ///
    /// ```
    /// use influx_edge::SignedDuration;
    /// use std::time::Duration;
    ///
    /// assert_eq!(
    ///     SignedDuration::ago(Duration::from_secs(3600)),
    ///     SignedDuration::hours(-1)
    /// );
    /// ```
    #[must_use]
    pub const fn ago(duration: Duration) -> SignedDuration {
        let nanos = duration.as_nanos();
        // (`i64::try_from` isn't const.)
        if nanos > i64::MAX as u128 {
            return SignedDuration(i64::MIN);
        }
        SignedDuration(-(nanos as i64))
    }

    /// Returns the whole microseconds, rounded towards zero.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0 / MICRO
    }

    /// Returns the whole milliseconds, rounded towards zero.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0 / MILLI
    }

    /// Returns the whole seconds, rounded towards zero.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0 / SECOND
    }

    /// Returns the duration without its sign.
    ///
    /// ```
    /// use influx_edge::SignedDuration;
    /// use std::time::Duration;
    ///
    /// assert_eq!(SignedDuration::seconds(-5).unsigned_abs(), Duration::from_secs(5));
    /// ```
    #[must_use]
    pub const fn unsigned_abs(self) -> Duration {
        Duration::from_nanos(self.0.unsigned_abs())
    }
}

/// Saturates: of the most negative duration, returns the longest.
impl core::ops::Neg for SignedDuration {
    type Output = SignedDuration;

    fn neg(self) -> SignedDuration {
        SignedDuration(self.0.saturating_neg())
    }
}

/// Returns [`DurationError::OutOfRange`] for more than 292 years.
impl TryFrom<Duration> for SignedDuration {
    type Error = DurationError;

    fn try_from(duration: Duration) -> Result<SignedDuration, DurationError> {
        let nanos = i64::try_from(duration.as_nanos());
        nanos
            .map(SignedDuration)
            .map_err(|_| DurationError::OutOfRange)
    }
}

/// Returns [`DurationError::OutOfRange`] for a negative duration.
impl TryFrom<SignedDuration> for Duration {
    type Error = DurationError;

    fn try_from(duration: SignedDuration) -> Result<Duration, DurationError> {
        let nanos = u64::try_from(duration.0);
        nanos
            .map(Duration::from_nanos)
            .map_err(|_| DurationError::OutOfRange)
    }
}

/// Writes a Flux literal, in whole units from days down: `-1h30m`, `0ns`.
impl fmt::Display for SignedDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(i64, &str); 7] = [
            (DAY, "d"),
            (HOUR, "h"),
            (MINUTE, "m"),
            (SECOND, "s"),
            (MILLI, "ms"),
            (MICRO, "us"),
            (1, "ns"),
        ];
        let mut left = self.0.unsigned_abs();
        if left == 0 {
            return f.write_str("0ns");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        for (unit, name) in UNITS {
            let unit = unit.unsigned_abs();
            if left >= unit {
                write!(f, "{}{name}", left / unit)?;
                left %= unit;
            }
        }
        Ok(())
    }
}

/// Parses numbers with units, as in Flux: `-1h`, `1w2d`, `90m`; the units are `w`, `d`, `h`, `m`, `s`,
/// `ms`, `us` and `ns`. A number may have a fraction, `1.5s`, as in Go. Rejects a number without a unit, and months
/// (`mo`) and years (`y`), whose length isn't fixed.
impl core::str::FromStr for SignedDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<SignedDuration, DurationError> {
        parse_units(text.as_bytes()).map(SignedDuration)
    }
}

/// The reason why a text or a value isn't a [`SignedDuration`].
///
/// ```
/// use influx_edge::{DurationError, SignedDuration};
///
/// assert_eq!("1mo".parse::<SignedDuration>(), Err(DurationError::Calendar));
/// // A unit is missing:
/// assert_eq!("90".parse::<SignedDuration>(), Err(DurationError::Syntax));
/// assert_eq!(
///     "300000d".parse::<SignedDuration>(),
///     Err(DurationError::OutOfRange)
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DurationError {
    /// Not of the form `-1h30m`: numbers, each with a unit.
    Syntax,
    /// With a unit of the calendar, `mo` or `y`: months and years have no fixed length.
    Calendar,
    /// More than 292 years, or negative where it can't be.
    OutOfRange,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DurationError::Syntax => "not a duration such as -1h30m",
            DurationError::Calendar => "months and years have no fixed length",
            DurationError::OutOfRange => "the duration is out of range",
        })
    }
}

impl core::error::Error for DurationError {}

/// Parses numbers with units, and returns nanoseconds.
pub(crate) fn parse_units(text: &[u8]) -> Result<i64, DurationError> {
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if rest.is_empty() {
        return Err(DurationError::Syntax);
    }
    // The negative of the total is summed up, because i64::MIN has no positive.
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let (whole, tail) = take_while(rest, u8::is_ascii_digit);
        let (fraction, tail) = match tail {
            [b'.', tail @ ..] => take_while(tail, u8::is_ascii_digit),
            tail => (&b""[..], tail),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(DurationError::Syntax);
        }
        let (unit, tail) = take_while(tail, |byte| !byte.is_ascii_digit() && *byte != b'.');
        let unit = unit_nanos(unit)?;
        let nanos = whole_number(whole)
            .and_then(|whole| whole.checked_mul(unit))
            .and_then(|nanos| nanos.checked_add(part_nanos(fraction, unit)))
            .ok_or(DurationError::OutOfRange)?;
        total = total.checked_sub(nanos).ok_or(DurationError::OutOfRange)?;
        rest = tail;
    }
    if negative {
        Ok(total)
    } else {
        total.checked_neg().ok_or(DurationError::OutOfRange)
    }
}

/// Returns the value of digits, 0 without any.
fn whole_number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |value, digit| {
        let digit = i64::from(digit.wrapping_sub(b'0'));
        value.checked_mul(10)?.checked_add(digit)
    })
}

fn unit_nanos(unit: &[u8]) -> Result<i64, DurationError> {
    Ok(match unit {
        b"ns" => 1,
        // Micro is written as u, as the micro sign or as the Greek letter.
        b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" => MICRO,
        b"ms" => MILLI,
        b"s" => SECOND,
        b"m" => MINUTE,
        b"h" => HOUR,
        b"d" => DAY,
        b"w" => WEEK,
        b"mo" | b"y" => return Err(DurationError::Calendar),
        _ => return Err(DurationError::Syntax),
    })
}

/// Returns the fraction of a unit, cut off below a nanosecond. (A week of nanoseconds has 15 digits, so further
/// digits of the fraction don't matter.)
fn part_nanos(fraction: &[u8], unit: i64) -> i64 {
    let (mut nanos, mut scale) = (0, 1);
    for &digit in fraction.iter().take(15) {
        // 10^15 at most, times a digit: far from overflow; the product below is taken wide.
        nanos = nanos * 10 + i128::from(digit.wrapping_sub(b'0'));
        scale *= 10;
    }
    i64::try_from(nanos * i128::from(unit) / scale).unwrap_or(0)
}

fn take_while(text: &[u8], keep: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    let len = text.iter().take_while(|byte| keep(byte)).count();
    text.split_at_checked(len).unwrap_or((text, &[]))
}
