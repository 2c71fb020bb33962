//! `IntoTimestamp`: integers in the precision of the encoder, and instants.

use super::error::EncodeError;
use crate::{Precision, Timestamp};

/// A time of a line.
///
/// - `i64`: a count of the encoder's [`Precision`] since the epoch, written as it is.
/// - [`Timestamp`]: an instant, rounded down to the encoder's precision (towards the past, also before
///   1970), never through a float. Instants that the server can't store in nanoseconds, such as
///   [`Timestamp::MIN`] and [`Timestamp::MAX`], are rejected in every precision.
/// - `std::time::SystemTime` (feature `std`): the same.
///
/// `i64` is the only integer type, so that the type of `timestamp(1_700_000_000_000)` is inferred. The trait is
/// sealed.
///
/// ```
/// use core::time::Duration;
/// use influx_edge::{Precision, Timestamp, line::Encoder};
/// use std::time::UNIX_EPOCH;
///
/// let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
/// enc.line("t").field("v", 1).timestamp(1_700_000_000)?; // in the encoder's unit
/// enc.line("t")
///     .field("v", 1)
///     .timestamp(Timestamp::from_millis(1_700_000_000_999))?;
/// enc.line("t")
///     .field("v", 1)
///     .timestamp(UNIX_EPOCH + Duration::from_secs(1_700_000_000))?;
/// assert_eq!(enc.as_bytes(), b"t v=1i 1700000000\n".repeat(3));
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a timestamp",
    label = "neither an `i64` nor an instant",
    note = "write `.timestamp(n as i64)` for a count in the encoder's precision, \
            `Timestamp::from_millis(n)` for one in another unit, `SystemTime::now()` or \
            `Timestamp::now()` for the machine's clock",
    note = "from chrono and jiff: `.timestamp(SystemTime::from(t))`"
)]
pub trait IntoTimestamp: sealed::IntoTimestamp {}

pub(super) mod sealed {
    #[cfg(feature = "alloc")]
    use super::KeptTime;
    use crate::Precision;
    use crate::line::EncodeError;

    pub trait IntoTimestamp {
        /// The time as a point keeps it.
        #[cfg(feature = "alloc")]
        #[doc(hidden)]
        #[allow(private_interfaces)] // sealed: never called from outside
        fn keep(self) -> KeptTime;
        /// Returns the count in `precision`. Its range is not checked yet.
        #[doc(hidden)]
        fn count(self, precision: Precision) -> Result<i64, EncodeError>;
    }
}

/// The time of a point.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeptTime {
    /// None: the server's clock decides.
    Untimed,
    /// A count in the precision of the encoder that the point is written to.
    Count(i64),
    At(Timestamp),
}

/// The earliest storable time a query can return, in nanoseconds.
const EARLIEST: i64 = i64::MIN + 2;
/// The latest one: i64::MAX − 1 is stored, but no Flux range ever reaches it.
const LATEST: i64 = i64::MAX - 2;

/// Rejects times that the server can't store or can't return, after scaling to nanoseconds.
#[inline]
pub(super) fn check_range(count: i64, precision: Precision) -> Result<i64, EncodeError> {
    match count.checked_mul(precision.nanos()) {
        Some(EARLIEST..=LATEST) => Ok(count),
        _ => Err(EncodeError::TimestampOutOfRange),
    }
}

impl IntoTimestamp for i64 {}
#[cfg_attr(feature = "alloc", allow(private_interfaces))]
impl sealed::IntoTimestamp for i64 {
    #[cfg(feature = "alloc")]
    fn keep(self) -> KeptTime {
        KeptTime::Count(self)
    }

    #[inline]
    fn count(self, _: Precision) -> Result<i64, EncodeError> {
        Ok(self)
    }
}

impl IntoTimestamp for Timestamp {}
#[cfg_attr(feature = "alloc", allow(private_interfaces))]
impl sealed::IntoTimestamp for Timestamp {
    #[cfg(feature = "alloc")]
    fn keep(self) -> KeptTime {
        KeptTime::At(self)
    }

    #[inline]
    fn count(self, precision: Precision) -> Result<i64, EncodeError> {
        // In a coarser unit, too, because constructors and operators saturate at both ends.
        if !(EARLIEST..=LATEST).contains(&self.as_nanos()) {
            return Err(EncodeError::TimestampOutOfRange);
        }
        Ok(match precision {
            // Named, so that the division is by a constant.
            Precision::Nanosecond => self.as_nanos(),
            Precision::Microsecond => self.as_nanos().div_euclid(1_000),
            Precision::Millisecond => self.as_nanos().div_euclid(1_000_000),
            Precision::Second => self.as_nanos().div_euclid(1_000_000_000),
        })
    }
}

#[cfg(feature = "std")]
impl IntoTimestamp for std::time::SystemTime {}
#[cfg(feature = "std")]
#[allow(private_interfaces)]
impl sealed::IntoTimestamp for std::time::SystemTime {
    fn keep(self) -> KeptTime {
        // No line can carry the earliest time either.
        KeptTime::At(Timestamp::try_from(self).unwrap_or(Timestamp::MIN))
    }

    fn count(self, precision: Precision) -> Result<i64, EncodeError> {
        let time = Timestamp::try_from(self).map_err(|_| EncodeError::TimestampOutOfRange)?;
        time.count(precision)
    }
}
