//! Batches in, batches out, restarts in between.

use crate::common::spool::{append, drain, target};
use crate::common::temp_dir::TempDir;
use influx_edge::Precision;
use influx_edge::spool::{
    Batch, Durability, OpenReport, OverflowPolicy, Spool, SpoolError, Target,
};
use std::panic::{RefUnwindSafe, UnwindSafe};

fn payload(n: u64) -> Vec<u8> {
    format!("t,n={n} v={n} {n}\n").into_bytes()
}

#[test]
fn what_goes_in_comes_out_in_order_also_after_a_restart() {
    for durability in [
        Durability::EveryBatch,
        Durability::Interval(std::time::Duration::from_millis(5)),
        Durability::OsManaged,
    ] {
        let dir = TempDir::new("order");
        let mut spool = Spool::builder(dir.path())
            .segment_bytes(4096)
            .durability(durability)
            .open()
            .unwrap();
        for n in 1..=300 {
            assert_eq!(
                append(&mut spool, &target(), &payload(n))
                    .unwrap()
                    .first_seq,
                n
            );
        }
        assert!(spool.stats().segments > 3);
        drop(spool);

        let mut spool = Spool::open(dir.path()).unwrap();
        let report = *spool.open_report();
        assert!(report.is_clean(), "{report:?}");
        assert_eq!((report.batches, report.points), (300, 300));
        assert_eq!(
            (report.absent, report.torn_bytes, report.ignored),
            (0, 0, 0)
        );
        let out = drain(&mut spool, &target());
        assert_eq!(out.len(), 300);
        for (i, (seq, bytes)) in out.iter().enumerate() {
            assert_eq!((*seq, bytes), (i as u64 + 1, &payload(i as u64 + 1)));
        }
        assert!(spool.is_empty());
        spool.close().unwrap();

        let mut spool = Spool::open(dir.path()).unwrap();
        assert!(spool.is_empty());
        assert_eq!(spool.open_report().batches, 0);
        assert_eq!(append(&mut spool, &target(), b"x").unwrap().first_seq, 301);
    }
}

#[test]
fn bundles_join_small_batches_up_to_a_size_and_a_precision() {
    let dir = TempDir::new("group");
    let mut spool = Spool::open(dir.path()).unwrap();
    let target = target();
    let mut put = |bytes: &[u8], precision, points| {
        spool
            .append(Batch::new(&target, precision, points, bytes))
            .unwrap();
    };
    put(b"a v=1 1\n", Precision::Second, 1);
    put(b"a v=2 2", Precision::Second, 2);
    put(b"a v=3 3\n", Precision::Second, 3);
    put(b"a v=4 4\n", Precision::Millisecond, 4);
    let mut body = b"old".to_vec();
    let first = spool.read_batches(&target, 17, &mut body).unwrap().unwrap();
    assert_eq!((first.batches, first.points), (2, 3));
    assert_eq!(body, b"a v=1 1\na v=2 2");
    let again = spool
        .read_batches(&target, 1000, &mut body)
        .unwrap()
        .unwrap();
    assert_eq!((again.batches, again.points), (3, 6));
    assert_eq!(body, b"a v=1 1\na v=2 2\na v=3 3\n");
    assert_eq!(again.precision, Precision::Second);
    spool.ack(&again);
    let last = spool
        .read_batches(&target, 1000, &mut body)
        .unwrap()
        .unwrap();
    assert_eq!((last.points, last.precision), (4, Precision::Millisecond));
    spool.ack(&first);
    assert_eq!(spool.stats().acknowledged, 3, "a second time is no time");
    spool.ack(&last);
    assert!(
        spool
            .read_batches(&target, 1000, &mut body)
            .unwrap()
            .is_none()
    );
    assert!(body.is_empty());
}

#[test]
fn thousands_of_one_line_batches_are_one_range() {
    let dir = TempDir::new("lines");
    let mut spool = Spool::builder(dir.path())
        .durability(Durability::OsManaged)
        .open()
        .unwrap();
    for n in 0..5_000 {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
    let mut body = Vec::new();
    let group = spool.read_batches(&target(), 1 << 20, &mut body);
    let group = group.unwrap().unwrap();
    assert_eq!((group.batches, group.points), (5_000, 5_000));
    assert_eq!((group.first_seq, group.last_seq), (1, 5_000));
    assert_eq!(group.bytes, body.len() as u64);
    assert_eq!(body, (0..5_000).flat_map(payload).collect::<Vec<_>>());
    assert_eq!(spool.ack(&group), 5_000);
    assert!(spool.is_empty());
}

#[test]
fn a_range_of_which_a_part_is_done_counts_the_rest() {
    let dir = TempDir::new("part");
    let mut spool = Spool::open(dir.path()).unwrap();
    let target = target();
    let appended: Vec<_> = (1..=10_u32)
        .map(|n| {
            let batch = Batch::new(&target, Precision::Second, n, b"x\n");
            spool.append(batch).unwrap()
        })
        .collect();
    let group = spool.read_batches(&target, 1000, &mut Vec::new());
    let group = group.unwrap().unwrap();
    let acked: u64 = appended[2..5].iter().map(|one| spool.ack(one)).sum();
    assert_eq!(acked, 3 + 4 + 5);
    let rest = spool.read_batches(&target, 1000, &mut Vec::new());
    let rest = rest.unwrap().unwrap();
    assert_eq!((rest.batches, rest.points), (7, 55 - 12));
    assert_eq!(spool.ack(&group), 55 - 12, "each once");
    assert_eq!(spool.ack(&rest), 0);
    assert!(appended.iter().all(|one| spool.ack(one) == 0));
    assert_eq!(spool.stats().acknowledged_points, 55);
    assert_eq!(spool.stats().acknowledged, 10);
}

#[test]
fn targets_do_not_wait_for_each_other() {
    let dir = TempDir::new("targets");
    let mut spool = Spool::builder(dir.path())
        .segment_bytes(4096)
        .open()
        .unwrap();
    let names = ["a", "b", "c"];
    let targets = names.map(|name| Target::new("acme", name).unwrap());
    let by_id = Target::with_org_id("acme", "a").unwrap();
    for n in 0..400 {
        let which = (n * 7 % 3) as usize;
        append(&mut spool, &targets[which], &payload(n)).unwrap();
    }
    append(&mut spool, &by_id, b"id\n").unwrap();
    assert_eq!(spool.targets().len(), 4);
    assert_eq!(spool.targets()[0], targets[0], "whose batch is the oldest");
    let segments = spool.stats().segments;
    let out = drain(&mut spool, &targets[1]);
    assert!(out.windows(2).all(|w| w[0].0 < w[1].0));
    assert_eq!(out.len(), 133);
    assert_eq!(spool.backlog(&targets[1]).batches, 0);
    assert_eq!(spool.backlog(&targets[0]).batches, 134);
    drain(&mut spool, &targets[2]);
    assert_eq!(spool.stats().segments, segments);
    drop(spool);
    // Acknowledged behind one that waits: not remembered, delivered again.
    let mut spool = Spool::open(dir.path()).unwrap();
    assert_eq!(drain(&mut spool, &by_id), [(401, b"id\n".to_vec())]);
    let out = drain(&mut spool, &targets[0]);
    let expected: Vec<_> = (0..400).filter(|n| n * 7 % 3 == 0).map(payload).collect();
    assert_eq!(out.into_iter().map(|o| o.1).collect::<Vec<_>>(), expected);
}

#[test]
fn full_means_what_the_policy_says() {
    for policy in [OverflowPolicy::DropOldest, OverflowPolicy::Reject] {
        let dir = TempDir::new("full");
        let mut spool = Spool::builder(dir.path())
            .max_bytes(64 << 10)
            .segment_bytes(16 << 10)
            .durability(Durability::OsManaged)
            .overflow_policy(policy)
            .open()
            .unwrap();
        let block = [b'x'; 1000];
        let mut taken = 0;
        for _ in 0..1000 {
            match append(&mut spool, &target(), &block) {
                Ok(_) => taken += 1,
                Err(e) => {
                    assert!(matches!(e, SpoolError::Full) && policy == OverflowPolicy::Reject)
                }
            }
            assert!(spool.stats().disk_bytes <= 64 << 10);
        }
        let stats = spool.stats();
        assert_eq!(taken, stats.appended);
        assert_eq!(stats.appended, stats.batches + stats.dropped_batches);
        match policy {
            OverflowPolicy::Reject => {
                assert!((40..64).contains(&taken) && stats.dropped_batches == 0)
            }
            _ => assert!(taken == 1000 && stats.batches >= 30),
        }
        let out = drain(&mut spool, &target());
        assert_eq!(out.len() as u64, stats.batches);
        append(&mut spool, &target(), &block).unwrap();
    }
}

#[test]
fn what_cannot_be_taken_is_refused_before_anything_is_written() {
    let dir = TempDir::new("refused");
    let mut spool = Spool::builder(dir.path())
        .max_bytes(1 << 20)
        .open()
        .unwrap();
    let e = append(&mut spool, &target(), b"").unwrap_err();
    assert!(matches!(e, SpoolError::EmptyBatch));
    let e = append(&mut spool, &target(), &vec![b'x'; (256 << 10) + 1]).unwrap_err();
    assert!(matches!(e, SpoolError::TooLarge { max: 262_144, .. }));
    append(&mut spool, &target(), &vec![b'y'; 256 << 10]).unwrap();
    append(&mut spool, &target(), b"z").unwrap();
    assert_eq!(drain(&mut spool, &target())[0].1.len(), 256 << 10);
    assert!(Target::new("a\0b", "c").is_err());
    assert!(Target::new(&"a".repeat(1023), "").is_ok());
    assert!(Target::new(&"a".repeat(1023), "b").is_err());
    assert_eq!(spool.stats().bytes_written, {
        let record = |len: u64| 32 + 12 + len;
        64 + record(256 << 10) + 64 + record(1)
    });
}

#[test]
fn a_second_owner_gets_an_error_at_once() {
    let dir = TempDir::new("lock");
    let spool = Spool::open(dir.path()).unwrap();
    let e = Spool::open(dir.path()).unwrap_err();
    assert!(matches!(e, SpoolError::Locked { .. }), "{e}");
    drop(spool);
    Spool::open(dir.path()).unwrap();
}

#[test]
fn rejected_lines_are_kept_with_the_reason_and_bounded() {
    let dir = TempDir::new("rejected");
    let mut spool = Spool::builder(dir.path())
        .max_rejected_bytes(64 << 10)
        .durability(Durability::OsManaged)
        .open()
        .unwrap();
    let target = target();
    let lines = [b'l'; 2000];
    for _ in 0..100 {
        let batch = Batch::new(&target, Precision::Second, 3, &lines);
        spool.reject(batch, &"é".repeat(600)).unwrap();
    }
    let stats = spool.stats();
    assert_eq!(stats.rejected_lines + stats.rejected_dropped, 300);
    assert!(stats.rejected_lines >= 30 && stats.rejected_dropped > 100);
    drop(spool);
    let mut spool = Spool::open(dir.path()).unwrap();
    assert_eq!(spool.stats().rejected_lines, stats.rejected_lines);
    assert!(spool.is_empty());

    // Removed by hand, all of them, and what is rejected later is kept again.
    append(&mut spool, &target, b"t v=1 1\n").unwrap();
    assert_eq!(spool.clear_rejected().unwrap(), stats.rejected_lines);
    assert_eq!(spool.clear_rejected().unwrap(), 0);
    let files = std::fs::read_dir(dir.path().join("rejected")).unwrap();
    assert_eq!(files.count(), 0);
    assert_eq!(spool.stats().rejected_lines, 0);
    let batch = Batch::new(&target, Precision::Second, 3, &lines);
    spool.reject(batch, "again").unwrap();
    drop(spool);
    let spool = Spool::open(dir.path()).unwrap();
    assert_eq!((spool.stats().rejected_lines, spool.stats().points), (3, 1));
}

#[cfg(unix)]
#[test]
fn directory_and_files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new("mode");
    let path = dir.path().join("deep").join("spool");
    let mut spool = Spool::open(&path).unwrap();
    let batch_id = append(&mut spool, &target(), b"x").unwrap();
    append(&mut spool, &target(), b"y").unwrap();
    spool.ack(&batch_id);
    let mode = |p: &std::path::Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let files: Vec<_> = std::fs::read_dir(&path)
        .unwrap()
        .map(|e| e.unwrap())
        .collect();
    assert!(files.len() >= 2);
    for file in files {
        assert_eq!(mode(&file.path()), 0o600, "{:?}", file.path());
    }
}

#[test]
fn a_thread_may_own_it_and_its_error_is_small() {
    fn send<T: Send>() {}
    fn shared_and_kept_after_a_panic<T: Sync + UnwindSafe + RefUnwindSafe>() {}
    send::<Spool>();
    shared_and_kept_after_a_panic::<Spool>();
    send::<SpoolError>();
    // Clippy calls errors of more than 128 bytes large.
    assert!(size_of::<Result<(), SpoolError>>() <= 104);
}

/// No state of a spool is anything but what its files say: a second open finds the same.
#[test]
fn opening_twice_finds_the_same() {
    let dir = TempDir::new("twice");
    let mut spool = Spool::builder(dir.path())
        .segment_bytes(4096)
        .open()
        .unwrap();
    for n in 1..=100 {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
    drop(spool);
    let first = *Spool::open(dir.path()).unwrap().open_report();
    let second = *Spool::open(dir.path()).unwrap().open_report();
    assert_eq!(first, second);
}

#[test]
fn an_open_report_is_one_line_that_names_damage_only() {
    type Change = fn(&mut OpenReport);
    let table: [(Change, &str); 6] = [
        (|_| {}, "0 points waiting"),
        (|r| r.points = 1, "1 point waiting"),
        (
            |r| (r.points, r.torn_bytes, r.absent, r.ignored) = (120, 7, 1, 1),
            "120 points waiting",
        ),
        (
            |r| (r.corrupt_batches, r.corrupt_bytes) = (1, 310),
            "0 points waiting; corrupt batches: 1; corrupt bytes: 310",
        ),
        (
            |r| (r.missing, r.quarantined) = (2, 1),
            "0 points waiting; missing batches: 2; quarantined files: 1",
        ),
        (
            |r| (r.read_only, r.unsynced_directory) = (true, true),
            "0 points waiting; read-only; directory can't be synced",
        ),
    ];
    for (change, text) in table {
        let mut report = OpenReport::default();
        change(&mut report);
        assert_eq!(report.to_string(), text);
        // Whatever makes a report unclean is in the text.
        let waiting = text.split(';').next();
        let ends = report.read_only || report.unsynced_directory;
        assert_eq!(
            report.is_clean() && !ends,
            Some(text) == waiting,
            "{report:?}"
        );
    }

    let dir = TempDir::new("report");
    let mut spool = Spool::open(dir.path()).unwrap();
    append(&mut spool, &target(), &payload(1)).unwrap();
    drop(spool);
    let spool = Spool::open(dir.path()).unwrap();
    assert_eq!(spool.open_report().to_string(), "1 point waiting");
}
