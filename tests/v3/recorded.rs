//! Every recorded exchange with an InfluxDB 3 Core 3.6.0 that is no query: the request is the recorded
//! one, and the response means what its server meant. (What each write stores is decided in `http`, for
//! all servers.)

use std::collections::BTreeSet;

use crate::common::api::{Turn, play_as, recorded};
use core::time::Duration;
use influx_edge::api::{FieldType, days};
use influx_edge::client::{ClientBuilder, Method, Response};
use influx_edge::line::Lines;
use influx_edge::v3::{NewDatabase, NewTable};
use influx_edge::{Client, Error, Precision, Stored, Timestamp};

/// The tokens of the recordings, thrown away with their server.
const ADMIN: &str =
    "apiv3_R4ngSQzNmwGVrdq1eFlMow2-AXBQAsQEmKeGH32GMrIw0z3qbJToYrD1aPqMClHCANaW-9DrIbnpXUcHiRfKdg";
const SECOND: &str =
    "apiv3_EKM5CLJ_gBJCZPFarGC-R8oUCWdcXgRbXicMdDS5qVh8actzPpHUd3GXxJGuZw7CUr3fMaQi7NHCL6o8zPPfSg";

type Build = fn(ClientBuilder) -> ClientBuilder;
type Case = (&'static str, Build, fn(&Client));

fn plain(builder: ClientBuilder) -> ClientBuilder {
    builder
}

fn admin(builder: ClientBuilder) -> ClientBuilder {
    builder.token(ADMIN)
}

fn wrong(builder: ClientBuilder) -> ClientBuilder {
    builder.token("wrong")
}

fn acme(builder: ClientBuilder) -> ClientBuilder {
    builder.org("acme")
}

const AUTH: &[Case] = &[
    ("admin-token-create", plain, |c| {
        let token = c.v3_tokens().create_admin().unwrap();
        assert_eq!((token.id, &*token.name), (0, "_admin"));
        assert_eq!(token.reveal_token(), ADMIN);
        let created = token.created_at.map(|time| time.to_string());
        assert_eq!(created.as_deref(), Some("2026-11-26T18:02:34.611Z"));
        assert_eq!(token.expires_at, None);
        assert!(!format!("{token:?}").contains("apiv3"));
    }),
    ("admin-token-again", plain, |c| {
        let error = c.v3_tokens().create_admin().unwrap_err();
        assert!(error.is_conflict());
        says(
            &error,
            "refuses the request (409: token name already exists, _admin); correct it, sending it again won't help",
        );
    }),
    ("named-admin", admin, |c| {
        let token = c.v3_tokens().create("second").unwrap();
        assert_eq!((token.id, &*token.name), (1, "second"));
        assert_eq!(token.reveal_token(), SECOND);
    }),
    ("token-delete", admin, |c| {
        c.v3_tokens().delete("second").unwrap();
    }),
    ("token-list", admin, |c| {
        let q = "SELECT token_id, name, created_at, description FROM system.tokens";
        let rows = sql(c, "_internal", q).query("format", "jsonl").call();
        let rows = rows.unwrap().into_string().unwrap();
        assert_eq!(rows.lines().count(), 2);
    }),
    ("health-none", plain, |c| unauthorized(c.health())),
    ("ping-none", plain, |c| {
        unauthorized(c.ping());
    }),
    ("sql-none", plain, |c| {
        unauthorized(sql(c, "b", "SELECT 1").call().unwrap().error_for_status());
    }),
    ("sql-wrong", wrong, |c| {
        unauthorized(sql(c, "b", "SELECT 1").call().unwrap().error_for_status());
    }),
    (
        "v1-basic",
        |b| b.basic("any", ADMIN),
        |c| {
            assert!(
                influxql(c)
                    .call()
                    .unwrap()
                    .into_string()
                    .unwrap()
                    .contains("[\"m\"]")
            );
        },
    ),
    ("v1-userpass", plain, |c| {
        let response = influxql(c).query("u", "any").query("p", ADMIN).call();
        assert_eq!(response.unwrap().status(), 200);
    }),
    ("v3-write-none", plain, |c| {
        // Without a precision, which the crate always sends.
        let response = c.request(Method::Post, "/api/v3/write_lp").query("db", "b");
        unauthorized(response.body("m f=1").call().unwrap().error_for_status());
    }),
    ("write-bearer", admin, |c| {
        write(c, "b", "m f=1 1").unwrap();
    }),
    ("write-token", admin, |c| {
        write(c, "b", "m f=1 1").unwrap();
    }),
    ("write-none", plain, |c| {
        unauthorized(
            raw_write(c, &[("bucket", "b")], "m f=1")
                .error_for_status()
                .map(drop),
        );
    }),
    ("write-wrong", wrong, |c| {
        unauthorized(
            raw_write(c, &[("bucket", "b")], "m f=1")
                .error_for_status()
                .map(drop),
        );
    }),
];

const CONFIGURE: &[Case] = &[
    ("list", plain, |c| {
        assert_eq!(c.v3_databases().list().unwrap(), ["_internal", "rec"]);
    }),
    ("list-jsonl", plain, |c| {
        let list = c.request(Method::Get, "/api/v3/configure/database");
        let list = list.query("format", "jsonl").call().unwrap();
        let list = list.into_string().unwrap();
        assert_eq!(list.lines().last(), Some(r#"{"iox::database":"rec"}"#));
    }),
    ("create", plain, |c| {
        let new = NewDatabase::new("made").retention(days(7));
        c.v3_databases().create(&new).unwrap();
    }),
    ("create-again", plain, |c| {
        let error = c.v3_databases().create(&NewDatabase::new("made"));
        let error = error.unwrap_err();
        assert!(error.is_conflict());
        says(
            &error,
            "refuses the request (409: attempted to create a resource that already exists); correct it, sending it again won't help",
        );
    }),
    ("create-bad", plain, |c| {
        let error = c.v3_databases().create(&NewDatabase::new("a b"));
        says(
            &error.unwrap_err(),
            "refuses the request (400: invalid character in database or rp name: must be ASCII, containing only letters, numbers, underscores, or hyphens); correct it, sending it again won't help",
        );
    }),
    ("create-bad-retention", plain, |c| {
        // No retention of ours is one.
        let json = serde_json::json!({"db": "made2", "retention_period": "x"});
        let error = configure(c, Method::Post, "database", &json).unwrap_err();
        assert!(error.to_string().contains("expected a duration"), "{error}");
    }),
    ("retention-update", plain, |c| {
        c.v3_databases().set_retention("made", days(2)).unwrap();
    }),
    ("retention-set", plain, |c| {
        let json = serde_json::json!({"db": "made", "duration": "1d"});
        let error = configure(c, Method::Post, "database/retention_period", &json);
        let error = error.unwrap_err();
        assert!(error.to_string().contains("missing field `db`"), "{error}");
    }),
    ("retention-clear", plain, |c| {
        let done = c.v3_databases().set_retention("made", Duration::ZERO);
        done.unwrap();
    }),
    ("delete", plain, |c| {
        c.v3_databases().delete("made").unwrap()
    }),
    ("delete-missing", plain, |c| {
        let error = c.v3_databases().delete("nope").unwrap_err();
        assert!(error.is_not_found());
        says(
            &error,
            "doesn't have it, or not for these credentials (404: the requested resource was not found); check the names, the org and the permissions, or create it",
        );
    }),
    ("table", plain, |c| {
        let new = NewTable::new("t")
            .tag("a")
            .tag("b")
            .field("f", FieldType::Float)
            .field("g", FieldType::String);
        c.v3("made").tables().create(&new).unwrap();
    }),
    ("table-again", plain, |c| {
        let error = c.v3("made").tables().create(&NewTable::new("t").tag("a"));
        assert!(error.unwrap_err().is_conflict());
    }),
    ("table-delete", plain, |c| {
        c.v3("made").tables().delete("t").unwrap();
    }),
    ("table-missing", plain, |c| {
        let error = c.v3("made").tables().delete("nope").unwrap_err();
        assert!(error.is_not_found());
    }),
];

const LIMITS: &[Case] = &[
    ("database-0", plain, |c| create(c, "lim0").unwrap()),
    ("database-1", plain, |c| create(c, "lim1").unwrap()),
    ("database-2", plain, |c| create(c, "lim2").unwrap()),
    ("database-3", plain, |c| create(c, "lim3").unwrap()),
    ("database-4", plain, |c| {
        no_more(&create(c, "lim4").unwrap_err());
    }),
    ("database-5", plain, |c| {
        no_more(&create(c, "lim5").unwrap_err());
    }),
    ("write-new-database", plain, |c| {
        let error = raw_write(c, &[("bucket", "onemore")], "m f=1").error_for_status();
        assert!(error.unwrap_err().to_string().contains("limit of 5"));
    }),
];

const STATUS: &[Case] = &[
    ("health", plain, |c| {
        let health = c.health().unwrap();
        assert_eq!(health.status, "pass");
        assert_eq!((&*health.name, health.version), ("", None));
    }),
    ("ping", plain, |c| {
        assert_eq!(c.version().unwrap().as_deref(), Some("3.6.0"));
    }),
    ("ping-head", plain, |c| {
        let response = c.request(Method::Head, "/ping").call().unwrap();
        assert_eq!(response.status(), 404);
    }),
    ("v1-health", plain, |c| {
        let response = c.request(Method::Get, "/api/v1/health").call().unwrap();
        assert_eq!(response.into_string().unwrap(), "OK");
    }),
];

/// With the ping that tells who responds.
const NO_CALLS: &[Case] = &[
    ("flux", plain, |c| {
        let json = serde_json::json!({"query": "buckets()"});
        let response = c.request(Method::Post, "/api/v2/query").query("org", "x");
        let error = response.json(&json).call().unwrap().error_for_status();
        says(
            &error.unwrap_err(),
            "has no such call (404: not found): it is InfluxDB 3, which has no Flux; query it in SQL or InfluxQL: `client.v3(db).sql(…)`, `.influxql(…)` (feature `v3`)",
        );
    }),
    ("delete", plain, |c| {
        let (start, stop) = (
            Timestamp::from_nanos(0),
            Timestamp::from_nanos(86_400_000_000_000),
        );
        let error = c.delete_points("rec", start, stop).call().unwrap_err();
        assert!(
            error.to_string().contains("client.v3(db).tables()"),
            "{error}"
        );
    }),
    ("unknown-path", plain, |c| {
        let error = c.request(Method::Get, "/api/v2/buckets").call().unwrap();
        let error = error.error_for_status().unwrap_err();
        assert!(
            error.to_string().contains("client.v3_databases()"),
            "{error}"
        );
    }),
];

const WRITE_V1: &[Case] = &[
    ("ok", plain, |c| {
        let line = "weather,station=v1 temp_c=28.5 1700000018000000\n";
        write_v1(c, Precision::Microsecond, line).unwrap();
    }),
    ("bad", plain, |c| {
        let error = write_v1(c, Precision::Nanosecond, "bad\n").unwrap_err();
        assert!(
            error.to_string().contains("parsing failed for write_lp"),
            "{error}"
        );
    }),
];

const WRITE_V2: &[Case] = &[
    ("ok", acme, |c| {
        let line = "weather,station=zrh-1 temp_c=21.5,hum=40i,n=7u,ok=true,note=\"a \\\"b\\\" \\\\ c\" 1700000000\n";
        write(c, "rec", line).unwrap();
    }),
    ("no-time", acme, |c| {
        write(c, "rec", "weather,station=now temp_c=1\n").unwrap();
    }),
    ("gzip", plain, |c| {
        let body = recorded_body("gzip");
        let response = gzipped(c, body);
        assert_eq!(response.status(), 204);
    }),
    ("gzip-broken", plain, |c| {
        let error = gzipped(c, recorded_body("gzip-broken")).error_for_status();
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("invalid gzip header")
        );
    }),
    ("not-utf8", plain, |c| {
        let body = recorded_body("not-utf8");
        let error = c.write(
            "rec",
            Lines {
                bytes: &body,
                precision: Precision::Second,
            },
        );
        refused(error, "not valid utf8");
    }),
    ("parse-error", acme, |c| {
        let lines = "weather,station=zrh-1 temp_c=1 1700000001\nweather temp_c= 1700000002\nweather,station=zrh-1 temp_c=3 1700000003\n";
        refused(write(c, "rec", lines), "parsing for line protocol failed");
    }),
    ("type-conflict", acme, |c| {
        let lines = "weather,station=zrh-1 temp_c=1 1700000004\nweather,station=zrh-1 temp_c=\"x\" 1700000005\n";
        refused(write(c, "rec", lines), "parsing for line protocol failed");
    }),
    ("tag-then-field", acme, |c| {
        let line = "weather,temp_c=x other=1 1700000007\n";
        refused(write(c, "rec", line), "parsing for line protocol failed");
    }),
    ("control-name", acme, |c| {
        let body = recorded_body("control-name");
        let error = c.write(
            "rec",
            Lines {
                bytes: &body,
                precision: Precision::Second,
            },
        );
        refused(error, "parsing for line protocol failed");
    }),
    ("many-columns", acme, |c| {
        let body = recorded_body("many-columns");
        let error = c.write(
            "rec",
            Lines {
                bytes: &body,
                precision: Precision::Second,
            },
        );
        refused(error, "parsing for line protocol failed");
    }),
    ("bad-name", plain, |c| {
        refused(
            write(c, "a b/ü", "m f=1"),
            "character number 1 is not whitelisted",
        );
    }),
    ("bad-precision", acme, |c| {
        let error = raw_write(c, &[("bucket", "rec"), ("precision", "x")], "m f=1");
        assert!(
            error
                .error_for_status()
                .unwrap_err()
                .to_string()
                .contains("unknown variant")
        );
    }),
    ("empty", acme, |c| {
        let error = raw_write(c, &[("bucket", "rec"), ("precision", "s")], "");
        assert!(
            error
                .error_for_status()
                .unwrap_err()
                .to_string()
                .contains("was empty")
        );
    }),
    ("missing-bucket", acme, |c| {
        let error = raw_write(c, &[("bucket", ""), ("precision", "s")], "m f=1");
        assert!(
            error
                .error_for_status()
                .unwrap_err()
                .to_string()
                .contains("missing bucket")
        );
    }),
    ("no-bucket", plain, |c| {
        let error = raw_write(c, &[("precision", "s")], "m f=1");
        assert!(
            error
                .error_for_status()
                .unwrap_err()
                .to_string()
                .contains("missing bucket")
        );
    }),
];

const WRITE_V3: &[Case] = &[
    ("ok", plain, |c| {
        write_v3(c, "weather,station=zrh-2 temp_c=22.5 1700000010\n").unwrap();
    }),
    ("no-sync", plain, |c| {
        let line = seconds("weather,station=zrh-2 temp_c=26.5 1700000016\n");
        c.v3("rec").no_sync(true).write(line).unwrap();
    }),
    ("partial", plain, |c| {
        let lines = "weather,station=zrh-2 temp_c=23.5 1700000011\nweather,station=zrh-2 temp_c=\"x\" 1700000012\nbad line\nweather,station=zrh-2 temp_c=24.5 1700000013\n";
        let error = write_v3(c, lines).unwrap_err();
        assert_eq!(error.stored(), Stored::Partial);
        let named: Vec<_> = error.line_errors().iter().map(|e| e.number).collect();
        assert_eq!(named, [Some(2), Some(3)]);
    }),
    ("all-bad", plain, |c| {
        let error = write_v3(c, "bad line\nalso bad\n").unwrap_err();
        assert_eq!(error.stored(), Stored::None);
        assert_eq!(error.line_errors().len(), 2);
    }),
    ("not-partial", plain, |c| {
        let lines = seconds(
            "weather,station=zrh-2 temp_c=25.5 1700000014\nweather,station=zrh-2 temp_c=\"x\" 1700000015\n",
        );
        let error = c.v3("rec").accept_partial(false).write(lines).unwrap_err();
        assert_eq!(error.stored(), Stored::None);
        assert_eq!(error.line_errors()[0].number, Some(2));
    }),
    ("auto", plain, |c| {
        // A guess by the size of the number, which the crate never asks for.
        let response = raw_v3(
            c,
            &[("db", "rec"), ("precision", "auto")],
            "weather,station=zrh-2 temp_c=27.5 1700000017\n",
        );
        assert_eq!(response.status(), 204);
    }),
    ("bad-db", plain, |c| {
        let error = raw_v3(c, &[("db", "a b")], "m f=1").error_for_status();
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("invalid character in database")
        );
    }),
    ("bad-precision", plain, |c| {
        let error = raw_v3(c, &[("db", "rec"), ("precision", "x")], "m f=1");
        assert!(
            error
                .error_for_status()
                .unwrap_err()
                .to_string()
                .contains("unknown variant")
        );
    }),
    ("empty", plain, |c| {
        let error = raw_v3(c, &[("db", "rec"), ("precision", "second")], "");
        assert!(
            error
                .error_for_status()
                .unwrap_err()
                .to_string()
                .contains("was empty")
        );
    }),
    ("no-db", plain, |c| {
        let error = raw_v3(c, &[("precision", "second")], "m f=1").error_for_status();
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("missing field `db`")
        );
    }),
];

#[test]
fn every_recorded_exchange_that_is_no_query() {
    let groups = [
        ("auth", AUTH, None),
        ("configure", CONFIGURE, None),
        ("limits", LIMITS, None),
        ("status", STATUS, None),
        ("status", NO_CALLS, Some("http-3.6.0/status/ping")),
        ("write-v1", WRITE_V1, None),
        ("write-v2", WRITE_V2, None),
        ("write-v3", WRITE_V3, None),
    ];
    let mut left = BTreeSet::new();
    for (group, ..) in groups {
        let folder = format!(
            "{}/tests/recordings/http-3.6.0/{group}",
            env!("CARGO_MANIFEST_DIR")
        );
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            left.insert(format!("{group}/{}", name.trim_end_matches(".json")));
        }
    }
    for (group, cases, then) in groups {
        for (name, build, run) in cases {
            println!("{group}/{name}");
            assert!(left.remove(&format!("{group}/{name}")), "{group}/{name}");
            let name: &'static str = format!("http-3.6.0/{group}/{name}").leak();
            let turns: Vec<Turn> = [Some(name), then]
                .into_iter()
                .flatten()
                .map(recorded)
                .collect();
            play_as(&turns, build, run);
        }
    }
    assert!(left.is_empty(), "recorded, and not played: {left:?}");
}

#[track_caller]
fn says(error: &Error, words: &str) {
    assert!(error.to_string().ends_with(words), "{error}\nnot: {words}");
    assert!(!error.is_retryable());
    assert_eq!(error.stored(), Stored::None);
}

#[track_caller]
fn unauthorized<T: std::fmt::Debug>(done: Result<T, Error>) {
    let error = done.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_retryable(), "{error}");
    assert!(error.to_string().contains("(401: unauthorized)"), "{error}");
}

#[track_caller]
fn refused(done: Result<(), Error>, words: &str) {
    let error = done.unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!(error.stored(), Stored::None, "{error}");
    assert!(!error.is_retryable());
}

#[track_caller]
fn no_more(error: &Error) {
    says(
        error,
        "refuses the request (422: Adding a new database would exceed limit of 5 databases); correct it, sending it again won't help",
    );
}

fn create(c: &Client, name: &str) -> Result<(), Error> {
    c.v3_databases().create(&NewDatabase::new(name))
}

fn sql<'c>(c: &'c Client, db: &str, q: &str) -> influx_edge::client::Request<'c> {
    let request = c.request(Method::Get, "/api/v3/query_sql");
    request.query("db", db).query("q", q)
}

fn influxql(c: &Client) -> influx_edge::client::Request<'_> {
    let request = c.request(Method::Get, "/query");
    request.query("db", "b").query("q", "SHOW MEASUREMENTS")
}

fn configure(
    c: &Client,
    method: Method,
    path: &str,
    json: &serde_json::Value,
) -> Result<Response, Error> {
    let request = c.request(method, format!("/api/v3/configure/{path}"));
    request.json(json).call()?.error_for_status()
}

fn seconds(lines: &str) -> Lines<'_> {
    Lines {
        bytes: lines.as_bytes(),
        precision: Precision::Second,
    }
}

fn write(c: &Client, bucket: &str, lines: &str) -> Result<(), Error> {
    c.write(bucket, seconds(lines))
}

fn write_v3(c: &Client, lines: &str) -> Result<(), Error> {
    c.v3("rec").write(seconds(lines))
}

/// A write as no call of the crate sends it.
fn raw_write(c: &Client, query: &[(&str, &str)], body: &str) -> Response {
    raw(c, "/api/v2/write", query, body.as_bytes().to_vec())
}

fn raw_v3(c: &Client, query: &[(&str, &str)], body: &str) -> Response {
    raw(c, "/api/v3/write_lp", query, body.as_bytes().to_vec())
}

fn raw(c: &Client, path: &str, query: &[(&str, &str)], body: Vec<u8>) -> Response {
    let mut request = c.request(Method::Post, path);
    for (name, value) in query {
        request = request.query(*name, *value);
    }
    request.body(body).call().unwrap()
}

fn gzipped(c: &Client, body: Vec<u8>) -> Response {
    let request = c.request(Method::Post, "/api/v2/write");
    let request = request.query("bucket", "rec").query("precision", "s");
    let request = request.header("Content-Encoding", "gzip");
    request.body(body).call().unwrap()
}

fn recorded_body(name: &str) -> Vec<u8> {
    crate::common::replay::exchange(&format!("http-3.6.0/write-v2/{name}")).body
}

#[cfg(feature = "v1")]
fn write_v1(c: &Client, precision: Precision, lines: &str) -> Result<(), Error> {
    let bytes = lines.as_bytes();
    c.v1("rec").write(Lines { bytes, precision })
}

#[cfg(not(feature = "v1"))]
fn write_v1(c: &Client, precision: Precision, lines: &str) -> Result<(), Error> {
    let query: &[_] = match precision {
        Precision::Microsecond => &[("db", "rec"), ("precision", "u")],
        _ => &[("db", "rec")],
    };
    raw(c, "/write", query, lines.into())
        .error_for_status()
        .map(drop)
}
