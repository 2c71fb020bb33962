//! The lock of a system that runs one program, and a spool on the file system of such a one: FAT, as
//! ESP-IDF has it.

use super::{TestClock, append, drain, io_error, target};
use crate::Precision;
use crate::spool::fs::{Access, Disk, Fs, FsFile, Owner, Status};
use crate::spool::fs_path::{PathDir, path_lock::program_lock::ProgramLock};
use crate::spool::os_disk::OsDisk;
use crate::spool::{Batch, Durability, Spool, SpoolBuilder, SpoolError};
use crate::testing::TempDir;
use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

pub(super) type ProgramDir = PathDir<ProgramLock>;

#[test]
fn a_directory_has_one_owner_however_it_is_spelled() {
    let temp = TempDir::new("program-lock");
    let top = temp.path();
    for name in ["spool", "SPOOL", "other", "spool/spool"] {
        std::fs::create_dir(top.join(name)).unwrap();
    }
    std::os::unix::fs::symlink("spool", top.join("link")).unwrap();
    let owner = ProgramDir::open(&top.join("spool")).unwrap();
    assert!(owner.lock().unwrap());
    owner.still_owned().unwrap();
    for (spelling, free) in [
        ("spool", false),
        ("spool/", false),
        ("./spool", false),
        ("other/../spool", false),
        ("link", false),
        // The same directory on FAT.
        ("SPOOL", false),
        ("other", true),
        ("spool/spool", true),
    ] {
        for _ in 0..2 {
            let dir = ProgramDir::open(&top.join(spelling)).unwrap();
            assert_eq!(dir.lock().unwrap(), free, "{spelling}");
        }
    }
    // Those that did not get it took nothing away.
    owner.still_owned().unwrap();
    assert!(
        !ProgramDir::open(&top.join("spool"))
            .unwrap()
            .lock()
            .unwrap()
    );
    drop(owner);
    assert!(
        ProgramDir::open(&top.join("SPOOL"))
            .unwrap()
            .lock()
            .unwrap()
    );
}

#[test]
fn one_of_many_threads_gets_it_and_a_panic_frees_it() {
    let temp = TempDir::new("program-lock-threads");
    for _ in 0..20 {
        let dirs: Vec<_> = std::thread::scope(|scope| {
            let take = || {
                let dir = ProgramDir::open(temp.path()).unwrap();
                let got = dir.lock().unwrap();
                (dir, got)
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(dirs.iter().filter(|(_, got)| *got).count(), 1);
    }
    let path = temp.path().to_path_buf();
    let owner = std::thread::spawn(move || {
        let dir = ProgramDir::open(&path).unwrap();
        assert!(dir.lock().unwrap());
        std::panic::resume_unwind(Box::new(()));
    });
    owner.join().unwrap_err();
    assert!(ProgramDir::open(temp.path()).unwrap().lock().unwrap());
}

/// Directories without owner and sync, where no rename replaces anything. Syncs of files fail while the
/// flag is set.
#[derive(Clone, Default)]
struct Fat(Arc<AtomicBool>);

struct FatDir(ProgramDir, PathBuf, Fat);

struct FatFile(Box<dyn FsFile>, Fat);

impl FsFile for FatFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        self.0.read_at(buf, at)
    }

    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<usize> {
        self.0.write_at(buf, at)
    }

    fn sync(&self) -> io::Result<()> {
        match self.1.0.load(Ordering::Relaxed) {
            true => Err(io::Error::other("no sync")),
            false => self.0.sync(),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn status(&self) -> io::Result<Status> {
        self.0.status()
    }
}

impl Disk for Fat {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        OsDisk.create_dir(path)
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn open_dir(&self, path: &Path) -> io::Result<Box<dyn Fs>> {
        let dir = ProgramDir::open(path)?;
        Ok(Box::new(FatDir(dir, path.into(), self.clone())))
    }

    fn owner(&self, _: &Path) -> io::Result<Option<Owner>> {
        Ok(None)
    }
}

impl Fs for FatDir {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.0.create_dir(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.0.list(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        Ok(Box::new(FatFile(self.0.create(path)?, self.2.clone())))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>> {
        Ok(Box::new(FatFile(
            self.0.open(path, access)?,
            self.2.clone(),
        )))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self.1.join(to).exists() {
            true => Err(io::ErrorKind::AlreadyExists.into()),
            false => self.0.rename(from, to),
        }
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self) -> io::Result<bool> {
        self.0.lock()
    }

    fn still_owned(&self) -> io::Result<()> {
        self.0.still_owned()
    }

    fn check_writable(&self) -> io::Result<()> {
        self.0.check_writable()
    }

    fn owner(&self, _: &Path) -> io::Result<Option<Owner>> {
        Ok(None)
    }

    /// What `getpid` returns there.
    fn process(&self) -> u32 {
        u32::MAX
    }
}

fn builder(dir: &Path) -> SpoolBuilder {
    Spool::builder(dir).segment_bytes(4096).max_bytes(64 << 10)
}

fn open(dir: &Path) -> Result<Spool, SpoolError> {
    builder(dir).open_on(Fat::default(), TestClock::default())
}

fn payload(n: u64) -> Vec<u8> {
    format!("t,n={n} v={n} {n}\n").into_bytes()
}

#[test]
fn a_spool_lives_on_fat() {
    let temp = TempDir::new("fat");
    let dir = temp.path().join("data/spool");
    let (mut next, mut expected) = (1, 1);
    for life in 0..6 {
        let mut spool = open(&dir).unwrap();
        let second = open(&dir).unwrap_err();
        assert!(matches!(second, SpoolError::Locked { .. }), "life {life}");
        // More than two segments, of which every second life delivers all, the others a part.
        for _ in 0..150 {
            append(&mut spool, &target(), &payload(next)).unwrap();
            next += 1;
        }
        let mut body = Vec::new();
        let until = if life % 2 == 1 { next } else { next - 100 };
        while expected < until {
            let group = spool
                .read_batches(&target(), 0, &mut body)
                .unwrap()
                .unwrap();
            assert_eq!(body, payload(expected), "life {life}");
            spool.ack(&group);
            expected += 1;
        }
        let to = target();
        let batch = Batch::new(&to, Precision::Second, 1, b"bad\n");
        spool.reject(batch, "no").unwrap();
        assert_eq!(spool.stats().unnoted_acks, 0);
        spool.close().unwrap();
    }
    let mut spool = open(&dir).unwrap();
    assert_eq!(spool.stats().rejected_lines, 6);
    assert!(drain(&mut spool, &target()).is_empty());
}

#[test]
fn batches_whose_sync_failed_are_delivered_and_no_sync_is_ok_before() {
    let temp = TempDir::new("fat-sync");
    let fat = Fat::default();
    let mut spool = builder(temp.path())
        .durability(Durability::Interval(Duration::from_secs(60)))
        .open_on(fat.clone(), TestClock::default())
        .unwrap();
    for n in 1..=3 {
        append(&mut spool, &target(), &payload(n)).unwrap();
    }
    fat.0.store(true, Ordering::Relaxed);
    spool.sync().unwrap_err();
    fat.0.store(false, Ordering::Relaxed);
    append(&mut spool, &target(), &payload(4)).unwrap();
    for _ in 0..3 {
        let error = spool.sync().unwrap_err();
        assert_eq!(
            io_error(&error).unwrap().kind(),
            io::ErrorKind::AlreadyExists
        );
    }
    let all: Vec<_> = (1..=4).map(|n| (n, payload(n))).collect();
    assert_eq!(drain(&mut spool, &target()), all);
    spool.sync().unwrap();
}

/// A reset frees nothing and closes nothing: the program begins with an empty list.
#[test]
fn no_file_of_a_spool_that_was_reset_keeps_it_locked() {
    let temp = TempDir::new("fat-reset");
    // What a reset leaves: the files as they are, and another list. Here another name stands for it.
    let (before, after) = (temp.path().join("before"), temp.path().join("after"));
    let mut spool = open(&before).unwrap();
    append(&mut spool, &target(), &payload(1)).unwrap();
    std::fs::rename(&before, &after).unwrap();
    let mut again = open(&after).unwrap();
    assert_eq!(drain(&mut again, &target()), [(1, payload(1))]);
    drop(spool);
}
