//! Power cuts at every operation of random scripts, in every way a disk may have lost what was not
//! synced.
//!
//! `SPOOL_CUT_STATES` sets how many states are rebuilt and recovered from (4 000 by default).

use super::sim::{Crash, Image, Lie, Sim};
use super::{RngExt, TestClock, drain, env_or};
use crate::Precision;
use crate::spool::{Batch, Durability, Spool, Target};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use fastrand::Rng;
use std::println;
use std::time::Duration;

const DIR: &str = "/var/spool";

/// What a run promised, by the number of operations after which it did.
#[derive(Default)]
struct Promises {
    /// Batch, by its number in its payload; it is on the disk from here on.
    kept: Vec<(usize, u64)>,
    /// Acknowledged: from here on it needn't be there.
    acked: Vec<(usize, u64)>,
    /// Begun: from here on it may be there.
    begun: Vec<(usize, u64)>,
}

fn payload(n: u64) -> Vec<u8> {
    let mut bytes = format!("t,n={n} v={n} ").into_bytes();
    let fill = Rng::with_seed(n).usize(..700);
    // Looks like a record's beginning now and then.
    bytes.extend(&b"\xF5REC".repeat(fill / 4 + 1)[..fill]);
    bytes.push(b'\n');
    bytes
}

fn number(payload: &[u8]) -> Option<u64> {
    let text = payload.strip_prefix(b"t,n=")?;
    let end = text.iter().position(|&b| b == b' ')?;
    std::str::from_utf8(&text[..end]).ok()?.parse().ok()
}

fn targets() -> [Target; 2] {
    ["a", "b"].map(|bucket| Target::new("acme", bucket).unwrap())
}

fn target_of(n: u64) -> usize {
    usize::from(n % 3 == 0)
}

fn open(sim: &Sim, durability: Durability, clock: &TestClock) -> Spool {
    Spool::builder(DIR)
        .segment_bytes(4096)
        .durability(durability)
        .open_on(sim.clone(), clock.clone())
        .unwrap()
}

/// A random run, and what it promised.
fn run(sim: &Sim, durability: Durability, rng: &mut Rng) -> Promises {
    let (clock, targets) = (TestClock::default(), targets());
    let mut promises = Promises::default();
    let mut spool = open(sim, durability, &clock);
    let mut waiting: Vec<u64> = Vec::new();
    let mut n = 0;
    let mut body = Vec::new();
    for _ in 0..40 + rng.u64(..40) {
        match rng.u64(..20) {
            0..12 => {
                n += 1;
                promises.begun.push((sim.ops(), n));
                let bytes = payload(n);
                let batch = Batch::new(&targets[target_of(n)], Precision::Second, 1, &bytes);
                spool.append(batch).unwrap();
                match durability {
                    Durability::EveryBatch => promises.kept.push((sim.ops(), n)),
                    _ => waiting.push(n),
                }
            }
            12..14 => {
                let target = &targets[rng.usize(..2)];
                let max = rng.usize(..2000);
                if let Some(group) = spool.read_batches(target, max, &mut body).unwrap() {
                    for line in body.split_inclusive(|&b| b == b'\n') {
                        let n = number(line).unwrap();
                        promises.acked.push((sim.ops(), n));
                    }
                    spool.ack(&group);
                }
            }
            14 | 15 => {
                spool.sync().unwrap();
                promises
                    .kept
                    .extend(waiting.drain(..).map(|n| (sim.ops(), n)));
            }
            16 => {
                // kill -9: nothing is lost but the process.
                std::mem::forget(spool);
                sim.kill();
                spool = open(sim, durability, &clock);
            }
            17 => {
                drop(spool);
                if durability != Durability::OsManaged {
                    promises
                        .kept
                        .extend(waiting.drain(..).map(|n| (sim.ops(), n)));
                }
                spool = open(sim, durability, &clock);
            }
            18 => {
                let batch = Batch::new(&targets[0], Precision::Second, 1, b"bad line\n");
                spool.reject(batch, "no").unwrap();
            }
            _ => {
                clock.advance(rng.u64(..100));
                spool.poll().unwrap();
            }
        }
    }
    std::mem::forget(spool);
    sim.kill();
    promises
}

/// Opens what the cut left, and compares with what was promised at that operation.
fn check(sim: &Sim, promises: &Promises, at: usize, durability: Durability) -> Result<(), String> {
    let upto = |events: &[(usize, u64)]| -> BTreeSet<u64> {
        let mut events = events
            .iter()
            .take_while(|e| e.0 <= at)
            .map(|e| e.1)
            .collect();
        std::mem::take(&mut events)
    };
    let (kept, acked, begun) = (
        upto(&promises.kept),
        upto(&promises.acked),
        upto(&promises.begun),
    );
    let clock = TestClock::default();
    let mut spool = open(sim, durability, &clock);
    let report = *spool.open_report();
    if durability == Durability::EveryBatch && !report.is_clean() {
        return Err(format!("damage where there should be none: {report:?}"));
    }
    let mut there = BTreeSet::new();
    for (which, target) in targets().iter().enumerate() {
        let mut last = 0;
        for (_, bytes) in drain(&mut spool, target) {
            let Some(n) = number(&bytes).filter(|n| payload(*n) == bytes) else {
                return Err(format!("corrupt: {:?}", String::from_utf8_lossy(&bytes)));
            };
            if target_of(n) != which || !begun.contains(&n) {
                return Err(format!("{n} should not be here"));
            }
            if n <= last {
                return Err(format!("{n} after {last}"));
            }
            last = n;
            there.insert(n);
        }
    }
    if spool.stats().corrupt_batches > 0 {
        return Err("corrupt when read".into());
    }
    if let Some(lost) = kept
        .iter()
        .find(|n| !acked.contains(n) && !there.contains(n))
    {
        return Err(format!("{lost} was promised and is lost"));
    }
    let bytes = payload(1_000_003);
    let target = &targets()[0];
    let batch_id = spool.append(Batch::new(target, Precision::Second, 1, &bytes));
    let batch_id = batch_id.map_err(|e| format!("not usable afterwards: {e}"))?;
    if drain(&mut spool, target) != [(batch_id.first_seq, bytes)] {
        return Err("what is written afterwards does not come back".into());
    }
    Ok(())
}

/// Random runs, cut at every operation, until so many states were looked at; or the first that broke
/// a promise.
fn cut(durability: Durability, lie: Option<Lie>, states: u64, seed: u64) -> Result<u64, String> {
    let mut rng = Rng::with_seed(seed);
    let mut looked = 0;
    while looked < states {
        let sim = Sim::new();
        if let Some(lie) = lie {
            sim.lie(lie);
        }
        let promises = run(&sim, durability, &mut rng);
        let mut crash = Crash::new(&sim, Image::default());
        loop {
            let at = crash.done();
            let found = |e: String| format!("after operation {at}: {e}");
            let mut images = vec![crash.nothing_more(), crash.everything()];
            images.extend((0..4).map(|_| crash.some(&mut rng)));
            for sim in images {
                // Now and then the power goes again while recovering.
                let again = rng.one_in(4).then(|| sim.image());
                check(&sim, &promises, at, durability).map_err(found)?;
                looked += 1;
                if let Some(image) = again {
                    looked += 1;
                    check_again(image, &promises, at, durability, &mut rng).map_err(found)?;
                }
            }
            if !crash.advance() {
                break;
            }
        }
    }
    Ok(looked)
}

/// A second cut while the spool is being opened after the first.
fn check_again(
    image: Image,
    promises: &Promises,
    at: usize,
    durability: Durability,
    rng: &mut Rng,
) -> Result<(), String> {
    let sim = Sim::from_image(image.clone());
    std::mem::forget(open(&sim, durability, &TestClock::default()));
    let mut crash = Crash::new(&sim, image);
    let stop = rng.usize(..=sim.ops());
    while crash.done() < stop && crash.advance() {}
    let second = crash.some(rng);
    check(&second, promises, at, durability).map_err(|e| format!("and a second cut: {e}"))
}

fn states() -> u64 {
    env_or("SPOOL_CUT_STATES", 4_000)
}

const INTERVAL: Durability = Durability::Interval(Duration::from_millis(50));

#[test]
fn every_batch_survives_every_cut() {
    let started = std::time::Instant::now();
    let looked = cut(Durability::EveryBatch, None, states() / 2, 1).unwrap();
    println!("{looked} states, {:?}", started.elapsed());
}

#[test]
fn what_was_synced_survives_every_cut() {
    let started = std::time::Instant::now();
    let looked = cut(INTERVAL, None, states() / 4, 2).unwrap()
        + cut(Durability::OsManaged, None, states() / 4, 3).unwrap();
    println!("{looked} states, {:?}", started.elapsed());
}

/// The controls: without any one of the syncs, or with Ok before it, the same test finds a loss.
#[test]
fn without_any_one_of_the_syncs_it_is_noticed() {
    let mut caught = BTreeMap::new();
    for (durability, lie) in [
        (Durability::EveryBatch, Lie::Records),
        (Durability::EveryBatch, Lie::Header),
        (Durability::EveryBatch, Lie::Dir),
        (Durability::EveryBatch, Lie::Parent),
        (Durability::EveryBatch, Lie::Late),
        (INTERVAL, Lie::Records),
        (INTERVAL, Lie::Dir),
        (INTERVAL, Lie::Parent),
        (INTERVAL, Lie::Rotation),
        (INTERVAL, Lie::Settle),
        (INTERVAL, Lie::Late),
        (Durability::OsManaged, Lie::Records),
        (Durability::OsManaged, Lie::Dir),
        (Durability::OsManaged, Lie::Parent),
    ] {
        let found = cut(durability, Some(lie), 20_000, 4);
        caught.insert(format!("{durability:?} without {lie:?}"), found);
    }
    for (control, found) in &caught {
        println!("{control}: {found:?}");
    }
    for (control, found) in caught {
        assert!(found.is_err(), "{control}: not noticed");
    }
}
