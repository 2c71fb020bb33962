//! Any call of InfluxDB's interface, also those this crate has no method for.
//!
//! ```sh
//! cargo run --example raw_call                 # a few calls, to see what comes
//! cargo run --example raw_call -- GET /ready   # one of your own
//! ```
//!
//! With `INFLUXDB_V2_URL`, `INFLUXDB_V2_TOKEN` and `INFLUXDB_V2_ORG` it asks that server; without, a
//! mock server inside this program, which knows little more than the calls shown. Parameters follow the
//! path, as in `GET /api/v2/labels limit=10`.
//!
//! Ends with 0 whatever the status was, for a response is a response; with 1 if none came, after half
//! a minute at most. (`INFLUXDB_V2_TIMEOUT`, in milliseconds, makes that less.)

#[path = "common/say.rs"]
#[macro_use]
mod say;

#[path = "../tests/common/mock_server/mod.rs"]
mod mock_server;

use std::process::ExitCode;

use influx_edge::client::Method;
use influx_edge::{Client, Error};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("raw_call: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    // Stops when it goes out of scope, so it is kept until the end.
    let mut mock = None;
    let client = if std::env::var_os("INFLUXDB_V2_URL").is_some() {
        Client::from_env()?
    } else {
        say!("(No INFLUXDB_V2_URL: a mock server inside this program responds.)\n");
        let server = mock.insert(mock_server::Server::start());
        Client::builder(server.url())
            .org(server.org())
            .token(server.token())
            .build()?
    };
    for warning in client.warnings() {
        eprintln!("warning: {warning}");
    }

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [method, path, query @ ..] = arguments.as_slice() {
        return call(&client, method, path, query);
    }
    call(&client, "GET", "/health", &[])?;
    // A status that isn't a success is a response like any other.
    call(&client, "GET", "/api/v2/no-such-thing", &[])?;

    // JSON in, and JSON out into whatever type it should be.
    let health: serde_json::Value = client.request(Method::Get, "/health").call()?.into_json()?;
    say!("the status, out of its JSON: {}", health["status"]);
    // And whoever wants an error for it asks for one.
    if let Err(error) = client
        .request(Method::Get, "/api/v2/no-such-thing")
        .call()?
        .error_for_status()
    {
        say!("the same as an error: {error}");
    }
    Ok(())
}

/// Makes one call and shows what came: status, headers, and the start of the body.
fn call(client: &Client, method: &str, path: &str, query: &[String]) -> Result<(), Error> {
    let mut request = client.request(method.parse()?, path);
    for pair in query {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        request = request.query(name, value);
    }
    let response = request.call()?;
    say!("{method} {path}: {}", response.status());
    for (name, value) in response.headers().iter() {
        say!("  {name}: {}", String::from_utf8_lossy(value));
    }
    let body = response.into_string()?;
    let start: String = body.chars().take(500).collect();
    say!("{}\n", start.trim_end());
    Ok(())
}
