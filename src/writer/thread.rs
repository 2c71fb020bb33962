//! `Writer::spawn`: runs a writer on a thread of its own.
//!
//! The thread owns the writer. Handles, one or more for each of the program's threads, encode for
//! themselves and hand over whole lines through an inbox, under a lock that is never held while
//! anything is sent.

use super::handle::Writer;
use super::inbox::{Command, Letter, Limits, Shared, State};
use super::remote::WriterHandle;
use super::stamp::Stamper;
use crate::OverflowPolicy;
use crate::error::Error;
use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

impl Writer {
    /// Gives the writer a thread of its own, and this program a handle to it.
    ///
    /// The limit on memory, [`max_buffer_bytes`](super::WriterBuilder::max_buffer_bytes), now covers
    /// what waits for the thread as well; what happens there is for `policy` to say, in place
    /// of [`overflow_policy`](super::WriterBuilder::overflow_policy). Events are told in that thread.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::writer::OverflowPolicy;
    ///
    /// let handle = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
    /// let mut mine = handle.clone(); // one for each thread that writes
    /// mine.write_with(|enc| enc.line("t").field("v", 1).finish())?;
    /// println!("{}", handle.flush()?);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// The system has no thread to give. The writer is closed then, within its `flush_timeout`.
    pub fn spawn(mut self, policy: OverflowPolicy) -> Result<WriterHandle, Error> {
        let core = &mut self.core;
        core.settings.send_in_write = false;
        core.settings.overflow_policy = match policy {
            OverflowPolicy::DropOldest => OverflowPolicy::DropOldest,
            _ => OverflowPolicy::Reject,
        };
        let bucket = core.lanes.first().map(|lane| lane.bucket.clone());
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                published: core.stats(),
                core_bytes: core.bytes,
                handles: 1,
                ..State::default()
            }),
            to_owner: Condvar::new(),
            to_handles: Condvar::new(),
            limits: Limits {
                batch_lines: core.settings.batch_lines,
                batch_bytes: core.settings.batch_bytes,
                max_bytes: core.settings.max_buffer_bytes,
                interval: core.settings.flush_interval,
                flush_timeout: core.settings.flush_timeout,
                policy,
            },
            thread: Mutex::new(None),
        });
        let spec = core.spec.clone();
        let stamper = Stamper::new(core.settings.precision, core.settings.guard);
        let owner = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("influx-edge writer".to_string())
            .spawn(move || own(self, &owner))
            .map_err(|e| Error::config(alloc::format!("cannot start the writer's thread: {e}")))?;
        *shared.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        let bucket = bucket.unwrap_or_default();
        Ok(WriterHandle::new(shared, spec, stamper, bucket))
    }
}

/// The thread.
fn own(mut writer: Writer, shared: &Shared) {
    let ended = catch_unwind(AssertUnwindSafe(|| serve(&mut writer, shared)));
    if ended.is_err() {
        // Whatever state it is in, it is not to send any more.
        writer.core.closed = true;
    }
    let mut state = shared.state();
    state.ended = true;
    // Only a panic leaves something. The account is closed with it.
    let mut all = state.stats();
    all.dropped.panicked = all.dropped.panicked.saturating_add(all.buffered);
    (all.buffered, all.buffered_bytes) = (0, 0);
    state.published = all;
    (state.dropped, state.not_accepted) = (0, 0);
    (state.inbox_lines, state.inbox_bytes) = (0, 0);
    (state.in_hand, state.core_bytes) = (0, 0);
    state.inbox.clear();
    state.gone = true;
    // Whoever waits for a reply hears that there is none.
    state.commands.clear();
    drop(state);
    shared.to_handles.notify_all();
}

fn serve(writer: &mut Writer, shared: &Shared) {
    let mut wait = None;
    loop {
        let (letters, commands, last) = next(shared, wait);
        let mut spare = None;
        for letter in letters {
            let lane = writer.core.lane(&letter.bucket);
            writer.core.take_over(lane, &letter.bytes, letter.lines);
            spare = Some(letter.bytes);
        }
        let due = writer.core.poll();
        publish(writer, shared, spare);
        for command in commands {
            let (reply, outcome, end) = match command {
                Command::Rejected(reply) => {
                    let _ = reply.send(writer.take_rejected().collect());
                    continue;
                }
                Command::Flush(limit, reply) => (reply, writer.flush_within(limit), false),
                Command::Close(limit, reply) => {
                    // Nothing comes after this; what came until now is taken along.
                    for letter in shared.last_letters() {
                        let lane = writer.core.lane(&letter.bucket);
                        writer.core.take_over(lane, &letter.bytes, letter.lines);
                    }
                    (reply, writer.core.close(limit), true)
                }
            };
            publish(writer, shared, None);
            let _ = reply.send(outcome);
            if end {
                return;
            }
        }
        if last {
            let limit = shared.limits.flush_timeout;
            if let Err(error) = writer.core.close(limit) {
                if writer.core.listener.is_none() {
                    std::eprintln!("influx-edge: a writer was dropped: {error}");
                }
            }
            publish(writer, shared, None);
            return;
        }
        let stats = writer.core.stats();
        let busy = stats.buffered > 0 || stats.spooled > 0;
        // Half an interval, so that nothing waits for much longer than a whole one.
        wait = busy.then(|| due.min(shared.limits.interval / 2));
    }
}

/// Waits for something to do, for so long at most, and takes it.
fn next(shared: &Shared, wait: Option<Duration>) -> (VecDeque<Letter>, VecDeque<Command>, bool) {
    let mut state = shared.state();
    let start = Instant::now();
    loop {
        let full = state.inbox_bytes >= shared.limits.batch_bytes / 2
            || state.inbox_lines >= shared.limits.batch_lines / 2;
        let left = match wait {
            Some(wait) => wait.saturating_sub(start.elapsed()),
            // From idleness: what has come may wait for company.
            None if state.inbox_lines > 0 => {
                (shared.limits.interval / 2).saturating_sub(start.elapsed())
            }
            None => Duration::MAX,
        };
        if full || left.is_zero() || !state.commands.is_empty() || state.handles == 0 {
            break;
        }
        state.idle = wait.is_none() && state.inbox_lines == 0;
        state = if left == Duration::MAX {
            let waited = shared.to_owner.wait(state);
            waited.unwrap_or_else(PoisonError::into_inner)
        } else {
            match shared.to_owner.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            }
        };
    }
    state.idle = false;
    let letters = state.take_inbox();
    let commands = core::mem::take(&mut state.commands);
    (letters, commands, state.handles == 0)
}

fn publish(writer: &Writer, shared: &Shared, spare: Option<Vec<u8>>) {
    let stats = writer.core.stats();
    let mut state = shared.state();
    state.published = stats;
    state.in_hand = 0;
    state.core_bytes = writer.core.bytes;
    if spare.is_some() {
        state.spare = spare;
    }
    drop(state);
    shared.to_handles.notify_all();
}
