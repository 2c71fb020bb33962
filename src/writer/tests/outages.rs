//! Long outages, with a disk to wait on.

use super::sim::{Worst, another, check, long, world, worst};
use crate::OverflowPolicy;
use crate::error::WriteError;
use crate::spool::Mode;
use crate::testing::TempDir;
use crate::writer::RejectReason;
use crate::writer::engine::MAIN;
use crate::writer::seams::Clock as _;
use alloc::vec::Vec;
use core::time::Duration;

const SEC: Duration = Duration::from_secs(1);

#[test]
fn days_without_a_server_and_a_restart() {
    let dir = TempDir::new("writer");
    let (mut core, clock, server) = world(1, |b| b.spool(super::sim::spool(&dir, Mode::OnFailure)));
    server.0.borrow_mut().down = true;
    let hours = if long() { 72 } else { 2 };
    let points = hours * 3_600;
    for n in 0..points {
        if n == points / 2 {
            let outcome = core.close(SEC).unwrap();
            assert_eq!(
                (worst(&outcome), outcome.spooled),
                (Worst::Spooled, n as u64)
            );
            drop(core);
            core = another(2, &clock, &server, |b| {
                b.spool(super::sim::spool(&dir, Mode::OnFailure))
            });
            assert_eq!(core.stats().recovered, n as u64);
        }
        core.write(MAIN, |enc| {
            let line = enc.line("m").tag("s", 1).field("n", n);
            line.timestamp(n)
        })
        .unwrap();
        clock.advance(SEC);
        core.poll();
    }
    check(&core);
    let requests = server.0.borrow().requests;
    assert!(
        requests < 40 + hours as u64 * 60,
        "{requests} attempts in {hours} hours"
    );
    server.0.borrow_mut().down = false;
    let before = server.0.borrow().requests;
    let outcome = core.flush(SEC * 600).unwrap();
    assert_eq!(
        (worst(&outcome), core.stats().spooled),
        (Worst::Delivered, 0)
    );
    let world = server.0.borrow();
    assert_eq!(world.stored.len(), points as usize);
    assert!(world.seen.values().all(|times| *times == 1), "once each");
    assert_eq!(world.out_of_order, 0);
    // A point a second makes small batches; they travel together.
    assert!(world.requests - before < 20 + points as u64 / 500);
}

#[test]
fn nothing_is_written_to_disk_while_the_server_responds() {
    let dir = TempDir::new("writer");
    let (mut core, ..) = world(1, |b| {
        b.spool(super::sim::spool(&dir, Mode::OnFailure))
            .batch_lines(10)
    });
    for n in 0..1_000i64 {
        core.write(MAIN, |enc| enc.line("m").field("n", n).timestamp(n))
            .unwrap();
    }
    let outcome = core.flush(SEC).unwrap();
    assert_eq!(
        (worst(&outcome), outcome.delivered),
        (Worst::Delivered, 1_000)
    );
    let spool = core.engine.disk.as_ref().unwrap().spool();
    assert_eq!(spool.stats().bytes_written, 0);
    // Nor by any other way: there are only the lock's file and a directory for what is refused.
    let files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().flatten().collect();
    for file in files {
        let meta = file.metadata().unwrap();
        assert!(meta.is_dir() || meta.len() == 0, "{file:?}");
    }
}

#[test]
fn a_full_buffer_goes_to_disk_before_anything_is_lost() {
    for policy in [OverflowPolicy::Reject, OverflowPolicy::DropOldest] {
        let dir = TempDir::new("writer");
        let (mut core, ..) = world(1, |b| {
            let b = b
                .spool(super::sim::spool(&dir, Mode::OnFailure))
                .send_in_write(false);
            b.max_buffer_bytes(1_000).overflow_policy(policy)
        });
        for n in 0..1_000i64 {
            core.write(MAIN, |enc| enc.line("m").field("n", n).timestamp(n))
                .unwrap();
        }
        check(&core);
        let stats = core.stats();
        assert!(stats.spooled > 900 && stats.dropped.total() == 0);
        assert_eq!(core.flush(SEC).unwrap().delivered, 1_000);
    }
}

#[test]
fn what_the_server_refuses_is_kept_on_disk() {
    let dir = TempDir::new("writer");
    let (mut core, _, server) = world(1, |b| b.spool(super::sim::spool(&dir, Mode::WriteAhead)));
    for n in 0..100i64 {
        let field = if n % 10 == 3 { "bad" } else { "n" };
        core.write(MAIN, |enc| {
            let line = enc.line("m").tag("s", 1).field(field, n);
            line.timestamp(n)
        })
        .unwrap();
    }
    let outcome = core.flush(SEC * 10).unwrap();
    assert_eq!((outcome.delivered, outcome.rejected.refused), (90, 10));
    assert!(
        core.engine
            .rejected
            .list
            .iter()
            .all(|r| r.reason == RejectReason::Refused)
    );
    check(&core);
    let spool = core.engine.disk.as_ref().unwrap().spool();
    assert_eq!(
        (spool.stats().rejected_lines, spool.stats().points),
        (10, 0)
    );
    assert_eq!(server.0.borrow().stored.len(), 90);
}

#[test]
fn a_gateway_that_refuses_everything_blames_no_line() {
    let dir = TempDir::new("writer");
    let (mut core, clock, server) = world(1, |b| b.spool(super::sim::spool(&dir, Mode::OnFailure)));
    server.0.borrow_mut().refuses = Some((400, r#"{"message":"Bad Request"}"#));
    for n in 0..5_000i64 {
        core.write(MAIN, |enc| {
            let line = enc.line("m").tag("s", 1).field("n", n);
            line.timestamp(n)
        })
        .unwrap();
    }
    let start = crate::writer::seams::Clock::now(&clock);
    while crate::writer::seams::Clock::now(&clock) < start + SEC * 600 {
        clock.advance(core.poll().max(SEC));
    }
    let stats = core.stats();
    assert_eq!((stats.rejected.total(), stats.dropped.total()), (0, 0));
    let requests = server.0.borrow().requests;
    assert!(requests <= 12, "{requests} requests in ten minutes");
    check(&core);
    server.0.borrow_mut().refuses = None;
    let outcome = core.flush(SEC * 600).unwrap();
    assert_eq!(
        (worst(&outcome), core.stats().delivered),
        (Worst::Delivered, 5_000)
    );
}

#[test]
fn a_full_spool_drops_the_oldest_and_counts_them() {
    let dir = TempDir::new("writer");
    let spool = || {
        crate::Spool::builder(dir.path())
            .durability(crate::spool::Durability::OsManaged)
            .max_bytes(64 << 10)
            .segment_bytes(8 << 10)
            .open()
            .unwrap()
    };
    let (mut core, clock, server) = world(1, |b| b.spool(spool()).batch_lines(50));
    server.0.borrow_mut().down = true;
    for n in 0..10_000i64 {
        core.write(MAIN, |enc| {
            let line = enc.line("m").tag("s", 1).field("n", n);
            line.timestamp(n)
        })
        .unwrap();
        if n % 10 == 0 {
            clock.advance(SEC);
            core.poll();
            check(&core);
        }
    }
    server.0.borrow_mut().down = false;
    let outcome = core.flush(SEC * 600).unwrap();
    check(&core);
    assert_eq!(worst(&outcome), Worst::Dropped);
    let stats = core.stats();
    assert!(stats.dropped.spool > 1_000);
    assert_eq!(stats.delivered + stats.dropped.spool, 10_000);
    let world = server.0.borrow();
    assert_eq!(world.stored.len() as u64, stats.delivered);
    assert_eq!(world.stored.values().max(), Some(&9_999));
}

type Core = crate::writer::drive::inline::Inline<super::sim::SimClock, super::sim::SimServer>;

fn write(core: &mut Core, n: i64) -> Result<(), WriteError> {
    core.write(MAIN, |enc| {
        let line = enc.line("m").tag("s", 1).field("n", n);
        line.timestamp(n)
    })
}

/// So many bytes as the spool holds.
fn on_disk(core: &Core) -> u64 {
    core.engine.disk.as_ref().unwrap().spool().stats().bytes
}

#[test]
fn a_backlog_is_sent_at_a_bounded_pace_and_no_two_keep_the_same() {
    const RATE: u64 = 20_000;
    const BATCH: usize = 10_000;
    let mut rhythms = Vec::new();
    for seed in [1, 2] {
        let dir = TempDir::new("writer");
        let (mut core, clock, server) = world(seed, |b| {
            let b = b
                .spool(super::sim::spool(&dir, Mode::OnFailure))
                .batch_bytes(BATCH);
            b.drain_bytes_per_second(RATE)
        });
        server.0.borrow_mut().down = true;
        for n in 0..20_000 {
            write(&mut core, n).unwrap();
        }
        assert_eq!(worst(&core.flush(SEC).unwrap()), Worst::Spooled);
        assert!(on_disk(&core) > 300_000);
        server.0.borrow_mut().down = false;
        // The first request is the probe after the outage; from its end on, the rate holds.
        while core.stats().delivered == 0 {
            clock.advance(core.poll());
        }
        let (start, sent) = (core.clock.now(), core.stats().bytes_sent);
        let mut rhythm = Vec::new();
        while core.stats().spooled > 0 {
            let wait = core.poll();
            let time = core.clock.now() - start;
            let bytes = core.stats().bytes_sent - sent;
            let most = RATE as f64 * time.as_secs_f64() + BATCH as f64;
            assert!(bytes as f64 <= most, "{bytes} bytes in {time:?}");
            rhythm.push(time);
            clock.advance(wait);
            check(&core);
        }
        let (time, bytes) = (core.clock.now() - start, core.stats().bytes_sent - sent);
        let slow = bytes as f64 / time.as_secs_f64();
        assert!(slow > RATE as f64 * 0.6, "{slow} bytes a second");
        assert_eq!(core.stats().delivered, 20_000);
        rhythms.push(rhythm);
    }
    let [a, b] = &rhythms[..] else { panic!() };
    let same = a.iter().zip(b).filter(|(a, b)| a == b).count();
    assert!(a.len() > 20 && same < a.len() / 4, "{a:?} {b:?}");
}

#[test]
fn a_flush_keeps_the_pace_and_nothing_is_due_before_a_fleet_is_awake() {
    let dir = TempDir::new("writer");
    let (mut core, clock, server) = world(1, |b| {
        b.spool(super::sim::spool(&dir, Mode::OnFailure))
            .batch_lines(100)
    });
    server.0.borrow_mut().down = true;
    for n in 0..10_000 {
        write(&mut core, n).unwrap();
    }
    let _ = core.close(SEC).unwrap();
    let waiting = on_disk(&core);
    drop(core);
    server.0.borrow_mut().down = false;
    let mut starts = Vec::new();
    for seed in [2, 4] {
        // (Let go in silence, as by a power cut.)
        let change = |b: crate::writer::WriterBuilder| {
            let b = b
                .spool(super::sim::spool(&dir, Mode::OnFailure))
                .batch_bytes(10_000);
            b.drain_bytes_per_second(10_000)
        };
        let mut core = another(seed, &clock, &server, change);
        let wait = core.poll();
        assert!(wait > Duration::ZERO && wait <= SEC, "{wait:?}");
        starts.push(wait);
        core.closed = true;
    }
    assert_ne!(starts[0], starts[1]);
    let mut core = another(6, &clock, &server, |b| {
        let b = b
            .spool(super::sim::spool(&dir, Mode::OnFailure))
            .batch_bytes(10_000);
        b.drain_bytes_per_second(10_000)
    });
    // Too short for all of it: the rest is safe, and the next flush goes on.
    let outcome = core.flush(SEC * 3).unwrap();
    assert_eq!(worst(&outcome), Worst::Spooled);
    assert!(outcome.delivered > 500 && outcome.delivered < 5_000);
    let start = core.clock.now();
    let outcome = core.flush(SEC * 600).unwrap();
    assert_eq!(
        (worst(&outcome), core.stats().delivered),
        (Worst::Delivered, 10_000)
    );
    let least = (waiting - 50_000) / 10_000;
    assert!(core.clock.now() - start > SEC * u32::try_from(least).unwrap());
    check(&core);
}

#[test]
fn a_disk_that_fills_up_is_not_drained_slowly() {
    let dir = TempDir::new("writer");
    let (mut core, clock, server) = world(1, |b| {
        let b = b.spool(super::sim::spool_with(&dir, |b| b.max_bytes(64 << 10)));
        b.batch_bytes(2_000).drain_bytes_per_second(1)
    });
    server.0.borrow_mut().down = true;
    for n in 0..2_600 {
        write(&mut core, n).unwrap();
    }
    let _ = core.flush(SEC).unwrap();
    let footprint = |core: &Core| {
        core.engine
            .disk
            .as_ref()
            .unwrap()
            .spool()
            .stats()
            .disk_bytes
    };
    assert!(footprint(&core) > 40 << 10, "{}", footprint(&core));
    server.0.borrow_mut().down = false;
    let start = core.clock.now();
    let wait = loop {
        let wait = core.poll();
        if wait > SEC * 1_000 {
            break wait;
        }
        clock.advance(wait);
    };
    // In haste down to the half, then a byte a second, as was asked for.
    assert!(core.clock.now() - start < SEC * 400 && wait < SEC * 3_100);
    assert!(
        (10 << 10..=32 << 10).contains(&footprint(&core)),
        "{}",
        footprint(&core)
    );
    assert_eq!(core.stats().dropped.total(), 0);
    check(&core);
}

#[test]
fn what_only_passes_the_disk_is_not_held_back() {
    let dir = TempDir::new("writer");
    let (mut core, clock, _) = world(1, |b| {
        let b = b
            .spool(super::sim::spool(&dir, Mode::WriteAhead))
            .batch_lines(10);
        b.drain_bytes_per_second(1)
    });
    let start = core.clock.now();
    for n in 0..1_000 {
        write(&mut core, n).unwrap();
        core.poll();
    }
    assert_eq!(worst(&core.flush(SEC * 10).unwrap()), Worst::Delivered);
    assert!(core.clock.now() - start < SEC * 5);
    let _ = clock;
}

#[test]
fn where_the_disk_is_full_the_caller_waits_as_it_chose() {
    let patience = SEC * 60;
    for (policy, send_in_write) in [
        (OverflowPolicy::Block(patience), true),
        (OverflowPolicy::Block(patience), false),
        (OverflowPolicy::Reject, true),
    ] {
        let dir = TempDir::new("writer");
        let (mut core, _, server) = world(1, |b| {
            let spool =
                super::sim::spool_with(&dir, |b| b.max_bytes(64 << 10).overflow_policy(policy));
            b.spool(spool)
                .batch_bytes(2_000)
                .max_buffer_bytes(8_000)
                .send_in_write(send_in_write)
                .retry(crate::client::RetryPolicy {
                    interval: SEC,
                    max_interval: SEC * 5,
                    ..crate::client::RetryPolicy::default()
                })
        });
        server.0.borrow_mut().down = true;
        let mut n = 0;
        let spent = loop {
            let before = core.clock.now();
            if let Err(refused) = write(&mut core, n) {
                assert_eq!(refused, WriteError::Full);
                break core.clock.now() - before;
            }
            n += 1;
        };
        check(&core);
        let stats = core.stats();
        assert_eq!((stats.accepted, stats.not_accepted), (n as u64, 1));
        assert!(
            stats.spooled > 1_000 && stats.buffered_bytes > 6_000,
            "{stats:?}"
        );
        let blocks = send_in_write && policy != OverflowPolicy::Reject;
        match blocks {
            // Up to the last attempt that wasn't too late.
            true => assert!(
                spent > SEC * 54 && spent <= patience + SEC / 10,
                "{spent:?}"
            ),
            false => assert!(spent < SEC, "{spent:?}"),
        }
        // The server comes back during a wait.
        let before = core.clock.now();
        server.0.borrow_mut().down = false;
        server.0.borrow_mut().back_at = before + SEC * 30;
        let taken = write(&mut core, n);
        let spent = core.clock.now() - before;
        assert_eq!(taken.is_ok(), blocks, "{policy:?}");
        assert_eq!(blocks, spent >= SEC * 30, "{spent:?}");
        assert!(spent < SEC * 40, "{spent:?}");
        check(&core);
        core.clock.advance(SEC * 100);
        assert_eq!(worst(&core.flush(SEC * 60).unwrap()), Worst::Delivered);
        assert_eq!(core.stats().delivered, n as u64 + u64::from(blocks));
        let world = server.0.borrow();
        assert_eq!(
            (world.stored.len() as u64, world.out_of_order),
            (core.stats().delivered, 0)
        );
    }
}
