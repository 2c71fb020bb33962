//! The state that handles, keeper and sender of a writer share under one lock: the inbox, and the counts
//! of all lines, wherever they are.

use super::super::account::{DropReason, Place, Stats};
use super::super::engine::Engine;
use super::super::rejected::RejectedStore;
use super::super::stamp::Stamper;
use super::inbox::{Inbox, Slot};
use super::keeper::Input;
use crate::error::Error;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

pub(super) struct State {
    pub(super) inbox: Inbox,
    /// What else is collected for the keeper's next step.
    pub(super) input: Input,
    /// One for each handle. The lock of the state is taken before that of a slot.
    pub(super) slots: Vec<Arc<Slot>>,
    /// Gives times to lines of all handles, so that none is given twice.
    pub(super) stamper: Stamper,
    pub(super) rejected: RejectedStore,
    pub(super) last_error: Option<Arc<Error>>,
    /// The counts without what is in inbox and slots: the engine's, as last published, with the lines that
    /// the keeper has taken since. Refused calls and what was left out of lines are counted only here.
    pub(super) account: Stats,
    /// Lines are on disk before they are accepted.
    pub(super) ahead: bool,
    /// The keeper has nothing to do, and sleeps until it is woken.
    pub(super) idle: bool,
    max_buffer_bytes: usize,
    /// Nothing is taken any more.
    pub(super) ended: bool,
    /// The account is closed.
    pub(super) gone: bool,
}

impl State {
    pub(super) fn new(engine: &mut Engine, now: Duration) -> Self {
        let mut state = State {
            inbox: Inbox::new(&engine.settings),
            input: Input::default(),
            slots: Vec::new(),
            stamper: engine.take_stamper(),
            rejected: RejectedStore::new(engine.settings.max_rejected_bytes),
            last_error: None,
            account: engine.stats(now),
            ahead: engine.is_ahead(),
            max_buffer_bytes: engine.settings.max_buffer_bytes,
            idle: false,
            ended: false,
            gone: false,
        };
        state.publish(engine, now);
        state
    }

    /// Moves what is in a slot to the inbox: it was accepted before, so it needs no space. The slot takes
    /// more unless the handle has to look at the state for that.
    pub(super) fn collect(&mut self, slot: &Slot) {
        let mut own = slot.lock();
        self.inbox.append(&mut own);
        own.open = !(self.ahead || self.idle || self.ended || self.free() == 0);
    }

    /// Moves what is in all slots to the inbox.
    pub(super) fn collect_all(&mut self) {
        let slots = core::mem::take(&mut self.slots);
        slots.iter().for_each(|slot| self.collect(slot));
        self.slots = slots;
    }

    /// Bytes in memory, those in slots apart.
    fn held(&self) -> usize {
        let engine = usize::try_from(self.account.buffered_bytes).unwrap_or(usize::MAX);
        engine.saturating_add(self.inbox.bytes)
    }

    /// Bytes for which there is space.
    pub(super) fn free(&self) -> usize {
        self.max_buffer_bytes.saturating_sub(self.held())
    }

    /// Drops the oldest entry of the inbox.
    pub(super) fn drop_first(&mut self) -> bool {
        let Some(entry) = self.inbox.pop() else {
            return false;
        };
        let dropped = self.input.dropped.entry(entry.bucket).or_default();
        *dropped = dropped.saturating_add(entry.lines as u64);
        true
    }

    /// Takes what has come in, for the keeper's next step.
    pub(super) fn take(&mut self) -> Input {
        self.account = self.stats();
        let entries = self.inbox.take();
        Input {
            entries,
            ..core::mem::take(&mut self.input)
        }
    }

    /// Takes over the results of the keeper's step.
    pub(super) fn publish(&mut self, engine: &mut Engine, now: Duration) {
        self.account = Stats {
            not_accepted: self.account.not_accepted,
            skipped_fields: self.account.skipped_fields,
            empty_tags: self.account.empty_tags,
            ..engine.stats(now)
        };
        self.last_error.clone_from(&engine.last_error);
        for rejected in engine.rejected.take() {
            self.rejected.push(rejected);
        }
    }

    /// Closes the account: what is left was lost in a panic.
    pub(super) fn close(&mut self) {
        self.ended = true;
        // (With the input go the channels of those who wait, which ends their waiting. In write-ahead lines
        // that aren't settled by now were not accepted.)
        drop(self.take());
        let lost = Place::Dropped(DropReason::Panicked);
        let buffered = self.account.buffered;
        self.account.transfer(Place::Buffered, lost, buffered);
        self.account.buffered_bytes = 0;
        self.gone = true;
    }

    /// The counts of all that was accepted, wherever it is.
    pub(super) fn stats(&mut self) -> Stats {
        self.collect_all();
        let mut stats = self.account;
        if !self.ahead {
            stats.accept(self.inbox.lines as u64);
        }
        let lost = Place::Dropped(DropReason::Overflow);
        for lines in self.input.dropped.values() {
            stats.transfer(Place::Outside, lost, *lines);
        }
        stats.buffered_bytes = self.held() as u64;
        stats
    }
}
