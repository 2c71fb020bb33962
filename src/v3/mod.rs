//! InfluxDB 3: line protocol by `/api/v3/write_lp`, SQL and InfluxQL. Behind the feature `v3`.
//!
//! ```no_run
//! use influx_edge::Client;
//!
//! # fn main() -> Result<(), influx_edge::Error> {
//! let client = Client::builder("http://localhost:8181").token("my-token").build()?;
//! let sensors = client.v3("sensors");
//! sensors.write("weather,station=zrh-1 temp_c=21.5 1700000000000000000")?;
//! # Ok(()) }
//! ```
//!
//! **In scope**: writing into a database; SQL and InfluxQL, their responses row by row; databases, tables and
//! tokens.
//!
//! **Out of scope**: Flux, deletes of points and the resources of InfluxDB 2, which InfluxDB 3 doesn't have;
//! Arrow Flight.

mod query;
mod rows;
mod write;

pub use query::Query;
pub use rows::{OwnedRows, Row, Rows, Values};

use crate::client::Client;
use alloc::string::String;
use core::fmt;

/// One database of InfluxDB 3. Made by [`Client::v3`].
#[derive(Clone, Debug)]
pub struct Database<'a> {
    client: &'a Client,
    db: String,
    accept_partial: bool,
    no_sync: bool,
}

impl Client {
    /// A database of InfluxDB 3. Sends nothing.
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
