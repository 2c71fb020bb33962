//! Unit tests of `float`.

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
    let mut rng = crate::testing::rng();
    let mut next = move || rng.u64(..);
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
