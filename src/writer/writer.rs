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

/// Collects points and sends them in batches; reports the outcome of every one.
///
/// Made by [`Client::writer`](crate::Client::writer). It comes with two drivers, and most calls are the same
/// for both:
///
/// - `Writer` has no thread. [`write`](Writer::write) collects, [`run_until`](Writer::run_until) and
///   [`poll`](Writer::poll) send what is due, [`flush`](Writer::flush) sends everything.
/// - [`WriterHandle`], which [`spawn`](Writer::spawn) returns, writes to threads of the writer's own. Clone it
///   for each thread that writes.
///
/// A `Writer` and the last handle close themselves when they are dropped, within the writer's
/// [`flush_timeout`](super::WriterBuilder::flush_timeout). In a panic a `Writer` doesn't try to send any more.
/// Lines that are lost that way are counted as [`DropReason::Closed`](super::DropReason::Closed) and reported
/// to the listener, or, if there is none, in one line on stderr. `Drop` runs neither for a `static` nor in
/// `std::process::exit`: [`close`](Writer::close) the writer before the program ends.
/// [The module](crate::writer#the-end-of-a-program) shows how.
///
/// ```no_run
/// use influx_edge::Client;
/// use influx_edge::line::Point;
/// use std::time::{Duration, Instant};
///
/// # fn main() -> Result<(), influx_edge::Error> {
/// let client = Client::builder("http://localhost:8086").org("acme").token("my-token").build()?;
/// let mut w = client.writer("sensors").build()?;
/// let mut next_tick = Instant::now();
/// for _ in 0..60 {
///     let reading = Point::new("weather").tag("station", "zrh-1").field("temp_c", 21.5);
///     if let Err(e) = w.write(&reading) {
///         eprintln!("{e}"); // one value that can't be written doesn't end a logger
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

/// A [`Writer`] that has threads of its own, made by [`Writer::spawn`]. Clone it for each thread that writes.
///
/// The lines of one handle keep their order, behind what was written before through the handle it was cloned
/// from, and before what is written after it was dropped. Otherwise there is no order between two handles
/// until one of them flushes: write corrections of a point through the same one.
///
/// [`flush`](Writer::flush), [`close`](Writer::close), [`stats`](Writer::stats),
/// [`last_error`](Writer::last_error) and [`take_rejected`](Writer::take_rejected) are about the lines of all
/// handles, and don't wait for a request that is out longer than their limit. Once one handle is closed all
/// others refuse.
///
/// Beside the errors of every writer, a handle returns [`WriteError::Closed`] if the writer has ended,
/// [`WriteError::Forked`] in a process forked after `spawn`, and [`WriteError::OwnThread`] in an
/// [event listener](crate::writer#listeners) for calls that would wait for the listener's own thread. In a
/// forked process its `stats` are zero.
///
/// When the last handle is dropped without `close`, it waits for the writer as long as the `flush_timeout`, and
/// 1 s more; in an event listener and in a forked process it doesn't wait.
///
/// ```
/// use influx_edge::line::Point;
/// use influx_edge::writer::OverflowPolicy;
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
///
/// let mut w = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
/// let mut other = w.clone();
/// let thread = std::thread::spawn(move || other.write(&Point::new("weather").field("temp_c", 21.5)));
/// w.write(&Point::new("load").field("one", 0.5))?;
/// assert_eq!(thread.join().unwrap(), Ok(()));
/// assert_eq!(w.close()?.delivered, 2);
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub type WriterHandle = Writer<Handle>;

impl<D: Driver> Writer<D> {
    /// Takes a point, or whatever else is [`WriteData`]: a type of your own, a slice, a vector, line
    /// protocol as text. All of its lines are taken, or none.
    ///
    /// Text has its times in nanoseconds, and doesn't get the writer's default tags; it is checked by the
    /// grammar that servers have, and copied once more. [`write_lines`](Writer::write_lines) takes a text's
    /// lines each by itself, names those that it refuses, and knows other units.
    ///
    /// A line without a time gets the machine's, now (see [`ClockGuard`](super::ClockGuard)). In
    /// nanoseconds no time is given twice; in coarser units two untimed points of one series within
    /// one unit are one point, and the later one wins.
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
    /// w.write(&[Point::new("a").field("v", 1), Point::new("b").field("v", 2)])?; // both, or neither
    /// w.write("weather temp_c=21.5 1700000000000000000")?;
    ///
    /// let mut enc = influx_edge::Encoder::with_sink(Vec::new());
    /// enc.line("c").field("v", 3).finish()?;
    /// w.write(&enc)?; // what an encoder holds isn't looked through once more
    /// # w.flush()?;
    /// # assert_eq!(w.stats().delivered, 5);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the point can't be encoded, a line of a text isn't line protocol, the buffer is full,
    /// the clock isn't set, or, in write-ahead, the disk didn't take it. Nothing was taken then.
    #[inline]
    pub fn write(&mut self, item: impl WriteData) -> Result<(), WriteError> {
        self.driver.write(None, &item)
    }

    /// Takes what a closure encodes: a point without a type of its own.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// # let mut w = client.writer("sensors").build()?;
    /// w.write_with(|enc| enc.line("load").tag("host", "gw-7").field("one", 0.5).finish())?;
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

    /// As [`write`](Writer::write), for another bucket. Each bucket has its own batches and its own
    /// retries; the limit on memory is common to all. Allocates when a bucket is named for the
    /// first time.
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
    /// Returns the same errors as [`write`](Writer::write), and [`WriteError::BucketName`] if no
    /// bucket can have that name.
    pub fn write_to(&mut self, bucket: &str, item: impl WriteData) -> Result<(), WriteError> {
        self.driver.write(Some(bucket), &item)
    }

    /// Takes what an iterator gives, one by one: however much that is, it need not fit one batch.
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
    /// Returns the same errors as [`write`](Writer::write), for the first item that isn't taken.
    /// Those before it were.
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

    /// Takes line protocol that exists already, line by line, with times of this precision.
    ///
    /// Lines end as servers see it: a newline in a string doesn't end one. Blank lines and comments are
    /// passed over, so are a byte order mark and carriage returns at line ends. Each line is checked by
    /// the grammar that servers have, and accepted or rejected by itself. A line without a time gets the
    /// machine's. Times of another unit than the writer's are not converted: they travel in a batch of
    /// their own. The writer's default tags are not added. Allocates for what is rejected.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::Precision;
    ///
    /// let mut w = client.writer("sensors").build()?;
    /// let outcome = w.write_lines("t v=1i 60\n# a comment\nt v=1,5 61\nt v=2i 62\n", Precision::Second);
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

    /// As [`write_lines`](Writer::write_lines), for another bucket. If its name is
    /// [refused](WriteError::BucketName), all lines are.
    pub fn write_lines_to(
        &mut self,
        bucket: &str,
        text: &str,
        precision: Precision,
    ) -> LinesOutcome {
        self.driver.write_lines(Some(bucket), text, precision)
    }

    /// Sends everything, and returns when nothing is left in memory: each line is delivered, on
    /// disk, rejected or dropped, and the [`Outcome`] has the numbers since the flush before.
    /// With a spool it doesn't wait for a server that is away, and syncs the disk whatever the
    /// spool's durability.
    ///
    /// Blocks for [`flush_timeout`](super::WriterBuilder::flush_timeout) at most; a request that is out by
    /// then is cut off. Its first attempt comes at once, whatever pause is under way, unless the server asked
    /// for the pause.
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
    /// Returns a [`FlushError`](crate::FlushError) if time ran out, or the next attempt would come too late.
    /// The lines are still here; the error has their number and the cause. With a spool, returns that error
    /// if the spool is full or the disk doesn't take the lines, and an error if the disk couldn't be synced.
    pub fn flush(&mut self) -> Result<Outcome, Error> {
        self.driver.flush(None)
    }

    /// The same with a limit of its own. With a spool that has space the lines are on disk by then.
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

    /// Flushes and ends the writer. The outcome is that of the whole run, what was flushed before included.
    ///
    /// # Errors
    /// Returns a [`FlushError`](crate::FlushError) if time ran out, or at once if the next attempt would
    /// come too late: the lines are lost, and counted as
    /// [`DropReason::Closed`](super::DropReason::Closed). To keep them, [`flush`](Writer::flush) first and
    /// look at [`unsent`](Writer::unsent), or use a spool. With a spool, returns an error if the disk couldn't
    /// be synced.
    pub fn close(mut self) -> Result<Outcome, Error> {
        self.driver.close(None)
    }

    /// The same with a limit of its own. Zero sends nothing any more.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// w.write_with(|enc| enc.line("t").field("v", 1).timestamp(1))?;
    /// assert!(w.close_within(core::time::Duration::ZERO).is_err()); // one line is lost
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`close`](Writer::close).
    pub fn close_within(mut self, limit: Duration) -> Result<Outcome, Error> {
        self.driver.close(Some(limit))
    }

    /// The number of lines in each place so far. Cheap.
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

    /// What the last attempt failed with; none once one has succeeded.
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

    /// Takes the lines that the server refused for good: the latest of them, oldest first.
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
    /// Sends what is due: full batches, what is older than the flush interval, what waited for its
    /// next attempt. Returns how long it is until the next call is useful, which is minutes in an outage;
    /// calling earlier costs a look at the clock. For a loop that waits for its input; one that has to be
    /// back at a time calls [`run_until`](Writer::run_until).
    ///
    /// Blocks while it sends, for [`poll_limit`](super::WriterBuilder::poll_limit) and one request.
    /// A server that can't be reached is no error here: the points are kept, the wait grows. Events,
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
    /// Returns none yet: neither a server nor a disk that fails ends the writer. The `Result` leaves space
    /// for one.
    pub fn poll(&mut self) -> Result<Duration, Error> {
        Ok(self.driver.inline.poll())
    }

    /// Sends what is due until a time, and returns at that time: the idle time of a loop that has to
    /// be back for its next sample. If there is nothing to send it sleeps.
    ///
    /// No request is begun that can't be expected to end by then, and what the time cuts off is sent
    /// in smaller pieces next time, down to a line. Neither is a failure: no pause comes of it. A
    /// server that can't be reached is no error: as with [`poll`](Writer::poll), the points are kept.
    /// With a deadline in the past nothing is sent.
    ///
    /// The time between two deadlines has to be longer than the server takes for one line, connecting
    /// included. If it is shorter every request is cut off, and lines stay in memory, also with a spool,
    /// until [`max_buffer_bytes`](super::WriterBuilder::max_buffer_bytes) is reached or
    /// [`flush`](Writer::flush) is called. [`stats`](Writer::stats) shows it: requests are made, and nothing is
    /// delivered. A loop that is faster than its server uses [`spawn`](Writer::spawn).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use std::time::{Duration, Instant};
    ///
    /// let mut w = client.writer("sensors").flush_interval(Duration::ZERO).build()?;
    /// let mut next_tick = Instant::now();
    /// for _ in 0..3 {
    ///     if let Err(error) = w.write_with(|enc| enc.line("load").field("one", 0.5).finish()) {
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
    /// Returns none yet, as [`poll`](Writer::poll).
    pub fn run_until(&mut self, deadline: std::time::Instant) -> Result<(), Error> {
        let inline = &mut self.driver.inline;
        inline.run_until(inline.clock.at(deadline));
        Ok(())
    }

    /// The spool, to look at.
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

    /// What is in memory now: the bucket and the lines of each batch, oldest first.
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
