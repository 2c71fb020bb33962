//! A request for a resource, and the organization it is for.

use super::id::OrgId;
use super::serde_util::or_default;
use crate::client::Client;
use crate::client::Org;
use crate::client::execute::to_json;
use crate::client::names::check_name;
use crate::client::transport::{HeaderList, HeaderText, HttpRequest, RequestBody};
use crate::client::url::{Target, encode_segment};
use crate::error::{Error, NO_PATH, ResponseError};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The most bytes of a response, decompressed. Some lists come whole, however long: ten thousand
/// tokens with all their permissions are some 40 MB.
const CAP: u64 = 64 << 20;

/// A call under construction. Not generic: what differs between resources is text.
pub(super) struct ApiRequest<'a> {
    client: &'a Client,
    method: &'static str,
    target: Target,
    body: Option<Vec<u8>>,
    /// It is about an organization, without which nothing is found.
    in_org: bool,
    /// Headers and a credential of this call's own.
    own: Option<(HeaderList, (&'static str, HeaderText))>,
    /// The first thing that was wrong; said instead of sending.
    wrong: Option<Error>,
}

impl<'a> ApiRequest<'a> {
    /// A call of `/api/v2/` and the segments, each of them encoded. An empty one would name another
    /// resource, often the whole list.
    pub(super) fn new(client: &'a Client, method: &'static str, path: &[&str]) -> Self {
        let mut text = String::from("/api/v2");
        let mut wrong = None;
        for segment in path {
            if segment.is_empty() {
                wrong = Some(Error::config("an id or a key is empty"));
            }
            text.push('/');
            text.push_str(&encode_segment(segment));
        }
        ApiRequest {
            client,
            method,
            target: client.inner().base.target(&text),
            body: None,
            in_org: false,
            own: None,
            wrong,
        }
    }

    pub(super) fn get(client: &'a Client, path: &[&str]) -> Self {
        ApiRequest::new(client, "GET", path)
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        self.target.push_query(name, value);
        self
    }

    /// The organization a scope is about, as a parameter.
    pub(super) fn org(mut self, scope: Scope<'_>) -> Self {
        if let Some((name, value)) = scope.org_parameter() {
            self.target.push_query(name, value);
            self.in_org = true;
        }
        self
    }

    pub(super) fn json(mut self, value: &impl Serialize) -> Self {
        match to_json(value) {
            Ok(body) => self.body = Some(body),
            Err(e) => self.wrong = Some(e),
        }
        self
    }

    pub(super) fn with_credentials(
        mut self,
        headers: HeaderList,
        credential: (&'static str, HeaderText),
    ) -> Self {
        self.own = Some((headers, credential));
        self
    }

    /// Makes the call and reads its JSON.
    pub(super) fn send_json<T: DeserializeOwned>(
        mut self,
        what: &dyn fmt::Display,
    ) -> Result<T, Error> {
        let client = self.client;
        client.json(what, &mut self.prepared()?)
    }

    /// The same; a server that hasn't got it makes `None`. Where its organization is missing, that is
    /// an error.
    pub(super) fn find<T: DeserializeOwned>(
        self,
        what: &dyn fmt::Display,
    ) -> Result<Option<T>, Error> {
        let in_org = self.in_org;
        let is_missing = |e: &ResponseError| is_missing(e) && !(in_org && e.0.misses_org());
        match self.send_json(what) {
            Ok(found) => Ok(Some(found)),
            Err(e) if e.response().is_some_and(is_missing) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Sends a request to which the server responds with 204.
    pub(super) fn send(mut self, what: &dyn fmt::Display) -> Result<(), Error> {
        let client = self.client;
        let is_own = self.own.is_some();
        let mut out = self.prepared()?;
        if !is_own {
            return client.empty(what, &mut out);
        }
        let mut response = client.send(what, &mut out)?;
        client
            .no_content(what, &mut response)
            .map_err(|error| client.instead(error, &out.target))
    }

    #[inline(never)]
    fn prepared(&mut self) -> Result<HttpRequest<'_>, Error> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        let mut out = self.client.http_request(self.method, self.target.clone());
        out.accept_gzip = true;
        out.cap = CAP;
        if let Some((headers, credential)) = &self.own {
            out.headers = Some(headers);
            out.credential = Some(credential.clone());
        }
        match &self.body {
            Some(body) => {
                out.content_type = Some("application/json");
                out.body = RequestBody::Bytes(body);
            }
            // A POST has a body by definition; an empty one says so.
            None if self.method == "POST" => out.body = RequestBody::Bytes(&[]),
            None => {}
        }
        Ok(out)
    }
}

/// Whether InfluxDB itself reports that the resource doesn't exist. A proxy's 404, or one of a
/// server that doesn't know the path at all, is an error instead.
fn is_missing(response: &ResponseError) -> bool {
    response.status() == 404 && response.is_from_influxdb() && response.0.message != NO_PATH
}

/// A client, and the organization its resources belong to: the client's own unless told otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) client: &'a Client,
    pub(super) org: Option<&'a OrgId>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(client: &'a Client) -> Self {
        Scope { client, org: None }
    }

    pub(super) fn in_org(self, org: &'a OrgId) -> Self {
        Scope {
            org: Some(org),
            ..self
        }
    }

    /// The organization as a query parameter, if there is one.
    pub(super) fn org_parameter(self) -> Option<(&'static str, &'a str)> {
        match (self.org, &self.client.inner().org) {
            (Some(id), _) => Some(("orgID", id.as_str())),
            (None, Some(Org::Id(id))) => Some(("orgID", id)),
            (None, Some(Org::Name(name))) => Some(("org", name)),
            (None, None) => None,
        }
    }

    /// The organization's id. Asks the server when only its name is known.
    pub(super) fn org_id(self) -> Result<OrgId, Error> {
        if let Some(id) = self.org {
            return Ok(id.clone());
        }
        match &self.client.inner().org {
            Some(Org::Id(id)) => OrgId::new(id.clone()),
            Some(Org::Name(name)) => find_org_id(self.client, name),
            None => Err(Error::config(
                "it isn't said which organization this is for: give the client one (`org`, `org_id`), or the resource (`in_org`)",
            )),
        }
    }

    /// Refuses a scope without an organization, where the server would look in all of them.
    pub(super) fn check_org(self) -> Result<(), Error> {
        match self.org_parameter() {
            Some(_) => Ok(()),
            // Its error names the settings.
            None => self.org_id().map(drop),
        }
    }

    /// The organization as a member of a request's body: its id, `orgID`.
    pub(super) fn body<T: Serialize>(self, new: &T) -> Result<InOrg<'_, T>, Error> {
        Ok(InOrg {
            org_id: self.org_id()?,
            new,
        })
    }
}

/// The id of the organization of this name, which has to be there.
fn find_org_id(client: &Client, name: &str) -> Result<OrgId, Error> {
    #[derive(Deserialize)]
    struct Found {
        #[serde(deserialize_with = "or_default")]
        orgs: Vec<OrgName>,
    }
    #[derive(Deserialize)]
    struct OrgName {
        id: OrgId,
        #[serde(default, deserialize_with = "or_default")]
        name: String,
    }
    let name = name.trim();
    check_name("an organization", name)?;
    let found = ApiRequest::get(client, &["orgs"])
        .query("org", name)
        .find::<Found>(&format_args!("find organization {name:?}"))?;
    let orgs = found.map(|found| found.orgs).unwrap_or_default();
    // Others may have made one with white space around its name, which the server keeps.
    match orgs.into_iter().find(|org| org.name.trim() == name) {
        Some(org) => Ok(org.id),
        None => Err(Error::config(format!(
            "there is no organization {name:?}, or these credentials may not see it; give the client its id instead (`org_id`)"
        ))),
    }
}

/// A body with the organization it is for.
#[derive(Serialize)]
pub(super) struct InOrg<'a, T> {
    #[serde(rename = "orgID")]
    pub(super) org_id: OrgId,
    #[serde(flatten)]
    new: &'a T,
}

/// The items of an iterator of pairs, owned.
pub(super) fn to_owned_map<'s>(
    pairs: impl IntoIterator<Item = (&'s str, &'s str)>,
) -> alloc::collections::BTreeMap<String, String> {
    // (To collect sorts the pairs first, by a sort of its own.)
    let mut map = alloc::collections::BTreeMap::new();
    for (key, value) in pairs {
        map.insert(key.to_owned(), value.to_owned());
    }
    map
}
