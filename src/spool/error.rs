//! `SpoolError` and its kinds.

use alloc::boxed::Box;
use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the spool could not do what it was asked. One pointer wide.
///
/// After an error of [`append`](super::Spool::append) the batch is not acknowledged: it is the
/// caller's still.
#[derive(Debug)]
pub struct SpoolError(Box<SpoolErrorKind>);

/// The kinds of [`SpoolError`].
#[derive(Debug)]
#[non_exhaustive]
pub enum SpoolErrorKind {
    /// Another process, or another [`Spool`](super::Spool) of this one, has the directory.
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// `max_bytes` is reached, or the disk is full, and the policy is not to drop anything.
    Full,
    /// The batch is larger than a spool of this size takes.
    TooLarge {
        /// Bytes of the batch.
        bytes: usize,
        /// The most that is taken.
        max: usize,
    },
    /// The batch has no bytes.
    EmptyBatch,
    /// The organization or the bucket is too long, or contains a zero byte.
    BadTarget,
    /// The disk refused, twice: on the segment at hand and on a new one. The next attempt is made
    /// a second later at the earliest.
    Failed,
    /// The operating system refused.
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

impl SpoolError {
    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &SpoolErrorKind {
        &self.0
    }

    /// Whether another has the directory.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-is_locked", std::process::id()));
    /// use influx_edge::spool::Spool;
    ///
    /// let spool = Spool::open(&dir)?;
    /// assert!(Spool::open(&dir).unwrap_err().is_locked());
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(*self.0, SpoolErrorKind::Locked { .. })
    }

    /// Whether there is no space left: `max_bytes`, or the disk.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-full", std::process::id()));
    /// use influx_edge::Precision;
    /// use influx_edge::spool::{Batch, OverflowPolicy, Spool, Target};
    ///
    /// let mut spool = Spool::builder(&dir).max_bytes(64 << 10).overflow_policy(OverflowPolicy::Reject).open()?;
    /// let target = Target::new("acme", "sensors")?;
    /// let lines = "t v=1 60\n".repeat(1000);
    /// let full = (0..100).find_map(|_| {
    ///     spool.append(Batch::new(&target, Precision::Second, 1000, lines.as_bytes())).err()
    /// });
    /// assert!(full.is_some_and(|error| error.is_full())); // what was taken before is safe
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(*self.0, SpoolErrorKind::Full)
    }

    /// What the operating system said, if it was asked.
    #[must_use]
    pub fn io(&self) -> Option<&io::Error> {
        match &*self.0 {
            SpoolErrorKind::Io { error, .. } => Some(error),
            _ => None,
        }
    }

    pub(super) fn from_io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        SpoolErrorKind::Io {
            doing,
            path: path.to_path_buf(),
            error,
        }
        .into()
    }
}

impl From<SpoolErrorKind> for SpoolError {
    fn from(kind: SpoolErrorKind) -> Self {
        SpoolError(Box::new(kind))
    }
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            SpoolErrorKind::Locked { dir } => write!(
                f,
                "the spool {dir:?} is in use by another process: one directory, one owner"
            ),
            SpoolErrorKind::Full => write!(f, "the spool is full"),
            SpoolErrorKind::TooLarge { bytes, max } => write!(
                f,
                "a batch of {bytes} bytes is too large for this spool, which takes {max}"
            ),
            SpoolErrorKind::EmptyBatch => write!(f, "a batch without bytes can't be spooled"),
            SpoolErrorKind::BadTarget => write!(
                f,
                "organization and bucket must be without zero bytes and short (1023 bytes together)"
            ),
            SpoolErrorKind::Failed => write!(
                f,
                "the spool's disk failed a moment ago, it is not asked again yet"
            ),
            SpoolErrorKind::Io { doing, path, error } => {
                write!(f, "cannot {doing} {path:?}: {error}")
            }
        }
    }
}

impl std::error::Error for SpoolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.io().map(|error| error as _)
    }
}
