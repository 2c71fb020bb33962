//! SWAR: the eight bytes of a word looked at together (Mycroft's test for a byte of zero; Warren, "Hacker's
//! Delight", 6-1). The marks are the high bits of the bytes, the first byte is the lowest.

/// One in each byte.
pub(crate) const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of each byte.
pub(crate) const HIGH: u64 = 0x8080_8080_8080_8080;
/// `0` in each byte.
pub(crate) const ZEROS: u64 = ONES * b'0' as u64;

/// Marks the first byte that equals `byte`, which is ASCII. Above it any byte may be marked, and other bits are
/// anything. Zero in all high bits if there is none.
#[inline]
pub(crate) const fn first_equal(word: u64, byte: u8) -> u64 {
    // The high bit of `byte` is not set, so it is the same in the difference and in `word`.
    (word ^ (ONES * byte as u64)).wrapping_sub(ONES) & !word
}

/// As [`first_equal`], for bytes below `n` (`n` ≤ 128).
#[inline]
pub(crate) const fn first_below(word: u64, n: u8) -> u64 {
    word.wrapping_sub(ONES * n as u64) & !word
}

/// Marks each byte that equals the same one of `other`, and nothing else.
#[inline]
pub(crate) const fn equal(word: u64, other: u64) -> u64 {
    let difference = word ^ other;
    let low = (difference & !HIGH) + !HIGH;
    !(low | difference) & HIGH
}

/// Marks each byte below `n` (`n` ≤ 128), and nothing else.
#[inline]
pub(crate) const fn below(word: u64, n: u8) -> u64 {
    let low = (word & !HIGH) + ONES * (0x80 - n) as u64;
    !(low | word) & HIGH
}

/// The number of the byte that the lowest mark is in.
#[inline]
pub(crate) const fn byte_of(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Whether each byte is 0 to 9: digits, from which [`ZEROS`] were taken.
#[inline]
pub(crate) const fn are_digits(digits: u64) -> bool {
    // Added to a digit it stays below 0x80, added to more it doesn't.
    (digits.wrapping_add(ONES * 0x76) | digits) & HIGH == 0
}

/// Eight digits, the first in the lowest byte: to four pairs, two fours, and one number.
#[inline]
pub(crate) fn eight_digits(digits: u64) -> u64 {
    const PAIRS: u64 = 0x0000_00FF_0000_00FF;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let high = (pairs & PAIRS).wrapping_mul(0x000F_4240_0000_0064);
    let low = ((pairs >> 16) & PAIRS).wrapping_mul(0x0000_2710_0000_0001);
    high.wrapping_add(low) >> 32
}

#[cfg(test)]
#[path = "tests/swar.rs"]
mod tests;
