//! The mock server against what a real server was recorded to do.

#[path = "../common"]
mod common {
    pub(crate) mod mock_server;
    pub(crate) mod replay;
    pub(crate) mod watch;
}

mod faults;
mod query;
mod v3;
mod write;
