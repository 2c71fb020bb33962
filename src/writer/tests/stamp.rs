//! Unit tests of `stamp`.

use super::*;
use alloc::format;
use alloc::string::{String, ToString};

/// A stamper with a precision of its own.
struct Stamping(Stamper, Precision);

impl Stamping {
    fn new(precision: Precision, rules: impl Into<ClockRules>) -> Self {
        Stamping(Stamper::new(rules.into()), precision)
    }

    fn stamp_into(
        &mut self,
        lines: &[u8],
        reading: impl Into<Reading>,
        out: &mut Vec<u8>,
    ) -> Result<Stamped, WriteError> {
        self.0.stamp(self.1, lines, reading.into(), out)
    }
}

impl From<ClockGuard> for ClockRules {
    fn from(guard: ClockGuard) -> Self {
        ClockRules {
            guard,
            ..ClockRules::default()
        }
    }
}

impl From<Option<i64>> for Reading {
    fn from(wall: Option<i64>) -> Self {
        Reading { wall, server: None }
    }
}

const NOW: i64 = 1_700_000_000_123_456_789;

fn stamped(stamper: &mut Stamping, lines: &str, now: i64) -> Result<String, WriteError> {
    let mut out = b"left over".to_vec();
    let done = stamper.stamp_into(lines.as_bytes(), Some(now), &mut out)?;
    assert_eq!(done, Stamped::default());
    Ok(String::from_utf8(out).unwrap())
}

/// The time of one line.
fn one(stamper: &mut Stamping, now: i64) -> (i64, Option<Duration>) {
    let mut out = Vec::new();
    let done = stamper.stamp_into(b"a f=1\n", Some(now), &mut out).unwrap();
    let text = core::str::from_utf8(&out).unwrap().trim_end();
    let (_, time) = text.rsplit_once(' ').unwrap();
    (time.parse().unwrap(), done.stepped_back)
}

#[test]
fn only_lines_without_a_time_get_one_and_none_gets_it_twice() {
    let mut stamper = Stamping::new(Precision::Nanosecond, ClockGuard::Reject);
    assert_eq!(
        stamped(&mut stamper, "a f=1\nb f=\"x 5\n\"\nc f=1 5\n", NOW).unwrap(),
        "a f=1 1700000000123456789\nb f=\"x 5\n\" 1700000000123456790\nc f=1 5\n"
    );
    // A clock that stands still, one that wavers by up to a second, and one that goes on.
    for (now, expected) in [
        (NOW, 91),
        (NOW - 100, 92),
        (NOW - 1_000_000, 93),
        (NOW - 500_000_000, 94),
        (NOW - 1_000_000_000, 95),
        (NOW + 5, 96),
        (NOW + 11, 100),
    ] {
        let expected = NOW - 89 + expected;
        assert_eq!(one(&mut stamper, now), (expected, None), "{now}");
    }
}

#[test]
fn a_clock_that_is_set_back_is_followed_and_it_is_reported() {
    for back in [1_000_000_001, 3_600_000_000_000, 86_400_000_000_000 * 365] {
        for precision in [Precision::Nanosecond, Precision::Millisecond] {
            let mut stamper = Stamping::new(precision, ClockGuard::Reject);
            let units = |time: i64| time.div_euclid(precision.nanos());
            assert_eq!(one(&mut stamper, NOW), (units(NOW), None));
            let now = NOW - back;
            let reported = Some(Duration::from_nanos(back.unsigned_abs()));
            assert_eq!(one(&mut stamper, now), (units(now), reported));
            // Told once.
            assert_eq!(one(&mut stamper, now + 1), (units(now + 1), None));
        }
    }
    // In steps of less than a second each: followed when they add up to more.
    let mut stamper = Stamping::new(Precision::Nanosecond, ClockGuard::Reject);
    let reported = [0, 900, 1_800, 2_700, 2_701, 3_700].map(|back| {
        let (time, reported) = one(&mut stamper, NOW - back * 1_000_000);
        (time >= NOW, reported.map(|back| back.as_millis()))
    });
    assert_eq!(
        reported,
        [
            (true, None),
            (true, None),
            (false, Some(1_800)),
            (false, None),
            (false, None),
            (false, Some(1_900)),
        ]
    );
}

/// Eight handles take turns at random, with a clock of coarse steps that wavers.
#[test]
fn handles_that_share_a_stamper_never_get_one_time() {
    for seed in 0..4 {
        for step in [1, 1_000, 1_000_000, 15_625_000] {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut stamper = Stamping::new(Precision::Nanosecond, ClockGuard::Reject);
            let (mut real, mut out) = (NOW, Vec::new());
            let mut given = [const { Vec::new() }; 8];
            for _ in 0..20_000 {
                real += rng.i64(0..2_000);
                // Half the readings are up to half a second old: another handle was first at the lock.
                let late = if rng.bool() {
                    rng.i64(0..500_000_000)
                } else {
                    0
                };
                let wall = (real - late).div_euclid(step) * step;
                let lines = "m f=1\n".repeat(rng.usize(1..4));
                let done = stamper.stamp_into(lines.as_bytes(), Some(wall), &mut out);
                assert_eq!(done, Ok(Stamped::default()));
                for line in core::str::from_utf8(&out).unwrap().lines() {
                    let time: i64 = line.rsplit(' ').next().unwrap().parse().unwrap();
                    // Never far from the clock.
                    assert!(
                        (0..600_000_000).contains(&(time - wall)),
                        "{time} at {wall}"
                    );
                    given[rng.usize(..8)].push(time);
                }
            }
            let mut all: Vec<i64> = given.concat();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "seed {seed}, step {step}");
        }
    }
}

#[test]
fn coarse_units_round_down() {
    for (precision, expected) in [
        (Precision::Second, "a f=1 1700000000\n"),
        (Precision::Millisecond, "a f=1 1700000000123\n"),
        (Precision::Microsecond, "a f=1 1700000000123456\n"),
    ] {
        let mut stamper = Stamping::new(precision, ClockGuard::Reject);
        assert_eq!(stamped(&mut stamper, "a f=1\n", NOW).unwrap(), expected);
        assert_eq!(stamped(&mut stamper, "a f=1\n", NOW).unwrap(), expected);
        // Text with a precision of its own, from a writer of another one.
        let mut other = Stamping::new(Precision::Nanosecond, ClockGuard::Reject);
        let mut out = Vec::new();
        for _ in 0..2 {
            let done = other
                .0
                .stamp(precision, b"a f=1\n", Some(NOW).into(), &mut out);
            assert_eq!(done, Ok(Stamped::default()));
            assert_eq!(core::str::from_utf8(&out), Ok(expected));
        }
    }
    assert_eq!(
        stamped(
            &mut Stamping::new(Precision::Second, ClockGuard::Mark),
            "a f=1\n",
            -1
        )
        .unwrap(),
        "a f=1,clock_unset=true -1\n"
    );
}

#[test]
fn a_clock_that_is_not_set() {
    let rules = ClockRules {
        not_before: Timestamp::parse("2026-11-22T00:00:00Z").unwrap(),
        not_after: Timestamp::parse("2060-01-01T00:00:00Z").unwrap(),
        max_difference: Some(Duration::from_secs(60)),
        ..ClockRules::default()
    };
    let server = |time: &str, was_ahead: Option<i64>| {
        Some(ServerTime {
            at_least: Timestamp::parse(time).unwrap(),
            was_ahead,
        })
    };
    let year = 365 * 86_400 * SECOND;
    // What the clock shows, what is known of the server's, and why the clock isn't set.
    let table = [
        (
            None,
            None,
            Some("it shows a time outside the years 1677 to 2262"),
        ),
        (
            Some("1970-01-01T00:00:07Z"),
            None,
            Some("it shows 1970-01-01T00:00:07Z, which is before 2026-11-22T00:00:00Z"),
        ),
        (
            Some("2025-12-31T12:00:00Z"),
            None,
            Some("it shows 2025-12-31T12:00:00Z, which is before 2026-11-22T00:00:00Z"),
        ),
        (
            Some("2026-11-21T23:59:59.999999999Z"),
            None,
            Some("it shows 2026-11-21T23:59:59.999999999Z, which is before 2026-11-22T00:00:00Z"),
        ),
        (Some("2026-11-22T00:00:00Z"), None, None),
        (Some("2060-01-01T00:00:00Z"), None, None),
        (
            Some("2060-01-01T00:00:00.000000001Z"),
            None,
            Some("it shows 2060-01-01T00:00:00.000000001Z, which is after 2060-01-01T00:00:00Z"),
        ),
        (
            Some("2200-01-01T00:00:00Z"),
            None,
            Some("it shows 2200-01-01T00:00:00Z, which is after 2060-01-01T00:00:00Z"),
        ),
        // The server's clock.
        (
            Some("2027-01-01T00:00:00Z"),
            server("2027-01-01T00:01:00Z", Some(0)),
            None,
        ),
        (
            Some("2027-01-01T00:00:00Z"),
            server("2027-01-01T00:01:01Z", Some(0)),
            Some("it shows 2027-01-01T00:00:00Z, the server's shows 2027-01-01T00:01:01Z"),
        ),
        (
            Some("2027-01-01T00:00:00Z"),
            server("2028-01-01T00:00:00Z", None),
            Some("it shows 2027-01-01T00:00:00Z, the server's shows 2028-01-01T00:00:00Z"),
        ),
        (
            Some("2028-01-01T00:00:00Z"),
            server("2027-01-01T00:00:00Z", Some(year)),
            Some("it shows 2028-01-01T00:00:00Z, the server's shows 2027-01-01T00:00:00Z"),
        ),
        // Ahead, but it wasn't when the response came: the machine slept. Or that is too long ago.
        (
            Some("2028-01-01T00:00:00Z"),
            server("2027-01-01T00:00:00Z", Some(0)),
            None,
        ),
        (
            Some("2028-01-01T00:00:00Z"),
            server("2027-01-01T00:00:00Z", None),
            None,
        ),
        // Ahead then, and corrected since.
        (
            Some("2027-01-01T00:00:30Z"),
            server("2027-01-01T00:00:00Z", Some(year)),
            None,
        ),
    ];
    for (shows, server, why) in table {
        let reading = Reading {
            wall: shows.map(|text| Timestamp::parse(text).unwrap().as_nanos()),
            server,
        };
        let mut out = Vec::new();
        let by = |guard| Stamping::new(Precision::Nanosecond, ClockRules { guard, ..rules });

        let mut refuse = by(ClockGuard::Reject);
        assert!(refuse.0.rules.compares());
        let done = refuse.stamp_into(b"a f=1\n", reading, &mut out);
        let Some(why) = why else {
            assert_eq!(done, Ok(Stamped::default()), "{shows:?}");
            continue;
        };
        let Err(WriteError::ClockNotSet(error)) = done else {
            panic!("{shows:?}: {done:?}");
        };
        assert_eq!(error.to_string(), why);
        assert_eq!(
            WriteError::ClockNotSet(error).to_string(),
            format!(
                "the point has no time, and this machine's clock isn't set ({why}): wait for NTP, give the point a time, or have such points marked"
            )
        );

        let done = by(ClockGuard::Mark).stamp_into(b"a f=1\nb f=1 3\n", reading, &mut out);
        match reading.wall {
            None => assert_eq!(done, Err(WriteError::ClockNotSet(ClockError::Unreadable))),
            Some(wall) => {
                let _ = done.unwrap();
                let text = format!("a f=1,clock_unset=true {wall}\nb f=1 3\n");
                assert_eq!(core::str::from_utf8(&out), Ok(&*text));
            }
        }
        let done = by(ClockGuard::ServerTime).stamp_into(b"a f=1\n", reading, &mut out);
        assert_eq!((done, &*out), (Ok(Stamped::default()), &b"a f=1\n"[..]));
    }
}

#[test]
fn by_default_only_the_year_2020_counts() {
    let mut stamper = Stamping::new(Precision::Nanosecond, ClockRules::default());
    assert!(!stamper.0.rules.compares());
    let mut out = Vec::new();
    let mut done = |wall| {
        let reading = Reading {
            wall: Some(wall),
            server: Some(ServerTime {
                at_least: Timestamp(NOW),
                was_ahead: None,
            }),
        };
        stamper
            .stamp_into(b"a f=1\n", reading, &mut out)
            .map(|_| ())
    };
    assert!(done(EARLIEST - 1).is_err());
    assert_eq!(done(EARLIEST), Ok(()));
    assert_eq!(done(NOW), Ok(()));
    assert_eq!(done(LATEST), Ok(()));
    assert!(done(i64::MAX).is_err());
}
