//! Times and durations: made, taken apart, calculated with, parsed and printed.

use crate::Outcome;
use influx_edge::line::{EncodeError, Encoder};
use influx_edge::{DurationError, Precision, SignedDuration, Timestamp, TimestampError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[test]
fn now() {
    let before = SystemTime::now();
    let now = Timestamp::now();
    let slack = Duration::from_secs(60);
    assert!(SystemTime::try_from(now).unwrap() + slack > before && now.as_secs() > 1_600_000_000);
}

#[test]
fn from_and_as_every_unit() {
    for (time, nanos) in [
        (
            Timestamp::from_secs(1_700_000_000),
            1_700_000_000_000_000_000,
        ),
        (
            Timestamp::from_millis(1_700_000_000_123),
            1_700_000_000_123_000_000,
        ),
        (Timestamp::from_micros(-1), -1_000),
        (Timestamp::from_nanos(-1), -1),
        (Timestamp::from_secs(i64::MAX), i64::MAX),
        (Timestamp::from_millis(i64::MIN), i64::MIN),
        (Timestamp::from_micros(i64::MAX / 999), i64::MAX),
        (
            Timestamp::from_secs(-9_223_372_036),
            -9_223_372_036_000_000_000,
        ),
        (Timestamp::from_secs(-9_223_372_037), i64::MIN),
    ] {
        assert_eq!(time.as_nanos(), nanos);
        assert_eq!(time.as_micros(), nanos.div_euclid(1_000));
        assert_eq!(time.as_millis(), nanos.div_euclid(1_000_000));
        assert_eq!(time.as_secs(), nanos.div_euclid(1_000_000_000));
    }
}

#[test]
fn a_time_that_was_cut_to_the_range_is_written_in_no_precision() {
    for time in [
        Timestamp::MIN,
        Timestamp::MAX,
        Timestamp::from_secs(i64::MAX),
        Timestamp::from_millis(i64::MIN),
        Timestamp::from_secs(0) + Duration::MAX,
        Timestamp::from_secs(0) - Duration::MAX,
    ] {
        for precision in [
            Precision::Second,
            Precision::Millisecond,
            Precision::Nanosecond,
        ] {
            let mut enc = Encoder::with_sink(Vec::new()).precision(precision);
            let refused = enc.line("t").field("v", 1).timestamp(time);
            assert_eq!(
                refused,
                Err(EncodeError::TimestampOutOfRange),
                "{time} {precision}"
            );
        }
    }
}

#[test]
fn parsed_and_printed() -> Outcome {
    let time: Timestamp = "2023-11-14T22:13:20.5Z".parse()?;
    assert_eq!(time.to_string(), "2023-11-14T22:13:20.5Z");
    assert_eq!("2023-11-14T23:13:20.5+01:00".parse::<Timestamp>()?, time);
    assert_eq!(
        "yesterday".parse::<Timestamp>(),
        Err(TimestampError::Syntax)
    );
    Ok(())
}

#[test]
fn plus_and_minus_a_duration() {
    let hour = Duration::from_secs(3600);
    let mut t = Timestamp::from_secs(10_000);
    assert_eq!((t + hour).as_secs(), 13_600);
    assert_eq!((t - hour).as_secs(), 6_400);
    t += hour;
    t -= Duration::from_millis(500);
    assert_eq!(t.as_millis(), 13_599_500);
    assert_eq!(t + SignedDuration::hours(-1), t - hour);
    assert_eq!(t - SignedDuration::hours(-1), t + hour);
    assert_eq!(t.checked_add(Duration::MAX), None);
    assert_eq!(t.checked_sub(Duration::MAX), None);
    let all = Duration::from_nanos(u64::MAX);
    assert_eq!(Timestamp::MIN.checked_add(all), Some(Timestamp::MAX));
    assert_eq!(Timestamp::MAX.checked_sub(all), Some(Timestamp::MIN));
    assert_eq!(Timestamp::MIN + Duration::MAX, Timestamp::MAX);
}

#[test]
fn the_difference_of_two_times() {
    let (a, b) = (Timestamp::from_secs(10), Timestamp::from_secs(70));
    assert_eq!(b - a, SignedDuration::minutes(1));
    assert_eq!((a - b).as_secs(), -60);
    assert_eq!((a - b).unsigned_abs(), Duration::from_secs(60));
    assert_eq!(Timestamp::MAX - Timestamp::MIN, SignedDuration(i64::MAX));
}

#[test]
fn to_and_from_system_time() -> Outcome {
    let system = UNIX_EPOCH + Duration::from_millis(1_500);
    let time = Timestamp::try_from(system)?;
    assert_eq!(time, Timestamp::from_millis(1_500));
    assert_eq!(SystemTime::try_from(time)?, system);
    let also: Timestamp = system.try_into()?;
    assert_eq!(also, time);
    Ok(())
}

#[test]
fn signed_durations() {
    for (duration, nanos, text) in [
        (SignedDuration::hours(-1), -3_600_000_000_000, "-1h"),
        (SignedDuration::minutes(90), 5_400_000_000_000, "1h30m"),
        (SignedDuration::days(-2), -172_800_000_000_000, "-2d"),
        (SignedDuration::weeks(1), 604_800_000_000_000, "7d"),
        (SignedDuration::seconds(-5), -5_000_000_000, "-5s"),
        (SignedDuration::millis(1_500), 1_500_000_000, "1s500ms"),
        (SignedDuration::micros(-3), -3_000, "-3us"),
        (SignedDuration(0), 0, "0ns"),
        (-SignedDuration::hours(1), -3_600_000_000_000, "-1h"),
        (
            SignedDuration::ago(Duration::from_secs(60)),
            -60_000_000_000,
            "-1m",
        ),
        (
            SignedDuration::weeks(i64::MIN),
            i64::MIN,
            "-106751d23h47m16s854ms775us808ns",
        ),
        (
            SignedDuration::ago(Duration::MAX),
            i64::MIN,
            "-106751d23h47m16s854ms775us808ns",
        ),
    ] {
        assert_eq!((duration.0, &*duration.to_string()), (nanos, text));
        assert_eq!(text.parse(), Ok(duration));
        assert_eq!(duration.as_micros(), nanos / 1_000);
        assert_eq!(duration.as_millis(), nanos / 1_000_000);
        assert_eq!(duration.as_secs(), nanos / 1_000_000_000);
    }
    assert_eq!(-SignedDuration(i64::MIN), SignedDuration(i64::MAX));
}

#[test]
fn durations_from_a_configuration_file() {
    for (text, expected) in [
        ("-1h", Ok(SignedDuration::hours(-1))),
        ("1h30m", Ok(SignedDuration::minutes(90))),
        ("+1.5s", Ok(SignedDuration::millis(1_500))),
        ("1w2d", Ok(SignedDuration::days(9))),
        ("3µs", Ok(SignedDuration::micros(3))),
        ("", Err(DurationError::Syntax)),
        ("-", Err(DurationError::Syntax)),
        ("90", Err(DurationError::Syntax)),
        ("1 h", Err(DurationError::Syntax)),
        ("h", Err(DurationError::Syntax)),
        ("1mo", Err(DurationError::Calendar)),
        ("1y", Err(DurationError::Calendar)),
        ("300000d", Err(DurationError::OutOfRange)),
        ("99999999999999999999s", Err(DurationError::OutOfRange)),
    ] {
        assert_eq!(text.parse::<SignedDuration>(), expected, "{text}");
    }
}

#[test]
fn to_and_from_std_durations() {
    let hour = Duration::from_secs(3600);
    assert_eq!(SignedDuration::try_from(hour), Ok(SignedDuration::hours(1)));
    assert_eq!(Duration::try_from(SignedDuration::hours(1)), Ok(hour));
    assert_eq!(
        Duration::try_from(SignedDuration::hours(-1)),
        Err(DurationError::OutOfRange)
    );
    assert_eq!(
        SignedDuration::try_from(Duration::MAX),
        Err(DurationError::OutOfRange)
    );
    assert!(SignedDuration::hours(-1) < SignedDuration::default());
}
