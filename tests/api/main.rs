//! The resources of the v2 interface: every operation, its lists, what is refused, and its names.

#![cfg(feature = "client")]

#[path = "../common"]
mod common {
    pub mod api;
    pub mod replay;
    pub mod watch;
    pub mod wire;
}

mod lists;
mod operations;
mod parity;
mod refuse;
