//! Schemas of measurements, for buckets that take only what fits. InfluxDB Cloud only.

use super::id::{BucketId, OrgId, SchemaId};
use super::list::{List, Page, Paging, listed};
use super::request::{ApiRequest, Scope};
use super::serde_util::{or_default, time};
use crate::Timestamp;
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The schema of a measurement, as the server tells it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeasurementSchema {
    /// Its id.
    pub id: SchemaId,
    /// The measurement.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The bucket.
    #[serde(rename = "bucketID", default)]
    pub bucket_id: Option<BucketId>,
    /// The organization.
    #[serde(rename = "orgID", default)]
    pub org_id: Option<OrgId>,
    /// The columns. A list may be without them.
    #[serde(default, deserialize_with = "or_default")]
    pub columns: Vec<SchemaColumn>,
    /// When it was made.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
}

listed!(MeasurementSchema, "measurementSchemas");

/// One column: the time, a tag or a field.
///
/// ```
/// use influx_edge::api::{FieldType, SchemaColumn};
///
/// let columns =
///     [SchemaColumn::time(), SchemaColumn::tag("station"), SchemaColumn::field("temp_c", FieldType::Float)];
/// assert_eq!(columns.map(|column| column.kind), ["timestamp", "tag", "field"]);
/// ```
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaColumn {
    /// Its name.
    pub name: String,
    /// `timestamp`, `tag` or `field`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A field's type: `integer`, `float`, `boolean`, `string` or `unsigned`.
    #[serde(rename = "dataType", default, skip_serializing_if = "Option::is_none")]
    pub data_type: Option<String>,
}

/// The type of a field.
///
/// ```
/// use influx_edge::api::{FieldType, SchemaColumn};
///
/// let count = SchemaColumn::field("count", FieldType::Unsigned); // `count=5u` fits, `count=5i` doesn't
/// assert_eq!(count.data_type.as_deref(), Some("unsigned"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldType {
    /// A signed integer.
    Integer,
    /// An unsigned integer.
    Unsigned,
    /// A floating-point number.
    Float,
    /// True or false.
    Boolean,
    /// Text.
    String,
}

impl SchemaColumn {
    fn of(name: impl Into<String>, kind: &str, data_type: Option<&str>) -> Self {
        SchemaColumn {
            name: name.into(),
            kind: kind.into(),
            data_type: data_type.map(Into::into),
        }
    }

    /// The time. Every schema has one.
    #[must_use]
    pub fn time() -> Self {
        SchemaColumn::of("time", "timestamp", None)
    }

    /// A tag.
    pub fn tag(name: impl Into<String>) -> Self {
        SchemaColumn::of(name, "tag", None)
    }

    /// A field. Every schema has at least one.
    pub fn field(name: impl Into<String>, data_type: FieldType) -> Self {
        let data_type = match data_type {
            FieldType::Integer => "integer",
            FieldType::Unsigned => "unsigned",
            FieldType::Float => "float",
            FieldType::Boolean => "boolean",
            FieldType::String => "string",
        };
        SchemaColumn::of(name, "field", Some(data_type))
    }
}

/// What the server would say of the columns.
fn check(columns: &[SchemaColumn]) -> Result<(), Error> {
    let count = |kind: &str| columns.iter().filter(|c| c.kind == kind).count();
    if count("timestamp") != 1 || count("field") == 0 {
        return Err(Error::config(
            "a measurement schema has one timestamp column and at least one field",
        ));
    }
    columns.iter().try_for_each(|c| check_name(&c.name))
}

fn check_name(name: &str) -> Result<(), Error> {
    let first = name.starts_with(|c: char| c == '_' || c.is_ascii_digit());
    if !(1..=128).contains(&name.chars().count()) || first || name.contains(['"', '\'']) {
        return Err(Error::config(format!(
            "{name:?} can't be a name in a measurement schema: 1 to 128 characters, no quotes, not beginning with _ or a digit"
        )));
    }
    Ok(())
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    columns: &'a [SchemaColumn],
}

/// The schemas of one bucket. Made by [`Buckets::schemas`](super::Buckets::schemas).
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
/// use influx_edge::api::SchemaColumn;
///
/// let schemas = client.buckets().schemas(&id);
/// let columns = [SchemaColumn::time(), SchemaColumn::tag("station")];
/// let error = schemas.create("weather", &columns).unwrap_err(); // without a field, so it isn't sent
/// assert!(error.is_config());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schemas<'a> {
    scope: Scope<'a>,
    bucket: BucketId,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(scope: Scope<'a>, bucket: &BucketId) -> Self {
        Schemas {
            scope,
            bucket: bucket.clone(),
        }
    }

    fn call(&self, method: &'static str, id: Option<&SchemaId>) -> ApiRequest<'a> {
        let mut path = alloc::vec!["buckets", self.bucket.as_str(), "schema", "measurements"];
        path.extend(id.map(SchemaId::as_str));
        ApiRequest::new(self.scope.client, method, &path).org(self.scope)
    }

    /// All schemas, in one request; maybe without their columns.
    pub fn list(&self) -> List<'a, MeasurementSchema> {
        let path = ["buckets", self.bucket.as_str(), "schema", "measurements"];
        List::new(
            self.scope.client,
            "list measurement schemas",
            &path,
            Paging::None,
        )
        .org(self.scope)
    }

    /// The schema with this id, if there is one.
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find(&self, id: &SchemaId) -> Result<Option<MeasurementSchema>, Error> {
        self.call("GET", Some(id))
            .find(&format_args!("find measurement schema {id}"))
    }

    /// The schema of this measurement, if there is one; maybe without its columns.
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find_by_name(&self, measurement: &str) -> Result<Option<MeasurementSchema>, Error> {
        let found = self
            .call("GET", None)
            .query("name", measurement)
            .find::<Page<MeasurementSchema>>(&format_args!(
                "find the schema of measurement {measurement:?}"
            ))?;
        Ok(found.and_then(|page| page.0.into_iter().find(|s| s.name == measurement)))
    }

    /// Makes the schema of a measurement: one [time](SchemaColumn::time), tags, at least one field.
    ///
    /// # Errors
    /// Returns an error if the columns can't be a schema, the bucket wasn't created with an
    /// explicit schema type (400), the measurement has a schema already, the token lacks
    /// permission, or no response is received.
    pub fn create(
        &self,
        measurement: &str,
        columns: &[SchemaColumn],
    ) -> Result<MeasurementSchema, Error> {
        check_name(measurement)?;
        check(columns)?;
        self.call("POST", None)
            .json(&Body {
                name: Some(measurement),
                columns,
            })
            .send_json(&format_args!(
                "create the schema of measurement {measurement:?}"
            ))
    }

    /// Adds columns: `columns` are all of them, the old ones too. None can be taken away.
    ///
    /// # Errors
    /// Returns an error if an existing column is missing (400), the columns can't be a schema, the
    /// token lacks permission, or no response is received.
    pub fn update(
        &self,
        id: &SchemaId,
        columns: &[SchemaColumn],
    ) -> Result<MeasurementSchema, Error> {
        check(columns)?;
        let name = None;
        self.call("PATCH", Some(id))
            .json(&Body { name, columns })
            .send_json(&format_args!("update measurement schema {id}"))
    }
}
