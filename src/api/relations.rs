//! Labels, members and owners attached to other resources.

use super::labels::LabelResponse;
use super::list::Page;
use super::listed::listed;
use super::request::ApiRequest;
use super::resource::Kind;
use super::serde_util::{or_default, status};
use super::{Ensured, Id, Label, Listed, Resource, Status, User};
use crate::client::Client;
use crate::error::Error;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use serde::{Deserialize, Serialize};

/// The labels, members or owners of one resource.
///
/// Items are [`Label`] or [`Member`]. Made by [`labels`](super::Resources::labels),
/// [`members`](super::Resources::members) and [`owners`](super::Resources::owners).
///
/// InfluxDB OSS keeps one role for each user and resource: a member can't be added as an owner (the
/// error is [a conflict](Error::is_conflict)), and removing from either list removes the user from
/// both. InfluxDB Cloud ignores these roles when it checks permissions.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// let on_bucket = client.buckets().labels(&id);
/// assert_eq!(on_bucket.list()?[0].name, "outside");
///
/// let members = client.buckets().members(&id);
/// assert_eq!(members.list()?[0].name, "ana-maria");
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub struct Attached<'a, T> {
    client: &'a Client,
    kind: Kind,
    id: &'a str,
    part: &'static str,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Attached<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Attached<'_, T> {}

impl<T> fmt::Debug for Attached<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attached")
            .field("kind", &self.kind.noun())
            .field("id", &self.id)
            .field("part", &self.part)
            .finish_non_exhaustive()
    }
}

/// An item that can be attached to a resource.
#[doc(hidden)]
pub trait Attachable: Listed {
    /// The resource whose id is given.
    type Source: Resource;

    #[doc(hidden)]
    fn add(to: Attached<'_, Self>, id: &Id<Self::Source>) -> Result<Self, Error>;
}

impl<'a, T> Attached<'a, T> {
    pub(super) fn new(client: &'a Client, kind: Kind, id: &'a str, part: &'static str) -> Self {
        Attached {
            client,
            kind,
            id,
            part,
            of: PhantomData,
        }
    }

    fn request(self, method: &'static str, rest: &[&str]) -> ApiRequest<'a> {
        let mut path = self.kind.path.to_vec();
        path.extend([self.id, self.part]);
        path.extend(rest);
        ApiRequest::new(self.client, method, &path)
    }

    fn post<R: serde::de::DeserializeOwned>(
        self,
        body: &impl Serialize,
        item: &str,
    ) -> Result<R, Error> {
        let (part, noun, id) = (self.part, self.kind.noun(), self.id);
        self.request("POST", &[])
            .json(body)
            .send_json(&format_args!("add {item} to the {part} of {noun} {id}"))
    }
}

impl<T: Attachable> Attached<'_, T> {
    /// Returns all of them, in one request.
    ///
    /// # Errors
    /// Returns an error if the resource doesn't exist, the token lacks permission, or no response
    /// is received.
    pub fn list(&self) -> Result<Vec<T>, Error> {
        let (part, noun, id) = (self.part, self.kind.noun(), self.id);
        self.request("GET", &[])
            .send_json::<Page<T>>(&format_args!("list the {part} of {noun} {id}"))
            .map(|page| page.0)
    }

    /// Attaches a label, or adds a user, by its id; and returns it. A label that may be attached already
    /// is for [`ensure`](Self::ensure).
    ///
    /// # Errors
    /// Returns an error if it is there already (of a label a [conflict](Error::is_conflict), of a user a
    /// [duplicate](Error::is_conflict)), it or the resource doesn't exist, or no response is received.
    pub fn add(&self, id: &Id<T::Source>) -> Result<T, Error> {
        T::add(*self, id)
    }

    /// Detaches a label, or removes a user, by its id. One that isn't there is no error (OSS).
    ///
    /// # Errors
    /// Returns an error if the label isn't attached (Cloud), the token lacks permission, or no response
    /// is received.
    pub fn remove(&self, id: &Id<T::Source>) -> Result<(), Error> {
        let (part, noun, of) = (self.part, self.kind.noun(), self.id);
        self.request("DELETE", &[id.as_str()])
            .send(&format_args!("remove {id} from the {part} of {noun} {of}"))
    }
}

impl Attached<'_, Label> {
    /// Attaches a label unless it is attached already: [`Ensured::Created`] or [`Ensured::Unchanged`].
    /// Lists the labels of the resource first. Safe to repeat, and from several programs at once.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// use influx_edge::api::NewLabel;
    ///
    /// let north = client.labels().ensure(&NewLabel::new("north"))?.into_inner();
    /// let attached = client.buckets().labels(&id).ensure(&north.id)?;
    /// assert_eq!(attached.as_str(), "created");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the label or the resource doesn't exist, the token lacks permission, or no
    /// response is received.
    pub fn ensure(&self, label: &Id<Label>) -> Result<Ensured<Label>, Error> {
        let find = || -> Result<_, Error> {
            let mut attached = self.list()?.into_iter();
            Ok(attached.find(|one| one.id == *label))
        };
        if let Some(there) = find()? {
            return Ok(Ensured::Unchanged(there));
        }
        match self.add(label) {
            // Another program attached it in between.
            Err(error) if error.is_conflict() => find()?.map(Ensured::Unchanged).ok_or(error),
            added => added.map(Ensured::Created),
        }
    }
}

impl Attachable for Label {
    type Source = Label;

    fn add(to: Attached<'_, Self>, id: &Id<Label>) -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(rename = "labelID")]
            label: &'a Id<Label>,
        }
        to.post::<LabelResponse>(&Body { label: id }, id.as_str())
            .map(Label::from)
    }
}

/// A user with a role in a resource.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// use influx_edge::api::Status;
///
/// for member in client.buckets().members(&id).list()? {
///     assert_eq!(
///         (member.name.as_str(), member.role.as_str()),
///         ("ana-maria", "member")
///     );
///     assert_eq!(member.status, Some(Status::Inactive));
/// }
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The user's id.
    pub id: Id<User>,
    /// The user's name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The user's status: an inactive one may do nothing.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<Status>,
    /// `member` or `owner`.
    #[serde(default, deserialize_with = "or_default")]
    pub role: String,
}

listed!(Member, "users");

impl Attachable for Member {
    type Source = User;

    fn add(to: Attached<'_, Self>, id: &Id<User>) -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            id: &'a Id<User>,
        }
        to.post(&Body { id }, id.as_str())
    }
}
