//! A request for a resource, and the organization it is for.

use super::{Id, Organization};
use crate::client::Client;
use crate::client::Org;
use crate::client::execute::to_json;
use crate::client::transport::{HeaderList, HeaderText, HttpRequest, RequestBody};
use crate::client::url::{Target, encode_segment};
use crate::error::{Error, NO_PATH, ResponseError};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::Ordering;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most bytes of a response, decompressed. Some lists come in one response however long they are:
/// ten thousand tokens with all their permissions take about 40 MB.
const CAP: u64 = 64 << 20;

/// A request under construction. Not generic: the differences between resources are text.
pub(super) struct ApiRequest<'a> {
    client: &'a Client,
    method: &'static str,
    target: Target,
    body: Option<Vec<u8>>,
    /// It names an organization. If that is what is missing, a 404 is no `None`.
    in_org: bool,
    /// Headers and a credential instead of the client's.
    own: Option<(HeaderList, (&'static str, HeaderText))>,
    /// The first mistake in the call, returned instead of sending it.
    wrong: Option<Error>,
}

impl<'a> ApiRequest<'a> {
    /// A request for `/api/v2/` and the segments, each percent-encoded. An empty segment is an error: the
    /// path would name another resource, often the whole list.
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

    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        self.target.push_query(name, value);
        self
    }

    /// Adds the scope's organization as a parameter.
    pub(super) fn org(mut self, scope: Scope<'_>) -> Self {
        if let Some((name, value)) = scope.org_parameter() {
            self.target.push_query(name, value);
            self.in_org = true;
        }
        self
    }

    pub(super) fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
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

    /// Sends the request and parses the response's JSON.
    pub(super) fn send_json<T: DeserializeOwned>(
        mut self,
        what: &dyn fmt::Display,
    ) -> Result<T, Error> {
        let client = self.client;
        client.json(what, &mut self.prepared()?)
    }

    /// The same, with `None` if the resource doesn't exist. If its organization doesn't, that is an
    /// error.
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

    /// Sends a request whose response is 204.
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
            // RFC 9110, 8.6: a POST without a body has `content-length: 0`.
            None if self.method == "POST" => out.body = RequestBody::Bytes(&[]),
            None => {}
        }
        Ok(out)
    }
}

/// Returns `true` if InfluxDB itself reports that the resource doesn't exist. A 404 of a proxy, or of a
/// server without the path, is an error instead.
fn is_missing(response: &ResponseError) -> bool {
    response.status() == 404 && response.is_from_influxdb() && response.0.message != NO_PATH
}

/// A client, and the organization its resources belong to: the client's own unless another one is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) client: &'a Client,
    pub(super) org: Option<&'a Id<Organization>>,
}

impl<'a> Scope<'a> {
    /// The organization as a query parameter, if there is one.
    pub(super) fn org_parameter(self) -> Option<(&'static str, &'a str)> {
        match (self.org, &self.client.inner().org) {
            (Some(id), _) => Some(("orgID", id.as_str())),
            (None, Some(Org::Id(id))) => Some(("orgID", id)),
            (None, Some(Org::Name(name))) => Some(("org", name)),
            (None, None) => None,
        }
    }

    /// The organization's id. Looks it up if only the name is known.
    pub(super) fn org_id(self) -> Result<Id<Organization>, Error> {
        if let Some(id) = self.org {
            return Ok(id.clone());
        }
        match &self.client.inner().org {
            Some(Org::Id(id)) => Id::new(id.clone()),
            Some(Org::Name(name)) => match self.client.organizations().find_by_name(name)? {
                Some(org) => Ok(org.id),
                None => Err(Error::config(format!(
                    "there is no organization {:?}, or these credentials may not see it; give the client its id instead (`org_id`)",
                    name.trim()
                ))),
            },
            None => Err(Error::config(
                "no organization is set: give the client one (`org`, `org_id`), or the resource (`in_org`)",
            )),
        }
    }

    /// Rejects a scope without an organization, where the server would search all of them.
    pub(super) fn check_org(self) -> Result<(), Error> {
        match self.org_parameter() {
            Some(_) => Ok(()),
            // Its error names the settings.
            None => self.org_id().map(drop),
        }
    }

    /// The number of deletions by the client and its clones so far.
    pub(super) fn deletions(self) -> u32 {
        let observed = &self.client.inner().observed;
        observed.deletions.load(Ordering::Relaxed)
    }

    /// A request's body with the organization's id as its member `orgID`.
    pub(super) fn body<T: Serialize>(self, new: &T) -> Result<WithOrg<'_, T>, Error> {
        Ok(WithOrg {
            org_id: self.org_id()?,
            new,
        })
    }
}

#[derive(Serialize)]
pub(super) struct WithOrg<'a, T> {
    #[serde(rename = "orgID")]
    org_id: Id<Organization>,
    #[serde(flatten)]
    new: &'a T,
}

/// The items of an iterator of pairs, owned.
pub(super) fn to_owned_map<'s>(
    pairs: impl IntoIterator<Item = (&'s str, &'s str)>,
) -> BTreeMap<String, String> {
    // (To collect sorts the pairs first, by a sort of its own.)
    let mut map = BTreeMap::new();
    for (key, value) in pairs {
        map.insert(key.to_owned(), value.to_owned());
    }
    map
}
