//! Flush and close as goals: what has to have happened, and by when.

use super::super::account::{DropReason, Outcome, Place, Stats};
use super::Engine;
use super::backoff::Pause;
use super::batch::Batch;
use crate::error::{Error, FlushError};
use core::time::Duration;

/// What somebody waits for: that every line accepted before is delivered, on disk, rejected or
/// dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    /// The batches with numbers below this one.
    before: u64,
    pub(crate) deadline: Duration,
}

/// How far a goal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GoalState {
    /// Reached, out of time, or nothing is gained by waiting: [`Engine::finish`] tells which.
    Over,
    /// Something is to be sent, at this time.
    Until(Duration),
    /// A request is out that it waits for.
    Out,
}

impl Engine {
    /// Begins a flush. Whoever waits cuts pauses short that were meant for nobody: retries come at
    /// once, unless the server asked for the pause or the rate of draining is kept.
    pub(crate) fn begin_flush(&mut self, now: Duration, deadline: Duration) -> Goal {
        self.now = self.now.max(now);
        for at in 0..self.queues.len() {
            self.seal(at);
            let queue = &mut self.queues[at];
            if queue.backoff.pause == Pause::Retry {
                queue.backoff.until = Duration::ZERO;
            }
            queue.fresh = None;
        }
        Goal {
            before: self.batches,
            deadline,
        }
    }

    /// Whether a goal is reached, and what it waits for.
    pub(crate) fn goal_state(&self, now: Duration, goal: &Goal) -> GoalState {
        if now >= goal.deadline {
            return GoalState::Over;
        }
        let interval = self.settings.flush_interval;
        let mut next = None::<Duration>;
        for (at, queue) in self.queues.iter().enumerate() {
            let mut waiting = queue.in_memory();
            let waits = waiting.next().is_some_and(|b| b.number < goal.before);
            // What is on disk is safe: it is sent as long as the server takes it, and not waited for.
            let until = self.due_at(queue).unwrap_or_default();
            let out = self.out.filter(|out| out.queue == at);
            let stalls = out.is_some_and(|o| o.since.saturating_add(interval) <= now);
            let keeps_rate = queue.backoff.pause == Pause::DrainRate;
            let drains = queue.spooled > 0 && (until <= now || keeps_rate);
            if !waits && (!drains || stalls) {
                continue;
            }
            if out.is_some() {
                return GoalState::Out;
            }
            next = Some(next.map_or(until, |n| n.min(until)));
        }
        match next {
            // Nothing is gained by waiting for an attempt that would come too late.
            Some(next) if next < goal.deadline => match self.out {
                Some(_) => GoalState::Out,
                None => GoalState::Until(next.max(now)),
            },
            _ => GoalState::Over,
        }
    }

    /// Ends a flush: what is still in memory goes to disk, if there is one, and is synced.
    ///
    /// # Errors
    /// Returns an error if lines are neither delivered nor safe: they are still here.
    pub(crate) fn finish_flush(&mut self, now: Duration, goal: &Goal) -> Result<Outcome, Error> {
        self.now = self.now.max(now);
        for at in 0..self.queues.len() {
            if self.waiting(at, goal) > 0 {
                self.spool_sealed(at);
            }
        }
        let synced = self.sync(true);
        let waiting: u64 = (0..self.queues.len())
            .map(|at| self.waiting(at, goal))
            .sum();
        self.check();
        if waiting > 0 {
            return Err(self.undelivered(waiting, false));
        }
        if self.stats.spooled > 0 {
            synced?;
        }
        let outcome = Outcome::between(&self.flushed, &self.stats);
        self.flushed = self.stats;
        Ok(outcome)
    }

    /// Lines of a queue that a goal still waits for.
    fn waiting(&self, at: usize, goal: &Goal) -> u64 {
        let waiting = self.queues[at].in_memory();
        let waiting = waiting.take_while(|batch| batch.number < goal.before);
        waiting.map(|batch| Batch::lines(batch) as u64).sum()
    }

    fn undelivered(&self, lines: u64, lost: bool) -> Error {
        // (Another bucket's success is no news of this one.)
        let failing = self.queues.iter().find_map(|q| q.last_error.clone());
        let cause = failing.or_else(|| self.last_error.clone());
        FlushError { lines, lost, cause }.into()
    }

    /// Ends a close: as [`finish_flush`](Self::finish_flush), and what is left is given up. A result
    /// that comes later changes nothing.
    ///
    /// # Errors
    /// Returns an error if lines are lost, and counted as such.
    pub(crate) fn finish_close(&mut self, now: Duration, goal: &Goal) -> Result<Outcome, Error> {
        self.now = self.now.max(now);
        for at in 0..self.queues.len() {
            self.seal(at);
            self.spool_sealed(at);
        }
        self.out = None;
        // First the disk is synced: what it loses may be in memory, and is given up as well.
        let flushed = self.finish_flush(now, goal);
        let lost = self.stats.buffered;
        for at in 0..self.queues.len() {
            while self.drop_at(at, self.queues[at].held(), DropReason::Closed) {}
        }
        self.check();
        if lost > 0 {
            return Err(self.undelivered(lost, true));
        }
        // Of the whole run: what was flushed before is not forgotten.
        flushed.map(|_| Outcome::between(&Stats::default(), &self.stats))
    }

    /// Drops a sealed batch of a queue.
    pub(super) fn drop_at(&mut self, at: usize, index: usize, reason: DropReason) -> bool {
        let queue = &mut self.queues[at];
        let Some(batch) = queue.sealed.remove(index) else {
            return false;
        };
        let lines = batch.lines() as u64;
        self.bytes = self.bytes.saturating_sub(batch.rest().len());
        queue.reuse(batch.into_bytes());
        self.finish(at, Place::Buffered, Place::Dropped(reason), lines);
        true
    }
}
