//! Tables, which are measurements with typed columns.

use super::Database;
use super::admin::AdminRequest;
use crate::api::FieldType;
use crate::client::names::{What, check_name};
use crate::error::Error;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;

/// The tables of a database. Made by [`Database::tables`].
///
/// A write creates the tables and columns that it needs. Create a table to set the types of its columns before
/// the first point. `SHOW TABLES` and `SHOW COLUMNS FROM …` list them.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// use influx_edge::api::FieldType;
/// use influx_edge::v3::NewTable;
///
/// let plant = client.v3("made");
/// plant
///     .tables()
///     .create(&NewTable::new("t").tag("a").field("f", FieldType::Float))?;
/// plant.tables().delete("t")?;
/// assert!(plant.tables().delete("nope").unwrap_err().is_not_found());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a>(&'a Database<'a>);

/// A table to be created. Every table also has the column `time`.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// use influx_edge::api::FieldType;
/// use influx_edge::v3::NewTable;
///
/// let weather = NewTable::new("weather")
///     .tag("station")
///     .field("temp_c", FieldType::Float)
///     .field("state", FieldType::String);
/// assert!(
///     client
///         .v3("rec")
///         .tables()
///         .create(&weather)
///         .unwrap_err()
///         .is_conflict()
/// ); // it exists
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewTable {
    name: String,
    tags: Vec<String>,
    fields: Vec<NewField>,
}

#[derive(Clone, Debug, Serialize)]
struct NewField {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl NewTable {
    /// Makes a table of this name without columns.
    pub fn new(name: impl Into<String>) -> Self {
        NewTable {
            name: name.into(),
            tags: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// Adds a tag. Rows are sorted by the tags in this order.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>) -> Self {
        self.tags.push(name.into());
        self
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, kind: FieldType) -> Self {
        self.fields.push(NewField {
            name: name.into(),
            kind: match kind {
                FieldType::Integer => "int64",
                FieldType::Unsigned => "uint64",
                FieldType::Float => "float64",
                FieldType::Boolean => "bool",
                FieldType::String => "utf8",
            },
        });
        self
    }
}

#[derive(Serialize)]
struct Body<'a> {
    db: &'a str,
    table: &'a str,
    tags: &'a [String],
    fields: &'a [NewField],
}

impl Database<'_> {
    /// Returns the tables of this database. Sends nothing.
    #[must_use]
    pub fn tables(&self) -> Tables<'_> {
        Tables(self)
    }
}

impl Tables<'_> {
    /// Creates a table.
    ///
    /// # Errors
    /// Returns an error if there is [one of this name](Error::is_conflict), the token lacks permission, or no
    /// response is received.
    pub fn create(self, new: &NewTable) -> Result<(), Error> {
        self.check(&new.name)?;
        let body = Body {
            db: &self.0.db,
            table: &new.name,
            tags: &new.tags,
            fields: &new.fields,
        };
        AdminRequest::new(self.0.client, "POST", "table")
            .json(&body)
            .send(&What("create table", &new.name))
    }

    /// Deletes a table and all that is in it.
    ///
    /// # Errors
    /// Returns an error if there is [no such table](Error::is_not_found), the token lacks permission, or no
    /// response is received.
    pub fn delete(self, name: &str) -> Result<(), Error> {
        self.check(name)?;
        AdminRequest::new(self.0.client, "DELETE", "table")
            .query("db", &self.0.db)
            .query("table", name)
            .send(&What("delete table", name))
    }

    fn check(self, name: &str) -> Result<(), Error> {
        check_name("a database", &self.0.db)?;
        check_name("a table", name)
    }
}
