//! Retention of a bucket: durations, and their form in seconds.

use super::serde_util::or_default;
use crate::error::Error;
use core::time::Duration;
use serde::{Deserialize, Serialize, Serializer};

/// How long points are kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(tag = "type", rename = "expire", rename_all = "camelCase")]
#[non_exhaustive]
pub struct RetentionRule {
    /// In seconds; 0 is for ever.
    #[serde(default, deserialize_with = "or_default")]
    pub every_seconds: i64,
    /// How many seconds' points share a file. OSS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard_group_duration_seconds: Option<i64>,
}

/// A duration of some days, for a bucket's retention.
///
/// ```
/// use influx_edge::api::days;
///
/// assert_eq!(days(30).as_secs(), 2_592_000);
/// ```
#[must_use]
pub const fn days(n: u32) -> Duration {
    Duration::from_secs(86_400 * n as u64)
}

/// A duration of some hours, for a bucket's retention or a task's schedule.
///
/// ```
/// assert_eq!(influx_edge::api::hours(2).as_secs(), 7200);
/// ```
#[must_use]
pub const fn hours(n: u32) -> Duration {
    Duration::from_secs(3_600 * n as u64)
}

/// The shortest time for which points can be kept, in seconds.
const SHORTEST: i64 = 3_600;

pub(super) fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// A list of one rule, or none where it would say nothing: that is for ever.
pub(super) fn as_list<S: Serializer>(
    rule: &RetentionRule,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let one = core::slice::from_ref(rule);
    let none = *rule == RetentionRule::default();
    serializer.collect_seq(if none { &[] } else { one })
}

pub(super) fn check_rule(rule: &RetentionRule) -> Result<(), Error> {
    if (1..SHORTEST).contains(&rule.every_seconds) {
        return Err(Error::config(
            "the retention policy duration must be at least 1h0m0s, or zero: for ever",
        ));
    }
    Ok(())
}
