//! Ids of resources: opaque text, with a type for each kind.

use super::{Listed, Resource};
use crate::client::names::is_id;
use crate::error::Error;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// The id of a resource: `Id<Bucket>`, `Id<Task>`, … No call takes the id of another kind.
///
/// An id is opaque: the text that a server sent is sent back unchanged. Only text from elsewhere, such
/// as a configuration, is checked.
///
/// ```
/// use influx_edge::api::{Bucket, Id};
///
/// let id: Id<Bucket> = "97c45955947a12be".parse()?;
/// assert_eq!(id.to_string(), "97c45955947a12be");
/// assert!(Id::<Bucket>::new("sensors").is_err()); // a name
/// # Ok::<(), influx_edge::Error>(())
/// ```
///
/// ```compile_fail
/// # use influx_edge::{Client, Error, api::{Bucket, Id}};
/// fn delete(client: &Client, bucket: &Id<Bucket>) -> Result<(), Error> {
///     client.tasks().delete(bucket) // expected `&Id<Task>`, found `&Id<Bucket>`
/// }
/// ```
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Id<T> {
    text: String,
    of: PhantomData<fn() -> T>,
}

impl<T: Resource> Id<T> {
    /// Checks the text of an id: 16 hexadecimal digits, not all zero.
    ///
    /// # Errors
    /// Returns an error if the text has another form.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        check(T::KIND.name, &text)?;
        Ok(Id {
            text,
            of: PhantomData,
        })
    }
}

impl<T: Listed> Id<T> {
    pub(super) fn of(item: &T) -> Self {
        Id {
            text: item.id_text().to_owned(),
            of: PhantomData,
        }
    }
}

/// Rejects an id that InfluxDB OSS can't parse: it would ignore such an `orgID` or `userID` in a query
/// and list everything.
fn check(kind: &str, text: &str) -> Result<(), Error> {
    if is_id(text) && text.bytes().any(|b| b != b'0') {
        return Ok(());
    }
    Err(Error::config(format!(
        "{text:?} is no id of {kind}: those are 16 hexadecimal digits, not all zero"
    )))
}

impl<T> Id<T> {
    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T: Resource> FromStr for Id<T> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Id::new(text)
    }
}

// By hand, for a derive would ask the same of the resource.

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        Id {
            text: self.text.clone(),
            of: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Id").field(&self.text).finish()
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> AsRef<str> for Id<T> {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
#[path = "tests/id.rs"]
mod tests;
