//! Long outages, with a disk to wait on.

use super::core::MAIN;
use super::sim::{TempDir, another, check, long, world};
use super::{Fate, Reason, WhenFull};
use crate::spool::Mode;
use core::time::Duration;

const SEC: Duration = Duration::from_secs(1);

#[test]
fn days_without_a_server_and_a_restart() {
    let dir = TempDir::new();
    let (mut core, clock, server) = world(1, |b| b.spool(dir.spool(Mode::OnFailure)));
    server.0.borrow_mut().down = true;
    let hours = if long() { 72 } else { 2 };
    let points = hours * 3_600;
    for n in 0..points {
        if n == points / 2 {
            let outcome = core.close(SEC).unwrap();
            assert_eq!((outcome.fate(), outcome.spooled), (Fate::Spooled, n as u64));
            drop(core);
            core = another(2, &clock, &server, |b| b.spool(dir.spool(Mode::OnFailure)));
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
    assert_eq!((outcome.fate(), core.stats().spooled), (Fate::Delivered, 0));
    let world = server.0.borrow();
    assert_eq!(world.stored.len(), points as usize);
    assert!(world.seen.values().all(|times| *times == 1), "once each");
    assert_eq!(world.out_of_order, 0);
    // A point a second makes small batches; they travel together.
    assert!(world.requests - before < 20 + points as u64 / 500);
}

#[test]
fn nothing_is_written_to_disk_while_the_server_answers() {
    let dir = TempDir::new();
    let (mut core, ..) = world(1, |b| b.spool(dir.spool(Mode::OnFailure)).batch_lines(10));
    for n in 0..1_000i64 {
        core.write(MAIN, |enc| enc.line("m").field("n", n).timestamp(n))
            .unwrap();
    }
    let outcome = core.flush(SEC).unwrap();
    assert_eq!(
        (outcome.fate(), outcome.delivered),
        (Fate::Delivered, 1_000)
    );
    let spool = core.disk.as_ref().unwrap().spool();
    assert_eq!(spool.stats().bytes_written, 0);
}

#[test]
fn a_full_buffer_goes_to_disk_before_anything_is_lost() {
    for policy in [WhenFull::Refuse, WhenFull::DropOldest] {
        let dir = TempDir::new();
        let (mut core, ..) = world(1, |b| {
            let b = b.spool(dir.spool(Mode::OnFailure)).send_in_write(false);
            b.max_buffer_bytes(1_000).when_full(policy)
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
    let dir = TempDir::new();
    let (mut core, _, server) = world(1, |b| b.spool(dir.spool(Mode::WriteAhead)));
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
    assert!(core.rejected.iter().all(|r| r.reason == Reason::Refused));
    check(&core);
    let spool = core.disk.as_ref().unwrap().spool();
    assert_eq!(
        (spool.stats().rejected_lines, spool.stats().points),
        (10, 0)
    );
    assert_eq!(server.0.borrow().stored.len(), 90);
}

#[test]
fn a_full_spool_drops_the_oldest_and_counts_them() {
    let dir = TempDir::new();
    let spool = || {
        crate::Spool::builder(&dir.0)
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
    assert_eq!(outcome.fate(), Fate::Dropped);
    let stats = core.stats();
    assert!(stats.dropped.spool > 1_000);
    assert_eq!(stats.delivered + stats.dropped.spool, 10_000);
    let world = server.0.borrow();
    assert_eq!(world.stored.len() as u64, stats.delivered);
    assert_eq!(world.stored.values().max(), Some(&9_999));
}
