//! Retention of a bucket: durations, and their form in seconds.

use super::serde_util::or_default;
use crate::client::setup::{LONGEST, SHORTEST, check_keep};
use crate::error::Error;
use alloc::vec::Vec;
use core::time::Duration;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Returns a duration of some days, for a bucket's retention.
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

/// Returns a duration of some hours, for a bucket's retention or a task's schedule.
///
/// ```
/// assert_eq!(influx_edge::api::hours(2).as_secs(), 7200);
/// ```
#[must_use]
pub const fn hours(n: u32) -> Duration {
    Duration::from_secs(3_600 * n as u64)
}

/// The retention of a bucket. Values that aren't set aren't sent; zero is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Retention {
    pub(super) keep: Option<Duration>,
    /// The shard group duration: the span of time whose points share a file.
    pub(super) shard: Option<Duration>,
}

impl Retention {
    /// Returns the retention that replaces `self` where another one is wanted, or `None` if nothing
    /// changes. Values that aren't wanted stay.
    ///
    /// The server rejects a retention shorter than the shard group duration, so that becomes the one that
    /// the server gives to a new bucket.
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
        // A server that reports no such duration ignores it.
        if self.shard.is_some() && wanted.shard.is_some() {
            now.shard = wanted.shard;
        }
        (now != self).then_some(now)
    }

    /// Rejects what a server would store as another duration, and what it rejects with a misleading
    /// message.
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

/// A list of one rule; or of none for a retention that is for ever.
pub(super) fn as_list<S: Serializer>(rule: &Retention, serializer: S) -> Result<S::Ok, S::Error> {
    let one = core::slice::from_ref(rule);
    let none = rule.keep.is_none_or(|keep| keep.is_zero()) && rule.shard.is_none();
    serializer.collect_seq(if none { &[] } else { one })
}

/// The first rule of a list, of which servers allow one at most.
pub(super) fn first_rule<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Retention, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Rule {
        #[serde(default, deserialize_with = "or_default")]
        every_seconds: i64,
        #[serde(default, deserialize_with = "or_default")]
        shard_group_duration_seconds: i64,
    }

    let rules: Vec<Rule> = or_default(deserializer)?;
    let rule = rules.into_iter().next().unwrap_or_default();
    let duration = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    // Zero is the server's own choice, which no update can set.
    let shard = duration(rule.shard_group_duration_seconds);
    Ok(Retention {
        keep: Some(duration(rule.every_seconds)),
        shard: Some(shard).filter(|shard| !shard.is_zero()),
    })
}
