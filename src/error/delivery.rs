//! `WriteError` and `FlushError`: the errors of the batching writer.

use super::{Error, ErrorKind, PointError, Printable, Remedy};
use crate::Timestamp;
use crate::line::LineSyntaxError;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// The reason why the batching writer didn't accept the data.
///
/// Nothing of it was accepted; earlier points are unaffected.
///
/// Only [`Encode`](WriteError::Encode), for the key that it names, and
/// [`NotDurable`](WriteError::NotDurable), for the disk's error, allocate. Converts into [`Error`].
///
/// ```
/// use influx_edge::WriteError;
///
/// assert!(WriteError::Full.is_retryable()); // the next delivery frees memory
/// assert!(!WriteError::TooLarge(1024).is_retryable());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// The point can't be written as line protocol. The same point fails again.
    Encode(PointError),
    /// A line of text isn't line protocol. The same line fails again.
    Syntax(LineSyntaxError),
    /// The buffer is at its limit, and the writer's policy is to reject rather than to drop the
    /// oldest. In [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead): the spool is at its `max_bytes`,
    /// or the disk is full, and the spool's policy is to reject. The next delivery frees it.
    Full,
    /// The input is larger than a whole batch may be; the number is that limit in bytes. Hand over
    /// fewer points at once. If it is a single point, shorten it or raise `batch_bytes`.
    TooLarge(usize),
    /// The point has no time of its own, and the machine's clock isn't set.
    ClockNotSet(ClockError),
    /// The writer's thread has ended: closed by another handle, or by a panic.
    Closed,
    /// [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead): the disk refused the point. The text is
    /// the disk's error.
    NotDurable(String),
    /// This process was forked from the one that made the writer and has no thread to send. Start the
    /// writer after the fork.
    Forked,
    /// The call would make the writer's own thread, in which events are emitted, wait for itself.
    OwnThread,
    /// The name of the bucket is empty, has a zero byte, or is longer than a spool accepts. The number
    /// is that limit in bytes: 1 023, with a spool together with the organization's name or id.
    BucketName(usize),
}

impl WriteError {
    /// Returns `true` if the same call may succeed later without any intervention.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.remedy(), Remedy::Retry)
    }

    pub(super) const fn remedy(&self) -> Remedy {
        match self {
            WriteError::Full | WriteError::ClockNotSet(_) | WriteError::NotDurable(_) => {
                Remedy::Retry
            }
            WriteError::TooLarge(_) => Remedy::Split,
            WriteError::Encode(_) | WriteError::Syntax(_) => Remedy::RemoveBadLines,
            WriteError::Closed
            | WriteError::Forked
            | WriteError::OwnThread
            | WriteError::BucketName(_) => Remedy::Operator,
        }
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
                write!(f, "the point is rejected, because it isn't on disk: {}", Printable(why))
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

/// The reason why a machine's clock counts as not set.
///
/// The bounds are those of the writer's [`ClockGuard`](crate::writer::ClockGuard).
///
/// ```
/// # let client = influx_edge::Client::builder("http://localhost:1").org("acme").build()?;
/// use influx_edge::{ClockError, Timestamp, WriteError};
///
/// // The day on which the program was built:
/// let built = Timestamp::parse("2200-01-01T00:00:00Z")?;
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
    /// The clock shows a time outside the years 1677 to 2262.
    Unreadable,
    /// The clock is before the writer's bound.
    TooEarly {
        /// The machine's time.
        time: Timestamp,
        /// The bound.
        not_before: Timestamp,
    },
    /// The clock is after the writer's bound.
    TooLate {
        /// The machine's time.
        time: Timestamp,
        /// The bound.
        not_after: Timestamp,
    },
    /// The clock differs from the server's by more than the writer allows.
    ServerDiffers {
        /// The machine's time.
        time: Timestamp,
        /// The server's time, as a lower bound.
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

/// The error of a flush or close that ran out of time.
///
/// Some lines have reached neither the server nor a disk.
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
/// let error = w.flush().unwrap_err(); // nothing listens there
/// let ErrorKind::Flush(missing) = error.kind() else { panic!("{error}") };
/// assert_eq!((missing.lines(), missing.is_lost()), (1, false)); // still in memory
/// # assert_eq!(w.stats().buffered, 1);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug)]
pub struct FlushError {
    pub(crate) lines: u64,
    pub(crate) lost: bool,
    pub(crate) cause: Option<Arc<Error>>,
}

impl FlushError {
    /// Returns the number of undelivered lines.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Returns `true` if the lines are lost because the writer is gone. Otherwise the writer still
    /// holds them and keeps trying.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Returns the error of the last attempt. `None` if time ran out before the first one.
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
