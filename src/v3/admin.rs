//! Calls of InfluxDB 3's administration, `/api/v3/configure/…`.

use crate::client::Client;
use crate::client::execute::to_json;
use crate::client::response_error::MAX_READ;
use crate::client::transport::{HttpRequest, RequestBody};
use crate::error::{Error, ErrorKind, ResponseError};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A call under construction.
pub(super) struct AdminRequest<'a> {
    client: &'a Client,
    method: &'static str,
    path: &'static str,
    query: Vec<(&'static str, &'a str)>,
    body: Result<Vec<u8>, Error>,
}

impl<'a> AdminRequest<'a> {
    /// Starts a call of `/api/v3/configure/` and the path.
    pub(super) fn new(client: &'a Client, method: &'static str, path: &'static str) -> Self {
        AdminRequest {
            client,
            method,
            path,
            query: Vec::new(),
            body: Ok(Vec::new()),
        }
    }

    pub(super) fn query(mut self, name: &'static str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }

    pub(super) fn json(mut self, value: &impl Serialize) -> Self {
        self.body = to_json(value);
        self
    }

    /// Sends a request to which the server responds with a success and an empty body.
    pub(super) fn send(self, what: &dyn fmt::Display) -> Result<(), Error> {
        let client = self.client;
        self.with(|out| {
            client.run(what, out, |mut response| {
                if response.status == 204 {
                    return Ok(());
                }
                // The headers don't show that it is InfluxDB 3, but a page, of a proxy for example, has a body.
                let body = response.body.read_some(MAX_READ);
                if (200..300).contains(&response.status) && body.is_empty() {
                    return Ok(());
                }
                Err(client.refused_with(what, &response, &body))
            })
        })
    }

    /// Sends a request to which the server responds with JSON.
    pub(super) fn send_json<T: DeserializeOwned>(
        self,
        what: &dyn fmt::Display,
    ) -> Result<T, Error> {
        let client = self.client;
        self.with(|out| client.json(what, out))
    }

    fn with<T>(
        self,
        make: impl FnOnce(&mut HttpRequest<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let body = self.body?;
        let mut path = String::from("/api/v3/configure/");
        path.push_str(self.path);
        let mut target = self.client.inner().base.target(&path);
        for (name, value) in self.query {
            target.push_query(name, value);
        }
        let mut out = self.client.http_request(self.method, target);
        out.accept_gzip = true;
        if !body.is_empty() {
            out.content_type = Some("application/json");
        }
        if !body.is_empty() || self.method == "POST" {
            out.body = RequestBody::Bytes(&body);
        }
        make(&mut out).map_err(recognized)
    }
}

/// The beginnings of InfluxDB 3.6.0's errors of these calls, in plain text that only here shows their sender.
const OWN_ERRORS: &str = "attempted to create a resource that already exists
the requested resource was not found
token name already exists
serde json error:\x20
serde error:\x20";

/// Marks an error as InfluxDB's if its message is one of InfluxDB's.
fn recognized(mut error: Error) -> Error {
    if let ErrorKind::Response(ResponseError(parts)) = error.kind_mut() {
        let own = OWN_ERRORS.lines().any(|own| parts.message.starts_with(own));
        parts.from_influxdb |= own && (400..500).contains(&parts.status);
    }
    error
}
