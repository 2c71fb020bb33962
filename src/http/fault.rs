//! `Cause`: whether the words of an error are about the request, though its status says that the
//! server failed.

use super::json_str::JsonStr;
use super::words::Lines;

/// What an error in InfluxDB 3's plain text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The request: sent again, it fails again.
    Request,
    /// What its status says.
    Status,
}

/// Whether a message in InfluxDB's JSON is about the request. Of all that InfluxDB 1.6.7 and 2.9.1
/// respond with status 500, these last; others, as `timeout` and `engine is closed`, pass.
pub(super) fn blames_request(message: JsonStr<'_>) -> bool {
    // 1.6.7, of a write into one that doesn't exist.
    message.starts_with("retention policy not found")
        // 2.9.1, of the variables of an organization that doesn't exist.
        || message.contains(": organization name ")
        // 2.9.1, of a bucket.
        || message.starts_with("retention policy duration must be at least")
        // 2.9.1, of a task whose cron schedule has no date.
        || message.contains("could not fulfil schedule")
        // 2.9.1, of what the token may not do.
        || message == "unauthorized"
        || message.ends_with(": unauthorized")
        // 2.9.1, of a member who is one already.
        || (message.contains("mapping for user") && message.contains("already exists"))
}

/// Errors of InfluxDB 3 that are no JSON begin with one of these lines. The status of the first is 500
/// in 3.6, and 400 in later ones.
const OF_REQUEST: &str = "error in InfluxQL statement:\x20
must provide only one InfluxQl statement per query
must specify a 'db' parameter, or provide the database in the InfluxQL query
provided a database in both the parameters (
serde error:\x20";
/// Behind it stands what DataFusion calls the error.
const PLANNING: &str = "query error: error while planning query: ";
/// Those of planning that are about the query. Others, as `External error: ` and
/// `Resources exhausted: `, may pass.
const OF_QUERY: &str = "Error during planning:\x20
Schema error:\x20
SQL error:\x20
This feature is not implemented:\x20";
const OTHERS: &str = "query error:\x20
v1 query API error:\x20
write buffer error:\x20";

/// What a body without JSON is about, if it is an error of InfluxDB 3.
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
