//! What is logged at the most talkative level. A program of its own: the level is the whole program's.
#![cfg(feature = "client")]

#[path = "../common"]
mod common {
    pub(crate) mod watch;
    pub(crate) mod wire;
}

use crate::common::wire::{self, Wire, json_error};
use influx_edge::Client;
use influx_edge::client::Method;

/// Everything that anybody logs, at every level: the HTTP library writes each byte it handles.
#[test]
fn no_log_line_has_a_secret() {
    use std::sync::Mutex;
    static LINES: Mutex<String> = Mutex::new(String::new());
    wire::watch::quiet();
    wire::watch::tap(|record| {
        let line = format!("{} {}\n", record.target(), record.args());
        LINES.lock().unwrap().push_str(&line);
    });
    log::set_max_level(log::LevelFilter::Trace);

    // Longer than the dump's rows, and of letters that nothing else here has.
    let secret = "QXZQXZQXZQXZQXZQXZQXZQXZQXZQXZQXZQXZQXZQXZ";
    let wire = Wire::each(8, |peer| {
        while let Some(seen) = peer.request() {
            if seen.target.ends_with("/signin") {
                peer.send("HTTP/1.1 204 No Content\r\nSet-Cookie: s=session\r\n\r\n");
            } else {
                peer.send(json_error("401 Unauthorized", "unauthorized", "no"));
            }
        }
    });
    for builder in [
        Client::builder(wire.url()).token(secret),
        Client::builder(wire.url()).basic("user", secret),
        Client::builder(wire.url()).session("user", secret),
    ] {
        let client = builder.build().unwrap();
        client.write("b", "m f=1").unwrap_err();
        client.query("x").call().unwrap_err();
        client.me().unwrap_err();
    }
    // Whatever the head of a response repeats of it, in success and in failure.
    let secret_forms = [
        secret.to_owned(),
        secret.to_lowercase(),
        secret.replace('Q', "%51"),
        secret.replace('X', "&#88;"),
        "UVhaUVhaUVhaUVhaUVha".to_owned(),
        "eDpRWFpRWFpRWFpRWFpRWFpRWFo=".to_owned(),
        secret[5..20].to_owned(),
    ];
    for form in &secret_forms {
        for status in ["204 No Content", "401 Unauthorized", "500 No"] {
            let head = format!(
                "HTTP/1.1 {status} {form}\r\nServer: {form}\r\nContent-Type: x/{form}\r\nDate: {form}\r\nAccept: {form}\r\nSet-Cookie: s=kept\r\nContent-Length: 0\r\n\r\n"
            );
            let wire = Wire::responding(format!("HTTP/1.1 100 {form}\r\n\r\n{head}"));
            let client = Client::builder(wire.url()).token(secret).build().unwrap();
            assert_eq!(client.ping().is_ok(), status.starts_with("204"), "{form}");
            let response = client.request(Method::Get, "/x").call().unwrap();
            assert_eq!(response.header("set-cookie"), Some("s=kept"));
            assert_eq!(response.header("content-length"), Some("0"));
            let server = response.header("server").unwrap();
            assert!(
                server.contains("***") && !server.contains("****"),
                "{server}"
            );
        }
    }
    // And what only a proxy gets to see.
    let proxy = Wire::responding(format!(
        "HTTP/1.1 407 {secret}\r\nServer: {secret}\r\nContent-Length: 0\r\n\r\n"
    ));
    let url = proxy.url();
    for builder in [
        Client::builder(wire.url()).proxy(url.replace("http://", &format!("http://u:{secret}@"))),
        Client::builder(wire.url())
            .proxy(&url)
            .proxy_header("Proxy-Authorization", format!("Bearer {secret}")),
    ] {
        builder.build().unwrap().ping().unwrap_err();
    }
    log::set_max_level(log::LevelFilter::Debug);
    let lines = LINES.lock().unwrap();
    assert!(lines.contains("ureq"), "nothing was logged: {lines}");
    // In hexadecimal, as the dump has it: `POST`.
    assert!(
        lines.contains("504f 5354"),
        "the dump is not there, the test tests nothing"
    );
    for piece in [
        "QXZ", "5158 5a", "51 585a", "UVhaUVh", "hRWFpRWF", "FYWlFYWl", "qxz", "%51X", "QX&#",
        "Q&#88;", "uvhauvha",
    ] {
        assert!(!lines.contains(piece), "{piece} is in a log line");
    }
    // It did arrive.
    let seen = wire.seen();
    assert_eq!(
        seen[0].header("authorization"),
        Some(&*format!("Token {secret}"))
    );
    assert_eq!(
        seen[0]
            .headers
            .iter()
            .filter(|(n, _)| n == "authorization")
            .count(),
        1
    );
}
