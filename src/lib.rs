//! The InfluxDB v2 client for machines at the edge.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(unreachable_pub)]
// Outside data never meets a panic: the lints hold everywhere but in tests.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable
    )
)]

#[cfg(any(feature = "alloc", test))]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(feature = "client")]
pub mod client;
pub mod csv;
#[cfg(feature = "client")]
mod error;
pub mod flux;
pub mod line;
mod precision;
#[cfg(feature = "spool")]
pub mod spool;
mod time;

#[cfg(feature = "client")]
pub use client::Client;
#[cfg(feature = "client")]
pub use error::{
    AnswerError, BadLine, ConfigError, ContentError, Error, ErrorKind, Fault, Remedy, Stored,
    TransportError,
};
pub use precision::Precision;
#[cfg(feature = "spool")]
pub use spool::Spool;
pub use time::{Time, TimeError};
