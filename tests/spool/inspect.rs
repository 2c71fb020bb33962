//! Looking into a spool beside its running owner: what waits, what was rejected, and damage.

use crate::common::temp_dir::TempDir;
use influx_edge::Precision;
use influx_edge::spool::{Batch, Entry, Inspector, Spool, Target};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::Path;

/// Everything in a directory, to see that nothing changed.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(contents(&path));
        } else {
            out.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
    out
}

fn filled(dir: &Path) -> Spool {
    let mut spool = Spool::builder(dir).segment_bytes(4096).open().unwrap();
    let target = Target::new("acme", "sensors").unwrap();
    for n in 1..=100 {
        let line = format!("t,n={n} v={n} {n}\n");
        let batch = Batch::new(&target, Precision::Second, 1, line.as_bytes());
        spool.append(batch).unwrap();
    }
    let by_id = Target::with_org_id("0123456789abcdef", "b").unwrap();
    let batch = Batch::new(&by_id, Precision::Millisecond, 2, b"u v=1 1\nu v=2 2");
    spool.append(batch).unwrap();
    let mut body = Vec::new();
    let group = spool
        .read_batches(&target, 100, &mut body)
        .unwrap()
        .unwrap();
    spool.ack(&group);
    let batch = Batch::new(&target, Precision::Second, 1, b"bad v=x 1\n");
    spool.reject(batch, "unable to parse\nthis").unwrap();
    spool
}

#[test]
fn it_sees_everything_and_changes_nothing() {
    let dir = TempDir::new("inspect");
    let spool = filled(dir.path());
    let before = contents(dir.path());
    let inspector = Inspector::new(dir.path()).unwrap();
    let (mut waiting, mut delivered, mut other, mut lines) = (0, 0, 0, Vec::new());
    let walked = inspector.walk_queue(&mut |item| match item {
        Entry::Batch {
            delivered: true, ..
        } => delivered += 1,
        Entry::Batch { batch, reason, .. } => {
            waiting += u64::from(batch.points);
            lines.extend_from_slice(batch.lines);
            assert!(reason.is_none());
        }
        Entry::Segment { .. } => {}
        _ => other += 1,
    });
    walked.unwrap();
    assert_eq!(waiting, spool.stats().points);
    assert_eq!(delivered, inspector.acked());
    assert_eq!(other, 0);
    assert!(lines.ends_with(b"u v=1 1\nu v=2 2"));
    let mut reasons = Vec::new();
    let walked = inspector.walk_rejected(&mut |item| {
        if let Entry::Batch { batch, reason, .. } = item {
            assert_eq!(batch.lines, b"bad v=x 1\n");
            reasons.push(reason.unwrap().to_owned());
        }
    });
    walked.unwrap();
    assert_eq!(reasons, ["unable to parse\nthis"]);
    assert_eq!(contents(dir.path()), before);
    let missing = dir.path().join("nothing");
    assert!(Inspector::new(&missing).unwrap_err().source().is_some());
    std::fs::create_dir(&missing).unwrap();
    let empty = Inspector::new(&missing).unwrap();
    let nothing = &mut |item: Entry<'_>| panic!("{item:?}");
    empty.walk_queue(nothing).unwrap();
    empty.walk_rejected(nothing).unwrap();
}

#[test]
fn damage_is_shown_where_it_is() {
    let dir = TempDir::new("inspect-damage");
    drop(filled(dir.path()));
    let mut segments: Vec<_> = contents(dir.path()).into_keys().collect();
    segments.retain(|path| path.ends_with(".seg") && !path.contains("rejected"));
    let damage = |path: &str, at: usize| {
        let mut bytes = std::fs::read(path).unwrap();
        let at = if at == 0 { bytes.len() - 1 } else { at };
        bytes[at] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    // A record's header; a payload's end; a segment's header.
    damage(&segments[0], 64 + 10);
    damage(&segments[1], 0);
    std::fs::write(dir.path().join("0000000000001000.seg"), [1; 70]).unwrap();
    let (mut corrupt, mut holes, mut unreadable) = (0, 0, 0);
    let inspector = Inspector::new(dir.path()).unwrap();
    let walked = inspector.walk_queue(&mut |item| match item {
        Entry::Corrupt { .. } => corrupt += 1,
        Entry::Damage { at: 64, .. } => holes += 1,
        Entry::Unreadable { version: None, .. } => unreadable += 1,
        Entry::Segment { .. } | Entry::Batch { .. } => {}
        other => panic!("{other:?}"),
    });
    walked.unwrap();
    assert_eq!((corrupt, holes, unreadable), (1, 1, 1));
}
