//! A lock for systems that run one program (ESP-IDF): a list in memory of the directories in use. There is
//! no other program that could open one, and a lock file would outlive a reset.

use super::PathLock;
use alloc::vec::Vec;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The paths of the locked directories.
static LOCKED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// An entry in [`LOCKED`].
#[derive(Debug)]
pub(in crate::spool) struct ProgramLock(PathBuf);

impl PathLock for ProgramLock {
    /// Compares without case, like FAT.
    fn take(dir: &Path) -> io::Result<Option<Self>> {
        let mut locked = LOCKED.lock().unwrap_or_else(PoisonError::into_inner);
        if locked
            .iter()
            .any(|l| l.as_os_str().eq_ignore_ascii_case(dir))
        {
            return Ok(None);
        }
        locked.push(dir.to_path_buf());
        Ok(Some(ProgramLock(dir.to_path_buf())))
    }

    fn is_ours(&self, _: &Path) -> io::Result<bool> {
        Ok(true)
    }

    fn release(&self) {
        let mut locked = LOCKED.lock().unwrap_or_else(PoisonError::into_inner);
        locked.retain(|l| *l != self.0);
    }
}
