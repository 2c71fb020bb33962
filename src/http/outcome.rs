//! `Stored` and `Remedy`: the outcome of a write.

use core::fmt;

/// The part of a write that is in the database.
///
/// ```
/// use influx_edge::http::{Stored, WriteResponse, WriteStatus};
///
/// let response = WriteResponse { status: 204, ..WriteResponse::default() };
/// assert_eq!(WriteStatus::classify(&response).stored, Stored::All);
/// assert_eq!(format!("stored: {}", Stored::Partial), "stored: the good lines");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stored {
    /// Every line. Only status 204 means this.
    All,
    /// No line.
    None,
    /// The good lines. The server dropped the bad ones, so don't send the batch again.
    Partial,
    /// Not known: the response was lost, or doesn't come from InfluxDB. Sending the same lines again is safe
    /// if they carry timestamps: a point is identified by its series and its time.
    Unknown,
}

/// The action after a failed write.
///
/// ```
/// use influx_edge::http::{Remedy, WriteResponse, WriteStatus};
///
/// let response = WriteResponse { status: 503, ..WriteResponse::default() };
/// assert_eq!(WriteStatus::classify(&response).remedy, Some(Remedy::Retry));
/// assert_eq!(Remedy::Retry.to_string(), "send it again later");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// Send the same bytes again, later.
    Retry,
    /// Split the batch and send both halves.
    Split,
    /// Remove the bad lines and send the rest once. If the server names none, halving finds them. If it
    /// rejects every half, the lines may be good, and rejected by something in between.
    RemoveBadLines,
    /// Nothing: the good lines are stored, the others are lost and reported.
    None,
    /// Keep the data and retry slowly: an operator has to renew the token, create the bucket, or correct the
    /// URL or the certificate.
    Operator,
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Stored::All => "everything",
            Stored::None => "nothing",
            Stored::Partial => "the good lines",
            Stored::Unknown => "unknown",
        })
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Remedy::Retry => "send it again later",
            Remedy::Split => "send smaller pieces",
            Remedy::RemoveBadLines => "take the bad lines out and send the rest",
            Remedy::None => "nothing can be done",
            Remedy::Operator => "keep it until a person has corrected the cause",
        })
    }
}
