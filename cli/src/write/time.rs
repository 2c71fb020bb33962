//! Times from text: numbers of a declared unit, RFC 3339, and its variants in databases and spreadsheets.

use influx_edge::{Precision, Timestamp, TimestampError};
use std::fmt;

/// The declared form of an input's times.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// The unit of numbers. There is no default: seconds read as nanoseconds would be written to 1970.
    pub(crate) unit: Option<Precision>,
    /// `true` if times without an offset are in UTC.
    pub(crate) utc: bool,
}

/// The reason why a text isn't a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoTime {
    Empty,
    /// A number, and no unit was declared.
    Unit,
    /// Digits below a nanosecond.
    TooPrecise,
    /// Neither an offset nor a `Z`, and UTC was not declared.
    Offset,
    Text(TimestampError),
}

impl Clock {
    /// Parses a time, without rounding.
    pub(crate) fn read(self, text: &str) -> Result<Timestamp, NoTime> {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Err(NoTime::Empty);
        }
        if let Some(number) = Decimal::of(text) {
            let unit = self.unit.ok_or(NoTime::Unit)?;
            return number.in_unit(unit).map(Timestamp::from_nanos);
        }
        Timestamp::parse(text).or_else(|why| self.variant(text, why))
    }

    /// Parses the variants of databases and spreadsheets: a space in place of the `T`, an offset without
    /// minutes or colon, no offset, a date alone.
    fn variant(self, text: &str, why: TimestampError) -> Result<Timestamp, NoTime> {
        const DATE: usize = 10;
        let why = NoTime::Text(why);
        let (date, rest) = text.split_at_checked(DATE).ok_or(why)?;
        let mut form = Form {
            bytes: [0; 48],
            len: 0,
        };
        if rest.is_empty() {
            form.put(&[date, "T00:00:00Z"]).ok_or(why)?;
            return self.without_offset(&form);
        }
        let rest = rest.strip_prefix(['T', 't', ' ']).ok_or(why)?;
        let end = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
        let (clock, offset) = rest.split_at_checked(end).ok_or(why)?;
        form.put(&[date, "T", clock.trim_ascii_end()]).ok_or(why)?;
        if offset.is_empty() {
            form.put(&["Z"]).ok_or(why)?;
            return self.without_offset(&form);
        }
        match offset.split_at_checked(3) {
            Some((hours, "")) => form.put(&[hours, ":00"]),
            Some((hours, minutes)) if minutes.len() == 2 => form.put(&[hours, ":", minutes]),
            _ => form.put(&[offset]),
        }
        .ok_or(why)?;
        form.parse()
    }

    /// Parses a time without an offset. A wrong time is reported as such, whether UTC is declared or not.
    fn without_offset(self, form: &Form) -> Result<Timestamp, NoTime> {
        let time = form.parse()?;
        if self.utc {
            Ok(time)
        } else {
            Err(NoTime::Offset)
        }
    }
}

/// A buffer for a time in RFC 3339, longer than any valid one.
struct Form {
    bytes: [u8; 48],
    len: usize,
}

impl Form {
    /// Appends these; `None` if there is no space.
    fn put(&mut self, parts: &[&str]) -> Option<()> {
        for part in parts {
            let end = self.len.checked_add(part.len())?;
            let space = self.bytes.get_mut(self.len..end)?;
            space.copy_from_slice(part.as_bytes());
            self.len = end;
        }
        Some(())
    }

    fn parse(&self) -> Result<Timestamp, NoTime> {
        let text = self.bytes.get(..self.len).unwrap_or_default();
        let text = std::str::from_utf8(text).map_err(|_| NoTime::Text(TimestampError::Syntax))?;
        Timestamp::parse(text).map_err(NoTime::Text)
    }
}

/// A decimal number, kept as text because a float would round it.
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    fn of(text: &'a str) -> Option<Decimal<'a>> {
        let negative = text.starts_with('-');
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        (!whole.is_empty() && all_digits(whole) && all_digits(fraction)).then_some(Decimal {
            negative,
            whole,
            fraction,
        })
    }

    /// Returns the number in nanoseconds.
    fn in_unit(&self, unit: Precision) -> Result<i64, NoTime> {
        let out_of_range = NoTime::Text(TimestampError::OutOfRange);
        let mut scale = unit.nanos();
        let whole = self.whole.parse::<i64>().map_err(|_| out_of_range)?;
        let mut nanos = whole.checked_mul(scale).ok_or(out_of_range)?;
        for digit in self.fraction.bytes() {
            scale /= 10;
            let digit = i64::from(digit.wrapping_sub(b'0'));
            if scale == 0 && digit != 0 {
                return Err(NoTime::TooPrecise);
            }
            nanos = nanos
                .checked_add(digit.saturating_mul(scale))
                .ok_or(out_of_range)?;
        }
        // Negation can't overflow, because `nanos` isn't negative.
        Ok(if self.negative {
            nanos.wrapping_neg()
        } else {
            nanos
        })
    }
}

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoTime::Empty => "the time is missing",
            NoTime::Unit => "a number needs a unit to be a time: --precision s, ms, us or ns",
            NoTime::TooPrecise => "digits below a nanosecond can't be stored",
            NoTime::Offset => {
                "a time without Z or an offset such as +01:00 needs --utc, which reads it as UTC"
            }
            NoTime::Text(why) => return why.fmt(f),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_or_none() {
        use Precision::{Microsecond, Millisecond, Nanosecond, Second};
        let strict = Clock::default();
        let utc = Clock {
            unit: None,
            utc: true,
        };
        let in_unit = |unit| Clock {
            unit: Some(unit),
            utc: false,
        };
        let text = |why| Err(NoTime::Text(why));
        let day = 1_699_920_000_000_000_000;
        let at = day + 80_000 * 1_000_000_000;
        let cases: &[(Clock, &str, Result<i64, NoTime>)] = &[
            (strict, "2023-11-14T22:13:20Z", Ok(at)),
            (strict, " 2023-11-14t22:13:20.5z ", Ok(at + 500_000_000)),
            (strict, "2023-11-14 22:13:20.000000001Z", Ok(at + 1)),
            (strict, "2023-11-14 23:13:20+01:00", Ok(at)),
            (strict, "2023-11-14 23:13:20 +0100", Ok(at)),
            (strict, "2023-11-14 20:13:20-02", Ok(at)),
            (strict, "2023-11-14T22:13:20", Err(NoTime::Offset)),
            (strict, "2023-11-14", Err(NoTime::Offset)),
            (utc, "2023-11-14 22:13:20", Ok(at)),
            (utc, "2023-11-14T22:13:20.25", Ok(at + 250_000_000)),
            (utc, "2023-11-14", Ok(day)),
            (utc, "2023-11-14T22:13:20-02:00", Ok(at + 7_200_000_000_000)),
            (strict, "", Err(NoTime::Empty)),
            (strict, "yesterday", text(TimestampError::Syntax)),
            (utc, "14.11.2023 22:13", text(TimestampError::Syntax)),
            (utc, "2023-13-14 22:13:20", text(TimestampError::Field)),
            (utc, "2023-11-14 22:13:60", text(TimestampError::LeapSecond)),
            (
                utc,
                "2023-11-14 22:13:20.0000000001",
                text(TimestampError::TooPrecise),
            ),
            (utc, "2023-11-14é22:13:20", text(TimestampError::Syntax)),
            (utc, "2023-11-1é 22:13:20", text(TimestampError::Syntax)),
            (utc, "2023-11-14 22:13:20+1é", text(TimestampError::Syntax)),
            (
                utc,
                "2023-11-14 22:13:20 Central European Standard Time, by the table",
                text(TimestampError::Syntax),
            ),
            (strict, "1700000000", Err(NoTime::Unit)),
            (in_unit(Second), "1700000000", Ok(at)),
            (in_unit(Second), "+1700000000.", Ok(at)),
            (
                in_unit(Second),
                "1700000000.123456789",
                Ok(at + 123_456_789),
            ),
            (
                in_unit(Second),
                "1700000000.1234567890",
                Ok(at + 123_456_789),
            ),
            (
                in_unit(Second),
                "1700000000.1234567891",
                Err(NoTime::TooPrecise),
            ),
            (in_unit(Second), "-1.5", Ok(-1_500_000_000)),
            (in_unit(Millisecond), "1700000000000.25", Ok(at + 250_000)),
            (in_unit(Microsecond), "1700000000000000", Ok(at)),
            (in_unit(Nanosecond), "1700000000000000001", Ok(at + 1)),
            (in_unit(Nanosecond), "1.0", Ok(1)),
            (in_unit(Nanosecond), "1.5", Err(NoTime::TooPrecise)),
            (
                in_unit(Second),
                "1700000000000",
                text(TimestampError::OutOfRange),
            ),
            (
                in_unit(Second),
                "99999999999999999999",
                text(TimestampError::OutOfRange),
            ),
            (in_unit(Second), "1.7e9", text(TimestampError::Syntax)),
            (in_unit(Second), "-", text(TimestampError::Syntax)),
            (in_unit(Second), ".", text(TimestampError::Syntax)),
        ];
        for (clock, text, expected) in cases {
            let time = clock.read(text).map(Timestamp::as_nanos);
            assert_eq!(time, *expected, "{clock:?} {text:?}");
        }
    }
}
