//! A board's connection over scripted transports: every split, every point at which it can break, recorded
//! responses beside the client, the queue against a model, hostile bytes, no allocation.

#![cfg(feature = "embedded")]
#[path = "../common"]
mod common {
    pub(crate) mod board;
    pub(crate) mod random;
    #[cfg(feature = "client")]
    pub(crate) mod watch;
}

mod allocations;
mod backoff;
mod breaks;
mod connection;
mod error_text;
mod fuzz;
mod queries;
mod queue;
#[cfg(feature = "client")]
mod recorded;
mod scripted;
