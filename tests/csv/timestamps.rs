//! Times against an independent conversion, which counts years and months one by one.

use crate::common::csv::model::{instant, nanos};
use crate::common::random::{Draw, Rng};
use influx_edge::{Timestamp, TimestampError};

#[test]
fn a_hundred_thousand_instants() {
    let mut random = Rng::with_seed(3);
    for round in 0..100_000 {
        let number = random.bits() as i64;
        let number = match round % 4 {
            // All lengths of the fraction.
            0 => number,
            1 => {
                let step = 10_i64.pow(random.below(10) as u32);
                number / step * step
            }
            // Near the borders, the epoch and midnights.
            2 => *random.pick(&[i64::MIN, i64::MAX, 0, 951_782_400_000_000_000]),
            _ => number / 86_400_000_000_000 * 86_400_000_000_000,
        };
        let number = number.saturating_add(random.below(7) as i64 - 3);
        let text = instant(number);
        let time = Timestamp::from_nanos(number);
        assert_eq!(nanos(&text), number);
        assert_eq!(Timestamp::parse(&text), Ok(time), "{text}");
        assert_eq!(time.to_string(), text);
        let nine = time.rfc3339_nanos().to_string();
        assert_eq!(nine.len(), 30);
        assert_eq!(Timestamp::parse(&nine), Ok(time), "{nine}");
        // The same instant as seen from elsewhere.
        let offset = random.below(2879) as i64 - 1439;
        if let Some(local) = number.checked_add(offset * 60_000_000_000) {
            let sign = if offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
            let local = instant(local).replace('Z', &format!("{sign}{hours:02}:{minutes:02}"));
            assert_eq!(Timestamp::parse(&local), Ok(time), "{local}");
        }
    }
}

#[test]
fn the_borders_to_the_nanosecond() {
    for (text, expected) in [
        ("1677-09-21T00:12:43.145224192Z", Ok(i64::MIN)),
        (
            "1677-09-21T00:12:43.145224191Z",
            Err(TimestampError::OutOfRange),
        ),
        ("1677-09-21T00:12:42Z", Err(TimestampError::OutOfRange)),
        ("1677-09-21T01:12:43.145224192+01:00", Ok(i64::MIN)),
        ("2262-04-11T23:47:16.854775807Z", Ok(i64::MAX)),
        (
            "2262-04-11T23:47:16.854775808Z",
            Err(TimestampError::OutOfRange),
        ),
        ("2262-04-12T00:47:16.854775807+01:00", Ok(i64::MAX)),
        ("2262-04-11T23:47:17Z", Err(TimestampError::OutOfRange)),
        ("1676-12-31T23:59:59Z", Err(TimestampError::OutOfRange)),
        ("2263-01-01T00:00:00Z", Err(TimestampError::OutOfRange)),
    ] {
        assert_eq!(
            Timestamp::parse(text).map(Timestamp::as_nanos),
            expected,
            "{text}"
        );
    }
    assert_eq!(Timestamp::MIN.to_string(), "1677-09-21T00:12:43.145224192Z");
    assert_eq!(Timestamp::MAX.to_string(), "2262-04-11T23:47:16.854775807Z");
}

/// Every byte of a good time replaced by every other byte: read as the slow way reads it, which
/// the forms with an offset take, or refused.
#[test]
fn no_byte_is_overlooked() {
    let good = b"2023-11-14T22:13:20.123456789Z";
    for place in 0..good.len() {
        for byte in 0..=127_u8 {
            let mut text = *good;
            text[place] = byte;
            let text = std::str::from_utf8(&text).unwrap();
            let read = Timestamp::parse(text);
            let Some(stem) = text.strip_suffix('Z') else {
                assert!(read.is_err() || text.ends_with('z'), "{text}");
                continue;
            };
            // An offset of zero is the same instant, and never takes the quick way.
            assert_eq!(read, Timestamp::parse(&format!("{stem}+00:00")), "{text}");
        }
    }
}

#[cfg(feature = "std")]
#[test]
fn the_system_clock_and_back() {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    for number in [
        0,
        1,
        -1,
        1_700_000_000_123_456_789,
        -2_203_891_200_000_000_001,
        i64::MAX,
    ] {
        let time = Timestamp::from_nanos(number);
        assert_eq!(
            Timestamp::try_from(SystemTime::try_from(time).unwrap()),
            Ok(time),
            "{number}"
        );
    }
    assert_eq!(
        Timestamp::try_from(SystemTime::try_from(Timestamp::MIN).unwrap()),
        Ok(Timestamp::MIN)
    );
    let late = UNIX_EPOCH + Duration::from_secs(1 << 34);
    assert_eq!(Timestamp::try_from(late), Err(TimestampError::OutOfRange));
    let early = UNIX_EPOCH - Duration::from_secs(1 << 34);
    assert_eq!(Timestamp::try_from(early), Err(TimestampError::OutOfRange));
    assert!(
        Timestamp::try_from(SystemTime::now()).unwrap()
            > Timestamp::parse("2024-01-01T00:00:00Z").unwrap()
    );
}
