//! `ResponseError`: a complete response with an unexpected status (401, 404, 5xx, a redirect, …).

use super::{Error, ErrorKind, LineError, Remedy, Stored};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// A response with an unexpected status, from the server or from something in front of it.
///
/// Its meaning ([`code`](crate::Error::code), [`message`](crate::Error::message),
/// [`stored`](crate::Error::stored), [`remedy`](crate::Error::remedy),
/// [`line_errors`](crate::Error::line_errors)) is asked of the [`Error`]. Every text of the server may
/// be printed: secrets are `***`, and control characters are escaped.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("redirected").build()?;
/// let error = client.ping().unwrap_err();
/// let response = error.response().expect("the server responded");
/// // The redirect is not followed:
/// assert_eq!(response.location(), Some("https://db.plant.example"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug)]
pub struct ResponseError(pub(crate) Box<ResponseParts>);

#[derive(Debug)]
pub(crate) struct ResponseParts {
    /// `write to bucket "x"`.
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
    /// The body is an error in InfluxDB's JSON, so InfluxDB (or a compatible server) sent it.
    pub(crate) from_influxdb: bool,
    pub(crate) content_type: Option<String>,
    /// The target of a redirect: scheme and host only.
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) request_id: Option<String>,
    pub(crate) stored: Stored,
    pub(crate) remedy: Remedy,
    pub(crate) line_errors: Vec<LineError>,
    pub(crate) dropped: Option<u64>,
    /// After a partial write: the server names the lines that it dropped, and the body was cut off.
    pub(crate) named_in_part: bool,
    /// Nothing shows that the data are at fault: lines that were stored before are refused as well.
    pub(crate) blames_path: bool,
    /// The body was empty, so `message` is the reason phrase of the status.
    pub(crate) empty: bool,
    pub(crate) credentials: CredentialKind,
    /// The client has an organization.
    pub(crate) has_org: bool,
    /// The lines of a write of which the server dropped some; 0 for other responses.
    pub(crate) sent_lines: u64,
    /// The server is known to lack this endpoint.
    pub(crate) no_such_call: bool,
    /// What to do, if more is known than the status. Begins with a punctuation mark.
    pub(crate) advice: &'static str,
    /// An earlier attempt may have stored the data.
    pub(crate) after_unknown: bool,
}

/// The credentials that a request was sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
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
    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// Returns what was attempted: `write to bucket "sensors"`.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// Returns the `host:port` of the URL. A proxy may have responded in its place; see
    /// [`is_from_influxdb`](Self::is_from_influxdb).
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Returns the id of the request in the server's logs: `Trace-Id`, `X-Request-Id`,
    /// `X-Influx-Request-Id` or `Request-Id`, whichever is present.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("at-1.x").build()?;
    /// let error = client.ping().unwrap_err();
    /// assert!(
    ///     error
    ///         .response()
    ///         .is_some_and(|response| response.request_id().is_some())
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns the scheme and host of a redirect (3xx). Redirects are never followed: a write that is
    /// replayed as a GET is lost, and a token must not reach another host.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// Returns the `Content-Type` of the response.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.0.content_type.as_deref()
    }

    /// Returns `true` if the body is an error in a form that InfluxDB sends. `false` for a proxy's page
    /// and for a gateway's `{"message":"Bad Request"}`.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("proxied").build()?;
    /// let error = client.ping().unwrap_err();
    /// assert!(
    ///     error
    ///         .response()
    ///         .is_some_and(|response| !response.is_from_influxdb())
    /// ); // a proxy's
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_from_influxdb(&self) -> bool {
        self.0.from_influxdb
    }

    /// Returns the number of lines dropped by a write that stored the others, if the server reports it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let error = client.write("sensors", "t v=1 1\nt v=\"two\" 2").unwrap_err();
    /// assert_eq!(error.response().and_then(|response| response.dropped()), Some(1));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn dropped(&self) -> Option<u64> {
        self.0.dropped
    }
}

impl Error {
    /// The same error where an earlier attempt of the same call may have stored everything. (Not if the
    /// lines themselves are rejected: so they were in that attempt.)
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

    /// The same error where the data are not known to be at fault: a person must look.
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
