//! `Listed`: the items of lists, and how their lists come in pages.

use crate::Timestamp;
use serde::de::DeserializeOwned;

/// An item of a list.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no resource that a server lists",
    note = "lists come from methods: `client.buckets().list()`, `client.tasks().list()`, …"
)]
#[doc(hidden)]
pub trait Listed: DeserializeOwned + sealed::Sealed {
    /// The member of the response that holds the items.
    #[doc(hidden)]
    const KEY: &'static str;

    #[doc(hidden)]
    fn id_text(&self) -> &str;

    /// The start of the next page of a list that goes back in time.
    #[doc(hidden)]
    fn at(&self) -> Option<Timestamp> {
        None
    }
}

/// An item of a list that comes in pages.
#[diagnostic::on_unimplemented(
    message = "the list of `{Self}` comes in one response, without pages"
)]
#[doc(hidden)]
pub trait Paged: Listed {
    /// The size of the largest page that a server gives.
    #[doc(hidden)]
    const LARGEST: u16;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// Makes a type an item of lists: the member of the response that holds them, and the size of the
/// largest page, if it comes in pages.
macro_rules! listed {
    ($item:ty, $key:literal $(, in pages of $largest:literal at most)?) => {
        impl $crate::api::listed::sealed::Sealed for $item {}

        impl $crate::api::listed::Listed for $item {
            const KEY: &'static str = $key;

            fn id_text(&self) -> &str {
                self.id.as_str()
            }
        }

        $(
            impl $crate::api::listed::Paged for $item {
                const LARGEST: u16 = $largest;
            }
        )?
    };
}
pub(super) use listed;

/// The parameters that select a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    /// None: all items are in one response.
    None,
    /// `limit` and `offset`.
    Offset,
    /// `limit` and `after`, the last id.
    After,
    /// `limit` and `beforeTime`, newest first.
    Before,
}
