//! `Event`: a delivery, failure or loss that a writer reports to its listener.

use super::account::{DropReason, RejectReason};
use crate::error::Error;
use alloc::boxed::Box;
use core::time::Duration;

/// An event in the delivery of lines, passed to a callback.
///
/// Set by [`WriterBuilder::on_event`](super::WriterBuilder::on_event). No event carries data or a token;
/// [`Writer::take_rejected`](super::Writer::take_rejected) returns the rejected lines themselves.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::writer::Event;
///
/// let (sender, events) = std::sync::mpsc::channel();
/// let mut w = client
///     .writer("sensors")
///     .on_event(move |event| match event {
///         Event::Delivered { bucket, lines } => {
///             drop(sender.send((bucket.to_string(), *lines)))
///         }
///         Event::Failed { error, retry_in, .. } => {
///             eprintln!("again in {retry_in:?}: {error}")
///         }
///         _ => {}
///     })
///     .build()?;
/// w.write("t v=1 1")?;
/// w.flush()?;
/// assert_eq!(events.recv(), Ok(("sensors".to_string(), 1)));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The server stored lines.
    Delivered {
        /// The bucket.
        bucket: &'a str,
        /// The number of lines.
        lines: u64,
    },
    /// An attempt failed; the lines are kept. By [`Error::remedy`] a retry may succeed
    /// ([`Remedy::Retry`](crate::Remedy::Retry)) or an operator has to act
    /// ([`Remedy::Operator`](crate::Remedy::Operator)): a token, a bucket, a certificate, a gateway
    /// that refuses everything.
    Failed {
        /// The bucket.
        bucket: &'a str,
        /// The error.
        error: &'a Error,
        /// The time until the next attempt.
        retry_in: Duration,
    },
    /// The first delivery after failures.
    Recovered {
        /// The bucket.
        bucket: &'a str,
        /// The time since the first failure.
        after: Duration,
    },
    /// The server refused lines for good.
    Rejected {
        /// The bucket.
        bucket: &'a str,
        /// The number of lines.
        lines: u64,
        /// The reason.
        reason: RejectReason,
    },
    /// Lines were written to disk.
    Spooled {
        /// The bucket that they are for.
        bucket: &'a str,
        /// The number of lines.
        lines: u64,
    },
    /// The disk didn't accept lines; they are kept in memory. Emitted when that begins, and again if the error
    /// changes or the disk has accepted something in between.
    SpoolFailed {
        /// The bucket that they are for.
        bucket: &'a str,
        /// The disk's error.
        message: &'a str,
    },
    /// The server refused compressed lines and stored them uncompressed. All lines are sent uncompressed from now
    /// on. Emitted once for each writer.
    Uncompressed {
        /// The bucket.
        bucket: &'a str,
    },
    /// The machine's clock was set back by more than a second since the last point without a time. The new clock
    /// is used: points may get times that other points got before. Smaller steps are evened out, in nanoseconds.
    ClockStepped {
        /// The length of the step.
        back: Duration,
    },
    /// When the writer was built: the spool holds lines for another organization, which stay there.
    Foreign {
        /// The number of lines.
        lines: u64,
    },
    /// Too many events waited, and some were not emitted.
    Missed {
        /// The number of events that were not. The [`Stats`](super::Stats) have their lines.
        events: u64,
    },
    /// Lines were lost on this side.
    Dropped {
        /// The bucket that they were for.
        bucket: &'a str,
        /// The number of lines.
        lines: u64,
        /// The reason.
        reason: DropReason,
    },
}

/// The callback of a writer's events.
pub(crate) type Listener = Box<dyn FnMut(&Event<'_>) + Send>;
