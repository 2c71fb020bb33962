//! InfluxDB 1.x: `/write`, and `/query` with InfluxQL.
//!
//! Also for InfluxDB 2.x and Cloud, which have both for programs of 1.x. Behind the feature `v1`.
//!
//! ```
//! use influx_edge::Client;
//!
//! let client = Client::builder("http://localhost:8086").build()?;
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
//! let plant = client.v1("plant");
//! plant.write("weather,station=zrh-1 temp_c=21.5 1700000000000000000")?;
//! let mut rows = plant.query("SELECT temp_c FROM weather").call()?;
//! let row = rows.next()?.expect("a row");
//! assert_eq!(row.get::<f64>("temp_c")?, 21.5);
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! | for | take |
//! |---|---|
//! | writes into a database and retention policy | [`Database::write`] |
//! | rows, one chunk of them in memory | [`Query::call`] |
//! | administration, such as `CREATE DATABASE …` | [`Query::run`] |
//! | the bucket of a database on 2.x | [`Client::dbrps`](crate::Client::dbrps) |
//!
//! The [matrix](crate::guide::servers#influxql) lists the statements of each server.
//!
//! # Differences between servers
//! - *Credentials.* 1.x with authentication accepts [`basic`](crate::client::ClientBuilder::basic), or name and
//!   password in the URL ([`Database::credentials_in_url`]); 1.8 also a
//!   [`token`](crate::client::ClientBuilder::token) of the form `name:password`. 2.x accepts its tokens, and
//!   `anything:token`; Basic with the name and password of a v1 authorization, or with any name and a token;
//!   and the same two in the URL. Neither accepts a session: a call with one is an error, and nothing is sent.
//! - *Organization.* On 2.x it is the token's. The client's isn't used.
//! - *Microseconds* are `u` in 1.x and `us` in 2.x. Each reads the other's name as nanoseconds, without an
//!   error: set [`Database::on_v2`] for 2.x.
//! - *Numbers.* The response's JSON has `1` for the float 1.0. Ask [`Row::get`] for the type of the field.
//! - *Errors in a response with status 200.* A failed statement has its error among the results: it is an error
//!   of [`Rows::next`].
//! - *InfluxDB 3* up to 3.6 accepts no parameters, and one statement a query. It ignores the retention policy of
//!   a query.

mod query;
mod rows;
mod statements;
mod value;
mod write;

pub use query::Query;
pub use rows::{Message, Row, Rows};
pub use value::{FromValue, Value};

use crate::client::Client;
use crate::client::auth::Auth;
use crate::client::secret::Secret;
use crate::client::url::Target;
use crate::error::{CredentialKind, Error, ErrorKind, NO_PATH, ResponseError};
use alloc::string::String;

/// The description of a query in its errors.
const QUERY: &str = "query database";

/// A database of InfluxDB 1.x. Made by [`Client::v1`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let plant = client.v1("plant").retention_policy("autogen");
/// plant.query("CREATE DATABASE plant").run()?; // no error if there is one
/// plant.write("weather,station=zrh-1 temp_c=21.5 1700000000000000000")?;
/// let mut rows = plant.query("SHOW MEASUREMENTS").call()?;
/// assert_eq!(rows.next()?.expect("a row").get::<&str>("name")?, "weather");
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Database<'a> {
    client: &'a Client,
    db: String,
    retention_policy: Option<String>,
    consistency: Option<Consistency>,
    on_v2: bool,
    user: Option<(String, Secret)>,
}

/// The number of a cluster's nodes that must store a point.
///
/// InfluxDB Enterprise only; others ignore it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::v1::Consistency;
///
/// let plant = client.v1("plant").consistency(Consistency::Quorum);
/// let written = plant.write("weather temp_c=21.5 1700000000000000000");
/// assert!(written.is_ok()); // this server has one node, and ignores it
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Consistency {
    /// Any node, even one that only forwards it.
    Any,
    /// One node.
    One,
    /// More than half of the nodes.
    Quorum,
    /// All nodes.
    All,
}

impl Consistency {
    fn as_str(self) -> &'static str {
        match self {
            Consistency::Any => "any",
            Consistency::One => "one",
            Consistency::Quorum => "quorum",
            Consistency::All => "all",
        }
    }
}

impl Client {
    /// Returns a database of InfluxDB 1.x, or of the bucket that 2.x maps it to. Sends nothing.
    pub fn v1(&self, db: impl Into<String>) -> Database<'_> {
        Database {
            client: self,
            db: db.into(),
            retention_policy: None,
            consistency: None,
            on_v2: false,
            user: None,
        }
    }
}

impl Database<'_> {
    /// Sets the retention policy. Default: the database's default one.
    #[must_use]
    pub fn retention_policy(mut self, name: impl Into<String>) -> Self {
        self.retention_policy = Some(name.into());
        self
    }

    /// Sets the number of a cluster's nodes that must have a point before a write succeeds. Default: the
    /// server's.
    #[must_use]
    pub fn consistency(mut self, level: Consistency) -> Self {
        self.consistency = Some(level);
        self
    }

    /// Sets the server to 2.x or Cloud, with its paths for programs of 1.x. This only changes the name of
    /// microseconds. Default: 1.x.
    #[must_use]
    pub fn on_v2(mut self) -> Self {
        self.on_v2 = true;
        self
    }

    /// Sets name and password as parameters of the URL, `u` and `p`, for networks that remove headers. They
    /// are logged by every proxy: prefer [`basic`](crate::client::ClientBuilder::basic). Only for a client
    /// without other credentials.
    #[must_use]
    pub fn credentials_in_url(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        self.user = Some((user.into(), Secret::new(password)));
        self
    }

    /// Returns the client, which masks a password in the URL that a server or a proxy repeats.
    fn client(&self) -> Client {
        match &self.user {
            Some((_, password)) => self.client.hiding(&[password.reveal()], None),
            None => self.client.clone(),
        }
    }

    /// Adds advice for these paths to the error of a call.
    fn explain(&self, mut error: Error) -> Error {
        let ErrorKind::Response(ResponseError(parts)) = error.kind_mut() else {
            return error;
        };
        if self.user.is_some() {
            parts.credentials = CredentialKind::Basic;
        }
        let known = !parts.from_influxdb || parts.lacks_permission() || !parts.advice.is_empty();
        parts.advice = match (parts.status, parts.credentials) {
            _ if known => return error,
            (401, CredentialKind::None) => NO_CREDENTIALS,
            (401, CredentialKind::Token) => WRONG_TOKEN,
            (401, CredentialKind::Basic) => WRONG_PASSWORD,
            (404, _) if parts.message != NO_PATH => NOT_THERE,
            _ => return error,
        };
        error
    }

    /// Returns the target of a call for this database.
    fn target(&self, path: &str) -> Result<Target, Error> {
        if let Auth::Session(_) = *self.client.inner().auth {
            return Err(Error::config(
                "the paths of InfluxDB 1 take no session; give the client a token, or user and password as `basic`",
            ));
        }
        let mut target = self.client.inner().base.target(path);
        if !self.db.is_empty() {
            target.push_query("db", &self.db);
        }
        if let Some(name) = &self.retention_policy {
            target.push_query("rp", name);
        }
        if let Some((user, password)) = &self.user {
            if !matches!(*self.client.inner().auth, Auth::None) {
                return Err(Error::config(
                    "credentials in the URL are for a client that has none of its own",
                ));
            }
            target.push_query("u", user);
            target.push_query("p", password.reveal());
        }
        Ok(target)
    }
}

const NO_CREDENTIALS: &str = "; set user and password (ClientBuilder::basic) for InfluxDB 1, or a token (ClientBuilder::token, INFLUXDB_V2_TOKEN) for the paths of InfluxDB 1 on 2.x";
const WRONG_TOKEN: &str = "; check that it is whole, active and of this server; InfluxDB 1 takes user and password (ClientBuilder::basic)";
const WRONG_PASSWORD: &str = "; check them; InfluxDB 2 takes those of a v1 authorization here (`influx v1 auth create`), or any name with a token as the password";
const NOT_THERE: &str =
    "; check the name, or create the database (on 2.x a bucket, and a DBRP mapping for it)";
