//! The state that handles, keeper and sender of a writer share under one lock: the inbox, and the counts of all
//! lines.

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
    /// The other input for the keeper's next step.
    pub(super) input: Input,
    /// One for each handle. The lock of the state is taken before that of a slot.
    pub(super) slots: Vec<Arc<Slot>>,
    /// Stamps the lines of all handles, so that no time is given twice.
    pub(super) stamper: Stamper,
    pub(super) rejected: RejectedStore,
    pub(super) last_error: Option<Arc<Error>>,
    /// The counts without those of inbox and slots: the engine's as last published, and the lines that the keeper
    /// took since. Refused calls and left-out fields and tags are counted only here.
    pub(super) account: Stats,
    /// Lines are on disk before they are accepted (write-ahead).
    pub(super) ahead: bool,
    /// The keeper has nothing to do and sleeps until it is woken.
    pub(super) idle: bool,
    max_buffer_bytes: usize,
    /// No more lines are accepted.
    pub(super) ended: bool,
    /// The keeper has ended, and the account is final.
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

    /// Moves the lines of a slot to the inbox. They were accepted before, so the limit isn't checked. Opens the slot,
    /// unless the handle has to take the lock of the state for its next line.
    pub(super) fn collect(&mut self, slot: &Slot) {
        let mut own = slot.lock();
        self.inbox.append(&mut own);
        own.open = !(self.ahead || self.idle || self.ended || self.free() == 0);
    }

    /// Moves the lines of all slots to the inbox.
    pub(super) fn collect_all(&mut self) {
        let slots = core::mem::take(&mut self.slots);
        slots.iter().for_each(|slot| self.collect(slot));
        self.slots = slots;
    }

    /// The bytes in memory, without those in slots.
    fn held(&self) -> usize {
        let engine = usize::try_from(self.account.buffered_bytes).unwrap_or(usize::MAX);
        engine.saturating_add(self.inbox.bytes)
    }

    /// The bytes that are free.
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

    /// Takes the input for the keeper's next step.
    pub(super) fn take(&mut self) -> Input {
        self.account = self.stats();
        let entries = self.inbox.take();
        Input {
            entries,
            ..core::mem::take(&mut self.input)
        }
    }

    /// Publishes the results of the keeper's step.
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

    /// Makes the account final: lines that are left were lost in a panic.
    pub(super) fn close(&mut self) {
        self.ended = true;
        // (This drops the channels of the threads that wait, which ends their waiting. In write-ahead, lines whose
        // result isn't there by now were not accepted.)
        drop(self.take());
        let lost = Place::Dropped(DropReason::Panicked);
        let buffered = self.account.buffered;
        self.account.transfer(Place::Buffered, lost, buffered);
        self.account.buffered_bytes = 0;
        self.gone = true;
    }

    /// The counts of all accepted lines, those in inbox and slots included.
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
