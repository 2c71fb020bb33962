//! Users, their status and their passwords.

use super::listed::{Paging, listed};
use super::request::ApiRequest;
use super::resource::{Kind, Lookup, OrgParameter};
use super::serde_util::{or_default, status};
use super::setters::{setters, update};
use super::{Deletable, Editable, Id, Named, Resource, Resources, Status};
use crate::client::Client;
use crate::client::auth::Auth;
use crate::client::names::check_user_name;
use crate::client::secret::Secret;
use crate::client::setup::check_password;
use crate::client::transport::HeaderList;
use crate::error::Error;
use alloc::string::String;
use alloc::sync::Arc;
use serde::{Deserialize, Serialize};

/// A user, as a server describes it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let user = client.users().find_by_name("logger")?.expect("it exists");
/// assert_eq!(user.status, Some(influx_edge::api::Status::Active));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The id.
    pub id: Id<User>,
    /// The name, unique on the server.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The status: an inactive user may do nothing.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<Status>,
    /// The user's id at an OAuth provider.
    #[serde(rename = "oauthID")]
    pub oauth_id: Option<String>,
}

listed!(User, "users", in pages of 100 at most);

impl Resource for User {
    type Single = User;

    const KIND: Kind = Kind::new("a user", &["users"], Paging::Offset, OrgParameter::None);
}

impl Named for User {
    const LOOKUP: Lookup = Lookup::Parameter("name");

    fn has_name(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Editable for User {
    type New = NewUser;
    type Update = UserUpdate;

    fn check_new(new: &NewUser) -> Result<&str, Error> {
        check_user_name(&new.name)?;
        Ok(&new.name)
    }

    fn check_update(update: &UserUpdate) -> Result<(), Error> {
        update.name.as_deref().map_or(Ok(()), check_user_name)
    }
}

impl Deletable for User {}

/// A user to be created.
///
/// It has neither a password nor an organization. Both come later, by
/// [`set_password`](Resources::set_password) and the [`members`](Resources::members) of an organization.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{NewUser, Status};
///
/// let user = client.users().create(&NewUser::new("logger"))?;
/// assert_eq!(user.status, Some(Status::Active));
/// let error = client.users().create(&NewUser::new("a:b")).unwrap_err();
/// assert!(error.is_config()); // such a user could not sign in, so nothing is sent
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewUser {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

impl NewUser {
    /// A user of this name. A name with a colon or a control character can't sign in, and is an error of
    /// [`create`](Resources::create).
    pub fn new(name: impl Into<String>) -> Self {
        NewUser {
            name: name.into(),
            status: None,
        }
    }

    setters! {
        /// Sets the status. Default: active.
        status = |status: Status| status;
    }
}

update! {
    /// Changes of a user. Values that aren't set are unchanged.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// use influx_edge::api::{Status, UserUpdate};
    ///
    /// let user = client
    ///     .users()
    ///     .update(&id, &UserUpdate::new().name("logger-2"))?;
    /// assert_eq!(
    ///     (user.name.as_str(), user.status),
    ///     ("logger-2", Some(Status::Active))
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub struct UserUpdate {
        /// Changes the name.
        name: String = |name: impl Into<String>| name.into();

        /// Changes the status.
        status: Status = |status: Status| status;
    }
}

#[derive(Serialize)]
struct Password<'a> {
    password: &'a str,
}

impl<'a> Password<'a> {
    /// Checks what every server checks, with the length in bytes as the server counts.
    fn new(password: &'a str) -> Result<Self, Error> {
        check_password(password)?;
        Ok(Password { password })
    }
}

impl Client {
    /// Returns the users that this client's token may see. For the client's own see
    /// [`me`](Client::me). InfluxDB Cloud manages its users elsewhere and only lists them here.
    #[must_use]
    pub fn users(&self) -> Resources<'_, User> {
        Resources::of(self)
    }

    /// Returns the user of this client's token or session.
    ///
    /// # Errors
    /// Returns an error if the credentials are invalid ([`Error::is_unauthorized`]) or no response is
    /// received.
    pub fn me(&self) -> Result<User, Error> {
        let mut out = self.http_request("GET", self.inner().base.target("/api/v2/me"));
        let what = "ask who we are";
        let user: User = self.json(&what, &mut out)?;
        // A list of users tolerates one without a name. Here its absence shows that this isn't InfluxDB.
        if user.name.is_empty() {
            let what = alloc::format!("cannot {what}: the response isn't the JSON expected");
            return Err(Error::content(what, "missing field `name`"));
        }
        Ok(user)
    }
}

impl Resources<'_, User> {
    /// Sets a user's password as an administrator, without the old one. 8 to 72 bytes.
    ///
    /// # Errors
    /// Returns an error if the password is too short, too long or (if the server requires strong
    /// ones) too simple, there is no such user, the token lacks permission, or no response is
    /// received.
    pub fn set_password(self, id: &Id<User>, password: &str) -> Result<(), Error> {
        let body = Password::new(password)?;
        let client = self.scope.client.hiding(&[password], None);
        Resources::<User>::of(&client)
            .request("POST", &[id.as_str(), "password"])
            .json(&body)
            .send(&format_args!("set the password of user {id}"))
    }

    /// Changes a user's password as that user, with the name and the old password. Signs in with them,
    /// changes the password, and signs out; the client's own token or session isn't used. A client that
    /// itself [signs in](crate::client::ClientBuilder::session) with the old password has to be built
    /// anew.
    ///
    /// # Errors
    /// Returns an error if the name or the old password is wrong ([`Error::is_unauthorized`]), the
    /// new password is too short or too long, or no response is received. InfluxDB Cloud always
    /// rejects it (400).
    pub fn change_password(
        self,
        id: &Id<User>,
        name: &str,
        old: &str,
        new: &str,
    ) -> Result<(), Error> {
        change(
            self.scope.client,
            &["users", id.as_str(), "password"],
            name,
            old,
            new,
            &format_args!("change the password of user {id}"),
        )
    }

    /// Changes a user's password as that user, like [`change_password`](Self::change_password) but
    /// without the id.
    ///
    /// # Errors
    /// Returns the same errors as [`change_password`](Self::change_password).
    pub fn change_my_password(self, name: &str, old: &str, new: &str) -> Result<(), Error> {
        let what = "change the password";
        change(
            self.scope.client,
            &["me", "password"],
            name,
            old,
            new,
            &what,
        )
    }
}

/// Changes a password. The only request that needs a session and Basic authentication at once.
fn change(
    client: &Client,
    path: &[&str],
    name: &str,
    old: &str,
    new: &str,
    what: &dyn core::fmt::Display,
) -> Result<(), Error> {
    let body = Password::new(new)?;
    let auth = Arc::new(Auth::session(name, &Secret::new(old))?);
    let Auth::Session(session) = &*auth else {
        return Err(Error::config("a session could not be made"));
    };
    // An error of the server may repeat the secrets of this call, which the client doesn't have.
    let client = &client.hiding(&[new], Some(&auth));
    let cookies = client.open_session(session, None, client.inner().overall)?;
    let mut headers = HeaderList::default();
    headers.authorization(session.basic.clone());
    let done = ApiRequest::new(client, "PUT", path)
        .json(&body)
        .with_credentials(headers, ("cookie", cookies.header.clone()))
        .send(what);
    // A session that can't be ended expires; the change is done or failed already.
    let _ = ApiRequest::new(client, "POST", &["signout"])
        .with_credentials(HeaderList::default(), ("cookie", cookies.header))
        .send(&"sign out");
    done
}
