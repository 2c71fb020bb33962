//! SWAR, SIMD within a register: operations on the eight bytes of a word at once.

// Words are loaded little-endian, so the first byte of a text is the lowest. A test marks a byte by its high bit.
//
// `first_equal` and `first_below` are Mycroft's test for a zero byte (1987; Warren, "Hacker's Delight", 6-1). A
// subtraction for all bytes at once sets the high bit of each byte that was below; `& !word` clears those whose high
// bit was set before. The borrow of a marked byte may mark bytes above it. So these are exact about whether there
// is a byte, and about the first one, and take half the operations of `equal` and `below`, which keep the high bits
// out of the arithmetic, so that nothing is carried, and mark exactly.

/// One in each byte.
pub(crate) const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of each byte.
pub(crate) const HIGH: u64 = 0x8080_8080_8080_8080;
/// `0` in each byte.
pub(crate) const ZEROS: u64 = ONES * b'0' as u64;

/// Marks the first byte that equals `byte`, which is ASCII. Bytes above it may be marked too, and the other bits
/// are undefined. Without such a byte no high bit is set.
#[inline]
pub(crate) const fn first_equal(word: u64, byte: u8) -> u64 {
    // The high bit of `byte` is not set, so it is the same in the difference and in `word`.
    (word ^ (ONES * byte as u64)).wrapping_sub(ONES) & !word
}

/// Marks the first byte below `n` (`n` ≤ 128), as [`first_equal`] does.
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

/// Returns the index of the first marked byte.
#[inline]
pub(crate) const fn byte_of(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Returns `true` if each byte is 0 to 9: digits, less [`ZEROS`].
#[inline]
pub(crate) const fn are_digits(digits: u64) -> bool {
    // Added to a digit it stays below 0x80, added to more it doesn't.
    (digits.wrapping_add(ONES * 0x76) | digits) & HIGH == 0
}

/// Returns the number of eight digits, the first in the lowest byte.
//
// Pairs, fours, eight: a multiplication by a sum of two powers adds each part to the one above it, weighted. (Lemire,
// "Quickly parsing eight digits", 2018.)
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
