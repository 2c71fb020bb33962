//! `Stored` and `Remedy`: what a failed write stored, and what to do next.

use core::fmt;

/// How much of a write is in the database.
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
    /// Every line. (204 is the only response that says so.)
    All,
    /// Not one line.
    None,
    /// The good lines; the bad ones were dropped by the server. Don't send the batch again.
    Partial,
    /// Nobody can know: the response got lost, or doesn't come from InfluxDB. Sending the same lines
    /// again is safe if they carry timestamps: a point is identified by its series and its time.
    Unknown,
}

/// What may be done about a failed write.
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
    /// Cut the batch in two and send both halves.
    Split,
    /// Take the bad lines out (those named, or by halving when none is) and send the rest once. If none
    /// is named and everything is refused, the lines may be good: something in between may refuse.
    RemoveBadLines,
    /// Nothing: what could be stored is stored, what could not is lost and reported.
    None,
    /// Keep the data and try slowly: a person must renew the token, create the bucket, correct the
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
