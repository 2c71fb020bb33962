//! InfluxDB 1.x: what is sent, and every response of it.

#![cfg(feature = "v1")]

#[path = "../common"]
mod common {
    pub mod api;
    pub mod replay;
    pub mod watch;
    pub mod wire;
}

mod responses;
