//! Organizations: list, find, create, update, delete.

use super::id::{OrgId, UserId};
use super::list::{List, Page, Paging, listed};
use super::relations::Members;
use super::request::ApiRequest;
use super::secrets::Secrets;
use super::serde_util::{Status, or_default, status, time};
use crate::Timestamp;
use crate::client::Client;
use crate::client::names::{check_name, trimmed};
use crate::error::Error;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// An organization, as the server tells it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let acme = client.organizations().find_by_name("acme")?.expect("it was made");
/// println!("{} since {:?}", acme.id, acme.created_at);
/// assert_eq!(acme.status, None); // Cloud alone has one
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Organization {
    /// Its id.
    pub id: OrgId,
    /// Its name, unique on the server.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// Whether it may be used. Cloud only.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<Status>,
    /// `tsm` or `iox`. Cloud only.
    #[serde(rename = "defaultStorageType", default)]
    pub default_storage_type: Option<String>,
    /// When it was made.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
}

listed!(Organization, "orgs", in pages of 100 at most);

/// An organization to be made.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::NewOrganization;
///
/// let new = NewOrganization::new(" acme ").description("the plant");
/// let acme = client.organizations().create(&new)?;
/// assert_eq!((acme.name.as_str(), acme.description.as_str()), ("acme", "the plant"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewOrganization {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl NewOrganization {
    /// An organization of this name. White space around the name is taken off, as the server does
    /// when it looks one up.
    pub fn new(name: impl Into<String>) -> Self {
        NewOrganization {
            name: trimmed(name.into()),
            description: None,
        }
    }

    /// Description.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }
}

/// What to change of an organization. What isn't set stays.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
/// use influx_edge::api::OrganizationUpdate;
///
/// let update = OrganizationUpdate::new().description("plant 2");
/// let acme = client.organizations().update(&id, &update)?;
/// assert_eq!((acme.name.as_str(), acme.description.as_str()), ("acme", "plant 2"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct OrganizationUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl OrganizationUpdate {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        OrganizationUpdate::default()
    }

    /// Another name, without white space around it. Clients that call it by the old one then get
    /// 404.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(trimmed(name.into()));
        self
    }

    /// Another description; empty for none.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }
}

/// The server's organizations. Made by [`Client::organizations`].
#[derive(Clone, Copy, Debug)]
pub struct Organizations<'a>(&'a Client);

impl Client {
    /// The organizations this client's token may see.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let all = client.organizations().list().collect::<Result<Vec<_>, _>>()?;
    /// println!("{} of them", all.len());
    /// # assert!(!all.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn organizations(&self) -> Organizations<'_> {
        Organizations(self)
    }
}

impl<'a> Organizations<'a> {
    /// All organizations.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// for one in client.organizations().list() {
    ///     println!("{:?}", one?.name); // page after page is asked for as it is needed
    /// }
    /// # assert!(client.organizations().list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn list(self) -> List<'a, Organization> {
        List::new(self.0, "list organizations", &["orgs"], Paging::Offset)
    }

    /// The organization with this id, if there is one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// match client.organizations().find(&id)? {
    ///     Some(found) => println!("{found:?}"),
    ///     None => println!("it is gone"),
    /// }
    /// # assert!(client.organizations().find(&id)?.is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find(self, id: &OrgId) -> Result<Option<Organization>, Error> {
        ApiRequest::get(self.0, &["orgs", id.as_str()])
            .find(&format_args!("find organization {id}"))
    }

    /// The organization with this name, if there is one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let there = client.organizations().find_by_name("acme")?.is_some();
    /// # assert!(there);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find_by_name(self, name: &str) -> Result<Option<Organization>, Error> {
        let name = name.trim();
        check_name("an organization", name)?;
        let found = ApiRequest::get(self.0, &["orgs"])
            .query("org", name)
            .find::<Page<Organization>>(&format_args!("find organization {name:?}"))?;
        // Others may have made one with white space around its name, which the server keeps.
        let is = |org: &Organization| org.name.trim() == name;
        Ok(found.and_then(|page| page.0.into_iter().find(is)))
    }

    /// Makes an organization. OSS makes the buckets `_monitoring` and `_tasks` in it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewOrganization;
    ///
    /// let made = client.organizations().create(&NewOrganization::new("acme").description("the plant"))?;
    /// println!("{:?}", made.id);
    /// # assert_eq!(made.name, "acme");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the name is empty or [taken](Error::is_conflict), the token lacks
    /// permission, or no response is received.
    pub fn create(self, new: &NewOrganization) -> Result<Organization, Error> {
        check_name("an organization", &new.name)?;
        ApiRequest::new(self.0, "POST", &["orgs"])
            .json(new)
            .send_json(&format_args!("create organization {:?}", new.name))
    }

    /// Changes what is set in `update`, and gives the organization as it is then.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// use influx_edge::api::OrganizationUpdate;
    ///
    /// // What isn't set stays as it is.
    /// let now = client.organizations().update(&id, &OrganizationUpdate::new().description("plant 2"))?;
    /// # assert_eq!(now.description, "plant 2");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such organization, the name is empty or taken, the token
    /// lacks permission, or no response is received.
    pub fn update(self, id: &OrgId, update: &OrganizationUpdate) -> Result<Organization, Error> {
        if let Some(name) = &update.name {
            check_name("an organization", name)?;
        }
        ApiRequest::new(self.0, "PATCH", &["orgs", id.as_str()])
            .json(update)
            .send_json(&format_args!("update organization {id}"))
    }

    /// Deletes an organization with everything in it.
    ///
    /// # Errors
    /// Returns an error if there is [no such organization](Error::is_not_found), the token lacks
    /// permission, or no response is received.
    pub fn delete(self, id: &OrgId) -> Result<(), Error> {
        ApiRequest::new(self.0, "DELETE", &["orgs", id.as_str()])
            .send(&format_args!("delete organization {id}"))
    }

    /// The members of an organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// for member in client.organizations().members(&id).list()? {
    ///     println!("{member:?}");
    /// }
    /// # assert!(!client.organizations().members(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn members(self, id: &OrgId) -> Members<'a> {
        Members::new(self.0, "orgs", id.as_str(), "members")
    }

    /// The owners of an organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// println!("{} owners", client.organizations().owners(&id).list()?.len());
    /// # assert!(!client.organizations().owners(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn owners(self, id: &OrgId) -> Members<'a> {
        Members::new(self.0, "orgs", id.as_str(), "owners")
    }

    /// The secrets of an organization, which its tasks may use.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// let names = client.organizations().secrets(&id).list()?;
    /// # assert_eq!(names, ["mqtt", "smtp"]);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn secrets(self, id: &OrgId) -> Secrets<'a> {
        Secrets::new(self.0, id)
    }
}

impl List<'_, Organization> {
    /// Only those that this user belongs to.
    pub fn of_user(self, user: &UserId) -> Self {
        self.with("userID", user.as_str())
    }

    /// The last made first.
    pub fn descending(self) -> Self {
        self.with("descending", "true")
    }
}
