//! Buckets: where points are kept, and for how long.

use super::ensure::{Ensured, Plan};
use super::id::{BucketId, OrgId};
use super::labels::Label;
use super::list::{List, Page, Paging, listed};
use super::relations::{AttachedLabels, Members};
use super::request::{ApiRequest, Scope};
use super::retention::{Retention, RetentionRule, as_list};
use super::schemas::Schemas;
use super::serde_util::{or_default, time};
use crate::Timestamp;
use crate::client::Client;
use crate::client::names::{check_bucket_name, check_name};
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// A bucket, as the server tells it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bucket {
    /// Its id.
    pub id: BucketId,
    /// The organization it belongs to.
    #[serde(rename = "orgID", default)]
    pub org_id: Option<OrgId>,
    /// `user`, or `system` for the server's own.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    /// Its name, unique in the organization.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// The retention policy's name, for buckets that came from InfluxDB 1.x.
    #[serde(rename = "rp", default)]
    pub retention_policy: Option<String>,
    /// How long points are kept: at most one rule. See [`retention`](Bucket::retention).
    #[serde(rename = "retentionRules", default, deserialize_with = "or_default")]
    pub retention_rules: Vec<RetentionRule>,
    /// `implicit`, or `explicit` if only points that fit a schema are taken. Cloud only.
    #[serde(rename = "schemaType", default)]
    pub schema_type: Option<String>,
    /// When it was made.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
    /// The labels on it. Empty in the response to a create or an update, even if it has some.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
}

impl Bucket {
    /// How long points are kept; `None` is for ever.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// let bucket = client.buckets().find(&id)?;
    /// let keeps = bucket.and_then(|bucket| bucket.retention()); // None: for ever
    /// # assert_eq!(keeps, Some(influx_edge::api::days(1)));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn retention(&self) -> Option<Duration> {
        let seconds = self.retention_rules.first()?.every_seconds;
        let seconds = u64::try_from(seconds).ok().filter(|s| *s > 0)?;
        Some(Duration::from_secs(seconds))
    }

    /// Whether it is one of the server's own, which can't be renamed or deleted.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.kind == "system"
    }
}

listed!(Bucket, "buckets", in pages of 100 at most);

/// A bucket to be made. There is one retention, not a list of them: no server takes two rules.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{NewBucket, days, hours};
///
/// let bucket = client.buckets().create(&NewBucket::new("sensors").retention(days(30)))?;
/// assert_eq!(bucket.retention(), Some(days(30)));
/// // What every server refuses isn't sent.
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
    // Always there: left out it means for ever to OSS, and 30 days by Cloud's documents.
    #[serde(rename = "retentionRules", serialize_with = "as_list")]
    retention: Retention,
    #[serde(rename = "rp", skip_serializing_if = "Option::is_none")]
    retention_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_type: Option<&'static str>,
}

impl NewBucket {
    /// A bucket of this name that keeps its points for ever.
    pub fn new(name: impl Into<String>) -> Self {
        NewBucket {
            name: name.into(),
            description: None,
            retention: Retention::default(),
            retention_policy: None,
            schema_type: None,
        }
    }

    /// How long points are kept, in whole seconds: from an hour to 292 years, or zero for ever.
    /// Default for ever.
    #[must_use]
    pub fn retention(mut self, keep: Duration) -> Self {
        self.retention.keep = Some(keep);
        self
    }

    /// How long a time's points share a file, in whole seconds: at least an hour, at most the
    /// retention. Default: what the server thinks fits the retention. OSS only; others take no
    /// notice.
    #[must_use]
    pub fn shard_group_duration(mut self, time: Duration) -> Self {
        self.retention.shard = Some(time);
        self
    }

    /// Description.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// The name of the retention policy it stands for, for programs that speak InfluxDB 1.x.
    #[must_use]
    pub fn retention_policy(mut self, name: impl Into<String>) -> Self {
        self.retention_policy = Some(name.into());
        self
    }

    /// Only points that fit a [schema](Buckets::schemas) are taken. Cloud only: OSS takes no notice.
    #[must_use]
    pub fn explicit_schema(mut self) -> Self {
        self.schema_type = Some("explicit");
        self
    }

    /// The update that makes of a bucket what this sets; `None` if it is so already.
    fn difference(&self, there: &Bucket) -> Result<Option<BucketUpdate>, Error> {
        let fixed = |what: &str, is: &str, wanted: &str| {
            Err(Error::content(
                format!("cannot change bucket {:?}", there.name),
                format!(
                    "{what} is {is:?}, not {wanted:?}; it is set when a bucket is made, and stays"
                ),
            ))
        };
        let policy = there.retention_policy.as_deref().unwrap_or_default();
        match self.retention_policy.as_deref() {
            Some(wanted) if wanted != policy => {
                return fixed("the name of its retention policy", policy, wanted);
            }
            _ => {}
        }
        match (self.schema_type, there.schema_type.as_deref()) {
            (Some(wanted), Some(is)) if wanted != is => {
                return fixed("its kind of schema", is, wanted);
            }
            _ => {}
        }
        // With the retention in any case, as Cloud requires.
        let mut update = BucketUpdate::of(there);
        let mut differs = false;
        if let Some(now) = update.rule().changed_to(self.retention) {
            *update.rule() = now;
            differs = true;
        }
        if let Some(text) = self
            .description
            .as_ref()
            .filter(|t| **t != there.description)
        {
            update.description = Some(text.clone());
            differs = true;
        }
        Ok(differs.then_some(update))
    }
}

/// What to change of a bucket. What isn't set isn't sent, and stays.
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
    /// No change yet. Enough for OSS; InfluxDB Cloud refuses (403) every update that doesn't say
    /// the retention, see [`of`](BucketUpdate::of).
    #[must_use]
    pub fn new() -> Self {
        BucketUpdate::default()
    }

    /// No change yet, but with the bucket's retention repeated, as InfluxDB Cloud requires.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// use influx_edge::api::BucketUpdate;
    ///
    /// // Cloud wants the retention in every update: begin with what is there.
    /// if let Some(bucket) = client.buckets().find(&id)? {
    ///     client.buckets().update(&id, &BucketUpdate::of(&bucket).name("sensors-2"))?;
    /// }
    /// # assert!(client.buckets().find(&id)?.is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn of(bucket: &Bucket) -> Self {
        BucketUpdate {
            retention_rules: Some([Retention::of(bucket.retention_rules.first())]),
            ..BucketUpdate::default()
        }
    }

    /// Another name. Programs that write by the old one then get 404.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Another description; empty for none.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// How long points are kept from now on, in whole seconds: from an hour to 292 years, or zero
    /// for ever. Older ones go.
    #[must_use]
    pub fn retention(mut self, keep: Duration) -> Self {
        self.rule().keep = Some(keep);
        self
    }

    /// How long a time's points share a file, from now on, in whole seconds: at least an hour, at
    /// most the retention. The retention stays as it is unless it is set, too. OSS only.
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

/// The buckets of an organization. Made by [`Client::buckets`].
///
/// ```
/// use influx_edge::api::{NewBucket, days};
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
///
/// let bucket = match client.buckets().find_by_name("sensors")? {
///     Some(bucket) => bucket,
///     None => client.buckets().create(&NewBucket::new("sensors").retention(days(30)))?,
/// };
/// # assert_eq!(bucket.name, "sensors");
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Buckets<'a>(Scope<'a>);

impl Client {
    /// The buckets of this client's organization; of all the token may see, if it has none.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let all = client.buckets().list().collect::<Result<Vec<_>, _>>()?;
    /// println!("{} of them", all.len());
    /// # assert!(!all.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn buckets(&self) -> Buckets<'_> {
        Buckets(Scope::of(self))
    }
}

impl<'a> Buckets<'a> {
    /// The same of another organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// let theirs = client.buckets().in_org(&id).list().collect::<Result<Vec<_>, _>>()?;
    /// # assert!(!theirs.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn in_org(self, org: &'a OrgId) -> Self {
        Buckets(self.0.in_org(org))
    }

    /// All buckets, the server's own (`_monitoring`, `_tasks`) included.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// for one in client.buckets().list() {
    ///     println!("{:?}", one?.name); // page after page is asked for as it is needed
    /// }
    /// # assert!(client.buckets().list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn list(self) -> List<'a, Bucket> {
        List::new(self.0.client, "list buckets", &["buckets"], Paging::Offset).org(self.0)
    }

    /// The bucket with this id, if there is one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// match client.buckets().find(&id)? {
    ///     Some(found) => println!("{found:?}"),
    ///     None => println!("it is gone"),
    /// }
    /// # assert!(client.buckets().find(&id)?.is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find(self, id: &BucketId) -> Result<Option<Bucket>, Error> {
        ApiRequest::get(self.0.client, &["buckets", id.as_str()])
            .find(&format_args!("find bucket {id}"))
    }

    /// The bucket with this name, if there is one. Without an organization OSS looks in all of
    /// them, and gives the first.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let there = client.buckets().find_by_name("sensors")?.is_some();
    /// # assert!(there);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find_by_name(self, name: &str) -> Result<Option<Bucket>, Error> {
        check_name("a bucket", name)?;
        let found = ApiRequest::get(self.0.client, &["buckets"])
            .org(self.0)
            .query("name", name)
            .find::<Page<Bucket>>(&format_args!("find bucket {name:?}"))?;
        Ok(found.and_then(|page| page.0.into_iter().find(|bucket| bucket.name == name)))
    }

    /// Makes a bucket. Where the client has only its organization's name, its id is asked for
    /// first.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewBucket;
    ///
    /// let made = client.buckets().create(&NewBucket::new("sensors").retention(influx_edge::api::days(30)))?;
    /// println!("{:?}", made.id);
    /// # assert_eq!(made.name, "sensors");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the name is [taken](Error::is_conflict), is empty, begins with `_` or
    /// contains a `"`, the retention is not possible, there is no organization, the token lacks
    /// permission, or no response is received.
    pub fn create(self, new: &NewBucket) -> Result<Bucket, Error> {
        check_bucket_name(&new.name)?;
        new.retention.check()?;
        ApiRequest::new(self.0.client, "POST", &["buckets"])
            .json(&self.0.body(new)?)
            .send_json(&format_args!("create bucket {:?}", new.name))
    }

    /// Makes the bucket if there is none of its name, and changes what is different of the one there
    /// is: retention, shard group duration and description, where `new` sets them. What isn't set
    /// stays. A shorter retention deletes the points that are older.
    ///
    /// One request if the bucket is right. Safe to repeat, and to run from several programs at once.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewBucket;
    ///
    /// let bucket = client.buckets().ensure(&NewBucket::new("sensors"))?.into_inner();
    /// # assert_eq!(bucket.name, "sensors");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the bucket exists with another name of its retention policy or another
    /// kind of schema than `new` sets, which no server changes; else as
    /// [`create`](Buckets::create) and [`update`](Buckets::update).
    pub fn ensure(self, new: &NewBucket) -> Result<Ensured<Bucket>, Error> {
        check_bucket_name(&new.name)?;
        new.retention.check()?;
        self.0.check_org()?;
        Ensured::find_or_create(|| self.find_by_name(&new.name), || self.create(new))?.or_change(
            |there| match new.difference(there)? {
                Some(update) => self.update(&there.id, &update).map(Some),
                None => Ok(None),
            },
        )
    }

    /// What [`ensure`](Buckets::ensure) would do, found out without changing anything.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewBucket;
    ///
    /// let plan = client.buckets().plan(&NewBucket::new("sensors"))?;
    /// assert!(plan.is_unchanged());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ensure`](Buckets::ensure), but for permission to write.
    pub fn plan(self, new: &NewBucket) -> Result<Plan<Bucket>, Error> {
        check_bucket_name(&new.name)?;
        new.retention.check()?;
        self.0.check_org()?;
        Plan::of(self.find_by_name(&new.name)?, |there| new.difference(there))
    }

    /// Changes what is set in `update`, and gives the bucket as it is then (without its labels).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// use influx_edge::api::BucketUpdate;
    ///
    /// // What isn't set stays as it is.
    /// let now = client.buckets().update(&id, &BucketUpdate::new().description("all of the plant"))?;
    /// # assert_eq!(now.description, "all of the plant");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such bucket, the name is taken or invalid, the retention is
    /// not possible or unset (Cloud), the token lacks permission, or no response is received.
    pub fn update(self, id: &BucketId, update: &BucketUpdate) -> Result<Bucket, Error> {
        if let Some(name) = &update.name {
            check_bucket_name(name)?;
        }
        if let Some([rule]) = &update.retention_rules {
            rule.check()?;
        }
        ApiRequest::new(self.0.client, "PATCH", &["buckets", id.as_str()])
            .json(update)
            .send_json(&format_args!("update bucket {id}"))
    }

    /// Deletes a bucket and all points in it. InfluxDB Cloud does so some time later.
    ///
    /// # Errors
    /// Returns an error if there is [no such bucket](Error::is_not_found), it is one of the
    /// server's own, the token lacks permission, or no response is received.
    pub fn delete(self, id: &BucketId) -> Result<(), Error> {
        ApiRequest::new(self.0.client, "DELETE", &["buckets", id.as_str()])
            .send(&format_args!("delete bucket {id}"))
    }

    /// The labels on a bucket.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// for label in client.buckets().labels(&id).list()? {
    ///     println!("{:?}", label.name);
    /// }
    /// # assert!(!client.buckets().labels(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn labels(self, id: &BucketId) -> AttachedLabels<'a> {
        AttachedLabels::new(self.0.client, "buckets", id.as_str())
    }

    /// The members of a bucket.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// for member in client.buckets().members(&id).list()? {
    ///     println!("{member:?}");
    /// }
    /// # assert!(!client.buckets().members(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn members(self, id: &BucketId) -> Members<'a> {
        Members::new(self.0.client, "buckets", id.as_str(), "members")
    }

    /// The owners of a bucket.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// println!("{} owners", client.buckets().owners(&id).list()?.len());
    /// # assert!(!client.buckets().owners(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn owners(self, id: &BucketId) -> Members<'a> {
        Members::new(self.0.client, "buckets", id.as_str(), "owners")
    }

    /// The schemas of the measurements in a bucket that was made with an
    /// [explicit schema](NewBucket::explicit_schema). Cloud only.
    #[must_use]
    pub fn schemas(self, id: &BucketId) -> Schemas<'a> {
        Schemas::new(self.0, id)
    }
}
