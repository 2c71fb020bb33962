//! The file `ack`: the number up to which all batches are delivered.
//!
//! Two slots of 20 bytes, at offset 0 and 512: generation u64, sequence number u64, CRC-32 of the two;
//! little-endian. A write overwrites the older slot, and the valid slot with the higher generation counts.
//! So a torn write leaves the previous number, because the slots are in different sectors.
//!
//! The file is never synced. If an acknowledgement is lost, the batch is delivered again, which changes
//! nothing for points with timestamps; a sync for each delivered batch would wear out flash memory. It
//! stores one number, not one for each target: batches that were delivered out of order are known in
//! memory only ([`Segment::set_done`](super::segment::Segment::set_done)).

use super::format::{u32_at, u64_at};
use super::fs::{Access, Fs, FsFile, read_full, write_full};
use alloc::boxed::Box;
use std::io;
use std::path::PathBuf;

const SLOT: usize = 20;
const SLOTS: [u64; 2] = [0, 512];

/// No spool reaches a number beyond this.
pub(super) const MAX_SEQ: u64 = 1 << 62;

pub(super) struct AckFile {
    path: PathBuf,
    file: Option<Box<dyn FsFile>>,
    generation: u64,
    acked: u64,
    /// Nothing is written: the disk is read-only, or a directory has the name of the file.
    in_memory: bool,
}

impl AckFile {
    /// Reads the file. A missing or invalid one counts as 0, nothing delivered.
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
            // Not a regular file: replaced by the first acknowledgement.
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
            // Another hard link may belong to another program.
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

    /// The number up to which everything is delivered.
    pub(super) fn acked(&self) -> u64 {
        self.acked
    }

    /// Replaces an implausible number; the file follows with the next write.
    pub(super) fn correct(&mut self, acked: u64) {
        self.acked = acked;
    }

    /// Writes a new number. A failure only causes a second delivery.
    pub(super) fn write(&mut self, fs: &dyn Fs, acked: u64) -> io::Result<()> {
        if self.in_memory {
            self.acked = acked;
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        fs.still_owned()?;
        let generation = self.generation.saturating_add(1);
        // Alternates by parity, so the slot with the current number is never the one that is overwritten.
        let [even, odd] = SLOTS;
        let at = if generation % 2 == 0 { even } else { odd };
        let slot = encode(generation, acked);
        self.file = match self.file.take() {
            Some(file) => write_full(&*file, &slot, at).map(|()| Some(file))?,
            None => Some(self.replace(fs, &slot, at)?),
        };
        self.generation = generation;
        self.acked = acked;
        Ok(())
    }

    /// Replaces whatever has the name by a new file. The new file is closed before it is renamed, because
    /// renaming an open file damages FAT file systems.
    fn replace(&mut self, fs: &dyn Fs, slot: &[u8], at: u64) -> io::Result<Box<dyn FsFile>> {
        let new = self.path.with_extension("new");
        let file = match fs.create(&new) {
            // Left by a process that was killed here.
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
    // Also rejects a slot of zeros: generations begin with 1.
    (holds && generation > 0 && acked < MAX_SEQ).then_some((generation, acked))
}

#[cfg(test)]
#[path = "tests/ack.rs"]
mod tests;
