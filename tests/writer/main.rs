//! The writer over the mock server, with every kind of fault on the way, in threads and processes.

#![cfg(feature = "client")]

#[path = "../common"]
mod common {
    pub(crate) mod mock_server;
    pub(crate) mod random;
    #[cfg(feature = "spool")]
    pub(crate) mod temp_dir;
    pub(crate) mod watch;
    pub(crate) mod wire;
}

mod help;

#[cfg(feature = "spool")]
mod ahead;
mod buckets;
mod delivery;
mod drops;
mod handles;
mod listeners;
mod refusals;
mod run_until;
#[cfg(feature = "spool")]
mod spooled;
mod stalls;
#[cfg(feature = "spool")]
mod stress;
mod text;
mod threads;
