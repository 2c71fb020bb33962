//! `Event`: what a writer reports to its listener: failures, deliveries, drops.

use super::account::{DropReason, RejectReason};
use crate::error::Error;
use alloc::boxed::Box;
use core::time::Duration;

/// Something that happened to lines. No event carries data or a token; the refused lines
/// themselves are at [`Writer::take_rejected`](super::Writer::take_rejected).
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::writer::Event;
///
/// let (sender, events) = std::sync::mpsc::channel();
/// let mut w = client.writer("sensors").on_event(move |event| match event {
///     Event::Delivered { bucket, lines } => drop(sender.send((bucket.to_string(), *lines))),
///     Event::Failed { error, retry_in, .. } => eprintln!("again in {retry_in:?}: {error}"),
///     _ => {}
/// }).build()?;
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
        /// Where to.
        bucket: &'a str,
        /// How many.
        lines: u64,
    },
    /// An attempt failed; the lines are kept. [`Error::remedy`] is whether a retry may succeed
    /// ([`Remedy::Retry`](crate::Remedy::Retry)) or an operator has to act
    /// ([`Remedy::Operator`](crate::Remedy::Operator)): a token, a bucket, a certificate, a gateway
    /// that refuses everything.
    Failed {
        /// Where to.
        bucket: &'a str,
        /// What went wrong.
        error: &'a Error,
        /// The next attempt.
        retry_in: Duration,
    },
    /// The first delivery after failures.
    Recovered {
        /// Where to.
        bucket: &'a str,
        /// Since the first failure.
        after: Duration,
    },
    /// The server refused lines for good.
    Rejected {
        /// Where to.
        bucket: &'a str,
        /// How many.
        lines: u64,
        /// Why.
        reason: RejectReason,
    },
    /// Lines went to disk.
    Spooled {
        /// Where they are meant to go.
        bucket: &'a str,
        /// How many.
        lines: u64,
    },
    /// The disk didn't take lines; they are kept in memory. Emitted when that begins, and again if the
    /// error is another one or the disk has taken something in between.
    SpoolFailed {
        /// Where they are meant to go.
        bucket: &'a str,
        /// Its error.
        message: &'a str,
    },
    /// The server refused compressed lines and stored them uncompressed, which is how all lines are
    /// sent from now on. Once for each writer.
    Uncompressed {
        /// Where to.
        bucket: &'a str,
    },
    /// The machine's clock was set back by more than a second since a point without a time came. It is
    /// followed: points may get times that others got before. Wavering by less is evened out, in
    /// nanoseconds.
    ClockStepped {
        /// By how much.
        back: Duration,
    },
    /// When the writer was built: the spool holds lines for another organization, which stay there.
    Foreign {
        /// How many.
        lines: u64,
    },
    /// So much happened that not each event was emitted.
    Missed {
        /// How many were not. The lines that they were about are in the [`Stats`](super::Stats).
        events: u64,
    },
    /// Lines were lost on this side.
    Dropped {
        /// Where they were meant to go.
        bucket: &'a str,
        /// How many.
        lines: u64,
        /// Why.
        reason: DropReason,
    },
}

/// The callback of a writer's events.
pub(crate) type Listener = Box<dyn FnMut(&Event<'_>) + Send>;
