//! The adapter between the engine and `Spool`, and its replacement without the feature `spool`.

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

/// The batches on disk that a batch in memory stands for.
pub(crate) type Ranges = Vec<Range>;

/// Lines read back from disk: the unit of their times, their number, and their batches.
pub(crate) type Taken = (Precision, u64, Ranges);

/// The result of a call of the disk, and the lines that it lost meanwhile.
pub(crate) type Lossy<T> = (Result<T, DiskError>, Vec<Loss>);

/// Lines that left the disk without being delivered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// Their bucket; `None` if they are of another organization.
    pub(crate) bucket: Option<String>,
    pub(crate) lines: u64,
    /// The number of those that are in memory as well, and so are not lost.
    pub(crate) held: u64,
}
