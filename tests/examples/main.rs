//! The examples as programs, run as a person or cron runs them. One test program, since each that
//! carries the mock server takes long to compile.
#![cfg(feature = "client")]
#![allow(
    clippy::duplicate_mod,
    reason = "each of the three kinds of server brings its watch along"
)]

#[path = "../built/mod.rs"]
mod built;
#[path = "../api_mock/mod.rs"]
mod mock_server;
#[cfg(feature = "spool")]
#[path = "../spool_support/mod.rs"]
mod spool_support;
#[path = "../support/mod.rs"]
mod support;
#[path = "../wire/mod.rs"]
mod wire;

#[cfg(all(feature = "spool", target_os = "linux"))]
mod gateway;
#[cfg(feature = "spool")]
mod pipe;
mod quickstart;
mod small;

use std::process::Output;

/// What came of one run.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

/// An example that has ended.
fn ended(output: Output) -> Run {
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}
