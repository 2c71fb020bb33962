//! InfluxDB 3: what is sent, and every response of it.

#![cfg(feature = "v3")]

#[path = "../common"]
mod common {
    pub(crate) mod api;
    #[allow(dead_code, reason = "of the clients of real servers nothing is used")]
    pub(crate) mod hostile;
    pub(crate) mod mock_server;
    pub(crate) mod random;
    pub(crate) mod replay;
    #[cfg(feature = "spool")]
    pub(crate) mod temp_dir;
    pub(crate) mod v3_readback;
    pub(crate) mod watch;
    pub(crate) mod wire;
}

mod admin;
mod queries;
mod query_faults;
mod query_strings;
mod readback;
mod recorded;
mod server;
mod writer;
mod writes;
