//! The examples as programs, run as a person or cron runs them, and the commands that the documents
//! name. One test program, since each that carries the mock server takes long to compile.

#[path = "../common"]
mod common {
    #[cfg(feature = "client")]
    pub(crate) mod built;
    #[cfg(feature = "client")]
    pub(crate) mod mock_server;
    #[cfg(all(feature = "client", feature = "spool", unix))]
    pub(crate) mod service_manager;
    #[cfg(feature = "client")]
    pub(crate) mod temp_dir;
    #[cfg(feature = "client")]
    pub(crate) mod watch;
    #[cfg(feature = "client")]
    pub(crate) mod wire;
}

#[cfg(feature = "client")]
mod closed_output;
mod commands;
#[cfg(feature = "client")]
mod copied;
#[cfg(all(feature = "client", feature = "spool", target_os = "linux"))]
mod documents;
#[cfg(all(feature = "client", feature = "embedded"))]
mod embedded_tcp;
#[cfg(all(feature = "client", feature = "spool", target_os = "linux"))]
mod gateway;
mod hidden;
mod length;
mod links;
#[cfg(all(feature = "client", feature = "spool", target_os = "linux"))]
mod logger;
mod modules;
#[cfg(feature = "client")]
mod quickstart;
mod recorded;
#[cfg(feature = "client")]
mod run;
#[cfg(all(feature = "client", feature = "spool", target_os = "linux"))]
mod service;
#[cfg(feature = "v3")]
mod sql;
#[cfg(all(feature = "client", feature = "spool", target_os = "linux"))]
mod switch;
