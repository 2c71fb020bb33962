//! `SpoolError`, and how it passes through code that returns [`io::Error`].

use super::fs::{Owner, user};
use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// An error of the spool.
///
/// A batch whose [`append`](super::Spool::append) returns one is not acknowledged: it still belongs to
/// the caller. An error of the operating system is the [`source`](std::error::Error::source).
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-spoolerror", std::process::id()));
/// use influx_edge::spool::{Spool, SpoolError};
///
/// let spool = Spool::open(&dir)?;
/// let second = Spool::open(&dir);
/// assert!(
///     matches!(second, Err(SpoolError::Locked { dir: locked }) if locked == dir)
/// );
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[non_exhaustive]
pub enum SpoolError {
    /// Another process, or another [`Spool`](super::Spool) of this one, has the directory open.
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// `max_bytes` is reached, or the disk is full, and the overflow policy forbids dropping.
    Full,
    /// The batch is larger than a spool of this size accepts.
    TooLarge {
        /// The size of the batch in bytes.
        bytes: usize,
        /// The largest size that is accepted.
        max: usize,
    },
    /// The batch is empty.
    EmptyBatch,
    /// The organization or the bucket is too long, or contains a zero byte.
    BadTarget,
    /// The disk failed twice, on the current segment and on a new one, less than a second ago. After
    /// that second `append` tries again.
    Failed,
    /// A call to the operating system failed.
    Io {
        /// The operation of the spool, such as `"open the spool"`.
        doing: &'static str,
        /// The call that failed, such as `"open"` or `"sync"`; empty if unknown.
        call: &'static str,
        /// The file or directory of that call.
        path: PathBuf,
        /// The error it returned.
        error: io::Error,
    },
    /// A call to the operating system failed for lack of permission. Unix only.
    PermissionDenied {
        /// The operation of the spool, such as `"open the spool"`.
        doing: &'static str,
        /// The call that failed, such as `"open"` or `"make"`.
        call: &'static str,
        /// The file or directory of that call.
        path: PathBuf,
        /// The same path, or the directory above it that denies access.
        denied_by: PathBuf,
        /// The user id that owns `denied_by`.
        owner: u32,
        /// The permission bits of `denied_by`.
        mode: u32,
        /// The effective user id of this process.
        user: u32,
        /// The error it returned.
        error: io::Error,
    },
    /// Another user may change the content of the directory: its owner is neither this user nor root,
    /// or it is writable by all.
    /// [`SpoolBuilder::allow_shared_directory`](super::SpoolBuilder::allow_shared_directory) opens it
    /// nevertheless.
    SharedDirectory {
        /// The directory.
        dir: PathBuf,
        /// The user id that owns it.
        owner: u32,
        /// Its permission bits.
        mode: u32,
        /// The effective user id of this process.
        user: u32,
    },
    /// The directory was not writable when the spool was opened; the spool can only be drained.
    ReadOnly {
        /// The directory.
        dir: PathBuf,
    },
    /// The spool was opened by another process, of which this one is a fork.
    Forked {
        /// The directory.
        dir: PathBuf,
        /// The id of the process that opened it.
        opened_by: u32,
        /// The id of this process.
        this: u32,
    },
}

impl SpoolError {
    /// Returns the reason without paths, calls and numbers, which `Display` adds.
    #[cfg(feature = "client")]
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            SpoolError::Locked { .. } => "the spool is in use by another process",
            SpoolError::Full => "the spool is full",
            SpoolError::TooLarge { .. } => "the batch is too large for the spool",
            SpoolError::EmptyBatch => "an empty batch can't be spooled",
            SpoolError::BadTarget => "the spool can't hold this organization or bucket",
            SpoolError::Failed => "the spool's disk failed less than a second ago",
            SpoolError::Io { .. } => "an operation on the spool's files failed",
            SpoolError::PermissionDenied { .. } => "permission for the spool's files is denied",
            SpoolError::SharedDirectory { .. } => "others may write to the spool's directory",
            SpoolError::ReadOnly { .. } => "the spool is read-only",
            SpoolError::Forked { .. } => "the spool was opened by another process",
        }
    }

    /// Converts an error back that [`wrap`](Self::wrap) made, and names the operation. Any other error is
    /// attributed to `path`.
    pub(super) fn from_io(operation: &'static str, path: &Path, error: io::Error) -> Self {
        let mut error = match error.downcast() {
            Ok(wrapped) => wrapped,
            Err(error) => SpoolError::Io {
                doing: "",
                call: "",
                path: path.to_path_buf(),
                error,
            },
        };
        if let SpoolError::Io { doing, .. } | SpoolError::PermissionDenied { doing, .. } =
            &mut error
        {
            *doing = operation;
        }
        error
    }

    /// Adds the call and the path to an error of the operating system. The result is an [`io::Error`] of
    /// the same kind, because recovery and rewriting decide by the kind.
    pub(super) fn wrap(
        call: &'static str,
        path: PathBuf,
        denied_by: Option<(PathBuf, Owner)>,
        error: io::Error,
    ) -> io::Error {
        let (doing, kind) = ("", error.kind());
        let named = match (denied_by, user()) {
            (Some((denied_by, owner)), Some(user)) => SpoolError::PermissionDenied {
                doing,
                call,
                path,
                denied_by,
                owner: owner.uid,
                mode: owner.mode,
                user,
                error,
            },
            _ => SpoolError::Io {
                doing,
                call,
                path,
                error,
            },
        };
        io::Error::new(kind, named)
    }
}

/// Formats like `Display`, since `main` prints a returned error with `Debug`.
impl fmt::Debug for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpoolError::Locked { dir } => write!(
                f,
                "the spool {dir:?} is in use by another process: one directory, one owner"
            ),
            SpoolError::Full => f.write_str("the spool is full"),
            SpoolError::TooLarge { bytes, max } => write!(
                f,
                "a batch of {bytes} bytes is too large for this spool, which accepts {max}"
            ),
            SpoolError::EmptyBatch => f.write_str("an empty batch can't be spooled"),
            SpoolError::BadTarget => f.write_str(
                "organization and bucket must not contain a zero byte, and not exceed 1023 bytes together",
            ),
            SpoolError::Failed => f.write_str(
                "the spool's disk failed less than a second ago: try again after that second",
            ),
            SpoolError::Io {
                doing,
                call,
                path,
                error,
            } => write_call(f, doing, call, path, error),
            SpoolError::PermissionDenied {
                doing,
                call,
                path,
                denied_by,
                owner,
                mode,
                user,
                error,
            } => {
                write_call(f, doing, call, path, error)?;
                write!(
                    f,
                    "; {denied_by:?} belongs to user {owner}, mode {mode:04o}, and this process is \
                     user {user}"
                )
            }
            SpoolError::SharedDirectory {
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
                f.write_str(
                    ": others could change what is sent; correct that, or allow it with \
                     SpoolBuilder::allow_shared_directory",
                )
            }
            SpoolError::ReadOnly { dir } => write!(
                f,
                "the spool {dir:?} is read-only: nothing can be added; what waits in it can be sent"
            ),
            SpoolError::Forked {
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
}

/// Writes `cannot open the spool: open "dir/ack": Permission denied`.
fn write_call(
    f: &mut fmt::Formatter<'_>,
    doing: &str,
    call: &str,
    path: &Path,
    error: &io::Error,
) -> fmt::Result {
    match (doing, call) {
        ("", _) => write!(f, "{call} {path:?}: {error}"),
        (_, "") => write!(f, "cannot {doing} {path:?}: {error}"),
        _ => write!(f, "cannot {doing}: {call} {path:?}: {error}"),
    }
}

impl std::error::Error for SpoolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SpoolError::Io { error, .. } | SpoolError::PermissionDenied { error, .. } => {
                Some(error)
            }
            _ => None,
        }
    }
}
