//! Formatting of finite numbers: shortest, exact, and legal for every server's parser.

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
    /// Returns `true` if it is negative, and its magnitude.
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

/// Writes a time, which nearly always has 10, 13, 16 or 19 digits.
//
// Eight digits at a time, straight into the buffer. This is faster than itoa because nothing is copied
// afterwards, and because it takes two divisions of 64 bits. (A 32-bit processor has no instruction for them,
// and itoa takes ten.)
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
/// Space for the longest timestamp, three times eight digits, and for the longest of few decimals.
const NUMBER_CAPACITY: usize = 24;

/// Writes a number of more than eight digits and returns how many. The rest of the slot is undefined.
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

/// Stores a word. The caller makes sure that there is space.
#[inline]
fn put(slot: &mut [u8; NUMBER_CAPACITY], at: usize, word: u64) {
    let slot = slot.get_mut(at..);
    if let Some(slot) = slot.and_then(|slot| slot.first_chunk_mut::<8>()) {
        *slot = word.to_le_bytes();
    }
}

/// Begins the slot with a number below 10^8, without leading zeros, and returns its number of digits.
#[inline]
fn put_leading(slot: &mut [u8; NUMBER_CAPACITY], number: u32) -> usize {
    let (word, len) = leading(number);
    put(slot, 0, word);
    len
}

/// Returns the text of a number below 10^8, without leading zeros, and its number of digits.
#[inline]
fn leading(number: u32) -> (u64, usize) {
    let digits = eight_digits(number);
    let zeros = ((digits ^ ASCII_ZEROS).trailing_zeros() / 8).min(7);
    (digits >> (zeros * 8), 8 - zeros as usize)
}

const ASCII_ZEROS: u64 = 0x3030_3030_3030_3030;

/// Returns the digits of a number below 10^8, the first in the lowest byte.
//
// SWAR: halves, quarters, digits; each step divides all parts of the word at once, by a multiplication. For a
// part n below 10 000, n · 10 486 >> 20 is n / 100 exactly; below 100, n · 103 >> 10 is n / 10. (The same steps
// backwards read digits: `crate::swar::eight_digits`.)
#[inline]
const fn eight_digits(number: u32) -> u64 {
    let halves = (number / 10_000) as u64 | ((number % 10_000) as u64) << 32;
    let hundreds = ((halves * 10_486) >> 20) & 0x7F_0000_007F;
    let quarters = hundreds | (halves - hundreds * 100) << 16;
    let tens = ((quarters * 103) >> 10) & 0x000F_000F_000F_000F;
    (tens | (quarters - tens * 10) << 8) | ASCII_ZEROS
}

/// Writes a finite float: the shortest text that reads back to the same bits.
//
// A sensor's reading has few decimals, and for those there is a fast path. It is Clinger's fast path of reading
// ("How to Read Floating Point Numbers Accurately", 1990), used to write. Let n be the value times 10⁶, rounded.
// If n is below 10¹⁴ then n and 10⁶ are both exact as floats, so n / 10⁶ is rounded once and correctly, just as
// a parser rounds the text n·10⁻⁶. If the quotient is the value, the text reads back to the same bits. And no
// other text of at most as many digits does: a double tells all decimals of 15 digits apart. So without the
// zeros at its end it is the shortest. One multiplication and one division decide; all other values go through
// zmij.
#[inline]
pub(super) fn float(cursor: &mut SliceWriter<'_>, value: f64) -> Result<(), EncodeError> {
    if FAST_PATHS {
        let start = cursor.pos();
        if let Some(slot) = cursor.tail_mut(start).first_chunk_mut::<NUMBER_CAPACITY>() {
            let magnitude = value.abs();
            if magnitude < 1e8 {
                let scaled = magnitude * SCALE;
                // Adding 2^52 rounds to an integer, which is then in the bits of the fraction.
                let nearest = (scaled + INTEGERS).to_bits() & (INTEGERS_FROM - 1);
                // Signed: the conversion is one instruction on most machines.
                let exact = nearest as i64 as f64;
                // A value with more decimals is nearly always far from n here, which spares it the division.
                if (exact - scaled).abs() <= scaled * f64::EPSILON && exact / SCALE == magnitude {
                    let len = few_decimals(slot, nearest, value.is_sign_negative());
                    return cursor.advance(len);
                }
            }
        }
    }
    many_digits(cursor, value)
}

/// Writes any finite float. Not inlined, so that the fast path stays small.
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

/// Writes the same text without the fast path, and so without an operation on floats.
pub(super) fn float_by_zmij(cursor: &mut SliceWriter<'_>, value: f64) -> Result<(), EncodeError> {
    let mut digits = zmij::Buffer::new();
    let text = digits.format_finite(value);
    // Below 10⁻⁵ zmij writes exponents; the fast path writes its millionths without.
    match text.as_bytes() {
        [sign @ .., digit, b'e', b'-', b'6'] if matches!(sign, [] | [b'-']) => {
            cursor.copy(sign)?;
            cursor.copy(b"0.00000")?;
            cursor.put(*digit)
        }
        _ => shortest(cursor, text),
    }
}

/// From here to twice as far all floats are integers, and the bits of their fractions count up from 0.
const INTEGERS_FROM: u64 = 1 << 52;
const INTEGERS: f64 = INTEGERS_FROM as f64;

/// Six decimals: see [`float`].
const SCALE: f64 = 1e6;

/// Writes a finite `f32`: the shortest text that reads back to the same `f32`.
#[inline]
pub(super) fn float32(cursor: &mut SliceWriter<'_>, value: f32) -> Result<(), EncodeError> {
    if !FAST_PATHS {
        return compact_number::float32(cursor, value);
    }
    // The fast path would write digits that only an f64 has: 0.1f32 is 0.100000001490116….
    shortest(cursor, zmij::Buffer::new().format_finite(value))
}

/// Writes `scaled` millionths, below 10^14, without zeros at the end. Returns the number of bytes, at most 16.
/// The rest of the slot is undefined.
#[inline]
fn few_decimals(slot: &mut [u8; NUMBER_CAPACITY], scaled: u64, negative: bool) -> usize {
    let mut len = 0;
    if negative {
        put(slot, 0, b'-'.into());
        len = 1;
    }
    // Nearly all readings have one or two digits before the point and behind it, which branches predict. So
    // they cost less than code without branches.
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
    // The point and six digits. Zeros at the end are not counted, and so overwritten later.
    let digits = eight_digits(millionths) >> 8;
    let zeros = (digits ^ (ASCII_ZEROS >> 8)).leading_zeros() / 8;
    put(slot, len, digits & !0xFF | u64::from(b'.'));
    len + 8 - zeros as usize
}

/// Returns the two digits of a number below 100.
#[inline]
fn pair(n: u32) -> [u8; 2] {
    [b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8]
}

/// Writes zmij's text in the form that all servers read: no empty fraction, and a sign after every `e`.
/// (zmij writes the sign, but its documentation doesn't promise that.)
fn shortest(cursor: &mut SliceWriter<'_>, text: &str) -> Result<(), EncodeError> {
    let text = text.strip_suffix(".0").unwrap_or(text).as_bytes();
    match text.iter().position(|byte| *byte == b'e') {
        // An older parser of InfluxDB 3 rejects 1e16.
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
