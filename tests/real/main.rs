//! Real servers, where the environment names any; `tests/README.md` says how. A test without its
//! server prints that it is skipped, and passes.

#![cfg(feature = "alloc")]

#[path = "../common"]
mod common {
    #[cfg(any(
        feature = "v1",
        feature = "v3",
        all(feature = "client", feature = "spool")
    ))]
    pub(crate) mod gzip;
    #[allow(dead_code, reason = "at most feature levels a part is used")]
    pub(crate) mod hostile;
    pub(crate) mod random;
    #[cfg(feature = "v3")]
    pub(crate) mod v3_readback;
    #[cfg(all(feature = "client", feature = "spool"))]
    pub(crate) mod watch;
}

mod strings;
#[cfg(feature = "v1")]
mod v1;
#[cfg(all(feature = "client", feature = "spool"))]
mod v2;
#[cfg(feature = "v3")]
mod v3;
mod values;
