//! A lock for systems that run one program (ESP-IDF): a list in its memory of the directories that are in
//! use. No other program can have one, and a lock file would still be there after a reset.

use super::PathLock;
use alloc::vec::Vec;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The directories that are locked, by their paths.
static LOCKED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// An entry in that list.
#[derive(Debug)]
pub(in crate::spool) struct ProgramLock(PathBuf);

impl PathLock for ProgramLock {
    /// FAT makes no difference between capitals and small letters, so neither does this.
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
