//! Refusals that name no line, and 413: who is to blame, the lines or the path to the database.

use super::bisect::{Response, status, tried};
#[cfg(feature = "spool")]
use super::sim::spool;
use super::sim::{SILENT, SimClock, SimCore, SimServer, Words, check, world};
use crate::Remedy;
use crate::error::Error;
#[cfg(feature = "spool")]
use crate::spool::Mode;
use crate::testing::write_error;
use crate::writer::Event;
use crate::writer::engine::Events;
use crate::writer::engine::MAIN;
use crate::writer::seams::Clock as _;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

const SEC: Duration = Duration::from_secs(1);
const LINES: i64 = 5_000;

/// Refusals that are about lines as far as anybody can tell from one of them. (Where the server is
/// named: as it was recorded.)
pub(super) const REFUSALS: [(u16, &str); 7] = [
    (400, SILENT),
    (
        400,
        r#"{"code":"invalid","message":"body content is not valid utf8: invalid utf-8 sequence of 1 bytes from index 5"}"#,
    ),
    (422, r#"{"code":"invalid","message":"policy"}"#),
    (
        400,
        r#"{"code":"invalid","message":"unable to parse 'no line of ours': invalid boolean"}"#,
    ),
    (
        400,
        r#"{"error":"parsing failed for write_lp endpoint","data":{"error_message":"no","line_number":70000,"original_line":"bad"}}"#,
    ),
    (
        413,
        r#"{"code":"request too large","message":"cannot read data: points batch is too large"}"#,
    ),
    (413, "<html>413 Request Entity Too Large</html>"),
];

fn no() -> Result<(), Error> {
    Err(write_error(400, &[], SILENT.as_bytes()))
}

fn too_large() -> Result<(), Error> {
    status(413, "too large")
}

fn bad(lines: &str, _: usize) -> Result<(), Error> {
    match lines.contains('b') {
        true => no(),
        false => Ok(()),
    }
}

/// A line is rejected when it was refused by itself twice and the path worked in between, or when
/// the other lines of what was refused have been stored. (Lines by their letters, `z` was stored
/// before; a `.` is a pause.)
#[test]
fn a_line_is_rejected_only_if_the_path_is_known_to_work() {
    let table: [(&str, &str, Response, &str, &str); 15] = [
        ("z", "b", bad, ".b z b", "Refused 1"),
        (
            "z",
            "bacd",
            bad,
            ".bacd ba b a b cd",
            "Refused 1, delivered 1, delivered 2",
        ),
        (
            "",
            "bacd",
            bad,
            ".bacd ba b a b cd",
            "Refused 1, delivered 1, delivered 2",
        ),
        (
            "z",
            "acdb",
            bad,
            ".acdb ac d b",
            "delivered 2, delivered 1, Refused 1",
        ),
        ("z", "bb", bad, ".bb b b z b b", "Refused 1, Refused 1"),
        // Nothing was stored before: another line is tried, here the second that is.
        (
            "",
            "bbbbbaaa",
            bad,
            ".bbbbbaaa bbbb bb b b bb b b b .b a b b b b baaa ba b a b b b b aa",
            "failed, Refused 1, Refused 1, Refused 1, Refused 1, Refused 1, delivered 1, delivered 2",
        ),
        // There is none: the line is kept.
        (
            "",
            "b",
            bad,
            ".b .b .b .b",
            "failed, failed, failed, failed",
        ),
        // The path refuses the first two, the first, or what was stored before as well.
        (
            "z",
            "ab",
            |_, n| if n < 2 { no() } else { Ok(()) },
            ".ab a b a b",
            "delivered 1, delivered 1",
        ),
        (
            "z",
            "a",
            |_, n| if n < 1 { no() } else { Ok(()) },
            ".a z a",
            "delivered 1",
        ),
        (
            "z",
            "a",
            |_, n| if n < 2 { no() } else { Ok(()) },
            ".a z .a",
            "failed, delivered 1",
        ),
        (
            "z",
            "ab",
            |_, n| if n < 9 { no() } else { Ok(()) },
            ".ab a b z .a z .a z .a z a b",
            "failed, failed, failed, delivered 1, delivered 1",
        ),
        // It begins to refuse behind a bad line.
        (
            "z",
            "ba",
            |lines, n| if n > 1 { no() } else { bad(lines, n) },
            ".ba b a z .b z .b z",
            "failed, failed, failed",
        ),
        // What comes between is no answer.
        (
            "z",
            "b",
            |lines, n| {
                if n == 1 {
                    status(503, "no")
                } else {
                    bad(lines, n)
                }
            },
            ".b z .b z b",
            "failed, Refused 1",
        ),
        // A size is judged like that, too.
        (
            "z",
            "b",
            |lines, _| match lines {
                "z" => Ok(()),
                _ => too_large(),
            },
            ".b z b",
            "TooLarge 1",
        ),
        (
            "z",
            "ab",
            |_, _| too_large(),
            ".ab a b z .a z .a z",
            "failed, failed, failed",
        ),
    ];
    for (first, lines, response, asked, events) in table {
        let requests = asked.split(' ').count();
        let tried = tried(first, lines, 1, requests, response);
        assert_eq!(
            (&*tried.asked, &*tried.events),
            (asked, events),
            "{first} {lines}"
        );
    }
}

fn write(core: &mut SimCore, field: &str, numbers: core::ops::Range<i64>) {
    for n in numbers {
        core.write(MAIN, |enc| {
            enc.line("m").tag("s", 1).field(field, n).timestamp(n)
        })
        .unwrap();
    }
}

/// Where the lines wait: in memory, on disk after a failure, or there before they are sent.
#[derive(Clone, Copy, Debug)]
enum Wait {
    Memory,
    #[cfg(feature = "spool")]
    OnFailure,
    #[cfg(feature = "spool")]
    WriteAhead,
}

const WAITS: &[Wait] = &[
    Wait::Memory,
    #[cfg(feature = "spool")]
    Wait::OnFailure,
    #[cfg(feature = "spool")]
    Wait::WriteAhead,
];

/// A writer whose lines wait there.
fn writer(wait: Wait, run: impl FnOnce(SimCore, SimClock, SimServer)) {
    #[cfg(feature = "spool")]
    let dir = crate::testing::TempDir::new("writer");
    let (core, clock, server) = world(1, |b| {
        let b = b.batch_bytes(1 << 20);
        match wait {
            Wait::Memory => b,
            #[cfg(feature = "spool")]
            Wait::OnFailure => b.spool(spool(&dir, Mode::OnFailure)),
            #[cfg(feature = "spool")]
            Wait::WriteAhead => b.spool(spool(&dir, Mode::WriteAhead)),
        }
    });
    server.0.borrow_mut().words = Words::Silent;
    run(core, clock, server);
}

/// Lines delivered, rejected, dropped.
fn counts(core: &SimCore) -> (u64, u64, u64) {
    let stats = core.stats();
    (
        stats.delivered,
        stats.rejected.total(),
        stats.dropped.total(),
    )
}

/// Where all lines are bad, each is asked about twice, and every eighth request asks whether the path
/// works: halving, which asks about `2n - 1` pieces, stops where it finds nothing but bad lines.
#[test]
fn a_batch_of_bad_lines_only_is_rejected() {
    let table = REFUSALS.iter().map(|refusal| (*refusal, 300, Wait::Memory));
    let waits = WAITS.iter().map(|wait| (REFUSALS[0], 600, *wait));
    let small = (1..5).map(|lines| (REFUSALS[0], lines, Wait::Memory));
    let most = (REFUSALS[0], LINES, Wait::Memory);
    for (refusal, lines, wait) in table.chain(waits).chain(small).chain([most]) {
        writer(wait, |mut core, _, server| {
            write(&mut core, "n", 0..1);
            let _ = core.flush(SEC).unwrap();
            server.0.borrow_mut().silent = refusal;
            let before = server.0.borrow().requests;
            write(&mut core, "bad", 1..lines + 1);
            let outcome = core.flush(SEC * 3_600).unwrap();
            let requests = server.0.borrow().requests - before;
            std::println!("{lines} bad lines, {wait:?}: {requests} requests");
            let lines = u64::try_from(lines).unwrap();
            assert_eq!(outcome.rejected.total(), lines, "{refusal:?}");
            assert_eq!(outcome.rejected.too_large > 0, refusal.0 == 413);
            assert_eq!(counts(&core), (1, lines, 0));
            assert!(requests <= lines * 9 / 4 + 30, "{requests} {refusal:?}");
            check(&core);
        });
    }
}

/// A gateway that refuses everything: from the beginning, from the first batch on, or while a bad
/// line is searched for. All is kept; few requests; an event reports it; and when it is mended, all
/// arrives and the bad line alone is rejected.
#[test]
fn a_path_that_refuses_everything_rejects_no_line() {
    let mut table = Vec::new();
    for refusal in REFUSALS {
        for begins in [0, 1, 2, 6, 9, 13] {
            table.push((refusal, begins, 400, Wait::Memory));
        }
    }
    for wait in WAITS {
        for begins in [0, 1, 2, 5, 9, 12, 14] {
            table.push((REFUSALS[0], begins, 400, *wait));
        }
        table.push((REFUSALS[5], 0, LINES, *wait));
        table.push((REFUSALS[0], 1, LINES, *wait));
    }
    for (refusal, begins, lines, wait) in table {
        let reported = Arc::new(AtomicU64::new(0));
        let name = std::format!("{refusal:?} after {begins}, {lines} lines, {wait:?}");
        writer(wait, |mut core, clock, server| {
            let reporting = Arc::clone(&reported);
            core.engine.events = Events::new(true);
            core.listener = Some(Box::new(move |event| {
                if let Event::Failed { error, .. } = event {
                    assert_eq!(error.remedy(), Remedy::Operator);
                    assert!(!error.is_retryable());
                    assert!(
                        error.to_string().contains("refuses everything it is sent"),
                        "{error}"
                    );
                    reporting.fetch_add(1, Ordering::Relaxed);
                }
            }));
            {
                let mut world = server.0.borrow_mut();
                world.refuses = Some(refusal);
                world.refuses_at = begins + 1..u64::MAX;
            }
            if begins > 0 {
                write(&mut core, "n", 0..1);
                let _ = core.flush(SEC).unwrap();
            }
            core.engine.settings.send_in_write = false;
            write(&mut core, "n", 1..5);
            write(&mut core, "bad", 5..6);
            write(&mut core, "n", 6..lines + 1);
            for _ in 0..12 {
                let before = server.0.borrow().requests;
                let wait = core.poll();
                let requests = server.0.borrow().requests - before;
                assert!(requests <= 20 + begins, "{requests}, {name}");
                assert!(requests == 0 || wait > SEC * 59, "{wait:?}, {name}");
                check(&core);
                clock.advance(wait);
            }
            // The bad line may have been found before it began.
            let (_, rejected, dropped) = counts(&core);
            assert!(rejected <= u64::from(begins > 5) && dropped == 0, "{name}");
            let cause = core.engine.last_error.as_ref().unwrap();
            assert_eq!(cause.remedy(), Remedy::Operator);
            assert!(reported.load(Ordering::Relaxed) >= 10, "{name}");

            server.0.borrow_mut().refuses = None;
            let _ = core.flush(SEC * 3_600).unwrap();
            check(&core);
            let lines = u64::try_from(lines).unwrap();
            let good = lines - 1 + u64::from(begins > 0);
            assert_eq!(counts(&core), (good, 1, 0), "{name}");
            let rejected: Vec<_> = core
                .engine
                .rejected
                .list
                .iter()
                .map(|r| r.line.as_str())
                .collect();
            assert_eq!(rejected, ["m,s=1 bad=5i 5"], "{name}");
            assert_eq!(server.0.borrow().stored.len() as u64, good);
        });
    }
}

/// A path that refuses a few requests in a row, wherever that begins, in batches of every size, with
/// and without a bad line: no good line is rejected, and of two values of a point the later stays.
#[test]
fn a_path_that_refuses_for_a_moment_costs_nothing() {
    let table = [
        (1, 9),
        (2, 9),
        (2, 1),
        (5, 9),
        (5, 0),
        (5, 3),
        (5, 4),
        (13, 6),
    ];
    let here = table.map(|batch| (batch, Wait::Memory));
    let there = WAITS.iter().skip(1);
    let there = there.flat_map(|wait| [(1, 9), (5, 3)].map(|batch| (batch, *wait)));
    for ((lines, bad), wait) in here.into_iter().chain(there) {
        // (To open a spool takes its time.)
        let step = if matches!(wait, Wait::Memory) { 1 } else { 5 };
        let begins = (1..24).step_by(step);
        for (begins, length) in begins.flat_map(|b| (1..14).step_by(step).map(move |l| (b, l))) {
            writer(wait, |mut core, clock, server| {
                {
                    let mut world = server.0.borrow_mut();
                    world.refuses = Some(REFUSALS[0]);
                    world.refuses_at = begins..begins + length;
                }
                // Two points: the even and the odd ones overwrite each other.
                for batch in 0..3 {
                    for n in 0..lines {
                        let number = batch * lines + n;
                        let field = if n == bad { "bad" } else { "n" };
                        core.write(MAIN, |enc| {
                            let line = enc.line("m").tag("s", 1).field(field, number);
                            line.timestamp(n % 2)
                        })
                        .unwrap();
                    }
                    core.engine.seal(MAIN);
                    core.poll();
                    clock.advance(SEC);
                }
                let name = std::format!("{lines} lines, {bad}, {begins} and {length}, {wait:?}");
                for _ in 0..40 {
                    let wait = core.poll();
                    check(&core);
                    if core.stats().buffered + core.stats().spooled == 0 {
                        break;
                    }
                    clock.advance(wait);
                }
                let doomed = 3 * u64::from(bad < lines);
                let good = 3 * u64::try_from(lines).unwrap() - doomed;
                assert_eq!(counts(&core), (good, doomed, 0), "{name}");
                let last = |odd: i64| {
                    let of_last = (0..lines).filter(|n| *n != bad && n % 2 == odd);
                    of_last.max().map(|n| u64::try_from(2 * lines + n).unwrap())
                };
                let stored: Vec<u64> = server.0.borrow().stored.values().copied().collect();
                let expected: Vec<u64> = [last(0), last(1)].into_iter().flatten().collect();
                assert_eq!(stored, expected, "{name}");
            });
        }
    }
}

/// The first line of all is bad, and nothing shows that the path works: it waits. The lines that come
/// later are tried, and the first that is stored shows it. Another bucket doesn't wait.
#[test]
fn a_bad_line_that_came_first_waits_for_a_good_one() {
    for (wait, refusal) in WAITS.iter().flat_map(|w| REFUSALS.map(|r| (*w, r))) {
        writer(wait, |mut core, clock, server| {
            server.0.borrow_mut().silent = refusal;
            write(&mut core, "bad", 0..1);
            let rounds = |core: &mut SimCore, rounds: usize| {
                for _ in 0..rounds {
                    let wait = core.poll();
                    check(core);
                    clock.advance(wait);
                }
            };
            rounds(&mut core, 6);
            assert_eq!(counts(&core), (0, 0, 0), "{refusal:?} {wait:?}");
            let cause = core.engine.last_error.as_ref().unwrap();
            assert_eq!(cause.remedy(), Remedy::Operator);
            let other = core.engine.queue("other");
            core.write(other, |enc| {
                enc.line("m").tag("s", 1).field("n", 9).timestamp(9)
            })
            .unwrap();
            rounds(&mut core, 4);
            assert_eq!(counts(&core), (1, 0, 0));
            write(&mut core, "bad", 1..2);
            write(&mut core, "n", 2..4);
            core.poll();
            write(&mut core, "n", 4..5);
            rounds(&mut core, 12);
            assert_eq!(counts(&core), (4, 2, 0), "{refusal:?} {wait:?}");
            assert!(core.engine.last_error.is_none());
        });
    }
}

/// A wait for refused lines ends at its limit, with the reason.
#[test]
fn a_flush_ends_in_time_where_everything_is_refused() {
    for (refusal, limit) in REFUSALS.into_iter().flat_map(|r| [(r, 5), (r, 200)]) {
        for close in [false, true] {
            writer(Wait::Memory, |mut core, _, server| {
                server.0.borrow_mut().refuses = Some(refusal);
                write(&mut core, "n", 0..1_000);
                let start = core.clock.now();
                let limit = SEC * limit;
                let ended = if close {
                    core.close(limit)
                } else {
                    core.flush(limit)
                };
                let error = ended.unwrap_err();
                assert_eq!(error.remedy(), Remedy::Operator, "{error}");
                assert!(error.to_string().contains("1000 lines"), "{error}");
                assert!(core.clock.now() - start <= limit + SEC / 10);
                let dropped = if close { 1_000 } else { 0 };
                assert_eq!(counts(&core), (0, 0, dropped));
                check(&core);
            });
        }
    }
}
