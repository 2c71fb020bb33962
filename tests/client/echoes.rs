//! What a server, a proxy or a library repeats of a secret, and what it says that a terminal would obey:
//! neither is in anything that is printed.

use crate::common::wire::{Wire, no_secret, response};
use influx_edge::client::{ClientBuilder, Method, Setup};
use influx_edge::{Client, Error};
use std::fmt::Debug;

/// Long, and of letters that nothing else here has.
const SECRET: &str = "canary-7f3a-QXZJK/VWYQX+ZJKVW_qz==";

/// Ways to repeat it. In each, 8 of its characters stay together.
fn echoes() -> Vec<(&'static str, String)> {
    let hex = |before: &str, after: &str| -> String {
        let one = |b: u8| format!("{before}{b:02x}{after}");
        SECRET.bytes().map(one).collect()
    };
    vec![
        ("plain", SECRET.to_owned()),
        (
            "percent",
            SECRET
                .replace('/', "%2F")
                .replace('+', "%2B")
                .replace('=', "%3D"),
        ),
        ("percent, all", hex("%", "")),
        ("entities", hex("&#x", ";")),
        ("base64 of user and secret", base64(&format!("u:{SECRET}"))),
        ("base64 of a longer user", base64(&format!("user:{SECRET}"))),
        (
            "base64 within base64",
            base64(&base64(&format!("us:{SECRET}"))),
        ),
        ("capitals", SECRET.to_uppercase()),
        ("its end", SECRET[12..].to_owned()),
        ("its start", SECRET[..21].to_owned()),
        ("two encodings", hex("%25", "")),
    ]
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits =
            group.iter().fold(0u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for n in 0..4 {
            out.push(match n <= group.len() {
                true => char::from(DIGITS[(bits >> (18 - 6 * n) & 63) as usize]),
                false => '=',
            });
        }
    }
    out
}

/// Checks that no 8 characters of what was repeated are in a text, nor anything that a terminal obeys.
#[track_caller]
fn clean(text: &str, echo: &str, how: &str) {
    let obeyed =
        |c: char| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c) || c == '\u{2066}';
    assert!(!text.contains(obeyed), "{how}: {text:?}");
    // What an encoding makes of one character is at most 5 long here.
    let run = if echo.len() > 4 * SECRET.len() {
        40
    } else {
        12.min(echo.len())
    };
    let shown = echo.as_bytes().windows(run).any(|run| {
        let run = std::str::from_utf8(run).unwrap();
        // The name that base64 begins with is none.
        echo.find(run) > Some(8) && text.contains(run)
    });
    assert!(!shown, "{how}: {text:?}");
    assert!(!text.to_lowercase().contains("qxzjk/vw"), "{how}: {text:?}");
}

#[track_caller]
fn clean_error(error: &Error, echo: &str, how: &str) {
    no_secret(error);
    let mut texts = vec![
        error.to_string(),
        format!("{error:?}"),
        error.message().to_owned(),
    ];
    if let Some(response) = error.response() {
        let fields = [
            error.code(),
            response.request_id(),
            response.location(),
            response.content_type(),
        ];
        texts.extend(fields.into_iter().flatten().map(str::to_owned));
        texts.extend(error.line_errors().iter().map(|bad| bad.reason.clone()));
    }
    let mut source = std::error::Error::source(error);
    while let Some(e) = source {
        texts.push(format!("{e} {e:?}"));
        source = e.source();
    }
    texts.iter().for_each(|text| clean(text, echo, how));
}

/// Every call of which something is printed, each with every way of repeating a secret in every place.
#[test]
fn whatever_is_repeated_is_not_printed() {
    let builders: [fn(&Wire) -> ClientBuilder; 3] = [
        |w| Client::builder(w.url()).token(SECRET),
        |w| Client::builder(w.url()).basic("user", SECRET),
        |w| Client::builder(w.url()).header("X-Api-Key", SECRET),
    ];
    for (n, (how, echo)) in echoes().into_iter().enumerate() {
        let said = echo.clone();
        let wire = Wire::each(64, move |peer| {
            while let Some(seen) = peer.request() {
                let json =
                    serde_json::to_string(&format!("it said \u{1b}[2J{said}\u{202e}\r\n")).unwrap();
                let line =
                    serde_json::to_string(&format!("unable to parse 'm,t={said} f=': no {said}"))
                        .unwrap();
                let (status, kind, body) = match seen.target.split('?').next().unwrap() {
                    "/health" => (
                        "200 OK",
                        "application/json",
                        format!(
                            r#"{{"name":{json},"status":{json},"message":{json},"version":{json},"commit":{json}}}"#
                        ),
                    ),
                    "/ready" => (
                        "200 OK",
                        "application/json",
                        format!(r#"{{"status":{json},"started":{json},"up":{json}}}"#),
                    ),
                    "/ping" => ("204 No Content", &*said, String::new()),
                    "/raw" => ("200 OK", &*said, format!("no json {said}")),
                    "/api/v2/query" => (
                        "200 OK",
                        "text/csv",
                        format!("#datatype,{said}\r\n#group,\u{1b}{said}\r\n"),
                    ),
                    "/api/v2/write" => (
                        "400 Bad Request",
                        &*said,
                        format!(r#"{{"code":"invalid","message":{line}}}"#),
                    ),
                    "/api/v2/me" => (
                        "500 No",
                        "text/html",
                        format!("<html>{}\u{9b}2J {said}</html>", "x".repeat(470)),
                    ),
                    _ => (
                        "422 No",
                        &*said,
                        format!(r#"{{"code":{json},"message":{json}}}"#),
                    ),
                };
                let headers = format!(
                    "Content-Type: {kind}\r\nServer: {said}\r\nX-Request-Id: {said}\r\nX-Influxdb-Version: {said}\r\nX-Influxdb-Build: {said}\r\nLocation: http://{said}/\r\nX-Other: {said}\r\n"
                );
                if status.starts_with("204") {
                    peer.send(format!("HTTP/1.1 {status}\r\n{headers}\r\n"));
                } else {
                    peer.send(response(status, &headers, body));
                }
            }
        });
        let client = builders[n % 3](&wire).org("acme").build().unwrap();
        let check = |text: String| clean(&text, &echo, how);
        let health = client.health().unwrap();
        let ready = client.ready().unwrap();
        for shown in [&health as &dyn Debug, &ready] {
            check(format!("{shown:?}"));
        }
        for text in [
            Some(health.status),
            health.message,
            health.version,
            health.commit,
        ] {
            check(text.unwrap());
        }
        for text in [Some(ready.status), ready.started, ready.up] {
            check(text.unwrap());
        }
        check(client.version().unwrap().unwrap());
        let raw = client.request(Method::Get, "/raw").call().unwrap();
        check(format!("{raw:?}"));
        let errors = [
            raw.into_json::<u8>().unwrap_err(),
            client.write("b", "m f=1").unwrap_err(),
            client.me().unwrap_err(),
            client
                .query("x")
                .call()
                .and_then(|mut rows| rows.next().map(|_| ()))
                .unwrap_err(),
            client.buckets().list().next().unwrap().unwrap_err(),
        ];
        for error in &errors {
            clean_error(error, &echo, how);
        }
        // Secrets of one call alone.
        let wire_client = Client::builder(wire.url()).build().unwrap();
        let id = "0123456789abcdef".parse().unwrap();
        let org = "0123456789abcdef".parse().unwrap();
        for error in [
            wire_client
                .setup(&Setup::new("u", "o", "b").password(SECRET))
                .unwrap_err(),
            wire_client
                .setup(&Setup::new("u", "o", "b").token(SECRET))
                .unwrap_err(),
            wire_client.users().set_password(&id, SECRET).unwrap_err(),
            wire_client
                .organizations()
                .set_secrets(&org, [("k", SECRET)])
                .unwrap_err(),
        ] {
            clean_error(&error, &echo, how);
        }
    }
}

/// A secret that lies across the end of what is kept is taken out before the text is cut.
#[test]
fn secrets_are_taken_out_before_the_text_is_cut() {
    type Respond = fn(&str) -> Vec<u8>;
    let kinds: [(&str, usize, Respond); 5] = [
        ("page", 512, |text| {
            response("500 No", "Content-Type: text/html\r\n", text)
        }),
        ("message", 4096, |text| {
            response(
                "400 No",
                "",
                serde_json::json!({"code": "invalid", "message": text}).to_string(),
            )
        }),
        ("code", 100, |text| {
            response(
                "400 No",
                "",
                serde_json::json!({"code": text, "message": "no"}).to_string(),
            )
        }),
        ("request id", 200, |text| {
            response("500 No", &format!("X-Request-Id: {text}\r\n"), "no")
        }),
        ("content type", 200, |text| {
            response("200 OK", &format!("Content-Type: {text}\r\n"), "no")
        }),
    ];
    for (kind, max, respond) in kinds {
        for before in (max - SECRET.len() - 2..=max + 1).chain([max - 29, 0]) {
            let text = format!("{}{SECRET}{}", "y".repeat(before), "z".repeat(9));
            let wire = Wire::responding(respond(&text));
            let client = Client::builder(wire.url()).token(SECRET).build().unwrap();
            let error = client.ping().unwrap_err();
            // Not even the start of it, be it shorter than what is looked for.
            let shown = format!("{error:?}");
            assert!(!shown.contains("yc"), "{kind} {before}: {shown}");
            clean_error(&error, SECRET, kind);
        }
    }
}

/// Warnings about secrets that can't be kept out of everything; they don't show them.
#[test]
fn warnings_of_secrets_that_can_not_be_hidden() {
    let url = "http://localhost:8086/pre-fix-1";
    let builder = |secret: &str| Client::builder(url).token(secret);
    let basic = |secret: &str| Client::builder(url).basic("user", secret);
    for (client, words) in [
        (builder("s3c"), "shorter than 8 characters"),
        (basic("s3cretx"), "shorter than 8 characters"),
        (basic("Unauthorized-1"), "ordinary word"),
        (builder("Localhost"), "in the URL"),
        (builder("pre-fix-1"), "in the URL"),
        (
            builder("QXZJKVWY").proxy("http://u:s%33c@proxy.example"),
            "the proxy's password",
        ),
    ] {
        let client = client.build().unwrap();
        let all = client.warnings().join("\n");
        assert!(all.contains(words), "{words:?} is not in {all:?}");
        assert!(!all.contains("s3c"), "{all}");
        // (The host is named in the warning of a proxy, where it is no secret.)
        assert!(
            !all.contains("ocalhost:") || words.contains("proxy"),
            "{all}"
        );
    }
    for client in [
        builder("QXZJKVWY"),
        Client::builder("http://localhost/a%20b&c").token("QXZJKVWY"),
        basic("canary-7f3a-QXZJKV").header("X-Site", "north"),
    ] {
        assert_eq!(client.build().unwrap().warnings(), [""; 0]);
    }
}
