//! Flush and close as goals: the state to be reached, and the deadline.

use super::super::account::{DropReason, Outcome, Place, Stats};
use super::Engine;
use super::backoff::Pause;
use super::batch::Batch;
use crate::error::{Error, FlushError};
use core::time::Duration;

/// The goal of a flush: every line accepted before it is delivered, on disk, rejected or dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    /// The batches with numbers below this one.
    before: u64,
    pub(crate) deadline: Duration,
}

/// The progress of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GoalState {
    /// Reached, out of time, or not to be reached by waiting: the caller finishes it.
    Over,
    /// A request is to be made at this time.
    Until(Duration),
    /// It waits for the request in flight.
    Out,
}

impl Engine {
    /// Begins a flush. Ends the delays before retries, but not those that the server asked for or that keep the
    /// drain rate.
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

    /// Returns the progress of a goal: reached, or what it waits for.
    pub(crate) fn goal_state(&self, now: Duration, goal: &Goal) -> GoalState {
        if now >= goal.deadline {
            return GoalState::Over;
        }
        let interval = self.settings.flush_interval;
        let mut next = None::<Duration>;
        for (at, queue) in self.queues.iter().enumerate() {
            let mut waiting = queue.in_memory();
            let waits = waiting.next().is_some_and(|b| b.number < goal.before);
            // (Lines on disk are safe: they are sent as long as the server accepts them, but not waited for.)
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
            // (There is no use in waiting for an attempt that would come too late.)
            Some(next) if next < goal.deadline => match self.out {
                Some(_) => GoalState::Out,
                None => GoalState::Until(next.max(now)),
            },
            _ => GoalState::Over,
        }
    }

    /// Finishes a flush: lines that are still in memory are written to disk, if there is one, and synced.
    ///
    /// # Errors
    /// Returns an error if lines are still in memory alone: they are kept.
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

    /// The number of lines of a queue that a goal still waits for.
    fn waiting(&self, at: usize, goal: &Goal) -> u64 {
        let waiting = self.queues[at].in_memory();
        let waiting = waiting.take_while(|batch| batch.number < goal.before);
        waiting.map(|batch| Batch::lines(batch) as u64).sum()
    }

    fn undelivered(&self, lines: u64, lost: bool) -> Error {
        // (The last attempt may have been another bucket's success.)
        let failing = self.queues.iter().find_map(|q| q.last_error.clone());
        let cause = failing.or_else(|| self.last_error.clone());
        FlushError { lines, lost, cause }.into()
    }

    /// Finishes a close, as [`finish_flush`](Self::finish_flush), and drops the lines that are left. A result that
    /// arrives later has no effect.
    ///
    /// # Errors
    /// Returns an error if lines were dropped.
    pub(crate) fn finish_close(&mut self, now: Duration, goal: &Goal) -> Result<Outcome, Error> {
        self.now = self.now.max(now);
        for at in 0..self.queues.len() {
            self.seal(at);
            self.spool_sealed(at);
        }
        self.out = None;
        // (The sync comes first: lines that it loses may be held in memory, and are dropped as well.)
        let flushed = self.finish_flush(now, goal);
        let lost = self.stats.buffered;
        for at in 0..self.queues.len() {
            while self.drop_at(at, self.queues[at].held(), DropReason::Closed) {}
        }
        self.check();
        if lost > 0 {
            return Err(self.undelivered(lost, true));
        }
        // (The outcome is of the whole run, including earlier flushes.)
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
