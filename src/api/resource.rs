//! Differences between the kinds of resources: data for the requests that all of them share, and
//! functions where one of them needs another request.

use super::listed::Paging;
use super::{Id, Listed, Resources};
use crate::error::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One kind of resource, as requests and errors need it.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name with the article, for errors: `a bucket`.
    pub(super) name: &'static str,
    /// The segments of its path, after `/api/v2` or after the resource it belongs to.
    pub(super) path: &'static [&'static str],
    pub(super) paging: Paging,
    pub(super) org: OrgParameter,
}

impl Kind {
    pub(super) const fn new(
        name: &'static str,
        path: &'static [&'static str],
        paging: Paging,
        org: OrgParameter,
    ) -> Self {
        Kind {
            name,
            path,
            paging,
            org,
        }
    }

    /// The name without the article.
    pub(super) fn noun(self) -> &'static str {
        self.name
            .split_once(' ')
            .map_or(self.name, |(_, noun)| noun)
    }
}

/// The requests that name the organization in a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrgParameter {
    None,
    /// Those that list, or find by name.
    Lists,
    /// Those that list. The parameter is the id; the server ignores the name.
    ListsById,
    /// All but a create, which has it in the body.
    All,
}

/// A resource with an id of its own.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no resource of a server",
    note = "resources come from methods: `client.buckets()`, `client.tasks()`, …"
)]
pub trait Resource: Listed {
    /// The form of a single one in a response, which may be wrapped.
    type Single: DeserializeOwned + Into<Self>;

    #[doc(hidden)]
    const KIND: Kind;
}

/// A resource that belongs to an organization.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` belongs to no organization that could be chosen",
    note = "the table at `influx_edge::api::Resources` lists the methods of each resource"
)]
pub trait InOrg: Resource {}

/// A resource that can be found by its name.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be found by a name",
    note = "`list` and `find`, by id, work for every resource"
)]
pub trait Named: Resource {
    #[doc(hidden)]
    const LOOKUP: Lookup;

    /// White space around a name is no part of it.
    #[doc(hidden)]
    const TRIMMED: bool = false;

    #[doc(hidden)]
    fn has_name(&self, name: &str) -> bool;
}

/// The way from a name to a resource.
#[derive(Clone, Copy, Debug)]
pub enum Lookup {
    /// One request, with the name as this parameter.
    Parameter(&'static str),
    /// A list that the server filters by this parameter.
    Filter(&'static str),
    /// The whole list.
    List,
}

/// A resource that can be created and updated.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be created or updated by a request of its own",
    note = "runs are started: `client.tasks().runs(&task).start()`"
)]
pub trait Editable: Resource {
    type New: Serialize;
    type Update: Serialize + ?Sized;

    /// Rejects what no server would take, before anything is sent. Returns the name, for errors.
    #[doc(hidden)]
    fn check_new(new: &Self::New) -> Result<&str, Error>;

    #[doc(hidden)]
    fn check_update(_update: &Self::Update) -> Result<(), Error> {
        Ok(())
    }

    #[doc(hidden)]
    fn create(at: Resources<'_, Self>, new: &Self::New) -> Result<Self, Error> {
        let name = Self::check_new(new)?;
        match Self::KIND.org {
            OrgParameter::None | OrgParameter::All => at.post(new, name),
            OrgParameter::Lists | OrgParameter::ListsById => at.post(&at.scope.body(new)?, name),
        }
    }

    #[doc(hidden)]
    fn update(
        at: Resources<'_, Self>,
        id: &Id<Self>,
        update: &Self::Update,
    ) -> Result<Self, Error> {
        Self::check_update(update)?;
        at.patch(id, update)
    }
}

/// A resource that can be deleted.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be deleted",
    note = "a run is canceled; a measurement schema goes with its bucket"
)]
pub trait Deletable: Resource {
    /// Rejects one that the server only claims to delete.
    #[doc(hidden)]
    fn check_delete(_at: Resources<'_, Self>, _id: &Id<Self>) -> Result<(), Error> {
        Ok(())
    }
}

/// A resource that can be brought into a wanted state.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `ensure` and no `plan`",
    note = "the table at `influx_edge::api::Resources` lists the methods of each resource"
)]
pub trait Ensure: Editable<Update: Sized> + InOrg {
    /// The requests need the organization's id, its name isn't enough.
    #[doc(hidden)]
    const BY_ORG_ID: bool = false;

    /// Rejects what can't be found again.
    #[doc(hidden)]
    fn check(new: &Self::New) -> Result<(), Error> {
        Self::check_new(new).map(drop)
    }

    /// The resource that `new` describes, if it exists.
    #[doc(hidden)]
    fn find_same(at: Resources<'_, Self>, new: &Self::New) -> Result<Option<Self>, Error>;

    /// The resource that keeps `new` from being created.
    #[doc(hidden)]
    fn find_taken(at: Resources<'_, Self>, new: &Self::New) -> Result<Option<Self>, Error> {
        Self::find_same(at, new)
    }

    /// The way from the resource there is to the wanted one, if they differ.
    #[doc(hidden)]
    fn difference(
        at: Resources<'_, Self>,
        there: &Self,
        new: &Self::New,
    ) -> Result<Option<Change<Self::Update>>, Error>;

    /// Creates `new` in place of a resource that no update makes the wanted one.
    #[doc(hidden)]
    fn replace(at: Resources<'_, Self>, _there: &Self, new: &Self::New) -> Result<Self, Error> {
        at.create(new)
    }
}

/// The way from one state of a resource to another.
#[derive(Clone, Copy, Debug)]
pub enum Change<U> {
    Update(U),
    Replace,
}

/// A resource that labels can be attached to.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no labels",
    note = "buckets, tasks and variables do"
)]
pub trait Labeled: Resource {}

/// A resource with members and owners.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no members and owners",
    note = "buckets, organizations and tasks have"
)]
pub trait Shared: Resource {}
