//! InfluxDB 1.x: what is sent, and every response of it.

#![cfg(feature = "v1")]

#[path = "../common"]
mod common {
    pub(crate) mod api;
    pub(crate) mod replay;
    pub(crate) mod watch;
    pub(crate) mod wire;
}

mod faults;
mod mistakes;
mod responses;
