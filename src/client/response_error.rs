//! Conversion of a response with an unexpected status (401, 404, 5xx, …) to a `ResponseError`.

use super::named_lines::line_errors;
use super::secret::Secrets;
use super::transport::{Headers, HttpError};
use super::type_conflict::causes;
use super::url::BaseUrl;
use crate::error::{
    CredentialKind, Remedy, ResponseError, ResponseParts, Stored, TransportErrorKind, cut,
};
use crate::http::{JsonStr, WriteResponse, WriteStatus};
use crate::line::split_lines::points;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt;

/// The most bytes of an error's body that are read. It names bad lines, so it may be long.
pub(crate) const MAX_READ: usize = 64 * 1024;
/// The most bytes kept of a body that isn't InfluxDB's.
const MAX_EXCERPT: usize = 512;
/// The end of InfluxDB 3's message for a partial write.
const NAMES_ALL: &str = "partial write of line protocol occurred";
/// The most bytes kept of InfluxDB's message.
const MAX_MESSAGE: usize = 4096;

/// The kind of a call. A write has its lines, to which the response may refer.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
    Write(&'a [u8]),
    Other,
}

/// The server and the credentials of a call.
pub(crate) struct Asked<'a> {
    pub(crate) base: &'a BaseUrl,
    /// A proxy that sees the requests.
    pub(crate) proxy: Option<&'a str>,
    pub(crate) credentials: CredentialKind,
    pub(crate) has_org: bool,
}

/// Makes the error of a response that isn't a success. `broke` is the reason why the rest of its body
/// couldn't be read. Every text of the response goes through `secrets`.
pub(crate) fn refused(
    what: &dyn fmt::Display,
    asked: &Asked<'_>,
    (status, headers, body): (u16, &Headers, &[u8]),
    broke: Option<&HttpError>,
    secrets: &Secrets,
    kind: Kind<'_>,
) -> ResponseError {
    // Thousands of bad lines make a message of megabytes, of which only the start is read. Another body may
    // be cut off with its connection.
    let response = WriteResponse {
        status,
        retry_after: headers.get("retry-after"),
        date: headers.get("date"),
        body,
        truncated: broke.is_some() || body.len() >= MAX_READ,
    };
    let error_body = response.error_body();
    let (write_status, lines) = match kind {
        Kind::Write(lines) => (WriteStatus::of(&response, &error_body), lines),
        Kind::Other => (WriteStatus::of_other(&response, &error_body), &[][..]),
    };
    let header = |name: &str| headers.get(name).map(|text| secrets.printable(text, 200));
    let mut empty = false;
    let message = match error_body.message().filter(|text| !text.is_empty()) {
        Some(message) => secrets.printable(&owned(message), MAX_MESSAGE),
        None => Some(excerpt(body, error_body.is_from_influxdb(), secrets))
            .filter(|text| !text.is_empty())
            .or_else(|| {
                "x-influx-error\nx-influxdb-error\nx-platform-error-code"
                    .lines()
                    .find_map(header)
            })
            // A body that can't be decoded is worth reporting; a lost connection isn't, after the status.
            .or_else(|| {
                let undecoded = broke.filter(|e| e.kind == TransportErrorKind::Compression)?;
                Some(undecoded.detail.printable(secrets, MAX_EXCERPT))
            })
            .unwrap_or_else(|| {
                empty = body.is_empty();
                reason(status).to_owned()
            }),
    };
    let (mut named, repeated) = line_errors(write_status.line_errors, lines, secrets, MAX_MESSAGE);
    // (A line that is named twice was dropped only once.)
    let dropped = write_status.dropped;
    let dropped = dropped.map(|count| count.saturating_sub(repeated));
    // InfluxDB 3 names every line that it drops, without a count.
    let names_all = !named.is_empty() || message.ends_with(NAMES_ALL);
    // If the response was cut off, the list is incomplete, and that of another attempt may be complete.
    let named_in_part = response.truncated
        && (names_all || broke.is_some())
        && (write_status.stored, dropped) == (Stored::Partial, None);
    let mut sent_lines = 0;
    // InfluxDB 1 and 2 count the lines that they drop for good, but don't name them.
    if write_status.remedy == Some(Remedy::None) {
        sent_lines = points(lines);
        if named.is_empty() && !named_in_part {
            let words: String = error_body.message().map(owned).unwrap_or_default();
            named = causes(&words, lines, &message);
        }
    }
    let mut parts = ResponseParts {
        what: what.to_string(),
        host: asked.base.host_port.clone(),
        url: asked.base.to_text(),
        proxy: asked.proxy.map(ToOwned::to_owned),
        status,
        code: error_body
            .code()
            .map(|code| secrets.printable(&owned(code), 100))
            .or_else(|| header("x-platform-error-code")),
        message,
        from_influxdb: error_body.is_from_influxdb(),
        content_type: header("content-type"),
        location: headers.get("location").map(|to| match origin(to) {
            Some(to) => secrets.printable(&to, 300),
            None => "another path of the same host".to_owned(),
        }),
        retry_after: write_status.retry_after,
        request_id: "trace-id\nx-request-id\nx-influx-request-id\nrequest-id"
            .lines()
            .find_map(header),
        stored: write_status.stored,
        remedy: write_status.remedy.unwrap_or(Remedy::Operator),
        line_errors: named,
        dropped,
        named_in_part,
        blames_path: false,
        empty,
        credentials: asked.credentials,
        has_org: asked.has_org,
        sent_lines,
        no_such_call: false,
        advice: "",
        after_unknown: false,
    };
    if parts.lacks_permission() {
        // With any status: an operator must grant the permission.
        (parts.stored, parts.remedy) = (Stored::None, Remedy::Operator);
    }
    if parts.stored == Stored::Partial && sent_lines > 0 && parts.dropped == Some(sent_lines) {
        parts.stored = Stored::None;
    }
    ResponseError(Box::new(parts))
}

fn owned(text: JsonStr<'_>) -> String {
    text.chars().collect()
}

/// The start of a body that isn't InfluxDB's JSON, as one line; more of it if it is InfluxDB's text.
fn excerpt(body: &[u8], from_influxdb: bool, secrets: &Secrets) -> String {
    let most = if from_influxdb {
        MAX_MESSAGE
    } else {
        MAX_EXCERPT
    };
    // More than is kept: white space collapses, and a secret may lie across the end.
    let start = body.get(..most.saturating_mul(8)).unwrap_or(body);
    let text = String::from_utf8_lossy(start);
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    secrets.printable(&line, most)
}

/// Scheme and host of a redirect's target. The rest may contain secrets.
fn origin(location: &str) -> Option<String> {
    let (scheme, rest) = location.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or("");
    let host = authority.rsplit('@').next().unwrap_or("");
    Some(alloc::format!("{}://{}", cut(scheme, 10), cut(host, 253)))
}

/// The reason phrase of a status, for responses without a message of their own.
fn reason(status: u16) -> &'static str {
    match status {
        200..=299 => "an empty body",
        300..=399 => "a redirect",
        400 => "bad request",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not found",
        405 => "method not allowed",
        407 => "proxy authentication required",
        408 => "request timeout",
        409 => "conflict",
        413 => "content too large",
        422 => "unprocessable content",
        429 => "too many requests",
        500 => "internal server error",
        501 => "not implemented",
        502 => "bad gateway",
        503 => "service unavailable",
        504 => "gateway timeout",
        _ => "no reason given",
    }
}
