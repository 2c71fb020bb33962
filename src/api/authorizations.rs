//! Authorizations: tokens with their permissions.

use super::ensure::{Ensured, Plan};
use super::id::{AuthorizationId, OrgId, UserId};
use super::list::{List, Paging, listed};
use super::permission::Permission;
use super::request::{ApiRequest, Scope};
use super::serde_util::{Status, or_default, status, time};
use crate::Timestamp;
use crate::client::Client;
use crate::client::secret::Secret;
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize};

/// A token and what it may do, as the server tells it.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// Its id, which opens nothing.
    pub id: AuthorizationId,
    #[serde(default, deserialize_with = "secret")]
    token: Option<Secret>,
    /// Whether the token opens anything.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<Status>,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// The organization it is for.
    #[serde(rename = "orgID", default)]
    pub org_id: Option<OrgId>,
    /// That organization's name.
    #[serde(default)]
    pub org: Option<String>,
    /// The user it stands for.
    #[serde(rename = "userID", default)]
    pub user_id: Option<UserId>,
    /// That user's name.
    #[serde(default)]
    pub user: Option<String>,
    /// What it may do.
    #[serde(default, deserialize_with = "or_default")]
    pub permissions: Vec<Permission>,
    /// When it was made.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
}

/// A token, unless it is one of the ways to say that it isn't shown.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text
        .filter(|text| !text.is_empty() && text != "redacted")
        .map(Secret::new))
}

impl Authorization {
    /// The token itself. The response to a create has it, and nothing later does: newer servers keep
    /// only a hash of it (OSS since 2.9, Cloud). So store it where it's needed, at once.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::AuthorizationId::new("0123456789abcdef")?;
    /// let found = client.authorizations().find(&id)?;
    /// let token = found.as_ref().and_then(|one| one.reveal_token()); // None, from a server of today
    /// # assert!(found.is_some() && token.is_none());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn reveal_token(&self) -> Option<&str> {
        self.token.as_ref().map(Secret::reveal)
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("id", &self.id)
            .field("token", &self.token)
            .field("status", &self.status)
            .field("description", &self.description)
            .field("org_id", &self.org_id)
            .field("org", &self.org)
            .field("user_id", &self.user_id)
            .field("user", &self.user)
            .field("permissions", &self.permissions)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .finish()
    }
}

listed!(Authorization, "authorizations");

/// A token to be made.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
/// use influx_edge::api::{NewAuthorization, Permission};
///
/// let new = NewAuthorization::new([Permission::write().bucket(&id)]).description("logger");
/// let made = client.authorizations().create(&new)?;
/// assert_eq!(made.permissions[0].action, "write");
/// assert!(made.reveal_token().is_some()); // now or never
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewAuthorization {
    permissions: Vec<Permission>,
    user: Option<UserId>,
    status: Option<Status>,
    description: Option<String>,
}

impl NewAuthorization {
    /// A token that may do this, active, for the user who makes it.
    pub fn new(permissions: impl IntoIterator<Item = Permission>) -> Self {
        NewAuthorization {
            permissions: permissions.into_iter().collect(),
            user: None,
            status: None,
            description: None,
        }
    }

    /// What it is for, in words. By this it is found again.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Whether it opens anything from the beginning. Default active.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// The user it stands for. Default: whose token makes it.
    #[must_use]
    pub fn user(mut self, user: &UserId) -> Self {
        self.user = Some(user.clone());
        self
    }

    fn check(&self) -> Result<(), Error> {
        if self.permissions.is_empty() {
            return Err(Error::config("authorization must include permissions"));
        }
        Ok(())
    }

    /// Whether a token of this organization may do just what this one is to.
    fn permits_as(&self, token: &Authorization, org: &OrgId) -> bool {
        let wanted: Vec<Permission> = self.permissions.iter().map(|may| may.sent(org)).collect();
        Permission::are_same(&token.permissions, &wanted)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    permissions: Vec<Permission>,
    #[serde(rename = "userID", skip_serializing_if = "Option::is_none")]
    user: &'a Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: &'a Option<String>,
}

/// What to change of an authorization. What isn't set stays; what it may do stays always.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::AuthorizationId::new("0123456789abcdef")?;
/// use influx_edge::api::{AuthorizationUpdate, Status};
///
/// let pause = AuthorizationUpdate::new().status(Status::Inactive);
/// let token = client.authorizations().update(&id, &pause)?;
/// assert_eq!(token.status, Some(Status::Inactive));
/// assert_eq!(token.permissions.len(), 1); // as before
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct AuthorizationUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl AuthorizationUpdate {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        AuthorizationUpdate::default()
    }

    /// Whether the token opens anything.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Another description; empty for none.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }
}

/// The authorizations of an organization. Made by [`Client::authorizations`].
#[derive(Clone, Copy, Debug)]
pub struct Authorizations<'a>(Scope<'a>);

impl Client {
    /// The authorizations of this client's organization; of all the token may see, if it has none.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let all = client.authorizations().list().collect::<Result<Vec<_>, _>>()?;
    /// println!("{} of them", all.len());
    /// # assert!(!all.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn authorizations(&self) -> Authorizations<'_> {
        Authorizations(Scope::of(self))
    }
}

impl<'a> Authorizations<'a> {
    /// The same of another organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// let theirs = client.authorizations().in_org(&id).list().collect::<Result<Vec<_>, _>>()?;
    /// # assert!(!theirs.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn in_org(self, org: &'a OrgId) -> Self {
        Authorizations(self.0.in_org(org))
    }

    /// All authorizations, in one request.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// for one in client.authorizations().list() {
    ///     println!("{:?}", one?.id);
    /// }
    /// # assert!(client.authorizations().list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn list(self) -> List<'a, Authorization> {
        List::new(
            self.0.client,
            "list authorizations",
            &["authorizations"],
            Paging::None,
        )
        .org(self.0)
    }

    /// The authorization with this id, if there is one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::AuthorizationId::new("0123456789abcdef")?;
    /// let there = client.authorizations().find(&id)?.is_some();
    /// # assert!(there);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find(self, id: &AuthorizationId) -> Result<Option<Authorization>, Error> {
        ApiRequest::get(self.0.client, &["authorizations", id.as_str()])
            .find(&format_args!("find authorization {id}"))
    }

    /// Makes a token. [`reveal_token`](Authorization::reveal_token) of what this gives is the only
    /// way to see it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// use influx_edge::api::{NewAuthorization, Permission};
    ///
    /// let may = [Permission::write().bucket(&id)];
    /// let made = client.authorizations().create(&NewAuthorization::new(may).description("logger"))?;
    /// println!("{}", made.reveal_token().unwrap_or_default()); // now or never
    /// # assert!(made.reveal_token().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if it has no permission, it has one that the caller lacks
    /// ([`Error::is_forbidden`]), there is no organization, or no response is
    /// received.
    pub fn create(self, new: &NewAuthorization) -> Result<Authorization, Error> {
        new.check()?;
        let org = self.0.org_id()?;
        let body = Body {
            permissions: new.permissions.iter().map(|may| may.sent(&org)).collect(),
            user: &new.user,
            status: new.status,
            description: &new.description,
        };
        ApiRequest::new(self.0.client, "POST", &["authorizations"])
            .json(&Scope::of(self.0.client).in_org(&org).body(&body)?)
            .send_json(&"create an authorization")
    }

    /// Makes a token with these permissions if there is none of this description (of this user, if
    /// `new` names one), and leaves alone the one that has them.
    ///
    /// A status that `new` sets is changed in place. Permissions can't be changed: a token with others
    /// is replaced, so that a new token is made first, for the same user, and the old one deleted.
    /// Programs that use the old one then get 401. [`Ensured::Created`] and [`Ensured::Changed`] can
    /// [have a token](Authorization::reveal_token) to be stored; [`Ensured::Unchanged`] has none.
    ///
    /// Safe to repeat, but not from several programs at once: the server takes equal descriptions.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// use influx_edge::api::{NewAuthorization, Permission};
    ///
    /// let may = [Permission::write().bucket(&id)];
    /// let logger = NewAuthorization::new(may).description("logger");
    /// let made = client.authorizations().ensure(&logger)?;
    /// if let Some(token) = made.get().reveal_token() {
    ///     println!("{token}"); // now or never
    /// }
    /// # assert_eq!(made.as_str(), "created");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if `new` has no description, or several tokens have it and none of them these
    /// permissions; else as [`create`](Authorizations::create), [`update`](Authorizations::update) and
    /// [`delete`](Authorizations::delete). A new token whose predecessor can't be deleted is deleted.
    pub fn ensure(self, new: &NewAuthorization) -> Result<Ensured<Authorization>, Error> {
        let org = self.described(new)?;
        let tokens = Authorizations(self.0.in_org(&org));
        match tokens.find_described(new, &org)? {
            Plan::Create => tokens.create(new).map(Ensured::Created),
            Plan::Unchanged(token) => Ok(Ensured::Unchanged(token)),
            Plan::Change(old) => match new.status {
                Some(status) if new.permits_as(&old, &org) => {
                    let update = AuthorizationUpdate::new().status(status);
                    tokens.update(&old.id, &update).map(Ensured::Changed)
                }
                _ => tokens.replace(&old, new).map(Ensured::Changed),
            },
        }
    }

    /// What [`ensure`](Authorizations::ensure) would do, found out without changing anything.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// use influx_edge::api::{NewAuthorization, Permission};
    ///
    /// let logger = NewAuthorization::new([Permission::write().bucket(&id)]).description("logger");
    /// let plan = client.authorizations().plan(&logger)?;
    /// println!("{}", if plan.is_unchanged() { "there" } else { "a new token would be made" });
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ensure`](Authorizations::ensure), but for permission to write.
    pub fn plan(self, new: &NewAuthorization) -> Result<Plan<Authorization>, Error> {
        let org = self.described(new)?;
        Authorizations(self.0.in_org(&org)).find_described(new, &org)
    }

    /// The organization of a token that can be found again.
    fn described(self, new: &NewAuthorization) -> Result<OrgId, Error> {
        if new.description.as_deref().unwrap_or_default().is_empty() {
            return Err(Error::config(
                "a token is found again by its description, and this one has none",
            ));
        }
        new.check()?;
        self.0.org_id()
    }

    /// The token of a description, if it is as wanted or can be made so.
    fn find_described(
        self,
        new: &NewAuthorization,
        org: &OrgId,
    ) -> Result<Plan<Authorization>, Error> {
        let description = new.description.as_deref().unwrap_or_default();
        let mut others = Vec::new();
        for token in self.list() {
            let token = token?;
            let is_theirs = new.user.is_some() && token.user_id != new.user;
            if token.description != description || is_theirs {
                continue;
            }
            if new.permits_as(&token, org) {
                return Ok(match new.status {
                    Some(status) if token.status != Some(status) => Plan::Change(token),
                    _ => Plan::Unchanged(token),
                });
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
        Ok(others.pop().map_or(Plan::Create, Plan::Change))
    }

    /// Makes a token in place of another one.
    fn replace(self, old: &Authorization, new: &NewAuthorization) -> Result<Authorization, Error> {
        let made = self.create(&NewAuthorization {
            user: new.user.clone().or_else(|| old.user_id.clone()),
            status: new.status.or(old.status),
            ..new.clone()
        })?;
        match self.delete(&old.id) {
            Err(error) if !error.is_not_found() => {
                // Else its token would be lost with this error, and two would have the description.
                let _ = self.delete(&made.id);
                Err(error)
            }
            _ => Ok(made),
        }
    }

    /// Makes a token that may do what another one may, for the same user and organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::AuthorizationId::new("0123456789abcdef")?;
    /// let second = client.authorizations().duplicate(&id)?; // the same rights, another token
    /// # assert!(second.reveal_token().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such authorization, and the same errors as
    /// [`create`](Authorizations::create).
    pub fn duplicate(self, id: &AuthorizationId) -> Result<Authorization, Error> {
        let old: Authorization = ApiRequest::get(self.0.client, &["authorizations", id.as_str()])
            .send_json(&format_args!("duplicate authorization {id}"))?;
        let new = NewAuthorization {
            permissions: old.permissions,
            user: old.user_id,
            status: old.status,
            description: Some(old.description),
        };
        match (&old.org_id, self.0.org) {
            (Some(org), None) => Authorizations(self.0.in_org(org)).create(&new),
            _ => self.create(&new),
        }
    }

    /// Changes what is set in `update`, and gives the authorization as it is then.
    ///
    /// # Errors
    /// Returns an error if there is no such authorization, the token lacks permission, or no
    /// response is received.
    pub fn update(
        self,
        id: &AuthorizationId,
        update: &AuthorizationUpdate,
    ) -> Result<Authorization, Error> {
        ApiRequest::new(self.0.client, "PATCH", &["authorizations", id.as_str()])
            .json(update)
            .send_json(&format_args!("update authorization {id}"))
    }

    /// Deletes an authorization: its token opens nothing any more.
    ///
    /// # Errors
    /// Returns an error if there is [no such authorization](Error::is_not_found), the token lacks
    /// permission, or no response is received.
    pub fn delete(self, id: &AuthorizationId) -> Result<(), Error> {
        ApiRequest::new(self.0.client, "DELETE", &["authorizations", id.as_str()])
            .send(&format_args!("delete authorization {id}"))
    }
}

impl List<'_, Authorization> {
    /// Only those of this user.
    pub fn of_user(self, user: &UserId) -> Self {
        self.with("userID", user.as_str())
    }

    /// Only those of the user with this name.
    pub fn of_user_named(self, name: impl Into<String>) -> Self {
        self.with("user", name)
    }
}
