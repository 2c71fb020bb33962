//! `Writer`: the interface of a writer that runs on the thread of its caller.

use super::account::{Outcome, Stats};
use super::core::{BatchEncoder, Core, MAIN};
use super::rejected::Rejected;
use super::seams::SystemClock;
use crate::client::Client;
use crate::error::{Error, WriteError};
use crate::line::{EncodeError, Lines, ToLine};
use core::fmt;
use core::time::Duration;

/// Collects points and sends them in batches; reports the outcome of every one.
///
/// Made by [`Client::writer`]. It has no thread: [`write`](Writer::write) collects,
/// [`poll`](Writer::poll) sends what is due, [`flush`](Writer::flush) sends everything and says
/// what became of it. [`spawn`](Writer::spawn) gives it a thread of its own.
///
/// ```no_run
/// use influx_edge::Client;
/// use influx_edge::line::Point;
///
/// # fn main() -> Result<(), influx_edge::Error> {
/// let client = Client::builder("http://localhost:8086").org("acme").token("my-token").build()?;
/// let mut w = client.writer("sensors").build()?;
/// for _ in 0..60 {
///     w.write(&Point::new("weather").tag("station", "zrh-1").field("temp_c", 21.5))?;
///     std::thread::sleep(w.poll()?);
/// }
/// println!("{}", w.close()?);
/// # Ok(()) }
/// ```
pub struct Writer {
    pub(super) core: Core<SystemClock, Client>,
}

impl Writer {
    pub(super) fn new(core: Core<SystemClock, Client>) -> Self {
        Writer { core }
    }

    /// Takes a point, or whatever else is [`ToLine`]: a type of your own, a slice, a vector. All of
    /// its lines are taken, or none.
    ///
    /// A line without a time gets the machine's, now (see [`ClockGuard`](super::ClockGuard)). In
    /// nanoseconds no time is given twice; in coarser units two untimed points of one series within
    /// one unit are one point, and the later one wins.
    ///
    /// Costs little more than encoding, and allocates nothing once the buffers have grown. Blocks
    /// only if it completes a batch and [`send_in_write`](super::WriterBuilder::send_in_write) is
    /// on. `Ok` means that the point is accepted, not yet delivered.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::line::Point;
    ///
    /// let mut w = client.writer("sensors").build()?;
    /// w.write(&Point::new("weather").field("temp_c", 21.5))?;
    /// w.write(&[Point::new("a").field("v", 1), Point::new("b").field("v", 2)])?; // both, or neither
    /// # w.flush()?;
    /// # assert_eq!(w.stats().delivered, 3);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// A point that can't be encoded, a full buffer, a clock that isn't set. Nothing was taken.
    #[inline]
    pub fn write(&mut self, item: &(impl ToLine + ?Sized)) -> Result<(), WriteError> {
        self.core.write(MAIN, |enc| item.to_line(enc))
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
    /// As [`write`](Writer::write).
    #[inline]
    pub fn write_with(
        &mut self,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        self.core.write(MAIN, encode)
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
    /// As [`write`](Writer::write).
    pub fn write_to(
        &mut self,
        bucket: &str,
        item: &(impl ToLine + ?Sized),
    ) -> Result<(), WriteError> {
        let lane = self.core.lane(bucket);
        self.core.write(lane, |enc| item.to_line(enc))
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
    /// As [`write`](Writer::write), for the first item that isn't taken. Those before it were.
    pub fn write_each<I: ToLine>(
        &mut self,
        items: impl IntoIterator<Item = I>,
    ) -> Result<(), WriteError> {
        (1..).zip(items).try_for_each(|(number, item)| {
            self.write(&item).map_err(|e| match e {
                WriteError::Encode(e) => e.numbered(number).into(),
                other => other,
            })
        })
    }

    /// Sends what is due: full batches, what is older than the flush interval, what waited for its
    /// next attempt. Says when the next call is useful; calling earlier costs a look at the clock.
    ///
    /// Blocks while it sends, for [`poll_limit`](super::WriterBuilder::poll_limit) and one request.
    /// A server that can't be reached is no error here: the points are kept, the wait grows. Events,
    /// [`stats`](Writer::stats) and [`last_error`](Writer::last_error) tell of it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// loop {
    ///     // read the sensors, write the points, then:
    ///     let idle = w.poll()?;
    /// #   if !idle.is_zero() { break }
    ///     std::thread::sleep(idle.min(core::time::Duration::from_millis(100)));
    /// }
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// None yet: neither a server nor a disk that fails ends the writer. The `Result` is there so
    /// that one day something may.
    pub fn poll(&mut self) -> Result<Duration, Error> {
        Ok(self.core.poll())
    }

    /// Sends everything, and returns when nothing is left in memory: each line is delivered, on
    /// disk, rejected or given up, and the [`Outcome`] says how many of each since the flush before.
    /// With a spool it doesn't wait for a server that is away, and syncs the disk whatever the
    /// spool's durability.
    ///
    /// Blocks for [`flush_timeout`](super::WriterBuilder::flush_timeout) at most. Its first attempt
    /// comes at once, whatever pause is under way, unless the server asked for the pause.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    ///
    /// let mut w = client.writer("sensors").build()?;
    /// let outcome = w.flush()?;
    /// if !outcome.is_safe() {
    ///     for line in w.rejected() {
    ///         println!("{}: {}", line.line, line.message);
    ///     }
    /// }
    /// # assert!(outcome.is_safe());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`FlushError`](crate::FlushError): time ran out, or the next attempt would come too late.
    /// The lines are still here; the error tells how many, and why.
    pub fn flush(&mut self) -> Result<Outcome, Error> {
        self.core.flush(self.core.settings.flush_timeout)
    }

    /// The same with a limit of its own.
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
    /// As [`flush`](Writer::flush).
    pub fn flush_within(&mut self, limit: Duration) -> Result<Outcome, Error> {
        self.core.flush(limit)
    }

    /// Flushes and ends.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let w = client.writer("sensors").build()?;
    /// println!("{}", w.close()?);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`FlushError`](crate::FlushError): time ran out, and the lines are lost. To keep them,
    /// [`flush`](Writer::flush) first and look at [`unsent`](Writer::unsent), or use a spool.
    pub fn close(mut self) -> Result<Outcome, Error> {
        self.core.close(self.core.settings.flush_timeout)
    }

    /// The same with a limit of its own. Zero sends nothing any more.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// w.write_with(|enc| enc.line("t").field("v", 1).timestamp(1))?;
    /// assert!(w.close_within(core::time::Duration::ZERO).is_err()); // one line is lost, and it says so
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`close`](Writer::close).
    pub fn close_within(mut self, limit: Duration) -> Result<Outcome, Error> {
        self.core.close(limit)
    }

    /// The account of every line so far. Cheap.
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
        self.core.stats()
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
    pub fn last_error(&self) -> Option<&Error> {
        self.core.last_error.as_ref()
    }

    /// The lines the server refused for good, the latest of them, oldest first.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let w = client.writer("sensors").build()?;
    /// for one in w.rejected() {
    ///     println!("{} refused in {}: {}", one.line, one.bucket, one.message);
    /// }
    /// # assert_eq!(w.rejected().count(), 0);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn rejected(&self) -> impl Iterator<Item = &Rejected> {
        self.core.rejected.iter()
    }

    /// The same, taken out.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// assert_eq!(w.take_rejected().count(), 0);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn take_rejected(&mut self) -> impl Iterator<Item = Rejected> + use<> {
        self.core.rejected.take()
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
        self.core.disk.as_ref().map(super::disk::Disk::spool)
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
        self.core.unsent()
    }
}

/// A writer that is dropped without [`close`](Writer::close) closes itself, within its
/// `flush_timeout`; in a panic it doesn't try to send any more. Lines that are lost that way are
/// told to the listener ([`DropReason::Closed`](super::DropReason::Closed)), or, if there is none, in one line
/// on stderr: they are never lost in silence.
impl Drop for Writer {
    fn drop(&mut self) {
        if self.core.closed {
            return;
        }
        let limit = if std::thread::panicking() {
            Duration::ZERO
        } else {
            self.core.settings.flush_timeout
        };
        let silent = self.core.listener.is_none();
        if let Err(error) = self.core.close(limit) {
            if silent {
                std::eprintln!("influx-edge: a writer was dropped: {error}");
            }
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("client", &self.core.transport)
            .field("settings", &self.core.settings)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
