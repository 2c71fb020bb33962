//! Many targets, and targets on other kinds of servers.

use super::sim::{Call, Image, Sim};
use super::{TestClock, append, drain, target};
use crate::Precision;
use crate::spool::format::{Flags, RecordHeader, SegmentHeader};
use crate::spool::{Batch, Durability, ServerKind, Spool, Target};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

const DIR: &str = "/spool";

fn open(sim: &Sim) -> Spool {
    Spool::builder(DIR)
        .max_bytes(64 << 20)
        .segment_bytes(16 << 20)
        .durability(Durability::OsManaged)
        .open_on(sim.clone(), TestClock::default())
        .unwrap()
}

fn many(n: u32) -> Vec<Target> {
    let names = (0..n).map(|i| format!("bucket-{i}"));
    names
        .map(|name| Target::new("acme", &name).unwrap())
        .collect()
}

/// Reads of the disk, and bytes of memory at most, to drain so many targets with four batches each,
/// of which one is never next to the other.
fn drain_interleaved(n: u32, backwards: bool) -> (u64, u64) {
    let sim = Sim::new();
    let mut spool = open(&sim);
    let targets = many(n);
    for round in 0..4 {
        for target in &targets {
            let line = format!("t,n=1 v={round} {round}\n");
            append(&mut spool, target, line.as_bytes()).unwrap();
        }
    }
    assert_eq!(spool.stats().segments, 1);
    let mut order = spool.targets();
    assert_eq!(order, targets);
    if backwards {
        order.reverse();
    }
    let before = sim.calls(Call::Read);
    let mut body = Vec::new();
    // The first finds where all the others are.
    let mut first = None;
    let used = allocation_counter::measure(|| {
        first = spool.read_batches(&order[0], 1 << 16, &mut body).unwrap();
    });
    assert_eq!(first.unwrap().points, 4);
    for target in order {
        let group = spool.read_batches(&target, 1 << 16, &mut body).unwrap();
        let group = group.unwrap();
        assert_eq!(group.points, 4);
        spool.ack(&group);
        let more = spool.read_batches(&target, 1 << 16, &mut body).unwrap();
        assert!(more.is_none());
    }
    assert!(spool.is_empty());
    (sim.calls(Call::Read) - before, used.bytes_max)
}

/// Counted in reads, not in time: a few for each batch, however many targets there are.
#[test]
fn the_work_to_drain_grows_with_the_batches_alone() {
    for backwards in [false, true] {
        for n in [10, 100, 1_000, 5_000, 10_000] {
            let (reads, memory) = drain_interleaved(n, backwards);
            assert!(
                reads <= u64::from(n) * 5 + 100,
                "{n} targets: {reads} reads"
            );
            // A window, 8 bytes for each batch, 30 for each target; while they grow, twice that.
            let most = (64 << 10) + 2 * (4 * 8 + 30) * u64::from(n) + 4_096;
            assert!(
                memory <= most,
                "{n} targets: {memory} bytes, {most} at most"
            );
        }
    }
}

/// Not as many as were ever seen.
#[test]
fn targets_are_forgotten_when_nothing_waits() {
    let sim = Sim::new();
    let mut spool = open(&sim);
    for target in many(10_000) {
        let group = append(&mut spool, &target, b"x\n").unwrap();
        spool.ack(&group);
        assert!(spool.targets.len() <= 1_025);
    }
    assert!(spool.is_empty());
    append(&mut spool, &target(), b"y\n").unwrap();
    assert_eq!(drain(&mut spool, &target()).len(), 1);
}

#[test]
fn one_bucket_on_each_kind_of_server_is_a_queue_of_its_own() {
    let sim = Sim::new();
    let mut spool = open(&sim);
    let v2 = Target::new("", "sensors").unwrap();
    let by_id = Target::with_org_id("", "sensors").unwrap();
    let targets = [
        v2.clone(),
        v2.for_server(ServerKind::V1),
        v2.for_server(ServerKind::V3),
        by_id.clone(),
        by_id.for_server(ServerKind::V1),
    ];
    for (n, target) in targets.iter().enumerate() {
        append(&mut spool, target, n.to_string().as_bytes()).unwrap();
    }
    drop(spool);
    let mut spool = open(&sim);
    assert_eq!(spool.targets(), targets);
    for (n, target) in targets.iter().enumerate() {
        assert_eq!(target.org_is_id(), n >= 3);
        assert_eq!((target.org(), target.bucket()), ("", "sensors"));
        let there = drain(&mut spool, target);
        assert_eq!(there, [(n as u64 + 1, n.to_string().into_bytes())]);
    }
    assert_eq!(
        v2.server(),
        ServerKind::V2,
        "as those of before kinds existed"
    );
    assert_eq!(targets[2].for_server(ServerKind::V2), v2);
}

/// A record of a kind that this version doesn't know: kept, shown, not read.
#[test]
fn an_unknown_kind_is_kept_and_not_read() {
    let header = SegmentHeader {
        base_seq: 1,
        salt: 5,
        created: 0,
    };
    let mut bytes = header.encode().to_vec();
    for (seq, flags) in [(1, 0x00), (2, 0x30), (3, 0xF2), (4, 0x00)] {
        let payload = format!("n={seq}\n").into_bytes();
        let record = RecordHeader {
            payload_len: payload.len() as u32,
            seq,
            target_len: 12,
            flags: Flags(flags),
            precision: Precision::Second,
            points: 1,
            payload_crc: header.key().checksum([&payload]),
        };
        bytes.extend(record.encode(header.key(), b"acme\0sensors"));
        bytes.extend(b"acme\0sensors");
        bytes.extend(payload);
    }
    let mut image = Image::default();
    image.set("/spool/0000000000000001.seg", bytes);
    let sim = Sim::from_image(image);
    let mut spool = open(&sim);
    for _ in 0..2 {
        assert!(spool.open_report().is_clean(), "{:?}", spool.open_report());
        let there = spool.targets();
        let unknown: Vec<_> = there
            .iter()
            .filter(|t| matches!(t.server(), ServerKind::Unknown(_)))
            .collect();
        let kinds: Vec<_> = unknown.iter().map(|t| t.server()).collect();
        assert_eq!(kinds, [ServerKind::Unknown(3), ServerKind::Unknown(15)]);
        for target in unknown {
            assert_eq!(target.bucket(), "sensors");
            assert_eq!(spool.backlog(target).points, 1, "visible");
            assert_eq!(drain(&mut spool, target), [], "not read");
        }
        let ours: Vec<_> = drain(&mut spool, &target()).iter().map(|b| b.0).collect();
        assert!(ours.contains(&4), "{ours:?}");
        assert_eq!(spool.stats().points, 2, "kept");
        spool
            .append(Batch::new(&target(), Precision::Second, 1, b"more\n"))
            .unwrap();
        drop(spool);
        spool = open(&sim);
    }
}
