//! From the client to a server and back, over the mock server.

#![cfg(feature = "client")]

#[path = "../common"]
mod common {
    pub(crate) mod mock_server;
    pub(crate) mod random;
    pub(crate) mod watch;
}

mod errors;
mod strings;
mod structs;
mod values;
