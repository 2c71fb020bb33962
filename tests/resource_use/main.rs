//! What calls and streams take: heap, memory of the process, threads. These are numbers of the whole
//! process, so the tests run one at a time, and nothing is logged.

#[path = "../common"]
mod common {
    #[cfg(feature = "client")]
    pub(crate) mod watch;
    #[cfg(feature = "client")]
    pub(crate) mod wire;
}

#[cfg(feature = "client")]
mod client_memory;
#[cfg(feature = "client")]
mod client_stream;
#[cfg(feature = "client")]
mod client_threads;
#[cfg(all(feature = "std", target_os = "linux"))]
mod csv_stream;
#[cfg(feature = "gzip")]
mod gzip_bomb;
#[cfg(feature = "v3")]
mod v3_stream;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps the other tests of this program waiting, for as long as the guard lives.
#[allow(dead_code, reason = "nothing is measured without std")]
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
