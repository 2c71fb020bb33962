//! Authorizations: tokens with their permissions.

use super::listed::{Paging, listed};
use super::resource::{Change, Kind, OrgParameter};
use super::serde_util::{or_default, status, time};
use super::setters::{setters, update};
use super::{
    Deletable, Editable, Ensure, Id, InOrg, List, Organization, Permission, Resource, Resources,
    Status, User,
};
use crate::Timestamp;
use crate::client::Client;
use crate::client::secret::Secret;
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Deserializer, Serialize};

/// A token and its permissions, as a server describes it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// The id, which is not the token.
    pub id: Id<Authorization>,
    #[serde(default, deserialize_with = "secret")]
    token: Option<Secret>,
    /// The status: the token of an inactive authorization is rejected.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<Status>,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// The organization it is for.
    #[serde(rename = "orgID")]
    pub org_id: Option<Id<Organization>>,
    /// That organization's name.
    pub org: Option<String>,
    /// The user it acts for.
    #[serde(rename = "userID")]
    pub user_id: Option<Id<User>>,
    /// That user's name.
    pub user: Option<String>,
    /// The permissions.
    #[serde(default, deserialize_with = "or_default")]
    pub permissions: Vec<Permission>,
    /// The time of its creation.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// The time of the last change.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
}

/// A token, or `None` for the values that stand for one that isn't shown.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text
        .filter(|text| !text.is_empty() && text != "redacted")
        .map(Secret::new))
}

impl Authorization {
    /// Returns the token. The response to a create has it, and no later response does: newer servers (OSS
    /// since 2.9, Cloud) store only its hash. So store it at once.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// let found = client.authorizations().find(&id)?;
    /// let token = found.as_ref().and_then(|one| one.reveal_token()); // None from a newer server
    /// # assert!(found.is_some() && token.is_none());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn reveal_token(&self) -> Option<&str> {
        self.token.as_ref().map(Secret::reveal)
    }
}

listed!(Authorization, "authorizations");

impl Resource for Authorization {
    type Single = Authorization;

    const KIND: Kind = Kind::new(
        "an authorization",
        &["authorizations"],
        Paging::None,
        OrgParameter::Lists,
    );
}

impl InOrg for Authorization {}

impl Editable for Authorization {
    type New = NewAuthorization;
    type Update = AuthorizationUpdate;

    fn check_new(new: &NewAuthorization) -> Result<&str, Error> {
        if new.permissions.is_empty() {
            return Err(Error::config("authorization must include permissions"));
        }
        Ok(new.description.as_deref().unwrap_or_default())
    }

    fn create(at: Resources<'_, Self>, new: &NewAuthorization) -> Result<Self, Error> {
        let name = Self::check_new(new)?;
        let org = at.scope.org_id()?;
        let at = at.in_known_org(Some(&org));
        let sent = NewAuthorization {
            permissions: new.sent(&org),
            ..new.clone()
        };
        at.post(&at.scope.body(&sent)?, name)
    }
}

impl Deletable for Authorization {}

impl Ensure for Authorization {
    const BY_ORG_ID: bool = true;

    fn check(new: &NewAuthorization) -> Result<(), Error> {
        if new.description.as_deref().unwrap_or_default().is_empty() {
            return Err(Error::config(
                "a token is found again by its description, and this one has none",
            ));
        }
        Self::check_new(new).map(drop)
    }

    /// Finds the first token of the description with the wanted permissions; else the only one of the
    /// description.
    fn find_same(at: Resources<'_, Self>, new: &NewAuthorization) -> Result<Option<Self>, Error> {
        let wanted = new.sent(&at.scope.org_id()?);
        let description = new.description.as_deref().unwrap_or_default();
        let mut others = Vec::new();
        for token in at.list() {
            let token = token?;
            let of_another_user = new.user.is_some() && token.user_id != new.user;
            if token.description != description || of_another_user {
                continue;
            }
            if Permission::are_same(&token.permissions, &wanted) {
                return Ok(Some(token));
            }
            others.push(token);
        }
        if let [one, other, ..] = others.as_slice() {
            return Err(Error::content(
                format!("cannot change the token {description:?}"),
                format!(
                    "{} tokens have that description, such as {} and {}; delete those that aren't needed",
                    others.len(),
                    one.id,
                    other.id
                ),
            ));
        }
        Ok(others.pop())
    }

    fn difference(
        at: Resources<'_, Self>,
        there: &Authorization,
        new: &NewAuthorization,
    ) -> Result<Option<Change<AuthorizationUpdate>>, Error> {
        let wanted = new.sent(&at.scope.org_id()?);
        if !Permission::are_same(&there.permissions, &wanted) {
            return Ok(Some(Change::Replace));
        }
        let status = new.status.filter(|status| there.status != Some(*status));
        Ok(status.map(|status| Change::Update(AuthorizationUpdate::new().status(status))))
    }

    fn replace(
        at: Resources<'_, Self>,
        old: &Authorization,
        new: &NewAuthorization,
    ) -> Result<Self, Error> {
        let made = at.create(&NewAuthorization {
            user: new.user.clone().or_else(|| old.user_id.clone()),
            status: new.status.or(old.status),
            ..new.clone()
        })?;
        match at.delete(&old.id) {
            Err(error) if !error.is_not_found() => {
                // Otherwise its token would be lost with this error, and two would have the description.
                let _ = at.delete(&made.id);
                Err(error)
            }
            _ => Ok(made),
        }
    }
}

/// A token to be created.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let bucket = "0123456789abcdef".parse()?;
/// use influx_edge::api::{NewAuthorization, Permission};
///
/// let new = NewAuthorization::new([Permission::write().bucket(&bucket)])
///     .description("logger");
/// let made = client.authorizations().create(&new)?;
/// assert_eq!(made.permissions[0].action, "write");
/// assert!(made.reveal_token().is_some()); // in this response only
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewAuthorization {
    permissions: Vec<Permission>,
    #[serde(rename = "userID", skip_serializing_if = "Option::is_none")]
    user: Option<Id<User>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl NewAuthorization {
    /// A token with these permissions.
    pub fn new(permissions: impl IntoIterator<Item = Permission>) -> Self {
        NewAuthorization {
            permissions: permissions.into_iter().collect(),
            user: None,
            status: None,
            description: None,
        }
    }

    setters! {
        /// Sets the description, by which [`ensure`](Resources::ensure) finds the token again.
        description = |text: impl Into<String>| text.into();

        /// Sets the status. Default: active.
        status = |status: Status| status;

        /// Sets the user it acts for. Default: the user of the client's token.
        user = |user: &Id<User>| user.clone();
    }

    /// The permissions as they are sent for this organization.
    fn sent(&self, org: &Id<Organization>) -> Vec<Permission> {
        self.permissions
            .iter()
            .map(|permission| permission.sent(org))
            .collect()
    }
}

update! {
    /// Changes of an authorization. Values that aren't set are unchanged; permissions can't be changed.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// use influx_edge::api::{AuthorizationUpdate, Status};
    ///
    /// let pause = AuthorizationUpdate::new().status(Status::Inactive);
    /// let token = client.authorizations().update(&id, &pause)?;
    /// assert_eq!(token.status, Some(Status::Inactive));
    /// assert_eq!(token.permissions.len(), 1); // unchanged
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub struct AuthorizationUpdate {
        /// Changes the status.
        status: Status = |status: Status| status;

        /// Changes the description; empty for none.
        description: String = |text: impl Into<String>| text.into();
    }
}

impl Client {
    /// Returns the authorizations of this client's organization; of all that the token may see, if it has
    /// none.
    #[must_use]
    pub fn authorizations(&self) -> Resources<'_, Authorization> {
        Resources::of(self)
    }
}

impl Resources<'_, Authorization> {
    /// Creates a token with the permissions, the status and the description of another one, for the same
    /// user and organization unless [`in_org`](Self::in_org) chose another.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// let second = client.authorizations().duplicate(&id)?;
    /// assert!(second.reveal_token().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such authorization, and the same errors as
    /// [`create`](Self::create).
    pub fn duplicate(self, id: &Id<Authorization>) -> Result<Authorization, Error> {
        let old = self.original(id)?;
        let new = NewAuthorization {
            permissions: old.permissions,
            user: old.user_id,
            status: old.status,
            description: Some(old.description),
        };
        self.in_known_org(old.org_id.as_ref()).create(&new)
    }
}

impl List<'_, Authorization> {
    /// Keeps only those of this user.
    pub fn of_user(self, user: &Id<User>) -> Self {
        self.with("userID", user.as_str())
    }

    /// Keeps only those of the user with this name.
    pub fn of_user_named(self, name: impl Into<String>) -> Self {
        self.with("user", name)
    }
}
