//! The token, and every other secret, is on the wire and nowhere else; and no text of the caller's
//! becomes a header, a parameter or Flux of its own.

use crate::common::wire::{NO_CONTENT, TOKEN, Wire, echo, hidden, json_error, no_secret, response};
use influx_edge::client::Method;
use influx_edge::client::{ClientBuilder, Setup};
use influx_edge::{Client, Timestamp};

const EVIL: &[&str] = &[
    "a\r\nX-Evil: 1",
    "a\nX-Evil: 1",
    "a\rX-Evil: 1",
    "a HTTP/1.1\r\nHost: evil\r\n\r\nGET /evil",
    "a&org=evil",
    "a?x=evil#evil",
    "a/../../evil",
    "a%0d%0aX-Evil: 1",
    "\0evil",
    "a\u{2028}X-Evil: 1",
    "ü\u{85}evil",
    "\" |> drop() //",
    "${evil()}",
];

/// Whether what arrived has anything that the text made up.
#[track_caller]
fn unharmed(wire: &Wire, text: &str) {
    for seen in wire.seen() {
        assert!(seen.header("x-evil").is_none(), "{text:?} made a header");
        assert!(
            seen.header("host").unwrap().starts_with("127.0.0.1:"),
            "{text:?}"
        );
        assert!(
            !seen.target.starts_with("/evil") && !seen.target.contains("/../"),
            "{text:?}: {}",
            seen.target
        );
        assert!(
            !seen.target.contains("=evil"),
            "{text:?} made a parameter: {}",
            seen.target
        );
        assert!(
            seen.target.is_ascii() && !seen.target.contains(' '),
            "{text:?}: {}",
            seen.target
        );
    }
}

#[test]
fn names_stay_names() {
    for text in EVIL {
        let wire = Wire::responding(NO_CONTENT);
        let client = Client::builder(wire.url())
            .org(*text)
            .token(TOKEN)
            .build()
            .unwrap();
        client.write(text, "m f=1").unwrap();
        client
            .delete_points(*text, Timestamp::from_nanos(0), Timestamp::from_nanos(1))
            // A NUL is refused there.
            .predicate(text.replace('\0', " "))
            .call()
            .unwrap();
        client
            .request(Method::Get, "/api/v2/x")
            .query(*text, *text)
            .call()
            .unwrap();
        let _ = client.query(*text).param("p", *text).call();
        let _ = client.setup(&Setup::new("u", *text, "b").password("long enough"));
        unharmed(&wire, text);
        assert_eq!(wire.seen().len(), 5, "{text:?}");
        // The one place for text in Flux: a literal, whole.
        let body: serde_json::Value = serde_json::from_slice(&wire.seen()[3].body).unwrap();
        assert_eq!(body["query"], *text);
        let literal = &body["extern"]["body"][0]["assignment"]["init"]["properties"][0]["value"];
        assert_eq!(
            (literal["type"].as_str(), literal["value"].as_str()),
            (Some("StringLiteral"), Some(*text))
        );
        // None of them is an id.
        assert!(Client::builder(wire.url()).org_id(*text).build().is_err());
    }
}

#[test]
fn headers_urls_and_paths_refuse_or_encode() {
    for text in EVIL {
        let breaks = text.contains(['\r', '\n', '\0']);
        let wire = Wire::responding(NO_CONTENT);
        let build = |builder: ClientBuilder| builder.build();
        for (what, result) in [
            ("token", build(Client::builder(wire.url()).token(*text))),
            ("user", build(Client::builder(wire.url()).basic(*text, "p"))),
            (
                "password",
                build(Client::builder(wire.url()).basic("u", *text)),
            ),
            (
                "session",
                build(Client::builder(wire.url()).session("u", *text)),
            ),
            (
                "agent",
                build(Client::builder(wire.url()).user_agent(*text)),
            ),
            (
                "header",
                build(Client::builder(wire.url()).header("X-A", *text)),
            ),
            (
                "name",
                build(Client::builder(wire.url()).header(*text, "v")),
            ),
        ] {
            match result {
                Ok(client) => {
                    assert!(!breaks, "{what} took {text:?}");
                    // (This peer opens no sessions.)
                    if what != "session" {
                        client.ping().unwrap();
                    }
                }
                Err(error) => assert!(error.is_config(), "{what} {text:?}: {error}"),
            }
        }
        let client = wire.client();
        for result in [
            client.request(Method::Get, "/x").header("X-A", text).call(),
            client.request(Method::Get, "/x").header(text, "v").call(),
            client.request(Method::Get, format!("/{text}")).call(),
            text.parse()
                .and_then(|method| client.request(method, "/x").call()),
        ] {
            if let Err(error) = result {
                no_secret(&error);
                assert!(!error.to_string().contains(['\r', '\n']), "{error}");
            }
        }
        // A path is the caller's own, dots and question marks included; but it stays one line.
        for seen in wire.seen() {
            assert!(seen.header("x-evil").is_none(), "{text:?}");
            assert!(!seen.target.contains(' '), "{text:?}: {}", seen.target);
        }
    }
    for url in [
        "http://h\r\nX-Evil: 1",
        "http://h/\r\nX",
        "http://h /",
        "http://h\0",
    ] {
        assert!(Client::builder(url).build().is_err(), "{url:?}");
    }
}

#[test]
fn nothing_shows_a_secret() {
    for status in [
        "200 OK",
        "302 Found",
        "400 Bad Request",
        "401 Unauthorized",
        "404 Not Found",
        "422 What",
        "500 Internal Server Error",
    ] {
        let builders: [fn(&Wire) -> ClientBuilder; 3] = [
            |w| Client::builder(w.url()).token(TOKEN),
            |w| Client::builder(w.url()).basic("user", "canary-7f3a-password"),
            |w| Client::builder(w.url()).session("user", "canary-7f3a-password"),
        ];
        for builder in builders {
            let wire = echo(status);
            let builder = builder(&wire)
                .org("acme")
                .default_tag("a", "b")
                .header("X-Key", "canary-7f3a-header");
            hidden(&builder);
            let client = builder.build().unwrap();
            hidden(&client);
            let mut errors = vec![
                client.write("b", "m f=1").unwrap_err(),
                client
                    .query("x")
                    .call()
                    .and_then(|mut rows| rows.next().map(|_| ()))
                    .unwrap_err(),
                client.ping().unwrap_err(),
                client.health().unwrap_err(),
                client.ready().unwrap_err(),
                client.me().unwrap_err(),
            ];
            if let Err(error) = client.sign_out() {
                errors.push(error);
            }
            let request = client
                .request(Method::Get, "/x")
                .header("X-A", "canary-7f3a");
            hidden(&request);
            let response = request.call().unwrap();
            if let Err(error) = response.error_for_status() {
                errors.push(error);
            }
            for error in &errors {
                no_secret(error);
                hidden(error);
                let inner = error.response();
                let texts = inner.map(|a| (a.location(), a.request_id(), a.content_type()));
                hidden(&(error.code(), texts));
            }
        }
    }
    // A token in JSON that can't be read as what it should be.
    let wire = Wire::responding(response(
        "200 OK",
        "",
        r#"{"id":{"token":"canary-7f3a"},"name":"canary-7f3a"}"#,
    ));
    no_secret(&wire.client().me().unwrap_err());
    let error = wire
        .client()
        .request(Method::Get, "/x")
        .call()
        .unwrap()
        .into_json::<Vec<u8>>()
        .unwrap_err();
    no_secret(&error);
    // And in what a session's response shows of itself.
    let wire = Wire::responding("HTTP/1.1 204 No Content\r\nSet-Cookie: s=canary-7f3a\r\n\r\n");
    let response = wire.client().request(Method::Get, "/x").call().unwrap();
    hidden(&response);
    let wire = Wire::responding(json_error("401 Unauthorized", "unauthorized", "no"));
    hidden(&wire.client().write("b", "m f=1").unwrap_err());
}

#[test]
fn a_long_token_and_a_long_head() {
    // The token no longer fits behind the rest of the head in one buffer.
    for (token, header) in [
        (10, 3800),
        (2000, 2500),
        (3000, 3000),
        (4000, 10),
        (4000, 4000),
    ] {
        let wire = Wire::responding(NO_CONTENT);
        let token = "t".repeat(token);
        let client = Client::builder(wire.url())
            .token(&token)
            .header("X-Long", "h".repeat(header))
            .build()
            .unwrap();
        client.write("b", "m f=1").unwrap();
        client.write("b", "m f=2").unwrap();
        for seen in wire.seen() {
            assert_eq!(
                seen.header("authorization"),
                Some(&*format!("Token {token}"))
            );
            assert_eq!(seen.header("x-long").unwrap().len(), header);
        }
        assert_eq!(wire.seen()[1].body, b"m f=2");
    }
    let wire = Wire::responding(NO_CONTENT);
    let too_long = Client::builder(wire.url()).token("t".repeat(5000)).build();
    let error = too_long.unwrap_err();
    assert!(error.is_config(), "{error}");
    assert!(error.to_string().contains("longer than 4000"), "{error}");
}

/// Every test with a client in it talks to a server that watches for the secret: log lines and
/// panics. Here: that none does without.
#[test]
fn the_canary_is_everywhere() {
    let mut watched = 0;
    for program in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).unwrap() {
        let program = program.unwrap().path();
        // Servers that aren't these; and a list of names, which calls nothing.
        if !program.join("main.rs").exists() || program.ends_with("real") {
            continue;
        }
        for file in std::fs::read_dir(&program).unwrap() {
            let file = match file.unwrap().path() {
                dir if dir.is_dir() => dir.join("mod.rs"),
                file => file,
            };
            let text = std::fs::read_to_string(&file).unwrap();
            let made = text.contains("Client::builder") || text.contains("Client::from");
            if !made || file.ends_with("api/parity.rs") {
                continue;
            }
            let servers = [
                "common::wire",
                "common::mock_server",
                "common::api",
                // Of `v3`, over a bare socket.
                "crate::server",
                "common::watch",
                "common::mock_api",
            ];
            assert!(
                servers.iter().any(|server| text.contains(server)),
                "{} has a client, and no server that watches",
                file.display()
            );
            watched += 1;
        }
    }
    assert!(watched >= 15, "{watched}");
}

/// The watch itself: it sees what it should.
#[test]
fn a_secret_in_a_log_line_is_seen() {
    let _wire = Wire::responding(NO_CONTENT);
    log::info!("nothing");
    let long = "x".repeat(5000);
    for text in [TOKEN.to_owned(), format!("{long}{TOKEN}{long}")] {
        let line = std::panic::catch_unwind(|| log::debug!("{text}"));
        assert!(line.is_err());
    }
}
