//! The file system as far as the spool uses it: a disk, where a directory is looked up once, and what is
//! done in that directory, by names relative to it.
//!
//! Tests put a simulated one in its place that loses what was not synced and fails on request; the
//! spool itself has no branch for them.

use super::fs_os::OsDir;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// The name of the lock file, where there is one.
pub(super) const LOCK: &str = "LOCK";

/// Where directories are found by their paths.
pub(super) trait Disk: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Makes one directory for its owner alone. `AlreadyExists` when something is there.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Brings a directory's entries to the disk.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Opens a directory, through symbolic links too.
    fn open_dir(&self, path: &Path) -> io::Result<Box<dyn Fs>>;
    /// Owner and mode of what a path names; `None` where the system has no such thing.
    fn owner(&self, path: &Path) -> io::Result<Option<Owner>>;
}

/// An open directory. Paths are relative to it, without links: "" for itself, `name`, `dir/name`.
pub(super) trait Fs: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Makes one directory for its owner alone. `AlreadyExists` when something is there.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// The names in a directory; `NotADirectory` for a symbolic link to one.
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>>;
    /// Makes a file for its owner alone, open for reading and writing. `AlreadyExists` when
    /// something is there.
    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>>;
    /// Opens an existing regular file; `InvalidInput` for anything else. Follows no symbolic link.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Renames a file, over another if there is one.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Brings a directory's entries to the disk.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes the lock of the directory, held until this value is dropped or the process ends.
    /// `false`: another has it. Never waits.
    fn lock(&self) -> io::Result<bool>;
    /// Returns an error if the lock may be another's by now: its file was removed or replaced.
    /// Costs nothing where the directory itself is locked.
    fn still_owned(&self) -> io::Result<()>;
    /// Whether files can be made here: `ReadOnlyFilesystem` or `PermissionDenied` if not.
    fn check_writable(&self) -> io::Result<()>;
    /// Owner and mode of a file, or of a symbolic link; `None` where the system has no such thing.
    fn owner(&self, path: &Path) -> io::Result<Option<Owner>>;
    /// The number of the process that asks.
    fn process(&self) -> u32;
}

/// An open file.
pub(super) trait FsFile: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Reads at a place; fewer bytes than asked for are possible, none means the end.
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize>;
    /// Writes at a place; fewer bytes than given are possible.
    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<usize>;
    /// Brings the content, and as much else as reading it needs, to the disk.
    fn sync(&self) -> io::Result<()>;
    /// Cuts or extends the file.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// How long it is, and how many names it has.
    fn status(&self) -> io::Result<Status>;
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

/// What is known of an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// Its length in bytes.
    pub(super) len: u64,
    /// Whether a directory names it. What is written to a file that was removed is lost with the
    /// process.
    pub(super) linked: bool,
    /// Whether it has more names than one. Who writes to it writes to something else, too.
    pub(super) shared: bool,
}

/// Who may do what with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// The user's number.
    pub(super) uid: u32,
    /// The permission bits.
    pub(super) mode: u32,
}

impl Owner {
    #[cfg(all(unix, not(target_os = "espidf")))]
    pub(super) fn of(meta: &fs::Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Owner {
            uid: meta.uid(),
            mode: meta.mode() & 0o7777,
        })
    }

    #[cfg(not(all(unix, not(target_os = "espidf"))))]
    pub(super) fn of(_: &fs::Metadata) -> Option<Self> {
        None
    }
}

/// The user whose permissions this process has, where users are numbers.
pub(super) fn user() -> Option<u32> {
    #[cfg(all(unix, not(target_os = "espidf")))]
    return Some(rustix::process::geteuid().as_raw());
    #[cfg(not(all(unix, not(target_os = "espidf"))))]
    return None;
}

/// Elsewhere a directory can't be opened as a file, and its entries need no sync.
pub(super) const SYNCS_DIRECTORIES: bool = cfg!(all(unix, not(target_os = "espidf")));

/// The file system of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OsDisk;

impl Disk for OsDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        create_private_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if SYNCS_DIRECTORIES {
            File::open(path)?.sync_all()?;
        }
        Ok(())
    }

    fn open_dir(&self, path: &Path) -> io::Result<Box<dyn Fs>> {
        Ok(Box::new(OsDir::open(path)?))
    }

    fn owner(&self, path: &Path) -> io::Result<Option<Owner>> {
        Ok(Owner::of(&fs::metadata(path)?))
    }
}

impl FsFile for File {
    #[cfg(unix)]
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buf, at)
    }

    #[cfg(unix)]
    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::write_at(self, buf, at)
    }

    // One owner, one thread at a time: the file's position is nobody else's.
    #[cfg(not(unix))]
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        use io::{Read, Seek};
        let mut file = self;
        file.seek(io::SeekFrom::Start(at))?;
        file.read(buf)
    }

    #[cfg(not(unix))]
    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<usize> {
        use io::{Seek, Write};
        let mut file = self;
        file.seek(io::SeekFrom::Start(at))?;
        file.write(buf)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    #[cfg(all(unix, not(target_os = "espidf")))]
    fn status(&self) -> io::Result<Status> {
        let stat = rustix::fs::fstat(self)?;
        Ok(Status {
            len: u64::try_from(stat.st_size).unwrap_or(0),
            linked: stat.st_nlink > 0,
            shared: stat.st_nlink > 1,
        })
    }

    // ESP-IDF says 0 names of every file.
    #[cfg(not(all(unix, not(target_os = "espidf"))))]
    fn status(&self) -> io::Result<Status> {
        Ok(Status {
            len: self.metadata()?.len(),
            linked: true,
            shared: false,
        })
    }
}

/// Makes a directory for its owner alone.
pub(super) fn create_private_dir(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::DirBuilderExt::mode(&mut fs::DirBuilder::new(), 0o700).create(path);
    #[cfg(not(unix))]
    return fs::create_dir(path);
}

/// What opening something else than a regular file returns.
pub(super) fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// What is returned when the lock file is gone, or another has its name.
pub(super) fn not_owned() -> io::Error {
    io::Error::other("the lock file was removed or replaced: another process may own the spool now")
}

/// Reads until `buf` is full or the file ends; how many bytes there were.
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
