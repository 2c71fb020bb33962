//! The one table of write statuses: from a response to what is stored and whether to retry.
//!
//! | response | in the database | what may be done |
//! |---|---|---|
//! | 204 | everything | – |
//! | another 2xx (a captive portal's page, a proxy's 202) | unknown | keep; an operator looks |
//! | 3xx | nothing | keep; an operator looks (never followed) |
//! | 400 `unable to parse '<line>': why` (OSS) | nothing | take out the lines, send the rest once |
//! | 400 `parsing failed for write_lp endpoint` (3 Core) | nothing | the same |
//! | 400 `partial write error (N written)` (Cloud), with or without `line` | the good lines | report |
//! | 400 `partial write of line protocol occurred` (3 Core) | the good lines | report, line by line |
//! | 400 about org, bucket or precision; not in InfluxDB's JSON | nothing | keep; an operator looks |
//! | 422 `partial write … dropped=N` (type conflict, outside the retention period) | the good lines | report |
//! | 500 with `partial write` (2.0.x) | the good lines | report |
//! | 500 otherwise, 502, 503, 504, 408, 425 | unknown | retry |
//! | 429 | nothing | retry |
//! | 413 | nothing | split |
//! | 401, 403, 404, other 4xx | nothing | keep; an operator looks |
//! | anything else | unknown | keep; an operator looks |

use super::json::Json;
use super::retry::retry_after;
use super::transport::Headers;
use crate::error::{LineError, Remedy, Stored};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// The meaning of a response to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WriteStatus {
    pub(crate) stored: Stored,
    /// None when everything is stored: there is nothing to remedy.
    pub(crate) remedy: Option<Remedy>,
    /// What the server named. May be fewer than there are.
    pub(crate) line_errors: Vec<LineError>,
    pub(crate) dropped: Option<u64>,
    pub(crate) retry_after: Option<Duration>,
}

/// Classifies a response to a write by its status and the few documented messages.
pub(crate) fn classify_write(status: u16, headers: &Headers, body: &[u8]) -> WriteStatus {
    let error_body = ErrorBody::read(body);
    let message = error_body.message.as_deref().unwrap_or("");
    let (stored, remedy) = match status {
        204 => (Stored::All, None),
        300..=399 => (Stored::None, Some(Remedy::Operator)),
        400 => {
            let (stored, remedy) = bad_request(&error_body, message);
            (stored, Some(remedy))
        }
        413 => (Stored::None, Some(Remedy::Split)),
        422 if is_partial(message) => (Stored::Partial, Some(Remedy::None)),
        // A refusal of the data in words we don't know: halving finds the lines.
        422 if error_body.from_influxdb => (Stored::None, Some(Remedy::RemoveBadLines)),
        429 => (Stored::None, Some(Remedy::Retry)),
        408 | 425 => (Stored::Unknown, Some(Remedy::Retry)),
        401..=499 => (Stored::None, Some(Remedy::Operator)),
        500 if is_partial(message) => (Stored::Partial, Some(Remedy::None)),
        501 | 505 => (Stored::None, Some(Remedy::Operator)),
        500..=599 => (Stored::Unknown, Some(Remedy::Retry)),
        // Another 2xx, too: it is somebody else's.
        _ => (Stored::Unknown, Some(Remedy::Operator)),
    };
    let names_lines = matches!(remedy, Some(Remedy::RemoveBadLines | Remedy::None));
    WriteStatus {
        stored,
        remedy,
        line_errors: if names_lines {
            error_body.line_errors()
        } else {
            Vec::new()
        },
        dropped: if stored == Stored::Partial {
            error_body.dropped()
        } else {
            None
        },
        retry_after: retry_after(headers),
    }
}

fn bad_request(error_body: &ErrorBody<'_>, message: &str) -> (Stored, Remedy) {
    if is_partial(message) {
        return (Stored::Partial, Remedy::None);
    }
    if !error_body.from_influxdb {
        return (Stored::None, Remedy::Operator);
    }
    // These are about the request, not about its lines: no line taken out would help.
    let about_request = [
        "orgID or org",
        "invalid precision",
        "precision unit",
        "bucketID or bucket",
        "id must have a length",
        "HTTP request to an HTTPS server",
    ];
    if about_request.iter().any(|words| message.contains(words)) {
        (Stored::None, Remedy::Operator)
    } else {
        (Stored::None, Remedy::RemoveBadLines)
    }
}

fn is_partial(message: &str) -> bool {
    message.contains("partial write")
}

/// The body of an error, as far as it can be understood.
#[derive(Debug, Default)]
pub(crate) struct ErrorBody<'a> {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    /// It is an error in InfluxDB's JSON.
    pub(crate) from_influxdb: bool,
    line: Option<u32>,
    data: Option<Json<'a>>,
}

impl<'a> ErrorBody<'a> {
    /// Reads any of the shapes that servers are known to send: `{code, message}` with a word or a
    /// gRPC number as code, `{error}` with a text or an object, `{err}`, `{status}` while starting,
    /// InfluxDB 3's `{error, data}`. Anything else is left for an excerpt.
    pub(crate) fn read(body: &'a [u8]) -> Self {
        let Some(fields) = Json::object(body) else {
            return ErrorBody {
                from_influxdb: is_cut_short(body),
                ..ErrorBody::default()
            };
        };
        let text = |name| fields.get(name).and_then(Json::text);
        let message = text("message")
            .or_else(|| text("error"))
            .or_else(|| fields.get("error")?.get("message")?.text())
            .or_else(|| text("err"))
            .or_else(|| text("status"));
        let code = fields.get("code");
        let code = code.and_then(|code| code.text().or_else(|| code.number()));
        ErrorBody {
            from_influxdb: message.is_some() || code.is_some(),
            code,
            message,
            line: fields
                .get("line")
                .and_then(Json::integer)
                .filter(|n| *n > 0),
            data: fields.get("data"),
        }
    }

    /// The lines the server names, in its order.
    fn line_errors(&self) -> Vec<LineError> {
        if let Some(data) = self.data {
            // A list of them, or one.
            match data.items() {
                Some(list) => return list.into_iter().filter_map(from_data).collect(),
                None if data.is_object() => return from_data(data).into_iter().collect(),
                None => {}
            }
        }
        let message = self.message.as_deref().unwrap_or("");
        let named = named_lines(message);
        if !named.is_empty() {
            return named;
        }
        match self.line {
            Some(number) => alloc::vec![LineError {
                number: Some(number),
                line: String::new(),
                reason: message.to_owned(),
            }],
            None => Vec::new(),
        }
    }

    fn dropped(&self) -> Option<u64> {
        if let Some(list) = self.data.and_then(Json::items) {
            return Some(list.len() as u64);
        }
        let message = self.message.as_deref()?;
        let (_, rest) = message.rsplit_once("dropped=")?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest.get(..end)?.parse().ok()
    }
}

/// A batch of thousands of bad lines is named in a message of megabytes, of which only the start is
/// read. That isn't JSON any more, but it begins as InfluxDB's does.
fn is_cut_short(body: &[u8]) -> bool {
    body.len() >= super::response_error::MAX_READ && body.starts_with(b"{\"code\":\"")
}

fn from_data(entry: Json<'_>) -> Option<LineError> {
    Some(LineError {
        number: entry.get("line_number").and_then(Json::integer),
        line: entry
            .get("original_line")
            .and_then(Json::text)
            .unwrap_or_default(),
        reason: entry.get("error_message")?.text()?,
    })
}

/// OSS names its lines in the message: `unable to parse '<line>': why`, one after the other, each
/// on a line of its own. The line itself may hold quotes and line breaks.
fn named_lines(message: &str) -> Vec<LineError> {
    const START: &str = "unable to parse '";
    let mut lines = Vec::new();
    let Some((_, mut rest)) = message.split_once(START) else {
        return lines;
    };
    loop {
        let (this, next) = match rest.find("\nunable to parse '") {
            Some(at) => {
                let (this, next) = rest.split_at(at);
                (this, next.get(START.len().saturating_add(1)..))
            }
            None => (rest, None),
        };
        // The reason holds no "': ", the line may.
        if let Some((line, reason)) = this.rsplit_once("': ") {
            lines.push(LineError {
                number: None,
                line: line.to_owned(),
                reason: reason.to_owned(),
            });
        }
        match next {
            Some(next) => rest = next,
            None => return lines,
        }
    }
}

#[cfg(test)]
#[path = "tests/write_status.rs"]
mod tests;
