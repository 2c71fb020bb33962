//! `ResponseError`: a complete response with an unexpected status (401, 404, 5xx, a redirect, …).

use super::{Error, ErrorKind, LineError, Remedy, Stored};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// A server, or something in front of it, responded, but not with what the call hoped for.
#[derive(Debug)]
pub struct ResponseError(pub(crate) Box<ResponseParts>);

#[derive(Debug)]
pub(crate) struct ResponseParts {
    /// What was tried, as "write to bucket \"x\"".
    pub(crate) what: String,
    /// `host:port`.
    pub(crate) host: String,
    /// The URL of the client's settings.
    pub(crate) url: String,
    /// `host:port` of a proxy that sees the requests, and may have responded itself.
    pub(crate) proxy: Option<String>,
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    /// The body was an error in InfluxDB's JSON, so InfluxDB itself (or its equal) speaks.
    pub(crate) from_influxdb: bool,
    pub(crate) content_type: Option<String>,
    /// Where a redirect points to: scheme and host only.
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) request_id: Option<String>,
    pub(crate) stored: Stored,
    pub(crate) remedy: Remedy,
    pub(crate) line_errors: Vec<LineError>,
    pub(crate) dropped: Option<u64>,
    /// After a partial write: the server names the lines that it dropped, and not all of that was received.
    pub(crate) named_in_part: bool,
    /// Nothing shows that the refusal is about the lines: what was stored before is refused as well.
    pub(crate) blames_path: bool,
    /// The body was empty, so `message` is the status' standard words.
    pub(crate) empty: bool,
    /// What the request was sent with.
    pub(crate) credentials: CredentialKind,
    /// Whether the client has an organization.
    pub(crate) has_org: bool,
    /// How many lines a write had of which the server dropped some; 0 for other responses.
    pub(crate) sent_lines: u64,
    /// The server is known not to have this call.
    pub(crate) no_such_call: bool,
    /// What to do, if more is known than the status says. Begins with a punctuation mark.
    pub(crate) advice: &'static str,
    /// An earlier attempt may have stored the data.
    pub(crate) after_unknown: bool,
}

/// By what a request showed who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    /// Nothing.
    None,
    Token,
    /// User and password with each request.
    Basic,
    /// User and password at sign-in, then a cookie.
    Session,
    /// A header of the program's own.
    Header,
}

impl ResponseError {
    /// The HTTP status.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("revoked").build()?;
    /// if let Err(error) = client.ping() {
    ///     if let Some(response) = error.response() {
    ///         println!("{} from {}: {}", response.status(), response.host(), response.message());
    ///     }
    /// }
    /// # assert_eq!(client.ping().unwrap_err().response().map(|response| response.status()), Some(401));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// InfluxDB's own word for the error, from the body's `code` or `X-Platform-Error-Code`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What the server said: the body's `message`, else its `error`, else an excerpt of the body of
    /// at most 512 bytes, else what the headers say, else the status' standard words. It may be
    /// printed: secrets of the client's that the server repeats are `***`, and control characters,
    /// line breaks among them, are escaped (`\n`). At most 4 KiB. The same holds for every other
    /// text of the server's here.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What was tried, in words: `write to bucket "sensors"`.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// The `host:port` that responded.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// How long the server asked to wait: `Retry-After`, in seconds, decimals or as a date, at most
    /// ten minutes. None if absent or unreadable.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What identifies this request in the server's logs: `Trace-Id`, `X-Request-Id` or
    /// `X-Influx-Request-Id`, whichever is present.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("at-1.x").build()?;
    /// if let Err(error) = client.ping() {
    ///     // What the server's operator can look for in its log.
    ///     println!("{:?}", error.response().and_then(|response| response.request_id()));
    /// }
    /// # assert!(client.ping().unwrap_err().response().is_some_and(|response| response.request_id().is_some()));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Where a redirect (3xx) points to: scheme and host. Redirects are never followed: a write
    /// replayed by one gets lost, and a token must not reach another host.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("redirected").build()?;
    /// if let Err(error) = client.ping() {
    ///     if let Some(host) = error.response().and_then(|response| response.location()) {
    ///         println!("a redirect to {host}, which was not followed");
    ///     }
    /// }
    /// # assert_eq!(client.ping().unwrap_err().response().and_then(|response| response.location()), Some("https://db.plant.example"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The `Content-Type` of the response.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.0.content_type.as_deref()
    }

    /// Whether the body is an error in a form that InfluxDB sends. False for a proxy's page and for
    /// a gateway's `{"message":"Bad Request"}`.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("proxied").build()?;
    /// if let Err(error) = client.ping() {
    ///     if error.response().is_some_and(|response| !response.is_from_influxdb()) {
    ///         println!("a proxy or a portal responded");
    ///     }
    /// }
    /// # assert!(client.ping().unwrap_err().response().is_some_and(|response| !response.is_from_influxdb()));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_from_influxdb(&self) -> bool {
        self.0.from_influxdb
    }

    /// After a write: how much is in the database.
    #[must_use]
    pub fn stored(&self) -> Stored {
        self.0.stored
    }

    /// After a write: what may be done about it.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        self.0.remedy
    }

    /// After a write: the lines the server named as bad, or that can be the cause of a type conflict; see
    /// [`Error::line_errors`](crate::Error::line_errors). May be fewer than there are.
    #[must_use]
    pub fn line_errors(&self) -> &[LineError] {
        &self.0.line_errors
    }

    /// After a write that stored only the good lines: how many were dropped, if the server says.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// if let Err(error) = client.write("sensors", "t v=1 1\nt v=\"two\" 2") {
    ///     let dropped = error.response().and_then(|response| response.dropped());
    ///     println!("{} points were dropped", dropped.unwrap_or(0));
    /// #     assert_eq!(dropped, Some(1));
    /// }
    /// # assert!(client.write("sensors", "t v=1 1\nt v=\"two\" 2").is_err());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn dropped(&self) -> Option<u64> {
        self.0.dropped
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.remedy == Remedy::Retry
    }
}

impl Error {
    /// The same where an earlier attempt of the same call may have stored everything. (Not if the
    /// lines themselves are refused: so they were then.)
    pub(crate) fn after_unknown(mut self) -> Self {
        match &mut *self.0 {
            ErrorKind::Transport(e) => e.unsent = false,
            ErrorKind::Response(ResponseError(parts))
                if parts.stored == Stored::None && parts.remedy != Remedy::RemoveBadLines =>
            {
                parts.stored = Stored::Unknown;
                parts.after_unknown = true;
            }
            _ => {}
        }
        self
    }

    /// The same refusal, where the data are not known to be at fault: a person has to look.
    pub(crate) fn blame_path(mut self) -> Self {
        if let ErrorKind::Response(ResponseError(parts)) = &mut *self.0 {
            parts.blames_path = true;
            parts.remedy = Remedy::Operator;
        }
        self
    }
}

impl From<ResponseError> for Error {
    fn from(e: ResponseError) -> Self {
        ErrorKind::Response(e).into()
    }
}

impl Error {
    /// The token is known but may not do this: 403; the 401 `write:orgs/… is unauthorized` with
    /// which InfluxDB OSS responds where a resource other than data is not permitted; or its 500
    /// or 401 `…: unauthorized` for tasks and their runs.
    /// [`is_unauthorized`](Error::is_unauthorized) alone doesn't tell that from a wrong token.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("read-only").build()?;
    /// if client.buckets().list().next().is_some_and(|first| first.is_err_and(|e| e.is_insufficient_permission())) {
    ///     println!("this token may not list buckets");
    /// }
    /// # assert!(client.buckets().list().next().unwrap().unwrap_err().is_insufficient_permission());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_insufficient_permission(&self) -> bool {
        self.response().is_some_and(|response| {
            self.is_forbidden() || (response.is_from_influxdb() && response.0.lacks_permission())
        })
    }

    /// It is there already: a [conflict](Error::is_conflict) of names, or a user who is a member or
    /// owner, for which InfluxDB OSS responds with 500 and `mapping for user … already exists`.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.is_conflict()
            || self.response().is_some_and(|response| {
                let message = response.message();
                response.status() == 500
                    && message.contains("mapping for user")
                    && message.ends_with("already exists")
            })
    }
}
