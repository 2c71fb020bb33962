//! The spool's directory: found or made, checked for its owner, and then used by the process that opened
//! it alone. Every error of what is done in it names the call and the file.

use super::error::{SpoolErrorKind, write_kind};
use super::fs::{Access, Disk, Fs, FsFile, Owner, Status, user};
use super::segment::parse_name;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// An open directory, of which the path is known for error messages.
pub(super) struct Directory {
    disk: Box<dyn Disk>,
    place: Place,
    path: PathBuf,
    /// The process that opened it.
    process: u32,
    /// The file system can't sync directories.
    unsynced: AtomicBool,
    /// Whether another user may change what is in it.
    shared: bool,
}

/// A directory that was opened, and the one that was made in its place when it had been deleted.
struct Place {
    fs: Arc<dyn Fs>,
    next: OnceLock<Box<Place>>,
}

impl Place {
    fn new(fs: Arc<dyn Fs>) -> Self {
        Place {
            fs,
            next: OnceLock::new(),
        }
    }

    fn last(&self) -> &Self {
        let mut place = self;
        while let Some(next) = place.next.get() {
            place = next;
        }
        place
    }
}

impl Directory {
    /// Opens a directory that is there.
    pub(super) fn open(disk: impl Disk + 'static, path: &Path) -> io::Result<Self> {
        let fs = open(&disk, path)?;
        Ok(Self::with(Box::new(disk), path, fs, false))
    }

    fn with(disk: Box<dyn Disk>, path: &Path, fs: Arc<dyn Fs>, unsynced: bool) -> Self {
        Directory {
            disk,
            process: fs.process(),
            place: Place::new(fs),
            path: path.to_path_buf(),
            unsynced: AtomicBool::new(unsynced),
            shared: false,
        }
    }

    /// Opens a directory, making it and its parents if need be, so that a power cut doesn't take
    /// them back.
    ///
    /// The parent of an existing one is synced too: the process that made it may have died before it
    /// came to that.
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

    /// Returns an error if another user may change what is in it, unless that is allowed.
    pub(super) fn check_owner(&mut self, allow_shared: bool) -> Result<(), SpoolErrorKind> {
        self.shared = allow_shared;
        match shared_with(&**self.fs()) {
            Some((owner, user)) if !allow_shared => Err(SpoolErrorKind::SharedDirectory {
                dir: self.path.clone(),
                owner: owner.uid,
                mode: owner.mode,
                user,
            }),
            _ => Ok(()),
        }
    }

    /// The directory that is used.
    fn fs(&self) -> &Arc<dyn Fs> {
        &self.place.last().fs
    }

    /// Goes on in the directory that has the path now. Called when nothing can be made in the old one
    /// any more, as it was deleted with all that was in it.
    ///
    /// Only into one that is as a new spool's: with no segments, which may be somebody else's, and its
    /// lock free. The old directory is none such while it exists, as this process has its lock.
    fn move_on(&self) -> Option<&dyn Fs> {
        let fs = self.disk.open_dir(&self.path).ok()?;
        let allowed = self.shared || shared_with(&*fs).is_none();
        if !allowed || has_segments(&fs.list(Path::new("")).ok()?) || !fs.lock().ok()? {
            return None;
        }
        let mut unsynced = false;
        sync_parent(&*self.disk, &self.path, &mut unsynced).ok()?;
        let next = Box::new(Place::new(fs.into()));
        self.place.last().next.set(next).ok()?;
        Some(&**self.fs())
    }

    /// Whether nothing can be written to it, though there may be something to read.
    ///
    /// A directory that this user may not write to is as good as that only if something is in it:
    /// otherwise a wrong owner would be noticed with the first batch.
    pub(super) fn is_read_only(&self) -> io::Result<bool> {
        match self.check_writable() {
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                let names = self.list(Path::new(""))?;
                match has_segments(&names) {
                    true => Ok(true),
                    false => Err(self.named("make files in", Path::new(""), e)),
                }
            }
            result => Ok(result.is_err()),
        }
    }

    /// Whether the file system turned out to be unable to sync directories.
    pub(super) fn is_unsynced(&self) -> bool {
        self.unsynced.load(Ordering::Relaxed)
    }

    /// Returns an error in a child process.
    pub(super) fn same_process(&self) -> Result<(), SpoolErrorKind> {
        match self.fs().process() {
            this if this == self.process => Ok(()),
            this => Err(SpoolErrorKind::Forked {
                dir: self.path.clone(),
                opened_by: self.process,
                this,
            }),
        }
    }

    /// Returns an error in a child process, before anything is changed.
    fn guard(&self) -> io::Result<()> {
        self.same_process().map_err(forked)
    }

    fn named(&self, call: &'static str, path: &Path, error: io::Error) -> io::Error {
        let denied = error.kind() == io::ErrorKind::PermissionDenied;
        // A file that isn't there yet is denied by the directory it would be in.
        let mut places = path.ancestors().filter(|_| denied);
        let by = places.find_map(|place| Some((self.full(place), self.fs().owner(place).ok()??)));
        CallError::wrap(call, self.full(path), by, error)
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
            fs: Arc::clone(self.fs()),
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
        let made = self.fs().create_dir(path);
        made.map_err(|e| self.named("make the directory", path, e))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let names = self.fs().list(dir);
        names.map_err(|e| self.named("list", dir, e))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        self.guard()?;
        self.still_owned()?;
        let file = match self.fs().create(path) {
            // Of a file in the directory itself; below it a subdirectory may be missing.
            Err(e) if e.kind() == io::ErrorKind::NotFound && is_top(path) => match self.move_on() {
                Some(fs) => fs.create(path),
                None => Err(e),
            },
            file => file,
        };
        let file = file.map_err(|e| self.named("make", path, e))?;
        Ok(self.file(path, file))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>> {
        let call = match access {
            Access::Read => "open",
            Access::Write => "open for writing",
        };
        let file = self.fs().open(path, access);
        let file = file.map_err(|e| self.named(call, path, e))?;
        Ok(self.file(path, file))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.guard()?;
        self.still_owned()?;
        let removed = self.fs().remove(path);
        removed.map_err(|e| self.named("remove", path, e))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.guard()?;
        self.still_owned()?;
        let renamed = self.fs().rename(from, to);
        renamed.map_err(|e| self.named("rename", from, e))
    }

    /// `Ok` also where there is no such thing: those file systems promise nothing of names.
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        match self.fs().sync_dir(dir) {
            Err(e) if is_unsupported(&e) => {
                self.unsynced.store(true, Ordering::Relaxed);
                Ok(())
            }
            synced => synced.map_err(|e| self.named("sync the directory", dir, e)),
        }
    }

    fn lock(&self) -> io::Result<bool> {
        let locked = self.fs().lock();
        locked.map_err(|e| self.named("lock", Path::new(""), e))
    }

    fn still_owned(&self) -> io::Result<()> {
        let owned = self.fs().still_owned();
        owned.map_err(|e| self.named("keep the lock of", Path::new(""), e))
    }

    /// Only what says clearly that nothing can be written; in other cases the first write tells.
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

/// A file whose errors name it, and that only the process which opened it writes to.
struct NamedFile {
    file: Box<dyn FsFile>,
    path: PathBuf,
    fs: Arc<dyn Fs>,
    process: u32,
}

impl NamedFile {
    fn guard(&self) -> io::Result<()> {
        match self.fs.process() {
            this if this == self.process => Ok(()),
            this => Err(forked(SpoolErrorKind::Forked {
                dir: self.path.parent().unwrap_or(&self.path).to_path_buf(),
                opened_by: self.process,
                this,
            })),
        }
    }

    fn named<T>(&self, call: &'static str, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|e| CallError::wrap(call, self.path.clone(), None, e))
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

/// An error of the system's, and of which call with which file. Inside of an [`io::Error`] of the same
/// kind, until a [`SpoolError`](super::SpoolError) is made of it.
#[derive(Debug)]
pub(super) struct CallError {
    pub(super) call: &'static str,
    pub(super) path: PathBuf,
    /// The file or directory whose permissions are the reason.
    pub(super) denied_by: Option<(PathBuf, Owner)>,
    pub(super) error: io::Error,
}

impl CallError {
    fn wrap(
        call: &'static str,
        path: PathBuf,
        denied_by: Option<(PathBuf, Owner)>,
        error: io::Error,
    ) -> io::Error {
        let kind = error.kind();
        io::Error::new(
            kind,
            CallError {
                call,
                path,
                denied_by,
                error,
            },
        )
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}: {}", self.call, self.path, self.error)
    }
}

impl std::error::Error for CallError {}

/// A refusal that travels through code which knows I/O errors alone.
#[derive(Debug)]
pub(super) struct Refused(pub(super) SpoolErrorKind);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_kind(&self.0, f)
    }
}

impl std::error::Error for Refused {}

fn forked(kind: SpoolErrorKind) -> io::Error {
    io::Error::other(Refused(kind))
}

fn open(disk: &dyn Disk, path: &Path) -> io::Result<Arc<dyn Fs>> {
    match disk.open_dir(path) {
        Ok(fs) => Ok(fs.into()),
        Err(e) => Err(named_on(disk, "open", path, e)),
    }
}

/// Owner and mode of a directory that another user may change, and who this user is.
fn shared_with(fs: &dyn Fs) -> Option<(Owner, u32)> {
    // One that can't be asked for its owner can't be listed either, which is told next.
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

/// Makes a directory and its parents, and syncs the directories that hold their names.
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
        // A parent that only others may read, such as one made for this program by an administrator,
        // was not made by us just now either; nor was one that can't be written to.
        Err(e) if is_read_only(&e) => {}
        Err(e) if is_unsupported(&e) => *unsynced = true,
        synced => synced.map_err(|e| named_on(disk, "sync the directory", parent, e))?,
    }
    Ok(())
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied
    )
}

/// What network and FUSE file systems return that can't sync directories: EINVAL, ENOTSUP, ENOSYS.
fn is_unsupported(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, Unsupported};
    matches!(error.kind(), InvalidInput | Unsupported) || says_unsupported(error)
}

/// (Before 1.87 the standard library had no kind for ENOTSUP.)
#[cfg(all(unix, not(target_os = "espidf")))]
fn says_unsupported(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let number = error.raw_os_error().map(Errno::from_raw_os_error);
    number.is_some_and(|n| n == Errno::NOTSUP || n == Errno::OPNOTSUPP)
}

#[cfg(not(all(unix, not(target_os = "espidf"))))]
fn says_unsupported(_: &io::Error) -> bool {
    false
}

fn named_on(disk: &dyn Disk, call: &'static str, path: &Path, error: io::Error) -> io::Error {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    // What can't be looked at is in a directory that may not be entered.
    let mut places = path.ancestors().filter(|_| denied);
    let by = places.find_map(|place| Some((place.to_path_buf(), disk.owner(place).ok()??)));
    CallError::wrap(call, path.to_path_buf(), by, error)
}
