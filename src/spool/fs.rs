//! The file system as the spool uses it: a disk, on which a directory is looked up once, and operations in
//! that directory by relative names.
//!
//! Tests replace it by a simulated one that loses unsynced data and fails on request. The spool has no
//! branch for tests.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::path::Path;

/// The name of the lock file, on systems that need one.
pub(super) const LOCK: &str = "LOCK";

/// The file system by absolute paths, or paths relative to the current directory.
pub(super) trait Disk: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Creates one directory, accessible to its owner only. `AlreadyExists` if the name is taken.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Syncs the entries of a directory.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Opens a directory. Follows symbolic links.
    fn open_dir(&self, path: &Path) -> io::Result<Box<dyn Fs>>;
    /// Returns owner and mode; `None` on systems without them.
    fn owner(&self, path: &Path) -> io::Result<Option<Owner>>;
}

/// An open directory. Paths are relative to it and without links: "" for itself, `name`, `dir/name`.
pub(super) trait Fs: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Creates one directory, accessible to its owner only. `AlreadyExists` if the name is taken.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Returns the names in a directory; `NotADirectory` for a symbolic link to one.
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>>;
    /// Creates a file, accessible to its owner only, for reading and writing. `AlreadyExists` if the name
    /// is taken.
    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>>;
    /// Opens an existing regular file; `InvalidInput` for anything else, symbolic links included.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Renames a file. Replaces an existing one.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Syncs the entries of a directory.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Locks the directory until this value is dropped or the process ends. Returns `false` if it is
    /// locked already. Never waits.
    fn lock(&self) -> io::Result<bool>;
    /// Returns an error if another process may hold the lock by now because the lock file was removed or
    /// replaced. Free where the directory itself is locked.
    fn still_owned(&self) -> io::Result<()>;
    /// Returns `ReadOnlyFilesystem` or `PermissionDenied` if no file can be created here.
    fn check_writable(&self) -> io::Result<()>;
    /// Returns owner and mode of a file, or of a symbolic link itself; `None` on systems without them.
    fn owner(&self, path: &Path) -> io::Result<Option<Owner>>;
    /// Returns the id of the calling process.
    fn process(&self) -> u32;
}

/// An open file.
pub(super) trait FsFile: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Reads at an offset. May return fewer bytes than requested; 0 means the end.
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize>;
    /// Writes at an offset. May write fewer bytes than given.
    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<usize>;
    /// Syncs the content, and the metadata that reading it needs (`fdatasync`).
    fn sync(&self) -> io::Result<()>;
    /// Truncates or extends the file.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Returns its length and link count.
    fn status(&self) -> io::Result<Status>;
}

/// The access that a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Reading only.
    Read,
    /// Reading and writing.
    Write,
}

/// The status of an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// Its length in bytes.
    pub(super) len: u64,
    /// A directory entry exists. Data written to a removed file are lost when the process ends.
    pub(super) linked: bool,
    /// It has a second hard link. Writing to it would change another file of another name.
    pub(super) shared: bool,
}

/// The owner and permissions of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// The user id.
    pub(super) uid: u32,
    /// The permission bits.
    pub(super) mode: u32,
}

impl Owner {
    #[cfg(all(unix, not(target_os = "espidf")))]
    pub(super) fn of(meta: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Owner {
            uid: meta.uid(),
            mode: meta.mode() & 0o7777,
        })
    }

    #[cfg(not(all(unix, not(target_os = "espidf"))))]
    pub(super) fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

/// Returns the effective user id of this process, on systems that have one.
pub(super) fn user() -> Option<u32> {
    #[cfg(all(unix, not(target_os = "espidf")))]
    return Some(rustix::process::geteuid().as_raw());
    #[cfg(not(all(unix, not(target_os = "espidf"))))]
    return None;
}

/// The error of opening anything but a regular file.
pub(super) fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// Recognizes the errors that exclude writing.
pub(super) fn is_read_only(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), ReadOnlyFilesystem | PermissionDenied)
}

/// The error of [`Fs::still_owned`].
pub(super) fn not_owned() -> io::Error {
    io::Error::other("the lock file was removed or replaced: another process may own the spool now")
}

/// Reads until `buf` is full or the file ends, and returns the number of bytes.
pub(super) fn read_full(file: &dyn FsFile, buf: &mut [u8], at: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at.saturating_add(done as u64)) {
            Ok(0) => break,
            Ok(n) => done = done.saturating_add(n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

/// Writes all of `buf`.
pub(super) fn write_full(file: &dyn FsFile, buf: &[u8], at: u64) -> io::Result<()> {
    let mut done = 0;
    while let Some(rest) = buf.get(done..).filter(|rest| !rest.is_empty()) {
        match file.write_at(rest, at.saturating_add(done as u64)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => done = done.saturating_add(n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
