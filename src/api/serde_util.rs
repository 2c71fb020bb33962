//! Deserializers that several resources share, and the status of a resource.

use crate::Timestamp;
use alloc::string::String;
use serde::de::{Deserialize, Deserializer};
use serde::{Deserialize as DeriveDeserialize, Serialize};

/// A value, or the default for a null.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A time, or `None` if it is out of range: Go writes "never" as the year 1.
pub(super) fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| Timestamp::parse(&text).ok()))
}

/// The status of a token, a user or a task.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// use influx_edge::api::{Status, TaskUpdate};
///
/// let task = client
///     .tasks()
///     .update(&id, &TaskUpdate::new().status(Status::Inactive))?;
/// assert_eq!(
///     (task.status, task.cron.as_deref()),
///     (Some(Status::Inactive), Some("0 2 * * *"))
/// );
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, DeriveDeserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// It may be used.
    Active,
    /// It exists but has no effect: an inactive token is rejected, an inactive task doesn't run.
    Inactive,
}

/// A status, or `None` for one that this crate doesn't know.
pub(super) fn status<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Status>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(match text.as_deref() {
        Some("active") => Some(Status::Active),
        Some("inactive") => Some(Status::Inactive),
        _ => None,
    })
}
