//! What an answer to a write means: the one place where retry and loss are decided.
//!
//! | answer | in the database | what may be done |
//! |---|---|---|
//! | 204 | everything | – |
//! | another 2xx (a captive portal's page, a proxy's 202) | unknown | keep; a person looks |
//! | 3xx | nothing | keep; a person looks (never followed) |
//! | 400 `unable to parse '<line>': why` (OSS) | nothing | take out the lines, send the rest once |
//! | 400 `parsing failed for write_lp endpoint` (3 Core) | nothing | the same |
//! | 400 `partial write error (N written)` (Cloud), with or without `line` | the good lines | report |
//! | 400 `partial write of line protocol occurred` (3 Core) | the good lines | report, line by line |
//! | 400 about org, bucket or precision; not in InfluxDB's JSON | nothing | keep; a person looks |
//! | 422 `partial write … dropped=N` (type conflict, outside the retention period) | the good lines | report |
//! | 500 with `partial write` (2.0.x) | the good lines | report |
//! | 500 otherwise, 502, 503, 504, 408, 425 | unknown | retry |
//! | 429 | nothing | retry |
//! | 413 | nothing | split |
//! | 401, 403, 404, other 4xx | nothing | keep; a person looks |
//! | anything else | unknown | keep; a person looks |

use super::http::Headers;
use super::json::Json;
use super::retry::retry_after;
use crate::error::{BadLine, Remedy, Stored};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// What an answer to a write means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) stored: Stored,
    /// None when everything is stored: there is nothing to remedy.
    pub(crate) remedy: Option<Remedy>,
    /// What the server named. May be fewer than there are.
    pub(crate) bad_lines: Vec<BadLine>,
    pub(crate) dropped: Option<u64>,
    pub(crate) retry_after: Option<Duration>,
}

/// Decides what an answer to a write means, from its status and the few documented messages.
pub(crate) fn verdict(status: u16, headers: &Headers, body: &[u8]) -> Verdict {
    let said = Said::read(body);
    let message = said.message.as_deref().unwrap_or("");
    let (stored, remedy) = match status {
        204 => (Stored::All, None),
        200..=299 => (Stored::Unknown, Some(Remedy::Human)),
        300..=399 => (Stored::Nothing, Some(Remedy::Human)),
        400 => {
            let (stored, remedy) = bad_request(&said, message);
            (stored, Some(remedy))
        }
        413 => (Stored::Nothing, Some(Remedy::Split)),
        422 if is_partial(message) => (Stored::GoodLines, Some(Remedy::Report)),
        // A refusal of the data in words we don't know: halving finds the lines.
        422 if said.from_influxdb => (Stored::Nothing, Some(Remedy::TakeOutBadLines)),
        429 => (Stored::Nothing, Some(Remedy::Retry)),
        408 | 425 => (Stored::Unknown, Some(Remedy::Retry)),
        401..=499 => (Stored::Nothing, Some(Remedy::Human)),
        500 if is_partial(message) => (Stored::GoodLines, Some(Remedy::Report)),
        501 | 505 => (Stored::Nothing, Some(Remedy::Human)),
        500..=599 => (Stored::Unknown, Some(Remedy::Retry)),
        _ => (Stored::Unknown, Some(Remedy::Human)),
    };
    let names_lines = matches!(remedy, Some(Remedy::TakeOutBadLines | Remedy::Report));
    Verdict {
        stored,
        remedy,
        bad_lines: if names_lines {
            said.bad_lines()
        } else {
            Vec::new()
        },
        dropped: if stored == Stored::GoodLines {
            said.dropped()
        } else {
            None
        },
        retry_after: retry_after(headers),
    }
}

fn bad_request(said: &Said<'_>, message: &str) -> (Stored, Remedy) {
    if is_partial(message) {
        return (Stored::GoodLines, Remedy::Report);
    }
    if !said.from_influxdb {
        return (Stored::Nothing, Remedy::Human);
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
        (Stored::Nothing, Remedy::Human)
    } else {
        (Stored::Nothing, Remedy::TakeOutBadLines)
    }
}

fn is_partial(message: &str) -> bool {
    message.contains("partial write")
}

/// The body of an error, as far as it can be understood.
#[derive(Debug, Default)]
pub(crate) struct Said<'a> {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    /// It is an error in InfluxDB's JSON.
    pub(crate) from_influxdb: bool,
    line: Option<u32>,
    data: Option<Json<'a>>,
}

impl<'a> Said<'a> {
    /// Reads any of the shapes that servers are known to send: `{code, message}` with a word or a
    /// gRPC number as code, `{error}` with a text or an object, `{err}`, `{status}` while starting,
    /// InfluxDB 3's `{error, data}`. Anything else is left for an excerpt.
    pub(crate) fn read(body: &'a [u8]) -> Self {
        let Some(fields) = Json::object(body) else {
            return Said {
                from_influxdb: is_cut_short(body),
                ..Said::default()
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
        Said {
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
    fn bad_lines(&self) -> Vec<BadLine> {
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
            Some(number) => alloc::vec![BadLine {
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
    body.len() >= super::answer::MAX_READ && body.starts_with(b"{\"code\":\"")
}

fn from_data(entry: Json<'_>) -> Option<BadLine> {
    Some(BadLine {
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
fn named_lines(message: &str) -> Vec<BadLine> {
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
            lines.push(BadLine {
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
