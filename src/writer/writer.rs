//! `Writer`: the calls of a writer, whichever thread it runs on.

use super::account::{Outcome, Stats};
use super::drive::driver::Driver;
use super::drive::handle::Handle;
use super::drive::polled::Polled;
use super::lines::LinesOutcome;
use super::rejected::Rejected;
use super::settings::BatchEncoder;
use crate::Precision;
use crate::client::WriteData;
use crate::error::{Error, WriteError};
use crate::line::{EncodeError, Lines, ToLine};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// Collects points, sends them in batches, and reports the outcome of each.
///
/// Made by [`Client::writer`](crate::Client::writer). There are two drivers, with mostly the same calls:
///
/// - A `Writer` has no thread. [`write`](Writer::write) collects, [`run_until`](Writer::run_until) and
///   [`poll`](Writer::poll) send what is due, [`flush`](Writer::flush) sends everything.
/// - A [`WriterHandle`], returned by [`spawn`](Writer::spawn), passes lines to the writer's own threads, which send
///   them. Clone it for each thread that writes.
///
/// A `Writer` and the last handle close themselves when they are dropped, within the writer's
/// [`flush_timeout`](super::WriterBuilder::flush_timeout); during a panic a `Writer` sends nothing more. Lines that
/// are lost then are counted as [`DropReason::Closed`](super::DropReason::Closed) and reported to the listener or,
/// if there is none, by one line on stderr. `Drop` runs neither for a `static` nor in `std::process::exit`:
/// [`close`](Writer::close) the writer before the program ends, as
/// [the module](crate::writer#the-end-of-a-program) shows.
///
/// ```no_run
/// use influx_edge::Client;
/// use influx_edge::line::Point;
/// use std::time::{Duration, Instant};
///
/// # fn main() -> Result<(), influx_edge::Error> {
/// let client = Client::builder("http://localhost:8086")
///     .org("acme")
///     .token("my-token")
///     .build()?;
/// let mut w = client.writer("sensors").build()?;
/// let mut next_tick = Instant::now();
/// for _ in 0..60 {
///     let reading = Point::new("weather")
///         .tag("station", "zrh-1")
///         .field("temp_c", 21.5);
///     if let Err(e) = w.write(&reading) {
///         // One invalid value doesn't end the logger.
///         eprintln!("{e}");
///     }
///     next_tick += Duration::from_secs(1);
///     w.run_until(next_tick)?;
/// }
/// println!("{}", w.close()?);
/// # Ok(()) }
/// ```
pub struct Writer<D: Driver = Polled> {
    pub(super) driver: D,
}

/// A handle to a [`Writer`] that runs on its own threads.
///
/// Made by [`Writer::spawn`]. Clone it for each thread that writes.
///
/// The lines of one handle keep their order. They come after those written before through the handle it was
/// cloned from, and before those written after it was dropped. Otherwise there is no order between two handles
/// until one of them flushes: write corrections of a point through the same handle.
///
/// [`flush`](Writer::flush), [`close`](Writer::close), [`stats`](Writer::stats),
/// [`last_error`](Writer::last_error) and [`take_rejected`](Writer::take_rejected) cover the lines of all handles.
/// They return within their limit even if a request takes longer; only a disk that blocks may delay them by up to
/// 2 s. After a close all handles refuse lines.
///
/// # Errors
/// In addition to the errors of a `Writer`, a handle returns
///
/// - [`WriteError::Closed`] if the writer has ended, or a [`FlushError`](crate::FlushError) if lines were lost;
/// - [`WriteError::Forked`] in a process forked after `spawn`, where its `stats` are zero;
/// - [`WriteError::OwnThread`] in an [event listener](crate::writer#listeners), if the call would wait for the
///   listener's own thread.
///
/// When the last handle is dropped without `close`, it waits for the writer for the `flush_timeout` and 1 s more;
/// in an event listener and in a forked process it doesn't wait.
///
/// ```
/// use influx_edge::line::Point;
/// use influx_edge::writer::OverflowPolicy;
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
///
/// let mut w = client
///     .writer("sensors")
///     .build()?
///     .spawn(OverflowPolicy::Reject)?;
/// let mut other = w.clone();
/// let thread = std::thread::spawn(move || {
///     other.write(&Point::new("weather").field("temp_c", 21.5))
/// });
/// w.write(&Point::new("load").field("one", 0.5))?;
/// assert_eq!(thread.join().unwrap(), Ok(()));
/// assert_eq!(w.close()?.delivered, 2);
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub type WriterHandle = Writer<Handle>;

impl<D: Driver> Writer<D> {
    /// Accepts a point or other [`WriteData`]: a type of your own, a slice, a vector, line protocol as text. Either
    /// all of its lines are accepted, or none.
    ///
    /// The times of text are in nanoseconds, and the writer's default tags are not added to it. It is checked by
    /// the servers' grammar, and copied once more. [`write_lines`](Writer::write_lines) accepts each line of a
    /// text by itself, lists the refused ones, and takes other units.
    ///
    /// A line without a time gets the machine's current time (see [`ClockGuard`](super::ClockGuard)). In
    /// nanoseconds no time is given twice. In coarser units two such points of one series within one unit are one
    /// point, and the later one is kept.
    ///
    /// Costs little more than encoding, and allocates nothing once the buffers have grown. `Ok` means that the
    /// point is accepted, not yet delivered; with a spool in
    /// [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead) it is on disk, which `write` waits for. Otherwise a
    /// `Writer` blocks only if the point completes a batch and
    /// [`send_in_write`](super::WriterBuilder::send_in_write) is on, a handle only with
    /// [`OverflowPolicy::Block`](super::OverflowPolicy::Block) and while other handles copy.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::line::Point;
    ///
    /// let mut w = client.writer("sensors").build()?;
    /// w.write(&Point::new("weather").field("temp_c", 21.5))?;
    /// // Both are accepted, or neither:
    /// w.write(&[Point::new("a").field("v", 1), Point::new("b").field("v", 2)])?;
    /// w.write("weather temp_c=21.5 1700000000000000000")?;
    ///
    /// let mut enc = influx_edge::Encoder::with_sink(Vec::new());
    /// enc.line("c").field("v", 3).finish()?;
    /// w.write(&enc)?; // an encoder's lines aren't parsed again
    /// # w.flush()?;
    /// # assert_eq!(w.stats().delivered, 5);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the point can't be encoded, a line of a text isn't line protocol, the buffer is full,
    /// the clock isn't set, or, in write-ahead, the disk failed. No line was accepted then.
    #[inline]
    pub fn write(&mut self, item: impl WriteData) -> Result<(), WriteError> {
        self.driver.write(None, &item)
    }

    /// Accepts the lines that a closure encodes: points without a type of their own.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// # let mut w = client.writer("sensors").build()?;
    /// w.write_with(|enc| {
    ///     enc.line("load")
    ///         .tag("host", "gw-7")
    ///         .field("one", 0.5)
    ///         .finish()
    /// })?;
    /// # w.flush()?;
    /// # assert_eq!(w.stats().delivered, 1);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`write`](Writer::write).
    #[inline]
    pub fn write_with(
        &mut self,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        self.driver.write_with(encode)
    }

    /// Writes to another bucket, as [`write`](Writer::write) does. Each bucket has its own batches and its own
    /// retries; they share the limit on memory. A `Writer` allocates when a bucket is first named, a handle at each
    /// call.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::line::Point;
    ///
    /// let mut w = client.writer("sensors").build()?;
    /// w.write_to("alarms", &Point::new("door").field("open", true))?;
    /// # w.flush()?;
    /// # assert_eq!(w.stats().delivered, 1);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`write`](Writer::write), and [`WriteError::BucketName`] if no bucket can have
    /// that name.
    pub fn write_to(&mut self, bucket: &str, item: impl WriteData) -> Result<(), WriteError> {
        self.driver.write(Some(bucket), &item)
    }

    /// Accepts the items of an iterator one by one; together they may exceed a batch.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::line::Point;
    ///
    /// let mut w = client.writer("sensors").build()?;
    /// w.write_each((0..1_000).map(|n| Point::new("t").field("v", n)))?;
    /// # w.flush()?;
    /// # assert_eq!(w.stats().delivered, 1_000);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`write`](Writer::write), for the first item that isn't accepted. The items before
    /// it were.
    pub fn write_each<I: ToLine>(
        &mut self,
        items: impl IntoIterator<Item = I>,
    ) -> Result<(), WriteError> {
        (1..).zip(items).try_for_each(|(number, item)| {
            self.write(item).map_err(|error| match error {
                WriteError::Encode(error) => error.numbered(number).into(),
                other => other,
            })
        })
    }

    /// Accepts line protocol as text, line by line, with times of this precision.
    ///
    /// Lines end where servers end them: a newline in a string doesn't. Blank lines, comments, a byte order mark
    /// and carriage returns at line ends are skipped. Each line is checked by the servers' grammar, and accepted or
    /// rejected by itself. A line without a time gets the machine's. Times of another unit than the writer's are
    /// not converted: such lines are sent in batches of their own. The writer's default tags are not added.
    /// Allocates for the list of rejected lines.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::Precision;
    ///
    /// let mut w = client.writer("sensors").build()?;
    /// let outcome = w.write_lines(
    ///     "t v=1i 60\n# a comment\nt v=1,5 61\nt v=2i 62\n",
    ///     Precision::Second,
    /// );
    /// assert_eq!(outcome.accepted, 2);
    /// assert_eq!(outcome.rejected[0].0, 3); // the third line of the text
    /// println!("{outcome}");
    /// # w.flush()?;
    /// # assert_eq!(w.stats().delivered, 2);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn write_lines(&mut self, text: &str, precision: Precision) -> LinesOutcome {
        self.driver.write_lines(None, text, precision)
    }

    /// Writes text to another bucket, as [`write_lines`](Writer::write_lines) does. If no bucket can have that
    /// [name](WriteError::BucketName), all lines are rejected.
    pub fn write_lines_to(
        &mut self,
        bucket: &str,
        text: &str,
        precision: Precision,
    ) -> LinesOutcome {
        self.driver.write_lines(Some(bucket), text, precision)
    }

    /// Sends everything, and returns when no line is in memory alone.
    ///
    /// Each line is then delivered, on disk, rejected or dropped. The [`Outcome`] has the numbers since the
    /// previous flush. With a spool it doesn't wait for a server that is away, and syncs the disk whatever
    /// the spool's durability.
    ///
    /// Blocks for at most [`flush_timeout`](super::WriterBuilder::flush_timeout); a `Writer` ends a request that is
    /// in flight then. The first attempt is made at once, even during a delay, unless the server asked for the
    /// delay.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    ///
    /// let mut w = client.writer("sensors").build()?;
    /// let outcome = w.flush()?;
    /// if !outcome.is_safe() {
    ///     for line in w.take_rejected() {
    ///         println!("{}: {}", line.line, line.message);
    ///     }
    /// }
    /// # assert!(outcome.is_safe());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns a [`FlushError`](crate::FlushError) if time ran out, or the next attempt would come too late. The
    /// lines are kept; the error has their number and the cause. With a spool, returns that error if the spool is
    /// full or the disk fails, and an error if the disk couldn't be synced.
    pub fn flush(&mut self) -> Result<Outcome, Error> {
        self.driver.flush(None)
    }

    /// Flushes within another limit. With a spool that has space the lines are on disk by then.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// if let Err(error) = w.flush_within(core::time::Duration::from_secs(2)) {
    ///     println!("they are kept: {error}");
    /// }
    /// # assert!(w.flush_within(core::time::Duration::from_secs(2)).is_ok());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`flush`](Writer::flush).
    pub fn flush_within(&mut self, limit: Duration) -> Result<Outcome, Error> {
        self.driver.flush(Some(limit))
    }

    /// Flushes and ends the writer, with all of its handles. The outcome is that of the whole run, including earlier
    /// flushes.
    ///
    /// # Errors
    /// Returns a [`FlushError`](crate::FlushError) if time ran out, or at once if the next attempt would
    /// come too late. The lines are lost then, and counted as
    /// [`DropReason::Closed`](super::DropReason::Closed). To keep them, [`flush`](Writer::flush) first and read
    /// [`unsent`](Writer::unsent), or use a spool. With a spool, returns an error if the disk couldn't be synced.
    pub fn close(mut self) -> Result<Outcome, Error> {
        self.driver.close(None)
    }

    /// Closes the writer within another limit. With zero nothing more is sent.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// w.write_with(|enc| enc.line("t").field("v", 1).timestamp(1))?;
    /// // One line is lost:
    /// assert!(w.close_within(core::time::Duration::ZERO).is_err());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`close`](Writer::close).
    pub fn close_within(mut self, limit: Duration) -> Result<Outcome, Error> {
        self.driver.close(Some(limit))
    }

    /// Returns the number of lines in each place, over all handles.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// w.write_with(|enc| enc.line("t").field("v", 1).timestamp(1))?;
    /// assert_eq!((w.stats().accepted, w.stats().buffered), (1, 1));
    /// # drop(w.close_within(core::time::Duration::ZERO));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.driver.stats()
    }

    /// Returns the error of the last attempt; `None` if it succeeded.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").build()?;
    /// assert!(w.last_error().is_none());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn last_error(&self) -> Option<Arc<Error>> {
        self.driver.last_error()
    }

    /// Removes and returns the lines that the server refused for good, oldest first: the latest
    /// [`max_rejected_bytes`](super::WriterBuilder::max_rejected_bytes) of them.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// for one in w.take_rejected() {
    ///     println!("{} refused in {}: {}", one.line, one.bucket, one.message);
    /// }
    /// # assert!(w.take_rejected().is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn take_rejected(&mut self) -> Vec<Rejected> {
        self.driver.take_rejected()
    }
}

impl Writer {
    /// Sends what is due: full batches, batches older than the flush interval, and retries. Returns the time until
    /// the next call is useful, which is minutes in an outage; an earlier call only reads the clock. Use it in a
    /// loop that waits for input, and [`run_until`](Writer::run_until) in a loop with a schedule.
    ///
    /// Blocks while it sends, for at most [`poll_limit`](super::WriterBuilder::poll_limit) and one request. A server
    /// that can't be reached is no error: the points are kept, and the returned time grows. Events,
    /// [`stats`](Writer::stats) and [`last_error`](Writer::last_error) show it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::line::Point;
    /// use std::sync::mpsc::{RecvTimeoutError, channel};
    ///
    /// let (sender, readings) = channel::<Point>();
    /// # sender.send(Point::new("weather").field("temp_c", 21.5)).unwrap();
    /// # drop(sender);
    /// let mut w = client.writer("sensors").build()?;
    /// loop {
    ///     let idle = w.poll()?;
    ///     match readings.recv_timeout(idle) {
    ///         Ok(reading) => {
    ///             if let Err(e) = w.write(&reading) {
    ///                 eprintln!("{e}");
    ///             }
    ///         }
    ///         Err(RecvTimeoutError::Timeout) => {}
    ///         Err(RecvTimeoutError::Disconnected) => break,
    ///     }
    /// }
    /// # assert_eq!(w.close()?.delivered, 1);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns no error at present: neither a failing server nor a failing disk ends the writer.
    pub fn poll(&mut self) -> Result<Duration, Error> {
        Ok(self.driver.inline.poll())
    }

    /// Sends what is due until a deadline, and returns at the deadline.
    ///
    /// For the idle time of a loop with a schedule. Sleeps if there is nothing to send.
    ///
    /// No request is started that can't be expected to end by then. The lines of a request that the deadline ends
    /// are sent in smaller pieces next time, down to a line. Neither counts as a failure, and no delay follows. A
    /// server that can't be reached is no error: as with [`poll`](Writer::poll), the points are kept. With a
    /// deadline in the past nothing is sent.
    ///
    /// The time between two deadlines must be longer than the server takes for one line, including connecting. If
    /// it is shorter, every request is ended, and lines stay in memory, even with a spool, until
    /// [`max_buffer_bytes`](super::WriterBuilder::max_buffer_bytes) is reached or [`flush`](Writer::flush) is called.
    /// [`stats`](Writer::stats) shows this as requests without deliveries. A loop that is faster than its server
    /// uses [`spawn`](Writer::spawn).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use std::time::{Duration, Instant};
    ///
    /// let mut w = client
    ///     .writer("sensors")
    ///     .flush_interval(Duration::ZERO)
    ///     .build()?;
    /// let mut next_tick = Instant::now();
    /// for _ in 0..3 {
    ///     if let Err(error) =
    ///         w.write_with(|enc| enc.line("load").field("one", 0.5).finish())
    ///     {
    ///         eprintln!("{error}"); // one bad value doesn't end a logger
    ///     }
    ///     next_tick += Duration::from_millis(100);
    ///     w.run_until(next_tick)?;
    /// }
    /// # assert_eq!(w.stats().delivered, 3);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns no error at present, as [`poll`](Writer::poll).
    pub fn run_until(&mut self, deadline: std::time::Instant) -> Result<(), Error> {
        let inline = &mut self.driver.inline;
        inline.run_until(inline.clock.at(deadline));
        Ok(())
    }

    /// Returns the spool, to inspect it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").build()?;
    /// assert!(w.spool().is_none());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[cfg(feature = "spool")]
    #[must_use]
    pub fn spool(&self) -> Option<&crate::spool::Spool> {
        let disk = self.driver.inline.engine.disk.as_ref();
        disk.map(super::spool::Disk::spool)
    }

    /// Returns the lines that are in memory alone.
    ///
    /// Items are the bucket and the lines of each batch, oldest first.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// w.write_with(|enc| enc.line("t").field("v", 1).timestamp(7))?;
    /// let (bucket, lines) = w.unsent().next().unwrap();
    /// assert_eq!((bucket, lines.bytes), ("sensors", &b"t v=1i 7\n"[..]));
    /// # drop(w.close_within(core::time::Duration::ZERO));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn unsent(&self) -> impl Iterator<Item = (&str, Lines<'_>)> {
        self.driver.inline.engine.unsent()
    }
}

impl<D: Driver + Clone> Clone for Writer<D> {
    fn clone(&self) -> Self {
        let driver = self.driver.clone();
        Writer { driver }
    }
}

impl<D: Driver> fmt::Debug for Writer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.driver.fmt(f)
    }
}
