//! `WriterHandle`: the interface of a writer that runs on a thread of its own.

use super::account::{Outcome, Stats};
use super::core::{BatchEncoder, EncoderSpec};
use super::inbox::{Command, Shared};
use super::rejected::Rejected;
use super::seams::SystemClock;
use super::stamp::Stamper;
use crate::error::{Error, PointError, WriteError};
use crate::line::{EncodeError, ToLine};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::PoisonError;
use std::sync::mpsc::sync_channel;

/// A handle to a [`Writer`](super::Writer) that has a thread of its own. Clone it for each thread
/// that writes.
///
/// When the last handle is dropped without [`close`](WriterHandle::close), the writer closes itself
/// within its `flush_timeout`, and the drop waits for it.
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
    spec: EncoderSpec,
    /// Where an item is encoded.
    scratch: Vec<u8>,
    stamper: Stamper,
    clock: SystemClock,
    bucket: String,
}

impl WriterHandle {
    /// The first one.
    pub(super) fn new(
        shared: Arc<Shared>,
        spec: EncoderSpec,
        stamper: Stamper,
        bucket: String,
    ) -> Self {
        WriterHandle {
            shared,
            spec,
            scratch: Vec::new(),
            stamper,
            clock: SystemClock::new(),
            bucket,
        }
    }

    /// As [`Writer::write`](super::Writer::write). Blocks only in
    /// [`OverflowPolicy::Block`](super::OverflowPolicy::Block), and for other handles' copying.
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
    /// As [`Writer::write`](super::Writer::write); and [`WriteError::Closed`] when the writer has ended.
    pub fn write(&mut self, item: &(impl ToLine + ?Sized)) -> Result<(), WriteError> {
        self.write_with(|enc| item.to_line(enc))
    }

    /// As [`Writer::write_with`](super::Writer::write_with).
    ///
    /// # Errors
    /// As [`write`](WriterHandle::write).
    pub fn write_with(
        &mut self,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        let bucket = core::mem::take(&mut self.bucket);
        let taken = self.encode_to(&bucket, encode);
        self.bucket = bucket;
        taken
    }

    /// As [`Writer::write_to`](super::Writer::write_to).
    ///
    /// # Errors
    /// As [`write`](WriterHandle::write).
    pub fn write_to(
        &mut self,
        bucket: &str,
        item: &(impl ToLine + ?Sized),
    ) -> Result<(), WriteError> {
        self.encode_to(bucket, |enc| item.to_line(enc))
    }

    fn encode_to(
        &mut self,
        bucket: &str,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        let taken = self.hand_over(bucket, encode);
        if taken.is_err() {
            let mut state = self.shared.state();
            state.not_accepted = state.not_accepted.saturating_add(1);
        }
        taken
    }

    fn hand_over(
        &mut self,
        bucket: &str,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        let mut enc = self.spec.encoder(&mut self.scratch, 0);
        match encode(&mut enc) {
            Ok(()) => {}
            Err(EncodeError::BufferFull) => {
                return Err(WriteError::TooLarge(self.shared.limits.batch_bytes));
            }
            Err(error) => return Err(PointError::of_next(&enc, error).into()),
        }
        let lines = enc.line_count();
        if enc.untimed_count() == 0 {
            return self.shared.take(bucket, enc.as_bytes(), lines);
        }
        let stamped = self.stamper.stamp(enc.as_bytes(), &self.clock)?;
        let taken = self.shared.take(bucket, &stamped, lines);
        self.stamper.reuse(stamped);
        taken
    }

    /// As [`Writer::flush`](super::Writer::flush), for everything that any handle has written until now.
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
    /// As [`Writer::flush`](super::Writer::flush); a writer that has ended is
    /// [`FlushError`](crate::FlushError) with what was lost.
    pub fn flush(&self) -> Result<Outcome, Error> {
        let limit = self.shared.limits.flush_timeout;
        self.shared.ask(|response| Command::Flush(limit, response))
    }

    /// As [`Writer::close`](super::Writer::close), for all handles: they refuse from now on.
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
    /// As [`Writer::close`](super::Writer::close).
    pub fn close(self) -> Result<Outcome, Error> {
        let limit = self.shared.limits.flush_timeout;
        self.close_within(limit)
    }

    /// As [`Writer::close_within`](super::Writer::close_within), for all handles.
    ///
    /// # Errors
    /// As [`Writer::close`](super::Writer::close).
    pub fn close_within(self, limit: Duration) -> Result<Outcome, Error> {
        self.shared.ask(|response| Command::Close(limit, response))
    }

    /// The account of every line so far, over all handles. It closes at every moment.
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
        self.shared.state().stats()
    }

    /// As [`Writer::take_rejected`](super::Writer::take_rejected). Waits until the thread is between
    /// two requests; nothing if it has ended.
    #[must_use]
    pub fn take_rejected(&self) -> Vec<Rejected> {
        let (response, receive) = sync_channel(1);
        if !self.shared.command(Command::Rejected(response)) {
            return Vec::new();
        }
        receive.recv().unwrap_or_default()
    }
}

impl Clone for WriterHandle {
    fn clone(&self) -> Self {
        let mut state = self.shared.state();
        state.handles = state.handles.saturating_add(1);
        drop(state);
        WriterHandle {
            shared: Arc::clone(&self.shared),
            spec: self.spec.clone(),
            scratch: Vec::new(),
            stamper: self.stamper.fresh(),
            clock: self.clock.clone(),
            bucket: self.bucket.clone(),
        }
    }
}

impl Drop for WriterHandle {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.handles = state.handles.saturating_sub(1);
        let last = state.handles == 0;
        drop(state);
        if last {
            self.shared.to_owner.notify_all();
            let thread = self.shared.thread.lock();
            let thread = thread.unwrap_or_else(PoisonError::into_inner).take();
            if let Some(thread) = thread {
                // Its panics were caught and counted.
                let _ = thread.join();
            }
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
