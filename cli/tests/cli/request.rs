//! `request`: sends method, path, parameters and body unchanged, and prints body and status.

use crate::common::mock_server::{Fault, Server};
use crate::common::temp_dir::TempDir;
use crate::pty::on_terminal;
use crate::run::{TOKEN, at, run};
use serde_json::Value;

#[test]
fn what_is_sent_and_what_comes() {
    let server = Server::with_token(TOKEN);
    let health = run(at(&server.url(), ["request", "get", "/health"]), b"ignored");
    assert_eq!(health.code, Some(0), "{health:?}");
    let body: Value = serde_json::from_str(&health.out).unwrap();
    assert_eq!(body["status"], "pass");
    assert!(health.err.contains("status 200"), "{health:?}");

    let args = ["request", "GET", "/api/v2/labels", "limit=10", "x=a=b c"];
    let missing = run(at(&server.url(), args), b"");
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(missing.err.contains("status 404"), "{missing:?}");
    let seen = server.requests();
    let seen = seen.last().unwrap();
    assert_eq!(seen.query("limit").as_deref(), Some("10"));
    assert_eq!(seen.query("x").as_deref(), Some("a=b c"));
    assert_eq!(seen.query("org").as_deref(), Some("acme"));
    assert_eq!(seen.body, b"");

    let made = "{\"label\":{\"name\":\"north\"}}";
    let created = || {
        let fault = Fault::status(201)
            .body(made)
            .header("Content-Type", "application/json");
        fault.header("X-Hostile", "a\u{9b}b").on("/api/v2/labels")
    };
    let dir = TempDir::new("cli-request");
    let file = dir.path().join("body.json");
    std::fs::write(&file, "{\"name\":\"north\"}").unwrap();
    let from_file = ["--data", file.to_str().unwrap(), "--json"];
    for (more, input) in [(&[][..], "{\"name\":\"north\"}"), (&from_file, "")] {
        server.fault(created());
        let args = [&["request", "POST", "/api/v2/labels", "orgID=1"], more].concat();
        let run = run(at(&server.url(), args), input.as_bytes());
        assert_eq!(run.code, Some(0), "{run:?}");
        let body: Value = serde_json::from_str(&run.out).unwrap();
        let body = body.get("body").unwrap_or(&body);
        assert_eq!(body["label"]["name"], "north", "{run:?}");
        let seen = server.requests();
        let seen = seen.last().unwrap();
        assert_eq!(seen.method, "POST");
        assert_eq!(seen.plain_body().unwrap(), b"{\"name\":\"north\"}");
        assert_eq!(seen.header("Content-Type"), Some("application/json"));
        assert_eq!(
            (seen.query("org"), seen.query("orgID").as_deref()),
            (None, Some("1"))
        );
    }
    server.fault(created());
    let args = ["request", "GET", "/api/v2/labels", "--include", "-q"];
    let with_headers = run(at(&server.url(), args), b"");
    let (headers, body) = with_headers.out.split_once("\n\n").unwrap();
    assert!(
        headers
            .to_lowercase()
            .contains("content-type: application/json"),
        "{headers}"
    );
    assert!(!headers.contains('\u{9b}'));
    assert_eq!((body, with_headers.err.as_str()), (made, ""));
}

#[test]
fn codes_and_mistakes() {
    let server = Server::with_token(TOKEN);
    server.fault(Fault::status(403).on("/api/v2/labels"));
    let url = server.url();
    for (url, args, code, text) in [
        (&*url, &["GET", "/api/v2/labels"][..], 77, "status 403"),
        ("http://127.0.0.1:9", &["GET", "/ping"], 69, "127.0.0.1:9"),
        (&url, &["FETCH", "/ping"], 64, "is not a method; use GET"),
        (&url, &["GET"], 64, "PATH is missing"),
        (&url, &["GET", "/ping", "limit"], 64, "expected KEY=VALUE"),
        (&url, &["POST", "/x", "-d", "/nothing"], 66, "/nothing"),
        (
            &url,
            &["DELETE", "/ping", "--timeout", "x"],
            64,
            "expected a time such as",
        ),
    ] {
        let run = run(at(url, [&["request"], args].concat()), b"");
        assert_eq!(run.code, Some(code), "{args:?}: {run:?}");
        assert!(run.err.contains(text), "{args:?}: {run:?}");
        assert!(!run.out.contains("status"), "{run:?}");
    }
}

/// A body of control characters, to a terminal and to a pipe.
#[test]
fn a_terminal_gets_no_control_characters() {
    let server = Server::with_token(TOKEN);
    let hostile = "a\u{1b}[31mb\nc";
    let call = || {
        let text = Fault::status(200).body(hostile);
        server.fault(text.header("Content-Type", "text/plain").on("/metrics"));
        at(&server.url(), ["request", "GET", "/metrics"])
    };
    assert_eq!(run(call(), b"").out, hostile);
    assert_eq!(on_terminal(80, call()).out, "a\\u{1b}[31mb\nc\n");
}
