//! A writer's handles: times, panics in what they are given, the account of the whole run.

use crate::common::mock_server::Server;
use crate::help::{SEC, until, within, writer};
use influx_edge::OverflowPolicy::{Block, Reject};
use influx_edge::{Precision, WriteError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

#[test]
fn untimed_points_of_one_series_from_eight_handles_are_all_stored() {
    // (Two threads seldom read the same nanosecond: twice in 400 000 points, where nobody sees to it.)
    let each: i64 = match std::env::var_os("INFLUX_EDGE_LONG") {
        Some(_) => 50_000,
        None => 10_000,
    };
    within(60 * SEC, move || {
        let server = Server::start();
        let mut first = writer(&server).build().unwrap();
        // What came before there were threads counts, too.
        for n in 0..100i64 {
            first
                .write_with(|enc| enc.line("t").field("n", n).finish())
                .unwrap();
        }
        let w = first.spawn(Block(10 * SEC)).unwrap();
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let mut w = w.clone();
                std::thread::spawn(move || {
                    for n in 0..each {
                        if thread % 4 == 3 {
                            let text = format!("t n={n}i\n");
                            assert_eq!(w.write_lines(&text, Precision::Nanosecond).accepted, 1);
                        } else {
                            w.write_with(|enc| enc.line("t").field("n", n).finish())
                                .unwrap();
                        }
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        let outcome = w.close().unwrap();
        let all = 8 * each as u64 + 100;
        assert_eq!(outcome.delivered, all);
        assert_eq!(server.points(server.bucket()).len() as u64, all);
    });
}

#[test]
fn a_panic_in_what_is_written_leaves_the_handle_as_it_was() {
    within(20 * SEC, || {
        let server = Server::start();
        let mut w = writer(&server).build().unwrap().spawn(Reject).unwrap();
        for n in 0..3i64 {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                w.write_with(|enc| {
                    enc.line("half").field("v", 1i64).timestamp(1i64)?;
                    let _ = enc.line("more").tag("a", "b");
                    panic!("in the closure, on purpose")
                })
            }));
            assert!(panicked.is_err());
            w.write_with(|enc| enc.line("t").field("n", n).timestamp(n))
                .unwrap();
        }
        let stats = w.stats();
        assert_eq!((stats.accepted, stats.not_accepted), (3, 0), "{stats:?}");
        assert_eq!(w.close().unwrap().delivered, 3);
        let points = server.points(server.bucket());
        assert_eq!(points.len(), 3);
        assert!(points.iter().all(|p| p.measurement == "t"), "{points:?}");
    });
}

#[test]
fn a_panic_in_what_is_written_leaves_the_writer_as_it_was() {
    let server = Server::start();
    let mut w = writer(&server).build().unwrap();
    for n in 0..3i64 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            w.write_with(|enc| {
                enc.line("half").field("v", 1i64).timestamp(1i64)?;
                let _ = enc.line("more").tag("a", "b");
                panic!("in the closure, on purpose")
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(w.stats().buffered, n as u64);
        w.write_with(|enc| enc.line("t").field("n", n).timestamp(n))
            .unwrap();
        assert!(w.stats().is_balanced());
    }
    assert_eq!(w.close().unwrap().delivered, 3);
    let points = server.points(server.bucket());
    assert_eq!(points.len(), 3);
    assert!(points.iter().all(|p| p.measurement == "t"), "{points:?}");
}

#[test]
fn close_after_flush_has_the_outcome_of_the_whole_run() {
    within(20 * SEC, || {
        for threaded in [false, true] {
            let server = Server::start();
            let mut w = writer(&server).build().unwrap();
            let text = "t n=1i 1\nt n=2i 2\nt n=3i 3\n";
            let outcomes = if threaded {
                let mut w = w.spawn(Reject).unwrap();
                assert!(w.write_lines(text, Precision::Nanosecond).is_complete());
                let outcomes = [w.flush().unwrap(), w.flush().unwrap()];
                assert!(
                    w.write_lines("t n=4i 4", Precision::Nanosecond)
                        .is_complete()
                );
                [outcomes[0], outcomes[1], w.close().unwrap()]
            } else {
                assert!(w.write_lines(text, Precision::Nanosecond).is_complete());
                let outcomes = [w.flush().unwrap(), w.flush().unwrap()];
                assert!(
                    w.write_lines("t n=4i 4", Precision::Nanosecond)
                        .is_complete()
                );
                [outcomes[0], outcomes[1], w.close().unwrap()]
            };
            let said = outcomes.map(|outcome| outcome.to_string());
            assert_eq!(said, ["3 delivered", "0 delivered", "4 delivered"]);
        }
    });
}

#[test]
fn the_writers_own_line_comes_through_a_handle_and_is_in_the_account() {
    within(20 * SEC, || {
        let server = Server::start();
        let mut w = writer(&server)
            .report_stats("writer_health", SEC / 5)
            .build()
            .unwrap()
            .spawn(Reject)
            .unwrap();
        for n in 0..10i64 {
            w.write_with(|enc| enc.line("t").field("n", n).timestamp(n))
                .unwrap();
        }
        until("reported twice", || w.stats().own >= 2);
        let stats = w.stats();
        assert!(stats.is_balanced(), "{stats:?}");
        assert_eq!(stats.accepted, 10 + stats.own, "{stats:?}");
        let other = w.clone();
        let outcome = w.close().unwrap();
        let stats = other.stats();
        assert_eq!(stats.accepted, 10 + stats.own, "{stats:?}");
        assert_eq!(outcome.delivered, stats.accepted);
        let points = server.points(server.bucket());
        let health = points.iter().filter(|p| p.measurement == "writer_health");
        let mut times: Vec<_> = health.map(|p| p.time).collect();
        times.sort_unstable();
        times.dedup();
        assert_eq!(times.len() as u64, stats.own);
    });
}

#[test]
fn a_closed_writer_refuses_and_keeps_its_account() {
    within(20 * SEC, || {
        let server = Server::start();
        let mut w = writer(&server).build().unwrap().spawn(Reject).unwrap();
        let mut other = w.clone();
        w.write_with(|enc| enc.line("t").field("n", 1i64).timestamp(1i64))
            .unwrap();
        assert_eq!(w.close().unwrap().delivered, 1);
        let written = other.write_with(|enc| enc.line("t").field("n", 1i64).timestamp(1i64));
        assert_eq!(written, Err(WriteError::Closed));
        let lines = other.write_lines("t n=1i 1\nt n=2i 2\n", Precision::Nanosecond);
        assert_eq!((lines.accepted, lines.rejected.len()), (0, 2));
        assert!(other.flush().is_err());
        let stats = other.stats();
        assert!(stats.is_balanced());
        assert_eq!(
            (stats.accepted, stats.delivered, stats.not_accepted),
            (1, 1, 3)
        );
        assert!(other.clone().close().is_err());
    });
}

/// Limits may be as long as there are.
#[test]
fn limits_without_end() {
    within(20 * SEC, || {
        const ALWAYS: Duration = Duration::MAX;
        for interval in [Duration::ZERO, Duration::from_secs(1), ALWAYS] {
            let server = Server::start();
            let build = || {
                let builder = writer(&server).flush_interval(interval);
                let builder = builder.flush_timeout(ALWAYS).poll_limit(ALWAYS);
                builder.build().unwrap()
            };
            let mut w = build();
            w.write_with(|enc| enc.line("t").field("n", 1i64).timestamp(1i64))
                .unwrap();
            let _ = w.poll().unwrap();
            assert!(w.flush_within(ALWAYS).unwrap().is_safe());
            w.write_with(|enc| enc.line("t").field("n", 1i64).timestamp(2i64))
                .unwrap();
            assert_eq!(w.close_within(ALWAYS).unwrap().delivered, 2);
            let mut w = build().spawn(Block(ALWAYS)).unwrap();
            w.write_with(|enc| enc.line("t").field("n", 1i64).timestamp(3i64))
                .unwrap();
            assert_eq!(w.flush_within(ALWAYS).unwrap().delivered, 1);
            w.write_with(|enc| enc.line("t").field("n", 1i64).timestamp(4i64))
                .unwrap();
            let other = w.clone();
            assert_eq!(w.close_within(ALWAYS).unwrap().delivered, 2);
            drop(other);
            let mut w = build().spawn(Block(ALWAYS)).unwrap();
            w.write_with(|enc| enc.line("t").field("n", 1i64).timestamp(5i64))
                .unwrap();
            drop(w);
            assert_eq!(server.points("sensors").len(), 5);
        }
    });
}

/// With one line a batch and buckets that aren't there, each handle's lines are counted where they are.
#[test]
fn handles_of_several_buckets_have_one_account() {
    within(30 * SEC, || {
        let server = Server::start();
        server.add_bucket("alarms");
        let builder = writer(&server).batch_lines(1).flush_timeout(SEC);
        let w = builder.build().unwrap().spawn(Block(5 * SEC)).unwrap();
        let threads: Vec<_> = (0..4i64)
            .map(|thread| {
                let mut w = w.clone();
                std::thread::spawn(move || {
                    for n in 0..50 {
                        let time = thread * 1_000 + n;
                        let point = influx_edge::line::Point::new("t")
                            .field("n", n)
                            .time(influx_edge::Timestamp::from_nanos(time));
                        w.write(&point).unwrap();
                        w.write_to("alarms", &point).unwrap();
                        w.write_to("missing", &point).unwrap();
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        let other = w.clone();
        until("delivered", || w.stats().delivered == 400);
        let error = w.close_within(SEC).unwrap_err();
        assert!(error.is_not_found(), "{error}");
        let stats = other.stats();
        assert_eq!(
            (stats.delivered, stats.dropped.closed),
            (400, 200),
            "{stats:?}"
        );
        assert_eq!(server.points("sensors").len(), 200);
        assert_eq!(server.points("alarms").len(), 200);
    });
}
