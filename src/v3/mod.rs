//! InfluxDB 3: line protocol by `/api/v3/write_lp`, SQL and InfluxQL. Behind the feature `v3`.
//!
//! ```
//! use influx_edge::Client;
//!
//! let client = Client::builder("http://localhost:8181").token("my-token").build()?;
//! # let client = Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
//! let sensors = client.v3("sensors");
//! sensors.write("weather,station=zrh-1 temp_c=21.5 1700000000000000000")?;
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! **In scope**: writing into a database; SQL and InfluxQL, their responses row by row; databases, tables and
//! tokens.
//!
//! **Out of scope**: Flux, deletes of points and the resources of InfluxDB 2, which InfluxDB 3 doesn't have;
//! Arrow Flight. The triggers, plugins and caches of InfluxDB 3 are one
//! [raw request](crate::Client::request) away.
//!
//! # What to watch
//! - *What hangs where.* [`Client::v3`] names a database: writes, queries and [`tables`](Database::tables) are
//!   its methods. What belongs to the server hangs on the client: [`Client::v3_databases`],
//!   [`Client::v3_tokens`], and [`Client::version`], [`ping`](Client::ping) and [`health`](Client::health),
//!   which are the same for all servers.
//! - *Names that are taken* are [`is_conflict`](crate::Error::is_conflict) (409), what isn't there is
//!   [`is_not_found`](crate::Error::is_not_found) (404).
//! - *Without a token*, or with a wrong one, everything is [`is_unauthorized`](crate::Error::is_unauthorized)
//!   (401), a ping too, unless the server was started without tokens.
//! - *Calls of InfluxDB 2* fail with a sentence that names what works in place of them; that needs no feature.

mod admin;
mod databases;
mod tables;
mod tokens;
mod write;

pub use databases::{Databases, NewDatabase};
pub use tables::{NewTable, Tables};
pub use tokens::{Token, Tokens};

use crate::client::Client;
use alloc::string::String;
use core::fmt;

/// One database of InfluxDB 3. Made by [`Client::v3`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// use influx_edge::Stored;
///
/// let lines = "weather temp_c=21.5 1\nweather temp_c=\"x\" 2\nbad line\nweather temp_c=22 4\n";
/// let error = client.v3("rec").write(lines).unwrap_err();
/// assert_eq!(error.stored(), Stored::Partial); // the good ones
/// assert_eq!(error.line_errors()[1].number, Some(3));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Database<'a> {
    client: &'a Client,
    db: String,
    accept_partial: bool,
    no_sync: bool,
}

impl Client {
    /// A database of InfluxDB 3. Sends nothing.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// client.v3("sensors").write("weather temp_c=21.5")?;
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn v3(&self, db: impl Into<String>) -> Database<'_> {
        Database {
            client: self,
            db: db.into(),
            accept_partial: true,
            no_sync: false,
        }
    }
}

/// What a call does, for its errors.
struct What<'a>(&'static str, &'a str);

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.0, self.1)
    }
}
