//! Calls that InfluxDB 3 doesn't have: each names what works in place of it, whatever features are on.

use crate::common::wire::Wire;
use influx_edge::api::{NewAuthorization, NewBucket, NewDbrp, Permission, days};
use influx_edge::client::{Method, Setup};
use influx_edge::{Client, Error, Timestamp};

/// What InfluxDB 3.6.0 responds to a path that it doesn't have, and to `/ping`.
const NO_ROUTE: &str = "HTTP/1.1 404 Not Found\r\naccess-control-allow-origin: *\r\ncontent-length: 9\r\n\r\nnot found";
const PING_3: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-influxdb-build: Core\r\nx-influxdb-version: 3.6.0\r\ncontent-length: 95\r\n\r\n{\"version\":\"3.6.0\",\"revision\":\"7e07b134f4\",\"process_id\":\"6e352196-8a78-4c39-9cf4-32dd21e00ee8\"}";
const PING_2: &str =
    "HTTP/1.1 204 No Content\r\nX-Influxdb-Build: OSS\r\nX-Influxdb-Version: v2.9.1\r\n\r\n";
const NOT_LET_IN: &str = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";

/// A server with these two responses.
fn with_ping(other: &'static str, ping: &'static str) -> Wire {
    Wire::each(64, move |peer| {
        while let Some(seen) = peer.request() {
            peer.send(match seen.target.as_str() {
                "/ping" | "/influx/3/ping" => ping,
                _ => other,
            });
            if ping.is_empty() {
                return;
            }
        }
    })
}

fn query(client: &Client) -> Result<(), Error> {
    let query = client.query("from(bucket: \"edge\") |> range(start: -1h)");
    query.call().map(drop)
}

fn delete(client: &Client) -> Result<(), Error> {
    let all = client.delete_points("edge", Timestamp::MIN, Timestamp::MAX);
    all.call()
}

fn buckets(client: &Client) -> Result<(), Error> {
    client.buckets().list().next().unwrap().map(drop)
}

fn raw(client: &Client) -> Result<(), Error> {
    let request = client.request(Method::Post, "/api/v2/tasks");
    request.call()?.error_for_status().map(drop)
}

#[test]
fn only_a_server_that_says_so_is_influxdb_3() {
    const V3: &str = "has no such call (404: not found): it is InfluxDB 3, ";
    const OTHER: &str = "responded, but not as InfluxDB does (404: not found); check the URL, with its path prefix, and any proxy";
    const PING_RENAMED: &str = "HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 13.0\r\n\r\n";
    const VICTORIA: &str = "HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 1.8.0\r\n\r\n";
    const PAGE: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 14\r\n\r\n<html>no</html>";
    let calls = [query, delete, buckets, raw];
    for (other, ping, says, pings) in [
        (NO_ROUTE, PING_3, V3, 1),
        (NO_ROUTE, PING_2, OTHER, 1),
        (NO_ROUTE, PING_RENAMED, OTHER, 1),
        (NO_ROUTE, VICTORIA, OTHER, 1),
        // Without a response, or as nobody, it is asked again, with the next error.
        (NO_ROUTE, "", OTHER, calls.len()),
        (NO_ROUTE, NOT_LET_IN, OTHER, calls.len()),
        // Only after InfluxDB 3's own words.
        (
            PAGE,
            PING_3,
            "responded, but not as InfluxDB does (404: <html>no</html); check the URL, with its path prefix, and any proxy",
            0,
        ),
    ] {
        let wire = with_ping(other, ping);
        let client = wire.client();
        for call in calls {
            let error = call(&client).unwrap_err();
            let said = error.to_string();
            let says = format!("{} {says}", wire.addr());
            assert!(said.contains(&says), "{said}");
            assert!(said.ends_with(&says) || ping == PING_3, "{said}");
            assert!(error.is_not_found() && !error.is_retryable(), "{said}");
        }
        let seen = wire.seen();
        let asked = seen.iter().filter(|seen| seen.target == "/ping").count();
        assert_eq!(asked, pings, "{ping}");
    }
}

const SQL: &str = "which has no Flux; query it in SQL or InfluxQL: `client.v3(db).sql(…)`, `.influxql(…)` (feature `v3`)";
const DELETE: &str = "which deletes no single points; delete a table (`client.v3(db).tables()`) or set how long rows are kept (`client.v3_databases().set_retention(…)`, feature `v3`)";
const DATABASES: &str =
    "which has databases in place of buckets: `client.v3_databases()` (feature `v3`)";
const TOKENS: &str = "which has tokens without permissions in place of authorizations: `client.v3_tokens()` (feature `v3`)";
const DBRPS: &str = "whose databases need no mapping: write by `client.v3(db).write(…)`, query by `client.v3(db).influxql(…)` (feature `v3`)";
const ORGS: &str = "which has no organizations and nothing that belongs to them; its databases are `client.v3_databases()`, its tokens `client.v3_tokens()` (feature `v3`)";
const SETUP: &str = "which has no setup; its first token is made by `client.v3_tokens().create_admin()` (feature `v3`)";
const SESSION: &str = "which has no sessions; give the client a token (ClientBuilder::token)";
const USERS: &str = "which has no users, only tokens: `client.v3_tokens()` (feature `v3`)";
const TASKS: &str =
    "which has no tasks; run the query from a program: `client.v3(db).sql(…)` (feature `v3`)";
const VARIABLES: &str = "which has no variables; give parameters to a query: `client.v3(db).sql(…).param(…)` (feature `v3`)";
const OTHERS: &str = "without Flux, deletes and the resources of InfluxDB 2; what it has is `client.v3(db)` (feature `v3`)";

type Call = fn(&Client) -> Result<(), Error>;

fn id<T: std::str::FromStr<Err = Error>>() -> T {
    "0123456789abcdef".parse().unwrap()
}

fn first<T>(mut list: impl Iterator<Item = Result<T, Error>>) -> Result<(), Error> {
    list.next().unwrap().map(drop)
}

#[test]
fn every_call_that_it_does_not_have_names_what_works() {
    let table: &[(&str, Call)] = &[
        (SQL, query),
        (SQL, |c| c.query("1").deserialize::<u8>().map(drop)),
        (DELETE, delete),
        (DATABASES, buckets),
        (DATABASES, |c| c.buckets().find_by_name("b").map(drop)),
        (DATABASES, |c| c.buckets().find(&id()).map(drop)),
        (DATABASES, |c| c.buckets().delete(&id())),
        (DATABASES, |c| {
            let new = NewBucket::new("b").retention(days(1));
            c.buckets().in_org(&id()).create(&new).map(drop)
        }),
        (DATABASES, |c| first(c.buckets().schemas(&id()).list())),
        // The name of its organization is looked up first.
        (ORGS, |c| {
            c.in_org("acme")
                .buckets()
                .create(&NewBucket::new("b"))
                .map(drop)
        }),
        (ORGS, |c| first(c.organizations().list())),
        (ORGS, |c| c.organizations().secrets(&id()).map(drop)),
        (TOKENS, |c| first(c.authorizations().list())),
        (TOKENS, |c| c.authorizations().delete(&id())),
        (TOKENS, |c| {
            let new = NewAuthorization::new([Permission::write().buckets()]);
            c.authorizations().in_org(&id()).create(&new).map(drop)
        }),
        (DBRPS, |c| first(c.dbrps().in_org(&id()).list())),
        (DBRPS, |c| {
            let new = NewDbrp::new(&id(), "plant", "a_year");
            c.dbrps().in_org(&id()).create(&new).map(drop)
        }),
        (SETUP, |c| c.needs_setup().map(drop)),
        (SETUP, |c| {
            c.setup(&Setup::new("admin", "acme", "edge")).map(drop)
        }),
        (USERS, |c| c.me().map(drop)),
        (USERS, |c| first(c.users().list())),
        (USERS, |c| c.users().set_password(&id(), "long-enough")),
        (SESSION, |c| {
            c.users()
                .change_my_password("admin", "long-enough", "longer-than-that")
        }),
        (TASKS, |c| first(c.tasks().list())),
        (TASKS, |c| c.tasks().delete(&id())),
        (TASKS, raw),
        (SQL, |c| first(c.scripts().list())),
        (VARIABLES, |c| first(c.variables().list())),
        (OTHERS, |c| first(c.labels().list())),
        (OTHERS, |c| {
            let request = c.request(Method::Get, "/api/v2/dashboards");
            request.call()?.error_for_status().map(drop)
        }),
        (
            "which has no such state; use `Client::health` or `Client::ping`",
            |c| c.ready().map(drop),
        ),
        ("but of a version or an edition without it", |c| {
            let request = c.request(Method::Get, "/api/v3/configure/what");
            request.call()?.error_for_status().map(drop)
        }),
    ];
    let wire = with_ping(NO_ROUTE, PING_3);
    for url in [wire.url(), wire.url() + "/influx/3"] {
        let client = Client::builder(url).build().unwrap();
        for (says, call) in table {
            let error = call(&client).unwrap_err();
            let says = format!("has no such call (404: not found): it is InfluxDB 3, {says}");
            assert!(error.to_string().ends_with(&says), "{error}\nnot: {says}");
            assert!(error.is_not_found() && !error.is_retryable(), "{error}");
        }
    }
}

#[test]
fn a_session_with_it() {
    let wire = with_ping(NO_ROUTE, PING_3);
    let builder = Client::builder(wire.url()).session("admin", "long-enough");
    let error = builder.build().unwrap().sign_in().unwrap_err();
    assert!(error.to_string().ends_with(SESSION), "{error}");
}

#[test]
fn a_validation_names_sql_and_no_permission() {
    const STORED: &str = "HTTP/1.1 204 No Content\r\naccess-control-allow-origin: *\r\n\r\n";
    let wire = Wire::each(16, |peer| {
        while let Some(seen) = peer.request() {
            peer.send(match seen.target.split('?').next() {
                Some("/ping") => PING_3,
                Some("/api/v2/write") => STORED,
                _ => NO_ROUTE,
            });
        }
    });
    let found = wire.client().validate("sensors");
    assert!(found.server.is_passed() && found.write.is_passed());
    let says = found.read.to_string();
    assert!(says.ends_with(SQL), "{says}");
}

#[test]
fn ok_as_text_is_a_pass_of_a_server_without_a_name() {
    use crate::common::wire::response;
    let plain = "Content-Type: text/plain\r\n";
    for (headers, body) in [("", "OK"), (plain, "OK"), (plain, "OK\n")] {
        let wire = Wire::responding(response("200 OK", headers, body));
        let health = wire.client().health().unwrap();
        assert_eq!(health.status, "pass");
        assert_eq!((&*health.name, health.version), ("", None));
        // Nobody is InfluxDB 3 for that: only a ping tells.
        assert_eq!(wire.seen().len(), 1);
    }
    for (status, body) in [
        ("503 Service Unavailable", "OK"),
        ("200 OK", "ok"),
        ("200 OK", "NOT OK"),
        ("200 OK", "OK, log in first"),
        ("200 OK", "<html>OK</html>"),
        ("200 OK", ""),
    ] {
        let wire = Wire::responding(response(status, plain, body));
        let health = wire.client().health();
        assert!(health.is_err(), "{status} {body}: {health:?}");
    }
}
