//! The adapter between the engine and `Spool`: with the feature `spool`, or in its place.

#[cfg(not(feature = "spool"))]
mod disabled;
#[cfg(feature = "spool")]
mod enabled;

#[cfg(not(feature = "spool"))]
pub(crate) use disabled::{Disk, Ranges};
#[cfg(feature = "spool")]
pub(crate) use enabled::{Disk, Ranges};

use alloc::string::String;

/// Lines that left the disk without being delivered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// Of which bucket. `None`: they were for somebody else.
    pub(crate) bucket: Option<String>,
    pub(crate) lines: u64,
    /// Of those, how many are in memory, too: these are not lost.
    pub(crate) held: u64,
}
