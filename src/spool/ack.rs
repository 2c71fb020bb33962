//! Up to where everything is delivered: the file `ack`.
//!
//! Two slots of 20 bytes, at 0 and at 512, so that one torn sector can't take both: generation u64,
//! sequence number u64, CRC-32 of the two; little-endian. The older slot is overwritten, the newer
//! one counts. It is never synced: an acknowledgement that is lost makes a batch be sent again,
//! which is no harm for points with timestamps, and a sync per delivered batch would wear the disk.

use super::frame::{u32_at, u64_at};
use super::fs::{Access, Fs, read_full, write_full};
use std::io;
use std::path::PathBuf;

const SLOT: usize = 20;
const SLOTS: [u64; 2] = [0, 512];

/// Numbers beyond this come from no spool of ours.
pub(super) const MAX_SEQ: u64 = 1 << 62;

pub(super) struct AckFile<F: Fs> {
    path: PathBuf,
    file: Option<F::File>,
    generation: u64,
    acked: u64,
}

impl<F: Fs> AckFile<F> {
    /// Reads the file, if there is one. What it says of no use counts as 0, nothing delivered.
    pub(super) fn read(fs: &F, path: PathBuf, access: Access) -> io::Result<Self> {
        let file = match fs.open(&path, access) {
            Ok(file) => Some(file),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            // Not a file: it goes when the first acknowledgement is written.
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => None,
            Err(e) => return Err(e),
        };
        let (mut generation, mut acked) = (0, 0);
        if let Some(file) = &file {
            for at in SLOTS {
                let mut slot = [0; SLOT];
                let n = read_full(file, &mut slot, at)?;
                let found = decode(slot.get(..n).unwrap_or_default());
                if let Some(newer) = found.filter(|(g, _)| *g > generation) {
                    (generation, acked) = newer;
                }
            }
        }
        Ok(AckFile {
            path,
            file,
            generation,
            acked,
        })
    }

    /// Everything up to this number is delivered.
    pub(super) fn acked(&self) -> u64 {
        self.acked
    }

    /// Notes a new number. What fails here costs a second delivery, nothing else.
    pub(super) fn write(&mut self, fs: &F, acked: u64) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.create(fs)?,
        };
        let generation = self.generation.saturating_add(1);
        let at = if generation % 2 == 0 {
            SLOTS[0]
        } else {
            SLOTS[1]
        };
        write_full(&file, &encode(generation, acked), at)?;
        self.file = Some(file);
        self.generation = generation;
        self.acked = acked;
        Ok(())
    }

    fn create(&self, fs: &F) -> io::Result<F::File> {
        match fs.open(&self.path, Access::Write) {
            Ok(file) => return Ok(file),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(_) => fs.remove(&self.path)?,
        }
        fs.create(&self.path)
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
mod tests {
    use super::*;

    #[test]
    fn slots_read_back_and_every_flipped_bit_is_seen() {
        let slot = encode(3, 99);
        assert_eq!(decode(&slot), Some((3, 99)));
        for bit in 0..SLOT * 8 {
            let mut bad = slot;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&bad), None, "bit {bit}");
        }
        assert_eq!(decode(&[0; SLOT]), None);
        assert_eq!(decode(&slot[..19]), None);
        assert_eq!(decode(&encode(1, u64::MAX)), None);
    }
}
