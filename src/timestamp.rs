//! `Timestamp`: an instant in nanoseconds.

use crate::rfc3339::write_rfc3339;
use crate::signed_duration::SignedDuration;
use core::fmt;
use core::ops::{Add, AddAssign, Sub, SubAssign};
use core::time::Duration;

/// An instant: whole nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// This is the server's own notion of time, so nothing is lost in either direction: the range is
/// that of an `i64`, 1677-09-21T00:12:43.145224192Z to 2262-04-11T23:47:16.854775807Z, and no
/// conversion passes through a float. (The server itself stores from two nanoseconds after the
/// first to one before the last.)
///
/// ```
/// use influx_edge::Timestamp;
///
/// let time = Timestamp::parse("2023-11-14T23:13:20.5+01:00")?;
/// assert_eq!(time.as_nanos(), 1_700_000_000_500_000_000);
/// assert_eq!(time.to_string(), "2023-11-14T22:13:20.5Z");
/// # Ok::<(), influx_edge::TimestampError>(())
/// ```
///
/// `Debug` is the same text: `2023-11-14T22:13:20.5Z`.
///
/// With a [`Duration`] or a [`SignedDuration`] added or subtracted it is another instant; the difference
/// of two is a [`SignedDuration`]. What would leave the range ends at [`MIN`](Timestamp::MIN) or
/// [`MAX`](Timestamp::MAX), which no line can carry.
///
/// # chrono and jiff
/// This crate depends on neither. Their instants convert to `SystemTime`, which every place that takes a
/// time takes as well: `.timestamp(SystemTime::from(t))`, `.param("start", SystemTime::from(t))`.
///
/// | | to it | from it |
/// |---|---|---|
/// | chrono | `chrono::DateTime::from_timestamp_nanos(t.as_nanos())` | `Timestamp::try_from(SystemTime::from(t))?` |
/// | jiff | `jiff::Timestamp::from_nanosecond(t.as_nanos().into())?` | `Timestamp::try_from(SystemTime::from(t))?` |
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub(crate) i64);

impl Timestamp {
    /// The earliest instant: 1677-09-21T00:12:43.145224192Z.
    pub const MIN: Timestamp = Timestamp(i64::MIN);
    /// The latest instant: 2262-04-11T23:47:16.854775807Z.
    pub const MAX: Timestamp = Timestamp(i64::MAX);

    /// The instant so many nanoseconds after (or, if negative, before) the epoch.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// const LAUNCH: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_000);
    /// assert_eq!(LAUNCH.to_string(), "2023-11-14T22:13:20Z");
    /// ```
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Timestamp {
        Timestamp(nanos)
    }

    /// The instant so many microseconds after the epoch. A count that an `i64` of nanoseconds can't
    /// hold gives [`MIN`](Timestamp::MIN) or [`MAX`](Timestamp::MAX), which no line can carry.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Timestamp {
        Timestamp(micros.saturating_mul(1_000))
    }

    /// The instant so many milliseconds after the epoch; its limits are those of
    /// [`from_micros`](Timestamp::from_micros).
    #[must_use]
    pub const fn from_millis(millis: i64) -> Timestamp {
        Timestamp(millis.saturating_mul(1_000_000))
    }

    /// The instant so many seconds after the epoch; its limits are those of
    /// [`from_micros`](Timestamp::from_micros).
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_secs(1_700_000_000).to_string(), "2023-11-14T22:13:20Z");
    /// assert_eq!(Timestamp::from_secs(-1), Timestamp::from_millis(-1_000));
    /// assert_eq!(Timestamp::from_secs(i64::MAX), Timestamp::MAX);
    /// ```
    #[must_use]
    pub const fn from_secs(secs: i64) -> Timestamp {
        Timestamp(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the epoch.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// let (a, b) = (Timestamp::from_nanos(5), Timestamp::from_nanos(12));
    /// assert_eq!(b.as_nanos() - a.as_nanos(), 7);
    /// ```
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Whole microseconds since the epoch, rounded down (towards the past, also before 1970).
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole milliseconds since the epoch, rounded down.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// let time = Timestamp::parse("1970-01-01T00:00:02.7181Z")?;
    /// assert_eq!((time.as_secs(), time.as_millis(), time.as_micros()), (2, 2_718, 2_718_100));
    /// assert_eq!(Timestamp::from_nanos(-1).as_secs(), -1); // in the second that ended at the epoch
    /// # Ok::<(), influx_edge::TimestampError>(())
    /// ```
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// The instant so much later; `None` after [`MAX`](Timestamp::MAX).
    #[must_use]
    pub const fn checked_add(self, duration: Duration) -> Option<Timestamp> {
        let nanos = duration.as_nanos();
        // Neither is longer than from MIN to MAX then, nor lost in the cast.
        if nanos > u64::MAX as u128 {
            return None;
        }
        match self.0.checked_add_unsigned(nanos as u64) {
            Some(nanos) => Some(Timestamp(nanos)),
            None => None,
        }
    }

    /// The instant so much earlier; `None` before [`MIN`](Timestamp::MIN).
    #[must_use]
    pub const fn checked_sub(self, duration: Duration) -> Option<Timestamp> {
        let nanos = duration.as_nanos();
        if nanos > u64::MAX as u128 {
            return None;
        }
        match self.0.checked_sub_unsigned(nanos as u64) {
            Some(nanos) => Some(Timestamp(nanos)),
            None => None,
        }
    }

    /// The machine's clock, now. A clock that shows a year before 1677 or after 2262 gives
    /// [`MIN`](Timestamp::MIN) or [`MAX`](Timestamp::MAX), which no line can carry.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    /// use std::time::Duration;
    ///
    /// let an_hour_ago = Timestamp::now() - Duration::from_secs(3600);
    /// assert!(an_hour_ago < Timestamp::now());
    /// ```
    #[cfg(feature = "std")]
    #[must_use]
    pub fn now() -> Timestamp {
        let now = std::time::SystemTime::now();
        Timestamp::from_system(now).unwrap_or(match now < std::time::UNIX_EPOCH {
            true => Timestamp::MIN,
            false => Timestamp::MAX,
        })
    }

    /// Reads RFC 3339: `2023-11-14T22:13:20Z`, with up to nine fraction digits, `Z` or an offset.
    ///
    /// Exact, without allocation, and quick on 32-bit machines.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// assert_eq!(Timestamp::parse("1970-01-01T01:00:00.000000001+01:00")?, Timestamp::from_nanos(1));
    /// assert!(Timestamp::parse("yesterday").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the text is no RFC 3339 time, or none that a [`Timestamp`] can hold. A
    /// leap second (`:60`) is refused, as the server does, and so is a tenth fraction digit, which
    /// could not be kept.
    pub fn parse(text: &str) -> Result<Timestamp, TimestampError> {
        Timestamp::parse_at(text.as_bytes(), text.len())
    }

    /// Displays all nine fraction digits, as Flux time literals are written:
    /// `2023-11-14T22:13:20.500000000Z`.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_nanos(0).rfc3339_nanos().to_string(), "1970-01-01T00:00:00.000000000Z");
    /// ```
    #[must_use]
    pub const fn rfc3339_nanos(self) -> Rfc3339Nanos {
        Rfc3339Nanos(self)
    }

    /// The system's clock reading as a time; its own resolution is kept.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// assert_eq!(Timestamp::from_system(UNIX_EPOCH + Duration::from_secs(1))?, Timestamp::from_nanos(1_000_000_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`TimestampError::OutOfRange`] if the time is before 1677 or after 2262.
    #[cfg(feature = "std")]
    pub fn from_system(time: std::time::SystemTime) -> Result<Timestamp, TimestampError> {
        let nanos = match time.duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()),
            // The distance of i64::MIN is one more than i64::MAX, so negate as i128.
            Err(before) => i128::try_from(before.duration().as_nanos())
                .map(i128::wrapping_neg)
                .and_then(i64::try_from),
        };
        nanos.map(Timestamp).map_err(|_| TimestampError::OutOfRange)
    }

    /// This time as the system's.
    ///
    /// Windows counts in steps of 100 ns and drops the rest.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_nanos(0).to_system()?, std::time::UNIX_EPOCH);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`TimestampError::OutOfRange`] if the system's clock can't hold the time, as a
    /// 32-bit `time_t` can't after 2038.
    #[cfg(feature = "std")]
    pub fn to_system(self) -> Result<std::time::SystemTime, TimestampError> {
        let distance = core::time::Duration::from_nanos(self.0.unsigned_abs());
        let epoch = std::time::UNIX_EPOCH;
        let time = if self.0 < 0 {
            epoch.checked_sub(distance)
        } else {
            epoch.checked_add(distance)
        };
        time.ok_or(TimestampError::OutOfRange)
    }
}

/// As RFC 3339 in UTC, the fraction without trailing zeros: `2023-11-14T22:13:20.5Z`.
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_rfc3339(f, *self, false)
    }
}

/// The inverse of [`Display`](fmt::Display); see [`Timestamp::parse`].
impl core::str::FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Timestamp, TimestampError> {
        Timestamp::parse(text)
    }
}

/// Ends at [`Timestamp::MAX`]; [`Timestamp::checked_add`] gives `None` beyond it.
impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        self.checked_add(duration).unwrap_or(Timestamp::MAX)
    }
}

/// Ends at [`Timestamp::MIN`]; [`Timestamp::checked_sub`] gives `None` beyond it.
impl Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, duration: Duration) -> Timestamp {
        self.checked_sub(duration).unwrap_or(Timestamp::MIN)
    }
}

impl AddAssign<Duration> for Timestamp {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl SubAssign<Duration> for Timestamp {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

/// Ends at [`Timestamp::MIN`] and [`Timestamp::MAX`].
impl Add<SignedDuration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: SignedDuration) -> Timestamp {
        Timestamp(self.0.saturating_add(duration.0))
    }
}

/// Ends at [`Timestamp::MIN`] and [`Timestamp::MAX`].
impl Sub<SignedDuration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, duration: SignedDuration) -> Timestamp {
        Timestamp(self.0.saturating_sub(duration.0))
    }
}

/// The time from the second to the first, 292 years at most in either direction.
///
/// ```
/// use influx_edge::{SignedDuration, Timestamp};
///
/// let (a, b) = (Timestamp::from_secs(10), Timestamp::from_secs(70));
/// assert_eq!((b - a, a - b), (SignedDuration::minutes(1), SignedDuration::minutes(-1)));
/// ```
impl Sub for Timestamp {
    type Output = SignedDuration;

    fn sub(self, other: Timestamp) -> SignedDuration {
        SignedDuration(self.0.saturating_sub(other.0))
    }
}

/// See [`Timestamp::from_system`].
#[cfg(feature = "std")]
impl TryFrom<std::time::SystemTime> for Timestamp {
    type Error = TimestampError;

    fn try_from(time: std::time::SystemTime) -> Result<Timestamp, TimestampError> {
        Timestamp::from_system(time)
    }
}

/// A [`Timestamp`] displayed with exactly nine fraction digits; see [`Timestamp::rfc3339_nanos`].
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339Nanos(Timestamp);

impl fmt::Display for Rfc3339Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_rfc3339(f, self.0, true)
    }
}

/// Why a text is not a [`Timestamp`].
///
/// ```
/// use influx_edge::{Timestamp, TimestampError};
///
/// assert_eq!(Timestamp::parse("2026-02-30T00:00:00Z"), Err(TimestampError::Field));
/// assert_eq!(Timestamp::parse("2016-12-31T23:59:60Z"), Err(TimestampError::LeapSecond));
/// assert_eq!(Timestamp::parse("2500-01-01T00:00:00Z"), Err(TimestampError::OutOfRange));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimestampError {
    /// Not of the form `2023-11-14T22:13:20.123456789Z`.
    Syntax,
    /// The form is right, but there is no such month, day, hour, minute, second or offset.
    Field,
    /// A leap second (`:60`): the server's time scale has none and refuses them too.
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

#[cfg(feature = "serde")]
impl Timestamp {
    /// By which a [`Timestamp`] that is written as a number is known.
    pub(crate) const SERDE_NAME: &str = "influx_edge::Timestamp";
}

/// Times travel as RFC 3339 text, as the HTTP API writes them; in formats that aren't for people, as a
/// number of nanoseconds.
#[cfg(feature = "serde")]
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_newtype_struct(Self::SERDE_NAME, &self.0)
        }
    }
}

/// From RFC 3339 text, or from a number of nanoseconds. With the feature `v3` the text may lack the zone, as
/// InfluxDB 3 writes it, and is in UTC then.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time or nanoseconds since the epoch")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                #[cfg(feature = "v3")]
                let time = Timestamp::parse_utc(text.as_bytes(), text.len());
                #[cfg(not(feature = "v3"))]
                let time = Timestamp::parse(text);
                time.map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, nanos: i64) -> Result<Timestamp, E> {
                Ok(Timestamp(nanos))
            }

            fn visit_u64<E: serde::de::Error>(self, nanos: u64) -> Result<Timestamp, E> {
                i64::try_from(nanos)
                    .map(Timestamp)
                    .map_err(|_| E::custom(TimestampError::OutOfRange))
            }
        }

        if deserializer.is_human_readable() {
            deserializer.deserialize_any(Visitor)
        } else {
            deserializer.deserialize_i64(Visitor)
        }
    }
}
