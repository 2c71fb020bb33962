//! Taking lines over: encoding, times, the limits of batch and memory, and what happens at them.

use super::super::account::{DropReason, Place};
use super::super::seams::Clock;
use super::super::stamp::Reading;
use super::{BatchEncoder, Engine, Note};
use crate::error::{PointError, WriteError};
use crate::line::EncodeError;
use crate::{OverflowPolicy, Precision};
use core::time::Duration;

/// Lines that stand encoded behind what their queue has collected, and are about to be taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) queue: usize,
    pub(crate) len: usize,
    pub(crate) lines: usize,
    /// Fields and tags that aren't in them, to be counted when they are taken.
    pub(crate) left_out: (u64, u64),
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
        let Some(to) = self.queues.get_mut(at) else {
            return Err(WriteError::Closed);
        };
        let mut enc = self.spec.encoder(&mut to.open, to.open_len);
        let encoded = encode(&mut enc);
        let (len, lines, untimed) = (enc.len(), enc.line_count(), enc.untimed_count());
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
            to.keep(len, lines);
            self.bytes += len;
            self.stats.accept(lines as u64);
            return Ok(Accepted::Yes);
        }
        let mut pending = Pending {
            queue: at,
            len,
            lines,
            left_out,
        };
        self.now = self.now.max(clock.now());
        if untimed > 0 {
            pending.len = self.stamp(
                pending,
                self.settings.precision,
                clock.reading(self.stamper.compares()),
            )?;
        }
        self.accept(pending)
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

    /// Gives times to lines that have none; how long they are then.
    pub(super) fn stamp(
        &mut self,
        pending: Pending,
        precision: Precision,
        reading: Reading,
    ) -> Result<usize, WriteError> {
        let mut stamped = core::mem::take(&mut self.stamped);
        let queue = self.queues.get_mut(pending.queue);
        let written = queue.as_deref().map_or(&[][..], |q| q.written(pending.len));
        let result = self
            .stamper
            .stamp(precision, written, reading, &mut stamped);
        if let Some(queue) = queue.filter(|_| result.is_ok()) {
            queue.write_behind(&stamped);
        }
        let len = stamped.len();
        // Large storage is given back: such a line is not held twice.
        if stamped.capacity() <= 64 << 10 {
            self.stamped = stamped;
        }
        match result {
            Ok(stamp) => {
                if let Some(back) = stamp.stepped_back {
                    self.events.push(Note::ClockStepped(back));
                }
                Ok(len)
            }
            Err(error) => Err(self.refused(error)),
        }
    }

    /// Takes lines that stand behind what their queue has collected.
    pub(crate) fn accept(&mut self, pending: Pending) -> Result<Accepted, WriteError> {
        self.set_aside(pending.queue, pending.len);
        let accepted = self.try_accept(pending);
        if matches!(accepted, Ok(Accepted::Yes | Accepted::Full)) {
            self.stats.left_out(pending.left_out);
        }
        if !matches!(accepted, Ok(Accepted::NoSpace(_))) {
            self.set_aside(pending.queue, 0);
        }
        self.check();
        accepted
    }

    pub(super) fn set_aside(&mut self, at: usize, len: usize) {
        if let Some(queue) = self.queues.get_mut(at) {
            queue.set_aside(len);
        }
    }

    fn try_accept(&mut self, pending: Pending) -> Result<Accepted, WriteError> {
        let Pending {
            queue, len, lines, ..
        } = pending;
        if lines == 0 {
            return Ok(Accepted::Yes);
        }
        let batch_bytes = self.settings.batch_bytes;
        if len > batch_bytes {
            return Err(self.refused(WriteError::TooLarge(batch_bytes)));
        }
        if self.is_ahead() {
            return self.write_ahead(pending);
        }
        let collected = self.queues.get(queue).map_or(0, |q| q.open_len);
        let mut full = false;
        if collected.saturating_add(len) > batch_bytes {
            self.seal(queue);
            full = true;
        }
        if !self.has_space(len) && !self.overdraft {
            return Ok(Accepted::NoSpace(pending));
        }
        let Some(to) = self.queues.get_mut(queue) else {
            return Err(WriteError::Closed);
        };
        if to.open_lines == 0 {
            to.opened_at = self.now;
        }
        to.keep(len, lines);
        to.set_aside(0);
        let reached = to.open_lines >= self.settings.batch_lines;
        self.bytes = self.bytes.saturating_add(len);
        self.stats.accept(lines as u64);
        if reached {
            self.seal(queue);
            full = true;
        }
        Ok(if full { Accepted::Full } else { Accepted::Yes })
    }

    pub(crate) fn has_space(&self, len: usize) -> bool {
        self.bytes.saturating_add(len) <= self.settings.max_buffer_bytes
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
    /// There is no space, and nothing may be dropped: nothing was taken.
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
                self.set_aside(pending.queue, 0);
                return Err(self.refused(WriteError::Full));
            }
        }
    }

    /// Drops the oldest batch: of this queue, or, if it has none, of the one with the most. Never
    /// the one that is under way.
    fn drop_oldest(&mut self, own: usize) -> bool {
        let first = |engine: &Self, at: usize| {
            let out = engine.out.is_some_and(|out| out.queue == at);
            let held = engine.queues.get(at).is_some_and(|q| q.held.is_some());
            usize::from(out && !held)
        };
        let can = |at: &usize| {
            let queue = self.queues.get(*at);
            queue.is_some_and(|q| q.sealed.len() > first(self, *at) || q.open_lines > 0)
        };
        let fullest = || {
            let all = (0..self.queues.len()).filter(can);
            all.max_by_key(|at| self.queues.get(*at).map_or(0, super::Queue::lines))
        };
        let Some(at) = Some(own).filter(can).or_else(fullest) else {
            return false;
        };
        let before = self.bytes;
        if self.queues.get(at).is_some_and(|q| q.open_lines > 0) {
            self.seal(at);
        }
        // (To seal it may have put it on disk.)
        self.drop_at(at, first(self, at), DropReason::Overflow) || self.bytes < before
    }

    /// Takes lines from a handle. Those were accepted when they were handed over, for there was space:
    /// they are taken, whatever the limit. Only to drop the oldest may make space, where that is the
    /// policy.
    ///
    /// # Errors
    /// Where lines are on disk before they count as accepted: they are not.
    pub(crate) fn hand_in(
        &mut self,
        now: Duration,
        at: usize,
        (bytes, precision): (&[u8], Precision),
        lines: usize,
    ) -> Result<(), WriteError> {
        self.now = self.now.max(now);
        self.begin_text(at, precision);
        let pending = self.pend(at, bytes, lines);
        let not_accepted = self.stats.not_accepted;
        let mut accepted = self.accept(pending);
        if matches!(accepted, Ok(Accepted::NoSpace(_))) {
            self.spool_all(now);
            let drops = self.settings.overflow_policy == OverflowPolicy::DropOldest;
            if drops || self.is_ahead() {
                accepted = self.accept_by_policy(now, pending);
            }
            if !self.is_ahead() && !matches!(accepted, Ok(Accepted::Yes | Accepted::Full)) {
                self.overdraft = true;
                let pending = self.pend(at, bytes, lines);
                accepted = self.accept(pending);
                self.overdraft = false;
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
        self.transfer(at, Place::Outside, Place::Dropped(reason), lines);
        self.note(at, |bucket| Note::Dropped(bucket, lines, reason));
    }

    /// What a queue collects has waited since this time.
    pub(crate) fn opened_since(&mut self, at: usize, since: Duration) {
        if let Some(queue) = self.queues.get_mut(at) {
            queue.opened_at = queue.opened_at.min(since);
        }
    }

    /// Puts whole lines, encoded and with times, behind what a queue has collected.
    pub(crate) fn pend(&mut self, at: usize, bytes: &[u8], lines: usize) -> Pending {
        if let Some(queue) = self.queues.get_mut(at) {
            queue.write_behind(bytes);
        }
        Pending {
            queue: at,
            len: bytes.len(),
            lines,
            left_out: (0, 0),
        }
    }
}
