//! `Response`: the response to a raw request, whatever its status.

use super::Client;
use super::execute::json_trouble;
use super::method::Method;
use super::transport::{HttpError, HttpResponse};
use crate::error::Error;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use serde::de::DeserializeOwned;
use std::io::{self, Read};

/// The name of a call in an error.
#[derive(Clone)]
pub(super) struct What {
    pub(super) method: Method,
    pub(super) path: String,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The response to a [`Request`](super::Request), whatever its status.
///
/// The body is still unread: one of the `into_` methods reads it whole, [`Read`] streams it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::client::Method;
///
/// let response = client
///     .request(Method::Get, "/metrics")
///     .call()?
///     .error_for_status()?;
/// assert_eq!(response.status(), 200);
/// assert!(response.into_string()?.contains("influxdb_buckets_total"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub struct Response {
    pub(super) client: Client,
    pub(super) what: What,
    pub(super) response: HttpResponse,
}

impl Response {
    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status
    }

    /// Returns the headers: names in lower case, and values as bytes, which may be any but line breaks:
    /// print them with `escape_ascii`. The client's secrets in a value are `***`.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// let ping = client.request(Method::Get, "/ping").call()?;
    /// assert!(
    ///     ping.headers()
    ///         .any(|(name, value)| (name, value) == ("x-influxdb-build", b"OSS"))
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.response.headers.iter()
    }

    /// Returns the first value of a header, if it is present and visible ASCII. The name may be in any
    /// case.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// let ping = client.request(Method::Get, "/ping").call()?;
    /// assert_eq!(ping.header("X-Influxdb-Version"), Some("v2.9.1"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers.get(name)
    }

    /// Returns this response if its status is 2xx, otherwise the error that a typed call would return.
    ///
    /// # Errors
    /// Returns an error with the status and the message of the body if the status isn't 2xx.
    pub fn error_for_status(self) -> Result<Response, Error> {
        if (200..300).contains(&self.response.status) {
            Ok(self)
        } else {
            let error = self.client.refused(&self.what, self.response);
            Err(self.client.instead(error, &self.what.path))
        }
    }

    /// Reads the whole body into memory.
    ///
    /// # Errors
    /// Returns an error if the connection breaks, time runs out, or the body is larger than
    /// [`max_body_bytes`](super::Request::max_body_bytes).
    pub fn into_bytes(mut self) -> Result<Vec<u8>, Error> {
        self.read_whole()
    }

    /// Reads the whole body as text.
    ///
    /// # Errors
    /// Returns the same errors as [`into_bytes`](Response::into_bytes), and an error if the body
    /// isn't UTF-8.
    pub fn into_string(mut self) -> Result<String, Error> {
        let bytes = self.read_whole()?;
        String::from_utf8(bytes)
            .map_err(|_| Error::content(self.about(), "the body isn't UTF-8 text"))
    }

    /// Reads the whole body as JSON into any type: a struct of your own, or `serde_json::Value`. The
    /// status isn't checked: `error_for_status()?.into_json()?` reads successes only.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// let health: serde_json::Value =
    ///     client.request(Method::Get, "/health").call()?.into_json()?;
    /// assert_eq!(health["status"], "pass");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`into_bytes`](Response::into_bytes), and an error if the body
    /// isn't JSON of that type.
    pub fn into_json<T: DeserializeOwned>(mut self) -> Result<T, Error> {
        let bytes = self.read_whole()?;
        serde_json::from_slice(&bytes).map_err(|e| {
            let status = self.response.status;
            let kind = match self.header("content-type") {
                Some(kind) => self.client.secrets().printable(kind, 100),
                None => String::from("no content type"),
            };
            Error::content(
                self.about(),
                format!(
                    "the body of the response ({status}, {kind}) isn't the JSON expected: {}",
                    json_trouble(&e)
                ),
            )
        })
    }

    fn read_whole(&mut self) -> Result<Vec<u8>, Error> {
        self.response
            .body
            .read_all()
            .map_err(|http_error| self.client.transport_error(&self.what, http_error, false))
    }

    fn about(&self) -> String {
        format!("cannot {}", self.what)
    }
}

/// Streams the body without holding it in memory.
impl Read for Response {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.response.body.read(buf).map_err(|e| {
            let http_error = HttpError::from_read(e);
            let kind = http_error.io_kind();
            io::Error::new(
                kind,
                self.client.transport_error(&self.what, http_error, false),
            )
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("call", &self.what.to_string())
            .field("status", &self.response.status)
            .field("headers", &self.response.headers)
            .finish_non_exhaustive()
    }
}
