//! The state machine behind [`Writer`](super::Writer): queues, batches, and the outcome of each line.
//!
//! Generic over the clock and the way to the server, so that it can be run in simulated time.

use super::account::{DropReason, Outcome, Stats};
use super::disk::Disk;
use super::event::{Event, Listener};
use super::lane::Lane;
use super::rejected::RejectedStore;
use super::seams::{Clock, Transport};
use super::settings::{Jitter, Settings};
use super::stamp::Stamper;
use crate::Precision;
use crate::error::{Error, FlushError, PointError, WriteError};
use crate::line::{Appending, EncodeError, Encoder, Lines, OwnedDefaultTags};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

/// The encoder that [`Writer::write_with`](super::Writer::write_with) hands out: bounded by the
/// size of a batch, with the writer's precision and default tags. It writes behind the lines of the
/// batch that is being collected, and reaches none of those.
pub type BatchEncoder<'a> = Encoder<Appending<'a>>;

/// What makes an encoder.
#[derive(Clone, Debug)]
pub(crate) struct EncoderSpec {
    pub(crate) batch_bytes: usize,
    pub(crate) precision: Precision,
    pub(crate) tags: OwnedDefaultTags,
    pub(crate) skip_non_finite: bool,
    pub(crate) reject_newlines: bool,
}

impl EncoderSpec {
    /// An encoder for one item, behind the first `base` bytes.
    #[inline]
    pub(crate) fn encoder<'a>(&'a self, bytes: &'a mut Vec<u8>, base: usize) -> BatchEncoder<'a> {
        let defaults = self.tags.as_bytes();
        Encoder::with_sink(Appending::new(bytes, base, self.batch_bytes, defaults))
            .precision(self.precision)
            .skip_non_finite(self.skip_non_finite)
            .reject_newlines(self.reject_newlines)
    }
}

/// The first lane: the bucket the writer was made for.
pub(crate) const MAIN: usize = 0;

pub(crate) struct Core<C, T> {
    pub(super) clock: C,
    pub(super) transport: T,
    pub(super) settings: Settings,
    pub(super) lanes: Vec<Lane>,
    pub(super) stats: Stats,
    pub(super) rejected: RejectedStore,
    pub(super) listener: Option<Listener>,
    pub(super) last_error: Option<Error>,
    /// It was emitted that the server takes no compressed bodies.
    pub(super) uncompressed: bool,
    pub(super) disk: Option<Disk>,
    pub(super) jitter: Jitter,
    pub(super) spec: EncoderSpec,
    /// An item that didn't fit the batch it was written to, on its way to the next.
    side: Vec<u8>,
    stamper: Stamper,
    /// Bytes in all lanes.
    pub(super) bytes: usize,
    /// What the account said at the last flush.
    flushed: Stats,
    /// The lane whose turn it is first.
    turn: usize,
    pub(super) closed: bool,
}

impl<C: Clock, T: Transport> Core<C, T> {
    pub(crate) fn new(
        (clock, transport): (C, T),
        settings: Settings,
        spec: EncoderSpec,
        (bucket, listener): (&str, Option<Listener>),
        seed: u64,
    ) -> Self {
        Core {
            clock,
            transport,
            lanes: alloc::vec![Lane::new(bucket.to_string())],
            stats: Stats::default(),
            rejected: RejectedStore::new(settings.max_rejected_bytes),
            listener,
            last_error: None,
            uncompressed: false,
            disk: None,
            jitter: Jitter::new(seed),
            spec,
            side: Vec::new(),
            stamper: Stamper::new(settings.precision, settings.guard),
            bytes: 0,
            flushed: Stats::default(),
            turn: 0,
            closed: false,
            settings,
        }
    }

    /// The lane of a bucket; a new one if need be. (A program has few.)
    pub(crate) fn lane(&mut self, bucket: &str) -> usize {
        match self.lanes.iter().position(|lane| lane.bucket == bucket) {
            Some(lane) => lane,
            None => {
                self.lanes.push(Lane::new(bucket.to_string()));
                self.lanes.len().saturating_sub(1)
            }
        }
    }

    /// Takes what `encode` writes, all of it or nothing.
    ///
    /// It is written where it will be sent from: behind the open lines of its lane. To take it is to
    /// count it.
    #[inline]
    pub(crate) fn write(
        &mut self,
        lane: usize,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        let Some(to) = self.lanes.get_mut(lane) else {
            return Err(WriteError::Closed);
        };
        let mut enc = self.spec.encoder(&mut to.open, to.open_len);
        let encoded = encode(&mut enc);
        let (len, lines, untimed) = (enc.len(), enc.line_count(), enc.untimed_count());
        if let Err(error) = encoded {
            let error = PointError::of_next(&enc, error);
            return Err(self.not_encoded(error));
        }
        // The usual case: it fits, and doesn't fill anything.
        if untimed == 0
            && lines > 0
            && to.open_lines > 0
            && to.open_lines + lines < self.settings.batch_lines
            && to.open_len + len <= self.settings.batch_bytes
            && self.bytes + len <= self.settings.max_buffer_bytes
        {
            to.keep(len, lines);
            self.bytes += len;
            self.stats.accepted += lines as u64;
            self.stats.buffered += lines as u64;
            return Ok(());
        }
        self.take_written(lane, (len, lines), untimed > 0)
    }

    #[cold]
    fn not_encoded(&mut self, error: PointError) -> WriteError {
        self.stats.not_accepted = self.stats.not_accepted.saturating_add(1);
        match error.error() {
            EncodeError::BufferFull => WriteError::TooLarge(self.settings.batch_bytes),
            _ => WriteError::Encode(error),
        }
    }

    /// Takes what was written behind the open lines of a lane, out of the way first: to make space
    /// for it, the batch before it may have to go.
    fn take_written(
        &mut self,
        lane: usize,
        (len, lines): (usize, usize),
        untimed: bool,
    ) -> Result<(), WriteError> {
        let written = self.lanes.get(lane).map_or(&[][..], |to| to.written(len));
        if untimed {
            let stamped = match self.stamper.stamp(written, &self.clock) {
                Ok(stamped) => stamped,
                Err(refused) => {
                    self.stats.not_accepted = self.stats.not_accepted.saturating_add(1);
                    return Err(refused);
                }
            };
            let taken = self.take(lane, &stamped, lines);
            self.stamper.reuse(stamped);
            return taken;
        }
        let mut side = core::mem::take(&mut self.side);
        side.clear();
        side.extend_from_slice(written);
        let taken = self.take(lane, &side, lines);
        self.side = side;
        taken
    }

    /// Takes whole lines, encoded and stamped.
    pub(crate) fn take(
        &mut self,
        lane: usize,
        bytes: &[u8],
        lines: usize,
    ) -> Result<(), WriteError> {
        if lines == 0 {
            return Ok(());
        }
        if let Err(refused) = self.make_room(lane, bytes.len()) {
            self.stats.not_accepted = self.stats.not_accepted.saturating_add(1);
            return Err(refused);
        }
        let Some(to) = self.lanes.get_mut(lane) else {
            return Err(WriteError::Closed);
        };
        if to.open_lines == 0 {
            to.opened_at = self.clock.now();
        }
        to.append(bytes, lines, self.settings.batch_bytes);
        let full = to.open_lines >= self.settings.batch_lines;
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.stats.accepted = self.stats.accepted.saturating_add(lines as u64);
        self.stats.buffered = self.stats.buffered.saturating_add(lines as u64);
        if full {
            self.seal(lane);
            self.send_in_write();
        }
        Ok(())
    }

    pub(super) fn seal(&mut self, at: usize) {
        let now = self.clock.now();
        if let Some(lane) = self.lanes.get_mut(at) {
            let waits = !lane.sealed.is_empty() || lane.next_at > now;
            lane.seal(waits);
        }
        self.spool_if_due(at);
    }

    /// Sends what is due, for no longer than the limit, and says when the next call is useful.
    pub(crate) fn poll(&mut self) -> Duration {
        let start = self.clock.now();
        self.age(start);
        let mut now = start;
        let count = self.lanes.len().max(1);
        for offset in 0..count {
            let lane = self.turn.wrapping_add(offset) % count;
            while self.is_due(lane, now) {
                self.attempt(lane, None);
                now = self.clock.now();
                if now.saturating_sub(start) >= self.settings.poll_limit {
                    self.turn = lane.wrapping_add(1);
                    return self.wait(now);
                }
            }
        }
        self.wait(now)
    }

    fn is_due(&self, lane: usize, now: Duration) -> bool {
        self.lanes
            .get(lane)
            .and_then(|lane| self.due_at(lane))
            .is_some_and(|at| at <= now)
    }

    fn due_at(&self, lane: &Lane) -> Option<Duration> {
        if !lane.sealed.is_empty() || lane.spooled > 0 {
            return Some(lane.next_at);
        }
        if lane.open_lines == 0 {
            return None;
        }
        let aged = lane.opened_at.saturating_add(self.settings.flush_interval);
        Some(aged.max(lane.next_at))
    }

    /// Until the next lane is due. With nothing in any, what is written now is due after the
    /// interval.
    fn wait(&self, now: Duration) -> Duration {
        self.lanes
            .iter()
            .filter_map(|lane| self.due_at(lane))
            .min()
            .map_or(self.settings.flush_interval, |at| at.saturating_sub(now))
    }

    /// Until every line is delivered, rejected or given up, or until time is out.
    pub(crate) fn flush(&mut self, timeout: Duration) -> Result<Outcome, Error> {
        let start = self.clock.now();
        let deadline = start.saturating_add(timeout);
        // Somebody waits now: a pause under way is cut short, unless the server asked for it, or it
        // keeps the pace.
        for lane in 0..self.lanes.len() {
            self.seal(lane);
            let idle = |lane: &&mut Lane| !lane.asked && !lane.paced;
            if let Some(lane) = self.lanes.get_mut(lane).filter(idle) {
                lane.next_at = lane.next_at.min(start);
            }
        }
        let mut now = start;
        loop {
            let mut next = None::<Duration>;
            for lane in 0..self.lanes.len() {
                while let Some(due) = self.lanes.get(lane).filter(|l| l.has_work()) {
                    let at = due.next_at;
                    if at > now || now >= deadline {
                        // What is on disk is safe, and the server need not be waited for.
                        if !due.is_empty() || due.paced {
                            next = Some(next.map_or(at, |n| n.min(at)));
                        }
                        break;
                    }
                    let left = deadline.saturating_sub(now).max(Duration::from_millis(1));
                    self.attempt(lane, Some(left));
                    now = self.clock.now();
                }
            }
            let Some(next) = next else {
                break;
            };
            // Nothing is gained by waiting for an attempt that would come too late.
            if next >= deadline || now >= deadline {
                break;
            }
            self.clock.sleep(next.saturating_sub(now));
            now = self.clock.now();
        }
        self.outcome()
    }

    fn outcome(&mut self) -> Result<Outcome, Error> {
        for lane in 0..self.lanes.len() {
            if let Some(lane) = self.lanes.get_mut(lane) {
                lane.seal(true);
            }
            self.spool_sealed(lane);
        }
        if let Some(disk) = &mut self.disk {
            // The spool counts what a failing disk puts at risk.
            let _ = disk.sync();
        }
        if self.stats.buffered > 0 {
            return Err(FlushError {
                lines: self.stats.buffered,
                lost: false,
                cause: self.last_error.take(),
            }
            .into());
        }
        let outcome = Outcome::between(&self.flushed, &self.stats);
        self.flushed = self.stats;
        Ok(outcome)
    }

    /// Flushes, and gives up what is left.
    pub(crate) fn close(&mut self, timeout: Duration) -> Result<Outcome, Error> {
        self.closed = true;
        let flushed = self.flush(timeout);
        let lost = self.stats.buffered;
        for lane in 0..self.lanes.len() {
            if let Some(lane) = self.lanes.get_mut(lane) {
                lane.seal(false);
            }
            while self.drop_first(lane, DropReason::Closed) {}
        }
        flushed.map_err(|error| match error.into_flush_error() {
            Ok(undelivered) => FlushError {
                lines: lost,
                lost: true,
                ..undelivered
            }
            .into(),
            Err(error) => error,
        })
    }

    pub(crate) fn stats(&self) -> Stats {
        let now = self.clock.now();
        let next = self
            .lanes
            .iter()
            .filter(|lane| lane.next_at > now)
            .map(|lane| lane.next_at.saturating_sub(now))
            .min();
        Stats {
            buffered_bytes: self.bytes as u64,
            next_attempt: next,
            ..self.stats
        }
    }

    /// What is in memory: bucket and lines.
    pub(crate) fn unsent(&self) -> impl Iterator<Item = (&str, Lines<'_>)> {
        let precision = self.precision();
        self.lanes.iter().flat_map(move |lane| {
            let sealed = lane.sealed.iter().map(|batch| batch.rest());
            sealed
                .chain(core::iter::once(lane.open_bytes()))
                .filter(|bytes| !bytes.is_empty())
                .map(move |bytes| (lane.bucket.as_str(), Lines { bytes, precision }))
        })
    }

    #[cfg(test)]
    pub(crate) fn clock_now(&self) -> Duration {
        self.clock.now()
    }

    pub(crate) fn precision(&self) -> Precision {
        self.settings.precision
    }

    /// Tells whoever listens.
    pub(super) fn tell<'s>(&'s mut self, lane: usize, event: impl FnOnce(&'s str) -> Event<'s>) {
        if let (Some(listener), Some(lane)) = (&mut self.listener, self.lanes.get(lane)) {
            listener(&event(&lane.bucket));
        }
    }
}
