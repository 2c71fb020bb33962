//! The answer to any call at all, whatever its status.

use super::Client;
use super::call::json_trouble;
use super::http::{Answer, Broken, Headers};
use crate::error::Error;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use serde::de::DeserializeOwned;
use std::io::{self, Read};

/// What a call is called in an error.
#[derive(Clone)]
pub(super) struct What {
    pub(super) method: String,
    pub(super) path: String,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The answer to a [`Request`](super::Request), whatever its status. The body is still on the wire: read it with
/// one of the `into_` methods or as a stream ([`Read`]).
pub struct Response {
    pub(super) client: Client,
    pub(super) what: What,
    pub(super) answer: Answer,
}

impl Response {
    /// The HTTP status.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// assert_eq!(client.get("/health").call()?.status(), 200);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        self.answer.status
    }

    /// Whether the status is 2xx.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let there = client.get("/api/v2/labels/0123456789abcdef").call()?.is_success();
    /// # assert!(there);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.answer.status)
    }

    /// The headers.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// for (name, value) in client.get("/ping").call()?.headers().iter() {
    ///     println!("{name}: {}", String::from_utf8_lossy(value));
    /// }
    /// # assert!(client.get("/ping").call()?.headers().iter().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.answer.headers
    }

    /// The first value of one header; names in any case.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// println!("{:?}", client.get("/ping").call()?.header("X-Influxdb-Version"));
    /// # assert_eq!(client.get("/ping").call()?.header("X-Influxdb-Version"), Some("v2.9.1"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.answer.headers.get(name)
    }

    /// This answer if its status is 2xx, else the error that any other call would have made of it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let answer = client.get("/api/v2/labels/0123456789abcdef").call()?.checked()?; // 404 is an error now
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// An error with the status, and what the body says.
    pub fn checked(self) -> Result<Response, Error> {
        if self.is_success() {
            Ok(self)
        } else {
            Err(self.client.refused(&self.what, self.answer))
        }
    }

    /// The whole body, as bytes.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let bytes: Vec<u8> = client.get("/metrics").call()?.checked()?.into_bytes()?;
    /// # assert!(bytes.starts_with(b"# HELP"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// The connection broke, time ran out, or the body is larger than
    /// [`max_body`](super::Request::max_body).
    pub fn into_bytes(mut self) -> Result<Vec<u8>, Error> {
        self.read_whole()
    }

    /// The whole body, as text.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// println!("{}", client.get("/metrics").call()?.checked()?.into_string()?);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`into_bytes`](Response::into_bytes); and a body that isn't UTF-8.
    pub fn into_string(mut self) -> Result<String, Error> {
        let bytes = self.read_whole()?;
        String::from_utf8(bytes)
            .map_err(|_| Error::content(self.about(), "the body isn't UTF-8 text"))
    }

    /// The whole body, read as JSON into any type: a struct of your own, or `serde_json::Value`.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let health: serde_json::Value = client.get("/health").call()?.into_json()?;
    /// println!("{}", health["status"]);
    /// # assert_eq!(health["status"], "pass");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`into_bytes`](Response::into_bytes); and a body that isn't JSON of that type. The status
    /// plays no part: `checked()?.into_json()?` reads successes only.
    pub fn into_json<T: DeserializeOwned>(mut self) -> Result<T, Error> {
        let bytes = self.read_whole()?;
        serde_json::from_slice(&bytes).map_err(|e| {
            let status = self.answer.status;
            let kind = self.header("content-type").unwrap_or("no content type");
            Error::content(
                self.about(),
                format!(
                    "the body of the answer ({status}, {kind}) isn't the JSON expected: {}",
                    json_trouble(&e)
                ),
            )
        })
    }

    fn read_whole(&mut self) -> Result<Vec<u8>, Error> {
        self.answer
            .body
            .read_all()
            .map_err(|broken| self.client.broken(&self.what, broken, false))
    }

    fn about(&self) -> String {
        format!("cannot {}", self.what)
    }
}

/// The body, piece by piece, without holding it in memory.
impl Read for Response {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.answer.body.read(buf).map_err(|e| {
            let broken = Broken::from_read(e);
            let kind = broken.io_kind();
            io::Error::new(kind, self.client.broken(&self.what, broken, false))
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("call", &self.what.to_string())
            .field("status", &self.answer.status)
            .field("headers", &self.answer.headers)
            .finish_non_exhaustive()
    }
}
