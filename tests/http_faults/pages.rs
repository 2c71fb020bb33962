//! Successes that are none: pages, portals and user interfaces that respond with 2xx to everything.

use crate::common::wire::{TOKEN, Wire, no_secret, response};
use influx_edge::{Client, Error, Timestamp};

/// What isn't InfluxDB's response to a call that expects 204.
const NOT_DONE: [(&str, &str, &str); 14] = [
    ("200 OK", "Content-Type: application/json\r\n", "{}"),
    (
        "200 OK",
        "Content-Type: application/json; charset=utf-8\r\n",
        r#"{"ok":true}"#,
    ),
    (
        "200 OK",
        "Content-Type: text/html\r\n",
        "<html>Please log in",
    ),
    (
        "200 OK",
        "Content-Type: Text/HTML\r\n",
        "<!DOCTYPE html><html>",
    ),
    (
        "200 OK",
        "content-type: TEXT/HTML;charset=utf-8\r\n",
        "<html>",
    ),
    (
        "200 OK",
        "Content-Type: application/xhtml+xml\r\n",
        "<html/>",
    ),
    (
        "200 OK",
        "Content-Type: Application/XHTML+XML ; q=1\r\n",
        "<html/>",
    ),
    ("200 OK", "", "<html>no type at all"),
    ("200 OK", "", " \r\n\t<html>"),
    ("200 OK", "Content-Type: text/plain\r\n", "OK"),
    ("200 OK", "Content-Type: text/html\r\n", ""),
    ("200 OK", "", ""),
    ("202 Accepted", "Content-Type: text/plain\r\n", "queued"),
    (
        "201 Created",
        "Content-Type: application/json\r\n",
        r#"{"id":"1"}"#,
    ),
];

type Call = fn(&Client) -> Result<(), Error>;

/// Calls to which a server responds with 204.
const CALLS: [(&str, Call); 12] = [
    ("delete", |c| {
        let (from, to) = (Timestamp::from_nanos(0), Timestamp::from_nanos(1));
        c.delete_points("b", from, to).call()
    }),
    ("ping", |c| c.ping()),
    ("version", |c| c.version().map(drop)),
    ("bucket", |c| c.buckets().delete(&id())),
    ("label", |c| c.labels().delete(&id())),
    ("task", |c| c.tasks().delete(&id())),
    ("run", |c| c.tasks().runs(&id()).cancel(&id())),
    ("user", |c| c.users().delete(&id())),
    ("password", |c| c.users().set_password(&id(), "long enough")),
    ("secret", |c| c.organizations().delete_secret(&id(), "smtp")),
    ("member", |c| c.buckets().members(&id()).remove(&id())),
    ("write", |c| c.write("b", "m f=1")),
];

fn id<T: std::str::FromStr<Err = Error>>() -> T {
    "00000000000000aa".parse().unwrap()
}

#[test]
fn row_37_a_call_that_expects_204_believes_no_page() {
    for (status, headers, body) in NOT_DONE {
        for (name, call) in CALLS {
            let wire = Wire::responding(response(status, headers, body));
            let url = format!("{}/base", wire.url());
            let client = Client::builder(&url)
                .org("acme")
                .token(TOKEN)
                .build()
                .unwrap();
            let about = format!("{name}: {status} {headers:?} {body:?}");
            let error = call(&client).expect_err(&about);
            let text = error.to_string();
            assert!(
                text.contains(&format!("is the URL {url} right")),
                "{about}: {text}"
            );
            assert!(!error.is_retryable(), "{about}: {text}");
            no_secret(&error);
            assert_eq!(wire.seen().len(), 1, "{about}");
        }
    }
}

/// A portal sets cookies, too: none of them is a session.
#[test]
fn no_page_opens_or_ends_a_session() {
    for (status, headers, body) in NOT_DONE {
        let headers = format!("{headers}Set-Cookie: portal=1\r\n");
        let wire = Wire::responding(response(status, &headers, body));
        let client = Client::builder(wire.url())
            .session("user", "canary-7f3a-password")
            .build()
            .unwrap();
        let error = client.me().unwrap_err();
        let seen = wire.seen();
        assert!(error.to_string().contains("is the URL "), "{error}");
        assert_eq!(seen.len(), 1, "{error}");
        assert!(seen[0].target.ends_with("/signin"), "{error}");
    }
    for (status, headers, body) in NOT_DONE {
        let wire = Wire::each(4, move |peer| {
            while let Some(seen) = peer.request() {
                if seen.target.ends_with("/signin") {
                    peer.send("HTTP/1.1 204 No Content\r\nSet-Cookie: s=canary-7f3a\r\n\r\n");
                } else if seen.target.ends_with("/signout") {
                    peer.send(response(status, headers, body));
                } else {
                    peer.send(response(
                        "200 OK",
                        "",
                        r#"{"id":"00000000000000aa","name":"u"}"#,
                    ));
                }
            }
        });
        let client = Client::builder(wire.url())
            .session("user", "canary-7f3a-password")
            .build()
            .unwrap();
        client.me().unwrap();
        let error = client.sign_out().unwrap_err();
        assert!(error.to_string().contains("is the URL "), "{error}");
        no_secret(&error);
    }
}

/// The one success with another status: InfluxDB OSS cancels a run with 200 and nothing else.
#[test]
fn a_success_without_a_body_is_believed_of_influxdb() {
    for (status, header, good) in [
        ("204 No Content", "", true),
        ("200 OK", "X-Influxdb-Version: v2.9.1\r\n", true),
        ("200 OK", "X-Influxdb-Build: OSS\r\n", true),
        ("202 Accepted", "x-influxdb-build: Cloud\r\n", true),
        ("200 OK", "Server: nginx\r\n", false),
    ] {
        let head = match status {
            "204 No Content" => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            _ => response(status, header, ""),
        };
        let client = Wire::responding(head).client();
        let done = client.tasks().runs(&id()).cancel(&id());
        assert_eq!(done.is_ok(), good, "{status} {header}: {done:?}");
    }
}

/// Calls that expect JSON, CSV or rows.
#[test]
fn no_page_is_data() {
    type Ask = fn(&Client) -> Result<(), Error>;
    const ASK: [(&str, Ask); 5] = [
        ("me", |c| c.me().map(drop)),
        ("list", |c| c.buckets().list().next().unwrap().map(drop)),
        ("find", |c| c.labels().find(&id()).map(drop)),
        ("health", |c| c.health().map(drop)),
        ("ready", |c| c.ready().map(drop)),
    ];
    for (status, headers, body) in NOT_DONE {
        for (name, ask) in ASK {
            let client = Wire::responding(response(status, headers, body)).client();
            let about = format!("{name}: {status} {headers:?} {body:?}");
            if name == "health" && body == "OK" {
                // So InfluxDB 3 and VictoriaMetrics respond: of an unknown product.
                let health = client.health().expect(&about);
                assert!(health.name.is_empty(), "{about}: {health:?}");
                continue;
            }
            let error = ask(&client).expect_err(&about);
            assert!(!error.is_retryable(), "{about}: {error}");
            if body.contains("<html") || headers.to_lowercase().contains("html") {
                assert!(
                    error.to_string().contains("is the URL "),
                    "{about}: {error}"
                );
            }
        }
    }
    for kind in [
        "Text/HTML",
        "application/xhtml+xml",
        "Application/JSON",
        "text/plain",
    ] {
        let head = format!("Content-Type: {kind}\r\n");
        let client = Wire::responding(response("200 OK", &head, "<html>")).client();
        let error = client.query("x").call().map(drop).unwrap_err();
        assert!(error.to_string().contains("is the URL "), "{kind}: {error}");
    }
    for kind in [
        "text/csv",
        "Text/CSV; charset=UTF-8",
        "application/csv",
        "TEXT/csv;header=present",
    ] {
        let head = format!("Content-Type: {kind}\r\n");
        let client = Wire::responding(response("200 OK", &head, "\r\n")).client();
        assert!(
            client.query("x").call().unwrap().next().unwrap().is_none(),
            "{kind}"
        );
    }
}
