//! The disk of the machine.

use super::fs::{Disk, Fs, Owner};
use super::fs_file::{SYNCS_DIRECTORIES, create_private_dir};
use super::fs_os::OsDir;
use alloc::boxed::Box;
use std::fs::{self, File};
use std::io;
use std::path::Path;

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
