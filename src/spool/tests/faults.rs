//! Disks that fail: full, read-only, out of descriptors, broken syncs, a directory that is gone.
//!
//! In every case: no batch is acknowledged that a power cut would take, and the spool works again when
//! the disk does.

use super::sim::{Call, Crash, Image, Sim};
use super::{RngExt, TestClock, append, drain, env_or, io_error, target};
use crate::spool::{Durability, OverflowPolicy, Spool, SpoolBuilder, SpoolError};
use alloc::vec::Vec;
use alloc::{format, vec};
use fastrand::Rng;
use std::io::{self, ErrorKind};
use std::path::Path;

const DIR: &str = "/spool";

fn builder() -> SpoolBuilder {
    Spool::builder(DIR).segment_bytes(4096).max_bytes(1 << 20)
}

fn payload(n: u64) -> Vec<u8> {
    format!("t,n={n} v={n} {n}\n").into_bytes()
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "seg")
}

/// After a power cut that keeps only what was synced: the numbers in the payloads.
fn after_cut(sim: &Sim, seed: u64) -> Vec<u64> {
    let mut crash = Crash::new(sim, Image::default());
    while crash.advance() {}
    let disk = match seed {
        0 => crash.nothing_more(),
        seed => crash.some(&mut Rng::with_seed(seed)),
    };
    let mut spool = builder().open_on(disk, TestClock::default()).unwrap();
    let number = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).unwrap();
        let n = text["t,n=".len()..text.find(' ').unwrap()].parse().unwrap();
        assert_eq!(bytes, payload(n));
        n
    };
    let batches = drain(&mut spool, &target());
    batches.iter().map(|(_, bytes)| number(bytes)).collect()
}

#[test]
fn a_failed_sync_is_met_by_a_new_segment_and_never_repeated() {
    let sim = Sim::new();
    let clock = TestClock::default();
    let mut spool = builder().open_on(sim.clone(), clock.clone()).unwrap();
    let mut kept: Vec<u64> = Vec::new();
    let mut syncs = 0;
    sim.fail_when(move |call, path| {
        let hit = call == Call::Sync && is_segment(path);
        syncs += u64::from(hit);
        (hit && syncs % 5 == 0).then(|| io::Error::from_raw_os_error(5))
    });
    for n in 1..=100 {
        clock.advance(2_000);
        if append(&mut spool, &target(), &payload(n)).is_ok() {
            kept.push(n);
        }
    }
    assert_eq!(kept.len(), 100, "each time the second attempt works");
    let stats = spool.stats();
    assert!(stats.poisoned_segments >= 20 && !stats.failed, "{stats:?}");
    assert_eq!(stats.at_risk, 0);
    assert_eq!(sim.synced_again(), 0, "a failed sync was repeated");
    assert_eq!(after_cut(&sim, 0), kept);
    for seed in 1..50 {
        assert_eq!(after_cut(&sim, seed), kept);
    }
    sim.heal();
    assert_eq!(drain(&mut spool, &target()).len(), 100);
}

#[test]
fn when_the_new_segment_fails_too_nothing_is_acknowledged() {
    let sim = Sim::new();
    let clock = TestClock::default();
    let mut spool = builder().open_on(sim.clone(), clock.clone()).unwrap();
    append(&mut spool, &target(), &payload(1)).unwrap();
    sim.fail_when(|call, _| {
        matches!(call, Call::Sync | Call::SyncDir).then(|| io::Error::from_raw_os_error(5))
    });
    let error = append(&mut spool, &target(), &payload(2)).unwrap_err();
    assert_eq!(io_error(&error).unwrap().raw_os_error(), Some(5));
    assert!(spool.stats().failed);
    assert_eq!(spool.stats().batches, 1);
    // The disk is left alone for a second.
    let calls = sim.calls(Call::Write);
    let error = append(&mut spool, &target(), &payload(2)).unwrap_err();
    assert!(matches!(error, SpoolError::Failed));
    assert_eq!(sim.calls(Call::Write), calls);
    // What is there is still delivered.
    let mut body = Vec::new();
    let group = spool
        .read_batches(&target(), 0, &mut body)
        .unwrap()
        .unwrap();
    assert_eq!(body, payload(1));
    clock.advance(1_000);
    append(&mut spool, &target(), &payload(2)).unwrap_err();
    assert!(sim.calls(Call::Write) > calls);
    clock.advance(1_000);
    sim.heal();
    append(&mut spool, &target(), &payload(3)).unwrap();
    assert!(!spool.stats().failed);
    spool.ack(&group);
    assert_eq!(drain(&mut spool, &target()).len(), 1);
    assert_eq!(sim.synced_again(), 0);
    assert!(after_cut(&sim, 0).contains(&3));
}

#[test]
fn a_sync_that_is_asked_for_and_fails_says_so_once() {
    let sim = Sim::new();
    let builder = builder().durability(Durability::OsManaged);
    let mut spool = builder.open_on(sim.clone(), TestClock::default()).unwrap();
    for n in 1..=3 {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
    sim.fail_when(|call, _| (call == Call::Sync).then(|| io::Error::from_raw_os_error(5)));
    spool.sync().unwrap_err();
    assert_eq!(spool.stats().at_risk, 3);
    sim.heal();
    append(&mut spool, &target(), &payload(4)).unwrap();
    spool.sync().unwrap();
    assert_eq!(sim.synced_again(), 0);
    assert!(after_cut(&sim, 0).contains(&4));
    assert_eq!(drain(&mut spool, &target()).len(), 4, "readable still");
}

#[test]
fn a_full_disk_is_what_the_policy_says() {
    for policy in [OverflowPolicy::DropOldest, OverflowPolicy::Reject] {
        let sim = Sim::new();
        let builder = builder().overflow_policy(policy);
        let mut spool = builder.open_on(sim.clone(), TestClock::default()).unwrap();
        // A disk of 20 KB.
        let disk = sim.clone();
        sim.fail_when(move |call, path| {
            let used: usize = disk.image().list(DIR).iter().map(|f| f.1.len()).sum();
            let grows = matches!(call, Call::Write | Call::Create) && is_segment(path);
            (grows && used > 20_000).then(|| ErrorKind::StorageFull.into())
        });
        let mut kept = Vec::new();
        for n in 1..=600 {
            match append(&mut spool, &target(), &payload(n)) {
                Ok(_) => kept.push(n),
                Err(e) => assert!(matches!(e, SpoolError::Full), "{e}"),
            }
        }
        let stats = spool.stats();
        let there: Vec<_> = after_cut(&sim, 0);
        match policy {
            OverflowPolicy::Reject => {
                assert!(kept.len() > 150 && kept.len() < 400, "{}", kept.len());
                assert_eq!(there, kept);
            }
            _ => {
                assert_eq!(kept.len(), 600);
                assert_eq!(there.len() as u64, stats.batches);
                assert_eq!(there.len() as u64 + stats.dropped_batches, 600);
                assert_eq!(there.last(), Some(&600));
            }
        }
        assert!(!stats.failed);
        sim.heal();
        append(&mut spool, &target(), &payload(1000)).unwrap();
        assert_eq!(drain(&mut spool, &target()).pop().unwrap().1, payload(1000));
    }
}

#[test]
fn a_disk_that_became_read_only_or_a_process_out_of_descriptors() {
    for error in [
        ErrorKind::ReadOnlyFilesystem.into(),
        io::Error::from_raw_os_error(24),
        // Permission lost.
        io::Error::from_raw_os_error(13),
    ] {
        let (kind, code) = (error.kind(), error.raw_os_error());
        let again = move || code.map_or_else(|| kind.into(), io::Error::from_raw_os_error);
        let sim = Sim::new();
        let clock = TestClock::default();
        let mut spool = builder().open_on(sim.clone(), clock.clone()).unwrap();
        let first = append(&mut spool, &target(), &payload(1)).unwrap();
        let mut kept = vec![1];
        let writes = [
            Call::Create,
            Call::Remove,
            Call::Rename,
            Call::SetLen,
            Call::Open,
        ];
        sim.fail_when(move |call, _| {
            let read_only = code.is_none() && call == Call::Write;
            (read_only || writes.contains(&call)).then(again)
        });
        for n in 2..200 {
            clock.advance(1_000);
            if append(&mut spool, &target(), &payload(n)).is_ok() {
                kept.push(n);
            }
        }
        assert!(spool.stats().failed);
        spool.ack(&first);
        // Opening fails for what the system says, and takes nothing away.
        drop(spool);
        let refused = builder().open_on(sim.clone(), TestClock::default());
        assert!(refused.is_err_and(|e| io_error(&e).is_some()));
        sim.heal();
        let mut spool = builder()
            .open_on(sim.clone(), TestClock::default())
            .unwrap();
        assert!(spool.open_report().is_clean());
        let there = drain(&mut spool, &target()).len();
        assert!(there == kept.len() || there + 1 == kept.len());
    }
}

#[test]
fn a_directory_that_was_deleted_takes_no_batch() {
    let sim = Sim::new();
    let clock = TestClock::default();
    let mut spool = builder().open_on(sim.clone(), clock.clone()).unwrap();
    append(&mut spool, &target(), &payload(1)).unwrap();
    sim.remove_tree(Path::new(DIR));
    for n in 2..5 {
        clock.advance(1_000);
        append(&mut spool, &target(), &payload(n)).unwrap_err();
    }
    assert_eq!(drain(&mut spool, &target()), []);
    assert_eq!(spool.stats().corrupt_batches, 1);
}

#[test]
fn what_cannot_be_read_now_is_read_later() {
    let sim = Sim::new();
    let mut spool = builder()
        .open_on(sim.clone(), TestClock::default())
        .unwrap();
    for n in 1..=100 {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
    sim.fail_when(|call, _| (call == Call::Read).then(|| io::Error::from_raw_os_error(5)));
    let mut body = Vec::new();
    for _ in 0..3 {
        spool
            .read_batches(&target(), 1 << 20, &mut body)
            .unwrap_err();
    }
    sim.heal();
    assert_eq!(drain(&mut spool, &target()).len(), 100);
    assert_eq!(spool.stats().corrupt_batches, 0);
}

/// `SPOOL_FAULT_RUNS` sets the number of runs (300 by default).
#[test]
fn any_failure_anywhere_and_a_power_cut_after_it() {
    let mut rng = Rng::with_seed(11);
    for run in 0..env_or("SPOOL_FAULT_RUNS", 300) {
        let sim = Sim::new();
        let clock = TestClock::default();
        let mut spool = builder().open_on(sim.clone(), clock.clone()).unwrap();
        let (mut chance, one_in) = (rng.clone(), 2 + rng.u64(..30));
        rng.u64(..);
        sim.fail_when(move |_, _| {
            let code = [5, 28, 30, 24, 4][chance.usize(..5)];
            chance
                .one_in(one_in)
                .then(|| io::Error::from_raw_os_error(code))
        });
        let (mut kept, mut acked, mut body) = (Vec::new(), Vec::new(), Vec::new());
        for n in 1..60 {
            clock.advance(500);
            if append(&mut spool, &target(), &payload(n)).is_ok() {
                kept.push(n);
            }
            if rng.one_in(10) {
                if let Ok(Some(group)) = spool.read_batches(&target(), 200, &mut body) {
                    acked.extend(group.ranges.iter().map(|run| run.first));
                    spool.ack(&group);
                    // By number of payload: what was delivered needn't be there.
                    for line in body.split_inclusive(|&b| b == b'\n') {
                        kept.retain(|n| payload(*n) != line);
                    }
                }
            }
        }
        let dropped = spool.stats().dropped_batches > 0;
        let corrupt = spool.stats().corrupt_batches;
        assert_eq!(sim.synced_again(), 0, "run {run}");
        sim.heal();
        for seed in 0..3 {
            let there = after_cut(&sim, seed);
            // Twice only if the first attempt failed, and removing what it left failed too.
            assert!(
                there.windows(2).all(|w| w[0] <= w[1]),
                "run {run}: {there:?}"
            );
            let lost: Vec<_> = kept.iter().filter(|n| !there.contains(n)).collect();
            assert!(lost.is_empty() || dropped, "run {run}: lost {lost:?}");
        }
        assert_eq!(corrupt, 0, "run {run}");
        let there = drain(&mut spool, &target());
        assert!(dropped || there.len() == kept.len(), "run {run}");
    }
}

/// The list of faults in the module's page: each names its tests, and they are there.
#[test]
fn the_fault_table_is_complete() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("src/spool/mod.rs")).unwrap();
    let mut rows = alloc::collections::BTreeSet::new();
    let mut tests = 0;
    let mut row = 0;
    for line in page.lines().filter_map(|l| l.strip_prefix("//! ")) {
        if let Some(heading) = line.strip_prefix("## D") {
            row = heading[..1].parse().unwrap();
            continue;
        }
        // A test stands alone on its line.
        let alone = line
            .strip_prefix("  `")
            .and_then(|test| test.strip_suffix('`'));
        let Some(test) = alone else {
            continue;
        };
        let (file, name) = test.split_once("::").unwrap();
        let source = std::fs::read_to_string(root.join(file)).unwrap();
        let at = source
            .find(&format!("\nfn {name}()"))
            .unwrap_or_else(|| panic!("D{row}: {test} is not there"));
        assert!(
            source[..at].trim_end().ends_with("#[test]"),
            "{test} is not run"
        );
        rows.insert(row);
        tests += 1;
    }
    assert_eq!(rows.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(tests >= 40, "{tests}");
}
