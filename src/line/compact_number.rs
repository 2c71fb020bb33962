//! Numbers as text in little code, for where [`FAST_PATHS`](crate::FAST_PATHS) is off.
//!
//! The texts are those of itoa and zmij. Those two crates need memmove, memset and a 64-bit division,
//! which on a Cortex-M are library routines: 2.7 KiB in rustup's prebuilt core, which is optimised for
//! speed. Nothing here needs any of them.

use super::error::EncodeError;
use super::slice_writer::SliceWriter;
use crate::power_of_ten::{high_part, log2_of_ten_to, power_of_ten};
use heapless::Vec;

/// The first number of ten digits.
const TEN_DIGITS: u64 = 1_000_000_000;

/// Writes an integer's digits.
#[inline(never)]
pub(super) fn integer(
    cursor: &mut SliceWriter<'_>,
    negative: bool,
    magnitude: u64,
) -> Result<(), EncodeError> {
    let sign = usize::from(negative);
    // A time has ten digits at least.
    let (mut len, mut above) = match magnitude {
        0..TEN_DIGITS => (1, 10_u64),
        _ => (10, 10 * TEN_DIGITS),
    };
    // No 64-bit integer has more than 20 digits.
    while magnitude >= above && len < 20 {
        len += 1;
        above = above.wrapping_mul(10);
    }
    // Without an array in between, which would be filled with zeros first.
    let text = cursor.reserve(sign + len)?;
    fill(text, magnitude);
    if let (true, Some(first)) = (negative, text.first_mut()) {
        *first = b'-';
    }
    Ok(())
}

/// Writes a finite float: the shortest text that reads back to the same bits.
pub(super) fn float(cursor: &mut SliceWriter<'_>, value: f64) -> Result<(), EncodeError> {
    let bits = value.to_bits();
    let format = Format {
        fraction_bits: 52,
        offset: 1075,
        fixed: (-5, 15),
    };
    format.write(cursor, bits >> 63 != 0, bits & (u64::MAX >> 1))
}

/// Writes a finite `f32`: the shortest text that reads back to the same `f32`.
pub(super) fn float32(cursor: &mut SliceWriter<'_>, value: f32) -> Result<(), EncodeError> {
    let bits = value.to_bits();
    let format = Format {
        fraction_bits: 23,
        offset: 150,
        fixed: (-6, 12),
    };
    format.write(cursor, bits >> 31 != 0, (bits & (u32::MAX >> 1)).into())
}

/// The most digits that [`shortest`] returns are 17 of a float and a zero behind them; in fours.
const DIGITS: usize = 20;

/// The layout of a float's bits, and of its text.
struct Format {
    fraction_bits: u32,
    /// The stored exponent of a float whose fraction's last bit is worth 1.
    offset: i32,
    /// The first and the last power of ten of the leading digit for which the text has no exponent.
    fixed: (i32, i32),
}

impl Format {
    /// Writes the float with these bits, among which the one of the sign is zero.
    #[inline(never)]
    fn write(
        &self,
        cursor: &mut SliceWriter<'_>,
        negative: bool,
        bits: u64,
    ) -> Result<(), EncodeError> {
        let implicit = 1 << self.fraction_bits;
        let (fraction, exponent) = (bits & (implicit - 1), (bits >> self.fraction_bits) as i32);
        let (mut number, mut ten) = if exponent == 0 {
            shortest(fraction, 1 - self.offset, true)
        } else {
            shortest(fraction | implicit, exponent - self.offset, fraction != 0)
        };
        // The last digit first. Of the zeros behind a reading four at a time are left out.
        let mut digits = Vec::<u8, DIGITS>::new();
        while number != 0 {
            let mut four;
            (number, four) = over_ten_thousand(number);
            if four == 0 && digits.is_empty() {
                ten += 4;
                continue;
            }
            for _ in 0..4 {
                let _ = digits.push(b'0' + (four % 10) as u8);
                four /= 10;
            }
        }
        let mut text = &digits[..];
        while let [b'0', rest @ ..] = text {
            text = rest;
            ten += 1;
        }
        while let [rest @ .., b'0'] = text {
            text = rest;
        }
        if text.is_empty() {
            (text, ten) = (b"0", 0);
        }
        // The power of ten of the first digit.
        let first = ten + text.len() as i32 - 1;
        if negative {
            cursor.put(b'-')?;
        }
        let (lowest, highest) = self.fixed;
        // A single millionth has no exponent either.
        let fixed = (lowest <= first && first <= highest) || (first == -6 && text.len() == 1);
        let at = if fixed { first } else { 0 };
        let last = at - text.len() as i32 + 1;
        let mut digits = text.iter().rev();
        let mut power = at.max(0);
        while power >= last.min(0) {
            if power == -1 {
                cursor.put(b'.')?;
            }
            let digit = if power > at { None } else { digits.next() };
            cursor.put(digit.copied().unwrap_or(b'0'))?;
            power -= 1;
        }
        if fixed {
            return Ok(());
        }
        cursor.put(b'e')?;
        // An older parser of InfluxDB 3 rejects 1e16.
        cursor.put(if first < 0 { b'-' } else { b'+' })?;
        integer(cursor, false, first.unsigned_abs().into())
    }
}

/// Returns the shortest decimal that reads back as the float `number` × 2^`two`, the nearest one if
/// there are several: its digits, perhaps with zeros behind them, and the power of ten of the last.
/// A float whose lower neighbour is half as far away as the upper one is not `regular`.
///
/// The algorithm is zmij's, a descendant of Schubfach (Raffaello Giulietti, "The Schubfach way to
/// render doubles"; Victor Zverovich's Żmij, in the Rust port by David Tolnay), with the same
/// arithmetic and without the tables that make it fast. The float is multiplied with a power of ten
/// so that the integer part has one digit less than it may need. If that or the next integer lies
/// between the borders to the neighbouring floats it is the result; otherwise one more digit is.
fn shortest(number: u64, two: i32, regular: bool) -> (u64, i32) {
    /// The number of bits that stay free above the integer part.
    const SPARE: i32 = 6;
    const HALF: u64 = 1 << 63;
    // Floor of the logarithm of 2^two, or of three quarters of that.
    let ten = (two * 315_653 - if regular { 0 } else { 131_072 }) >> 20;
    let power = power_of_ten(-ten - 1);
    let shift = two + log2_of_ten_to(-ten - 1) + 1 + SPARE;
    let product = high_part(power, number << shift) >> SPARE;
    let (whole, fraction) = ((product >> 64) as u64, product as u64);
    // Distance to the borders, which belong to the even one of the two floats.
    let half = (power >> 64) as u64 >> (SPARE + 1 - shift);
    let (above, below) = if regular {
        let half = half + u64::from(number % 2 == 0);
        (half, half)
    } else {
        (half, half >> 1)
    };
    if fraction.checked_add(above).is_none() {
        return ((whole + 1) * 10, ten);
    }
    if below > fraction {
        return (whole * 10, ten);
    }
    let digit = if !regular {
        let inside = tenths(fraction.wrapping_sub(below), u64::MAX);
        tenths(fraction, HALF - 1).max(inside)
    } else if fraction == 1 << 62 {
        // 2.5 is rounded to the even digit.
        2
    } else {
        // The 6 is zmij's, for digits whose remainder is very close to one half.
        tenths(fraction, HALF + 6)
    };
    (whole * 10 + digit, ten)
}

/// Returns a fraction of 2^64 in tenths, rounded down after `more` is added.
fn tenths(fraction: u64, more: u64) -> u64 {
    ((u128::from(fraction) * 10 + u128::from(more)) >> 64) as u64
}

/// Fills `text` with the digits of a number, from its end until only zeros would follow.
fn fill(text: &mut [u8], mut number: u64) {
    for four in text.rchunks_mut(4) {
        let mut rest;
        (number, rest) = over_ten_thousand(number);
        for digit in four.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        if number == 0 {
            break;
        }
    }
}

/// Divides by 10 000 and returns quotient and remainder: long division in 16-bit digits, so that each
/// step is a division of 32 bits by a constant, which is a multiplication.
fn over_ten_thousand(number: u64) -> (u64, u32) {
    const DIVISOR: u32 = 10_000;
    let (high, low) = ((number >> 32) as u32, number as u32);
    let middle = (high % DIVISOR) << 16 | low >> 16;
    let last = (middle % DIVISOR) << 16 | low & 0xFFFF;
    let lowest = u64::from(last / DIVISOR);
    let quotient = u64::from(high / DIVISOR) << 32 | u64::from(middle / DIVISOR) << 16 | lowest;
    (quotient, last % DIVISOR)
}

#[cfg(test)]
#[path = "tests/compact_number.rs"]
mod tests;
