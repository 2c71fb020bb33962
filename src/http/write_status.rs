//! `WriteStatus`: the meaning of a response to a write, by the table in the module's documentation.

use super::error_body::{ErrorBody, Form, LineErrors, UNABLE};
use super::outcome::{Remedy, Stored};
use super::retry_after::retry_after;
use super::words::Lines;
use core::time::Duration;

/// The parts of a response on which the meaning of a write depends.
///
/// ```
/// use influx_edge::http::WriteResponse;
///
/// let response = WriteResponse {
///     status: 429,
///     retry_after: Some("5"),
///     ..WriteResponse::default()
/// };
/// assert!(response.body.is_empty() && !response.truncated);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteResponse<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The value of `Retry-After`.
    pub retry_after: Option<&'a str>,
    /// The value of `Date`, to which a date in `Retry-After` is relative.
    pub date: Option<&'a str>,
    /// The body, decompressed, or its start.
    pub body: &'a [u8],
    /// `true` if the body is the start of a longer one, for which a buffer was too small. A few hundred
    /// bytes are enough to classify an error. Lines that are named after the cut are not reported.
    pub truncated: bool,
}

impl<'a> WriteResponse<'a> {
    pub(crate) fn error_body(&self) -> ErrorBody<'a> {
        ErrorBody::read_part(self.body, self.truncated)
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        retry_after(self.retry_after?, self.date)
    }
}

/// The meaning of a response to a write, by the [table of write statuses](super#the-table-of-write-statuses).
///
/// ```
/// use influx_edge::http::{Remedy, Stored, WriteResponse, WriteStatus};
///
/// let status = WriteStatus::classify(&WriteResponse {
///     status: 422,
///     body: br#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict: input field \"v\" on measurement \"t\" is type string, already exists as type float dropped=1"}"#,
///     ..WriteResponse::default()
/// });
/// assert_eq!(status.stored, Stored::Partial);
/// assert_eq!(status.remedy, Some(Remedy::None));
/// assert_eq!(status.dropped, Some(1));
///
/// // A proxy's page doesn't show what the server did.
/// let status = WriteStatus::classify(&WriteResponse {
///     status: 502,
///     body: b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n",
///     ..WriteResponse::default()
/// });
/// assert_eq!(
///     (status.stored, status.remedy),
///     (Stored::Unknown, Some(Remedy::Retry))
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteStatus<'a> {
    /// The part that is in the database.
    pub stored: Stored,
    /// The next action. `None` if everything is stored.
    pub remedy: Option<Remedy>,
    /// The lines that the server names as bad. There may be others.
    pub line_errors: LineErrors<'a>,
    /// After a partial write: the number of dropped lines, if the server reports it.
    pub dropped: Option<u64>,
    /// The delay that the server asks for, at most ten minutes.
    pub retry_after: Option<Duration>,
}

impl<'a> WriteStatus<'a> {
    /// Classifies a response by its status and its error body. Nothing allocates.
    #[must_use]
    pub fn classify(response: &WriteResponse<'a>) -> Self {
        Self::of(response, &response.error_body())
    }

    /// Classifies a response whose body is parsed already.
    //
    // The first matching arm counts, so the order is part of the table: a partial write comes in 201, 400,
    // 422 and 500, and must be found before the arms that would send its lines again. The default of each
    // class errs to the side that loses nothing: 4xx is kept for an operator, 5xx is retried. A status that is
    // retried also belongs into `of_other` and into the text of its error, in `error/response_text`.
    pub(crate) fn of(response: &WriteResponse<'a>, body: &ErrorBody<'a>) -> Self {
        use Remedy::{Operator, Retry, Split};
        let partial = (Stored::Partial, Some(Remedy::None));
        let (stored, remedy) = match response.status {
            204 => (Stored::All, None),
            // In another's body the phrase means nothing.
            201 if body.form == Form::InfluxDb && is_partial(body) => partial,
            300..=399 => (Stored::None, Some(Operator)),
            400 | 422 | 500 if body.form != Form::Foreign && is_partial(body) => partial,
            400 | 422 if is_about_lines(body) => (Stored::None, Some(Remedy::RemoveBadLines)),
            413 => (Stored::None, Some(Split)),
            429 => (Stored::None, Some(Retry)),
            408 | 425 => (Stored::Unknown, Some(Retry)),
            400..=499 => (Stored::None, Some(Operator)),
            501 | 505 => (Stored::None, Some(Operator)),
            500 if body.blames_request() => (Stored::None, Some(Operator)),
            500..=599 => (Stored::Unknown, Some(Retry)),
            // Also other 2xx: InfluxDB doesn't send them.
            _ => (Stored::Unknown, Some(Operator)),
        };
        let names_lines = matches!(remedy, Some(Remedy::RemoveBadLines | Remedy::None));
        WriteStatus {
            stored,
            remedy,
            line_errors: if names_lines {
                body.line_errors()
            } else {
                LineErrors::NONE
            },
            dropped: if stored == Stored::Partial {
                body.dropped()
            } else {
                None
            },
            retry_after: response.retry_after(),
        }
    }
}

#[cfg(any(feature = "client", feature = "embedded"))]
impl<'a> WriteStatus<'a> {
    /// Classifies a response to a request that isn't a write.
    pub(crate) fn of_other(response: &WriteResponse<'a>, body: &ErrorBody<'a>) -> Self {
        let refused = response.status == 500 && body.blames_request();
        let remedy = match response.status {
            408 | 425 | 429 => Remedy::Retry,
            501 | 505 => Remedy::Operator,
            500 if refused => Remedy::Operator,
            500..=599 => Remedy::Retry,
            _ => Remedy::Operator,
        };
        WriteStatus {
            stored: match response.status {
                300..=499 => Stored::None,
                500 if refused => Stored::None,
                _ => Stored::Unknown,
            },
            remedy: Some(remedy),
            line_errors: LineErrors::NONE,
            dropped: None,
            retry_after: response.retry_after(),
        }
    }
}

/// Returns `true` if the message reports a partial write. The phrase must come before the first quoted line,
/// because a line may hold any text.
fn is_partial(body: &ErrorBody<'_>) -> bool {
    let message = body.message().unwrap_or_default();
    let unquoted = message.split_once(UNABLE).map_or(message, |(own, _)| own);
    unquoted.contains("partial write")
}

/// Phrases of messages about the request, one a line, for which removing lines wouldn't help. First
/// InfluxDB 2's and Cloud's, then InfluxDB 3's. (One text is half as large as an array.)
const ABOUT_REQUEST: &str = "orgID or org
invalid precision
precision unit
bucketID or bucket
id must have a length
HTTP request to an HTTPS server
missing bucket value
namespace name
failed to deserialize
incoming write was empty
error decoding gzip
new database would exceed";

/// Returns `true` if a rejection is about lines, so that the other lines are accepted without them.
fn is_about_lines(body: &ErrorBody<'_>) -> bool {
    let message = body.message().unwrap_or_default();
    if body.form == Form::Foreign {
        return false;
    }
    if message.contains(UNABLE) {
        return true;
    }
    // Any other message must be InfluxDB's for sure, since a gateway's `{error}` is never about lines.
    body.form == Form::InfluxDb && !Lines(ABOUT_REQUEST).any(|phrase| message.contains(phrase))
}
