//! The directory: whose it is, who uses it, what it is when nothing can be written to it; and that both
//! implementations of it do the same.

#[cfg(unix)]
use super::program_lock::ProgramDir;
use super::sim::{Call, Sim};
use super::{TestClock, append, drain, io_error, target};
use crate::Precision;
use crate::spool::directory::Directory;
use crate::spool::fs::{Access, Fs, LOCK, Owner, user};
use crate::spool::{Batch, Durability, Inspector, OverflowPolicy, Spool, SpoolBuilder, SpoolError};
use crate::testing::TempDir;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use std::io::{self, ErrorKind};
use std::path::Path;

const DIR: &str = "/spool";

fn builder() -> SpoolBuilder {
    Spool::builder(DIR).segment_bytes(4096)
}

fn open(sim: &Sim) -> Result<Spool, SpoolError> {
    builder().open_on(sim.clone(), TestClock::default())
}

fn payload(n: u64) -> Vec<u8> {
    format!("t,n={n} v={n} {n}\n").into_bytes()
}

fn reject(spool: &mut Spool) -> Result<(), SpoolError> {
    let to = target();
    let batch = Batch::new(&to, Precision::Second, 1, b"bad\n");
    spool.reject(batch, "no")
}

/// A spool with batches 1 to `batches`, in segments of some 70.
fn filled(sim: &Sim, batches: u64) {
    let mut spool = open(sim).unwrap();
    for n in 1..=batches {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
}

fn writes(call: Call) -> bool {
    matches!(
        call,
        Call::CreateDir
            | Call::Create
            | Call::Remove
            | Call::Rename
            | Call::Write
            | Call::SetLen
            | Call::Access
    )
}

/// EROFS and EACCES; with and without damage at the end, acknowledgements, a directory of rejected lines.
#[test]
fn a_spool_that_cannot_be_written_to_is_drained() {
    for code in [30, 13] {
        for (torn, acked, rejected) in [
            (false, false, false),
            (true, false, false),
            (false, true, false),
            (true, true, false),
            (false, false, true),
        ] {
            let sim = Sim::new();
            filled(&sim, 200);
            let mut first = 1;
            if acked {
                let mut spool = open(&sim).unwrap();
                let group = spool.read_batches(&target(), 1000, &mut vec![]).unwrap();
                let group = group.unwrap();
                spool.ack(&group);
                first += group.points;
            }
            if rejected {
                reject(&mut open(&sim).unwrap()).unwrap();
            }
            let mut image = sim.image();
            if torn {
                let mut segments = image.list(DIR);
                segments.retain(|(path, _)| path.ends_with(".seg"));
                let (path, mut bytes) = segments.pop().unwrap();
                bytes.extend(b"\xF5REC torn");
                image.set(&path, bytes);
            }
            let sim = Sim::from_image(image);
            let before = sim.image().list(DIR);
            sim.fail_when(move |call, _| writes(call).then(|| io::Error::from_raw_os_error(code)));
            for durability in [Durability::EveryBatch, Durability::OsManaged] {
                let case = format!("{code} {torn} {acked} {rejected} {durability:?}");
                let builder = builder().durability(durability);
                let mut spool = builder.open_on(sim.clone(), TestClock::default()).unwrap();
                let report = *spool.open_report();
                assert!(report.read_only && report.is_clean(), "{case}: {report:?}");
                assert_eq!(report.batches, 201 - first, "{case}");
                let error = append(&mut spool, &target(), b"x").unwrap_err();
                assert!(matches!(error, SpoolError::ReadOnly { .. }));
                assert_eq!(
                    error.to_string(),
                    "the spool \"/spool\" is read-only: nothing can be added; what waits in it can be sent"
                );
                reject(&mut spool).unwrap_err();
                assert_eq!(spool.stats().rejected_dropped, 1);
                let out: Vec<_> = drain(&mut spool, &target());
                let expected: Vec<_> = (first..=200).map(|n| (n, payload(n))).collect();
                assert!(out == expected, "{case}");
                assert!(spool.is_empty() && spool.stats().read_only);
                assert!(spool.stats().unnoted_acks > 0, "{case}");
                spool.sync().unwrap();
                spool.close().unwrap();
                assert!(sim.image().list(DIR) == before, "{case}: something changed");
            }
            sim.heal();
            let mut spool = open(&sim).unwrap();
            assert!(!spool.open_report().read_only);
            assert_eq!(spool.open_report().batches, 201 - first, "again");
            append(&mut spool, &target(), b"x").unwrap();
        }
    }
}

/// A wrong owner should be noticed at the start, not with the first outage.
#[test]
fn an_empty_directory_that_cannot_be_written_to() {
    let fail = |code| {
        let sim = Sim::new();
        drop(open(&sim).unwrap());
        sim.fail_when(move |call, _| writes(call).then(|| io::Error::from_raw_os_error(code)));
        open(&sim)
    };
    let spool = fail(30).unwrap();
    assert!(spool.open_report().read_only);
    let error = fail(13).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot open the spool: make files in \"/spool\": Permission denied (os error 13)"
    );
}

#[test]
fn the_owner_of_the_directory() {
    let (me, other) = (user().unwrap(), user().unwrap() + 1);
    for (uid, mode, taken) in [
        (me, 0o700, true),
        (me, 0o755, true),
        (me, 0o770, true),
        (0, 0o700, true),
        (0, 0o775, true),
        (other, 0o700, false),
        (other, 0o755, false),
        (me, 0o777, false),
        (0, 0o777, false),
        (0, 0o1777, false),
        (other, 0o777, false),
        (me, 0o702, false),
    ] {
        let sim = Sim::new();
        filled(&sim, 1);
        sim.set_owner(DIR, Owner { uid, mode });
        let opened = open(&sim);
        match &opened {
            Ok(_) => assert!(taken, "{uid} {mode:o}"),
            Err(error) => {
                assert!(!taken, "{uid} {mode:o}: {error}");
                assert!(io_error(error).is_none());
                let whose = match mode & 2 {
                    0 => format!("belongs to user {other} and this process is user {me}"),
                    _ => format!("may be written to by all users (mode {mode:04o})"),
                };
                assert_eq!(
                    error.to_string(),
                    format!(
                        "the spool's directory \"/spool\" {whose}: others could change what is sent; \
                         correct that, or allow it with SpoolBuilder::allow_shared_directory"
                    )
                );
            }
        }
        drop(opened);
        let builder = builder().allow_shared_directory();
        let mut spool = builder.open_on(sim.clone(), TestClock::default()).unwrap();
        assert_eq!(drain(&mut spool, &target()).len(), 1);
    }
}

/// Every call that a child process can make; none of them changes anything.
#[test]
fn a_child_process_is_refused() {
    type Try = Box<dyn Fn(&mut Spool) -> Option<SpoolError>>;
    let calls: Vec<(&str, Try)> = vec![
        ("append", Box::new(|s| append(s, &target(), b"x").err())),
        ("sync", Box::new(|s| s.sync().err())),
        (
            "read_batches",
            Box::new(|s| s.read_batches(&target(), 100, &mut vec![]).err()),
        ),
        ("reject", Box::new(|s| reject(s).err())),
    ];
    for durability in [
        Durability::EveryBatch,
        Durability::Interval(core::time::Duration::ZERO),
        Durability::OsManaged,
    ] {
        let sim = Sim::new();
        let builder = builder().durability(durability).max_bytes(64 << 10);
        let builder = builder.overflow_policy(OverflowPolicy::DropOldest);
        let mut spool = builder.open_on(sim.clone(), TestClock::default()).unwrap();
        append(&mut spool, &target(), b"1\n").unwrap();
        let group = spool.read_batches(&target(), 100, &mut vec![]).unwrap();
        sim.fork();
        let (ops, syncs) = (sim.ops(), sim.calls(Call::Sync));
        for (name, call) in &calls {
            let error = call(&mut spool).unwrap_or_else(|| panic!("{name} is Ok"));
            assert!(matches!(error, SpoolError::Forked { .. }));
            assert_eq!(
                error.to_string(),
                "the spool \"/spool\" was opened by process 1000, and this is process 1001: a spool \
                 is used by the process that opened it alone; daemonize first, then open",
                "{name}"
            );
        }
        assert_eq!(spool.ack(&group.unwrap()), 0);
        assert_eq!(spool.stats().batches, 1);
        let error = spool.close().unwrap_err();
        assert!(matches!(error, SpoolError::Forked { .. }));
        assert_eq!((sim.ops(), sim.calls(Call::Sync)), (ops, syncs));
    }
}

/// What its methods forget, the directory refuses.
#[test]
fn a_child_process_changes_nothing_in_the_directory() {
    let sim = Sim::new();
    filled(&sim, 1);
    let directory = Directory::open(sim.clone(), Path::new(DIR)).unwrap();
    let name = Path::new("0000000000000001.seg");
    let file = directory.open(name, Access::Write).unwrap();
    sim.fork();
    let ops = sim.ops();
    let refused = [
        directory.create_dir(Path::new("d")).err(),
        directory.create(Path::new("f")).err(),
        directory.remove(name).err(),
        directory.rename(name, Path::new("f")).err(),
        file.set_len(0).err(),
    ];
    for error in refused {
        let error = SpoolError::from_io("test", Path::new(DIR), error.unwrap());
        assert!(matches!(error, SpoolError::Forked { .. }));
    }
    assert_eq!(sim.ops(), ops);
}

/// The lock file's case: no Ok, no acknowledgement and no removal once another may be the owner.
#[test]
fn without_the_lock_nothing_is_confirmed_and_nothing_removed() {
    for durability in [Durability::EveryBatch, Durability::OsManaged] {
        let sim = Sim::new();
        let builder = builder().durability(durability).max_bytes(64 << 10);
        let builder = builder.overflow_policy(OverflowPolicy::DropOldest);
        let clock = TestClock::default();
        let mut spool = builder.open_on(sim.clone(), clock.clone()).unwrap();
        for n in 1..=200 {
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
        let files = sim.image().list(DIR);
        sim.lose_lock();
        for n in 0..5 {
            clock.advance(1000);
            let error = append(&mut spool, &target(), &payload(n)).unwrap_err();
            assert_eq!(
                error.to_string(),
                "cannot write to the spool: keep the lock of \"/spool\": lock lost"
            );
        }
        assert_eq!(drain(&mut spool, &target()).len(), 200);
        assert!(spool.stats().unnoted_acks > 0);
        drop(spool);
        let after = sim.image().list(DIR);
        let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
            files.iter().map(|f| f.0.clone()).collect()
        };
        for name in names(&files) {
            assert!(names(&after).contains(&name), "{name} was removed");
        }
        assert!(!names(&after).iter().any(|name| name.ends_with("ack")));
    }
}

/// EINVAL, ENOTSUP and ENOSYS, of the directory and of the one above it.
#[test]
fn a_directory_that_cannot_be_synced_is_mentioned() {
    for code in [22, 95, 38] {
        for which in ["/", DIR, ""] {
            let sim = Sim::new();
            sim.fail_when(move |call, path| {
                let hit = call == Call::SyncDir && (which.is_empty() || path == Path::new(which));
                hit.then(|| io::Error::from_raw_os_error(code))
            });
            for round in 0..2 {
                let mut spool = open(&sim).unwrap();
                assert!(spool.open_report().unsynced_directory, "{code} {which:?}");
                assert!(spool.open_report().is_clean());
                for n in 1..=200 {
                    append(&mut spool, &target(), &payload(n)).unwrap();
                }
                reject(&mut spool).unwrap();
                spool.sync().unwrap();
                assert_eq!(spool.stats().batches, 200 * (round + 1));
                spool.close().unwrap();
            }
        }
    }
    assert!(!open(&Sim::new()).unwrap().open_report().unsynced_directory);
}

/// Any call that fails in any operation is named, with its file.
#[test]
fn every_error_names_the_call_and_the_file() {
    let eio = |sim: &Sim, failing: Call, name: &'static str| {
        sim.fail_when(move |call, path| {
            let hit = call == failing && path.to_str().unwrap().ends_with(name);
            hit.then(|| io::Error::from_raw_os_error(5))
        });
    };
    let segment = "/spool/0000000000000001.seg";
    for (call, name, words, path) in [
        (Call::OpenDir, "spool", "open", "/spool"),
        (Call::SyncDir, "spool", "sync the directory", "/spool"),
        (Call::SyncDir, "/", "sync the directory", "/"),
        (Call::Lock, "spool", "lock", "/spool"),
        (Call::List, "spool", "list", "/spool"),
        (Call::Open, ".seg", "open", segment),
        (Call::Read, ".seg", "read", segment),
        (Call::Status, ".seg", "look at", segment),
        (Call::Sync, ".seg", "sync", segment),
        (Call::Open, "ack", "open for writing", "/spool/ack"),
        (Call::Read, "ack", "read", "/spool/ack"),
    ] {
        let sim = Sim::new();
        filled(&sim, 3);
        let mut spool = open(&sim).unwrap();
        let group = spool.read_batches(&target(), 0, &mut vec![]).unwrap();
        spool.ack(&group.unwrap());
        drop(spool);
        eio(&sim, call, name);
        let error = open(&sim).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot open the spool: {words} {path:?}: Input/output error (os error 5)")
        );
        assert_eq!(io_error(&error).unwrap().raw_os_error(), Some(5));
    }
    let second = "/spool/0000000000000003.seg";
    for (call, name, words, path) in [
        (Call::Write, ".seg", "write", second),
        (Call::Sync, ".seg", "sync", second),
        (Call::Create, ".seg", "make", second),
        (Call::SyncDir, "spool", "sync the directory", "/spool"),
    ] {
        let sim = Sim::new();
        let mut spool = open(&sim).unwrap();
        for n in 1..=2 {
            append(&mut spool, &target(), &payload(n)).unwrap();
        }
        eio(&sim, call, name);
        let long = vec![b'x'; 4000];
        let error = append(&mut spool, &target(), &long).unwrap_err();
        assert!(
            error.to_string().starts_with("cannot write to the spool: "),
            "{error}"
        );
        let end = format!(": {words} {path:?}: Input/output error (os error 5)");
        // The second attempt's file may have another number.
        let text = error
            .to_string()
            .replace("0000000000000004", "0000000000000003");
        assert!(text.ends_with(&end), "{text}");
    }
    let sim = Sim::new();
    filled(&sim, 3);
    let mut spool = open(&sim).unwrap();
    eio(&sim, Call::Read, ".seg");
    let error = spool.read_batches(&target(), 0, &mut vec![]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot read the spool: read {segment:?}: Input/output error (os error 5)")
    );
}

/// The file whose permissions are the reason, its owner and mode, and who asks.
#[test]
fn a_denied_permission_names_the_file_its_owner_and_us() {
    let me = user().unwrap();
    let segment = "/spool/0000000000000001.seg";
    for (call, path, words, by) in [
        (Call::OpenDir, "/spool", "open", "/spool"),
        (Call::Open, segment, "open", segment),
        (Call::Open, "/spool/ack", "open", "/spool/ack"),
        (Call::Read, segment, "read", ""),
        (Call::Lock, "/spool", "lock", "/spool"),
        (Call::List, "/spool", "list", "/spool"),
    ] {
        let sim = Sim::new();
        filled(&sim, 3);
        let mut spool = open(&sim).unwrap();
        let group = spool.read_batches(&target(), 0, &mut vec![]).unwrap();
        spool.ack(&group.unwrap());
        drop(spool);
        sim.set_owner(
            by,
            Owner {
                uid: 4711,
                mode: 0o640,
            },
        );
        sim.fail_when(move |c, p| {
            (c == call && p == Path::new(path)).then(|| io::Error::from_raw_os_error(13))
        });
        let error = builder()
            .allow_shared_directory()
            .open_on(sim.clone(), TestClock::default())
            .unwrap_err();
        let mut expected =
            format!("cannot open the spool: {words} {path:?}: Permission denied (os error 13)");
        if !by.is_empty() {
            expected +=
                &format!("; {by:?} belongs to user 4711, mode 0640, and this process is user {me}");
        }
        assert_eq!(error.to_string(), expected);
        assert_eq!(
            io_error(&error).unwrap().kind(),
            ErrorKind::PermissionDenied
        );
    }
}

/// An open directory of the machine's, by descriptor, by path, and by path with the lock of a system that
/// runs one program.
#[cfg(unix)]
fn both(dir: &Path) -> Vec<(&'static str, Box<dyn Fs>)> {
    use crate::spool::{fs_os, fs_path};
    vec![
        ("descriptor", Box::new(fs_os::OsDir::open(dir).unwrap())),
        ("path", Box::new(fs_path::OsDir::open(dir).unwrap())),
        (
            "path, one program",
            Box::new(ProgramDir::open(dir).unwrap()),
        ),
    ]
}

#[cfg(unix)]
#[test]
fn both_implementations_do_the_same() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = TempDir::new("both");
    for (name, fs) in both(dir.path()) {
        let kind = |result: io::Result<()>| result.unwrap_err().kind();
        let (f, g, d, top) = (
            Path::new("f"),
            Path::new("g"),
            Path::new("d"),
            Path::new(""),
        );
        let file = fs.create(f).unwrap();
        assert_eq!(
            kind(fs.create(f).map(drop)),
            ErrorKind::AlreadyExists,
            "{name}"
        );
        assert_eq!(file.write_at(b"hello", 0).unwrap(), 5);
        file.sync().unwrap();
        let read = fs.open(f, Access::Read).unwrap();
        let mut buf = [0; 9];
        assert_eq!(
            (read.read_at(&mut buf, 1).unwrap(), &buf[..4]),
            (4, &b"ello"[..])
        );
        read.write_at(b"x", 0).unwrap_err();
        fs.open(f, Access::Write).unwrap().set_len(2).unwrap();
        let status = read.status().unwrap();
        assert_eq!((status.len, status.linked, status.shared), (2, true, false));
        std::fs::hard_link(dir.path().join("f"), dir.path().join("h")).unwrap();
        assert!(read.status().unwrap().shared);
        fs.remove(Path::new("h")).unwrap();

        fs.create_dir(d).unwrap();
        assert_eq!(kind(fs.create_dir(d)), ErrorKind::AlreadyExists, "{name}");
        let mode = std::fs::metadata(dir.path().join("d"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(fs.create(Path::new("d/x")).unwrap());
        assert_eq!(fs.list(d).unwrap(), ["x"]);
        fs.rename(f, g).unwrap();
        fs.rename(g, Path::new("d/x")).unwrap();
        assert_eq!(
            fs.open(Path::new("d/x"), Access::Read)
                .unwrap()
                .status()
                .unwrap()
                .len,
            2
        );
        symlink("d", dir.path().join("l")).unwrap();
        symlink("d/x", dir.path().join("m")).unwrap();
        let mut names = fs.list(top).unwrap();
        names.sort_unstable();
        assert_eq!(names, ["d", "l", "m"]);
        assert_eq!(
            kind(fs.list(Path::new("l")).map(drop)),
            ErrorKind::NotADirectory
        );
        for (path, expected) in [
            ("m", ErrorKind::InvalidInput),
            ("d", ErrorKind::InvalidInput),
            ("nothing", ErrorKind::NotFound),
            ("nothing/x", ErrorKind::NotFound),
        ] {
            for access in [Access::Read, Access::Write] {
                let opened = fs.open(Path::new(path), access).map(drop);
                assert_eq!(kind(opened), expected, "{name}: {path}");
            }
        }
        fs.sync_dir(top).unwrap();
        fs.sync_dir(d).unwrap();
        fs.check_writable().unwrap();
        let owner = fs.owner(Path::new("d")).unwrap().unwrap();
        assert_eq!((Some(owner.uid), owner.mode), (user(), 0o700));
        for path in ["d/x", "l", "m"] {
            fs.remove(Path::new(path)).unwrap();
        }
        assert_eq!(fs.process(), std::process::id());
        let _ = std::fs::remove_file(dir.path().join(LOCK));
        std::fs::remove_dir(dir.path().join("d")).unwrap();
        assert!(fs.list(top).unwrap().is_empty());
    }
}

/// Where directories can't be locked: removed, renamed, replaced by a file, by a link, by a directory.
#[cfg(unix)]
#[test]
fn a_lock_file_that_lost_its_name_is_no_lock() {
    use crate::spool::{fs_os, fs_path};
    type Harm = fn(&Path);
    let harms: [Harm; 5] = [
        |lock| std::fs::remove_file(lock).unwrap(),
        |lock| std::fs::rename(lock, lock.with_extension("old")).unwrap(),
        |lock| {
            std::fs::remove_file(lock).unwrap();
            std::fs::write(lock, b"").unwrap();
        },
        |lock| {
            std::fs::rename(lock, lock.with_extension("old")).unwrap();
            std::os::unix::fs::symlink("LOCK.old", lock).unwrap();
        },
        |lock| {
            std::fs::remove_file(lock).unwrap();
            std::fs::create_dir(lock).unwrap();
        },
    ];
    type Take = fn(&Path) -> io::Result<(bool, Box<dyn Fs>)>;
    let takes: [Take; 2] = [
        |path| {
            let dir = fs_os::OsDir::open(path)?;
            Ok((dir.lock_by_file()?, Box::new(dir)))
        },
        |path| {
            let dir = fs_path::OsDir::open(path)?;
            Ok((dir.lock()?, Box::new(dir)))
        },
    ];
    for take in takes {
        for (n, harm) in harms.iter().enumerate() {
            let dir = TempDir::new("lockfile");
            let (locked, first) = take(dir.path()).unwrap();
            assert!(locked);
            first.still_owned().unwrap();
            assert!(!take(dir.path()).unwrap().0, "a second owner");
            first.still_owned().unwrap();
            harm(&dir.path().join(LOCK));
            let error = first.still_owned().unwrap_err();
            assert_eq!(
                error.to_string(),
                "the lock file was removed or replaced: another process may own the spool now",
                "{n}"
            );
            if n < 3 {
                assert!(take(dir.path()).unwrap().0, "{n}");
            }
            drop(first);
        }
        // Dropping frees it.
        let dir = TempDir::new("lockfile");
        assert!(take(dir.path()).unwrap().0);
        assert!(take(dir.path()).unwrap().0);
    }
}

#[test]
fn an_inspector_needs_a_directory() {
    let dir = TempDir::new("inspector");
    let error = Inspector::new(dir.path().join("none")).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("cannot read the spool: open \""), "{text}");
    assert_eq!(io_error(&error).unwrap().kind(), ErrorKind::NotFound);
}
