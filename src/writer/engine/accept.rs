//! Taking lines over: encoding, times, the limits of batch and memory, and what happens at them.

use super::super::account::{DropReason, Place};
use super::super::lines::WholeText;
use super::super::seams::Clock;
use super::super::stamp::Reading;
use super::{BatchEncoder, Engine, Note};
use crate::error::{PointError, WriteError};
use crate::line::{EncodeError, TextLine};
use crate::{OverflowPolicy, Precision};
use alloc::vec::Vec;
use core::time::Duration;

/// Lines that stand encoded behind what their queue has collected, and are about to be taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) queue: usize,
    pub(crate) len: usize,
    pub(crate) lines: usize,
    /// Where in them the last thing written begins.
    pub(crate) last: usize,
    /// Fields and tags that aren't in them, to be counted when they are taken.
    pub(crate) left_out: (u64, u64),
}

impl Pending {
    /// Lines that hold all that was written.
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

/// What became of lines.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Accepted {
    /// They are collected.
    Yes,
    /// They are collected, and a batch is to be sent.
    Full,
    /// There is no space for them. They stay where they are until the next call.
    NoSpace(Pending),
}

impl Engine {
    /// Takes what `encode` writes, all of it or nothing.
    ///
    /// It is written where it will be sent from: behind the collected lines of its queue. To take it
    /// is to count it.
    #[inline]
    pub(crate) fn write(
        &mut self,
        clock: &impl Clock,
        at: usize,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<Accepted, WriteError> {
        let to = &mut self.queues[at];
        let mut enc = self.spec.encoder(&mut to.open, to.open_len);
        let encoded = encode(&mut enc);
        let (len, lines, untimed) = (enc.as_bytes().len(), enc.line_count(), enc.untimed_count());
        let left_out = (enc.skipped(), enc.empty_tags());
        if let Err(error) = encoded {
            let error = PointError::of_next(&enc, error);
            return Err(self.not_encoded(error));
        }
        // The usual case: it fits, and doesn't fill anything.
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
        let untimed = (untimed > 0).then(|| clock.reading(self.stamper.compares()));
        self.take(pending, untimed)
    }

    /// Takes a line of text.
    pub(crate) fn write_text(
        &mut self,
        clock: &impl Clock,
        at: usize,
        line: &TextLine<'_>,
    ) -> Result<Accepted, WriteError> {
        self.now = self.now.max(clock.now());
        self.check_len(line.bytes.len())?;
        self.queues[at].write_line_behind(line.bytes);
        let pending = Pending::new(at, line.bytes.len().saturating_add(1), 1);
        let untimed = (!line.has_time).then(|| clock.reading(self.stamper.compares()));
        self.take(pending, untimed)
    }

    /// Takes lines of text, all of them or none.
    pub(crate) fn write_whole(
        &mut self,
        clock: &impl Clock,
        at: usize,
        text: &WholeText<'_>,
    ) -> Result<Accepted, WriteError> {
        self.now = self.now.max(clock.now());
        self.check_len(text.bytes.len())?;
        let pending = self.pend(at, &text.bytes, text.lines);
        let untimed = text.untimed.then(|| clock.reading(self.stamper.compares()));
        self.take(pending, untimed)
    }

    /// More than a batch takes is not even copied: storage that grew stays.
    fn check_len(&mut self, len: usize) -> Result<(), WriteError> {
        let most = self.settings.batch_bytes;
        match len > most {
            true => Err(self.refused(WriteError::TooLarge(most))),
            false => Ok(()),
        }
    }

    /// Lines of this precision come next. Those of another one get a batch of their own: nothing is
    /// rescaled.
    pub(crate) fn begin_text(&mut self, at: usize, precision: Precision) {
        if self.queues[at].precision != precision {
            self.seal(at);
            self.queues[at].precision = precision;
        }
    }

    /// The writer's own lines come next.
    pub(crate) fn end_text(&mut self, at: usize) {
        self.begin_text(at, self.settings.precision);
    }

    #[cold]
    fn not_encoded(&mut self, error: PointError) -> WriteError {
        self.refused(match error.error() {
            EncodeError::BufferFull => WriteError::TooLarge(self.settings.batch_bytes),
            _ => WriteError::Encode(error),
        })
    }

    /// Counts a call that took nothing.
    pub(crate) fn refused(&mut self, error: WriteError) -> WriteError {
        self.stats.not_accepted = self.stats.not_accepted.saturating_add(1);
        error
    }

    /// Takes lines that stand behind what their queue has collected. `untimed`: some have no time, and
    /// get one by these clocks.
    pub(super) fn take(
        &mut self,
        mut pending: Pending,
        untimed: Option<Reading>,
    ) -> Result<Accepted, WriteError> {
        if let Some(reading) = untimed {
            let stamped = self.stamp(pending, reading);
            pending.len = stamped.map_err(|error| self.refused(error))?;
        }
        self.accept(pending)
    }

    /// Gives times to lines that have none; how long they are then.
    fn stamp(&mut self, pending: Pending, reading: Reading) -> Result<usize, WriteError> {
        let (queue, stamped) = (&mut self.queues[pending.queue], &mut self.stamped);
        let written = queue.written(pending.len);
        let precision = queue.precision;
        let stamp = self.stamper.stamp(precision, written, reading, stamped)?;
        queue.write_behind(stamped);
        let len = stamped.len();
        // Large storage is given back: such a line is not held twice.
        if stamped.capacity() > 64 << 10 {
            *stamped = Vec::new();
        }
        if let Some(back) = stamp.stepped_back {
            self.events.push(Note::ClockStepped(back));
        }
        Ok(len)
    }

    /// Takes lines that stand behind what their queue has collected.
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

    /// Counts lines that fit the batch that is being collected as a part of it. True if they fill it.
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

    /// Everything in memory goes to disk, as far as there is one and it has space. The lines that
    /// wait to be taken stay.
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

    /// The same lines once more, after space was made; if there is none, the policy decides.
    ///
    /// # Errors
    /// Returns an error if there is no space and nothing may be dropped: nothing was taken.
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
            let may_drop = self.settings.overflow_policy == OverflowPolicy::DropOldest;
            if self.is_ahead() || !may_drop || !self.drop_oldest(pending.queue) {
                self.queues[pending.queue].aside = 0;
                return Err(self.refused(WriteError::Full));
            }
        }
    }

    /// Drops the oldest batch: of this queue, or, if it has none, of the one with the most. Never
    /// the one that is under way.
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
        // (To seal it may have put it on disk.)
        self.drop_at(at, self.fixed(at), DropReason::Overflow) || self.bytes < before
    }

    /// How many of the first batches of a queue stay where they are, one or none: it is under way, or on
    /// disk as well.
    pub(super) fn fixed(&self, at: usize) -> usize {
        let out = self.out.is_some_and(|out| out.queue == at);
        usize::from(out).max(self.queues[at].held())
    }

    /// Takes lines from a handle. Those were accepted when they were handed over, for there was space:
    /// they are taken, whatever the limit. Only to drop the oldest may make space, where that is the
    /// policy.
    ///
    /// # Errors
    /// Returns an error if lines have to be on disk before they count as accepted, and are not.
    ///
    /// `last`: where the last thing written begins.
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
        let not_accepted = self.stats.not_accepted;
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
        // (The handles count their calls.)
        self.stats.not_accepted = not_accepted;
        accepted.map(|_| ())
    }

    /// Lines were accepted, and dropped before they came here.
    pub(crate) fn overflowed(&mut self, now: Duration, bucket: &str, lines: u64) {
        self.now = self.now.max(now);
        let (at, reason) = (self.queue(bucket), DropReason::Overflow);
        self.finish(at, Place::Outside, Place::Dropped(reason), lines);
    }

    /// What a queue collects has waited since this time.
    pub(crate) fn opened_since(&mut self, at: usize, since: Duration) {
        let queue = &mut self.queues[at];
        queue.opened_at = queue.opened_at.min(since);
    }

    /// Puts whole lines, encoded and with times, behind what a queue has collected.
    pub(crate) fn pend(&mut self, at: usize, bytes: &[u8], lines: usize) -> Pending {
        self.queues[at].write_behind(bytes);
        Pending::new(at, bytes.len(), lines)
    }
}
