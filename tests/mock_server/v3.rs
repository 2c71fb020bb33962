//! The mock server's likeness of InfluxDB 3 against the recordings of a real one.

use crate::common::mock_server::Server;
use crate::common::replay::{Client, Exchange, Response, exchange};

fn recorded(name: &str) -> Exchange {
    exchange(&format!("http-3.6.0/{name}"))
}

/// Replays these in order, and compares status, body and the headers that have a meaning.
fn replay(client: &mut Client, group: &str, names: &[&str]) {
    for name in names {
        let recorded = recorded(&format!("{group}/{name}"));
        let response = recorded.replay(client);
        let wanted = &recorded.response;
        assert_eq!(response.status, wanted.status, "{group}/{name}");
        assert_eq!(response.text(), wanted.text(), "{group}/{name}");
        let meaning = |response: &Response| {
            let kinds = ["content-type", "access-control-allow-origin"];
            kinds.map(|kind| response.header(kind).map(str::to_owned))
        };
        assert_eq!(meaning(&response), meaning(wanted), "{group}/{name}");
    }
}

fn open() -> (Server, Client) {
    let server = Server::v3_open();
    let client = Client::connect(&server.url());
    (server, client)
}

/// All that was written before the recorded queries; what had no time, at the time it got.
fn rec() -> (Server, Client) {
    let (server, mut client) = open();
    replay(&mut client, "write-v2", &["ok", "gzip"]);
    replay(
        &mut client,
        "write-v3",
        &["ok", "partial", "not-partial", "no-sync", "auto"],
    );
    replay(&mut client, "write-v1", &["ok"]);
    let target = "/api/v3/write_lp?db=rec&precision=second";
    let line = b"weather,station=now temp_c=1 1795716152\n";
    let response = client.exchange("POST", target, &[], line).unwrap();
    assert_eq!(response.status, 204);
    (server, client)
}

#[test]
fn administration_as_recorded() {
    let (_server, mut client) = open();
    replay(&mut client, "write-v3", &["ok"]);
    let names = [
        "list",
        "list-jsonl",
        "create",
        "create-again",
        "create-bad",
        "create-bad-retention",
        "retention-update",
        "retention-set",
        "table",
        "table-again",
        "table-delete",
        "table-missing",
        "retention-clear",
        "delete",
        "delete-missing",
    ];
    replay(&mut client, "configure", &names);
}

#[test]
fn five_databases_and_no_more() {
    let (_server, mut client) = open();
    replay(&mut client, "write-v3", &["ok"]);
    let names = [
        "database-0",
        "database-1",
        "database-2",
        "database-3",
        "database-4",
        "database-5",
        "write-new-database",
    ];
    replay(&mut client, "limits", &names);
}

#[test]
fn writes_as_recorded() {
    let (server, mut client) = open();
    let names = [
        "ok",
        "partial",
        "not-partial",
        "all-bad",
        "no-sync",
        "auto",
        "bad-db",
        "bad-precision",
        "empty",
        "no-db",
    ];
    replay(&mut client, "write-v3", &names);
    let times: Vec<i64> = server
        .points("rec")
        .iter()
        .map(|p| p.time / 1_000_000_000)
        .collect();
    // Of the partial one the good lines, of the other nothing.
    assert_eq!(
        times,
        [
            1_700_000_010,
            1_700_000_011,
            1_700_000_013,
            1_700_000_016,
            1_700_000_017
        ]
    );
    let names = [
        "ok",
        "no-time",
        "gzip",
        "gzip-broken",
        "not-utf8",
        "parse-error",
        "type-conflict",
        "tag-then-field",
        "control-name",
        "many-columns",
        "bad-name",
        "bad-precision",
        "empty",
        "missing-bucket",
        "no-bucket",
    ];
    replay(&mut client, "write-v2", &names);
    replay(&mut client, "write-v1", &["ok", "bad"]);
}

#[test]
fn what_it_is_and_what_it_has_not() {
    let (_server, mut client) = open();
    replay(
        &mut client,
        "status",
        &["health", "v1-health", "flux", "delete", "unknown-path"],
    );
    let ping = recorded("status/ping").replay(&mut client);
    assert_eq!(ping.status, 200);
    assert_eq!(ping.header("x-influxdb-version"), Some("3.6.0-mock"));
    let head = client.exchange("HEAD", "/ping", &[], b"").unwrap();
    assert_eq!(head.status, 404);
}

#[test]
fn tokens_as_recorded() {
    let server = Server::v3_locked();
    let mut client = Client::connect(&server.url());
    let nobody = [
        "health-none",
        "ping-none",
        "sql-none",
        "sql-wrong",
        "v3-write-none",
        "write-none",
        "write-wrong",
    ];
    replay(&mut client, "auth", &nobody);
    let made = recorded("auth/admin-token-create").replay(&mut client);
    assert_eq!(made.status, 201);
    let made: serde_json::Value = serde_json::from_slice(&made.body).unwrap();
    assert_eq!((&made["id"], &made["name"]), (&0.into(), &"_admin".into()));
    replay(&mut client, "auth", &["admin-token-again"]);
    replay(&mut client, "auth", &nobody);
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let mut ask = |method: &str, target: &str, body: &[u8]| {
        let headers = [("Authorization", bearer.as_str())];
        client.exchange(method, target, &headers, body).unwrap()
    };
    let named = "/api/v3/configure/token/named_admin";
    assert_eq!(
        ask("POST", named, br#"{"token_name": "second"}"#).status,
        201
    );
    assert_eq!(
        ask("POST", named, br#"{"token_name": "second"}"#).status,
        409
    );
    assert_eq!(
        ask("POST", "/api/v2/write?bucket=b&precision=s", b"m f=1 1").status,
        204
    );
    let second = "/api/v3/configure/token?token_name=second";
    assert_eq!(ask("DELETE", second, b"").status, 200);
    assert_eq!(ask("DELETE", second, b"").status, 404);
}

/// Queries that are understood, so that their responses are computed.
const COMPUTED: &[&str] = &[
    "sql/all-types-csv",
    "sql/all-types-json",
    "sql/all-types-jsonl",
    "sql/duplicate-columns",
    "sql/empty",
    "sql/empty-csv",
    "sql/empty-json",
    "sql/error-column",
    "sql/error-table",
    "sql/nulls",
    "sql/nulls-csv",
    "sql/post-param-missing",
    "sql/post-params",
    "influxql/csv",
    "influxql/select",
];

#[test]
fn queries_as_recorded() {
    // In a database of another name nothing recorded fits.
    let (_server, mut client) = rec();
    let copy = Server::v3_open();
    let mut other = Client::connect(&copy.url());
    for name in [
        "write-v2/ok",
        "write-v2/gzip",
        "write-v3/ok",
        "write-v3/partial",
        "write-v3/no-sync",
        "write-v3/auto",
        "write-v1/ok",
    ] {
        let mut write = recorded(name);
        write.target = write.target.replace("=rec", "=copy");
        write.replay(&mut other);
    }
    let line = b"weather,station=now temp_c=1 1795716152\n";
    let target = "/api/v3/write_lp?db=copy&precision=second";
    other.exchange("POST", target, &[], line).unwrap();
    let mut computed = 0;
    for group in ["sql", "influxql"] {
        let folder = format!(
            "{}/tests/recordings/http-3.6.0/{group}",
            env!("CARGO_MANIFEST_DIR")
        );
        for file in std::fs::read_dir(folder).unwrap() {
            let file = file.unwrap().file_name().into_string().unwrap();
            let name = format!("{group}/{}", file.trim_end_matches(".json"));
            if ["sql/late-error", "sql/error-division"].contains(&&*name) {
                continue;
            }
            replay(&mut client, group, &[file.trim_end_matches(".json")]);
            if !COMPUTED.contains(&&*name) {
                continue;
            }
            let mut asked = recorded(&name);
            asked.target = asked.target.replace("db=rec", "db=copy");
            let body = String::from_utf8(asked.body).unwrap();
            asked.body = body
                .replace(r#""db": "rec""#, r#""db": "copy""#)
                .into_bytes();
            let response = asked.replay(&mut other);
            assert_eq!(
                response.status,
                asked.response.status,
                "{name}: {}",
                response.text()
            );
            assert_eq!(response.text(), asked.response.text(), "{name}");
            computed += 1;
        }
    }
    assert_eq!(computed, COMPUTED.len());
}

#[test]
fn a_late_error_breaks_the_body_off() {
    for name in ["sql/late-error", "sql/error-division"] {
        let (_server, mut client) = open();
        let asked = recorded(name);
        let headers: [(&str, &str); 0] = [];
        let error = client.exchange(&asked.method, &asked.target, &headers, &asked.body);
        let error = error.expect_err(name);
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{name}");
    }
}
