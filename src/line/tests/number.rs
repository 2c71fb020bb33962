//! Unit tests of `number`.

use super::*;
use std::string::{String, ToString};
use std::vec::Vec;

fn text(value: f64) -> String {
    let mut buf = [0; 64];
    let mut cursor = SliceWriter::new(&mut buf, 0);
    float(&mut cursor, value).unwrap();
    String::from_utf8(cursor.written(0).to_vec()).unwrap()
}

#[test]
fn eight_digits_of_every_four_in_both_halves() {
    for n in 0..10_000 {
        for number in [n, n * 10_000 + 9_999 - n, n * 10_000] {
            let text = std::format!("{number:08}");
            assert_eq!(eight_digits(number).to_le_bytes(), text.as_bytes());
        }
    }
}

#[test]
fn times_of_every_length() {
    let mut power = 1i64;
    for _ in 0..19 {
        for value in [
            power - 1,
            power,
            power + 1,
            -power,
            power.wrapping_mul(9),
            1_700 * (power / 1_000),
        ] {
            for space in 0..48 {
                let expected = value.to_string();
                let mut buf = [0; 48];
                let mut cursor = SliceWriter::new(&mut buf[..space], 0);
                let done = time(&mut cursor, value);
                assert_eq!(done.is_ok(), expected.len() <= space);
                if done.is_ok() {
                    assert_eq!(cursor.written(0), expected.as_bytes());
                }
            }
        }
        power = power.wrapping_mul(10);
    }
    for value in [i64::MAX, i64::MIN, 1_700_000_000, 1_700_000_000_123_456_789] {
        let mut buf = [0; 48];
        let mut cursor = SliceWriter::new(&mut buf, 0);
        time(&mut cursor, value).unwrap();
        assert_eq!(cursor.written(0), value.to_string().as_bytes());
    }
}

#[test]
fn floats_as_text() {
    for (value, expected) in [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (21.57, "21.57"),
        (0.29, "0.29"),
        (99.99, "99.99"),
        (100.01, "100.01"),
        (0.000001, "0.000001"),
        (-0.000009, "-0.000009"),
        (0.0000015, "1.5e-6"),
        (0.00001, "0.00001"),
        (0.000015, "0.000015"),
        (-0.05, "-0.05"),
        (12345.678901, "12345.678901"),
        (999_999_999.999999, "999999999.999999"),
        (1e9, "1000000000"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e15, "1000000000000000"),
        (1e16, "1e+16"),
        (1.5e300, "1.5e+300"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
    ] {
        assert_eq!(text(value), expected);
    }
}

#[test]
fn the_shortcut_writes_what_zmij_would() {
    let mut rng = crate::testing::rng();
    let rounds = std::env::var("INFLUX_EDGE_CASES").ok();
    let rounds = rounds.and_then(|n| n.parse().ok()).unwrap_or(200_000);
    for round in 0..rounds {
        let seed = rng.u64(..);
        // Of one to fourteen digits, and the very small among them.
        let whole = (seed >> 16) % 10u64.pow(1 + round % 14);
        for value in [
            whole as f64 / 1e6,
            -(whole as f64) / 1e7,
            whole as f64 / 1e2,
        ] {
            let mut buf = [0; 64];
            let mut cursor = SliceWriter::new(&mut buf, 0);
            float_by_zmij(&mut cursor, value).unwrap();
            assert_eq!(String::from_utf8_lossy(cursor.written(0)), text(value));
        }
    }
}

#[test]
fn exponents_have_a_sign_however_they_come() {
    for (given, expected) in [
        ("1e16", "1e+16"),
        ("1e+16", "1e+16"),
        ("-1.5e300", "-1.5e+300"),
        ("1e-7", "1e-7"),
        ("1.0", "1"),
        ("100.0", "100"),
    ] {
        let mut buf = [0; 64];
        let mut cursor = SliceWriter::new(&mut buf, 0);
        shortest(&mut cursor, given).unwrap();
        assert_eq!(cursor.written(0), expected.as_bytes());
    }
}

#[test]
fn as_short_as_ryu() {
    // Ryū is another algorithm. Values of up to seven decimals, near the borders of the
    // shortcut and far from them.
    let mut rng = crate::testing::rng();
    let rounds = std::env::var("INFLUX_EDGE_CASES").ok();
    let rounds = rounds.and_then(|n| n.parse().ok()).unwrap_or(200_000);
    for _ in 0..rounds {
        let seed = rng.u64(..);
        let decimals = (seed >> 60) as i32 % 8;
        let value = ((seed >> 12) % 2_000_000_000_000_000) as f64 / 10f64.powi(decimals);
        let ours = text(value);
        let digits =
            |s: &str| -> Vec<u8> { s.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>() };
        let ryu = ryu::Buffer::new().format(value).to_string();
        let plain = |s: &str| {
            let d = digits(s.split('e').next().unwrap());
            let s = String::from_utf8(d).unwrap();
            s.trim_matches('0').to_string()
        };
        assert_eq!(ours.parse::<f64>().unwrap().to_bits(), value.to_bits());
        assert_eq!(plain(&ours), plain(&ryu), "{ours} {ryu}");
    }
}
