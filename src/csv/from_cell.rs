//! The types that a cell can be read as.

use core::time::Duration;

use super::cell::{Cell, FromCell};
use super::data_type::DataType;
use super::error::ValueErrorKind;
use super::number::{parse_bool, parse_duration, parse_f64, parse_i64, parse_u64};
#[cfg(feature = "v3")]
use super::untyped;
use crate::signed_duration::SignedDuration;
use crate::timestamp::Timestamp;

impl<'a> FromCell<'a> for f64 {
    const WANTED: &'static str = "f64";

    #[inline]
    fn from_cell(cell: Cell<'a>) -> Result<f64, ValueErrorKind> {
        not_null(cell)?;
        match cell.data_type() {
            DataType::Double | DataType::Long | DataType::UnsignedLong | DataType::String => {
                parse_f64(cell.tail, cell.len)
            }
            #[cfg(feature = "v3")]
            DataType::Untyped => untyped::parse_f64(cell.tail, cell.len),
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
            #[cfg(feature = "v3")]
            DataType::Untyped => untyped::parse_i64(cell.tail, cell.len),
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
            #[cfg(feature = "v3")]
            DataType::Untyped => parse_u64(cell.tail, cell.len),
            _ => Err(ValueErrorKind::Type),
        }
    }
}

macro_rules! narrower {
    ($wide:ty: $($type:ident)*) => {$(
        impl<'a> FromCell<'a> for $type {
            const WANTED: &'static str = stringify!($type);

            #[inline]
            fn from_cell(cell: Cell<'a>) -> Result<$type, ValueErrorKind> {
                $type::try_from(<$wide>::from_cell(cell)?).map_err(|_| ValueErrorKind::OutOfRange)
            }
        }
    )*};
}

narrower!(i64: i8 i16 i32 isize);
narrower!(u64: u8 u16 u32 u128 usize);

impl<'a> FromCell<'a> for i128 {
    const WANTED: &'static str = "i128";

    fn from_cell(cell: Cell<'a>) -> Result<i128, ValueErrorKind> {
        // (Text may be either of the two.)
        match (i64::from_cell(cell), cell.data_type()) {
            (
                Err(ValueErrorKind::OutOfRange),
                DataType::UnsignedLong | DataType::String | DataType::Untyped,
            ) => u64::from_cell(cell).map(i128::from),
            (value, _) => value.map(i128::from),
        }
    }
}

impl<'a> FromCell<'a> for f32 {
    const WANTED: &'static str = "f32";

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "to the nearest f32")]
    fn from_cell(cell: Cell<'a>) -> Result<f32, ValueErrorKind> {
        let wide = f64::from_cell(cell)?;
        let value = wide as f32;
        // (`+Inf` has no digits.)
        if value.is_infinite() && cell.as_bytes().iter().any(u8::is_ascii_digit) {
            return Err(ValueErrorKind::OutOfRange);
        }
        Ok(value)
    }
}

impl<'a> FromCell<'a> for char {
    const WANTED: &'static str = "a character";

    fn from_cell(cell: Cell<'a>) -> Result<char, ValueErrorKind> {
        not_null(cell)?;
        let mut chars = <&str>::from_cell(cell)?.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(ValueErrorKind::Syntax),
        }
    }
}

impl<'a> FromCell<'a> for bool {
    const WANTED: &'static str = "bool";

    #[inline]
    fn from_cell(cell: Cell<'a>) -> Result<bool, ValueErrorKind> {
        not_null(cell)?;
        match cell.data_type() {
            DataType::Boolean | DataType::String | DataType::Untyped => parse_bool(cell.as_bytes()),
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
            #[cfg(feature = "v3")]
            DataType::Untyped => untyped::parse_time(cell.tail, cell.len),
            _ => Err(ValueErrorKind::Type),
        }
    }
}

impl<'a> FromCell<'a> for SignedDuration {
    const WANTED: &'static str = "a duration";

    fn from_cell(cell: Cell<'a>) -> Result<SignedDuration, ValueErrorKind> {
        not_null(cell)?;
        match cell.data_type() {
            DataType::Duration | DataType::String | DataType::Untyped => {
                parse_duration(cell.as_bytes()).map(SignedDuration)
            }
            _ => Err(ValueErrorKind::Type),
        }
    }
}

impl<'a> FromCell<'a> for Duration {
    const WANTED: &'static str = "a duration";

    fn from_cell(cell: Cell<'a>) -> Result<Duration, ValueErrorKind> {
        SignedDuration::from_cell(cell)?
            .try_into()
            .map_err(|_| ValueErrorKind::OutOfRange)
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

#[cfg(feature = "alloc")]
impl<'a> FromCell<'a> for alloc::borrow::Cow<'a, str> {
    const WANTED: &'static str = "text";

    fn from_cell(cell: Cell<'a>) -> Result<Self, ValueErrorKind> {
        <&str>::from_cell(cell).map(alloc::borrow::Cow::Borrowed)
    }
}

#[cfg(feature = "std")]
impl<'a> FromCell<'a> for std::time::SystemTime {
    const WANTED: &'static str = "a time";

    fn from_cell(cell: Cell<'a>) -> Result<Self, ValueErrorKind> {
        let time = Timestamp::from_cell(cell)?;
        time.try_into().map_err(|_| ValueErrorKind::OutOfRange)
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
        DataType::Base64 | DataType::String | DataType::Untyped => {}
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
    Timestamp::parse_at(cell.tail, cell.len).map_err(ValueErrorKind::of_time)
}
