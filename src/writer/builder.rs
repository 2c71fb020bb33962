//! `WriterBuilder`: the settings of a writer and their check. Defaults are in `settings`.

use super::Writer;
use super::drive::inline::Inline;
use super::drive::polled::Polled;
use super::drive::seams::{Clock, SystemClock, Transport};
use super::engine::Engine;
use super::event::{Event, Listener};
use super::route::{Route, Sender};
use super::settings::Settings;
use super::spool::Disk;
use super::stamp::{ClockGuard, MIN_DIFFERENCE};
use crate::OverflowPolicy;
use crate::client::retry::random;
use crate::client::{Client, RetryPolicy};
use crate::error::Error;
use crate::line::{EncodeError, OwnedDefaultTags, TagValue};
use crate::{Precision, Timestamp};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;

#[cfg(feature = "v3")]
impl crate::v3::Database<'_> {
    /// Starts building a writer that collects points for this database and sends them in batches by
    /// `/api/v3/write_lp`, with what was set here. See the [`writer`](crate::writer) module, where a bucket is
    /// a database then, and [the page of this one](crate::v3#batches).
    pub fn writer(&self) -> WriterBuilder {
        let (client, db, options) = self.parts();
        WriterBuilder::by_route(client, Route::V3(options), db.into())
    }
}

/// The settings of a [`Writer`], made by [`Client::writer`]. Every one has a default.
///
/// ```
/// use core::time::Duration;
///
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// let w = client
///     .writer("sensors")
///     .batch_lines(500)
///     .flush_interval(Duration::from_secs(10));
/// let mut w = w.default_tag("host", "gw-7").build()?;
/// w.write_with(|enc| enc.line("load").field("one", 0.5).finish())?;
/// assert_eq!(w.flush()?.delivered, 1);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[must_use = "a builder does nothing until `.build()?`"]
pub struct WriterBuilder {
    client: Client,
    route: Route,
    bucket: String,
    settings: Settings,
    batch_bytes: Option<usize>,
    /// Or the error of the first that can't be used.
    tags: Result<OwnedDefaultTags, EncodeError>,
    client_tags: bool,
    listener: Option<Listener>,
    disk: Option<Disk>,
    #[cfg(feature = "spool")]
    adopts_all: bool,
}

impl Client {
    /// Starts building a writer that collects points for a bucket (by name or id) and sends them in
    /// batches. See the [`writer`](crate::writer) module.
    #[doc(alias = "new")]
    #[doc(alias = "write_api")]
    pub fn writer(&self, bucket: impl Into<String>) -> WriterBuilder {
        WriterBuilder::by_route(self, Route::V2, bucket.into())
    }
}

impl WriterBuilder {
    fn by_route(client: &Client, route: Route, bucket: String) -> Self {
        WriterBuilder {
            client: client.clone(),
            route,
            bucket,
            settings: Settings::default(),
            batch_bytes: None,
            tags: Ok(OwnedDefaultTags::new()),
            client_tags: true,
            listener: None,
            disk: None,
            #[cfg(feature = "spool")]
            adopts_all: false,
        }
    }

    /// Sets the number of lines at which a batch is full.
    ///
    /// Default: 5 000, the size that InfluxData recommends.
    #[doc(alias = "batch_size")]
    pub fn batch_lines(mut self, lines: usize) -> Self {
        self.settings.batch_lines = lines;
        self
    }

    /// Sets the number of bytes of line protocol at which a batch is full.
    ///
    /// No request is larger, and no single call of `write` may bring more. Default: 256 KiB, or half of
    /// `max_buffer_bytes` if that is less. With a spool it is at most
    /// [`Spool::max_batch_bytes`](crate::spool::Spool::max_batch_bytes).
    ///
    /// Unless it is set, a backlog on disk is sent in compressed requests of up to 1 MiB of line protocol (at
    /// most half of `max_buffer_bytes`), as long as they take no more than half of the client's time limit: on a
    /// slow link each request costs its latency. On any link, requests that the time limit ends are made
    /// smaller, down to 16 KiB.
    ///
    /// ```
    /// use influx_edge::Client;
    ///
    /// let client = Client::builder("http://localhost:8086")
    ///     .org("acme")
    ///     .build()?;
    /// let too_large = client
    ///     .writer("sensors")
    ///     .max_buffer_bytes(1024)
    ///     .batch_bytes(4096);
    /// assert!(too_large.build().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = Some(bytes);
        self
    }

    /// Sets the age at which a batch that isn't full is sent, from its first point.
    ///
    /// Default: 1 s. [`Writer::run_until`] or [`Writer::poll`] sends it.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.settings.flush_interval = interval;
        self
    }

    /// Sets the most bytes of line protocol held in memory, over all buckets, until they are stored. Default:
    /// 16 MiB. Each bucket needs some storage in addition, see [memory](crate::writer#memory).
    pub fn max_buffer_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_buffer_bytes = bytes;
        self
    }

    /// Sets what `write` does when that limit is reached. Default: [`OverflowPolicy::Reject`].
    ///
    /// With [`OverflowPolicy::Block`] it sends, oldest first, for at most that long. It rejects the point if there
    /// still is no space, or as soon as the next attempt would come too late; and at once if
    /// [`send_in_write`](WriterBuilder::send_in_write) is off.
    /// [`Writer::spawn`](super::Writer::spawn) takes a policy of its own.
    pub fn overflow_policy(mut self, policy: OverflowPolicy) -> Self {
        self.settings.overflow_policy = policy;
        self
    }

    /// Sets the most bytes of rejected lines kept for [`Writer::take_rejected`]. The oldest are forgotten first;
    /// they stay counted. Default: 64 KiB.
    pub fn max_rejected_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_rejected_bytes = bytes;
        self
    }

    /// Sets the delays after failures, and when to give a batch up. Default: [`RetryPolicy::unbounded`]: between 1 s
    /// and a limit that doubles up to 5 min, and **never** given up, because memory is bounded anyway. Use it as
    /// the base of your own: with [`RetryPolicy::default`] as the base, a batch is given up after 180 s.
    ///
    /// If an operator has to act (a token, a missing bucket, a certificate), the delay is at least a minute. If
    /// the server asks for a longer delay, at most 10 min, that is used. A batch that is given up is counted as
    /// [`DropReason::GivenUp`](super::DropReason::GivenUp). The client's own policy has no effect here.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// Sets the unit of the timestamps. Default: nanoseconds. Coarser units save bytes and storage, but points of
    /// one series within one unit are one point.
    pub fn precision(mut self, precision: Precision) -> Self {
        self.settings.precision = precision;
        self
    }

    /// Adds this tag to every line that doesn't have it itself, in place of a client's tag of that key (see
    /// [`client_tags`](Self::client_tags)). Default: none. A tag that can't be written is an error of
    /// [`build`](Self::build).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let w = client.writer("sensors").default_tag("host", "gw-7").build()?;
    /// # drop(w);
    /// assert!(client.writer("sensors").default_tag("time", "x").build().is_err());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn default_tag(mut self, key: &str, value: impl TagValue) -> Self {
        self.tags = self.tags.and_then(|tags| tags.tag(key, value));
        self
    }

    /// Sets whether the client's default tags are added as well.
    ///
    /// They follow the writer's own, and come from the client's builder
    /// ([`ClientBuilder::default_tag`](crate::client::ClientBuilder::default_tag)), the environment
    /// (`INFLUXDB_V2_TAG_…`) and a configuration file. Default: true.
    ///
    /// ```
    /// use influx_edge::Client;
    ///
    /// let client = Client::builder("http://localhost:8086")
    ///     .org("acme")
    ///     .default_tag("site", "north")
    ///     .build()?;
    /// let mut w = client
    ///     .writer("sensors")
    ///     .default_tag("host", "gw-7")
    ///     .build()?;
    /// w.write_with(|enc| enc.line("t").field("v", 1).timestamp(7))?;
    /// assert_eq!(
    ///     w.unsent().next().unwrap().1.bytes,
    ///     b"t,host=gw-7,site=north v=1i 7\n"
    /// );
    ///
    /// let mut bare = client.writer("sensors").client_tags(false).build()?;
    /// bare.write_with(|enc| enc.line("t").field("v", 1).timestamp(7))?;
    /// assert_eq!(bare.unsent().next().unwrap().1.bytes, b"t v=1i 7\n");
    /// # for w in [w, bare] { drop(w.close_within(core::time::Duration::ZERO)); }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client_tags(mut self, add: bool) -> Self {
        self.client_tags = add;
        self
    }

    /// Sets what happens to points without a time while the machine's clock isn't set. Default:
    /// [`ClockGuard::Reject`].
    pub fn clock_guard(mut self, guard: ClockGuard) -> Self {
        self.settings.guard.guard = guard;
        self
    }

    /// Sets the earliest time that the machine's clock can show: before it the clock counts as not set, see
    /// [`ClockGuard`]. Default: the beginning of 2020. The day on which the program was built is a better bound,
    /// because a clock that was restored from the last shutdown may show any day before that.
    pub fn clock_not_before(mut self, time: Timestamp) -> Self {
        self.settings.guard.not_before = time;
        self
    }

    /// Sets the latest time that the machine's clock can show: after it the clock counts as not set, see
    /// [`ClockGuard`]. Default: the latest that a server stores, in the year 2262. A bound before
    /// [`clock_not_before`](Self::clock_not_before) is an error of [`build`](Self::build).
    pub fn clock_not_after(mut self, time: Timestamp) -> Self {
        self.settings.guard.not_after = time;
        self
    }

    /// Sets by how much the machine's clock may differ from
    /// [`Client::server_time`](crate::Client::server_time): beyond that it counts as not set, see
    /// [`ClockGuard`]. Default: not compared. Less than 5 s is an error of [`build`](Self::build), because a
    /// response's `Date` counts whole seconds.
    ///
    /// Nothing is compared before the first response. A clock that is behind is detected by any response since
    /// the machine's start; one that is ahead only by a response of the last hour, because a machine that was
    /// suspended looks the same. Each point without a time then costs one more clock reading.
    pub fn clock_max_difference(mut self, most: Duration) -> Self {
        self.settings.guard.max_difference = Some(most);
        self
    }

    /// Sets whether NaN and infinite fields are left out; if not, their line is refused. Default: false. See
    /// [`Encoder::skip_non_finite`](crate::line::Encoder::skip_non_finite).
    pub fn skip_non_finite(mut self, skip: bool) -> Self {
        self.settings.skip_non_finite = skip;
        self
    }

    /// Sets whether string fields with a newline are refused. Default: false. See
    /// [`Encoder::reject_newlines`](crate::line::Encoder::reject_newlines).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").reject_newlines(true).build()?;
    /// assert!(
    ///     w.write_with(|enc| enc.line("log").field("text", "a\nb").timestamp(1))
    ///         .is_err()
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn reject_newlines(mut self, refuse: bool) -> Self {
        self.settings.reject_newlines = refuse;
        self
    }

    /// Sets whether lines with an empty tag value are rejected. Default: false, the tag is left out and counted
    /// ([`Stats::empty_tags`](super::Stats::empty_tags)). See
    /// [`Encoder::reject_empty_tags`](crate::line::Encoder::reject_empty_tags).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client.writer("sensors").reject_empty_tags(true).build()?;
    /// assert!(
    ///     w.write_with(|enc| enc
    ///         .line("t")
    ///         .tag("site", "")
    ///         .field("v", 1)
    ///         .timestamp(1))
    ///         .is_err()
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn reject_empty_tags(mut self, reject: bool) -> Self {
        self.settings.reject_empty_tags = reject;
        self
    }

    /// Writes the writer's own counts as a line of this measurement.
    ///
    /// It does so at this interval, at most once a second. [`Stats`](super::Stats#impl-ToLine-for-Stats) has the fields. Default:
    /// never.
    ///
    /// The line goes to the writer's bucket with its default tags and the machine's time, and is counted as
    /// any other; [`Stats::own`](super::Stats::own) is the number of such lines. If there is no space for it, or the
    /// clock isn't set, it is left out. The first [`Writer::run_until`] or [`Writer::poll`] writes the first one, or
    /// the keeper's thread does.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// use core::time::Duration;
    ///
    /// let mut w = client
    ///     .writer("sensors")
    ///     .report_stats("logger", Duration::from_secs(60))
    ///     .build()?;
    /// w.run_until(std::time::Instant::now())?;
    /// assert_eq!(w.stats().own, 1);
    /// # drop(w.close_within(Duration::ZERO));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn report_stats(mut self, measurement: &str, every: Duration) -> Self {
        self.settings.report = Some((measurement.into(), every.max(Duration::from_secs(1))));
        self
    }

    /// Sets whether a `write` that completes a batch also sends it, which blocks for that request. Default: true,
    /// so that the data of a program that only writes are delivered. If false, `write` never uses the network, and
    /// only [`Writer::run_until`], [`Writer::poll`] and [`Writer::flush`] send: for loops under a watchdog.
    pub fn send_in_write(mut self, send: bool) -> Self {
        self.settings.send_in_write = send;
        self
    }

    /// Sets how long one [`Writer::poll`] keeps starting requests. Default: 1 s. A request that was started may take
    /// as long as the client's own limits allow.
    pub fn poll_limit(mut self, limit: Duration) -> Self {
        self.settings.poll_limit = limit;
        self
    }

    /// Sets how long [`Writer::flush`], [`Writer::close`] and a drop may take. Default: 60 s.
    pub fn flush_timeout(mut self, limit: Duration) -> Self {
        self.settings.flush_timeout = limit;
        self
    }

    /// Keeps lines that can't be delivered on disk, and delivers those that are found there. Default: none.
    ///
    /// With a spool no batch is given up: [`retry`](Self::retry) sets only the delays. The spool's
    /// [`Mode`](crate::spool::Mode) decides which lines go to disk. Batches found there for other organizations
    /// than the client's, or for another kind of server, stay where they are, counted as
    /// [`Stats::foreign`](super::Stats::foreign); [`adopt_all`](Self::adopt_all) sends them.
    ///
    /// The backlog is first sent after a random delay of up to the retry policy's `interval` (1 s), so that
    /// machines that restart together don't send together. A flush ends the delay. Until the backlog is
    /// delivered, new lines go to disk behind it.
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
        self.disk = Some(Disk::new(spool, &self.client, self.route.server()));
        self
    }

    /// Also sends batches that are in the spool for other organizations.
    ///
    /// They go to the client's: after it was renamed, or is given by its id now. The same holds for another
    /// [kind of server](crate::spool::ServerKind), after the server was replaced. Default: such lines stay
    /// where they are, counted as [`Stats::foreign`](super::Stats::foreign) and reported by
    /// [`Event::Foreign`]. Batches for a kind of server unknown to this version always stay. Without a spool
    /// this has no effect.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::Spool;
    ///
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-adopt", std::process::id()));
    /// let w = client.writer("sensors").spool(Spool::open(&dir)?).adopt_all().build()?;
    /// assert_eq!(w.stats().foreign, 0);
    /// # drop(w);
    /// # std::fs::remove_dir_all(&dir).ok();
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[cfg(feature = "spool")]
    pub fn adopt_all(mut self) -> Self {
        self.adopts_all = true;
        self
    }

    /// Limits the rate at which a backlog on disk is sent.
    ///
    /// The limit, in bytes of line protocol a second for each bucket, applies once the server responds again.
    /// The average is a fifth less, because each pause gets a random extra of up to half its length. Default:
    /// 1 MiB/s, so that a returning server isn't overloaded by the backlog of a whole fleet. `u64::MAX` sends
    /// as fast as the server responds.
    ///
    /// The limit holds for [`Writer::flush`] as well. It doesn't hold for lines that were never held up, nor while
    /// the spool is more than half full, when delay might lose data. Choose at least twice what the program
    /// writes, or the backlog grows up to that half.
    #[cfg(feature = "spool")]
    pub fn drain_bytes_per_second(mut self, bytes: u64) -> Self {
        self.settings.drain_bytes_per_second = bytes;
        self
    }

    /// Calls a function for every [`Event`](super::Event).
    ///
    /// It runs on the thread that uses the writer, or on the keeper's. Default: none. The writer waits for
    /// it, and doesn't call it again if it panics. [Listeners](crate::writer#listeners) describes what it may
    /// do.
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

    /// Builds the writer. Doesn't connect yet.
    ///
    /// # Errors
    /// Returns an error if a batch would have no lines or be larger than the buffer, the drain rate is zero, the
    /// bucket's name is empty, has a zero byte or more than 1 023 bytes (with a spool, together with that of the
    /// organization), a default tag can't be written, or no time lies between the bounds of the clock.
    pub fn build(self) -> Result<Writer, Error> {
        let client = self.client.clone();
        let clock = SystemClock::new(client.clone());
        let route = self.route;
        self.build_on(clock, Sender { client, route }, random())
            .map(|inline| Writer {
                driver: Polled { inline },
            })
    }

    /// Builds the driver on any clock and any transport.
    pub(crate) fn build_on<C: Clock, T: Transport>(
        self,
        clock: C,
        transport: T,
        seed: u64,
    ) -> Result<Inline<C, T>, Error> {
        let mut settings = self.settings;
        let most = settings.max_buffer_bytes;
        if let Some(bytes) = self.batch_bytes {
            settings.batch_bytes = bytes;
        } else {
            settings.batch_bytes = settings.batch_bytes.min(most / 2);
        }
        if let Some(disk) = &self.disk {
            // (A larger batch could never be spooled.)
            settings.batch_bytes = settings.batch_bytes.min(disk.max_batch_bytes());
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
        // (A size that was set holds for every request.)
        let merges = self.batch_bytes.is_none() && self.client.compresses(settings.batch_bytes);
        let merged = if merges {
            settings.merge_bytes.min(most / 2)
        } else {
            0
        };
        settings.merge_bytes = merged.max(settings.batch_bytes);
        settings.request_limit = self.client.request_limit();
        let clock_rules = &settings.guard;
        if clock_rules.not_before > clock_rules.not_after {
            return Err(Error::config(format!(
                "clock_not_before ({}) is after clock_not_after ({})",
                clock_rules.not_before, clock_rules.not_after
            )));
        }
        if clock_rules
            .max_difference
            .is_some_and(|most| most < MIN_DIFFERENCE)
        {
            return Err(Error::config(
                "clock_max_difference is shorter than 5 s: a response's date counts whole seconds",
            ));
        }
        if self.bucket.is_empty() {
            return Err(Error::config(
                "a writer needs the name of a bucket or a database",
            ));
        }
        settings
            .check_bucket(&self.bucket)
            .map_err(|error| Error::config(error.to_string()))?;
        if let Some(disk) = &self.disk {
            disk.check_bucket(&self.bucket)
                .map_err(|error| Error::config(format!("the writer's spool: {error}")))?;
            let most = settings.max_bucket_bytes;
            settings.max_bucket_bytes = most.saturating_sub(disk.org_bytes());
        }
        let tags = self
            .tags
            .map_err(|e| Error::config(format!("a default tag of the writer: {e}")))?;
        settings.tags = match self.client.default_tags() {
            Some(others) if self.client_tags => tags.or(others),
            _ => tags,
        };
        let listens = self.listener.is_some();
        let mut engine = Engine::new(settings, (&self.bucket, listens), seed);
        #[cfg_attr(
            not(feature = "spool"),
            expect(unused_mut, reason = "there is no disk")
        )]
        if let Some(mut disk) = self.disk {
            #[cfg(feature = "spool")]
            if self.adopts_all {
                disk.adopt_all();
            }
            engine.adopt(clock.now(), disk);
        }
        let mut inline = Inline {
            engine,
            clock,
            transport,
            listener: self.listener,
            closed: false,
        };
        inline.emit();
        Ok(inline)
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
