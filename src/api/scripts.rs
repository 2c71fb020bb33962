//! Invokable scripts: Flux that is stored on the server and called by its id. InfluxDB Cloud only.

use super::listed::{Paging, listed};
use super::resource::{Kind, Lookup, OrgParameter};
use super::serde_util::{or_default, time};
use super::setters::update;
use super::{Deletable, Editable, Id, List, Named, Organization, Resource, Resources};
use crate::Timestamp;
use crate::client::execute::to_json;
use crate::client::names::{check_name, without_bom};
use crate::client::url::encode_segment;
use crate::client::{Client, Query};
use crate::error::Error;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A script, as a server describes it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Script {
    /// The id.
    pub id: Id<Script>,
    /// The organization it belongs to.
    #[serde(rename = "orgID")]
    pub org_id: Option<Id<Organization>>,
    /// The name, which can't be changed.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// The text.
    #[serde(default, deserialize_with = "or_default")]
    pub script: String,
    /// `flux`, `sql` or `influxql`.
    #[serde(default, deserialize_with = "or_default")]
    pub language: String,
    /// The URL to invoke it.
    pub url: Option<String>,
    /// The time of its creation.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// The time of the last change.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
}

listed!(Script, "scripts", in pages of 500 at most);

impl Resource for Script {
    type Single = Script;

    const KIND: Kind = Kind::new("a script", &["scripts"], Paging::Offset, OrgParameter::None);
}

impl Named for Script {
    const LOOKUP: Lookup = Lookup::Filter("name");

    fn has_name(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Editable for Script {
    type New = NewScript;
    type Update = ScriptUpdate;

    fn check_new(new: &NewScript) -> Result<&str, Error> {
        check_name("a script", &new.name)?;
        Ok(&new.name)
    }
}

impl Deletable for Script {}

/// A script to be created.
///
/// ```
/// use influx_edge::api::NewScript;
///
/// let flux = "from(bucket: params.bucket) |> range(start: -1h) |> mean()";
/// let new = NewScript::new("hourly", "means of the last hour", flux);
/// assert_eq!(serde_json::to_value(&new)?["language"], "flux");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewScript {
    name: String,
    description: String,
    script: String,
    language: String,
}

impl NewScript {
    /// A script in Flux, in which a parameter is `params.name`. A byte order mark in front of it is
    /// removed.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        flux: impl Into<String>,
    ) -> Self {
        NewScript {
            name: name.into(),
            description: description.into(),
            script: without_bom(flux.into()),
            language: String::from("flux"),
        }
    }

    /// Sets another language, `sql`. Default: `flux`.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = language.into();
        self
    }
}

update! {
    /// Changes of a script. Values that aren't set are unchanged.
    ///
    /// ```
    /// use influx_edge::api::ScriptUpdate;
    ///
    /// let update = ScriptUpdate::new().description("means of the last hour");
    /// assert_eq!(
    ///     serde_json::to_string(&update)?,
    ///     r#"{"description":"means of the last hour"}"#
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct ScriptUpdate {
        /// Changes the description.
        description: String = |text: impl Into<String>| text.into();

        /// Changes the text.
        script: String = |text: impl Into<String>| without_bom(text.into());
    }
}

impl Client {
    /// Returns the scripts of the token's organization. InfluxDB Cloud only; OSS responds with 404.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let error = client.scripts().find_by_name("hourly").unwrap_err();
    /// assert!(error.is_not_found()); // this server is InfluxDB OSS
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn scripts(&self) -> Resources<'_, Script> {
        Resources::of(self)
    }
}

impl<'a> Resources<'a, Script> {
    /// Returns the parameters of a script with their types: `string`, `int`, `duration`, …
    ///
    /// # Errors
    /// Returns an error if there is no such script, the token lacks permission, or no response is
    /// received.
    pub fn params(self, id: &Id<Script>) -> Result<BTreeMap<String, String>, Error> {
        #[derive(Deserialize)]
        struct Response {
            #[serde(default, deserialize_with = "or_default")]
            params: BTreeMap<String, String>,
        }
        self.request("GET", &[id.as_str(), "params"])
            .send_json::<Response>(&format_args!("read the parameters of script {id}"))
            .map(|response| response.params)
    }

    /// Starts the query that a script is, with its parameters: a struct or a map that serializes to a JSON
    /// object; `&()` for none.
    ///
    /// The script can't be changed: [`param`](Query::param), [`pivot`](Query::pivot),
    /// [`profiler`](Query::profiler), [`now`](Query::now) and [`dialect`](Query::dialect) are errors of
    /// the call. Servers write the rows of a script without types, so that every value is text.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// #[derive(serde::Serialize)]
    /// struct Params<'a> {
    ///     bucket: &'a str,
    ///     limit: u32,
    /// }
    ///
    /// let query = client
    ///     .scripts()
    ///     .invoke(&id, &Params { bucket: "sensors", limit: 3 });
    /// assert!(!format!("{query:?}").contains("sensors")); // parameters may be secret
    /// // The rows would come from `query.call()?`. The script itself can't be changed:
    /// let query = query.profiler("query");
    /// assert!(query.call().unwrap_err().is_config()); // nothing is sent
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn invoke(self, id: &Id<Script>, params: &impl Serialize) -> Query<'a> {
        let path = format!("/api/v2/scripts/{}/invoke", encode_segment(id.as_str()));
        Query::invocation(self.scope.client, path, invocation(params))
    }
}

/// The body of an invocation.
fn invocation(params: &impl Serialize) -> Result<Vec<u8>, Error> {
    #[derive(Serialize)]
    struct Body {
        params: serde_json::Value,
    }
    let params = match serde_json::to_value(params) {
        Ok(object @ serde_json::Value::Object(_)) => object,
        Ok(serde_json::Value::Null) => serde_json::Value::Object(serde_json::Map::new()),
        Ok(_) => {
            return Err(Error::config(
                "a script's parameters have names: give them as a struct or a map",
            ));
        }
        Err(e) => {
            return Err(Error::config(format!(
                "the script's parameters can't be written as JSON: {e}"
            )));
        }
    };
    to_json(&Body { params })
}

impl List<'_, Script> {
    /// Keeps only the one with this name.
    pub fn named(self, name: impl Into<String>) -> Self {
        self.with("name", name)
    }
}
