//! `SpoolError` and its kinds.

use super::directory::{CallError, Refused};
use super::fs::user;
use alloc::boxed::Box;
use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the spool could not do what it was asked. One pointer wide.
///
/// After an error of [`append`](super::Spool::append) the batch is not acknowledged: it is the
/// caller's still.
pub struct SpoolError(Box<SpoolErrorKind>);

/// The kinds of [`SpoolError`].
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-spoolerrorkind", std::process::id()));
/// use influx_edge::spool::{Spool, SpoolErrorKind};
///
/// let spool = Spool::open(&dir)?;
/// let error = Spool::open(&dir).unwrap_err();
/// assert!(matches!(error.kind(), SpoolErrorKind::Locked { dir: locked } if *locked == dir));
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
        /// What the spool was doing: `"open the spool"`.
        doing: &'static str,
        /// The call that failed: `"open"`, `"sync"`; empty if it was none.
        call: &'static str,
        /// The file or directory of that call.
        path: PathBuf,
        /// The error it returned.
        error: io::Error,
    },
    /// The operating system refused for want of permission. On Unix.
    PermissionDenied {
        /// What the spool was doing: `"open the spool"`.
        doing: &'static str,
        /// The call that failed: `"open"`, `"make"`.
        call: &'static str,
        /// The file or directory of that call.
        path: PathBuf,
        /// The same, or the directory above it that may not be entered or written to.
        denied_by: PathBuf,
        /// The user who owns `denied_by`.
        owner: u32,
        /// Its permission bits.
        mode: u32,
        /// The user whose permissions this process has.
        user: u32,
        /// The error it returned.
        error: io::Error,
    },
    /// Another user may change what is in the directory: its owner is neither this user nor root, or
    /// all may write to it. [`SpoolBuilder::allow_shared_directory`](super::SpoolBuilder::allow_shared_directory)
    /// opens it nevertheless.
    SharedDirectory {
        /// The directory.
        dir: PathBuf,
        /// The user who owns it.
        owner: u32,
        /// Its permission bits.
        mode: u32,
        /// The user whose permissions this process has.
        user: u32,
    },
    /// The spool was opened where nothing can be written; it can only be drained.
    ReadOnly {
        /// The directory.
        dir: PathBuf,
    },
    /// Another process opened the spool, and this one is a copy of it.
    Forked {
        /// The directory.
        dir: PathBuf,
        /// The process that opened it.
        opened_by: u32,
        /// This process.
        this: u32,
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
            SpoolErrorKind::Io { error, .. } | SpoolErrorKind::PermissionDenied { error, .. } => {
                Some(error)
            }
            _ => None,
        }
    }

    /// The error names the call and the file it was made with, if that is known; else this path.
    pub(super) fn from_io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        let error = match error.downcast::<CallError>() {
            Ok(failed) => return Self::from_call(doing, failed),
            Err(error) => error,
        };
        match error.downcast::<Refused>() {
            Ok(Refused(kind)) => kind.into(),
            Err(error) => SpoolErrorKind::Io {
                doing,
                call: "",
                path: path.to_path_buf(),
                error,
            }
            .into(),
        }
    }

    fn from_call(doing: &'static str, failed: CallError) -> Self {
        let CallError {
            call,
            path,
            denied_by,
            error,
        } = failed;
        match (denied_by, user()) {
            (Some((denied_by, owner)), Some(user)) => SpoolErrorKind::PermissionDenied {
                doing,
                call,
                path,
                denied_by,
                owner: owner.uid,
                mode: owner.mode,
                user,
                error,
            },
            _ => SpoolErrorKind::Io {
                doing,
                call,
                path,
                error,
            },
        }
        .into()
    }
}

impl From<SpoolErrorKind> for SpoolError {
    fn from(kind: SpoolErrorKind) -> Self {
        SpoolError(Box::new(kind))
    }
}

/// As `Display`, for that is what `main` prints of an error that it returns.
impl fmt::Debug for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_kind(&self.0, f)
    }
}

pub(super) fn write_kind(kind: &SpoolErrorKind, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match kind {
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
        SpoolErrorKind::Io {
            doing,
            call: "",
            path,
            error,
        } => {
            write!(f, "cannot {doing} {path:?}: {error}")
        }
        SpoolErrorKind::Io {
            doing,
            call,
            path,
            error,
        } => {
            write!(f, "cannot {doing}: {call} {path:?}: {error}")
        }
        SpoolErrorKind::PermissionDenied {
            doing,
            call,
            path,
            denied_by,
            owner,
            mode,
            user,
            error,
        } => write!(
            f,
            "cannot {doing}: {call} {path:?}: {error}; {denied_by:?} belongs to user {owner}, \
                 mode {mode:04o}, and this process is user {user}"
        ),
        SpoolErrorKind::SharedDirectory {
            dir,
            owner,
            mode,
            user,
        } => {
            write!(f, "the spool's directory {dir:?} ")?;
            match mode & 0o002 {
                0 => write!(f, "belongs to user {owner} and this process is user {user}"),
                _ => write!(f, "may be written to by all users (mode {mode:04o})"),
            }?;
            write!(
                f,
                ": others could change what is sent; correct that, or allow it with \
                     SpoolBuilder::allow_shared_directory"
            )
        }
        SpoolErrorKind::ReadOnly { dir } => write!(
            f,
            "the spool {dir:?} is read-only: nothing can be added; what waits in it can be sent"
        ),
        SpoolErrorKind::Forked {
            dir,
            opened_by,
            this,
        } => write!(
            f,
            "the spool {dir:?} was opened by process {opened_by}, and this is process {this}: \
                 a spool is used by the process that opened it alone; daemonize first, then open"
        ),
    }
}

impl std::error::Error for SpoolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.io().map(|error| error as _)
    }
}
