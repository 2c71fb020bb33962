//! Lists of any length, from servers of any manners: nothing is skipped, nothing comes twice,
//! nothing loops.

use std::fmt::Debug;
use std::time::Duration;

use crate::common::api::{self, split};
use crate::common::wire::{self, Wire, response};
use influx_edge::api::{Listed, Paged};
use influx_edge::{Client, Error, Timestamp};
use serde_json::{Value as Json, json};

/// A server with a list, that responds as a page's request asks.
fn serving(response_to: impl Fn(&str) -> (u16, Json) + Send + Sync + 'static) -> (Wire, Client) {
    let wire = Wire::each(2, move |peer| {
        while let Some(seen) = peer.request() {
            let (status, body) = response_to(&seen.target);
            let kind = "Content-Type: application/json; charset=utf-8\r\n";
            peer.send(response(&format!("{status} X"), kind, body.to_string()));
        }
    });
    let client = Client::builder(wire.url())
        .org_id(api::ORG)
        .token(wire::TOKEN)
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    (wire, client)
}

fn id(n: usize) -> String {
    format!("{:016x}", n + 1)
}

fn number(query: &std::collections::BTreeMap<String, String>, name: &str) -> Option<usize> {
    query.get(name).map(|text| text.parse().unwrap())
}

/// Pages as OSS makes them, by `offset` or by `after`.
fn honest(key: &'static str, n: usize) -> impl Fn(&str) -> (u16, Json) + Send + Sync {
    move |target| {
        let (_, query) = split(target);
        let limit = number(&query, "limit").unwrap();
        let start = match (number(&query, "offset"), query.get("after")) {
            (Some(offset), _) => offset,
            (None, Some(after)) => usize::from_str_radix(after, 16).unwrap(),
            (None, None) => 0,
        };
        let items: Vec<_> = (start..start + limit)
            .filter(|&i| i < n)
            .map(item)
            .collect();
        (
            200,
            json!({ "links": {"next": "/api/v2/never"}, key: items }),
        )
    }
}

/// Every kind of thing can be read from this.
fn item(i: usize) -> Json {
    json!({ "id": id(i), "name": format!("n{i}"), "arguments": {"type": "constant", "values": []} })
}

fn collect<T: Listed + Debug>(list: impl Iterator<Item = Result<T, Error>>) -> Vec<String> {
    list.map(|item| item.unwrap().id_text().to_owned())
        .collect()
}

/// One kind of list, with a page of ten.
type Ids = fn(&Client) -> Vec<String>;

const PAGED: [(&str, Ids); 6] = [
    ("buckets", |c| collect(c.buckets().list().page_size(10))),
    ("orgs", |c| collect(c.organizations().list().page_size(10))),
    ("users", |c| collect(c.users().list().page_size(10))),
    ("tasks", |c| collect(c.tasks().list().page_size(10))),
    ("scripts", |c| collect(c.scripts().list().page_size(10))),
    ("variables", |c| collect(c.variables().list().page_size(10))),
];

const WHOLE: [(&str, Ids); 3] = [
    ("authorizations", |c| collect(c.authorizations().list())),
    ("labels", |c| collect(c.labels().list())),
    ("content", |c| collect(c.dbrps().list())),
];

#[test]
fn every_length_comes_whole_and_once() {
    for (key, ids) in PAGED {
        for n in [0, 1, 9, 10, 11, 20, 25] {
            let (wire, client) = serving(honest(key, n));
            let wanted: Vec<_> = (0..n).map(id).collect();
            assert_eq!(ids(&client), wanted, "{n} {key}");
            let pages = wire.seen().len();
            // The end of a list by `offset` is eleven pages without an item.
            let end = if key == "tasks" { 1 } else { 11 };
            assert!(
                pages <= n.div_ceil(10) + end,
                "{pages} requests for {n} {key}"
            );
        }
    }
}

#[test]
fn lists_without_pages_take_one_request() {
    for (key, ids) in WHOLE {
        for n in [0, 1, 250, 10_000] {
            let (wire, client) = serving(move |_| {
                let items: Vec<_> = (0..n).map(item).collect();
                (200, json!({ key: items }))
            });
            assert_eq!(ids(&client).len(), n, "{key}");
            assert_eq!(wire.seen().len(), 1);
        }
    }
}

#[test]
fn ten_thousand() {
    let wanted: Vec<_> = (0..10_000).map(id).collect();
    const LARGE: [(&str, Ids, usize); 6] = [
        ("buckets", |c| collect(c.buckets().list()), 111),
        ("orgs", |c| collect(c.organizations().list()), 111),
        ("users", |c| collect(c.users().list()), 111),
        ("tasks", |c| collect(c.tasks().list().page_size(500)), 21),
        (
            "scripts",
            |c| collect(c.scripts().list().page_size(500)),
            31,
        ),
        ("variables", |c| collect(c.variables().list()), 111),
    ];
    for (key, ids, requests) in LARGE {
        let (wire, client) = serving(honest(key, 10_000));
        assert_eq!(ids(&client), wanted, "{key}");
        assert_eq!(wire.seen().len(), requests, "{key}");
    }
}

#[test]
fn what_hangs_on_things_comes_whole() {
    const PARTS: [(&str, Ids); 7] = [
        ("labels", |c| parts(c.buckets().labels(&any()).list())),
        ("labels", |c| parts(c.variables().labels(&any()).list())),
        ("users", |c| parts(c.tasks().members(&any()).list())),
        ("users", |c| parts(c.organizations().owners(&any()).list())),
        ("events", |c| parts(c.tasks().logs(&any()))),
        ("events", |c| parts(c.tasks().runs(&any()).logs(&any()))),
        ("measurementSchemas", |c| {
            collect(c.buckets().schemas(&any()).list())
        }),
    ];
    for (key, ids) in PARTS {
        for n in [0, 1, 10_000] {
            let (wire, client) = serving(move |_| {
                let items: Vec<_> = (0..n).map(item).collect();
                (200, json!({ key: items }))
            });
            assert_eq!(ids(&client).len(), n, "{key}");
            assert_eq!(wire.seen().len(), 1, "{key}");
        }
        let (_wire, client) = serving(move |_| (200, json!({ key: null })));
        assert!(ids(&client).is_empty(), "{key}");
    }
    let (_wire, client) = serving(|_| (200, json!({ "secrets": ["a", "b"] })));
    assert_eq!(client.organizations().secrets(&any()).unwrap(), ["a", "b"]);
}

/// An id of any kind.
fn any<T: std::str::FromStr<Err = Error>>() -> T {
    "00000000000000aa".parse().unwrap()
}

fn parts<T: Listed>(list: Result<Vec<T>, Error>) -> Vec<String> {
    let list = list.unwrap();
    list.iter().map(|item| item.id_text().to_owned()).collect()
}

#[test]
fn nothing_is_asked_before_it_is_wanted() {
    let (wire, client) = serving(honest("buckets", 100));
    let mut list = client.buckets().list().page_size(10);
    assert_eq!(wire.seen().len(), 0);
    assert_eq!(list.next().unwrap().unwrap().name, "n0");
    assert_eq!(wire.seen().len(), 1);
    assert_eq!(list.by_ref().take(9).count(), 9);
    assert_eq!(wire.seen().len(), 1);
    assert_eq!(list.next().unwrap().unwrap().name, "n10");
    assert_eq!(wire.seen().len(), 2);
}

#[test]
fn a_server_that_repeats_itself_is_left() {
    for (key, ids) in PAGED {
        // The same page for ever.
        let (wire, client) = serving(move |_| (200, json!({ key: [item(0), item(1)] })));
        assert_eq!(ids(&client), [id(0), id(1)], "{key}");
        assert_eq!(wire.seen().len(), 2, "{key}");
        // A circle of three pages.
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let (wire, client) = serving(move |_| {
            let n = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            (200, json!({ key: [item(n % 3)] }))
        });
        assert_eq!(ids(&client), [id(0), id(1), id(2)], "{key}");
        assert_eq!(wire.seen().len(), 4, "{key}");
    }
}

#[test]
fn what_the_token_may_not_see_ends_nothing() {
    // OSS counts first and takes out afterwards: pages are short, but not the last.
    let (_wire, client) = serving(|target| {
        let (_, query) = split(target);
        let offset = number(&query, "offset").unwrap();
        let seen = (offset..(offset + 10).min(40)).filter(|i| i % 7 == 0);
        let items: Vec<_> = seen.map(item).collect();
        (200, json!({ "buckets": items }))
    });
    let ids = collect(client.buckets().list().page_size(10));
    assert_eq!(ids, [0, 7, 14, 21, 28, 35].map(id));
}

/// A token that may see few of many: whole pages are empty, and the list is not at its end.
#[test]
fn pages_of_which_nothing_may_be_seen_are_passed_over() {
    // What may be seen of how many, in pages of ten; what is given of it.
    let table: [(&[usize], usize, &[usize]); 8] = [
        (&[13], 14, &[13]),
        (&[0, 25], 26, &[0, 25]),
        (&[9, 40, 41, 99], 100, &[9, 40, 41, 99]),
        (&[100], 101, &[100]),
        (&[109], 110, &[109]),
        (&[5, 119, 229], 230, &[5, 119, 229]),
        // Eleven pages in a row are the end: nobody can know better.
        (&[110], 111, &[]),
        (&[3, 120], 121, &[3]),
    ];
    for (key, ids) in PAGED {
        if key == "tasks" {
            continue; // Paged by the last item shown.
        }
        for (visible, total, given) in table {
            let (wire, client) = serving(move |target| {
                let (_, query) = split(target);
                let offset = number(&query, "offset").unwrap();
                let page = offset..(offset + 10).min(total);
                let items: Vec<_> = visible
                    .iter()
                    .filter(|i| page.contains(i))
                    .map(|i| item(*i))
                    .collect();
                (200, json!({ key: items }))
            });
            let wanted: Vec<_> = given.iter().map(|i| id(*i)).collect();
            assert_eq!(ids(&client), wanted, "{visible:?} of {total} {key}");
            let last = given.last().map_or(0, |i| i / 10 + 1);
            assert_eq!(wire.seen().len(), last + 11, "{visible:?} of {total} {key}");
        }
    }
    // The default page: the 132nd of 135.
    let (_wire, client) = serving(|target| {
        let (_, query) = split(target);
        let offset = number(&query, "offset").unwrap();
        let limit = number(&query, "limit").unwrap();
        let shown = (offset..offset + limit).contains(&131);
        let items: Vec<_> = shown.then(|| item(131)).into_iter().collect();
        (200, json!({ "buckets": items }))
    });
    assert_eq!(collect(client.buckets().list()), [id(131)]);
}

#[test]
fn what_moved_meanwhile_comes_once() {
    // Somebody adds three in front between the pages.
    let (_wire, client) = serving(|target| {
        let (_, query) = split(target);
        let offset = number(&query, "offset").unwrap();
        let shift = if offset == 0 { 0 } else { 3 };
        let items: Vec<_> = (offset..offset + 10)
            .filter_map(|i| i.checked_sub(shift))
            .filter(|&i| i < 25)
            .map(item)
            .collect();
        (200, json!({ "buckets": items }))
    });
    let ids = collect(client.buckets().list().page_size(10));
    assert_eq!(ids, (0..25).map(id).collect::<Vec<_>>());
}

/// A list whose server does what OSS does with what is deleted meanwhile: it counts `offset` in what
/// is there now, and of `after` it skips one item even if the one named is gone.
fn shrinking(key: &'static str, n: usize) -> (Wire, Client) {
    let left = std::sync::Mutex::new((0..n).collect::<Vec<_>>());
    let wire = Wire::each(2, move |peer| {
        while let Some(seen) = peer.request() {
            let mut left = left.lock().unwrap();
            let (path, query) = split(&seen.target);
            if seen.method == "DELETE" {
                let gone = path.rsplit('/').next().unwrap();
                left.retain(|i| id(*i) != gone);
                peer.send("HTTP/1.1 204 No Content\r\n\r\n");
                continue;
            }
            let limit = number(&query, "limit").unwrap();
            let start = match (number(&query, "offset"), query.get("after")) {
                (Some(offset), _) => offset,
                (None, Some(after)) => left.partition_point(|i| id(*i) < *after) + 1,
                (None, None) => 0,
            };
            let items: Vec<_> = left
                .iter()
                .skip(start)
                .take(limit)
                .map(|i| item(*i))
                .collect();
            let kind = "Content-Type: application/json\r\n";
            let body = json!({ key: items }).to_string();
            peer.send(response("200 OK", kind, body));
        }
    });
    let client = Client::builder(wire.url())
        .org_id(api::ORG)
        .token(wire::TOKEN)
        .build()
        .unwrap();
    (wire, client)
}

#[test]
fn what_is_deleted_as_it_comes_hides_nothing() {
    // Deletes what it is told to, and returns all that was given.
    type Walk = fn(&Client, u16, fn(usize) -> bool) -> Vec<String>;
    macro_rules! walk {
        ($list:ident) => {
            |c, page, gone| {
                let mut given = Vec::new();
                for (n, item) in c.$list().list().page_size(page).enumerate() {
                    let item = item.unwrap();
                    if gone(n) {
                        c.clone().$list().delete(&item.id).unwrap();
                    }
                    given.push(item.id.as_str().to_owned());
                }
                given
            }
        };
    }
    const LISTS: [(&str, Walk); 6] = [
        ("buckets", walk!(buckets)),
        ("orgs", walk!(organizations)),
        ("users", walk!(users)),
        ("tasks", walk!(tasks)),
        ("scripts", walk!(scripts)),
        ("variables", walk!(variables)),
    ];
    for (key, walk) in LISTS {
        for (n, pages) in [(1, &[1][..]), (11, &[1, 5, 10]), (35, &[1, 10, 100])] {
            for &page in pages {
                let which: [fn(usize) -> bool; 4] =
                    [|_| true, |n| n % 2 == 0, |n| n % 10 == 9, |n| n < 5];
                for (kind, gone) in which.into_iter().enumerate() {
                    let (wire, client) = shrinking(key, n);
                    let wanted: Vec<_> = (0..n).map(id).collect();
                    let about = format!("{n} {key}, pages of {page}, {kind}");
                    assert_eq!(walk(&client, page, gone), wanted, "{about}");
                    assert!(wire.seen().len() < 2_500, "{about}");
                }
            }
        }
    }
}

fn failing_on_page_three<T: Paged + Debug>(
    key: &'static str,
    list: impl for<'c> Fn(&'c Client) -> influx_edge::api::List<'c, T>,
) {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let good = honest(key, 100);
    let (wire, client) = serving(move |target| {
        if asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 2 {
            return (503, json!({"code": "unavailable", "message": "later"}));
        }
        good(target)
    });
    let mut list = list(&client).page_size(10);
    for i in 0..20 {
        assert_eq!(list.next().unwrap().unwrap().id_text(), id(i), "{key}");
    }
    let error = list.next().unwrap().unwrap_err();
    assert_eq!((error.status(), error.is_retryable()), (Some(503), true));
    for _ in 0..3 {
        assert!(list.next().is_none());
    }
    assert_eq!(wire.seen().len(), 3, "{key}");
}

#[test]
fn an_error_comes_in_its_place_and_is_the_end() {
    failing_on_page_three("buckets", |c| c.buckets().list());
    failing_on_page_three("orgs", |c| c.organizations().list());
    failing_on_page_three("users", |c| c.users().list());
    failing_on_page_three("tasks", |c| c.tasks().list());
    failing_on_page_three("scripts", |c| c.scripts().list());
    failing_on_page_three("variables", |c| c.variables().list());
}

#[test]
fn a_response_without_its_list_is_an_error() {
    let (_wire, client) = serving(|_| (200, json!({ "links": {} })));
    let error = client.buckets().list().next().unwrap().unwrap_err();
    assert!(error.to_string().contains("buckets"), "{error}");
    let (_wire, client) = serving(|_| (200, json!({ "buckets": null })));
    assert!(client.buckets().list().next().is_none());
}

/// The runs of a task as OSS responds: those that wait on every page, then the finished ones before
/// a time, the latest first.
fn runs(finished: Vec<i64>, waiting: usize) -> (Wire, Client) {
    serving(move |target| {
        let (path, query) = split(target);
        assert_eq!(path, "/api/v2/tasks/00000000000000aa/runs");
        let limit = number(&query, "limit").unwrap();
        let before = query
            .get("beforeTime")
            .map(|text| Timestamp::parse(text).unwrap().as_nanos() / 1_000_000_000);
        // One that waits is for a time long ago.
        let first = (0..waiting).map(|i| {
            json!({"id": id(90_000 + i), "status": "scheduled", "scheduledFor": "2001-01-01T00:00:00Z"})
        });
        let rest = finished
            .iter()
            .enumerate()
            .filter(|(_, t)| before.is_none_or(|b| **t < b))
            .map(|(i, t)| {
                let time = Timestamp::from_nanos(t * 1_000_000_000).to_string();
                json!({"id": id(i), "status": "success", "scheduledFor": time})
            });
        let page: Vec<_> = first.chain(rest).take(limit).collect();
        (200, json!({ "runs": page }))
    })
}

fn all_runs(client: &Client, page: u16) -> Vec<String> {
    collect(client.tasks().runs(&any()).list().page_size(page))
}

#[test]
fn runs_go_back_in_time() {
    for n in [0, 1, 9, 10, 11, 25, 10_000_i64] {
        let times: Vec<_> = (0..n).map(|i| 1_700_000_000 - 60 * i).collect();
        let (_wire, client) = runs(times, 0);
        let page = if n > 100 { 500 } else { 10 };
        let wanted: Vec<_> = (0..usize::try_from(n).unwrap()).map(id).collect();
        assert_eq!(all_runs(&client, page), wanted, "{n}");
    }
}

#[test]
fn runs_that_fail_on_page_three() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let (wire, client) = serving(move |_| {
        let n = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if n == 2 {
            return (500, json!({"code": "internal error", "message": "no"}));
        }
        let time = format!("2026-11-22T0{}:00:00Z", 9 - n);
        let run = json!({"id": id(n), "status": "failed", "scheduledFor": time});
        (200, json!({ "runs": [run] }))
    });
    let of = any();
    let mut list = client.tasks().runs(&of).list();
    for n in 0..2 {
        assert_eq!(list.next().unwrap().unwrap().id.as_str(), id(n));
    }
    assert!(list.next().unwrap().is_err() && list.next().is_none());
    assert_eq!(wire.seen().len(), 3);
}

#[test]
fn runs_of_the_same_second_are_not_cut_off() {
    // Four of each second, pages of ten: every page ends inside a second.
    let times: Vec<_> = (0..40).map(|i| 1_700_000_000 - i / 4).collect();
    let (_wire, client) = runs(times, 0);
    let wanted: Vec<_> = (0..40).map(id).collect();
    assert_eq!(all_runs(&client, 10), wanted);
}

/// More of one second than a page holds can't be told apart by time: the page grows.
#[test]
fn more_runs_of_a_second_than_a_page() {
    for (page, a_second, seconds) in [
        (5, 6, 1),
        (5, 6, 3),
        (1, 2, 10),
        (10, 20, 2),
        (10, 10, 4),
        (7, 100, 2),
        (100, 250, 3),
        (1, 499, 1),
    ] {
        let n = a_second * seconds;
        let times: Vec<_> = (0..n).map(|i| 1_700_000_000 - i / a_second).collect();
        let (wire, client) = runs(times, 0);
        let wanted: Vec<_> = (0..usize::try_from(n).unwrap()).map(id).collect();
        let about = format!("{a_second} a second in pages of {page}");
        assert_eq!(all_runs(&client, page), wanted, "{about}");
        assert!(wire.seen().len() < 40, "{about}: {}", wire.seen().len());
    }
    // The largest page is what a server gives.
    let times: Vec<_> = (0..1_400).map(|i| 1_700_000_000 - i / 700).collect();
    let (wire, client) = runs(times, 0);
    assert_eq!(all_runs(&client, 100).len(), 1_000);
    assert!(wire.seen().len() < 20);
}

#[test]
fn runs_that_wait_don_t_move_the_time() {
    let times: Vec<_> = (0..30).map(|i| 1_700_000_000 - 60 * i).collect();
    let (_wire, client) = runs(times, 2);
    let got = all_runs(&client, 10);
    assert_eq!(got.len(), 32);
    assert_eq!(got[2..], (0..30).map(id).collect::<Vec<_>>());
}

#[test]
fn pages_no_server_gives_are_not_asked_for() {
    let (wire, client) = serving(honest("buckets", 1));
    fn says<T: Paged + Debug>(list: influx_edge::api::List<'_, T>, page: u16, wanted: &str) {
        let mut list = list.page_size(page);
        let error = list.next().unwrap().unwrap_err();
        assert!(
            error.is_config() && error.to_string().contains(wanted),
            "{error}"
        );
        assert!(list.next().is_none());
    }
    says(client.buckets().list(), 0, "between 1 and 100");
    says(client.buckets().list(), 101, "between 1 and 100");
    says(client.tasks().list(), 501, "between 1 and 500");
    assert!(wire.seen().is_empty());
}
