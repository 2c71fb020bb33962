//! Reading the oldest batches of a target back from disk.

use super::batch::{BatchGroup, BatchId};
use super::error::SpoolError;
use super::format::RecordHeader;
use super::fs::read_full;
use super::scan::{Bounds, Step, WINDOW};
use super::segment::TargetCount;
use super::spool::{Position, Spool, find};
use super::stats::bump;
use super::target::Target;
use alloc::vec::Vec;
use std::io;

/// The most batches in one group; bounds the memory for their batch ids.
const MAX_BATCHES: usize = 1_000;

/// A waiting batch that was found.
struct Found {
    header: RecordHeader,
    position: Position,
    bounds: Bounds,
}

/// How reading a payload went.
enum Read {
    Whole,
    Corrupt,
}

impl Spool {
    /// Puts the oldest waiting batches of a target into `body`, in order, and says which they are. As
    /// many as fit into `max_bytes`, one at least, a thousand at most, all of one precision; a newline
    /// is put between two if the first doesn't end with one. What `body` held before is gone.
    ///
    /// `None`: nothing waits for this target. Until they are acknowledged the next call finds the same
    /// batches again, so a failed delivery needs nothing undone.
    ///
    /// Batches that turn out to be damaged are left out and counted
    /// ([`SpoolStats::corrupt_batches`](super::SpoolStats::corrupt_batches)). Allocates in `body`, and
    /// for the batch_ids.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-collect", std::process::id()));
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// # use influx_edge::Precision;
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
    /// let mut body = Vec::new();
    /// let group = spool.read_batches(&target, 64 * 1024, &mut body)?.expect("one waits");
    /// assert_eq!((group.points(), &body[..]), (1, &b"t v=1 60\n"[..]));
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The disk's, in reading. Nothing is lost by it.
    pub fn read_batches(
        &mut self,
        target: &Target,
        max_bytes: usize,
        body: &mut Vec<u8>,
    ) -> Result<Option<BatchGroup>, SpoolError> {
        body.clear();
        let Some(index) = find(&self.targets, |t| t == target) else {
            return Ok(None);
        };
        let group = self.fill(index, target, max_bytes, body);
        group.map_err(|error| SpoolError::from_io("read the spool", self.dir(), error))
    }

    fn fill(
        &mut self,
        index: u32,
        target: &Target,
        max_bytes: usize,
        body: &mut Vec<u8>,
    ) -> io::Result<Option<BatchGroup>> {
        let mut group: Option<BatchGroup> = None;
        let Some(mut position) = self.targets.get(index as usize).map(|t| t.from) else {
            return Ok(None);
        };
        // What was found in the segment at hand, to compare with what should be there.
        let mut found_here = TargetCount::default();
        while let Some(found) = self.find(index, target, &mut position, &mut found_here)? {
            let header = found.header;
            let len = body.len().saturating_add(header.payload_len as usize);
            let fits = match &group {
                None => true,
                Some(group) => {
                    len < max_bytes
                        && group.precision == header.precision
                        && group.batch_ids.len() < MAX_BATCHES
                }
            };
            if !fits {
                break;
            }
            let batch_id = BatchId {
                seq: header.seq,
                target: index,
                points: header.points,
                bytes: header.payload_len,
            };
            position.cursor.pass(&header);
            match self.read_payload(&found, body)? {
                Read::Whole => {}
                Read::Corrupt => {
                    if self.finish(&batch_id) {
                        self.count_corrupt(1, u64::from(header.points));
                    }
                    continue;
                }
            }
            bump(&mut found_here.batches, 1);
            bump(&mut found_here.points, u64::from(header.points));
            bump(&mut found_here.bytes, u64::from(header.payload_len));
            if group.is_none() {
                if let Some(state) = self.targets.get_mut(index as usize) {
                    state.from = found.position;
                }
            }
            group
                .get_or_insert_with(|| BatchGroup {
                    precision: header.precision,
                    batch_ids: Vec::new(),
                })
                .batch_ids
                .push(batch_id);
        }
        if group.is_none() {
            self.remove_acked();
        }
        Ok(group)
    }

    /// The next waiting batch of the target, from a position on. The position is moved to it.
    fn find(
        &mut self,
        index: u32,
        target: &Target,
        position: &mut Position,
        found_here: &mut TargetCount,
    ) -> io::Result<Option<Found>> {
        loop {
            let mut segments = self.log.segments.iter();
            let Some(segment) =
                segments.find(|s| s.base >= position.base && s.share(index).is_some())
            else {
                return Ok(None);
            };
            if segment.base != position.base {
                *position = Position::start(segment.base);
                *found_here = TargetCount::default();
            }
            let bounds = segment.bounds();
            self.window.select(bounds.base);
            let file = match self.log.file(bounds.base) {
                Ok(file) => file,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    self.give_up(bounds.base, index, TargetCount::default());
                    continue;
                }
                Err(e) => return Err(e),
            };
            match position.cursor.step(&mut self.window, file, &bounds)? {
                Step::Damage(_) => {}
                Step::End => {
                    self.give_up(bounds.base, index, *found_here);
                    // On to the next segment.
                    *position = Position::start(bounds.base.saturating_add(1));
                    *found_here = TargetCount::default();
                }
                Step::Record(header) => {
                    let cursor = position.cursor;
                    let bytes = cursor.target(&mut self.window, file, &bounds, &header)?;
                    let ours = target.is(header.flags, bytes);
                    if ours && !self.is_finished(header.seq) {
                        return Ok(Some(Found {
                            header,
                            position: *position,
                            bounds,
                        }));
                    }
                    position.cursor.pass(&header);
                }
            }
        }
    }

    /// The segment is read to its end: what should have been there for the target and was not is
    /// lost, damaged since it was written.
    fn give_up(&mut self, base: u64, target: u32, found: TargetCount) {
        let mut segments = self.log.segments.iter_mut();
        let Some(segment) = segments.find(|s| s.base == base) else {
            return;
        };
        let Some(share) = segment.share(target).copied() else {
            return;
        };
        let lost = TargetCount {
            target,
            batches: share.batches.saturating_sub(found.batches),
            points: share.points.saturating_sub(found.points),
            bytes: share.bytes.saturating_sub(found.bytes),
        };
        if lost.batches > 0 {
            segment.take(lost);
            self.count_corrupt(lost.batches, lost.points);
        }
    }

    fn count_corrupt(&mut self, batches: u64, points: u64) {
        bump(&mut self.stats.corrupt_batches, batches);
        bump(&mut self.stats.corrupt_points, points);
    }

    /// Puts a batch's bytes behind those in `body`, if they are what was written.
    fn read_payload(&mut self, found: &Found, body: &mut Vec<u8>) -> io::Result<Read> {
        let header = found.header;
        let before = body.len();
        if body.last().is_some_and(|&b| b != b'\n') {
            body.push(b'\n');
        }
        let start = body.len();
        let len = header.payload_len as usize;
        let at = found
            .position
            .cursor
            .at
            .saturating_add(header.payload_offset() as u64);
        let file = self.log.file(found.bounds.base)?;
        if len <= WINDOW {
            let bytes = self.window.bytes(file, found.bounds.end, at, len)?;
            body.extend_from_slice(bytes.get(..len).unwrap_or(bytes));
        } else {
            body.resize(start.saturating_add(len), 0);
            let n = read_full(file, body.get_mut(start..).unwrap_or_default(), at)?;
            body.truncate(start.saturating_add(n));
        }
        let payload = body.get(start..).unwrap_or_default();
        let whole =
            payload.len() == len && found.bounds.key.checksum(payload) == header.payload_crc;
        if whole {
            Ok(Read::Whole)
        } else {
            // What was read may be read again, from the disk this time.
            self.window.forget();
            body.truncate(before);
            Ok(Read::Corrupt)
        }
    }
}
