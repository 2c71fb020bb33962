//! From the client to a server and back, over the mock server.
#![cfg(feature = "client")]

#[path = "../support/mod.rs"]
mod support;

mod errors;
mod strings;
mod values;
