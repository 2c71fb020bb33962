//! The steps of handles, keeper and sender on their common state, and how they wait for each other.
//!
//! The lock of the state is held while lines are copied, never while anything is sent or synced.
//!
//! ```text
//!            take: lines, commands                          next ─▶ step ─▶ publish
//!  handle ───────────────────────▶ State (inbox, input) ──────────▶ keeper ─────────▶ State (counts, errors)
//!    ▲                                  ▲ finish: the result          │ attempt
//!    │ replies, `to_handles`            └────────────── sender ◀──────┘
//!    └───────────────────────────────────────────────────────────────── keeper
//! ```
//! `to_keeper` wakes the keeper, `to_handles` those that wait for space or for the writer's end. Locks are taken in
//! the order state, slot (see `inbox`); no lock is held in a listener or while a reply is sent.

use super::super::account::Outcome;
use super::super::engine::{Engine, Finished};
use super::super::settings::Settings;
use super::super::stamp::Reading;
use super::inbox::{Entry, Reply, Slot, Written};
use super::keeper::{Command, Input};
use super::seams::{Clock, SystemClock};
use super::state::State;
use crate::OverflowPolicy;
use crate::error::{Error, FlushError, WriteError};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::mpsc::sync_channel;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::Instant;

/// The time beyond its limit that a reply is waited for, because the keeper may wait for the disk.
const GRACE: Duration = Duration::from_secs(1);
/// The longest sleep of a keeper that has nothing to do.
const IDLE: Duration = Duration::from_secs(3_600);

/// A writer's common state, and what can be read without its lock.
pub(super) struct Shared {
    state: Mutex<State>,
    to_keeper: Condvar,
    to_handles: Condvar,
    pub(super) settings: Settings,
    pub(super) clock: SystemClock,
    pub(super) keeper: OnceLock<ThreadId>,
}

impl Shared {
    pub(super) fn new(engine: &mut Engine, clock: SystemClock) -> Self {
        Shared {
            state: Mutex::new(State::new(engine, clock.now())),
            to_keeper: Condvar::new(),
            to_handles: Condvar::new(),
            settings: engine.settings.clone(),
            clock,
            keeper: OnceLock::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the clocks that points are stamped by.
    pub(super) fn reading(&self) -> Reading {
        self.clock.reading(self.settings.guard.compares())
    }

    /// Returns `true` on the keeper's thread, where listeners run: it can't wait for itself.
    fn is_keeper(&self) -> bool {
        self.keeper.get() == Some(&std::thread::current().id())
    }

    /// Wakes the keeper. No wake-up is lost: under the lock it either sleeps or has not read the state yet.
    fn wake_keeper(&self, mut state: MutexGuard<'_, State>) {
        state.idle = false;
        drop(state);
        self.to_keeper.notify_one();
    }

    /// Accepts whole lines. Those without a time get one in the buffer `untimed`.
    ///
    /// In write-ahead it blocks until they are on disk.
    #[inline]
    pub(super) fn take<'a>(
        &self,
        slot: &Slot,
        written: Written<'a>,
        untimed: Option<&'a mut Vec<u8>>,
    ) -> Result<(), WriteError> {
        if written.lines == 0 {
            return Ok(());
        }
        // The fast path: they are copied under the slot's own lock, which other threads take only to collect.
        if untimed.is_none() {
            let mut own = slot.lock();
            if own.has_space(written.bytes.len()) {
                own.put(&written, || self.clock.now());
                return Ok(());
            }
        }
        let taken = self.put(slot, written, untimed);
        taken.map_err(|error| self.refused(error))
    }

    /// Counts a call that took nothing.
    pub(super) fn refused(&self, error: WriteError) -> WriteError {
        let account = &mut self.state().account;
        account.not_accepted = account.not_accepted.saturating_add(1);
        error
    }

    /// Moves lines into the inbox, behind those of the handle's slot.
    fn put<'a>(
        &self,
        slot: &Slot,
        mut written: Written<'a>,
        untimed: Option<&'a mut Vec<u8>>,
    ) -> Result<(), WriteError> {
        let check_len = |bytes: &[u8]| match bytes.len() > self.settings.batch_bytes {
            true => Err(WriteError::TooLarge(self.settings.batch_bytes)),
            false => Ok(()),
        };
        // (Checked before the lock is held for as long as stamping takes.)
        check_len(written.bytes)?;
        let untimed = untimed.map(|stamped| (stamped, self.reading()));
        let mut state = self.state();
        if state.ahead && self.is_keeper() {
            return Err(WriteError::OwnThread);
        }
        state.collect(slot);
        if let Some((stamped, reading)) = untimed {
            let stamper = &mut state.stamper;
            let stamp = stamper.stamp(written.precision, written.bytes, reading, stamped)?;
            state.input.stepped = state.input.stepped.max(stamp.stepped_back);
            written.bytes = stamped;
        }
        check_len(written.bytes)?;
        let mut state = self.space(state, written.bytes.len())?;
        let ahead = state.ahead;
        let entry = state.inbox.put(&written, || self.clock.now());
        if let Some(durable) = entry.filter(|_| ahead).map(Entry::outcome) {
            self.wake_keeper(state);
            // (Without a limit: the disk decides whether the lines are accepted.)
            return durable.recv().unwrap_or(Err(WriteError::Closed));
        }
        if state.inbox.is_full() || state.idle {
            self.wake_keeper(state);
        }
        Ok(())
    }

    /// Makes space, or waits for it, as the policy defines.
    fn space<'s>(
        &self,
        mut state: MutexGuard<'s, State>,
        len: usize,
    ) -> Result<MutexGuard<'s, State>, WriteError> {
        let start = Instant::now();
        let limit = match self.settings.overflow_policy {
            OverflowPolicy::Block(limit) => limit,
            // In write-ahead a thread waits for each entry, so none can be dropped: they aren't accepted yet.
            OverflowPolicy::DropOldest if state.ahead => Duration::MAX,
            OverflowPolicy::DropOldest | OverflowPolicy::Reject => Duration::ZERO,
        };
        let drops = limit.is_zero() && self.settings.overflow_policy.drops_oldest();
        loop {
            if state.ended {
                return Err(WriteError::Closed);
            }
            if len <= state.free() {
                return Ok(state);
            }
            if drops {
                // The oldest lines are the keeper's, but they may be in flight. It makes space itself in its next
                // step; until then the limit may be exceeded by one batch.
                let held = state.inbox.bytes.saturating_add(len);
                if held <= self.settings.batch_bytes || !state.drop_first() {
                    return Ok(state);
                }
                continue;
            }
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() || self.is_keeper() {
                return Err(WriteError::Full);
            }
            self.to_keeper.notify_one();
            state = wait(&self.to_handles, state, left.min(GRACE));
        }
    }

    /// Passes a command to the keeper, unless the writer has ended. A close ends it.
    fn command(&self, limit: Duration, closes: bool, reply: Option<Reply<Outcome, Error>>) -> bool {
        let mut state = self.state();
        if state.ended {
            return false;
        }
        state.ended = closes;
        // (This closes the slots of a writer that ends, and orders the command behind all lines written before it.)
        state.collect_all();
        state.input.commands.push(Command {
            deadline: self.clock.now().saturating_add(limit),
            closes,
            reply,
        });
        self.wake_keeper(state);
        true
    }

    /// Has the keeper flush or close, and waits for the outcome for at most `limit` and [`GRACE`].
    pub(super) fn ask(&self, limit: Duration, closes: bool) -> Result<Outcome, Error> {
        if self.is_keeper() {
            return Err(WriteError::OwnThread.into());
        }
        let patience = limit.saturating_add(GRACE);
        let (reply, receive) = sync_channel(1);
        // (If the command isn't accepted its sender is dropped, and `recv_timeout` returns at once.)
        let asked = self.command(limit, closes, Some(reply));
        let outcome = receive.recv_timeout(patience);
        if let Ok(outcome) = outcome {
            if closes {
                drop(self.wait_until_gone(GRACE));
            }
            return outcome;
        }
        // There is no reply: the keeper has ended, or waits for the disk, or another handle has closed the writer.
        // The account is final once `gone` is set.
        let mut state = self.wait_until_gone(if asked { GRACE } else { patience });
        let stats = state.stats();
        let lost = state.gone;
        drop(state);
        let lines = match lost {
            true => stats.dropped.panicked.saturating_add(stats.dropped.closed),
            false => stats.buffered,
        };
        if lost && lines == 0 {
            return Err(WriteError::Closed.into());
        }
        let cause = None;
        Err(FlushError { lines, lost, cause }.into())
    }

    /// Removes the slot of a handle that is dropped. The last handle closes the writer; `waits`: and waits for
    /// that.
    pub(super) fn leave(&self, slot: &Arc<Slot>, waits: bool) {
        let mut state = self.state();
        state.collect(slot);
        state.slots.retain(|other| !Arc::ptr_eq(other, slot));
        let last = state.slots.is_empty();
        drop(state);
        if last {
            let limit = self.settings.flush_timeout;
            self.command(limit, true, None);
            if waits && !self.is_keeper() {
                drop(self.wait_until_gone(limit.saturating_add(GRACE)));
            }
        }
    }

    /// Waits until the account is final, for at most `limit`.
    fn wait_until_gone(&self, limit: Duration) -> MutexGuard<'_, State> {
        let to_handles = &self.to_handles;
        let waited = to_handles.wait_timeout_while(self.state(), limit, |state| !state.gone);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits for input, until the time `wakeup` at the latest, and takes it for the keeper's next step.
    pub(super) fn next(&self, wakeup: Option<Duration>) -> Input {
        let mut state = self.state();
        // (Lines wait for others to be taken with, for half of an interval.)
        let lines_due = self
            .clock
            .now()
            .saturating_add(self.settings.flush_interval / 2);
        loop {
            let now = self.clock.now();
            // Commands come under the same lock, so all lines written before one of them are collected here.
            state.idle = false;
            state.collect_all();
            if state.inbox.lines == 0 {
                // Before the keeper sleeps it closes the slots, so that the next line takes the slow path and wakes
                // it. They are collected again, for lines that came since.
                state.idle = true;
                state.collect_all();
            }
            let has_lines = state.inbox.lines > 0;
            let lines = has_lines.then_some(lines_due);
            let until = wakeup.into_iter().chain(lines).min();
            let left = until.map_or(IDLE, |at| at.saturating_sub(now));
            if left.is_zero()
                || state.inbox.is_full()
                || (state.ahead && has_lines)
                || state.input.finished.is_some()
                || !state.input.commands.is_empty()
            {
                state.idle = false;
                return state.take();
            }
            state = wait(&self.to_keeper, state, left);
        }
    }

    /// Publishes the results of the keeper's step. Wakes the handles that wait for space if a quarter of memory or
    /// a batch is free; with less, all of them would wake for the space of one.
    pub(super) fn publish(&self, engine: &mut Engine, now: Duration, spare: Vec<u8>) {
        let mut state = self.state();
        state.publish(engine, now);
        state.inbox.reuse(spare);
        let enough = self.settings.max_buffer_bytes / 4;
        if state.ahead || state.free() >= enough.min(self.settings.batch_bytes) {
            self.to_handles.notify_all();
        }
    }

    /// Passes the sender's result to the keeper.
    pub(super) fn finish(&self, finished: Finished) {
        let mut state = self.state();
        state.input.finished = Some(finished);
        self.wake_keeper(state);
    }

    /// Marks the keeper as ended: no more lines are accepted, and none are left.
    pub(super) fn close(&self) {
        self.state().close();
        self.to_handles.notify_all();
    }
}

/// Waits for a notification, for at most `limit`.
fn wait<'s>(on: &Condvar, state: MutexGuard<'s, State>, limit: Duration) -> MutexGuard<'s, State> {
    let waited = on.wait_timeout(state, limit);
    waited.unwrap_or_else(PoisonError::into_inner).0
}
