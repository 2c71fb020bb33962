//! Rows 8, 13, 15–28 and 34 of the fault table: responses that are cut, endless, from somebody else,
//! or errors; and what each means for a write.

use std::time::{Duration, Instant};

use crate::common::wire::{NO_CONTENT, Peer, Scene, TOKEN, Wire, json_error, no_secret, response};
use influx_edge::client::Method;
use influx_edge::client::RetryPolicy;
use influx_edge::{Error, ErrorKind, Remedy, Stored, TransportErrorKind};

const LINE: &str = "weather,station=zrh-1 temp_c=21.5 1700000000000000000";
const MS: Duration = Duration::from_millis(1);
const SEC: Duration = Duration::from_secs(1);

#[track_caller]
fn fault(error: &Error) -> TransportErrorKind {
    no_secret(error);
    match error.kind() {
        ErrorKind::Transport(e) => e.kind(),
        other => panic!("{other:?}"),
    }
}

fn scene(play: impl FnOnce(&mut Peer) + Send + 'static) -> Scene {
    Box::new(play)
}

fn good() -> Scene {
    scene(|peer| {
        while peer.request().is_some() {
            peer.send(NO_CONTENT);
        }
    })
}

/// A write with this response: the error. Then a write that goes well.
#[track_caller]
fn refused(bytes: Vec<u8>) -> Error {
    refused_lines(LINE, bytes)
}

/// The same for these lines.
#[track_caller]
fn refused_lines(lines: &str, bytes: Vec<u8>) -> Error {
    let wire = Wire::scenes(vec![
        scene(move |peer| {
            peer.request();
            peer.send(&bytes);
            while peer.request().is_some() {
                peer.send(NO_CONTENT);
            }
        }),
        good(),
    ]);
    let client = wire.plain_client();
    let start = Instant::now();
    let error = client.write("sensors", lines).unwrap_err();
    assert!(start.elapsed() < SEC);
    no_secret(&error);
    client
        .write("sensors", LINE)
        .expect("the client works afterwards");
    error
}

fn outcome(error: &Error) -> (Stored, Remedy) {
    (error.stored(), error.remedy())
}

#[test]
fn row_08_truncated_bodies_are_errors_after_their_rows() {
    let rows = "#datatype,string,long,double\r\n#default,_result,,\r\n,result,table,_value\r\n,,0,1\r\n,,0,2\r\n";
    let with_length = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n{rows}",
        rows.len() + 50
    );
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{rows}\r\n",
        rows.len()
    );
    for bytes in [with_length, chunked] {
        let wire = Wire::scenes(vec![
            scene(move |peer| {
                peer.request();
                peer.send(&bytes);
            }),
            good(),
        ]);
        let client = wire.client();
        let mut rows = client.query("x").call().unwrap();
        let mut n = 0;
        let error = loop {
            match rows.next() {
                Ok(Some(_)) => n += 1,
                Ok(None) => panic!("a silent end"),
                Err(e) => break e,
            }
        };
        assert_eq!(n, 2, "the rows that were complete are given");
        assert_eq!(fault(&error), TransportErrorKind::Closed);
        // The same for a body read whole.
        client.write("b", LINE).unwrap();
    }
    let wire = Wire::each(1, |peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}");
    });
    let error = wire
        .client()
        .request(Method::Get, "/x")
        .call()
        .unwrap()
        .into_bytes()
        .unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Closed);
}

#[test]
fn row_13_endless_bodies_are_capped() {
    fn endless(peer: &mut Peer, head: &str) {
        peer.request();
        peer.send(head);
        let piece = [b' '; 32 * 1024];
        let start = Instant::now();
        while start.elapsed() < 3 * SEC {
            if std::io::Write::write_all(&mut peer.stream, &piece).is_err() {
                return;
            }
        }
    }
    // An error page without end: its start is enough.
    let wire = Wire::scenes(vec![
        scene(|p| endless(p, "HTTP/1.1 503 Service Unavailable\r\n\r\n")),
        scene(|p| {
            endless(
                p,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
            )
        }),
        scene(|p| endless(p, "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n")),
        good(),
    ]);
    let client = wire.client();
    let start = Instant::now();
    let error = client.write("b", LINE).unwrap_err();
    assert_eq!((error.status(), error.remedy()), (Some(503), Remedy::Retry));
    let error = client
        .request(Method::Get, "/x")
        .max_body_bytes(1 << 20)
        .call()
        .unwrap()
        .into_bytes()
        .unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::TooLarge);
    // A query streams; a line of blanks without end is no row.
    let mut rows = client.query("x").max_body_bytes(4 << 20).call().unwrap();
    let error = loop {
        match rows.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("an end"),
            Err(e) => break e,
        }
    };
    assert_eq!(fault(&error), TransportErrorKind::TooLarge);
    client.write("b", LINE).unwrap();
    assert!(start.elapsed() < 3 * SEC, "{:?}", start.elapsed());
}

#[cfg(feature = "gzip")]
#[test]
fn row_15_damaged_gzip() {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(
        "#datatype,string,long,double\r\n#default,_result,,\r\n,result,table,_value\r\n".as_bytes(),
    )
    .unwrap();
    for i in 0..1000 {
        gzip.write_all(format!(",,0,{i}\r\n").as_bytes()).unwrap();
    }
    let whole = gzip.finish().unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let mut checksum = whole.clone();
    let last = checksum.len() - 6;
    checksum[last] ^= 0x55;
    let headers = "Content-Type: text/csv\r\nContent-Encoding: gzip\r\n";
    let read = |body: &[u8]| {
        let wire = Wire::scenes(vec![
            {
                let bytes = response("200 OK", headers, body);
                scene(move |peer| {
                    peer.request();
                    peer.send(bytes);
                    while peer.request().is_some() {
                        peer.send(NO_CONTENT);
                    }
                })
            },
            good(),
        ]);
        let client = wire.client();
        let mut rows = client.query("x").call().unwrap();
        let mut n = 0;
        let result = loop {
            match rows.next() {
                Ok(Some(_)) => n += 1,
                Ok(None) => break Ok(n),
                Err(e) => break Err(e),
            }
        };
        drop(rows);
        client.write("b", LINE).unwrap();
        result
    };
    assert_eq!(read(&whole).unwrap(), 1000);
    for damaged in [
        &whole[..whole.len() / 2],
        &whole[..whole.len() - 3],
        &flipped,
        &checksum,
        b"not gzip at all",
    ] {
        let error = read(damaged).unwrap_err();
        // A flipped byte may also decompress to something that isn't CSV.
        match error.kind() {
            ErrorKind::Transport(e) => {
                assert_eq!(e.kind(), TransportErrorKind::Compression, "{error}")
            }
            ErrorKind::Rows(_) if *damaged == flipped => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn row_16_17_redirects_are_not_followed() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let error = refused(response(
            status,
            "Location: https://user:secret@influx.example:8086/login?next=token\r\n",
            "",
        ));
        let inner = error.response().unwrap();
        assert_eq!(
            inner.location(),
            Some("https://influx.example:8086"),
            "the host, and no more"
        );
        assert_eq!(outcome(&error), (Stored::None, Remedy::Operator));
        assert!(
            error.to_string().contains("https://influx.example:8086"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        // Queries neither.
        let wire = Wire::responding(response(status, "Location: /elsewhere\r\n", ""));
        let error = wire.client().query("x").call().unwrap_err();
        assert_eq!(
            error.response().unwrap().location(),
            Some("another path of the same host")
        );
        assert_eq!(wire.seen().len(), 1);
    }
}

#[test]
fn row_18_a_redirect_takes_the_token_nowhere() {
    let other = Wire::responding(NO_CONTENT);
    for status in ["302 Found", "307 Temporary Redirect"] {
        let location = format!("Location: {}/api/v2/write\r\n", other.url());
        let wire = Wire::responding(response(status, &location, ""));
        let client = wire.client();
        client.write("b", LINE).unwrap_err();
        client.query("x").call().unwrap_err();
        client.ping().unwrap_err();
        assert_eq!(
            client
                .request(Method::Get, "/api/v2/me")
                .call()
                .unwrap()
                .status(),
            status[..3].parse::<u16>().unwrap()
        );
    }
    assert!(other.seen().is_empty());
}

#[test]
fn row_19_other_successes_are_none() {
    for (status, kind, body) in [
        ("200 OK", "text/html", "<html>Please log in"),
        ("202 Accepted", "text/plain", "queued"),
        ("200 OK", "application/json", "{}"),
        ("201 Created", "application/json", r#"{"message":"made"}"#),
        ("206 Partial Content", "text/plain", ""),
    ] {
        let error = refused(response(status, &format!("Content-Type: {kind}\r\n"), body));
        assert_eq!(
            outcome(&error),
            (Stored::Unknown, Remedy::Operator),
            "{error}"
        );
        assert!(!error.is_retryable());
    }
}

#[test]
fn row_20_bodies_of_errors() {
    let html = refused(response(
        "502 Bad Gateway",
        "Content-Type: text/html\r\n",
        "<html>\r\n<h1>502\tBad Gateway</h1>",
    ));
    assert_eq!(html.message(), "<html> <h1>502 Bad Gateway</h1>");
    assert!(html.is_retryable());

    let empty = refused(response("500 Internal Server Error", "", ""));
    assert_eq!(empty.message(), "internal server error");
    let header = refused(response(
        "400 Bad Request",
        "X-Influx-Error: it is like this\r\n",
        "",
    ));
    assert_eq!(header.message(), "it is like this");

    let huge = refused(response("503 Service Unavailable", "", "x".repeat(60_000)));
    assert_eq!(huge.message().len(), 512);
    assert!(huge.to_string().len() < 1024);

    let mut bytes = vec![0xff, 0xfe, 0, 27, b'[', b'2', b'J', 0xc3];
    bytes.extend_from_slice(&[0x80; 600]);
    let binary = refused(response("500 Internal Server Error", "", bytes));
    assert!(binary.message().len() <= 512);
    assert!(
        !binary.to_string().chars().any(char::is_control),
        "{binary}"
    );

    // JSON, but of another shape, or deeper than anybody needs.
    for body in [
        "[]",
        "null",
        "{}",
        "{\"message\":7}",
        "{\"code\":null}",
        &"[".repeat(5000),
        "{\"message\":\"a\",\"message\":\"b\"}",
    ] {
        refused(response(
            "400 Bad Request",
            "Content-Type: application/json\r\n",
            body,
        ));
    }
    // The shapes that are known.
    let table = [
        (r#"{"code":"invalid","message":"m"}"#, Some("invalid"), "m"),
        (
            r#"{"code":3,"details":[],"message":"grpc"}"#,
            Some("3"),
            "grpc",
        ),
        (r#"{"error":"v1"}"#, None, "v1"),
        (r#"{"error":{"code":"x","message":"inner"}}"#, None, "inner"),
        (r#"{"err":"e","op":"o"}"#, None, "e"),
    ];
    for (body, code, message) in table {
        let error = refused(response("400 Bad Request", "", body));
        assert_eq!((error.code(), error.message()), (code, message));
    }
    // A server, or a proxy, that repeats the request.
    let echo = refused(response(
        "400 Bad Request",
        "",
        format!("bad header: Authorization: Token {TOKEN}"),
    ));
    assert_eq!(echo.message(), "bad header: Authorization: Token ***");
    let echo = refused(json_error(
        "400 Bad Request",
        "invalid",
        &format!("unable to parse 'm,t={TOKEN} f=': missing field value"),
    ));
    let named = &echo.line_errors()[0];
    assert_eq!(
        (&*named.line, &*named.reason),
        ("", "'m,t=*** f=': missing field value")
    );
}

#[test]
fn row_21_refused_lines() {
    let sent = "weather temp_c=1 1\nweather,=x temp_c=2 2\nweather temp_c=\"a\nb': c' 4\n";
    let error = refused_lines(
        sent,
        json_error(
            "400 Bad Request",
            "invalid",
            "unable to parse 'weather,=x temp_c=2 2': missing tag key\nunable to parse 'weather temp_c=\"a\nb': c' 4': invalid boolean",
        ),
    );
    assert_eq!(outcome(&error), (Stored::None, Remedy::RemoveBadLines));
    let lines = error.line_errors();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (lines[0].line.as_str(), lines[0].reason.as_str()),
        ("weather,=x temp_c=2 2", "missing tag key")
    );
    assert_eq!((lines[0].number, lines[1].number), (Some(2), Some(3)));
    assert_eq!(
        (lines[1].line.as_str(), lines[1].reason.as_str()),
        ("weather temp_c=\"a\nb': c' 4", "invalid boolean")
    );

    // Cloud, TSM and Serverless.
    let error = refused(response(
        "400 Bad Request",
        "",
        r#"{"code":"invalid","message":"partial write error (2 written): bad","line":2}"#,
    ));
    assert_eq!(outcome(&error), (Stored::Partial, Remedy::None));
    assert_eq!(error.line_errors()[0].number, Some(2));
    // Cloud's older form: a success that isn't one, and no captive portal either.
    let error = refused(response(
        "201 Created",
        "Content-Type: application/json\r\n",
        r#"{"code":"invalid","line":2,"message":"partial write has occurred"}"#,
    ));
    assert_eq!(outcome(&error), (Stored::Partial, Remedy::None));
    assert_eq!(error.line_errors()[0].number, Some(2));
    assert!(
        error.to_string().contains("stored the good lines"),
        "{error}"
    );
    // InfluxDB 3 Core: some stored, each bad line named.
    let error = refused(response(
        "400 Bad Request",
        "",
        r#"{"error":"partial write of line protocol occurred","data":[{"line_number":2,"error_message":"bad","original_line":"m f="},{"line_number":5,"error_message":"worse","original_line":"x"}]}"#,
    ));
    assert_eq!(outcome(&error), (Stored::Partial, Remedy::None));
    assert_eq!(error.response().unwrap().dropped(), Some(2));
    assert_eq!(error.line_errors()[1].number, Some(5));
    assert_eq!(error.line_errors()[1].reason, "'x': worse");
    // InfluxDB 3 Core: nothing stored.
    let error = refused(response(
        "400 Bad Request",
        "",
        r#"{"error":"parsing failed for write_lp endpoint","data":{"line_number":1,"error_message":"bad","original_line":"m f="}}"#,
    ));
    assert_eq!(outcome(&error), (Stored::None, Remedy::RemoveBadLines));
    assert_eq!(error.line_errors().len(), 1);
    // About the request, not about lines; and not InfluxDB at all.
    for message in [
        "Please provide either orgID or org",
        "invalid precision; valid precision units are ns, us, ms, and s",
    ] {
        let error = refused(json_error("400 Bad Request", "invalid", message));
        assert_eq!(
            outcome(&error),
            (Stored::None, Remedy::Operator),
            "{message}"
        );
    }
    for (kind, body) in [
        ("text/html", "<html>nginx"),
        ("application/json", r#"{"message":"Bad Request"}"#),
        ("application/json", r#"{"error":"Bad Request"}"#),
        ("application/json", r#"{"code":400,"message":"bad body"}"#),
    ] {
        for status in ["400 Bad Request", "422 Unprocessable Content"] {
            let kind = format!("Content-Type: {kind}\r\n");
            let error = refused(response(status, &kind, body));
            assert_eq!(outcome(&error), (Stored::None, Remedy::Operator), "{body}");
            assert!(error.line_errors().is_empty());
        }
    }
}

#[test]
fn row_22_partial_writes() {
    let message = "failure writing points to database: partial write: field type conflict: input field \"v\" on measurement \"conflict\" is type float, already exists as type integer dropped=3";
    let error = refused(json_error(
        "422 Unprocessable Entity",
        "unprocessable entity",
        message,
    ));
    assert_eq!(outcome(&error), (Stored::Partial, Remedy::None));
    assert_eq!(error.response().unwrap().dropped(), Some(3));
    assert!(!error.is_retryable());
    assert!(
        error.to_string().contains("stored the good lines"),
        "{error}"
    );
    // 2.0.x said the same with 500; retried, it would loop for ever.
    let error = refused(json_error(
        "500 Internal Server Error",
        "internal error",
        "unexpected error writing points to database: partial write: field type conflict dropped=1",
    ));
    // The body had one line.
    assert_eq!(outcome(&error), (Stored::None, Remedy::None));
}

#[test]
fn row_23_credentials() {
    let error = refused(json_error(
        "401 Unauthorized",
        "unauthorized",
        "unauthorized access",
    ));
    assert_eq!(outcome(&error), (Stored::None, Remedy::Operator));
    assert!(error.is_unauthorized() && !error.is_retryable());
    let error = refused(json_error(
        "403 Forbidden",
        "forbidden",
        "insufficient permissions for write: token is inactive",
    ));
    assert_eq!(outcome(&error), (Stored::None, Remedy::Operator));
    assert!(error.is_forbidden() && error.to_string().contains("inactive"));
    assert!(!error.to_string().contains("proxy"), "{error}");
    // In the words of others the token may be right.
    for body in [
        "<html>nginx",
        "Access denied by policy",
        "",
        r#"{"message":"Forbidden"}"#,
        r#"{"message":"Missing Authentication Token"}"#,
    ] {
        let error = refused(response("403 Forbidden", "", body));
        assert_eq!(outcome(&error), (Stored::None, Remedy::Operator));
        assert!(error.to_string().contains("or a proxy"), "{error}");
    }
}

#[test]
fn row_24_not_found() {
    let error = refused(json_error(
        "404 Not Found",
        "not found",
        "bucket \"nope\" not found",
    ));
    assert_eq!(outcome(&error), (Stored::None, Remedy::Operator));
    assert!(error.is_not_found());
    let page = refused(response(
        "404 Not Found",
        "Content-Type: text/html\r\n",
        "<html>nginx",
    ));
    assert!(page.to_string().contains("path prefix"), "{page}");
}

#[test]
fn row_25_what_passes_by_itself() {
    let table = [
        ("408 Request Timeout", Stored::Unknown),
        ("425 Too Early", Stored::Unknown),
        ("429 Too Many Requests", Stored::None),
        ("502 Bad Gateway", Stored::Unknown),
        ("503 Service Unavailable", Stored::Unknown),
        ("504 Gateway Timeout", Stored::Unknown),
    ];
    for (status, stored) in table {
        let error = refused(response(status, "", ""));
        assert_eq!(outcome(&error), (stored, Remedy::Retry), "{status}");
        assert!(error.is_retryable());
        // A policy tries again.
        let mut sent = 0;
        let bytes = response(status, "", "");
        let wire = Wire::scenes(vec![scene(move |peer| {
            while peer.request().is_some() {
                sent += 1;
                if sent < 3 {
                    peer.send(&bytes);
                } else {
                    peer.send(NO_CONTENT);
                }
            }
        })]);
        let policy = RetryPolicy {
            interval: MS,
            max_interval: 2 * MS,
            ..RetryPolicy::default()
        };
        wire.plain_builder()
            .retry(policy)
            .build()
            .unwrap()
            .write("b", LINE)
            .unwrap();
        assert_eq!(wire.seen().len(), 3);
    }
    // These say that it will never do.
    for status in ["501 Not Implemented", "505 HTTP Version Not Supported"] {
        assert!(!refused(response(status, "", "")).is_retryable());
    }
}

#[test]
fn row_26_retry_after() {
    let table = [
        ("Retry-After: 7\r\n", Some(7_000)),
        ("Retry-After: 1.5\r\n", Some(1_500)),
        (
            "Date: Sun, 22 Nov 2026 06:00:00 GMT\r\nRetry-After: Sun, 22 Nov 2026 06:00:30 GMT\r\n",
            Some(30_000),
        ),
        (
            "Date: Sun, 22 Nov 2026 06:00:00 GMT\r\nRetry-After: Sun, 22 Nov 2026 05:00:30 GMT\r\n",
            Some(0),
        ),
        ("Retry-After: soon\r\n", None),
        ("Retry-After: 1e12\r\n", Some(600_000)),
        ("Retry-After: 5, 10\r\n", Some(5_000)),
        ("Retry-After: 5\r\nRetry-After: 10\r\n", Some(5_000)),
        ("", None),
    ];
    for (header, expected) in table {
        let error = refused(response("429 Too Many Requests", header, ""));
        assert_eq!(
            error.retry_after(),
            expected.map(Duration::from_millis),
            "{header:?}"
        );
        assert!(error.is_rate_limited());
    }
    // A policy waits at least that long.
    let wire = Wire::scenes(vec![scene(|peer| {
        peer.request();
        peer.send(response(
            "503 Service Unavailable",
            "Retry-After: 0.3\r\n",
            "",
        ));
        peer.request();
        peer.send(NO_CONTENT);
        peer.wait_for_close();
    })]);
    let policy = RetryPolicy {
        interval: MS,
        ..RetryPolicy::default()
    };
    let client = wire.builder().retry(policy).build().unwrap();
    let start = Instant::now();
    client.write("b", LINE).unwrap();
    assert!(
        start.elapsed() >= 300 * MS && start.elapsed() < 900 * MS,
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn row_27_a_500_for_ever_ends() {
    let wire = Wire::responding(json_error(
        "500 Internal Server Error",
        "internal error",
        "cache-max-memory-size exceeded",
    ));
    let policy = RetryPolicy {
        max_retries: 4,
        interval: MS,
        max_interval: 2 * MS,
        ..RetryPolicy::default()
    };
    let error = wire
        .plain_builder()
        .retry(policy)
        .build()
        .unwrap()
        .write("b", LINE)
        .unwrap_err();
    assert_eq!(outcome(&error), (Stored::Unknown, Remedy::Retry));
    assert_eq!(wire.seen().len(), 5);
    // And in time, however many retries are left.
    let policy = RetryPolicy {
        max_retries: u32::MAX,
        interval: 20 * MS,
        max_interval: 20 * MS,
        max_time: 300 * MS,
        ..RetryPolicy::default()
    };
    let start = Instant::now();
    wire.plain_builder()
        .retry(policy)
        .build()
        .unwrap()
        .write("b", LINE)
        .unwrap_err();
    assert!(
        start.elapsed() <= 330 * MS + 150 * MS,
        "{:?}",
        start.elapsed()
    );
    // Without a policy nothing is tried twice.
    let before = wire.seen().len();
    wire.plain_client().write("b", LINE).unwrap_err();
    assert_eq!(wire.seen().len(), before + 1);
}

#[test]
fn row_28_too_large() {
    for body in [
        r#"{"code":"request too large","message":"unable to read data: points batch is too large"}"#,
        "<html>413 Request Entity Too Large",
    ] {
        let error = refused(response("413 Request Entity Too Large", "", body));
        assert_eq!(outcome(&error), (Stored::None, Remedy::Split));
        assert!(error.is_too_large() && !error.is_retryable());
    }
}

#[test]
fn row_34_strange_statuses() {
    for (status, stored) in [
        ("999 What", Stored::Unknown),
        ("600 What", Stored::Unknown),
        ("304 Not Modified", Stored::None),
    ] {
        let error = refused(response(status, "", ""));
        assert_eq!(outcome(&error), (stored, Remedy::Operator), "{status}");
        assert_eq!(error.status(), status[..3].parse().ok());
    }
    // 101 has no body, and the connection is no longer HTTP.
    let wire = Wire::scenes(vec![
        scene(|peer| {
            peer.request();
            peer.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n");
            peer.wait_for_close();
        }),
        good(),
    ]);
    let client = wire.client();
    let error = client.write("b", LINE).unwrap_err();
    assert_eq!(
        (error.status(), error.stored()),
        (Some(101), Stored::Unknown)
    );
    client.write("b", LINE).unwrap();
    // Other 1xx are passed over, as the standard says.
    let wire = Wire::responding(format!(
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 199 What\r\n\r\n{NO_CONTENT}"
    ));
    wire.client().write("b", LINE).unwrap();
    // Not statuses at all.
    for line in [
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 -01 Minus\r\n\r\n",
        "HTTP/2 204\r\n\r\n",
        "HTTP/1.1 20x\r\n\r\n",
    ] {
        let wire = Wire::responding(line);
        let error = wire.client().write("b", LINE).unwrap_err();
        assert_eq!(
            fault(&error),
            TransportErrorKind::Protocol,
            "{line:?}: {error}"
        );
    }
}
