//! Retention of a bucket: durations, and their form in seconds.

use super::serde_util::or_default;
use crate::client::setup::{LONGEST, SHORTEST, check_keep};
use crate::error::Error;
use core::time::Duration;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};

/// How long points are kept.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
/// let bucket = client.buckets().find(&id)?.expect("it was made");
/// let rule = &bucket.retention_rules[0];
/// assert_eq!(rule.every_seconds, 86_400);
/// assert_eq!(rule.shard_group_duration_seconds, Some(3_600)); // points go by the hour
/// # Ok::<(), influx_edge::Error>(())
/// ```
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

/// What a create or an update says of the retention. What isn't set isn't sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Retention {
    pub(super) keep: Option<Duration>,
    pub(super) shard: Option<Duration>,
}

impl Retention {
    /// That of a bucket, to be sent again.
    pub(super) fn of(rule: Option<&RetentionRule>) -> Self {
        let duration = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        Retention {
            keep: Some(duration(rule.map_or(0, |rule| rule.every_seconds))),
            shard: rule
                .and_then(|rule| rule.shard_group_duration_seconds)
                // Zero stands for the server's own choice, which it takes from no update.
                .filter(|seconds| *seconds > 0)
                .map(duration),
        }
    }

    /// The retention that replaces `self` where another one is wanted; `None` where nothing is to be
    /// changed. What isn't wanted stays.
    ///
    /// A retention shorter than the time for which points share a file is refused by the server, so
    /// that time becomes the one that the server gives to a new bucket.
    pub(super) fn changed_to(self, wanted: Retention) -> Option<Retention> {
        let mut now = self;
        if let Some(keep) = wanted.keep {
            now.keep = Some(keep);
            if !keep.is_zero() && now.shard.is_some_and(|shard| shard > keep) {
                now.shard = Some(match keep {
                    keep if keep < days(2) => hours(1),
                    keep if keep < days(180) => days(1),
                    _ => days(7),
                });
            }
        }
        // A server that reports no such time takes no notice of it.
        if self.shard.is_some() && wanted.shard.is_some() {
            now.shard = wanted.shard;
        }
        (now != self).then_some(now)
    }

    /// Refuses what would become another duration, and what the server refuses with words for
    /// something else.
    pub(super) fn check(&self) -> Result<(), Error> {
        check_keep(self.keep.unwrap_or_default())?;
        let Some(shard) = self.shard else {
            return Ok(());
        };
        if shard.subsec_nanos() != 0 || shard < SHORTEST || shard > LONGEST {
            return Err(Error::config(alloc::format!(
                "points can't share a file for {shard:?}: it takes whole seconds, at least an hour"
            )));
        }
        match self.keep {
            Some(keep) if !keep.is_zero() && keep < shard => Err(Error::config(alloc::format!(
                "points are kept for {keep:?}, which must not be less than the {shard:?} for which they share a file"
            ))),
            _ => Ok(()),
        }
    }
}

impl Serialize for Retention {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "expire")?;
        if let Some(keep) = self.keep {
            map.serialize_entry("everySeconds", &keep.as_secs())?;
        }
        if let Some(shard) = self.shard {
            map.serialize_entry("shardGroupDurationSeconds", &shard.as_secs())?;
        }
        map.end()
    }
}

/// A list of one rule, or none where it would say nothing: that is for ever.
pub(super) fn as_list<S: Serializer>(rule: &Retention, serializer: S) -> Result<S::Ok, S::Error> {
    let one = core::slice::from_ref(rule);
    let none = rule.keep.is_none_or(|keep| keep.is_zero()) && rule.shard.is_none();
    serializer.collect_seq(if none { &[] } else { one })
}
