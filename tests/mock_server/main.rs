//! The mock server against what a real server was recorded to do.

#[path = "../common"]
mod common {
    pub mod mock_server;
    pub mod replay;
    pub mod watch;
}

mod faults;
mod query;
mod write;
