//! `Request`: a raw request of any method and path, for calls without a typed method.

use super::Client;
use super::execute::to_json;
use super::method::Method;
use super::response::{Response, What};
use super::transport::{HeaderList, RequestBody};
use super::url::{Target, encode_path};
use crate::error::Error;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use serde::Serialize;
use std::io::Read;

/// A builder of a request of any method and path. Made by [`Client::request`].
///
/// The client's credentials and headers are added, and, for paths under `/api/v2/`, its organization as
/// the query parameter `org` (or `orgID`), unless the request names one itself or
/// [`without_org`](Request::without_org) is set.
#[must_use = "a request does nothing until `.call()?`"]
pub struct Request<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: HeaderList,
    content_type: Option<&'static str>,
    body: Body<'a>,
    timeout: Duration,
    max_body_bytes: u64,
    with_org: bool,
    /// The first mistake, returned by `call`.
    wrong: Option<Error>,
}

enum Body<'a> {
    None,
    Bytes(Vec<u8>),
    Reader(&'a mut dyn Read, Option<u64>),
}

impl Client {
    /// Starts a request of any method and path, for calls without a typed method. The path starts with
    /// `/`, is relative to the client's URL, and may have a query. Characters that aren't allowed in it are
    /// percent-encoded; `%` is left as it is.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// // JSON into any type that serde reads.
    /// let health: serde_json::Value =
    ///     client.request(Method::Get, "/health").call()?.into_json()?;
    /// assert_eq!(health["status"], "pass");
    ///
    /// // Any status is `Ok`, until `error_for_status` makes an error of it.
    /// let response = client
    ///     .request(Method::Get, "/api/v2/nonexistent")
    ///     .query("limit", "10")
    ///     .call()?;
    /// assert_eq!(response.status(), 404);
    /// assert!(response.error_for_status().unwrap_err().is_not_found());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request<'_> {
        Request {
            client: self,
            method,
            path: path.into(),
            query: Vec::new(),
            headers: HeaderList::default(),
            content_type: None,
            body: Body::None,
            timeout: Duration::from_secs(30).min(self.inner().overall),
            max_body_bytes: super::execute::DEFAULT_CAP,
            with_org: true,
            wrong: None,
        }
    }
}

impl<'a> Request<'a> {
    /// Adds a query parameter, percent-encoded. The same name may be added more than once.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header. It replaces one of the same name that the client would send.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Err(why) = self.headers.add(name, value) {
            self.wrong.get_or_insert(Error::config(why));
        }
        self
    }

    /// Sets bytes as the body. The `Content-Type` is `application/octet-stream` unless a header sets it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// let query = client
    ///     .request(Method::Post, "/api/v2/query")
    ///     .header("Content-Type", "application/vnd.flux");
    /// assert_eq!(query.body("buckets()").call()?.status(), 200);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Bytes(bytes.into());
        self.content_type = Some("application/octet-stream");
        self
    }

    /// Sets a value, serialized as JSON, as the body.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match to_json(value) {
            Ok(bytes) => {
                self.body = Body::Bytes(bytes);
                self.content_type = Some("application/json");
            }
            Err(e) => {
                self.wrong.get_or_insert(e);
            }
        }
        self
    }

    /// Streams the body from a reader: with `Content-Length` if the length is given, otherwise in chunks.
    /// Such a call is never repeated.
    pub fn reader(mut self, reader: &'a mut dyn Read, length: Option<u64>) -> Self {
        self.body = Body::Reader(reader, length);
        self.content_type = Some("application/octet-stream");
        self
    }

    /// Sets the limit for the whole call. Default: that of the client, at most 30 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Sets the most bytes of the response, decompressed, that are read. A longer one is an error.
    /// Default: 16 MiB.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// let metrics = client
    ///     .request(Method::Get, "/metrics")
    ///     .max_body_bytes(16)
    ///     .call()?;
    /// assert!(metrics.into_string().is_err()); // it is longer
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn max_body_bytes(mut self, bytes: u64) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Omits the client's organization from the query.
    pub fn without_org(mut self) -> Self {
        self.with_org = false;
        self
    }

    /// Sends the request. Blocks until the head of the response has arrived.
    ///
    /// # Errors
    /// Returns an error only if no response is received or the request is invalid. **A response with any
    /// status is `Ok`**; [`Response::error_for_status`] turns a status other than 2xx into an error.
    pub fn call(mut self) -> Result<Response, Error> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        if !self.path.starts_with('/') {
            return Err(Error::config(format!(
                "the path {:?} must start with /",
                self.path
            )));
        }
        if let Some(b) = self
            .path
            .bytes()
            .find(|b| b.is_ascii_control() || *b == b'#')
        {
            return Err(Error::config(format!(
                "the path {:?} contains {:?}",
                self.path,
                char::from(b)
            )));
        }
        let what = What {
            method: self.method,
            path: self.path.split('?').next().unwrap_or("").to_owned(),
        };
        let mut out = self
            .client
            .http_request(self.method.as_str(), self.target());
        out.overall = self.timeout;
        out.cap = self.max_body_bytes;
        out.accept_gzip = true;
        out.headers = (!self.headers.is_empty()).then_some(&self.headers);
        out.content_type = self.content_type;
        out.body = match &mut self.body {
            Body::Bytes(bytes) => RequestBody::Bytes(bytes),
            Body::Reader(reader, length) => RequestBody::Reader(&mut **reader, *length),
            // Requests with these methods have a body: an empty one has `Content-Length: 0`.
            Body::None if matches!(out.method, "POST" | "PUT" | "PATCH") => RequestBody::Bytes(&[]),
            Body::None => RequestBody::None,
        };
        let client = self.client;
        let response = client.run(&what, &mut out, Ok)?;
        Ok(Response {
            client: client.clone(),
            what,
            response,
        })
    }

    fn target(&self) -> Target {
        let names_org = self.query.iter().any(|(n, _)| n == "org" || n == "orgID")
            || self.path.split_once('?').is_some_and(|(_, q)| {
                q.split('&')
                    .any(|p| p.starts_with("org=") || p.starts_with("orgID="))
            });
        let mut target = self.client.inner().base.target(&encode_path(&self.path));
        if self.with_org && !names_org && self.path.starts_with("/api/v2/") {
            self.client.add_org(&mut target);
        }
        for (name, value) in &self.query {
            target.push_query(name, value);
        }
        target
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
