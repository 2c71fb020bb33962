//! What a Rust user types first, before reading a page: each guess compiles as it stands and does what it
//! says, or the compiler's message says what to write instead. They come from new users of this crate and
//! from the front pages of influxdb2 and of the Python, Go and Arduino clients.

#![cfg(feature = "client")]
#![allow(
    clippy::useless_vec,
    clippy::needless_borrows_for_generic_args,
    clippy::explicit_into_iter_loop,
    reason = "guesses are not polished"
)]
#[path = "../common"]
mod common {
    pub(crate) mod mock_server;
    pub(crate) mod temp_dir;
    pub(crate) mod watch;
}

mod messages;
mod params;
mod programs;
mod rows;
mod times;
mod writes;

use common::mock_server::Server;
use influx_edge::Client;

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

pub(crate) fn client(server: &Server) -> Client {
    Client::builder(server.url())
        .org(server.org())
        .token(server.token())
        .build()
        .unwrap()
}

/// A server with two stations, three temperatures and a count.
pub(crate) fn weather() -> (Server, Client) {
    let server = Server::start();
    let client = client(&server);
    let now = influx_edge::Timestamp::now().as_nanos();
    let lines = format!(
        "weather,station=zrh-1 temp_c=21.5,n=7i {now}\n\
         weather,station=zrh-1 temp_c=22.5 {}\n\
         weather,station=zrh-2 temp_c=19 {now}\n",
        now - 1_000_000
    );
    client.write("sensors", &lines).unwrap();
    (server, client)
}

pub(crate) const FLUX: &str = r#"from(bucket: "sensors") |> range(start: -1h)"#;
pub(crate) const TEMPERATURES: &str = r#"from(bucket: "sensors") |> range(start: -1h)
    |> filter(fn: (r) => r._field == "temp_c")"#;
