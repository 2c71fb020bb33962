//! Labels: names with properties, to put on other things.

use super::ensure::{Ensured, Plan};
use super::id::{LabelId, OrgId};
use super::list::{List, Paging, listed};
use super::request::{ApiRequest, Scope, to_owned_map};
use super::serde_util::or_default;
use crate::client::Client;
use crate::client::names::{check_name, trimmed};
use crate::error::Error;
use alloc::collections::BTreeMap;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// A name with properties, to put on buckets, tasks and variables.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::LabelId::new("0123456789abcdef")?;
/// let label = client.labels().find(&id)?.expect("it was made");
/// assert_eq!(label.properties.get("color").map(String::as_str), Some("#00ff00"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Label {
    /// Its id.
    pub id: LabelId,
    /// The organization it belongs to.
    #[serde(rename = "orgID", default)]
    pub org_id: Option<OrgId>,
    /// Its name, unique in the organization.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Anything: `color` and `description` are what the user interface knows.
    #[serde(default, deserialize_with = "or_default")]
    pub properties: BTreeMap<String, String>,
}

listed!(Label, "labels");

/// A label to be made.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::NewLabel;
///
/// let label = client.labels().create(&NewLabel::new(" north ").property("color", "#00aaff"))?;
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
    /// A label of this name, without properties. White space around the name is taken off, as the
    /// server does.
    pub fn new(name: impl Into<String>) -> Self {
        NewLabel {
            name: trimmed(name.into()),
            properties: BTreeMap::new(),
        }
    }

    /// Adds a property, as `color` with `#00ff00`.
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

    /// What to change of the label there is.
    fn difference(&self, there: &Label) -> Option<LabelUpdate> {
        let mut update = LabelUpdate::new();
        for (key, value) in &self.properties {
            if there.properties.get(key).map_or("", String::as_str) != value {
                update = update.property(key, value);
            }
        }
        (!update.properties.is_empty()).then_some(update)
    }
}

/// What to change of a label. What isn't set stays.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::LabelId::new("0123456789abcdef")?;
/// use influx_edge::api::LabelUpdate;
///
/// let label = client.labels().update(&id, &LabelUpdate::new().name("north wing"))?;
/// assert_eq!(label.name, "north wing");
/// assert_eq!(label.properties["color"], "#00aaff"); // as before
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
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        LabelUpdate::default()
    }

    /// Another name, without the white space around it.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(trimmed(name.into()));
        self
    }

    /// Sets a property; the other ones stay.
    #[must_use]
    pub fn property(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(key.into(), value.into());
        self
    }

    /// Takes a property away.
    #[must_use]
    pub fn without_property(self, key: impl Into<String>) -> Self {
        // An empty value is how the server is told.
        self.property(key, "")
    }
}

/// The labels of an organization. Made by [`Client::labels`]. To put them on things see `labels` of
/// [`Buckets`](super::Buckets::labels), [`Tasks`](super::Tasks::labels) and
/// [`Variables`](super::Variables::labels).
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a>(Scope<'a>);

impl Client {
    /// The labels of this client's organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let all = client.labels().list().collect::<Result<Vec<_>, _>>()?;
    /// println!("{} of them", all.len());
    /// # assert!(!all.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn labels(&self) -> Labels<'_> {
        Labels(Scope::of(self))
    }
}

/// A single label comes wrapped.
#[derive(Deserialize)]
pub(super) struct LabelResponse {
    pub(super) label: Label,
}

impl<'a> Labels<'a> {
    /// The same of another organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// let theirs = client.labels().in_org(&id).list().collect::<Result<Vec<_>, _>>()?;
    /// # assert!(!theirs.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn in_org(self, org: &'a OrgId) -> Self {
        Labels(self.0.in_org(org))
    }

    /// All labels, in one request. Where the client has only its organization's name, its id is
    /// asked for first: labels can't be asked for by the name.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// for one in client.labels().list() {
    ///     println!("{:?}", one?.name);
    /// }
    /// # assert!(client.labels().list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn list(self) -> List<'a, Label> {
        List::new(self.0.client, "list labels", &["labels"], Paging::None).org_id(self.0)
    }

    /// The label with this id, if there is one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::LabelId::new("0123456789abcdef")?;
    /// match client.labels().find(&id)? {
    ///     Some(found) => println!("{found:?}"),
    ///     None => println!("it is gone"),
    /// }
    /// # assert!(client.labels().find(&id)?.is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find(self, id: &LabelId) -> Result<Option<Label>, Error> {
        ApiRequest::get(self.0.client, &["labels", id.as_str()])
            .find::<LabelResponse>(&format_args!("find label {id}"))
            .map(|found| found.map(|response| response.label))
    }

    /// The label with this name, if there is one; white space around it plays no part. Looks through
    /// the list.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let there = client.labels().find_by_name("north")?.is_some();
    /// # assert!(there);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find_by_name(self, name: &str) -> Result<Option<Label>, Error> {
        let name = name.trim();
        check_name("a label", name)?;
        self.list().find_named(|label| label.name == name)
    }

    /// Makes a label.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewLabel;
    ///
    /// let made = client.labels().create(&NewLabel::new("north").property("color", "#00aaff"))?;
    /// println!("{:?}", made.id);
    /// # assert_eq!(made.name, "north");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the name is empty or [taken](Error::is_conflict), the token lacks
    /// permission, or no response is received.
    pub fn create(self, new: &NewLabel) -> Result<Label, Error> {
        check_name("a label", &new.name)?;
        ApiRequest::new(self.0.client, "POST", &["labels"])
            .json(&self.0.body(new)?)
            .send_json::<LabelResponse>(&format_args!("create label {:?}", new.name))
            .map(|response| response.label)
    }

    /// Makes the label if there is none of its name, and sets the properties of the one there is that
    /// differ from those of `new`. Other properties stay; an empty value removes one.
    ///
    /// White space around the name makes no difference; nor does case where the server takes both for one
    /// name, as InfluxDB 2.9.1 does: the label keeps the name it has. Safe to repeat, and to run from
    /// several programs at once. Lists all labels of the organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewLabel;
    ///
    /// let label = client.labels().ensure(&NewLabel::new(" north "))?;
    /// assert_eq!(label.get().name, "north");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the name is empty, there is no organization, the token lacks permission, or
    /// no response is received.
    pub fn ensure(self, new: &NewLabel) -> Result<Ensured<Label>, Error> {
        check_name("a label", &new.name)?;
        let org = self.0.org_id()?;
        let labels = Labels(self.0.in_org(&org));
        let find = || labels.find_by_name(&new.name);
        let made = match Ensured::find_or_create(find, || labels.create(new)) {
            Err(error) if error.is_conflict() => match labels.find_alike(&new.name)? {
                Some(there) => Ensured::Unchanged(there),
                None => return Err(error),
            },
            made => made?,
        };
        made.or_change(|there| {
            let update = new.difference(there);
            update.map(|u| labels.update(&there.id, &u)).transpose()
        })
    }

    /// What [`ensure`](Labels::ensure) would do, found out without changing anything. A label whose name
    /// differs in case alone counts as there.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewLabel;
    ///
    /// let plan = client.labels().plan(&NewLabel::new("north").property("color", "#3b82f6"))?;
    /// assert!(!plan.is_unchanged()); // it would get the colour
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ensure`](Labels::ensure), but for permission to write.
    pub fn plan(self, new: &NewLabel) -> Result<Plan<Label>, Error> {
        check_name("a label", &new.name)?;
        let org = self.0.org_id()?;
        let labels = Labels(self.0.in_org(&org));
        let there = match labels.find_by_name(&new.name)? {
            None => labels.find_alike(&new.name)?,
            there => there,
        };
        Plan::of(there, |there| Ok(new.difference(there)))
    }

    /// The label whose name differs in case alone.
    fn find_alike(self, name: &str) -> Result<Option<Label>, Error> {
        let name = name.to_lowercase();
        self.list()
            .find_named(|label| label.name.to_lowercase() == name)
    }

    /// Makes another label with the properties of this one.
    ///
    /// # Errors
    /// Returns an error if there is no such label, and the same errors as
    /// [`create`](Labels::create).
    pub fn duplicate(self, id: &LabelId, name: impl Into<String>) -> Result<Label, Error> {
        let label = ApiRequest::get(self.0.client, &["labels", id.as_str()])
            .send_json::<LabelResponse>(&format_args!("duplicate label {id}"))?
            .label;
        let new = NewLabel {
            properties: label.properties,
            ..NewLabel::new(name)
        };
        match (&label.org_id, self.0.org) {
            (Some(org), None) => Labels(self.0.in_org(org)).create(&new),
            _ => self.create(&new),
        }
    }

    /// Changes what is set in `update`, and gives the label as it is then.
    ///
    /// # Errors
    /// Returns an error if there is no such label, the name is empty or taken, the token lacks
    /// permission, or no response is received.
    pub fn update(self, id: &LabelId, update: &LabelUpdate) -> Result<Label, Error> {
        if let Some(name) = &update.name {
            check_name("a label", name)?;
        }
        ApiRequest::new(self.0.client, "PATCH", &["labels", id.as_str()])
            .json(update)
            .send_json::<LabelResponse>(&format_args!("update label {id}"))
            .map(|response| response.label)
    }

    /// Deletes a label, and takes it off everything it is on.
    ///
    /// # Errors
    /// Returns an error if there is [no such label](Error::is_not_found), the token lacks
    /// permission, or no response is received.
    pub fn delete(self, id: &LabelId) -> Result<(), Error> {
        ApiRequest::new(self.0.client, "DELETE", &["labels", id.as_str()])
            .send(&format_args!("delete label {id}"))
    }
}
