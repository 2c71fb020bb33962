//! The file `ack`: up to which number all batches are delivered.
//!
//! Two slots of 20 bytes, at 0 and at 512, so that one torn sector can't take both: generation u64,
//! sequence number u64, CRC-32 of the two; little-endian. The older slot is overwritten, the newer
//! one counts. It is never synced: an acknowledgement that is lost makes a batch be sent again,
//! which is no harm for points with timestamps, and a sync per delivered batch would wear the disk.

use super::format::{u32_at, u64_at};
use super::fs::{Access, Fs, FsFile, read_full, write_full};
use alloc::boxed::Box;
use std::io;
use std::path::PathBuf;

const SLOT: usize = 20;
const SLOTS: [u64; 2] = [0, 512];

/// Numbers beyond this come from no spool of ours.
pub(super) const MAX_SEQ: u64 = 1 << 62;

pub(super) struct AckFile {
    path: PathBuf,
    file: Option<Box<dyn FsFile>>,
    generation: u64,
    acked: u64,
    /// Nothing is written: the disk is read-only, or a directory has the file's name.
    in_memory: bool,
}

impl AckFile {
    /// Reads the file, if there is one. What it says of no use counts as 0, nothing delivered.
    pub(super) fn read(fs: &dyn Fs, path: PathBuf, access: Access) -> io::Result<Self> {
        let mut writable = access == Access::Write;
        let opened = match fs.open(&path, access) {
            Err(e) if writable && e.kind() == io::ErrorKind::PermissionDenied => {
                writable = false;
                fs.open(&path, Access::Read)
            }
            opened => opened,
        };
        let file = match opened {
            Ok(file) => Some(file),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            // Not a file: replaced when the first acknowledgement is written.
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => None,
            Err(e) => return Err(e),
        };
        let (mut generation, mut acked) = (0, 0);
        if let Some(file) = &file {
            for at in SLOTS {
                let mut slot = [0; SLOT];
                let n = read_full(&**file, &mut slot, at)?;
                let found = decode(slot.get(..n).unwrap_or_default());
                if let Some(newer) = found.filter(|(g, _)| *g > generation) {
                    (generation, acked) = newer;
                }
            }
            // By its other name it may be another program's.
            writable &= !file.status()?.shared;
        }
        Ok(AckFile {
            path,
            file: file.filter(|_| writable),
            generation,
            acked,
            in_memory: access == Access::Read,
        })
    }

    /// Everything up to this number is delivered.
    pub(super) fn acked(&self) -> u64 {
        self.acked
    }

    /// What the file says can't be: this is so instead, from the next note on also in the file.
    pub(super) fn correct(&mut self, acked: u64) {
        self.acked = acked;
    }

    /// Notes a new number. What fails here costs a second delivery, nothing else.
    pub(super) fn write(&mut self, fs: &dyn Fs, acked: u64) -> io::Result<()> {
        if self.in_memory {
            self.acked = acked;
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        fs.still_owned()?;
        let generation = self.generation.saturating_add(1);
        let at = if generation % 2 == 0 {
            SLOTS[0]
        } else {
            SLOTS[1]
        };
        let slot = encode(generation, acked);
        self.file = match self.file.take() {
            Some(file) => write_full(&*file, &slot, at).map(|()| Some(file))?,
            None => Some(self.replace(fs, &slot, at)?),
        };
        self.generation = generation;
        self.acked = acked;
        Ok(())
    }

    /// Puts a new file in the place of whatever has the name, which isn't written to. It is closed when
    /// it is renamed: FAT is damaged by the renaming of an open file.
    fn replace(&mut self, fs: &dyn Fs, slot: &[u8], at: u64) -> io::Result<Box<dyn FsFile>> {
        let new = self.path.with_extension("new");
        let file = match fs.create(&new) {
            // Of a process that was killed just here.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                fs.remove(&new)?;
                fs.create(&new)?
            }
            file => file?,
        };
        let written = write_full(&*file, slot, at);
        drop(file);
        let replaced = written.and_then(|()| fs.rename(&new, &self.path));
        if let Err(e) = replaced {
            self.in_memory = e.kind() == io::ErrorKind::IsADirectory;
            let _ = fs.remove(&new);
            return Err(e);
        }
        fs.open(&self.path, Access::Write)
    }
}

fn encode(generation: u64, acked: u64) -> [u8; SLOT] {
    let mut out = [0; SLOT];
    let (body, crc) = out.split_at_mut(16);
    let (first, second) = body.split_at_mut(8);
    first.copy_from_slice(&generation.to_le_bytes());
    second.copy_from_slice(&acked.to_le_bytes());
    crc.copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    out
}

fn decode(slot: &[u8]) -> Option<(u64, u64)> {
    let (generation, acked) = (u64_at(slot, 0)?, u64_at(slot, 8)?);
    let holds = u32_at(slot, 16)? == crc32fast::hash(slot.get(..16)?);
    // A slot of zeros fails here too: generations begin with 1.
    (holds && generation > 0 && acked < MAX_SEQ).then_some((generation, acked))
}

#[cfg(test)]
#[path = "tests/ack.rs"]
mod tests;
