//! Cells without a type, as InfluxDB 3 writes them. A cell is the first `len` bytes of its `tail`.

use super::error::ValueErrorKind;
use super::number;
use crate::rfc3339::TimestampError;
use crate::timestamp::Timestamp;

/// A float; the infinite ones are `inf` and `-inf` there.
#[inline]
pub(super) fn parse_f64(tail: &[u8], len: usize) -> Result<f64, ValueErrorKind> {
    number::parse_f64(tail, len).or_else(|error| match tail.get(..len) {
        Some(b"inf") => Ok(f64::INFINITY),
        Some(b"-inf") => Ok(f64::NEG_INFINITY),
        _ => Err(error),
    })
}

/// An integer, or a time as nanoseconds.
#[inline]
pub(super) fn parse_i64(tail: &[u8], len: usize) -> Result<i64, ValueErrorKind> {
    number::parse_i64(tail, len).or_else(|error| {
        if is_time(tail.get(..len).unwrap_or_default()) {
            return parse_time(tail, len).map(Timestamp::as_nanos);
        }
        Err(error)
    })
}

/// A time without a zone, or a date.
#[inline]
pub(super) fn parse_time(tail: &[u8], len: usize) -> Result<Timestamp, ValueErrorKind> {
    Timestamp::parse_utc(tail, len).map_err(|error| match error {
        TimestampError::OutOfRange => ValueErrorKind::OutOfRange,
        other => ValueErrorKind::Time(other),
    })
}

/// Whether the cell has the form of a time or a date, which no integer has.
pub(super) fn is_time(cell: &[u8]) -> bool {
    matches!(cell, [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _, ..])
}
