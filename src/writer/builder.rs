//! `WriterBuilder`: the settings of a writer and their check. Defaults are in `settings`.

use super::Writer;
use super::core::{Core, EncoderSpec};
use super::disk::Disk;
use super::event::{Event, Listener};
use super::seams::SystemClock;
use super::settings::Settings;
use super::stamp::ClockGuard;
use crate::OverflowPolicy;
use crate::Precision;
use crate::client::retry::random;
use crate::client::{Client, RetryPolicy};
use crate::error::Error;
use crate::line::{DefaultTagsBuilder, OwnedDefaultTags, TagValue};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

impl Client {
    /// Starts building a writer that collects points for a bucket (by name or id) and sends them
    /// in batches. See the [`writer`](crate::writer) module.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// w.write_with(|enc| enc.line("t").field("v", 1).finish())?;
    /// println!("{}", w.close()?);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn writer(&self, bucket: impl Into<String>) -> WriterBuilder {
        WriterBuilder {
            client: self.clone(),
            bucket: bucket.into(),
            settings: Settings::default(),
            batch_bytes: None,
            tags: OwnedDefaultTags::builder(),
            skip_non_finite: false,
            reject_newlines: false,
            listener: None,
            disk: None,
        }
    }
}

/// The settings of a [`Writer`]. Every one has a default.
#[must_use = "a builder does nothing until it is built"]
pub struct WriterBuilder {
    client: Client,
    bucket: String,
    settings: Settings,
    batch_bytes: Option<usize>,
    tags: DefaultTagsBuilder<Vec<u8>>,
    skip_non_finite: bool,
    reject_newlines: bool,
    listener: Option<Listener>,
    disk: Option<Disk>,
}

impl WriterBuilder {
    /// A batch is full with this many lines. Default 5 000, the size InfluxData recommends.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").batch_lines(100).build()?;
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn batch_lines(mut self, lines: usize) -> Self {
        self.settings.batch_lines = lines;
        self
    }

    /// A batch is full with this many bytes of line protocol; no request is larger, and no single
    /// call of `write` may bring more. Default 256 KiB, or half of `max_buffer_bytes` if that is
    /// less.
    ///
    /// ```
    /// use influx_edge::Client;
    ///
    /// let client = Client::builder("http://localhost:8086").org("acme").build()?;
    /// let too_large = client.writer("sensors").max_buffer_bytes(1024).batch_bytes(4096);
    /// assert!(too_large.build().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = Some(bytes);
        self
    }

    /// What isn't a full batch is due this long after its first point was written. Default 1 s.
    /// [`Writer::poll`] sends it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").flush_interval(core::time::Duration::from_secs(10)).build()?;
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.settings.flush_interval = interval;
        self
    }

    /// The most bytes of line protocol held in memory, over all buckets, while the server doesn't
    /// take them. Default 16 MiB. The storage for one open batch per bucket comes on top.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").max_buffer_bytes(256 * 1024).build()?; // on a small board
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn max_buffer_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_buffer_bytes = bytes;
        self
    }

    /// What `write` does when that limit is reached. Default: [`OverflowPolicy::Reject`].
    ///
    /// With [`OverflowPolicy::Block`] it sends, oldest first, for at most that long, and rejects the
    /// point if there still is no space, or as soon as the next attempt would come too late; it
    /// rejects at once if [`send_in_write`](WriterBuilder::send_in_write) is off.
    /// [`Writer::spawn`](super::Writer::spawn) takes a policy of its own.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// use influx_edge::writer::OverflowPolicy;
    ///
    /// let w = client.writer("sensors").overflow_policy(OverflowPolicy::DropOldest).build()?;
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn overflow_policy(mut self, policy: OverflowPolicy) -> Self {
        self.settings.overflow_policy = policy;
        self
    }

    /// The most bytes of refused lines kept for [`Writer::rejected`]; the oldest go first, their
    /// count stays. Default 64 KiB.
    pub fn max_rejected_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_rejected_bytes = bytes;
        self
    }

    /// The pauses after failures, and when to give a batch up. Default: 1 s, doubling, to 5 min,
    /// drawn evenly from 1 s up to that; **never** given up, for memory is bounded anyway.
    ///
    /// Where a person has to act (a token, a missing bucket, a certificate) the pause is at least
    /// a minute. Where the server asks for a pause, that is kept. A batch that is given up is
    /// counted as [`DropReason::GivenUp`](super::DropReason::GivenUp). The client's own policy plays no part
    /// here.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// use core::time::Duration;
    /// use influx_edge::client::RetryPolicy;
    ///
    /// let hasty = RetryPolicy { max_interval: Duration::from_secs(10), ..RetryPolicy::default() };
    /// let w = client.writer("sensors").retry(hasty).build()?;
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// The unit of the timestamps. Default nanoseconds. Coarser ones save bytes and storage, but
    /// points of one series within one unit are one point.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").precision(influx_edge::Precision::Second).build()?;
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn precision(mut self, precision: Precision) -> Self {
        self.settings.precision = precision;
        self
    }

    /// Adds this tag to every line that doesn't have it itself. Default none. A tag that can't be
    /// written is an error of [`build`](Self::build).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").default_tag("host", "gw-7").build()?;
    /// # drop(w);
    /// assert!(client.writer("sensors").default_tag("time", "x").build().is_err());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn default_tag(mut self, key: &str, value: impl TagValue) -> Self {
        self.tags = self.tags.tag(key, value);
        self
    }

    /// What happens to points without a time while the machine's clock isn't set. Default: they
    /// are refused.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// use influx_edge::writer::ClockGuard;
    ///
    /// let w = client.writer("sensors").clock_guard(ClockGuard::Mark).build()?;
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn clock_guard(mut self, guard: ClockGuard) -> Self {
        self.settings.guard = guard;
        self
    }

    /// Leaves NaN and infinite fields out instead of refusing their line. Default false. See
    /// [`Encoder::skip_non_finite`](crate::line::Encoder::skip_non_finite).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").skip_non_finite(true).build()?;
    /// w.write_with(|enc| enc.line("t").field("a", f64::NAN).field("b", 1).timestamp(1))?;
    /// # drop(w.close_within(core::time::Duration::ZERO));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn skip_non_finite(mut self, skip: bool) -> Self {
        self.skip_non_finite = skip;
        self
    }

    /// Refuses string fields with a newline. Default false. See
    /// [`Encoder::reject_newlines`](crate::line::Encoder::reject_newlines).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").reject_newlines(true).build()?;
    /// assert!(w.write_with(|enc| enc.line("log").field("text", "a\nb").timestamp(1)).is_err());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn reject_newlines(mut self, refuse: bool) -> Self {
        self.reject_newlines = refuse;
        self
    }

    /// Whether a `write` that completes a batch also sends it, which blocks for that request.
    /// Default true: a program that only writes gets its data delivered. With false `write` never
    /// touches the network, and only [`Writer::poll`] and [`Writer::flush`] send: for loops under a
    /// watchdog.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// // Under a watchdog: `write` encodes, `poll` talks to the network.
    /// let w = client.writer("sensors").send_in_write(false).build()?;
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn send_in_write(mut self, send: bool) -> Self {
        self.settings.send_in_write = send;
        self
    }

    /// How long one [`Writer::poll`] goes on beginning requests. Default 1 s. A request once begun
    /// may take as long as the client's own limits allow.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").poll_limit(core::time::Duration::from_millis(200)).build()?;
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn poll_limit(mut self, limit: Duration) -> Self {
        self.settings.poll_limit = limit;
        self
    }

    /// How long [`Writer::flush`] and [`Writer::close`] may take, and a drop without them. Default
    /// 60 s.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").flush_timeout(core::time::Duration::from_secs(5)).build()?;
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn flush_timeout(mut self, limit: Duration) -> Self {
        self.settings.flush_timeout = limit;
        self
    }

    /// Keeps what can't be delivered on disk, and delivers what is found there. Default: none.
    ///
    /// With a spool nothing is given up: [`retry`](Self::retry) sets the pauses only. What goes to
    /// disk is decided by the spool's [`Mode`](crate::spool::Mode). In it, batches for other
    /// organizations than the client's are left alone.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::Spool;
    ///
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-writer", std::process::id()));
    /// let w = client.writer("sensors").spool(Spool::open(&dir)?).build()?;
    /// # assert!(w.close()?.is_safe());
    /// # std::fs::remove_dir_all(&dir).ok();
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[cfg(feature = "spool")]
    pub fn spool(mut self, spool: crate::spool::Spool) -> Self {
        self.disk = Some(Disk::new(spool, &self.client));
        self
    }

    /// How fast what waited on disk is sent once the server responds again: at most so many bytes of
    /// line protocol a second for each bucket, and on average a fifth less, since up to half of each
    /// pause comes on top at random. Default 1 MiB/s: a server that was away isn't met by a whole
    /// fleet's backlog at once. `u64::MAX` sends as fast as the server responds.
    ///
    /// It holds for [`Writer::flush`] as well. It does not hold for what was never held up, and not
    /// while the spool is more than half full, where being slow might lose data. Choose at least twice
    /// what the program writes, or the backlog grows up to that half.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").drain_bytes_per_second(64 * 1024).build()?; // a thin line
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[cfg(feature = "spool")]
    pub fn drain_bytes_per_second(mut self, bytes: u64) -> Self {
        self.settings.drain_bytes_per_second = bytes;
        self
    }

    /// Calls this for every [`Event`], in the thread that makes it happen. Default none. Keep it
    /// short: the writer waits for it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// use influx_edge::writer::Event;
    ///
    /// let w = client.writer("sensors")
    ///     .on_event(|event| {
    ///         if let Event::Dropped { lines, reason, .. } = event {
    ///             eprintln!("{lines} lines lost: {reason:?}");
    ///         }
    ///     })
    ///     .build()?;
    /// # drop(w);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn on_event(mut self, listener: impl FnMut(&Event<'_>) + Send + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// The writer. Connects to nothing yet.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").build()?;
    /// w.write_with(|enc| enc.line("t").field("v", 1).timestamp(1))?;
    /// # drop(w.close_within(core::time::Duration::ZERO));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Settings that can't be: batches of no lines, a batch larger than the buffer, a drain rate of
    /// nothing, an empty bucket name, a default tag that can't be written.
    pub fn build(self) -> Result<Writer, Error> {
        let client = self.client.clone();
        self.build_on(SystemClock::new(), client, random())
            .map(Writer::new)
    }

    /// The same on any clock and any way to the server.
    pub(crate) fn build_on<C, T>(
        self,
        clock: C,
        transport: T,
        seed: u64,
    ) -> Result<Core<C, T>, Error>
    where
        C: super::seams::Clock,
        T: super::seams::Transport,
    {
        let mut settings = self.settings;
        let most = settings.max_buffer_bytes;
        if let Some(bytes) = self.batch_bytes {
            settings.batch_bytes = bytes;
        } else {
            settings.batch_bytes = settings.batch_bytes.min(most / 2);
        }
        if settings.batch_lines == 0 || settings.batch_bytes == 0 {
            return Err(Error::config(
                "a batch of a writer needs at least one line and one byte",
            ));
        }
        if settings.drain_bytes_per_second == 0 {
            return Err(Error::config(
                "a writer with a drain rate of 0 would never empty its spool",
            ));
        }
        if settings.batch_bytes > most {
            return Err(Error::config(format!(
                "batch_bytes ({}) is more than max_buffer_bytes ({most})",
                settings.batch_bytes
            )));
        }
        if self.bucket.is_empty() {
            return Err(Error::config("a writer needs the name of a bucket"));
        }
        let tags = self
            .tags
            .build()
            .map_err(|e| Error::config(format!("a default tag of the writer: {e}")))?;
        let spec = EncoderSpec {
            batch_bytes: settings.batch_bytes,
            precision: settings.precision,
            tags,
            skip_non_finite: self.skip_non_finite,
            reject_newlines: self.reject_newlines,
        };
        let mut core = Core::new(
            (clock, transport),
            settings,
            spec,
            (&self.bucket, self.listener),
            seed,
        );
        if let Some(disk) = self.disk {
            core.adopt(disk);
        }
        Ok(core)
    }
}

impl fmt::Debug for WriterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriterBuilder")
            .field("client", &self.client)
            .field("bucket", &self.bucket)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
