//! Predicates of `Error`: what a program decides by.

use super::{Error, ErrorKind, TransportErrorKind};

impl Error {
    /// Returns `true` if the resource doesn't exist, or is hidden from the credentials.
    ///
    /// That is 404, the code `not found`, and, with any status, an unknown organization or InfluxQL's
    /// `database not found` and `retention policy not found`.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// // There is no such bucket:
    /// assert!(client.write("nowhere", "t v=1").unwrap_err().is_not_found());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.has_code(404, "not found")
            || match self.kind() {
                ErrorKind::Content { not_found, .. } => *not_found,
                _ => self.response().is_some_and(|e| e.0.misses_org()),
            }
    }

    /// Returns `true` if the resource exists already.
    ///
    /// That is 409, InfluxDB's 422 with the code `conflict` for a name that is taken, and the 500 `mapping
    /// for user … already exists` of InfluxDB OSS for a user who is a member or an owner.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewBucket;
    ///
    /// assert!(
    ///     client
    ///         .buckets()
    ///         .create(&NewBucket::new("edge"))
    ///         .unwrap_err()
    ///         .is_conflict()
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.has_code(409, "conflict")
            || self.status() == Some(500)
                && self.message().contains("mapping for user")
                && self.message().ends_with("already exists")
    }

    /// Returns `true` if the token, password or session is missing, unknown or expired: 401. InfluxDB
    /// OSS also responds with 401 if a valid token lacks a permission;
    /// [`is_forbidden`](Error::is_forbidden) is `true` as well then.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("revoked").build()?;
    /// let error = client.ping().unwrap_err();
    /// assert!(error.is_unauthorized() && !error.is_forbidden());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.has_code(401, "unauthorized")
    }

    /// Returns `true` if the credentials are valid but lack the permission.
    ///
    /// That is 403, the 401 `write:orgs/… is unauthorized` of InfluxDB OSS for resources other than data, and
    /// its 500 or 401 `…: unauthorized` for tasks and their runs.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("read-only").build()?;
    /// let error = client.buckets().list().next().unwrap().unwrap_err();
    /// assert!(error.is_forbidden());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.has_code(403, "forbidden") || self.response().is_some_and(|e| e.0.lacks_permission())
    }

    /// Returns `true` if the server limits the rate of requests: 429.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.has_code(429, "too many requests")
    }

    /// Returns `true` if the body is larger than the server or a proxy accepts: 413. Smaller pieces may
    /// succeed.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let lines = "t v=1 1\nt v=2 2\n";
    /// assert!(client.write("sensors", lines).unwrap_err().is_too_large());
    /// for line in lines.lines() {
    ///     client.write("sensors", line)?;
    /// }
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.has_code(413, "request too large")
    }

    /// Returns `true` if a time limit of this client expired.
    ///
    /// ```
    /// # let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    /// # let url = format!("http://{}", silent.local_addr().expect("its address"));
    /// # let client = influx_edge::Client::builder(url).timeout(core::time::Duration::from_millis(20)).build()?;
    /// assert!(client.ping().unwrap_err().is_timeout());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self.kind() {
            ErrorKind::Transport(e) => e.kind() == TransportErrorKind::Timeout,
            ErrorKind::Flush(e) => e.cause().is_some_and(Error::is_timeout),
            _ => false,
        }
    }

    /// Returns `true` if no complete response was received; see
    /// [`TransportError`](super::TransportError).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://127.0.0.1:1").org("acme").build()?;
    /// assert!(client.ping().unwrap_err().is_transport()); // nothing listens there
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_transport(&self) -> bool {
        matches!(self.kind(), ErrorKind::Transport(_))
    }

    /// Returns `true` if the program asked for something impossible. Nothing was sent.
    ///
    /// ```
    /// let error = influx_edge::Client::builder("ftp://localhost")
    ///     .build()
    ///     .unwrap_err();
    /// assert!(error.is_config());
    /// ```
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(self.kind(), ErrorKind::Config(_))
    }

    /// Whether the response has this status, or this code of InfluxDB's with another status.
    fn has_code(&self, status: u16, code: &str) -> bool {
        self.status() == Some(status) || self.code() == Some(code)
    }
}
