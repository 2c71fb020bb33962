//! The server: a real one named by the environment, or the mock server.

use std::env;

use influx_edge::Error;

use crate::mock_server::Server;
use crate::plot::Canvas;

/// The target of the readings.
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) org: String,
    pub(crate) bucket: String,
    /// The mock server, which stops when this is dropped.
    mock: Option<Server>,
}

impl Target {
    /// The server of `INFLUXDB_V2_URL` and the other variables, or a mock server if it is unset.
    pub(crate) fn from_env() -> Result<Self, String> {
        let Some(url) = variable("INFLUXDB_V2_URL") else {
            let server = Server::start();
            return Ok(Self {
                url: server.url(),
                token: server.token().to_owned(),
                org: server.org().to_owned(),
                bucket: server.bucket().to_owned(),
                mock: Some(server),
            });
        };
        let companion = |name: &str| {
            variable(name).ok_or_else(|| {
                format!("INFLUXDB_V2_URL is set but {name} is not; set it, or unset both")
            })
        };
        Ok(Self {
            url,
            token: companion("INFLUXDB_V2_TOKEN")?,
            org: companion("INFLUXDB_V2_ORG")?,
            bucket: companion("INFLUXDB_V2_BUCKET")?,
            mock: None,
        })
    }

    /// Describes the server. `url` is the client's, which contains no secrets, unlike the variable may.
    pub(crate) fn introduce(&self, url: &str, canvas: Canvas) {
        if self.mock.is_none() {
            let (bucket, org) = (&self.bucket, &self.org);
            say!("server   {url}, organization \"{org}\", bucket \"{bucket}\"\n");
            return;
        }
        say!(
            "server   a mock server inside this program; it is not InfluxDB and keeps nothing\n\n\
             For a real InfluxDB, type two lines with your own values and run this again:\n{}\n{}\n",
            canvas.strong(
                "  export INFLUXDB_V2_URL=http://localhost:8086 INFLUXDB_V2_TOKEN=my-token"
            ),
            canvas.strong("  export INFLUXDB_V2_ORG=my-org INFLUXDB_V2_BUCKET=my-bucket"),
        );
    }
}

/// The setting behind an error. The error itself describes the failure and its remedy, but not the source of
/// the program's URL, token and bucket.
pub(crate) fn setting(error: &Error) -> Option<&'static str> {
    variable("INFLUXDB_V2_URL")?;
    if error.is_unauthorized() || error.is_forbidden() {
        Some("INFLUXDB_V2_TOKEN")
    } else if error.is_not_found() {
        Some("INFLUXDB_V2_BUCKET and INFLUXDB_V2_ORG")
    } else if error.is_retryable() && !error.is_transport() {
        // The server responds but is overloaded or failing: no setting would help.
        None
    } else {
        Some("INFLUXDB_V2_URL")
    }
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
