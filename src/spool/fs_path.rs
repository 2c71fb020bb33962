//! A directory as a path, where the system has no descriptors of directories. Links in the path are
//! resolved once, when it is opened.

use super::fs::{Access, Fs, FsFile, LOCK, Owner, create_private_dir, not_regular};
use alloc::boxed::Box;
use alloc::vec::Vec;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A directory.
#[derive(Debug)]
pub(super) struct OsDir {
    dir: PathBuf,
    lock: OnceLock<Lock>,
}

/// The lock file, and which process has it.
#[derive(Debug)]
struct Lock {
    file: File,
    process: u32,
}

impl OsDir {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // What can't be resolved, as on some drives of Windows, is at least independent of the program's
        // current directory.
        let dir = match fs::canonicalize(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => std::path::absolute(path)?,
            dir => dir?,
        };
        if !fs::metadata(&dir)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(OsDir {
            dir,
            lock: OnceLock::new(),
        })
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.dir.join(path)
    }
}

impl Fs for OsDir {
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
        // Opening a pipe would wait for its other end, so the look comes first; what is opened is
        // looked at again below, for a swap in between.
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
        // Elsewhere a directory can't be opened as a file, and its entries need no sync.
        if cfg!(unix) {
            File::open(self.at(dir))?.sync_all()?;
        }
        Ok(())
    }

    fn lock(&self) -> io::Result<bool> {
        let Some(file) = take_lock(&self.at(Path::new(LOCK)))? else {
            return Ok(false);
        };
        let process = self.process();
        Ok(self.lock.set(Lock { file, process }).is_ok())
    }

    #[cfg(unix)]
    fn still_owned(&self) -> io::Result<()> {
        match self.lock.get() {
            Some(lock) if !has_name(&lock.file, &self.at(Path::new(LOCK)))? => {
                Err(super::fs::not_owned())
            }
            _ => Ok(()),
        }
    }

    /// A file that is open can't be removed here.
    #[cfg(not(unix))]
    fn still_owned(&self) -> io::Result<()> {
        Ok(())
    }

    fn check_writable(&self) -> io::Result<()> {
        // The file whose making is needed anyway. Windows refuses to open it while another has it.
        match no_follow(private().create(true)).open(self.at(Path::new(LOCK))) {
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

impl Drop for OsDir {
    fn drop(&mut self) {
        // A child has a copy of the descriptor: closing this one would leave the lock to it.
        if let Some(lock) = self.lock.get().filter(|l| l.process == self.process()) {
            release(&lock.file);
        }
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied
    )
}

/// Reading and writing; a file made with it is its owner's alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Refuses to open a symbolic link. Where the system has no such flag, the look before serves.
fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    if let Ok(flag) = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()) {
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flag);
    }
    options
}

#[cfg(all(unix, not(target_os = "solaris")))]
fn take_lock(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, flock};

    let file = no_follow(private().create(true)).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        Err(e) => return Err(e.into()),
    }
    // Somebody may have removed the file between our opening it and our locking it, and a third may
    // hold the lock of the file that has the name now.
    Ok(has_name(&file, path)?.then_some(file))
}

#[cfg(all(unix, not(target_os = "solaris")))]
fn release(file: &File) {
    let _ = rustix::fs::flock(file, rustix::fs::FlockOperation::Unlock);
}

/// Whether this is the file that the path stands for.
#[cfg(unix)]
fn has_name(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let ours = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (ours.dev(), ours.ino())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// A file that nobody else may open is as good as a lock.
#[cfg(windows)]
fn take_lock(path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;

    const ERROR_SHARING_VIOLATION: i32 = 32;
    let mut options = private();
    match no_follow(options.create(true).share_mode(0)).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(e) if e.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Ok(None),
        Err(e) => Err(e),
    }
}

#[cfg(not(any(windows, all(unix, not(target_os = "solaris")))))]
fn take_lock(_: &Path) -> io::Result<Option<File>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(all(unix, not(target_os = "solaris"))))]
fn release(_: &File) {}
