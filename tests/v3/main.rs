//! InfluxDB 3: what is sent, and every response of it.

#![cfg(feature = "v3")]

#[path = "../common"]
mod common {
    pub(crate) mod api;
    pub(crate) mod hostile;
    pub(crate) mod random;
    pub(crate) mod replay;
    pub(crate) mod watch;
    pub(crate) mod wire;
}

mod admin;
mod queries;
mod query_faults;
mod query_strings;
mod recorded;
mod server;
