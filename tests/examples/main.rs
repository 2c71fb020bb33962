//! The examples as programs, run as a person or cron runs them, and the commands that the documents
//! name. One test program, since each that carries the mock server takes long to compile.

#[path = "../common"]
mod common {
    #[cfg(feature = "std")]
    pub(crate) mod built;
    #[cfg(feature = "client")]
    pub(crate) mod mock_server;
    #[cfg(all(feature = "client", feature = "spool", unix))]
    pub(crate) mod service_manager;
    #[cfg(all(feature = "client", feature = "spool"))]
    pub(crate) mod temp_dir;
    #[cfg(feature = "client")]
    pub(crate) mod watch;
    #[cfg(feature = "client")]
    pub(crate) mod wire;
}

#[cfg(feature = "client")]
mod closed_output;
mod commands;
#[cfg(all(feature = "client", feature = "spool", target_os = "linux"))]
mod documents;
#[cfg(all(feature = "client", feature = "embedded"))]
mod embedded_tcp;
#[cfg(all(feature = "client", feature = "spool", target_os = "linux"))]
mod gateway;
mod hidden;
#[cfg(all(feature = "client", feature = "spool", target_os = "linux"))]
mod logger;
#[cfg(all(feature = "client", feature = "spool"))]
mod pipe;
#[cfg(feature = "client")]
mod provision;
#[cfg(feature = "client")]
mod quickstart;
mod recorded;
#[cfg(all(feature = "client", feature = "spool", target_os = "linux"))]
mod service;
#[cfg(feature = "client")]
mod small;
#[cfg(feature = "v3")]
mod sql;

#[cfg(feature = "client")]
use std::process::Output;

/// What came of one run.
#[cfg(feature = "client")]
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

/// An example that has ended.
#[cfg(feature = "client")]
fn ended(output: Output) -> Run {
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}
