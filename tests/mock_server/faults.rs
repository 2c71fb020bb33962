//! The mock server's faults, its status pages, and how it handles connections.

use std::time::{Duration, Instant};

use crate::common::mock_server::{Fault, Server};
use crate::common::replay::{Client, Response, exchange, meaning};

const WRITE: &str = "/api/v2/write?org=acme&bucket=sensors";
const AUTH: (&str, &str) = ("Authorization", "Token mock-server-token");

fn write(client: &mut Client) -> std::io::Result<Response> {
    client.exchange("POST", WRITE, &[AUTH], b"m f=1 1")
}

/// A server with this fault, a connection to it, and the number of points stored so far.
fn faulty(fault: Fault) -> (Server, Client) {
    let server = Server::start();
    server.fault(fault);
    let client = Client::connect(&server.url());
    (server, client)
}

fn stored(server: &Server) -> usize {
    server.points(server.bucket()).len()
}

#[test]
fn a_false_response_has_no_effect_and_comes_once() {
    let (server, mut client) = faulty(Fault::status(503).header("Retry-After", "7").body("later"));
    let response = write(&mut client).expect("a response");
    assert_eq!((response.status, response.text().as_str()), (503, "later"));
    assert_eq!(response.header("Retry-After"), Some("7"));
    assert_eq!(stored(&server), 0);
    assert_eq!(write(&mut client).expect("a response").status, 204);
    assert_eq!(stored(&server), 1);
    assert_eq!(server.connections(), 1);
}

#[test]
fn an_error_comes_in_the_servers_form() {
    let recorded = exchange("write/unknown-bucket").response;
    let (_server, mut client) = faulty(Fault::error(404, "not found", "bucket \"nope\" not found"));
    let response = write(&mut client).expect("a response");
    assert_eq!(response.text(), recorded.text());
    assert_eq!(meaning(&response), meaning(&recorded));
}

#[test]
fn a_fault_can_pick_its_path_and_its_number() {
    let (_server, mut client) = faulty(Fault::status(500).on("/api/v2/write").times(2));
    let statuses: Vec<_> = ["/ping", WRITE, "/ping", WRITE, WRITE]
        .into_iter()
        .map(|target| {
            let method = if target == WRITE { "POST" } else { "GET" };
            let response = client.exchange(method, target, &[AUTH], b"");
            response.expect("a response").status
        })
        .collect();
    assert_eq!(statuses, [204, 500, 204, 500, 204]);
}

#[test]
fn a_response_can_be_missing_before_or_after_the_effect() {
    for (fault, effect) in [
        (Fault::hang_up(), 0),
        (Fault::lost_response(), 1),
        (Fault::cut(0), 1),
        (Fault::cut(20), 1),
    ] {
        let name = format!("{fault:?}");
        let (server, mut client) = faulty(fault);
        assert!(write(&mut client).is_err(), "{name}");
        assert_eq!(stored(&server), effect, "{name}");
    }
}

#[test]
fn a_query_can_be_cut_behind_its_head() {
    let (_server, mut client) = faulty(Fault::cut_body(30).on("/api/v2/query"));
    write(&mut client).expect("a response");
    let query = br#"{"query":"from(bucket:\"sensors\") |> range(start: 0, stop: 1)"}"#;
    let response = client.exchange("POST", "/api/v2/query?org=acme", &[AUTH], query);
    let error = response.expect_err("a body without its end");
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn raw_bytes_go_out_as_they_are() {
    let (_server, mut client) = faulty(Fault::raw("HTTP/1.1 999 Odd\r\n\r\n"));
    assert_eq!(write(&mut client).expect("a response").status, 999);
    assert!(write(&mut client).is_err(), "the connection is closed");
}

#[test]
fn an_early_response_takes_the_place_of_100_continue() {
    let (server, mut client) = faulty(Fault::status(413).early());
    let head =
        format!("POST {WRITE} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    client.send(head.as_bytes()).expect("a connection");
    assert_eq!(client.receive(false).expect("a response").status, 413);
    assert!(server.requests()[0].body.is_empty());
}

#[test]
fn a_slow_response_is_slow_and_does_not_hold_up_the_end() {
    let (_server, mut client) = faulty(Fault::slow(Duration::from_millis(150)));
    let start = Instant::now();
    assert_eq!(write(&mut client).expect("a response").status, 204);
    assert!(start.elapsed() >= Duration::from_millis(150));

    let (server, mut client) = faulty(Fault::slow(Duration::from_secs(600)));
    let head = format!("POST {WRITE} HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    client.send(head.as_bytes()).expect("a connection");
    let start = Instant::now();
    while server.requests().is_empty() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it never arrived"
        );
        std::thread::yield_now();
    }
    let start = Instant::now();
    drop(server);
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn requests_are_kept_for_the_tests() {
    let server = Server::start();
    let mut client = Client::connect(&server.url());
    let target = "/api/v2/write?org=acme&bucket=sen%73ors&precision=ns&x=a+b%20%C3%BC";
    client
        .exchange("POST", target, &[AUTH], b"m f=1 1")
        .expect("a response");
    let request = &server.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.path()),
        ("POST", "/api/v2/write")
    );
    assert_eq!(request.query("bucket").as_deref(), Some("sensors"));
    assert_eq!(request.query("x").as_deref(), Some("a b ü"));
    assert_eq!(request.query("y"), None);
    assert_eq!(request.header("authorization"), Some(AUTH.1));
    assert_eq!(request.text(), "m f=1 1");
}

#[test]
fn status_pages_are_as_recorded_but_never_call_it_influxdb() {
    let server = Server::start();
    let mut client = Client::connect(&server.url());
    for name in ["ping", "ping-head", "health", "ready"] {
        let recorded = exchange(&format!("status/{name}"));
        let response = recorded.replay(&mut client);
        assert_eq!(response.status, recorded.response.status, "{name}");
        assert_eq!(meaning(&response), meaning(&recorded.response), "{name}");
        assert_eq!(
            response.header("X-Influxdb-Build"),
            Some("mock-server"),
            "{name}"
        );
        assert!(!response.text().contains("influxdb"), "{name}");
        if !response.body.is_empty() {
            let keys = |response: &Response| -> Vec<String> {
                let json: serde_json::Value =
                    serde_json::from_slice(&response.body).expect("an object");
                json.as_object()
                    .expect("an object")
                    .keys()
                    .cloned()
                    .collect()
            };
            assert_eq!(keys(&response), keys(&recorded.response), "{name}");
        }
    }
}

#[test]
fn outside_the_api_there_is_html_and_inside_it_a_404() {
    let server = Server::start();
    let mut client = Client::connect(&server.url());
    let page = client.exchange("POST", "/influx/api/v2/write?org=acme", &[AUTH], b"");
    let page = page.expect("a response");
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    let missing = client.exchange("GET", "/api/v2/nonexistent", &[AUTH], b"");
    let missing = missing.expect("a response");
    assert_eq!(missing.status, 404);
    assert_eq!(missing.header("X-Platform-Error-Code"), Some("not found"));
    assert!(missing.text().contains("path not found"));
}
