//! A directory as a path, for systems without `openat`. Links in the path are resolved once, when it is
//! opened.

use super::fs::{Access, Fs, FsFile, Owner, is_read_only, not_owned, not_regular};
use super::fs_file::{SYNCS_DIRECTORIES, create_private_dir};
use alloc::boxed::Box;
use alloc::vec::Vec;
use path_lock::{PathLock, SystemLock, no_follow, open_lock_file, private};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

#[path = "path_lock.rs"]
pub(super) mod path_lock;

/// A directory with the lock of the target system.
pub(super) type OsDir = PathDir<SystemLock>;

/// A directory.
#[derive(Debug)]
pub(super) struct PathDir<L: PathLock> {
    dir: PathBuf,
    lock: OnceLock<Lock<L>>,
}

/// The lock, and the process that took it.
#[derive(Debug)]
struct Lock<L> {
    lock: L,
    process: u32,
}

impl<L: PathLock> PathDir<L> {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // Some drives of Windows can't be resolved. An absolute path is at least independent of the current
        // directory.
        let dir = match fs::canonicalize(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => std::path::absolute(path)?,
            dir => dir?,
        };
        if !fs::metadata(&dir)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(PathDir {
            dir,
            lock: OnceLock::new(),
        })
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.dir.join(path)
    }
}

impl<L: PathLock> Fs for PathDir<L> {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        create_private_dir(&self.at(path))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let dir = self.at(dir);
        if !fs::symlink_metadata(&dir)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        fs::read_dir(dir)?
            .map(|entry| Ok(entry?.file_name()))
            .collect()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        Ok(Box::new(private().create_new(true).open(self.at(path))?))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>> {
        // Checked before, because opening a pipe would block; and after, in case the file was exchanged in
        // between.
        let path = self.at(path);
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(not_regular());
        }
        let file = no_follow(OpenOptions::new().read(true))
            .write(access == Access::Write)
            .open(path)?;
        if !file.metadata()?.is_file() {
            return Err(not_regular());
        }
        Ok(Box::new(file))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(self.at(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        if SYNCS_DIRECTORIES {
            File::open(self.at(dir))?.sync_all()?;
        }
        Ok(())
    }

    fn lock(&self) -> io::Result<bool> {
        let Some(lock) = L::take(&self.dir)? else {
            return Ok(false);
        };
        let process = self.process();
        Ok(self.lock.set(Lock { lock, process }).is_ok())
    }

    fn still_owned(&self) -> io::Result<()> {
        match self.lock.get() {
            Some(held) if !held.lock.is_ours(&self.dir)? => Err(not_owned()),
            _ => Ok(()),
        }
    }

    fn check_writable(&self) -> io::Result<()> {
        // Most locks need this file anyway. On Windows it can't be opened while another process has it.
        match open_lock_file(&self.dir, &mut private()) {
            Err(e) if is_read_only(&e) => Err(e),
            _ => Ok(()),
        }
    }

    fn owner(&self, path: &Path) -> io::Result<Option<Owner>> {
        Ok(Owner::of(&fs::symlink_metadata(self.at(path))?))
    }

    fn process(&self) -> u32 {
        std::process::id()
    }
}

impl<L: PathLock> Drop for PathDir<L> {
    fn drop(&mut self) {
        // A forked process shares the lock with its descriptor: closing alone would leave the lock to it.
        if let Some(lock) = self.lock.get().filter(|l| l.process == self.process()) {
            lock.lock.release();
        }
    }
}
