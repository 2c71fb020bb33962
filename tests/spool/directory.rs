//! The spool's directory: its lock, links to it, its owner, linked files in it, other users, a read-only
//! mount.
#![cfg(unix)]

use crate::common::spool::{append, drain, target};
use crate::common::temp_dir::TempDir;
use influx_edge::Precision;
use influx_edge::spool::{Batch, OpenReport, Spool, SpoolError};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

fn payload(n: u64) -> Vec<u8> {
    format!("t,n={n} v={n} {n}\n").into_bytes()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

/// What temp cleaners and people do to the file that was the lock once.
#[test]
fn the_lock_is_the_directorys_own() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 6] = [
        ("nothing", |_| {}),
        ("removed", |lock| {
            let _ = fs::remove_file(lock);
        }),
        ("renamed", |lock| {
            let _ = fs::rename(lock, lock.with_extension("old"));
        }),
        ("replaced", |lock| {
            let _ = fs::remove_file(lock);
            fs::write(lock, b"").unwrap();
        }),
        ("every other file removed", |lock| {
            for name in names(lock.parent().unwrap()) {
                if !name.ends_with(".seg") {
                    fs::remove_file(lock.with_file_name(name)).unwrap();
                }
            }
        }),
        ("a directory", |lock| {
            let _ = fs::remove_file(lock);
            fs::create_dir(lock).unwrap();
        }),
    ];
    for (name, harm) in harms {
        let dir = TempDir::new("harm");
        let mut spool = Spool::open(dir.path()).unwrap();
        for n in 1..=3 {
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
        harm(&dir.path().join("LOCK"));
        for _ in 0..2 {
            let second = Spool::open(dir.path());
            assert!(matches!(second, Err(SpoolError::Locked { .. })), "{name}");
            append(&mut spool, &target(), &payload(4)).unwrap();
        }
        drop(spool);
        let mut spool = Spool::open(dir.path()).unwrap();
        assert!(spool.open_report().is_clean(), "{name}");
        assert_eq!(drain(&mut spool, &target()).len(), 5, "{name}");
    }
}

/// A link that is re-pointed or removed, a directory that is renamed, or the one above it.
#[test]
fn everything_goes_on_in_the_directory_that_was_opened() {
    type Harm = fn(&Path);
    let harms: [(&str, &str, Harm); 6] = [
        ("link", "a/spool", |base| {
            fs::remove_file(base.join("link")).unwrap();
            symlink("b/spool", base.join("link")).unwrap();
        }),
        ("link", "a/spool", |base| {
            fs::remove_file(base.join("link")).unwrap();
        }),
        ("up/spool", "a/spool", |base| {
            fs::remove_file(base.join("up")).unwrap();
            symlink("b", base.join("up")).unwrap();
        }),
        ("a/spool", "a/old", |base| {
            fs::rename(base.join("a/spool"), base.join("a/old")).unwrap();
            fs::create_dir(base.join("a/spool")).unwrap();
        }),
        ("a/spool", "c/spool", |base| {
            fs::rename(base.join("a"), base.join("c")).unwrap();
        }),
        ("a/spool", "c/spool", |base| {
            fs::rename(base.join("a"), base.join("c")).unwrap();
            symlink("b", base.join("a")).unwrap();
        }),
    ];
    for (n, (path, really, harm)) in harms.into_iter().enumerate() {
        let base = TempDir::new("moved");
        fs::create_dir_all(base.path().join("a/spool")).unwrap();
        fs::create_dir_all(base.path().join("b/spool")).unwrap();
        symlink("a/spool", base.path().join("link")).unwrap();
        symlink("a", base.path().join("up")).unwrap();
        let builder = Spool::builder(base.path().join(path)).segment_bytes(4096);
        let mut spool = builder.open().unwrap();
        for n in 1..=100 {
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
        harm(base.path());
        for n in 101..=300 {
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
        let mut body = Vec::new();
        let group = spool.read_batches(&target(), 100, &mut body).unwrap();
        spool.ack(&group.unwrap());
        let to = target();
        let batch = Batch::new(&to, Precision::Second, 1, b"bad\n");
        spool.reject(batch, "no").unwrap();
        spool.close().unwrap();
        let at = |name: &str| names(&base.path().join(name));
        assert!(at("b/spool").is_empty(), "{n}: {:?}", at("b/spool"));
        assert!(n != 3 || at("a/spool").is_empty());
        let mut spool = Spool::open(base.path().join(really)).unwrap();
        let report = *spool.open_report();
        assert!(report.is_clean() && report.delivered > 0, "{n}: {report:?}");
        assert_eq!(spool.stats().rejected_lines, 1);
        let out = drain(&mut spool, &target());
        assert_eq!(out.len() as u64 + report.delivered, 300, "{n}");
    }
}

/// Deleted with all that was in it, and made again; or something else is there now.
#[test]
fn a_directory_that_was_deleted_and_made_again_is_used() {
    type Harm = fn(&Path);
    let harms: [(bool, Harm); 6] = [
        (true, |dir| fs::create_dir(dir).unwrap()),
        (true, |dir| {
            fs::create_dir(dir.with_extension("new")).unwrap();
            symlink(dir.with_extension("new"), dir).unwrap();
        }),
        (false, |_| {}),
        (false, |dir| fs::write(dir, b"").unwrap()),
        (false, |dir| {
            let mut other = Spool::open(dir).unwrap();
            append(&mut other, &target(), b"x").unwrap();
        }),
        (false, |dir| {
            fs::create_dir(dir).unwrap();
            fs::set_permissions(dir, PermissionsExt::from_mode(0o777)).unwrap();
        }),
    ];
    for (n, (goes_on, harm)) in harms.into_iter().enumerate() {
        let base = TempDir::new("deleted");
        let dir = base.path().join("spool");
        let builder = Spool::builder(&dir).segment_bytes(4096);
        let mut spool = builder.open().unwrap();
        for round in 0..2 {
            append(&mut spool, &target(), &payload(1)).unwrap();
            fs::remove_dir_all(&dir).unwrap();
            harm(&dir);
            let appended = append(&mut spool, &target(), &payload(2));
            assert_eq!(appended.is_ok(), goes_on, "{n} {round}: {appended:?}");
            if !goes_on {
                break;
            }
            let second = Spool::open(&dir).unwrap_err();
            assert!(matches!(second, SpoolError::Locked { .. }), "{n} {round}");
            assert_eq!(names(&dir).len(), 1);
            fs::remove_dir_all(dir.with_extension("new")).unwrap_or_default();
            fs::remove_file(&dir).unwrap_or_default();
            fs::create_dir_all(&dir).unwrap();
        }
    }
}

#[test]
fn a_directory_that_all_may_write_to_is_refused() {
    for (mode, taken) in [
        (0o700, true),
        (0o750, true),
        (0o775, true),
        (0o777, false),
        (0o1777, false),
        (0o702, false),
    ] {
        let dir = TempDir::new("shared");
        fs::set_permissions(dir.path(), PermissionsExt::from_mode(mode)).unwrap();
        match Spool::open(dir.path()) {
            Ok(_) => assert!(taken, "{mode:o}"),
            Err(e) => {
                assert!(!taken, "{mode:o}: {e}");
                let text = format!("may be written to by all users (mode {mode:04o})");
                assert!(e.to_string().contains(&text), "{e}");
                assert!(names(dir.path()).is_empty(), "nothing was made in it");
            }
        }
        let builder = Spool::builder(dir.path()).allow_shared_directory();
        let mut spool = builder.open().unwrap();
        append(&mut spool, &target(), b"x").unwrap();
    }
}

/// Another program's file, or a link to it, where the acknowledgements or a segment should be.
#[test]
fn linked_files_are_read_and_never_written() {
    type Link = fn(&Path, &Path);
    let links: [(&str, Link); 3] = [
        ("hard link", |from, to| fs::hard_link(from, to).unwrap()),
        ("link", |from, to| symlink(from, to).unwrap()),
        ("dangling", |_, to| symlink("nowhere", to).unwrap()),
    ];
    for (name, link) in links {
        let dir = TempDir::new("linked");
        let (ack, outside) = (dir.path().join("s/ack"), dir.path().join("outside"));
        let mut spool = Spool::open(dir.path().join("s")).unwrap();
        for n in 1..=5 {
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
        drain(&mut spool, &target());
        append(&mut spool, &target(), &payload(6)).unwrap();
        drop(spool);
        let content = fs::read(&ack).unwrap();
        fs::rename(&ack, &outside).unwrap();
        link(&outside, &ack);
        let mut spool = Spool::open(dir.path().join("s")).unwrap();
        // A hard link's number counts.
        let waiting = if name == "hard link" { 1 } else { 6 };
        assert_eq!(spool.stats().batches, waiting, "{name}");
        assert_eq!(drain(&mut spool, &target()).len() as u64, waiting);
        append(&mut spool, &target(), &payload(7)).unwrap();
        drop(spool);
        assert_eq!(fs::read(&outside).unwrap(), content, "{name}: written");
        let meta = fs::symlink_metadata(&ack).unwrap();
        assert!(meta.is_file(), "{name}");
        assert!(!names(&dir.path().join("s")).contains(&"ack.new".into()));
        let spool = Spool::open(dir.path().join("s")).unwrap();
        assert_eq!(
            spool.stats().batches,
            1,
            "{name}: acknowledged in a new file"
        );
    }

    let dir = TempDir::new("linked");
    let mut spool = Spool::open(dir.path().join("s")).unwrap();
    append(&mut spool, &target(), &payload(1)).unwrap();
    drop(spool);
    let segment = dir.path().join("s/0000000000000001.seg");
    let outside = dir.path().join("outside");
    let mut content = fs::read(&segment).unwrap();
    content.extend(b"torn");
    fs::write(&segment, &content).unwrap();
    fs::hard_link(&segment, &outside).unwrap();
    for n in 1..=3 {
        let mut spool = Spool::open(dir.path().join("s")).unwrap();
        assert_eq!(spool.stats().batches, n);
        append(&mut spool, &target(), &payload(n + 1)).unwrap();
    }
    let mut spool = Spool::open(dir.path().join("s")).unwrap();
    assert_eq!(drain(&mut spool, &target()).len(), 4);
    drop(spool);
    assert_eq!(fs::read(&outside).unwrap(), content);
    assert_eq!(names(&dir.path().join("s")), ["ack"]);
}

const HELPER: &str = "SPOOL_TEST_HELPER";

/// Not a test of its own: opens a spool, and prints what came of it, as another user or in other mounts.
#[test]
fn helper() {
    let Ok(dir) = std::env::var(HELPER) else {
        return;
    };
    match Spool::open(&dir) {
        Err(e) => println!("open: {e}"),
        Ok(mut spool) => {
            println!("{:?}", spool.open_report());
            let appended = append(&mut spool, &target(), b"x");
            println!(
                "append: {}",
                appended.map_or_else(|e| e.to_string(), |_| "Ok".into())
            );
            println!("drained {}", drain(&mut spool, &target()).len());
        }
    }
}

/// This program, where every user can start it.
struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Copy {
    /// `None` if this user may not do what these tests need.
    fn new(test: &str) -> Option<Self> {
        let id = Command::new("id").arg("-u").output().ok()?;
        if id.stdout != b"0\n" {
            println!("not tried: this is not root");
            return None;
        }
        let name = format!("spool-users-{}-{test}", std::process::id());
        let copy = Copy(std::env::temp_dir().join(name));
        fs::create_dir(&copy.0).unwrap();
        fs::set_permissions(&copy.0, PermissionsExt::from_mode(0o755)).unwrap();
        fs::copy(std::env::current_exe().unwrap(), copy.program()).unwrap();
        // An emulator may be unable to.
        let started = Command::new(copy.program()).arg("--list").output();
        started
            .is_ok_and(|out| out.status.success())
            .then_some(copy)
    }

    fn program(&self) -> PathBuf {
        self.0.join("program")
    }

    fn run(&self, command: &mut Command, dir: &Path) -> String {
        let out = command
            .args(["--exact", "directory::helper", "--nocapture"])
            .env(HELPER, dir)
            .output()
            .unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap()
    }
}

#[test]
fn another_users_files_are_named_with_owner_and_mode() {
    const NOBODY: u32 = 65_534;
    let Some(copy) = Copy::new("owners") else {
        return;
    };
    let base = &copy.0;
    for (name, change, expected) in [
        (
            "dir-700",
            "",
            "open: cannot open the spool: open DIR: Permission denied (os error 13); DIR belongs to user 0, mode 0700, and this process is user 65534",
        ),
        (
            "parent/spool",
            "",
            "open: cannot open the spool: open DIR: Permission denied (os error 13); PARENT belongs to user 0, mode 0700, and this process is user 65534",
        ),
        (
            "dir-755",
            "rm DIR/ack; chmod 755 DIR; chown 65534 DIR",
            "open: cannot open the spool: open DIR/0000000000000001.seg: Permission denied (os error 13); DIR/0000000000000001.seg belongs to user 0, mode 0600, and this process is user 65534",
        ),
        (
            "ack",
            "chmod 755 DIR; chown 65534 DIR/*.seg DIR",
            "open: cannot open the spool: open DIR/ack: Permission denied (os error 13); DIR/ack belongs to user 0, mode 0600, and this process is user 65534",
        ),
        (
            "empty",
            "rm DIR/*; chmod 755 DIR",
            "open: cannot open the spool: make files in DIR: Permission denied (os error 13); DIR belongs to user 0, mode 0755, and this process is user 65534",
        ),
        (
            "foreign",
            "chown 4711 DIR; chmod 755 DIR",
            "open: the spool's directory DIR belongs to user 4711 and this process is user 65534: others could",
        ),
        (
            "readable",
            "chmod 755 DIR; chmod 644 DIR/*",
            "append: the spool DIR is read-only",
        ),
        ("readable2", "chmod 755 DIR; chmod 644 DIR/*", "drained 2"),
        (
            "old-ack",
            "chmod 755 DIR; chown 65534 DIR/*.seg DIR; chmod 644 DIR/ack",
            "append: Ok",
        ),
    ] {
        let dir = base.join(name);
        fs::create_dir_all(dir.parent().unwrap()).unwrap();
        let mut spool = Spool::open(&dir).unwrap();
        for n in 1..=3 {
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
        let group = spool.read_batches(&target(), 1, &mut Vec::new()).unwrap();
        spool.ack(&group.unwrap());
        drop(spool);
        if name == "parent/spool" {
            fs::set_permissions(dir.parent().unwrap(), PermissionsExt::from_mode(0o700)).unwrap();
        }
        let script = change.replace("DIR", dir.to_str().unwrap());
        let done = Command::new("sh").args(["-c", &script]).status().unwrap();
        assert!(done.success());
        let out = copy.run(Command::new(copy.program()).uid(NOBODY).gid(NOBODY), &dir);
        let (at, parent) = (
            dir.to_str().unwrap(),
            dir.parent().unwrap().to_str().unwrap(),
        );
        let expected = expected
            .replace(
                "DIR/0000000000000001.seg",
                &format!("\"{at}/0000000000000001.seg\""),
            )
            .replace("DIR/ack", &format!("\"{at}/ack\""))
            .replace("DIR", &format!("\"{at}\""))
            .replace("PARENT", &format!("\"{parent}\""));
        assert!(out.contains(&expected), "{name}: {out}\n{expected}");
    }
}

#[test]
fn a_read_only_mount_is_drained() {
    let Some(copy) = Copy::new("mount") else {
        return;
    };
    for (name, harm) in [
        ("plain", ""),
        ("rejected", "mkdir DIR/rejected"),
        ("torn", "printf torn >> DIR/0000000000000001.seg"),
        (
            "not a segment",
            "head -c 100 /dev/zero > DIR/0000000000000009.seg",
        ),
        ("old lock", "touch DIR/LOCK"),
        ("link", "ln -s nowhere DIR/ack"),
    ] {
        let dir = copy.0.join(name);
        let mut spool = Spool::open(&dir).unwrap();
        for n in 1..=3 {
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
        drop(spool);
        let script = harm.replace("DIR", &format!("'{}'", dir.display()));
        assert!(
            Command::new("sh")
                .args(["-c", &script])
                .status()
                .unwrap()
                .success()
        );
        let before = names(&dir);
        let mut command = Command::new("unshare");
        let mount = r#"mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || { echo no mount; exit 0; }
            program=$2; shift 2; exec "$program" "$@""#;
        command
            .args(["-m", "sh", "-c", mount, "sh"])
            .arg(&dir)
            .arg(copy.program());
        let out = copy.run(&mut command, &dir);
        if out.contains("no mount") {
            println!("not tried: nothing can be mounted");
            return;
        }
        assert!(out.contains("read_only: true"), "{name}: {out}");
        assert!(
            out.contains("is read-only: nothing can be added"),
            "{name}: {out}"
        );
        assert!(out.contains("drained 3"), "{name}: {out}");
        assert_eq!(names(&dir), before);
        let spool = Spool::open(&dir).unwrap();
        let report: OpenReport = *spool.open_report();
        assert!(
            report.batches == 3 && !report.read_only,
            "{name}: {report:?}"
        );
    }
}
