//! A disk that fails while the writer needs it: lines stay where they are, an event reports it, and
//! all goes on when the disk is back.

use super::sim::{SimClock, SimServer, Worst, check, world, worst};
use crate::OverflowPolicy;
use crate::error::WriteError;
use crate::spool::Mode;
use crate::testing::TempDir;
use crate::writer::Event;
use crate::writer::engine::MAIN;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::fs;
use std::sync::Mutex;

const SEC: Duration = Duration::from_secs(1);

type Core = crate::writer::drive::inline::Inline<SimClock, SimServer>;

/// Writes so many points, from this number on.
fn write(core: &mut Core, from: i64, points: i64) {
    for n in from..from + points {
        core.write(MAIN, |enc| {
            let line = enc.line("m").tag("s", 1).field("n", n);
            line.timestamp(n)
        })
        .unwrap();
    }
}

/// A writer with its disk, and the number of events that the disk failed.
fn with_disk(dir: &TempDir, mode: Mode) -> (Core, SimClock, SimServer, Arc<AtomicU64>) {
    let reported = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&reported);
    let (core, clock, server) = world(1, |b| {
        // Small segments: what is in hand, and the file that is open, are a small part of it all.
        b.spool(super::sim::spool_with(dir, |b| {
            b.mode(mode).segment_bytes(8 << 10)
        }))
        .batch_bytes(1_000)
        .on_event(move |event| {
            if let Event::SpoolFailed { bucket, message } = event {
                assert_eq!(*bucket, "sensors");
                assert!(!message.is_empty());
                count.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    (core, clock, server, reported)
}

/// Everything is in the database, once, and nothing was lost.
#[track_caller]
fn all_delivered(core: &mut Core, server: &SimServer, points: usize) {
    let outcome = core.flush(SEC * 600).unwrap();
    assert_eq!(worst(&outcome), Worst::Delivered, "{outcome:?}");
    check(core);
    let stats = core.stats();
    assert_eq!(
        (stats.delivered, stats.dropped.total()),
        (points as u64, 0),
        "{stats:?}"
    );
    let world = server.0.borrow();
    assert_eq!(world.stored.len(), points);
    assert!(world.seen.values().all(|times| *times == 1), "once each");
}

#[test]
fn what_the_disk_does_not_take_stays_in_memory() {
    for disk_comes_back in [false, true] {
        let dir = TempDir::new("writer");
        let (mut core, clock, server, reported) = with_disk(&dir, Mode::OnFailure);
        server.0.borrow_mut().down = true;
        fs::remove_dir_all(dir.path()).unwrap();
        write(&mut core, 0, 100);
        // Neither in the database nor on the disk: not delivered.
        core.flush(SEC).unwrap_err();
        check(&core);
        let stats = core.stats();
        assert_eq!((stats.buffered, stats.spooled), (100, 0), "{stats:?}");
        assert!(reported.load(Ordering::Relaxed) > 0, "no event");
        if disk_comes_back {
            fs::create_dir(dir.path()).unwrap();
            clock.advance(SEC * 60);
            write(&mut core, 100, 10);
            // The spool, whose clock is the real one, leaves a failed disk alone for a moment.
            let mut tries = 0;
            while core.flush(SEC).is_err() {
                tries += 1;
                assert!(tries < 100, "the disk is back");
                std::thread::sleep(SEC / 10);
            }
            assert_eq!((core.stats().buffered, core.stats().spooled), (0, 110));
        }
        server.0.borrow_mut().down = false;
        clock.advance(SEC * 600);
        all_delivered(&mut core, &server, if disk_comes_back { 110 } else { 100 });
    }
}

/// A disk that goes on refusing is reported once; again when it has taken something in between, or when
/// its error is another one.
#[test]
fn a_disk_that_goes_on_refusing_is_reported_once() {
    for gone in [false, true] {
        let dir = TempDir::new("writer");
        let reported = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&reported);
        let (mut core, clock, server) = world(1, |b| {
            b.spool(super::sim::spool_with(&dir, |b| {
                b.max_bytes(64 << 10)
                    .overflow_policy(OverflowPolicy::Reject)
            }))
            .batch_bytes(1_000)
            .on_event(move |event| {
                if let Event::SpoolFailed { message, .. } = event {
                    list.lock()
                        .unwrap()
                        .push(alloc::string::ToString::to_string(message));
                }
            })
        });
        let reported = || core::mem::take(&mut *reported.lock().unwrap());
        for round in 0..3 {
            server.0.borrow_mut().down = true;
            clock.advance(SEC * 600);
            // Twice what the disk takes.
            write(&mut core, round * 8_000, 8_000);
            for _ in 0..50 {
                clock.advance(SEC);
                core.poll();
                check(&core);
            }
            let full = reported();
            assert_eq!(full.len(), 1, "round {round}: {full:?}");
            let before = core.stats();
            assert!(before.buffered > 0 && before.spooled > 0, "{before:?}");
            core.flush(SEC).unwrap_err();
            assert_eq!(reported(), [""; 0], "a flush asks once more");
            if gone {
                // Another error, and only that.
                fs::remove_dir_all(dir.path()).unwrap();
                for _ in 0..50 {
                    clock.advance(SEC);
                    core.poll();
                }
                let other = reported();
                let news = other
                    .iter()
                    .enumerate()
                    .all(|(at, message)| *message != full[0] && !other[..at].contains(message));
                assert!(news, "{other:?}");
                break;
            }
            server.0.borrow_mut().down = false;
            clock.advance(SEC * 600);
            let delivered = usize::try_from((round + 1) * 8_000).unwrap();
            all_delivered(&mut core, &server, delivered);
            let _ = reported();
        }
    }
}

/// What has to be on disk before it is accepted isn't accepted without one.
#[test]
fn what_is_written_ahead_is_refused_without_a_disk() {
    let dir = TempDir::new("writer");
    let (mut core, clock, server, reported) = with_disk(&dir, Mode::WriteAhead);
    write(&mut core, 0, 10);
    fs::remove_dir_all(dir.path()).unwrap();
    for n in 10..20 {
        let refused = core.write(MAIN, |enc| {
            let line = enc.line("m").tag("s", 1).field("n", n);
            line.timestamp(n)
        });
        assert!(
            matches!(refused, Err(WriteError::NotDurable(_))),
            "{refused:?}"
        );
        check(&core);
    }
    let stats = core.stats();
    assert_eq!((stats.accepted, stats.not_accepted), (10, 10), "{stats:?}");
    // That it failed, and that it isn't asked for a moment: not for each of them.
    assert_eq!(reported.load(Ordering::Relaxed), 2);
    clock.advance(SEC * 60);
    // What was there is gone with the directory, and counted.
    let _ = core.flush(SEC);
    check(&core);
    assert_eq!(core.stats().delivered + core.stats().dropped.spool, 10);
    assert_eq!(
        server.0.borrow().stored.len() as u64,
        core.stats().delivered
    );
}

// Symbolic links: what is behind one is never read.
#[cfg(unix)]
#[test]
fn what_the_disk_does_not_give_back_now_is_asked_for_again() {
    const POINTS: i64 = 2_000;
    let dir = TempDir::new("writer");
    let (mut core, clock, server, reported) = with_disk(&dir, Mode::OnFailure);
    server.0.borrow_mut().down = true;
    write(&mut core, 0, POINTS);
    assert_eq!(worst(&core.flush(SEC).unwrap()), Worst::Spooled);
    let segments: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "seg"))
        .collect();
    assert!(segments.len() > 3, "{segments:?}");
    let aside = |path: &std::path::Path| path.with_extension("aside");
    for path in &segments {
        fs::rename(path, aside(path)).unwrap();
        std::os::unix::fs::symlink(aside(path), path).unwrap();
    }
    server.0.borrow_mut().down = false;
    clock.advance(SEC * 600);
    let outcome = core.flush(SEC * 10).unwrap();
    assert_eq!(worst(&outcome), Worst::Spooled, "{outcome:?}");
    assert!(reported.load(Ordering::Relaxed) > 0, "no event");
    let stats = core.stats();
    assert!(stats.delivered < POINTS as u64 / 2, "{stats:?}");
    assert_eq!(stats.dropped.total(), 0, "{stats:?}");
    check(&core);
    for path in &segments {
        // What was in hand before is delivered; if it was all of a segment, that is gone.
        if fs::remove_file(path).is_ok() {
            fs::rename(aside(path), path).unwrap();
        }
    }
    clock.advance(SEC * 600);
    all_delivered(&mut core, &server, POINTS as usize);
}

/// Batches for a kind of server that this version doesn't know stay where they are; they hold up nothing.
#[test]
fn what_a_later_version_left_for_the_same_bucket_holds_up_nothing() {
    use crate::spool::{Batch, ServerKind, Target};
    for adopts in [false, true] {
        for kind in [ServerKind::Unknown(7), ServerKind::V3, ServerKind::V1] {
            for (org, before) in [("", true), ("", false), ("other", true), ("other", false)] {
                let dir = TempDir::new("kinds");
                let own = Target::new("", "sensors").unwrap();
                let other = Target::new(org, "sensors").unwrap().for_server(kind);
                let mut spool = super::sim::spool(&dir, Mode::OnFailure);
                let mut targets = [(&own, 1u32), (&other, 2)];
                if before {
                    targets.reverse();
                }
                for (target, n) in targets {
                    let line = alloc::format!("m,s=1 n={n}i {n}\n");
                    let unit = crate::Precision::Nanosecond;
                    let batch = Batch::new(target, unit, 1, line.as_bytes());
                    spool.append(batch).unwrap();
                }
                let (mut core, clock, server) = world(1, |b| {
                    let b = b.spool(spool);
                    if adopts { b.adopt_all() } else { b }
                });
                let known = kind != ServerKind::Unknown(7);
                let expected = 1 + u64::from(known && adopts);
                let case = alloc::format!("{adopts} {kind:?} {org:?} {before}");
                for _ in 0..10 {
                    clock.advance(SEC * 60);
                    core.poll();
                    check_foreign(&core);
                }
                let stats = core.stats();
                assert_eq!(stats.delivered, expected, "{case} {stats:?}");
                assert_eq!((stats.spooled, stats.foreign), (0, 2 - expected), "{case}");
                assert_eq!(server.0.borrow().seen.len() as u64, expected, "{case}");
            }
        }
    }
}

fn check_foreign(core: &Core) {
    let stats = core.stats();
    assert!(stats.is_balanced());
    let disk = core.engine.disk.as_ref().unwrap();
    assert_eq!(disk.spool().stats().points, stats.spooled + stats.foreign);
}
