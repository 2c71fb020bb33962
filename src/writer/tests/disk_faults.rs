//! A writer whose disk has no space or can't sync: nothing is reported safe that isn't, and what is
//! lost is counted.

use super::sim::{Draw, SimCore, another, check, long, world};
use crate::OverflowPolicy;
use crate::spool::tests::disk::{SimDisk, Trouble};
use crate::spool::{Durability, Mode};
use crate::writer::engine::MAIN;
use crate::writer::seams::Clock;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use core::time::Duration;
use fastrand::Rng;

const SEC: Duration = Duration::from_secs(1);

fn line(n: u64) -> String {
    format!("m,s=1 n={n}i {n}")
}

fn write(core: &mut SimCore, n: u64) -> bool {
    let taken = core.write(MAIN, |enc| {
        let line = enc.line("m").tag("s", 1).field("n", n as i64);
        line.timestamp(n as i64)
    });
    taken.is_ok()
}

/// A flush that returned Ok has every line in the database, or on the disk as a power cut leaves it, or has
/// counted it as lost.
#[track_caller]
fn is_safe(core: &SimCore, disk: &SimDisk, accepted: &BTreeSet<u64>) {
    let there: BTreeSet<String> = disk.lines_after_power_cut().into_iter().collect();
    let stored = &core.transport.0.borrow().seen;
    let safe = |n: &&u64| stored.contains_key(n) || there.contains(&line(**n));
    let missing = accepted.iter().filter(|n| !safe(n)).count() as u64;
    let lost = core.stats().dropped.total();
    assert!(missing <= lost, "{missing} are missing, {lost} counted");
}

fn script(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let disk = SimDisk::new();
    let durability = match rng.below(3) {
        0 => Durability::EveryBatch,
        1 => Durability::Interval(SEC),
        _ => Durability::OsManaged,
    };
    let mode = if rng.chance(30) {
        Mode::WriteAhead
    } else {
        Mode::OnFailure
    };
    let full = match rng.chance(50) {
        true => OverflowPolicy::DropOldest,
        false => OverflowPolicy::Reject,
    };
    let spool = disk.open(|b| {
        let b = b.durability(durability).mode(mode).overflow_policy(full);
        b.max_bytes(64 << 10).segment_bytes(4 << 10)
    });
    let (mut core, clock, server) = world(seed, |b| {
        let b = b.spool(spool).batch_lines(50).batch_bytes(2_000);
        b.max_buffer_bytes(6_000).drain_bytes_per_second(u64::MAX)
    });
    if seed % 2 == 0 {
        core.engine.settings.merge_bytes = 6_000;
    }
    let mut accepted = BTreeSet::new();
    let mut number = 0;
    for _ in 0..20 + rng.below(80) {
        match rng.below(10) {
            0..=4 => {
                for _ in 0..rng.below(100) {
                    number += 1;
                    if write(&mut core, number) {
                        accepted.insert(number);
                    }
                }
            }
            5 => {
                core.poll();
            }
            6 => {
                let millis = rng.below(3_000);
                clock.advance(Duration::from_millis(millis));
                disk.advance(millis);
            }
            7 => server.0.borrow_mut().down = rng.chance(70),
            8 => disk.set(match rng.below(6) {
                5 => Trouble::Full,
                0 => Trouble::NoSpace,
                1 => Trouble::Syncs,
                2 => Trouble::SomeSyncs,
                _ => Trouble::None,
            }),
            _ => {
                let flushed = core.flush(SEC);
                if flushed.is_ok()
                    && !(mode == Mode::WriteAhead && durability != Durability::EveryBatch)
                {
                    assert_eq!(core.stats().buffered, 0);
                }
                if flushed.is_ok() {
                    is_safe(&core, &disk, &accepted);
                    // A second time there is nothing to do, and still nothing is missing.
                    if core.flush(SEC).is_ok() {
                        is_safe(&core, &disk, &accepted);
                    }
                }
            }
        }
        check(&core);
    }
    disk.set(Trouble::None);
    server.0.borrow_mut().down = false;
    for _ in 0..100 {
        clock.advance(SEC * 60);
        disk.advance(60_000);
        if core.flush(SEC * 60).is_ok() && core.stats().spooled == 0 {
            break;
        }
        check(&core);
    }
    let stats = core.stats();
    assert_eq!((stats.buffered, stats.spooled), (0, 0), "{stats:?}");
    assert_eq!(stats.accepted, accepted.len() as u64);
    assert_eq!(stats.delivered + stats.dropped.total(), stats.accepted);
    let stored = &server.0.borrow().seen;
    let missing = accepted.iter().filter(|n| !stored.contains_key(n)).count();
    // (What was dropped may have been stored by a request whose response was lost.)
    assert!(
        missing as u64 <= stats.dropped.total(),
        "{missing} {stats:?}"
    );
    assert!(stored.keys().all(|n| accepted.contains(n)) || mode == Mode::WriteAhead);
}

/// `INFLUX_EDGE_DISK_SEED` for one of them.
#[test]
fn random_lives_with_a_failing_disk() {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    if let Some(seed) = number("INFLUX_EDGE_DISK_SEED") {
        return script(seed);
    }
    let all = if long() { 5_000 } else { 150 };
    let scripts = number("INFLUX_EDGE_MODEL_SCRIPTS").map_or(all, |n| n / 2);
    // (1212: the disk gives back what it can't sync, in a writer that never sealed a batch.)
    let seeds = super::model::seed()..;
    for seed in seeds.take(usize::try_from(scripts).unwrap()).chain([1212]) {
        if let Err(panic) = std::panic::catch_unwind(|| script(seed)) {
            std::eprintln!("again with INFLUX_EDGE_DISK_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// A disk whose space can't be had back: the backlog isn't destroyed for it.
#[test]
fn a_disk_without_space_keeps_its_backlog() {
    let disk = SimDisk::new();
    let spool = disk.open(|b| b.segment_bytes(8 << 10).max_bytes(1 << 20));
    let (mut core, clock, server) = world(1, |b| b.spool(spool).batch_bytes(2_000));
    server.0.borrow_mut().down = true;
    let mut n = 0;
    while core.stats().spooled < 5_000 {
        n += 1;
        assert!(write(&mut core, n));
        if n % 80 == 0 {
            let _ = core.flush(SEC);
        }
    }
    let before = core.stats();
    disk.set(Trouble::NoSpace);
    for _ in 0..1_000 {
        n += 1;
        assert!(write(&mut core, n));
        let _ = core.flush(SEC);
        clock.advance(SEC);
        disk.advance(1_000);
        check(&core);
    }
    let stats = core.stats();
    let lost = stats.dropped.total();
    assert!(lost <= 1_000, "{lost} of {} lost", before.spooled);
    assert!(stats.spooled + lost >= before.spooled, "{stats:?}");
    disk.set(Trouble::None);
    server.0.borrow_mut().down = false;
    clock.advance(SEC * 600);
    disk.advance(600_000);
    while core.stats().spooled + core.stats().buffered > 0 {
        let _ = core.flush(SEC * 60);
        clock.advance(SEC * 60);
        disk.advance(60_000);
    }
    let stats = core.stats();
    assert_eq!(stats.delivered + stats.dropped.total(), stats.accepted);
    assert_eq!(server.0.borrow().seen.len() as u64, stats.delivered);
}

/// What goes to disk when a request fails, or when one is begun, is synced in time too, though nothing else is
/// to be done for minutes.
#[test]
fn with_interval_what_goes_to_disk_is_synced_in_time_whenever_it_goes() {
    let interval = Duration::from_millis(100);
    for mode in [Mode::OnFailure, Mode::WriteAhead] {
        for lines in [1, 49, 50, 51, 120] {
            for report in [false, true] {
                let disk = SimDisk::new();
                let spool = disk.open(|b| b.durability(Durability::Interval(interval)).mode(mode));
                let (mut core, clock, server) = world(1, |b| {
                    let b = b.spool(spool).batch_lines(50).send_in_write(false);
                    if report {
                        b.report_stats("own", SEC)
                    } else {
                        b
                    }
                });
                server.0.borrow_mut().down = true;
                for n in 0..lines {
                    assert!(write(&mut core, n));
                }
                let mut unsynced = None;
                for _ in 0..200 {
                    let next = core.poll();
                    let safe = disk.lines_after_power_cut().len() as u64;
                    let on_disk = core.stats().spooled;
                    let now = core.clock.now();
                    match on_disk > safe {
                        true => {
                            let since = *unsynced.get_or_insert(now);
                            // (A request takes up to 20 ms.)
                            let most = interval + Duration::from_millis(50);
                            assert!(now - since <= most, "{mode:?} {lines}: {:?}", now - since);
                        }
                        false => unsynced = None,
                    }
                    clock.advance(next);
                    disk.advance(u64::try_from(next.as_millis()).unwrap() + 1);
                }
                assert!(core.stats().spooled >= lines);
            }
        }
    }
}

/// What the last sync finds to be lost on disk, and is in memory, is lost when the writer ends: it is counted so.
#[test]
fn what_the_last_sync_loses_is_counted_and_returned_by_close() {
    for lines in [1, 10, 49, 50, 120] {
        for mode in [Mode::OnFailure, Mode::WriteAhead] {
            let disk = SimDisk::new();
            let spool = disk.open(|b| b.durability(Durability::Interval(SEC * 60)).mode(mode));
            let (mut core, clock, server) = world(1, |b| b.spool(spool).batch_lines(50));
            server.0.borrow_mut().down = true;
            for n in 0..lines {
                assert!(write(&mut core, n));
            }
            for _ in 0..3 {
                clock.advance(SEC * 5);
                core.poll();
            }
            assert_eq!(core.stats().spooled, lines);
            assert!(core.engine.queues[MAIN].held() > 0);
            disk.set(Trouble::Gone);
            let error = core.close(SEC).unwrap_err();
            let stats = core.stats();
            check(&core);
            assert_eq!((stats.buffered, stats.spooled), (0, 0), "{stats:?}");
            assert_eq!(stats.dropped.total(), lines, "{stats:?}");
            let text = format!("{error}");
            assert!(text.contains("lost"), "{text}");
        }
    }
}

/// A batch that is in hand loses its place on disk, while later values of the same points have theirs: it
/// is sent before them, or not at all, and is not put behind them.
#[test]
fn what_loses_its_place_on_disk_is_never_stored_behind_what_is_newer() {
    // Lines that wait, lines that come behind them, and the mode.
    let table = [(1, 1), (1, 60), (40, 1), (120, 3), (120, 130)];
    for mode in [Mode::OnFailure, Mode::WriteAhead] {
        for (older, newer) in table {
            for flushes in [0, 1, 3] {
                let disk = SimDisk::new();
                let spool = disk.open(|b| b.mode(mode));
                let (mut core, clock, server) = world(1, |b| {
                    let b = b.spool(spool).batch_lines(50);
                    b.drain_bytes_per_second(u64::MAX)
                });
                let what = (mode, older, newer, flushes);
                server.0.borrow_mut().down = true;
                let value = |core: &mut SimCore, n: u64, time: u64| {
                    core.write(MAIN, |enc| {
                        let line = enc.line("m").tag("s", 1).field("n", n as i64);
                        line.timestamp(time as i64)
                    })
                    .unwrap();
                };
                (0..older).for_each(|time| value(&mut core, time, time));
                for _ in 0..3 {
                    clock.advance(SEC * 5);
                    core.poll();
                }
                assert!(core.engine.queues[MAIN].held() > 0, "{what:?}");
                disk.set(Trouble::Full);
                for n in 0..newer {
                    value(&mut core, older + n, n % older);
                    if n % 50 == 0 {
                        (0..flushes).for_each(|_| drop(core.flush(SEC)));
                        check(&core);
                    }
                }
                for _ in 0..flushes {
                    clock.advance(SEC * 5);
                    core.poll();
                    check(&core);
                }
                server.0.borrow_mut().down = false;
                for _ in 0..100 {
                    clock.advance(SEC * 60);
                    disk.advance(60_000);
                    core.poll();
                    check(&core);
                }
                let stats = core.stats();
                assert_eq!(
                    (stats.buffered, stats.spooled),
                    (0, 0),
                    "{what:?} {stats:?}"
                );
                let world = server.0.borrow();
                for n in newer.saturating_sub(older)..newer {
                    let key = format!("sensors m,s=1 {}", n % older);
                    assert_eq!(world.stored.get(&key), Some(&(older + n)), "{what:?} {key}");
                }
            }
        }
    }
}

/// What an earlier life put on disk in one piece is longer than the disk takes now: when it loses its
/// place, it holds up nothing that comes behind it.
#[test]
fn a_batch_that_the_disk_no_longer_takes_holds_up_no_other() {
    for merge in [0, 1 << 20] {
        let disk = SimDisk::new();
        let (mut core, clock, server) = world(1, |b| b.spool(disk.open(|b| b)));
        server.0.borrow_mut().down = true;
        (0..4_000).for_each(|n| assert!(write(&mut core, n)));
        let _ = core.close(SEC);
        let found = core.stats().spooled;
        assert_eq!(found, 4_000);
        drop(core);
        // A sixteenth of a quarter: 16 KiB at once.
        let spool = disk.open(|b| b.max_bytes(64 << 10));
        let mut core = another(1, &clock, &server, |b| b.spool(spool).batch_lines(100));
        core.engine.settings.merge_bytes += merge;
        clock.advance(SEC * 60);
        core.poll();
        assert!(core.engine.queues[MAIN].held() > 0);
        for n in 4_000..5_000 {
            assert!(write(&mut core, n));
            if n % 100 == 99 {
                clock.advance(SEC * 5);
                core.poll();
                check(&core);
            }
        }
        let stats = core.stats();
        assert!(stats.spooled >= 900, "{stats:?}");
        server.0.borrow_mut().down = false;
        for _ in 0..100 {
            clock.advance(SEC * 60);
            core.poll();
            check(&core);
        }
        let stats = core.stats();
        assert_eq!((stats.buffered, stats.spooled), (0, 0), "{stats:?}");
        assert_eq!(stats.delivered + stats.dropped.total(), 5_000, "{stats:?}");
        assert_eq!(server.0.borrow().out_of_order, 0);
    }
}
