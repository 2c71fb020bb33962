//! The cookies of a session, of which not all are the server's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::wire::{Wire, hidden, json_error, no_secret};
use influx_edge::Client;
use influx_edge::client::Method;

const DATE: &str = "Date: Sun, 22 Nov 2026 06:00:00 GMT\r\n";

/// Sets cookies at the sign-in, and by the response to the first call, and ends the calls with 401
/// if a `session` isn't there.
fn server(sign_in: &'static [&'static str], first_call: &'static [&'static str]) -> Wire {
    let calls = Arc::new(AtomicUsize::new(0));
    Wire::each(8, move |peer| {
        while let Some(seen) = peer.request() {
            let sets: &[&str] = if seen.target.ends_with("/signin") {
                sign_in
            } else if !seen.header("cookie").unwrap_or("").contains("session=") {
                peer.send(json_error(
                    "401 Unauthorized",
                    "unauthorized",
                    "who are you",
                ));
                continue;
            } else if calls.fetch_add(1, Ordering::SeqCst) == 0 {
                first_call
            } else {
                &[]
            };
            let lines: String = sets
                .iter()
                .map(|l| format!("Set-Cookie: {l}\r\n"))
                .collect();
            peer.send(format!("HTTP/1.1 204 No Content\r\n{DATE}{lines}\r\n"));
        }
    })
}

fn client(wire: &Wire) -> Client {
    let builder = Client::builder(wire.url()).org("acme");
    builder.session("user", "canary-7f3a-word").build().unwrap()
}

#[test]
fn every_cookie_of_a_session_is_kept_by_name() {
    type Case = (
        &'static [&'static str],
        &'static [&'static str],
        [&'static str; 2],
    );
    let cases: [Case; 16] = [
        // What the sign-in and the first call set; what the first and the second call have.
        (&["session=s1"], &[], ["session=s1"; 2]),
        (
            &["lb=a; Path=/", "session=s1"],
            &[],
            ["lb=a; session=s1"; 2],
        ),
        (
            &["session=s1; HttpOnly", "lb=a"],
            &[],
            ["session=s1; lb=a"; 2],
        ),
        (
            &[
                "AWSALB=x/+y==; Expires=Sun, 29 Nov 2026 06:00:00 GMT; Path=/",
                "AWSALBCORS=x; SameSite=None; Secure",
                "influxdb-oss-session=s1; Path=/api/",
            ],
            &[],
            ["AWSALB=x/+y==; AWSALBCORS=x; influxdb-oss-session=s1"; 2],
        ),
        // One of a name, the last.
        (
            &["session=old", "lb=a", "session=new"],
            &[],
            ["lb=a; session=new"; 2],
        ),
        // Neither a cookie nor a reason to have none.
        (
            &["nothing", "=x", "", "; Path=/", "session=s1"],
            &[],
            ["session=s1"; 2],
        ),
        // Later ones.
        (
            &["lb=a", "session=s1"],
            &["lb=b; Path=/"],
            ["lb=a; session=s1", "session=s1; lb=b"],
        ),
        (
            &["session=s1"],
            &["session=s2"],
            ["session=s1", "session=s2"],
        ),
        (
            &["session=s1"],
            &["lb=a", "other=1"],
            ["session=s1", "session=s1; lb=a; other=1"],
        ),
        // What ends one, and what doesn't.
        (
            &["lb=a", "session=s1"],
            &["lb="],
            ["lb=a; session=s1", "session=s1"],
        ),
        (
            &["lb=a", "session=s1"],
            &["lb=a; max-age=0"],
            ["lb=a; session=s1", "session=s1"],
        ),
        (
            &["lb=a", "session=s1"],
            &["lb=a; Max-Age=-1"],
            ["lb=a; session=s1", "session=s1"],
        ),
        (
            &["lb=a", "session=s1"],
            &["lb=a; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
            ["lb=a; session=s1", "session=s1"],
        ),
        (
            &["lb=a", "session=s1"],
            &["lb=a; expires=Sun, 22 Nov 2026 05:59:59 GMT; HttpOnly"],
            ["lb=a; session=s1", "session=s1"],
        ),
        (
            &["lb=a", "session=s1"],
            &["lb=b; Expires=Sun, 22 Nov 2026 05:59:59 GMT; Max-Age=60"],
            ["lb=a; session=s1", "session=s1; lb=b"],
        ),
        (
            &["old=x; Max-Age=0", "session=s1"],
            &["lb=b; Expires=Sun, 22 Nov 2026 06:00:01 GMT"],
            ["session=s1", "session=s1; lb=b"],
        ),
    ];
    for (sign_in, first_call, expected) in cases {
        let wire = server(sign_in, first_call);
        let client = client(&wire);
        for _ in 0..2 {
            client.write("b", "m f=1").unwrap();
        }
        let seen = wire.seen();
        let cookies: Vec<_> = seen
            .iter()
            .map(|s| s.header("cookie").unwrap_or(""))
            .collect();
        // One sign-in, without any.
        assert_eq!(
            cookies,
            ["", expected[0], expected[1]],
            "{sign_in:?} {first_call:?}"
        );
    }
}

#[test]
fn a_session_that_is_over_is_begun_again() {
    let wire = server(&["lb=a", "session=s1"], &["session=", "lb=; Max-Age=0"]);
    let client = client(&wire);
    for _ in 0..2 {
        client.write("b", "m f=1").unwrap();
    }
    let targets: Vec<_> = wire
        .seen()
        .iter()
        .map(|s| s.target.contains("signin"))
        .collect();
    assert_eq!(targets, [true, false, true, false]);
}

#[test]
fn cookies_without_end_are_refused_and_all_are_secret() {
    let long: &'static str = format!("a=canary-7f3a{}", "x".repeat(3000)).leak();
    let more: &'static str = format!("b={}; session=1", "y".repeat(2000)).leak();
    let wire = server(Vec::leak(vec![long, more]), &[]);
    let error = client(&wire).write("b", "m f=1").unwrap_err();
    no_secret(&error);
    assert!(
        error.to_string().contains("longer than 4000 bytes"),
        "{error}"
    );
    // A later one that is too long is left out.
    let wire = server(&["session=s1"], Vec::leak(vec![long, more]));
    let client_of = client(&wire);
    for _ in 0..2 {
        client_of.write("b", "m f=1").unwrap();
    }
    assert_eq!(wire.seen()[2].header("cookie"), Some("session=s1"));
    for none in [&[] as &[_], &["nothing"], &["=x"], &["gone=; Path=/"]] {
        let error = client(&server(none, &[])).write("b", "m f=1").unwrap_err();
        assert!(error.to_string().contains("set no cookie"), "{error}");
    }
    // Whoever repeats them in an error doesn't get them printed.
    let wire = Wire::each(4, |peer| {
        while let Some(seen) = peer.request() {
            if seen.target.ends_with("/signin") {
                peer.send("HTTP/1.1 204 No\r\nSet-Cookie: lb=canary-7f3a-lb\r\nSet-Cookie: session=canary-7f3a-s\r\n\r\n");
            } else {
                let said = format!("no {}", seen.header("cookie").unwrap_or(""));
                peer.send(json_error("403 Forbidden", "forbidden", &said));
            }
        }
    });
    let client = client(&wire);
    let error = client.write("b", "m f=1").unwrap_err();
    assert_eq!(error.status(), Some(403));
    no_secret(&error);
    hidden(&client);
}

/// The number by which a load balancer knows its servers is a word like others.
#[test]
fn a_short_cookie_hides_nothing_of_a_message() {
    for value in ["1", "5", "s", "node-2", "written"] {
        let wire = Wire::each(4, move |peer| {
            while let Some(seen) = peer.request() {
                if seen.target.ends_with("/signin") {
                    peer.send(format!(
                        "HTTP/1.1 204 No\r\nSet-Cookie: lb={value}\r\nSet-Cookie: session=canary-7f3a-s\r\n\r\n"
                    ));
                } else {
                    let said = "partial write: points beyond retention policy dropped=5";
                    peer.send(json_error("422 What", "unprocessable entity", said));
                }
            }
        });
        let error = client(&wire).write("b", "m f=1 1").unwrap_err();
        assert!(error.message().ends_with("dropped=5"), "{value}: {error}");
        assert_eq!(
            error.response().and_then(|r| r.dropped()),
            Some(5),
            "{value}"
        );
    }
}

/// A client without a session keeps no cookie: the HTTP library would, were its feature for it on.
#[test]
fn without_a_session_no_cookie_comes_back() {
    for set in [
        "lb=a",
        "lb=a; Path=/",
        "session=s1; Path=/api/; HttpOnly",
        "AWSALB=x/+y==; Expires=Sun, 29 Nov 2099 06:00:00 GMT; Path=/",
        "a=1; Max-Age=3600\r\nSET-COOKIE: b=2",
        "a=1\r\nX: y\r\nset-cookie:b=2",
    ] {
        let wire = Wire::each(1, move |peer| {
            while let Some(seen) = peer.request() {
                let sent = seen.header("cookie").unwrap_or("none").to_owned();
                let head = format!("HTTP/1.1 200 OK\r\n{DATE}Set-Cookie: {set}\r\n");
                peer.send(format!(
                    "{head}Content-Length: {}\r\n\r\n{sent}",
                    sent.len()
                ));
            }
        });
        let client = Client::builder(wire.url()).build().unwrap();
        for call in 1..=3 {
            let request = client.request(Method::Get, "/x").call().unwrap();
            let cookies: Vec<&str> = request
                .headers()
                .filter(|(name, _)| *name == "set-cookie")
                .filter_map(|(_, value)| std::str::from_utf8(value).ok())
                .collect();
            let first = set.lines().next();
            assert_eq!(cookies.first().copied(), first, "{set}");
            assert_eq!(cookies.len(), 1 + set.matches("b=2").count(), "{set}");
            assert_eq!(request.into_string().unwrap(), "none", "call {call}: {set}");
        }
    }
}
