//! The lock of a directory that is identified by its path, for each system.

use crate::spool::fs::LOCK;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

#[cfg(any(test, target_os = "espidf"))]
#[path = "program_lock.rs"]
pub(in crate::spool) mod program_lock;

/// The lock of a directory.
pub(in crate::spool) trait PathLock:
    Sized + fmt::Debug + Send + Sync + UnwindSafe + RefUnwindSafe
{
    /// Locks the directory with this path, without links. `None` if it is locked already.
    fn take(dir: &Path) -> io::Result<Option<Self>>;
    /// Returns `true` if no other owner can have it by now.
    fn is_ours(&self, dir: &Path) -> io::Result<bool>;
    /// Unlocks. Called once, and not in a forked process.
    fn release(&self);
}

#[cfg(all(unix, not(any(target_os = "espidf", target_os = "solaris"))))]
pub(in crate::spool) type SystemLock = LockedFile;
#[cfg(windows)]
pub(in crate::spool) type SystemLock = UnsharedFile;
#[cfg(target_os = "espidf")]
pub(in crate::spool) type SystemLock = program_lock::ProgramLock;
#[cfg(not(any(windows, all(unix, not(target_os = "solaris")))))]
pub(in crate::spool) type SystemLock = NoLock;

/// `flock` on the lock file.
#[cfg(all(unix, not(any(target_os = "espidf", target_os = "solaris"))))]
#[derive(Debug)]
pub(in crate::spool) struct LockedFile(File);

#[cfg(all(unix, not(any(target_os = "espidf", target_os = "solaris"))))]
impl PathLock for LockedFile {
    fn take(dir: &Path) -> io::Result<Option<Self>> {
        use rustix::fs::{FlockOperation, flock};

        let file = open_lock_file(dir, &mut private())?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(e) => return Err(e.into()),
        }
        let lock = LockedFile(file);
        // The file may have been removed between open and lock, and another process may have locked the
        // one that has the name now.
        Ok(lock.is_ours(dir)?.then_some(lock))
    }

    /// Returns `true` if this is the file that has the name.
    fn is_ours(&self, dir: &Path) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;

        let ours = self.0.metadata()?;
        match std::fs::symlink_metadata(dir.join(LOCK)) {
            Ok(named) => Ok((named.dev(), named.ino()) == (ours.dev(), ours.ino())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn release(&self) {
        let _ = rustix::fs::flock(&self.0, rustix::fs::FlockOperation::Unlock);
    }
}

/// The lock file, opened without sharing. That is a lock, and the file can't be removed.
#[cfg(windows)]
#[derive(Debug)]
pub(in crate::spool) struct UnsharedFile {
    /// The lock while it is open.
    _file: File,
}

#[cfg(windows)]
impl PathLock for UnsharedFile {
    fn take(dir: &Path) -> io::Result<Option<Self>> {
        use std::os::windows::fs::OpenOptionsExt;

        const ERROR_SHARING_VIOLATION: i32 = 32;
        match open_lock_file(dir, private().share_mode(0)) {
            Ok(file) => Ok(Some(UnsharedFile { _file: file })),
            Err(e) if e.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn is_ours(&self, _: &Path) -> io::Result<bool> {
        Ok(true)
    }

    fn release(&self) {}
}

/// For systems without a supported lock: taking it always fails.
#[cfg(not(any(windows, all(unix, not(target_os = "solaris")))))]
#[derive(Debug)]
pub(in crate::spool) enum NoLock {}

#[cfg(not(any(windows, all(unix, not(target_os = "solaris")))))]
impl PathLock for NoLock {
    fn take(_: &Path) -> io::Result<Option<Self>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn is_ours(&self, _: &Path) -> io::Result<bool> {
        match *self {}
    }

    fn release(&self) {
        match *self {}
    }
}

/// Opens or creates the lock file.
pub(super) fn open_lock_file(dir: &Path, options: &mut OpenOptions) -> io::Result<File> {
    no_follow(options.create(true)).open(dir.join(LOCK))
}

/// Reading and writing; a file created with it is accessible to its owner only.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes opening a symbolic link an error. On systems without the flag, the check before has to do.
pub(super) fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(all(unix, not(target_os = "espidf")))]
    if let Ok(flag) = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()) {
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flag);
    }
    options
}
