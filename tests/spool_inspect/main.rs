//! Looking into a spool beside its running owner, by the library and by the example. A program of its
//! own, for it starts programs: between fork and exec they hold the lock of every spool that is open
//! here, so that one which is closed can't be opened again at once.
#![cfg(feature = "spool")]

#[path = "../common"]
mod common {
    pub(crate) mod built;
    pub(crate) mod temp_dir;
}

use common::temp_dir::TempDir;
use influx_edge::Precision;
use influx_edge::spool::{Batch, Entry, Inspector, Rejection, Section, Spool, Target};
use std::collections::BTreeMap;
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
    spool.ack(group.ranges());
    spool
        .reject(Rejection {
            target: &target,
            precision: Precision::Second,
            lines: b"bad v=x 1\n",
            count: 1,
            reason: "unable to parse\nthis",
        })
        .unwrap();
    spool
}

#[test]
fn it_sees_everything_and_changes_nothing() {
    let dir = TempDir::new("inspect");
    let spool = filled(dir.path());
    let before = contents(dir.path());
    let inspector = Inspector::new(dir.path()).unwrap();
    let (mut waiting, mut delivered, mut other, mut lines) = (0, 0, 0, Vec::new());
    let walked = inspector.walk(Section::Queue, &mut |item| match item {
        Entry::Batch(batch) if batch.delivered => delivered += 1,
        Entry::Batch(batch) => {
            waiting += u64::from(batch.points);
            lines.extend_from_slice(batch.lines);
            assert!(batch.reason.is_none());
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
    let walked = inspector.walk(Section::Rejected, &mut |item| {
        if let Entry::Batch(batch) = item {
            assert_eq!(batch.lines, b"bad v=x 1\n");
            reasons.push(batch.reason.unwrap().to_owned());
        }
    });
    walked.unwrap();
    assert_eq!(reasons, ["unable to parse\nthis"]);
    assert_eq!(contents(dir.path()), before);
    let missing = dir.path().join("nothing");
    assert!(Inspector::new(&missing).unwrap_err().io().is_some());
    std::fs::create_dir(&missing).unwrap();
    let empty = Inspector::new(&missing).unwrap();
    let nothing = &mut |item: Entry<'_>| panic!("{item:?}");
    empty.walk(Section::Queue, nothing).unwrap();
    empty.walk(Section::Rejected, nothing).unwrap();
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
    let walked = inspector.walk(Section::Queue, &mut |item| match item {
        Entry::Corrupt { .. } => corrupt += 1,
        Entry::Damage { at: 64, .. } => holes += 1,
        Entry::Unreadable { .. } => unreadable += 1,
        Entry::Segment { .. } | Entry::Batch(_) => {}
        other => panic!("{other:?}"),
    });
    walked.unwrap();
    assert_eq!((corrupt, holes, unreadable), (1, 1, 1));
}

/// Exit code, standard output, standard error.
fn inspect(dir: &Path, options: &[&str]) -> (i32, String, String) {
    let mut command = std::process::Command::new(common::built::example("spool_inspect"));
    let output = command.arg(dir).args(options).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_example_beside_a_running_owner() {
    let dir = TempDir::new("inspect-example");
    let mut spool = filled(dir.path());
    let before = contents(dir.path());
    let stats = spool.stats();

    let (code, out, err) = inspect(dir.path(), &[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let waiting = format!(
        "waiting: {} batches, {} points",
        stats.batches, stats.points
    );
    for part in [
        waiting.as_str(),
        "org=acme bucket=sensors",
        "orgID=0123456789abcdef bucket=b: 1 batches, 2 points, 15 bytes",
        ".seg: ",
        " s ago",
        "rejected: 1 lines for org=acme bucket=sensors: unable to parse\\nthis",
        "damaged places: 0",
    ] {
        assert!(out.contains(part), "{part:?} is missing in:\n{out}");
    }
    let (code, out, _) = inspect(dir.path(), &["--batches"]);
    assert_eq!(code, 0);
    let listed = out.lines().filter(|l| l.starts_with("  batch ")).count();
    assert!(listed as u64 >= stats.batches, "{out}");
    assert!(out.contains("2 points, 15 bytes for orgID=0123456789abcdef bucket=b, times in ms"));
    assert_eq!(inspect(dir.path(), &["--verify"]).0, 0);

    // What is exported is line protocol: it can be written as it is.
    let (code, out, err) = inspect(dir.path(), &["--export"]);
    assert_eq!(code, 0);
    assert_eq!(
        err.trim(),
        format!("{} points exported, 0 damaged places", stats.points)
    );
    let lines: Vec<&str> = out.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!(lines.len() as u64, stats.points);
    let first = 101 - (stats.points as usize - 2);
    for (n, line) in (first..=100).zip(&lines) {
        assert_eq!(*line, format!("t,n={n} v={n} {n}"));
    }
    assert_eq!(lines[lines.len() - 2..], ["u v=1 1", "u v=2 2"]);
    assert!(out.contains("# org=acme bucket=sensors precision=s\n"));
    let (code, out, _) = inspect(dir.path(), &["--export-rejected"]);
    assert_eq!(code, 0);
    assert_eq!(
        out,
        "# org=acme bucket=sensors precision=s rejected: unable to parse\\nthis\nbad v=x 1\n"
    );

    // It changed nothing, and the owner goes on: now while somebody looks all the time.
    assert_eq!(contents(dir.path()), before);
    let target = Target::new("acme", "sensors").unwrap();
    let path = dir.path().to_owned();
    let looker = std::thread::spawn(move || {
        (0..20).for_each(|_| {
            let (code, out, err) = inspect(&path, &["--verify"]);
            assert_eq!(code, 0, "{out}\n{err}");
        });
    });
    let mut body = Vec::new();
    let mut n = 0;
    while !looker.is_finished() {
        n += 1;
        let line = format!("t v={n} {n}\n");
        let batch = Batch::new(&target, Precision::Second, 1, line.as_bytes());
        spool.append(batch).unwrap();
        if n % 3 == 0 {
            let group = spool
                .read_batches(&target, 300, &mut body)
                .unwrap()
                .unwrap();
            spool.ack(group.ranges());
        }
    }
    looker.join().unwrap();
    drop(spool);

    // Damage shows in the exit code. In front of other records, that is: at the very end of the newest
    // segment it may be a record that is being written.
    let segments: Vec<_> = contents(dir.path()).into_keys().collect();
    let long = |path: &&String| std::fs::metadata(path).unwrap().len() > 400;
    let segment = segments
        .iter()
        .filter(|p| p.ends_with(".seg") && !p.contains("rejected"))
        .rfind(long)
        .unwrap();
    let mut bytes = std::fs::read(segment).unwrap();
    bytes[64 + 40] ^= 1;
    std::fs::write(segment, bytes).unwrap();
    let (code, out, _) = inspect(dir.path(), &["--verify"]);
    assert_eq!(code, 1, "{out}");
    assert!(!out.contains("damaged places: 0"), "{out}");
    // What can't be looked at, and what isn't a question.
    assert_eq!(inspect(&dir.path().join("nothing"), &[]).0, 2);
    assert_eq!(inspect(dir.path(), &["--repair"]).0, 2);
}
