//! Unit tests of `compact_number`.

use super::*;
use crate::line::number;
use std::format;
use std::string::{String, ToString};

type Done = Result<(), EncodeError>;

fn text(write: impl FnOnce(&mut SliceWriter<'_>) -> Done) -> String {
    let mut buf = [0; 64];
    let mut cursor = SliceWriter::new(&mut buf, 0);
    write(&mut cursor).unwrap();
    String::from_utf8(cursor.written(0).to_vec()).unwrap()
}

#[track_caller]
fn same(bits: u64) {
    let value = f64::from_bits(bits);
    if value.is_finite() {
        let expected = text(|cursor| number::float_by_zmij(cursor, value));
        assert_eq!(text(|cursor| float(cursor, value)), expected, "{bits:#x}");
    }
}

#[track_caller]
fn same32(bits: u32) {
    let value = f32::from_bits(bits);
    if value.is_finite() {
        let expected = text(|cursor| number::float32(cursor, value));
        assert_eq!(text(|cursor| float32(cursor, value)), expected, "{bits:#x}");
    }
}

fn cases() -> u64 {
    let rounds = std::env::var("INFLUX_EDGE_CASES").ok();
    rounds.and_then(|n| n.parse().ok()).unwrap_or(200_000)
}

#[test]
fn floats_at_the_borders_of_every_exponent() {
    let mut rng = crate::testing::rng();
    for exponent in 0..0x7FF_u64 {
        for offset in 0..20 {
            let bits = exponent << 52;
            for bits in [
                bits + offset,
                bits.wrapping_sub(offset) & (u64::MAX >> 1),
                bits | rng.u64(..) >> 12,
                bits | 1 << (offset + 30),
                1 << 63 | bits,
            ] {
                same(bits);
            }
        }
    }
    for exponent in 0..0xFF_u32 {
        for offset in 0..1_000 {
            same32((exponent << 23) + offset);
            same32((exponent << 23).wrapping_sub(offset));
        }
    }
}

#[test]
fn floats_of_all_kinds() {
    let mut rng = crate::testing::rng();
    for round in 0..cases() {
        let bits = rng.u64(..);
        same(bits);
        same32(bits as u32);
        // Of few digits, and halfway between two of them.
        let whole = bits >> 12 >> (bits % 52);
        same((whole as f64).to_bits());
        same((whole as f64 / 10_f64.powi(round as i32 % 23)).to_bits());
        same((whole as f64 / 1024.0).to_bits());
        same((whole as f64 * 10_f64.powi(round as i32 % 23)).to_bits());
        same32((whole as f32 / 10_f32.powi(round as i32 % 11)).to_bits());
        // The nearest to a power of ten, and its neighbours.
        let power: f64 = format!("1e{}", (round % 640) as i64 - 330).parse().unwrap();
        same(power.to_bits().wrapping_add(bits % 5).wrapping_sub(2));
    }
}

#[test]
fn integers_of_every_length() {
    let mut power = 1_u64;
    for _ in 0..20 {
        for value in [power - 1, power, power + 1, power.wrapping_mul(7), !power] {
            for negative in [false, true] {
                let sign = if negative { "-" } else { "" };
                let expected = format!("{sign}{value}");
                assert_eq!(text(|cursor| integer(cursor, negative, value)), expected);
                for size in 0..expected.len() {
                    let mut buf = [0; 32];
                    let mut cursor = SliceWriter::new(&mut buf[..size], 0);
                    let done = integer(&mut cursor, negative, value);
                    assert_eq!(done, Err(EncodeError::BufferFull));
                }
            }
        }
        power = power.wrapping_mul(10);
    }
    let mut rng = crate::testing::rng();
    for _ in 0..cases() {
        let value = rng.u64(..) >> (rng.u64(..) % 64);
        assert_eq!(
            text(|cursor| integer(cursor, false, value)),
            value.to_string()
        );
    }
    for value in [0, 1, -1, i64::MAX, i64::MIN] {
        let (negative, magnitude) = (value < 0, value.unsigned_abs());
        assert_eq!(
            text(|cursor| integer(cursor, negative, magnitude)),
            value.to_string()
        );
    }
}

#[test]
fn a_float_that_does_not_fit_is_refused() {
    for value in [0.0, -1.5, 1e300, 1e-7, 123_456.75, 0.001] {
        let expected = text(|cursor| float(cursor, value));
        for size in 0..expected.len() {
            let mut buf = [0; 32];
            let mut cursor = SliceWriter::new(&mut buf[..size], 0);
            assert_eq!(float(&mut cursor, value), Err(EncodeError::BufferFull));
        }
    }
}
