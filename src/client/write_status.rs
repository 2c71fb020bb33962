//! What a response to a write means: the one place where retry and loss are decided.
//!
//! | response | in the database | what may be done |
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

use super::json::Json;
use super::retry::retry_after;
use super::transport::Headers;
use crate::error::{LineError, Remedy, Stored};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// What a response to a write means.
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

/// Decides what a response to a write means, from its status and the few documented messages.
pub(crate) fn classify_write(status: u16, headers: &Headers, body: &[u8]) -> WriteStatus {
    let said = ErrorBody::read(body);
    let message = said.message.as_deref().unwrap_or("");
    let (stored, remedy) = match status {
        204 => (Stored::All, None),
        300..=399 => (Stored::None, Some(Remedy::Operator)),
        400 => {
            let (stored, remedy) = bad_request(&said, message);
            (stored, Some(remedy))
        }
        413 => (Stored::None, Some(Remedy::Split)),
        422 if is_partial(message) => (Stored::Partial, Some(Remedy::None)),
        // A refusal of the data in words we don't know: halving finds the lines.
        422 if said.from_influxdb => (Stored::None, Some(Remedy::RemoveBadLines)),
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
            said.line_errors()
        } else {
            Vec::new()
        },
        dropped: if stored == Stored::Partial {
            said.dropped()
        } else {
            None
        },
        retry_after: retry_after(headers),
    }
}

fn bad_request(said: &ErrorBody<'_>, message: &str) -> (Stored, Remedy) {
    if is_partial(message) {
        return (Stored::Partial, Remedy::None);
    }
    if !said.from_influxdb {
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
mod tests {
    use super::super::response_error::MAX_READ;
    use super::*;
    use std::format;
    use std::vec;

    const HTML: &str = "<html>nginx";
    const PARTIAL: &str = r#"{"code":"x","message":"partial write: type conflict dropped=3"}"#;
    const OTHER: &str = r#"{"code":"x","message":"who knows"}"#;

    #[test]
    fn each_status_means_one_thing() {
        use Remedy::{Operator, RemoveBadLines, Retry, Split};
        use Stored::{All, Partial, Unknown};

        // The statuses, what they mean in words we don't know, in a proxy's words, and where a part
        // was written.
        type Means = (Stored, Option<Remedy>);
        let good: Means = (All, None);
        let human = |stored| (stored, Some(Operator));
        let retry = |stored| (stored, Some(Retry));
        let lines: Means = (Stored::None, Some(RemoveBadLines));
        let part: Means = (Partial, Some(Remedy::None));
        let split: Means = (Stored::None, Some(Split));
        let same = |means| [means; 3];
        for (statuses, means) in [
            (0..=199, same(human(Unknown))),
            (200..=203, same(human(Unknown))),
            (204..=204, same(good)),
            (205..=299, same(human(Unknown))),
            (300..=399, same(human(Stored::None))),
            (400..=400, [lines, human(Stored::None), part]),
            (401..=407, same(human(Stored::None))),
            (408..=408, same(retry(Unknown))),
            (409..=412, same(human(Stored::None))),
            (413..=413, same(split)),
            (414..=421, same(human(Stored::None))),
            (422..=422, [lines, human(Stored::None), part]),
            (423..=424, same(human(Stored::None))),
            (425..=425, same(retry(Unknown))),
            (426..=428, same(human(Stored::None))),
            (429..=429, same(retry(Stored::None))),
            (430..=499, same(human(Stored::None))),
            (500..=500, [retry(Unknown), retry(Unknown), part]),
            (501..=501, same(human(Stored::None))),
            (502..=504, same(retry(Unknown))),
            (505..=505, same(human(Stored::None))),
            (506..=599, same(retry(Unknown))),
            (600..=999, same(human(Unknown))),
        ] {
            for status in statuses {
                for (body, (stored, remedy)) in [OTHER, HTML, PARTIAL].into_iter().zip(means) {
                    let write_status = classify_write(status, &Headers::default(), body.as_bytes());
                    let what = format!("{status} {body}");
                    assert_eq!(
                        (write_status.stored, write_status.remedy),
                        (stored, remedy),
                        "{what}"
                    );
                    let dropped = (stored == Partial).then_some(3);
                    assert_eq!(write_status.dropped, dropped, "{what}");
                    assert_eq!(write_status.retry_after, None, "{what}");
                }
            }
        }
    }

    #[test]
    fn a_message_cut_short_is_influxdbs_if_it_begins_so() {
        let begins = r#"{"code":"invalid","message":"unable to parse 'm"#;
        for (begins, len, whose) in [
            (begins, MAX_READ, Remedy::RemoveBadLines),
            (begins, MAX_READ + 1, Remedy::RemoveBadLines),
            // It came whole and is no JSON.
            (begins, MAX_READ - 1, Remedy::Operator),
            (r#"{"error":"#, MAX_READ, Remedy::Operator),
            ("<html>", MAX_READ, Remedy::Operator),
        ] {
            let mut body = begins.as_bytes().to_vec();
            body.resize(len, b'x');
            let write_status = classify_write(400, &Headers::default(), &body);
            assert_eq!(write_status.remedy, Some(whose), "{begins} of {len}");
        }
    }

    #[test]
    fn what_is_said_has_many_shapes() {
        for (body, code, message) in [
            (r#"{"code":"c","message":"m"}"#, Some("c"), Some("m")),
            (r#"{"code":3,"message":"m"}"#, Some("3"), Some("m")),
            (r#"{"code":"c"}"#, Some("c"), None),
            (r#"{"error":"m"}"#, None, Some("m")),
            (r#"{"error":{"message":"m"}}"#, None, Some("m")),
            (r#"{"err":"m"}"#, None, Some("m")),
            (r#"{"status":"m"}"#, None, Some("m")),
            (r#"{"message":"m","error":"e"}"#, None, Some("m")),
            (r#"{"message":7}"#, None, None),
            (r#"["message"]"#, None, None),
            ("message", None, None),
            ("", None, None),
        ] {
            let said = ErrorBody::read(body.as_bytes());
            assert_eq!(said.code.as_deref(), code, "{body}");
            assert_eq!(said.message.as_deref(), message, "{body}");
            let any = code.is_some() || message.is_some();
            assert_eq!(said.from_influxdb, any, "{body}");
        }
    }

    #[test]
    fn lines_are_named_in_many_ways() {
        fn line(number: Option<u32>, line: &str, reason: &str) -> LineError {
            LineError {
                number,
                line: line.to_owned(),
                reason: reason.to_owned(),
            }
        }
        let partial = "partial write error (2 written): m";
        for (rest, line_errors, dropped) in [
            (r#""line":2"#, vec![line(Some(2), "", partial)], None),
            (r#""line":1"#, vec![line(Some(1), "", partial)], None),
            // Lines are counted from 1.
            (r#""line":0"#, vec![], None),
            (r#""line":-1"#, vec![], None),
            (r#""line":"2""#, vec![], None),
            (
                r#""data":[{"line_number":2,"error_message":"r","original_line":"m f="},{"error_message":"s"},{"line_number":4}]"#,
                vec![line(Some(2), "m f=", "r"), line(None, "", "s")],
                Some(3),
            ),
            (
                r#""data":{"line_number":2,"error_message":"r"}"#,
                vec![line(Some(2), "", "r")],
                None,
            ),
            // What neither lists lines nor is one says nothing; the number beside it does.
            (
                r#""data":null,"line":2"#,
                vec![line(Some(2), "", partial)],
                None,
            ),
            (r#""data":[],"line":2"#, vec![], Some(0)),
        ] {
            let body = format!(r#"{{"code":"invalid","message":"{partial}",{rest}}}"#);
            let write_status = classify_write(400, &Headers::default(), body.as_bytes());
            assert_eq!(write_status.line_errors, line_errors, "{rest}");
            assert_eq!(write_status.dropped, dropped, "{rest}");
        }
        for (message, line_errors) in [
            ("unable to parse 'a': b", vec![line(None, "a", "b")]),
            ("x: unable to parse 'a': b", vec![line(None, "a", "b")]),
            (
                r"unable to parse 'a': b\nunable to parse 'c': d: e",
                vec![line(None, "a", "b"), line(None, "c", "d: e")],
            ),
            (
                r"unable to parse 'a\nb': c': d\nunable to parse 'e",
                vec![line(None, "a\nb': c", "d")],
            ),
            ("unable to parse a: b", vec![]),
        ] {
            let body = format!(r#"{{"code":"invalid","message":"{message}"}}"#);
            let write_status = classify_write(400, &Headers::default(), body.as_bytes());
            assert_eq!(write_status.line_errors, line_errors, "{message}");
        }
    }

    #[test]
    fn what_is_about_the_request_takes_out_no_line() {
        for message in [
            "Please provide either orgID or org",
            "invalid precision; valid precision units are ns, us, ms, and s",
            "precision unit",
            "bucketID or bucket",
            "id must have a length of 16 bytes",
            "Client sent an HTTP request to an HTTPS server.",
        ] {
            let body = format!(r#"{{"code":"invalid","message":"{message}"}}"#);
            let write_status = classify_write(400, &Headers::default(), body.as_bytes());
            assert_eq!(write_status.remedy, Some(Remedy::Operator), "{message}");
            assert_eq!(write_status.stored, Stored::None, "{message}");
        }
    }
}
