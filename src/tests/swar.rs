//! Each look at a word against a look at its bytes, one by one.

use super::*;

/// Words with bytes that are near each other and near the limits.
fn words() -> impl Iterator<Item = u64> {
    let mut random = fastrand::Rng::with_seed(23);
    (0..200_000).map(move |_| {
        let bytes: [u8; 8] = core::array::from_fn(|_| match random.u8(..4) {
            0 => random.u8(..),
            1 => random.u8(b'"'..=b'.'),
            2 => [0, 1, 0x7F, 0x80, 0xFF, b'\\'][random.usize(..6)],
            _ => random.u8(b'0'..=b'9'),
        });
        u64::from_le_bytes(bytes)
    })
}

fn marks(word: u64, is: impl Fn(u8) -> bool) -> u64 {
    let marks = word
        .to_le_bytes()
        .map(|byte| if is(byte) { 0x80 } else { 0 });
    u64::from_le_bytes(marks)
}

#[test]
fn marks_are_those_of_the_bytes() {
    for word in words() {
        for byte in [b'"', b',', b'.', b'0', b'\\', b'='] {
            let exact = marks(word, |b| b == byte);
            assert_eq!(equal(word, ONES * u64::from(byte)), exact, "{word:016x}");
            let first = first_equal(word, byte) & HIGH;
            assert_eq!(first == 0, exact == 0, "{word:016x}");
            if first != 0 {
                assert_eq!(byte_of(first), byte_of(exact), "{word:016x}");
            }
        }
        for n in [1, 0x23, b'-', 0x7F, 0x80] {
            let exact = marks(word, |b| b < n);
            assert_eq!(below(word, n), exact, "{word:016x} {n}");
            let first = first_below(word, n) & HIGH;
            assert_eq!(first == 0, exact == 0, "{word:016x} {n}");
            if first != 0 {
                assert_eq!(byte_of(first), byte_of(exact), "{word:016x} {n}");
            }
        }
        let digits = word ^ ZEROS;
        let text = word.to_le_bytes();
        let all = text.iter().all(u8::is_ascii_digit);
        assert_eq!(are_digits(digits), all, "{word:016x}");
        if all {
            let number = text
                .iter()
                .fold(0, |n, digit| n * 10 + u64::from(digit - b'0'));
            assert_eq!(eight_digits(digits), number);
        }
    }
}
