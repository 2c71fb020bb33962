//! Unit tests of `rfc3339`.

use super::*;
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
