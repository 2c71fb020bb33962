//! Unit tests of `rfc3339`.

use super::*;
use crate::Timestamp;
use std::string::ToString;

#[test]
fn each_text_has_its_instant() {
    let cases = [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123_456_789),
        ("2024-02-29T12:00:00Z", 1_709_208_000_000_000_000),
        ("1900-03-01T00:00:00Z", -2_203_891_200_000_000_000),
        ("1677-09-21T00:12:43.145224192Z", i64::MIN),
        ("2262-04-11T23:47:16.854775807Z", i64::MAX),
    ];
    for (text, nanos) in cases {
        assert_eq!(Timestamp::parse(text), Ok(Timestamp(nanos)), "{text}");
        // Bytes behind the text don't matter.
        let more = std::format!("{text}Z0123456789");
        assert_eq!(
            Timestamp::parse_at(more.as_bytes(), text.len()),
            Ok(Timestamp(nanos))
        );
        assert_eq!(Timestamp(nanos).to_string(), text);
    }
}

#[test]
fn each_wrong_text_says_why() {
    let cases = [
        ("", TimestampError::Syntax),
        ("2023-11-14", TimestampError::Syntax),
        ("2023-11-14T22:13:20", TimestampError::Syntax),
        ("2023-11-14T22:13:20.Z", TimestampError::Syntax),
        ("2023-11-14 22:13:20Z", TimestampError::Syntax),
        ("2023-11-14T22:13:2xZ", TimestampError::Syntax),
        ("2023-11-14T22:13:20Z ", TimestampError::Syntax),
        ("2023-11-14T22:13:20+0100", TimestampError::Syntax),
        ("2023-02-29T00:00:00Z", TimestampError::Field),
        ("2023-13-01T00:00:00Z", TimestampError::Field),
        ("2023-00-01T00:00:00Z", TimestampError::Field),
        ("2023-01-00T00:00:00Z", TimestampError::Field),
        ("2023-01-01T24:00:00Z", TimestampError::Field),
        ("2023-01-01T00:60:00Z", TimestampError::Field),
        ("2023-01-01T00:00:61Z", TimestampError::Field),
        ("2023-01-01T00:00:00+24:00", TimestampError::Field),
        ("2016-12-31T23:59:60Z", TimestampError::LeapSecond),
        (
            "2023-11-14T22:13:20.1234567890Z",
            TimestampError::TooPrecise,
        ),
        ("1677-09-21T00:12:43.145224191Z", TimestampError::OutOfRange),
        ("2262-04-11T23:47:16.854775808Z", TimestampError::OutOfRange),
        ("0001-01-01T00:00:00Z", TimestampError::OutOfRange),
        ("9999-12-31T23:59:59Z", TimestampError::OutOfRange),
    ];
    for (text, error) in cases {
        assert_eq!(Timestamp::parse(text), Err(error), "{text}");
        let more = std::format!("{text}Z0123456789");
        assert_eq!(Timestamp::parse_at(more.as_bytes(), text.len()), Err(error));
    }
}

/// As InfluxDB 3 writes them.
#[cfg(feature = "v3")]
#[test]
fn a_time_without_a_zone_is_in_utc_and_a_date_is_its_midnight() {
    // What lies behind the text in a buffer plays no part.
    let parse = |text: &str| {
        let alone = Timestamp::parse_utc(text.as_bytes(), text.len());
        for behind in ["Z", ",12345678901", ".5"] {
            let tail = alloc::format!("{text}{behind}");
            assert_eq!(
                Timestamp::parse_utc(tail.as_bytes(), text.len()),
                alone,
                "{tail}"
            );
        }
        alone
    };
    let mut rng = crate::testing::rng();
    let edges = [0, -1, 1, i64::MIN, i64::MAX, 1_700_000_000_000_000_000];
    let random: alloc::vec::Vec<i64> = (0..20_000).map(|_| rng.i64(..)).collect();
    for nanos in edges.into_iter().chain(random) {
        let time = Timestamp::from_nanos(nanos - nanos % 10_i64.pow(rng.u32(0..10)));
        let text = time.to_string();
        assert_eq!(parse(&text), Ok(time), "{text}");
        assert_eq!(parse(text.trim_end_matches('Z')), Ok(time), "{text}");
    }
    let ok = |text: &str| parse(text).map(|time| time.to_string()).unwrap();
    assert_eq!(ok("2024-02-29"), "2024-02-29T00:00:00Z");
    assert_eq!(ok("2023-11-14t22:13:20"), "2023-11-14T22:13:20Z");
    assert_eq!(ok("2023-11-14T23:13:20+01:00"), "2023-11-14T22:13:20Z");
    for (text, error) in [
        ("", TimestampError::Syntax),
        ("2023-11-1", TimestampError::Syntax),
        ("2023-02-29", TimestampError::Field),
        ("2023/02/28", TimestampError::Syntax),
        ("2023-11-14T22:13", TimestampError::Syntax),
        ("2023-11-14 22:13:20", TimestampError::Syntax),
        ("2023-11-14T22:13:20.", TimestampError::Syntax),
        ("2023-11-14T22:13:20.1234567890", TimestampError::TooPrecise),
        ("2023-11-14T22:13:60", TimestampError::LeapSecond),
        ("2023-11-14T24:00:00", TimestampError::Field),
        ("1600-01-01", TimestampError::OutOfRange),
        ("2262-04-12T00:00:00", TimestampError::OutOfRange),
        ("01:02:03", TimestampError::Syntax),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
    // Elsewhere a time needs its zone.
    assert!(Timestamp::parse("2023-11-14T22:13:20").is_err());
    assert!(Timestamp::parse("2023-11-14").is_err());
}
