//! Slow path of parsing floats: correctly rounded for any text.
//!
//! What the standard library does, without its 12 KiB of tables: half of what a program on a
//! microcontroller takes. The first 19 digits times a power of ten of 128 bits give the float from
//! below and from above, and those two are nearly always the same. Where they are not, the text is
//! compared digit by digit with the number halfway between them.

use core::cmp::Ordering;

use crate::power_of_ten::{high_part, log2_of_ten_to, power_of_ten};

/// The float nearest to `[+-]digits[.digits][e[+-]digits]`, with a digit at least on one side of
/// the point; halfway between two, the even one. `None` for any other text.
///
/// What is too large is infinite and what is too small is zero, with the text's sign.
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let bits = Decimal::read(text)?.nearest();
    Some(f64::from_bits(bits | u64::from(negative) << 63))
}

/// A text without its sign, taken apart.
struct Decimal<'a> {
    /// The first 19 digits behind the leading zeros, or all there are.
    digits: u64,
    /// Whether more digits follow them, other than zeros.
    cut: bool,
    /// The power of ten that `digits` have to be multiplied with.
    exponent: i32,
    /// The same if there were a point before the first of them.
    point: i32,
    /// All the digits, from the first that is not zero on, and perhaps a point among them.
    text: &'a [u8],
}

/// As many digits as 64 bits hold in any case.
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
        // Far outside of what a float can be, and far inside of what the sums below can hold.
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
        // 10^19 times a smaller power is less than half of the smallest float, and once a larger
        // one is more than the largest.
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
        // Halved, so that what is added below finds space.
        let product = high_part(power, self.digits << shift) >> 1;
        let low = round(product, scale);
        // The power is less than one too small, which makes less than one here, and so does what
        // falls off the product. The digits that were cut off are less than one of the last.
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

    /// The text against what lies halfway from this float to the next larger: the digits of that
    /// number are made one by one, until one differs.
    #[cold]
    fn compare_with_half_above(&self, bits: u64) -> Ordering {
        let (fraction, exponent) = (bits & (IMPLICIT - 1), (bits >> 52) as i32);
        let implicit = if exponent == 0 { 0 } else { IMPLICIT };
        let half = 2 * (fraction | implicit) + 1;
        let twos = exponent.max(1) - 1076;
        // half × 2^twos over 10^point, as a fraction.
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

/// Digits and point, as far as they were read.
#[derive(Default)]
struct Number {
    any: bool,
    digits: u64,
    taken: i32,
    cut: bool,
    power: i64,
    /// How many bytes stand before the first digit that is not zero.
    zeros: usize,
}

impl Number {
    /// Reads as far as a number goes, and gives the rest.
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

/// What stands behind the `e`, as far as it makes a difference.
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
        // More digits than this before the exponent don't fit into any memory.
        value = (value * 10 + i64::from(digit)).min(1 << 58);
    }
    Some(if negative { -value } else { value })
}

const INFINITE: u64 = 0x7FF << 52;
/// The bit of a float's fraction that is not stored.
const IMPLICIT: u64 = 1 << 52;

/// The float nearest to `number` × 2^`scale`, as bits; halfway between two, the even one. The number
/// has 125 bits at least.
fn round(number: u128, scale: i32) -> u64 {
    let (mut number, mut exponent) = (number, scale + 127);
    for _ in 0..3 {
        if number >> 127 == 0 {
            number <<= 1;
            exponent -= 1;
        }
    }
    // Of the lower half it matters only whether anything is there.
    let top = (number >> 64) as u64 | u64::from(number as u64 != 0);
    if exponent > 1023 {
        return INFINITE;
    }
    // Below the smallest exponent the fraction has fewer bits.
    let exponent_bits = (exponent + 1023).max(1);
    let shift = (exponent_bits - exponent - 1023 + 11) as u32;
    if shift > 64 {
        return 0;
    }
    let fraction = top.checked_shr(shift).unwrap_or(0);
    let half = 1 << (shift - 1);
    let rest = top & (half | (half - 1));
    let up = rest > half || (rest == half && fraction % 2 == 1);
    // The implicit bit adds one to the exponent, and so does a fraction that is rounded up to two.
    ((exponent_bits as u64 - 1) << 52) + fraction + u64::from(up)
}

/// A whole number of up to 896 bits. The largest here has 812: half of the smallest float is
/// 5^323 × 2^-752 over 10^-323, and a digit comes on top of it.
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

    /// Takes the other away if there is so much, and says whether there was.
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
