//! Numbers: the text reads back to the same bits, and is no longer than it has to be.

use crate::common::random::{Draw, Rng};
use influx_edge::line::{Encoder, FieldValue};

fn text(value: impl FieldValue) -> String {
    let mut storage = [0u8; 512];
    let mut enc = Encoder::new(&mut storage);
    enc.line("m").field("f", value).finish().unwrap();
    let line = std::str::from_utf8(enc.as_bytes()).unwrap();
    line.strip_prefix("m f=").unwrap().trim_end().into()
}

/// The form every server reads: digits on both sides of a point, a sign after `e`.
fn legal(text: &str) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "+0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    assert!(
        digits(exponent.strip_prefix(['+', '-']).expect("a sign")),
        "{text}"
    );
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    assert!(digits(whole) && digits(fraction), "{text}");
    assert!(
        !mantissa.contains('.') || !mantissa.ends_with('0'),
        "{text} ends in zeros"
    );
}

fn significant(text: &str) -> usize {
    let digits: String = text
        .split('e')
        .next()
        .unwrap()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits.trim_matches('0').len()
}

fn f64_reads_back(value: f64) {
    let text = text(value);
    legal(&text);
    let back: f64 = text.parse().unwrap();
    assert_eq!(back.to_bits(), value.to_bits(), "{text}");
    // std's own shortest form is the judge of the length.
    assert_eq!(
        significant(&text),
        significant(&format!("{value:e}")),
        "{text}"
    );
}

/// So many cases, or what `INFLUX_EDGE_CASES` says if it is set.
fn cases(most: u64) -> u64 {
    let set = std::env::var("INFLUX_EDGE_CASES").ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(most)
}

#[test]
fn a_million_random_floats_read_back() {
    let mut rng = Rng::with_seed(7);
    let (mut finite, enough) = (0, cases(1_000_000));
    while finite < enough {
        let value = f64::from_bits(rng.bits());
        if value.is_finite() {
            f64_reads_back(value);
            finite += 1;
        }
    }
}

#[test]
fn readings_of_every_number_of_decimals_read_back() {
    let mut rng = Rng::with_seed(8);
    for _ in 0..cases(300_000) {
        let decimals = rng.below(17) as i32;
        let whole = (rng.bits() >> rng.below(64)) as f64;
        f64_reads_back(whole / 10f64.powi(decimals));
        f64_reads_back(-whole / 10f64.powi(decimals));
    }
}

#[test]
fn borders_read_back() {
    // Every power of two, the subnormal ones too.
    let subnormal = (1..52).map(|bit| 1u64 << bit);
    let normal = (1..2047).map(|exponent| exponent << 52);
    for power in subnormal.chain(normal) {
        for bits in [power - 1, power, power + 1] {
            f64_reads_back(f64::from_bits(bits));
        }
    }
    for exponent in -323..=308 {
        let value: f64 = format!("1e{exponent}").parse().unwrap();
        for bits in [value.to_bits() - 1, value.to_bits(), value.to_bits() + 1] {
            f64_reads_back(f64::from_bits(bits));
        }
    }
    // Where the shortcut for readings begins and ends.
    for value in [
        1e9f64,
        1e9 - 1e-6,
        1e15,
        9007199254740992.0,
        9007199254740993.0,
        1e-6,
        1e-7,
        4.9e-7,
    ] {
        for bits in value.to_bits() - 50..value.to_bits() + 50 {
            f64_reads_back(f64::from_bits(bits));
        }
    }
    assert_eq!(text(0.0), "0");
    assert_eq!(text(-0.0), "-0");
}

#[test]
fn f32_of_every_exponent_reads_back_as_f32() {
    let mut rng = Rng::with_seed(9);
    for exponent in 0..255u32 {
        for mantissa in [
            0,
            1,
            0x3F_FFFF,
            0x40_0000,
            0x7F_FFFF,
            (rng.bits() & 0x7F_FFFF) as u32,
        ] {
            for sign in [0, 1u32 << 31] {
                let value = f32::from_bits(sign | exponent << 23 | mantissa);
                let text = text(value);
                legal(&text);
                assert_eq!(
                    text.parse::<f32>().unwrap().to_bits(),
                    value.to_bits(),
                    "{text}"
                );
                assert_eq!(
                    significant(&text),
                    significant(&format!("{value:e}")),
                    "{text}"
                );
            }
        }
    }
    assert_eq!(text(0.1f32), "0.1");
}

#[test]
fn integers_at_their_borders() {
    macro_rules! borders {
        ($($t:ty, $suffix:literal;)*) => {$(
            for value in [<$t>::MIN, <$t>::MIN + 1, 0, 1, 9, 10, 99, 100, <$t>::MAX - 1, <$t>::MAX] {
                assert_eq!(text(value), format!("{value}{}", $suffix));
            }
        )*};
    }
    borders!(
        i8, "i"; i16, "i"; i32, "i"; i64, "i"; isize, "i"; u8, "i"; u16, "i"; u32, "i"; u64, "u"; usize, "u";
    );
}
