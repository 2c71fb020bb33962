//! Lines between a handle and the keeper: each handle has an inbox of its own (its slot), and the writer has one
//! for all handles.
//!
//! ```text
//!  handle 1 ─ lock ─▶ slot 1 ─┐
//!  handle 2 ─ lock ─▶ slot 2 ─┼─ lock of the state, then of the slot ─▶ inbox ─ lock of the state ─▶ keeper
//!  handle 3 ─ lock ─▶ slot 3 ─┘
//! ```
//! A handle usually takes only the lock of its own slot, which other threads take only to collect, so handles don't
//! slow each other down. The keeper, and a handle that finds its slot closed or full, take the lock of the state and then
//! that of one slot after the other. No thread takes them in the other order, so there is no deadlock.

use super::super::settings::Settings;
use crate::Precision;
use crate::error::WriteError;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of latest entries that are searched for one of the same bucket.
const LATEST: usize = 8;
/// The most bytes in a slot; then they are moved to the inbox.
const MAX_SLOT: usize = 8 * 1024;
/// The largest storage that is kept for the next entry.
const MAX_SPARE: usize = 1 << 20;

/// The channel to a thread that waits for a result.
pub(crate) type Reply<T, E> = SyncSender<Result<T, E>>;

/// Whole lines that a handle writes.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) bucket: &'a Arc<str>,
    pub(super) bytes: &'a [u8],
    pub(super) precision: Precision,
    pub(super) lines: usize,
    /// The start of the item that was written last.
    pub(super) last: usize,
}

/// Lines of one bucket and one precision, for the keeper; never more than a batch takes.
pub(crate) struct Entry {
    pub(crate) bucket: Arc<str>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) precision: Precision,
    pub(crate) lines: usize,
    /// The start of the item that was written last.
    pub(crate) last: usize,
    /// The time when the first of them was written.
    pub(crate) since: Duration,
    /// The threads that wait until they are on disk (in write-ahead only).
    pub(crate) waiting: Vec<Reply<(), WriteError>>,
}

impl Entry {
    /// Receives once whether the entry is on disk, and fails if the keeper ends before.
    pub(super) fn outcome(&mut self) -> Receiver<Result<(), WriteError>> {
        let (reply, receive) = sync_channel(1);
        self.waiting.push(reply);
        receive
    }
}

/// Entries in the order in which they are handed over, with their sums.
pub(super) struct Inbox {
    entries: VecDeque<Entry>,
    pub(super) bytes: usize,
    pub(super) lines: usize,
    /// Storage for the next entry.
    spare: Vec<u8>,
    /// The limits of an entry.
    max_bytes: usize,
    max_lines: usize,
    /// A slot accepts lines. `State::collect` closes it while the handle has to take the lock of the state: in
    /// write-ahead, while memory is full or the keeper sleeps, and when the writer has ended.
    pub(super) open: bool,
}

impl Inbox {
    pub(super) fn new(settings: &Settings) -> Self {
        Inbox {
            entries: VecDeque::new(),
            bytes: 0,
            lines: 0,
            spare: Vec::new(),
            max_bytes: settings.batch_bytes,
            max_lines: settings.batch_lines,
            open: true,
        }
    }

    /// Returns `true` if the keeper should take the entries at once.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= self.max_bytes / 2 || self.lines >= self.max_lines / 2
    }

    /// Returns `true` if a slot accepts so many more bytes: all of its lines fit one entry.
    pub(super) fn has_space(&self, len: usize) -> bool {
        self.open && self.bytes.saturating_add(len) <= self.max_bytes
    }

    /// Copies lines into the latest entry of their bucket, if they fit it, or into a new one with the
    /// time `since`. Returns that entry.
    #[inline]
    pub(super) fn put(
        &mut self,
        written: &Written<'_>,
        since: impl FnOnce() -> Duration,
    ) -> Option<&mut Entry> {
        let len = written.bytes.len();
        self.bytes = self.bytes.saturating_add(len);
        self.lines = self.lines.saturating_add(written.lines);
        let (max_bytes, max_lines) = (self.max_bytes, self.max_lines);
        let fits = |entry: &mut Entry| {
            entry.precision == written.precision
                && entry.bytes.len().saturating_add(len) <= max_bytes
                && entry.lines.saturating_add(written.lines) <= max_lines
        };
        if !self.latest(written.bucket).is_some_and(fits) {
            let mut bytes = core::mem::take(&mut self.spare);
            bytes.clear();
            self.entries.push_back(Entry {
                bucket: Arc::clone(written.bucket),
                bytes,
                precision: written.precision,
                lines: 0,
                last: 0,
                since: since(),
                waiting: Vec::new(),
            });
        }
        let entry = self.latest(written.bucket)?;
        entry.last = entry.bytes.len().saturating_add(written.last);
        entry.bytes.extend_from_slice(written.bytes);
        entry.lines = entry.lines.saturating_add(written.lines);
        Some(entry)
    }

    #[inline]
    fn latest(&mut self, bucket: &Arc<str>) -> Option<&mut Entry> {
        // (The pointers are usually equal. The text is beside a reference count that other threads write to, and
        // reading it would load that cache line again.)
        let same = |own: &Arc<str>| Arc::ptr_eq(own, bucket) || own == bucket;
        let mut latest = self.entries.iter_mut().rev().take(LATEST);
        latest.find(|entry| same(&entry.bucket))
    }

    /// Moves all lines of another inbox to the end of this one.
    pub(super) fn append(&mut self, other: &mut Inbox) {
        while let Some(entry) = other.pop() {
            let written = Written {
                bucket: &entry.bucket,
                bytes: &entry.bytes,
                precision: entry.precision,
                lines: entry.lines,
                last: entry.last,
            };
            if let Some(to) = self.put(&written, || entry.since) {
                to.since = to.since.min(entry.since);
            }
            other.reuse(entry.bytes);
        }
    }

    /// Removes the oldest entry.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.bytes = self.bytes.saturating_sub(entry.bytes.len());
        self.lines = self.lines.saturating_sub(entry.lines);
        Some(entry)
    }

    /// Removes all entries.
    pub(super) fn take(&mut self) -> VecDeque<Entry> {
        (self.bytes, self.lines) = (0, 0);
        core::mem::take(&mut self.entries)
    }

    /// Keeps the storage of an entry for the next one.
    pub(super) fn reuse(&mut self, storage: Vec<u8>) {
        if (1..=MAX_SPARE).contains(&storage.capacity()) {
            self.spare = storage;
        }
    }
}

/// The inbox of one handle, with a lock that other threads take only to collect from all handles.
///
/// The alignment keeps the slots of two handles on different cache lines (128 bytes: two lines are prefetched as
/// a pair).
#[repr(align(128))]
pub(super) struct Slot(Mutex<Inbox>);

impl Slot {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut inbox = Inbox::new(settings);
        let share = settings.max_buffer_bytes / 16;
        inbox.max_bytes = inbox.max_bytes.min(MAX_SLOT).min(share);
        Slot(Mutex::new(inbox))
    }

    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, Inbox> {
        // Nothing that can panic is done under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
