//! The command `influx-edge` as a process: its output, its exit codes, and the points that a mock server stores.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "../../../tests/common"]
mod common {
    pub(crate) mod mock_api;
    pub(crate) mod mock_server;
    pub(crate) mod service_manager;
    pub(crate) mod temp_dir;
    pub(crate) mod watch;
}
mod check;
mod cost;
mod formats;
mod ping;
mod provision;
mod pty;
mod query;
mod request;
mod run;
mod service;
mod shells;
mod spool;
mod write;
