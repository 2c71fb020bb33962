//! Writes and pings: what is sent, what comes back, and whether the connection can be used again.

use crate::scripted::{CONFIG, Request, Scripted, TOKEN, requests, response};
use embedded_io::ErrorKind;
use influx_edge::csv::Decoder;
use influx_edge::embedded::{Config, Connection, Error};
use influx_edge::http::{Credentials, HeadError, ParseError, Remedy, Stored};
use influx_edge::line::Lines;
use influx_edge::{Precision, Timestamp};
use std::time::Duration;

pub(crate) const STORED: &[u8] =
    b"HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";

pub(crate) fn lines(bytes: &[u8]) -> Lines<'_> {
    Lines {
        bytes,
        precision: Precision::Second,
    }
}

fn expected(target: &str, body: &[u8]) -> Request {
    let header = |name: &str, value: String| (name.to_string(), value);
    Request {
        method: "POST".into(),
        target: target.into(),
        headers: vec![
            header("authorization", format!("Token {TOKEN}")),
            header("content-length", body.len().to_string()),
            header("content-type", "text/plain; charset=utf-8".into()),
            header("host", "board:8086".into()),
            header(
                "user-agent",
                concat!("influx-edge/", env!("CARGO_PKG_VERSION")).into(),
            ),
        ],
        body: body.to_vec(),
    }
}

/// With buffers, reads and writes of every size, lines longer and shorter than any of them.
#[test]
fn the_request_is_one_whatever_the_sizes() {
    let target = "/api/v2/write?bucket=a%20b&org=acme&precision=s";
    for body in [
        "m f=1 1\n".to_string(),
        "m f=1 1\n".repeat(100),
        "m f=1 1\n".repeat(2_000),
    ] {
        let expected = [expected(target, body.as_bytes())];
        for buffer in [64, 65, 100, 255, 256, 257, 512, 1_000, 20_000] {
            for (read, write) in [
                (1, 1),
                (2, 3),
                (7, 100),
                (1_000, 64),
                (usize::MAX, usize::MAX),
            ] {
                for interrupts in [false, true] {
                    let mut transport = Scripted::new(&[STORED]).most(read, write);
                    transport.interrupts = interrupts;
                    let mut buffer = vec![0; buffer];
                    let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
                    let result = connection.write("a b", lines(body.as_bytes()));
                    assert_eq!(result, Ok(()), "{} {read} {write}", body.len());
                    assert!(connection.is_open());
                    assert_eq!(
                        connection.server_time(),
                        Some(Timestamp::from_secs(784_111_777))
                    );
                    let transport = connection.into_transport();
                    assert_eq!(
                        transport.flushed,
                        transport.written.len(),
                        "flushed at the end"
                    );
                    assert_eq!(requests(&transport.written), expected);
                }
            }
        }
    }
}

#[test]
fn each_call_has_its_target() {
    let mut buffer = [0; 512];
    let mut connection = Connection::new(Scripted::new(&[STORED; 4]), &mut buffer, &CONFIG);
    let line = lines(b"m f=1 1\n");
    connection.write("b", line).unwrap();
    connection.write_v1("b", line).unwrap();
    connection.write_v3("b", line).unwrap();
    connection.ping().unwrap();
    let written = connection.into_transport().written;
    let targets: Vec<_> = requests(&written)
        .into_iter()
        .map(|request| (request.method, request.target, request.body.len()))
        .collect();
    let post = |target: &str| ("POST".to_string(), target.to_string(), 8);
    assert_eq!(
        targets,
        [
            post("/api/v2/write?bucket=b&org=acme&precision=s"),
            post("/write?db=b&precision=s"),
            post("/api/v3/write_lp?db=b&precision=second"),
            ("GET".into(), "/ping".into(), 0),
        ]
    );
}

#[test]
fn settings_are_sent() {
    let config = Config::new("h")
        .credentials(Credentials::basic("ä", "b:c"))
        .path_prefix("/influx")
        .user_agent("board/1");
    let mut buffer = [0; 512];
    let mut connection = Connection::new(Scripted::new(&[STORED]), &mut buffer, &config);
    connection.write_v1("d", lines(b"m f=1\n")).unwrap();
    let written = connection.into_transport().written;
    let request = requests(&written).remove(0);
    assert_eq!(request.target, "/influx/write?db=d&precision=s");
    for (name, value) in [
        ("authorization", "Basic w6Q6Yjpj"),
        ("user-agent", "board/1"),
        ("host", "h"),
    ] {
        assert!(
            request.headers.contains(&(name.into(), value.into())),
            "{name}"
        );
    }
}

/// Nothing is sent, and the connection is as it was.
#[test]
fn what_cannot_be_asked_is_not_sent() {
    let line = lines(b"m f=1 1\n");
    for (config, bucket, size, expected) in [
        (CONFIG, "", 512, HeadError::Name),
        (CONFIG, "b", 63, HeadError::Full),
        (CONFIG, "b", 0, HeadError::Full),
        (Config::new("a\r\nb"), "b", 512, HeadError::Host),
        (
            Config::new("a").token("a\nb"),
            "b",
            512,
            HeadError::Credentials,
        ),
        (Config::new("a").path_prefix("b"), "b", 512, HeadError::Path),
        (
            Config::new("a").user_agent("\n"),
            "b",
            512,
            HeadError::UserAgent,
        ),
    ] {
        let mut buffer = vec![0; size];
        let mut connection = Connection::new(Scripted::new(&[STORED]), &mut buffer, &config);
        let error = connection.write(bucket, line).unwrap_err();
        assert_eq!(error, Error::Head(expected));
        assert_eq!(
            (error.stored(), error.remedy()),
            (Stored::None, Remedy::Operator)
        );
        assert!(connection.is_open() && connection.into_transport().written.is_empty());
    }
    let mut buffer = [0; 512];
    let mut connection = Connection::new(Scripted::new(&[]), &mut buffer, &CONFIG);
    assert_eq!(connection.write("b", lines(b"")), Ok(()));
    assert!(connection.is_open() && connection.transport().written.is_empty());
    // Closed by an error, nothing more is sent until it is opened again.
    assert_eq!(connection.ping(), Err(Error::Closed { sent: true }));
    let sent = connection.transport().written.len();
    for _ in 0..3 {
        let error = connection.write("b", line).unwrap_err();
        assert_eq!(error, Error::NotOpen);
        assert_eq!(
            (error.stored(), error.remedy()),
            (Stored::None, Remedy::Retry)
        );
        assert_eq!(connection.ping(), Err(Error::NotOpen));
        assert!(
            connection
                .query("x", &[], &mut Decoder::new(&mut [0; 64], &mut [0; 8]))
                .is_err()
        );
    }
    assert_eq!(connection.transport().written.len(), sent);
    *connection.transport() = Scripted::new(&[STORED]);
    assert!(!connection.is_open());
    connection.reopened();
    assert_eq!(connection.write("b", line), Ok(()));
    connection.reopen(Scripted::new(&[STORED]));
    assert_eq!(connection.ping(), Ok(()));
}

/// Whether the next call can use the connection, after each kind of response.
#[test]
fn open_or_not() {
    let body = br#"{"code":"not found","message":"bucket \"b\" not found"}"#;
    let not_found = |headers: &str, chunks| response("404 Not Found", headers, body, chunks);
    let long = |len: usize| response("503 S", "", &vec![b'x'; len], Some(1_000));
    let with = |response: &[u8], more: &[u8]| [response, more].concat();
    let until_close = b"HTTP/1.1 404 N\r\n\r\nnothing".to_vec();
    for (name, response, open, status) in [
        ("204", STORED.to_vec(), true, 204),
        ("404", not_found("", None), true, 404),
        ("404 chunked", not_found("", Some(7)), true, 404),
        (
            "close",
            not_found("Connection: close\r\n", None),
            false,
            404,
        ),
        (
            "close chunked",
            not_found("Connection: close\r\n", Some(7)),
            false,
            404,
        ),
        ("until close", until_close, false, 404),
        (
            "HTTP/1.0",
            with(b"HTTP/1.0 404 N\r\nContent-Length: 0\r\n\r\n", b""),
            false,
            404,
        ),
        (
            "HTTP/1.0 that stays",
            with(
                b"HTTP/1.0 404 N\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
                b"",
            ),
            true,
            404,
        ),
        (
            "204 with a length, whose body comes later",
            b"HTTP/1.1 204 N\r\nContent-Length: 2\r\n\r\n".to_vec(),
            false,
            204,
        ),
        ("behind 204", with(STORED, b"x"), false, 204),
        (
            "behind 404",
            with(&not_found("", None), b"\r\n"),
            false,
            404,
        ),
        (
            "another response behind it",
            with(STORED, STORED),
            false,
            204,
        ),
        ("a long page", long(60_000), true, 503),
        ("a page without end", long(200_000), false, 503),
        (
            "a body cut off",
            not_found("", None)[..90].to_vec(),
            false,
            404,
        ),
        (
            "chunks cut off",
            not_found("", Some(7))[..90].to_vec(),
            false,
            404,
        ),
        (
            "chunks without end",
            with(&not_found("", Some(7))[..80], b"\r\nzz\r\n"),
            false,
            404,
        ),
        (
            "103 before it",
            with(b"HTTP/1.1 103 E\r\nConnection: close\r\n\r\n", STORED),
            true,
            204,
        ),
    ] {
        for read in [1, 3, 50, usize::MAX] {
            for size in [64, 128, 512, 4_096] {
                // (Bytes behind the end may come later, when nobody looks.)
                if name.contains("behind") && read < response.len() {
                    continue;
                }
                if name.contains("behind") && size < 128 {
                    continue;
                }
                let mut buffer = vec![0; size];
                let transport = Scripted::new(&[&response]).most(read, usize::MAX);
                let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
                let result = connection.write("b", lines(b"m f=1 1\n"));
                let found = result
                    .err()
                    .map_or(Some(204), |error| error.response().map(|r| r.status));
                assert_eq!(found, Some(status), "{name}: {result:?}");
                assert_eq!(connection.is_open(), open, "{name}, {read}, {size}");
            }
        }
    }
}

/// Something else listens there: one error, and no more is read than needed.
#[test]
fn what_is_no_http_is_an_error() {
    for (bytes, expected) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], ParseError::NotHttp),
        (b"\x15\x03\x01\x00\x02\x02\x46", ParseError::NotHttp),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
            ParseError::Unsupported,
        ),
        (b"HTTP/1.1 204 N\r\nx\r\n\r\n", ParseError::Header),
        (
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            ParseError::NotHttp,
        ),
    ] {
        for read in [1, usize::MAX] {
            let mut buffer = [0; 128];
            let transport = Scripted::new(&[bytes]).most(read, usize::MAX);
            let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
            let error = connection.write("b", lines(b"m f=1 1\n")).unwrap_err();
            assert_eq!(error, Error::Parse(expected));
            assert_eq!(
                (error.stored(), error.remedy()),
                (Stored::Unknown, Remedy::Operator)
            );
            assert!(!connection.is_open());
        }
    }
}

/// Its body can't be read; its status is that of an error without one.
#[test]
fn a_compressed_error_means_what_its_status_means() {
    let retry = (Stored::Unknown, Remedy::Retry);
    for (status, encoding, expected) in [
        ("503 Service Unavailable", "gzip", retry),
        ("502 Bad Gateway", "br", retry),
        ("429 Too Many", "deflate", (Stored::None, Remedy::Retry)),
        ("413 Too Large", "gzip", (Stored::None, Remedy::Split)),
        ("401 U", "x-gzip", (Stored::None, Remedy::Operator)),
        ("400 Bad", "zstd", (Stored::None, Remedy::Operator)),
        ("200 OK", "gzip, br", (Stored::Unknown, Remedy::Operator)),
    ] {
        for chunks in [None, Some(3)] {
            for read in [1, 40, usize::MAX] {
                let headers = format!("Retry-After: 9\r\nContent-Encoding: {encoding}\r\n");
                let packed = response(status, &headers, b"\x1f\x8b\x08\0{}\r\n\r\n", chunks);
                let mut buffer = [0; 128];
                let transport = Scripted::new(&[&packed]).most(read, usize::MAX);
                let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
                let error = connection.write("b", lines(b"m f=1 1\n")).unwrap_err();
                assert_eq!(error.response().map(|r| r.status), status[..3].parse().ok());
                assert_eq!((error.stored(), error.remedy()), expected, "{status}");
                assert_eq!(
                    error.response().and_then(|r| r.retry_after),
                    Some(Duration::from_secs(9))
                );
                assert!(error.to_string().contains(&status[..3]), "{error}");
                assert!(!connection.is_open() && connection.error_body().message().is_none());
            }
        }
    }
}

/// Whatever the next call is, and whatever becomes of it.
#[test]
fn the_body_of_an_error_is_gone_after_the_next_call() {
    let bad = response("400 B", "", br#"{"code":"invalid","message":"old"}"#, None);
    let odd = response("200 OK", "", br#"{"message":"ready for queries"}"#, None);
    let csv = response("200 OK", "Content-Type: text/csv\r\n", b"", Some(1));
    type Call = fn(&mut Connection<'_, Scripted>) -> bool;
    let calls: [(&str, &[u8], Call); 8] = [
        ("a write", STORED, |c| {
            c.write("b", lines(b"m f=1\n")).is_ok()
        }),
        ("a write of nothing", b"", |c| {
            c.write("b", lines(b"")).is_ok()
        }),
        ("a write to nowhere", b"", |c| {
            c.write("", lines(b"m f=1\n")).is_err()
        }),
        ("a ping", STORED, |c| c.ping().is_ok()),
        ("a ping with a body", &odd, |c| c.ping().is_ok()),
        ("a query", &csv, |c| {
            let (mut text, mut ends) = ([0; 64], [0; 8]);
            c.query("x", &[], &mut Decoder::new(&mut text, &mut ends))
                .is_ok()
        }),
        ("a query that can't be one", b"", |c| {
            let (mut text, mut ends) = ([0; 64], [0; 8]);
            let params: [(&str, &dyn influx_edge::flux::ToFlux); 1] = [("no name", &1)];
            c.query("x", &params, &mut Decoder::new(&mut text, &mut ends))
                .is_err()
        }),
        ("one while it is closed", b"", |c| {
            let _ = c.ping();
            c.ping().is_err()
        }),
    ];
    for (name, response, call) in calls {
        let mut buffer = [0; 256];
        let transport = Scripted::new(&[&bad]);
        let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
        connection.write("b", lines(b"m f=1\n")).unwrap_err();
        assert_eq!(connection.error_body().message().unwrap(), "old");
        if response.is_empty() {
            connection.transport().incoming.clear();
        } else {
            connection.reopen(Scripted::new(&[response]));
        }
        // Opening it is no call.
        assert_eq!(connection.error_body().message().unwrap(), "old");
        assert!(call(&mut connection), "{name}");
        assert!(connection.error_body().message().is_none(), "{name}");
        assert!(connection.error_body().code().is_none(), "{name}");
    }
}

#[test]
fn the_body_of_an_error_is_there_until_the_next_call() {
    let message = r"unable to parse 'bad': missing fields\nunable to parse 'worse': missing fields";
    let body = format!(r#"{{"code":"invalid","message":"{message}"}}"#);
    for chunks in [None, Some(1), Some(10), Some(1_000)] {
        let bad = response(
            "400 Bad Request",
            "Retry-After: 3\r\n",
            body.as_bytes(),
            chunks,
        );
        for read in [1, 2, 17, usize::MAX] {
            let mut buffer = [0; 256];
            let transport = Scripted::new(&[&bad, STORED]).most(read, usize::MAX);
            let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
            let error = connection
                .write("b", lines(b"good f=1\nworse\nbad\n"))
                .unwrap_err();
            assert_eq!(
                (
                    error.response().map(|r| r.status),
                    error.response().and_then(|r| r.line)
                ),
                (Some(400), Some(3))
            );
            assert_eq!(
                error.response().and_then(|r| r.retry_after),
                Some(Duration::from_secs(3))
            );
            assert_eq!(
                (error.stored(), error.remedy()),
                (Stored::None, Remedy::RemoveBadLines)
            );
            let read = connection.error_body();
            assert_eq!(read.code().unwrap(), "invalid");
            assert_eq!(
                read.message().unwrap(),
                message.replace("\\n", "\n").as_str()
            );
            assert_eq!(read.line_errors().count(), 2);
            connection.ping().unwrap();
            assert!(connection.error_body().message().is_none());
        }
    }
}

#[test]
fn pings_and_the_servers_clock() {
    for (response, expected, time) in [
        (
            &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"[..],
            None,
            None,
        ),
        (
            b"HTTP/1.1 204 N\r\nDate: Thu, 01 Jan 1970 00:00:10 GMT\r\n\r\n",
            None,
            Some(10),
        ),
        (b"HTTP/1.1 204 N\r\nDate: yesterday\r\n\r\n", None, None),
        (
            b"HTTP/1.1 204 N\r\nDate: Sun, 07 Feb 2106 06:28:15 GMT\r\n\r\n",
            None,
            Some(4_294_967_295),
        ),
        // What no clock of a server shows.
        (
            b"HTTP/1.1 204 N\r\nDate: Sun, 07 Feb 2106 06:28:16 GMT\r\n\r\n",
            None,
            None,
        ),
        (
            b"HTTP/1.1 204 N\r\nDate: Fri, 11 Apr 2262 23:47:17 GMT\r\n\r\n",
            None,
            None,
        ),
        (
            b"HTTP/1.1 204 N\r\nDate: Fri, 31 Dec 9999 23:59:59 GMT\r\n\r\n",
            None,
            None,
        ),
        (
            b"HTTP/1.1 204 N\r\nDate: Sat, 01 Jan 0000 00:00:00 GMT\r\n\r\n",
            None,
            None,
        ),
        (
            b"HTTP/1.1 204 N\r\nDate: Wed, 31 Dec 1969 23:59:59 GMT\r\n\r\n",
            None,
            None,
        ),
        (
            b"HTTP/1.1 401 U\r\nDate: Thu, 01 Jan 1970 00:00:11 GMT\r\nContent-Length: 0\r\n\r\n",
            Some((401, Remedy::Operator)),
            Some(11),
        ),
        (
            b"HTTP/1.1 503 U\r\nContent-Length: 0\r\n\r\n",
            Some((503, Remedy::Retry)),
            None,
        ),
        (
            b"HTTP/1.1 302 U\r\nContent-Length: 0\r\n\r\n",
            Some((302, Remedy::Operator)),
            None,
        ),
    ] {
        let mut buffer = [0; 128];
        let mut connection = Connection::new(Scripted::new(&[response]), &mut buffer, &CONFIG);
        assert_eq!(connection.server_time(), None);
        let error = connection.ping().err();
        let found =
            error.map(|error| (error.response().map(|r| r.status).unwrap(), error.remedy()));
        assert_eq!(found, expected);
        assert_eq!(connection.server_time(), time.map(Timestamp::from_secs));
        assert!(connection.is_open());
    }
}

#[test]
fn no_secret_is_shown_and_errors_are_copied() {
    fn is_copy<T: Copy + Send + Sync + 'static>(_: T) {}
    let mut buffer = [0; 128];
    let mut connection = Connection::new(Scripted::new(&[]), &mut buffer, &CONFIG);
    let error = connection.ping().unwrap_err();
    is_copy(error);
    for text in [
        format!("{connection:?}"),
        format!("{CONFIG:?}"),
        format!("{error:?} {error}"),
    ] {
        assert!(!text.contains("canary"), "{text}");
    }
    let error: Error<ErrorKind> = Error::Transport {
        error: ErrorKind::TimedOut,
        sent: true,
    };
    is_copy(error);
}
