//! Databases, and how long they keep rows.

use super::admin::AdminRequest;
use crate::client::Client;
use crate::client::names::{What, check_name};
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// The databases of a server of InfluxDB 3. Made by [`Client::v3_databases`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// use influx_edge::api::days;
/// use influx_edge::v3::NewDatabase;
///
/// match client
///     .v3_databases()
///     .create(&NewDatabase::new("sensors").retention(days(30)))
/// {
///     Err(error) if error.is_conflict() => println!("it is there already"),
///     other => other?,
/// }
/// assert!(
///     client
///         .v3_databases()
///         .list()?
///         .iter()
///         .any(|name| name == "rec")
/// );
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Databases<'a>(&'a Client);

/// A database to be created.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// use influx_edge::v3::NewDatabase;
///
/// let error = client
///     .v3_databases()
///     .create(&NewDatabase::new("made"))
///     .unwrap_err();
/// assert!(error.is_conflict()); // there is one of this name
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewDatabase {
    name: String,
    retention: Duration,
}

impl NewDatabase {
    /// Makes a database of this name that keeps its rows forever. The server accepts ASCII letters, digits, `_`
    /// and `-`.
    pub fn new(name: impl Into<String>) -> Self {
        NewDatabase {
            name: name.into(),
            retention: Duration::ZERO,
        }
    }

    /// Sets how long rows are kept, in whole seconds. Zero is forever. Default: forever.
    #[must_use]
    pub fn retention(mut self, keep: Duration) -> Self {
        self.retention = keep;
        self
    }
}

/// The body of a creation and of a change.
#[derive(Serialize)]
struct Body<'a> {
    db: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_period: Option<String>,
}

/// One row of the list.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "iox::database")]
    name: String,
}

impl Client {
    /// Returns the databases of a server of InfluxDB 3. Sends nothing.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// assert_eq!(client.v3_databases().list()?, ["_internal", "rec"]);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn v3_databases(&self) -> Databases<'_> {
        Databases(self)
    }
}

impl Databases<'_> {
    /// Returns the names of all databases, including the server's own `_internal`, in one request.
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn list(self) -> Result<Vec<String>, Error> {
        let all: Vec<Listed> = AdminRequest::new(self.0, "GET", "database")
            .query("format", "json")
            .send_json(&"list databases")?;
        Ok(all.into_iter().map(|one| one.name).collect())
    }

    /// Creates a database. A write creates one as well, which keeps its rows forever.
    ///
    /// # Errors
    /// Returns an error if there is [one of this name](Error::is_conflict), the server's limit is reached (422:
    /// five in InfluxDB 3 Core 3.6), the retention isn't in whole seconds, the token lacks permission, or no
    /// response is received.
    pub fn create(self, new: &NewDatabase) -> Result<(), Error> {
        check_name("a database", &new.name)?;
        let body = Body {
            db: &new.name,
            retention_period: period(new.retention)?,
        };
        AdminRequest::new(self.0, "POST", "database")
            .json(&body)
            .send(&What("create database", &new.name))
    }

    /// Changes how long the rows of a database are kept, in whole seconds. Zero is forever.
    ///
    /// # Errors
    /// Returns an error if there is [no such database](Error::is_not_found), the retention isn't in whole
    /// seconds, the token lacks permission, or no response is received.
    pub fn set_retention(self, name: &str, keep: Duration) -> Result<(), Error> {
        check_name("a database", name)?;
        let what = What("change the retention of database", name);
        // A PUT can't express forever: the retention period is deleted instead.
        let Some(period) = period(keep)? else {
            return AdminRequest::new(self.0, "DELETE", "database/retention_period")
                .query("db", name)
                .send(&what);
        };
        let body = Body {
            db: name,
            retention_period: Some(period),
        };
        AdminRequest::new(self.0, "PUT", "database")
            .json(&body)
            .send(&what)
    }

    /// Deletes a database and all that is in it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// client.v3_databases().delete("made")?;
    /// let error = client.v3_databases().delete("nope").unwrap_err();
    /// assert!(error.is_not_found());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is [no such database](Error::is_not_found), the token lacks permission, or
    /// no response is received.
    pub fn delete(self, name: &str) -> Result<(), Error> {
        check_name("a database", name)?;
        AdminRequest::new(self.0, "DELETE", "database")
            .query("db", name)
            .send(&What("delete database", name))
    }
}

/// Returns a retention in the server's form, with the largest unit that divides it; `None` is forever.
fn period(keep: Duration) -> Result<Option<String>, Error> {
    if keep.subsec_nanos() != 0 {
        return Err(Error::config(format!(
            "rows can't be kept for {keep:?}: it takes whole seconds"
        )));
    }
    let seconds = keep.as_secs();
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
    let fits = units
        .into_iter()
        .find_map(|(unit, letter)| match seconds.checked_rem(unit) {
            Some(0) => seconds.checked_div(unit).map(|count| (count, letter)),
            _ => None,
        });
    Ok(fits
        .filter(|(count, _)| *count > 0)
        .map(|(count, letter)| format!("{count}{letter}")))
}
