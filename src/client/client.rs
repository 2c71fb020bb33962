//! The `Client` type: the handle to one server, and the state that its clones share.

use super::auth::Auth;
#[cfg(feature = "gzip")]
use super::compression::{Compression, Compressor};
use super::retry::RetryPolicy;
use super::secret::{SecretSource, Secrets};
use super::server_clock::ServerClock;
use super::transport::Http;
use super::url::{BaseUrl, Target};
use crate::error::Error;
use crate::line::OwnedDefaultTags;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU8, AtomicU32};
use core::time::Duration;

/// A client of one InfluxDB server, or of anything that implements its v2 interface.
///
/// [`builder`](Client::builder) makes it, [`write`](Client::write) and [`query`](Client::query) are one
/// request each, and [`writer`](Client::writer) collects points and sends them in batches:
///
/// ```
/// use influx_edge::{Client, Point};
///
/// let client = Client::builder("http://localhost:8086")
///     .org("acme")
///     .token("my-token")
///     .build()?;
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let point = Point::new("weather")
///     .tag("station", "zrh-1")
///     .field("temp_c", 21.5);
/// client.write("sensors", &point)?; // Ok: the server has stored it
///
/// let flux = r#"from(bucket: "sensors") |> range(start: -1h)"#;
/// let mut rows = client.query(flux).call()?;
/// while let Some(row) = rows.next()? {
///     println!("{}", row.get::<f64>("_value")?);
/// }
///
/// let mut w = client.writer("sensors").build()?;
/// w.write(&point)?;
/// assert_eq!(w.flush()?.delivered, 1);
/// # Ok::<(), influx_edge::Error>(())
/// ```
///
/// Cheap to clone. Clones share connections, session, compressor and settings: hand one to each thread.
/// Making a client connects to nothing.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// The callback before each retry: its number, the pause, and the error that caused it.
pub(crate) type OnRetry = dyn Fn(u32, Duration, &Error) + Send + Sync;

/// The state that all clones share.
#[derive(Clone)]
pub(crate) struct Inner {
    pub(crate) http: Http,
    pub(crate) base: BaseUrl,
    pub(crate) org: Option<Org>,
    pub(crate) auth: Arc<Auth>,
    pub(crate) retry: RetryPolicy,
    pub(crate) overall: Duration,
    pub(crate) query_limits: QueryLimits,
    pub(crate) on_retry: Option<Arc<OnRetry>>,
    pub(crate) default_tags: Option<OwnedDefaultTags>,
    pub(crate) profilers: Vec<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) observed: Arc<Observed>,
    #[cfg(feature = "gzip")]
    pub(crate) compressor: Option<Arc<Compressor>>,
}

/// The limits of a query that has none of its own. A server computes before its first row, so they are
/// longer than those of other calls, unless the client's are set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryLimits {
    /// The whole query.
    pub(crate) overall: Duration,
    /// A pause in which nothing arrives.
    pub(crate) read: Duration,
}

impl Default for QueryLimits {
    fn default() -> Self {
        QueryLimits {
            overall: Duration::from_secs(300),
            read: Duration::from_secs(60),
        }
    }
}

/// Facts about the server that earlier calls found out and later calls need.
#[derive(Default)]
pub(crate) struct Observed {
    /// The number of successful deletes, modulo 2^32. A list in progress compares it: after a delete its
    /// pages have shifted. (Not every processor has 64-bit atomics.)
    pub(crate) deletions: AtomicU32,
    /// Whether the server is InfluxDB 3: 0 (not asked yet), 1 (no) or 2 (yes).
    pub(crate) v3: AtomicU8,
    pub(crate) server_clock: ServerClock,
    /// The length of the last body that points were encoded into: the capacity for the next.
    pub(crate) body_bytes: AtomicU32,
    #[cfg(feature = "gzip")]
    pub(crate) compression: Compression,
}

/// The organization that calls are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Org {
    Name(String),
    Id(String),
}

impl Client {
    /// Returns the server's URL, without a trailing slash.
    ///
    /// ```
    /// let client = influx_edge::Client::builder("http://localhost:8086/").build()?;
    /// assert_eq!(client.url(), "http://localhost:8086");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn url(&self) -> String {
        self.inner.base.to_text()
    }

    /// Returns this client for another organization, by name. Server, connections, credentials and
    /// session are the same.
    #[must_use]
    pub fn in_org(&self, name: impl Into<String>) -> Client {
        Client::from_inner(Inner {
            org: Some(Org::Name(name.into())),
            ..Inner::clone(&self.inner)
        })
    }

    /// Returns warnings about settings that work but put data or secrets at risk.
    ///
    /// These are: a token file that others may read, a token sent in clear, a secret too short to be masked
    /// reliably, certificates that aren't verified, unknown settings. Show them once, at the start. They
    /// contain no secret.
    ///
    /// ```
    /// let client = influx_edge::Client::builder("http://db.example:8086")
    ///     .token("my-token")
    ///     .build()?;
    /// assert!(!client.warnings().is_empty()); // the token travels in clear
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// Returns the tags that this client adds to the points that it encodes.
    ///
    /// They come from the builder, the environment or a file. `None` if there are none. An encoder of your
    /// own gets them explicitly:
    ///
    /// ```
    /// use influx_edge::{Client, Encoder};
    ///
    /// let client = Client::builder("http://localhost:8086")
    ///     .default_tag("host", "gw-7")
    ///     .build()?;
    /// let tags = client.default_tags().cloned().unwrap_or_default();
    /// let mut enc = Encoder::with_sink(Vec::new()).default_tags(tags);
    /// enc.line("load").field("one", 0.5).finish()?;
    /// assert_eq!(enc.as_bytes(), b"load,host=gw-7 one=0.5\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn default_tags(&self) -> Option<&OwnedDefaultTags> {
        self.inner.default_tags.as_ref()
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Client {
            inner: Arc::new(inner),
        }
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.inner.http.secrets
    }

    /// This client for a call with secrets of its own, and with its own credentials if it has some:
    /// they are masked in what the server repeats, too.
    pub(crate) fn hiding(&self, secrets: &[&str], auth: Option<&Arc<Auth>>) -> Client {
        let mut inner = Inner::clone(&self.inner);
        let auth = auth.map(|auth| Arc::clone(auth) as Arc<dyn SecretSource>);
        inner.http.secrets = Arc::new(self.secrets().and(secrets, auth));
        Client::from_inner(inner)
    }

    /// A target under this client's base, with its organization as a parameter.
    pub(crate) fn target_with_org(&self, path: &str) -> Target {
        let mut target = self.inner.base.target(path);
        self.add_org(&mut target);
        target
    }

    pub(crate) fn add_org(&self, target: &mut Target) {
        match &self.inner.org {
            Some(Org::Name(name)) => target.push_query("org", name),
            Some(Org::Id(id)) => target.push_query("orgID", id),
            None => {}
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.url())
            .field("org", &self.inner.org)
            .field("auth", &self.inner.auth)
            .finish_non_exhaustive()
    }
}
