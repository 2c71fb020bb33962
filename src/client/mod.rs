//! The client: one server, its connections, and what can be asked of it.
//!
//! **What it is for.** [`Client`] writes line protocol, asks Flux queries, deletes, tells how the
//! server is, and makes any other call of InfluxDB's v2 interface ([`Client::get`] and its
//! siblings). It blocks; there is no runtime and no hidden thread.
//!
//! **In scope**: the settings ([`ClientBuilder`], environment, configuration file), HTTP, sessions,
//! compression, the meaning of every answer, retries when asked for.
//!
//! **Out of scope**: batching and keeping data through an outage (the writer does, on top of
//! this), typed buckets, tasks and tokens (the resources do).
//!
//! # What to watch
//! - *Time.* Every call has limits and keeps them: 5 s to connect, 20 s of silence, 30 s in all
//!   (queries: a minute of silence, five minutes in all). A program with a watchdog sets them
//!   shorter. Nothing is retried unless [`ClientBuilder::retry`] says so, save one: a pooled
//!   connection that turns out to be dead is replaced, at once and once.
//! - *Success* of a write is 204 and nothing else. A captive portal's 200 is an error.
//! - *Redirects* are never followed, proxies in the environment never used.
//! - *Memory*: some 16 KiB for a client with one connection (`cargo bench --bench client` prints
//!   it), and up to 64 KiB more while a body is sent; answers are streamed, and read whole only up to
//!   a cap.
//! - *Secrets*: no token, password or cookie is in any `Debug`, error or log line of this crate.
//!   They do travel in clear over `http://`; [`ClientBuilder::https_only`] refuses that. The HTTP
//!   library below, `ureq_proto`, dumps what it handles to the log at the level `trace`: credentials
//!   go around it, but headers of your own, cookies that a server sets and tokens that it makes
//!   are in there. Leave that target at `debug`.

mod account;
pub(crate) mod answer;
pub(crate) mod auth;
mod builder;
pub(crate) mod call;
mod config;
mod delete;
mod events;
pub mod faults;
pub(crate) mod http;
mod json;
mod query;
mod request;
mod response;
pub(crate) mod retry;
mod rows;
pub(crate) mod secret;
mod status;
pub(crate) mod url;
mod verdict;
mod write;

pub use account::{Me, Setup, SetupDone};
pub use builder::ClientBuilder;
pub use delete::DeletePoints;
pub use http::Headers;
pub use query::{Dialect, Query};
pub use request::Request;
pub use response::Response;
pub use retry::{Retry, RetryPolicy};
pub use rows::{Rows, Values};
pub use status::{Health, Ready};
pub use write::WriteData;

use crate::line::OwnedDefaultTags;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use auth::Auth;
use core::fmt;
use core::time::Duration;
use http::Http;
use url::{BaseUrl, Target};

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

/// Who is told of retries.
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
    pub(crate) on_retry: Option<Arc<OnRetry>>,
    pub(crate) default_tags: Option<OwnedDefaultTags>,
    pub(crate) profilers: Vec<String>,
    pub(crate) warnings: Vec<String>,
    #[cfg(feature = "gzip")]
    pub(crate) gzip_from: Option<usize>,
}

/// Which organization calls are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Org {
    Name(String),
    Id(String),
}

impl Client {
    /// Starts building a client for the server at a URL: `http://host:8086`, with a path prefix if
    /// a proxy needs one. [`ClientBuilder::build`] checks it.
    ///
    /// ```
    /// let client = influx_edge::Client::builder("http://localhost:8086").org("acme").token("my-token").build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

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
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let theirs = client.for_org("their-org"); // the same connections
    /// # let _ = theirs;
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn for_org(&self, name: impl Into<String>) -> Client {
        Client::from_inner(Inner {
            org: Some(Org::Name(name.into())),
            ..Inner::clone(&self.inner)
        })
    }

    /// What works, but a person should know: a token file that others may read, a token that
    /// travels in clear, certificates that nobody verifies, settings that aren't known. Show them
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

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Client {
            inner: Arc::new(inner),
        }
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
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
