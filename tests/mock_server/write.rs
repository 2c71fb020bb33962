//! The mock server's write path against the recordings of a real server.

use std::io::Write as _;

use crate::common::mock_server::{Server, Value};
use crate::common::replay::{Client, Response, TOKEN, exchange, meaning};
use flate2::{Compression, write::GzEncoder};

const WRITE: &str = "/api/v2/write?org=acme&bucket=edge&precision=ns";
const AUTH: (&str, &str) = ("Authorization", "Token edge-test-operator-token");

/// A server like the recorded one, and a connection to it.
fn edge() -> (Server, Client) {
    let server = Server::with_token(TOKEN);
    server.add_bucket("edge");
    let client = Client::connect(&server.url());
    (server, client)
}

fn write(client: &mut Client, target: &str, body: &str) -> Response {
    let response = client.exchange("POST", target, &[AUTH], body.as_bytes());
    response.expect("a response")
}

/// `measurement,tags field value @time` of everything in the bucket.
fn stored(server: &Server) -> Vec<String> {
    let points = server.points("edge").into_iter();
    points
        .map(|p| {
            format!(
                "{} {:?} {}={:?} @{}",
                p.measurement, p.tags, p.field, p.value, p.time
            )
        })
        .collect()
}

#[test]
fn recorded_writes_get_the_recorded_response() {
    let names = [
        "bad-gzip",
        "bad-line-long",
        "bad-line-with-quote",
        "bad-precision",
        "bad-timestamp",
        "duplicate-tag",
        "empty",
        "nan",
        "no-bucket",
        "no-org",
        "no-token",
        "ok",
        "ok-gzip",
        "ok-seconds",
        "one-bad-line",
        "only-comment",
        "only-newlines",
        "reserved-tag",
        "timestamp-overflow",
        "two-bad-lines",
        "type-conflict",
        "unknown-bucket",
        "unknown-org",
        "wrong-method",
        "wrong-token",
    ];
    for name in names {
        let (_server, mut client) = edge();
        // The field was an integer before the conflict was recorded.
        let before = write(&mut client, WRITE, "conflict v=1i 1700000000000000000");
        assert_eq!(before.status, 204);

        let recorded = exchange(&format!("write/{name}"));
        let response = recorded.replay(&mut client);
        assert_eq!(response.status, recorded.response.status, "{name}");
        assert_eq!(response.text(), recorded.response.text(), "{name}");
        assert_eq!(meaning(&response), meaning(&recorded.response), "{name}");
    }
}

#[test]
fn one_bad_line_and_nothing_is_written() {
    let (server, mut client) = edge();
    exchange("write/one-bad-line").replay(&mut client);
    exchange("write/two-bad-lines").replay(&mut client);
    assert_eq!(stored(&server), [""; 0]);
}

#[test]
fn on_a_type_conflict_the_good_lines_stay() {
    let (server, mut client) = edge();
    write(&mut client, WRITE, "conflict v=1i 1");
    let response = exchange("write/type-conflict").replay(&mut client);
    assert_eq!(response.status, 422);
    assert_eq!(
        stored(&server),
        [
            "conflict [] v=Integer(1) @1",
            r#"weather [("station", "zrh-1")] temp_c=Float(23.0) @1700000004000000000"#,
        ]
    );
}

#[test]
fn a_field_called_time_is_reported_and_the_rest_of_its_line_stored() {
    let (server, mut client) = edge();
    let response = write(&mut client, WRITE, "m time=1,f=2 3");
    assert_eq!(response.status, 422);
    assert!(response.text().contains("dropped=0"), "{}", response.text());
    assert_eq!(stored(&server), ["m [] f=Float(2.0) @3"]);
}

#[test]
fn every_type_and_every_escape_arrives() {
    let (server, mut client) = edge();
    let body = "a\\ b\\,c,k\\ \\,\\==v\\ \\,\\= f\\ \\,\\==1.5 1\n\
        m s=\"q\\\" b\\\\ \\x ü\nline,a=1 2\",i=-9223372036854775808i,u=18446744073709551615u,b=T 2\n";
    assert_eq!(write(&mut client, WRITE, body).status, 204);
    let points = server.points("edge");
    let first = &points[0];
    assert_eq!(first.measurement, "a b,c");
    assert_eq!(first.tags, [("k ,=".to_owned(), "v ,=".to_owned())]);
    assert_eq!(first.field, "f ,=");
    let values: Vec<_> = points[1..].iter().map(|p| p.value.clone()).collect();
    assert_eq!(
        values,
        [
            Value::Boolean(true),
            Value::Integer(i64::MIN),
            Value::String("q\" b\\ \\x ü\nline,a=1 2".to_owned()),
            Value::Unsigned(u64::MAX),
        ]
    );
}

#[test]
fn the_last_write_wins_and_tags_have_no_order() {
    let (server, mut client) = edge();
    write(&mut client, WRITE, "m,a=1,b=2 f=1 5\nm,b=2,a=1 f=2 5");
    assert_eq!(
        stored(&server),
        [r#"m [("a", "1"), ("b", "2")] f=Float(2.0) @5"#]
    );
}

#[test]
fn precision_scales_times_and_rounds_the_servers_clock_down() {
    for (precision, nanos) in [
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
    ] {
        let (server, mut client) = edge();
        let target = format!("/api/v2/write?org=acme&bucket=edge&precision={precision}");
        write(&mut client, &target, "m f=1 -7");
        write(&mut client, &target, "n f=1");
        let points = server.points("edge");
        assert_eq!(points[0].time, -7 * nanos, "{precision}");
        assert_eq!(points[1].time % nanos, 0, "{precision}");
        // Some time after this was written: the clock was really asked.
        assert!(points[1].time > 1_750_000_000_000_000_000, "{precision}");
    }
}

#[test]
fn refusals_that_only_2x_makes_are_made() {
    let cases = [
        (",t=a f=1 1", "missing measurement"),
        ("m", "missing fields"),
        ("m,t=a", "missing fields"),
        ("m,t f=1 1", "missing tag value"),
        ("m,t= f=1 1", "missing tag value"),
        ("m,t=a=b f=1 1", "invalid tag format"),
        (
            "m,_field=a f=1 1",
            "cannot use reserved tag key \\\"_field\\\"",
        ),
        ("m =1 1", "missing field key"),
        ("m f 1", "invalid field format"),
        ("m f=1,g 1", "invalid field format"),
        ("m f=1e400 1", "invalid float"),
        ("m f=1.0i 1", "invalid number"),
        ("m f=-1u 1", "invalid number"),
        ("m f=+1 1", "invalid boolean"),
        ("m f=tru 1", "invalid boolean"),
        ("m f=1 1 2", "point is invalid"),
        ("m f=1 -9223372036854775807", "time outside range"),
    ];
    for (line, words) in cases {
        let (server, mut client) = edge();
        let response = write(&mut client, WRITE, line);
        assert_eq!(response.status, 400, "{line}");
        let expected = format!("unable to parse '{line}': {words}");
        assert!(
            response.text().contains(&expected),
            "{line}: {}",
            response.text()
        );
        assert_eq!(stored(&server), [""; 0], "{line}");
    }
}

#[test]
fn a_key_of_65535_bytes_is_the_longest() {
    // measurement + 4 bytes of separator + one byte of field key
    for (length, status) in [(65_530, 204), (65_531, 400)] {
        let (_server, mut client) = edge();
        let line = format!("{} f=1 1", "m".repeat(length));
        assert_eq!(write(&mut client, WRITE, &line).status, status, "{length}");
    }
}

#[test]
fn what_only_the_3x_parser_refuses_is_refused_too() {
    for line in ["m f=1. 1", "m f=.5 1", "m\tx f=1 1"] {
        let (_server, mut client) = edge();
        let response = write(&mut client, WRITE, line);
        assert_eq!(response.status, 400, "{line}");
        assert!(response.text().contains("unable to parse"), "{line}");
    }
}

#[test]
fn bodies_come_gzipped_in_chunks_and_behind_100_continue() {
    let (server, mut client) = edge();
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(b"m f=1 1\n").expect("memory");
    let packed = packer.finish().expect("memory");
    let headers = [AUTH, ("Content-Encoding", "gzip")];
    let response = client.exchange("POST", WRITE, &headers, &packed);
    assert_eq!(response.expect("a response").status, 204);

    let head = format!("POST {WRITE} HTTP/1.1\r\nAuthorization: Token {TOKEN}\r\n");
    let chunked =
        format!("{head}Transfer-Encoding: chunked\r\n\r\n4\r\nm f=\r\n4\r\n2 2\n\r\n0\r\n\r\n");
    client.send(chunked.as_bytes()).expect("a connection");
    assert_eq!(client.receive(false).expect("a response").status, 204);

    let expecting = format!("{head}Expect: 100-continue\r\nContent-Length: 8\r\n\r\n");
    client.send(expecting.as_bytes()).expect("a connection");
    assert_eq!(client.receive(false).expect("leave to go on").status, 100);
    client.send(b"m f=3 3\n").expect("a connection");
    assert_eq!(client.receive(false).expect("a response").status, 204);

    let times: Vec<_> = server.points("edge").iter().map(|p| p.time).collect();
    assert_eq!(times, [1, 2, 3]);
    assert_eq!(server.connections(), 1, "one connection carried them all");
}
