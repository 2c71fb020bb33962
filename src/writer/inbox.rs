//! The state that handles and the thread of a writer share: the inbox and the counters, under one lock.
//!
//! One lock, held for the copying of a line and never while anything is sent.

use super::account::{Outcome, Stats};
use super::rejected::Rejected;
use crate::OverflowPolicy;
use crate::error::{Error, FlushError, WriteError};
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// What the thread and the handles have in common.
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) to_owner: Condvar,
    pub(super) to_handles: Condvar,
    pub(super) limits: Limits,
    pub(super) thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) batch_lines: usize,
    pub(super) batch_bytes: usize,
    pub(super) max_bytes: usize,
    pub(super) interval: Duration,
    pub(super) flush_timeout: Duration,
    pub(super) policy: OverflowPolicy,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) inbox: VecDeque<Letter>,
    pub(super) inbox_bytes: usize,
    pub(super) inbox_lines: usize,
    /// Lines the thread has taken and not yet accounted for.
    pub(super) in_hand: usize,
    /// Bytes the thread has, these included.
    pub(super) core_bytes: usize,
    /// The thread's own account, as it last told.
    pub(super) published: Stats,
    /// Lines dropped out of the inbox.
    pub(super) dropped: u64,
    pub(super) not_accepted: u64,
    pub(super) commands: VecDeque<Command>,
    pub(super) spare: Option<Vec<u8>>,
    /// The thread has nothing to do, and sleeps until it is woken.
    pub(super) idle: bool,
    pub(super) handles: usize,
    /// Nothing is taken any more.
    pub(super) ended: bool,
    /// The thread has closed its account.
    pub(super) gone: bool,
}

/// Lines for one bucket.
pub(super) struct Letter {
    pub(super) bucket: String,
    pub(super) bytes: Vec<u8>,
    pub(super) lines: usize,
}

pub(super) enum Command {
    Flush(Duration, SyncSender<Result<Outcome, Error>>),
    Close(Duration, SyncSender<Result<Outcome, Error>>),
    Rejected(SyncSender<Vec<Rejected>>),
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self, bucket: &str, bytes: &[u8], lines: usize) -> Result<(), WriteError> {
        if lines == 0 {
            return Ok(());
        }
        if bytes.len() > self.limits.batch_bytes {
            return Err(WriteError::TooLarge(self.limits.batch_bytes));
        }
        let mut state = self.room(bytes.len())?;
        state.put(bucket, bytes, lines, &self.limits);
        let full = state.inbox_bytes >= self.limits.batch_bytes / 2
            || state.inbox_lines >= self.limits.batch_lines / 2;
        let ring = full || state.idle;
        if ring {
            state.idle = false;
        }
        drop(state);
        if ring {
            self.to_owner.notify_one();
        }
        Ok(())
    }

    /// The state, with space for so many bytes.
    fn room(&self, len: usize) -> Result<MutexGuard<'_, State>, WriteError> {
        let mut state = self.state();
        let mut since = None::<Instant>;
        loop {
            if state.ended {
                return Err(WriteError::Closed);
            }
            let held = state.inbox_bytes.saturating_add(state.core_bytes);
            if held.saturating_add(len) <= self.limits.max_bytes {
                return Ok(state);
            }
            match self.limits.policy {
                OverflowPolicy::Reject => return Err(WriteError::Full),
                OverflowPolicy::DropOldest => {
                    // What the thread has is older, but it may be sending that just now. When it
                    // comes for more, it makes space itself.
                    if !state.drop_first() {
                        return Ok(state);
                    }
                }
                OverflowPolicy::Block(limit) => {
                    let start = *since.get_or_insert_with(Instant::now);
                    let left = limit.saturating_sub(start.elapsed());
                    if left.is_zero() {
                        return Err(WriteError::Full);
                    }
                    self.to_owner.notify_one();
                    state = match self.to_handles.wait_timeout(state, left) {
                        Ok((state, _)) => state,
                        Err(poisoned) => poisoned.into_inner().0,
                    };
                }
            }
        }
    }

    /// Ends the inbox, and takes what is in it.
    pub(super) fn last_letters(&self) -> VecDeque<Letter> {
        let mut state = self.state();
        state.ended = true;
        state.take_inbox()
    }

    /// False if there is nobody to carry it out.
    pub(super) fn command(&self, command: Command) -> bool {
        let mut state = self.state();
        if state.ended {
            return false;
        }
        state.commands.push_back(command);
        state.idle = false;
        drop(state);
        self.to_owner.notify_one();
        true
    }

    pub(super) fn ask(
        &self,
        command: impl FnOnce(SyncSender<Result<Outcome, Error>>) -> Command,
    ) -> Result<Outcome, Error> {
        let (reply, receive) = sync_channel(1);
        if self.command(command(reply)) {
            if let Ok(outcome) = receive.recv() {
                return outcome;
            }
        }
        // There is no reply: the thread is gone, or just going. Its account is closed before it says
        // so.
        let mut state = self.state();
        while !state.gone {
            let waited = self.to_handles.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        let lost = state.published.dropped;
        drop(state);
        Err(FlushError {
            lines: lost.panicked.saturating_add(lost.closed),
            lost: true,
            cause: None,
        }
        .into())
    }
}

impl State {
    fn put(&mut self, bucket: &str, bytes: &[u8], lines: usize, limits: &Limits) {
        self.inbox_bytes = self.inbox_bytes.saturating_add(bytes.len());
        self.inbox_lines = self.inbox_lines.saturating_add(lines);
        if let Some(last) = self.inbox.back_mut() {
            let fits = last.bytes.len().saturating_add(bytes.len()) <= limits.batch_bytes
                && last.lines.saturating_add(lines) <= limits.batch_lines;
            if fits && last.bucket == bucket {
                last.bytes.extend_from_slice(bytes);
                last.lines = last.lines.saturating_add(lines);
                return;
            }
        }
        let mut storage = self.spare.take().unwrap_or_default();
        storage.clear();
        storage.extend_from_slice(bytes);
        self.inbox.push_back(Letter {
            bucket: bucket.to_string(),
            bytes: storage,
            lines,
        });
    }

    /// All that is in the inbox is in hand now.
    pub(super) fn take_inbox(&mut self) -> VecDeque<Letter> {
        self.in_hand = self.in_hand.saturating_add(self.inbox_lines);
        self.core_bytes = self.core_bytes.saturating_add(self.inbox_bytes);
        (self.inbox_lines, self.inbox_bytes) = (0, 0);
        core::mem::take(&mut self.inbox)
    }

    fn drop_first(&mut self) -> bool {
        let Some(letter) = self.inbox.pop_front() else {
            return false;
        };
        self.inbox_bytes = self.inbox_bytes.saturating_sub(letter.bytes.len());
        self.inbox_lines = self.inbox_lines.saturating_sub(letter.lines);
        self.dropped = self.dropped.saturating_add(letter.lines as u64);
        true
    }

    pub(super) fn stats(&self) -> Stats {
        let mut stats = self.published;
        let waiting = self.in_hand.saturating_add(self.inbox_lines) as u64;
        stats.accepted = stats
            .accepted
            .saturating_add(waiting)
            .saturating_add(self.dropped);
        stats.buffered = stats.buffered.saturating_add(waiting);
        stats.buffered_bytes = self.core_bytes.saturating_add(self.inbox_bytes) as u64;
        stats.dropped.overflow = stats.dropped.overflow.saturating_add(self.dropped);
        stats.not_accepted = stats.not_accepted.saturating_add(self.not_accepted);
        stats
    }
}
