//! Tokens of InfluxDB 3: the first one, and named ones.

use super::admin::AdminRequest;
use crate::Timestamp;
use crate::client::Client;
use crate::client::names::{What, check_name};
use crate::client::secret::Secret;
use crate::error::Error;
use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize};

/// The tokens of a server of InfluxDB 3. Made by [`Client::v3_tokens`].
///
/// Every token of InfluxDB 3 Core has all permissions. `SELECT * FROM system.tokens` in the database `_internal`
/// lists them without their secrets.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// let logger = client.v3_tokens().create("second")?;
/// assert_eq!(logger.name, "second");
/// client.v3_tokens().delete("second")?;
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a>(&'a Client);

/// A token that was created.
///
/// Only the response to its creation has the secret, so store [`reveal_token`](Token::reveal_token) where it
/// is needed.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// let token = client.v3_tokens().create("second")?;
/// assert!(token.reveal_token().starts_with("apiv3_"));
/// assert!(!format!("{token:?}").contains("apiv3_")); // no `Debug` shows it
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// The server's number of it.
    pub id: u64,
    /// The name; `_admin` for the first token.
    pub name: String,
    #[serde(deserialize_with = "secret")]
    token: Secret,
    /// The time of its creation.
    #[serde(default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// The time at which it expires. `None`: never.
    #[serde(default, rename = "expiry", deserialize_with = "time")]
    pub expires_at: Option<Timestamp>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| Timestamp::parse(&text).ok()))
}

impl Token {
    /// Returns the secret, for [`ClientBuilder::token`](crate::client::ClientBuilder::token).
    #[must_use]
    pub fn reveal_token(&self) -> &str {
        self.token.reveal()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("token", &self.token)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    token_name: &'a str,
}

impl Client {
    /// Returns the tokens of a server of InfluxDB 3. Sends nothing.
    #[must_use]
    pub fn v3_tokens(&self) -> Tokens<'_> {
        Tokens(self)
    }
}

impl Tokens<'_> {
    /// Creates the first token, `_admin`, of a server that has none. Needs no credentials, and succeeds only
    /// once.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// let admin = client.v3_tokens().create_admin()?;
    /// assert_eq!((admin.id, admin.name.as_str()), (0, "_admin"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the server [has one](Error::is_conflict) or no response is received.
    pub fn create_admin(self) -> Result<Token, Error> {
        AdminRequest::new(self.0, "POST", "token/admin").send_json(&"create the admin token")
    }

    /// Creates a named token, which never expires and has all permissions.
    ///
    /// # Errors
    /// Returns an error if there is [one of this name](Error::is_conflict), the client's token is missing or
    /// unknown, or no response is received.
    pub fn create(self, name: &str) -> Result<Token, Error> {
        check_name("a token", name)?;
        AdminRequest::new(self.0, "POST", "token/named_admin")
            .json(&Body { token_name: name })
            .send_json(&What("create token", name))
    }

    /// Deletes a token. Requests with it are rejected from then on.
    ///
    /// # Errors
    /// Returns an error if there is [no such token](Error::is_not_found), the client's token is missing or
    /// unknown, or no response is received.
    pub fn delete(self, name: &str) -> Result<(), Error> {
        check_name("a token", name)?;
        AdminRequest::new(self.0, "DELETE", "token")
            .query("token_name", name)
            .send(&What("delete token", name))
    }
}
