//! Acknowledgements: which batches are delivered, and the file `ack`, which says up to which
//! number all are.
//!
//! Two slots of 20 bytes, at 0 and at 512, so that one torn sector can't take both: generation u64,
//! sequence number u64, CRC-32 of the two; little-endian. The older slot is overwritten, the newer
//! one counts. It is never synced: an acknowledgement that is lost makes a batch be sent again,
//! which is no harm for points with timestamps, and a sync per delivered batch would wear the disk.

use super::batch::BatchRange;
use super::format::{u32_at, u64_at};
use super::fs::{Access, Fs, FsFile, read_full, write_full};
use super::segment::TargetCount;
use super::spool::Spool;
use super::stats::bump;
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

impl Spool {
    /// Notes that batches were delivered; how many points they held. Their space is freed with the
    /// last batch of their segment.
    ///
    /// Batches that were acknowledged, dropped or lost before do nothing and count nothing; nor does any in
    /// a child process of the one that opened the spool. Of a range
    /// with some of these the rest counts; for that their headers are read from the disk.
    /// Writes 20 bytes to the disk and syncs nothing: an acknowledgement that a crash takes makes the
    /// batch be delivered again, which changes nothing in the database if its points have timestamps.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-ack", std::process::id()));
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// # use influx_edge::Precision;
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// let range = spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
    /// spool.ack([&range]); // it was delivered
    /// assert!(spool.is_empty());
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack<'t>(&mut self, ranges: impl IntoIterator<Item = &'t BatchRange>) -> u64 {
        let mut points = 0;
        if self.same_process().is_err() {
            return points;
        }
        for range in ranges {
            let done = self.finish(range);
            bump(&mut self.stats.acknowledged, done.batches);
            bump(&mut points, done.points);
        }
        bump(&mut self.stats.acknowledged_points, points);
        self.remove_acked();
        points
    }

    /// Notes that batches are in their owner's memory too, from being put until they are acknowledged
    /// or released: they are not read, and not dropped while others can be.
    #[allow(dead_code, reason = "for the writer")]
    pub(crate) fn hold(&mut self, range: &BatchRange) {
        if self.is_waiting(range) {
            self.held.insert(range);
        }
    }

    /// Notes that batches are held no longer and were not delivered: they are read again.
    #[allow(dead_code, reason = "for the writer")]
    pub(crate) fn release(&mut self, ranges: &[BatchRange]) {
        for range in ranges {
            self.held.remove(range);
        }
    }

    /// Marks batches as done and ends their being held; those that waited until now.
    pub(super) fn finish(&mut self, range: &BatchRange) -> TargetCount {
        let held = self.held.remove(range);
        let none = TargetCount::none(range.target);
        let first = range.first.max(self.ack.acked().saturating_add(1));
        let Some(index) = self.log.index_of(range.first) else {
            return none;
        };
        let Some(segment) = self.log.segments.get(index) else {
            return none;
        };
        let open = segment.open_in(first, range.last);
        if open == 0 {
            return none;
        }
        let count = match held {
            // What is left of it was kept up to date.
            Some(left) => left.count(),
            None if open == range.batches => range.count(),
            None => self.measure(segment.base, range, open),
        };
        let Some(segment) = self.log.segments.get_mut(index) else {
            return none;
        };
        segment.set_range_done(range.target, first, range.last);
        segment.take(count)
    }

    /// Whether a number is delivered, dropped, or was never there.
    pub(super) fn is_finished(&self, seq: u64) -> bool {
        let segment = || self.log.segments.get(self.log.index_of(seq)?);
        seq <= self.ack.acked() || segment().is_none_or(|segment| segment.seq_done(seq))
    }

    /// Whether any batch of a range still waits: not acknowledged, not dropped, not lost.
    #[allow(dead_code, reason = "for the writer")]
    pub(crate) fn is_waiting(&self, range: &BatchRange) -> bool {
        (range.first..=range.last).any(|seq| !self.is_finished(seq))
    }

    /// Removes segments in which nothing waits, and notes up to where all is delivered.
    pub(super) fn remove_acked(&mut self) {
        let acked = self.delivered_up_to();
        if acked > self.ack.acked() && self.ack.write(&*self.log.fs, acked).is_err() {
            bump(&mut self.stats.unnoted_acks, 1);
        }
        // The newest segment stays while anything waits: it is what remembers the last number.
        let newest = self.log.segments.len().saturating_sub(1);
        let idle = self.is_empty();
        for index in (0..self.log.segments.len()).rev() {
            let Some(segment) = self.log.segments.get(index).filter(|s| s.is_done()) else {
                continue;
            };
            // Of an empty spool the active one stays to be written to, unless it is nearly full.
            let spent = segment.len > self.settings.effective_segment_bytes() / 2;
            let surplus = idle && (spent || !self.log.is_active(index));
            if index != newest || surplus {
                self.log.remove(index);
            }
        }
    }

    /// The number up to which nothing waits.
    fn delivered_up_to(&self) -> u64 {
        let Some(oldest) = self.log.segments.iter().find(|s| !s.is_done()) else {
            return self.log.next_seq.saturating_sub(1);
        };
        let mut seq = oldest.base.max(self.ack.acked().saturating_add(1));
        while seq < oldest.end_seq && oldest.seq_done(seq) {
            seq = seq.saturating_add(1);
        }
        seq.saturating_sub(1)
    }
}

#[cfg(test)]
#[path = "tests/ack.rs"]
mod tests;
