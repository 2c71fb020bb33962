//! A directory as a descriptor, with `openat` and related calls: Linux, Android, BSD, macOS, iOS.
//!
//! Renaming the directory, or a link in the path that it was opened by, has no effect on it.

use super::fs::{Access, Fs, FsFile, LOCK, Owner, not_owned, not_regular};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::vec::Vec;
use rustix::fs::{
    Access as Permission, AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, RawMode, Stat,
    accessat, flock, fstat, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::{Errno, retry_on_intr};
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::OnceLock;

/// The errors of file systems that can't lock directories. NFS locks only files that are open for writing
/// (BADF).
const NO_LOCKS: [Errno; 7] = [
    Errno::BADF,
    Errno::INVAL,
    Errno::ISDIR,
    Errno::NOLCK,
    Errno::NOSYS,
    Errno::NOTSUP,
    Errno::OPNOTSUPP,
];

/// An open directory.
#[derive(Debug)]
pub(super) struct OsDir {
    dir: File,
    lock: OnceLock<Lock>,
}

/// The lock, and the process that took it.
#[derive(Debug)]
struct Lock {
    /// The lock file, if the directory itself can't be locked.
    file: Option<File>,
    process: u32,
}

/// The directory that contains a name.
enum Parent<'a> {
    Top(&'a File),
    Sub(File),
}

impl Parent<'_> {
    fn fd(&self) -> &File {
        match self {
            Parent::Top(file) => file,
            Parent::Sub(file) => file,
        }
    }
}

impl OsDir {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true);
        if let Ok(flags) = i32::try_from(OFlags::DIRECTORY.bits()) {
            options.custom_flags(flags);
        }
        Ok(OsDir {
            dir: options.open(path)?,
            lock: OnceLock::new(),
        })
    }

    fn parent(&self, path: &Path) -> io::Result<Parent<'_>> {
        match path.parent().filter(|p| !p.as_os_str().is_empty()) {
            None => Ok(Parent::Top(&self.dir)),
            Some(sub) => self.dir_at(sub),
        }
    }

    /// The directory itself, or a subdirectory, never through a link. A subdirectory is opened for each
    /// call, because only rejected lines are in one.
    fn dir_at(&self, path: &Path) -> io::Result<Parent<'_>> {
        if path.as_os_str().is_empty() {
            return Ok(Parent::Top(&self.dir));
        }
        if file_type(&self.stat(path)?) != FileType::Directory {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = retry_on_intr(|| openat(&self.dir, path, flags, Mode::empty()))?;
        Ok(Parent::Sub(dir.into()))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        match path.file_name() {
            None => Ok(fstat(&self.dir)?),
            Some(name) => {
                let parent = self.parent(path)?;
                Ok(statat(parent.fd(), name, AtFlags::SYMLINK_NOFOLLOW)?)
            }
        }
    }

    fn file(&self, path: &Path, flags: OFlags) -> io::Result<File> {
        let parent = self.parent(path)?;
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = || openat(parent.fd(), name(path), flags, Mode::RUSR | Mode::WUSR);
        Ok(retry_on_intr(open)?.into())
    }

    /// Locks the lock file in place of the directory.
    pub(super) fn lock_by_file(&self) -> io::Result<bool> {
        let file = self.file(Path::new(LOCK), OFlags::RDWR | OFlags::CREATE)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(false),
            Err(e) => return Err(e.into()),
        }
        // The file may have been removed between open and lock, and another process may have locked the
        // one that has the name now.
        Ok(self.has_name(&file)? && self.keep_lock(Some(file)))
    }

    fn keep_lock(&self, file: Option<File>) -> bool {
        let process = self.process();
        self.lock.set(Lock { file, process }).is_ok()
    }

    /// Returns `true` if this is the file that has the name `LOCK`.
    fn has_name(&self, file: &File) -> io::Result<bool> {
        let ours = fstat(file)?;
        match self.stat(Path::new(LOCK)) {
            Ok(named) => Ok((named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }
}

impl Fs for OsDir {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let parent = self.parent(path)?;
        Ok(mkdirat(parent.fd(), name(path), Mode::RWXU)?)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let dir = self.dir_at(dir)?;
        let mut names = Vec::new();
        for entry in Dir::read_from(dir.fd())? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        Ok(names)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        Ok(Box::new(self.file(path, flags)?))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>> {
        // Checked before, because opening a pipe would block; and after, in case the file was exchanged in
        // between.
        if file_type(&self.stat(path)?) != FileType::RegularFile {
            return Err(not_regular());
        }
        let flags = match access {
            Access::Read => OFlags::RDONLY,
            Access::Write => OFlags::RDWR,
        };
        let file = self.file(path, flags)?;
        if file_type(&fstat(&file)?) != FileType::RegularFile {
            return Err(not_regular());
        }
        Ok(Box::new(file))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let parent = self.parent(path)?;
        Ok(unlinkat(parent.fd(), name(path), AtFlags::empty())?)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (old, new) = (self.parent(from)?, self.parent(to)?);
        Ok(renameat(old.fd(), name(from), new.fd(), name(to))?)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.dir_at(dir)?.fd().sync_all()
    }

    fn lock(&self) -> io::Result<bool> {
        // `flock` rather than `fcntl`: it belongs to the open file, not to the process, so a second spool in
        // this process is noticed, and closing another descriptor of the file doesn't release it. The
        // kernel releases it when the process ends. On the directory itself there is no lock file that a
        // temp cleaner could remove.
        match flock(&self.dir, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(self.keep_lock(None)),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(e) if NO_LOCKS.contains(&e) => self.lock_by_file(),
            Err(e) => Err(e.into()),
        }
    }

    fn still_owned(&self) -> io::Result<()> {
        match self.lock.get().and_then(|lock| lock.file.as_ref()) {
            Some(file) if !self.has_name(file)? => Err(not_owned()),
            _ => Ok(()),
        }
    }

    fn check_writable(&self) -> io::Result<()> {
        let wanted = Permission::WRITE_OK | Permission::EXEC_OK;
        // Android lacks the flag; real and effective user are the same there.
        #[cfg(not(target_os = "android"))]
        let flags = AtFlags::EACCESS;
        #[cfg(target_os = "android")]
        let flags = AtFlags::empty();
        Ok(accessat(&self.dir, ".", wanted, flags)?)
    }

    #[allow(clippy::useless_conversion)] // On macOS and BSD the mode is u16.
    fn owner(&self, path: &Path) -> io::Result<Option<Owner>> {
        let stat = self.stat(path)?;
        Ok(Some(Owner {
            uid: stat.st_uid,
            mode: Mode::from_raw_mode(stat.st_mode as RawMode).bits().into(),
        }))
    }

    fn process(&self) -> u32 {
        std::process::id()
    }
}

impl Drop for OsDir {
    fn drop(&mut self) {
        // A forked process shares the lock with its descriptor. Closing alone would leave the lock to it, so
        // the owner unlocks; a fork must not, because that would unlock the owner's.
        if let Some(lock) = self.lock.get().filter(|l| l.process == self.process()) {
            let held = lock.file.as_ref().unwrap_or(&self.dir);
            let _ = flock(held, FlockOperation::Unlock);
        }
    }
}

fn name(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

fn file_type(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode as RawMode)
}
