//! The keeper: what the writer's thread does between two waits, as a function of what has come in.
//!
//! It owns the engine. It has no clock, no lock and no channel, so that tests can step it through
//! any order of what handles, keeper and sender do.

use super::super::account::Outcome;
use super::super::engine::{Attempt, Engine, Goal, GoalState, Limit, Note};
use super::super::stamp::Reading;
use super::inbox::{Command, Entry, Reply};
use crate::error::{Error, WriteError};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

/// What has come in since the step before.
pub(crate) struct Input {
    pub(crate) entries: VecDeque<Entry>,
    /// Lines that were dropped on their way, by bucket.
    pub(crate) dropped: Vec<(Arc<str>, u64)>,
    pub(crate) commands: VecDeque<Command>,
    /// The sender is done with its request.
    pub(crate) finished: Option<Finished>,
    /// What the clocks show.
    pub(crate) reading: Reading,
    /// The machine's clock stepped back by so much.
    pub(crate) stepped: Option<Duration>,
    /// There is no handle any more.
    pub(crate) last: bool,
}

/// What became of a request.
pub(crate) struct Finished {
    pub(crate) id: u64,
    pub(crate) result: Result<(), Error>,
    pub(crate) uncompressed: bool,
}

/// What is to be done now, in this order.
#[derive(Default)]
pub(crate) struct Output {
    /// Entries that were not taken, by their numbers. (In write-ahead only.)
    pub(crate) failed: Vec<(u64, WriteError)>,
    /// To be sent.
    pub(crate) attempt: Option<Attempt>,
    /// Whoever waits for a flush.
    pub(crate) replies: Vec<(Reply, Result<Outcome, Error>)>,
    /// The next step is due at this time, if nothing comes in before.
    pub(crate) wakeup: Option<Duration>,
    /// The writer is closed: there is no next step. What was lost, if nobody waits for it.
    pub(crate) ended: Option<Result<(), Error>>,
    /// Storage that is no longer needed.
    pub(crate) spare: Option<Vec<u8>>,
}

/// An engine and those who wait for it.
pub(crate) struct Keeper {
    pub(crate) engine: Engine,
    goals: Vec<(Goal, Reply)>,
    closing: Option<(Goal, Option<Reply>)>,
    close_limit: Duration,
}

impl Keeper {
    pub(crate) fn new(engine: Engine) -> Self {
        Keeper {
            close_limit: engine.settings.flush_timeout,
            engine,
            goals: Vec::new(),
            closing: None,
        }
    }

    /// One step.
    pub(crate) fn step(&mut self, now: Duration, input: Input) -> Output {
        let mut out = Output::default();
        if let Some(Finished {
            id,
            result,
            uncompressed,
        }) = input.finished
        {
            self.engine.on_result(now, id, result, uncompressed);
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
            let taken = self.engine.hand_in(now, queue, lines, entry.lines);
            self.engine.opened_since(queue, entry.since);
            if let Err(error) = taken {
                out.failed.push((entry.number, error));
            }
            out.spare = Some(entry.bytes);
        }
        self.engine.tick(now);
        if self.engine.report_is_due(now) {
            self.engine.report(now, input.reading);
        }
        for command in input.commands {
            match command {
                Command::Flush(deadline, reply) => {
                    let goal = self.engine.begin_flush(now, deadline);
                    self.goals.push((goal, reply));
                }
                Command::Close(deadline, reply) => {
                    let goal = self.engine.begin_flush(now, deadline);
                    self.closing.get_or_insert((goal, Some(reply)));
                }
            }
        }
        if input.last && self.closing.is_none() {
            let deadline = now.saturating_add(self.close_limit);
            let goal = self.engine.begin_flush(now, deadline);
            self.closing = Some((goal, None));
        }
        self.settle_goals(now, &mut out);
        if out.ended.is_none() {
            out.attempt = self.engine.next_request(now, Limit::Client);
            out.wakeup = self.next_wakeup(now);
        }
        out
    }

    /// Replies to those whose flush is over.
    fn settle_goals(&mut self, now: Duration, out: &mut Output) {
        let Keeper { engine, goals, .. } = self;
        goals.retain(|(goal, reply)| {
            if engine.goal_state(now, goal) != GoalState::Over {
                return true;
            }
            let outcome = engine.finish_flush(now, goal);
            out.replies.push((reply.clone(), outcome));
            false
        });
        let over = |(goal, _): &mut (Goal, _)| engine.goal_state(now, goal) == GoalState::Over;
        let Some((goal, reply)) = self.closing.take_if(over) else {
            return;
        };
        let mut outcome = self.engine.finish_close(now, &goal);
        out.ended = Some(match reply {
            Some(reply) => {
                out.replies.push((reply, outcome));
                Ok(())
            }
            None => {
                let nobody = core::mem::replace(&mut outcome, Ok(Outcome::default()));
                nobody.map(|_| ())
            }
        });
        for (goal, reply) in self.goals.drain(..) {
            let outcome = self.engine.finish_flush(now, &goal);
            out.replies.push((reply, outcome));
        }
    }

    fn next_wakeup(&self, now: Duration) -> Option<Duration> {
        let goals = self.goals.iter().map(|(goal, _)| goal);
        let closing = self.closing.iter().map(|(goal, _)| goal);
        let goals = goals.chain(closing);
        let goals = goals.map(|goal| match self.engine.goal_state(now, goal) {
            GoalState::Over => now,
            GoalState::Until(at) => at.min(goal.deadline),
            GoalState::Out => goal.deadline,
        });
        goals.chain(self.engine.next_wakeup()).min()
    }
}
