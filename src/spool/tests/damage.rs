//! Whatever is in the directory, the spool opens, delivers what is whole, and counts the rest.

use super::sim::{Image, Sim};
use super::{RngExt, TempDir, TestClock, append, drain, env_or, target};
use crate::spool::format::SegmentHeader;
use crate::spool::{Durability, OpenReport, Spool};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use fastrand::Rng;
use std::println;

const DIR: &str = "/spool";

fn payload(n: u64) -> Vec<u8> {
    format!("t,n={n} v={n} {n}\n").into_bytes()
}

fn open(sim: &Sim) -> Spool {
    Spool::builder(DIR)
        .segment_bytes(4096)
        .open_on(sim.clone(), TestClock::default())
        .unwrap()
}

/// Three segments of a few batches each, numbered from 1.
fn three_segments(each: u64) -> (Image, u64) {
    let sim = Sim::new();
    let mut n = 0;
    for _ in 0..3 {
        let mut spool = open(&sim);
        for _ in 0..each {
            n += 1;
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
    }
    (sim.image(), n)
}

/// Opens, reads everything, writes one more. The batches that are there, by number.
fn survey(image: &Image) -> (Vec<u64>, OpenReport, u64) {
    let sim = Sim::from_image(image.clone());
    let mut result = None;
    let used = allocation_counter::measure(|| {
        let mut spool = open(&sim);
        let report = *spool.open_report();
        let out = drain(&mut spool, &target());
        result = Some((out, report, spool.stats().corrupt_batches));
        append(&mut spool, &target(), b"after\n").unwrap();
        assert_eq!(drain(&mut spool, &target()).len(), 1);
    });
    assert!(used.bytes_max < 400_000, "{} bytes", used.bytes_max);
    let (out, report, corrupt) = result.unwrap();
    let number = |(seq, bytes): &(u64, Vec<u8>)| {
        assert_eq!(*bytes, payload(*seq), "something else was delivered");
        *seq
    };
    let numbers: Vec<_> = out.iter().map(number).collect();
    assert!(numbers.windows(2).all(|w| w[0] < w[1]), "{numbers:?}");
    (numbers, report, corrupt)
}

fn seen(report: &OpenReport) -> bool {
    !report.is_clean() || report.torn_bytes > 0 || report.absent > 0
}

#[test]
fn every_flipped_bit() {
    let (image, total) = three_segments(3);
    let files = image.list(DIR);
    let segments: Vec<_> = files.iter().filter(|f| f.0.ends_with(".seg")).collect();
    assert_eq!(segments.len(), 3);
    assert_eq!(survey(&image).0.len() as u64, total);
    for (path, bytes) in segments {
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let mut image = image.clone();
            image.set(path, bad);
            let (there, report, _) = survey(&image);
            assert!(seen(&report), "{path} bit {bit} went unnoticed");
            // A bit in a segment's header takes the segment, one elsewhere takes one batch.
            let lost = if bit < 64 * 8 { 3 } else { 1 };
            assert_eq!(
                there.len() as u64,
                total - lost,
                "{path} bit {bit}: {report:?}"
            );
        }
    }
}

#[test]
fn every_truncation() {
    let (image, total) = three_segments(3);
    for (path, bytes) in image.list(DIR) {
        for len in 0..bytes.len() {
            let mut image = image.clone();
            image.set(&path, bytes[..len].to_vec());
            let (there, report, _) = survey(&image);
            let record = (bytes.len() - 64) / 3;
            let lost = 3 - len.saturating_sub(64) / record;
            assert_eq!(
                there.len(),
                total as usize - lost,
                "{path} cut at {len}: {report:?}"
            );
            // A file cut between two batches, the newest one's, looks like one that was
            // never longer.
            let newest = path.ends_with("7.seg");
            let tidy = len < 65 || (len - 64) % record == 0;
            assert!(
                seen(&report) || newest && tidy,
                "{path} cut at {len}: {report:?}"
            );
        }
    }
}

#[test]
fn every_flipped_bit_of_the_acknowledgement_only_repeats() {
    let sim = Sim::new();
    let mut spool = open(&sim);
    let batch_ids: Vec<_> = (1..=6)
        .map(|n| append(&mut spool, &target(), &payload(n)).unwrap().ranges[0])
        .collect();
    spool.ack_ranges(&batch_ids[..2]);
    spool.ack_ranges(&batch_ids[2..4]);
    drop(spool);
    let image = sim.image();
    assert_eq!(survey(&image).0, [5, 6]);
    let path = "/spool/ack";
    let bytes = image.list(DIR).into_iter().find(|f| f.0 == path).unwrap().1;
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let mut image = image.clone();
        image.set(path, bad);
        let (there, ..) = survey(&image);
        assert!(there == [5, 6] || there == [3, 4, 5, 6], "{there:?}");
    }
    for len in 0..bytes.len() {
        let mut image = image.clone();
        image.set(path, bytes[..len].to_vec());
        assert!(survey(&image).0.ends_with(&[5, 6]));
    }
}

/// `SPOOL_FUZZ` sets the number of rounds (2 000 by default).
#[test]
fn many_things_at_once() {
    let (image, total) = three_segments(8);
    let files = image.list(DIR);
    let mut rng = Rng::with_seed(7);
    for _ in 0..env_or("SPOOL_FUZZ", 2_000) {
        let mut image = image.clone();
        for (path, bytes) in &files {
            let mut bad = bytes.clone();
            for _ in 0..rng.u64(..4) {
                mutate(&mut bad, &files, &mut rng);
            }
            match rng.u64(..30) {
                0 => image.delete(path),
                _ => image.set(path, bad),
            }
        }
        let (there, report, _) = survey(&image);
        assert!(
            there.len() as u64 == total || seen(&report) || there.is_empty() || {
                // The end of the newest, cut between two batches.
                there.last() != Some(&total)
            }
        );
    }
}

/// One small segment, changed in every way, read and nothing else. `SPOOL_READER_FUZZ` sets the number
/// of rounds (5 000 by default; 10 million were run once).
#[test]
fn the_reader_takes_anything() {
    let sim = Sim::new();
    let mut spool = open(&sim);
    for n in 1..=3 {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
    drop(spool);
    let mut image = sim.image();
    image.delete("/spool/LOCK");
    let files = image.list(DIR);
    let mut rng = Rng::with_seed(8);
    let mut found = [0_u64; 4];
    for _ in 0..env_or("SPOOL_READER_FUZZ", 5_000) {
        let mut bad = files[0].1.clone();
        // The first mutation often spares the header, or nothing behind it would be looked at.
        for _ in 0..1 + rng.u64(..3) {
            mutate(&mut bad, &files, &mut rng);
        }
        if rng.one_in(2) && bad.len() > 64 {
            bad[..64].copy_from_slice(&files[0].1[..64]);
        }
        let mut image = image.clone();
        image.set(&files[0].0, bad);
        let mut spool = open(&Sim::from_image(image));
        let there = drain(&mut spool, &target());
        for (seq, bytes) in &there {
            assert_eq!(*bytes, payload(*seq));
        }
        found[there.len()] += 1;
    }
    println!("rounds by batches found: {found:?}");
    assert!(found.iter().all(|&rounds| rounds > 0));
}

fn mutate(bytes: &mut Vec<u8>, files: &[(String, Vec<u8>)], rng: &mut Rng) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.usize(..bytes.len());
    let end = (at + 1 + rng.usize(..100)).min(bytes.len());
    match rng.u64(..8) {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << rng.u64(..8),
        2 => bytes[at..end].fill(0),
        3 => bytes[at..end].fill(0xFF),
        4 => drop(bytes.drain(at..end)),
        5 => {
            // A piece of another segment, of its beginning or anywhere: its salt is another.
            let other = &files[rng.usize(..files.len())].1;
            let from = rng.usize(..other.len());
            bytes.splice(at..at, other[from..].iter().copied());
        }
        6 => {
            // A piece of itself, once more.
            let piece = bytes[at..end].to_vec();
            bytes.extend(piece);
        }
        _ => bytes.extend(rng.bytes(1..=200)),
    }
}

#[test]
fn a_forged_record_in_a_payload_is_not_brought_to_life() {
    // The sender knows the format but not the salt; and a copy of a real record of another segment.
    let sim = Sim::new();
    let mut spool = open(&sim);
    append(&mut spool, &target(), &payload(1)).unwrap();
    drop(spool);
    let real = sim.image().list(DIR)[0].1[64..].to_vec();
    let mut spool = open(&sim);
    append(&mut spool, &target(), &real.repeat(20)).unwrap();
    append(&mut spool, &target(), &payload(3)).unwrap();
    drop(spool);
    let mut image = sim.image();
    let (path, mut bytes) = image.list(DIR).pop().unwrap();
    // The outer header is gone, the forged ones inside are bare.
    bytes[64..96].fill(0);
    image.set(&path, bytes);
    let (there, report, _) = survey(&image);
    assert_eq!(there, [1, 3]);
    assert_eq!(report.missing, 1);
}

#[test]
fn other_versions_and_renamed_segments_are_set_aside() {
    let (mut image, _) = three_segments(2);
    let (path, mut bytes) = image.list(DIR)[1].clone();
    bytes[8] = 2;
    let crc = crc32fast::hash(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    image.set(&path, bytes.clone());
    let first = image.list(DIR)[0].1.clone();
    image.set("/spool/0000000000000064.seg", first);
    let sim = Sim::from_image(image);
    let mut spool = open(&sim);
    assert_eq!(spool.open_report().quarantined, 2);
    let seqs: Vec<_> = drain(&mut spool, &target()).iter().map(|b| b.0).collect();
    assert_eq!(seqs, [1, 2, 5, 6]);
    drop(spool);
    let kept = sim
        .image()
        .list(DIR)
        .into_iter()
        .find(|f| f.0.ends_with("3.bad"));
    assert_eq!(kept.unwrap().1, bytes, "untouched");
}

#[test]
fn what_is_set_aside_is_bounded() {
    let mut image = Image::default();
    for base in 1..=20_u64 {
        image.set(&format!("{DIR}/{base:016x}.seg"), vec![b'?'; 100]);
    }
    let sim = Sim::from_image(image);
    assert_eq!(open(&sim).open_report().quarantined, 20);
    let left: Vec<_> = sim.image().list(DIR).into_iter().map(|f| f.0).collect();
    assert_eq!(left.len(), 4, "{left:?}");
    assert_eq!(left[3], format!("{DIR}/{:016x}.bad", 20));
}

#[test]
fn a_segment_deleted_by_hand_while_running() {
    let dir = TempDir::new("deleted");
    let mut spool = Spool::builder(dir.path())
        .segment_bytes(4096)
        .open()
        .unwrap();
    for n in 1..=200 {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
    std::fs::remove_file(dir.path().join("0000000000000001.seg")).unwrap();
    let there = drain(&mut spool, &target());
    let stats = spool.stats();
    assert_eq!(there.len() as u64 + stats.corrupt_batches, 200);
    assert_eq!(there[0].0, stats.corrupt_batches + 1);
    assert!(spool.is_empty());
}

#[test]
fn a_batch_that_rots_while_it_waits() {
    let dir = TempDir::new("rot");
    let mut spool = Spool::builder(dir.path())
        .segment_bytes(4096)
        .open()
        .unwrap();
    for n in 1..=200 {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
    let path = dir.path().join("0000000000000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    // The second record's header and the fourth's last byte.
    let record = 32 + 12 + payload(1).len();
    bytes[64 + record] ^= 1;
    bytes[64 + 4 * record - 1] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let there: Vec<_> = drain(&mut spool, &target()).iter().map(|b| b.0).collect();
    assert_eq!(there.len(), 198);
    assert_eq!(there[..3], [1, 3, 5]);
    assert_eq!(spool.stats().corrupt_batches, 2);
    assert!(spool.is_empty());
}

/// Without a process: between fork and exec one would hold the locks of the other tests' spools.
fn make_pipe(path: &std::path::Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}

#[cfg(unix)]
#[test]
fn a_hostile_directory() {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    let dir = TempDir::new("hostile");
    let spool_dir = dir.path().join("spool");
    let outside = dir.path().join("outside");
    let mut spool = Spool::open(&spool_dir).unwrap();
    append(&mut spool, &target(), &payload(1)).unwrap();
    drop(spool);

    let at = |name: &str| spool_dir.join(name);
    fs::write(&outside, [7; 4096]).unwrap();
    symlink(&outside, at("0000000000000005.seg")).unwrap();
    symlink(&outside, at("ack")).unwrap();
    symlink(dir.path(), at("rejected")).unwrap();
    symlink("/nonexistent", at("0000000000000006.seg")).unwrap();
    fs::create_dir(at("0000000000000007.seg")).unwrap();
    fs::write(at("0000000000000008.seg"), b"").unwrap();
    fs::write(at("00000000000000FF.seg"), [1; 100]).unwrap();
    fs::write(at("ffffffffffffffff.seg"), [1; 100]).unwrap();
    fs::write(at("notes.txt"), b"mine").unwrap();
    fs::write(at("1.seg"), b"mine").unwrap();
    let pipe = u64::from(make_pipe(&at("0000000000000009.seg")));
    let sparse = File::create(at("000000000000000a.seg")).unwrap();
    sparse.set_len(4 << 30).unwrap();
    let header = SegmentHeader {
        base_seq: 11,
        salt: 1,
        created: 0,
    };
    fs::write(at("000000000000000b.seg"), header.encode()).unwrap();
    let sparse = File::options()
        .write(true)
        .open(at("000000000000000b.seg"))
        .unwrap();
    sparse.set_len(4 << 30).unwrap();

    let started = std::time::Instant::now();
    let mut spool = None;
    let used = allocation_counter::measure(|| spool = Some(Spool::open(&spool_dir).unwrap()));
    assert!(used.bytes_max < 1 << 20, "{} bytes", used.bytes_max);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    let mut spool = spool.unwrap();
    let report = *spool.open_report();
    assert_eq!((report.batches, report.quarantined), (1, 1), "{report:?}");
    assert_eq!(report.ignored, 7 + pipe, "{report:?}");
    assert_eq!(drain(&mut spool, &target()), [(1, payload(1))]);
    append(&mut spool, &target(), &payload(2)).unwrap();
    drain(&mut spool, &target());
    let target = target();
    let batch = crate::spool::Batch::new(&target, crate::Precision::Second, 1, b"x");
    spool.reject(batch, "y").unwrap_err();
    assert_eq!(spool.stats().rejected_dropped, 1);
    drop(spool);
    assert_eq!(
        fs::read(&outside).unwrap(),
        [7; 4096],
        "written through a link"
    );
    assert_eq!(fs::read(at("notes.txt")).unwrap(), b"mine");
    assert_eq!(fs::read(at("1.seg")).unwrap(), b"mine");
    let leaked: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(leaked.len(), 2, "{leaked:?}");
    // The whole directory through a link is the administrator's choice.
    symlink(&spool_dir, dir.path().join("linked")).unwrap();
    Spool::builder(dir.path().join("linked"))
        .durability(Durability::OsManaged)
        .open()
        .unwrap();
}
