//! The state that handles, keeper and sender of a writer share: the inbox and the counters, under one
//! lock.
//!
//! It is held for the copying of a line and never while anything is sent or synced.

use super::super::account::{DropReason, Outcome, Place, Stats};
use super::super::rejected::RejectedStore;
use super::super::stamp::{Reading, Stamper};
use super::keeper::{Finished, Input};
use super::seams::{Clock, SystemClock};
use super::slot::Slot;
use crate::error::{Error, FlushError, WriteError};
use crate::{OverflowPolicy, Precision};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::Instant;

/// How much longer than its limit a reply is waited for: the keeper may be at the disk.
const GRACE: Duration = Duration::from_secs(1);
/// An entry for a bucket is looked for among so many of the latest.
const LATEST: usize = 8;

/// Whoever waits for the outcome of a flush.
pub(crate) type Reply = SyncSender<Result<Outcome, Error>>;

pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) to_keeper: Condvar,
    pub(super) to_handles: Condvar,
    pub(super) limits: Limits,
    pub(super) clock: SystemClock,
    pub(super) keeper: OnceLock<ThreadId>,
    /// The keeper has nothing to do, and sleeps until it is woken.
    pub(super) idle: AtomicBool,
    /// Nothing is taken any more.
    pub(super) ended: AtomicBool,
}

#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) batch_lines: usize,
    pub(super) batch_bytes: usize,
    pub(super) max_bytes: usize,
    /// What a handle may have to itself.
    pub(super) slot_bytes: usize,
    pub(super) interval: Duration,
    pub(super) flush_timeout: Duration,
    pub(super) policy: OverflowPolicy,
    /// The machine's clock is compared with the server's.
    pub(super) compares: bool,
    /// Lines are on disk before `write` returns.
    pub(super) ahead: bool,
}

pub(super) struct State {
    pub(super) inbox: VecDeque<Entry>,
    pub(super) inbox_bytes: usize,
    pub(super) inbox_lines: usize,
    /// Gives times to lines of all handles, so that none is given twice.
    pub(super) stamper: Stamper,
    pub(super) stepped: Option<Duration>,
    /// The number of the next entry, and the first that isn't done with.
    next_entry: u64,
    settled: u64,
    /// Entries whose writers wait until they are on disk.
    awaited: BTreeMap<u64, Awaited>,
    /// Lines the keeper has taken and not yet accounted for.
    in_hand: usize,
    /// Bytes the keeper has, these included.
    pub(super) engine_bytes: usize,
    /// The engine's own account, as it was last published.
    pub(super) published: Stats,
    /// Lines dropped out of the inbox that the keeper doesn't know of, by bucket,
    dropped: Vec<(Arc<str>, u64)>,
    /// and those it is told of just now.
    dropping: u64,
    pub(super) not_accepted: u64,
    /// Fields and tags that were left out of accepted lines.
    left_out: (u64, u64),
    pub(super) rejected: RejectedStore,
    pub(super) commands: VecDeque<Command>,
    pub(super) finished: Option<Finished>,
    spare: Option<Vec<u8>>,
    /// So many threads wait until the keeper has done something.
    waiting: usize,
    pub(super) handles: usize,
    /// One for each of them.
    pub(super) slots: Vec<Arc<Slot>>,
    /// The account is closed.
    pub(super) gone: bool,
}

/// An entry that is waited for.
#[derive(Default)]
struct Awaited {
    /// So many threads haven't heard yet what became of it.
    threads: usize,
    failed: Option<WriteError>,
}

/// Lines on their way to the keeper.
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) bucket: Arc<str>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) precision: Precision,
    pub(crate) lines: usize,
    /// When the first of them came.
    pub(crate) since: Duration,
}

/// What a handle has the keeper do, until this time of the common clock.
pub(crate) enum Command {
    Flush(Duration, Reply),
    Close(Duration, Reply),
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the calling thread is the keeper, as a listener's is: it can't wait for itself.
    pub(super) fn is_keeper(&self) -> bool {
        self.keeper.get() == Some(&std::thread::current().id())
    }

    /// Takes whole lines. Those without a time get one if there is a buffer for it.
    ///
    /// In write-ahead it blocks until they are on disk.
    #[inline]
    pub(super) fn take(
        &self,
        slot: &Slot,
        bucket: &Arc<str>,
        bytes: (&[u8], Precision),
        lines: usize,
        untimed: Option<&mut Vec<u8>>,
    ) -> Result<(), WriteError> {
        // The usual case: they are copied where no other handle is in the way.
        let own = !self.limits.ahead && untimed.is_none() && lines > 0;
        if own
            && slot.add(
                (&self.ended, self.limits.slot_bytes),
                bucket,
                bytes,
                lines,
                || self.clock.now(),
            )
        {
            if self.idle.load(Ordering::SeqCst) {
                self.ring();
            }
            return Ok(());
        }
        if lines == 0 {
            return Ok(());
        }
        self.collect(slot);
        let taken = self.put(bucket, bytes, lines, untimed);
        taken.map_err(|error| self.refused(error))
    }

    /// Wakes the keeper, which sleeps.
    #[cold]
    fn ring(&self) {
        // (By the lock: the keeper is asleep then, or has yet to look at the slots.)
        drop(self.state());
        self.idle.store(false, Ordering::SeqCst);
        self.to_keeper.notify_one();
    }

    /// Moves what is in a slot to the inbox: it was accepted before, so it needs no space.
    pub(super) fn collect(&self, slot: &Slot) {
        let mut lines = slot.lock();
        if lines.is_empty() {
            return;
        }
        // (Who reads the account has this lock: until the slot is empty, nobody.)
        let mut state = self.state();
        slot.drain(&mut lines, |bucket, bytes, count| {
            state.put(bucket, bytes, count, &self.limits);
        });
    }

    /// The same for all slots.
    pub(super) fn collect_all(&self) {
        let slots = self.state().slots.clone();
        for slot in slots {
            self.collect(&slot);
        }
    }

    /// Counts fields and tags that were left out of accepted lines.
    pub(super) fn left_out(&self, (fields, tags): (u64, u64)) {
        let mut state = self.state();
        let (before, also) = state.left_out;
        state.left_out = (before.saturating_add(fields), also.saturating_add(tags));
    }

    /// Counts a call that took nothing.
    pub(super) fn refused(&self, error: WriteError) -> WriteError {
        let mut state = self.state();
        state.not_accepted = state.not_accepted.saturating_add(1);
        error
    }

    fn put(
        &self,
        bucket: &Arc<str>,
        (bytes, precision): (&[u8], Precision),
        lines: usize,
        untimed: Option<&mut Vec<u8>>,
    ) -> Result<(), WriteError> {
        if self.limits.ahead && self.is_keeper() {
            return Err(WriteError::OwnThread);
        }
        let compares = self.limits.compares;
        let reading = match &untimed {
            Some(_) => self.clock.reading(compares),
            None => Reading::from(None),
        };
        let mut state = self.state();
        let bytes = match untimed {
            None => bytes,
            Some(stamped) => {
                let stamper = &mut state.stamper;
                let stamp = stamper.stamp(precision, bytes, reading, stamped)?;
                state.stepped = state.stepped.max(stamp.stepped_back);
                stamped
            }
        };
        if bytes.len() > self.limits.batch_bytes {
            return Err(WriteError::TooLarge(self.limits.batch_bytes));
        }
        let mut state = self.space(state, bytes.len())?;
        let arrived = (lines, self.clock.now());
        let number = state.put(bucket, (bytes, precision), arrived, &self.limits);
        if self.limits.ahead {
            self.to_keeper.notify_one();
            return self.wait_until_durable(state, number);
        }
        let ring = state.is_full(&self.limits) || self.idle.load(Ordering::SeqCst);
        drop(state);
        if ring {
            self.idle.store(false, Ordering::SeqCst);
            self.to_keeper.notify_one();
        }
        Ok(())
    }

    /// Waits for space as the policy says.
    fn space<'s>(
        &self,
        mut state: MutexGuard<'s, State>,
        len: usize,
    ) -> Result<MutexGuard<'s, State>, WriteError> {
        let mut since = None::<Instant>;
        loop {
            if self.ended.load(Ordering::SeqCst) {
                return Err(WriteError::Closed);
            }
            let held = state.inbox_bytes.saturating_add(state.engine_bytes);
            if held.saturating_add(len) <= self.limits.max_bytes {
                return Ok(state);
            }
            match self.limits.policy {
                OverflowPolicy::Reject => return Err(WriteError::Full),
                // Somebody waits for each of those: they aren't accepted yet.
                OverflowPolicy::DropOldest if self.limits.ahead => {
                    state = self.wait_for_keeper(state, GRACE);
                }
                OverflowPolicy::DropOldest => {
                    // What the keeper has is older, but it may be under way just now. When it
                    // comes for more, it makes space itself; until then one batch is taken.
                    let held = state.inbox_bytes.saturating_add(len);
                    if held <= self.limits.batch_bytes || !state.drop_first() {
                        return Ok(state);
                    }
                }
                OverflowPolicy::Block(limit) => {
                    let start = since.unwrap_or_else(Instant::now);
                    let left = limit.saturating_sub(start.elapsed());
                    if left.is_zero() || self.is_keeper() {
                        return Err(WriteError::Full);
                    }
                    if since.is_none() {
                        self.to_keeper.notify_one();
                    }
                    since.get_or_insert(start);
                    state = self.wait_for_keeper(state, left);
                }
            }
        }
    }

    /// Waits until the keeper has done something, for so long at most.
    fn wait_for_keeper<'s>(
        &self,
        mut state: MutexGuard<'s, State>,
        left: Duration,
    ) -> MutexGuard<'s, State> {
        state.waiting = state.waiting.saturating_add(1);
        let mut state = match self.to_handles.wait_timeout(state, left) {
            Ok((state, _)) => state,
            Err(poisoned) => poisoned.into_inner().0,
        };
        state.waiting = state.waiting.saturating_sub(1);
        state
    }

    /// Waits until an entry is on disk, however long the disk takes: only then is it known whether
    /// it was accepted.
    fn wait_until_durable(
        &self,
        mut state: MutexGuard<'_, State>,
        number: u64,
    ) -> Result<(), WriteError> {
        let awaited = state.awaited.entry(number).or_default();
        awaited.threads = awaited.threads.saturating_add(1);
        while state.settled <= number {
            if state.gone {
                return Err(WriteError::Closed);
            }
            state = self.wait_for_keeper(state, GRACE);
        }
        state.outcome_of(number)
    }

    /// Has the keeper do something and waits for the outcome, no longer than `limit` and a moment.
    pub(super) fn ask(
        &self,
        limit: Duration,
        command: impl FnOnce(Duration, Reply) -> Command,
    ) -> Result<Outcome, Error> {
        if self.is_keeper() {
            return Err(WriteError::OwnThread.into());
        }
        let (reply, receive) = sync_channel(1);
        let mut state = self.state();
        if !self.ended.load(Ordering::SeqCst) {
            let deadline = self.clock.now().saturating_add(limit);
            let command = command(deadline, reply);
            let closes = matches!(command, Command::Close(..));
            if closes {
                self.ended.store(true, Ordering::SeqCst);
            }
            state.commands.push_back(command);
            drop(state);
            self.to_keeper.notify_one();
            if let Ok(outcome) = receive.recv_timeout(limit.saturating_add(GRACE)) {
                if closes {
                    drop(self.wait_until_gone(self.state(), GRACE));
                }
                return outcome;
            }
            state = self.wait_until_gone(self.state(), GRACE);
        } else {
            // It is closed by another handle: its account is closed before it is gone.
            state = self.wait_until_gone(state, limit.saturating_add(GRACE));
        }
        // There is no reply: the keeper is gone, or the disk keeps it.
        let (lost, gone) = (state.published.dropped, state.gone);
        let lines = match gone {
            true => lost.panicked.saturating_add(lost.closed),
            false => state.stats(&self.limits).buffered,
        };
        drop(state);
        if gone && lines == 0 {
            return Err(WriteError::Closed.into());
        }
        let cause = None;
        let lost = gone;
        Err(FlushError { lines, lost, cause }.into())
    }

    /// Waits until the account is closed, for so long at most.
    pub(super) fn wait_until_gone<'s>(
        &self,
        mut state: MutexGuard<'s, State>,
        limit: Duration,
    ) -> MutexGuard<'s, State> {
        let start = Instant::now();
        loop {
            let left = limit.saturating_sub(start.elapsed());
            if state.gone || left.is_zero() {
                return state;
            }
            state = self.wait_for_keeper(state, left);
        }
    }

    /// The keeper waits until something is to be done; what that is.
    pub(super) fn next(&self, wakeup: Option<Duration>) -> Input {
        let mut state = self.state();
        let start = self.clock.now();
        // What has come waits for company, but not for long.
        let company = start.saturating_add(self.limits.interval / 2);
        loop {
            let now = self.clock.now();
            // (First it is said that the keeper sleeps, then the slots are looked at: a handle does it the
            // other way round, so one of them sees the other.)
            self.idle.store(true, Ordering::SeqCst);
            let has_lines = state.has_lines();
            self.idle.store(!has_lines, Ordering::SeqCst);
            let entries = has_lines.then_some(company);
            let until = wakeup.into_iter().chain(entries).min();
            let due = until.is_some_and(|at| at <= now);
            if due
                || state.is_full(&self.limits)
                || (self.limits.ahead && has_lines)
                || state.finished.is_some()
                || !state.commands.is_empty()
                || state.handles == 0
            {
                break;
            }
            state = match until {
                None => {
                    let waited = self.to_keeper.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
                Some(at) => match self.to_keeper.wait_timeout(state, at.saturating_sub(now)) {
                    Ok((state, _)) => state,
                    Err(poisoned) => poisoned.into_inner().0,
                },
            };
        }
        self.idle.store(false, Ordering::SeqCst);
        // What is asked for comes first, then what was written: nothing that was written before a flush
        // is asked for is left out.
        let commands = core::mem::take(&mut state.commands);
        let finished = state.finished.take();
        let stepped = state.stepped.take();
        let last = state.handles == 0;
        drop(state);
        self.collect_all();
        let reading = self.clock.reading(self.limits.compares);
        let mut state = self.state();
        Input {
            reading,
            entries: state.take_inbox(),
            dropped: state.take_dropped(),
            commands,
            finished,
            stepped,
            last,
        }
    }

    /// The sender is done with its request.
    pub(super) fn finish(&self, finished: Finished) {
        self.state().finished = Some(finished);
        self.to_keeper.notify_one();
    }
}

impl State {
    pub(super) fn new(stats: Stats, bytes: usize, stamper: Stamper, rejected: usize) -> Self {
        State {
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            inbox_lines: 0,
            stamper,
            stepped: None,
            next_entry: 0,
            settled: 0,
            awaited: BTreeMap::new(),
            in_hand: 0,
            engine_bytes: bytes,
            published: stats,
            dropped: Vec::new(),
            dropping: 0,
            not_accepted: 0,
            left_out: (0, 0),
            rejected: RejectedStore::new(rejected),
            commands: VecDeque::new(),
            finished: None,
            spare: None,
            waiting: 0,
            handles: 1,
            slots: Vec::new(),
            gone: false,
        }
    }

    /// Whether anything was written that the keeper doesn't have.
    fn has_lines(&self) -> bool {
        self.inbox_lines > 0 || self.slots.iter().any(|slot| slot.count() > 0)
    }

    fn is_full(&self, limits: &Limits) -> bool {
        self.inbox_bytes >= limits.batch_bytes / 2 || self.inbox_lines >= limits.batch_lines / 2
    }

    fn put(
        &mut self,
        bucket: &Arc<str>,
        (bytes, precision): (&[u8], Precision),
        (lines, since): (usize, Duration),
        limits: &Limits,
    ) -> u64 {
        self.inbox_bytes = self.inbox_bytes.saturating_add(bytes.len());
        self.inbox_lines = self.inbox_lines.saturating_add(lines);
        let latest = self.inbox.iter_mut().rev().take(LATEST);
        let same = |entry: &&mut Entry| entry.bucket == *bucket;
        if let Some(last) = latest.into_iter().find(same) {
            let fits = last.bytes.len().saturating_add(bytes.len()) <= limits.batch_bytes
                && last.lines.saturating_add(lines) <= limits.batch_lines;
            if fits && last.precision == precision {
                last.bytes.extend_from_slice(bytes);
                last.lines = last.lines.saturating_add(lines);
                last.since = last.since.min(since);
                return last.number;
            }
        }
        let mut storage = self.spare.take().unwrap_or_default();
        storage.clear();
        storage.extend_from_slice(bytes);
        let number = self.next_entry;
        self.next_entry = number.saturating_add(1);
        self.inbox.push_back(Entry {
            number,
            bucket: Arc::clone(bucket),
            bytes: storage,
            precision,
            lines,
            since,
        });
        number
    }

    pub(super) fn take_inbox(&mut self) -> VecDeque<Entry> {
        self.in_hand = self.in_hand.saturating_add(self.inbox_lines);
        self.engine_bytes = self.engine_bytes.saturating_add(self.inbox_bytes);
        (self.inbox_lines, self.inbox_bytes) = (0, 0);
        core::mem::take(&mut self.inbox)
    }

    fn take_dropped(&mut self) -> Vec<(Arc<str>, u64)> {
        let dropped = core::mem::take(&mut self.dropped);
        self.dropping = count(&dropped);
        dropped
    }

    /// Drops the oldest entry.
    fn drop_first(&mut self) -> bool {
        let Some(entry) = self.inbox.pop_front() else {
            return false;
        };
        self.inbox_bytes = self.inbox_bytes.saturating_sub(entry.bytes.len());
        self.inbox_lines = self.inbox_lines.saturating_sub(entry.lines);
        let lines = entry.lines as u64;
        match self.dropped.iter_mut().find(|(of, _)| *of == entry.bucket) {
            Some((_, count)) => *count = count.saturating_add(lines),
            None => self.dropped.push((entry.bucket, lines)),
        }
        true
    }

    /// The keeper has accounted for what it took. `failed`: entries that were not taken.
    pub(super) fn publish(
        &mut self,
        stats: Stats,
        bytes: usize,
        failed: Vec<(u64, WriteError)>,
        spare: Option<Vec<u8>>,
    ) {
        self.published = stats;
        self.in_hand = 0;
        self.dropping = 0;
        self.engine_bytes = bytes;
        let first = self.inbox.front().map(|entry| entry.number);
        self.settled = first.unwrap_or(self.next_entry);
        for (number, error) in failed {
            if let Some(awaited) = self.awaited.get_mut(&number) {
                awaited.failed = Some(error);
            }
        }
        // (A large one is given back.)
        let small = spare.filter(|spare| spare.capacity() <= 1 << 20);
        if small.is_some() {
            self.spare = small;
        }
    }

    /// What became of an entry, for one of those who wait for it.
    fn outcome_of(&mut self, number: u64) -> Result<(), WriteError> {
        let Some(awaited) = self.awaited.get_mut(&number) else {
            return Ok(());
        };
        awaited.threads = awaited.threads.saturating_sub(1);
        let failed = awaited.failed.clone();
        if awaited.threads == 0 {
            self.awaited.remove(&number);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Whether anybody who waits can go on: for space there has to be some, or all would wake in vain.
    pub(super) fn may_go_on(&self, limits: &Limits) -> bool {
        let held = self.inbox_bytes.saturating_add(self.engine_bytes);
        let space = limits.max_bytes.saturating_sub(held);
        self.waiting > 0 && (limits.ahead || space >= limits.batch_bytes.min(limits.max_bytes / 4))
    }

    /// Closes the account: what is left was lost in a panic.
    pub(super) fn close(&mut self, limits: &Limits) {
        let mut all = self.stats(limits);
        let lost = Place::Dropped(DropReason::Panicked);
        all.transfer(Place::Buffered, lost, all.buffered);
        all.buffered_bytes = 0;
        self.published = all;
        self.dropped.clear();
        (self.dropping, self.not_accepted, self.left_out) = (0, 0, (0, 0));
        (self.inbox_lines, self.inbox_bytes) = (0, 0);
        (self.in_hand, self.engine_bytes) = (0, 0);
        self.inbox.clear();
        // (What isn't settled now was not accepted.)
        self.gone = true;
        // Whoever waits for a reply hears that there is none.
        self.commands.clear();
    }

    /// The account of all that was accepted, wherever it is.
    pub(super) fn stats(&self, limits: &Limits) -> Stats {
        let mut stats = self.published;
        // What is on disk before it is accepted isn't accepted yet.
        let waiting = match limits.ahead {
            true => 0,
            false => {
                let slots = self.slots.iter().map(|slot| slot.count()).sum();
                let inbox = self.in_hand.saturating_add(self.inbox_lines);
                inbox.saturating_add(slots) as u64
            }
        };
        stats.accept(waiting);
        let lost = Place::Dropped(DropReason::Overflow);
        let dropped = count(&self.dropped).saturating_add(self.dropping);
        stats.transfer(Place::Outside, lost, dropped);
        let slots: usize = self.slots.iter().map(|slot| slot.bytes()).sum();
        let bytes = self.engine_bytes.saturating_add(self.inbox_bytes);
        stats.buffered_bytes = bytes.saturating_add(slots) as u64;
        stats.not_accepted = stats.not_accepted.saturating_add(self.not_accepted);
        stats.left_out(self.left_out);
        stats
    }
}

fn count(dropped: &[(Arc<str>, u64)]) -> u64 {
    let lines = dropped.iter().map(|(_, lines)| lines);
    lines.fold(0, |sum: u64, lines| sum.saturating_add(*lines))
}
