//! The writer over the mock server, with every kind of fault on the way.

#![cfg(feature = "client")]

#[path = "../common"]
mod common {
    pub mod mock_server;
    pub mod random;
    pub mod watch;
}

mod delivery;
