//! Secrets of an organization: values that its tasks use and no request returns.

use super::request::to_owned_map;
use super::serde_util::or_default;
use super::{Id, Organization, Resources};
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

impl Resources<'_, Organization> {
    /// Returns the keys of an organization's secrets, which its tasks may use. No server returns the
    /// values.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// assert_eq!(client.organizations().secrets(&id)?, ["mqtt", "smtp"]);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such organization, the token lacks permission, or no
    /// response is received.
    pub fn secrets(self, org: &Id<Organization>) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Response {
            #[serde(deserialize_with = "or_default")]
            secrets: Vec<String>,
        }
        self.request("GET", &[org.as_str(), "secrets"])
            .send_json::<Response>(&format_args!("list the secrets of organization {org}"))
            .map(|response| response.secrets)
    }

    /// Sets secrets of an organization, given as pairs of key and value: new ones are created, known ones
    /// get the new value, the others are unchanged.
    ///
    /// # Errors
    /// Returns an error if a key is empty, the token lacks permission, or no response is received.
    pub fn set_secrets<'s>(
        self,
        org: &Id<Organization>,
        secrets: impl IntoIterator<Item = (&'s str, &'s str)>,
    ) -> Result<(), Error> {
        let secrets = to_owned_map(secrets);
        if secrets.contains_key("") {
            return Err(Error::config("the key of a secret is empty"));
        }
        let values: Vec<&str> = secrets.values().map(String::as_str).collect();
        let client = self.scope.client.hiding(&values, None);
        Resources::<Organization>::of(&client)
            .request("PATCH", &[org.as_str(), "secrets"])
            .json(&secrets)
            .send(&format_args!("set secrets of organization {org}"))
    }

    /// Deletes a secret of an organization. A key that doesn't exist is no error.
    ///
    /// # Errors
    /// Returns an error if the key is empty, the token lacks permission, or no response is
    /// received.
    pub fn delete_secret(self, org: &Id<Organization>, key: &str) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            secrets: [&'a str; 1],
        }
        let what = format!("delete secret {key:?} of organization {org}");
        if is_found_by_path(key) {
            return self
                .request("DELETE", &[org.as_str(), "secrets", key])
                .send(&what);
        }
        self.request("POST", &[org.as_str(), "secrets", "delete"])
            .json(&Body { secrets: [key] })
            .send(&what)
    }
}

/// Returns `true` if InfluxDB OSS finds a key by the last segment of a path. Go leaves these characters
/// as they are, and a segment that is encoded in any other way than Go's is not decoded: the server
/// looks for the encoded key, doesn't find it, and responds as if it were deleted. The older request,
/// with a list in the body, finds every key.
fn is_found_by_path(key: &str) -> bool {
    !matches!(key, "." | "..") && !key.contains(['$', '&', '+', ',', '/', ':', ';', '=', '@'])
}
