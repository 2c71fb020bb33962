//! Users, their status and their passwords.

use super::id::UserId;
use super::list::{List, Page, Paging, listed};
use super::request::ApiRequest;
use super::serde_util::{Status, or_default, status};
use crate::client::Client;
use crate::client::auth::Auth;
use crate::client::names::{check_name, check_user_name};
use crate::client::secret::Secret;
use crate::client::setup::check_password;
use crate::client::transport::HeaderList;
use crate::error::Error;
use alloc::string::String;
use alloc::sync::Arc;
use serde::{Deserialize, Serialize};

/// A user, as the server tells it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let user = client.users().find_by_name("logger")?.expect("it was made");
/// assert_eq!(user.status, Some(influx_edge::api::Status::Active));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The user's name, unique on the server.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Whether the user may do anything.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<Status>,
    /// Who the user is elsewhere.
    #[serde(rename = "oauthID", default)]
    pub oauth_id: Option<String>,
}

listed!(User, "users", in pages of 100 at most);

/// A user to be made: without password and organization. Both come later, by
/// [`set_password`](Users::set_password) and [`Organizations::members`](super::Organizations::members).
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{NewUser, Status};
///
/// let user = client.users().create(&NewUser::new("logger"))?;
/// assert_eq!(user.status, Some(Status::Active));
/// let error = client.users().create(&NewUser::new("a:b")).unwrap_err();
/// assert!(error.is_config()); // it could not sign in, so it isn't sent
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewUser {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

impl NewUser {
    /// A user of this name, active. A name with a colon or a control character is an error of
    /// [`create`](Users::create), for nobody could sign in with it.
    pub fn new(name: impl Into<String>) -> Self {
        NewUser {
            name: name.into(),
            status: None,
        }
    }

    /// Whether the user may do anything. Default active.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }
}

/// What to change of a user. What isn't set stays.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::UserId::new("0123456789abcdef")?;
/// use influx_edge::api::{Status, UserUpdate};
///
/// let user = client.users().update(&id, &UserUpdate::new().name("logger-2"))?;
/// assert_eq!((user.name.as_str(), user.status), ("logger-2", Some(Status::Active)));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct UserUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

impl UserUpdate {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        UserUpdate::default()
    }

    /// Another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether the user may do anything.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }
}

#[derive(Serialize)]
struct Password<'a> {
    password: &'a str,
}

impl<'a> Password<'a> {
    /// Checks what every server checks. In bytes, as the server counts.
    fn new(password: &'a str) -> Result<Self, Error> {
        check_password(password)?;
        Ok(Password { password })
    }
}

/// The server's users. Made by [`Client::users`]. InfluxDB Cloud manages its users elsewhere: there
/// only listing works.
#[derive(Clone, Copy, Debug)]
pub struct Users<'a>(&'a Client);

impl Client {
    /// The users this client's token may see. For the client's own see [`me`](Client::me).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let all = client.users().list().collect::<Result<Vec<_>, _>>()?;
    /// println!("{} of them", all.len());
    /// # assert!(!all.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }
}

impl<'a> Users<'a> {
    /// All users.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// for one in client.users().list() {
    ///     println!("{:?}", one?.name); // page after page is asked for as it is needed
    /// }
    /// # assert!(client.users().list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn list(self) -> List<'a, User> {
        List::new(self.0, "list users", &["users"], Paging::Offset)
    }

    /// The user with this id, if there is one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::UserId::new("0123456789abcdef")?;
    /// match client.users().find(&id)? {
    ///     Some(found) => println!("{found:?}"),
    ///     None => println!("it is gone"),
    /// }
    /// # assert!(client.users().find(&id)?.is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find(self, id: &UserId) -> Result<Option<User>, Error> {
        ApiRequest::get(self.0, &["users", id.as_str()]).find(&format_args!("find user {id}"))
    }

    /// The user with this name, if there is one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let there = client.users().find_by_name("logger")?.is_some();
    /// # assert!(there);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find_by_name(self, name: &str) -> Result<Option<User>, Error> {
        check_name("a user", name)?;
        let found = ApiRequest::get(self.0, &["users"])
            .query("name", name)
            .find::<Page<User>>(&format_args!("find user {name:?}"))?;
        Ok(found.and_then(|page| page.0.into_iter().find(|user| user.name == name)))
    }

    /// Makes a user.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewUser;
    ///
    /// let made = client.users().create(&NewUser::new("logger"))?;
    /// println!("{:?}", made.id);
    /// # assert_eq!(made.name, "logger");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the name is empty, not possible or [taken](Error::is_conflict), the token
    /// lacks permission, or no response is received.
    pub fn create(self, new: &NewUser) -> Result<User, Error> {
        check_user_name(&new.name)?;
        ApiRequest::new(self.0, "POST", &["users"])
            .json(new)
            .send_json(&format_args!("create user {:?}", new.name))
    }

    /// Changes what is set in `update`, and gives the user as it is then.
    ///
    /// # Errors
    /// Returns an error if there is no such user, the name is empty or taken, the token lacks
    /// permission, or no response is received.
    pub fn update(self, id: &UserId, update: &UserUpdate) -> Result<User, Error> {
        if let Some(name) = &update.name {
            check_user_name(name)?;
        }
        ApiRequest::new(self.0, "PATCH", &["users", id.as_str()])
            .json(update)
            .send_json(&format_args!("update user {id}"))
    }

    /// Deletes a user.
    ///
    /// # Errors
    /// Returns an error if there is [no such user](Error::is_not_found), the token lacks
    /// permission, or no response is received.
    pub fn delete(self, id: &UserId) -> Result<(), Error> {
        ApiRequest::new(self.0, "DELETE", &["users", id.as_str()])
            .send(&format_args!("delete user {id}"))
    }

    /// Sets a user's password, as an administrator: the old one isn't asked for. 8 to 72
    /// characters.
    ///
    /// # Errors
    /// Returns an error if the password is too short, too long or (if the server requires strong
    /// ones) too simple, there is no such user, the token lacks permission, or no response is
    /// received.
    pub fn set_password(self, id: &UserId, password: &str) -> Result<(), Error> {
        let body = Password::new(password)?;
        let client = self.0.hiding(&[password], None);
        ApiRequest::new(&client, "POST", &["users", id.as_str(), "password"])
            .json(&body)
            .send(&format_args!("set the password of user {id}"))
    }

    /// Changes a user's password as that user: with the name and the old password. Signs in with
    /// them, changes, and signs out; the client's own token or session plays no part. A client
    /// that itself [signs in](crate::client::ClientBuilder::session) with the old password has to
    /// be made anew.
    ///
    /// # Errors
    /// Returns an error if the name or the old password is wrong ([`Error::is_unauthorized`]), the
    /// new password is too short or too long, or no response is received. InfluxDB Cloud always
    /// rejects it (400).
    pub fn change_password(
        self,
        id: &UserId,
        name: &str,
        old: &str,
        new: &str,
    ) -> Result<(), Error> {
        change(
            self.0,
            &["users", id.as_str(), "password"],
            name,
            old,
            new,
            &format_args!("change the password of user {id}"),
        )
    }

    /// The same without having to know the id.
    ///
    /// # Errors
    /// Returns the same errors as [`change_password`](Users::change_password).
    pub fn change_my_password(self, name: &str, old: &str, new: &str) -> Result<(), Error> {
        let what = "change the password";
        change(self.0, &["me", "password"], name, old, new, &what)
    }
}

/// The one call that wants a session and a name with password at once.
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
    // A server's error may repeat what this call alone has.
    let client = &client.hiding(&[new], Some(&auth));
    let cookies = client.open_session(session, None, client.inner().overall)?;
    let mut headers = HeaderList::default();
    headers.authorization(session.basic.clone());
    let done = ApiRequest::new(client, "PUT", path)
        .json(&body)
        .with_credentials(headers, ("cookie", cookies.header.clone()))
        .send(what);
    // The session is of no use any more; that it can't be ended is no failure of the change.
    let _ = ApiRequest::new(client, "POST", &["signout"])
        .with_credentials(HeaderList::default(), ("cookie", cookies.header))
        .send(&"sign out");
    done
}
