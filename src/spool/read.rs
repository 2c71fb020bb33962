//! `read_batches`: the oldest batches of a target, read back from disk.

use super::batch::{BatchGroup, BatchRange};
use super::error::SpoolError;
use super::format::RecordHeader;
use super::fs::read_full;
use super::losses::{LossCause, Losses, Tally};
use super::scan::{Bounds, Cursor, WINDOW};
use super::segment::TargetCount;
use super::spool::Spool;
use super::target::Target;
use alloc::vec::Vec;
use std::io;

/// Records of a target that are no farther apart than this are read with one call.
const DENSE: u64 = 4096;

/// A range extends over at most this many numbers that are done.
const MAX_GAP: u64 = 64;

/// A record of the target, with a valid header.
struct Found {
    header: RecordHeader,
    at: u64,
    bounds: Bounds,
}

/// A call of `read_batches` in progress.
struct Filling<'a> {
    number: u32,
    target: &'a Target,
    max_bytes: usize,
    body: &'a mut Vec<u8>,
    group: Option<BatchGroup>,
}

impl Spool {
    /// Reads the oldest waiting batches of a target into `body`, in order.
    ///
    /// Reads as many as fit into `max_bytes` and at least one, all of one precision and of one segment. A
    /// newline is inserted after a batch that doesn't end with one. The previous content of `body` is
    /// discarded.
    ///
    /// Returns `None` if nothing waits for this target, or if its [kind of server](Target::server) is
    /// unknown. Until the group is acknowledged the next call returns the same batches, so nothing has to
    /// be undone if their delivery fails.
    ///
    /// Damaged batches are skipped and counted
    /// ([`SpoolStats::corrupt_batches`](super::SpoolStats::corrupt_batches)). Allocates in `body`, for the
    /// group, and for an index of the segment: 8 bytes for each of its batches and about 30 for each of
    /// its targets, for the two segments that were read last.
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
    /// let group = spool
    ///     .read_batches(&target, 64 * 1024, &mut body)?
    ///     .expect("one waits");
    /// assert_eq!((group.points, &body[..]), (1, &b"t v=1 60\n"[..]));
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the disk can't be read, which loses nothing, and [`SpoolError::Forked`] in a
    /// fork of the process that opened the spool.
    pub fn read_batches(
        &mut self,
        target: &Target,
        max_bytes: usize,
        body: &mut Vec<u8>,
    ) -> Result<Option<BatchGroup>, SpoolError> {
        self.read(target, max_bytes, body).0
    }

    /// Reads like [`read_batches`](Spool::read_batches) and holds the batches from then on. Also returns
    /// the losses that were found, also beside an error.
    #[allow(dead_code, reason = "for the writer")]
    pub(crate) fn take(
        &mut self,
        target: &Target,
        max_bytes: usize,
        body: &mut Vec<u8>,
    ) -> (Result<Option<BatchGroup>, SpoolError>, Losses) {
        let (result, losses) = self.read(target, max_bytes, body);
        if let Ok(Some(group)) = &result {
            group.ranges.iter().for_each(|run| self.held.insert(run));
        }
        (result, losses)
    }

    fn read(
        &mut self,
        target: &Target,
        max_bytes: usize,
        body: &mut Vec<u8>,
    ) -> (Result<Option<BatchGroup>, SpoolError>, Losses) {
        body.clear();
        let mut losses = Losses::default();
        if let Err(error) = self.same_process() {
            return (Err(error), losses);
        }
        let known = self.targets.find(target).filter(|_| target.is_known());
        let Some(number) = known else {
            return (Ok(None), losses);
        };
        let mut filling = Filling {
            number,
            target,
            max_bytes,
            body,
            group: None,
        };
        let result = self.fill(&mut filling, &mut losses);
        let group = filling.group;
        if group.is_none() || !losses.0.is_empty() {
            self.remove_acked();
        }
        let result = match result {
            // The batches read before a failure are whole. A lasting failure is returned by the next call.
            Err(error) if group.is_none() => {
                Err(SpoolError::from_io("read the spool", self.dir(), error))
            }
            _ => Ok(group),
        };
        (result, losses)
    }

    fn fill(&mut self, filling: &mut Filling<'_>, losses: &mut Losses) -> io::Result<()> {
        let number = filling.number;
        let mut from = self.targets.from(number);
        let mut is_oldest = true;
        loop {
            let begin = self.log.segments.partition_point(|s| s.base < from);
            let mut segments = self.log.segments.iter().skip(begin);
            let Some(segment) = segments.find(|s| s.share(number).is_some()) else {
                return Ok(());
            };
            let base = segment.base;
            if is_oldest {
                self.targets.set_from(number, base);
                is_oldest = false;
            }
            match self.fill_from(base, filling, losses) {
                Err(e) if e.kind() == io::ErrorKind::NotFound && filling.group.is_none() => {
                    let nothing = Tally::default();
                    self.settle(base, Some(number), &nothing, LossCause::Corrupt, losses);
                }
                filled => filled?,
            }
            if filling.group.is_some() {
                return Ok(());
            }
            from = base.saturating_add(1);
        }
    }

    /// Fills the group from one segment.
    fn fill_from(
        &mut self,
        base: u64,
        filling: &mut Filling<'_>,
        losses: &mut Losses,
    ) -> io::Result<()> {
        let number = filling.number;
        // Walks the chain of the target in the index, and indexes more of the segment at the chain's end.
        // Done records at the front of the chain are unlinked, so draining a segment is linear in its
        // records. `before` is the previous number; `waiting` counts the waiting batches so far, held ones
        // included, to compare with the segment's count at its end.
        let (mut before, mut waiting) = (None, 0_u64);
        loop {
            let (_, index) = self.log.reading(base)?;
            let Some(seq) = index.next(number, before) else {
                if self.read_on(base)? {
                    continue;
                }
                let share = self.log.segment_of(base).and_then(|s| s.share(number));
                if share.is_some_and(|share| share.batches > waiting) {
                    self.recount(base, number, losses)?;
                }
                return Ok(());
            };
            let at = index.at(seq);
            if at.is_none() || self.is_finished(seq) {
                match before {
                    None => self.log.reading(base)?.1.drop_first(number),
                    Some(_) => before = Some(seq),
                }
                continue;
            }
            waiting = waiting.saturating_add(1);
            before = Some(seq);
            if self.held.contains(seq) {
                // A group doesn't span held batches: they may be delivered later than what is before them.
                if filling.group.is_some() {
                    return Ok(());
                }
                continue;
            }
            // The checksum of the header covers the target, which was compared when the record was
            // indexed. Its length detects a record that was exchanged since.
            let target_len = filling.target.bytes().len();
            let found = self.header(base, seq, number)?;
            let found = found.filter(|found| usize::from(found.header.target_len) == target_len);
            let Some(found) = found else {
                // Damaged since it was indexed. The loss is counted at the end of the segment.
                waiting = waiting.saturating_sub(1);
                self.log.reading(base)?.1.set_lost(seq);
                continue;
            };
            if !filling.takes(&found.header) {
                return Ok(());
            }
            if self.read_payload(&found, filling.body)? {
                filling.add(&found.header, |a, b| self.all_finished(a, b));
            } else {
                waiting = waiting.saturating_sub(1);
                let lost = self.finish(&filling.range(&found.header));
                if lost.batches > 0 {
                    self.lose(losses, lost, 0, LossCause::Corrupt);
                }
            }
        }
    }

    /// Indexes one more record of a segment; `false` at its end.
    fn read_on(&mut self, base: u64) -> io::Result<bool> {
        let Some(bounds) = self.log.segment_of(base).map(|s| s.bounds()) else {
            return Ok(false);
        };
        self.window.select(base);
        let targets = &mut self.targets;
        let (file, index) = self.log.reading(base)?;
        index.read_on(&mut self.window, file, &bounds, &mut |header, bytes| {
            targets.find_record(header.flags, bytes)
        })
    }

    /// The header of an indexed record, if it is still valid.
    fn header(&mut self, base: u64, seq: u64, number: u32) -> io::Result<Option<Found>> {
        let Some(bounds) = self.log.segment_of(base).map(|s| s.bounds()) else {
            return Ok(None);
        };
        self.window.select(base);
        let (file, index) = self.log.reading(base)?;
        let Some(at) = index.at(seq) else {
            return Ok(None);
        };
        let end = index.end(seq).filter(|end| *end > at);
        let end = end.unwrap_or_else(|| at.saturating_add(DENSE));
        let next = index
            .next(number, Some(seq))
            .and_then(|next| index.at(next));
        // Reads ahead only if the next record of the target is near; else this record alone.
        let dense = next.is_some_and(|next| next.saturating_sub(end) < DENSE);
        let ahead = match dense {
            true => WINDOW,
            false => usize::try_from(end.saturating_sub(at)).unwrap_or(WINDOW),
        };
        self.window
            .bytes_of(file, bounds.end, at, ahead.min(1 << 10), ahead)?;
        let cursor = Cursor { at, next_seq: seq };
        let header = cursor.header_at(at, &mut self.window, file, &bounds)?;
        let header = header.filter(|header| header.seq == seq);
        Ok(header.map(|header| Found { header, at, bounds }))
    }

    /// Returns `true` if no number in `first..end` waits, and they are few.
    fn all_finished(&self, first: u64, end: u64) -> bool {
        end.saturating_sub(first) <= MAX_GAP && (first..end).all(|seq| self.is_finished(seq))
    }

    /// Counts what a target has lost in a segment. Called at the end of the segment, if fewer batches were
    /// found than are expected: the others were damaged since they were written.
    fn recount(&mut self, base: u64, number: u32, losses: &mut Losses) -> io::Result<()> {
        let mut found = Tally::default();
        let mut before = None;
        loop {
            let (_, index) = self.log.reading(base)?;
            let Some(seq) = index.next(number, before) else {
                break;
            };
            before = Some(seq);
            if self.is_finished(seq) {
                continue;
            }
            if let Some(Found { header, .. }) = self.header(base, seq, number)? {
                let (points, bytes) = (header.points, header.payload_len);
                found.add(&self.held, number, seq, points, bytes);
            }
        }
        self.settle(base, Some(number), &found, LossCause::Corrupt, losses);
        // Numbers without a record no longer count as waiting.
        let end = self.log.segment_of(base).map_or(0, |s| s.end_seq);
        let lost = self.log.reading(base)?.1.missing(end);
        if let Some(segment) = self.log.segment_of(base) {
            lost.into_iter().for_each(|seq| segment.set_done(seq));
        }
        Ok(())
    }

    /// Counts the waiting batches of a range of which some are done: from their headers on disk, or in
    /// proportion if those can't be read.
    pub(super) fn measure(&mut self, base: u64, range: &BatchRange, open: u64) -> TargetCount {
        let mut count = TargetCount::none(range.target);
        for seq in range.first..=range.last {
            if self.is_finished(seq) {
                continue;
            }
            if let Ok(Some(found)) = self.indexed_header(base, seq, range.target) {
                let header = found.header;
                count.add(1, u64::from(header.points), u64::from(header.payload_len));
            }
        }
        if count.batches == open {
            return count;
        }
        // Some headers are unreadable. Counters must add up nevertheless, so an average is subtracted.
        let part = |of: u64| {
            let part = u128::from(of).saturating_mul(u128::from(open));
            u64::try_from(part.checked_div(u128::from(range.batches)).unwrap_or(0)).unwrap_or(of)
        };
        let mut count = TargetCount::none(range.target);
        count.add(open, part(range.points), part(range.bytes));
        count
    }

    fn indexed_header(&mut self, base: u64, seq: u64, number: u32) -> io::Result<Option<Found>> {
        while self.log.reading(base)?.1.at(seq).is_none() {
            if !self.read_on(base)? {
                return Ok(None);
            }
        }
        self.header(base, seq, number)
    }

    /// Appends the lines of a batch to `body` if their checksum is valid; `false` if not.
    fn read_payload(&mut self, found: &Found, body: &mut Vec<u8>) -> io::Result<bool> {
        let header = found.header;
        let before = body.len();
        if body.last().is_some_and(|&b| b != b'\n') {
            body.push(b'\n');
        }
        let start = body.len();
        let len = header.payload_len as usize;
        let at = found.at.saturating_add(header.payload_offset() as u64);
        let file = self.log.file(found.bounds.base)?;
        let read = if len <= WINDOW {
            let bytes = self
                .window
                .bytes_of(file, found.bounds.end, at, len, WINDOW);
            bytes.map(|bytes| body.extend_from_slice(bytes.get(..len).unwrap_or(bytes)))
        } else {
            body.resize(start.saturating_add(len), 0);
            let n = read_full(file, body.get_mut(start..).unwrap_or_default(), at);
            n.map(|n| body.truncate(start.saturating_add(n)))
        };
        if let Err(error) = read {
            body.truncate(before);
            return Err(error);
        }
        let payload = body.get(start..).unwrap_or_default();
        let whole =
            payload.len() == len && found.bounds.key.checksum([payload]) == header.payload_crc;
        if !whole {
            // The next attempt reads from the disk again.
            self.window.forget();
            body.truncate(before);
        }
        Ok(whole)
    }
}

impl Filling<'_> {
    /// Returns `true` if a record still belongs to the group.
    fn takes(&self, header: &RecordHeader) -> bool {
        let len = self.body.len().saturating_add(header.payload_len as usize);
        self.group
            .as_ref()
            .is_none_or(|group| len < self.max_bytes && group.precision == header.precision)
    }

    fn range(&self, header: &RecordHeader) -> BatchRange {
        let bytes = header.payload_len as usize;
        BatchRange::one(self.number, header.seq, header.points, bytes)
    }

    /// Adds a record to the group.
    fn add(&mut self, header: &RecordHeader, all_finished: impl Fn(u64, u64) -> bool) {
        let range = self.range(header);
        match &mut self.group {
            Some(group) => group.push(range, all_finished),
            None => self.group = Some(BatchGroup::new(header.precision, range)),
        }
    }
}
