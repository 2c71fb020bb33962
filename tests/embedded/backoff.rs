//! `Backoff`: a table of results and when the next attempt is due.

use influx_edge::embedded::{Backoff, Error, ResponseError};
use influx_edge::http::{WriteResponse, WriteStatus};
use std::time::Duration;

type Failure = Error<()>;

fn refused(status: u16, retry_after: Option<&str>, body: &str) -> Failure {
    let response = WriteResponse {
        status,
        retry_after,
        body: body.as_bytes(),
        ..WriteResponse::default()
    };
    Error::Response(ResponseError::new(
        status,
        &WriteStatus::classify(&response),
    ))
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn delays_double_up_to_a_minute_and_end_with_a_success() {
    for seed in [0, 1, 0x1234_5678, u32::MAX] {
        let mut backoff = Backoff::new(seed);
        let mut now = Duration::from_millis(u64::from(seed) * 1_000 + 3);
        assert!(backoff.is_due(Duration::ZERO) && backoff.is_due(now));
        for round in 0..2 {
            for delay in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
                let most = SECOND * delay;
                backoff.on_result::<(), ()>(now, &Err(Error::NotOpen));
                let wait = backoff.wait(now);
                assert!(
                    wait >= most / 2 && wait <= most,
                    "{round}: {wait:?} of {most:?}"
                );
                assert!(!backoff.is_due(now));
                now += wait - Duration::from_millis(1);
                assert!(!backoff.is_due(now));
                assert_eq!(backoff.wait(now), Duration::from_millis(1));
                now += Duration::from_millis(1);
                assert!(backoff.is_due(now) && backoff.wait(now) == Duration::ZERO);
                now += SECOND;
                assert!(backoff.wait(now) == Duration::ZERO);
            }
            backoff.on_result::<(), ()>(now, &Ok(()));
            assert!(backoff.is_due(now) && backoff.is_due(Duration::ZERO));
        }
    }
}

#[test]
fn each_result_has_its_delay() {
    let s = |low: u64, high: u64| {
        (
            SECOND * u32::try_from(low).unwrap() / 2,
            SECOND * u32::try_from(high).unwrap(),
        )
    };
    let invalid = r#"{"code":"invalid","message":"unable to parse 'x': y"}"#;
    let partial = r#"{"code":"x","message":"partial write: x dropped=1"}"#;
    for (error, (low, high)) in [
        (Error::NotOpen, s(1, 1)),
        (Error::Closed { sent: false }, s(1, 1)),
        (
            Error::Transport {
                error: (),
                sent: true,
            },
            s(1, 1),
        ),
        (refused(503, None, ""), s(1, 1)),
        (refused(429, None, ""), s(1, 1)),
        (refused(503, Some("7"), ""), s(14, 7)),
        (refused(429, Some("30"), ""), s(60, 30)),
        // At most ten minutes, and no less than the own delay.
        (refused(429, Some("86400"), ""), s(1_200, 600)),
        (refused(503, Some("0"), ""), s(1, 1)),
        (refused(503, Some("soon"), ""), s(1, 1)),
        // A person has to do something.
        (refused(401, None, ""), s(60, 60)),
        (refused(404, None, ""), s(60, 60)),
        (refused(200, None, "<html>"), s(60, 60)),
        (Error::Head(influx_edge::http::HeadError::Host), s(60, 60)),
        (
            Error::Parse(influx_edge::http::ParseError::NotHttp),
            s(60, 60),
        ),
        (
            Error::Parse(influx_edge::http::ParseError::Truncated),
            s(1, 1),
        ),
        // The rest can go at once.
        (refused(413, None, ""), s(0, 0)),
        (refused(400, None, invalid), s(0, 0)),
        (refused(422, None, partial), s(0, 0)),
    ] {
        for seed in 0..50 {
            let mut backoff = Backoff::new(seed);
            let now = Duration::from_secs(1_000);
            backoff.on_result::<(), ()>(now, &Err(error));
            let wait = backoff.wait(now);
            assert!(wait >= low && wait <= high, "{error:?}: {wait:?}");
        }
    }
}

/// A thousand boards that lost the server together come back one by one.
#[test]
fn delays_differ_from_board_to_board() {
    let now = Duration::from_secs(10);
    let mut waits: Vec<_> = (0..1_000)
        .map(|seed| {
            let mut backoff = Backoff::new(seed);
            for _ in 0..6 {
                backoff.on_result::<(), ()>(now, &Err(Error::NotOpen));
            }
            backoff.wait(now)
        })
        .collect();
    waits.sort_unstable();
    assert!(waits[0] < SECOND * 17 && waits[999] > SECOND * 31);
    for second in 16..32 {
        let there = waits.iter().filter(|wait| wait.as_secs() == second).count();
        assert!((20..150).contains(&there), "{second}: {there}");
    }
}

/// A counter of milliseconds with 32 bits begins again after 49 days, and a clock is set back: no delay is
/// that long.
#[test]
fn a_clock_that_goes_back_is_waited_for_no_longer() {
    let hour = Duration::from_secs(3_600);
    for (before, after) in [
        (Duration::from_millis(u32::MAX.into()), Duration::ZERO),
        (
            Duration::from_millis(u32::MAX.into()),
            Duration::from_secs(40),
        ),
        (Duration::from_secs(1_800_000_000), hour),
        (hour, Duration::ZERO),
        (Duration::MAX, hour),
    ] {
        for error in [
            Error::NotOpen,
            refused(503, Some("600"), ""),
            refused(401, None, ""),
        ] {
            let mut backoff = Backoff::new(7);
            backoff.on_result::<(), ()>(before, &Err(error));
            assert_eq!(backoff.wait(after), Duration::ZERO, "{before:?}, {after:?}");
            assert!(backoff.is_due(after), "{before:?}, {after:?}");
        }
    }
    // By less than a delay can be: it is waited for, and no longer than that.
    let mut backoff = Backoff::new(7);
    backoff.on_result::<(), ()>(SECOND * 100, &Err(refused(503, Some("60"), "")));
    assert_eq!(backoff.wait(SECOND * 50), SECOND * 110);
}

/// Times at the end of what there is: no overflow.
#[test]
fn the_end_of_time_is_no_panic() {
    let mut backoff = Backoff::new(7);
    for _ in 0..100 {
        backoff.on_result::<(), ()>(Duration::MAX, &Err(refused(503, Some("600"), "")));
    }
    let _ = (
        backoff.wait(Duration::MAX),
        backoff.wait(Duration::ZERO),
        backoff.is_due(Duration::MAX),
    );
}
