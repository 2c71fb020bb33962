//! What a server reports of a request that can't succeed, whatever the status, and what may pass.

use crate::common::wire::{Wire, response};
use influx_edge::v1::Rows;
use influx_edge::{Error, Remedy, Stored, Timestamp};
use serde_json::Value as Json;

/// The response of a recorded exchange with an InfluxDB 3 Core 3.6.0.
fn recorded(name: &str) -> (u16, String, Vec<u8>) {
    let root = env!("CARGO_MANIFEST_DIR");
    let file = format!("{root}/tests/recordings/http-3.6.0/{name}.json");
    let all: Json = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let all = &all["response"];
    let status = u16::try_from(all["status"].as_u64().unwrap()).unwrap();
    let kind = all["headers"]["content-type"].as_str();
    let head = kind.map_or(String::new(), |kind| format!("Content-Type: {kind}\r\n"));
    let body = all["body"].as_str().unwrap().to_owned();
    let bytes = response(&format!("{status} X"), &head, &body);
    (status, body, bytes)
}

/// The errors of a query, of a statement that has no rows, and of a write.
fn errors(bytes: &[u8]) -> [Error; 3] {
    let wire = Wire::responding(bytes);
    let client = wire.plain_client();
    let plant = client.v1("plant").retention_policy("nope");
    let errors = [
        plant.query("SELECT * FROM m").call().unwrap_err(),
        plant.query("SHOW SERIES").use_get().run().unwrap_err(),
        plant.write("m f=1 1\n").unwrap_err(),
    ];
    assert_eq!(wire.seen().len(), 3, "none is sent twice");
    errors
}

const REFUSED: &str = "refuses the request";
const MISSING: &str = "doesn't have it";
const LATER: &str = "failed";
const SOMEBODY: &str = "but not as InfluxDB does";

/// `q`: 3.6.0, recorded. `s`: a later 3.x by its published source. `1`: 1.6.7, seen. `2`: 2.9.1, seen.
/// `o`: others, or what such a server responds when it fails itself.
const TABLE: [(char, u16, &str, &str); 31] = [
    (
        's',
        400,
        "error in InfluxQL statement: parsing error: invalid InfluxQL statement at pos 0",
        REFUSED,
    ),
    (
        's',
        500,
        "must provide only one InfluxQl statement per query",
        REFUSED,
    ),
    (
        's',
        400,
        "must provide only one InfluxQl statement per query",
        REFUSED,
    ),
    (
        's',
        500,
        "must specify a 'db' parameter, or provide the database in the InfluxQL query",
        REFUSED,
    ),
    (
        's',
        500,
        "provided a database in both the parameters (a) and query string (b) that do not match",
        REFUSED,
    ),
    (
        's',
        500,
        "query error: error while planning query: This feature is not implemented: SHOW TAG KEYS ON <database>",
        REFUSED,
    ),
    (
        's',
        500,
        "query error: error while planning query: External error: Generic S3 error",
        LATER,
    ),
    (
        's',
        500,
        "query error: error while planning query: Resources exhausted: too many bytes",
        LATER,
    ),
    (
        's',
        500,
        "query error: error while executing plan: no more memory",
        LATER,
    ),
    (
        's',
        500,
        "write buffer error: object store error: timeout",
        LATER,
    ),
    (
        's',
        503,
        "error in InfluxQL statement: behind a gateway",
        LATER,
    ),
    (
        '1',
        500,
        r#"{"error":"retention policy not found: nope"}"#,
        REFUSED,
    ),
    (
        '1',
        404,
        r#"{"error":"database not found: \"nope\""}"#,
        MISSING,
    ),
    (
        '1',
        400,
        r#"{"error":"error parsing query: missing parameter: x"}"#,
        REFUSED,
    ),
    (
        '1',
        400,
        r#"{"error":"missing required parameter \"q\""}"#,
        REFUSED,
    ),
    (
        '1',
        400,
        r#"{"error":"invalid consistency level"}"#,
        REFUSED,
    ),
    (
        '2',
        404,
        r#"{"code":"not found","message":"no dbrp mapping found"}"#,
        MISSING,
    ),
    (
        '2',
        500,
        r#"{"code":"internal error","message":"failed to create task: could not fulfil schedule due to year"}"#,
        REFUSED,
    ),
    (
        '2',
        500,
        r#"{"code":"internal error","message":"Unexpected error when assigning user to a resource: mapping for user 11ac5699ad141000 already exists"}"#,
        REFUSED,
    ),
    (
        '2',
        500,
        r#"{"code":"internal error","message":"retention policy duration must be at least 1h0m0s"}"#,
        REFUSED,
    ),
    (
        '2',
        500,
        r#"{"code":"internal error","message":"An internal error has occurred - check server logs"}"#,
        LATER,
    ),
    ('o', 500, r#"{"error":"timeout"}"#, LATER),
    ('o', 500, r#"{"error":"engine is closed"}"#, LATER),
    (
        'o',
        500,
        r#"{"error":"[shard 7] write /var/lib/influxdb/wal: no space left on device"}"#,
        LATER,
    ),
    (
        'o',
        503,
        r#"{"error":"retention policy not found: nope"}"#,
        LATER,
    ),
    (
        'o',
        500,
        r#"{"error":"upstream: retention policy not found"}"#,
        LATER,
    ),
    (
        'o',
        500,
        r#"{"message":"retention policy not found: nope"}"#,
        SOMEBODY,
    ),
    ('o', 500, "Internal Server Error", SOMEBODY),
    (
        'o',
        500,
        "<html>error in InfluxQL statement: </html>",
        SOMEBODY,
    ),
    ('o', 500, "see error in InfluxQL statement: x", SOMEBODY),
    ('o', 500, "", SOMEBODY),
];

/// One row of it.
fn check(status: u16, body: &str, bytes: &[u8], wanted: &str) {
    let lasts = matches!(wanted, REFUSED | MISSING);
    for error in errors(bytes) {
        let text = error.to_string();
        let about = format!("{status} {body}: {text}");
        assert!(text.contains(wanted), "{about}");
        assert_eq!(error.status(), Some(status), "{about}");
        assert_eq!(error.is_retryable(), !lasts, "{about}");
        let remedy = if lasts {
            Remedy::Operator
        } else {
            Remedy::Retry
        };
        assert_eq!(error.remedy(), remedy, "{about}");
        assert_eq!(error.stored() == Stored::None, lasts, "{about}");
        assert_eq!(text.contains("proxy"), wanted == SOMEBODY, "{about}");
        let later = matches!(wanted, LATER | SOMEBODY);
        assert_eq!(text.contains("again later"), later, "{about}");
        // The server's own sentence, whole.
        let said = body.split(r#":""#).last().unwrap_or(body);
        let said = said.trim_end_matches(['"', '}']).replace('\\', "");
        assert!(error.message().contains(&said), "{about}");
    }
}

#[test]
fn an_error_about_the_request_is_not_retried() {
    for (_, status, body, wanted) in TABLE {
        let kind = match body.starts_with('{') {
            true => "Content-Type: application/json\r\n",
            false => "",
        };
        let bytes = response(&format!("{status} X"), kind, body);
        check(status, body, &bytes, wanted);
    }
    for (name, wanted) in [
        ("query-v1/error", REFUSED),
        ("query-v1/no-db", MISSING),
        ("influxql/error", REFUSED),
        ("sql/error-column", REFUSED),
        ("sql/error-insert", REFUSED),
        ("sql/error-syntax", REFUSED),
        ("sql/error-table", REFUSED),
        ("sql/post-param-missing", REFUSED),
    ] {
        let (status, body, bytes) = recorded(name);
        check(status, &body, &bytes, wanted);
    }
    // Of a long sentence 4 KiB are there to be read.
    let long = format!("error in InfluxQL statement: {}", "x ".repeat(5_000));
    let bytes = response("500 X", "", &long);
    let [error, ..] = errors(&bytes);
    assert!((4_000..=4_096).contains(&error.message().len()), "{error}");
}

#[test]
fn rows_as_recorded_on_3_6_0() {
    let ask = |name: &str| -> Rows {
        let (_, _, bytes) = recorded(name);
        let wire = Wire::responding(bytes);
        wire.client().v1("rec").query("q").call().unwrap()
    };
    let mut rows = ask("query-v1/epoch");
    let row = rows.next().unwrap().unwrap();
    assert_eq!(
        row.time(),
        Some(Timestamp::from_nanos(1_700_000_000_000_000_000))
    );
    assert_eq!(row.series(), "weather");
    assert_eq!(row.get::<f64>("temp_c").unwrap(), 21.5);
    assert_eq!(row.get::<&str>("note").unwrap(), "a \"b\" \\ c");
    for name in ["query-v1/epoch", "query-v1/chunked", "query-v1/select"] {
        let mut rows = ask(name);
        let mut n = 0;
        while let Some(row) = rows.next().unwrap() {
            n += 1;
            assert!(row.time().is_some(), "{name}");
        }
        assert_eq!(n, 9, "{name}");
    }
    assert!(ask("query-v1/empty").next().unwrap().is_none());
    let mut rows = ask("query-v1/show-measurements");
    let row = rows.next().unwrap().unwrap();
    assert_eq!(row.get::<&str>("name").unwrap(), "m");
    assert!(rows.next().unwrap().is_none());
}
