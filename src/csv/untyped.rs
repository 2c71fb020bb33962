//! Cells without a type, as InfluxDB 3 writes them.

use super::error::ValueErrorKind;
use super::number;
use super::record::Cell;
use crate::timestamp::{Timestamp, TimestampError};

/// A float; the infinite ones are `inf` and `-inf` there.
#[inline]
pub(super) fn parse_f64(cell: Cell<'_>) -> Result<f64, ValueErrorKind> {
    number::parse_f64(cell.tail, cell.len).or_else(|error| match cell.as_bytes() {
        b"inf" => Ok(f64::INFINITY),
        b"-inf" => Ok(f64::NEG_INFINITY),
        _ => Err(error),
    })
}

/// An integer, or a time as nanoseconds.
#[inline]
pub(super) fn parse_i64(cell: Cell<'_>) -> Result<i64, ValueErrorKind> {
    number::parse_i64(cell.tail, cell.len).or_else(|error| {
        if is_time(cell) {
            return parse_time(cell).map(Timestamp::as_nanos);
        }
        Err(error)
    })
}

/// A time without a zone, or a date.
#[inline]
pub(super) fn parse_time(cell: Cell<'_>) -> Result<Timestamp, ValueErrorKind> {
    Timestamp::parse_utc(cell.tail, cell.len).map_err(|error| match error {
        TimestampError::OutOfRange => ValueErrorKind::OutOfRange,
        other => ValueErrorKind::Time(other),
    })
}

/// Whether the cell has the form of a time or a date, which no integer has.
pub(super) fn is_time(cell: Cell<'_>) -> bool {
    matches!(
        cell.as_bytes(),
        [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _, ..]
    )
}
