//! One process per directory. The kernel frees the lock when the process ends, however it ends.

use super::fs::{no_follow, private};
use std::fs::File;
use std::io;
use std::path::Path;

/// A held lock. Dropping it frees it.
#[derive(Debug)]
pub struct OsLock {
    _file: File,
}

impl OsLock {
    #[cfg(unix)]
    pub(super) fn take(path: &Path) -> io::Result<Option<Self>> {
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
    pub(super) fn take(path: &Path) -> io::Result<Option<Self>> {
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
    pub(super) fn take(_path: &Path) -> io::Result<Option<Self>> {
        let _ = (no_follow, private);
        Err(io::ErrorKind::Unsupported.into())
    }
}
