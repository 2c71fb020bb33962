//! Spool directory: whatever its files contain, the spool opens or returns an error; what can be read
//! is read, and it can be written to again.
//!
//! The input is a list of changes to a directory. A byte below 128 writes a file: its number, a
//! length of two bytes, the content. A byte from 128 on changes a file that is there: a position of
//! two bytes, a length of one byte, the bytes. The directory starts with the files of a real spool,
//! unless the input's first byte is odd.

#![no_main]

use influx_edge::Precision;
use influx_edge::spool::{Batch, Durability, Entry, Inspector, Spool, SpoolError, Target};
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const NAMES: [&str; 8] = [
    "0000000000000001.seg",
    "0000000000000002.seg",
    "0000000000000005.seg",
    "ffffffffffffffff.seg",
    "ack",
    "LOCK",
    "rejected/0000000000000001.seg",
    "0000000000000003.seg.new",
];

/// The folder of this process, with one real spool in it whose files each run starts with.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = std::env::temp_dir().join(format!("influx-edge-fuzz-spool-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).expect("a folder can be made");
    real_spool(&root.join("real")).expect("a real spool");
    root
});

static REAL: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let mut files = Vec::new();
    list(&ROOT.join("real"), Path::new(""), &mut files);
    files.sort();
    files
});

fuzz_target!(|input: &[u8]| {
    let Some((&flags, changes)) = input.split_first() else {
        return;
    };
    let dir = ROOT.join("spool");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("rejected")).expect("a folder can be made");
    let mut files = if flags & 1 == 0 {
        REAL.clone()
    } else {
        Vec::new()
    };
    change(&mut files, changes);
    for (name, content) in &files {
        fs::write(dir.join(name), content).expect("a file can be written");
    }
    inspect(&dir);
    let _ = use_spool(&dir);
    inspect(&dir);
});

fn change(files: &mut Vec<(PathBuf, Vec<u8>)>, mut input: &[u8]) {
    while let Some((&first, rest)) = input.split_first() {
        input = rest;
        let number = usize::from(first & 127);
        let Some(two) = take(&mut input, 2) else {
            return;
        };
        let two = usize::from(u16::from_le_bytes([two[0], two[1]]));
        if first < 128 {
            let content = take_up_to(&mut input, two);
            let name = PathBuf::from(NAMES[number % NAMES.len()]);
            files.retain(|(other, _)| *other != name);
            files.push((name, content.to_vec()));
        } else if !files.is_empty() {
            let Some(len) = take(&mut input, 1) else {
                return;
            };
            let bytes = take_up_to(&mut input, usize::from(len[0]));
            let index = number % files.len();
            let content = &mut files[index].1;
            if bytes.is_empty() {
                content.truncate(two);
            }
            for (to, from) in content.iter_mut().skip(two).zip(bytes) {
                *to = *from;
            }
        }
    }
}

fn take<'a>(input: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(len)?;
    *input = rest;
    Some(taken)
}

fn take_up_to<'a>(input: &mut &'a [u8], len: usize) -> &'a [u8] {
    let len = len.min(input.len());
    take(input, len).unwrap_or_default()
}

fn target() -> Target {
    Target::new("acme", "sensors").expect("a valid target")
}

fn open(dir: &Path) -> Result<Spool, SpoolError> {
    Spool::builder(dir)
        .segment_bytes(4096)
        .max_bytes(64 << 10)
        .durability(Durability::OsManaged)
        .open()
}

fn real_spool(dir: &Path) -> Result<(), SpoolError> {
    for _ in 0..2 {
        let mut spool = open(dir)?;
        for n in 0..3 {
            let line = format!("weather,station=zrh-{n} temp_c=21.5 {n}\n");
            spool.append(Batch::new(&target(), Precision::Second, 1, line.as_bytes()))?;
        }
        let group = spool.read_batches(&target(), 0, &mut Vec::new())?;
        if let Some(group) = group {
            spool.ack(&group);
        }
        spool.close()?;
    }
    Ok(())
}

fn use_spool(dir: &Path) -> Result<(), SpoolError> {
    let mut spool = open(dir)?;
    let mut body = Vec::new();
    // Every group is acknowledged, so this ends when no batch is left.
    while let Some(group) = spool.read_batches(&target(), 1000, &mut body)? {
        assert!(group.batches > 0);
        spool.ack(&group);
    }
    let line = b"after f=1i\n";
    spool.append(Batch::new(&target(), Precision::Nanosecond, 1, line))?;
    spool.poll()?;
    let group = spool.read_batches(&target(), 1000, &mut body)?;
    assert!(group.is_some(), "what was written can be read");
    assert_eq!(body, line);
    let _ = format!("{:?} {:?}", spool.open_report(), spool.stats());
    spool.close()
}

fn inspect(dir: &Path) {
    let Ok(inspector) = Inspector::new(dir) else {
        return;
    };
    let each = &mut |entry: Entry<'_>| {
        let _ = format!("{entry:?}");
    };
    let _ = inspector.walk_queue(each);
    let _ = inspector.walk_rejected(each);
}

fn list(root: &Path, under: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(root.join(under)).expect("a folder").flatten() {
        let name = under.join(entry.file_name());
        if entry.path().is_dir() {
            list(root, &name, files);
        } else {
            let content = fs::read(entry.path()).expect("a file");
            files.push((name, content));
        }
    }
}
