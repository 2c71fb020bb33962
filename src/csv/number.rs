//! Parsing of numbers from bytes, which saves the UTF-8 check.
//!
//! Numbers take most of the time of typed reading, so short ones are parsed as a word of eight bytes (SWAR). For
//! that a cell comes as `tail` and `len`: the buffer from the cell's start on, and the cell's length. So eight
//! bytes can be loaded even if the cell is shorter; what lies behind it is shifted out.
//!
//! Floats go through three stages, each for the texts that the one before can't read exactly:
//! [`fast_path_swar`], [`fast_path_clinger`], and [`slow_path`], which is the standard library's (Eisel–Lemire) or,
//! without std, that of `float`.

use super::error::ValueErrorKind;
#[cfg(not(feature = "std"))]
use super::float::parse as nearest;
use crate::FAST_PATHS;
use crate::signed_duration::{DurationError, parse_units};
use crate::swar::{ONES, ZEROS, are_digits, byte_of, eight_digits, equal};

/// Parses a `long`: an optional minus and decimal digits.
#[inline]
pub(super) fn parse_i64(tail: &[u8], len: usize) -> Result<i64, ValueErrorKind> {
    match tail {
        [b'-', digits @ ..] if len > 0 => {
            let value = parse_u64(digits, len - 1)?;
            // Wrapping: 2^63 is i64::MIN, and its own negation.
            if value > 1 << 63 {
                return Err(ValueErrorKind::OutOfRange);
            }
            Ok(value.wrapping_neg() as i64)
        }
        digits => i64::try_from(parse_u64(digits, len)?).map_err(|_| ValueErrorKind::OutOfRange),
    }
}

/// Parses an `unsignedLong`: decimal digits.
#[inline]
pub(super) fn parse_u64(tail: &[u8], len: usize) -> Result<u64, ValueErrorKind> {
    if FAST_PATHS {
        if let Some(word) = word(tail, len) {
            return digits(word, len).ok_or(ValueErrorKind::Syntax);
        }
    }
    long_u64(tail.get(..len).unwrap_or_default())
}

fn long_u64(digits: &[u8]) -> Result<u64, ValueErrorKind> {
    if digits.is_empty() {
        return Err(ValueErrorKind::Syntax);
    }
    let mut value: u64 = 0;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(ValueErrorKind::Syntax);
        }
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit)))
            .ok_or(ValueErrorKind::OutOfRange)?;
    }
    Ok(value)
}

/// Loads eight bytes as a word if 1 to 8 of them are the cell's and the buffer has as many. The first byte is
/// the lowest.
#[inline]
fn word(tail: &[u8], len: usize) -> Option<u64> {
    let word = *tail.first_chunk()?;
    (1..=8).contains(&len).then_some(u64::from_le_bytes(word))
}

/// Returns the value of the word's first 1 to 8 bytes; `None` if one of them is no digit.
#[inline]
fn digits(word: u64, len: usize) -> Option<u64> {
    // XOR turns the digits into their values. The shift drops the bytes behind the cell, and fills in zeros
    // in front, which are leading zeros.
    let digits = (word ^ ZEROS) << (64 - 8 * len);
    are_digits(digits).then(|| eight_digits(digits))
}

/// Parses a `double`: the float nearest to the text, or `NaN`, `+Inf`, `-Inf` as the server writes them.
#[inline]
pub(super) fn parse_f64(tail: &[u8], len: usize) -> Result<f64, ValueErrorKind> {
    let (negative, rest, rest_len) = match tail {
        [b'-', rest @ ..] if len > 0 => (true, rest, len - 1),
        rest => (false, rest, len),
    };
    if FAST_PATHS {
        if let Some(value) =
            fast_path_swar(rest, rest_len).or_else(|| fast_path_clinger(rest, rest_len))
        {
            return Ok(if negative { -value } else { value });
        }
    }
    slow_path(tail.get(..len).unwrap_or_default())
}

/// Parses up to eight bytes, by Clinger's fast path ("How to read floating point numbers accurately", 1990): the
/// digits as an integer below 2^53 and a power of ten up to 10^22 are exact floats, and IEEE 754 division rounds
/// once, so the quotient is the nearest float.
#[inline]
fn fast_path_swar(tail: &[u8], len: usize) -> Option<f64> {
    let word = word(tail, len)?;
    // The lowest byte that is a point.
    let place = byte_of(equal(word, ONES * b'.' as u64));
    if place >= len {
        return digits(word, len).map(exact);
    }
    let behind = len - 1 - place;
    if place == 0 || behind == 0 {
        return None;
    }
    // Closes the gap: the digits after the point move down by a byte, next to those before it.
    let before = (1 << (8 * place)) - 1;
    let joined = (word & before) | ((word >> 8) & !before);
    Some(exact(digits(joined, len - 1)?) / POWERS.get(behind)?)
}

/// Parses up to 15 digits (below 2^53) in the same way, one by one.
fn fast_path_clinger(tail: &[u8], len: usize) -> Option<f64> {
    let text = tail.get(..len)?;
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    let (mut value, mut seen, mut behind, mut point) = (0_u64, 0_u32, 0_usize, false);
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value * 10 + u64::from(digit);
            seen += 1;
            behind += usize::from(point);
        } else if byte == b'.' && !point && seen > 0 {
            point = true;
        } else {
            return None;
        }
    }
    if seen > 15 || (point && behind == 0) {
        return None;
    }
    Some(exact(value) / POWERS.get(behind)?)
}

/// Converts an integer below 10^15, and so below 2^53.
#[inline]
#[allow(clippy::cast_precision_loss, reason = "there is none")]
fn exact(value: u64) -> f64 {
    value as f64
}

const POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

#[cold]
fn slow_path(text: &[u8]) -> Result<f64, ValueErrorKind> {
    const NAMES: [(&str, f64); 4] = [
        ("NaN", f64::NAN),
        ("+Inf", f64::INFINITY),
        ("Inf", f64::INFINITY),
        ("-Inf", f64::NEG_INFINITY),
    ];
    let named = NAMES.iter().find(|(name, _)| name.as_bytes() == text);
    match named {
        Some((_, value)) => Ok(*value),
        None => nearest(text).ok_or(ValueErrorKind::Syntax),
    }
}

/// Parses with the standard library, whose tables a small program has no space for.
#[cfg(feature = "std")]
fn nearest(text: &[u8]) -> Option<f64> {
    // The standard library also reads `inf`, `infinity` and `nan` in any case, which the server doesn't write.
    if !text.iter().any(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(text).ok()?.parse().ok()
}

/// Parses a `boolean`: `true` or `false` in any case.
#[inline]
pub(super) fn parse_bool(text: &[u8]) -> Result<bool, ValueErrorKind> {
    match text {
        b"true" => Ok(true),
        b"false" => Ok(false),
        _ if text.eq_ignore_ascii_case(b"true") => Ok(true),
        _ if text.eq_ignore_ascii_case(b"false") => Ok(false),
        _ => Err(ValueErrorKind::Syntax),
    }
}

/// Parses a `duration` into nanoseconds: a bare number (`125`), or numbers with units, the last of which may have
/// a fraction (`1h2m3.5s`, `-1w`). Months and years have no fixed length, and are out of range.
pub(super) fn parse_duration(text: &[u8]) -> Result<i64, ValueErrorKind> {
    if let Ok(nanos) = parse_i64(text, text.len()) {
        return Ok(nanos);
    }
    parse_units(text).map_err(|error| match error {
        DurationError::Syntax => ValueErrorKind::Syntax,
        DurationError::Calendar | DurationError::OutOfRange => ValueErrorKind::OutOfRange,
    })
}

#[cfg(test)]
#[path = "tests/number.rs"]
mod tests;
