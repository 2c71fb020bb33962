//! Accepting lines: encoding, timestamps, the limits of a batch and of memory, and the policy at these limits.

use super::super::account::{DropReason, Place};
use super::super::lines::WholeText;
use super::super::seams::Clock;
use super::super::settings::BatchEncoder;
use super::super::stamp::Reading;
use super::{Engine, Note};
use crate::Precision;
use crate::error::{PointError, WriteError};
use crate::line::EncodeError;
use alloc::vec::Vec;
use core::time::Duration;

/// Encoded lines behind those that their queue has collected, not accepted yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) queue: usize,
    pub(crate) len: usize,
    pub(crate) lines: usize,
    /// The start of the item that was written last.
    pub(crate) last: usize,
    /// The fields and tags left out of them, counted when they are accepted.
    pub(crate) left_out: (u64, u64),
}

impl Pending {
    /// Lines of which nothing was left out.
    pub(super) fn new(queue: usize, len: usize, lines: usize) -> Self {
        let left_out = (0, 0);
        Pending {
            queue,
            len,
            lines,
            last: 0,
            left_out,
        }
    }
}

/// The result of offering lines.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Accepted {
    /// They were accepted.
    Yes,
    /// They were accepted, and a batch is ready to be sent.
    Full,
    /// There is no space for them. They stay where they are until the next call.
    NoSpace(Pending),
}

impl Engine {
    /// Accepts the lines that `encode` writes: all or none.
    ///
    /// They are written where they are sent from, behind the collected lines of their queue. To accept them is only
    /// to count them; nothing is copied.
    #[inline]
    pub(crate) fn write(
        &mut self,
        clock: &impl Clock,
        at: usize,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<Accepted, WriteError> {
        let to = &mut self.queues[at];
        let mut enc = self.settings.encoder(&mut to.open, to.open_len);
        let encoded = encode(&mut enc);
        let (len, lines, untimed) = (enc.as_bytes().len(), enc.line_count(), enc.untimed_count());
        let left_out = (enc.skipped(), enc.empty_tags());
        if let Err(error) = encoded {
            return Err(not_encoded(&enc, error, self.settings.batch_bytes));
        }
        // The fast path: the lines have times, fit the open batch, and fill neither it nor memory. The sums of
        // lengths in memory can't overflow, so the additions are plain.
        if untimed == 0
            && left_out == (0, 0)
            && lines > 0
            && to.open_lines > 0
            && to.open_lines + lines < self.settings.batch_lines
            && to.open_len + len <= self.settings.batch_bytes
            && self.bytes + len <= self.settings.max_buffer_bytes
        {
            to.keep(len, lines, 0);
            self.bytes += len;
            self.stats.accept(lines as u64);
            return Ok(Accepted::Yes);
        }
        let pending = Pending {
            left_out,
            ..Pending::new(at, len, lines)
        };
        self.now = self.now.max(clock.now());
        let untimed = (untimed > 0).then(|| self.reading(clock));
        self.take(pending, untimed)
    }

    /// Accepts lines of text: all or none.
    pub(crate) fn write_text(
        &mut self,
        clock: &impl Clock,
        at: usize,
        text: &WholeText<'_>,
    ) -> Result<Accepted, WriteError> {
        self.now = self.now.max(clock.now());
        // (Lines that are too long are not even copied, since storage that grew stays.)
        self.check_len(text.bytes.len())?;
        let pending = self.pend(at, &text.bytes, text.lines);
        let untimed = text.untimed.then(|| self.reading(clock));
        self.take(pending, untimed)
    }

    fn reading(&self, clock: &impl Clock) -> Reading {
        clock.reading(self.settings.guard.compares())
    }

    fn check_len(&self, len: usize) -> Result<(), WriteError> {
        let most = self.settings.batch_bytes;
        match len > most {
            true => Err(WriteError::TooLarge(most)),
            false => Ok(()),
        }
    }

    /// Prepares a queue for lines of this precision. Lines of another one get a batch of their own: times are not
    /// converted.
    pub(crate) fn begin_text(&mut self, at: usize, precision: Precision) {
        if self.queues[at].precision != precision {
            self.seal(at);
            self.queues[at].precision = precision;
        }
    }

    /// Prepares a queue for lines of the writer's own precision.
    pub(crate) fn end_text(&mut self, at: usize) {
        self.begin_text(at, self.settings.precision);
    }

    /// Counts a call that took nothing.
    pub(crate) fn refused(&mut self, error: WriteError) -> WriteError {
        self.stats.not_accepted = self.stats.not_accepted.saturating_add(1);
        error
    }

    /// Accepts pending lines. `untimed`: some have no time, and get one by these clocks.
    pub(super) fn take(
        &mut self,
        mut pending: Pending,
        untimed: Option<Reading>,
    ) -> Result<Accepted, WriteError> {
        if let Some(reading) = untimed {
            pending.len = self.stamp(pending, reading)?;
        }
        self.accept(pending)
    }

    /// Adds the missing times. Returns the new length of the lines.
    fn stamp(&mut self, pending: Pending, reading: Reading) -> Result<usize, WriteError> {
        let (queue, stamped) = (&mut self.queues[pending.queue], &mut self.stamped);
        let written = queue.written(pending.len);
        let precision = queue.precision;
        let stamp = self.stamper.stamp(precision, written, reading, stamped)?;
        let len = queue.write_behind(stamped);
        // (A long line doesn't keep its storage.)
        if stamped.capacity() > 64 << 10 {
            *stamped = Vec::new();
        }
        if let Some(back) = stamp.stepped_back {
            self.events.push(Note::ClockStepped(back));
        }
        Ok(len)
    }

    /// Accepts pending lines.
    pub(crate) fn accept(&mut self, pending: Pending) -> Result<Accepted, WriteError> {
        self.queues[pending.queue].aside = pending.len;
        let accepted = self.try_accept(pending);
        if matches!(accepted, Ok(Accepted::Yes | Accepted::Full)) {
            self.stats.left_out(pending.left_out);
        }
        if !matches!(accepted, Ok(Accepted::NoSpace(_))) {
            self.queues[pending.queue].aside = 0;
        }
        self.check();
        accepted
    }

    fn try_accept(&mut self, pending: Pending) -> Result<Accepted, WriteError> {
        let Pending { queue, len, .. } = pending;
        if pending.lines == 0 {
            return Ok(Accepted::Yes);
        }
        self.check_len(len)?;
        let batch_bytes = self.settings.batch_bytes;
        if self.is_ahead() {
            return self.write_ahead(pending);
        }
        let sealed = self.queues[queue].open_len.saturating_add(len) > batch_bytes;
        if sealed {
            self.seal(queue);
        }
        if self.bytes.saturating_add(len) > self.settings.max_buffer_bytes {
            return Ok(Accepted::NoSpace(pending));
        }
        let filled = self.collect(pending);
        Ok(match sealed || filled {
            true => Accepted::Full,
            false => Accepted::Yes,
        })
    }

    /// Adds lines that fit to the batch that is being collected. Returns `true` if they fill it.
    fn collect(&mut self, pending: Pending) -> bool {
        let to = &mut self.queues[pending.queue];
        if to.open_lines == 0 {
            to.opened_at = self.now;
        }
        to.keep(pending.len, pending.lines, pending.last);
        to.aside = 0;
        let filled = to.open_lines >= self.settings.batch_lines;
        self.bytes = self.bytes.saturating_add(pending.len);
        self.stats.accept(pending.lines as u64);
        if filled {
            self.seal(pending.queue);
        }
        filled
    }

    /// Writes all accepted lines to disk, if there is one and as far as it has space.
    pub(crate) fn spool_all(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.disk.is_none() {
            return;
        }
        for at in 0..self.queues.len() {
            self.seal(at);
            self.spool_sealed(at);
        }
    }

    /// Accepts pending lines after space was made. If there still is none, the policy decides.
    ///
    /// # Errors
    /// Returns an error if there is no space and nothing may be dropped: no line was accepted.
    pub(crate) fn accept_by_policy(
        &mut self,
        now: Duration,
        pending: Pending,
    ) -> Result<Accepted, WriteError> {
        self.now = self.now.max(now);
        loop {
            let again = self.accept(pending)?;
            let Accepted::NoSpace(pending) = again else {
                return Ok(again);
            };
            let may_drop = self.settings.overflow_policy.drops_oldest();
            if self.is_ahead() || !may_drop || !self.drop_oldest(pending.queue) {
                self.queues[pending.queue].aside = 0;
                return Err(WriteError::Full);
            }
        }
    }

    /// Drops the oldest batch of this queue or, if it has none, of the queue with the most lines. Never drops a batch
    /// in flight.
    fn drop_oldest(&mut self, own: usize) -> bool {
        let can = |at: &usize| {
            let queue = &self.queues[*at];
            queue.sealed.len() > self.fixed(*at) || queue.open_lines > 0
        };
        let fullest = || {
            let all = (0..self.queues.len()).filter(can);
            all.max_by_key(|at| self.queues[*at].lines())
        };
        let Some(at) = Some(own).filter(can).or_else(fullest) else {
            return false;
        };
        let before = self.bytes;
        if self.queues[at].open_lines > 0 {
            self.seal(at);
        }
        // (Sealing may have moved it to disk, which makes space as well.)
        self.drop_at(at, self.fixed(at), DropReason::Overflow) || self.bytes < before
    }

    /// The number of batches at the front of a queue that must not be moved, one or none: a batch that is in flight,
    /// or held.
    pub(super) fn fixed(&self, at: usize) -> usize {
        let out = self.out.is_some_and(|out| out.queue == at);
        usize::from(out).max(self.queues[at].held())
    }

    /// Takes lines from the inbox of the handles. They were accepted there, when there was space, so they are taken
    /// whatever the limit; the policy may drop older ones instead. `last`: the start of the item that was written
    /// last.
    ///
    /// # Errors
    /// In write-ahead, returns an error if the lines couldn't be written to disk: they are not accepted.
    pub(crate) fn hand_in(
        &mut self,
        now: Duration,
        at: usize,
        (bytes, precision): (&[u8], Precision),
        (lines, last): (usize, usize),
    ) -> Result<(), WriteError> {
        self.now = self.now.max(now);
        self.begin_text(at, precision);
        let pending = Pending {
            last,
            ..self.pend(at, bytes, lines)
        };
        let mut accepted = self.accept(pending);
        if matches!(accepted, Ok(Accepted::NoSpace(_))) {
            self.spool_all(now);
            accepted = self.accept_by_policy(now, pending);
            if !self.is_ahead() && accepted.is_err() {
                self.collect(pending);
                accepted = Ok(Accepted::Yes);
            }
        }
        self.end_text(at);
        accepted.map(|_| ())
    }

    /// Counts lines that were accepted, and dropped from the inbox of the handles.
    pub(crate) fn overflowed(&mut self, now: Duration, bucket: &str, lines: u64) {
        self.now = self.now.max(now);
        let (at, reason) = (self.queue(bucket), DropReason::Overflow);
        self.finish(at, Place::Outside, Place::Dropped(reason), lines);
    }

    /// Sets back the time since when the lines of a queue have waited.
    pub(crate) fn opened_since(&mut self, at: usize, since: Duration) {
        let queue = &mut self.queues[at];
        queue.opened_at = queue.opened_at.min(since);
    }

    /// Puts whole lines behind those that a queue has collected.
    pub(crate) fn pend(&mut self, at: usize, bytes: &[u8], lines: usize) -> Pending {
        let len = self.queues[at].write_behind(bytes);
        Pending::new(at, len, lines)
    }
}

/// The error of an item that an encoder of so many bytes refused.
#[cold]
pub(crate) fn not_encoded(enc: &BatchEncoder<'_>, error: EncodeError, most: usize) -> WriteError {
    match error {
        EncodeError::BufferFull => WriteError::TooLarge(most),
        error => PointError::of_next(enc, error).into(),
    }
}
