//! `Inline`: an engine on its caller's thread, with any clock and transport. Nothing happens between two calls.

use super::super::account::{Outcome, Stats};
use super::super::engine::{Accepted, Engine, Goal, GoalState, Limit, Pending};
use super::super::event::Listener;
use super::super::lines::{LinesOutcome, WholeText};
use super::super::settings::BatchEncoder;
use super::seams::{Clock, Transport};
use super::write_text;
use crate::Precision;
use crate::client::{EncodedLines, WriteData};
use crate::error::{Error, WriteError};
use crate::line::EncodeError;
use core::time::Duration;

/// An engine with a clock and a transport.
pub(crate) struct Inline<C, T> {
    pub(crate) engine: Engine,
    pub(crate) clock: C,
    pub(crate) transport: T,
    pub(crate) listener: Option<Listener>,
    pub(crate) closed: bool,
}

impl<C: Clock, T: Transport> Inline<C, T> {
    #[inline]
    pub(crate) fn write(
        &mut self,
        queue: usize,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        match self.engine.write(&self.clock, queue, encode) {
            Ok(Accepted::Yes) => Ok(()),
            other => self.written(other),
        }
    }

    /// Handles the unusual results: a batch is full, there is no space, or the lines were refused.
    pub(crate) fn written(
        &mut self,
        accepted: Result<Accepted, WriteError>,
    ) -> Result<(), WriteError> {
        let accepted = match accepted {
            Ok(Accepted::NoSpace(pending)) => self.make_space(pending),
            other => other,
        };
        if matches!(accepted, Ok(Accepted::Full)) {
            self.send_in_write();
        }
        self.emit();
        accepted
            .map(|_| ())
            .map_err(|error| self.engine.refused(error))
    }

    /// Makes space before anything is lost: sends what is due, writes everything to disk, and waits for as long as
    /// the policies define.
    fn make_space(&mut self, pending: Pending) -> Result<Accepted, WriteError> {
        self.send_in_write();
        let accepted = self.engine.accept(pending)?;
        if !matches!(accepted, Accepted::NoSpace(_)) {
            return Ok(accepted);
        }
        let deadline = self.clock.now().saturating_add(self.blocks_for());
        loop {
            self.engine.spool_all(self.clock.now());
            let accepted = self.engine.accept(pending)?;
            if !matches!(accepted, Accepted::NoSpace(_)) {
                return Ok(accepted);
            }
            // (There is no use in waiting for an attempt that would come too late.)
            let now = self.clock.now();
            if now < deadline {
                self.engine.tick(now);
            }
            let due = self.engine.next_due();
            let Some(due) = due.filter(|due| now.max(*due) < deadline) else {
                return self.engine.accept_by_policy(now, pending);
            };
            self.clock.sleep(due.saturating_sub(now));
            self.send_one(Limit::Until(deadline));
        }
    }

    /// The time that a call waits for space: the longer limit of the policies of the writer and of its spool.
    fn blocks_for(&self) -> Duration {
        let settings = &self.engine.settings;
        let own = settings.overflow_policy.block_limit();
        let limit = own.max(self.engine.blocks_for());
        let limit = limit.filter(|_| settings.send_in_write);
        limit.unwrap_or_default()
    }

    /// Lets time pass.
    fn tick(&mut self) {
        let now = self.clock.now();
        self.engine.tick(now);
        let compares = self.engine.settings.guard.compares();
        self.engine.report(now, || self.clock.reading(compares));
    }

    /// Accepts points or text: all lines or none.
    #[inline]
    pub(crate) fn write_data(
        &mut self,
        queue: usize,
        item: &impl WriteData,
    ) -> Result<(), WriteError> {
        match item.encoded() {
            None => self.write(queue, |enc| item.encode_into(enc)),
            Some(lines) => self.write_whole(queue, &lines),
        }
    }

    fn write_whole(&mut self, queue: usize, lines: &EncodedLines<'_>) -> Result<(), WriteError> {
        let text = WholeText::new(lines)
            .map_err(|error| self.engine.refused(WriteError::Syntax(error)))?;
        self.engine.begin_text(queue, lines.precision);
        let accepted = self.engine.write_text(&self.clock, queue, &text);
        let written = self.written(accepted);
        self.engine.end_text(queue);
        written
    }

    /// Accepts the lines of a text, each by itself.
    pub(crate) fn write_lines(
        &mut self,
        queue: usize,
        text: &str,
        precision: Precision,
    ) -> LinesOutcome {
        self.engine.begin_text(queue, precision);
        let outcome = write_text(text, |line| match line {
            Ok(line) => {
                let line = WholeText::of_line(&line);
                let accepted = self.engine.write_text(&self.clock, queue, &line);
                self.written(accepted)
            }
            Err(error) => Err(self.engine.refused(error)),
        });
        self.engine.end_text(queue);
        outcome
    }

    fn send_in_write(&mut self) {
        if self.engine.settings.send_in_write {
            self.poll();
        }
    }

    /// Makes one request, if one is due.
    fn send_one(&mut self, limit: Limit) -> bool {
        let Some(attempt) = self.engine.next_request(self.clock.now(), limit) else {
            return false;
        };
        let finished = self.transport.make(attempt);
        self.engine.on_result(self.clock.now(), finished);
        self.emit();
        true
    }

    pub(crate) fn emit(&mut self) {
        super::emit(&mut self.engine, &mut self.listener);
    }

    /// Sends what is due until the limit, and returns the time until the next call is useful.
    pub(crate) fn poll(&mut self) -> Duration {
        let start = self.clock.now();
        self.tick();
        let end = start.saturating_add(self.engine.settings.poll_limit);
        while self.send_one(Limit::Client) && self.clock.now() < end {}
        self.emit();
        let interval = self.engine.settings.flush_interval;
        let next = self.engine.next_wakeup();
        next.map_or(interval, |at| at.saturating_sub(self.clock.now()))
    }

    /// Sends what is due until a time, and returns at that time.
    pub(crate) fn run_until(&mut self, end: Duration) {
        let mut first = true;
        loop {
            let now = self.clock.now();
            self.tick();
            if now >= end {
                return self.emit();
            }
            if self.send_one(Limit::Tick { end, first }) {
                first = false;
                continue;
            }
            self.emit();
            // (What is due but wasn't sent would take longer than the time that is left.)
            let next = self.engine.next_wakeup().filter(|at| *at > now);
            let next = next.unwrap_or(end).min(end);
            self.clock.sleep(next.saturating_sub(self.clock.now()));
        }
    }

    /// Sends until every line is delivered, rejected or given up, or until time is out.
    pub(crate) fn flush(&mut self, limit: Duration) -> Result<Outcome, Error> {
        self.reach(limit, Engine::finish_flush)
    }

    /// Flushes, and drops what is left.
    pub(crate) fn close(&mut self, limit: Duration) -> Result<Outcome, Error> {
        self.closed = true;
        self.reach(limit, Engine::finish_close)
    }

    fn reach(
        &mut self,
        limit: Duration,
        finish: impl FnOnce(&mut Engine, Duration, &Goal) -> Result<Outcome, Error>,
    ) -> Result<Outcome, Error> {
        let now = self.clock.now();
        let goal = self.engine.begin_flush(now, now.saturating_add(limit));
        loop {
            let now = self.clock.now();
            match self.engine.goal_state(now, &goal) {
                GoalState::Until(at) if at > now => self.clock.sleep(at.saturating_sub(now)),
                GoalState::Until(_) => {
                    let _ = self.send_one(Limit::Until(goal.deadline));
                }
                GoalState::Over | GoalState::Out => {
                    let outcome = finish(&mut self.engine, now, &goal);
                    self.emit();
                    return outcome;
                }
            }
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.engine.stats(self.clock.now())
    }
}
