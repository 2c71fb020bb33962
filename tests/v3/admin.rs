//! Databases, tables and tokens over a bare socket: what is sent, what is refused before that, and that no
//! secret shows.

use crate::common::wire::{NO_CONTENT, Wire, closed_port, response};
use core::time::Duration;
use influx_edge::Client;
use influx_edge::api::{FieldType, days, hours};
use influx_edge::v3::{NewDatabase, NewTable};

/// How 3.6.0 responds to a change.
const DONE: &str = "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 0\r\n\r\n";

fn sent(wire: &Wire) -> Vec<(String, String, String)> {
    let all = wire.seen().into_iter();
    all.map(|s| (s.method, s.target, String::from_utf8(s.body).unwrap()))
        .collect()
}

#[test]
fn a_retention_is_sent_in_the_largest_unit_that_fits() {
    let table = [
        (days(7), "7d"),
        (days(365), "365d"),
        (hours(1), "1h"),
        (hours(25), "25h"),
        (Duration::from_secs(90 * 60), "90m"),
        (Duration::from_secs(86_401), "86401s"),
        (Duration::from_secs(1), "1s"),
        (Duration::from_secs(u64::MAX), "18446744073709551615s"),
    ];
    for (keep, period) in table {
        let wire = Wire::responding(DONE);
        let client = wire.client();
        let databases = client.v3_databases();
        databases
            .create(&NewDatabase::new("d").retention(keep))
            .unwrap();
        databases.set_retention("d", keep).unwrap();
        let body = format!(r#"{{"db":"d","retention_period":"{period}"}}"#);
        let path = "/api/v3/configure/database".to_owned();
        assert_eq!(
            sent(&wire),
            [
                ("POST".to_owned(), path.clone(), body.clone()),
                ("PUT".to_owned(), path, body)
            ]
        );
    }
    // For ever is no retention.
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    let new = NewDatabase::new("d").retention(Duration::ZERO);
    client.v3_databases().create(&new).unwrap();
    let done = client.v3_databases().set_retention("a b&c", Duration::ZERO);
    done.unwrap();
    let sent = sent(&wire);
    assert_eq!(sent[0].2, r#"{"db":"d"}"#);
    let target = "/api/v3/configure/database/retention_period?db=a%20b%26c";
    assert_eq!((&*sent[1].0, &*sent[1].1), ("DELETE", target));
}

#[test]
fn every_type_of_a_field() {
    let wire = Wire::responding(DONE);
    let client = wire.client();
    let new = NewTable::new("t")
        .field("i", FieldType::Integer)
        .field("u", FieldType::Unsigned)
        .field("f", FieldType::Float)
        .field("b", FieldType::Boolean)
        .field("s", FieldType::String)
        .tag("z")
        .tag("a");
    client.v3("d").tables().create(&new).unwrap();
    assert_eq!(
        sent(&wire)[0].2,
        r#"{"db":"d","table":"t","tags":["z","a"],"fields":[{"name":"i","type":"int64"},{"name":"u","type":"uint64"},{"name":"f","type":"float64"},{"name":"b","type":"bool"},{"name":"s","type":"utf8"}]}"#
    );
}

#[test]
fn what_is_known_to_be_refused_is_not_sent() {
    let client = Client::builder(closed_port()).build().unwrap();
    let (databases, tokens) = (client.v3_databases(), client.v3_tokens());
    let (d, none) = (client.v3("d"), client.v3(""));
    let half = Duration::from_millis(1500);
    let whole = "rows can't be kept for 1.5s: it takes whole seconds";
    let table = [
        (
            databases.create(&NewDatabase::new("")),
            "the name of a database is empty",
        ),
        (
            databases.create(&NewDatabase::new("d").retention(half)),
            whole,
        ),
        (databases.set_retention("d", half), whole),
        (
            databases.set_retention("", days(1)),
            "the name of a database is empty",
        ),
        (databases.delete(""), "the name of a database is empty"),
        (
            d.tables().create(&NewTable::new("")),
            "the name of a table is empty",
        ),
        (d.tables().delete(""), "the name of a table is empty"),
        (none.tables().delete("t"), "the name of a database is empty"),
        (tokens.create("").map(drop), "the name of a token is empty"),
        (tokens.delete(""), "the name of a token is empty"),
    ];
    for (done, says) in table {
        let error = done.unwrap_err();
        assert!(error.is_config(), "{error}");
        assert!(error.to_string().ends_with(says), "{error}");
    }
}

#[test]
fn what_is_no_response_of_influxdb_3_is_an_error() {
    let page = "<html>log in</html>";
    for (status, headers, body) in [
        ("200 OK", "Content-Type: text/html\r\n", page),
        ("200 OK", "", page),
        ("201 Created", "Content-Type: text/html\r\n", page),
        ("200 OK", "Content-Type: application/json\r\n", "{}"),
        ("302 Found", "Location: http://portal.example/\r\n", ""),
        ("404 Not Found", "Content-Type: text/html\r\n", page),
        ("500 Internal Server Error", "", "oops"),
    ] {
        let wire = Wire::responding(response(status, headers, body));
        let client = wire.client();
        let done = [
            client.v3_databases().delete("d"),
            client.v3_databases().list().map(drop),
            client.v3_databases().create(&NewDatabase::new("d")),
            client.v3("d").tables().delete("t"),
            client.v3_tokens().create("t").map(drop),
            client.v3_tokens().create_admin().map(drop),
        ];
        for done in done {
            let error = done.unwrap_err();
            assert!(!error.is_config() && !error.is_conflict(), "{error}");
            assert!(!error.to_string().contains("InfluxDB 3"), "{error}");
        }
    }
}

#[test]
fn a_secret_is_in_no_text() {
    // A response that can't be read, with a token in it.
    let body = r#"{"id":"x","name":"n","token":"apiv3_secret-of-the-server"}"#;
    let json = "Content-Type: application/json\r\n";
    let wire = Wire::responding(response("201 Created", json, body));
    let error = wire.client().v3_tokens().create("n").unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("secret-of-the"),
        "{error}"
    );

    let body = r#"{"id":7,"name":"n","token":"apiv3_secret-of-the-server","expiry":"2026-11-26T18:02:34.611Z","new":[1]}"#;
    let wire = Wire::responding(response("201 Created", json, body));
    let token = wire.client().v3_tokens().create("n").unwrap();
    assert_eq!(
        (token.id, token.reveal_token()),
        (7, "apiv3_secret-of-the-server")
    );
    let expires = token.expires_at.map(|time| time.to_string());
    assert_eq!(expires.as_deref(), Some("2026-11-26T18:02:34.611Z"));
    assert_eq!(
        format!("{token:?}"),
        format!(
            "Token {{ id: 7, name: \"n\", token: ***, created_at: None, expires_at: {:?} }}",
            token.expires_at
        )
    );
}
