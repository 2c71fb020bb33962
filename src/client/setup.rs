//! Setup of a new server, signing in and out, and the current user.

use super::Client;
use super::auth::Auth;
use super::execute::to_json;
use super::names::{check_bucket_name, check_name, check_user_name, trimmed};
use super::secret::Secret;
use super::transport::RequestBody;
use crate::api::User;
use crate::error::Error;
use alloc::string::String;
use core::fmt;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// The first user, organization and bucket of a new server. Sent by [`Client::setup`].
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

/// The shortest time for which points can be kept or share a file.
pub(crate) const SHORTEST: Duration = Duration::from_secs(3_600);
/// The longest for which they can be kept: beyond it InfluxDB 2.9.1 calculates with what is left of
/// the nanoseconds in 64 bits.
pub(crate) const LONGEST: Duration = Duration::from_secs(i64::MAX as u64 / 1_000_000_000);

/// Refuses a retention that would become another one, or that the server refuses with words for
/// something else.
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

/// Refuses a password with which nobody could sign in: Basic authentication carries no control
/// characters; and the lengths that the server refuses.
pub(crate) fn check_password(password: &str) -> Result<(), Error> {
    if !(8..=72).contains(&password.len()) {
        return Err(Error::config(
            "passwords must be between 8 and 72 characters long",
        ));
    }
    if password.bytes().any(|b| b.is_ascii_control()) {
        return Err(Error::config(
            "the password contains a control character, and nobody could sign in with it; was it read from a file without trimming?",
        ));
    }
    Ok(())
}

impl Setup {
    /// A user with all rights, an organization, and a bucket that keeps its data for ever.
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

    /// The user's password: 8 to 72 characters. Without one nobody can sign in, but the token
    /// works.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(Secret::new(password));
        self
    }

    /// How long the bucket keeps its data, in whole seconds: from an hour to 292 years; zero, the
    /// default, for ever.
    #[must_use]
    pub fn retention(mut self, keep: Duration) -> Self {
        self.retention = keep;
        self
    }

    /// The user's token. Default: the server makes one up.
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

/// What a setup made: ids, and the one token that may do everything.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::client::Setup;
///
/// let done = client.setup(&Setup::new("admin", "acme", "sensors").password("secret-word"))?;
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
    /// The new token, with all rights. This is the only time the server shows it: keep it safe,
    /// and make lesser ones for daily work.
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
    /// Whether the server is new and waits for [`setup`](Client::setup). Needs no token.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Setup;
    ///
    /// if client.needs_setup()? {
    ///     let done = client.setup(&Setup::new("admin", "acme", "sensors").password("secret-word"))?;
    ///     println!("{}", done.token());
    /// }
    /// # assert!(client.needs_setup()?);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
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

    /// Sets a new server up. Works once in its life, and needs no token.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::client::Setup;
    ///
    /// let done = client.setup(&Setup::new("admin", "acme", "sensors").password("secret-word"))?;
    /// println!("keep this: {}", done.token());
    /// # assert!(!done.token().is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if a name, the password or the retention is not possible (nothing is sent
    /// then: a server that refuses one of them takes itself for set up all the same, without a token
    /// that anybody knows), the server is set up already (a [conflict](Error::is_conflict)), or no
    /// response is received.
    pub fn setup(&self, setup: &Setup) -> Result<SetupDone, Error> {
        fn text(secret: &Option<Secret>) -> &str {
            secret.as_ref().map_or("", Secret::reveal)
        }
        // InfluxDB 2.9.1 takes itself for set up when it refuses one of these, and nobody has a token.
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

    /// Who this client is: the user behind its token or session.
    ///
    /// # Errors
    /// Returns an error if the credentials are unknown ([`Error::is_unauthorized`]) or no response
    /// is received.
    pub fn me(&self) -> Result<User, Error> {
        let mut out = self.http_request("GET", self.inner().base.target("/api/v2/me"));
        self.json(&"ask who we are", &mut out)
    }

    /// Signs in now, instead of before the first call. Only for a client with a
    /// [session](super::ClientBuilder::session); others have nothing to sign in with, and this does
    /// nothing for them.
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

    /// Ends the session, if there is one; the next call would start another. A session that is
    /// only dropped lives on in the server until it expires.
    ///
    /// # Errors
    /// Returns an error if no response is received or it has an unexpected status. The client
    /// forgets the session in either case.
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
            // 401: the server had forgotten it already.
            if response.status == 401 {
                // Read, or the connection can't be used again.
                let _ = response.body.read_some(super::response_error::MAX_READ);
                return Ok(());
            }
            self.no_content(&what, &mut response)
        });
        // Only now: an error's text is cleared of it.
        session.set_cookies(None);
        result
    }
}
