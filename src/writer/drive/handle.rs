//! `WriterHandle`: the interface of a writer that runs on a thread of its own.

use super::super::account::{Outcome, Stats};
use super::super::engine::{BatchEncoder, EncoderSpec};
use super::super::lines::{LinesOutcome, WholeText};
use super::super::rejected::Rejected;
use super::inbox::{Slot, Written};
use super::shared::Shared;
use super::state::State;
use super::{write_each, write_text};
use crate::Precision;
use crate::client::WriteData;
use crate::error::{Error, PointError, WriteError};
use crate::line::{EncodeError, Schema, ToLine};
use alloc::borrow::Cow;
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
    /// A handle of the writer whose threads a process has, with a slot in its state.
    pub(super) fn new(
        shared: Arc<Shared>,
        process: u32,
        spec: EncoderSpec,
        bucket: Arc<str>,
    ) -> Self {
        let handle = WriterHandle {
            slot: Arc::new(Slot::new(&shared.settings)),
            shared,
            process,
            spec,
            scratch: Vec::new(),
            stamped: Vec::new(),
            bucket,
            closed: false,
        };
        if let Ok(mut state) = handle.state() {
            // (Which closes it if the writer has ended.)
            state.collect(&handle.slot);
            state.slots.push(Arc::clone(&handle.slot));
        }
        handle
    }

    /// A child that was forked has neither the threads nor, perhaps, the locks. (A system call for each
    /// item: without it a child's lines would be accepted, and lost.)
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

    /// As [`Writer::write`](crate::writer::Writer::write). Blocks only with
    /// [`OverflowPolicy::Block`](crate::writer::OverflowPolicy::Block), in
    /// [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead) until the point is on disk, and while other
    /// handles copy.
    ///
    /// # Errors
    /// Returns the same errors as [`Writer::write`](crate::writer::Writer::write),
    /// [`WriteError::Closed`] if the writer has ended, [`WriteError::Forked`] in a process forked
    /// after [`spawn`](crate::writer::Writer::spawn), and in write-ahead [`WriteError::OwnThread`]
    /// in an event listener.
    pub fn write(&mut self, item: impl WriteData) -> Result<(), WriteError> {
        self.write_data(None, &item)
    }

    /// As [`Writer::write_with`](crate::writer::Writer::write_with).
    ///
    /// # Errors
    /// Returns the same errors as [`write`](WriterHandle::write).
    pub fn write_with(
        &mut self,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        self.encode(None, encode)
    }

    /// As [`Writer::serialize`](crate::writer::Writer::serialize).
    ///
    /// # Errors
    /// Returns the same errors as [`write`](WriterHandle::write).
    pub fn serialize<T: serde::Serialize + ?Sized>(
        &mut self,
        schema: &Schema<'_>,
        value: &T,
    ) -> Result<(), WriteError> {
        self.write_with(|enc| Ok(enc.serialize(schema, value)?))
    }

    /// As [`Writer::write_to`](crate::writer::Writer::write_to).
    ///
    /// # Errors
    /// Returns the same errors as [`write`](WriterHandle::write), and [`WriteError::BucketName`] if
    /// no bucket can have that name.
    pub fn write_to(&mut self, bucket: &str, item: impl WriteData) -> Result<(), WriteError> {
        self.write_data(Some(&bucket.into()), &item)
    }

    /// `other`: not the handle's own bucket.
    fn write_data(
        &mut self,
        other: Option<&Arc<str>>,
        item: &impl WriteData,
    ) -> Result<(), WriteError> {
        let Some(lines) = item.encoded() else {
            return self.encode(other, |enc| item.encode_into(enc));
        };
        self.check_process()?;
        let text = WholeText::new(&lines)
            .map_err(|error| self.shared.refused(WriteError::Syntax(error)))?;
        match text.bytes {
            Cow::Owned(bytes) => self.scratch = bytes,
            Cow::Borrowed(bytes) => {
                self.scratch.clear();
                self.scratch.extend_from_slice(bytes);
            }
        }
        self.hand_over(other, lines.precision, text.lines, text.untimed)
    }

    /// `other`: not the handle's own bucket.
    fn encode(
        &mut self,
        other: Option<&Arc<str>>,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        self.check_process()?;
        let mut enc = self.spec.encoder(&mut self.scratch, 0);
        if let Err(error) = encode(&mut enc) {
            let error = match error {
                EncodeError::BufferFull => WriteError::TooLarge(self.spec.batch_bytes),
                error => PointError::of_next(&enc, error).into(),
            };
            return Err(self.shared.refused(error));
        }
        let (len, lines, untimed) = (enc.as_bytes().len(), enc.line_count(), enc.untimed_count());
        let left_out = (enc.skipped(), enc.empty_tags());
        self.scratch.truncate(len);
        self.hand_over(other, self.spec.precision, lines, untimed > 0)?;
        if left_out != (0, 0) {
            self.shared.state().account.left_out(left_out);
        }
        Ok(())
    }

    /// Hands over the lines that stand in `scratch`.
    #[inline]
    fn hand_over(
        &mut self,
        other: Option<&Arc<str>>,
        precision: Precision,
        lines: usize,
        untimed: bool,
    ) -> Result<(), WriteError> {
        if let Some(bucket) = other {
            let checked = self.shared.settings.check_bucket(bucket);
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
            // A long line is not held twice.
            if storage.capacity() > MAX_SCRATCH {
                *storage = Vec::new();
            }
        }
        taken
    }

    /// As [`Writer::write_each`](crate::writer::Writer::write_each).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # use influx_edge::{line::Point, writer::OverflowPolicy};
    /// # let mut handle = client.writer("sensors").build()?.spawn(OverflowPolicy::Block(std::time::Duration::from_secs(1)))?;
    /// handle.write_each((0..1_000).map(|n| Point::new("t").field("v", n)))?;
    /// # assert_eq!(handle.close()?.delivered, 1_000);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`write`](WriterHandle::write), for the first item that isn't
    /// taken. Those before it were.
    pub fn write_each<I: ToLine>(
        &mut self,
        items: impl IntoIterator<Item = I>,
    ) -> Result<(), WriteError> {
        write_each(items, |item| self.write(item))
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
        self.write_text(None, text, precision)
    }

    /// As [`write_lines`](WriterHandle::write_lines), for another bucket.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # use influx_edge::{Precision, writer::OverflowPolicy};
    /// # let mut handle = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
    /// assert!(handle.write_lines_to("alarms", "door open=true 60\n", Precision::Second).is_complete());
    /// # assert_eq!(handle.close()?.delivered, 1);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn write_lines_to(
        &mut self,
        bucket: &str,
        text: &str,
        precision: Precision,
    ) -> LinesOutcome {
        self.write_text(Some(&bucket.into()), text, precision)
    }

    fn write_text(
        &mut self,
        other: Option<&Arc<str>>,
        text: &str,
        precision: Precision,
    ) -> LinesOutcome {
        write_text(text, |line| {
            self.check_process()?;
            let line = line.map_err(|error| self.shared.refused(error))?;
            self.scratch.clear();
            self.scratch.extend_from_slice(line.bytes);
            self.scratch.push(b'\n');
            self.hand_over(other, precision, 1, !line.has_time)
        })
    }

    /// As [`Writer::flush`](crate::writer::Writer::flush), for everything that any handle has written until now.
    ///
    /// # Errors
    /// Returns the same errors as [`Writer::flush`](crate::writer::Writer::flush); a
    /// [`FlushError`](crate::FlushError) with the number of lines that were lost if the writer has
    /// ended, or [`WriteError::Closed`] if none were; [`WriteError::OwnThread`] in an event
    /// listener, and [`WriteError::Forked`] in a process forked later.
    pub fn flush(&self) -> Result<Outcome, Error> {
        self.flush_within(self.shared.settings.flush_timeout)
    }

    /// The same with a limit of its own: it returns by then, though a request is out that takes
    /// longer. With a spool that has space the lines are on disk by then. Only a disk that blocks makes it take up to 2 s more.
    ///
    /// # Errors
    /// Returns the same errors as [`flush`](WriterHandle::flush).
    pub fn flush_within(&self, limit: Duration) -> Result<Outcome, Error> {
        self.check_process()?;
        self.shared.ask(limit, false)
    }

    /// As [`Writer::close`](crate::writer::Writer::close), for all handles: they refuse from now on.
    ///
    /// # Errors
    /// Returns the same errors as [`Writer::close`](crate::writer::Writer::close), and those of
    /// [`flush`](WriterHandle::flush) if the writer has ended, in an event listener, and in a
    /// process forked later.
    pub fn close(self) -> Result<Outcome, Error> {
        let limit = self.shared.settings.flush_timeout;
        self.close_within(limit)
    }

    /// As [`Writer::close_within`](crate::writer::Writer::close_within), for all handles.
    ///
    /// # Errors
    /// Returns the same errors as [`close`](WriterHandle::close).
    pub fn close_within(mut self, limit: Duration) -> Result<Outcome, Error> {
        self.closed = true;
        self.check_process()?;
        self.shared.ask(limit, true)
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
        state.map_or_else(|_| Stats::default(), |mut state| state.stats())
    }

    /// As [`Writer::last_error`](crate::writer::Writer::last_error): what the last attempt failed with;
    /// none once one has succeeded, and in a process forked later. Doesn't wait for a request that is out.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # use influx_edge::writer::OverflowPolicy;
    /// # let handle = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
    /// if let Some(error) = handle.last_error() {
    ///     eprintln!("{error}");
    /// }
    /// # assert!(handle.last_error().is_none());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn last_error(&self) -> Option<Arc<Error>> {
        self.state().ok()?.last_error.clone()
    }

    /// As [`Writer::take_rejected`](crate::writer::Writer::take_rejected). Doesn't wait for a request that is
    /// out.
    #[must_use]
    pub fn take_rejected(&self) -> Vec<Rejected> {
        let state = self.state();
        state.map_or_else(|_| Vec::new(), |mut state| state.rejected.take().collect())
    }
}

impl Clone for WriterHandle {
    fn clone(&self) -> Self {
        if let Ok(mut state) = self.state() {
            // What comes through the new one is newer.
            state.collect(&self.slot);
        }
        let (shared, bucket) = (Arc::clone(&self.shared), Arc::clone(&self.bucket));
        WriterHandle::new(shared, self.process, self.spec.clone(), bucket)
    }
}

/// The last handle waits until the writer has closed itself, for its `flush_timeout` at most. In the
/// writer's own thread, and in a process that was forked, it doesn't wait.
impl Drop for WriterHandle {
    fn drop(&mut self) {
        if self.check_process().is_ok() {
            self.shared.leave(&self.slot, !self.closed);
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
