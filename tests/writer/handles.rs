//! What a handle has taken is where the account says it is: small batches, full memory, a disk that is full.

use crate::common::mock_server::{Fault, Server};
use crate::help::{MS, SEC, within, writer};
use influx_edge::OverflowPolicy::{Block, DropOldest, Reject};
use influx_edge::writer::{DropReason, Event, WriterHandle};
use influx_edge::{ErrorKind, Precision, WriteError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A handle collects lines before the keeper has them: not more than fit a batch.
#[test]
fn batches_smaller_than_what_a_handle_collects_lose_nothing() {
    within(60 * SEC, || {
        for batch_bytes in [40, 100, 1_000, 2_500, 4_000, 4_097, 10_000] {
            for threads in [1, 3] {
                let server = Server::start();
                let w = writer(&server).batch_bytes(batch_bytes);
                let mut w = w.build().unwrap().spawn(Block(10 * SEC)).unwrap();
                let threads: Vec<_> = (0..threads)
                    .map(|thread: i64| {
                        let mut w = w.clone();
                        std::thread::spawn(move || {
                            for n in 0..300i64 {
                                let n = thread * 1_000 + n;
                                w.write_with(|enc| enc.line("t").field("n", n).timestamp(n))
                                    .unwrap();
                            }
                            300
                        })
                    })
                    .collect();
                let accepted: u64 = threads.into_iter().map(|t| t.join().unwrap()).sum();
                let _ = w.flush().unwrap();
                let stats = w.stats();
                assert_eq!(stats.accepted, accepted, "{batch_bytes}: {stats:?}");
                assert_eq!(w.close().unwrap().delivered, accepted, "{batch_bytes}");
                assert_eq!(server.points("sensors").len() as u64, accepted);
            }
        }
    });
}

#[test]
fn a_line_of_text_longer_than_a_batch_is_refused_by_a_handle() {
    within(20 * SEC, || {
        for (len, fits) in [
            (10, true),
            (500, true),
            (991, true),
            (992, false),
            (2_000, false),
            (5_000, false),
        ] {
            let server = Server::start();
            let w = writer(&server).batch_bytes(1_000).build().unwrap();
            let mut w = w.spawn(Reject).unwrap();
            let text = format!("t s=\"{}\" 1\n", "x".repeat(len));
            let outcome = w.write_lines(&text, Precision::Nanosecond);
            assert_eq!(outcome.is_complete(), fits, "{len}: {outcome}");
            let delivered = w.close().unwrap().delivered;
            assert_eq!(delivered, u64::from(fits), "{len}");
        }
    });
}

/// What is dropped before the keeper has it is told as everything else is, as an event and in the outcome; and
/// what is dropped is the oldest.
#[test]
fn what_handles_drop_is_reported_and_is_the_oldest() {
    within(60 * SEC, || {
        for (max, burst) in [
            (600_000, 200),
            (600_000, 100),
            (1_000_000, 200),
            (2_000_000, 50),
        ] {
            // (A keeper that doesn't get to run for long may let a newer batch go.)
            let kept = (0..5).map(|_| last_stored(max, burst));
            assert!(kept.into_iter().any(|last| last >= 1_000), "{max} {burst}");
        }
    });
}

/// More is written than fits while the server fails; how many of the last lines are stored, without a gap.
fn last_stored(max: usize, burst: i64) -> usize {
    let server = Server::start();
    // (It is tried again after a second or more, or with the flush.)
    server.fault(Fault::error(503, "unavailable", "later").times(1));
    let told = Arc::new(Mutex::new(0));
    let count = Arc::clone(&told);
    let w = writer(&server)
        .flush_interval(100 * MS)
        .max_buffer_bytes(max)
        .on_event(move |event| {
            if let Event::Dropped { lines, reason, .. } = event {
                assert_eq!(*reason, DropReason::Overflow);
                *count.lock().unwrap() += lines;
            }
        });
    let mut w = w.build().unwrap().spawn(DropOldest).unwrap();
    let text = "x".repeat(200);
    let lines = 12_000;
    for n in 0..lines {
        w.write_with(|enc| {
            let line = enc.line("t").field("n", n).field("s", text.as_str());
            line.timestamp(n)
        })
        .unwrap();
        if n % burst == burst - 1 {
            std::thread::sleep(2 * MS);
        }
    }
    let outcome = w.flush().unwrap();
    let stats = w.stats();
    assert!(stats.is_balanced());
    assert_eq!(stats.accepted, lines as u64);
    let lost = stats.dropped.overflow;
    assert!(
        lost > 0 && outcome.dropped.overflow == lost,
        "{outcome} {stats:?}"
    );
    assert_eq!(outcome.delivered, stats.delivered);
    assert_eq!(w.close().unwrap().dropped.overflow, lost);
    assert_eq!(*told.lock().unwrap(), lost);
    let points = server.points("sensors");
    let stored: BTreeSet<i64> = points.iter().map(|p| p.time).collect();
    assert_eq!(stored.len() as u64, stats.delivered);
    let last = (0..lines).rev().take_while(|n| stored.contains(n)).count();
    println!("{max} {burst}: {lost} lost, the last {last} stored");
    last
}

/// The lines that a handle has pass from one place to the other while the account is read.
#[test]
fn no_line_is_counted_twice_on_its_way_to_the_keeper() {
    within(60 * SEC, || {
        let server = Server::start();
        let w = writer(&server)
            .flush_interval(Duration::ZERO)
            .build()
            .unwrap();
        let mut w = w.spawn(Block(10 * SEC)).unwrap();
        let (begun, stop) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let reader = {
            let (w, begun, stop) = (w.clone(), Arc::clone(&begun), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut before = 0;
                while !stop.load(Ordering::SeqCst) {
                    let stats = w.stats();
                    assert!(stats.is_balanced(), "{stats:?}");
                    let begun = begun.load(Ordering::SeqCst);
                    assert!(stats.accepted <= begun, "{} of {begun}", stats.accepted);
                    assert!(
                        stats.accepted >= before,
                        "{} after {before}",
                        stats.accepted
                    );
                    before = stats.accepted;
                }
            })
        };
        for n in 0..300_000i64 {
            begun.fetch_add(1, Ordering::SeqCst);
            w.write_with(|enc| enc.line("t").field("n", n).timestamp(n))
                .unwrap();
        }
        stop.store(true, Ordering::SeqCst);
        reader.join().unwrap();
        assert_eq!(w.close().unwrap().delivered, 300_000);
    });
}

/// A point is corrected through a clone, in another thread or the same; and once more after that one is gone.
#[test]
fn what_was_written_before_a_clone_is_older_than_what_is_written_through_it() {
    within(60 * SEC, || {
        for threaded in [false, true] {
            for again in [false, true] {
                let server = Server::start();
                let mut w = writer(&server).build().unwrap().spawn(Reject).unwrap();
                let write = |w: &mut WriterHandle, n: i64, time: i64| {
                    w.write_with(|enc| enc.line("t").field("n", n).timestamp(time))
                        .unwrap();
                };
                for time in 0..10 {
                    write(&mut w, 1, time);
                    let mut clone = w.clone();
                    let mut correct = move || write(&mut clone, 2, time);
                    match threaded {
                        true => std::thread::spawn(correct).join().unwrap(),
                        false => {
                            correct();
                            drop(correct);
                        }
                    }
                    if again {
                        write(&mut w, 3, time);
                    }
                }
                let _ = w.close().unwrap();
                let points = server.points("sensors");
                let values: BTreeSet<String> = points.iter().map(|p| p.value.to_string()).collect();
                let expected = if again { "3" } else { "2" };
                assert_eq!(values, BTreeSet::from([expected.to_owned()]), "{threaded}");
                assert_eq!(points.len(), 10);
            }
        }
    });
}

#[cfg(feature = "spool")]
mod full {
    use super::*;
    use crate::common::temp_dir::TempDir;
    use crate::help::{disk, nowhere};
    use influx_edge::spool::{Durability, Mode};
    use influx_edge::{Spool, WriteError};

    /// Many handles wait for a disk that refuses them all, each in a bucket of its own.
    #[test]
    fn each_of_many_handles_gets_the_outcome_of_its_own_line() {
        within(120 * SEC, || {
            let dir = TempDir::new("handles");
            let spool = disk::open(|| {
                Spool::builder(dir.path())
                    .mode(Mode::WriteAhead)
                    .durability(Durability::OsManaged)
                    .overflow_policy(Reject)
                    .max_bytes(64 << 10)
            });
            let builder = nowhere().writer("sensors").flush_timeout(SEC / 5);
            let w = builder.spool(spool).build().unwrap().spawn(Reject).unwrap();
            let threads: Vec<_> = (0..1_200)
                .map(|thread: i64| {
                    let mut w = w.clone();
                    std::thread::Builder::new()
                        .stack_size(64 << 10)
                        .spawn(move || {
                            let bucket = format!("b{thread}");
                            let mut accepted = 0;
                            for n in 0..6i64 {
                                let line = influx_edge::line::Point::new("t")
                                    .field("n", n)
                                    .field("text", "x".repeat(200))
                                    .time(influx_edge::Timestamp::from_nanos(n));
                                match w.write_to(&bucket, &line) {
                                    Ok(()) => accepted += 1,
                                    Err(WriteError::Full) => {}
                                    Err(error) => panic!("{error}"),
                                }
                            }
                            accepted
                        })
                        .unwrap()
                })
                .collect();
            let accepted: u64 = threads.into_iter().map(|t| t.join().unwrap()).sum();
            let stats = w.stats();
            println!("{accepted} {stats:?}");
            assert_eq!(stats.accepted, accepted);
            drop(w);
            assert_eq!(disk::lines(dir.path()).len() as u64, accepted);
        });
    }
}

/// What the other handles hear of a writer that was closed: that it is, or how many lines that cost.
#[test]
fn a_call_after_the_close_says_what_was_lost() {
    within(60 * SEC, || {
        for (up, lost) in [(true, 0), (false, 3)] {
            let server = Server::start();
            if !up {
                server.fault(Fault::status(503).times(1_000));
            }
            let mut w = writer(&server).build().unwrap().spawn(Reject).unwrap();
            for n in 0..3i64 {
                w.write_with(|enc| enc.line("t").field("n", n).timestamp(n))
                    .unwrap();
            }
            let (mut other, third) = (w.clone(), w.clone());
            assert_eq!(w.close_within(SEC).is_ok(), up);
            let calls = [
                other.flush(),
                other.flush_within(Duration::ZERO),
                other.close(),
                third.close_within(SEC),
            ];
            for error in calls.map(Result::unwrap_err) {
                let said = error.to_string();
                match error.kind() {
                    ErrorKind::Write(error) => assert_eq!((error, lost), (&WriteError::Closed, 0)),
                    ErrorKind::Flush(error) => assert_eq!(error.lines(), lost, "{said}"),
                    _ => panic!("{said}"),
                }
                assert_eq!(said.contains("lost"), lost > 0, "{said}");
            }
        }
    });
}

/// What a handle takes has the outcome that it has through a writer without threads.
#[test]
fn text_and_many_items_are_taken_as_by_a_writer() {
    let texts = [
        ("t v=1i 1\nt v=2i 2\n", 2, &[][..]),
        ("", 0, &[]),
        ("# only a comment\n\n", 0, &[]),
        ("t v=1,5 1\nt v=2i 2", 1, &[1]),
        ("t v=1i\n?\n\nt v= 4\nt s=\"a\nb\" 5\n", 2, &[2, 4]),
    ];
    let point = |n: i64| {
        let value = if n == 3 { f64::NAN } else { n as f64 };
        influx_edge::line::Point::new("p").field("v", value)
    };
    within(20 * SEC, move || {
        for (text, accepted, lines) in texts {
            let server = Server::start();
            server.add_bucket("other");
            let mut alone = writer(&server).build().unwrap();
            let mut w = writer(&server).build().unwrap().spawn(Reject).unwrap();
            let outcome = w.write_lines_to("other", text, Precision::Second);
            assert_eq!(
                outcome,
                alone.write_lines_to("other", text, Precision::Second)
            );
            assert_eq!(outcome, alone.write_lines(text, Precision::Second));
            assert_eq!(outcome.accepted, accepted, "{text:?}");
            let rejected: Vec<u64> = outcome.rejected.iter().map(|(line, _)| *line).collect();
            assert_eq!(rejected, lines, "{text:?}");
            let error = w.write_each((1..6).map(point)).unwrap_err();
            assert_eq!(error, alone.write_each((1..6).map(point)).unwrap_err());
            assert!(error.to_string().contains("point 3"), "{error}");
            w.write_each([point(1), point(2)]).unwrap();
            let stats = w.stats();
            let refused = lines.len() as u64 + 1;
            assert_eq!(
                (stats.accepted, stats.not_accepted),
                (accepted + 4, refused)
            );
            assert_eq!(w.close().unwrap().delivered, accepted + 4);
            assert_eq!(server.points("other").len() as u64, accepted);
            drop(alone.close_within(Duration::ZERO));
        }
    });
}

/// None before the first failure and after a success; of all handles.
#[test]
fn the_last_error_is_that_of_the_last_attempt() {
    for (status, retried) in [
        (503, true),
        (500, true),
        (401, false),
        (403, false),
        (404, false),
    ] {
        within(20 * SEC, move || {
            let server = Server::start();
            let mut w = writer(&server).build().unwrap().spawn(Reject).unwrap();
            let other = w.clone();
            assert!(other.last_error().is_none(), "{status}");
            server.fault(Fault::status(status).times(1));
            w.write_with(|enc| enc.line("t").field("n", 1).timestamp(1))
                .unwrap();
            let flushed = w.flush_within(MS * 300);
            assert!(flushed.is_err() || retried, "{status}");
            if let Err(error) = &flushed {
                let last = other.last_error().unwrap();
                assert_eq!(last.is_retryable(), retried, "{status}: {last}");
                let ErrorKind::Flush(error) = error.kind() else {
                    panic!("{status}: {error}");
                };
                assert_eq!(error.cause().unwrap().to_string(), last.to_string());
            }
            let _ = w.flush().unwrap();
            assert_eq!(w.stats().delivered, 1, "{status}");
            assert!(other.last_error().is_none(), "{status}");
        });
    }
}
