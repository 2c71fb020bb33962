//! Organizations: the owners of all other resources.

use super::listed::{Paging, listed};
use super::resource::{Kind, Lookup, OrgParameter};
use super::serde_util::{or_default, status, time};
use super::setters::{setters, update};
use super::{Deletable, Editable, Id, List, Named, Resource, Resources, Shared, Status, User};
use crate::Timestamp;
use crate::client::Client;
use crate::client::names::{check_name, trimmed};
use crate::error::Error;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// An organization, as a server describes it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let acme = client.organizations().find_by_name("acme")?.expect("it exists");
/// println!("{} since {:?}", acme.id, acme.created_at);
/// assert_eq!(acme.status, None); // only Cloud has one
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Organization {
    /// The id.
    pub id: Id<Organization>,
    /// The name, unique on the server.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// The status. Cloud only.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<Status>,
    /// `tsm` or `iox`. Cloud only.
    #[serde(rename = "defaultStorageType")]
    pub default_storage_type: Option<String>,
    /// The time of its creation.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// The time of the last change.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
}

listed!(Organization, "orgs", in pages of 100 at most);

impl Resource for Organization {
    type Single = Organization;

    const KIND: Kind = Kind::new(
        "an organization",
        &["orgs"],
        Paging::Offset,
        OrgParameter::None,
    );
}

impl Named for Organization {
    const LOOKUP: Lookup = Lookup::Parameter("org");
    const TRIMMED: bool = true;

    fn has_name(&self, name: &str) -> bool {
        // Other clients may have created one with white space around its name, which the server keeps.
        self.name.trim() == name
    }
}

impl Editable for Organization {
    type New = NewOrganization;
    type Update = OrganizationUpdate;

    fn check_new(new: &NewOrganization) -> Result<&str, Error> {
        check_name("an organization", &new.name)?;
        Ok(&new.name)
    }

    fn check_update(update: &OrganizationUpdate) -> Result<(), Error> {
        update
            .name
            .as_deref()
            .map_or(Ok(()), |name| check_name("an organization", name))
    }
}

impl Deletable for Organization {}
impl Shared for Organization {}

/// An organization to be created.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::NewOrganization;
///
/// let new = NewOrganization::new(" acme ").description("the plant");
/// let acme = client.organizations().create(&new)?;
/// assert_eq!(
///     (acme.name.as_str(), acme.description.as_str()),
///     ("acme", "the plant")
/// );
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewOrganization {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl NewOrganization {
    /// An organization of this name. White space around the name is removed, as the server does when it
    /// looks one up.
    pub fn new(name: impl Into<String>) -> Self {
        NewOrganization {
            name: trimmed(name.into()),
            description: None,
        }
    }

    setters! {
        /// Sets the description.
        description = |text: impl Into<String>| text.into();
    }
}

update! {
    /// Changes of an organization. Values that aren't set are unchanged.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// use influx_edge::api::OrganizationUpdate;
    ///
    /// let update = OrganizationUpdate::new().description("plant 2");
    /// let acme = client.organizations().update(&id, &update)?;
    /// assert_eq!(
    ///     (acme.name.as_str(), acme.description.as_str()),
    ///     ("acme", "plant 2")
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub struct OrganizationUpdate {
        /// Changes the name; white space around it is removed. Clients that use the old name then get 404.
        name: String = |name: impl Into<String>| trimmed(name.into());

        /// Changes the description; empty for none.
        description: String = |text: impl Into<String>| text.into();
    }
}

impl Client {
    /// Returns the organizations that this client's token may see.
    #[must_use]
    pub fn organizations(&self) -> Resources<'_, Organization> {
        Resources::of(self)
    }
}

impl List<'_, Organization> {
    /// Keeps only those that this user belongs to.
    pub fn of_user(self, user: &Id<User>) -> Self {
        self.with("userID", user.as_str())
    }

    /// Lists the last created first.
    pub fn descending(self) -> Self {
        self.with("descending", "true")
    }
}
