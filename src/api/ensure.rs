//! The outcomes of `ensure` and `plan`.

/// A resource in the wanted state, with the change that was needed.
///
/// Made by [`Resources::ensure`](super::Resources::ensure) and [`Attached::ensure`](super::Attached::ensure).
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::NewBucket;
///
/// let bucket = client.buckets().ensure(&NewBucket::new("sensors"))?;
/// println!(
///     "bucket {} ({}): {}",
///     bucket.get().name,
///     bucket.get().id,
///     bucket.as_str()
/// );
/// assert!(bucket.is_unchanged());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ensured<T> {
    /// It did not exist, and was created.
    Created(T),
    /// It existed and differed. This is the resource after the change.
    Changed(T),
    /// It existed as wanted. Nothing was changed.
    Unchanged(T),
}

/// What an `ensure` would do. Made by [`Resources::plan`](super::Resources::plan).
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{NewBucket, Plan};
///
/// match client.buckets().plan(&NewBucket::new("sensors"))? {
///     Plan::Create => println!("would be created"),
///     Plan::Change(bucket) => println!("{} would be changed", bucket.id),
///     Plan::Unchanged(bucket) => println!("{} is as wanted", bucket.id),
/// }
/// # assert!(client.buckets().plan(&NewBucket::new("sensors"))?.is_unchanged());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan<T> {
    /// It does not exist, and would be created.
    Create,
    /// It exists and differs. This is the resource before the change.
    Change(T),
    /// It exists as wanted.
    Unchanged(T),
}

impl<T> Plan<T> {
    /// Returns the resource as it is, if it exists.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        match self {
            Plan::Create => None,
            Plan::Change(item) | Plan::Unchanged(item) => Some(item),
        }
    }

    /// Returns `true` if nothing would be changed.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        matches!(self, Plan::Unchanged(_))
    }
}

impl<T> Ensured<T> {
    /// Returns the resource as it is now.
    #[must_use]
    pub fn get(&self) -> &T {
        match self {
            Ensured::Created(item) | Ensured::Changed(item) | Ensured::Unchanged(item) => item,
        }
    }

    /// Returns the resource as it is now, by value.
    #[must_use]
    pub fn into_inner(self) -> T {
        match self {
            Ensured::Created(item) | Ensured::Changed(item) | Ensured::Unchanged(item) => item,
        }
    }

    /// Returns `true` if nothing was changed.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        matches!(self, Ensured::Unchanged(_))
    }

    /// Returns the outcome as text: `created`, `changed` or `unchanged`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Ensured::Created(_) => "created",
            Ensured::Changed(_) => "changed",
            Ensured::Unchanged(_) => "unchanged",
        }
    }
}
