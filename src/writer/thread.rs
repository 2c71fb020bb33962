//! A thread for programs that want to write and forget.
//!
//! The thread owns the writer. Handles, one or more for each of the program's threads, encode for
//! themselves and hand over whole lines through an inbox, under a lock that is never held while
//! anything is sent.

use super::account::{Outcome, Stats};
use super::core::{BatchEncoder, EncoderSpec};
use super::handle::Writer;
use super::rejected::Rejected;
use super::seams::SystemClock;
use super::settings::WhenFull;
use super::stamp::Stamper;
use crate::error::{Error, NotAccepted, Undelivered};
use crate::line::{EncodeError, ToLine};
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// What a handle's `write` does while the buffer is at its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackPressure {
    /// It waits for room, so long at most; then it refuses.
    Block(Duration),
    /// It refuses: [`NotAccepted::Full`].
    Refuse,
    /// It takes the new point; the oldest that the thread can spare are dropped and counted as
    /// [`Cause::Overflow`](super::Cause::Overflow).
    DropOldest,
}

impl Writer {
    /// Gives the writer a thread of its own, and this program a handle to it.
    ///
    /// The limit on memory, [`max_buffer_bytes`](super::WriterBuilder::max_buffer_bytes), now covers
    /// what waits for the thread as well; what happens there is for `back_pressure` to say, in place
    /// of [`when_full`](super::WriterBuilder::when_full). Events are told in that thread.
    ///
    /// ```no_run
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// use influx_edge::writer::BackPressure;
    ///
    /// let handle = client.writer("sensors").build()?.spawn(BackPressure::Refuse)?;
    /// let mut mine = handle.clone(); // one for each thread that writes
    /// mine.write_with(|enc| enc.line("t").field("v", 1).finish())?;
    /// println!("{}", handle.flush()?);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// The system has no thread to give. The writer is closed then, within its `flush_timeout`.
    pub fn spawn(mut self, back_pressure: BackPressure) -> Result<WriterHandle, Error> {
        let core = &mut self.core;
        core.settings.send_in_write = false;
        core.settings.when_full = match back_pressure {
            BackPressure::DropOldest => WhenFull::DropOldest,
            _ => WhenFull::Refuse,
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
                back_pressure,
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
        Ok(WriterHandle {
            scratch: spec.encoder(),
            spec,
            stamper,
            clock: SystemClock::new(),
            bucket: bucket.unwrap_or_default(),
            shared,
        })
    }
}

/// A handle to a [`Writer`] that has a thread of its own. Clone it for each thread that writes.
///
/// When the last handle is dropped without [`close`](WriterHandle::close), the writer closes itself
/// within its `flush_timeout`, and the drop waits for it.
///
/// ```no_run
/// use influx_edge::line::Point;
/// use influx_edge::writer::BackPressure;
/// # let client = influx_edge::Client::builder("http://localhost:8086").build()?;
///
/// let mut w = client.writer("sensors").build()?.spawn(BackPressure::Refuse)?;
/// let mut other = w.clone();
/// std::thread::spawn(move || other.write(&Point::new("weather").field("temp_c", 21.5)));
/// w.write(&Point::new("load").field("one", 0.5))?;
/// println!("{}", w.close()?);
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub struct WriterHandle {
    shared: Arc<Shared>,
    scratch: BatchEncoder,
    spec: EncoderSpec,
    stamper: Stamper,
    clock: SystemClock,
    bucket: String,
}

struct Shared {
    state: Mutex<State>,
    to_owner: Condvar,
    to_handles: Condvar,
    limits: Limits,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Clone, Copy)]
struct Limits {
    batch_lines: usize,
    batch_bytes: usize,
    max_bytes: usize,
    interval: Duration,
    flush_timeout: Duration,
    back_pressure: BackPressure,
}

#[derive(Default)]
struct State {
    inbox: VecDeque<Letter>,
    inbox_bytes: usize,
    inbox_lines: usize,
    /// Lines the thread has taken and not yet accounted for.
    in_hand: usize,
    /// Bytes the thread has, these included.
    core_bytes: usize,
    /// The thread's own account, as it last told.
    published: Stats,
    /// Lines dropped out of the inbox.
    dropped: u64,
    not_accepted: u64,
    commands: VecDeque<Command>,
    spare: Option<Vec<u8>>,
    /// The thread has nothing to do, and sleeps until it is rung.
    idle: bool,
    handles: usize,
    ended: bool,
}

/// Lines for one bucket.
struct Letter {
    bucket: String,
    bytes: Vec<u8>,
    lines: usize,
}

enum Command {
    Flush(Duration, SyncSender<Result<Outcome, Error>>),
    Close(Duration, SyncSender<Result<Outcome, Error>>),
    Rejected(SyncSender<Vec<Rejected>>),
}

impl WriterHandle {
    /// As [`Writer::write`]. Blocks only in [`BackPressure::Block`], and for other handles' copying.
    ///
    /// ```no_run
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// # use influx_edge::{line::Point, writer::BackPressure};
    /// # let mut handle = client.writer("sensors").build()?.spawn(BackPressure::Refuse)?;
    /// handle.write(&Point::new("weather").field("temp_c", 21.5))?;
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Writer::write`]; and [`NotAccepted::Closed`] when the writer has ended.
    pub fn write(&mut self, item: &(impl ToLine + ?Sized)) -> Result<(), NotAccepted> {
        self.write_with(|enc| item.to_line(enc))
    }

    /// As [`Writer::write_with`].
    ///
    /// # Errors
    /// As [`write`](WriterHandle::write).
    pub fn write_with(
        &mut self,
        encode: impl FnOnce(&mut BatchEncoder) -> Result<(), EncodeError>,
    ) -> Result<(), NotAccepted> {
        let bucket = core::mem::take(&mut self.bucket);
        let taken = self.encode_to(&bucket, encode);
        self.bucket = bucket;
        taken
    }

    /// As [`Writer::write_to`].
    ///
    /// # Errors
    /// As [`write`](WriterHandle::write).
    pub fn write_to(
        &mut self,
        bucket: &str,
        item: &(impl ToLine + ?Sized),
    ) -> Result<(), NotAccepted> {
        self.encode_to(bucket, |enc| item.to_line(enc))
    }

    fn encode_to(
        &mut self,
        bucket: &str,
        encode: impl FnOnce(&mut BatchEncoder) -> Result<(), EncodeError>,
    ) -> Result<(), NotAccepted> {
        self.scratch.clear();
        let taken = match encode(&mut self.scratch) {
            Ok(()) => self.hand_over(bucket),
            Err(EncodeError::BufferFull) => {
                Err(NotAccepted::TooLarge(self.shared.limits.batch_bytes))
            }
            Err(error) => Err(NotAccepted::Encode(error)),
        };
        if taken.is_err() {
            let mut state = self.shared.state();
            state.not_accepted = state.not_accepted.saturating_add(1);
        }
        taken
    }

    fn hand_over(&mut self, bucket: &str) -> Result<(), NotAccepted> {
        let lines = self.scratch.line_count();
        if self.scratch.untimed_count() == 0 {
            return self.shared.take(bucket, self.scratch.as_bytes(), lines);
        }
        let stamped = self.stamper.stamp(self.scratch.as_bytes(), &self.clock)?;
        let taken = self.shared.take(bucket, &stamped, lines);
        self.stamper.reuse(stamped);
        taken
    }

    /// As [`Writer::flush`], for everything that any handle has written until now.
    ///
    /// ```no_run
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// # use influx_edge::writer::BackPressure;
    /// # let handle = client.writer("sensors").build()?.spawn(BackPressure::Refuse)?;
    /// println!("{}", handle.flush()?); // everything any handle wrote until now
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Writer::flush`]; a writer that has ended is [`Undelivered`] with what was lost.
    pub fn flush(&self) -> Result<Outcome, Error> {
        let limit = self.shared.limits.flush_timeout;
        self.shared.ask(|answer| Command::Flush(limit, answer))
    }

    /// As [`Writer::close`], for all handles: they refuse from now on.
    ///
    /// ```no_run
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// # use influx_edge::writer::BackPressure;
    /// # let handle = client.writer("sensors").build()?.spawn(BackPressure::Refuse)?;
    /// println!("{}", handle.close()?); // the other handles refuse from now on
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Writer::close`].
    pub fn close(self) -> Result<Outcome, Error> {
        let limit = self.shared.limits.flush_timeout;
        self.close_within(limit)
    }

    /// As [`Writer::close_within`], for all handles.
    ///
    /// # Errors
    /// As [`Writer::close`].
    pub fn close_within(self, limit: Duration) -> Result<Outcome, Error> {
        self.shared.ask(|answer| Command::Close(limit, answer))
    }

    /// The account of every line so far, over all handles. It closes at every moment.
    ///
    /// ```no_run
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// # use influx_edge::writer::BackPressure;
    /// # let handle = client.writer("sensors").build()?.spawn(BackPressure::Refuse)?;
    /// assert!(handle.stats().is_balanced());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.state().stats()
    }

    /// As [`Writer::take_rejected`]. Waits until the thread is between two requests; nothing if it
    /// has ended.
    #[must_use]
    pub fn take_rejected(&self) -> Vec<Rejected> {
        let (answer, receive) = sync_channel(1);
        if !self.shared.command(Command::Rejected(answer)) {
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
            scratch: self.spec.encoder(),
            spec: self.spec.clone(),
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

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, bucket: &str, bytes: &[u8], lines: usize) -> Result<(), NotAccepted> {
        if lines == 0 {
            return Ok(());
        }
        if bytes.len() > self.limits.batch_bytes {
            return Err(NotAccepted::TooLarge(self.limits.batch_bytes));
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

    /// The state, with room for so many bytes.
    fn room(&self, len: usize) -> Result<MutexGuard<'_, State>, NotAccepted> {
        let mut state = self.state();
        let mut since = None::<Instant>;
        loop {
            if state.ended {
                return Err(NotAccepted::Closed);
            }
            let held = state.inbox_bytes.saturating_add(state.core_bytes);
            if held.saturating_add(len) <= self.limits.max_bytes {
                return Ok(state);
            }
            match self.limits.back_pressure {
                BackPressure::Refuse => return Err(NotAccepted::Full),
                BackPressure::DropOldest => {
                    // What the thread has is older, but it may be sending that just now. When it
                    // comes for more, it makes room itself.
                    if !state.drop_first() {
                        return Ok(state);
                    }
                }
                BackPressure::Block(limit) => {
                    let start = *since.get_or_insert_with(Instant::now);
                    let left = limit.saturating_sub(start.elapsed());
                    if left.is_zero() {
                        return Err(NotAccepted::Full);
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
    fn last_letters(&self) -> VecDeque<Letter> {
        let mut state = self.state();
        state.ended = true;
        state.take_inbox()
    }

    /// False if there is nobody to carry it out.
    fn command(&self, command: Command) -> bool {
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

    fn ask(
        &self,
        command: impl FnOnce(SyncSender<Result<Outcome, Error>>) -> Command,
    ) -> Result<Outcome, Error> {
        let (answer, receive) = sync_channel(1);
        if self.command(command(answer)) {
            if let Ok(outcome) = receive.recv() {
                return outcome;
            }
        }
        let lost = self.state().published.dropped;
        Err(Undelivered {
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
    fn take_inbox(&mut self) -> VecDeque<Letter> {
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

    fn stats(&self) -> Stats {
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
    // Whoever waits for an answer hears that there is none.
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
            let (answer, outcome, end) = match command {
                Command::Rejected(answer) => {
                    let _ = answer.send(writer.take_rejected().collect());
                    continue;
                }
                Command::Flush(limit, answer) => (answer, writer.flush_within(limit), false),
                Command::Close(limit, answer) => {
                    // Nothing comes after this; what came until now is taken along.
                    for letter in shared.last_letters() {
                        let lane = writer.core.lane(&letter.bucket);
                        writer.core.take_over(lane, &letter.bytes, letter.lines);
                    }
                    (answer, writer.core.close(limit), true)
                }
            };
            publish(writer, shared, None);
            let _ = answer.send(outcome);
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
