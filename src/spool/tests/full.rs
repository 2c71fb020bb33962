//! No space left: how much is dropped for a batch, and that the losses are returned.

use super::sim::{Call, Sim};
use super::{RngExt, TestClock, append, drain, target};
use crate::Precision;
use crate::spool::batch::BatchRange;
use crate::spool::losses::{LossCause, Losses};
use crate::spool::{Batch, Durability, OverflowPolicy, Spool, SpoolError};
use alloc::vec::Vec;
use alloc::{format, vec};
use fastrand::Rng;
use std::io::ErrorKind;
use std::path::Path;

const DIR: &str = "/spool";
const SEGMENT: u64 = 4096;

fn open(sim: &Sim, clock: &TestClock, durability: Durability, segments: u64) -> Spool {
    Spool::builder(DIR)
        .segment_bytes(SEGMENT)
        .max_bytes(segments * SEGMENT)
        .durability(durability)
        .open_on(sim.clone(), clock.clone())
        .unwrap()
}

fn put(spool: &mut Spool, bytes: &[u8], losses: &mut Losses) -> Result<BatchRange, SpoolError> {
    let (result, lost) = spool.put(Batch::new(&target(), Precision::Second, 1, bytes));
    losses.0.extend(lost.0);
    result
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "seg")
}

fn points(losses: &Losses, cause: LossCause) -> u64 {
    let losses = losses.0.iter().filter(|l| l.cause == cause);
    losses.map(|l| l.points).sum()
}

/// A disk where freeing helps nothing, in every call that can say so: the record's own size is the
/// most that is lost, however often it is tried.
#[test]
fn a_drop_that_does_not_help_is_not_repeated() {
    for (what, calls) in [
        ("write", &[Call::Write][..]),
        ("sync", &[Call::Sync]),
        ("create", &[Call::Create]),
        ("directory", &[Call::SyncDir]),
        (
            "all",
            &[Call::Write, Call::Sync, Call::Create, Call::SyncDir],
        ),
    ] {
        for len in [9, 1_000, 4_000, 4_096, 10_000] {
            for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
                let case = format!("{what}, {len} bytes, {kind:?}");
                let (sim, clock) = (Sim::new(), TestClock::default());
                let mut spool = open(&sim, &clock, Durability::EveryBatch, 100);
                let mut losses = Losses::default();
                while spool.stats().segments < 20 {
                    put(&mut spool, &[b'x'; 100], &mut losses).unwrap();
                }
                let before = spool.stats();
                sim.fail_when(move |call, path| {
                    let ours = is_segment(path) || call == Call::SyncDir;
                    (ours && calls.contains(&call)).then(|| kind.into())
                });
                let mut failed = 0;
                for _ in 0..1_000 {
                    clock.advance(1_001);
                    // Where only new files fail, the one at hand takes some more.
                    if let Err(error) = put(&mut spool, &vec![b'y'; len], &mut losses) {
                        assert!(matches!(error, SpoolError::Full), "{case}: {error}");
                        failed += 1;
                    }
                }
                assert!(failed > 500, "{case}");
                let stats = spool.stats();
                let dropped = before.segments - stats.segments;
                let most = (len as u64 + 44).div_ceil(SEGMENT);
                assert!((1..=most).contains(&dropped), "{case}: {dropped} segments");
                assert_eq!(stats.dropped_points, points(&losses, LossCause::Dropped));
                assert_eq!(
                    stats.points + stats.dropped_points,
                    stats.appended,
                    "{case}"
                );
                // The disk is as it should be again.
                sim.heal();
                clock.advance(1_001);
                put(&mut spool, b"after\n", &mut losses).unwrap();
                assert_eq!(drain(&mut spool, &target()).pop().unwrap().1, b"after\n");
            }
        }
    }
}

/// After an append that succeeded, space may be made again.
#[test]
fn a_drop_that_helps_may_be_repeated() {
    let (sim, clock) = (Sim::new(), TestClock::default());
    let mut spool = open(&sim, &clock, Durability::EveryBatch, 100);
    let disk = sim.clone();
    sim.fail_when(move |call, path| {
        let used: usize = disk.image().list(DIR).iter().map(|f| f.1.len()).sum();
        let grows = matches!(call, Call::Write | Call::Create) && is_segment(path);
        (grows && used > 40_000).then(|| ErrorKind::StorageFull.into())
    });
    let mut losses = Losses::default();
    for _ in 0..2_000 {
        put(&mut spool, &[b'x'; 100], &mut losses).unwrap();
    }
    let stats = spool.stats();
    assert_eq!(points(&losses, LossCause::Dropped), stats.dropped_points);
    assert_eq!(stats.points + stats.dropped_points, 2_000);
    assert!(stats.points > 100, "{stats:?}");
}

/// What is held is spared while there is another segment, and counted apart when there is none.
#[test]
fn what_is_held_is_dropped_last() {
    let (sim, clock) = (Sim::new(), TestClock::default());
    let mut spool = open(&sim, &clock, Durability::OsManaged, 16);
    let mut losses = Losses::default();
    for _ in 0..600 {
        put(&mut spool, &[b'x'; 100], &mut losses).unwrap();
    }
    let mut body = Vec::new();
    let (group, none) = spool.take(&target(), 1_000, &mut body);
    let group = group.unwrap().unwrap();
    assert_eq!(none, Losses::default());
    let before = spool.stats();
    // Ten times as much as there is space for.
    for _ in 0..6_000 {
        put(&mut spool, &[b'y'; 100], &mut losses).unwrap();
    }
    assert!(losses.0.iter().all(|l| l.held_points == 0));
    let stats = spool.stats();
    let lost = stats.dropped_points - before.dropped_points;
    assert_eq!(before.points + 6_000 - lost, stats.points);
    assert_eq!(spool.ack(&group), group.points, "it was spared");

    // All but the segment at hand are held.
    let mut held = Vec::new();
    while let (Ok(Some(group)), _) = spool.take(&target(), 3_500, &mut body) {
        held.push(group);
    }
    losses = Losses::default();
    let mut appended = 0;
    while losses.0.is_empty() {
        put(&mut spool, &[b'z'; 100], &mut losses).unwrap();
        appended += 1;
    }
    let oldest = &losses.0[0];
    assert!(appended < 60, "{appended}");
    assert!(oldest.held_points > 0 && oldest.held_points == oldest.points);
    let held_points: u64 = held.iter().map(|group| group.points).sum();
    let acked: u64 = held.iter().map(|group| spool.ack(group)).sum();
    assert_eq!(
        acked,
        held_points - oldest.held_points,
        "what left the disk isn't counted twice"
    );
}

/// What is put and held is not read; released, it is.
#[test]
fn held_and_released() {
    let (sim, clock) = (Sim::new(), TestClock::default());
    let mut spool = open(&sim, &clock, Durability::EveryBatch, 16);
    let ranges: Vec<_> = (0..5_u8)
        .map(|n| {
            append(&mut spool, &target(), &[b'a' + n, b'\n'])
                .unwrap()
                .ranges[0]
        })
        .collect();
    spool.hold(&ranges[0]);
    spool.hold(&ranges[2]);
    let mut body = Vec::new();
    let mut taken = Vec::new();
    for expected in [&b"b\n"[..], b"d\ne\n"] {
        let (group, _) = spool.take(&target(), 100, &mut body);
        taken.push(group.unwrap().unwrap());
        assert_eq!(body, expected, "in order, around what is held");
    }
    assert!(spool.take(&target(), 100, &mut body).0.unwrap().is_none());
    assert_eq!(spool.stats().points, 5, "all of it is on disk");
    spool.release(&taken[1].ranges);
    spool.release(&ranges[..1]);
    let (group, _) = spool.take(&target(), 100, &mut body);
    assert_eq!((group.unwrap().unwrap().points, &*body), (1, &b"a\n"[..]));
    let (group, _) = spool.take(&target(), 100, &mut body);
    assert_eq!(
        (group.unwrap().unwrap().points, &*body),
        (2, &b"d\ne\n"[..])
    );
    assert_eq!(spool.ack_ranges(&ranges), 5);
    assert!(spool.is_empty());
}

/// Count and disk agree after every step, whatever is dropped, corrupt or in hand.
#[test]
fn the_losses_account_for_every_batch() {
    for seed in 0..100 {
        let mut rng = Rng::with_seed(seed);
        let (sim, clock) = (Sim::new(), TestClock::default());
        let mut spool = open(&sim, &clock, Durability::OsManaged, 16);
        let targets = ["a", "b", "c"].map(|b| crate::spool::Target::new("o", b).unwrap());
        let mut on_disk = [0_u64; 3];
        let (mut held, mut body) = (Vec::new(), Vec::new());
        let mut chance = rng.fork();
        sim.fail_when(move |call, path| {
            let full = call == Call::Write && is_segment(path) && chance.one_in(50);
            full.then(|| ErrorKind::StorageFull.into())
        });
        for _ in 0..400 {
            clock.advance(100);
            let which = rng.usize(..3);
            let target = &targets[which];
            let losses = match rng.u64(..10) {
                0..6 => {
                    let bytes = rng.bytes(1..=900);
                    let points = rng.u32(1..100);
                    let batch = Batch::new(target, Precision::Second, points, &bytes);
                    let (result, losses) = spool.put(batch);
                    if let Ok(range) = result {
                        on_disk[which] += u64::from(points);
                        if rng.one_in(5) {
                            spool.hold(&range);
                            held.push((which, vec![range]));
                        }
                    }
                    losses
                }
                6 | 7 => {
                    let (result, losses) = spool.take(target, 1_500, &mut body);
                    if let Ok(Some(group)) = result {
                        held.push((which, group.ranges));
                    }
                    losses
                }
                8 if !held.is_empty() => {
                    let (which, ranges) = held.swap_remove(rng.usize(..held.len()));
                    match rng.one_in(3) {
                        true => spool.release(&ranges),
                        false => on_disk[which] -= spool.ack_ranges(&ranges),
                    }
                    Losses::default()
                }
                _ => {
                    let files = sim.image().list(DIR);
                    let mut segments = files.iter().filter(|f| f.0.ends_with(".seg"));
                    if let Some((path, bytes)) = segments.next().filter(|f| f.1.len() > 64) {
                        if rng.one_in(4) {
                            sim.spoil(path, rng.usize(64..bytes.len()));
                        }
                    }
                    spool.sync_all().1
                }
            };
            for loss in &losses.0 {
                let which = targets.iter().position(|t| *t == loss.target).unwrap();
                on_disk[which] -= loss.points;
                assert!(loss.held_points <= loss.points);
            }
            for (target, points) in targets.iter().zip(on_disk) {
                assert_eq!(spool.backlog(target).points, points, "run {seed}");
            }
        }
        for (which, ranges) in held {
            on_disk[which] -= spool.ack_ranges(&ranges);
        }
        for (which, target) in targets.iter().enumerate() {
            while let (Ok(Some(group)), losses) = spool.take(target, 900, &mut body) {
                assert!(losses.0.iter().all(|l| l.target == *target));
                on_disk[which] -= losses.0.iter().map(|l| l.points).sum::<u64>();
                on_disk[which] -= spool.ack(&group);
            }
        }
        let waits = spool.stats().points;
        assert_eq!(waits, 0, "run {seed}");
    }
}

/// The policy that drops nothing drops nothing.
#[test]
fn reject_loses_nothing() {
    let (sim, clock) = (Sim::new(), TestClock::default());
    let mut spool = Spool::builder(DIR)
        .overflow_policy(OverflowPolicy::Reject)
        .open_on(sim.clone(), clock.clone())
        .unwrap();
    let mut losses = Losses::default();
    put(&mut spool, b"x\n", &mut losses).unwrap();
    sim.fail_when(|call, _| (call == Call::Write).then(|| ErrorKind::StorageFull.into()));
    for _ in 0..10 {
        let error = put(&mut spool, b"y\n", &mut losses).unwrap_err();
        assert!(matches!(error, SpoolError::Full));
    }
    assert_eq!((losses, spool.stats().points), (Losses::default(), 1));
}
