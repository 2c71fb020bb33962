//! A loop with a tick, over a link that carries little.

use crate::common::wire::{NO_CONTENT, Wire};
use crate::help::{MS, SEC, within};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Reads so many bytes a second, and counts the lines of what it has read whole.
fn slow_reader(bytes_per_second: u32, stored: Arc<AtomicU64>) -> Wire {
    const PIECE: usize = 256;
    Wire::each(1_000, move |peer| {
        while let Some(head) = peer.head() {
            let length: usize = head.header("content-length").unwrap().parse().unwrap();
            // (What was read ahead came in no time.)
            let mut body = peer.take_ahead();
            let mut next = Instant::now() + SEC * body.len() as u32 / bytes_per_second;
            while body.len() < length {
                next += SEC * PIECE as u32 / bytes_per_second;
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
                let mut piece = [0; PIECE];
                match peer.stream.read(&mut piece) {
                    Ok(0) | Err(_) => return,
                    Ok(n) => body.extend_from_slice(&piece[..n]),
                }
            }
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            let lines = body.iter().filter(|b| **b == b'\n').count();
            stored.fetch_add(lines as u64, Ordering::Relaxed);
            peer.send(NO_CONTENT);
        }
    })
}

/// How late a thread is that only sleeps, on this machine and now.
fn lateness_of_sleep() -> Duration {
    let start = Instant::now();
    let late = (1..=50).map(|n| {
        let next = start + 10 * MS * n;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        Instant::now().saturating_duration_since(next)
    });
    late.max().unwrap()
}

/// No tick is late by more than 50 ms, but for two that a busy machine may delay: what makes ticks late
/// makes most of them late.
#[track_caller]
fn in_time(mut late: Vec<Duration>) {
    late.sort_unstable();
    println!("late by at most {:?}", late.last());
    let machine = lateness_of_sleep();
    let most = late.iter().rev().nth(2).unwrap();
    assert!(
        *most <= 50 * MS + machine,
        "{late:?}, sleep alone {machine:?}"
    );
}

#[test]
fn no_tick_is_late_while_a_backlog_drains_over_a_slow_link() {
    within(60 * SEC, || {
        let stored = Arc::new(AtomicU64::new(0));
        let wire = slow_reader(32_000, Arc::clone(&stored));
        let client = wire.plain_builder().timeout(30 * SEC).build().unwrap();
        let mut w = client.writer("sensors").build().unwrap();
        // Some 100 kB.
        for n in 0..4_000i64 {
            w.write_with(|enc| enc.line("weather").field("n", n).timestamp(n))
                .unwrap();
        }
        let tick = 200 * MS;
        let mut next = Instant::now();
        let (mut late, mut ticks) = (Vec::new(), 0);
        let mut n = 4_000;
        while w.stats().delivered < 4_000 && ticks < 60 {
            w.write_with(|enc| enc.line("weather").field("n", n).timestamp(n))
                .unwrap();
            n += 1;
            next += tick;
            w.run_until(next).unwrap();
            late.push(next.elapsed());
            assert!(Instant::now() >= next, "it returned early");
            ticks += 1;
        }
        let stats = w.stats();
        println!("{ticks} ticks: {stats:?}");
        assert!(stats.is_balanced());
        assert!(stats.delivered >= 4_000, "{stats:?}");
        in_time(late);
        assert!(stored.load(Ordering::Relaxed) >= 4_000);
        assert!(w.close_within(20 * SEC).unwrap().is_safe());
    });
}

#[test]
fn no_tick_is_late_while_a_server_stalls() {
    within(40 * SEC, || {
        let wire = crate::help::stalling();
        let client = wire.builder().timeout(30 * SEC).build().unwrap();
        let mut w = client.writer("sensors").build().unwrap();
        let mut next = Instant::now();
        let mut late = Vec::new();
        for n in 0..20i64 {
            w.write_with(|enc| enc.line("t").field("n", n).timestamp(n))
                .unwrap();
            next += 200 * MS;
            w.run_until(next).unwrap();
            late.push(next.elapsed());
        }
        in_time(late);
        assert_eq!(w.stats().buffered, 20);
        assert!(w.close_within(Duration::ZERO).is_err());
    });
}

/// A session is opened, and opened again when the server has forgotten it, within the limit of the call
/// that it is opened for.
#[test]
fn a_session_takes_no_longer_than_the_call_may() {
    within(60 * SEC, || {
        // So many requests get their response, so late; the next one gets none.
        for (responses, delay) in [(0, 0), (1, 0), (2, 0), (3, 0), (4, 400), (3, 300)] {
            let count = Arc::new(AtomicU64::new(0));
            let wire = Wire::each(64, move |peer| {
                while peer.request().is_some() {
                    let n = count.fetch_add(1, Ordering::Relaxed);
                    if n >= responses {
                        return peer.wait_for_close();
                    }
                    std::thread::sleep(Duration::from_millis(delay));
                    peer.send(match n % 2 {
                        0 => "HTTP/1.1 204 No Content\r\nset-cookie: influxdb-oss-session=abc\r\n\r\n",
                        _ => "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
                    });
                }
            });
            let client = influx_edge::Client::builder(wire.url())
                .org("acme")
                .session("user", "password")
                .timeout(30 * SEC)
                .build()
                .unwrap();
            let mut w = client.writer("sensors").build().unwrap();
            w.write_with(|enc| enc.line("t").field("n", 1).timestamp(1))
                .unwrap();
            let start = Instant::now();
            assert!(w.flush_within(SEC).is_err());
            let took = start.elapsed();
            assert!(took < 2 * SEC, "{responses}: a flush took {took:?}");
            let next = Instant::now() + SEC;
            w.run_until(next).unwrap();
            let late = next.elapsed();
            assert!(late < SEC, "{responses}: late by {late:?}");
            assert!(w.close_within(Duration::ZERO).is_err());
        }
    });
}
