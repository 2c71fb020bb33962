//! `Handle`: the driver of a writer that runs on threads of its own, as its callers have it.

use super::super::account::{Outcome, Stats};
use super::super::engine::not_encoded;
use super::super::lines::{LinesOutcome, WholeText};
use super::super::rejected::Rejected;
use super::super::settings::{BatchEncoder, Settings};
use super::driver::Driver;
use super::inbox::{Slot, Written};
use super::shared::Shared;
use super::state::State;
use super::write_text;
use crate::Precision;
use crate::client::WriteData;
use crate::error::{Error, WriteError};
use crate::line::EncodeError;
use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::MutexGuard;

/// Longer storage for one item is given back after it.
const MAX_SCRATCH: usize = 64 << 10;

/// Hands lines over to the threads of a writer: the driver of a
/// [`WriterHandle`](crate::writer::WriterHandle).
pub struct Handle {
    shared: Arc<Shared>,
    /// The process that has the writer's threads.
    process: u32,
    /// Its own part of the inbox.
    slot: Arc<Slot>,
    /// A copy: those in `shared` may be on a cache line that other threads write to.
    settings: Settings,
    /// Storage for an item,
    scratch: Vec<u8>,
    /// and for the same with times.
    stamped: Vec<u8>,
    bucket: Arc<str>,
    /// `close` was called: a drop doesn't wait again.
    closed: bool,
}

impl Handle {
    /// A handle with a slot in the common state. `process` has the writer's threads.
    pub(super) fn new(shared: Arc<Shared>, process: u32, bucket: Arc<str>) -> Self {
        let handle = Handle {
            slot: Arc::new(Slot::new(&shared.settings)),
            settings: shared.settings.clone(),
            shared,
            process,
            scratch: Vec::new(),
            stamped: Vec::new(),
            bucket,
            closed: false,
        };
        if let Ok(mut state) = handle.state() {
            // (This closes the slot if the writer has ended.)
            state.collect(&handle.slot);
            state.slots.push(Arc::clone(&handle.slot));
        }
        handle
    }

    /// Refuses calls in a forked child, which doesn't have the threads, and whose copies of the locks may be held
    /// for ever. (This is a system call for each item. Without it a child's lines would be accepted, and lost.)
    #[inline]
    fn check_process(&self) -> Result<(), WriteError> {
        match self.process == std::process::id() {
            true => Ok(()),
            false => Err(WriteError::Forked),
        }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, WriteError> {
        self.check_process().map(|()| self.shared.state())
    }

    fn limit(&self, limit: Option<Duration>) -> Duration {
        limit.unwrap_or(self.settings.flush_timeout)
    }

    /// `other`: a bucket that is not the handle's own.
    fn encode(
        &mut self,
        other: Option<&Arc<str>>,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        self.check_process()?;
        let mut enc = self.settings.encoder(&mut self.scratch, 0);
        if let Err(error) = encode(&mut enc) {
            let error = not_encoded(&enc, error, self.settings.batch_bytes);
            return Err(self.shared.refused(error));
        }
        let (len, lines, untimed) = (enc.as_bytes().len(), enc.line_count(), enc.untimed_count());
        let left_out = (enc.skipped(), enc.empty_tags());
        self.scratch.truncate(len);
        self.hand_over(other, self.settings.precision, lines, untimed > 0)?;
        if left_out != (0, 0) {
            self.shared.state().account.left_out(left_out);
        }
        Ok(())
    }

    fn hand_over_text(
        &mut self,
        other: Option<&Arc<str>>,
        precision: Precision,
        text: WholeText<'_>,
    ) -> Result<(), WriteError> {
        match text.bytes {
            Cow::Owned(bytes) => self.scratch = bytes,
            Cow::Borrowed(bytes) => {
                self.scratch.clear();
                self.scratch.extend_from_slice(bytes);
            }
        }
        if self.scratch.last().is_some_and(|last| *last != b'\n') {
            self.scratch.push(b'\n');
        }
        self.hand_over(other, precision, text.lines, text.untimed)
    }

    /// Hands over the lines in `scratch`.
    #[inline]
    fn hand_over(
        &mut self,
        other: Option<&Arc<str>>,
        precision: Precision,
        lines: usize,
        untimed: bool,
    ) -> Result<(), WriteError> {
        if let Some(bucket) = other {
            let checked = self.settings.check_bucket(bucket);
            checked.map_err(|error| self.shared.refused(error))?;
        }
        let written = Written {
            bucket: other.unwrap_or(&self.bucket),
            bytes: &self.scratch,
            precision,
            lines,
            last: 0,
        };
        let stamped = untimed.then_some(&mut self.stamped);
        let taken = self.shared.take(&self.slot, written, stamped);
        for storage in [&mut self.scratch, &mut self.stamped] {
            // (A long line doesn't keep its storage.)
            if storage.capacity() > MAX_SCRATCH {
                *storage = Vec::new();
            }
        }
        taken
    }
}

impl Driver for Handle {
    fn write(&mut self, bucket: Option<&str>, data: &impl WriteData) -> Result<(), WriteError> {
        let other = bucket.map(Arc::from);
        let Some(lines) = data.encoded() else {
            return self.encode(other.as_ref(), |enc| data.encode_into(enc));
        };
        self.check_process()?;
        let text = WholeText::new(&lines)
            .map_err(|error| self.shared.refused(WriteError::Syntax(error)))?;
        self.hand_over_text(other.as_ref(), lines.precision, text)
    }

    fn write_with(
        &mut self,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        self.encode(None, encode)
    }

    fn write_lines(
        &mut self,
        bucket: Option<&str>,
        text: &str,
        precision: Precision,
    ) -> LinesOutcome {
        let other = bucket.map(Arc::from);
        write_text(text, |line| {
            self.check_process()?;
            let line = line.map_err(|error| self.shared.refused(error))?;
            self.hand_over_text(other.as_ref(), precision, WholeText::of_line(&line))
        })
    }

    fn flush(&mut self, limit: Option<Duration>) -> Result<Outcome, Error> {
        self.check_process()?;
        self.shared.ask(self.limit(limit), false)
    }

    fn close(&mut self, limit: Option<Duration>) -> Result<Outcome, Error> {
        self.closed = true;
        self.check_process()?;
        self.shared.ask(self.limit(limit), true)
    }

    fn stats(&self) -> Stats {
        let state = self.state();
        state.map_or_else(|_| Stats::default(), |mut state| state.stats())
    }

    fn last_error(&self) -> Option<Arc<Error>> {
        self.state().ok()?.last_error.clone()
    }

    fn take_rejected(&mut self) -> Vec<Rejected> {
        let state = self.state();
        state.map_or_else(|_| Vec::new(), |mut state| state.rejected.take().collect())
    }
}

impl Clone for Handle {
    fn clone(&self) -> Self {
        if let Ok(mut state) = self.state() {
            // What is written through the new handle is newer.
            state.collect(&self.slot);
        }
        let (shared, bucket) = (Arc::clone(&self.shared), Arc::clone(&self.bucket));
        Handle::new(shared, self.process, bucket)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.check_process().is_ok() {
            self.shared.leave(&self.slot, !self.closed);
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriterHandle")
            .field("bucket", &self.bucket)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "../tests/handle.rs"]
mod tests;
