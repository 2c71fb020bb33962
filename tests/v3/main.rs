//! InfluxDB 3: what is sent, and every response of it.

#![cfg(feature = "v3")]

#[path = "../common"]
mod common {
    #[allow(dead_code, reason = "the strings alone are used")]
    pub(crate) mod hostile;
    pub(crate) mod random;
    pub(crate) mod watch;
    pub(crate) mod wire;
}

mod queries;
mod query_faults;
mod query_strings;
mod server;
