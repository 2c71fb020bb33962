//! `Event`: what a writer reports to its listener: failures, deliveries, drops.

use super::account::{DropReason, RejectReason};
use crate::error::Error;
use alloc::boxed::Box;
use core::time::Duration;

/// Something that happened to lines. No event carries data or a token; the refused lines
/// themselves are at [`Writer::rejected`](super::Writer::rejected).
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
    /// An attempt failed; the lines are kept. [`Error::remedy`] says whether time will heal it
    /// ([`Remedy::Retry`](crate::Remedy::Retry)) or a person has to act
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
    /// The disk didn't take lines; they are kept in memory.
    SpoolFailed {
        /// Where they are meant to go.
        bucket: &'a str,
        /// What it said.
        message: &'a str,
    },
    /// The server refused compressed lines and stored them uncompressed, which is how all lines are
    /// sent from now on. Once for each writer.
    Uncompressed {
        /// Where to.
        bucket: &'a str,
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

/// Who is told.
pub(crate) type Listener = Box<dyn FnMut(&Event<'_>) + Send>;
