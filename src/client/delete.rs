//! `DeletePoints`: deletes of points by time range and predicate.

use super::Client;
use super::execute::to_json;
use super::names::What;
use super::transport::RequestBody;
use super::write::check_bucket;
use crate::Timestamp;
use crate::error::{Error, ErrorKind, Printable, ResponseError, cut, has};
use crate::flux::deletes_nothing;
use alloc::format;
use alloc::string::{String, ToString};
use serde::Serialize;

/// A builder of a delete. Made by [`Client::delete_points`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::Timestamp;
///
/// let (start, stop) = (
///     Timestamp::parse("2026-03-01T00:00:00Z")?,
///     Timestamp::parse("2026-03-02T00:00:00Z")?,
/// );
/// client
///     .delete_points("sensors", start, stop)
///     .predicate(r#"station="zrh-1""#)
///     .call()?;
/// // InfluxDB would report success and delete something else, so it isn't sent.
/// let all_but = client
///     .delete_points("sensors", start, stop)
///     .predicate(r#"_measurement!="weather""#);
/// assert!(all_but.call().unwrap_err().is_config());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is deleted until `.call()?`"]
pub struct DeletePoints<'a> {
    client: &'a Client,
    bucket: String,
    start: Timestamp,
    stop: Timestamp,
    predicate: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    start: String,
    stop: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate: Option<&'a str>,
}

/// The first and the last time that InfluxDB 2.x accepts. It responds to others with 400.
const FIRST: Timestamp = Timestamp::from_nanos(i64::MIN + 2);
const LAST: Timestamp = Timestamp::from_nanos(i64::MAX - 1);

impl Client {
    /// Starts a delete of a bucket's points between two times, both included.
    ///
    /// It deletes all points, or those that a [`predicate`](DeletePoints::predicate) selects.
    /// [`Timestamp::MIN`] to [`Timestamp::MAX`] covers all times: the two nanoseconds at the start and the
    /// one at the end that InfluxDB 2.x rejects are cut off, as no point can be there. A range that lies
    /// entirely in one of them is an error.
    #[doc(alias = "delete")]
    pub fn delete_points(
        &self,
        bucket: impl Into<String>,
        start: Timestamp,
        stop: Timestamp,
    ) -> DeletePoints<'_> {
        DeletePoints {
            client: self,
            bucket: bucket.into(),
            start,
            stop,
            predicate: None,
        }
    }
}

impl DeletePoints<'_> {
    /// Selects points: `key="value"` pairs of tags and `_measurement`, joined by `AND`. Default: all points.
    ///
    /// OSS also accepts parentheses, and `!=` or `<>` for tags, which select points that have the tag with
    /// another value, not those without it. No server accepts `OR`, patterns, or fields: `_field` is
    /// rejected, and the name of any other field is parsed as that of a tag, which no point may have: `Ok`,
    /// and nothing is deleted.
    ///
    /// InfluxDB responds to some deletes with success without deleting the points that they name.
    /// [`call`](DeletePoints::call) rejects these: `_measurement !=` and `<>`, which delete some of the
    /// other measurements; `_time`, `_start`, `_stop` and `time` (the two times are the range), `_value`,
    /// `_field !=`, and such names in other case (`_Measurement`); an empty value, which no tag has; one
    /// key with two values; a value without quotes that is parsed as another (`TRUE`, `now()`); NUL; and a
    /// start after the stop. A predicate without a condition is rejected as well, since it may be a
    /// mistake: for all points it is omitted.
    ///
    /// Put values from outside into a [`Predicate`](crate::flux::Predicate), which escapes them.
    pub fn predicate(mut self, predicate: impl Into<String>) -> Self {
        self.predicate = Some(predicate.into());
        self
    }

    /// Sends the delete. `Ok` also if no point matched. InfluxDB Cloud only queues the delete.
    ///
    /// # Errors
    /// Returns an error if the bucket name is empty, or the times or the predicate would delete nothing
    /// ([`Error::is_config`]; nothing is sent), the token lacks permission (403), the bucket doesn't exist
    /// (404), the predicate is invalid (400) or names a field (501), or no response is received.
    pub fn call(self) -> Result<(), Error> {
        check_bucket(&self.bucket)?;
        // Each end is clamped from its own side only: a range beyond the last time stays empty.
        let (start, stop) = (self.start.max(FIRST), self.stop.min(LAST));
        if self.start > self.stop {
            return Err(Error::config(format!(
                "the start of a delete, {}, is after its stop, {}; swap them",
                self.start, self.stop
            )));
        }
        if start > stop {
            return Err(Error::config(format!(
                "from {} to {} no point can be, so there is nothing to delete",
                self.start, self.stop
            )));
        }
        if self.predicate.as_deref().is_some_and(is_blank) {
            return Err(Error::config(
                "the predicate of a delete is empty; leave it out to delete all points between the two times",
            ));
        }
        if let Some((key, why)) = self.predicate.as_deref().and_then(deletes_nothing) {
            return Err(Error::config(format!(
                "the predicate of a delete can't use {}: {why}",
                Printable(cut(key, 100))
            )));
        }
        let target = self
            .client
            .target_with_org("/api/v2/delete")
            .query("bucket", &self.bucket);
        let body = to_json(&Body {
            start: start.to_string(),
            stop: stop.to_string(),
            predicate: self.predicate.as_deref(),
        })?;
        let mut out = self.client.http_request("POST", target);
        out.content_type = Some("application/json");
        out.body = RequestBody::Bytes(&body);
        // Deleting twice is the same as deleting once.
        out.repeatable = true;
        self.client
            .empty(&What("delete points from bucket", &self.bucket), &mut out)
            .map_err(|e| match &self.predicate {
                Some(_) => predicate_refused(e),
                None => e,
            })
    }
}

/// Whether a predicate has no condition.
fn is_blank(predicate: &str) -> bool {
    let is_nothing = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '\u{feff}');
    predicate.chars().all(is_nothing)
}

/// Adds the syntax of predicates to the error if the server can't parse one.
fn predicate_refused(mut error: Error) -> Error {
    if let ErrorKind::Response(ResponseError(parts)) = error.kind_mut() {
        if parts.status == 400 && parts.from_influxdb && has(&parts.message, "error ") {
            parts.advice = "; a predicate is key=\"value\" with one = and double quotes, more of them joined by AND; a measurement is _measurement=\"name\"";
        }
    }
    error
}
