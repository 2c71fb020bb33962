//! A sync that fails where batches wait for one: no later `Ok` before they are on the disk, or given
//! back as lost.

use super::sim::{Call, Crash, Image, Sim};
use super::{RngExt, TestClock, append, drain, env_or, target};
use crate::Precision;
use crate::spool::losses::{Loss, LossCause};
use crate::spool::{Batch, Durability, Spool, SpoolBuilder};
use alloc::vec::Vec;
use alloc::{format, vec};
use fastrand::Rng;
use std::io;
use std::path::Path;
use std::time::Duration;

const DIR: &str = "/spool";
const EACH: [Durability; 3] = [
    Durability::EveryBatch,
    Durability::Interval(Duration::from_secs(1)),
    Durability::OsManaged,
];

fn builder(durability: Durability) -> SpoolBuilder {
    Spool::builder(DIR)
        .segment_bytes(4096)
        .max_bytes(1 << 20)
        .durability(durability)
}

fn payload(n: u64) -> Vec<u8> {
    format!("t,n={n} v={n} {n}\n").into_bytes()
}

fn number(bytes: &[u8]) -> u64 {
    let text = std::str::from_utf8(bytes).unwrap();
    let n = text["t,n=".len()..text.find(' ').unwrap()].parse().unwrap();
    assert_eq!(bytes, payload(n));
    n
}

fn eio() -> io::Error {
    io::Error::from_raw_os_error(5)
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "seg")
}

/// The numbers that wait after a power cut: with nothing that was not synced (0), or some of it.
fn after_cut(sim: &Sim, durability: Durability, seed: u64) -> Vec<u64> {
    let mut crash = Crash::new(sim, Image::default());
    while crash.advance() {}
    let disk = match seed {
        0 => crash.nothing_more(),
        seed => crash.some(&mut Rng::with_seed(seed)),
    };
    let clock = TestClock::default();
    let mut spool = builder(durability).open_on(disk, clock).unwrap();
    let there = drain(&mut spool, &target());
    assert_eq!(spool.open_report().ignored, 0, "a copy was left behind");
    there.iter().map(|(_, bytes)| number(bytes)).collect()
}

fn all(to: u64) -> Vec<u64> {
    (1..=to).collect()
}

/// What fails, while 100 batches are written or when they are synced.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The first sync of a segment, once.
    OneSync,
    /// Every sync during the first flush.
    EverySync,
    /// The same, and no file can be made.
    SyncAndCreate,
    /// The sync at the end of each segment.
    Rotation,
    /// A write behind others that wait.
    Write,
}

#[test]
fn no_flush_is_ok_before_the_batches_are_on_the_disk() {
    use Fault::{EverySync, OneSync, Rotation, SyncAndCreate, Write};
    for durability in EACH {
        for fault in [OneSync, EverySync, SyncAndCreate, Rotation, Write] {
            let case = format!("{durability:?}, {fault:?}");
            let sim = Sim::new();
            let clock = TestClock::default();
            let builder = builder(durability);
            let mut spool = builder.open_on(sim.clone(), clock.clone()).unwrap();
            let mut left = 1;
            match fault {
                Rotation => sim.fail_when(|call, path| {
                    let full = call == Call::Sync && is_segment(path);
                    (full).then(eio)
                }),
                Write => sim.fail_when(move |call, path| {
                    let nth = call == Call::Write && is_segment(path);
                    left += u64::from(nth);
                    (nth && left % 30 == 0).then(eio)
                }),
                _ => {}
            }
            let mut kept = Vec::new();
            for n in 1..=100 {
                if matches!(fault, Rotation) && durability == Durability::EveryBatch {
                    sim.heal();
                }
                clock.advance(10);
                if append(&mut spool, &target(), &payload(n)).is_ok() {
                    kept.push(n);
                }
                clock.advance(1_000 * u64::from(durability == Durability::EveryBatch));
            }
            match fault {
                OneSync => {
                    let mut left = 1;
                    sim.fail_when(move |call, path| {
                        let hit = call == Call::Sync && is_segment(path) && left > 0;
                        left -= u64::from(hit);
                        hit.then(eio)
                    });
                }
                EverySync => sim.fail_when(|call, _| (call == Call::Sync).then(eio)),
                SyncAndCreate => {
                    sim.fail_when(|call, _| matches!(call, Call::Sync | Call::Create).then(eio))
                }
                Rotation | Write => sim.heal(),
            }
            let first = spool.sync();
            if first.is_ok() {
                assert_eq!(after_cut(&sim, durability, 0), kept, "{case}, the first Ok");
            } else {
                assert!(spool.stats().at_risk > 0, "{case}");
            }
            sim.heal();
            spool.sync().unwrap();
            for seed in 0..20 {
                assert_eq!(
                    after_cut(&sim, durability, seed),
                    kept,
                    "{case}, cut {seed}"
                );
            }
            assert_eq!(sim.synced_again(), 0, "{case}: a failed sync was repeated");
            let stats = spool.stats();
            assert_eq!((stats.at_risk, stats.unsynced_batches), (0, 0), "{case}");
            let there: Vec<_> = drain(&mut spool, &target());
            let there: Vec<_> = there.iter().map(|(_, bytes)| number(bytes)).collect();
            assert_eq!(there, kept, "{case}, read on");
        }
    }
}

#[test]
fn interval_brings_them_to_the_disk_by_itself() {
    let sim = Sim::new();
    let clock = TestClock::default();
    let durability = Durability::Interval(Duration::from_secs(1));
    let mut spool = builder(durability)
        .open_on(sim.clone(), clock.clone())
        .unwrap();
    for n in 1..=10 {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
    sim.fail_when(|call, _| (call == Call::Sync).then(eio));
    clock.advance(1_000);
    spool.poll().unwrap_err();
    let wait = spool.poll().unwrap();
    assert_eq!(wait, Some(Duration::from_secs(1)), "not all the time");
    sim.heal();
    clock.advance(1_000);
    assert_eq!(spool.poll().unwrap(), None);
    assert_eq!(after_cut(&sim, durability, 0), all(10));

    // Without `poll`, by the next batch that is due.
    append(&mut spool, &target(), &payload(11)).unwrap();
    let mut left = 1;
    sim.fail_when(move |call, path| {
        let hit = call == Call::Sync && is_segment(path) && left > 0;
        left -= u64::from(hit);
        hit.then(eio)
    });
    clock.advance(1_000);
    append(&mut spool, &target(), &payload(12)).unwrap();
    assert_eq!(after_cut(&sim, durability, 0), all(12));
    assert_eq!(spool.poll().unwrap(), None);

    // What waits in a segment that was given up for a write is due, too.
    sim.heal();
    append(&mut spool, &target(), &payload(13)).unwrap();
    clock.advance(900);
    let mut left = 1;
    sim.fail_when(move |call, path| {
        let hit = call == Call::Write && is_segment(path) && left > 0;
        left -= u64::from(hit);
        hit.then(eio)
    });
    append(&mut spool, &target(), &payload(14)).unwrap();
    assert_eq!(spool.poll().unwrap(), Some(Duration::from_millis(100)));
    clock.advance(100);
    assert_eq!(spool.poll().unwrap(), None);
    assert_eq!(after_cut(&sim, durability, 0), all(14));
}

/// The copy takes the place of the first at once: what was on the disk before is there whenever the
/// power goes.
#[test]
fn a_cut_at_any_moment_of_the_copying() {
    let mut rng = Rng::with_seed(5);
    for durability in EACH {
        let sim = Sim::new();
        let clock = TestClock::default();
        let mut spool = builder(durability)
            .open_on(sim.clone(), clock.clone())
            .unwrap();
        for n in 1..=40 {
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
        spool.sync().unwrap();
        let safe = sim.ops();
        for n in 41..=60 {
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
        let mut left = 1;
        sim.fail_when(move |call, path| {
            let hit = call == Call::Sync && is_segment(path) && left > 0;
            left -= u64::from(hit);
            hit.then(eio)
        });
        spool.sync().unwrap();
        append(&mut spool, &target(), &payload(61)).unwrap();
        spool.sync().unwrap();
        let end = sim.ops();
        let mut crash = Crash::new(&sim, Image::default());
        while crash.done() < safe {
            crash.advance();
        }
        loop {
            let mut disks = vec![crash.nothing_more(), crash.everything()];
            disks.extend((0..5).map(|_| crash.some(&mut rng)));
            for disk in disks {
                let mut spool = builder(durability)
                    .open_on(disk, TestClock::default())
                    .unwrap();
                let there = drain(&mut spool, &target());
                let there: Vec<_> = there.iter().map(|(_, bytes)| number(bytes)).collect();
                let at = crash.done();
                assert!(
                    there.starts_with(&all(40)),
                    "{durability:?}, {at}: {there:?}"
                );
                assert!(there.windows(2).all(|w| w[0] < w[1]), "{there:?}");
                assert!(at < end || there == all(61), "{durability:?}: {there:?}");
            }
            if !crash.advance() {
                break;
            }
        }
    }
}

#[test]
fn what_does_not_read_back_is_given_back_and_the_rest_is_written() {
    for (spoiled, lost) in [
        (vec![3], vec![3]),
        (vec![1], vec![1]),
        (vec![10], vec![10]),
        (vec![2, 3, 9], vec![2, 3, 9]),
        ((1..=10).collect(), all(10)),
    ] {
        let durability = Durability::OsManaged;
        let sim = Sim::new();
        let clock = TestClock::default();
        let mut spool = builder(durability)
            .open_on(sim.clone(), clock.clone())
            .unwrap();
        let ranges: Vec<_> = (1..=10)
            .map(|n| append(&mut spool, &target(), &payload(n)).unwrap().ranges[0])
            .collect();
        // The second is in its owner's memory, too.
        spool.hold(&ranges[1]);
        let mut at = 64;
        for n in 1..=10 {
            at += 32 + 12 + payload(n).len();
            if spoiled.contains(&n) {
                sim.spoil("/spool/0000000000000001.seg", at - 1);
            }
        }
        let mut left = 1;
        sim.fail_when(move |call, _| {
            let hit = call == Call::Sync && left > 0;
            left -= u64::from(hit);
            hit.then(eio)
        });
        let (result, losses) = spool.sync_all();
        result.unwrap();
        let loss = Loss {
            target: target(),
            batches: lost.len() as u64,
            points: lost.len() as u64,
            held_points: u64::from(lost.contains(&2)),
            cause: LossCause::Unsynced,
        };
        assert_eq!(losses.0, [loss], "{spoiled:?}");
        let kept: Vec<_> = (1..=10).filter(|n| !lost.contains(n)).collect();
        for seed in 0..5 {
            assert_eq!(after_cut(&sim, durability, seed), kept, "{spoiled:?}");
        }
        let stats = spool.stats();
        assert_eq!(stats.unsynced_points, lost.len() as u64);
        assert_eq!(stats.points, kept.len() as u64);
        // The range means the copy now; nothing is counted twice.
        assert_eq!(
            spool.ack_ranges(&ranges[1..2]),
            u64::from(kept.contains(&2))
        );
        assert_eq!(
            spool.ack_ranges(&ranges),
            kept.iter().filter(|n| **n != 2).count() as u64
        );
        assert!(spool.is_empty(), "{spoiled:?}");
    }
}

#[test]
fn a_range_that_was_taken_before_means_the_copy() {
    let sim = Sim::new();
    let mut spool = builder(Durability::OsManaged)
        .open_on(sim.clone(), TestClock::default())
        .unwrap();
    for n in 1..=300 {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
    let mut body = Vec::new();
    let (first, losses) = spool.take(&target(), 100, &mut body);
    let first = first.unwrap().unwrap();
    assert_eq!(losses.0, []);
    let (second, _) = spool.take(&target(), 100, &mut body);
    let second = second.unwrap().unwrap();
    assert_eq!(second.first_seq, first.last_seq + 1);
    let mut left = 2;
    sim.fail_when(move |call, _| {
        let hit = call == Call::Sync && left > 0;
        left -= u64::from(hit);
        hit.then(eio)
    });
    let (result, losses) = spool.sync_all();
    result.unwrap();
    assert_eq!(losses.0, []);
    assert_eq!(spool.ack(&first), first.points);
    spool.release(&second.ranges);
    let again = spool.read_batches(&target(), 100, &mut body).unwrap();
    assert_eq!(again.unwrap(), second);
    let rest = drain(&mut spool, &target());
    assert_eq!(rest.len() as u64, 300 - first.points);
    assert!(spool.is_empty());
}

/// Any call fails now and then; what a successful sync covered survives the power failure, in order.
///
/// `SPOOL_UNSYNCED_RUNS` sets the number of runs (200 by default).
#[test]
fn whatever_fails_an_ok_of_a_sync_holds() {
    let mut oks = 0;
    for run in 0..env_or("SPOOL_UNSYNCED_RUNS", 200) {
        let mut rng = Rng::with_seed(run);
        let durability = EACH[1 + rng.usize(..2)];
        let sim = Sim::new();
        let clock = TestClock::default();
        let mut spool = builder(durability)
            .open_on(sim.clone(), clock.clone())
            .unwrap();
        let (mut chance, one_in) = (rng.fork(), 3 + rng.u64(..20));
        let broken = move |call: Call, _: &Path| {
            let code = [5, 28, 30, 24, 4][chance.usize(..5)];
            let hit = match call {
                Call::Sync => chance.one_in(3),
                _ => chance.one_in(one_in),
            };
            hit.then(|| io::Error::from_raw_os_error(code))
        };
        sim.fail_when(broken);
        let (mut waiting, mut lost) = (Vec::new(), 0);
        let mut promised = Vec::new();
        let mut body = Vec::new();
        for n in 1..150 {
            clock.advance(300);
            let (target, bytes) = (target(), payload(n));
            let (result, losses) = spool.put(Batch::new(&target, Precision::Second, 1, &bytes));
            lost += losses.0.iter().map(|l| l.batches).sum::<u64>();
            if result.is_ok() {
                waiting.push(n);
            }
            if rng.one_in(8) {
                let (group, losses) = spool.take(&target, 200, &mut body);
                lost += losses.0.iter().map(|l| l.batches).sum::<u64>();
                if let Ok(Some(group)) = group {
                    let lines = body.split_inclusive(|&b| b == b'\n').map(number);
                    let gone: Vec<_> = lines.collect();
                    match rng.one_in(2) {
                        true => spool.release(&group.ranges),
                        false => {
                            assert_eq!(spool.ack(&group), gone.len() as u64);
                            waiting.retain(|n| !gone.contains(n));
                            promised.retain(|n| !gone.contains(n));
                        }
                    }
                }
            }
            if rng.one_in(10) {
                let (result, losses) = spool.sync_all();
                lost += losses.0.iter().map(|l| l.batches).sum::<u64>();
                if result.is_ok() {
                    oks += 1;
                    promised.clone_from(&waiting);
                }
            }
            if rng.one_in(20) {
                for seed in 0..2 {
                    let there = after_cut(&sim, durability, seed);
                    // Twice only if the first attempt failed, and removing what it left failed too.
                    let in_order = there.windows(2).all(|w| w[0] <= w[1]);
                    assert!(in_order, "run {run}: {there:?}");
                    let missing = promised.iter().filter(|n| !there.contains(n)).count();
                    assert!(
                        missing as u64 <= lost,
                        "run {run}: {missing} promised, {lost} returned"
                    );
                }
            }
        }
        assert_eq!(sim.synced_again(), 0, "run {run}");
        let stats = spool.stats();
        assert_eq!(
            stats.points + lost,
            waiting.len() as u64,
            "run {run}: {stats:?}"
        );
    }
    assert!(oks > 500, "{oks}");
}
