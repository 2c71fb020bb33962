//! `Survey`: counts of the entries of a spool.

use super::{Walk, count, json, name};
use influx_edge::spool::{Batch, Entry, Inspector, SpoolError, Target};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The most damaged places that are described; all are counted.
const DESCRIBED: usize = 100;

/// The content of the queue, or the rejected lines.
#[derive(Default)]
pub(crate) struct Survey {
    pub(crate) segments: u64,
    pub(crate) total: Counts,
    pub(super) targets: BTreeMap<Target, Counts>,
    /// Rejected lines by target and reason.
    pub(super) reasons: BTreeMap<(Target, String), u64>,
    /// Batches that are delivered and not yet removed.
    pub(super) delivered: u64,
    pub(crate) damaged: u64,
    /// Descriptions of damaged places, and of entries that are neither damage nor a batch.
    pub(super) damage: Vec<String>,
    pub(super) notes: Vec<String>,
    segment: PathBuf,
    created: u64,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) batches: u64,
    pub(crate) points: u64,
    pub(crate) bytes: u64,
    /// The creation of the oldest segment with any of them, in seconds since 1970.
    pub(crate) since: Option<u64>,
}

impl Survey {
    /// # Errors
    /// Returns an error if the directory can't be read.
    pub(crate) fn of(inspector: &Inspector, walk: Walk) -> Result<Survey, SpoolError> {
        let mut survey = Survey::default();
        walk(inspector, &mut |entry| survey.take(&entry))?;
        Ok(survey)
    }

    pub(super) fn take(&mut self, entry: &Entry<'_>) {
        match entry {
            Entry::Segment { path, created, .. } => {
                self.segments = self.segments.saturating_add(1);
                (self.segment, self.created) = (path.to_path_buf(), *created);
            }
            Entry::Batch {
                delivered: true, ..
            } => {
                self.delivered = self.delivered.saturating_add(1);
            }
            Entry::Batch { batch, reason, .. } => self.batch(batch, *reason),
            other => match sentence(other, &self.segment) {
                (Some(text), true) => {
                    self.damaged = self.damaged.saturating_add(1);
                    if self.damage.len() < DESCRIBED {
                        self.damage.push(text);
                    }
                }
                (Some(text), false) if self.notes.len() < DESCRIBED => self.notes.push(text),
                _ => {}
            },
        }
    }

    fn batch(&mut self, batch: &Batch<'_>, reason: Option<&str>) {
        let target = self.targets.entry(batch.target.clone()).or_default();
        for counts in [target, &mut self.total] {
            counts.batches = counts.batches.saturating_add(1);
            counts.points = counts.points.saturating_add(u64::from(batch.points));
            counts.bytes = counts.bytes.saturating_add(batch.lines.len() as u64);
            let since = counts.since.unwrap_or(u64::MAX).min(self.created);
            counts.since = Some(since);
        }
        if let Some(reason) = reason {
            let key = (batch.target.clone(), reason.to_owned());
            let lines = self.reasons.entry(key).or_default();
            *lines = lines.saturating_add(u64::from(batch.points));
        }
    }

    /// Returns `3 points wait in 1 batch, 40 B, since 5 min ago`.
    pub(crate) fn summary(&self) -> String {
        match self.total.since {
            None => "nothing waits".to_owned(),
            Some(since) => format!(
                "{} {} in {}, {}, since {}",
                count(self.total.points, "point"),
                if self.total.points == 1 {
                    "waits"
                } else {
                    "wait"
                },
                count(self.total.batches, "batch"),
                bytes(self.total.bytes),
                age(since)
            ),
        }
    }

    /// Returns the counts of each target as JSON.
    pub(super) fn targets_json(&self) -> Vec<serde_json::Value> {
        let target = |(target, counts): (&Target, &Counts)| {
            let mut value = json(target);
            value.set("batches", counts.batches);
            value.set("points", counts.points);
            value.set("bytes", counts.bytes);
            value.set("oldest_seconds", counts.since.and_then(seconds));
            value.into()
        };
        self.targets.iter().map(target).collect()
    }

    /// Returns the reasons of all buckets or of one.
    pub(super) fn reasons_of<'a>(
        &'a self,
        bucket: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a (Target, String), &'a u64)> {
        let of_bucket = move |((target, _), _): &(&(Target, String), &u64)| {
            bucket.is_none_or(|bucket| target.bucket() == bucket)
        };
        self.reasons.iter().filter(of_bucket)
    }

    pub(super) fn reasons_json(&self, bucket: Option<&str>) -> Vec<serde_json::Value> {
        let reason = |((target, reason), lines): (&(Target, String), &u64)| {
            let mut value = json(target);
            value.set("lines", *lines);
            value.set("reason", reason.as_str());
            value.into()
        };
        self.reasons_of(bucket).map(reason).collect()
    }
}

/// Returns the line of a target: `bucket=sensors org=acme: 3 points in 1 batch, 40 B, since 5 min ago`.
pub(super) fn line(target: &Target, counts: &Counts) -> String {
    let since = counts.since.map(|since| format!(", since {}", age(since)));
    format!(
        "{}: {} in {}, {}{}",
        name(target),
        count(counts.points, "point"),
        count(counts.batches, "batch"),
        bytes(counts.bytes),
        since.unwrap_or_default()
    )
}

/// Describes an entry that isn't a batch; `true` if it is damage.
fn sentence(entry: &Entry<'_>, segment: &Path) -> (Option<String>, bool) {
    let segment = segment.display();
    match entry {
        Entry::Corrupt { seq, points, bytes } => (
            Some(format!(
                "{segment}: batch {seq} is corrupt: {points} points, {bytes} bytes"
            )),
            true,
        ),
        Entry::Damage { at, bytes } => (
            Some(format!("{segment}: {bytes} bytes at {at} are not a batch")),
            true,
        ),
        Entry::Unreadable { path, version } => {
            let why = match version {
                Some(version) => format!("version {version} is not supported"),
                None => "its header is damaged".to_owned(),
            };
            (
                Some(format!("{}: not a segment ({why})", path.display())),
                true,
            )
        }
        Entry::Tail { at, bytes } => (
            Some(format!(
                "{segment}: {bytes} bytes at {at}, the end: incomplete, or being written"
            )),
            false,
        ),
        Entry::Other { path } => (
            Some(format!("{}: not part of the spool", path.display())),
            false,
        ),
        _ => (None, false),
    }
}

/// Returns the seconds since a time by this machine's clock; `None` if it is in the future.
fn seconds(since: u64) -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    now.as_secs().checked_sub(since)
}

/// `5 min ago`
pub(super) fn age(since: u64) -> String {
    match seconds(since) {
        None => "a time in the future: a clock was wrong".to_owned(),
        Some(s) if s < 120 => format!("{s} s ago"),
        Some(s) if s < 7200 => format!("{} min ago", s / 60),
        Some(s) if s < 172_800 => format!("{} h ago", s / 3600),
        Some(s) => format!("{} days ago", s / 86_400),
    }
}

/// `5.2 MB`
pub(super) fn bytes(number: u64) -> String {
    let mut rest = number as f64;
    for unit in ["B", "kB", "MB"] {
        if rest < 1000.0 {
            return match unit {
                "B" => format!("{number} B"),
                _ => format!("{rest:.1} {unit}"),
            };
        }
        rest /= 1000.0;
    }
    format!("{rest:.1} GB")
}

#[cfg(test)]
mod tests {
    use super::{age, bytes};

    #[test]
    fn sizes_and_ages() {
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (64 << 20, "67.1 MB"),
            (u64::MAX, "18446744073.7 GB"),
        ] {
            assert_eq!(bytes(number), text);
        }
        assert!(age(0).ends_with(" days ago"));
        assert!(age(u64::MAX).starts_with("a time in the future"));
    }
}
