//! Get-or-create: the outcome of `ensure`, and the steps that all resources share.

use crate::error::Error;

/// A resource that is as it was asked for, and what had to be done for that. Made by `ensure` of
/// [buckets](super::Buckets::ensure), [labels](super::Labels::ensure),
/// [tokens](super::Authorizations::ensure), [tasks](super::Tasks::ensure),
/// [DBRP mappings](super::Dbrps::ensure) and [labels on a resource](super::AttachedLabels::ensure).
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::NewBucket;
///
/// let bucket = client.buckets().ensure(&NewBucket::new("sensors"))?;
/// println!("bucket {} ({}): {}", bucket.get().name, bucket.get().id, bucket.as_str());
/// assert!(bucket.is_unchanged());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ensured<T> {
    /// It did not exist, and was made.
    Created(T),
    /// It existed and was different; this is what it is now.
    Changed(T),
    /// It existed and is what was asked for. Nothing was sent but the question.
    Unchanged(T),
}

/// What an `ensure` would do, found out without changing anything. Made by `plan` of
/// [buckets](super::Buckets::plan), [labels](super::Labels::plan), [tokens](super::Authorizations::plan),
/// [tasks](super::Tasks::plan) and [DBRP mappings](super::Dbrps::plan).
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{NewBucket, Plan};
///
/// match client.buckets().plan(&NewBucket::new("sensors"))? {
///     Plan::Create => println!("it would be made"),
///     Plan::Change(bucket) => println!("{} would be changed", bucket.id),
///     Plan::Unchanged(bucket) => println!("{} is right", bucket.id),
/// }
/// # assert!(client.buckets().plan(&NewBucket::new("sensors"))?.is_unchanged());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan<T> {
    /// It does not exist, and would be made.
    Create,
    /// It exists and is different: this is what it is before the change.
    Change(T),
    /// It exists and is what was asked for.
    Unchanged(T),
}

impl<T> Plan<T> {
    /// The resource as it is, if it exists.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        match self {
            Plan::Create => None,
            Plan::Change(item) | Plan::Unchanged(item) => Some(item),
        }
    }

    /// Whether nothing would have to be done.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        matches!(self, Plan::Unchanged(_))
    }

    /// Of a resource that was looked up, and what would be changed of it.
    pub(super) fn of<U>(
        there: Option<T>,
        difference: impl FnOnce(&T) -> Result<Option<U>, Error>,
    ) -> Result<Self, Error> {
        let Some(there) = there else {
            return Ok(Plan::Create);
        };
        Ok(match difference(&there)? {
            Some(_) => Plan::Change(there),
            None => Plan::Unchanged(there),
        })
    }
}

impl<T> Ensured<T> {
    /// The resource as it is now.
    #[must_use]
    pub fn get(&self) -> &T {
        match self {
            Ensured::Created(item) | Ensured::Changed(item) | Ensured::Unchanged(item) => item,
        }
    }

    /// The resource as it is now, by value.
    #[must_use]
    pub fn into_inner(self) -> T {
        match self {
            Ensured::Created(item) | Ensured::Changed(item) | Ensured::Unchanged(item) => item,
        }
    }

    /// Whether nothing had to be done.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        matches!(self, Ensured::Unchanged(_))
    }

    /// The outcome as a word: `created`, `changed` or `unchanged`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Ensured::Created(_) => "created",
            Ensured::Changed(_) => "changed",
            Ensured::Unchanged(_) => "unchanged",
        }
    }

    /// Finds a resource, or makes it. Another program that makes it in between is no error.
    pub(super) fn find_or_create(
        find: impl Fn() -> Result<Option<T>, Error>,
        create: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Self, Error> {
        if let Some(there) = find()? {
            return Ok(Ensured::Unchanged(there));
        }
        match create() {
            Ok(made) => Ok(Ensured::Created(made)),
            Err(error) if error.is_conflict() => match find()? {
                Some(there) => Ok(Ensured::Unchanged(there)),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Changes a resource that existed, where `change` finds something to change.
    pub(super) fn or_change(
        self,
        change: impl FnOnce(&T) -> Result<Option<T>, Error>,
    ) -> Result<Self, Error> {
        let Ensured::Unchanged(there) = self else {
            return Ok(self);
        };
        Ok(match change(&there)? {
            Some(now) => Ensured::Changed(now),
            None => Ensured::Unchanged(there),
        })
    }
}
