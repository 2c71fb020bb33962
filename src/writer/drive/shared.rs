//! What a handle, the keeper and the sender of a writer do on the state they share, and how they wait for
//! each other.
//!
//! The lock is held for the copying of lines and never while anything is sent or synced.

use super::super::account::Outcome;
use super::super::engine::Engine;
use super::super::settings::Settings;
use super::super::stamp::Reading;
use super::inbox::{Entry, Reply, Slot, Written};
use super::keeper::{Command, Finished, Input};
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

/// How much longer than its limit a reply is waited for: the keeper may be at the disk.
const GRACE: Duration = Duration::from_secs(1);
/// A keeper without anything to do looks for something after this.
const IDLE: Duration = Duration::from_secs(3_600);

/// A writer's state, with what can be read without its lock.
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

    /// What the clocks show that times are taken from.
    pub(super) fn reading(&self) -> Reading {
        self.clock.reading(self.settings.guard.compares())
    }

    /// Whether the calling thread is the keeper, as a listener's is: it can't wait for itself.
    fn is_keeper(&self) -> bool {
        self.keeper.get() == Some(&std::thread::current().id())
    }

    /// Wakes the keeper. (By the lock: it sleeps, or has yet to look at the state.)
    fn wake_keeper(&self, mut state: MutexGuard<'_, State>) {
        state.idle = false;
        drop(state);
        self.to_keeper.notify_one();
    }

    /// Takes whole lines. Those without a time get one if there is a buffer for it.
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
        // The usual case: they are copied where no other handle is in the way.
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

    /// Takes lines into the inbox, behind those of the handle's slot.
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
        // (Before the lock is held for as long as times are put to them.)
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
            // However long the disk takes: only then is it known whether the lines were accepted.
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
            // A thread waits for each entry: they aren't accepted yet.
            OverflowPolicy::DropOldest if state.ahead => Duration::MAX,
            OverflowPolicy::DropOldest | OverflowPolicy::Reject => Duration::ZERO,
        };
        let drops = limit.is_zero() && self.settings.overflow_policy == OverflowPolicy::DropOldest;
        loop {
            if state.ended {
                return Err(WriteError::Closed);
            }
            if len <= state.free() {
                return Ok(state);
            }
            if drops {
                // What the keeper has is older, but it may be under way just now. When it
                // comes for more, it makes space itself; until then one batch is taken.
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

    /// Leaves a command to the keeper, unless the writer has ended. A close ends it.
    fn command(&self, limit: Duration, closes: bool, reply: Option<Reply<Outcome, Error>>) -> bool {
        let mut state = self.state();
        if state.ended {
            return false;
        }
        state.ended = closes;
        // (Which closes the slots of a writer that ends.)
        state.collect_all();
        state.input.commands.push(Command {
            deadline: self.clock.now().saturating_add(limit),
            closes,
            reply,
        });
        self.wake_keeper(state);
        true
    }

    /// Has the keeper flush or close, and waits for the outcome, no longer than `limit` and a moment.
    pub(super) fn ask(&self, limit: Duration, closes: bool) -> Result<Outcome, Error> {
        if self.is_keeper() {
            return Err(WriteError::OwnThread.into());
        }
        let patience = limit.saturating_add(GRACE);
        let (reply, receive) = sync_channel(1);
        // (Without a command there is no sender, and nothing is waited for here.)
        let asked = self.command(limit, closes, Some(reply));
        let outcome = receive.recv_timeout(patience);
        if let Ok(outcome) = outcome {
            if closes {
                drop(self.wait_until_gone(GRACE));
            }
            return outcome;
        }
        // There is no reply: the keeper is gone, or the disk keeps it, or another handle has closed the
        // writer, whose account is closed before it is gone.
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

    /// Removes the slot of a handle that is dropped. The last one closes the writer, and waits for that if
    /// it `waits`.
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

    /// Waits until the account is closed, for so long at most.
    fn wait_until_gone(&self, limit: Duration) -> MutexGuard<'_, State> {
        let to_handles = &self.to_handles;
        let waited = to_handles.wait_timeout_while(self.state(), limit, |state| !state.gone);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// The keeper waits until something is to be done, at the time `wakeup` at the latest, and takes what
    /// has come in.
    pub(super) fn next(&self, wakeup: Option<Duration>) -> Input {
        let mut state = self.state();
        // Lines wait for others that go with them, but not for long.
        let company = self
            .clock
            .now()
            .saturating_add(self.settings.flush_interval / 2);
        loop {
            let now = self.clock.now();
            // Commands are taken by the same lock: what was written before one of them is here by now.
            state.idle = false;
            state.collect_all();
            if state.inbox.lines == 0 {
                // Slots are closed while there is nothing to do: the next line wakes the keeper.
                state.idle = true;
                state.collect_all();
            }
            let has_lines = state.inbox.lines > 0;
            let lines = has_lines.then_some(company);
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

    /// Takes over the results of the keeper's step, and wakes the handles that can go on: for space there
    /// has to be some, or all would wake in vain.
    pub(super) fn publish(&self, engine: &mut Engine, now: Duration, spare: Vec<u8>) {
        let mut state = self.state();
        state.publish(engine, now);
        state.inbox.reuse(spare);
        let enough = self.settings.max_buffer_bytes / 4;
        if state.ahead || state.free() >= enough.min(self.settings.batch_bytes) {
            self.to_handles.notify_all();
        }
    }

    /// The sender has made its request.
    pub(super) fn finish(&self, finished: Finished) {
        let mut state = self.state();
        state.input.finished = Some(finished);
        self.wake_keeper(state);
    }

    /// The keeper has ended: nothing is taken any more, and nothing is left.
    pub(super) fn close(&self) {
        self.state().close();
        self.to_handles.notify_all();
    }
}

/// Waits until a thread notifies, for so long at most.
fn wait<'s>(on: &Condvar, state: MutexGuard<'s, State>, limit: Duration) -> MutexGuard<'s, State> {
    let waited = on.wait_timeout(state, limit);
    waited.unwrap_or_else(PoisonError::into_inner).0
}
