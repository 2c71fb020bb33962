//! The writer over real sockets, against the mock server.

use crate::common::mock_server::{Fault, Server};
use crate::common::random::{Draw, Rng};
use crate::common::wire::gzip::{forced, is_forced};
use influx_edge::line::Point;
use influx_edge::writer::{Event, OverflowPolicy, RejectReason, WriterBuilder};
use influx_edge::{Client, ErrorKind, WriteError, Writer};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn client(server: &Server) -> Client {
    let client = Client::builder(server.url())
        .org(server.org())
        .token(server.token())
        .timeout(Duration::from_secs(5));
    forced(client).build().unwrap()
}

fn writer(server: &Server) -> WriterBuilder {
    client(server).writer(server.bucket())
}

fn point(n: i64) -> Point {
    Point::new("weather")
        .tag("station", "zrh-1")
        .field("n", n)
        .time(influx_edge::Timestamp::from_nanos(n))
}

#[test]
fn points_arrive_and_the_outcome_says_so() {
    let server = Server::start();
    let mut w = writer(&server).batch_lines(10).build().unwrap();
    for n in 0..95 {
        w.write(point(n)).unwrap();
    }
    assert_eq!(w.stats().delivered, 90);
    let wait = w.poll().unwrap();
    assert!(wait <= Duration::from_secs(1));
    let outcome = w.flush().unwrap();
    assert_eq!(
        (outcome.delivered, outcome.spooled, outcome.is_safe()),
        (95, 0, true)
    );
    assert_eq!(server.points(server.bucket()).len(), 95);
    assert_eq!(server.requests().len(), 10);
    assert_eq!(server.connections(), 1);
    // Nothing new: nothing sent.
    assert_eq!(w.flush().unwrap().delivered, 0);
    let last = w.close().unwrap();
    assert_eq!((last.spooled, last.is_safe()), (0, true));
    assert_eq!(server.requests().len(), 10);
}

#[test]
fn every_kind_of_trouble_on_the_way_and_nothing_is_lost() {
    let server = Server::start();
    let faults = [
        Fault::hang_up(),
        Fault::lost_response(),
        Fault::status(503).header("Retry-After", "0"),
        Fault::status(502).body("<html>bad gateway</html>"),
        Fault::error(500, "internal error", "cache-max-memory-size exceeded"),
        Fault::raw("HTTP/1.1 2"),
        Fault::error(429, "too many requests", "slow down").header("Retry-After", "0.1"),
    ];
    for fault in faults {
        let name = format!("{fault:?}");
        server.fault(fault);
        let mut w = writer(&server)
            .retry(influx_edge::client::RetryPolicy {
                interval: Duration::from_millis(20),
                ..Default::default()
            })
            .build()
            .unwrap();
        let before = server.points(server.bucket()).len();
        for n in 0..5 {
            w.write(point(before as i64 + n)).unwrap();
        }
        // What was met in another language than HTTP waits for a person.
        let outcome = match w.flush() {
            Ok(outcome) => outcome,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Flush(u) if u.lines() == 5));
                w.flush().unwrap()
            }
        };
        assert_eq!(outcome.delivered, 5, "{name}");
        assert_eq!(server.points(server.bucket()).len(), before + 5, "{name}");
        assert!(w.stats().is_balanced(), "{name}");
        // (A 500 may be about compression: what is sent once more at once is no failure.)
        assert!(w.stats().failures >= 1 || is_forced(), "{name}");
    }
}

#[test]
fn a_partial_write_is_reported_line_by_line() {
    let server = Server::start();
    let mut w = writer(&server).build().unwrap();
    w.write_with(|enc| enc.line("m").field("v", 1i64).timestamp(1i64))
        .unwrap();
    let _ = w.flush().unwrap();
    // The type of the field is another now: 422, and the neighbour is stored.
    w.write_with(|enc| enc.line("m").field("v", 1.5).timestamp(2i64))
        .unwrap();
    w.write(point(3)).unwrap();
    let outcome = w.flush().unwrap();
    assert_eq!((outcome.delivered, outcome.rejected.partial), (1, 1));
    assert!(!outcome.is_safe());
    let rejected = w.take_rejected();
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0].reason, RejectReason::Partial);
    assert!(
        rejected[0].message.contains("field type conflict"),
        "{rejected:?}"
    );
}

#[test]
fn a_token_that_is_not_accepted_is_a_case_for_a_person() {
    let server = Server::start();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let wrong = Client::builder(server.url())
        .org(server.org())
        .token("wrong-secret-token");
    let mut w = wrong
        .build()
        .unwrap()
        .writer(server.bucket())
        .on_event(move |event| log.lock().unwrap().push(format!("{event:?}")))
        .build()
        .unwrap();
    w.write(point(1)).unwrap();
    let start = Instant::now();
    let error = w.flush_within(Duration::from_secs(2)).unwrap_err();
    assert!(error.is_unauthorized() && !error.is_retryable());
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "waiting would not have helped"
    );
    let wait = w.poll().unwrap();
    assert!(wait > Duration::from_secs(50), "{wait:?}");
    let error = w.close_within(Duration::ZERO).unwrap_err();
    assert!(error.to_string().contains("lost"), "{error}");
    let seen = seen.lock().unwrap().join("\n");
    assert!(seen.contains("Dropped"), "{seen}");
    assert!(!seen.contains("secret") && !format!("{error:?}").contains("secret"));
}

#[test]
fn a_dropped_writer_delivers() {
    let server = Server::start();
    let mut w = writer(&server).build().unwrap();
    w.write(point(1)).unwrap();
    drop(w);
    assert_eq!(server.points(server.bucket()).len(), 1);
}

#[test]
fn several_buckets_do_not_wait_for_each_other() {
    let server = Server::start();
    server.add_bucket("alarms");
    let mut w = writer(&server).build().unwrap();
    w.write(point(1)).unwrap();
    w.write_to("alarms", point(2)).unwrap();
    w.write_to("missing", point(3)).unwrap();
    let error = w.flush_within(Duration::from_secs(1)).unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(server.points(server.bucket()).len(), 1);
    assert_eq!(server.points("alarms").len(), 1);
    let left: Vec<_> = w.unsent().map(|(bucket, _)| bucket.to_owned()).collect();
    assert_eq!(left, ["missing"]);
    server.add_bucket("missing");
    assert_eq!(w.flush().unwrap().delivered, 3);
}

#[test]
fn threads_write_through_one_thread() {
    let server = Server::start();
    let mut w = writer(&server)
        .flush_interval(Duration::from_millis(50))
        .build()
        .unwrap()
        .spawn(OverflowPolicy::Block(Duration::from_secs(5)))
        .unwrap();
    let threads: Vec<_> = (0..4i64)
        .map(|thread| {
            let mut w = w.clone();
            std::thread::spawn(move || {
                for n in 0..1_000 {
                    w.write(point(thread * 1_000 + n)).unwrap();
                    assert!(w.stats().is_balanced());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let outcome = w.flush().unwrap();
    assert_eq!(outcome.delivered, 4_000);
    // Without a flush the interval does it.
    let mut other = w.clone();
    other.write(point(-1)).unwrap();
    let start = Instant::now();
    while w.stats().delivered < 4_001 {
        assert!(start.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(5));
    }
    let last = w.close().unwrap();
    assert_eq!((last.spooled, last.is_safe()), (0, true));
    assert_eq!(other.write(point(1)), Err(WriteError::Closed));
    assert_eq!(server.points(server.bucket()).len(), 4_001);
}

#[test]
fn back_pressure_is_the_callers_choice() {
    for pressure in [
        OverflowPolicy::Block(Duration::from_millis(50)),
        OverflowPolicy::Reject,
        OverflowPolicy::DropOldest,
    ] {
        let server = Server::start();
        server.fault(Fault::slow(Duration::from_millis(700)).times(2));
        let mut w = writer(&server)
            .batch_lines(10)
            .max_buffer_bytes(2_000)
            .build()
            .unwrap()
            .spawn(pressure)
            .unwrap();
        let mut refused = 0;
        let mut most = 0;
        for n in 0..200 {
            match w.write(point(n)) {
                Ok(()) => {}
                Err(WriteError::Full) => refused += 1,
                Err(other) => panic!("{other}"),
            }
            let stats = w.stats();
            assert!(stats.is_balanced(), "{stats:?}");
            most = most.max(stats.buffered_bytes);
            if refused > 5 {
                break;
            }
        }
        let stats = w.stats();
        assert!(most <= 2_200 + 1_000, "{most}");
        match pressure {
            OverflowPolicy::DropOldest => assert!(refused == 0 && stats.dropped.overflow > 0),
            _ => assert!(refused > 5 && stats.dropped.total() == 0),
        }
        let outcome = w.close().unwrap();
        assert_eq!(
            outcome.delivered,
            server.points(server.bucket()).len() as u64
        );
    }
}

/// However slowly they come: not only lines in the inbox count, also those that each handle has to itself.
#[test]
fn the_limit_on_memory_holds_for_slow_handles() {
    for (policy, handles) in [
        (OverflowPolicy::Reject, 1),
        (OverflowPolicy::Reject, 3),
        (OverflowPolicy::Block(Duration::from_millis(1)), 1),
        (OverflowPolicy::Block(Duration::ZERO), 2),
        (OverflowPolicy::DropOldest, 1),
        (OverflowPolicy::DropOldest, 2),
    ] {
        let server = Server::start();
        server.fault(Fault::status(503).times(10_000));
        let w = writer(&server)
            .batch_lines(10)
            .flush_interval(Duration::from_millis(2))
            .max_buffer_bytes(1_600)
            .build()
            .unwrap();
        let w = w.spawn(policy).unwrap();
        let mut handles: Vec<_> = (0..handles).map(|_| w.clone()).collect();
        let mut refused = 0;
        for n in 0..150 {
            for handle in &mut handles {
                match handle.write(point(n)) {
                    Ok(()) => {}
                    Err(WriteError::Full) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
            }
            std::thread::sleep(Duration::from_millis(2));
            // Each handle may have a sixteenth on top, and with DropOldest a batch comes on top.
            let bytes = w.stats().buffered_bytes;
            assert!(bytes <= 1_600 + 1_000, "{bytes} with {policy:?}");
        }
        let stats = w.stats();
        match policy {
            OverflowPolicy::DropOldest => assert!(refused == 0 && stats.dropped.overflow > 0),
            _ => assert!(refused > 50 && stats.dropped.total() == 0, "{refused}"),
        }
        drop(w.close_within(Duration::ZERO));
    }
}

#[test]
fn the_last_handle_closes() {
    let server = Server::start();
    let w = writer(&server).build().unwrap();
    let mut w = w.spawn(OverflowPolicy::Reject).unwrap();
    let mut other = w.clone();
    w.write(point(1)).unwrap();
    other.write(point(2)).unwrap();
    drop(w);
    drop(other);
    assert_eq!(server.points(server.bucket()).len(), 2);
}

#[cfg(feature = "spool")]
#[test]
fn an_outage_on_disk_with_a_restart() {
    use influx_edge::{Spool, spool::Durability};
    let dir = std::env::temp_dir().join(format!("influx-edge-mock_server-{}", std::process::id()));
    let spool = || {
        Spool::builder(&dir)
            .durability(Durability::OsManaged)
            .open()
    };
    let server = Server::start();
    server.fault(Fault::status(503).times(3));
    let mut w = writer(&server).spool(spool().unwrap()).build().unwrap();
    (0..10).for_each(|n| w.write(point(n)).unwrap());
    let outcome = w.flush().unwrap();
    assert_eq!((outcome.is_safe(), outcome.spooled), (true, 10));
    crate::common::watch::no_secret_in(&dir);
    drop(w);
    let mut w = writer(&server).spool(spool().unwrap()).build().unwrap();
    assert_eq!(w.stats().recovered, 10);
    w.write(point(10)).unwrap();
    // One 503 met the flush, one the drop; this is the last, and then the server is well.
    let _ = w.flush().unwrap();
    let outcome = w.flush().unwrap();
    assert_eq!((outcome.delivered, outcome.spooled), (11, 0));
    let last = w.close().unwrap();
    assert_eq!((last.spooled, last.is_safe()), (0, true));
    assert_eq!(server.points(server.bucket()).len(), 11);
    crate::common::watch::no_secret_in(&dir);
    std::fs::remove_dir_all(&dir).unwrap();
}

/// What may happen to a request that writes, in all the ways there are, but for 204 and for those
/// that are about single lines: 422 comes by itself, from lines with another type.
fn trouble(way: u64, line: i64) -> Fault {
    let error = Fault::error;
    match way {
        0 | 1 => Fault::hang_up(),
        2 | 3 => Fault::lost_response(),
        4 => Fault::raw("HTTP/1.1 2"),
        5 => Fault::status(503).header("Retry-After", "0.01"),
        6 => Fault::status(429).header("Retry-After", "0"),
        7 => error(500, "internal error", "cache-max-memory-size exceeded"),
        8 => Fault::status(502).body("<html>bad gateway</html>"),
        9 => Fault::status([408, 425, 504][(line % 3) as usize]),
        10 => Fault::status(200)
            .header("Content-Type", "text/html")
            .body("<html>log in</html>"),
        11 => Fault::status(202),
        12 => Fault::status(302).header("Location", "http://portal/"),
        13 => error(401, "unauthorized", "unauthorized access"),
        14 => error(403, "forbidden", "insufficient permissions for write"),
        15 => error(404, "not found", "bucket \"sensors\" not found"),
        16 => error(413, "request too large", "too large"),
        17 => Fault::status(413).body("<html>too large</html>"),
        _ => {
            let line = format!("weather,station=zrh-1 n={line}i {line}");
            error(400, "invalid", &format!("unable to parse '{line}': no"))
        }
    }
}

/// Where a person would have to act, one does at once: the long pause is over.
fn a_person_acts(w: &mut Writer) -> bool {
    let next = w.stats().next_attempt;
    let waits = next.is_some_and(|t| t > Duration::from_secs(5));
    if waits {
        drop(w.flush_within(Duration::from_millis(100)));
    }
    waits
}

/// A million points with `INFLUX_EDGE_LONG=1`, else a few, through a server that fails three
/// requests in ten, in all known ways.
#[test]
fn three_requests_in_ten_fail_and_every_point_is_accounted_for() {
    let points: i64 = if std::env::var_os("INFLUX_EDGE_LONG").is_some() {
        1_000_000
    } else {
        30_000
    };
    const LIMIT: usize = 8 << 20;
    let batch = if points < 100_000 { 200 } else { 2_000 };
    let server = Server::start();
    let retried = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&retried);
    let mut w = writer(&server)
        .batch_lines(batch as usize)
        .max_buffer_bytes(LIMIT)
        .retry(influx_edge::client::RetryPolicy {
            interval: Duration::from_millis(1),
            max_interval: Duration::from_millis(20),
            max_retries: u32::MAX,
            max_time: Duration::MAX,
            ..Default::default()
        })
        .on_event(move |event| {
            if let Event::Failed { .. } = event {
                count.fetch_add(1, Ordering::Relaxed);
            }
        })
        .build()
        .unwrap();
    let start = Instant::now();
    let (mut most, mut faults, mut conflicts) = (0, 0, 0);
    let mut rng = Rng::with_seed(1);
    // The server's memory belongs to other threads.
    let memory = allocation_counter::measure(|| {
        for n in 0..points {
            if n % batch == 0 {
                if n % (batch * 25) == 0 && w.stats().buffered == 0 {
                    // Surely for the batch that begins here, so the line is in it, and a server that
                    // has stored the line doesn't take it back.
                    faults += 1;
                    server.fault(trouble(18, n + 1));
                } else if rng.chance(58) {
                    faults += 1;
                    server.fault(trouble(rng.u64(..18), n + 1));
                }
                // Half-way, a server that is away for as long as it takes to fill the memory.
                if n == points / 2 / batch * batch {
                    server.fault(Fault::status(503).header("Retry-After", "2"));
                }
            }
            // Of a thousand, one that its neighbours are stored without.
            let conflict = n % 1_000 == 999;
            conflicts += u64::from(conflict);
            loop {
                let written = w.write_with(|enc| {
                    let line = enc.line("weather").tag("station", "zrh-1");
                    match conflict {
                        true => line.field("n", n as f64 + 0.5).timestamp(n),
                        false => line.field("n", n).timestamp(n),
                    }
                });
                match written {
                    Ok(()) => break,
                    Err(full) => assert_eq!(full, WriteError::Full),
                }
                let pause = w.poll().unwrap().min(Duration::from_millis(20));
                if !a_person_acts(&mut w) {
                    std::thread::sleep(pause);
                }
            }
            most = most.max(w.stats().buffered_bytes);
            a_person_acts(&mut w);
        }
        while let Err(undelivered) = w.flush() {
            assert!(start.elapsed() < Duration::from_secs(300), "{undelivered}");
        }
    });
    let stats = w.stats();
    assert!(stats.is_balanced(), "{stats:?}");
    assert_eq!((stats.buffered, stats.dropped.total()), (0, 0), "{stats:?}");
    assert_eq!(stats.accepted, points as u64);
    // A flush may close a batch of a single line, and who is told that this is too large has to
    // believe it, though a response that was lost may have said that it is stored; or it may be one
    // of those in conflict.
    let (alone, partial) = (stats.rejected.too_large, stats.rejected.partial);
    assert!(alone < 10, "{stats:?}");
    assert!(
        (conflicts - alone..=conflicts).contains(&partial),
        "{stats:?}"
    );
    // Else exactly those are missing that the server has named.
    assert_eq!(stats.rejected.poison, 0);
    let there = server.points(server.bucket());
    let delivered = stats.delivered;
    assert!(
        (delivered..=delivered + alone).contains(&(there.len() as u64)),
        "{} {stats:?}",
        there.len()
    );
    assert_eq!(
        delivered + stats.rejected.refused + alone + partial,
        points as u64
    );
    let refused = w
        .take_rejected()
        .into_iter()
        .filter(|r| r.reason == RejectReason::Refused);
    for line in refused {
        let n: i64 = line.line.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(
            n % batch == 1 && there.iter().all(|p| p.time != n),
            "{line:?}"
        );
    }
    assert!(stats.rejected.refused > 0 && stats.rejected.refused < faults);
    let failed = faults as f64 / stats.requests as f64;
    assert!(failed > 0.27, "{failed}");
    let bound = LIMIT + LIMIT / 10;
    assert!(most <= LIMIT as u64, "{most} bytes of lines");
    assert!(
        memory.bytes_max <= bound as u64,
        "{} bytes",
        memory.bytes_max
    );
    println!(
        "{points} points in {:.1} s, {} requests, {:.0} % of them failed, {} retries; at most {most} \
         bytes of lines and {} bytes of heap",
        start.elapsed().as_secs_f32(),
        stats.requests,
        failed * 100.0,
        retried.load(Ordering::Relaxed),
        memory.bytes_max,
    );
}

#[test]
fn a_batch_of_bad_lines_only() {
    let server = Server::start();
    let mut named = String::new();
    let mut w = writer(&server).build().unwrap();
    for n in 0..2_000i64 {
        let line = format!("weather,station=zrh-1 n={n}i {n}");
        named.push_str(&format!("unable to parse '{line}': invalid number\\n"));
        w.write(point(n)).unwrap();
    }
    // The message is longer than what is read of one: the lines in its start are named.
    let body = format!("{{\"code\":\"invalid\",\"message\":\"{named}\"}}");
    assert!(body.len() > 100_000);
    server.fault(Fault::status(400).body(body));
    let outcome = w.flush().unwrap();
    let (delivered, refused) = (outcome.delivered, outcome.rejected.refused);
    assert_eq!(delivered + refused, 2_000);
    assert!((900..1_100).contains(&refused), "{refused}");
    assert_eq!(w.stats().requests, 2, "the others are sent at once");
}
