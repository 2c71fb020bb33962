//! From the client to a server and back, over the mock server.

#![cfg(feature = "client")]

#[path = "../common"]
mod common {
    pub mod mock_server;
    pub mod watch;
}

mod errors;
mod strings;
mod values;
