//! `WriteStatus`: from a response to what is stored and what may be done, by the table of the
//! module's page.

use super::error_body::{ErrorBody, Form, LineErrors, UNABLE};
use super::json_str::JsonStr;
use super::outcome::{Remedy, Stored};
use super::retry_after::retry_after;
use super::words::Lines;
use core::time::Duration;

/// A response to a write, as far as its meaning depends on it.
///
/// ```
/// use influx_edge::http::WriteResponse;
///
/// let response = WriteResponse { status: 429, retry_after: Some("5"), ..WriteResponse::default() };
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
    /// Whether the body goes on: it was longer than the buffer for it. A few hundred bytes are
    /// enough to tell what an error is about; lines that are named behind the cut are not reported.
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
/// // A proxy can't tell what the server behind it did.
/// let status = WriteStatus::classify(&WriteResponse {
///     status: 502,
///     body: b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n",
///     ..WriteResponse::default()
/// });
/// assert_eq!((status.stored, status.remedy), (Stored::Unknown, Some(Remedy::Retry)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteStatus<'a> {
    /// How much is in the database.
    pub stored: Stored,
    /// What may be done. `None` when everything is stored.
    pub remedy: Option<Remedy>,
    /// The lines that the server names as bad. May be fewer than there are.
    pub line_errors: LineErrors<'a>,
    /// After a partial write: how many lines were dropped, if the server says.
    pub dropped: Option<u64>,
    /// How long the server asks to wait: at most ten minutes.
    pub retry_after: Option<Duration>,
}

impl<'a> WriteStatus<'a> {
    /// Classifies a response by its status and the few documented messages. Nothing allocates.
    #[must_use]
    pub fn classify(response: &WriteResponse<'a>) -> Self {
        Self::of(response, &response.error_body())
    }

    /// The same with the body already read.
    pub(crate) fn of(response: &WriteResponse<'a>, body: &ErrorBody<'a>) -> Self {
        use Remedy::{Operator, Retry, Split};
        let partial = (Stored::Partial, Some(Remedy::None));
        let (stored, remedy) = match response.status {
            204 => (Stored::All, None),
            // Only InfluxDB itself stores a part.
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
            // Another 2xx, too: it is somebody else's.
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
    /// The meaning of a response to a request that isn't a write.
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

/// The server's own words: a line that it quotes may hold any others.
fn own_words<'a>(body: &ErrorBody<'a>) -> JsonStr<'a> {
    let message = body.message().unwrap_or_default();
    message.split_once(UNABLE).map_or(message, |(own, _)| own)
}

fn is_partial(body: &ErrorBody<'_>) -> bool {
    own_words(body).contains("partial write")
}

/// A line for each message that is about the request: no line of the data taken out would help. First
/// InfluxDB 2's and Cloud's, then those of InfluxDB 3. (One text is half as large as an array of them.)
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

/// Whether a refusal is about lines, so that the others are accepted without them.
fn is_about_lines(body: &ErrorBody<'_>) -> bool {
    let message = body.message().unwrap_or_default();
    if body.form == Form::Foreign {
        return false;
    }
    if message.contains(UNABLE) {
        return true;
    }
    // Of other words only InfluxDB's are about lines: its own form must say so.
    body.form == Form::InfluxDb && !Lines(ABOUT_REQUEST).any(|words| message.contains(words))
}
