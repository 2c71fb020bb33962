//! Lists: one page under its key, and paging through lists that are longer than one response.

use super::request::{ApiRequest, Scope};
use crate::Timestamp;
use crate::client::Client;
use crate::error::Error;
use alloc::borrow::{Cow, ToOwned};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::{IntoIter, Vec};
use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::sync::atomic::Ordering;
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor,
};

/// What a [`List`] can be a list of. Implemented by this crate's resources.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no resource that a server lists",
    note = "lists come from methods: `client.buckets().list()`, `client.tasks().list()`, …"
)]
#[doc(hidden)]
pub trait Listed: DeserializeOwned + sealed::Sealed {
    /// The member of the response that holds the items.
    #[doc(hidden)]
    const KEY: &'static str;

    /// The item's id.
    #[doc(hidden)]
    fn id_text(&self) -> &str;

    /// Where the next page of a list that goes back in time starts.
    #[doc(hidden)]
    fn at(&self) -> Option<Timestamp> {
        None
    }
}

/// What comes in pages. Implemented by this crate's resources.
#[doc(hidden)]
pub trait Paged: Listed {
    /// The largest page the server gives.
    #[doc(hidden)]
    const LARGEST: u16;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// Makes a resource an item of lists: under which member of a response it stands, and how large a
/// page of it may be, if it comes in pages.
macro_rules! listed {
    ($item:ty, $key:literal $(, in pages of $largest:literal at most)?) => {
        impl $crate::api::list::sealed::Sealed for $item {}

        impl $crate::api::list::Listed for $item {
            const KEY: &'static str = $key;

            fn id_text(&self) -> &str {
                self.id.as_str()
            }
        }

        $(
            impl $crate::api::list::Paged for $item {
                const LARGEST: u16 = $largest;
            }
        )?
    };
}
pub(super) use listed;

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

/// How the next page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    /// It's all in one response.
    None,
    /// `limit` and `offset`.
    Offset,
    /// `limit` and `after`, the last id.
    After,
    /// `limit` and `beforeTime`, newest first.
    Before,
}

/// The items of a list, asked for page by page as they are used. Made by a resource's `list`;
/// nothing is sent before the first item is wanted.
///
/// A short page is not the end, for servers take out of a page what the token may not see; nor is an
/// empty one. A list paged by `offset` (all but tasks and runs) goes on past ten empty pages in a
/// row, which are 1 000 hidden items at the default page size: its end costs eleven small requests.
/// Of tasks and runs the first empty page is the end, which costs one request: the next page begins
/// at the last item shown. A page that repeats what was there ends each list, so a server that gives
/// the same page for ever can't hold a program up. Items that appear twice, because somebody added
/// others meanwhile, are given once. To know that, the ids given so far are kept in memory.
///
/// What the same client (or a clone of it) deletes while it lists, as each item that comes, makes
/// the list go back as far as needed: every other item is still given, once. What others delete
/// meanwhile can make a list by `offset` skip as many; of tasks, one a page.
///
/// `find` and `find_by_name` of buckets, organizations, users and tasks ask the server for the one
/// item and know no pages; those of labels, variables and scripts go through the list.
///
/// An error is given in its place and ends the list; what came before it stays good.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// for bucket in client.buckets().list() {
///     println!("{}", bucket?.name);
/// }
/// let labels = client.labels().list().collect::<Result<Vec<_>, _>>()?;
/// # assert!(client.buckets().list().next().is_some());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[must_use = "a list asks for nothing until it's iterated"]
pub struct List<'a, T> {
    pager: Pager<'a>,
    page: IntoIter<T>,
}

impl<'a, T: Listed> List<'a, T> {
    pub(super) fn new(
        client: &'a Client,
        what: &'static str,
        path: &[&str],
        paging: Paging,
    ) -> Self {
        List {
            pager: Pager {
                client,
                what,
                path: path.iter().map(|&s| s.to_owned()).collect(),
                query: Vec::new(),
                org_id_of: None,
                paging,
                limit: 100,
                offset: 0,
                last: None,
                before: None,
                since: None,
                seen: BTreeSet::new(),
                empty: 0,
                pages: 0,
                known: 0,
                deletions: client.inner().observed.deletions.load(Ordering::Relaxed),
                ended: false,
                wrong: None,
            },
            page: Vec::new().into_iter(),
        }
    }

    /// The first item that is the one; none, or an error before it came.
    pub(super) fn find_named(mut self, is: impl Fn(&T) -> bool) -> Result<Option<T>, Error> {
        self.find(|item| item.as_ref().map_or(true, &is))
            .transpose()
    }

    /// Adds a parameter to every page's request.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.pager.query.push((name, value.into()));
        self
    }

    /// The organization as a parameter, by id or by name.
    pub(super) fn org(self, scope: Scope<'_>) -> Self {
        match scope.org_parameter() {
            Some((name, value)) => self.with(name, value),
            None => self,
        }
    }

    /// The same where only the id will do; it is found when the list begins.
    pub(super) fn org_id(mut self, scope: Scope<'a>) -> Self {
        self.pager.org_id_of = scope.org_parameter().map(|_| scope);
        self
    }

    /// Where a list that goes back in time may start and must end.
    pub(super) fn since(mut self, time: Timestamp) -> Self {
        self.pager.since = Some(time);
        self.with("afterTime", time.to_string())
    }

    pub(super) fn before(mut self, time: Timestamp) -> Self {
        self.pager.before = Some(time);
        self
    }
}

impl<T: Paged> List<'_, T> {
    /// How many items to ask for at once. Default 100; at most what the server allows: 500 for
    /// tasks, runs and scripts, 100 for the others. Beyond that, the first item is an error.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// for bucket in client.buckets().list().page_size(100) {
    ///     println!("{}", bucket?.name);
    /// }
    /// # assert!(client.buckets().list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn page_size(mut self, items: u16) -> Self {
        if items == 0 || items > T::LARGEST {
            self.pager.wrong.get_or_insert(Error::config(format!(
                "a page of {items} can't be asked for: limit must be between 1 and {}",
                T::LARGEST
            )));
        }
        self.pager.limit = items;
        self
    }
}

impl<T: Listed> Iterator for List<'_, T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Result<T, Error>> {
        loop {
            if let Some(item) = self.page.next() {
                return Some(Ok(item));
            }
            if self.pager.ended {
                return None;
            }
            match self.pager.fetch() {
                Ok(page) => self.page = page.into_iter(),
                Err(e) => {
                    self.pager.ended = true;
                    return Some(Err(e));
                }
            }
        }
    }
}

impl<T: Listed> FusedIterator for List<'_, T> {}

impl<T> fmt::Debug for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("path", &self.pager.path)
            .field("query", &self.pager.query)
            .finish_non_exhaustive()
    }
}

/// So many pages without an item are passed over.
const EMPTY_PAGES: u8 = 10;

/// The largest page of runs.
const MOST_RUNS: u16 = 500;

/// Runs are scheduled to the second.
const SECOND: i64 = 1_000_000_000;

struct Pager<'a> {
    client: &'a Client,
    what: &'static str,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    org_id_of: Option<Scope<'a>>,
    paging: Paging,
    limit: u16,
    offset: u64,
    /// The last id of the page before.
    last: Option<String>,
    /// The time to go back from.
    before: Option<Timestamp>,
    /// How far a list that goes back in time was asked to go.
    since: Option<Timestamp>,
    /// The ids given so far.
    seen: BTreeSet<String>,
    /// How many pages in a row had no item.
    empty: u8,
    /// How many pages were asked for,
    pages: u64,
    /// and how many of the next ones may be of items that were given already.
    known: u64,
    /// How much this client had deleted when the last page was asked for.
    deletions: u32,
    ended: bool,
    wrong: Option<Error>,
}

impl<'a> Pager<'a> {
    fn fetch<T: Listed>(&mut self) -> Result<Vec<T>, Error> {
        self.go_back();
        let call = self.call()?;
        let Page(mut items) = call.send_json::<Page<T>>(&self.what)?;
        if self.paging == Paging::None {
            self.ended = true;
            return Ok(items);
        }
        // Of the page as it came, before what is known is taken out.
        let last = items.last().map(|item| item.id_text().to_owned());
        let oldest = items.iter().filter_map(Listed::at).min();
        let full = items.len() >= usize::from(self.limit);
        items.retain(|item| self.seen.insert(item.id_text().to_owned()));
        self.ended = !self.advance(last, oldest, (!items.is_empty(), full));
        Ok(items)
    }

    /// The next page's request. Not generic.
    fn call(&mut self) -> Result<ApiRequest<'a>, Error> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        if let Some(scope) = self.org_id_of.take() {
            let id = scope.org_id()?;
            self.query.push(("orgID", id.as_str().to_owned()));
        }
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let mut call = ApiRequest::get(self.client, &path);
        for (name, value) in &self.query {
            call = call.query(name, value);
        }
        if self.paging == Paging::None {
            return Ok(call);
        }
        call = call.query("limit", &self.limit.to_string());
        let position = match self.paging {
            Paging::Offset => Some(("offset", self.offset.to_string())),
            Paging::After => self.last.clone().map(|id| ("after", id)),
            Paging::Before => self.before.map(|time| ("beforeTime", time.to_string())),
            Paging::None => None,
        };
        if let Some((name, value)) = position {
            call = call.query(name, &value);
        }
        Ok(call)
    }

    /// What was deleted stood before the next page, or is the item that it begins after.
    fn go_back(&mut self) {
        let now = self
            .client
            .inner()
            .observed
            .deletions
            .load(Ordering::Relaxed);
        let gone = now.wrapping_sub(core::mem::replace(&mut self.deletions, now));
        if gone > 0 {
            self.offset = self.offset.saturating_sub(gone.into());
            self.last = None;
            self.known = self.pages;
        }
        self.pages = self.pages.saturating_add(1);
    }

    /// Whether a page is none that was there before; or one that had to be asked for again.
    fn goes_on(&mut self, fresh: bool) -> bool {
        let known = self.known > 0;
        if !fresh {
            self.known = self.known.saturating_sub(1);
        }
        fresh || known
    }

    /// Moves to the next page; false if there can't be one. `fresh`: the page had something new,
    /// `full`: it had as many items as were asked for.
    fn advance(
        &mut self,
        last: Option<String>,
        oldest: Option<Timestamp>,
        (fresh, full): (bool, bool),
    ) -> bool {
        match self.paging {
            Paging::None => false,
            Paging::Offset => {
                // By what was asked for, not by what came: what the token may not see was taken
                // out after counting.
                self.offset = self.offset.saturating_add(u64::from(self.limit));
                if last.is_some() {
                    self.empty = 0;
                    return self.goes_on(fresh);
                }
                // Nobody says whether the list is at its end or all of this page is hidden.
                self.empty = self.empty.saturating_add(1);
                self.empty <= EMPTY_PAGES
            }
            Paging::After => {
                self.last = last;
                self.last.is_some() && self.goes_on(fresh)
            }
            Paging::Before => {
                let Some(oldest) = oldest else { return false };
                let earlier = |time: Timestamp| self.before.is_none_or(|before| time < before);
                // The oldest second once more, for others of it may have been cut off; unless that
                // is where we are.
                let again = Timestamp::from_nanos(oldest.as_nanos().saturating_add(SECOND));
                if full && !earlier(again) && self.limit < MOST_RUNS {
                    // More of that second than a page holds can't be told apart by time.
                    self.limit = self.limit.saturating_mul(2).min(MOST_RUNS);
                    return true;
                }
                let next = if fresh && earlier(again) {
                    again
                } else {
                    oldest
                };
                if !earlier(next) || self.since.is_some_and(|since| next <= since) {
                    return false;
                }
                self.before = Some(next);
                true
            }
        }
    }
}
