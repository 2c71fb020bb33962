//! The command `influx-edge` as a process: its output, its exit codes, what a mock server then holds.
#![cfg(unix)]

#[path = "../../../tests/common"]
mod common {
    pub(crate) mod mock_server;
    pub(crate) mod temp_dir;
    #[allow(dead_code, reason = "shared by all tests")]
    pub(crate) mod watch;
}
mod ping;
mod run;
