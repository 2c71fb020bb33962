//! Unit tests of `display`.

use super::*;
use crate::error::Error;
use alloc::string::ToString;

#[test]
fn an_account_in_one_line() {
    let all = Stats {
        accepted: 1_200,
        recovered: 5,
        delivered: 1_000,
        spooled: 150,
        rejected: RejectedLines {
            refused: 4,
            partial: 3,
            ..RejectedLines::default()
        },
        dropped: DroppedLines {
            overflow: 3,
            ..DroppedLines::default()
        },
        buffered: 40,
        buffered_bytes: 3_210,
        not_accepted: 2,
        next_attempt: Some(Duration::from_millis(12_399)),
        ..Stats::default()
    };
    assert!(all.is_balanced());
    let table = [
        (Stats::default(), "0 accepted"),
        (
            all,
            "1200 accepted: 1000 delivered, 150 on disk, 40 in memory (3210 bytes), 7 rejected \
             (4 refused, 3 partial), 3 dropped (overflow); 2 not accepted; next attempt in 12.3 s",
        ),
        (
            Stats {
                accepted: 1,
                delivered: 1,
                ..Stats::default()
            },
            "1 accepted: 1 delivered",
        ),
        (
            Stats {
                not_accepted: 1,
                ..Stats::default()
            },
            "0 accepted; 1 not accepted",
        ),
        (
            Stats {
                accepted: 2,
                buffered: 2,
                next_attempt: Some(Duration::from_secs(299)),
                ..Stats::default()
            },
            "2 accepted: 2 in memory; next attempt in 299 s",
        ),
    ];
    for (stats, text) in table {
        assert_eq!(stats.to_string(), text);
    }
}

#[test]
fn numbers_with_their_reasons() {
    let mut rejected = RejectedLines::default();
    assert_eq!(rejected.to_string(), "0");
    rejected.too_large = 2;
    assert_eq!(rejected.to_string(), "2 (too large)");
    (rejected.refused, rejected.partial, rejected.poison) = (1, 3, 4);
    let text = "10 (1 refused, 3 partial, 2 too large, 4 poison)";
    assert_eq!(rejected.to_string(), text);

    let mut dropped = DroppedLines::default();
    assert_eq!(dropped.to_string(), "0");
    dropped.given_up = 7;
    assert_eq!(dropped.to_string(), "7 (given up)");
    dropped = DroppedLines {
        overflow: 1,
        given_up: 2,
        closed: 3,
        spool: 4,
        panicked: u64::MAX,
    };
    let text = "18446744073709551615 (1 overflow, 2 given up, 3 closed, 4 spool, \
        18446744073709551615 panicked)";
    assert_eq!(dropped.to_string(), text);
}

#[test]
fn events_in_one_line_each() {
    let error = Error::config("no scheme");
    let bucket = "sensors";
    let seconds = Duration::from_secs;
    let table = [
        (
            Event::Delivered { bucket, lines: 500 },
            "sensors: 500 lines delivered",
        ),
        (
            Event::Failed {
                bucket,
                error: &error,
                retry_in: Duration::from_millis(1_999),
            },
            "sensors: no scheme; again in 1.9 s",
        ),
        (
            Event::Recovered {
                bucket,
                after: seconds(86_400),
            },
            "sensors: delivers again, after 86400 s",
        ),
        (
            Event::Rejected {
                bucket,
                lines: 1,
                reason: RejectReason::Partial,
            },
            "sensors: 1 line rejected (partial)",
        ),
        (
            Event::Spooled { bucket, lines: 0 },
            "sensors: 0 lines to disk",
        ),
        (
            Event::SpoolFailed {
                bucket,
                message: "no space left",
            },
            "sensors: the disk didn't take lines, they are kept in memory: no space left",
        ),
        (
            Event::Uncompressed { bucket },
            "sensors: the server takes no compressed lines, they are sent uncompressed from now on",
        ),
        (
            Event::ClockStepped { back: seconds(60) },
            "the machine's clock was set back by 60 s",
        ),
        (
            Event::Dropped {
                bucket,
                lines: 2,
                reason: DropReason::GivenUp,
            },
            "sensors: 2 lines dropped (given up)",
        ),
    ];
    for (event, text) in table {
        assert_eq!(event.to_string(), text);
    }
}
