//! Labels, members and owners attached to other resources. Written once, for everything that has
//! them.

use super::ensure::Ensured;
use super::id::{LabelId, UserId};
use super::labels::{Label, LabelResponse};
use super::list::{Listed, Page, listed};
use super::request::ApiRequest;
use super::serde_util::{Status, or_default, status};
use crate::client::Client;
use crate::error::Error;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What it hangs on: `buckets`, `tasks`, …, and which one.
#[derive(Clone, Debug)]
struct Owner<'a> {
    client: &'a Client,
    kind: &'static str,
    id: String,
    part: &'static str,
}

impl<'a> Owner<'a> {
    fn new(client: &'a Client, kind: &'static str, id: &str, part: &'static str) -> Self {
        Owner {
            client,
            kind,
            id: id.to_owned(),
            part,
        }
    }

    fn list<T: Listed>(&self) -> Result<Vec<T>, Error> {
        let Owner { kind, id, part, .. } = self;
        ApiRequest::get(self.client, &[kind, id, part])
            .send_json::<Page<T>>(&format_args!("list the {part} of {kind}/{id}"))
            .map(|page| page.0)
    }

    fn add<T: serde::de::DeserializeOwned>(
        &self,
        body: &impl Serialize,
        item: &str,
    ) -> Result<T, Error> {
        let Owner { kind, id, part, .. } = self;
        ApiRequest::new(self.client, "POST", &[kind, id, part])
            .json(body)
            .send_json(&format_args!("add {item} to the {part} of {kind}/{id}"))
    }

    fn remove(&self, item: &str) -> Result<(), Error> {
        let Owner { kind, id, part, .. } = self;
        ApiRequest::new(self.client, "DELETE", &[kind, id, part, item]).send(&format_args!(
            "remove {item} from the {part} of {kind}/{id}"
        ))
    }
}

/// The labels on one thing. Made by [`Buckets::labels`](super::Buckets::labels) and its siblings.
#[derive(Clone, Debug)]
pub struct AttachedLabels<'a>(Owner<'a>);

impl<'a> AttachedLabels<'a> {
    pub(super) fn new(client: &'a Client, kind: &'static str, id: &str) -> Self {
        AttachedLabels(Owner::new(client, kind, id, "labels"))
    }

    /// The labels that are on it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// println!("{} labels", client.buckets().labels(&id).list()?.len());
    /// # assert!(!client.buckets().labels(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the resource doesn't exist, the token lacks permission, or no response
    /// is received.
    pub fn list(&self) -> Result<Vec<Label>, Error> {
        self.0.list()
    }

    /// Puts a label on it, and gives the label. One that may be on it already is for
    /// [`ensure`](AttachedLabels::ensure).
    ///
    /// # Errors
    /// Returns an error if the label is on the resource already (a [conflict](Error::is_conflict)),
    /// the label or the resource doesn't exist, or no response is received.
    pub fn add(&self, label: &LabelId) -> Result<Label, Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(rename = "labelID")]
            label: &'a LabelId,
        }
        self.0
            .add::<LabelResponse>(&Body { label }, label.as_str())
            .map(|response| response.label)
    }

    /// Puts a label on it unless it is on it already: [`Ensured::Created`] or [`Ensured::Unchanged`], with
    /// the label. Safe to repeat, and to run from several programs at once. Lists the labels of the
    /// resource first.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
    /// use influx_edge::api::NewLabel;
    ///
    /// let north = client.labels().ensure(&NewLabel::new("north"))?.into_inner();
    /// let attached = client.buckets().labels(&id).ensure(&north.id)?;
    /// println!("label on the bucket: {}", attached.as_str());
    /// # assert_eq!(attached.as_str(), "created");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the label or the resource doesn't exist, the token lacks permission, or no
    /// response is received.
    pub fn ensure(&self, label: &LabelId) -> Result<Ensured<Label>, Error> {
        let find = || {
            let mut on_it = self.list()?.into_iter();
            Ok(on_it.find(|one| one.id == *label))
        };
        Ensured::find_or_create(find, || self.add(label))
    }

    /// Takes a label off it. One that isn't on it is no error (OSS).
    ///
    /// # Errors
    /// Returns an error if the label isn't on the resource (Cloud), the token lacks permission, or no
    /// response is received.
    pub fn remove(&self, label: &LabelId) -> Result<(), Error> {
        self.0.remove(label.as_str())
    }
}

/// The users that have a part in one thing: its members, or its owners. Made by
/// [`Buckets::members`](super::Buckets::members) and its siblings.
///
/// InfluxDB OSS knows one part a user and thing: who is a member can't be added as an owner (the
/// error is [a conflict](Error::is_conflict)), and removing from either list removes the user
/// from both. InfluxDB Cloud doesn't use these parts to decide what somebody may do.
#[derive(Clone, Debug)]
pub struct Members<'a>(Owner<'a>);

impl<'a> Members<'a> {
    pub(super) fn new(
        client: &'a Client,
        kind: &'static str,
        id: &str,
        part: &'static str,
    ) -> Self {
        Members(Owner::new(client, kind, id, part))
    }

    /// The users.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// println!("{} members", client.organizations().members(&id).list()?.len());
    /// # assert!(!client.organizations().members(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the resource doesn't exist, the token lacks permission, or no response
    /// is received.
    pub fn list(&self) -> Result<Vec<Member>, Error> {
        self.0.list()
    }

    /// Adds a user.
    ///
    /// # Errors
    /// Returns an error if the user is a member or an owner [already](Error::is_conflict), the
    /// resource doesn't exist, or no response is received.
    pub fn add(&self, user: &UserId) -> Result<Member, Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            id: &'a UserId,
        }
        self.0.add(&Body { id: user }, user.as_str())
    }

    /// Removes a user. One who has no part in it is no error (OSS).
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn remove(&self, user: &UserId) -> Result<(), Error> {
        self.0.remove(user.as_str())
    }
}

/// A user with a part in something.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::BucketId::new("0123456789abcdef")?;
/// use influx_edge::api::Status;
///
/// for member in client.buckets().members(&id).list()? {
///     assert_eq!((member.name.as_str(), member.role.as_str()), ("ana-maria", "member"));
///     assert_eq!(member.status, Some(Status::Inactive)); // a member who may do nothing now
/// }
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The user's id.
    pub id: UserId,
    /// The user's name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Whether the user may do anything at all.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<Status>,
    /// `member` or `owner`.
    #[serde(default, deserialize_with = "or_default")]
    pub role: String,
}

listed!(Member, "users");
