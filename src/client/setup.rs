//! `Setup`: the setup of a new server. Sign-in, sign-out and the current user.

use super::Client;
use super::auth::Auth;
use super::execute::to_json;
use super::names::{check_bucket_name, check_name, check_user_name, trimmed};
use super::secret::Secret;
use super::transport::RequestBody;
use crate::error::Error;
use alloc::string::String;
use core::fmt;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// The first user, organization and bucket of a new server, for [`Client::setup`].
#[derive(Clone)]
pub struct Setup {
    username: String,
    password: Option<Secret>,
    org: String,
    bucket: String,
    retention: Duration,
    token: Option<Secret>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SetupBody<'a> {
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    org: &'a str,
    bucket: &'a str,
    retention_period_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

/// The shortest retention of a bucket, and the shortest shard group.
pub(crate) const SHORTEST: Duration = Duration::from_secs(3_600);
/// The longest retention: beyond it the nanoseconds overflow 64 bits in InfluxDB 2.9.1.
pub(crate) const LONGEST: Duration = Duration::from_secs(i64::MAX as u64 / 1_000_000_000);

/// Rejects a retention that the server would round or truncate, or reject with a misleading message.
pub(crate) fn check_keep(keep: Duration) -> Result<(), Error> {
    if keep.is_zero() {
        return Ok(());
    }
    if keep.subsec_nanos() != 0 || keep < SHORTEST || keep > LONGEST {
        return Err(Error::config(alloc::format!(
            "points can't be kept for {keep:?}: it takes whole seconds, at least an hour and at most 292 years, or zero: for ever"
        )));
    }
    Ok(())
}

/// Rejects a password that can't sign in, as Basic authentication can't transmit control characters, and
/// the lengths that the server rejects.
pub(crate) fn check_password(password: &str) -> Result<(), Error> {
    if !(8..=72).contains(&password.len()) {
        return Err(Error::config(
            "passwords must be between 8 and 72 characters long",
        ));
    }
    if password.bytes().any(|b| b.is_ascii_control()) {
        return Err(Error::config(
            "the password contains a control character, which Basic authentication can't transmit; was it read from a file without trimming?",
        ));
    }
    Ok(())
}

impl Setup {
    /// Creates a setup: a user with all permissions, an organization and a bucket.
    ///
    /// The bucket has no expiry.
    ///
    /// ```
    /// use influx_edge::client::Setup;
    ///
    /// let setup = Setup::new("admin", "acme", "sensors")
    ///     .password("secret-word")
    ///     .retention(influx_edge::api::days(30));
    /// assert!(!format!("{setup:?}").contains("secret-word"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn new(
        username: impl Into<String>,
        org: impl Into<String>,
        bucket: impl Into<String>,
    ) -> Self {
        Setup {
            username: username.into(),
            password: None,
            org: trimmed(org.into()),
            bucket: bucket.into(),
            retention: Duration::ZERO,
            token: None,
        }
    }

    /// Sets the user's password: 8 to 72 bytes. Default: none; the user can't sign in, but the token works.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(Secret::new(password));
        self
    }

    /// Sets the bucket's retention in whole seconds, from an hour to 292 years. Default: zero, for ever.
    #[must_use]
    pub fn retention(mut self, keep: Duration) -> Self {
        self.retention = keep;
        self
    }

    /// Sets the user's token. Default: the server generates one.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Secret::new(token));
        self
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("username", &self.username)
            .field("org", &self.org)
            .field("bucket", &self.bucket)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

/// The result of a setup: ids, and a token with all permissions.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::client::Setup;
///
/// let done = client
///     .setup(&Setup::new("admin", "acme", "sensors").password("secret-word"))?;
/// assert_eq!(done.org_id, "66de4893384f6b2b"); // for `ClientBuilder::org_id`
/// assert!(!done.token().is_empty());
/// assert!(!format!("{done:?}").contains(done.token())); // it can be logged
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct SetupDone {
    /// The user's id.
    pub user_id: String,
    /// The organization's id.
    pub org_id: String,
    /// The bucket's id.
    pub bucket_id: String,
    token: Secret,
}

impl SetupDone {
    /// Returns the new token, with all permissions. The server shows it only once: store it safely, and
    /// make tokens with fewer permissions for programs.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.reveal()
    }
}

impl fmt::Debug for SetupDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupDone")
            .field("user_id", &self.user_id)
            .field("org_id", &self.org_id)
            .field("bucket_id", &self.bucket_id)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct SetupResponse {
    user: Id,
    org: Id,
    bucket: Id,
    auth: Token,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

impl Client {
    /// Returns `true` if the server is new and waits for [`setup`](Client::setup). Needs no token.
    ///
    /// # Errors
    /// Returns an error if no response is received or it isn't InfluxDB's.
    pub fn needs_setup(&self) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Allowed {
            allowed: bool,
        }
        let mut out = self.http_request("GET", self.inner().base.target("/api/v2/setup"));
        out.anonymous = true;
        let allowed: Allowed = self.json(&"ask whether the server needs setup", &mut out)?;
        Ok(allowed.allowed)
    }

    /// Sets up a new server. Succeeds once in the life of a server, and needs no token. See [`SetupDone`].
    ///
    /// # Errors
    /// Returns an error if a name, the password or the retention is invalid (nothing is sent then: a server
    /// that rejects one of them counts as set up afterwards, with a token that is lost), the server is set
    /// up already ([`Error::is_conflict`]), or no response is received.
    pub fn setup(&self, setup: &Setup) -> Result<SetupDone, Error> {
        fn text(secret: &Option<Secret>) -> &str {
            secret.as_ref().map_or("", Secret::reveal)
        }
        // InfluxDB 2.9.1 counts as set up after it has rejected one of these, and its token is lost.
        check_user_name(&setup.username)?;
        check_name("an organization", &setup.org)?;
        check_bucket_name(&setup.bucket)?;
        check_keep(setup.retention)?;
        if let Some(password) = &setup.password {
            check_password(password.reveal())?;
        }
        let body = to_json(&SetupBody {
            username: &setup.username,
            password: setup.password.as_ref().map(Secret::reveal),
            org: &setup.org,
            bucket: &setup.bucket,
            retention_period_seconds: setup.retention.as_secs(),
            token: setup.token.as_ref().map(Secret::reveal),
        })?;
        let mut out = self.http_request("POST", self.inner().base.target("/api/v2/setup"));
        out.content_type = Some("application/json");
        out.body = RequestBody::Bytes(&body);
        out.anonymous = true;
        let made: SetupResponse = self
            .hiding(&[text(&setup.password), text(&setup.token)], None)
            .json(&"set the server up", &mut out)?;
        Ok(SetupDone {
            user_id: made.user.id,
            org_id: made.org.id,
            bucket_id: made.bucket.id,
            token: Secret::new(made.auth.token),
        })
    }

    /// Signs in now, instead of before the first call. Has an effect only for a client with a
    /// [session](super::ClientBuilder::session).
    ///
    /// # Errors
    /// Returns an error if the name or the password is wrong ([`Error::is_unauthorized`]) or no
    /// response is received.
    pub fn sign_in(&self) -> Result<(), Error> {
        match &*self.inner().auth {
            Auth::Session(session) => {
                let forgotten = session.cookies().map(|c| c.generation);
                self.open_session(session, forgotten, self.inner().overall)
                    .map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Ends the session, if there is one. The next call starts another. If a client is dropped without
    /// this, its session stays valid until it expires.
    ///
    /// # Errors
    /// Returns an error if no response is received or it has an unexpected status. The client drops its
    /// cookies in any case.
    pub fn sign_out(&self) -> Result<(), Error> {
        let Auth::Session(session) = &*self.inner().auth else {
            return Ok(());
        };
        let Some(cookies) = session.cookies() else {
            return Ok(());
        };
        let what = "sign out";
        let mut out = self.http_request("POST", self.inner().base.target("/api/v2/signout"));
        out.body = RequestBody::Bytes(&[]);
        out.credential = Some(("cookie", cookies.header));
        let result = self.send(&what, &mut out).and_then(|mut response| {
            // 401: the session had expired already.
            if response.status == 401 {
                // Unread, the body would make the connection useless.
                let _ = response.body.read_some(super::response_error::MAX_READ);
                return Ok(());
            }
            self.no_content(&what, &mut response)
        });
        // Only now: until here the cookies are needed to mask them in an error.
        session.set_cookies(None);
        result
    }
}
