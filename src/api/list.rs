//! Lists: one page under its key, and paging through lists that are longer than one response.

use super::listed::{Listed, Paged, Paging};
use super::request::{ApiRequest, Scope};
use super::resource::{Kind, OrgParameter};
use crate::Timestamp;
use crate::error::Error;
use alloc::borrow::{Cow, ToOwned};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::{IntoIter, Vec};
use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

/// The items of one response, whatever else it holds. A null is an empty list, as Go writes one.
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

/// An iterator over the items of a list, which requests page after page.
///
/// Made by [`Resources::list`](super::Resources::list); nothing is sent before the first item is asked for.
///
/// An error is an item and ends the list; the items before it are valid.
///
/// *The end.* A short page is not the end, nor is an empty one: servers remove what the token may not
/// see after they have counted. A list paged by `offset` (all but tasks and runs) goes on past ten empty
/// pages in a row, which are 1 000 hidden items at the default page size, so its end costs eleven small
/// requests. Tasks and runs end at the first empty page, for the next one begins at the last visible
/// item. A page that only repeats items ends every list, so a server that sends one page forever can't
/// hold a program up.
///
/// *Changes meanwhile.* An item that appears twice because others were added is returned once; the ids
/// so far are kept in memory for that. If the same client or its clone deletes items while it lists
/// them, the list goes back as far as needed: every other item is still returned, once. If another
/// program deletes some, as many may be skipped; of tasks, one a page.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// for bucket in client.buckets().list() {
///     println!("{}", bucket?.name);
/// }
/// let labels = client.labels().list().collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(labels[0].name, "north");
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[must_use = "a list sends nothing until it's iterated"]
pub struct List<'a, T> {
    pager: Pager<'a>,
    page: IntoIter<T>,
}

impl<'a, T: Listed> List<'a, T> {
    pub(super) fn new(scope: Scope<'a>, kind: Kind, path: &[&str]) -> Self {
        List {
            pager: Pager::new(scope, kind, path),
            page: Vec::new().into_iter(),
        }
    }

    /// The first item that `is` accepts, or an error before it.
    pub(super) fn find_first(mut self, is: impl Fn(&T) -> bool) -> Result<Option<T>, Error> {
        self.find(|item| item.as_ref().map_or(true, &is))
            .transpose()
    }

    /// Adds a parameter to every page's request.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.pager.query.push((name, value.into()));
        self
    }

    /// Sets the oldest time of a list that goes back in time.
    pub(super) fn since(mut self, time: Timestamp) -> Self {
        self.pager.since = Some(time);
        self.with("afterTime", time.to_string())
    }

    /// Sets the time from which a list goes back.
    pub(super) fn before(mut self, time: Timestamp) -> Self {
        self.pager.before = Some(time);
        self
    }
}

impl<T: Paged> List<'_, T> {
    /// Sets the number of items in a page, up to the server's limit: 500 for tasks, runs and scripts, 100
    /// for the others. Beyond that, the first item is an error. Default: 100.
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

/// The number of pages without an item that are passed over.
const EMPTY_PAGES: u8 = 10;

/// The largest page of runs.
const MOST_RUNS: u16 = 500;

/// Runs are scheduled to the second.
const SECOND: i64 = 1_000_000_000;

struct Pager<'a> {
    scope: Scope<'a>,
    kind: Kind,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    /// The organization's id is a parameter that has yet to be looked up.
    needs_org_id: bool,
    limit: u16,
    offset: u64,
    /// The last id of the page before.
    last: Option<String>,
    /// The time to go back from.
    before: Option<Timestamp>,
    /// The oldest time that was asked for.
    since: Option<Timestamp>,
    /// The ids returned so far.
    seen: BTreeSet<String>,
    /// The number of pages in a row that had no item.
    empty: u8,
    /// The number of pages requested so far,
    pages: u64,
    /// and of the next ones that may only have items that were returned already.
    known: u64,
    /// The deletions by this client when the last page was requested.
    deletions: u32,
    ended: bool,
    wrong: Option<Error>,
}

impl<'a> Pager<'a> {
    fn new(scope: Scope<'a>, kind: Kind, path: &[&str]) -> Self {
        let mut query = Vec::new();
        let mut needs_org_id = false;
        if let Some((name, value)) = scope.org_parameter() {
            match kind.org {
                OrgParameter::None => {}
                OrgParameter::Lists | OrgParameter::All => query.push((name, value.to_owned())),
                OrgParameter::ListsById => needs_org_id = true,
            }
        }
        Pager {
            scope,
            kind,
            path: path.iter().map(|&segment| segment.to_owned()).collect(),
            query,
            needs_org_id,
            limit: 100,
            offset: 0,
            last: None,
            before: None,
            since: None,
            seen: BTreeSet::new(),
            empty: 0,
            pages: 0,
            known: 0,
            deletions: scope.deletions(),
            ended: false,
            wrong: None,
        }
    }

    fn fetch<T: Listed>(&mut self) -> Result<Vec<T>, Error> {
        self.go_back();
        let call = self.call()?;
        let noun = self.kind.noun();
        let Page(mut items) = call.send_json::<Page<T>>(&format_args!("list {noun}s"))?;
        if self.kind.paging == Paging::None {
            self.ended = true;
            return Ok(items);
        }
        // From the page as it came, before known items are removed.
        let last = items.last().map(|item| item.id_text().to_owned());
        let oldest = items.iter().filter_map(Listed::at).min();
        let full = items.len() >= usize::from(self.limit);
        items.retain(|item| self.seen.insert(item.id_text().to_owned()));
        self.ended = !self.advance(last, oldest, (!items.is_empty(), full));
        Ok(items)
    }

    /// The request for the next page. Not generic.
    fn call(&mut self) -> Result<ApiRequest<'a>, Error> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        if core::mem::take(&mut self.needs_org_id) {
            let id = self.scope.org_id()?;
            self.query.push(("orgID", id.as_str().to_owned()));
        }
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let mut call = ApiRequest::new(self.scope.client, "GET", &path);
        for (name, value) in &self.query {
            call = call.query(name, value);
        }
        if self.kind.paging == Paging::None {
            return Ok(call);
        }
        call = call.query("limit", &self.limit.to_string());
        let position = match self.kind.paging {
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

    /// Steps back if this client deleted items since the last page: they stood before the next page, or
    /// one of them is the item that it begins after. Otherwise a program that deletes each item as it
    /// comes would skip every other page.
    fn go_back(&mut self) {
        let now = self.scope.deletions();
        let gone = now.wrapping_sub(core::mem::replace(&mut self.deletions, now));
        if gone > 0 {
            self.offset = self.offset.saturating_sub(gone.into());
            self.last = None;
            self.known = self.pages;
        }
        self.pages = self.pages.saturating_add(1);
    }

    /// Returns `true` if the last page was a new one, or one that had to be requested again.
    fn goes_on(&mut self, fresh: bool) -> bool {
        let known = self.known > 0;
        if !fresh {
            self.known = self.known.saturating_sub(1);
        }
        fresh || known
    }

    /// Moves to the next page; `false` if there can't be one. `fresh`: the page had a new item, `full`: it
    /// had as many items as were asked for.
    fn advance(
        &mut self,
        last: Option<String>,
        oldest: Option<Timestamp>,
        (fresh, full): (bool, bool),
    ) -> bool {
        match self.kind.paging {
            Paging::None => false,
            Paging::Offset => {
                // By the size asked for, not received: the server removes hidden items after it has
                // counted the page.
                self.offset = self.offset.saturating_add(u64::from(self.limit));
                if last.is_some() {
                    self.empty = 0;
                    return self.goes_on(fresh);
                }
                // The end of the list and a page of hidden items look the same.
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
                // `beforeTime` is exclusive and in whole seconds, and the page may have been cut off in the
                // middle of its oldest second. So that second is requested once more, unless it was the
                // start of this page already: then a larger page, if allowed, or the second before.
                let again = Timestamp::from_nanos(oldest.as_nanos().saturating_add(SECOND));
                if full && !earlier(again) && self.limit < MOST_RUNS {
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
