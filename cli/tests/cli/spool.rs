//! `spool`: while a process uses it, damaged, exported and written again, sent.

mod send;

use crate::common::temp_dir::TempDir;
use crate::pty::on_terminal;
use crate::run::{Run, at, command, ended, run};
use influx_edge::Precision;
use influx_edge::spool::{Batch, Spool, Target};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The content of a directory, to detect changes.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(contents(&path));
        } else {
            out.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    out
}

fn append(spool: &mut Spool, target: &Target, precision: Precision, lines: &str) {
    let count = u32::try_from(lines.lines().count()).unwrap();
    let batch = Batch::new(target, precision, count, lines.as_bytes());
    spool.append(batch).unwrap();
}

fn reject(spool: &mut Spool, target: &Target, lines: &str, reason: &str) {
    let count = u32::try_from(lines.lines().count()).unwrap();
    let batch = Batch::new(target, Precision::Second, count, lines.as_bytes());
    spool.reject(batch, reason).unwrap();
}

fn sensors() -> Target {
    Target::new("acme", "sensors").unwrap()
}

/// 100 batches in seconds, of which some are delivered; one of two points in milliseconds for another bucket
/// of an organization by id; one rejected line.
fn filled(dir: &Path) -> Spool {
    let mut spool = Spool::builder(dir).segment_bytes(4096).open().unwrap();
    for n in 1..=100 {
        let line = format!("t,n={n} v={n} {n}\n");
        append(&mut spool, &sensors(), Precision::Second, &line);
    }
    let by_id = Target::with_org_id("0123456789abcdef", "b").unwrap();
    append(
        &mut spool,
        &by_id,
        Precision::Millisecond,
        "u v=1 1\nu v=2 2",
    );
    let mut body = Vec::new();
    let group = spool.read_batches(&sensors(), 100, &mut body).unwrap();
    spool.ack(&group.unwrap());
    reject(
        &mut spool,
        &sensors(),
        "bad v=x 1\n",
        "unable to parse\nthis \u{1b}[31m",
    );
    spool
}

fn spool<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>) -> Run {
    let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
    let words = ["spool".into()].into_iter().chain(args);
    run(command(words.chain([dir.as_os_str().to_owned()])), b"")
}

/// Runs a command that takes the lock. A child of another test, between fork and exec, holds the locks of all
/// spools that this program had open.
fn locking(make: impl Fn() -> std::process::Command) -> Run {
    let begun = Instant::now();
    loop {
        let run = run(make(), b"");
        let held = run.code == Some(75) && run.err.contains("in use");
        if !held || begun.elapsed() > Duration::from_secs(10) {
            return run;
        }
    }
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn beside_a_running_owner_everything_is_seen_and_nothing_changed() {
    let dir = TempDir::new("cli-spool-list");
    let owner = filled(dir.path());
    let stats = owner.stats();
    let before = contents(dir.path());

    let list = spool(dir.path(), ["list"]);
    assert_eq!((list.code, list.err.as_str()), (Some(0), ""), "{list:?}");
    let waiting = format!(
        "waiting: {} batches, {} points",
        stats.batches, stats.points
    );
    for part in [
        waiting.as_str(),
        "  bucket=sensors org=acme: ",
        "  bucket=b orgID=0123456789abcdef: 2 points in 1 batch, 15 B, since ",
        " s ago",
        "rejected: 1 line\n  bucket=sensors org=acme: 1 line: unable to parse\\nthis \\u{1b}[31m",
        "damaged places: 0",
    ] {
        assert!(
            list.out.contains(part),
            "{part:?} is missing in:\n{}",
            list.out
        );
    }
    let batches = spool(dir.path(), ["list", "--batches"]);
    let listed = batches
        .out
        .lines()
        .filter(|l| l.starts_with("  batch "))
        .count();
    assert!(listed as u64 >= stats.batches, "{batches:?}");
    assert!(batches.out.contains(".seg: "), "{batches:?}");
    let by_id = "2 points, 15 B for bucket=b orgID=0123456789abcdef, times in ms";
    assert!(batches.out.contains(by_id), "{batches:?}");

    let list = spool(dir.path(), ["list", "--json"]);
    let all = json(&list.out);
    assert_eq!(all["points"], stats.points);
    assert_eq!(all["targets"].as_array().unwrap().len(), 2);
    assert_eq!(
        all["rejected"][0]["reason"],
        "unable to parse\nthis \u{1b}[31m"
    );
    assert_eq!(all["damaged"], 0);
    let batches = spool(dir.path(), ["list", "--json", "--batches"]);
    let lines: Vec<Value> = batches.out.lines().map(json).collect();
    let waiting = |line: &&Value| line["delivered"] == false;
    assert_eq!(lines.iter().filter(waiting).count() as u64, stats.batches);
    assert!(lines.iter().any(|line| line["segment"].is_string()));

    let verify = spool(dir.path(), ["verify"]);
    assert_eq!(verify.code, Some(0), "{verify:?}");
    assert_eq!(
        json(&spool(dir.path(), ["verify", "--json"]).out)["damaged"],
        0
    );
    assert_eq!(spool(dir.path(), ["verify", "-q"]).out, "");

    let rejected = spool(dir.path(), ["rejected"]);
    let reason = "bucket=sensors org=acme: 1 line: unable to parse\\nthis \\u{1b}[31m\n";
    assert_eq!((rejected.code, rejected.out.as_str()), (Some(0), reason));
    assert_eq!(
        json(&spool(dir.path(), ["rejected", "--json"]).out)["lines"],
        1
    );
    let other = spool(dir.path(), ["rejected", "--bucket", "b"]);
    assert_eq!(other.out, "");
    let export = spool(dir.path(), ["rejected", "--export"]);
    assert_eq!(
        export.out,
        "# bucket=sensors org=acme precision=ns rejected: unable to parse\\nthis \\u{1b}[31m\n\
         bad v=x 1000000000\n"
    );
    assert_eq!(contents(dir.path()), before);
    drop(owner);
}

#[test]
fn while_its_owner_writes_and_delivers_nothing_looks_damaged() {
    let dir = TempDir::new("cli-spool-beside");
    let mut owner = filled(dir.path());
    let path = dir.path().to_owned();
    let looker = std::thread::spawn(move || {
        for _ in 0..20 {
            let verify = spool(&path, ["verify"]);
            assert_eq!(verify.code, Some(0), "{verify:?}");
        }
    });
    let (mut body, mut n) = (Vec::new(), 0);
    while !looker.is_finished() {
        n += 1;
        append(
            &mut owner,
            &sensors(),
            Precision::Second,
            &format!("t v={n} {n}\n"),
        );
        if n % 3 == 0 {
            let group = owner.read_batches(&sensors(), 300, &mut body).unwrap();
            owner.ack(&group.unwrap());
        }
    }
    looker.join().unwrap();
}

#[test]
fn damage_shows_in_the_exit_code_and_names_its_place() {
    let dir = TempDir::new("cli-spool-damage");
    drop(filled(dir.path()));
    let segments: Vec<PathBuf> = contents(dir.path()).into_keys().collect();
    let long = |path: &&PathBuf| {
        let seg = path.extension().is_some_and(|name| name == "seg");
        seg && std::fs::metadata(path).unwrap().len() > 400
    };
    let queue = |path: &&PathBuf| !path.to_string_lossy().contains("rejected");
    let segment = segments.iter().filter(queue).rfind(long).unwrap();
    let mut bytes = std::fs::read(segment).unwrap();
    bytes[64 + 40] ^= 1;
    std::fs::write(segment, bytes).unwrap();
    std::fs::write(dir.path().join("0000000000001000.seg"), [1; 70]).unwrap();
    std::fs::write(dir.path().join("notes\u{1b}.txt"), "mine").unwrap();

    let name = segment.file_name().unwrap().to_str().unwrap();
    let verify = spool(dir.path(), ["verify"]);
    assert_eq!(verify.code, Some(1), "{verify:?}");
    for part in [
        name,
        "0000000000001000.seg: not a segment",
        "notes\\u{1b}.txt: not part",
    ] {
        assert!(verify.out.contains(part), "{part}: {verify:?}");
    }
    let found = json(&spool(dir.path(), ["verify", "--json"]).out);
    assert_eq!(found["damaged"], found["damage"].as_array().unwrap().len());
    assert!(found["damaged"].as_u64().unwrap() >= 2);
    // list shows the damage; only verify and export fail.
    let list = spool(dir.path(), ["list"]);
    assert_eq!(list.code, Some(0));
    assert!(list.out.contains(name), "{list:?}");
    let export = spool(dir.path(), ["export"]);
    assert_eq!(export.code, Some(1), "{export:?}");
    assert!(
        export.out.contains("t,n=99 v=99 99000000000\n"),
        "{export:?}"
    );
}

#[test]
fn what_is_exported_is_line_protocol_in_one_unit() {
    let dir = TempDir::new("cli-spool-export");
    let owner = filled(dir.path());
    let points = owner.stats().points;
    let export = spool(dir.path(), ["export"]);
    assert_eq!(export.code, Some(0), "{export:?}");
    assert!(
        export
            .err
            .contains(&format!("{points} points exported, 0 damaged places")),
        "{export:?}"
    );
    assert!(export.err.contains("for 2 buckets; --bucket"), "{export:?}");
    let lines: Vec<&str> = export.out.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!(lines.len() as u64, points);
    let first = 103 - usize::try_from(points).unwrap();
    for (n, line) in (first..=100).zip(&lines) {
        assert_eq!(*line, format!("t,n={n} v={n} {n}000000000"));
    }
    assert_eq!(lines[lines.len() - 2..], ["u v=1 1000000", "u v=2 2000000"]);
    assert!(
        export
            .out
            .contains("# bucket=sensors org=acme precision=ns\n")
    );

    let stored = spool(
        dir.path(),
        ["export", "--precision", "stored", "--bucket", "b"],
    );
    assert_eq!(
        stored.out,
        "# bucket=b orgID=0123456789abcdef precision=ms\nu v=1 1\nu v=2 2\n"
    );
    // A time that isn't a multiple of a coarser unit is in a comment.
    let seconds = spool(dir.path(), ["export", "--precision", "s", "--bucket", "b"]);
    assert_eq!(seconds.code, Some(1), "{seconds:?}");
    assert_eq!(
        seconds.out,
        "# bucket=b orgID=0123456789abcdef precision=s\n\
         # not in s, but in ms:\n# u v=1 1\n# u v=2 2\n"
    );
    let batch = spool(dir.path(), ["export", "--json", "--bucket", "b"]);
    let batch = json(&batch.out);
    assert_eq!(batch["lines"], "u v=1 1000000\nu v=2 2000000\n");
    assert_eq!(batch["org_id"], "0123456789abcdef");
    let hour = spool(dir.path(), ["export", "--precision", "h"]);
    assert_eq!(hour.code, Some(64), "{hour:?}");
}

#[test]
fn a_closed_standard_output_ends_it_quietly() {
    let dir = TempDir::new("cli-spool-head");
    let mut owner = Spool::open(dir.path()).unwrap();
    let lines = "t,tag=value v=1 1\n".repeat(1000);
    for _ in 0..50 {
        append(&mut owner, &sensors(), Precision::Second, &lines);
    }
    for args in [["spool", "export"], ["spool", "list"]] {
        let args = args.map(OsStr::new).into_iter();
        let mut child = command(args.chain([OsStr::new("--json"), dir.path().as_os_str()]))
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        if child.stdin.take().is_some() {
            let mut start = [0; 1];
            out.read_exact(&mut start).unwrap();
        }
        drop(out);
        let run = ended(child);
        assert_eq!(run.err.matches("standard output").count(), 0, "{run:?}");
        assert_eq!(run.code, Some(0), "{run:?}");
    }
}

#[test]
fn mistakes_are_named() {
    let dir = TempDir::new("cli-spool-mistakes");
    let missing = dir.path().join("nothing");
    for args in [
        &["list"][..],
        &["verify"],
        &["export"],
        &["rejected"],
        &["rejected", "--drop"],
    ] {
        let run = spool(&missing, args);
        assert_eq!(run.code, Some(66), "{args:?}: {run:?}");
        assert!(run.err.contains("there is no spool"), "{run:?}");
        assert!(!missing.exists());
    }
    let resend = run(
        at(
            "http://127.0.0.1:9",
            ["spool", "resend", missing.to_str().unwrap()],
        ),
        b"",
    );
    assert_eq!(resend.code, Some(66), "{resend:?}");
    assert!(!missing.exists());
    for (args, text) in [
        (&["spool"][..], "usage: influx-edge spool COMMAND"),
        (&["spool", "repair"], "\"repair\" is not a command"),
        (&["spool", "list"], "DIR is missing"),
        (
            &["spool", "rejected", "x", "--drop", "--export"],
            "exclude each other",
        ),
        (
            &["spool", "rejected", "x", "--drop", "--bucket", "b"],
            "leave out --bucket",
        ),
        (&["spool", "resend", "x", "--rename", "a"], "no OLD=NEW"),
    ] {
        let run = run(command(args), b"");
        assert_eq!(run.code, Some(64), "{args:?}: {run:?}");
        assert!(run.err.contains(text), "{args:?}: {run:?}");
    }
}

#[test]
fn the_default_is_where_write_keeps_it() {
    let home = TempDir::new("cli-spool-home");
    let at_home = home.path().join(".local/state/influx-edge/spool");
    std::fs::create_dir_all(at_home.parent().unwrap()).unwrap();
    drop(filled(&at_home));
    let mut list = command(["spool", "list"]);
    list.env("HOME", home.path());
    let list = run(list, b"");
    assert_eq!(list.code, Some(0), "{list:?}");
    assert!(list.out.starts_with(at_home.to_str().unwrap()), "{list:?}");
    let mut list = command(["spool", "list"]);
    list.env("HOME", "/")
        .env("STATE_DIRECTORY", at_home.parent().unwrap());
    assert_eq!(run(list, b"").code, Some(0));
}

/// A default spool that doesn't exist yet is empty, and isn't created.
#[test]
fn a_default_that_does_not_exist_is_empty() {
    let home = TempDir::new("cli-spool-none");
    for (args, out) in [
        (&["list"][..], "waiting: 0 batches"),
        (&["list", "--json"], "\"points\":0"),
        (&["verify"], "0 batches intact"),
        (&["export"], ""),
        (&["rejected"], ""),
        (&["rejected", "--drop"], ""),
        (&["resend", "--json"], "\"found\":0"),
    ] {
        let mut command = at("http://127.0.0.1:9", [&["spool"], args].concat());
        command.env("HOME", home.path());
        let run = run(command, b"");
        assert_eq!(run.code, Some(0), "{args:?}: {run:?}");
        assert!(run.out.contains(out), "{args:?}: {run:?}");
        assert_eq!(run.out.is_empty(), out.is_empty(), "{args:?}: {run:?}");
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

/// No control character of a spooled line reaches a terminal.
#[test]
fn on_a_terminal_control_characters_are_escaped() {
    let dir = TempDir::new("cli-spool-terminal");
    let mut owner = filled(dir.path());
    let hostile = "t s=\"a\u{1b}[31m\u{9b}\" 1\n";
    append(&mut owner, &sensors(), Precision::Second, hostile);
    reject(&mut owner, &sensors(), hostile, "refused \u{1b}]0;x\u{7}");
    for args in [
        &["list"][..],
        &["list", "--batches"],
        &["verify"],
        &["export"],
        &["export", "--precision", "stored"],
        &["rejected"],
        &["rejected", "--export"],
    ] {
        let mut command = command(["spool"]);
        command.args(args).arg(dir.path());
        let run = on_terminal(80, command);
        assert_eq!(run.code, Some(0), "{run:?}");
        let control = |c: char| c.is_control() && c != '\n';
        assert!(
            !run.out.is_empty() && !run.out.contains(control),
            "{args:?}: {run:?}"
        );
    }
    // A file gets the line unchanged.
    let export = spool(dir.path(), ["export", "--precision", "stored"]);
    assert!(export.out.contains(hostile), "{export:?}");
}
