//! Unit tests of `fast_split`.

use super::*;
use std::vec::Vec;

fn cells(input: &[u8]) -> Option<(Vec<usize>, usize, usize)> {
    let mut ends = [0; 16];
    let line = split(input, 0, b',', &mut ends)?;
    Some((ends[..16 - line.spare].to_vec(), line.len, line.used))
}

#[test]
fn masks_are_exact_for_every_byte_in_every_place() {
    for byte in 0..=255_u8 {
        for place in 0..8 {
            for other in [0, 0x22, 0x23, b',', 0x7F, 0x80, 0xFF] {
                let mut bytes = [other; 8];
                bytes[place] = byte;
                let word = u64::from_le_bytes(bytes);
                let expect = |hit: fn(u8) -> bool| {
                    u64::from_le_bytes(bytes.map(|byte| if hit(byte) { 0x80 } else { 0 }))
                };
                assert_eq!(equal(word, ONES * u64::from(b',')), expect(|b| b == b','));
                assert_eq!(below(word, 0x23), expect(|b| b < 0x23));
            }
        }
    }
}

#[test]
fn lines_are_split_where_csv_core_would() {
    assert_eq!(cells(b",,0,1.5\r\n"), Some((std::vec![0, 1, 3, 7], 7, 9)));
    assert_eq!(cells(b",,0,1.5\nmore"), Some((std::vec![0, 1, 3, 7], 7, 8)));
    assert_eq!(
        cells(b",,0,two words and ! more,x\r\n,"),
        Some((std::vec![0, 1, 3, 24, 26], 26, 28))
    );
}

#[test]
fn everything_else_is_left_to_csv_core() {
    for input in [
        &b""[..],
        b",,0,1.5",
        b",,0,1.5\r",
        b",,0,\"quoted\"\r\n",
        b",,0,1.5\r,,1,2.5\r\n",
    ] {
        assert_eq!(cells(input), None);
    }
    assert!(split(b",,,,,\r\n", 0, b',', &mut [0; 3]).is_none());
}
