//! Errors with status 500 that are about the request, told from failures of the server by their messages.

use super::json_str::JsonStr;
use super::words::Lines;

/// The subject of an error in InfluxDB 3's plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The request: sent again, it fails again.
    Request,
    /// The server, as its status says: it may pass.
    Status,
}

/// Returns `true` if a message in InfluxDB's JSON is about the request, so that a retry would fail again.
/// These are all such messages that InfluxDB 1.6.7 and 2.9.1 send with status 500. Others, such as
/// `timeout` and `engine is closed`, pass.
pub(super) fn blames_request(message: JsonStr<'_>) -> bool {
    // 1.6.7: a write into a retention policy that doesn't exist.
    message.starts_with("retention policy not found")
        // 2.9.1: the variables of an organization that doesn't exist.
        || message.contains(": organization name ")
        // 2.9.1: a bucket.
        || message.starts_with("retention policy duration must be at least")
        // 2.9.1: a task whose cron schedule has no date.
        || message.contains("could not fulfil schedule")
        // 2.9.1: a permission that the token lacks.
        || message == "unauthorized"
        || message.ends_with(": unauthorized")
        // 2.9.1: a user who is a member already.
        || (message.contains("mapping for user") && message.contains("already exists"))
}

/// The beginnings of InfluxDB 3's plain-text errors about the request. The status of the first is 500 in
/// 3.6, and 400 later.
const OF_REQUEST: &str = "error in InfluxQL statement:\x20
must provide only one InfluxQl statement per query
must specify a 'db' parameter, or provide the database in the InfluxQL query
provided a database in both the parameters (
serde error:\x20";
/// The prefix of DataFusion's errors of planning.
const PLANNING: &str = "query error: error while planning query: ";
/// The kinds of DataFusion's errors that are about the query. Others, such as `External error: ` and
/// `Resources exhausted: `, may pass.
const OF_QUERY: &str = "Error during planning:\x20
Schema error:\x20
SQL error:\x20
This feature is not implemented:\x20";
/// The beginnings of InfluxDB 3's other plain-text errors.
const OTHERS: &str = "query error:\x20
v1 query API error:\x20
write buffer error:\x20";

/// Returns the subject of a plain-text error, if it is one of InfluxDB 3's.
pub(super) fn text_error(body: &str) -> Option<Cause> {
    if begins_with_any(body, OF_REQUEST) {
        return Some(Cause::Request);
    }
    match body.strip_prefix(PLANNING) {
        Some(error) if begins_with_any(error, OF_QUERY) => Some(Cause::Request),
        _ => begins_with_any(body, OTHERS).then_some(Cause::Status),
    }
}

#[inline(never)]
fn begins_with_any(text: &str, lines: &'static str) -> bool {
    Lines(lines).any(|words| text.starts_with(words))
}
