//! Raw requests: any method and path, for calls that have no method of their own here.

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

/// A call under construction: any method, any path. Made by [`Client::request`].
///
/// The client's credentials and headers are added, and, for paths under `/api/v2/`, its
/// organization as the query parameter `org` (or `orgID`) unless the call names one itself or is
/// told [`without_org`](Request::without_org).
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
    /// The first thing that was wrong; said by `call`.
    wrong: Option<Error>,
}

enum Body<'a> {
    None,
    Bytes(Vec<u8>),
    Reader(&'a mut dyn Read, Option<u64>),
}

impl Client {
    /// Starts a request of any method and path, for what has no method of its own here. The path
    /// starts with `/`, is relative to the client's URL, and may already have a query; characters
    /// that can't stand in it are percent-encoded, `%` is left alone.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// let ping = client.request(Method::Head, "/ping").call()?;
    /// println!("{:?}", ping.header("X-Influxdb-Version"));
    /// # assert_eq!(ping.header("X-Influxdb-Version"), Some("v2.9.1"));
    ///
    /// // JSON into any type that serde reads.
    /// let health: serde_json::Value = client.request(Method::Get, "/health").call()?.into_json()?;
    /// assert_eq!(health["status"], "pass");
    ///
    /// // A status that isn't a success is a response, too, and an error where one is asked for.
    /// let response = client.request(Method::Get, "/api/v2/nonexistent").query("limit", "10").call()?;
    /// assert_eq!(response.status(), 404);
    /// let error = response.error_for_status().unwrap_err();
    /// println!("{error}");
    /// # assert!(error.is_not_found() && error.to_string().contains("path not found"), "{error}");
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
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// let labels = client.request(Method::Get, "/api/v2/labels").query("limit", "10").call()?;
    /// # assert!(labels.is_success());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header; it replaces one of the same name that the client would send by itself.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// let plain = client.request(Method::Get, "/metrics").header("Accept", "text/plain").call()?.into_string()?;
    /// # assert!(plain.contains("influxdb_buckets_total"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Err(why) = self.headers.add(name, value) {
            self.wrong.get_or_insert(Error::config(why));
        }
        self
    }

    /// Sends bytes. Their type is `application/octet-stream` unless a header says otherwise.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// client.request(Method::Post, "/api/v2/query").header("Content-Type", "application/vnd.flux").body("buckets()").call()?.error_for_status()?;
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Bytes(bytes.into());
        self.content_type = Some("application/octet-stream");
        self
    }

    /// Sends a value as JSON.
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

    /// Sends what a reader gives, without holding it in memory; with `Content-Length` if the
    /// length is known, else in chunks. Such a call is never repeated.
    pub fn reader(mut self, reader: &'a mut dyn Read, length: Option<u64>) -> Self {
        self.body = Body::Reader(reader, length);
        self.content_type = Some("application/octet-stream");
        self
    }

    /// How long the call may take in all. Default: the client's, at most 30 s.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    /// use core::time::Duration;
    ///
    /// let response = client.request(Method::Get, "/metrics").timeout(Duration::from_secs(2)).call()?;
    /// # assert!(response.is_success());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// The most bytes of the response, decompressed, that [`Response`] will read. Default 16 MiB.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// let small = client.request(Method::Get, "/health").max_body_bytes(4096).call()?.into_string()?;
    /// # assert!(small.contains("pass"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn max_body_bytes(mut self, bytes: u64) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Doesn't add the client's organization to the query.
    pub fn without_org(mut self) -> Self {
        self.with_org = false;
        self
    }

    /// Makes the call. Blocks until the head of the response is there.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Method;
    ///
    /// let response = client.request(Method::Get, "/api/v2/labels").call()?;
    /// println!("{}", response.status()); // 404 is a response here, not an error; see `error_for_status`
    /// # assert_eq!(response.status(), 200);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error only if no response is received or the request can't be built: **a response
    /// with any status is `Ok`**; [`Response::error_for_status`] turns those that aren't 2xx into
    /// errors.
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
            // These have a body by definition; an empty one says so.
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
