//! The adapter between the engine and `Spool`: with the feature `spool`, or in its place.

#[cfg(not(feature = "spool"))]
mod disabled;
#[cfg(feature = "spool")]
mod enabled;

#[cfg(not(feature = "spool"))]
pub(crate) use disabled::{Disk, DiskError, Range};
#[cfg(feature = "spool")]
pub(crate) use enabled::{Disk, DiskError, Range};

use crate::Precision;
use alloc::string::String;
use alloc::vec::Vec;

/// Which batches on disk a batch in hand stands for.
pub(crate) type Ranges = Vec<Range>;

/// Lines taken from disk: the unit of their times, how many they are, and which batches.
pub(crate) type Taken = (Precision, u64, Ranges);

/// What the disk did, and what it lost in doing so.
pub(crate) type Lossy<T> = (Result<T, DiskError>, Vec<Loss>);

/// Lines that left the disk without being delivered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// Of which bucket. `None`: they were for somebody else.
    pub(crate) bucket: Option<String>,
    pub(crate) lines: u64,
    /// Of those, how many are in memory, too: these are not lost.
    pub(crate) held: u64,
}
