//! Formatting of finite numbers: shortest, exact, and legal for every server's parser. What happens to
//! a NaN is decided in `line_state`.

use super::compact_number;
use super::error::EncodeError;
use super::slice_writer::SliceWriter;
use crate::FAST_PATHS;

/// Writes an integer's digits.
#[inline]
pub(super) fn integer<I: Integer>(
    cursor: &mut SliceWriter<'_>,
    value: I,
) -> Result<(), EncodeError> {
    if !FAST_PATHS {
        let (negative, magnitude) = value.parts();
        return compact_number::integer(cursor, negative, magnitude);
    }
    cursor.copy_short(itoa::Buffer::new().format(value).as_bytes())
}

/// An integer of up to 64 bits.
pub(super) trait Integer: itoa::Integer {
    /// Returns whether it is negative, and its magnitude.
    fn parts(self) -> (bool, u64);
}

macro_rules! integers {
    ($($signed:ty, $unsigned:ty;)*) => {$(
        impl Integer for $signed {
            #[inline]
            fn parts(self) -> (bool, u64) {
                (self < 0, self.unsigned_abs() as u64)
            }
        }
        impl Integer for $unsigned {
            #[inline]
            fn parts(self) -> (bool, u64) {
                (false, self as u64)
            }
        }
    )*};
}
integers!(i8, u8; i16, u16; i32, u32; i64, u64; isize, usize;);

/// Writes a time: an integer that nearly always has 10, 13, 16 or 19 digits.
///
/// Eight digits at a time, straight into the buffer. That is faster than itoa because nothing is
/// written twice, and because it needs two 64-bit divisions where a 32-bit processor, which has no
/// instruction for them, would be asked for ten.
#[inline]
pub(super) fn time(cursor: &mut SliceWriter<'_>, value: i64) -> Result<(), EncodeError> {
    if FAST_PATHS && value >= EIGHT as i64 {
        let start = cursor.pos();
        if let Some(slot) = cursor.tail_mut(start).first_chunk_mut::<NUMBER_CAPACITY>() {
            let len = long_time(slot, value as u64);
            return cursor.advance(len);
        }
    }
    // Before 1973 even in seconds, or at the end of a buffer.
    integer(cursor, value)
}

const EIGHT: u64 = 100_000_000;
/// Space for the longest timestamp, three times eight digits, and for what few decimals take at
/// most.
const NUMBER_CAPACITY: usize = 24;

/// Writes a number of more than eight digits and says how many they are. What is left of the slot
/// means nothing.
#[inline]
fn long_time(slot: &mut [u8; NUMBER_CAPACITY], value: u64) -> usize {
    let (high, low) = (value / EIGHT, (value % EIGHT) as u32);
    let mut len;
    if high < EIGHT {
        len = put_leading(slot, high as u32);
    } else {
        len = put_leading(slot, (high / EIGHT) as u32);
        put(slot, len, eight_digits((high % EIGHT) as u32));
        len += 8;
    }
    put(slot, len, eight_digits(low));
    len + 8
}

/// Places a word, which the callers see to that there is space for.
#[inline]
fn put(slot: &mut [u8; NUMBER_CAPACITY], at: usize, word: u64) {
    let slot = slot.get_mut(at..);
    if let Some(slot) = slot.and_then(|slot| slot.first_chunk_mut::<8>()) {
        *slot = word.to_le_bytes();
    }
}

/// Begins the slot with a number below 10^8 without leading zeros, but for zero itself, and says how
/// many digits it has.
#[inline]
fn put_leading(slot: &mut [u8; NUMBER_CAPACITY], number: u32) -> usize {
    let (word, len) = leading(number);
    put(slot, 0, word);
    len
}

/// A number below 10^8 without leading zeros, but for zero itself; and how many digits it has.
#[inline]
fn leading(number: u32) -> (u64, usize) {
    let digits = eight_digits(number);
    let zeros = ((digits ^ ASCII_ZEROS).trailing_zeros() / 8).min(7);
    (digits >> (zeros * 8), 8 - zeros as usize)
}

const ASCII_ZEROS: u64 = 0x3030_3030_3030_3030;

/// The digits of a number below 10^8, the first in the lowest byte.
///
/// Halves, quarters, digits: at each step all parts are divided at once. A part below 10 000 times
/// 10 486 over 2^20 is its hundredth, a part below 100 times 103 over 2^10 its tenth, exactly.
#[inline]
const fn eight_digits(number: u32) -> u64 {
    let halves = (number / 10_000) as u64 | ((number % 10_000) as u64) << 32;
    let hundreds = ((halves * 10_486) >> 20) & 0x7F_0000_007F;
    let quarters = hundreds | (halves - hundreds * 100) << 16;
    let tens = ((quarters * 103) >> 10) & 0x000F_000F_000F_000F;
    (tens | (quarters - tens * 10) << 8) | ASCII_ZEROS
}

/// Writes a finite float: the shortest text that reads back to the same bits.
///
/// A sensor's reading has few decimals, and for those there is a shortcut: let `n` be the value
/// times 10⁶, rounded. If `n` is below 10¹⁴ then both `n` and 10⁶ are exact as floats, so `n / 10⁶`
/// rounds once, correctly, exactly as a parser rounds the text `n·10⁻⁶`. If that division gives the
/// value back, the text reads back to the same bits; and since at most 14 digits never have a
/// shorter rival in another place, dropping the zeros at its end makes it the shortest. One
/// multiplication and one division decide it; everything else takes zmij's general way.
#[inline]
pub(super) fn float(cursor: &mut SliceWriter<'_>, value: f64) -> Result<(), EncodeError> {
    if FAST_PATHS {
        let start = cursor.pos();
        if let Some(slot) = cursor.tail_mut(start).first_chunk_mut::<NUMBER_CAPACITY>() {
            let magnitude = value.abs();
            if magnitude < 1e8 {
                let scaled = magnitude * SCALE;
                // The same as rounding and converting, in less: the integer is the fraction's bits.
                let nearest = (scaled + INTEGERS).to_bits() & (INTEGERS_FROM - 1);
                // Signed: the conversion is one instruction on most machines.
                let exact = nearest as i64 as f64;
                // A number with more decimals is nearly always far from a whole one here, and spared
                // the division.
                if (exact - scaled).abs() <= scaled * f64::EPSILON && exact / SCALE == magnitude {
                    let len = few_decimals(slot, nearest, value.is_sign_negative());
                    return cursor.advance(len);
                }
            }
        }
    }
    many_digits(cursor, value)
}

/// The general way, out of the way of the shortcut, which then needs no call.
#[inline(never)]
fn many_digits(cursor: &mut SliceWriter<'_>, value: f64) -> Result<(), EncodeError> {
    if !FAST_PATHS {
        return compact_number::float(cursor, value);
    }
    if !(1e-4..1e8).contains(&value.abs()) {
        return float_by_zmij(cursor, value);
    }
    // Far from where exponents begin.
    let mut digits = zmij::Buffer::new();
    let text = digits.format_finite(value);
    cursor.copy_short(text.strip_suffix(".0").unwrap_or(text).as_bytes())
}

/// The same text without the shortcut, and so without a single operation on floats.
pub(super) fn float_by_zmij(cursor: &mut SliceWriter<'_>, value: f64) -> Result<(), EncodeError> {
    let mut digits = zmij::Buffer::new();
    let text = digits.format_finite(value);
    // Below 10⁻⁵ zmij writes exponents; the shortcut writes its millionths without.
    match text.as_bytes() {
        [sign @ .., digit, b'e', b'-', b'6'] if matches!(sign, [] | [b'-']) => {
            cursor.copy(sign)?;
            cursor.copy(b"0.00000")?;
            cursor.put(*digit)
        }
        _ => shortest(cursor, text),
    }
}

/// From here on to twice as far a float is an integer, and the bits of its fraction count from 0.
const INTEGERS_FROM: u64 = 1 << 52;
const INTEGERS: f64 = INTEGERS_FROM as f64;

/// Six decimals: see [`float`].
const SCALE: f64 = 1e6;

/// As [`float`], for `f32`: shortest among the texts that read back to the same `f32`.
#[inline]
pub(super) fn float32(cursor: &mut SliceWriter<'_>, value: f32) -> Result<(), EncodeError> {
    if !FAST_PATHS {
        return compact_number::float32(cursor, value);
    }
    // The shortcut would give digits that only an f64 has: 0.1f32 is 0.100000001490116….
    shortest(cursor, zmij::Buffer::new().format_finite(value))
}

/// Writes `scaled` millionths, below 10^14, without zeros at the end, and says how many bytes it
/// took: 16 at most. What is left of the slot means nothing.
#[inline]
fn few_decimals(slot: &mut [u8; NUMBER_CAPACITY], scaled: u64, negative: bool) -> usize {
    let mut len = 0;
    if negative {
        put(slot, 0, b'-'.into());
        len = 1;
    }
    // What a reading has is known in advance, to the processor too: one or two digits before the
    // point and behind it. So the branches cost less than doing without.
    let whole = (scaled / 1_000_000) as u32;
    let (word, digits) = if whole < 100 {
        let [tens, ones] = pair(whole);
        if whole >= 10 {
            (u64::from(tens) | u64::from(ones) << 8, 2)
        } else {
            (u64::from(ones), 1)
        }
    } else {
        leading(whole)
    };
    put(slot, len, word);
    len += digits;
    let millionths = (scaled % 1_000_000) as u32;
    if millionths == 0 {
        return len;
    }
    if millionths % 10_000 == 0 {
        let [a, b] = pair(millionths / 10_000);
        put(slot, len, u64::from_le_bytes([b'.', a, b, 0, 0, 0, 0, 0]));
        return len + if b == b'0' { 2 } else { 3 };
    }
    // The point and six digits, of which the zeros at the end are left behind.
    let digits = eight_digits(millionths) >> 8;
    let zeros = (digits ^ (ASCII_ZEROS >> 8)).leading_zeros() / 8;
    put(slot, len, digits & !0xFF | u64::from(b'.'));
    len + 8 - zeros as usize
}

/// Two decimal digits of a number below 100.
#[inline]
fn pair(n: u32) -> [u8; 2] {
    [b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8]
}

/// The general text in the form all servers read: no empty fraction, and a sign after every `e`.
///
/// zmij writes the sign itself; but its documentation doesn't promise that, so it is not relied on.
fn shortest(cursor: &mut SliceWriter<'_>, text: &str) -> Result<(), EncodeError> {
    let text = text.strip_suffix(".0").unwrap_or(text).as_bytes();
    match text.iter().position(|byte| *byte == b'e') {
        // An older parser of InfluxDB 3 takes 1e16 for an error.
        Some(e) if text.get(e + 1).is_some_and(u8::is_ascii_digit) => {
            let (mantissa, exponent) = text.split_at_checked(e + 1).unwrap_or((text, &[]));
            cursor.copy_short(mantissa)?;
            cursor.put(b'+')?;
            cursor.copy_short(exponent)
        }
        _ => cursor.copy_short(text),
    }
}

#[cfg(test)]
#[path = "tests/number.rs"]
mod tests;
