//! DBRP mappings: the bucket for each database and retention policy of InfluxDB 1.x.

use super::listed::{Paging, listed};
use super::request::ApiRequest;
use super::resource::{Change, Kind, OrgParameter};
use super::serde_util::or_default;
use super::setters::setters;
use super::{
    Bucket, Deletable, Editable, Ensure, Id, InOrg, List, Organization, Resource, Resources,
};
use crate::client::Client;
use crate::client::names::check_name;
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// A mapping from a database and a retention policy to a bucket.
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
    /// The id.
    pub id: Id<Dbrp>,
    /// The organization it belongs to.
    #[serde(rename = "orgID")]
    pub org_id: Option<Id<Organization>>,
    /// The bucket.
    #[serde(rename = "bucketID")]
    pub bucket_id: Option<Id<Bucket>>,
    /// The database.
    #[serde(default, deserialize_with = "or_default")]
    pub database: String,
    /// The retention policy.
    #[serde(default, deserialize_with = "or_default")]
    pub retention_policy: String,
    /// `true` if it is used where a program names only the database.
    #[serde(default, deserialize_with = "or_default")]
    pub default: bool,
    /// `true` if the server made it: OSS maps every bucket to a database of its name. Such a mapping
    /// can't be changed.
    #[serde(rename = "virtual", default, deserialize_with = "or_default")]
    pub is_virtual: bool,
}

listed!(Dbrp, "content");

/// A single mapping comes wrapped, except from a create.
#[derive(Deserialize)]
pub struct Response {
    content: Dbrp,
}

impl From<Response> for Dbrp {
    fn from(response: Response) -> Dbrp {
        response.content
    }
}

impl Resource for Dbrp {
    type Single = Response;

    const KIND: Kind = Kind::new(
        "a DBRP mapping",
        &["dbrps"],
        Paging::None,
        OrgParameter::All,
    );
}

impl InOrg for Dbrp {}

impl Editable for Dbrp {
    type New = NewDbrp;
    type Update = DbrpUpdate;

    fn check_new(new: &NewDbrp) -> Result<&str, Error> {
        check_name("a database", &new.database)?;
        check_name("a retention policy", &new.retention_policy)?;
        Ok(&new.database)
    }

    fn create(at: Resources<'_, Self>, new: &NewDbrp) -> Result<Self, Error> {
        Self::check_new(new)?;
        let (database, rp) = (&new.database, &new.retention_policy);
        // The organization is in the body alone.
        ApiRequest::new(at.scope.client, "POST", &["dbrps"])
            .json(&at.scope.body(new)?)
            .send_json(&format_args!("map {database:?}/{rp:?} to a bucket"))
    }

    fn update(at: Resources<'_, Self>, id: &Id<Self>, update: &DbrpUpdate) -> Result<Self, Error> {
        if let Some(name) = &update.retention_policy {
            check_name("a retention policy", name)?;
        }
        Self::check_delete(at, id)?;
        at.patch(id, update).and_then(real)
    }
}

impl Deletable for Dbrp {
    fn check_delete(at: Resources<'_, Self>, id: &Id<Self>) -> Result<(), Error> {
        at.find(id)?.map_or(Ok(()), |there| real(there).map(drop))
    }
}

impl Ensure for Dbrp {
    const BY_ORG_ID: bool = true;

    fn find_same(at: Resources<'_, Self>, new: &NewDbrp) -> Result<Option<Self>, Error> {
        find_real(at, &new.database, |rp| rp == new.retention_policy)
    }

    fn difference(
        at: Resources<'_, Self>,
        there: &Dbrp,
        new: &NewDbrp,
    ) -> Result<Option<Change<DbrpUpdate>>, Error> {
        if there.bucket_id.as_ref() != Some(&new.bucket) {
            return Ok(Some(Change::Replace));
        }
        let Some(default) = new.default.filter(|default| *default != there.default) else {
            return Ok(None);
        };
        // The only mapping of a database stays its default, though the response to the update says
        // otherwise.
        let another = || find_real(at, &new.database, |rp| rp != new.retention_policy);
        if !default && another()?.is_none() {
            return Ok(None);
        }
        let update = DbrpUpdate::new().default_for_database(default);
        Ok(Some(Change::Update(update)))
    }

    fn replace(at: Resources<'_, Self>, old: &Dbrp, new: &NewDbrp) -> Result<Self, Error> {
        at.delete(&old.id)?;
        let new = NewDbrp {
            default: new.default.or(Some(old.default)),
            ..new.clone()
        };
        at.create(&new).inspect_err(|_| {
            if let Some(bucket) = &old.bucket_id {
                // Restores the old mapping. The error to report is the first one in any case.
                let _ = at.create(&NewDbrp {
                    bucket: bucket.clone(),
                    default: Some(old.default),
                    ..new.clone()
                });
            }
        })
    }
}

/// Finds the first mapping of a database that isn't virtual, with a retention policy that `is` accepts.
fn find_real(
    at: Resources<'_, Dbrp>,
    database: &str,
    is: impl Fn(&str) -> bool,
) -> Result<Option<Dbrp>, Error> {
    at.list()
        .database(database)
        .find_first(|one| !one.is_virtual && one.database == database && is(&one.retention_policy))
}

/// Returns a mapping that isn't virtual.
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

/// A mapping to be created.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let bucket = "0123456789abcdef".parse()?;
/// use influx_edge::api::NewDbrp;
///
/// let new = NewDbrp::new(&bucket, "plant", "autogen").default_for_database(true);
/// let mapping = client.dbrps().create(&new)?;
/// assert!(mapping.default); // `db=plant` is enough for an InfluxDB 1.x client
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewDbrp {
    #[serde(rename = "bucketID")]
    bucket: Id<Bucket>,
    database: String,
    retention_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<bool>,
}

impl NewDbrp {
    /// A mapping from this database and retention policy to this bucket.
    pub fn new(
        bucket: &Id<Bucket>,
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

    /// Uses this mapping where a program names only the database. The first mapping of a database always
    /// is its default.
    #[must_use]
    pub fn default_for_database(mut self, yes: bool) -> Self {
        self.default = Some(yes);
        self
    }
}

/// Changes of a mapping. Values that aren't set are unchanged.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// use influx_edge::api::DbrpUpdate;
///
/// let mapping = client
///     .dbrps()
///     .update(&id, &DbrpUpdate::new().retention_policy("a_year"))?;
/// assert_eq!(
///     (mapping.database.as_str(), mapping.retention_policy.as_str()),
///     ("plant", "a_year")
/// );
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
    /// No change.
    #[must_use]
    pub fn new() -> Self {
        DbrpUpdate::default()
    }

    setters! {
        /// Changes the retention policy.
        retention_policy = |name: impl Into<String>| name.into();
    }

    /// Uses this mapping, or another one, where a program names only the database.
    #[must_use]
    pub fn default_for_database(mut self, yes: bool) -> Self {
        self.default = Some(yes);
        self
    }
}

impl Client {
    /// Returns the mappings from databases to buckets of this client's organization. Every request for
    /// them needs an organization.
    #[must_use]
    pub fn dbrps(&self) -> Resources<'_, Dbrp> {
        Resources::of(self)
    }
}

impl List<'_, Dbrp> {
    /// Keeps only those of this database.
    pub fn database(self, name: impl Into<String>) -> Self {
        self.with("db", name)
    }

    /// Keeps only those of this retention policy.
    pub fn retention_policy(self, name: impl Into<String>) -> Self {
        self.with("rp", name)
    }

    /// Keeps only those to this bucket.
    pub fn bucket(self, id: &Id<Bucket>) -> Self {
        self.with("bucketID", id.as_str())
    }

    /// Keeps only the defaults of their databases, or only the others.
    pub fn default_for_database(self, yes: bool) -> Self {
        self.with("default", if yes { "true" } else { "false" })
    }
}
