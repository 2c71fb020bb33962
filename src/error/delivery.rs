//! `WriteError`, `FlushError` and `DiskError`: the errors of the batching writer.

use super::{Error, ErrorKind, PointError, Printable};
use crate::Timestamp;
use crate::line::LineSyntaxError;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// Why the batching writer didn't take what it was given. Nothing of it was taken; what was taken
/// before is untouched.
///
/// Only [`Encode`](WriteError::Encode), for the key that it names, and
/// [`NotDurable`](WriteError::NotDurable), for the disk's error, allocate. It converts into [`Error`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// It can't be written as line protocol. The same point fails again.
    Encode(PointError),
    /// A line of text isn't line protocol. The same line fails again.
    Syntax(LineSyntaxError),
    /// The buffer is at its limit, and the writer's policy is to reject rather than to drop the
    /// oldest. In [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead): the spool is at its `max_bytes`, or the
    /// disk is full, and the spool's policy is to reject. The next delivery makes space.
    Full,
    /// It is larger than a whole batch may be; the number is that limit in bytes. Hand over fewer
    /// points at once; a single one has to become shorter, or `batch_bytes` larger.
    TooLarge(usize),
    /// It has no time of its own, and the machine's clock isn't set.
    ClockNotSet(ClockError),
    /// The writer's thread has ended: closed by another handle, or by a panic.
    Closed,
    /// [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead): the disk didn't take it; the text is its
    /// error.
    NotDurable(String),
    /// The writer was made by another process: this one was forked from it and has no thread that
    /// would send. Start the writer after the fork.
    Forked,
    /// The call would make the writer's own thread, in which events are emitted, wait for itself.
    OwnThread,
    /// The name of the bucket is empty, has a zero byte, or is longer than a spool keeps; the number is
    /// that limit in bytes: 1 023, with a spool together with the organization's name or id.
    BucketName(usize),
}

impl WriteError {
    /// Whether the same call can succeed later without anybody doing anything.
    ///
    /// ```
    /// use influx_edge::WriteError;
    ///
    /// assert!(WriteError::Full.is_retryable()); // the next delivery makes space
    /// assert!(!WriteError::TooLarge(1024).is_retryable());
    /// ```
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            WriteError::Full | WriteError::ClockNotSet(_) | WriteError::NotDurable(_)
        )
    }
}

impl From<PointError> for WriteError {
    fn from(e: PointError) -> Self {
        WriteError::Encode(e)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Encode(e) => write!(f, "{e}"),
            WriteError::Syntax(e) => write!(f, "the line isn't line protocol: {e}"),
            WriteError::Full => f.write_str(
                "the writer's buffer is full, or in write-ahead its spool: the server takes points more slowly than they come, or not at all; try later, raise max_buffer_bytes or the spool's max_bytes, or let the oldest be dropped",
            ),
            WriteError::TooLarge(limit) => write!(
                f,
                "what was handed over is larger than one batch may be ({limit} bytes): hand over fewer points at once; if it is a single one, shorten it or raise batch_bytes"
            ),
            WriteError::ClockNotSet(why) => write!(
                f,
                "the point has no time, and this machine's clock isn't set ({why}): wait for NTP, give the point a time, or have such points marked"
            ),
            WriteError::Closed => f.write_str("the writer is closed"),
            WriteError::NotDurable(why) => {
                write!(f, "the point is refused, for it isn't on disk: {}", Printable(why))
            }
            WriteError::Forked => f.write_str(
                "this process was forked from the one that has the writer, and has no thread that would send: start the writer after the fork",
            ),
            WriteError::BucketName(most) => write!(
                f,
                "the name of the bucket is empty, has a zero byte, or is longer than {most} bytes (with a spool, the organization's name counts as well)"
            ),
            WriteError::OwnThread => f.write_str(
                "the writer's own thread, in which its events are emitted, can't wait for itself: flush, close and write ahead from another thread",
            ),
        }
    }
}

impl std::error::Error for WriteError {}

impl From<WriteError> for Error {
    fn from(e: WriteError) -> Self {
        match e {
            WriteError::Encode(e) => ErrorKind::Encode(e).into(),
            other => ErrorKind::Write(other).into(),
        }
    }
}

/// Why a machine's clock counts as not set. The bounds are those of the writer's
/// [`ClockGuard`](crate::writer::ClockGuard).
///
/// ```
/// # let client = influx_edge::Client::builder("http://localhost:1").org("acme").build()?;
/// use influx_edge::{ClockError, Timestamp, WriteError};
///
/// let built = Timestamp::parse("2200-01-01T00:00:00Z")?; // (the day of the program's build)
/// let mut w = client.writer("sensors").clock_not_before(built).build()?;
/// match w.write("weather temp_c=21.5") {
///     Err(WriteError::ClockNotSet(ClockError::TooEarly { time, not_before })) => {
///         assert!(time < not_before && not_before == built);
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockError {
    /// It can't be read: it shows a time outside the years 1677 to 2262.
    Unreadable,
    /// It shows a time before the writer's bound.
    TooEarly {
        /// What it shows.
        time: Timestamp,
        /// The bound.
        not_before: Timestamp,
    },
    /// It shows a time after the writer's bound.
    TooLate {
        /// What it shows.
        time: Timestamp,
        /// The bound.
        not_after: Timestamp,
    },
    /// It differs from the server's by more than the writer allows.
    ServerDiffers {
        /// What it shows.
        time: Timestamp,
        /// What the server's shows, at least.
        server: Timestamp,
    },
}

impl fmt::Display for ClockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClockError::Unreadable => f.write_str("it shows a time outside the years 1677 to 2262"),
            ClockError::TooEarly { time, not_before } => {
                write!(f, "it shows {time}, which is before {not_before}")
            }
            ClockError::TooLate { time, not_after } => {
                write!(f, "it shows {time}, which is after {not_after}")
            }
            ClockError::ServerDiffers { time, server } => {
                write!(f, "it shows {time}, the server's shows {server}")
            }
        }
    }
}

impl core::error::Error for ClockError {}

/// A flush or close that ran out of time: so many lines have neither reached the server nor a disk.
#[derive(Debug)]
pub struct FlushError {
    pub(crate) lines: u64,
    pub(crate) lost: bool,
    pub(crate) cause: Option<Arc<Error>>,
}

impl FlushError {
    /// How many lines.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://127.0.0.1:1").org("acme").build()?;
    /// use influx_edge::ErrorKind;
    ///
    /// let mut w = client
    ///     .writer("sensors")
    /// #   .flush_timeout(core::time::Duration::from_millis(10))
    ///     .build()?;
    /// w.write_with(|enc| enc.line("t").field("v", 1).finish())?;
    /// if let Err(error) = w.flush() {
    ///     if let ErrorKind::Flush(missing) = error.kind() {
    ///         println!("{} lines are still here: {:?}", missing.lines(), missing.cause());
    /// #         assert_eq!(missing.lines(), 1);
    ///     }
    /// }
    /// # assert_eq!(w.stats().buffered, 1);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Whether they are gone, because the writer is. Otherwise it still holds them and goes on
    /// trying.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// What the last attempt failed with.
    #[must_use]
    pub fn cause(&self) -> Option<&Error> {
        self.cause.as_deref()
    }
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lines, are) = match self.lines {
            1 => ("line", "is"),
            _ => ("lines", "are"),
        };
        write!(f, "{} {lines} {are} not delivered ", self.lines)?;
        match self.lost {
            true => write!(f, "and {are} lost with the writer")?,
            false => write!(f, "yet and {are} kept in memory")?,
        }
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => f.write_str(": time ran out before the first attempt"),
        }
    }
}

impl std::error::Error for FlushError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|e| e as _)
    }
}

impl From<FlushError> for Error {
    fn from(e: FlushError) -> Self {
        ErrorKind::Flush(e).into()
    }
}

/// The disk didn't do what it was asked, where batches are kept on one. The reason, with all its
/// particulars, is the error's [`source`](std::error::Error::source).
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-diskerror", std::process::id()));
/// use std::error::Error as _;
/// use influx_edge::spool::{Spool, SpoolError};
/// use influx_edge::{Error, ErrorKind};
///
/// let spool = Spool::open(&dir)?;
/// let error = Error::from(Spool::open(&dir).unwrap_err());
/// let ErrorKind::Disk(disk) = error.kind() else { panic!("{error}") };
/// assert!(disk.message().contains("in use"));
/// let cause = disk.source().and_then(|source| source.downcast_ref::<SpoolError>());
/// assert!(matches!(cause, Some(SpoolError::Locked { .. })));
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DiskError {
    message: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl DiskError {
    /// What went wrong, and where.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(&self.message))
    }
}

impl std::error::Error for DiskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

impl Error {
    /// An error of the disk's.
    #[cfg(feature = "spool")]
    pub(crate) fn disk(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        use alloc::string::ToString as _;
        ErrorKind::Disk(DiskError {
            message: source.to_string(),
            source: Box::new(source),
        })
        .into()
    }
}

#[cfg(feature = "spool")]
impl From<crate::spool::SpoolError> for Error {
    fn from(e: crate::spool::SpoolError) -> Self {
        Error::disk(e)
    }
}
