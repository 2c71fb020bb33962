//! Invokable scripts: Flux that is kept on the server and called by id. InfluxDB Cloud only.

use super::id::{OrgId, ScriptId};
use super::list::{List, Paging, listed};
use super::request::ApiRequest;
use super::serde_util::{or_default, time};
use crate::Timestamp;
use crate::client::Method;
use crate::client::execute::{json_param, to_json};
use crate::client::names::{check_name, without_bom};
use crate::client::{Client, Response};
use crate::csv;
use crate::error::Error;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// A script, as the server tells it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Script {
    /// Its id.
    pub id: ScriptId,
    /// The organization it belongs to.
    #[serde(rename = "orgID", default)]
    pub org_id: Option<OrgId>,
    /// Its name, which can't be changed.
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
    /// Where it is invoked.
    #[serde(default)]
    pub url: Option<String>,
    /// When it was made.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
}

listed!(Script, "scripts", in pages of 500 at most);

/// A script to be made.
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
    /// A script in Flux. Its parameters are `params.name` in its text.
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

    /// Another language: `sql`.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = language.into();
        self
    }
}

/// What to change of a script. What isn't set stays.
///
/// ```
/// use influx_edge::api::ScriptUpdate;
///
/// let update = ScriptUpdate::new().description("means of the last hour");
/// assert_eq!(serde_json::to_string(&update)?, r#"{"description":"means of the last hour"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct ScriptUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
}

impl ScriptUpdate {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        ScriptUpdate::default()
    }

    /// Another description.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Another text.
    #[must_use]
    pub fn script(mut self, text: impl Into<String>) -> Self {
        self.script = Some(without_bom(text.into()));
        self
    }
}

/// The scripts of the token's organization. Made by [`Client::scripts`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let error = client.scripts().find_by_name("hourly").unwrap_err();
/// assert!(error.is_not_found()); // this server is an OSS, which has no scripts
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Scripts<'a>(&'a Client);

impl Client {
    /// The scripts of the token's organization. InfluxDB Cloud only; OSS says 404.
    #[must_use]
    pub fn scripts(&self) -> Scripts<'_> {
        Scripts(self)
    }
}

impl<'a> Scripts<'a> {
    /// All scripts.
    pub fn list(self) -> List<'a, Script> {
        List::new(self.0, "list scripts", &["scripts"], Paging::Offset)
    }

    /// The script with this id, if there is one.
    ///
    /// # Errors
    /// Returns an error if the token lacks permission, the server has no scripts, or no response is
    /// received.
    pub fn find(self, id: &ScriptId) -> Result<Option<Script>, Error> {
        ApiRequest::get(self.0, &["scripts", id.as_str()]).find(&format_args!("find script {id}"))
    }

    /// The script with this name, if there is one.
    ///
    /// # Errors
    /// Returns an error if the token lacks permission, the server has no scripts, or no response is
    /// received.
    pub fn find_by_name(self, name: &str) -> Result<Option<Script>, Error> {
        check_name("a script", name)?;
        let list = self.list().named(name);
        list.find_named(|script| script.name == name)
    }

    /// Makes a script.
    ///
    /// # Errors
    /// Returns an error if the name is empty or [taken](Error::is_conflict), the script is invalid,
    /// the token lacks permission, or no response is received.
    pub fn create(self, new: &NewScript) -> Result<Script, Error> {
        check_name("a script", &new.name)?;
        ApiRequest::new(self.0, "POST", &["scripts"])
            .json(new)
            .send_json(&format_args!("create script {:?}", new.name))
    }

    /// Changes what is set in `update`, and gives the script as it is then.
    ///
    /// # Errors
    /// Returns an error if there is no such script, the new text is invalid, the token lacks
    /// permission, or no response is received.
    pub fn update(self, id: &ScriptId, update: &ScriptUpdate) -> Result<Script, Error> {
        ApiRequest::new(self.0, "PATCH", &["scripts", id.as_str()])
            .json(update)
            .send_json(&format_args!("update script {id}"))
    }

    /// Deletes a script. One that isn't there is no error.
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn delete(self, id: &ScriptId) -> Result<(), Error> {
        ApiRequest::new(self.0, "DELETE", &["scripts", id.as_str()])
            .send(&format_args!("delete script {id}"))
    }

    /// The parameters a script has, and their types: `string`, `int`, `duration`, …
    ///
    /// # Errors
    /// Returns an error if there is no such script, the token lacks permission, or no response is
    /// received.
    pub fn params(self, id: &ScriptId) -> Result<BTreeMap<String, String>, Error> {
        #[derive(Deserialize)]
        struct Response {
            #[serde(default, deserialize_with = "or_default")]
            params: BTreeMap<String, String>,
        }
        ApiRequest::get(self.0, &["scripts", id.as_str(), "params"])
            .send_json::<Response>(&format_args!("ask for the parameters of script {id}"))
            .map(|response| response.params)
    }

    /// Starts a call of a script.
    pub fn invoke(self, id: &ScriptId) -> Invocation<'a> {
        Invocation {
            client: self.0,
            id: id.clone(),
            params: BTreeMap::new(),
            timeout: self.0.inner().query_limits.overall,
            wrong: None,
        }
    }
}

impl List<'_, Script> {
    /// Only the one with this name.
    pub fn named(self, name: impl Into<String>) -> Self {
        self.with("name", name)
    }
}

/// A call of a script under construction. Made by [`Scripts::invoke`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::ScriptId::new("0123456789abcdef")?;
/// use std::collections::BTreeMap;
///
/// let call = client.scripts().invoke(&id).param("bucket", "sensors");
/// assert!(!format!("{call:?}").contains("sensors")); // parameters may be secret
/// // What JSON can't have, as an object whose keys aren't text, is an error before anything is sent.
/// let limits = BTreeMap::from([((1, 2), 3)]);
/// assert!(call.param("limits", limits).call().unwrap_err().is_config());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[must_use = "nothing is invoked until `.call()?`"]
pub struct Invocation<'a> {
    client: &'a Client,
    id: ScriptId,
    params: BTreeMap<String, serde_json::Value>,
    timeout: Duration,
    wrong: Option<Error>,
}

impl Invocation<'_> {
    /// A parameter, which the script calls `params.name`: anything that is a JSON value.
    pub fn param(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match json_param(&name, value) {
            Ok(value) => {
                self.params.insert(name, value);
            }
            Err(e) => {
                self.wrong.get_or_insert(e);
            }
        }
        self
    }

    /// How long it may take in all, until the last row is read. Default: five minutes, or the
    /// [client's](crate::client::ClientBuilder::timeout) if that is set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Invokes the script, and gives its rows as they come. Servers write them without types: every
    /// value is text.
    ///
    /// # Errors
    /// Returns an error if there is no such script, a parameter is missing, the token lacks
    /// permission, or no response is received. The rows return what fails later.
    pub fn call(self) -> Result<csv::Rows<Response>, Error> {
        self.response().map(csv::Rows::new)
    }

    /// Invokes the script, and gives its response as it is, CSV: to be read whole or as a stream.
    ///
    /// # Errors
    /// Returns the same errors as [`call`](Invocation::call).
    pub fn response(self) -> Result<Response, Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            params: &'a BTreeMap<String, serde_json::Value>,
        }
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let body = to_json(&Body {
            params: &self.params,
        })?;
        let id = crate::client::url::encode_segment(self.id.as_str());
        self.client
            .request(Method::Post, format!("/api/v2/scripts/{id}/invoke"))
            .without_org()
            .header("content-type", "application/json")
            .body(body)
            .timeout(self.timeout)
            .max_body_bytes(u64::MAX)
            .call()?
            .error_for_status()
    }
}

impl fmt::Debug for Invocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the parameters: they are the user's data.
        f.debug_struct("Invocation")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
