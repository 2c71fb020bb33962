//! Cells: parsing of one value into a Rust type.

use core::time::Duration;

use super::error::ValueErrorKind;
use super::number::{parse_bool, parse_duration, parse_f64, parse_i64, parse_u64};
use super::record::Cell;
use super::table::DataType;
use crate::timestamp::{Timestamp, TimestampError};

/// A type that a cell can be read as.
///
/// | type | from columns of |
/// |---|---|
/// | `f64` | `double`; `long` and `unsignedLong` (the nearest float) |
/// | `i64` | `long`; `unsignedLong` if it fits; times and durations as nanoseconds |
/// | `u64` | `unsignedLong`; `long` if it isn't negative |
/// | `bool` | `boolean` |
/// | [`Timestamp`], `SystemTime` | `dateTime:RFC3339` |
/// | [`Duration`] | `duration` that isn't negative |
/// | `&str`, `&[u8]`, `String` | everything, as the server wrote it; null is empty |
/// | `Option<T>` | as `T`; null is `None` |
///
/// A `string` column is parsed as whatever is asked for: tags hold numbers, and a response without
/// datatypes is all strings. Between other types nothing is converted, so that `get::<i64>` of a
/// `double` fails at once and not at the first fraction.
///
/// Implement it for your own types; a cell offers [`parse`](Cell::parse) for the parts.
pub trait FromCell<'a>: Sized {
    /// What errors call the type.
    const WANTED: &'static str;

    /// Reads the cell.
    ///
    /// # Errors
    ///
    /// Says what is wrong; row and column are added by the caller.
    fn from_cell(cell: Cell<'a>) -> Result<Self, ValueErrorKind>;
}

impl<'a> FromCell<'a> for f64 {
    const WANTED: &'static str = "f64";

    #[inline]
    fn from_cell(cell: Cell<'a>) -> Result<f64, ValueErrorKind> {
        not_null(cell)?;
        match cell.data_type() {
            DataType::Double | DataType::Long | DataType::UnsignedLong | DataType::String => {
                parse_f64(cell.tail, cell.len)
            }
            _ => Err(ValueErrorKind::Type),
        }
    }
}

impl<'a> FromCell<'a> for i64 {
    const WANTED: &'static str = "i64";

    #[inline]
    fn from_cell(cell: Cell<'a>) -> Result<i64, ValueErrorKind> {
        not_null(cell)?;
        match cell.data_type() {
            DataType::Long | DataType::UnsignedLong | DataType::String => {
                parse_i64(cell.tail, cell.len)
            }
            DataType::Time => parse_time(cell).map(Timestamp::as_nanos),
            DataType::Duration => parse_duration(cell.as_bytes()),
            _ => Err(ValueErrorKind::Type),
        }
    }
}

impl<'a> FromCell<'a> for u64 {
    const WANTED: &'static str = "u64";

    #[inline]
    fn from_cell(cell: Cell<'a>) -> Result<u64, ValueErrorKind> {
        not_null(cell)?;
        match cell.data_type() {
            DataType::UnsignedLong | DataType::String => parse_u64(cell.tail, cell.len),
            DataType::Long => u64::try_from(parse_i64(cell.tail, cell.len)?)
                .map_err(|_| ValueErrorKind::OutOfRange),
            _ => Err(ValueErrorKind::Type),
        }
    }
}

impl<'a> FromCell<'a> for bool {
    const WANTED: &'static str = "bool";

    #[inline]
    fn from_cell(cell: Cell<'a>) -> Result<bool, ValueErrorKind> {
        not_null(cell)?;
        match cell.data_type() {
            DataType::Boolean | DataType::String => parse_bool(cell.as_bytes()),
            _ => Err(ValueErrorKind::Type),
        }
    }
}

impl<'a> FromCell<'a> for Timestamp {
    const WANTED: &'static str = "a time";

    #[inline]
    fn from_cell(cell: Cell<'a>) -> Result<Timestamp, ValueErrorKind> {
        not_null(cell)?;
        match cell.data_type() {
            DataType::Time | DataType::String => parse_time(cell),
            _ => Err(ValueErrorKind::Type),
        }
    }
}

impl<'a> FromCell<'a> for Duration {
    const WANTED: &'static str = "a duration";

    fn from_cell(cell: Cell<'a>) -> Result<Duration, ValueErrorKind> {
        not_null(cell)?;
        match cell.data_type() {
            DataType::Duration | DataType::String => {
                u64::try_from(parse_duration(cell.as_bytes())?)
                    .map(Duration::from_nanos)
                    .map_err(|_| ValueErrorKind::OutOfRange)
            }
            _ => Err(ValueErrorKind::Type),
        }
    }
}

impl<'a> FromCell<'a> for &'a [u8] {
    const WANTED: &'static str = "bytes";

    #[inline]
    fn from_cell(cell: Cell<'a>) -> Result<&'a [u8], ValueErrorKind> {
        Ok(cell.as_bytes())
    }
}

impl<'a> FromCell<'a> for &'a str {
    const WANTED: &'static str = "text";

    #[inline]
    fn from_cell(cell: Cell<'a>) -> Result<&'a str, ValueErrorKind> {
        core::str::from_utf8(cell.as_bytes()).map_err(|_| ValueErrorKind::NotUtf8)
    }
}

impl<'a, T: FromCell<'a>> FromCell<'a> for Option<T> {
    const WANTED: &'static str = T::WANTED;

    #[inline]
    fn from_cell(cell: Cell<'a>) -> Result<Option<T>, ValueErrorKind> {
        if cell.is_null() {
            return Ok(None);
        }
        T::from_cell(cell).map(Some)
    }
}

#[cfg(feature = "alloc")]
impl<'a> FromCell<'a> for alloc::string::String {
    const WANTED: &'static str = "text";

    fn from_cell(cell: Cell<'a>) -> Result<Self, ValueErrorKind> {
        <&str>::from_cell(cell).map(Into::into)
    }
}

#[cfg(feature = "std")]
impl<'a> FromCell<'a> for std::time::SystemTime {
    const WANTED: &'static str = "a time";

    fn from_cell(cell: Cell<'a>) -> Result<Self, ValueErrorKind> {
        Timestamp::from_cell(cell)?
            .to_system()
            .map_err(|_| ValueErrorKind::OutOfRange)
    }
}

/// Decodes base64 (the standard alphabet, padded) into the buffer.
pub(super) fn decode_base64<'b>(
    cell: Cell<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], ValueErrorKind> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    not_null(cell)?;
    match cell.data_type() {
        DataType::Base64 | DataType::String => {}
        _ => return Err(ValueErrorKind::Type),
    }
    let used = STANDARD
        .decode_slice(cell.as_bytes(), buffer)
        .map_err(|error| match error {
            base64::DecodeSliceError::OutputSliceTooSmall => ValueErrorKind::BufferTooSmall,
            base64::DecodeSliceError::DecodeError(_) => ValueErrorKind::Syntax,
        })?;
    buffer.get(..used).ok_or(ValueErrorKind::BufferTooSmall)
}

#[inline]
fn not_null(cell: Cell<'_>) -> Result<(), ValueErrorKind> {
    if cell.is_null() {
        return Err(ValueErrorKind::Null);
    }
    Ok(())
}

#[inline]
fn parse_time(cell: Cell<'_>) -> Result<Timestamp, ValueErrorKind> {
    Timestamp::parse_at(cell.tail, cell.len).map_err(|error| match error {
        TimestampError::OutOfRange => ValueErrorKind::OutOfRange,
        other => ValueErrorKind::Time(other),
    })
}
