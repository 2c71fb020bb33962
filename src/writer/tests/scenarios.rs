//! Single cases of a writer's life, in simulated time.

use super::sim::{SimServer, Worst, check, world, worst};
use crate::OverflowPolicy;
use crate::Precision;
use crate::client::RetryPolicy;
use crate::error::{ClockError, WriteError};
use crate::writer::engine::MAIN;
use crate::writer::seams::Clock as _;
use crate::writer::{ClockGuard, DropReason, Event};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::Mutex;

const SEC: Duration = Duration::from_secs(1);

fn write(core: &mut crate::writer::drive::inline::Inline<super::sim::SimClock, SimServer>, n: i64) {
    core.write(MAIN, |enc| enc.line("m").field("n", n).timestamp(n))
        .unwrap();
}

#[test]
fn a_gateway_with_an_outage_at_noon() {
    let (mut core, clock, server) = world(7, |b| b.precision(Precision::Millisecond));
    let mut number = 0;
    // The hours around noon, when there is no server for half an hour.
    let minutes = 700..790;
    for minute in minutes.clone() {
        server.0.borrow_mut().down = (720..750).contains(&minute);
        server.0.borrow_mut().trouble = 1;
        for _ in 0..60 {
            for sensor in 0..10 {
                number += 1;
                core.write(MAIN, |enc| {
                    let line = enc.line("m").tag("s", sensor).field("n", number);
                    line.timestamp(number)
                })
                .unwrap();
            }
            core.poll();
            clock.advance(SEC);
        }
        check(&core);
        let held: usize = core.engine.queues[0].storage_bytes();
        // An hour of lines at the most.
        assert!(held < 2 << 20, "{held} bytes of storage in minute {minute}");
    }
    server.0.borrow_mut().trouble = 0;
    let _ = core.flush(SEC * 600).unwrap();
    let stats = core.stats();
    let points = minutes.len() * 600;
    assert_eq!(
        (stats.accepted, stats.delivered),
        (points as u64, points as u64)
    );
    assert_eq!(server.0.borrow().stored.len(), points);
}

#[test]
fn batches_by_number_by_size_and_by_age() {
    let (mut core, clock, server) = world(1, |b| b.batch_lines(10).batch_bytes(200));
    let requests = || server.0.borrow().requests;
    (0..9).for_each(|n| write(&mut core, n));
    assert_eq!((core.poll(), requests()), (SEC, 0));
    clock.advance(SEC / 2);
    assert_eq!((core.poll(), requests()), (SEC / 2, 0));
    write(&mut core, 9);
    assert_eq!(requests(), 1, "ten lines are a batch");
    for n in 0..4 {
        let text = "x".repeat(40);
        core.write(MAIN, |enc| {
            let line = enc.line("m").field("n", n).field("t", text.as_str());
            line.timestamp(n)
        })
        .unwrap();
    }
    assert_eq!(requests(), 2, "200 bytes are a batch");
    clock.advance(SEC);
    core.poll();
    assert_eq!(
        (requests(), core.stats().buffered),
        (3, 0),
        "a second is enough"
    );
    let long = "x".repeat(200);
    let refused = core.write(MAIN, |enc| enc.line("m").field("t", long.as_str()).finish());
    assert_eq!(refused, Err(WriteError::TooLarge(200)));
    assert_eq!(core.poll(), SEC);
}

/// The advice fits a single line as well as several, whichever way they come.
#[test]
fn what_is_too_large_gets_advice() {
    let (mut core, _, _) = world(1, |b| b.batch_bytes(200));
    let long = "x".repeat(200);
    let line = format!("m t=\"{long}\"\n");
    let mut refused = Vec::new();
    for items in [1, 2, 50] {
        refused.push(core.write(MAIN, |enc| {
            for n in 0..items {
                let text = if items == 1 { &*long } else { "short" };
                enc.line("m").field("t", text).timestamp(i64::from(n))?;
            }
            match items {
                1 | 50 => Ok(()),
                _ => enc.line("m").field("t", long.as_str()).timestamp(9i64),
            }
        }));
    }
    // With the time that it gets, too, it is more than a batch.
    let grows = &long[..200 - "m t=\"\" 1".len()];
    refused.push(core.write(MAIN, |enc| enc.line("m").field("t", grows).finish()));
    for text in [&*line, &line.replace("\"\n", "\" 1\n")] {
        let outcome = core.write_lines(MAIN, text, Precision::Nanosecond);
        assert_eq!(outcome.accepted, 0);
        refused.extend(outcome.rejected.into_iter().map(|(_, error)| Err(error)));
    }
    assert_eq!(refused.len(), 6);
    for refused in refused {
        let error = refused.unwrap_err();
        assert_eq!(
            error.to_string(),
            "what was handed over is larger than one batch may be (200 bytes): hand over fewer \
             points at once; if it is a single one, shorten it or raise batch_bytes"
        );
    }
    assert_eq!((core.stats().accepted, core.stats().not_accepted), (0, 6));
}

#[test]
fn nothing_is_sent_in_write_if_that_is_not_wanted() {
    let (mut core, _, server) = world(1, |b| b.batch_lines(1).send_in_write(false));
    (0..100).for_each(|n| write(&mut core, n));
    assert_eq!(server.0.borrow().requests, 0);
    core.poll();
    check(&core);
    assert!(server.0.borrow().requests > 10);
}

#[test]
fn an_item_is_taken_whole_or_not_at_all() {
    let (mut core, ..) = world(1, |b| b);
    let refused = core.write(MAIN, |enc| {
        enc.line("m").field("n", 1).finish()?;
        enc.line("m").field("n", f64::NAN).finish()
    });
    assert!(matches!(refused, Err(WriteError::Encode(_))));
    let stats = core.stats();
    assert_eq!((stats.accepted, stats.not_accepted), (0, 1));
    // A closure that empties the encoder takes nothing from anybody.
    write(&mut core, 1);
    core.write(MAIN, |enc| {
        enc.clear();
        Ok(())
    })
    .unwrap();
    assert_eq!(core.stats().accepted, 1);
    check(&core);
}

#[test]
fn an_outage_ends_and_everything_arrives() {
    let reported = Arc::new(Mutex::new(Vec::<String>::new()));
    let log = Arc::clone(&reported);
    let (mut core, clock, server) = world(3, |b| {
        b.on_event(move |event| {
            log.lock().unwrap().push(match event {
                Event::Delivered { lines, .. } => format!("delivered {lines}"),
                Event::Failed { .. } => "failed".into(),
                Event::Recovered { .. } => "recovered".into(),
                other => format!("{other:?}"),
            });
        })
    });
    server.0.borrow_mut().down = true;
    let mut waits = Vec::new();
    for n in 0..3_600 {
        write(&mut core, n);
        clock.advance(SEC);
        waits.push(core.poll());
    }
    assert!(waits.iter().max().unwrap() <= &(SEC * 300));
    let failures = core.stats().failures;
    assert!(
        (12..100).contains(&failures),
        "{failures} attempts in an hour"
    );
    let error = core.flush(SEC * 5).unwrap_err();
    assert!(
        error.is_retryable() && error.to_string().contains("3600 lines"),
        "{error}"
    );
    server.0.borrow_mut().down = false;
    let outcome = core.flush(SEC * 5).unwrap();
    assert_eq!(
        (worst(&outcome), outcome.delivered),
        (Worst::Delivered, 3_600)
    );
    assert_eq!(outcome.to_string(), "3600 delivered");
    let reported = reported.lock().unwrap();
    assert_eq!(reported.iter().filter(|t| *t == "recovered").count(), 1);
    assert_eq!(
        reported.iter().filter(|t| *t == "failed").count() as u64,
        core.stats().failures
    );
}

#[test]
fn a_full_buffer_refuses_or_drops_the_oldest() {
    for policy in [OverflowPolicy::Reject, OverflowPolicy::DropOldest] {
        let (mut core, _, server) = world(1, |b| {
            b.batch_lines(10)
                .max_buffer_bytes(1_000)
                .overflow_policy(policy)
        });
        server.0.borrow_mut().down = true;
        let taken: Vec<bool> = (0..200)
            .map(|n| {
                core.write(MAIN, |enc| enc.line("m").field("n", n).timestamp(n))
                    .is_ok()
            })
            .collect();
        check(&core);
        let stats = core.stats();
        server.0.borrow_mut().down = false;
        let outcome = core.flush(SEC * 10).unwrap();
        let world = server.0.borrow();
        let least = world.stored.values().min().copied().unwrap();
        let most = world.stored.values().max().copied().unwrap();
        match policy {
            OverflowPolicy::Reject => {
                assert_eq!(
                    taken.iter().filter(|t| !**t).count() as u64,
                    stats.not_accepted
                );
                assert!(stats.not_accepted > 100);
                assert_eq!((least, worst(&outcome)), (0, Worst::Delivered));
            }
            _ => {
                assert!(taken.iter().all(|t| *t));
                assert!(stats.dropped.overflow > 100);
                assert_eq!((most, worst(&outcome)), (199, Worst::Dropped));
                assert_eq!(least, stats.dropped.overflow);
            }
        }
    }
}

/// Without a spool, too: `write` sends for as long as the policy says, and then rejects.
#[test]
fn a_full_buffer_blocks_for_as_long_as_the_policy_says() {
    let patience = SEC * 60;
    // (may it send in `write`, when is the server back, is the point taken)
    for (send_in_write, back_after, taken) in [
        (true, None, false),
        (true, Some(30), true),
        (true, Some(90), false),
        (false, Some(0), false),
    ] {
        let (mut core, _, server) = world(1, |b| {
            b.batch_lines(10)
                .max_buffer_bytes(1_000)
                .overflow_policy(OverflowPolicy::Block(patience))
                .send_in_write(send_in_write)
                .retry(RetryPolicy {
                    interval: SEC,
                    max_interval: SEC * 5,
                    max_retries: u32::MAX,
                    max_time: Duration::MAX,
                    ..RetryPolicy::default()
                })
        });
        server.0.borrow_mut().down = true;
        // Fill it to the brim; the line that doesn't fit waits in vain, and the server is still down.
        let mut lines = 0;
        let put = |core: &mut super::sim::SimCore, n: i64| {
            core.write(MAIN, |enc| enc.line("m").field("n", n).timestamp(n))
        };
        while core.engine.bytes + 20 <= 1_000 {
            put(&mut core, lines).unwrap();
            lines += 1;
        }
        let before = core.clock.now();
        if let Some(seconds) = back_after {
            let mut world = server.0.borrow_mut();
            world.down = false;
            world.back_at = before + SEC * seconds;
        }
        let result = put(&mut core, 1_000_000);
        let spent = core.clock.now() - before;
        assert_eq!(result.is_ok(), taken, "{send_in_write} {back_after:?}");
        match (send_in_write, taken) {
            // The next attempt after the 30 s is 5 s away at most, and one takes some milliseconds.
            (true, true) => assert!(spent >= SEC * 30 && spent < SEC * 40, "{spent:?}"),
            // Until the last attempt that wasn't too late.
            (true, false) => assert!(
                spent > SEC * 54 && spent <= patience + SEC / 10,
                "{spent:?}"
            ),
            (false, _) => assert!(spent < SEC, "{spent:?}"),
        }
        let stats = core.stats();
        assert_eq!(stats.not_accepted, u64::from(!taken));
        check(&core);
        core.clock.advance(SEC * 100);
        server.0.borrow_mut().down = false;
        assert_eq!(worst(&core.flush(SEC * 60).unwrap()), Worst::Delivered);
        assert_eq!(core.stats().delivered, lines as u64 + u64::from(taken));
    }
}

#[test]
fn a_policy_may_give_up() {
    let (mut core, clock, server) = world(1, |b| {
        b.retry(RetryPolicy {
            max_retries: 2,
            ..RetryPolicy::default()
        })
    });
    server.0.borrow_mut().down = true;
    write(&mut core, 1);
    for _ in 0..600 {
        clock.advance(SEC);
        core.poll();
        check(&core);
    }
    let stats = core.stats();
    assert_eq!(
        (stats.requests, stats.dropped.given_up, stats.buffered),
        (3, 1, 0)
    );
}

#[test]
fn closing_in_vain_loses_and_reports() {
    let reported = Arc::new(Mutex::new(0));
    let log = Arc::clone(&reported);
    let (mut core, _, server) = world(1, |b| {
        b.on_event(move |event| {
            if let Event::Dropped {
                lines,
                reason: DropReason::Closed,
                ..
            } = event
            {
                *log.lock().unwrap() += lines;
            }
        })
    });
    server.0.borrow_mut().down = true;
    (0..7).for_each(|n| write(&mut core, n));
    let error = core.close(SEC).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("7 lines are not delivered and are lost"),
        "{error}"
    );
    assert!(!error.is_retryable());
    assert_eq!(*reported.lock().unwrap(), 7);
    assert_eq!(core.stats().dropped.closed, 7);
    check(&core);
}

#[test]
fn a_line_too_large_for_the_server_goes_alone() {
    let (mut core, _, server) = world(1, |b| b);
    server.0.borrow_mut().max_body_bytes = 60;
    for n in 0..100 {
        let text = if n == 50 {
            "x".repeat(100)
        } else {
            String::new()
        };
        core.write(MAIN, |enc| {
            let line = enc
                .line("m")
                .tag("s", 1)
                .field("n", n)
                .field("t", text.as_str());
            line.timestamp(n)
        })
        .unwrap();
    }
    let outcome = core.flush(SEC * 100).unwrap();
    assert_eq!((outcome.delivered, outcome.rejected.too_large), (99, 1));
    check(&core);
}

#[test]
fn a_201_for_a_part_is_no_captive_portal() {
    let (mut core, _, server) = world(1, |b| b.batch_lines(50));
    server.0.borrow_mut().older_cloud = true;
    for n in 0..200 {
        let field = if n == 57 { "conflict" } else { "n" };
        core.write(MAIN, |enc| {
            let line = enc.line("m").tag("s", 1).field(field, n);
            line.timestamp(n)
        })
        .unwrap();
    }
    let outcome = core.flush(SEC * 5).unwrap();
    assert_eq!((outcome.delivered, outcome.rejected.partial), (199, 1));
    let rejected: Vec<_> = core
        .engine
        .rejected
        .list
        .iter()
        .map(|r| r.line.as_str())
        .collect();
    assert_eq!(rejected, ["m,s=1 conflict=57i 57"]);
    assert_eq!(server.0.borrow().requests, 4, "nothing is sent again");
    check(&core);
}

#[test]
fn a_path_that_breaks_under_large_batches_gets_smaller_ones() {
    let (mut core, clock, server) = world(1, |b| b);
    for n in 0..4_000 {
        write(&mut core, n);
    }
    server.0.borrow_mut().breaks_over = 20_000;
    for _ in 0..100 {
        clock.advance(core.poll());
    }
    check(&core);
    assert_eq!(core.stats().delivered, 4_000);
    let world = server.0.borrow();
    assert!(!world.expected.is_empty(), "the server was asked first");
}

#[test]
fn points_without_a_time_and_a_clock_that_is_not_set() {
    let (mut core, clock, server) = world(1, |b| b);
    clock.set_wall(12_345);
    let point = |core: &mut crate::writer::drive::inline::Inline<_, _>| {
        core.write(MAIN, |enc| enc.line("m").tag("s", 1).field("n", 1).finish())
    };
    assert!(matches!(
        point(&mut core),
        Err(WriteError::ClockNotSet(ClockError::TooEarly { .. }))
    ));
    clock.set_wall(1_700_000_000_000_000_000);
    for _ in 0..3 {
        point(&mut core).unwrap();
    }
    let _ = core.flush(SEC).unwrap();
    assert_eq!(server.0.borrow().stored.len(), 3, "three points, not one");
    let (mut core, clock, _) = world(1, |b| b.clock_guard(ClockGuard::Mark));
    clock.set_wall(12_345);
    point(&mut core).unwrap();
    let (_, lines) = core.engine.unsent().next().unwrap();
    assert_eq!(lines.bytes, b"m,s=1 n=1i,clock_unset=true 12345\n");
}

#[test]
fn no_allocation_per_point_after_warm_up() {
    let (mut core, clock, _) = world(1, |b| b.batch_lines(1_000));
    let round = |core: &mut crate::writer::drive::inline::Inline<_, _>| {
        for n in 0..999i64 {
            core.write(MAIN, |enc| {
                let line = enc.line("weather").tag("station", "zrh-1");
                line.field("n", n).field("temp_c", 21.5).timestamp(n)
            })
            .unwrap();
            core.write(MAIN, |enc| enc.line("m").field("n", n).finish())
                .unwrap();
        }
    };
    let _ = clock;
    core.engine.settings.send_in_write = false;
    core.engine.settings.batch_lines = 1 << 20;
    core.engine.settings.batch_bytes = 1 << 20;
    round(&mut core);
    let _ = core.close(Duration::ZERO);
    round(&mut core);
    let _ = core.close(Duration::ZERO);
    let counted = allocation_counter::measure(|| round(&mut core));
    assert_eq!(counted.count_total, 0);
}

/// What was left out of a line that was refused was left out of nothing.
#[test]
fn what_is_left_out_of_refused_lines_is_not_counted() {
    let policies = [
        OverflowPolicy::Reject,
        OverflowPolicy::DropOldest,
        OverflowPolicy::Block(SEC),
    ];
    for policy in policies {
        for max in [100, 130, 1_000] {
            let (mut core, _clock, server) = world(1, |b| {
                let b = b.skip_non_finite(true).batch_bytes(100);
                b.max_buffer_bytes(max).overflow_policy(policy)
            });
            server.0.borrow_mut().down = true;
            let mut accepted = 0;
            for n in 0..100i64 {
                let taken = core.write(MAIN, |enc| {
                    let line = enc.line("m").tag("s", 1).tag("none", "");
                    let line = line.field("n", n).field("nan", f64::NAN);
                    line.timestamp(n)
                });
                accepted += u64::from(taken.is_ok());
                check(&core);
            }
            let stats = core.stats();
            assert_eq!(stats.accepted, accepted);
            let left_out = (stats.skipped_fields, stats.empty_tags);
            assert_eq!(left_out, (accepted, accepted), "{policy:?} {max}");
        }
    }
}

/// Text that is longer than a batch is refused, and leaves no storage of its size.
#[test]
fn what_is_too_long_takes_no_memory() {
    let one = |time: &str| format!("m v=\"{}\"{time}\n", "x".repeat(2 << 20));
    let many = |time: &str| format!("m v=1{time}\n").repeat(1 << 18);
    let texts = [one(" 1"), one(""), many(" 1"), many("")];
    for (n, text) in texts.iter().enumerate() {
        for precision in [Precision::Nanosecond, Precision::Second] {
            let (mut core, _, _) = world(1, |b| b);
            let batch_bytes = core.engine.settings.batch_bytes;
            write(&mut core, 1);
            let long = WriteError::TooLarge(batch_bytes);
            let lines = crate::line::Lines {
                bytes: text.as_bytes(),
                precision,
            };
            assert_eq!(core.write_data(MAIN, &lines), Err(long.clone()), "{n}");
            if n < 2 {
                let outcome = core.write_lines(MAIN, text, precision);
                assert_eq!(outcome.rejected, [(1, long)], "{n}");
            }
            check(&core);
            write(&mut core, 2);
            let held = core.engine.queues[MAIN].storage_bytes();
            assert!(held <= 3 * batch_bytes, "{n}: {held} bytes");
            assert!(core.flush(SEC).is_ok());
            assert_eq!(core.stats().delivered, 2);
            let held = core.engine.queues[MAIN].storage_bytes();
            assert!(held <= 3 * batch_bytes, "{n}: {held} bytes");
        }
    }
}
