//! Unit tests of `number`.

use super::*;
use std::format;
use std::string::ToString;

/// Parses the text alone, and in front of bytes that aren't part of it.
fn each<T: std::fmt::Debug>(
    parse: impl Fn(&[u8], usize) -> Result<T, ValueErrorKind>,
    text: &[u8],
) -> Result<T, ValueErrorKind> {
    let alone = parse(text, text.len());
    for behind in [
        &b"00000000"[..],
        b".5555555",
        b",-1.5,.,",
        b"-1-1-1-1",
        &[0xFF; 8],
    ] {
        let in_front = parse(&[text, behind].concat(), text.len());
        // As text, since NaN isn't equal to itself.
        assert_eq!(format!("{alone:?}"), format!("{in_front:?}"), "{text:?}");
    }
    alone
}

#[test]
fn integers_to_their_borders() {
    for value in [
        0,
        1,
        -1,
        42,
        i64::MAX,
        i64::MIN,
        i64::MIN + 1,
        10_i64.pow(18),
    ] {
        assert_eq!(each(parse_i64, value.to_string().as_bytes()), Ok(value));
    }
    for value in [0, 1, u64::MAX, 10_u64.pow(18), 10_u64.pow(19)] {
        assert_eq!(each(parse_u64, value.to_string().as_bytes()), Ok(value));
    }
    assert_eq!(
        each(parse_i64, b"9223372036854775808"),
        Err(ValueErrorKind::OutOfRange)
    );
    assert_eq!(
        each(parse_i64, b"-9223372036854775809"),
        Err(ValueErrorKind::OutOfRange)
    );
    assert_eq!(
        each(parse_u64, b"18446744073709551616"),
        Err(ValueErrorKind::OutOfRange)
    );
    for text in ["", "-", "+1", "1.5", "1e3", "0x10", " 1", "--1", "-+1"] {
        assert_eq!(
            each(parse_i64, text.as_bytes()),
            Err(ValueErrorKind::Syntax),
            "{text}"
        );
    }
    assert_eq!(each(parse_u64, b"-1"), Err(ValueErrorKind::Syntax));
    // Every byte that is no digit, in every place of a short text.
    for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
        for place in 0..8 {
            let mut text = *b"12345678";
            text[place] = byte;
            let read = each(parse_u64, &text);
            assert_eq!(read, Err(ValueErrorKind::Syntax), "{byte} at {place}");
        }
    }
}

/// The longest double, as the module's page has it. Servers write doubles without an exponent.
#[test]
fn a_double_is_327_bytes_long_at_most() {
    let mut rng = crate::testing::rng();
    let mut longest = 0;
    for exponent in 0..0x7FF {
        for mantissa in [0, 1, u64::MAX, rng.u64(..), rng.u64(..)] {
            let bits = 1 << 63 | exponent << 52 | mantissa >> 12;
            let text = format!("{}", f64::from_bits(bits));
            assert_eq!(
                parse_f64(text.as_bytes(), text.len()).unwrap().to_bits(),
                bits
            );
            longest = longest.max(text.len());
        }
    }
    assert_eq!(longest, 327);
}

#[test]
fn floats_are_the_nearest_to_the_text() {
    let mut rng = crate::testing::rng();
    // Under an emulator a few of them do.
    let rounds = std::env::var("INFLUX_EDGE_CASES").ok();
    let rounds = rounds.and_then(|n| n.parse().ok()).unwrap_or(200_000);
    for round in 0..rounds {
        let bits = rng.u64(..);
        let value = match round % 3 {
            0 => f64::from_bits(bits),
            #[allow(clippy::cast_precision_loss)]
            1 => (bits % 1_000_000_000) as f64 / 10_f64.powi((bits >> 40) as i32 % 9),
            #[allow(clippy::cast_precision_loss)]
            _ => (bits as i64 >> (bits % 60)) as f64 / 1024.0,
        };
        if value.is_finite() {
            let text = format!("{value}");
            let read = each(parse_f64, text.as_bytes()).unwrap();
            assert_eq!(read.to_bits(), value.to_bits(), "{text}");
        }
        // Digits that are no float's shortest form: compare with the standard library.
        let text = format!("{}.{}", bits % 10_000_000, rng.u64(..) % 100_000_000);
        let expected: f64 = text.parse().unwrap();
        assert_eq!(
            each(parse_f64, text.as_bytes()).unwrap().to_bits(),
            expected.to_bits()
        );
    }
    assert!(each(parse_f64, b"NaN").unwrap().is_nan());
    assert_eq!(each(parse_f64, b"+Inf"), Ok(f64::INFINITY));
    assert_eq!(each(parse_f64, b"-Inf"), Ok(f64::NEG_INFINITY));
    assert_eq!(
        each(parse_f64, b"-0").unwrap().to_bits(),
        (-0.0_f64).to_bits()
    );
    for text in [
        "", "-", ".", "1,5", "nan", "infinity", "1.2.3", "0x1", " 1", "--1", "1e",
    ] {
        assert_eq!(
            each(parse_f64, text.as_bytes()),
            Err(ValueErrorKind::Syntax),
            "{text}"
        );
    }
}

/// Each place of the point in each length, and each digit in each place.
#[test]
fn short_floats_are_the_nearest_too() {
    for len in 1..=18 {
        for point in 0..=len {
            for digit in 0..=9 {
                let mut text = "8190274635".repeat(2)[digit..][..len.min(11)].to_string();
                while text.len() < len {
                    text.push('7');
                }
                if point < len {
                    text.replace_range(point..=point, ".");
                }
                let read = each(parse_f64, text.as_bytes());
                let expected = text.parse().map_err(|_| ValueErrorKind::Syntax);
                assert_eq!(read, expected, "{text}");
                let minus = format!("-{text}");
                let read = each(parse_f64, minus.as_bytes());
                assert_eq!(read, expected.map(|value: f64| -value), "{minus}");
            }
        }
    }
}

#[test]
fn booleans_in_any_case() {
    for (text, expected) in [
        ("true", Ok(true)),
        ("True", Ok(true)),
        ("TRUE", Ok(true)),
        ("false", Ok(false)),
        ("False", Ok(false)),
        ("FALSE", Ok(false)),
        ("t", Err(ValueErrorKind::Syntax)),
        ("1", Err(ValueErrorKind::Syntax)),
        ("truer", Err(ValueErrorKind::Syntax)),
        ("", Err(ValueErrorKind::Syntax)),
    ] {
        assert_eq!(parse_bool(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn durations_in_both_forms() {
    let cases = [
        ("125", Ok(125)),
        ("-125", Ok(-125)),
        ("1h2m3.5s", Ok(3_723_500_000_000)),
        ("1.5h", Ok(5_400_000_000_000)),
        ("-1w", Ok(-604_800_000_000_000)),
        ("1d12h", Ok(129_600_000_000_000)),
        ("2us3ns", Ok(2_003)),
        ("7µs", Ok(7_000)),
        ("7μs", Ok(7_000)),
        ("7ms", Ok(7_000_000)),
        ("7m", Ok(420_000_000_000)),
        ("+2d", Ok(172_800_000_000_000)),
        ("1.25s", Ok(1_250_000_000)),
        ("1.s", Ok(1_000_000_000)),
        (".25s", Ok(250_000_000)),
        ("1y", Err(ValueErrorKind::OutOfRange)),
        ("0.000000001s", Ok(1)),
        ("-9223372036854775808", Ok(i64::MIN)),
        ("1mo", Err(ValueErrorKind::OutOfRange)),
        ("9223372036854775807h", Err(ValueErrorKind::OutOfRange)),
        ("", Err(ValueErrorKind::Syntax)),
        ("-", Err(ValueErrorKind::Syntax)),
        ("h", Err(ValueErrorKind::Syntax)),
        ("1", Ok(1)),
        ("1x", Err(ValueErrorKind::Syntax)),
        ("1h2", Err(ValueErrorKind::Syntax)),
        (".s", Err(ValueErrorKind::Syntax)),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_duration(text.as_bytes()), expected, "{text}");
    }
}
