//! Unit tests of `server_clock`.

use super::*;

const SEC: Duration = Duration::from_secs(1);
/// 2026-11-22T06:00:00Z in seconds.
const DATE: i64 = 1_795_327_200;

#[test]
fn the_time_goes_on_by_the_monotonic_clock() {
    let clock = ServerClock::default();
    let start = Instant::now();
    assert_eq!(clock.at(start), None);
    // The machine's clock is a year behind then, and set afterwards.
    let wall = Timestamp((DATE - 365 * 86_400) * SECOND);
    clock.set(DATE, start, Some(wall));
    let ahead = -365 * 86_400 * SECOND;
    for (after, passed, was_ahead) in [
        (Duration::ZERO, 0, Some(ahead)),
        (SEC * 90, 90 * SECOND, Some(ahead)),
        (SEC * 3_600, 3_600 * SECOND, Some(ahead)),
        (SEC * 3_601, 3_601 * SECOND, None),
        (SEC * 86_400 * 365, 86_400 * 365 * SECOND, None),
    ] {
        let now = clock.at(start + after).unwrap();
        assert_eq!(now.at_least.as_nanos(), DATE * SECOND + passed);
        assert_eq!(now.was_ahead, was_ahead);
        assert!(now.differs(wall, SEC * 60));
        assert!(!now.differs(now.at_least, SEC * 60));
    }
    // A later response replaces it; a clock that can't be read is not ahead.
    clock.set(DATE + 10, start, None);
    let now = clock.at(start).unwrap();
    assert_eq!(now.at_least.as_nanos(), (DATE + 10) * SECOND);
    assert_eq!(now.was_ahead, None);
    // No date overflows.
    clock.set(i64::MAX, start, Some(Timestamp::MIN));
    let now = clock.at(start + SEC).unwrap();
    assert!(now.differs(Timestamp::MIN, SEC * 5) && !now.differs(Timestamp::MAX, SEC * 5));
}

#[test]
fn a_clock_differs_that_is_behind_or_was_ahead_from_the_start() {
    let server = |was_ahead: Option<i64>| ServerTime {
        at_least: Timestamp(DATE * SECOND),
        was_ahead: was_ahead.map(|seconds| seconds * SECOND),
    };
    // By how much the machine's clock is ahead now and was then, in seconds, and whether it differs by
    // more than a minute.
    for (now, then, differs) in [
        (0, Some(0), false),
        (-60, Some(-60), false),
        (-61, Some(0), true),
        (-61, None, true),
        (60, Some(60), false),
        // A second is the date's own.
        (61, Some(61), false),
        (62, Some(62), true),
        (62, Some(0), false),
        (62, None, false),
        (0, Some(1_000), false),
        (i64::MAX / SECOND - DATE, Some(i64::MAX / SECOND), true),
    ] {
        let time = Timestamp((DATE + now) * SECOND);
        let found = server(then).differs(time, SEC * 60);
        assert_eq!(found, differs, "{now}, {then:?}");
    }
}
