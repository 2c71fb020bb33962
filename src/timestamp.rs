//! `Timestamp`: an instant in nanoseconds since 1970.

use crate::rfc3339::{self, TimestampError};
use crate::signed_duration::SignedDuration;
use core::fmt;
use core::ops::{Add, AddAssign, Sub, SubAssign};
use core::time::Duration;

/// An instant: whole nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// The server keeps times in the same way, so no conversion loses anything. The range is that of an `i64`,
/// 1677-09-21T00:12:43.145224192Z to 2262-04-11T23:47:16.854775807Z. (The server stores neither the first two
/// of these nanoseconds nor the last.) No conversion goes through a float.
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
/// A [`Duration`] or a [`SignedDuration`] can be added and subtracted; the difference of two instants is a
/// [`SignedDuration`]. Constructors and operators saturate at [`MIN`](Timestamp::MIN) and
/// [`MAX`](Timestamp::MAX), which the encoder rejects.
///
/// # chrono and jiff
/// This crate depends on neither. Their instants convert to `SystemTime`, which is accepted wherever a time is:
/// `.timestamp(SystemTime::from(t))`, `.param("start", SystemTime::from(t))`.
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

    /// Returns the instant `nanos` nanoseconds after the epoch, or before it if negative.
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

    /// Returns the instant `micros` microseconds after the epoch. Saturates at [`MIN`](Timestamp::MIN) and
    /// [`MAX`](Timestamp::MAX).
    #[must_use]
    pub const fn from_micros(micros: i64) -> Timestamp {
        Timestamp(micros.saturating_mul(1_000))
    }

    /// Returns the instant `millis` milliseconds after the epoch. Saturates at [`MIN`](Timestamp::MIN) and
    /// [`MAX`](Timestamp::MAX).
    #[must_use]
    pub const fn from_millis(millis: i64) -> Timestamp {
        Timestamp(millis.saturating_mul(1_000_000))
    }

    /// Returns the instant `secs` seconds after the epoch. Saturates at [`MIN`](Timestamp::MIN) and
    /// [`MAX`](Timestamp::MAX).
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// assert_eq!(
    ///     Timestamp::from_secs(1_700_000_000).to_string(),
    ///     "2023-11-14T22:13:20Z"
    /// );
    /// assert_eq!(Timestamp::from_secs(-1), Timestamp::from_millis(-1_000));
    /// assert_eq!(Timestamp::from_secs(i64::MAX), Timestamp::MAX);
    /// ```
    #[must_use]
    pub const fn from_secs(secs: i64) -> Timestamp {
        Timestamp(secs.saturating_mul(1_000_000_000))
    }

    /// Returns the nanoseconds since the epoch.
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

    /// Returns the whole microseconds since the epoch, rounded down (towards the past, also before 1970).
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Returns the whole milliseconds since the epoch, rounded down.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// let time = Timestamp::parse("1970-01-01T00:00:02.7181Z")?;
    /// assert_eq!(
    ///     (time.as_secs(), time.as_millis(), time.as_micros()),
    ///     (2, 2_718, 2_718_100)
    /// );
    /// // In the second that ended at the epoch:
    /// assert_eq!(Timestamp::from_nanos(-1).as_secs(), -1);
    /// # Ok::<(), influx_edge::TimestampError>(())
    /// ```
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Returns the whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Adds a duration. Returns `None` beyond [`MAX`](Timestamp::MAX).
    #[must_use]
    pub const fn checked_add(self, duration: Duration) -> Option<Timestamp> {
        let nanos = duration.as_nanos();
        // Longer than from MIN to MAX. What is not longer fits in the cast.
        if nanos > u64::MAX as u128 {
            return None;
        }
        match self.0.checked_add_unsigned(nanos as u64) {
            Some(nanos) => Some(Timestamp(nanos)),
            None => None,
        }
    }

    /// Subtracts a duration. Returns `None` before [`MIN`](Timestamp::MIN).
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

    /// Reads the machine's clock. Saturates at [`MIN`](Timestamp::MIN) and [`MAX`](Timestamp::MAX) before 1677
    /// and after 2262.
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
        Timestamp::try_from(now).unwrap_or(match now < std::time::UNIX_EPOCH {
            true => Timestamp::MIN,
            false => Timestamp::MAX,
        })
    }

    /// Parses RFC 3339: `2023-11-14T22:13:20Z`, with up to nine fraction digits, and with `Z` or an offset. Exact,
    /// and without an allocation.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// assert_eq!(
    ///     Timestamp::parse("1970-01-01T01:00:00.000000001+01:00")?,
    ///     Timestamp::from_nanos(1)
    /// );
    /// assert!(Timestamp::parse("yesterday").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the text isn't an RFC 3339 time, or the time is out of range. Leap seconds (`:60`) are
    /// rejected, as by the server, and so is a tenth fraction digit, which would be lost.
    pub fn parse(text: &str) -> Result<Timestamp, TimestampError> {
        Timestamp::parse_at(text.as_bytes(), text.len())
    }

    /// Parses the first `len` bytes of a longer text, which needn't be UTF-8.
    #[inline]
    pub(crate) fn parse_at(tail: &[u8], len: usize) -> Result<Timestamp, TimestampError> {
        rfc3339::parse(tail, len).map(Timestamp)
    }

    /// Parses the same in the forms of InfluxDB 3: see [`rfc3339::parse_utc`].
    #[cfg(feature = "v3")]
    #[inline]
    pub(crate) fn parse_utc(tail: &[u8], len: usize) -> Result<Timestamp, TimestampError> {
        rfc3339::parse_utc(tail, len).map(Timestamp)
    }

    /// Returns a `Display` with all nine fraction digits, as in Flux time literals:
    /// `2023-11-14T22:13:20.500000000Z`.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    ///
    /// assert_eq!(
    ///     Timestamp::from_nanos(0).rfc3339_nanos().to_string(),
    ///     "1970-01-01T00:00:00.000000000Z"
    /// );
    /// ```
    #[must_use]
    pub const fn rfc3339_nanos(self) -> impl fmt::Display {
        Rfc3339Nanos(self)
    }
}

/// The text of `Display`: RFC 3339 in UTC, without trailing zeros of the fraction, `2023-11-14T22:13:20.5Z`.
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        rfc3339::write(f, self.0, false)
    }
}

/// The inverse of [`Display`](fmt::Display); see [`Timestamp::parse`].
impl core::str::FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Timestamp, TimestampError> {
        Timestamp::parse(text)
    }
}

/// Saturates at [`Timestamp::MAX`]. [`Timestamp::checked_add`] returns `None` instead.
impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        self.checked_add(duration).unwrap_or(Timestamp::MAX)
    }
}

/// Saturates at [`Timestamp::MIN`]. [`Timestamp::checked_sub`] returns `None` instead.
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

/// Saturates at [`Timestamp::MIN`] and [`Timestamp::MAX`].
impl Add<SignedDuration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: SignedDuration) -> Timestamp {
        Timestamp(self.0.saturating_add(duration.0))
    }
}

/// Saturates at [`Timestamp::MIN`] and [`Timestamp::MAX`].
impl Sub<SignedDuration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, duration: SignedDuration) -> Timestamp {
        Timestamp(self.0.saturating_sub(duration.0))
    }
}

/// Returns the time from the second to the first. Saturates at 292 years in either direction.
///
/// ```
/// use influx_edge::{SignedDuration, Timestamp};
///
/// let (a, b) = (Timestamp::from_secs(10), Timestamp::from_secs(70));
/// assert_eq!(
///     (b - a, a - b),
///     (SignedDuration::minutes(1), SignedDuration::minutes(-1))
/// );
/// ```
impl Sub for Timestamp {
    type Output = SignedDuration;

    fn sub(self, other: Timestamp) -> SignedDuration {
        SignedDuration(self.0.saturating_sub(other.0))
    }
}

/// Keeps the resolution of the system's clock. Returns [`TimestampError::OutOfRange`] before 1677 and after
/// 2262.
///
/// ```
/// use influx_edge::Timestamp;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let time = Timestamp::try_from(UNIX_EPOCH + Duration::from_secs(1))?;
/// assert_eq!(time, Timestamp::from_secs(1));
/// # Ok::<(), influx_edge::TimestampError>(())
/// ```
#[cfg(feature = "std")]
impl TryFrom<std::time::SystemTime> for Timestamp {
    type Error = TimestampError;

    fn try_from(time: std::time::SystemTime) -> Result<Timestamp, TimestampError> {
        let nanos = match time.duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()),
            // The distance of i64::MIN is one more than i64::MAX, so negate as i128.
            Err(before) => i128::try_from(before.duration().as_nanos())
                .map(i128::wrapping_neg)
                .and_then(i64::try_from),
        };
        nanos.map(Timestamp).map_err(|_| TimestampError::OutOfRange)
    }
}

/// Returns [`TimestampError::OutOfRange`] if the system's clock can't hold the time, as a 32-bit `time_t`
/// can't after 2038. Windows counts in steps of 100 ns and drops the rest.
///
/// ```
/// use influx_edge::Timestamp;
/// use std::time::{SystemTime, UNIX_EPOCH};
///
/// assert_eq!(SystemTime::try_from(Timestamp::from_secs(0))?, UNIX_EPOCH);
/// # Ok::<(), influx_edge::TimestampError>(())
/// ```
#[cfg(feature = "std")]
impl TryFrom<Timestamp> for std::time::SystemTime {
    type Error = TimestampError;

    fn try_from(time: Timestamp) -> Result<std::time::SystemTime, TimestampError> {
        let distance = Duration::from_nanos(time.0.unsigned_abs());
        let epoch = std::time::UNIX_EPOCH;
        let time = match time.0 < 0 {
            true => epoch.checked_sub(distance),
            false => epoch.checked_add(distance),
        };
        time.ok_or(TimestampError::OutOfRange)
    }
}

/// A [`Timestamp`] displayed with nine fraction digits.
struct Rfc3339Nanos(Timestamp);

impl fmt::Display for Rfc3339Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        rfc3339::write(f, self.0.0, true)
    }
}

#[cfg(feature = "serde")]
impl Timestamp {
    /// The name of the newtype as which a [`Timestamp`] is serialized as a number.
    pub(crate) const SERDE_NAME: &str = "influx_edge::Timestamp";
}

/// Serializes RFC 3339 text, as the HTTP API writes it; in formats that aren't human-readable, a number of
/// nanoseconds.
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

/// Deserializes RFC 3339 text, or a number of nanoseconds. With the feature `v3` the text may lack the zone, as
/// InfluxDB 3 writes it; the zone is then UTC.
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
