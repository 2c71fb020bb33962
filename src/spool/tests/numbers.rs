//! Sequence numbers beyond what any spool has written: the spool goes on, and keeps what waits.

use super::sim::{Call, Image, Sim};
use super::{TestClock, append, drain, target};
use crate::Precision;
use crate::spool::Spool;
use crate::spool::format::{Flags, RecordHeader, SegmentHeader};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

const DIR: &str = "/spool";
const TOP: u64 = 1 << 62;

fn open(sim: &Sim) -> Spool {
    Spool::builder(DIR)
        .segment_bytes(4096)
        .open_on(sim.clone(), TestClock::default())
        .unwrap()
}

/// A sound segment with one record for each number.
fn segment(seqs: &[u64]) -> (String, Vec<u8>) {
    let header = SegmentHeader {
        base_seq: seqs[0],
        salt: 77,
        created: 0,
    };
    let mut bytes = header.encode().to_vec();
    for (i, &seq) in seqs.iter().enumerate() {
        let payload = format!("forged {i}\n").into_bytes();
        let record = RecordHeader {
            payload_len: payload.len() as u32,
            seq,
            target_len: 12,
            flags: Flags::default(),
            precision: Precision::Nanosecond,
            points: 1,
            payload_crc: header.key().checksum([&payload]),
        };
        bytes.extend(record.encode(header.key(), b"acme\0sensors"));
        bytes.extend(b"acme\0sensors");
        bytes.extend(payload);
    }
    (format!("{DIR}/{:016x}.seg", seqs[0]), bytes)
}

fn ack_file(generation: u64, acked: u64) -> Vec<u8> {
    let mut bytes = vec![0; 532];
    let at = if generation % 2 == 0 { 0 } else { 512 };
    let mut slot = generation.to_le_bytes().to_vec();
    slot.extend(acked.to_le_bytes());
    let crc = crc32fast::hash(&slot);
    slot.extend(crc.to_le_bytes());
    bytes[at..at + 20].copy_from_slice(&slot);
    bytes
}

/// A spool in which so many batches wait.
fn waiting(n: u64) -> Image {
    let sim = Sim::new();
    let mut spool = open(&sim);
    for n in 0..n {
        append(&mut spool, &target(), format!("ours {n}\n").as_bytes()).unwrap();
    }
    drop(spool);
    sim.image()
}

fn texts(spool: &mut Spool) -> Vec<String> {
    let batches = drain(spool, &target()).into_iter();
    batches
        .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
        .collect()
}

#[test]
fn forged_numbers_cost_neither_what_waits_nor_what_comes() {
    let near = |below: u64| (TOP - below..TOP - below + 3).collect::<Vec<_>>();
    for (what, forged, acked) in [
        ("the last numbers", vec![TOP - 1], None),
        ("near the end", near(3), None),
        ("farther", near(1 << 20), None),
        ("half as large", (TOP / 2..TOP / 2 + 3).collect(), None),
        ("below half", (TOP / 2 - 2..TOP / 2 + 1).collect(), None),
        ("two of them", vec![TOP - 5, TOP - 1], None),
        ("acknowledged", vec![], Some(TOP - 1)),
        ("acknowledged, half as large", vec![], Some(TOP / 2)),
        ("acknowledged, less", vec![], Some(1 << 50)),
        ("both", near(3), Some(TOP - 2)),
    ] {
        for ours in [0, 3, 200] {
            let case = format!("{what}, {ours} wait");
            let mut image = waiting(ours);
            let mut expected: Vec<_> = (0..ours).map(|n| format!("ours {n}\n")).collect();
            // Numbers that are far apart can't be in one segment.
            let apart = forged.windows(2).any(|w| w[1] - w[0] > 1);
            let parts = match apart {
                true => forged.chunks(1),
                false => forged.chunks(3),
            };
            for seqs in parts {
                let (path, bytes) = segment(seqs);
                image.set(&path, bytes);
                expected.extend((0..seqs.len()).map(|i| format!("forged {i}\n")));
            }
            if let Some(acked) = acked {
                image.set("/spool/ack", ack_file(9, acked));
            }
            let sim = Sim::from_image(image);
            // Opened again and again, with more each time.
            for round in 0..4 {
                let mut spool = open(&sim);
                assert_eq!(spool.stats().batches, expected.len() as u64, "{case}");
                let line = format!("round {round}\n");
                append(&mut spool, &target(), line.as_bytes())
                    .unwrap_or_else(|e| panic!("{case}: {e}"));
                expected.push(line);
                drop(spool);
            }
            let mut spool = open(&sim);
            assert_eq!(texts(&mut spool), expected, "{case}");
            drop(spool);
            let mut spool = open(&sim);
            assert!(spool.is_empty(), "{case}");
            append(&mut spool, &target(), b"last\n").unwrap();
            assert_eq!(texts(&mut spool), ["last\n"], "{case}");
        }
    }
}

/// While the copy can't be made, the segment stays, and all else goes on.
#[test]
fn what_cannot_be_copied_now_waits() {
    let mut image = waiting(3);
    let (path, bytes) = segment(&[TOP - 2, TOP - 1]);
    image.set(&path, bytes.clone());
    for call in [Call::Create, Call::Write, Call::Sync, Call::Remove] {
        let sim = Sim::from_image(image.clone());
        let mut seen = 0;
        let foreign = std::path::PathBuf::from(&path);
        sim.fail_when(move |found, path| {
            // Opening itself syncs the newest segment once.
            let ours = path.extension().is_some_and(|e| e == "seg");
            seen += u64::from(found == Call::Sync && ours);
            let hit = match call {
                Call::Sync => seen > 1 && ours,
                Call::Remove => path == foreign,
                _ => ours,
            };
            let hit = hit && found == call;
            hit.then(|| std::io::Error::from_raw_os_error(5))
        });
        let mut spool = open(&sim);
        assert_eq!(spool.open_report().ignored, 1, "{call:?}");
        assert_eq!(spool.stats().batches, 3, "{call:?}");
        sim.heal();
        append(&mut spool, &target(), b"more\n").unwrap();
        drop(spool);
        assert_eq!(
            sim.image()
                .list(DIR)
                .iter()
                .find(|f| f.0 == path)
                .unwrap()
                .1,
            bytes
        );
        let mut spool = open(&sim);
        assert_eq!(spool.stats().batches, 6, "{call:?}");
        assert_eq!(texts(&mut spool).len(), 6);
    }
}

#[test]
fn ordinary_numbers_are_left_alone() {
    use crate::spool::numbers::{split_foreign, trusted};
    let half = TOP / 2;
    for (bases, acked, ours) in [
        (&[1, 50, 700][..], 0, 3),
        (&[1, 1 << 50], 0, 2),
        (&[half - 1, half + 5, half + 900], half - 2, 3),
        (&[half + 5, half + 900], half, 2),
        (&[half + 5], 0, 0),
        (&[7, half + 5, TOP - 1], 6, 1),
        (&[], 5, 0),
    ] {
        let (first, rest) = split_foreign(bases, acked);
        assert_eq!(
            (first.len(), rest.len()),
            (ours, bases.len() - ours),
            "{bases:?}"
        );
    }
    for (acked, bases, expected) in [
        (0, &[][..], 0),
        (half - 1, &[], half - 1),
        (half, &[], 0),
        (500, &[1, 501], 500),
        (500, &[1, 100], 500),
        (1 << 41, &[1], 0),
        (1 << 41, &[1 << 41], 1 << 41),
        (TOP - 1, &[1, TOP - 2], 0),
    ] {
        assert_eq!(trusted(acked, bases), expected, "{acked} beside {bases:?}");
    }
}
