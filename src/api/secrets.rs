//! Secrets of an organization: values that its tasks use and no call returns.

use super::id::OrgId;
use super::request::{ApiRequest, to_owned_map};
use super::serde_util::or_default;
use crate::client::Client;
use crate::error::Error;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The secrets of one organization. Their values can be set, never read. Made by
/// [`Organizations::secrets`](super::Organizations::secrets).
#[derive(Clone, Debug)]
pub struct Secrets<'a> {
    client: &'a Client,
    org: OrgId,
}

impl<'a> Secrets<'a> {
    pub(super) fn new(client: &'a Client, org: &OrgId) -> Self {
        Secrets {
            client,
            org: org.to_owned(),
        }
    }

    /// The keys. The values stay where they are.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// println!("{:?}", client.organizations().secrets(&id).list()?); // names; what they hide is never shown
    /// # assert!(!client.organizations().secrets(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such organization, the token lacks permission, or no
    /// response is received.
    pub fn list(&self) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Response {
            #[serde(deserialize_with = "or_default")]
            secrets: Vec<String>,
        }
        let org = &self.org;
        ApiRequest::get(self.client, &["orgs", org.as_str(), "secrets"])
            .send_json::<Response>(&format_args!("list the secrets of organization {org}"))
            .map(|response| response.secrets)
    }

    /// Sets secrets: new ones are made, known ones get another value, the others stay.
    ///
    /// # Errors
    /// Returns an error if a key is empty, the token lacks permission, or no response is received.
    pub fn update<'s>(
        &self,
        secrets: impl IntoIterator<Item = (&'s str, &'s str)>,
    ) -> Result<(), Error> {
        let secrets = to_owned_map(secrets);
        if secrets.contains_key("") {
            return Err(Error::config("the key of a secret is empty"));
        }
        let org = &self.org;
        let values: Vec<&str> = secrets.values().map(String::as_str).collect();
        let client = self.client.hiding(&values, None);
        ApiRequest::new(&client, "PATCH", &["orgs", org.as_str(), "secrets"])
            .json(&secrets)
            .send(&format_args!("set secrets of organization {org}"))
    }

    /// Deletes a secret. One that isn't there is no error.
    ///
    /// # Errors
    /// Returns an error if the key is empty, the token lacks permission, or no response is
    /// received.
    pub fn delete(&self, key: &str) -> Result<(), Error> {
        let org = &self.org;
        let what = format!("delete secret {key:?} of organization {org}");
        if !is_found_by_path(key) {
            #[derive(Serialize)]
            struct Body<'a> {
                secrets: [&'a str; 1],
            }
            let path = ["orgs", org.as_str(), "secrets", "delete"];
            return ApiRequest::new(self.client, "POST", &path)
                .json(&Body { secrets: [key] })
                .send(&what);
        }
        let path = ["orgs", org.as_str(), "secrets", key];
        ApiRequest::new(self.client, "DELETE", &path).send(&what)
    }
}

/// Whether OSS finds a key by the last segment of a path. Where that is encoded in another way than
/// Go's own, which leaves these as they are, it isn't decoded: the server looks for the encoded key,
/// finds nothing, and says that it's gone. The older way, by a list in the body, knows every key.
fn is_found_by_path(key: &str) -> bool {
    !matches!(key, "." | "..") && !key.contains(['$', '&', '+', ',', '/', ':', ';', '=', '@'])
}
