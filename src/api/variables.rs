//! Variables of dashboards: constants, maps and queries.

use super::listed::{Paging, listed};
use super::resource::{Kind, Lookup, OrgParameter};
use super::serde_util::{or_default, time};
use super::setters::setters;
use super::{
    Deletable, Editable, Id, InOrg, Label, Labeled, Named, Organization, Resource, Resources,
};
use crate::Timestamp;
use crate::client::Client;
use crate::client::names::{check_name, trimmed};
use crate::error::Error;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A variable, as a server describes it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let station = client.variables().find_by_name("station")?.expect("it exists");
/// assert!(station.selected.is_empty()); // a null in the response
/// assert!(station.created_at.is_some());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// The id.
    pub id: Id<Variable>,
    /// The organization it belongs to.
    #[serde(rename = "orgID")]
    pub org_id: Option<Id<Organization>>,
    /// The name, unique in the organization.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// The selected values.
    #[serde(default, deserialize_with = "or_default")]
    pub selected: Vec<String>,
    /// The values to select from.
    pub arguments: VariableArguments,
    /// The time of its creation.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// The time of the last change.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
    /// The labels on it.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
}

listed!(Variable, "variables", in pages of 100 at most);

impl Resource for Variable {
    type Single = Variable;

    const KIND: Kind = Kind::new(
        "a variable",
        &["variables"],
        Paging::Offset,
        OrgParameter::Lists,
    );
}

impl InOrg for Variable {}

impl Named for Variable {
    const LOOKUP: Lookup = Lookup::List;
    const TRIMMED: bool = true;

    fn has_name(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Editable for Variable {
    type New = NewVariable;
    type Update = VariableUpdate;

    fn check_new(new: &NewVariable) -> Result<&str, Error> {
        check(&new.name)?;
        Ok(&new.name)
    }

    fn check_update(update: &VariableUpdate) -> Result<(), Error> {
        update.name.as_deref().map_or(Ok(()), check)
    }
}

impl Deletable for Variable {}
impl Labeled for Variable {}

/// The values of a variable.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// use influx_edge::api::VariableArguments;
///
/// let found = client.variables().find(&id)?.expect("it exists");
/// match found.arguments {
///     VariableArguments::Constant(values) => {
///         assert_eq!(values, ["zrh-1", "zrh-2"])
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
#[serde(tag = "type", content = "values", rename_all = "lowercase")]
#[non_exhaustive]
pub enum VariableArguments {
    /// The values that a query returns.
    Query {
        /// The query's text.
        query: String,
        /// `flux` or `influxql`.
        language: String,
    },
    /// These values, in this order.
    Constant(Vec<String>),
    /// Values by their names.
    Map(BTreeMap<String, String>),
    /// Values of a type that this crate doesn't know. Can't be sent.
    #[serde(skip_serializing)]
    Unknown,
}

impl VariableArguments {
    /// The values that a Flux query returns.
    pub fn flux(query: impl Into<String>) -> Self {
        VariableArguments::Query {
            query: query.into(),
            language: String::from("flux"),
        }
    }

    /// These values.
    pub fn constant<S: Into<String>>(values: impl IntoIterator<Item = S>) -> Self {
        VariableArguments::Constant(values.into_iter().map(Into::into).collect())
    }

    /// Values by their names, given as pairs of name and value.
    pub fn map<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        VariableArguments::Map(
            pairs
                .into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
        )
    }
}

// By hand, for a derived enum has no variant for a type it doesn't know, and takes no null for a list.
impl<'de> Deserialize<'de> for VariableArguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Tagged {
            r#type: String,
            #[serde(default)]
            values: serde_json::Value,
        }
        #[derive(Deserialize)]
        struct Query {
            query: String,
            #[serde(default, deserialize_with = "or_default")]
            language: String,
        }

        let Tagged { r#type, values } = Tagged::deserialize(deserializer)?;
        match r#type.as_str() {
            "query" => serde_json::from_value::<Query>(values).map(|q| VariableArguments::Query {
                query: q.query,
                language: q.language,
            }),
            "constant" => serde_json::from_value::<Option<_>>(values)
                .map(|list| VariableArguments::Constant(list.unwrap_or_default())),
            "map" => serde_json::from_value::<Option<_>>(values)
                .map(|map| VariableArguments::Map(map.unwrap_or_default())),
            _ => Ok(VariableArguments::Unknown),
        }
        .map_err(D::Error::custom)
    }
}

/// A variable to be created, or to [replace](Resources::replace) another.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{NewVariable, VariableArguments};
///
/// let stations = VariableArguments::constant(["zrh-1", "zrh-2"]);
/// let made = client
///     .variables()
///     .create(&NewVariable::new(" station ", stations.clone()))?;
/// assert_eq!((made.name.as_str(), made.arguments), ("station", stations));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewVariable {
    name: String,
    arguments: VariableArguments,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    selected: Vec<String>,
}

impl NewVariable {
    /// A variable of this name with these values. White space around the name is removed.
    pub fn new(name: impl Into<String>, arguments: VariableArguments) -> Self {
        NewVariable {
            name: trimmed(name.into()),
            arguments,
            description: None,
            selected: Vec::new(),
        }
    }

    setters! {
        /// Sets the description.
        description = |text: impl Into<String>| text.into();
    }

    /// Adds a value to the selected ones.
    #[must_use]
    pub fn select(mut self, value: impl Into<String>) -> Self {
        self.selected.push(value.into());
        self
    }
}

/// Changes of a variable.
///
/// Values that aren't set are unchanged; an update that sets nothing is rejected by the server.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// use influx_edge::api::VariableUpdate;
///
/// let variable = client
///     .variables()
///     .update(&id, &VariableUpdate::new().selected(["zrh-1"]))?;
/// assert_eq!(variable.selected, ["zrh-1"]);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct VariableUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selected: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<VariableArguments>,
}

impl VariableUpdate {
    /// No change.
    #[must_use]
    pub fn new() -> Self {
        VariableUpdate::default()
    }

    setters! {
        /// Changes the name; white space around it is removed.
        name = |name: impl Into<String>| trimmed(name.into());

        /// Changes the description; empty for none.
        description = |text: impl Into<String>| text.into();
    }

    /// Replaces the selected values.
    #[must_use]
    pub fn selected<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.selected = Some(values.into_iter().map(Into::into).collect());
        self
    }

    setters! {
        /// Replaces the values to select from.
        arguments = |arguments: VariableArguments| arguments;
    }
}

/// Flux keywords, which can't be names of variables.
const KEYWORDS: [&str; 11] = [
    "and", "builtin", "empty", "import", "in", "not", "option", "or", "package", "return", "test",
];

fn check(name: &str) -> Result<(), Error> {
    check_name("a variable", name)?;
    if KEYWORDS.contains(&name) {
        return Err(Error::config(alloc::format!(
            "{name:?} is a protected variable name"
        )));
    }
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return Err(Error::config(alloc::format!(
            "the name of a variable must start with a letter or an underscore: {name:?}"
        )));
    }
    Ok(())
}

impl Client {
    /// Returns the variables of this client's organization.
    #[must_use]
    pub fn variables(&self) -> Resources<'_, Variable> {
        Resources::of(self)
    }
}

impl Resources<'_, Variable> {
    /// Replaces a variable by another one, which keeps the id.
    ///
    /// # Errors
    /// Returns an error if there is no such variable, and the same errors as [`create`](Self::create).
    pub fn replace(self, id: &Id<Variable>, new: &NewVariable) -> Result<Variable, Error> {
        check(&new.name)?;
        self.request("PUT", &[id.as_str()])
            .json(&self.scope.body(new)?)
            .send_json(&format_args!("replace variable {id}"))
    }
}
