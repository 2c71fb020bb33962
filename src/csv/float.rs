//! Text to the nearest float, whatever the text: the way of those that no shortcut takes.
//!
//! What the standard library does, without its 12 KiB of tables: half of what a program on a
//! microcontroller takes. The first 19 digits times a power of ten of 128 bits give the float from
//! below and from above, and those two are nearly always the same. Where they are not, the text is
//! compared digit by digit with the number halfway between them.

use core::cmp::Ordering;

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
        let (power, scale) = power_of_ten(self.exponent);
        let shift = self.digits.leading_zeros();
        let scale = scale + 1 - shift as i32;
        // Halved, so that what is added below finds room.
        let product = high_part(power, self.digits << shift) >> 1;
        let low = round(product, scale);
        // The power is less than two too small, which makes less than one here, and so does what
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

/// 10^`exponent` as `power` × 2^`scale`, where `power` may be less than two too small and has 127 or
/// 128 bits; and of the scale those 64 are taken off that [`high_part`] cuts.
fn power_of_ten(exponent: i32) -> (u128, i32) {
    let from_first = exponent - FIRST;
    let (large, small) = (from_first / STEP, from_first % STEP);
    // In range by the caller's check.
    let power = POWERS.get(large as usize).copied().unwrap_or(0);
    let five = 5_u64.pow(small as u32);
    let power = high_part(power, five << five.leading_zeros());
    let scale = exponent + log2_of_five_to(FIRST + large * STEP) + log2_of_five_to(small);
    (power, scale - 126 + 64)
}

/// Floor of the logarithm of 5^`exponent`, for exponents up to 350 either way.
fn log2_of_five_to(exponent: i32) -> i32 {
    (exponent * 152_170) >> 16
}

/// `large` × `small` / 2^64, rounded down.
#[inline]
fn high_part(large: u128, small: u64) -> u128 {
    let small = u128::from(small);
    (large >> 64) * small + ((u128::from(large as u64) * small) >> 64)
}

/// The exponent of the first power in the table, and from one to the next.
const FIRST: i32 = -351;
const STEP: i32 = 27;
/// The first 128 bits of 5^[`FIRST`], and every [`STEP`]th power from there on.
#[rustfmt::skip]
const POWERS: [u128; 25] = [
    0x8049a4ac_0c5811ae_205b896d_777d6278,
    0xcf42894a_5dce35ea_52064cac_828675b9,
    0xa76c5823_38ed2621_af2af2b8_0af6f24e,
    0x873e4f75_e2224e68_5a7744a6_e804a291,
    0xda7f5bf5_90966848_af39a475_506a899e,
    0xb080392c_c4349dec_bd8d794d_96aacfb3,
    0x8e938662_882af53e_547eb47b_7282ee9c,
    0xe65829b3_046b0afa_0cb4a5a3_112a5112,
    0xba121a46_50e4ddeb_92f34d62_616ce413,
    0x964e858c_91ba2655_3a6a07f8_d510f86f,
    0xf2d56790_ab41c2a2_fae27299_423fb9c3,
    0xc428d05a_a4751e4c_aa97e14c_3c26b886,
    0x9e74d1b7_91e07e48_775ea264_cf55347d,
    0x80000000_00000000_00000000_00000000,
    0xcecb8f27_f4200f3a_00000000_00000000,
    0xa70c3c40_a64e6c51_999090b6_5f67d924,
    0x86f0ac99_b4e8dafd_69a028bb_3ded71a3,
    0xda01ee64_1a708de9_e80e6f48_20cc9495,
    0xb01ae745_b101e9e4_5ec05dcf_f72e7f8f,
    0x8e41ade9_fbebc27d_14588f13_be847307,
    0xe5d3ef28_2a242e81_8f1668c8_a86da5fa,
    0xb9a74a06_37ce2ee1_6d953e2b_d7173692,
    0x95f83d0a_1fb69cd9_4abdaf10_1564f98e,
    0xf24a01a7_3cf2dccf_bc633b39_673c8cec,
    0xc3b83581_09e84f07_0a862f80_ec4700c8,
];

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
mod tests {
    use super::*;
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    /// The standard library is the judge.
    #[track_caller]
    fn same(text: &str) {
        let expected = text.parse::<f64>().ok().map(f64::to_bits);
        assert_eq!(parse(text.as_bytes()).map(f64::to_bits), expected, "{text}");
    }

    #[test]
    fn every_power_in_the_table_is_rounded_down_and_by_less_than_one() {
        // A number as long as it takes, little end first.
        fn times(number: &mut Vec<u32>, factor: u64) {
            let mut carry = 0_u128;
            for word in number.iter_mut() {
                let product = u128::from(*word) * u128::from(factor) + carry;
                (*word, carry) = (product as u32, product >> 32);
            }
            while carry > 0 {
                number.push(carry as u32);
                carry >>= 32;
            }
        }
        fn new(value: u128) -> Vec<u32> {
            (0..5)
                .map(|n| if n < 4 { (value >> (32 * n)) as u32 } else { 0 })
                .collect()
        }
        fn ordered(number: &[u32]) -> Vec<u32> {
            number
                .iter()
                .rev()
                .copied()
                .skip_while(|word| *word == 0)
                .collect()
        }
        fn below(a: &[u32], b: &[u32]) -> bool {
            let (a, b) = (ordered(a), ordered(b));
            (a.len(), a) < (b.len(), b)
        }
        for (place, power) in POWERS.into_iter().enumerate() {
            let exponent = FIRST + STEP * place as i32;
            assert_eq!(power.leading_zeros(), 0);
            // power × 2^twos ≤ 5^exponent < (power + 1) × 2^twos, with nothing negative on
            // either side.
            let twos = log2_of_five_to(exponent) - 127;
            let mut fives = new(1);
            let (mut this, mut next) = (new(power), new(power));
            times(&mut next, 1);
            let one = next.iter_mut().try_for_each(|word| {
                *word = word.wrapping_add(1);
                if *word == 0 { Ok(()) } else { Err(()) }
            });
            assert!(one.is_err());
            for _ in 0..exponent.unsigned_abs() {
                if exponent > 0 {
                    times(&mut fives, 5);
                } else {
                    times(&mut this, 5);
                    times(&mut next, 5);
                }
            }
            for _ in 0..twos.unsigned_abs() {
                if twos > 0 {
                    times(&mut this, 2);
                    times(&mut next, 2);
                } else {
                    times(&mut fives, 2);
                }
            }
            assert!(!below(&fives, &this), "5^{exponent}");
            assert!(below(&fives, &next), "5^{exponent}");
        }
    }

    #[test]
    fn texts_at_the_borders() {
        for text in [
            "0",
            "-0",
            "+0",
            "0.0",
            "00.000e5",
            "1",
            "+1",
            "1.",
            ".5",
            "-.5e1",
            "1e0",
            "1E+2",
            "1e-2",
            "9007199254740992",
            "9007199254740993",
            "9007199254740993.0000000000000000000000000001",
            "9007199254740992.9999999999999999999999999999",
            "9007199254740994",
            "9007199254740995",
            "1152921504606847105",
            "6929495644600919.5",
            "2.2250738585072011e-308",
            "2.2250738585072012e-308",
            "2.2250738585072014e-308",
            "4.9406564584124654e-324",
            // As far as these digits go they are those of the middle between two floats.
            "7.41098468761869816264853189302332058547589703921487e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "1e308",
            "1e309",
            "-1e309",
            "1e-323",
            "1e-324",
            "1e-400",
            "1e400",
            "123456789012345678901234567890",
            "18446744073709551616",
            "18446744073709551615",
            "99999999999999999999",
            "9999999999999999999",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "0e99999999999999999999",
            "8.988465674311579538646525953945e307",
            "6.631236846766476e-316",
            "1.00000000000000011102230246251565404236316680908203125",
            "1.00000000000000011102230246251565404236316680908203124",
            "1.00000000000000011102230246251565404236316680908203126",
            "0.500000000000000166533453693773481063544750213623046875",
            "7.8459735791271921e65",
            "3.518437208883201171875e13",
            "0.000001",
            "1e22",
            "1e23",
        ] {
            same(text);
        }
        for text in [
            "", "+", "-", ".", "e5", "1e", "1e+", "1e5.0", "1..2", "1.2.3", "--1", "1 ", "1x", "é",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        // What the standard library reads, and a server would never write.
        for text in ["inf", "nan", "NaN", "Infinity"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        let zeros = "0".repeat(400);
        for text in [
            format!("1{zeros}"),
            format!("1{zeros}e-400"),
            format!("0.{zeros}1e401"),
            format!("{zeros}.{zeros}1"),
            format!("{zeros}12.5{zeros}"),
            format!("9007199254740993.{zeros}"),
            format!("9007199254740993.{zeros}1"),
            format!("{}e-390", "123456789".repeat(50)),
        ] {
            same(&text);
        }
    }

    /// The exact decimal digits of a float, which may be hundreds.
    fn exact(bits: u64) -> String {
        format!("{:.1100}", f64::from_bits(bits))
            .trim_end_matches('0')
            .to_string()
    }

    #[test]
    fn random_texts_and_those_halfway_between_two_floats() {
        let rounds = std::env::var("INFLUX_EDGE_CASES").ok();
        let rounds: u64 = rounds.and_then(|n| n.parse().ok()).unwrap_or(200_000);
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for round in 0..rounds {
            let value = f64::from_bits(next() & !(1 << 63));
            if value.is_finite() {
                same(&format!("{value:e}"));
                same(&format!("{value:.25e}"));
            }
            let exponent = next() % 700;
            same(&format!("{}e{}", next(), exponent as i64 - 350));
            same(&format!("{}.{}e-{exponent}", next() >> 40, next()));
            if round % 100 > 0 {
                continue;
            }
            let bits = next() % (INFINITE - 1);
            // The middle of this float and the next, and a little to both sides.
            let (low, high) = (exact(bits), exact(bits + 1));
            let middle = middle(&low, &high);
            same(&middle);
            same(&format!("{middle}1"));
            same(&format!("{middle}00000000000000000001"));
            let mut less = middle.into_bytes();
            if let Some(last) = less.last_mut() {
                // The last digit of a middle is 5.
                *last -= 1;
            }
            same(&String::from_utf8(less).unwrap());
        }
    }

    /// Half of the sum of two numbers written out with a point.
    fn middle(a: &str, b: &str) -> String {
        let split = |text: &str| -> (String, String) {
            let (whole, fraction) = text.split_once('.').unwrap();
            (whole.to_string(), fraction.to_string())
        };
        let ((a, af), (b, bf)) = (split(a), split(b));
        let (whole, behind) = (a.len().max(b.len()), af.len().max(bf.len()) + 1);
        let digits = |whole_part: &str, fraction: &str| -> Vec<u8> {
            format!("{whole_part:0>whole$}{fraction:0<behind$}").into_bytes()
        };
        let (a, b) = (digits(&a, &af), digits(&b, &bf));
        let mut sum = std::vec![0_u8; a.len() + 1];
        let mut carry = 0;
        for place in (0..a.len()).rev() {
            let digit = (a[place] - b'0') + (b[place] - b'0') + carry;
            sum[place + 1] = digit % 10;
            carry = digit / 10;
        }
        sum[0] = carry;
        let mut left = 0;
        for digit in &mut sum {
            let value = left * 10 + *digit;
            (*digit, left) = (value / 2, value % 2);
        }
        let text: String = sum.iter().map(|digit| char::from(b'0' + digit)).collect();
        let (before, after) = text.split_at(whole + 1);
        format!("{before}.{}", after.trim_end_matches('0'))
    }
}
