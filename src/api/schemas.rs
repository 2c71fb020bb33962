//! Schemas of measurements, for buckets that reject other points. InfluxDB Cloud only.

use super::listed::{Paging, listed};
use super::resource::{Kind, Lookup, OrgParameter};
use super::serde_util::{or_default, time};
use super::{Bucket, Editable, Id, Named, Organization, Resource, Resources};
use crate::Timestamp;
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The schema of a measurement, as a server describes it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeasurementSchema {
    /// The id.
    pub id: Id<MeasurementSchema>,
    /// The measurement.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The bucket.
    #[serde(rename = "bucketID")]
    pub bucket_id: Option<Id<Bucket>>,
    /// The organization.
    #[serde(rename = "orgID")]
    pub org_id: Option<Id<Organization>>,
    /// The columns. May be missing in a list.
    #[serde(default, deserialize_with = "or_default")]
    pub columns: Vec<SchemaColumn>,
    /// The time of its creation.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// The time of the last change.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
}

listed!(MeasurementSchema, "measurementSchemas");

impl Resource for MeasurementSchema {
    type Single = MeasurementSchema;

    const KIND: Kind = Kind::new(
        "a measurement schema",
        &["schema", "measurements"],
        Paging::None,
        OrgParameter::All,
    );
}

impl Named for MeasurementSchema {
    const LOOKUP: Lookup = Lookup::Parameter("name");

    fn has_name(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Editable for MeasurementSchema {
    type New = NewMeasurementSchema;
    type Update = [SchemaColumn];

    fn check_new(new: &NewMeasurementSchema) -> Result<&str, Error> {
        check_name(&new.name)?;
        check(&new.columns)?;
        Ok(&new.name)
    }

    fn update(
        at: Resources<'_, Self>,
        id: &Id<Self>,
        columns: &[SchemaColumn],
    ) -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            columns: &'a [SchemaColumn],
        }
        check(columns)?;
        at.patch(id, &Body { columns })
    }
}

/// The schema of a measurement to be created: one [time](SchemaColumn::time), tags, at least one field.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// use influx_edge::api::{NewMeasurementSchema, SchemaColumn};
///
/// let columns = [SchemaColumn::time(), SchemaColumn::tag("station")]; // no field
/// let weather = NewMeasurementSchema::new("weather", columns);
/// let error = client.buckets().schemas(&id).create(&weather).unwrap_err(); // nothing is sent
/// assert!(error.is_config());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewMeasurementSchema {
    name: String,
    columns: Vec<SchemaColumn>,
}

impl NewMeasurementSchema {
    /// The schema of this measurement, with these columns.
    pub fn new(
        measurement: impl Into<String>,
        columns: impl IntoIterator<Item = SchemaColumn>,
    ) -> Self {
        NewMeasurementSchema {
            name: measurement.into(),
            columns: columns.into_iter().collect(),
        }
    }
}

/// One column: the time, a tag or a field.
///
/// ```
/// use influx_edge::api::{FieldType, SchemaColumn};
///
/// let columns = [
///     SchemaColumn::time(),
///     SchemaColumn::tag("station"),
///     SchemaColumn::field("temp_c", FieldType::Float),
/// ];
/// assert_eq!(columns.map(|column| column.kind), ["timestamp", "tag", "field"]);
/// ```
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaColumn {
    /// The name.
    pub name: String,
    /// `timestamp`, `tag` or `field`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A field's type: `integer`, `float`, `boolean`, `string` or `unsigned`.
    #[serde(rename = "dataType", skip_serializing_if = "Option::is_none")]
    pub data_type: Option<String>,
}

/// The type of a field.
///
/// ```
/// use influx_edge::api::{FieldType, SchemaColumn};
///
/// let count = SchemaColumn::field("count", FieldType::Unsigned); // accepts `count=5u`, rejects `count=5i`
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

/// Rejects columns that the server would reject.
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

impl<'a> Resources<'a, Bucket> {
    /// Returns the measurement schemas of a bucket that was created with an
    /// [explicit schema](super::NewBucket::explicit_schema). Cloud only.
    #[must_use]
    pub fn schemas(self, id: &'a Id<Bucket>) -> Resources<'a, MeasurementSchema> {
        Resources::inside(self.scope, Some(["buckets", id.as_str()]))
    }
}
