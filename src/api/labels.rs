//! Labels: names with properties, to attach to other resources.

use super::listed::{Paging, listed};
use super::request::to_owned_map;
use super::resource::{Change, Kind, Lookup, OrgParameter};
use super::serde_util::or_default;
use super::setters::setters;
use super::{Deletable, Editable, Ensure, Id, InOrg, Named, Organization, Resource, Resources};
use crate::client::Client;
use crate::client::names::{check_name, trimmed};
use crate::error::Error;
use alloc::collections::BTreeMap;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// A name with properties, to attach to buckets, tasks and variables.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// let label = client.labels().find(&id)?.expect("it exists");
/// assert_eq!(label.properties.get("color").map(String::as_str), Some("#00ff00"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Label {
    /// The id.
    pub id: Id<Label>,
    /// The organization it belongs to.
    #[serde(rename = "orgID")]
    pub org_id: Option<Id<Organization>>,
    /// The name, unique in the organization.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Any properties; the user interface uses `color` and `description`.
    #[serde(default, deserialize_with = "or_default")]
    pub properties: BTreeMap<String, String>,
}

listed!(Label, "labels");

/// A single label comes wrapped.
#[derive(Deserialize)]
pub struct LabelResponse {
    label: Label,
}

impl From<LabelResponse> for Label {
    fn from(response: LabelResponse) -> Label {
        response.label
    }
}

impl Resource for Label {
    type Single = LabelResponse;

    const KIND: Kind = Kind::new(
        "a label",
        &["labels"],
        Paging::None,
        OrgParameter::ListsById,
    );
}

impl InOrg for Label {}

impl Named for Label {
    const LOOKUP: Lookup = Lookup::List;
    const TRIMMED: bool = true;

    fn has_name(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Editable for Label {
    type New = NewLabel;
    type Update = LabelUpdate;

    fn check_new(new: &NewLabel) -> Result<&str, Error> {
        check_name("a label", &new.name)?;
        Ok(&new.name)
    }

    fn check_update(update: &LabelUpdate) -> Result<(), Error> {
        update
            .name
            .as_deref()
            .map_or(Ok(()), |name| check_name("a label", name))
    }
}

impl Deletable for Label {}

impl Ensure for Label {
    const BY_ORG_ID: bool = true;

    fn find_same(at: Resources<'_, Self>, new: &NewLabel) -> Result<Option<Self>, Error> {
        at.find_by_name(&new.name)
    }

    fn find_taken(at: Resources<'_, Self>, new: &NewLabel) -> Result<Option<Self>, Error> {
        if let Some(same) = Self::find_same(at, new)? {
            return Ok(Some(same));
        }
        // InfluxDB 2.9.1 takes names that differ only in case for one.
        let name = new.name.to_lowercase();
        at.list()
            .find_first(|label| label.name.to_lowercase() == name)
    }

    fn difference(
        _at: Resources<'_, Self>,
        there: &Label,
        new: &NewLabel,
    ) -> Result<Option<Change<LabelUpdate>>, Error> {
        let mut update = LabelUpdate::new();
        for (key, value) in &new.properties {
            if there.properties.get(key).map_or("", String::as_str) != value {
                update = update.property(key, value);
            }
        }
        Ok((!update.properties.is_empty()).then_some(Change::Update(update)))
    }
}

/// A label to be created.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::NewLabel;
///
/// let label = client
///     .labels()
///     .create(&NewLabel::new(" north ").property("color", "#00aaff"))?;
/// assert_eq!(label.name, "north");
/// assert_eq!(label.properties["color"], "#00aaff");
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewLabel {
    name: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, String>,
}

impl NewLabel {
    /// A label of this name, without properties. White space around the name is removed, as the server
    /// does.
    pub fn new(name: impl Into<String>) -> Self {
        NewLabel {
            name: trimmed(name.into()),
            properties: BTreeMap::new(),
        }
    }

    /// Adds a property, such as `color` with `#00ff00`.
    #[must_use]
    pub fn property(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(key.into(), value.into());
        self
    }

    /// Adds properties, given as pairs.
    #[must_use]
    pub fn properties<'s>(mut self, pairs: impl IntoIterator<Item = (&'s str, &'s str)>) -> Self {
        self.properties.extend(to_owned_map(pairs));
        self
    }
}

/// Changes of a label. Values that aren't set are unchanged.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// use influx_edge::api::LabelUpdate;
///
/// let label = client
///     .labels()
///     .update(&id, &LabelUpdate::new().name("north wing"))?;
/// assert_eq!(label.name, "north wing");
/// assert_eq!(label.properties["color"], "#00aaff"); // unchanged
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct LabelUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, String>,
}

impl LabelUpdate {
    /// No change.
    #[must_use]
    pub fn new() -> Self {
        LabelUpdate::default()
    }

    setters! {
        /// Changes the name; white space around it is removed.
        name = |name: impl Into<String>| trimmed(name.into());
    }

    /// Sets a property; the others are unchanged.
    #[must_use]
    pub fn property(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(key.into(), value.into());
        self
    }

    /// Removes a property.
    #[must_use]
    pub fn without_property(self, key: impl Into<String>) -> Self {
        // The server removes a property whose value is empty.
        self.property(key, "")
    }
}

impl Client {
    /// Returns the labels of this client's organization. To attach them see
    /// [`Resources::labels`].
    #[must_use]
    pub fn labels(&self) -> Resources<'_, Label> {
        Resources::of(self)
    }
}

impl Resources<'_, Label> {
    /// Creates another label with the properties of this one, in the same organization unless
    /// [`in_org`](Self::in_org) chose another.
    ///
    /// # Errors
    /// Returns an error if there is no such label, and the same errors as [`create`](Self::create).
    pub fn duplicate(self, id: &Id<Label>, name: impl Into<String>) -> Result<Label, Error> {
        let label = self.original(id)?;
        let new = NewLabel {
            properties: label.properties,
            ..NewLabel::new(name)
        };
        self.in_known_org(label.org_id.as_ref()).create(&new)
    }
}
