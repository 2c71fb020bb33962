//! The writer over the mock server, with every kind of fault on the way.

#![cfg(feature = "client")]

#[path = "../common"]
mod common {
    pub(crate) mod mock_server;
    pub(crate) mod random;
    pub(crate) mod watch;
}

mod delivery;
mod refusals;
