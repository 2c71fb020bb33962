//! The handle of one kind of resource, with the methods that several kinds have.

use super::list::Page;
use super::request::{ApiRequest, Scope};
use super::resource::{Change, Kind, Lookup, OrgParameter};
use super::{
    Attached, Deletable, Editable, Ensure, Ensured, Id, InOrg, Label, Labeled, List, Member, Named,
    Organization, Plan, Resource, Shared,
};
use crate::client::Client;
use crate::client::names::check_name;
use crate::error::Error;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use serde::Serialize;

/// The resources of one kind, with the calls on them.
///
/// [`Client::buckets`], for instance, returns `Resources<'_, Bucket>`.
///
/// A handle is two or three pointers, is `Copy`, and sends nothing by itself. Every kind of resource has
/// [`list`](Self::list) and [`find`](Self::find). The table has the kinds for which each other method exists;
/// any other call doesn't compile.
///
/// | methods | kinds |
/// |---|---|
/// | [`create`](Self::create), [`update`](Self::update) | all but runs |
/// | [`delete`](Self::delete) | all but runs and measurement schemas |
/// | [`find_by_name`](Self::find_by_name) | all but runs, authorizations and DBRP mappings |
/// | [`in_org`](Self::in_org) | [buckets](Client::buckets), [tasks](Client::tasks), [labels](Client::labels), [authorizations](Client::authorizations), [DBRP mappings](Client::dbrps), [variables](Client::variables) |
/// | [`ensure`](Self::ensure), [`plan`](Self::plan) | buckets, tasks, labels, authorizations, DBRP mappings |
/// | [`duplicate`](Self::duplicate) | tasks, labels, authorizations |
/// | [`labels`](Self::labels) | buckets, tasks, variables |
/// | [`members`](Self::members), [`owners`](Self::owners) | buckets, tasks, organizations |
/// | [`schemas`](Self::schemas) | buckets |
/// | [`runs`](Self::runs), [`logs`](Self::logs) | tasks |
/// | [`start`](Self::start), [`start_for`](Self::start_for), [`retry`](Self::retry), [`cancel`](Self::cancel), [`logs`](Self::logs) | runs |
/// | [`replace`](Self::replace) | variables |
/// | [`secrets`](Self::secrets), [`set_secrets`](Self::set_secrets), [`delete_secret`](Self::delete_secret) | [organizations](Client::organizations) |
/// | [`set_password`](Self::set_password), [`change_password`](Self::change_password), [`change_my_password`](Self::change_my_password) | [users](Client::users) |
/// | [`params`](Self::params), [`invoke`](Self::invoke) | [scripts](Client::scripts) |
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{Bucket, NewBucket, Resources, days};
///
/// let buckets: Resources<'_, Bucket> = client.buckets();
/// let bucket = match buckets.find_by_name("sensors")? {
///     Some(bucket) => bucket,
///     None => buckets.create(&NewBucket::new("sensors").retention(days(30)))?,
/// };
/// assert_eq!(bucket.name, "sensors");
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub struct Resources<'a, T> {
    pub(super) scope: Scope<'a>,
    /// The resource that these belong to, as two segments of their path: the task of runs.
    pub(super) parent: Option<[&'a str; 2]>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Resources<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Resources<'_, T> {}

impl<T> fmt::Debug for Resources<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resources")
            .field("scope", &self.scope)
            .field("parent", &self.parent)
            .finish()
    }
}

impl<'a, T: Resource> Resources<'a, T> {
    /// Returns the same resources of another organization than the client's.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let org = "0123456789abcdef".parse()?;
    /// let theirs = client
    ///     .buckets()
    ///     .in_org(&org)
    ///     .list()
    ///     .collect::<Result<Vec<_>, _>>()?;
    /// # assert!(!theirs.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn in_org(mut self, org: &'a Id<Organization>) -> Self
    where
        T: InOrg,
    {
        self.scope.org = Some(org);
        self
    }

    /// Returns an iterator over all resources of this kind. Nothing is sent before the first item is
    /// asked for; errors are items.
    ///
    /// | resource | its list |
    /// |---|---|
    /// | buckets | includes the server's own, `_monitoring` and `_tasks` |
    /// | authorizations, DBRP mappings | come in one request; the mappings include the [virtual](super::Dbrp::is_virtual) ones |
    /// | labels | come in one request, which needs the organization's id; a client that has only the name looks it up first |
    /// | measurement schemas | come in one request, possibly without their columns |
    /// | runs | the unfinished ones first, then the others, latest first; see [`runs`](Self::runs) |
    /// | all others | come in [pages](List::page_size) |
    pub fn list(self) -> List<'a, T> {
        List::new(self.scope, T::KIND, &path(T::KIND, self.parent, &[]))
    }

    /// Returns the resource with this id, or `None` if there is none.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// match client.buckets().find(&id)? {
    ///     Some(bucket) => println!("{}", bucket.name),
    ///     None => println!("deleted"),
    /// }
    /// # assert!(client.buckets().find(&id)?.is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received. DBRP mappings need an
    /// organization.
    pub fn find(self, id: &Id<T>) -> Result<Option<T>, Error> {
        let found: Option<T::Single> = self
            .request("GET", &[id.as_str()])
            .find(&format_args!("find {} {id}", T::KIND.noun()))?;
        Ok(found.map(Into::into))
    }

    /// Returns the resource with this name, or `None` if there is none.
    ///
    /// | resource | its names |
    /// |---|---|
    /// | buckets | are unique in an organization; without one, InfluxDB OSS searches all and returns the first |
    /// | tasks | needn't be unique: this is the first, [`named`](List::named) lists all |
    /// | organizations, labels, variables | have no white space around them, here as on the server |
    /// | labels, variables | are searched for in the whole list |
    /// | variables | whose names differ only in case: InfluxDB OSS keeps the first, the others are [taken](Error::is_conflict) |
    /// | measurement schemas | are those of their measurements; the columns may be missing |
    ///
    /// # Errors
    /// Returns an error if the name is empty, the token lacks permission, or no response is received.
    pub fn find_by_name(self, name: &str) -> Result<Option<T>, Error>
    where
        T: Named,
    {
        let name = if T::TRIMMED { name.trim() } else { name };
        check_name(T::KIND.name, name)?;
        let list = match T::LOOKUP {
            Lookup::Parameter(parameter) => {
                let mut request = self.request("GET", &[]);
                if T::KIND.org == OrgParameter::Lists {
                    request = request.org(self.scope);
                }
                let found = request
                    .query(parameter, name)
                    .find::<Page<T>>(&format_args!("find {} {name:?}", T::KIND.noun()))?;
                return Ok(found.and_then(|page| page.0.into_iter().find(|one| one.has_name(name))));
            }
            Lookup::Filter(parameter) => self.list().with(parameter, name),
            Lookup::List => self.list(),
        };
        list.find_first(|one| one.has_name(name))
    }

    /// Creates a resource, and returns it as the server stored it.
    ///
    /// Where the body needs the organization's id and the client has only its name, the id is looked up
    /// first.
    ///
    /// | resource | peculiarity |
    /// |---|---|
    /// | authorizations | the [token](super::Authorization::reveal_token) is in this response and in no later one |
    /// | organizations | InfluxDB OSS also creates the buckets `_monitoring` and `_tasks` |
    /// | tasks | the server parses the script (400, with the position), but InfluxDB OSS checks its meaning only at the first run |
    /// | measurement schemas | the bucket must have been created with an [explicit schema](super::NewBucket::explicit_schema) (400) |
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::{NewBucket, days};
    ///
    /// let bucket = client
    ///     .buckets()
    ///     .create(&NewBucket::new("sensors").retention(days(30)))?;
    /// assert_eq!(
    ///     (bucket.name.as_str(), bucket.retention()),
    ///     ("sensors", Some(days(30)))
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the name is empty, invalid or [taken](Error::is_conflict), another value is
    /// invalid, there is no organization, the token lacks permission, or no response is received. An
    /// authorization needs a permission, and can't have one that the caller lacks
    /// ([`Error::is_forbidden`]).
    pub fn create(self, new: &T::New) -> Result<T, Error>
    where
        T: Editable,
    {
        T::create(self, new)
    }

    /// Creates the resource if it doesn't exist, changes it where it differs from `new`, and leaves it
    /// alone where it doesn't. Values that `new` doesn't set are not compared.
    ///
    /// Safe to repeat. What identifies the resource, and what is changed:
    ///
    /// | resource | found by | changed |
    /// |---|---|---|
    /// | buckets | name | retention (a shorter one deletes older points), shard group duration, description |
    /// | labels | name, in any case if the server takes both for one, as InfluxDB 2.9.1 does | the properties of `new`; an empty value removes one |
    /// | tasks | name | the script with its schedule, compared as text; description, status |
    /// | DBRP mappings | database and retention policy, virtual ones apart | the bucket, the default |
    /// | authorizations | description, and user if `new` sets one | the status; other permissions replace the token |
    ///
    /// *Several programs at once* can ensure the same bucket or label. For the other kinds each may create its own: the
    /// server accepts equal names of tasks and equal descriptions of authorizations, and InfluxDB 2.9.1 creates several
    /// DBRP mappings.
    ///
    /// *Authorizations.* Permissions can't be changed. A new token is created, for the same user, and the
    /// old one is deleted; programs that use the old one then get 401. A new token whose predecessor
    /// can't be deleted is deleted again. [`Ensured::Created`] and [`Ensured::Changed`] may
    /// [have a token](super::Authorization::reveal_token) to be stored; [`Ensured::Unchanged`] has none.
    ///
    /// *DBRP mappings.* No server changes the bucket of a mapping, so the mapping is deleted and created
    /// again; writes through it are rejected in between. If the bucket doesn't exist, the old mapping is
    /// restored. A database always has one default: its only mapping stays the default.
    ///
    /// *Tasks.* A task that was edited elsewhere, which rewrites the script, gets this script again.
    ///
    /// One request if a bucket or a task is unchanged; labels and authorizations are listed.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewBucket;
    ///
    /// let bucket = client.buckets().ensure(&NewBucket::new("sensors"))?;
    /// assert!(bucket.is_unchanged());
    /// assert_eq!(bucket.into_inner().name, "sensors");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if `new` can't identify a resource (an authorization without a description, a
    /// task whose name stands in its script), several resources match, or no server can make the change
    /// (the kind of schema of a bucket, or the name of its retention policy); else the same errors as
    /// [`create`](Self::create), [`update`](Self::update) and [`delete`](Self::delete).
    pub fn ensure(self, new: &T::New) -> Result<Ensured<T>, Error>
    where
        T: Ensure,
    {
        let org = self.checked_org(new)?;
        let at = self.in_known_org(org.as_ref());
        let there = match T::find_same(at, new)? {
            Some(there) => there,
            None => match T::create(at, new) {
                Ok(made) => return Ok(Ensured::Created(made)),
                // Another program created it in between, or the server compares names otherwise.
                Err(error) if error.is_conflict() => T::find_taken(at, new)?.ok_or(error)?,
                Err(error) => return Err(error),
            },
        };
        match T::difference(at, &there, new)? {
            None => Ok(Ensured::Unchanged(there)),
            Some(Change::Update(update)) => {
                at.update(&Id::of(&there), &update).map(Ensured::Changed)
            }
            Some(Change::Replace) => T::replace(at, &there, new).map(Ensured::Changed),
        }
    }

    /// Returns what [`ensure`](Self::ensure) would do, without changing anything.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewBucket;
    ///
    /// let plan = client.buckets().plan(&NewBucket::new("sensors"))?;
    /// assert!(plan.is_unchanged());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`ensure`](Self::ensure), except those of the requests that would
    /// create or change something.
    pub fn plan(self, new: &T::New) -> Result<Plan<T>, Error>
    where
        T: Ensure,
    {
        let org = self.checked_org(new)?;
        let at = self.in_known_org(org.as_ref());
        let Some(there) = T::find_taken(at, new)? else {
            return Ok(Plan::Create);
        };
        Ok(match T::difference(at, &there, new)? {
            Some(_) => Plan::Change(there),
            None => Plan::Unchanged(there),
        })
    }

    /// Changes what `update` sets, and returns the resource as it is then. A bucket comes without its
    /// labels.
    ///
    /// DBRP mappings are found first, for a [virtual](super::Dbrp::is_virtual) one can't be changed. Of a
    /// measurement schema the update is all its columns, old and new: columns are added, never removed.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// use influx_edge::api::BucketUpdate;
    ///
    /// let bucket = client
    ///     .buckets()
    ///     .update(&id, &BucketUpdate::new().description("all of the plant"))?;
    /// assert_eq!(bucket.description, "all of the plant");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the resource doesn't exist, the name is empty, invalid or
    /// [taken](Error::is_conflict), another value is invalid, the token lacks permission, or no response
    /// is received. InfluxDB Cloud requires the [retention](super::BucketUpdate::of) in the update of a
    /// bucket (403), and a variable's update has to set something.
    pub fn update(self, id: &Id<T>, update: &T::Update) -> Result<T, Error>
    where
        T: Editable,
    {
        T::update(self, id, update)
    }

    /// Deletes a resource and all that is in it: the points of a bucket (on InfluxDB Cloud some time
    /// later), the runs and logs of a task, everything of an organization. A deleted label is off
    /// everything it was attached to, and the token of a deleted authorization is invalid.
    ///
    /// DBRP mappings are found first: a [virtual](super::Dbrp::is_virtual) one can't be deleted, though
    /// InfluxDB OSS responds as if it were.
    ///
    /// # Errors
    /// Returns an error if the resource [doesn't exist](Error::is_not_found) (of scripts, that is no
    /// error), it is the server's own, the token lacks permission, or no response is received.
    pub fn delete(self, id: &Id<T>) -> Result<(), Error>
    where
        T: Deletable,
    {
        T::check_delete(self, id)?;
        self.request("DELETE", &[id.as_str()])
            .send(&format_args!("delete {} {id}", T::KIND.noun()))
    }

    /// Returns the labels on one resource.
    #[must_use]
    pub fn labels(self, id: &'a Id<T>) -> Attached<'a, Label>
    where
        T: Labeled,
    {
        Attached::new(self.scope.client, T::KIND, id.as_str(), "labels")
    }

    /// Returns the members of one resource.
    #[must_use]
    pub fn members(self, id: &'a Id<T>) -> Attached<'a, Member>
    where
        T: Shared,
    {
        Attached::new(self.scope.client, T::KIND, id.as_str(), "members")
    }

    /// Returns the owners of one resource.
    #[must_use]
    pub fn owners(self, id: &'a Id<T>) -> Attached<'a, Member>
    where
        T: Shared,
    {
        Attached::new(self.scope.client, T::KIND, id.as_str(), "owners")
    }

    pub(super) fn of(client: &'a Client) -> Self {
        Resources::inside(Scope { client, org: None }, None)
    }

    /// The resources that belong to another one, which two segments of a path name.
    pub(super) fn inside(scope: Scope<'a>, parent: Option<[&'a str; 2]>) -> Self {
        Resources {
            scope,
            parent,
            of: PhantomData,
        }
    }

    /// The same in `org`, where that is known and no organization was chosen.
    pub(super) fn in_known_org<'b>(self, org: Option<&'b Id<Organization>>) -> Resources<'b, T>
    where
        'a: 'b,
    {
        let mut at: Resources<'b, T> = self;
        at.scope.org = at.scope.org.or(org);
        at
    }

    /// Checks `new`, and that there is an organization: without one a server would search all of them.
    /// Returns its id if the requests need that.
    fn checked_org(self, new: &T::New) -> Result<Option<Id<Organization>>, Error>
    where
        T: Ensure,
    {
        T::check(new)?;
        if T::BY_ORG_ID {
            return self.scope.org_id().map(Some);
        }
        self.scope.check_org().map(|()| None)
    }

    pub(super) fn request(self, method: &'static str, rest: &[&str]) -> ApiRequest<'a> {
        request(
            self.scope,
            method,
            T::KIND,
            &path(T::KIND, self.parent, rest),
        )
    }

    /// Finds a resource that has to exist, to duplicate it.
    pub(super) fn original(self, id: &Id<T>) -> Result<T, Error> {
        self.request("GET", &[id.as_str()])
            .send_json(&format_args!("duplicate {} {id}", T::KIND.noun()))
            .map(T::Single::into)
    }

    pub(super) fn post(self, body: &impl Serialize, name: &str) -> Result<T, Error> {
        self.request("POST", &[])
            .json(body)
            .send_json(&format_args!("create {} {name:?}", T::KIND.noun()))
            .map(T::Single::into)
    }

    pub(super) fn patch<U: Serialize + ?Sized>(self, id: &Id<T>, body: &U) -> Result<T, Error> {
        self.request("PATCH", &[id.as_str()])
            .json(body)
            .send_json(&format_args!("update {} {id}", T::KIND.noun()))
            .map(T::Single::into)
    }
}

fn path<'p>(kind: Kind, parent: Option<[&'p str; 2]>, rest: &[&'p str]) -> Vec<&'p str> {
    let mut path = Vec::new();
    path.extend(parent.iter().flatten());
    path.extend(kind.path);
    path.extend(rest);
    path
}

/// The start of a request. Not generic.
fn request<'a>(
    scope: Scope<'a>,
    method: &'static str,
    kind: Kind,
    path: &[&str],
) -> ApiRequest<'a> {
    let request = ApiRequest::new(scope.client, method, path);
    match kind.org {
        OrgParameter::All => request.org(scope),
        _ => request,
    }
}
