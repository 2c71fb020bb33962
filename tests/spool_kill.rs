//! `kill -9` while a process writes as fast as it can.
//!
//! The test binary runs itself as the victim. The victim prints the number of a batch after the spool
//! said Ok to it, and before it acknowledges one; the reader checks that every number that was printed
//! is there, whole and in order. `SPOOL_KILLS` sets how many victims die (36 by default), four at a
//! time.
#![cfg(all(feature = "spool", unix))]

mod spool_support;

use influx_edge::Precision;
use influx_edge::spool::{Batch, Durability, Spool, Target};
use spool_support::TempDir;
use spool_support::rng::{Rng, env_or};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const VICTIM: &str = "SPOOL_TEST_VICTIM";
const MODES: [&str; 3] = ["every", "interval", "os"];

fn durability(mode: &str) -> Durability {
    match mode {
        "every" => Durability::EveryBatch,
        "interval" => Durability::Interval(Duration::from_millis(2)),
        _ => Durability::OsManaged,
    }
}

fn target() -> Target {
    Target::new("acme", "sensors").unwrap()
}

fn payload(n: u64) -> Vec<u8> {
    let len = 40 + (n * 7919 % 3000) as usize;
    let mut text = format!("t,n={n} v={n} ");
    while text.len() < len {
        text.push_str("0123456789abcdef");
    }
    text.push('\n');
    text.into_bytes()
}

fn number(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok()?.strip_prefix("t,n=")?;
    text.split(' ').next()?.parse().ok()
}

fn open(dir: &Path, mode: &str) -> Spool {
    Spool::builder(dir)
        .max_bytes(1 << 30)
        .segment_bytes(64 << 10)
        .durability(durability(mode))
        .open()
        .unwrap()
}

/// Not a test of its own: what a victim does, until it is killed.
#[test]
fn victim() {
    let Ok(job) = std::env::var(VICTIM) else {
        return;
    };
    let [mode, first, dir] = job.splitn(3, ':').collect::<Vec<_>>()[..] else {
        panic!("{job}")
    };
    let mut spool = open(Path::new(dir), mode);
    let mut rng = Rng::new(first.parse().unwrap());
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready").unwrap();
    let target = target();
    let mut body = Vec::new();
    for n in first.parse::<u64>().unwrap().. {
        let bytes = payload(n);
        spool
            .append(Batch::new(&target, Precision::Second, 1, &bytes))
            .unwrap();
        writeln!(out, "+{n}").unwrap();
        if rng.chance(40) {
            let bundle = spool.collect(&target, 20_000, &mut body).unwrap().unwrap();
            for line in body.split_inclusive(|&b| b == b'\n') {
                writeln!(out, "-{}", number(line).unwrap()).unwrap();
            }
            spool.ack(bundle.tickets());
        }
    }
}

/// What the victims of one directory said.
#[derive(Default)]
struct Said {
    kept: BTreeSet<u64>,
    acked: BTreeSet<u64>,
    next: u64,
}

fn kill_one(dir: &Path, mode: &str, said: &mut Said, rng: &mut Rng) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--nocapture"])
        .env(VICTIM, format!("{mode}:{}:{}", said.next, dir.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = |line: &Result<String, _>| matches!(line, Ok(l) if l.ends_with("ready"));
    assert!(
        lines.by_ref().any(|line| ready(&line)),
        "the victim never began"
    );
    // Sometimes at once, sometimes in the middle of rotations.
    let pause = Duration::from_micros(rng.below(30_000));
    let killer = std::thread::spawn(move || {
        std::thread::sleep(pause);
        child.kill().unwrap();
        child.wait().unwrap()
    });
    for line in lines {
        // The last line may be cut: then it was not said.
        let line = line.unwrap();
        match line.split_at_checked(1) {
            Some(("+", n)) => drop(said.kept.insert(n.parse().unwrap())),
            Some(("-", n)) => drop(said.acked.insert(n.parse().unwrap())),
            _ => panic!("{line}"),
        }
    }
    let status = killer.join().unwrap();
    assert_eq!(status.signal(), Some(9), "died of something else: {status}");
}

/// Everything that was kept and not acknowledged is there, whole, in order.
fn check(dir: &Path, mode: &str, said: &mut Said) -> u64 {
    let mut spool = open(dir, mode);
    let report = *spool.open_report();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.absent, report.ignored), (0, 0));
    let mut there = BTreeSet::new();
    let mut last = 0;
    let mut body = Vec::new();
    while let Some(bundle) = spool.collect(&target(), 1 << 20, &mut body).unwrap() {
        for line in body.split_inclusive(|&b| b == b'\n') {
            let n = number(line).unwrap();
            assert_eq!(line, payload(n), "{n} is not what was written");
            assert!(n > last, "{n} after {last}");
            last = n;
            there.insert(n);
        }
        spool.ack(bundle.tickets());
    }
    let lost: Vec<_> = said
        .kept
        .iter()
        .filter(|n| !said.acked.contains(n) && !there.contains(n))
        .collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let count = said.kept.len() as u64;
    said.next = said.kept.last().max(there.last()).map_or(1, |n| n + 1);
    said.kept.clear();
    said.acked.clear();
    count
}

#[test]
fn nothing_that_was_acknowledged_is_lost() {
    if std::env::var(VICTIM).is_ok() {
        return;
    }
    let kills = env_or("SPOOL_KILLS", 36);
    let started = std::time::Instant::now();
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let share = kills / 4 + u64::from(worker < kills % 4);
            std::thread::spawn(move || {
                let mut rng = Rng::new(worker + 1);
                let (mut batches, mut recoveries) = (0, 0);
                let dirs = MODES.map(|_| TempDir::new("kill"));
                let mut said = MODES.map(|_| Said {
                    next: 1,
                    ..Said::default()
                });
                for round in 0..share {
                    let which = (round % 3) as usize;
                    let (dir, said) = (dirs[which].path(), &mut said[which]);
                    kill_one(dir, MODES[which], said, &mut rng);
                    // Two or three victims in a row on one directory, now and then.
                    if rng.chance(3) {
                        // Far beyond whatever the first may have written without a word.
                        said.next = said.kept.last().max(Some(&said.next)).unwrap() + 1_000_000;
                        kill_one(dir, MODES[which], said, &mut rng);
                    }
                    batches += check(dir, MODES[which], said);
                    recoveries += 1;
                }
                (batches, recoveries)
            })
        })
        .collect();
    let (mut batches, mut recoveries) = (0, 0);
    for worker in workers {
        let (b, r): (u64, u64) = worker.join().unwrap();
        (batches, recoveries) = (batches + b, recoveries + r);
    }
    assert_eq!(recoveries, kills);
    println!(
        "{kills} recoveries after kill -9, {batches} batches, 0 lost, {:?}",
        started.elapsed()
    );
}

#[test]
fn the_lock_dies_with_its_owner() {
    if std::env::var(VICTIM).is_ok() {
        return;
    }
    let dir = TempDir::new("lock");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--nocapture"])
        .env(VICTIM, format!("os:1:{}", dir.path().display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("ready")));
    let started = std::time::Instant::now();
    let error = Spool::open(dir.path()).unwrap_err();
    assert!(error.is_locked(), "{error}");
    assert!(started.elapsed() < Duration::from_secs(1), "it waited");
    child.kill().unwrap();
    child.wait().unwrap();
    Spool::open(dir.path()).unwrap();
}
