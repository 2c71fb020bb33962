//! Deserializers that several resources share: lists under a key, nulls, times, active or not.

use super::list::Listed;
use crate::Timestamp;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize};

/// The items of a list, whatever else the response holds. A null is an empty list, as Go writes
/// one.
pub(super) struct Page<T>(pub(super) Vec<T>);

impl<'de, T: Listed> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Response<T>(PhantomData<T>);

        impl<'de, T: Listed> Visitor<'de> for Response<T> {
            type Value = Page<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an object with a list of {}", T::KEY)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page<T>, A::Error> {
                let mut items = None;
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    if key == T::KEY {
                        items = Some(map.next_value::<Option<Vec<T>>>()?.unwrap_or_default());
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                items
                    .map(Page)
                    .ok_or_else(|| A::Error::missing_field(T::KEY))
            }
        }

        deserializer.deserialize_map(Response(PhantomData))
    }
}

/// A null is as good as nothing.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A time, if it is one that can be told: Go writes "never" as the year 1.
pub(super) fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| Timestamp::parse(&text).ok()))
}

/// Whether something may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, DeriveDeserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// It may be used.
    Active,
    /// It's there, but asleep: an inactive token opens nothing, an inactive task doesn't run.
    Inactive,
}

/// A status, if it is one we know.
pub(super) fn status<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Status>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(match text.as_deref() {
        Some("active") => Some(Status::Active),
        Some("inactive") => Some(Status::Inactive),
        _ => None,
    })
}
