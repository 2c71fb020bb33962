//! DBRPs: which bucket a database and retention policy of InfluxDB 1.x stand for.

use super::ensure::{Ensured, Plan};
use super::id::{BucketId, DbrpId, OrgId};
use super::list::{List, Paging, listed};
use super::request::{ApiRequest, Scope};
use super::serde_util::or_default;
use crate::client::Client;
use crate::client::names::check_name;
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// A mapping from a database and a retention policy to a bucket, as the server tells it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let mut made = Vec::new();
/// for mapping in client.dbrps().list() {
///     let mapping = mapping?;
///     if !mapping.is_virtual {
///         made.push((mapping.database, mapping.retention_policy));
///     }
/// }
/// assert_eq!(made, [("plant".to_string(), "autogen".to_string())]);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dbrp {
    /// Its id.
    pub id: DbrpId,
    /// The organization it belongs to.
    #[serde(rename = "orgID", default)]
    pub org_id: Option<OrgId>,
    /// The bucket.
    #[serde(rename = "bucketID", default)]
    pub bucket_id: Option<BucketId>,
    /// The database.
    #[serde(default, deserialize_with = "or_default")]
    pub database: String,
    /// The retention policy.
    #[serde(default, deserialize_with = "or_default")]
    pub retention_policy: String,
    /// Whether it is meant where a program names the database only.
    #[serde(default, deserialize_with = "or_default")]
    pub default: bool,
    /// Whether nobody made it: OSS gives every bucket one, by its name. It can't be changed.
    #[serde(rename = "virtual", default, deserialize_with = "or_default")]
    pub is_virtual: bool,
}

listed!(Dbrp, "content");

/// A mapping to be made.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
/// use influx_edge::api::NewDbrp;
///
/// let new = NewDbrp::new(&id, "plant", "autogen").default_for_database(true);
/// let mapping = client.dbrps().create(&new)?;
/// assert!(mapping.default); // `db=plant` is enough for a program that speaks 1.x
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewDbrp {
    #[serde(rename = "bucketID")]
    bucket: BucketId,
    database: String,
    retention_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<bool>,
}

impl NewDbrp {
    /// This database and retention policy stand for this bucket.
    pub fn new(
        bucket: &BucketId,
        database: impl Into<String>,
        retention_policy: impl Into<String>,
    ) -> Self {
        NewDbrp {
            bucket: bucket.clone(),
            database: database.into(),
            retention_policy: retention_policy.into(),
            default: None,
        }
    }

    /// Whether it is meant where a program names the database only. The first of a database always
    /// is.
    #[must_use]
    pub fn default_for_database(mut self, yes: bool) -> Self {
        self.default = Some(yes);
        self
    }
}

/// What to change of a mapping. What isn't set stays.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::DbrpId::new("0123456789abcdef")?;
/// use influx_edge::api::DbrpUpdate;
///
/// let mapping = client.dbrps().update(&id, &DbrpUpdate::new().retention_policy("a_year"))?;
/// assert_eq!((mapping.database.as_str(), mapping.retention_policy.as_str()), ("plant", "a_year"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct DbrpUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<bool>,
}

impl DbrpUpdate {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        DbrpUpdate::default()
    }

    /// Another retention policy.
    #[must_use]
    pub fn retention_policy(mut self, name: impl Into<String>) -> Self {
        self.retention_policy = Some(name.into());
        self
    }

    /// Whether it is meant where a program names the database only.
    #[must_use]
    pub fn default_for_database(mut self, yes: bool) -> Self {
        self.default = Some(yes);
        self
    }
}

/// The mappings of an organization. Every call of them needs one. Made by [`Client::dbrps`].
#[derive(Clone, Copy, Debug)]
pub struct Dbrps<'a>(Scope<'a>);

impl Client {
    /// The mappings from databases to buckets of this client's organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let all = client.dbrps().list().collect::<Result<Vec<_>, _>>()?;
    /// println!("{} of them", all.len());
    /// # assert!(!all.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn dbrps(&self) -> Dbrps<'_> {
        Dbrps(Scope::of(self))
    }
}

/// A single mapping comes wrapped, except from a create.
#[derive(Deserialize)]
struct Response {
    content: Dbrp,
}

impl<'a> Dbrps<'a> {
    /// The same of another organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// let theirs = client.dbrps().in_org(&id).list().collect::<Result<Vec<_>, _>>()?;
    /// # assert!(!theirs.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn in_org(self, org: &'a OrgId) -> Self {
        Dbrps(self.0.in_org(org))
    }

    /// All mappings, in one request; the [virtual](Dbrp::is_virtual) ones included.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// for one in client.dbrps().list() {
    ///     println!("{:?}", one?.id);
    /// }
    /// # assert!(client.dbrps().list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn list(self) -> List<'a, Dbrp> {
        List::new(
            self.0.client,
            "list DBRP mappings",
            &["dbrps"],
            Paging::None,
        )
        .org(self.0)
    }

    /// The mapping with this id, if there is one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::DbrpId::new("0123456789abcdef")?;
    /// let there = client.dbrps().find(&id)?.is_some();
    /// # assert!(there);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no organization, the token lacks permission, or no response is
    /// received.
    pub fn find(self, id: &DbrpId) -> Result<Option<Dbrp>, Error> {
        ApiRequest::get(self.0.client, &["dbrps", id.as_str()])
            .org(self.0)
            .find::<Response>(&format_args!("find DBRP mapping {id}"))
            .map(|found| found.map(|response| response.content))
    }

    /// Makes a mapping.
    ///
    /// # Errors
    /// Returns an error if a name is empty, database and retention policy are [mapped
    /// already](Error::is_conflict), there is no organization, the token lacks permission, or no
    /// response is received.
    pub fn create(self, new: &NewDbrp) -> Result<Dbrp, Error> {
        check_name("a database", &new.database)?;
        check_name("a retention policy", &new.retention_policy)?;
        let (database, rp) = (&new.database, &new.retention_policy);
        ApiRequest::new(self.0.client, "POST", &["dbrps"])
            .json(&self.0.body(new)?)
            .send_json(&format_args!("map {database:?}/{rp:?} to a bucket"))
    }

    /// Makes the mapping if there is none of its database and retention policy, and changes what is
    /// different of the one there is: the bucket, and whether it is the database's default, where
    /// `new` sets that. The mappings that the server itself makes (virtual) are none.
    ///
    /// No server changes the bucket of a mapping, so such a mapping is deleted and made again; writes
    /// to it that come in between are refused. A database has always one default: of its only mapping
    /// `default_for_database(false)` changes nothing.
    ///
    /// Safe to repeat, but not from several programs at once: InfluxDB 2.9.1 then makes several
    /// mappings of the same names, of which the first in its list is the one that is found.
    ///
    /// # Errors
    /// Returns an error if there is no such bucket, and the mapping is then as it was; else as
    /// [`create`](Dbrps::create), [`update`](Dbrps::update) and [`delete`](Dbrps::delete).
    pub fn ensure(self, new: &NewDbrp) -> Result<Ensured<Dbrp>, Error> {
        check_name("a database", &new.database)?;
        check_name("a retention policy", &new.retention_policy)?;
        let org = self.0.org_id()?;
        let mappings = Dbrps(self.0.in_org(&org));
        let find = || mappings.find_real(&new.database, |rp| rp == new.retention_policy);
        Ensured::find_or_create(find, || mappings.create(new))?.or_change(|there| {
            match mappings.difference(there, new)? {
                None => Ok(None),
                Some(Difference::Bucket) => mappings.replace(there, new).map(Some),
                Some(Difference::Default(default)) => {
                    let update = DbrpUpdate::new().default_for_database(default);
                    mappings.update(&there.id, &update).map(Some)
                }
            }
        })
    }

    /// What [`ensure`](Dbrps::ensure) would do, found out without changing anything.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// use influx_edge::api::{NewDbrp, Plan};
    ///
    /// let plan = client.dbrps().plan(&NewDbrp::new(&id, "plant", "yearly"))?;
    /// println!("{plan:?}");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ensure`](Dbrps::ensure), but for permission to write, and whether there is such a bucket.
    pub fn plan(self, new: &NewDbrp) -> Result<Plan<Dbrp>, Error> {
        check_name("a database", &new.database)?;
        check_name("a retention policy", &new.retention_policy)?;
        let org = self.0.org_id()?;
        let mappings = Dbrps(self.0.in_org(&org));
        let there = mappings.find_real(&new.database, |rp| rp == new.retention_policy)?;
        Plan::of(there, |there| mappings.difference(there, new))
    }

    /// What to change of the mapping there is.
    fn difference(self, there: &Dbrp, new: &NewDbrp) -> Result<Option<Difference>, Error> {
        if there.bucket_id.as_ref() != Some(&new.bucket) {
            return Ok(Some(Difference::Bucket));
        }
        let Some(default) = new.default.filter(|default| *default != there.default) else {
            return Ok(None);
        };
        // Of the only one the server keeps it, though its response to the update denies that.
        let another = || self.find_real(&new.database, |rp| rp != new.retention_policy);
        if !default && another()?.is_none() {
            return Ok(None);
        }
        Ok(Some(Difference::Default(default)))
    }

    /// The first mapping of a database that somebody made, and whose retention policy is the one.
    fn find_real(self, database: &str, is: impl Fn(&str) -> bool) -> Result<Option<Dbrp>, Error> {
        self.list().database(database).find_named(|one| {
            !one.is_virtual && one.database == database && is(&one.retention_policy)
        })
    }

    /// Makes a mapping in place of another one of the same names.
    fn replace(self, old: &Dbrp, new: &NewDbrp) -> Result<Dbrp, Error> {
        self.delete(&old.id)?;
        let new = NewDbrp {
            default: new.default.or(Some(old.default)),
            ..new.clone()
        };
        self.create(&new).inspect_err(|_| {
            if let Some(bucket) = &old.bucket_id {
                // As it was, if that can be done: the error to report is the first one.
                let _ = self.create(&NewDbrp {
                    bucket: bucket.clone(),
                    default: Some(old.default),
                    ..new.clone()
                });
            }
        })
    }

    /// Changes what is set in `update`, and gives the mapping as it is then. Asks first whether it is a
    /// [virtual](Dbrp::is_virtual) one.
    ///
    /// # Errors
    /// Returns an error if there is no such mapping or it is [virtual](Dbrp::is_virtual), which
    /// can't be changed, there is no organization, the token lacks permission, or no response is
    /// received.
    pub fn update(self, id: &DbrpId, update: &DbrpUpdate) -> Result<Dbrp, Error> {
        if let Some(name) = &update.retention_policy {
            check_name("a retention policy", name)?;
        }
        self.check_real(id)?;
        ApiRequest::new(self.0.client, "PATCH", &["dbrps", id.as_str()])
            .org(self.0)
            .json(update)
            .send_json::<Response>(&format_args!("update DBRP mapping {id}"))
            .and_then(|response| real(response.content))
    }

    /// Deletes a mapping. Asks first whether it is a [virtual](Dbrp::is_virtual) one: those can't be
    /// deleted, though OSS responds as if they were.
    ///
    /// # Errors
    /// Returns an error if there is [no such mapping](Error::is_not_found) or it is virtual, there
    /// is no organization, the token lacks permission, or no response is received.
    pub fn delete(self, id: &DbrpId) -> Result<(), Error> {
        self.check_real(id)?;
        ApiRequest::new(self.0.client, "DELETE", &["dbrps", id.as_str()])
            .org(self.0)
            .send(&format_args!("delete DBRP mapping {id}"))
    }

    fn check_real(self, id: &DbrpId) -> Result<(), Error> {
        self.find(id)?.map_or(Ok(()), |there| real(there).map(drop))
    }
}

/// Of a mapping from what it is to be.
enum Difference {
    Bucket,
    /// Whether it is to be its database's default.
    Default(bool),
}

/// A mapping that somebody made.
fn real(mapping: Dbrp) -> Result<Dbrp, Error> {
    if mapping.is_virtual {
        return Err(Error::content(
            format!("cannot change DBRP mapping {}", mapping.id),
            format!(
                "it is virtual: the server itself maps each bucket to a database of its name; to map {:?} otherwise, create a mapping",
                mapping.database
            ),
        ));
    }
    Ok(mapping)
}

impl List<'_, Dbrp> {
    /// Only those of this database.
    pub fn database(self, name: impl Into<String>) -> Self {
        self.with("db", name)
    }

    /// Only those of this retention policy.
    pub fn retention_policy(self, name: impl Into<String>) -> Self {
        self.with("rp", name)
    }

    /// Only those to this bucket.
    pub fn bucket(self, id: &BucketId) -> Self {
        self.with("bucketID", id.as_str())
    }

    /// Only those that are meant where a program names the database only, or only the others.
    pub fn default_for_database(self, yes: bool) -> Self {
        self.with("default", if yes { "true" } else { "false" })
    }
}
