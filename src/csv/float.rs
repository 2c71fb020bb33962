//! Slow path of parsing floats without std: correctly rounded for any text.
//!
//! The standard library does the same with 12 KiB of tables, half the size of a small program on a
//! microcontroller. This is the idea of Eisel and Lemire (Lemire, "Number parsing at a gigabyte per second",
//! 2021), with a power of ten that is computed instead of looked up:
//!
//! 1. The first 19 digits, which 64 bits hold, times the upper 128 bits of the power of ten give a product with
//!    a known error: less than 2 units of the halved product, more if digits were cut off.
//! 2. The product and the product plus that error are both rounded. Nearly always they give the same float,
//!    and it is the nearest one.
//! 3. Otherwise the text lies close to the midpoint of two neighbouring floats. The digits of that midpoint are
//!    generated one by one from a fraction of two big integers (Clinger's "bignum" case; the comparison is that
//!    of Go's and Rust's decimal fallback) and compared with the text's, until one differs.

use core::cmp::Ordering;

use crate::power_of_ten::{high_part, log2_of_ten_to, power_of_ten};

/// Returns the float nearest to `[+-]digits[.digits][e[+-]digits]`, which has a digit on at least one side of
/// the point; a tie goes to the even one. Returns `None` for any other text.
///
/// A number that is too large becomes infinite, one that is too small zero, with the text's sign.
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let bits = Decimal::read(text)?.nearest();
    Some(f64::from_bits(bits | u64::from(negative) << 63))
}

/// The parts of a text without its sign.
struct Decimal<'a> {
    /// The first 19 digits after the leading zeros, or all if there are fewer.
    digits: u64,
    /// Digits other than zero follow them.
    cut: bool,
    /// The value is `digits` × 10^`exponent`, plus the digits that were cut off.
    exponent: i32,
    /// The value is 0.`digits` × 10^`point`.
    point: i32,
    /// All digits from the first that isn't zero on; a point may be among them.
    text: &'a [u8],
}

/// The most digits that always fit into 64 bits.
const DIGITS: i32 = 19;

impl Decimal<'_> {
    fn read(text: &[u8]) -> Option<Decimal<'_>> {
        let mut number = Number::default();
        let rest = number.take(text);
        let digits_end = text.len() - rest.len();
        let exponent = match rest {
            _ if !number.any => return None,
            [] => 0,
            [b'e' | b'E', rest @ ..] => exponent(rest)?,
            _ => return None,
        };
        // Far beyond the range of a float, and far within that of the sums below.
        let exponent = (number.power + exponent).clamp(-100_000, 100_000) as i32;
        Some(Decimal {
            digits: number.digits,
            cut: number.cut,
            exponent,
            point: exponent + number.taken,
            text: text.get(number.zeros..digits_end)?,
        })
    }

    /// The bits of the nearest float.
    fn nearest(&self) -> u64 {
        // `digits` is below 10^19, and 10^19 × 10^-344 is less than half of the smallest float. `digits` is at
        // least 1, and 10^309 is more than the largest.
        if self.digits == 0 || self.exponent < -343 {
            return 0;
        }
        if self.exponent > 308 {
            return INFINITE;
        }
        let power = power_of_ten(self.exponent);
        let shift = self.digits.leading_zeros();
        // `high_part` takes 64 bits off the power, and halving one.
        let scale = log2_of_ten_to(self.exponent) - 127 + 64 + 1 - shift as i32;
        // Halved, so that the addition below can't overflow.
        let product = high_part(power, self.digits << shift) >> 1;
        let low = round(product, scale);
        // The error, in units of the halved product: the power is rounded down, which makes less than 1, and
        // so do the bits that the product loses. The digits that were cut off are less than 1 of the last
        // digit, that is, less than the power itself.
        let mut above = product + 2;
        if self.cut {
            above += ((power >> 65) + 1) << shift;
        }
        let high = round(above, scale);
        if low == high {
            return low;
        }
        low + u64::from(match self.compare_with_half_above(low) {
            Ordering::Less => false,
            Ordering::Equal => low % 2 == 1,
            Ordering::Greater => true,
        })
    }

    /// Compares the text with the midpoint of this float and the next larger one, digit by digit.
    ///
    /// The midpoint over 10^`point` is a fraction `half / one` below 1, as is the text 0.`digits`. Ten times the
    /// numerator over the denominator is the next digit; instead of a division, `one` is subtracted once for
    /// each unit of the text's digit. If that isn't possible, the text's digit is the larger one.
    #[cold]
    fn compare_with_half_above(&self, bits: u64) -> Ordering {
        let (fraction, exponent) = (bits & (IMPLICIT - 1), (bits >> 52) as i32);
        let implicit = if exponent == 0 { 0 } else { IMPLICIT };
        let half = 2 * (fraction | implicit) + 1;
        let twos = exponent.max(1) - 1076;
        // half × 2^twos / 10^point, with 10 = 5 × 2.
        let (mut half, mut one) = (BigUint::new(half), BigUint::new(1));
        if self.point < 0 {
            half.times_five_to(-self.point);
        } else {
            one.times_five_to(self.point);
        }
        let twos = twos - self.point;
        if twos < 0 {
            one.times_two_to(-twos);
        } else {
            half.times_two_to(twos);
        }
        for byte in self.text.iter().filter(|byte| **byte != b'.') {
            half.times(10);
            for _ in b'0'..*byte {
                if !half.subtract(&one) {
                    return Ordering::Greater;
                }
            }
            if !half.is_below(&one) {
                return Ordering::Less;
            }
        }
        if half.is_zero() {
            Ordering::Equal
        } else {
            Ordering::Less
        }
    }
}

/// The digits and the point that were read.
#[derive(Default)]
struct Number {
    any: bool,
    digits: u64,
    taken: i32,
    cut: bool,
    power: i64,
    /// The bytes before the first digit that isn't zero.
    zeros: usize,
}

impl Number {
    /// Reads digits and a point, and returns the rest.
    fn take<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let mut point = false;
        let mut rest = text;
        while let [byte, behind @ ..] = rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                if *byte != b'.' || point {
                    break;
                }
                point = true;
                rest = behind;
                continue;
            }
            self.any = true;
            if digit == 0 && self.taken == 0 {
                self.power -= i64::from(point);
                self.zeros = text.len() - behind.len();
                rest = behind;
                continue;
            }
            if self.taken < DIGITS {
                self.digits = self.digits * 10 + u64::from(digit);
                self.taken += 1;
                self.power -= i64::from(point);
            } else {
                self.cut |= digit != 0;
                self.power += i64::from(!point);
            }
            rest = behind;
        }
        rest
    }
}

/// The exponent after the `e`, saturated.
fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // No text has enough digits to make up for a larger exponent.
        value = (value * 10 + i64::from(digit)).min(1 << 58);
    }
    Some(if negative { -value } else { value })
}

const INFINITE: u64 = 0x7FF << 52;
/// The leading bit of a normal float's significand, which isn't stored.
const IMPLICIT: u64 = 1 << 52;

/// Returns the bits of the float nearest to `number` × 2^`scale`; a tie goes to the even one. The number has
/// at least 125 bits.
fn round(number: u128, scale: i32) -> u64 {
    let (mut number, mut exponent) = (number, scale + 127);
    for _ in 0..3 {
        if number >> 127 == 0 {
            number <<= 1;
            exponent -= 1;
        }
    }
    // Of the lower half it only matters if it is zero: the sticky bit.
    let top = (number >> 64) as u64 | u64::from(number as u64 != 0);
    if exponent > 1023 {
        return INFINITE;
    }
    // Subnormal floats: below the smallest exponent the fraction has fewer bits.
    let exponent_bits = (exponent + 1023).max(1);
    let shift = (exponent_bits - exponent - 1023 + 11) as u32;
    if shift > 64 {
        return 0;
    }
    let fraction = top.checked_shr(shift).unwrap_or(0);
    let half = 1 << (shift - 1);
    let rest = top & (half | (half - 1));
    let up = rest > half || (rest == half && fraction % 2 == 1);
    // Added, not or'ed: the implicit bit increments the exponent, and so does a fraction that is rounded up to
    // the next power of two. From the largest exponent that gives infinity, as it should.
    ((exponent_bits as u64 - 1) << 52) + fraction + u64::from(up)
}

/// An unsigned integer of 896 bits, least significant word first. The largest here has 812: half of the smallest
/// float is 5^323 × 2^-752 / 10^-323, and a digit is multiplied in.
struct BigUint([u32; 28]);

impl BigUint {
    fn new(value: u64) -> BigUint {
        let mut words = [0; 28];
        let halves = [value as u32, (value >> 32) as u32];
        words
            .iter_mut()
            .zip(halves)
            .for_each(|(word, half)| *word = half);
        BigUint(words)
    }

    fn times(&mut self, factor: u32) {
        let mut carry = 0;
        for word in &mut self.0 {
            let product = u64::from(*word) * u64::from(factor) + carry;
            (*word, carry) = (product as u32, product >> 32);
        }
    }

    fn times_five_to(&mut self, mut exponent: i32) {
        while exponent > 0 {
            let step = exponent.min(13);
            self.times(5_u32.pow(step as u32));
            exponent -= step;
        }
    }

    fn times_two_to(&mut self, mut exponent: i32) {
        while exponent > 0 {
            let step = exponent.min(31);
            self.times(1 << step);
            exponent -= step;
        }
    }

    fn is_zero(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn is_below(&self, other: &BigUint) -> bool {
        self.0.iter().rev().lt(other.0.iter().rev())
    }

    /// Subtracts the other one, unless it is larger; returns `true` if it did.
    fn subtract(&mut self, other: &BigUint) -> bool {
        if self.is_below(other) {
            return false;
        }
        let mut borrow = false;
        for (word, less) in self.0.iter_mut().zip(other.0) {
            let (first, one) = word.overflowing_sub(less);
            let (second, two) = first.overflowing_sub(u32::from(borrow));
            (*word, borrow) = (second, one || two);
        }
        true
    }
}

#[cfg(test)]
#[path = "tests/float.rs"]
mod tests;
