//! The settings of a client with their defaults: timeouts, credentials, TLS, proxy, retries, gzip.

use super::auth::Auth;
use super::checks::{TlsFiles, check_headers, check_tags, read_files};
use super::client::QueryLimits;
use super::retry::RetryPolicy;
use super::scrub::Needles;
use super::secret::Secret;
use super::transport::{HeaderList, ProxyUrl, TlsSettings};
use super::url::strip_scheme;
use super::{Client, OnRetry, Org};
use crate::error::Error;
use crate::line::OwnedDefaultTags;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::path::Path;

/// The settings of a [`Client`](super::Client). Every one has a default; [`build`](ClientBuilder::build) checks
/// them all, so that what can't work fails there, with a reason, and not in the middle of the night.
///
/// ```
/// use core::time::Duration;
/// use influx_edge::Client;
///
/// let client = Client::builder("http://localhost:8086/influx")
///     .org("acme")
///     .token("my-token")
///     .timeout(Duration::from_secs(10))
///     .build()?;
/// assert_eq!(client.url(), "http://localhost:8086/influx");
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `.build()?`"]
pub struct ClientBuilder {
    pub(super) url: String,
    /// The URL is the default, for none was set.
    pub(super) default_url: bool,
    pub(super) org: Option<Org>,
    pub(super) credentials: Option<Credentials>,
    pub(super) connect: Duration,
    pub(super) read: Duration,
    pub(super) write: Duration,
    pub(super) overall: Duration,
    pub(super) query_limits: QueryLimits,
    pub(super) gzip_min_bytes: Option<usize>,
    pub(super) pool: usize,
    pub(super) proxy: Option<ProxyUrl>,
    pub(super) proxy_tls: bool,
    pub(super) proxy_host: String,
    pub(super) proxy_headers: Vec<(String, Secret)>,
    pub(super) https_only: bool,
    pub(super) tls_files: TlsFiles,
    pub(super) user_agent: String,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) retry: RetryPolicy,
    pub(super) on_retry: Option<Arc<OnRetry>>,
    pub(super) default_tags: Vec<(String, String)>,
    // What makes the tags, the headers and the files ready. Pointers, set by the methods that ask for
    // them: a program without them is not linked with it.
    pub(super) check_tags: Option<CheckTags>,
    pub(super) check_headers: CheckHeaders,
    pub(super) read_files: Option<ReadFiles>,
    pub(super) profilers: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// The secrets of headers and proxies, filled where these are set: programs without them are not
    /// linked with it.
    pub(super) needles: Needles,
}

pub(super) type CheckTags = fn(&[(String, String)]) -> Result<OwnedDefaultTags, Error>;
pub(super) type CheckHeaders = fn(&[(String, Secret)]) -> Result<HeaderList, String>;
pub(super) type ReadFiles = fn(&TlsFiles, &mut Vec<String>) -> Result<TlsSettings, Error>;

/// Who we are, not checked yet. What makes it ready is a pointer, set by the method that asks for
/// it: a program that only has a token is not linked with sessions.
#[derive(Clone)]
pub(super) struct Credentials {
    kind: &'static str,
    pub(super) user: String,
    pub(super) secret: Secret,
    pub(super) check: fn(&str, &Secret) -> Result<Auth, Error>,
    /// No warning of quotes around it is due.
    pub(super) quotes_warned: bool,
}

impl Credentials {
    /// What the secret is called.
    pub(super) fn noun(&self) -> &'static str {
        if self.kind == "Token" {
            "token"
        } else {
            "password"
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(***)", self.kind)
    }
}

impl Client {
    /// Starts building a client for the server at a URL: `http://host:8086`, with a path prefix if
    /// a proxy needs one. [`ClientBuilder::build`] checks it.
    #[doc(alias = "new")]
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::for_url(url.into())
    }
}

impl ClientBuilder {
    pub(super) fn for_url(url: String) -> Self {
        ClientBuilder {
            url,
            default_url: false,
            org: None,
            credentials: None,
            connect: Duration::from_secs(5),
            read: Duration::from_secs(20),
            write: Duration::from_secs(20),
            overall: Duration::from_secs(30),
            query_limits: QueryLimits::default(),
            gzip_min_bytes: None,
            pool: 4,
            proxy: None,
            proxy_tls: false,
            proxy_host: String::new(),
            proxy_headers: Vec::new(),
            https_only: false,
            tls_files: TlsFiles::default(),
            user_agent: concat!("influx-edge/", env!("CARGO_PKG_VERSION")).to_owned(),
            headers: Vec::new(),
            retry: RetryPolicy::none(),
            on_retry: None,
            default_tags: Vec::new(),
            check_tags: None,
            check_headers: |_| Ok(HeaderList::default()),
            read_files: None,
            profilers: Vec::new(),
            warnings: Vec::new(),
            needles: Needles::NONE,
        }
    }

    /// The organization, by name. (Servers take 16 hexadecimal digits for an id here, too.) No
    /// default; OSS needs one to write, query and delete.
    pub fn org(mut self, name: impl Into<String>) -> Self {
        self.org = Some(Org::Name(name.into()));
        self
    }

    /// The organization, by its id of 16 hexadecimal digits; anything else is refused by `build`.
    pub fn org_id(mut self, id: impl Into<String>) -> Self {
        self.org = Some(Org::Id(id.into()));
        self
    }

    /// The API token. No default: without credentials only [`ping`](super::Client::ping) and the like
    /// work. The last of `token`, `basic` and `session` counts.
    ///
    /// ```
    /// use influx_edge::Client;
    ///
    /// let client = Client::builder("http://localhost:8086").org("acme").token("my-token").build()?;
    /// assert!(!format!("{client:?}").contains("my-token"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn token(self, token: impl Into<String>) -> Self {
        self.identify("Token", String::new(), Secret::new(token), |_, token| {
            Auth::token(token)
        })
    }

    /// User name and password on every call (HTTP Basic), for InfluxDB 1.8 and for proxies that
    /// ask for it. InfluxDB 2 takes it nowhere but at sign-in: use [`session`](Self::session).
    pub fn basic(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.identify("Basic", user.into(), Secret::new(password), Auth::basic)
    }

    /// User name and password, exchanged for a session: the client signs in before its first call,
    /// and once more when the server has forgotten the session (after 60 minutes without use, by
    /// default). See [`Client::sign_out`](super::Client::sign_out).
    pub fn session(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.identify("Session", user.into(), Secret::new(password), Auth::session)
    }

    fn identify(
        mut self,
        kind: &'static str,
        user: String,
        secret: Secret,
        check: fn(&str, &Secret) -> Result<Auth, Error>,
    ) -> Self {
        self.credentials = Some(Credentials {
            kind,
            user,
            secret,
            check,
            quotes_warned: kind != "Token",
        });
        self
    }

    pub(super) fn quotes_warned(&mut self) {
        if let Some(credentials) = &mut self.credentials {
            credentials.quotes_warned = true;
        }
    }

    /// How long connecting may take, the name's lookup and the TLS handshake included each.
    /// Default 5 s; at least 1 ms. As with all time limits, more than ten years counts as ten.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect = limit;
        self
    }

    /// How long nothing may arrive while a response is awaited. Default: 20 s, and a minute for a
    /// query. Holds for queries as well if it is set here, unless the
    /// [query's own](super::Query::read_timeout) is.
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        (self.read, self.query_limits.read) = (limit, limit);
        self
    }

    /// How long the network may take no bytes while a request is sent. Default 20 s.
    pub fn write_timeout(mut self, limit: Duration) -> Self {
        self.write = limit;
        self
    }

    /// How long one attempt at a call may take in all, from connecting to the last byte of the
    /// response; a body is compressed before that. Default: 30 s, and five minutes for a query. Holds for queries as well if it is set
    /// here (or as `INFLUXDB_V2_TIMEOUT`), unless the [query's own](super::Query::timeout) is.
    pub fn timeout(mut self, limit: Duration) -> Self {
        (self.overall, self.query_limits.overall) = (limit, limit);
        self
    }

    /// Compresses the bodies of writes from this many bytes on. Default: 1 KiB, but none is compressed
    /// if the server is on the loopback and reached without a proxy. `usize::MAX` turns compression
    /// off; 0 compresses every body. (Responses to queries come compressed in any case.)
    ///
    /// Line protocol shrinks to between a sixth and a thirteenth. A client and its clones have one
    /// compressor, made for the first body: some 320 KB of heap that stay for the next ones. Needs the
    /// feature `gzip`; without it nothing is compressed, and a value below `usize::MAX` is an error of
    /// [`build`](Self::build).
    ///
    /// A body that is refused compressed with 411, 415 or 501 is sent once more uncompressed; so is one
    /// refused with 400 or 500, until the server has read a compressed one. If it is stored then, nothing is
    /// compressed for that server from then on (after a 500, if that happens three times in a row), and a
    /// writer emits [`Event::Uncompressed`](crate::writer::Event::Uncompressed).
    pub fn gzip_min_bytes(mut self, bytes: usize) -> Self {
        self.gzip_min_bytes = Some(bytes);
        self
    }

    /// How many unused connections are kept for later. Default 4; 0 closes each after its call.
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool = connections;
        self
    }

    /// Goes through an HTTP proxy: `http://user:password@host:port`, or `https://` for one that
    /// speaks TLS. User and password, if the proxy wants them, are percent-encoded: `@` is `%40`,
    /// `/` is `%2F`, `#` is `%23`; what else would be misread is refused by `build`, with what to
    /// write. Default port: 80, or 443 for `https://`.
    ///
    /// A server on `https://` is reached by a tunnel (`CONNECT`), in which the proxy sees nothing of
    /// the calls. Requests to a server on `http://` go to the proxy itself, in absolute form, as
    /// curl and browsers do: **the proxy can read and change them, the token included**. `build`
    /// adds a warning ([`Client::warnings`](super::Client::warnings)) then. The proxy looks up the
    /// server's name. The time limits hold through the proxy, too: `connect_timeout` until the
    /// tunnel is there.
    ///
    /// A proxy that is down, too slow, or can't reach the server is a retryable error; one that
    /// refuses is not: see [`TransportErrorKind::Proxy`](crate::TransportErrorKind::Proxy), and what of
    /// a proxy's refusals can be told from the server's where there is no tunnel.
    ///
    /// Default: no proxy. Those named in the environment are not used, nor is `NO_PROXY`, for they
    /// would see the token of every `http://` call.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        let url = url.into();
        // `host:port` as it is in errors.
        let host = url.rsplit(['@', '/']).find(|part| !part.is_empty());
        self.proxy_host = host.unwrap_or("").to_owned();
        let mut password = Needles::NONE;
        password.add_proxy(&url);
        let server = self.url.clone();
        self.warn_of_words(&password, &[&server], "proxy's password");
        if self.needles.add_proxy(&url) {
            self.warn("the proxy's password has fewer than 8 characters: where the proxy repeats it, it is hidden only as a word of its own".to_owned());
        }
        self.proxy_tls = strip_scheme(url.trim(), "https://").is_some();
        self.proxy = Some(ProxyUrl::new(Secret::new(url)));
        self
    }

    /// A header for the [`proxy`](Self::proxy) alone: a `Proxy-Authorization` of another kind than
    /// Basic, or whatever else it wants to see. Sent in the `CONNECT` that asks for a tunnel, whose
    /// server never gets it; with a server on `http://`, in each request, where removing it is up
    /// to the proxy. May be given more than once. Default none besides `Host`,
    /// `User-Agent`, `Proxy-Connection` and, with a name in the URL, `Proxy-Authorization`.
    pub fn proxy_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.add_header_secret(&name, &value);
        self.proxy_headers.push((name, Secret::new(value)));
        self.check_headers = check_headers;
        self
    }

    /// Refuses an `http://` URL, over which credentials travel in clear. Default false.
    ///
    /// ```
    /// let refused = influx_edge::Client::builder("http://localhost:8086").https_only(true).build();
    /// assert!(refused.unwrap_err().is_config());
    /// ```
    pub fn https_only(mut self, yes: bool) -> Self {
        self.https_only = yes;
        self
    }

    /// A PEM file with the certificates to trust, and no others: for a private CA, or a server's own
    /// self-signed certificate, in time and for its names. Read by `build`, with or without a byte
    /// order mark, as UTF-16, indented, with any text around the certificates; a file in another form
    /// is an error that names the command to convert it. Default: with the feature `rustls` Mozilla's
    /// roots, which are part of the program (the system's, most often
    /// `/etc/ssl/certs/ca-certificates.crt`, are a file like any other); with `native-tls` what the
    /// system trusts.
    ///
    /// A self-signed certificate needs its names as `subjectAltName`; the common name doesn't count
    /// with rustls:
    ///
    /// ```sh
    /// openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=influx -keyout key.pem -out cert.pem \
    ///     -addext subjectAltName=DNS:db.plant.example,IP:10.0.0.7
    /// ```
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Self {
        self.tls_files.ca = Some(path.as_ref().to_owned());
        self.read_files = Some(read_files);
        self
    }

    /// PEM files with this client's certificate chain and its private key, for servers that ask for
    /// one. They may be one and the same file. Read by `build`, as [`ca_file`](Self::ca_file) is, which
    /// also sees to it that the key belongs to the certificate. Default none.
    ///
    /// The key is PKCS#8 (`BEGIN PRIVATE KEY`); rustls also takes the older `BEGIN RSA PRIVATE KEY` and
    /// `BEGIN EC PRIVATE KEY`.
    ///
    /// A key that is protected by a password is refused: decrypting it takes some twenty more
    /// crates of cryptography, and a program that starts by itself would have to keep the password
    /// beside the key anyway. Decrypt it once, and let nobody else read it:
    ///
    /// ```sh
    /// (umask 077; openssl pkey -in client.key -out client-plain.key)
    /// ```
    pub fn client_certificate(mut self, chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.tls_files.client = Some((chain.as_ref().to_owned(), key.as_ref().to_owned()));
        self.read_files = Some(read_files);
        self
    }

    /// **Dangerous.** Accepts any certificate from anybody: whoever sits on the line can read and
    /// change everything, the token first. What people mostly need instead is
    /// [`ca_file`](Self::ca_file). Default false.
    ///
    /// ```
    /// let client = influx_edge::Client::builder("https://localhost:8086").danger_accept_any_certificate(true).build()?;
    /// assert!(!client.warnings().is_empty()); // show them
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn danger_accept_any_certificate(mut self, yes: bool) -> Self {
        self.tls_files.no_verification = yes;
        self
    }

    /// The `User-Agent`. Default `influx-edge/` and the version.
    pub fn user_agent(mut self, text: impl Into<String>) -> Self {
        self.user_agent = text.into();
        self
    }

    /// A header for every call, as a proxy may want. May be given more than once. Headers that
    /// frame the message (`Content-Length`, `Host`, …) are refused by `build`. Its value is taken for a
    /// secret, which isn't printed where a server repeats it, if it has 8 characters; but not that of
    /// `Accept…`, `Content-…` and `User-Agent`.
    ///
    /// ```
    /// use influx_edge::Client;
    ///
    /// let builder = Client::builder("http://localhost:8086").header("X-Site", "north");
    /// assert!(builder.header("Host", "elsewhere").build().is_err()); // that one frames the message
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.add_header_secret(&name, &value);
        self.headers.push((name, Secret::new(value)));
        self.check_headers = check_headers;
        self
    }

    /// Retries calls that can be repeated without harm: writes, queries, deletes, and calls that only
    /// read. Retries sleep in the calling thread. Default: no retries.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Calls a function before the pause of each retry, in the thread that makes the call, with the
    /// number of the retry (from 1), the pause, and the error that caused it. Default: none.
    ///
    /// ```
    /// use influx_edge::client::RetryPolicy;
    /// # use std::sync::atomic::{AtomicU32, Ordering};
    /// # static RETRIES: AtomicU32 = AtomicU32::new(0);
    /// # let policy = RetryPolicy { max_retries: 2, interval: core::time::Duration::ZERO, ..RetryPolicy::default() };
    ///
    /// let client = influx_edge::Client::builder("http://localhost:1")
    ///     .retry(policy)
    ///     .on_retry(|attempt, pause, error| {
    ///         eprintln!("retry {attempt} in {pause:?}: {error}");
    ///         assert!(error.is_retryable());
    /// #       RETRIES.store(attempt, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// assert!(client.write("sensors", "t v=1 1").is_err());
    /// # assert_eq!(RETRIES.load(Ordering::Relaxed), 2);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn on_retry(
        mut self,
        callback: impl Fn(u32, Duration, &Error) + Send + Sync + 'static,
    ) -> Self {
        self.on_retry = Some(Arc::new(callback));
        self
    }

    /// A tag for every point that this client encodes and that hasn't that tag itself: for points,
    /// not for lines that are encoded already. A value that begins with `${env.` and ends with `}`
    /// is looked up in the environment by `build`; if it isn't there, neither is the tag. The last
    /// of two with the same key counts.
    pub fn default_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let key = key.into();
        self.default_tags.retain(|(k, _)| *k != key);
        self.default_tags.push((key, value.into()));
        self.check_tags = Some(check_tags);
        self
    }

    /// Switches one of the server's profilers, `query` or `operator`, on for every query. Default
    /// none. See [`Query::profiler`](super::Query::profiler).
    pub fn profiler(mut self, name: impl Into<String>) -> Self {
        self.profilers.push(name.into());
        self
    }

    fn add_header_secret(&mut self, name: &str, value: &str) {
        let mut secret = Needles::NONE;
        secret.add_header(name, value);
        let server = self.url.clone();
        self.warn_of_words(&secret, &[&server], "value of a header");
        self.needles.add_header(name, value);
    }

    /// Something that works, but that a person should know.
    pub(super) fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("org", &self.org)
            .field("credentials", &self.credentials)
            .field("timeout", &self.overall)
            .finish_non_exhaustive()
    }
}
