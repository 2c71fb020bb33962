//! The file system and the lock of a directory, as far as the spool uses them.
//!
//! Tests put a simulated one in its place that loses what was not synced and fails on request; the
//! spool itself has no branch for them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// A directory of files. Paths are those the spool was opened with.
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
    /// Takes the lock that a file stands for, making the file if need be. `None`: another has it.
    /// Never waits.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn FsLock>>>;
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
    /// How long it is, and whether a directory still names it.
    fn status(&self) -> io::Result<Status>;
}

/// A held lock; dropping it, or the process's end, frees it.
pub(super) trait FsLock: Send + Sync + UnwindSafe + RefUnwindSafe {}

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
}

/// The file system of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OsFs;

impl Fs for OsFs {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        if !fs::symlink_metadata(dir)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        fs::read_dir(dir)?
            .map(|entry| Ok(entry?.file_name()))
            .collect()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        Ok(Box::new(private().create_new(true).open(path)?))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>> {
        // Opening a pipe would wait for its other end, so the look comes first; what is opened is
        // looked at again below, for a swap in between.
        regular(&fs::symlink_metadata(path)?)?;
        let file = no_follow(OpenOptions::new().read(true))
            .write(access == Access::Write)
            .open(path)?;
        regular(&file.metadata()?)?;
        Ok(Box::new(file))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        // Elsewhere a directory can't be opened as a file, and its entries need no sync.
        if cfg!(unix) {
            File::open(dir)?.sync_all()?;
        }
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn FsLock>>> {
        Ok(OsLock::take(path)?.map(|lock| Box::new(lock) as Box<dyn FsLock>))
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

    fn status(&self) -> io::Result<Status> {
        let meta = self.metadata()?;
        #[cfg(unix)]
        let linked = std::os::unix::fs::MetadataExt::nlink(&meta) > 0;
        #[cfg(not(unix))]
        let linked = true;
        Ok(Status {
            len: meta.len(),
            linked,
        })
    }
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

fn regular(meta: &fs::Metadata) -> io::Result<()> {
    if meta.is_file() {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        ))
    }
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

/// A held lock: one process per directory. The kernel frees it when the process ends, however it
/// ends; dropping it frees it, too.
#[derive(Debug)]
pub(super) struct OsLock {
    _file: File,
}

impl FsLock for OsLock {}

impl OsLock {
    #[cfg(unix)]
    fn take(path: &Path) -> io::Result<Option<Self>> {
        use rustix::fs::{FlockOperation, flock};
        use std::os::unix::fs::MetadataExt;

        let file = no_follow(private().create(true)).open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(e) => return Err(e.into()),
        }
        // Somebody may have removed the file between our opening it and our locking it, and a third
        // may hold the lock of the file that has the name now.
        let (ours, named) = (file.metadata()?, std::fs::symlink_metadata(path));
        let same = named.is_ok_and(|named| (named.dev(), named.ino()) == (ours.dev(), ours.ino()));
        Ok(same.then_some(OsLock { _file: file }))
    }

    /// A file that nobody else may open is as good as a lock.
    #[cfg(windows)]
    fn take(path: &Path) -> io::Result<Option<Self>> {
        use std::os::windows::fs::OpenOptionsExt;

        const ERROR_SHARING_VIOLATION: i32 = 32;
        let mut options = private();
        match no_follow(options.create(true).share_mode(0)).open(path) {
            Ok(file) => Ok(Some(OsLock { _file: file })),
            Err(e) if e.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Ok(None),
            Err(e) => Err(e),
        }
    }

    #[cfg(not(any(unix, windows)))]
    fn take(_path: &Path) -> io::Result<Option<Self>> {
        let _ = (no_follow, private);
        Err(io::ErrorKind::Unsupported.into())
    }
}
