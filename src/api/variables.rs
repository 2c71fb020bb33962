//! Variables of dashboards: constants, maps and queries.

use super::id::{OrgId, VariableId};
use super::labels::Label;
use super::list::{List, Paging, listed};
use super::relations::AttachedLabels;
use super::request::{ApiRequest, Scope};
use super::serde_util::{or_default, time};
use crate::Timestamp;
use crate::client::Client;
use crate::client::names::{check_name, trimmed};
use crate::error::Error;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A variable, as the server tells it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let station = client.variables().find_by_name("station")?.expect("it was made");
/// assert!(station.selected.is_empty()); // a null of the server's
/// assert!(station.created_at.is_some());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// Its id.
    pub id: VariableId,
    /// The organization it belongs to.
    #[serde(rename = "orgID", default)]
    pub org_id: Option<OrgId>,
    /// Its name, unique in the organization.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// Which of its values are chosen.
    #[serde(default, deserialize_with = "or_default")]
    pub selected: Vec<String>,
    /// What its values are.
    pub arguments: VariableArguments,
    /// When it was made.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
    /// The labels on it.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
}

listed!(Variable, "variables", in pages of 100 at most);

/// The values of a variable.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::VariableId::new("0123456789abcdef")?;
/// use influx_edge::api::VariableArguments;
///
/// let found = client.variables().find(&id)?.expect("it was made");
/// match found.arguments {
///     VariableArguments::Constant(values) => assert_eq!(values, ["zrh-1", "zrh-2"]),
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
        /// Its text.
        query: String,
        /// `flux` or `influxql`.
        language: String,
    },
    /// These, in this order.
    Constant(Vec<String>),
    /// Names for values.
    Map(BTreeMap<String, String>),
    /// Of a type this crate doesn't know. Can't be sent.
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

    /// Names for values.
    pub fn map<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        VariableArguments::Map(
            pairs
                .into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
        )
    }
}

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

/// A variable to be made, or to be put in another's place.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{NewVariable, VariableArguments};
///
/// let stations = VariableArguments::constant(["zrh-1", "zrh-2"]);
/// let made = client.variables().create(&NewVariable::new(" station ", stations.clone()))?;
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
    /// A variable of this name with these values. White space around the name is taken off.
    pub fn new(name: impl Into<String>, arguments: VariableArguments) -> Self {
        NewVariable {
            name: trimmed(name.into()),
            arguments,
            description: None,
            selected: Vec::new(),
        }
    }

    /// Description.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds one of the values that are chosen.
    #[must_use]
    pub fn select(mut self, value: impl Into<String>) -> Self {
        self.selected.push(value.into());
        self
    }
}

/// What to change of a variable. What isn't set stays; nothing at all is refused by the server.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::VariableId::new("0123456789abcdef")?;
/// use influx_edge::api::VariableUpdate;
///
/// let variable = client.variables().update(&id, &VariableUpdate::new().selected(["zrh-1"]))?;
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
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        VariableUpdate::default()
    }

    /// Another name, without white space around it.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(trimmed(name.into()));
        self
    }

    /// Another description; empty for none.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// The values that are chosen, instead of those before.
    #[must_use]
    pub fn selected<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.selected = Some(values.into_iter().map(Into::into).collect());
        self
    }

    /// Other values.
    #[must_use]
    pub fn arguments(mut self, arguments: VariableArguments) -> Self {
        self.arguments = Some(arguments);
        self
    }
}

/// What may not be a variable's name.
const KEYWORDS: [&str; 10] = [
    "and", "import", "not", "return", "option", "test", "empty", "in", "package", "builtin",
];

fn check(name: &str) -> Result<(), Error> {
    check_name("a variable", name)?;
    if KEYWORDS.contains(&name) || name == "or" {
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

/// The variables of an organization. Made by [`Client::variables`].
#[derive(Clone, Copy, Debug)]
pub struct Variables<'a>(Scope<'a>);

impl Client {
    /// The variables of this client's organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let all = client.variables().list().collect::<Result<Vec<_>, _>>()?;
    /// println!("{} of them", all.len());
    /// # assert!(!all.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn variables(&self) -> Variables<'_> {
        Variables(Scope::of(self))
    }
}

impl<'a> Variables<'a> {
    /// The same of another organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// let theirs = client.variables().in_org(&id).list().collect::<Result<Vec<_>, _>>()?;
    /// # assert!(!theirs.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn in_org(self, org: &'a OrgId) -> Self {
        Variables(self.0.in_org(org))
    }

    /// All variables.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// for one in client.variables().list() {
    ///     println!("{:?}", one?.name); // page after page is asked for as it is needed
    /// }
    /// # assert!(client.variables().list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn list(self) -> List<'a, Variable> {
        List::new(
            self.0.client,
            "list variables",
            &["variables"],
            Paging::Offset,
        )
        .org(self.0)
    }

    /// The variable with this id, if there is one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::VariableId::new("0123456789abcdef")?;
    /// match client.variables().find(&id)? {
    ///     Some(found) => println!("{found:?}"),
    ///     None => println!("it is gone"),
    /// }
    /// # assert!(client.variables().find(&id)?.is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find(self, id: &VariableId) -> Result<Option<Variable>, Error> {
        ApiRequest::get(self.0.client, &["variables", id.as_str()])
            .find(&format_args!("find variable {id}"))
    }

    /// The variable with this name, if there is one. Looks through the list. Of names that differ in
    /// case only, InfluxDB OSS keeps the first, and the others are [taken](Error::is_conflict).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let there = client.variables().find_by_name("station")?.is_some();
    /// # assert!(there);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find_by_name(self, name: &str) -> Result<Option<Variable>, Error> {
        let name = name.trim();
        check_name("a variable", name)?;
        self.list().find_named(|variable| variable.name == name)
    }

    /// Makes a variable.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::{VariableArguments, NewVariable};
    ///
    /// let made = client.variables().create(&NewVariable::new("station", VariableArguments::constant(["zrh-1", "zrh-2"])))?;
    /// println!("{:?}", made.id);
    /// # assert_eq!(made.name, "station");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the name is empty, [taken](Error::is_conflict), a keyword of Flux or
    /// begins with neither a letter nor `_`, there is no organization, the token lacks permission,
    /// or no response is received.
    pub fn create(self, new: &NewVariable) -> Result<Variable, Error> {
        check(&new.name)?;
        ApiRequest::new(self.0.client, "POST", &["variables"])
            .json(&self.0.body(new)?)
            .send_json(&format_args!("create variable {:?}", new.name))
    }

    /// Changes what is set in `update`, and gives the variable as it is then.
    ///
    /// # Errors
    /// Returns an error if there is no such variable, nothing is set, the name is invalid, the
    /// token lacks permission, or no response is received.
    pub fn update(self, id: &VariableId, update: &VariableUpdate) -> Result<Variable, Error> {
        if let Some(name) = &update.name {
            check(name)?;
        }
        ApiRequest::new(self.0.client, "PATCH", &["variables", id.as_str()])
            .json(update)
            .send_json(&format_args!("update variable {id}"))
    }

    /// Puts another variable in the place of this one, under its id.
    ///
    /// # Errors
    /// Returns an error if there is no such variable, and the same errors as
    /// [`create`](Variables::create).
    pub fn replace(self, id: &VariableId, new: &NewVariable) -> Result<Variable, Error> {
        check(&new.name)?;
        ApiRequest::new(self.0.client, "PUT", &["variables", id.as_str()])
            .json(&self.0.body(new)?)
            .send_json(&format_args!("replace variable {id}"))
    }

    /// Deletes a variable.
    ///
    /// # Errors
    /// Returns an error if there is [no such variable](Error::is_not_found), the token lacks
    /// permission, or no response is received.
    pub fn delete(self, id: &VariableId) -> Result<(), Error> {
        ApiRequest::new(self.0.client, "DELETE", &["variables", id.as_str()])
            .send(&format_args!("delete variable {id}"))
    }

    /// The labels on a variable.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::VariableId::new("0123456789abcdef")?;
    /// for label in client.variables().labels(&id).list()? {
    ///     println!("{:?}", label.name);
    /// }
    /// # assert!(!client.variables().labels(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn labels(self, id: &VariableId) -> AttachedLabels<'a> {
        AttachedLabels::new(self.0.client, "variables", id.as_str())
    }
}
