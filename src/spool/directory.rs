//! The directory of a spool: opened or created, its owner checked, and then used only by the process
//! that opened it. Every error names the call and the file.

use super::error::SpoolError;
use super::fs::{Access, Disk, Fs, FsFile, Owner, Status, is_read_only, user};
use super::segment::parse_name;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// An open directory, with its path for error messages.
pub(super) struct Directory {
    disk: Box<dyn Disk>,
    /// The directory that is in use; replaced if it was deleted, see [`move_on`](Directory::move_on).
    current: RwLock<Arc<dyn Fs>>,
    path: PathBuf,
    /// The process that opened it.
    process: u32,
    /// The file system turned out to be unable to sync directories.
    unsynced: AtomicBool,
    /// Another user may change its content, and that is allowed.
    shared: bool,
}

impl Directory {
    /// Opens an existing directory.
    pub(super) fn open(disk: impl Disk + 'static, path: &Path) -> io::Result<Self> {
        let fs = open(&disk, path)?;
        Ok(Self::with(Box::new(disk), path, fs, false))
    }

    fn with(disk: Box<dyn Disk>, path: &Path, fs: Arc<dyn Fs>, unsynced: bool) -> Self {
        Directory {
            disk,
            process: fs.process(),
            current: RwLock::new(fs),
            path: path.to_path_buf(),
            unsynced: AtomicBool::new(unsynced),
            shared: false,
        }
    }

    /// Opens a directory. Creates it and its parents if they are missing, and syncs the directory
    /// entries.
    ///
    /// The parent of an existing directory is synced too: the process that created it may have been
    /// killed before its own sync.
    pub(super) fn open_or_make(disk: Box<dyn Disk>, path: &Path) -> io::Result<Self> {
        let mut unsynced = false;
        let fs = match open(&*disk, path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                make(&*disk, path, &mut unsynced)?;
                open(&*disk, path)?
            }
            fs => {
                let fs = fs?;
                sync_parent(&*disk, path, &mut unsynced)?;
                fs
            }
        };
        Ok(Self::with(disk, path, fs, unsynced))
    }

    /// Returns an error if another user may change the content, unless that is allowed.
    pub(super) fn check_owner(&mut self, allow_shared: bool) -> Result<(), SpoolError> {
        self.shared = allow_shared;
        match shared_with(&*self.fs()) {
            Some((owner, user)) if !allow_shared => Err(SpoolError::SharedDirectory {
                dir: self.path.clone(),
                owner: owner.uid,
                mode: owner.mode,
                user,
            }),
            _ => Ok(()),
        }
    }

    fn fs(&self) -> Arc<dyn Fs> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Switches to the directory that is at the path now. Called when the old one was deleted, so that
    /// no file can be created in it.
    ///
    /// The new one must be like that of a new spool: without segments and with its lock free. The old
    /// directory never qualifies while it exists, because this process holds its lock.
    fn move_on(&self) -> Option<Arc<dyn Fs>> {
        let fs = self.disk.open_dir(&self.path).ok()?;
        // An unlocked directory with segments could be one that another spool left, whose batches would
        // be delivered with ours, and whose numbers would collide.
        let allowed = self.shared || shared_with(&*fs).is_none();
        if !allowed || has_segments(&fs.list(Path::new("")).ok()?) || !fs.lock().ok()? {
            return None;
        }
        let mut unsynced = false;
        sync_parent(&*self.disk, &self.path, &mut unsynced).ok()?;
        let fs: Arc<dyn Fs> = fs.into();
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::clone(&fs);
        Some(fs)
    }

    /// Returns `true` if nothing can be written to it and there may be something to read.
    ///
    /// For a directory that this user may not write to, that holds only if it has segments. Otherwise
    /// it is an error at once, rather than with the first batch.
    pub(super) fn is_read_only(&self) -> io::Result<bool> {
        match self.check_writable() {
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                let names = self.list(Path::new(""))?;
                match has_segments(&names) {
                    true => Ok(true),
                    false => self.named("make files in", Path::new(""), Err(e)),
                }
            }
            result => Ok(result.is_err()),
        }
    }

    pub(super) fn is_unsynced(&self) -> bool {
        self.unsynced.load(Ordering::Relaxed)
    }

    /// Returns an error in a fork of the process that opened the directory.
    pub(super) fn same_process(&self) -> Result<(), SpoolError> {
        check_process(&*self.fs(), self.process, &self.path)
    }

    /// Called before each change.
    fn guard(&self) -> io::Result<()> {
        self.same_process().map_err(io::Error::other)
    }

    fn named<T>(&self, call: &'static str, path: &Path, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let by = denied_by(&error, path, |place| self.fs().owner(place));
            let by = by.map(|(place, owner)| (self.full(place), owner));
            SpoolError::wrap(call, self.full(path), by, error)
        })
    }

    fn full(&self, path: &Path) -> PathBuf {
        match path.as_os_str().is_empty() {
            true => self.path.clone(),
            false => self.path.join(path),
        }
    }

    fn file(&self, path: &Path, file: Box<dyn FsFile>) -> Box<dyn FsFile> {
        Box::new(NamedFile {
            file,
            path: self.full(path),
            fs: self.fs(),
            process: self.process,
        })
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.path, f)
    }
}

impl Fs for Directory {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.guard()?;
        self.named("make the directory", path, self.fs().create_dir(path))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.named("list", dir, self.fs().list(dir))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        self.guard()?;
        self.still_owned()?;
        let file = match self.fs().create(path) {
            // Of a path below, a subdirectory may be missing.
            Err(e) if e.kind() == io::ErrorKind::NotFound && is_top(path) => match self.move_on() {
                Some(fs) => fs.create(path),
                None => Err(e),
            },
            file => file,
        };
        Ok(self.file(path, self.named("make", path, file)?))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>> {
        let call = match access {
            Access::Read => "open",
            Access::Write => "open for writing",
        };
        let file = self.named(call, path, self.fs().open(path, access))?;
        Ok(self.file(path, file))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.guard()?;
        self.still_owned()?;
        self.named("remove", path, self.fs().remove(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.guard()?;
        self.still_owned()?;
        self.named("rename", from, self.fs().rename(from, to))
    }

    /// Returns `Ok` also if the file system can't do it: it makes no promise about names.
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        match self.fs().sync_dir(dir) {
            Err(e) if is_unsupported(&e) => {
                self.unsynced.store(true, Ordering::Relaxed);
                Ok(())
            }
            synced => self.named("sync the directory", dir, synced),
        }
    }

    fn lock(&self) -> io::Result<bool> {
        self.named("lock", Path::new(""), self.fs().lock())
    }

    fn still_owned(&self) -> io::Result<()> {
        let owned = self.fs().still_owned();
        self.named("keep the lock of", Path::new(""), owned)
    }

    /// Passes only errors that exclude writing; for others the first write is the test.
    fn check_writable(&self) -> io::Result<()> {
        match self.fs().check_writable() {
            Err(e) if !is_read_only(&e) => Ok(()),
            result => result,
        }
    }

    fn owner(&self, path: &Path) -> io::Result<Option<Owner>> {
        self.fs().owner(path)
    }

    fn process(&self) -> u32 {
        self.fs().process()
    }
}

/// A file whose errors name it, and that only the process that opened it may truncate. Before other changes
/// the spool itself checks the process.
struct NamedFile {
    file: Box<dyn FsFile>,
    path: PathBuf,
    fs: Arc<dyn Fs>,
    process: u32,
}

impl NamedFile {
    fn guard(&self) -> io::Result<()> {
        let dir = self.path.parent().unwrap_or(&self.path);
        check_process(&*self.fs, self.process, dir).map_err(io::Error::other)
    }

    fn named<T>(&self, call: &'static str, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|e| SpoolError::wrap(call, self.path.clone(), None, e))
    }
}

impl FsFile for NamedFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        self.named("read", self.file.read_at(buf, at))
    }

    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<usize> {
        self.named("write", self.file.write_at(buf, at))
    }

    fn sync(&self) -> io::Result<()> {
        self.named("sync", self.file.sync())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.guard()?;
        self.named("keep the lock for", self.fs.still_owned())?;
        self.named("cut", self.file.set_len(len))
    }

    fn status(&self) -> io::Result<Status> {
        self.named("look at", self.file.status())
    }
}

fn open(disk: &dyn Disk, path: &Path) -> io::Result<Arc<dyn Fs>> {
    match disk.open_dir(path) {
        Ok(fs) => Ok(fs.into()),
        Err(e) => Err(named_on(disk, "open", path, e)),
    }
}

/// The owner and mode of a directory that another user may change, and the id of this user.
fn shared_with(fs: &dyn Fs) -> Option<(Owner, u32)> {
    // If the owner can't be read, the listing that follows fails and reports it.
    let (user, owner) = (user()?, fs.owner(Path::new("")).ok()??);
    let ours = owner.uid == user || owner.uid == 0;
    (!ours || owner.mode & 0o002 != 0).then_some((owner, user))
}

fn is_top(path: &Path) -> bool {
    path.parent().is_none_or(|p| p.as_os_str().is_empty())
}

fn has_segments(names: &[OsString]) -> bool {
    names.iter().any(|name| parse_name(name).is_some())
}

/// Creates a directory and its parents, and syncs the directories that hold their entries.
fn make(disk: &dyn Disk, path: &Path, unsynced: &mut bool) -> io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let make_one = || match disk.create_dir(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            Err(named_on(disk, "make the directory", path, e))
        }
        _ => Ok(()),
    };
    match (make_one(), parent) {
        (Err(e), Some(parent)) if e.kind() == io::ErrorKind::NotFound => {
            make(disk, parent, unsynced)?;
            make_one()?;
        }
        (made, _) => made?,
    }
    sync_parent(disk, path, unsynced)
}

fn sync_parent(disk: &dyn Disk, path: &Path, unsynced: &mut bool) -> io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    match disk.sync_dir(parent) {
        // A parent that this user may not open, such as one that an administrator set up, was not
        // created by this call; nor was one on a read-only file system.
        Err(e) if is_read_only(&e) => {}
        Err(e) if is_unsupported(&e) => *unsynced = true,
        synced => synced.map_err(|e| named_on(disk, "sync the directory", parent, e))?,
    }
    Ok(())
}

/// Recognizes the errors of network and FUSE file systems that can't sync directories: EINVAL,
/// ENOTSUP, ENOSYS.
fn is_unsupported(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, Unsupported};
    matches!(error.kind(), InvalidInput | Unsupported) || is_not_supported(error)
}

/// Before Rust 1.87 the standard library has no kind for ENOTSUP.
#[cfg(all(unix, not(target_os = "espidf")))]
fn is_not_supported(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let number = error.raw_os_error().map(Errno::from_raw_os_error);
    number.is_some_and(|n| n == Errno::NOTSUP || n == Errno::OPNOTSUPP)
}

#[cfg(not(all(unix, not(target_os = "espidf"))))]
fn is_not_supported(_: &io::Error) -> bool {
    false
}

fn named_on(disk: &dyn Disk, call: &'static str, path: &Path, error: io::Error) -> io::Error {
    let by = denied_by(&error, path, |place| disk.owner(place));
    let by = by.map(|(place, owner)| (place.to_path_buf(), owner));
    SpoolError::wrap(call, path.to_path_buf(), by, error)
}

/// The path, or the directory above it, whose permissions are the reason for an error. A file that
/// doesn't exist is denied by its directory; a directory that can't be entered, by the one above.
fn denied_by<'p>(
    error: &io::Error,
    path: &'p Path,
    owner: impl Fn(&Path) -> io::Result<Option<Owner>>,
) -> Option<(&'p Path, Owner)> {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    let mut places = path.ancestors().filter(|_| denied);
    places.find_map(|place| Some((place, owner(place).ok()??)))
}

/// Returns an error in a fork of the process that opened the directory.
fn check_process(fs: &dyn Fs, opened_by: u32, dir: &Path) -> Result<(), SpoolError> {
    match fs.process() {
        this if this == opened_by => Ok(()),
        this => Err(SpoolError::Forked {
            dir: dir.to_path_buf(),
            opened_by,
            this,
        }),
    }
}
