//! `kill -9` while a process writes as fast as it can.
//!
//! The test binary runs itself as the victim. The victim prints the number of a batch after the spool
//! said Ok to it, and before it acknowledges one; the reader checks that every number that was printed
//! is there, whole and in order. `SPOOL_KILLS` sets how many victims die (36 by default), four at a
//! time.
//!
//! `SPOOL_EXT4_CUTS` sets how often the same is done with the power of a real ext4 file system, if
//! this may mount one (0 by default, as it needs root).
#![cfg(all(feature = "spool", unix))]

#[path = "../common"]
mod common {
    pub(crate) mod spool;
    pub(crate) mod temp_dir;
}

use common::spool::env_or;
use common::temp_dir::TempDir;
use fastrand::Rng;
use influx_edge::Precision;
use influx_edge::spool::{Batch, Durability, Spool, SpoolError, Target};
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
    let mut rng = Rng::with_seed(first.parse().unwrap());
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
        if rng.u64(..40) == 0 {
            let group = spool
                .read_batches(&target, 20_000, &mut body)
                .unwrap()
                .unwrap();
            for line in body.split_inclusive(|&b| b == b'\n') {
                writeln!(out, "-{}", number(line).unwrap()).unwrap();
            }
            spool.ack(&group);
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
    let pause = Duration::from_micros(rng.u64(..30_000));
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

/// A file system in a file. Unmounted by [`end`](Mount::end); when dropped, if it can be.
struct Mount(std::path::PathBuf);

impl Mount {
    fn new(image: &Path, at: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(at).unwrap();
        tool("mount", &["-o", "loop"], &[image, at])?;
        Ok(Mount(at.into()))
    }

    /// Unmounts. A process that another test forks holds a copy of our open files until it
    /// executes its own program, so for a moment the file system may be busy.
    fn end(self) {
        let mut tries = 0;
        while let Err(why) = tool("umount", &[], &[&self.0]) {
            tries += 1;
            assert!(tries < 200, "{why}");
            std::thread::sleep(Duration::from_millis(20));
        }
        std::mem::forget(self);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = tool("umount", &[], &[&self.0]);
    }
}

fn tool(name: &str, options: &[&str], paths: &[&Path]) -> Result<(), String> {
    let output = Command::new(name)
        .args(options)
        .args(paths)
        .output()
        .map_err(|e| format!("{name}: {e}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// What the disk below the file system holds at this moment. Two copies that are the same tell that
/// nothing was on its way in between.
fn snapshot(image: &Path) -> Vec<u8> {
    let mut last = std::fs::read(image).unwrap();
    loop {
        let next = std::fs::read(image).unwrap();
        if next == last {
            return next;
        }
        last = next;
    }
}

/// The victim is stopped, not killed, so that nothing is flushed on its account; then the disk is
/// copied, and the copy is what comes up after the power cut.
#[test]
fn nothing_that_was_acknowledged_is_lost_by_ext4() {
    let cuts = env_or("SPOOL_EXT4_CUTS", 0);
    if cuts == 0 || std::env::var(VICTIM).is_ok() {
        println!("skipped: SPOOL_EXT4_CUTS not set");
        return;
    }
    let dir = TempDir::new("ext4");
    let image = dir.path().join("disk");
    std::fs::File::create(&image)
        .unwrap()
        .set_len(24 << 20)
        .unwrap();
    let made = tool("mkfs.ext4", &["-q"], &[&image])
        .and_then(|()| Mount::new(&image, &dir.path().join("running")));
    let running = match made {
        Ok(mount) => mount,
        Err(why) => {
            println!("skipped: no ext4 to cut the power of: {why}");
            return;
        }
    };
    let mut rng = Rng::with_seed(99);
    let mut batches = 0;
    for cut in 0..cuts {
        let spool = running.0.join(format!("{cut}"));
        let mut said = Said {
            next: 1,
            ..Said::default()
        };
        // A name of its own: the kernel may still hold the loop device of the cut before.
        let after = dir.path().join(format!("after-{cut}"));
        stop_one(&spool, &mut said, &mut rng, || {
            std::fs::write(&after, snapshot(&image)).unwrap();
        });
        let mounted = Mount::new(&after, &dir.path().join("restarted")).unwrap();
        if !said.kept.is_empty() {
            // A power failure may take the acknowledgement, which isn't synced, and not the removal
            // of the segments that it was about: those numbers are absent.
            let absent = said.acked.len() as u64;
            let spool = mounted.0.join(format!("{cut}"));
            batches += check(&spool, "every", &mut said, absent);
        }
        mounted.end();
        std::fs::remove_file(&after).unwrap();
        std::fs::remove_dir_all(&spool).unwrap();
    }
    running.end();
    assert!(
        batches > cuts,
        "{batches} batches in {cuts} cuts prove nothing"
    );
    println!("{cuts} power cuts of ext4, {batches} batches, 0 lost");
}

/// Starts a victim, stops it in the middle, does something, kills it.
fn stop_one(dir: &Path, said: &mut Said, rng: &mut Rng, meanwhile: impl FnOnce()) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--nocapture"])
        .env(VICTIM, format!("every:1:{}", dir.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("ready")));
    // What it says is read all the time, or a full pipe would stop it first.
    let reader = std::thread::spawn(move || lines.map(Result::unwrap).collect::<Vec<_>>());
    std::thread::sleep(Duration::from_micros(rng.u64(..60_000)));
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-STOP", &id])
            .status()
            .unwrap()
            .success()
    );
    // Stopped when the kernel says so: one may be in the middle of a sync.
    let stopped = || {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        status.lines().any(|l| l.starts_with("State:\tT"))
    };
    while !stopped() {
        std::thread::sleep(Duration::from_micros(200));
    }
    meanwhile();
    child.kill().unwrap();
    child.wait().unwrap();
    for line in reader.join().unwrap() {
        match line.split_at_checked(1) {
            Some(("+", n)) => drop(said.kept.insert(n.parse().unwrap())),
            Some(("-", n)) => drop(said.acked.insert(n.parse().unwrap())),
            _ => panic!("{line}"),
        }
    }
}

/// Everything that was kept and not acknowledged is there, whole, in order; at most so many numbers are
/// absent.
fn check(dir: &Path, mode: &str, said: &mut Said, absent: u64) -> u64 {
    let mut spool = open(dir, mode);
    let report = *spool.open_report();
    assert!(report.is_clean(), "{report:?}");
    assert!(report.absent <= absent, "{report:?}");
    assert_eq!(report.ignored, 0);
    let mut there = BTreeSet::new();
    let mut last = 0;
    let mut body = Vec::new();
    while let Some(group) = spool.read_batches(&target(), 1 << 20, &mut body).unwrap() {
        for line in body.split_inclusive(|&b| b == b'\n') {
            let n = number(line).unwrap();
            assert_eq!(line, payload(n), "{n} is not what was written");
            assert!(n > last, "{n} after {last}");
            last = n;
            there.insert(n);
        }
        spool.ack(&group);
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
                let mut rng = Rng::with_seed(worker + 1);
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
                    if rng.u64(..3) == 0 {
                        // Far beyond whatever the first may have written without a word.
                        said.next = said.kept.last().max(Some(&said.next)).unwrap() + 1_000_000;
                        kill_one(dir, MODES[which], said, &mut rng);
                    }
                    batches += check(dir, MODES[which], said, 0);
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
    assert!(matches!(error, SpoolError::Locked { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(1), "it waited");
    child.kill().unwrap();
    child.wait().unwrap();
    Spool::open(dir.path()).unwrap();
}
