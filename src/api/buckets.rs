//! Buckets: where points are stored, and for how long.

use super::listed::{Paging, listed};
use super::resource::{Change, Kind, Lookup, OrgParameter};
use super::retention::{Retention, as_list, first_rule};
use super::serde_util::{or_default, time};
use super::setters::setters;
use super::{
    Deletable, Editable, Ensure, Id, InOrg, Label, Labeled, Named, Organization, Resource,
    Resources, Shared,
};
use crate::Timestamp;
use crate::client::Client;
use crate::client::names::check_bucket_name;
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// A bucket, as a server describes it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// use influx_edge::api::{days, hours};
///
/// let bucket = client.buckets().find(&id)?.expect("it exists");
/// assert_eq!(bucket.retention(), Some(days(1)));
/// assert_eq!(bucket.shard_group_duration(), Some(hours(1)));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bucket {
    /// The id.
    pub id: Id<Bucket>,
    /// The organization it belongs to.
    #[serde(rename = "orgID")]
    pub org_id: Option<Id<Organization>>,
    /// `user`, or `system` for the server's own.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    /// The name, unique in the organization.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// The retention policy's name, of a bucket that came from InfluxDB 1.x.
    #[serde(rename = "rp")]
    pub retention_policy: Option<String>,
    #[serde(rename = "retentionRules", default, deserialize_with = "first_rule")]
    retention: Retention,
    /// `implicit`, or `explicit` if points that don't fit a schema are rejected. Cloud only.
    #[serde(rename = "schemaType")]
    pub schema_type: Option<String>,
    /// The time of its creation.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// The time of the last change.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
    /// The labels on it. Empty in the response to a create or an update.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
}

impl Bucket {
    /// Returns the time for which points are kept; `None` is for ever.
    #[doc(alias = "retention_rules")]
    #[must_use]
    pub fn retention(&self) -> Option<Duration> {
        self.retention.keep.filter(|keep| !keep.is_zero())
    }

    /// Returns the span of time whose points share a file. OSS only.
    #[must_use]
    pub fn shard_group_duration(&self) -> Option<Duration> {
        self.retention.shard
    }

    /// Returns `true` for one of the server's own, which can't be renamed or deleted.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.kind == "system"
    }
}

listed!(Bucket, "buckets", in pages of 100 at most);

impl Resource for Bucket {
    type Single = Bucket;

    const KIND: Kind = Kind::new(
        "a bucket",
        &["buckets"],
        Paging::Offset,
        OrgParameter::Lists,
    );
}

impl InOrg for Bucket {}

impl Named for Bucket {
    const LOOKUP: Lookup = Lookup::Parameter("name");

    fn has_name(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Editable for Bucket {
    type New = NewBucket;
    type Update = BucketUpdate;

    fn check_new(new: &NewBucket) -> Result<&str, Error> {
        check_bucket_name(&new.name)?;
        new.retention.check()?;
        Ok(&new.name)
    }

    fn check_update(update: &BucketUpdate) -> Result<(), Error> {
        if let Some(name) = &update.name {
            check_bucket_name(name)?;
        }
        match &update.retention_rules {
            Some([rule]) => rule.check(),
            None => Ok(()),
        }
    }
}

impl Deletable for Bucket {}
impl Labeled for Bucket {}
impl Shared for Bucket {}

impl Ensure for Bucket {
    fn find_same(at: Resources<'_, Self>, new: &NewBucket) -> Result<Option<Self>, Error> {
        at.find_by_name(&new.name)
    }

    fn difference(
        _at: Resources<'_, Self>,
        there: &Bucket,
        new: &NewBucket,
    ) -> Result<Option<Change<BucketUpdate>>, Error> {
        let policy = there.retention_policy.as_deref();
        let wanted = new.retention_policy.as_deref();
        check_fixed(
            there,
            "the name of its retention policy",
            Some(policy.unwrap_or_default()),
            wanted,
        )?;
        let schema_type = there.schema_type.as_deref();
        check_fixed(there, "its kind of schema", schema_type, new.schema_type)?;
        // InfluxDB Cloud requires the retention in every update.
        let mut update = BucketUpdate::of(there);
        let retention = update.rule().changed_to(new.retention);
        let description = new
            .description
            .clone()
            .filter(|text| *text != there.description);
        if retention.is_none() && description.is_none() {
            return Ok(None);
        }
        if let Some(now) = retention {
            *update.rule() = now;
        }
        update.description = description;
        Ok(Some(Change::Update(update)))
    }
}

/// Rejects a change of what is set when a bucket is created.
fn check_fixed(
    there: &Bucket,
    what: &str,
    is: Option<&str>,
    wanted: Option<&str>,
) -> Result<(), Error> {
    match (is, wanted) {
        (Some(is), Some(wanted)) if wanted != is => Err(Error::content(
            format!("cannot change bucket {:?}", there.name),
            format!("{what} is {is:?}, not {wanted:?}; it is set when a bucket is made, and stays"),
        )),
        _ => Ok(()),
    }
}

/// A bucket to be created. It has one retention, for no server takes two rules.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{NewBucket, days, hours};
///
/// let bucket = client
///     .buckets()
///     .create(&NewBucket::new("sensors").retention(days(30)))?;
/// assert_eq!(bucket.retention(), Some(days(30)));
/// // Values that every server rejects aren't sent.
/// let too_short = NewBucket::new("sensors").retention(hours(1) / 2);
/// assert!(client.buckets().create(&too_short).unwrap_err().is_config());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewBucket {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    // Always sent: a missing list is for ever in OSS, and 30 days by Cloud's documents.
    #[serde(rename = "retentionRules", serialize_with = "as_list")]
    retention: Retention,
    #[serde(rename = "rp", skip_serializing_if = "Option::is_none")]
    retention_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_type: Option<&'static str>,
}

impl NewBucket {
    /// A bucket of this name that keeps its points for ever. The name must not begin with `_` or contain
    /// a `"`.
    pub fn new(name: impl Into<String>) -> Self {
        NewBucket {
            name: name.into(),
            description: None,
            retention: Retention::default(),
            retention_policy: None,
            schema_type: None,
        }
    }

    /// Sets the time for which points are kept, in whole seconds: from an hour to 292 years, or zero for
    /// ever. Default: for ever.
    #[must_use]
    pub fn retention(mut self, keep: Duration) -> Self {
        self.retention.keep = Some(keep);
        self
    }

    /// Sets the span of time whose points share a file, in whole seconds: at least an hour, at most the
    /// retention. Default: the server's choice for the retention. OSS only; others ignore it.
    #[must_use]
    pub fn shard_group_duration(mut self, time: Duration) -> Self {
        self.retention.shard = Some(time);
        self
    }

    setters! {
        /// Sets the description.
        description = |text: impl Into<String>| text.into();

        /// Sets the name of the retention policy that InfluxDB 1.x clients find it by.
        retention_policy = |name: impl Into<String>| name.into();
    }

    /// Rejects points that don't fit a [schema](Resources::schemas). Cloud only; OSS ignores it.
    #[must_use]
    pub fn explicit_schema(mut self) -> Self {
        self.schema_type = Some("explicit");
        self
    }
}

/// Changes of a bucket. Values that aren't set are unchanged.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// use influx_edge::api::BucketUpdate;
///
/// let bucket = client.buckets().find(&id)?.expect("it exists");
/// let update = BucketUpdate::of(&bucket).description("all of the plant"); // works on Cloud, too
/// assert_eq!(
///     client.buckets().update(&id, &update)?.description,
///     "all of the plant"
/// );
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_rules: Option<[Retention; 1]>,
}

impl BucketUpdate {
    /// No change. Enough for OSS; InfluxDB Cloud rejects (403) every update without a retention, see
    /// [`of`](BucketUpdate::of).
    #[must_use]
    pub fn new() -> Self {
        BucketUpdate::default()
    }

    /// No change, but with the bucket's retention repeated, as InfluxDB Cloud requires.
    #[must_use]
    pub fn of(bucket: &Bucket) -> Self {
        let keep = bucket.retention.keep.unwrap_or_default();
        BucketUpdate {
            retention_rules: Some([Retention {
                keep: Some(keep),
                ..bucket.retention
            }]),
            ..BucketUpdate::default()
        }
    }

    setters! {
        /// Changes the name. Programs that write to the old one then get 404.
        name = |name: impl Into<String>| name.into();

        /// Changes the description; empty for none.
        description = |text: impl Into<String>| text.into();
    }

    /// Changes the time for which points are kept, in whole seconds: from an hour to 292 years, or zero
    /// for ever. Older points are deleted.
    #[must_use]
    pub fn retention(mut self, keep: Duration) -> Self {
        self.rule().keep = Some(keep);
        self
    }

    /// Changes the span of time whose points share a file, for new points, in whole seconds: at least an
    /// hour, at most the retention, which is unchanged unless it is set, too. OSS only.
    #[must_use]
    pub fn shard_group_duration(mut self, time: Duration) -> Self {
        self.rule().shard = Some(time);
        self
    }

    fn rule(&mut self) -> &mut Retention {
        let [rule] = self.retention_rules.get_or_insert_default();
        rule
    }
}

impl Client {
    /// Returns the buckets of this client's organization; of all that the token may see, if it has none.
    #[must_use]
    pub fn buckets(&self) -> Resources<'_, Bucket> {
        Resources::of(self)
    }
}
