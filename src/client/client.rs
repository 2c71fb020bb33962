//! The `Client` type: the handle to one server, and the state that its clones share.

use super::auth::Auth;
#[cfg(feature = "gzip")]
use super::compression::{Compression, Compressor};
use super::retry::{Retry, RetryPolicy};
use super::secret::{HasSecrets, Secrets};
use super::server_clock::ServerClock;
use super::transport::Http;
use super::url::{BaseUrl, Target};
use crate::line::OwnedDefaultTags;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU8, AtomicU32};
use core::time::Duration;

/// A connection to one InfluxDB server, or anything that speaks its v2 interface.
///
/// Cheap to clone, and its clones share connections, session and settings; hand one to every
/// thread. Made by [`Client::builder`]; making it connects to nothing.
///
/// ```
/// use influx_edge::Client;
/// use influx_edge::line::Encoder;
///
/// let client = Client::builder("http://localhost:8086").org("acme").token("my-token").build()?;
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
///
/// let mut enc = Encoder::with_sink(Vec::new());
/// enc.line("weather").tag("station", "zrh-1").field("temp_c", 21.5).finish()?;
/// client.write("sensors", enc.lines())?;
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// The callback for retries.
pub(crate) type OnRetry = dyn Fn(&Retry<'_>) + Send + Sync;

/// What all clones share.
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
    /// What is learnt of the server, for all clones.
    pub(crate) learnt: Arc<Learnt>,
    #[cfg(feature = "gzip")]
    pub(crate) compressor: Option<Arc<Compressor>>,
}

/// The limits of a query that has none of its own. Servers think before their first row, so they are
/// longer than those of other calls, unless the client's are set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryLimits {
    /// What it may take in all.
    pub(crate) overall: Duration,
    /// How long nothing may arrive.
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

/// What calls learn that later calls need.
#[derive(Default)]
pub(crate) struct Learnt {
    /// How many deletes succeeded, the last 32 bits of it: a list that is under way has to know. (Not
    /// every processor has atomic numbers of 64 bits.)
    pub(crate) deletions: AtomicU32,
    /// Whether the server is InfluxDB 3: 0 until that is asked, then 1 (no) or 2 (yes).
    pub(crate) v3: AtomicU8,
    pub(crate) server_clock: ServerClock,
    /// How long the last body was that points were encoded into.
    pub(crate) body_bytes: AtomicU32,
    #[cfg(feature = "gzip")]
    pub(crate) compression: Compression,
}

/// Which organization calls are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Org {
    Name(String),
    Id(String),
}

impl Client {
    /// The server's URL, without a trailing slash.
    ///
    /// ```
    /// let client = influx_edge::Client::builder("http://localhost:8086/").build()?;
    /// assert_eq!(client.url(), "http://localhost:8086");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn url(&self) -> String {
        let base = &self.inner.base;
        let scheme = if base.https { "https" } else { "http" };
        alloc::format!("{scheme}://{}{}", base.authority, base.prefix)
    }

    /// This client for another organization, by name: same server, connections, credentials and
    /// session.
    #[must_use]
    pub fn in_org(&self, name: impl Into<String>) -> Client {
        Client::from_inner(Inner {
            org: Some(Org::Name(name.into())),
            ..Inner::clone(&self.inner)
        })
    }

    /// What works, but a person should know: a token file that others may read, a token that
    /// travels in clear, a secret too short to be told from other words, certificates that nobody verifies, settings that aren't known. Show them
    /// once, at the start. No secret is in them.
    ///
    /// ```
    /// let client = influx_edge::Client::builder("http://db.example:8086").token("my-token").build()?;
    /// assert!(!client.warnings().is_empty()); // the token travels in clear
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// The tags that this client adds to what it encodes: its builder's, the environment's, a file's. `None`
    /// if there are none.
    ///
    /// An encoder of your own gets them when it is made.
    ///
    /// ```
    /// use influx_edge::{Client, Encoder};
    ///
    /// let client = Client::builder("http://localhost:8086").default_tag("host", "gw-7").build()?;
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

    /// What must not be printed.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.inner.http.secrets
    }

    /// This client for a call that has secrets of its own, and credentials of its own if it brings
    /// some: what a server repeats of them isn't printed either.
    pub(crate) fn hiding(&self, secrets: &[&str], auth: Option<&Arc<Auth>>) -> Client {
        let mut inner = Inner::clone(&self.inner);
        let auth = auth.map(|auth| Arc::clone(auth) as Arc<dyn HasSecrets>);
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
