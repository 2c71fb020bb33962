//! `WriterHandle`: the interface of a writer that runs on a thread of its own.

use super::super::account::{Outcome, Stats};
use super::super::engine::{BatchEncoder, EncoderSpec};
use super::super::lines::LinesOutcome;
use super::super::rejected::Rejected;
use super::inbox::{Command, Shared, State};
use super::slot::Slot;
use crate::Precision;
use crate::error::{Error, PointError, WriteError};
use crate::line::{EncodeError, ToLine, text_lines};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::MutexGuard;

/// Longer storage for one item is given back after it.
const MAX_SCRATCH: usize = 64 << 10;

/// A handle to a [`Writer`](crate::writer::Writer) that has threads of its own. Clone it for each thread
/// that writes.
///
/// The lines of one handle keep their order, behind what was written before through the handle it was cloned
/// from, and before what is written after it was dropped. Otherwise there is no order between two handles
/// until one of them flushes: write corrections of a point through the same one.
///
/// When the last handle is dropped without [`close`](WriterHandle::close), the writer closes itself
/// within its `flush_timeout`, and the drop waits for it as long and 1 s more. `Drop` runs neither for a
/// `static` nor in `std::process::exit`: [`flush`](WriterHandle::flush) or close before.
///
/// What the last attempt failed with is emitted as [`Event::Failed`](crate::writer::Event::Failed); a handle
/// has no [`last_error`](crate::writer::Writer::last_error).
///
/// ```
/// use influx_edge::line::Point;
/// use influx_edge::writer::OverflowPolicy;
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
///
/// let mut w = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
/// let mut other = w.clone();
/// std::thread::spawn(move || other.write(&Point::new("weather").field("temp_c", 21.5)));
/// w.write(&Point::new("load").field("one", 0.5))?;
/// println!("{}", w.close()?);
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub struct WriterHandle {
    shared: Arc<Shared>,
    /// The process that has the writer's threads.
    process: u32,
    /// Where its lines go first.
    slot: Arc<Slot>,
    spec: EncoderSpec,
    /// Where an item is encoded,
    scratch: Vec<u8>,
    /// and where it gets its times.
    stamped: Vec<u8>,
    bucket: Arc<str>,
    /// It has waited for the writer's end already.
    closed: bool,
}

impl WriterHandle {
    /// The first one.
    pub(super) fn new(shared: Arc<Shared>, spec: EncoderSpec, bucket: Arc<str>) -> Self {
        let slot = Arc::new(Slot::default());
        shared.state().slots.push(Arc::clone(&slot));
        WriterHandle {
            shared,
            process: std::process::id(),
            slot,
            spec,
            scratch: Vec::new(),
            stamped: Vec::new(),
            bucket,
            closed: false,
        }
    }

    /// A child that was forked has neither the threads nor, perhaps, the locks.
    #[inline]
    fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// The same as an error.
    #[inline]
    fn check_process(&self) -> Result<(), WriteError> {
        match self.is_ours() {
            true => Ok(()),
            false => Err(WriteError::Forked),
        }
    }

    fn state(&self) -> Option<MutexGuard<'_, State>> {
        self.is_ours().then(|| self.shared.state())
    }

    /// As [`Writer::write`](crate::writer::Writer::write). Blocks only with
    /// [`OverflowPolicy::Block`](crate::writer::OverflowPolicy::Block), in
    /// [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead) until the point is on disk, and while other
    /// handles copy.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # use influx_edge::{line::Point, writer::OverflowPolicy};
    /// # let mut handle = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
    /// handle.write(&Point::new("weather").field("temp_c", 21.5))?;
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Writer::write`](crate::writer::Writer::write); [`WriteError::Closed`] when the writer has ended,
    /// [`WriteError::Forked`] in a process forked after [`spawn`](crate::writer::Writer::spawn), and in write-ahead
    /// [`WriteError::OwnThread`] in an event listener.
    pub fn write(&mut self, item: &(impl ToLine + ?Sized)) -> Result<(), WriteError> {
        self.write_with(|enc| item.to_line(enc))
    }

    /// As [`Writer::write_with`](crate::writer::Writer::write_with).
    ///
    /// # Errors
    /// As [`write`](WriterHandle::write).
    pub fn write_with(
        &mut self,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        self.hand_over(None, encode)
    }

    /// As [`Writer::write_to`](crate::writer::Writer::write_to).
    ///
    /// # Errors
    /// As [`write`](WriterHandle::write).
    pub fn write_to(
        &mut self,
        bucket: &str,
        item: &(impl ToLine + ?Sized),
    ) -> Result<(), WriteError> {
        self.hand_over(Some(bucket.into()), |enc| item.to_line(enc))
    }

    /// `other`: not the handle's own bucket.
    fn hand_over(
        &mut self,
        other: Option<Arc<str>>,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        // (A call of the system for each item: without it a child's lines would be Ok, and nowhere.)
        self.check_process()?;
        let mut enc = self.spec.encoder(&mut self.scratch, 0);
        if let Err(error) = encode(&mut enc) {
            let error = match error {
                EncodeError::BufferFull => WriteError::TooLarge(self.shared.limits.batch_bytes),
                error => PointError::of_next(&enc, error).into(),
            };
            return Err(self.shared.refused(error));
        }
        let (lines, untimed) = (enc.line_count(), enc.untimed_count() > 0);
        let stamped = untimed.then_some(&mut self.stamped);
        let left_out = (enc.skipped(), enc.empty_tags());
        let bytes = (enc.as_bytes(), self.spec.precision);
        let bucket = other.as_ref().unwrap_or(&self.bucket);
        let taken = self.shared.take(&self.slot, bucket, bytes, lines, stamped);
        if left_out != (0, 0) && taken.is_ok() {
            self.shared.left_out(left_out);
        }
        for storage in [&mut self.scratch, &mut self.stamped] {
            // A long line is not held twice.
            if storage.capacity() > MAX_SCRATCH {
                *storage = Vec::new();
            }
        }
        taken
    }

    /// As [`Writer::write_lines`](crate::writer::Writer::write_lines).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # use influx_edge::{Precision, writer::OverflowPolicy};
    /// # let mut handle = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
    /// assert_eq!(handle.write_lines("t v=1i 60\nt v=2i 61\n", Precision::Second).accepted, 2);
    /// # handle.close()?;
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn write_lines(&mut self, text: &str, precision: Precision) -> LinesOutcome {
        let mut outcome = LinesOutcome::default();
        let ours = self.check_process();
        for (number, line) in text_lines(text) {
            let taken = match line {
                _ if ours.is_err() => ours.clone(),
                Ok(line) => {
                    self.scratch.clear();
                    self.scratch.extend_from_slice(line.bytes);
                    self.scratch.push(b'\n');
                    let stamped = (!line.has_time).then_some(&mut self.stamped);
                    let bytes = (&*self.scratch, precision);
                    self.shared
                        .take(&self.slot, &self.bucket, bytes, 1, stamped)
                }
                Err(error) => Err(self.shared.refused(WriteError::Syntax(error))),
            };
            match taken {
                Ok(()) => outcome.accepted = outcome.accepted.saturating_add(1),
                Err(error) => outcome.rejected.push((number, error)),
            }
        }
        outcome
    }

    /// As [`Writer::flush`](crate::writer::Writer::flush), for everything that any handle has written until now.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # use influx_edge::writer::OverflowPolicy;
    /// # let handle = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
    /// println!("{}", handle.flush()?); // everything any handle wrote until now
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Writer::flush`](crate::writer::Writer::flush); of a writer that has ended a
    /// [`FlushError`](crate::FlushError) with the number of lines that were lost, or
    /// [`WriteError::Closed`] if none were; [`WriteError::OwnThread`] in
    /// an event listener, [`WriteError::Forked`] in a process forked later.
    pub fn flush(&self) -> Result<Outcome, Error> {
        self.flush_within(self.shared.limits.flush_timeout)
    }

    /// The same with a limit of its own: it returns by then, though a request is out that takes
    /// longer. With a spool that has space the lines are on disk by then. Only a disk that blocks makes it take up to 2 s more.
    ///
    /// # Errors
    /// As [`flush`](WriterHandle::flush).
    pub fn flush_within(&self, limit: Duration) -> Result<Outcome, Error> {
        self.check_process()?;
        self.shared.ask(limit, Command::Flush)
    }

    /// As [`Writer::close`](crate::writer::Writer::close), for all handles: they refuse from now on.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # use influx_edge::writer::OverflowPolicy;
    /// # let handle = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
    /// println!("{}", handle.close()?); // the other handles refuse from now on
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Writer::close`](crate::writer::Writer::close).
    pub fn close(self) -> Result<Outcome, Error> {
        let limit = self.shared.limits.flush_timeout;
        self.close_within(limit)
    }

    /// As [`Writer::close_within`](crate::writer::Writer::close_within), for all handles.
    ///
    /// # Errors
    /// As [`Writer::close`](crate::writer::Writer::close).
    pub fn close_within(mut self, limit: Duration) -> Result<Outcome, Error> {
        self.closed = true;
        self.check_process()?;
        self.shared.ask(limit, Command::Close)
    }

    /// The number of lines in each place so far, over all handles. Balanced at every moment; all zero in a
    /// process forked later.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # use influx_edge::writer::OverflowPolicy;
    /// # let handle = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
    /// assert!(handle.stats().is_balanced());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        let state = self.state();
        state.map_or_else(Stats::default, |state| state.stats(&self.shared.limits))
    }

    /// As [`Writer::take_rejected`](crate::writer::Writer::take_rejected). Doesn't wait for a request that is
    /// out.
    #[must_use]
    pub fn take_rejected(&self) -> Vec<Rejected> {
        let state = self.state();
        state.map_or_else(Vec::new, |mut state| state.rejected.take().collect())
    }
}

impl Clone for WriterHandle {
    fn clone(&self) -> Self {
        let slot = Arc::new(Slot::default());
        if self.is_ours() {
            // What comes through the new one is newer.
            self.shared.collect(&self.slot);
            let mut state = self.shared.state();
            state.handles = state.handles.saturating_add(1);
            state.slots.push(Arc::clone(&slot));
        }
        WriterHandle {
            shared: Arc::clone(&self.shared),
            process: self.process,
            slot,
            spec: self.spec.clone(),
            scratch: Vec::new(),
            stamped: Vec::new(),
            bucket: Arc::clone(&self.bucket),
            closed: false,
        }
    }
}

/// The last handle waits until the writer has closed itself, for its `flush_timeout` at most. In the
/// writer's own thread, and in a process that was forked, it doesn't wait.
impl Drop for WriterHandle {
    fn drop(&mut self) {
        if !self.is_ours() {
            return;
        }
        self.shared.collect(&self.slot);
        let mut state = self.shared.state();
        state.slots.retain(|slot| !Arc::ptr_eq(slot, &self.slot));
        state.handles = state.handles.saturating_sub(1);
        if state.handles > 0 {
            return;
        }
        self.shared.to_keeper.notify_all();
        if !self.closed && !self.shared.is_keeper() {
            let limit = self.shared.limits.flush_timeout;
            let limit = limit.saturating_add(Duration::from_secs(1));
            drop(self.shared.wait_until_gone(state, limit));
        }
    }
}

impl fmt::Debug for WriterHandle {
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
