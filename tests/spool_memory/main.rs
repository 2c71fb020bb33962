//! What an outage costs in memory.
//!
//! `SPOOL_OUTAGE_MB` sets how much is written and drained (64 by default; 1024 is the full test).
#![cfg(all(feature = "spool", target_os = "linux"))]

#[path = "../common"]
mod common {
    pub(crate) mod spool;
    pub(crate) mod temp_dir;
}

use common::spool::{env_or, target};
use common::temp_dir::TempDir;
use influx_edge::Precision;
use influx_edge::spool::{Batch, Durability, Spool};
use std::sync::{Mutex, PoisonError};

/// One test at a time, so that what the process holds is what one of them holds.
static ALONE: Mutex<()> = Mutex::new(());

/// Kilobytes of this process that are in memory and are no file's.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_long_outage_takes_a_megabyte_at_most() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let megabytes = env_or("SPOOL_OUTAGE_MB", 64);
    // A short one before: code that runs for the first time is loaded, or translated, into memory.
    outage(2);
    let more = outage(megabytes);
    println!("{megabytes} MB: {more} KiB more at most");
    assert!(more <= 1024, "{more} KiB");
}

/// Writes, and drains after a restart, so many megabytes: how many kilobytes of memory that takes.
fn outage(megabytes: u64) -> u64 {
    let dir = TempDir::new("outage");
    let target = target();
    let bytes = vec![b'x'; 5_000];
    let mut body = Vec::with_capacity(300 << 10);
    let open = || {
        Spool::builder(dir.path())
            .max_bytes(megabytes * (2 << 20))
            .durability(Durability::OsManaged)
            .open()
            .unwrap()
    };
    // The caller's own buffer is not the spool's.
    body.resize(300 << 10, 1);
    let before = resident();
    let mut most = before;
    let mut spool = open();
    let batches = megabytes * (1 << 20) / 5_000;
    for n in 0..batches {
        spool
            .append(Batch::new(&target, Precision::Second, 1, &bytes))
            .unwrap();
        if n % 1000 == 0 {
            most = most.max(resident());
        }
    }
    drop(spool);
    let mut spool = open();
    most = most.max(resident());
    assert_eq!(spool.stats().batches, batches);
    let mut delivered = 0;
    while let Some(group) = spool.read_batches(&target, 256 << 10, &mut body).unwrap() {
        delivered += group.points;
        spool.ack(&group);
        most = most.max(resident());
    }
    assert_eq!(delivered, batches);
    assert!(spool.is_empty());
    most - before
}

#[test]
fn three_days_at_one_point_a_second_and_a_restart() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = TempDir::new("days");
    let target = target();
    let points = 72 * 3600_u64;
    let mut seen = vec![0_u8; points as usize];
    let mut body = Vec::new();
    let builder = || Spool::builder(dir.path()).durability(Durability::OsManaged);
    let mut spool = builder().open().unwrap();
    for n in 0..points {
        let line = format!("t,site=a v={n} {n}\n");
        let batch = Batch::new(&target, Precision::Second, 1, line.as_bytes());
        spool.append(batch).unwrap();
        if n == points / 2 {
            drop(spool);
            spool = builder().open().unwrap();
        }
    }
    assert_eq!(spool.stats().dropped_points, 0);
    let mut last = None;
    while let Some(group) = spool.read_batches(&target, 512 << 10, &mut body).unwrap() {
        for line in std::str::from_utf8(&body).unwrap().lines() {
            let n: usize = line.rsplit(' ').next().unwrap().parse().unwrap();
            seen[n] += 1;
            assert!(last.is_none_or(|last| last < n), "out of order");
            last = Some(n);
        }
        spool.ack(&group);
    }
    assert!(seen.iter().all(|&times| times == 1));
    assert_eq!(spool.stats().acknowledged, points);
}
