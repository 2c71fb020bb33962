//! The resources of the v2 interface: every operation, its lists, what is refused, and its names.

#![cfg(feature = "client")]

#[path = "../common"]
mod common {
    pub(crate) mod api;
    pub(crate) mod mock_api;
    pub(crate) mod replay;
    pub(crate) mod watch;
    pub(crate) mod wire;
}

mod attached;
mod byte_order_mark;
mod limits;
mod lists;
mod operations;
mod parity;
mod plan;
mod refuse;
