//! The keeper: one step of the writer's thread between two waits, as a function of its input.
//!
//! It owns the engine. It has no clock, no lock and no channel, so that tests can step it through any order of
//! events of handles, keeper and sender.

use super::super::account::Outcome;
use super::super::engine::{Attempt, Engine, Finished, Goal, GoalState, Limit, Note};
use super::super::stamp::Reading;
use super::inbox::{Entry, Reply};
use crate::error::{Error, WriteError};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

/// The input since the previous step.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) entries: VecDeque<Entry>,
    /// Lines that were dropped from the inbox, by bucket.
    pub(crate) dropped: BTreeMap<Arc<str>, u64>,
    pub(crate) commands: Vec<Command>,
    pub(crate) finished: Option<Finished>,
    /// The machine's clock stepped back by so much.
    pub(crate) stepped: Option<Duration>,
}

/// A flush, or the close.
pub(crate) struct Command {
    /// By the writer's clock.
    pub(crate) deadline: Duration,
    pub(crate) closes: bool,
    /// `None` if no thread waits.
    pub(crate) reply: Option<Reply<Outcome, Error>>,
}

/// The actions of a step, in this order.
#[derive(Default)]
pub(crate) struct Output {
    /// The request to be made.
    pub(crate) attempt: Option<Attempt>,
    /// Storage for the next entry.
    pub(crate) spare: Vec<u8>,
    /// The results for threads that wait until their lines are on disk (in write-ahead only).
    pub(crate) settled: Vec<(Reply<(), WriteError>, Result<(), WriteError>)>,
    /// Finished commands with their outcome.
    pub(crate) replies: Vec<(Command, Result<Outcome, Error>)>,
    /// The time of the next step, if there is no input before.
    pub(crate) wakeup: Option<Duration>,
    /// The writer is closed: there is no next step.
    pub(crate) ended: bool,
}

/// An engine, and the commands that are not finished.
pub(crate) struct Keeper {
    pub(crate) engine: Engine,
    goals: Vec<(Goal, Command)>,
}

impl Keeper {
    pub(crate) fn new(engine: Engine) -> Self {
        let goals = Vec::new();
        Keeper { engine, goals }
    }

    /// Makes one step.
    pub(crate) fn step(&mut self, now: Duration, reading: Reading, input: Input) -> Output {
        let mut out = Output::default();
        if let Some(finished) = input.finished {
            self.engine.on_result(now, finished);
        }
        if let Some(back) = input.stepped {
            self.engine.events.push(Note::ClockStepped(back));
        }
        for (bucket, lines) in input.dropped {
            self.engine.overflowed(now, &bucket, lines);
        }
        for entry in input.entries {
            let queue = self.engine.queue(&entry.bucket);
            let lines = (&*entry.bytes, entry.precision);
            let taken = self
                .engine
                .hand_in(now, queue, lines, (entry.lines, entry.last));
            self.engine.opened_since(queue, entry.since);
            let waiting = entry.waiting.into_iter();
            out.settled
                .extend(waiting.map(|reply| (reply, taken.clone())));
            out.spare = entry.bytes;
        }
        self.engine.tick(now);
        self.engine.report(now, || reading);
        for command in input.commands {
            let goal = self.engine.begin_flush(now, command.deadline);
            self.goals.push((goal, command));
        }
        // (A close is the last command: flushes that are over end before it, the others after it.)
        self.end_commands(now, &mut out);
        if out.ended {
            self.end_commands(now, &mut out);
        } else {
            out.attempt = self.engine.next_request(now, Limit::Client);
            out.wakeup = self.next_wakeup(now);
        }
        out
    }

    /// Finishes each command whose goal is reached; once the writer is closed, all of them.
    fn end_commands(&mut self, now: Duration, out: &mut Output) {
        for (goal, command) in core::mem::take(&mut self.goals) {
            if !out.ended && self.engine.goal_state(now, &goal) != GoalState::Over {
                self.goals.push((goal, command));
                continue;
            }
            let outcome = match command.closes {
                true => self.engine.finish_close(now, &goal),
                false => self.engine.finish_flush(now, &goal),
            };
            out.ended |= command.closes;
            out.replies.push((command, outcome));
        }
    }

    fn next_wakeup(&self, now: Duration) -> Option<Duration> {
        let goals = self.goals.iter().map(|(goal, _)| goal);
        let goals = goals.map(|goal| match self.engine.goal_state(now, goal) {
            GoalState::Over => now,
            GoalState::Until(at) => at.min(goal.deadline),
            GoalState::Out => goal.deadline,
        });
        goals.chain(self.engine.next_wakeup()).min()
    }
}
