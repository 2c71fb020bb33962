//! The mock server against what a real server was recorded to do.

#[path = "../support/replay/mod.rs"]
mod replay;
#[path = "../support/mod.rs"]
mod support;

mod faults;
mod query;
mod write;
