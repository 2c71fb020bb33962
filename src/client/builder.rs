//! `ClientBuilder`: the settings of a client with their defaults.

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

/// The settings of a [`Client`](super::Client).
///
/// Each has a default. [`build`](ClientBuilder::build) checks all of them, so that a setting that can't work
/// fails at the start and not at the first call.
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
    /// No URL was set: this one is the default.
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
    // Function pointers that the methods for tags, headers and files set: a program that calls none of
    // them isn't linked with their checks.
    pub(super) check_tags: Option<CheckTags>,
    pub(super) check_headers: CheckHeaders,
    pub(super) read_files: Option<ReadFiles>,
    pub(super) profilers: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// The secrets of headers and proxies.
    pub(super) needles: Needles,
}

pub(super) type CheckTags = fn(&[(String, String)]) -> Result<OwnedDefaultTags, Error>;
pub(super) type CheckHeaders = fn(&[(String, Secret)]) -> Result<HeaderList, String>;
pub(super) type ReadFiles = fn(&TlsFiles, &mut Vec<String>) -> Result<TlsSettings, Error>;

/// The credentials, not checked yet. The check is a function pointer, set by the method that is
/// called: a program that only has a token isn't linked with sessions.
#[derive(Clone)]
pub(super) struct Credentials {
    kind: &'static str,
    pub(super) user: String,
    pub(super) secret: Secret,
    pub(super) check: fn(&str, &Secret) -> Result<Auth, Error>,
    /// A warning of quotes around the secret isn't needed, or was given.
    pub(super) quotes_warned: bool,
}

impl Credentials {
    /// The word for the secret in a warning.
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
    /// Starts building a client for the server at a URL: `http://host:8086`, with a path prefix if a
    /// proxy needs one. [`ClientBuilder::build`] checks the URL.
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

    /// Sets the organization, by name. Servers also accept an id here. OSS needs an organization to
    /// write, query and delete. Default: none.
    pub fn org(mut self, name: impl Into<String>) -> Self {
        self.org = Some(Org::Name(name.into()));
        self
    }

    /// Sets the organization, by its id: 16 hexadecimal digits, or `build` returns an error.
    pub fn org_id(mut self, id: impl Into<String>) -> Self {
        self.org = Some(Org::Id(id.into()));
        self
    }

    /// Sets the API token. The last of `token`, `basic` and `session` counts. Default: none; without
    /// credentials only [`ping`](super::Client::ping) and similar calls succeed.
    ///
    /// ```
    /// use influx_edge::Client;
    ///
    /// let client = Client::builder("http://localhost:8086")
    ///     .org("acme")
    ///     .token("my-token")
    ///     .build()?;
    /// assert!(!format!("{client:?}").contains("my-token"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn token(self, token: impl Into<String>) -> Self {
        self.identify("Token", String::new(), Secret::new(token), |_, token| {
            Auth::token(token)
        })
    }

    /// Sets user name and password, sent with every call (HTTP Basic, RFC 7617).
    ///
    /// For InfluxDB 1.8, and for proxies that require it. InfluxDB 2 accepts it only at sign-in: use
    /// [`session`](Self::session).
    pub fn basic(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.identify("Basic", user.into(), Secret::new(password), Auth::basic)
    }

    /// Sets user name and password, exchanged for a session cookie.
    ///
    /// The client signs in before its first call, and again when the session has expired (by default after 60
    /// minutes without use). See [`Client::sign_out`](super::Client::sign_out).
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

    /// Sets the limit for connecting.
    ///
    /// It applies to the DNS lookup and TCP, and again to the TLS handshake. At least 1 ms. As with all time
    /// limits, more than ten years counts as ten. Default: 5 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect = limit;
        self
    }

    /// Sets the limit for a pause in which no byte of a response arrives. It holds for queries as well,
    /// unless the [query's own](super::Query::read_timeout) is set. Default: 20 s; 60 s for a query.
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        (self.read, self.query_limits.read) = (limit, limit);
        self
    }

    /// Sets the limit for a pause in which no byte of a request can be sent. Default: 20 s.
    pub fn write_timeout(mut self, limit: Duration) -> Self {
        self.write = limit;
        self
    }

    /// Sets the limit for one attempt at a call, to the last byte of the response.
    ///
    /// It begins with connecting; a body is compressed before that. It holds for queries as well, unless the
    /// [query's own](super::Query::timeout) is set. Default: 30 s; 300 s for a query.
    pub fn timeout(mut self, limit: Duration) -> Self {
        (self.overall, self.query_limits.overall) = (limit, limit);
        self
    }

    /// Sets the size in bytes from which the bodies of writes are compressed. `usize::MAX` turns
    /// compression off; 0 compresses every body. Responses to queries are compressed in any case.
    /// Default: 1 KiB; off if the server is on the loopback and there is no proxy.
    ///
    /// Line protocol shrinks to between a sixth and a thirteenth. A client and its clones share one
    /// compressor of about 320 KB, allocated for the first body and kept. Without the feature `gzip`
    /// nothing is compressed, and a value below `usize::MAX` is an error of [`build`](Self::build).
    ///
    /// If the server refuses a compressed body with 411, 415 or 501, it is sent again uncompressed;
    /// after 400 or 500 only until the server has accepted a compressed body. If that succeeds, no more
    /// bodies are compressed (after a 500, if it happens three times in a row), and a writer emits
    /// [`Event::Uncompressed`](crate::writer::Event::Uncompressed).
    pub fn gzip_min_bytes(mut self, bytes: usize) -> Self {
        self.gzip_min_bytes = Some(bytes);
        self
    }

    /// Sets the number of idle connections that are kept. 0 closes each after its call. Default: 4.
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool = connections;
        self
    }

    /// Sets an HTTP proxy: `http://user:password@host:port`, or `https://` for a proxy with TLS. User
    /// and password, if the proxy requires them, are percent-encoded: `@` is `%40`, `/` is `%2F`, `#` is
    /// `%23`. A URL that would be misread is an error of `build` that names the correct form. The port
    /// defaults to 80, and to 443 for `https://`. Default: no proxy. Proxies named in the environment
    /// aren't used, nor is `NO_PROXY`: they would see the token of every `http://` call.
    ///
    /// A server on `https://` is reached by a tunnel (`CONNECT`), in which the proxy can't read the
    /// calls. Requests to a server on `http://` are sent to the proxy in absolute form, as curl and
    /// browsers do: **the proxy can read and change them, token included**, and `build` adds a
    /// [warning](super::Client::warnings). The proxy resolves the server's name. The time limits include
    /// the proxy; `connect_timeout` includes the tunnel.
    ///
    /// If a proxy is down, too slow, or can't reach the server, the error is retryable; if it refuses,
    /// it isn't. See [`TransportErrorKind::Proxy`](crate::TransportErrorKind::Proxy), also for the
    /// refusals that can't be distinguished from the server's where there is no tunnel.
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

    /// Adds a header for the [`proxy`](Self::proxy) alone, such as a `Proxy-Authorization` other than
    /// Basic. It is sent with `CONNECT`, where the server never receives it; with a server on `http://`
    /// it is sent with each request, and the proxy may or may not remove it. May be called more than
    /// once. Default: only `Host`, `User-Agent`, `Proxy-Connection` and, with a user in the URL,
    /// `Proxy-Authorization`.
    pub fn proxy_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.add_header_secret(&name, &value);
        self.proxy_headers.push((name, Secret::new(value)));
        self.check_headers = check_headers;
        self
    }

    /// Makes `build` refuse an `http://` URL, over which credentials travel in clear. Default: false.
    ///
    /// ```
    /// let refused = influx_edge::Client::builder("http://localhost:8086")
    ///     .https_only(true)
    ///     .build();
    /// assert!(refused.unwrap_err().is_config());
    /// ```
    pub fn https_only(mut self, yes: bool) -> Self {
        self.https_only = yes;
        self
    }

    /// Sets a PEM file with the only certificates to trust.
    ///
    /// They are those of a private CA, or the server's self-signed certificate (which must be in its validity
    /// period and name the host). `build` reads the file once, also with a byte order mark, as UTF-16,
    /// indented, or with text around the certificates. A file in another form is an error that names the
    /// command to convert it.
    ///
    /// Default: with the feature `rustls` Mozilla's roots, which are part of the program (for the
    /// system's set `/etc/ssl/certs/ca-certificates.crt`, or its equivalent); with `native-tls` the
    /// system's roots.
    ///
    /// A self-signed certificate needs its names as `subjectAltName`; rustls ignores the common name:
    ///
    /// ```sh
    /// openssl req -x509 -newkey rsa:2048 -nodes -days 365 \
    ///     -subj /CN=influx -keyout key.pem -out cert.pem \
    ///     -addext subjectAltName=DNS:db.plant.example,IP:10.0.0.7
    /// ```
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Self {
        self.tls_files.ca = Some(path.as_ref().to_owned());
        self.read_files = Some(read_files);
        self
    }

    /// Sets PEM files with this client's certificate chain and its private key, for servers that require
    /// them. They may be the same file. `build` reads them as it does [`ca_file`](Self::ca_file), and
    /// checks that the key belongs to the certificate. Default: none.
    ///
    /// The key is PKCS#8 (`BEGIN PRIVATE KEY`); rustls also takes the older `BEGIN RSA PRIVATE KEY` and
    /// `BEGIN EC PRIVATE KEY`.
    ///
    /// A key with a password is refused: decryption would need about twenty more crates, and an
    /// unattended program would have to store the password beside the key anyway. Decrypt it once, into
    /// a file that only its owner may read:
    ///
    /// ```sh
    /// (umask 077; openssl pkey -in client.key -out client-plain.key)
    /// ```
    pub fn client_certificate(mut self, chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.tls_files.client = Some((chain.as_ref().to_owned(), key.as_ref().to_owned()));
        self.read_files = Some(read_files);
        self
    }

    /// **Dangerous.** Accepts any certificate.
    ///
    /// Anyone on the network path can then read and change everything, including the token. Usually
    /// [`ca_file`](Self::ca_file) is what is needed. Default: false.
    ///
    /// ```
    /// let client = influx_edge::Client::builder("https://localhost:8086")
    ///     .danger_accept_any_certificate(true)
    ///     .build()?;
    /// assert!(!client.warnings().is_empty()); // show them
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn danger_accept_any_certificate(mut self, yes: bool) -> Self {
        self.tls_files.no_verification = yes;
        self
    }

    /// Sets the `User-Agent`. Default: `influx-edge/` and the version.
    pub fn user_agent(mut self, text: impl Into<String>) -> Self {
        self.user_agent = text.into();
        self
    }

    /// Adds a header to every call. May be called more than once. Headers that frame the message
    /// (`Content-Length`, `Host`, …) are an error of `build`. A value of 8 characters or more is treated
    /// as a secret and masked where a server repeats it, except that of `Accept…`, `Content-…` and
    /// `User-Agent`.
    ///
    /// ```
    /// use influx_edge::Client;
    ///
    /// let builder =
    ///     Client::builder("http://localhost:8086").header("X-Site", "north");
    /// // `Host` frames the message, so it can't be set:
    /// assert!(builder.header("Host", "elsewhere").build().is_err());
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

    /// Calls a function before the pause of each retry.
    ///
    /// It runs in the thread that makes the call, and gets the number of the retry (from 1), the pause, and
    /// the error that caused it. Default: none.
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

    /// Adds a tag to every point that this client encodes.
    ///
    /// A tag of the point itself wins. Lines that are encoded already are unchanged. For a value
    /// `${env.NAME}`, `build` reads the environment variable `NAME`; if it is unset, so is the tag. The last
    /// of two values for a key counts.
    pub fn default_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let key = key.into();
        self.default_tags.retain(|(k, _)| *k != key);
        self.default_tags.push((key, value.into()));
        self.check_tags = Some(check_tags);
        self
    }

    /// A profiler for every query.
    pub(super) fn profiler(mut self, name: impl Into<String>) -> Self {
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

    /// Adds a warning about a setting that works.
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
