//! `Health` and `Ready`: the state of the server.

use super::Client;
use super::response_error::MAX_READ;
use crate::error::Error;
use alloc::string::String;
use serde::Deserialize;

/// The response to `GET /health`.
///
/// Its texts may be printed: control characters are escaped, and the client's secrets are `***`.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let health = client.health()?;
/// assert_eq!(
///     (health.name.as_str(), health.status.as_str()),
///     ("influxdb", "pass")
/// );
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The server's name: `influxdb`. Empty if the server sends none.
    #[serde(default)]
    pub name: String,
    /// `pass` or `fail`.
    pub status: String,
    /// The reason, as text. Unset if the server sends none.
    #[serde(default)]
    pub message: Option<String>,
    /// The server's version, as `v2.9.1`.
    #[serde(default)]
    pub version: Option<String>,
    /// The commit that the server was built from.
    #[serde(default)]
    pub commit: Option<String>,
}

impl Health {
    /// The health of a server that responds with `OK` as text.
    fn ok() -> Self {
        Health {
            name: String::new(),
            status: String::from("pass"),
            message: None,
            version: None,
            commit: None,
        }
    }
}

/// The response to `GET /ready`. Its texts may be printed, as those of [`Health`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let ready = client.ready()?;
/// assert_eq!(
///     (ready.status.as_str(), ready.up.as_deref()),
///     ("ready", Some("223.482249ms"))
/// );
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ready {
    /// `ready`.
    pub status: String,
    /// The start of the server, as RFC 3339.
    #[serde(default)]
    pub started: Option<String>,
    /// The time since then, as a duration of Go: `223.482249ms`.
    #[serde(default)]
    pub up: Option<String>,
}

impl Client {
    /// Checks that an InfluxDB server responds (`GET /ping`). Only an InfluxDB 3 with tokens requires one.
    ///
    /// # Errors
    /// Returns an error if no response is received or it isn't InfluxDB's. A captive portal's 200 is an
    /// error.
    pub fn ping(&self) -> Result<(), Error> {
        self.ping_header("").map(|_| ())
    }

    /// Returns the server's version from the headers of a ping: `v2.9.1`, or `3.6.0` for InfluxDB 3. `None`
    /// for InfluxDB Cloud, which sends none.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// assert_eq!(client.version()?.as_deref(), Some("v2.9.1"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`ping`](Client::ping).
    pub fn version(&self) -> Result<Option<String>, Error> {
        self.ping_header("x-influxdb-version")
    }

    /// Returns the server's health (`GET /health`). Not for InfluxDB Cloud. An unhealthy server responds with
    /// 503 and the same JSON, which is `Ok` here: see [`Health::status`]. InfluxDB 3 and VictoriaMetrics
    /// respond with `OK` as text, which is a `pass` without a name.
    ///
    /// # Errors
    /// Returns an error if no response is received or it isn't InfluxDB's.
    pub fn health(&self) -> Result<Health, Error> {
        let what = "ask for the server's health";
        let mut out = self.http_request("GET", self.inner().base.target("/health"));
        self.run(&what, &mut out, |mut response| {
            if response.status != 200 && response.status != 503 {
                return Err(self.refused(&what, response));
            }
            let body = response.body.read_some(MAX_READ);
            if response.status == 200 && body.trim_ascii_end() == b"OK" {
                return Ok(Health::ok());
            }
            let mut health: Health = serde_json::from_slice(&body)
                .map_err(|_| self.refused_with(&what, &response, &body))?;
            let given = [&mut health.message, &mut health.version, &mut health.commit];
            let given = given.into_iter().flatten();
            given
                .chain([&mut health.name, &mut health.status])
                .for_each(|text| self.print(text));
            Ok(health)
        })
    }

    /// Returns the state of a server that has started (`GET /ready`). OSS only.
    ///
    /// # Errors
    /// Returns an error if no response is received or it isn't InfluxDB's, and a retryable error (503) while
    /// the server starts.
    pub fn ready(&self) -> Result<Ready, Error> {
        let mut out = self.http_request("GET", self.inner().base.target("/ready"));
        let mut ready: Ready = self.json(&"ask whether the server is ready", &mut out)?;
        let given = [&mut ready.started, &mut ready.up].into_iter().flatten();
        given
            .chain([&mut ready.status])
            .for_each(|text| self.print(text));
        Ok(ready)
    }

    /// Masks secrets and escapes control characters.
    fn print(&self, text: &mut String) {
        *text = self.secrets().printable(text, 1024);
    }

    fn ping_header(&self, name: &str) -> Result<Option<String>, Error> {
        let what = "ping";
        let mut out = self.http_request("GET", self.inner().base.target("/ping"));
        self.run(&what, &mut out, |mut response| {
            // 204 from InfluxDB 1 and 2; InfluxDB 3 responds with 200 and JSON.
            let influxdb = response.status == 200 && response.headers.names_influxdb();
            if response.status == 204 || influxdb {
                let _ = response.body.read_some(MAX_READ);
                let value = response.headers.get(name);
                return Ok(value.map(|text| self.secrets().printable(text, 200)));
            }
            Err(self.refused(&what, response))
        })
    }
}
