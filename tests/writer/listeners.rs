//! Event listeners that panic, write, wait for their own writer, or end it.

use crate::common::mock_server::{Fault, Server};
use crate::help::{MS, SEC, child, job, until, within, writer};
use influx_edge::OverflowPolicy::{Block, Reject};
use influx_edge::writer::{Event, WriterHandle};
use influx_edge::{Error, ErrorKind, WriteError};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

fn write(w: &mut WriterHandle, n: i64) -> Result<(), WriteError> {
    w.write_with(|enc| enc.line("t").field("n", n).timestamp(n))
}

/// Lines that a server got, repeats included.
fn received(server: &Server) -> usize {
    let requests = server.requests();
    let bodies = requests.iter().map(|r| r.plain_body().unwrap());
    bodies
        .map(|body| {
            body.split(|b| *b == b'\n')
                .filter(|l| !l.is_empty())
                .count()
        })
        .sum()
}

/// What a child does: its listener panics at the first event of all. In a process of its own, for what
/// it says on stderr.
fn panics(threaded: bool) {
    let server = Server::start();
    let calls = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&calls);
    let mut w = writer(&server)
        .on_event(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            panic!("a listener that panics, on purpose");
        })
        .batch_lines(10)
        .build()
        .unwrap();
    if threaded {
        let mut w = w.spawn(Reject).unwrap();
        for n in 0..25 {
            write(&mut w, n).unwrap();
        }
        until("delivered", || w.stats().delivered >= 10);
        for n in 25..50 {
            write(&mut w, n).unwrap();
        }
        let outcome = w.flush().unwrap();
        assert_eq!(outcome.delivered, 50);
        let stats = w.stats();
        assert!(stats.is_balanced(), "{stats:?}");
        assert_eq!((stats.buffered, stats.dropped.total()), (0, 0));
        assert_eq!(w.close().unwrap().delivered, 50);
    } else {
        for n in 0..50i64 {
            w.write_with(|enc| enc.line("t").field("n", n).timestamp(n))
                .unwrap();
        }
        assert_eq!(w.flush().unwrap().delivered, 50);
        assert_eq!(w.close().unwrap().delivered, 50);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(server.points(server.bucket()).len(), 50);
    assert_eq!(received(&server), 50, "some came twice");
}

#[test]
fn one_that_panics_is_switched_off_and_every_line_is_delivered_once() {
    if let Some(job) = job() {
        return panics(job == "threaded");
    }
    for job in ["inline", "threaded"] {
        let name = "listeners::one_that_panics_is_switched_off_and_every_line_is_delivered_once";
        let output = child(name, job).stdout(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        let ours: Vec<_> = said
            .lines()
            .filter(|l| l.contains("influx-edge:"))
            .collect();
        assert_eq!(
            ours,
            ["influx-edge: a writer's event listener panicked: it isn't called again"],
            "{said}"
        );
    }
}

#[test]
fn one_that_writes_through_a_handle() {
    within(20 * SEC, || {
        for policy in [Reject, Block(5 * SEC)] {
            let server = Server::start();
            let slot = Arc::new(Mutex::new(None::<WriterHandle>));
            let mine = Arc::clone(&slot);
            let written = Arc::new(AtomicU64::new(0));
            let count = Arc::clone(&written);
            let w = writer(&server)
                .on_event(move |event| {
                    let Event::Delivered { bucket, lines } = event else {
                        return;
                    };
                    assert_eq!(*bucket, "sensors");
                    let n = count.load(Ordering::Relaxed) as i64;
                    // (Or it would go on for ever.)
                    if n < 5 {
                        let mut handle = mine.lock().unwrap();
                        let lines = *lines as i64;
                        let taken = handle
                            .as_mut()
                            .unwrap()
                            .write_with(|enc| enc.line("told").field("lines", lines).timestamp(n));
                        taken.unwrap();
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                })
                .flush_interval(20 * MS)
                .build()
                .unwrap()
                .spawn(policy)
                .unwrap();
            *slot.lock().unwrap() = Some(w.clone());
            let mut w = w;
            for n in 0..10 {
                write(&mut w, n).unwrap();
            }
            until("written five times", || {
                written.load(Ordering::Relaxed) == 5
            });
            let outcome = w.close().unwrap();
            assert_eq!(outcome.delivered, 15);
            assert_eq!(server.points(server.bucket()).len(), 15);
            assert_eq!(received(&server), 15);
            slot.lock().unwrap().take();
        }
    });
}

#[test]
fn one_that_writes_where_there_is_no_space_does_not_wait_for_itself() {
    within(20 * SEC, || {
        let server = Server::start();
        server.fault(Fault::status(503).times(3));
        let slot = Arc::new(Mutex::new(None::<WriterHandle>));
        let mine = Arc::clone(&slot);
        let (said, hear) = std::sync::mpsc::channel();
        let retry = influx_edge::client::RetryPolicy {
            interval: SEC / 2,
            ..influx_edge::client::RetryPolicy::unbounded()
        };
        let mut w = writer(&server)
            .retry(retry)
            .on_event(move |event| {
                if let Event::Failed { .. } = event {
                    let mut handle = mine.lock().unwrap();
                    let start = Instant::now();
                    let big = "x".repeat(400);
                    let taken = handle.as_mut().map(|h| {
                        h.write_with(|enc| enc.line("told").field("s", &*big).timestamp(1i64))
                    });
                    let _ = said.send((taken, start.elapsed()));
                }
            })
            .max_buffer_bytes(1_000)
            .batch_bytes(500)
            .batch_lines(10)
            .build()
            .unwrap()
            .spawn(Block(5 * SEC))
            .unwrap();
        *slot.lock().unwrap() = Some(w.clone());
        let padding = "y".repeat(400);
        for n in 0..2 {
            w.write_with(|enc| enc.line("t").field("s", &*padding).timestamp(n))
                .unwrap();
        }
        let (taken, took) = hear.recv_timeout(5 * SEC).unwrap();
        assert_eq!(taken, Some(Err(WriteError::Full)));
        assert!(took < SEC, "{took:?}");
        slot.lock().unwrap().take();
        assert_eq!(w.close().unwrap().delivered, 2);
    });
}

fn is_own_thread(result: Result<impl Sized, Error>) -> bool {
    let error = result.err().expect("an error");
    matches!(error.kind(), ErrorKind::Write(WriteError::OwnThread))
        && error.to_string().contains("wait for itself")
}

#[test]
fn one_that_waits_for_its_own_writer_gets_an_error_at_once() {
    type Deed = fn(WriterHandle) -> bool;
    let deeds: [(&str, Deed); 6] = [
        ("flush", |mut w| is_own_thread(w.flush())),
        ("flush_within", |mut w| is_own_thread(w.flush_within(SEC))),
        ("close", |w| is_own_thread(w.close())),
        ("close_within", |w| is_own_thread(w.close_within(SEC))),
        ("take_rejected", |mut w| w.take_rejected().is_empty()),
        ("clone, stats and drop", |w| {
            let stats = w.clone().stats();
            drop(w);
            stats.is_balanced()
        }),
    ];
    for last in [false, true] {
        for (name, deed) in deeds {
            within(20 * SEC, move || {
                let server = Server::start();
                let slot = Arc::new(Mutex::new(None::<WriterHandle>));
                let mine = Arc::clone(&slot);
                let (said, hear) = std::sync::mpsc::channel();
                let w = writer(&server)
                    .on_event(move |_| {
                        if let Some(handle) = mine.lock().unwrap().take() {
                            let start = Instant::now();
                            let _ = said.send((deed(handle), start.elapsed()));
                        }
                    })
                    .flush_interval(20 * MS)
                    .build()
                    .unwrap()
                    .spawn(Reject)
                    .unwrap();
                let mut other = w.clone();
                write(&mut other, 1).unwrap();
                if last {
                    // What the listener has is the last handle.
                    drop(other);
                    *slot.lock().unwrap() = Some(w);
                    let (right, took) = hear.recv_timeout(5 * SEC).expect(name);
                    assert!(right, "{name}");
                    assert!(took < SEC, "{name} took {took:?}");
                    until("delivered", || server.points(server.bucket()).len() == 1);
                } else {
                    *slot.lock().unwrap() = Some(w);
                    let (right, took) = hear.recv_timeout(5 * SEC).expect(name);
                    assert!(right, "{name}");
                    assert!(took < SEC, "{name} took {took:?}");
                    write(&mut other, 2).unwrap();
                    assert_eq!(other.close().unwrap().delivered, 2, "{name}");
                }
            });
        }
    }
}

/// A listener that takes its time holds up the thread it runs in, and nobody for longer than they said.
#[test]
fn one_that_is_slow_does_not_hold_up_a_flush_or_close_beyond_their_limits() {
    within(40 * SEC, || {
        let server = Server::start();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let mut w = writer(&server)
            .on_event(move |_| {
                let _ = wait.recv_timeout(15 * SEC);
            })
            .flush_interval(10 * MS)
            .build()
            .unwrap()
            .spawn(Reject)
            .unwrap();
        write(&mut w, 1).unwrap();
        until("delivered", || w.stats().delivered == 1);
        write(&mut w, 2).unwrap();
        let start = Instant::now();
        assert!(w.flush_within(SEC / 2).is_err());
        assert!(start.elapsed() < 4 * SEC, "{:?}", start.elapsed());
        let start = Instant::now();
        assert!(w.close_within(SEC / 2).is_err());
        assert!(start.elapsed() < 4 * SEC, "{:?}", start.elapsed());
        drop(go);
    });
}
