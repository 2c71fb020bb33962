//! Unit tests of `response_parser`: how long its parts may be, and what is kept of them.

use super::super::{ParseError, ResponseParser};
use super::response_parser::{Expected, check, parse, parse_each};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

/// A header line of exactly so many bytes, its line end not counted.
fn line(name: &str, fill: &str, value: &str, len: usize) -> String {
    let fills = len - name.len() - 1 - value.len();
    format!("{name}:{}{value}", fill.repeat(fills))
}

/// Of a line, 95 bytes are looked at. One that matters is an error when it is longer; of another the rest
/// is passed over.
#[test]
fn long_lines_matter_if_their_header_does() {
    for len in [40, 94, 95, 96, 97, 98, 5_000] {
        let fits = len <= 95;
        let too_long = Err(ParseError::TooLong);
        let ok = |status, keeps_alive| Ok((status, "hi", keeps_alive));
        let or = |expected: Expected| if fits { expected } else { too_long };
        for (line, expected) in [
            (line("Content-Length", "0", "2", len), or(ok(200, true))),
            (line("Content-Length", " ", "2", len), or(ok(200, true))),
            (
                line("Transfer-Encoding", " ", "foo", len),
                or(Err(ParseError::Unsupported)),
            ),
            (line("Connection", ",", "close", len), or(ok(200, false))),
            (line("Connection", "x", "", len), or(ok(200, true))),
            (
                line("Content-Encoding", " ", "identity", len),
                or(ok(200, true)),
            ),
            (line("X-Other", "x", "y", len), ok(200, true)),
            (line("X-Other", "ä", "", len / 2 * 2), ok(200, true)),
            (line("Content-Type", "x", "y", len), ok(200, true)),
            (line("Retry-After", "1", "", len), ok(200, true)),
            (line("Date", "x", "", len), ok(200, true)),
            (line(&"X".repeat(len - 1), "", "", len), ok(200, true)),
            // No header at all.
            (
                "X".repeat(len),
                if fits {
                    Err(ParseError::Header)
                } else {
                    ok(200, true)
                },
            ),
            (
                [" ", &"X".repeat(len - 1)].concat(),
                Err(ParseError::Header),
            ),
            (
                ["X Y", &"Z".repeat(len - 3)].concat(),
                Err(ParseError::Header),
            ),
        ] {
            let response = format!("HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 2\r\n\r\nhi");
            let short = &line[..line.len().min(30)];
            check(
                &format!("{short}… of {len} bytes"),
                response.as_bytes(),
                expected,
            );
        }
        let response = format!(
            "HTTP/1.1 200 {}\r\nContent-Length: 2\r\n\r\nhi",
            "O".repeat(len - 13)
        );
        check("a reason", response.as_bytes(), ok(200, true));
        let response = format!("{}\r\n\r\n", "x".repeat(len));
        check(
            "no status line",
            response.as_bytes(),
            Err(ParseError::NotHttp),
        );

        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let extension = "x".repeat(len - 2);
        let response = format!("{chunked}2;{extension}\r\nhi\r\n0\r\n\r\n");
        check("an extension", response.as_bytes(), or(ok(200, true)));
        let response = format!(
            "{chunked}2\r\nhi\r\n0\r\n{}\r\n\r\n",
            line("X-Sum", "x", "", len)
        );
        check("a trailer", response.as_bytes(), ok(200, true));
        let response = format!("{chunked}2\r\nhi{}\r\n0\r\n\r\n", "x".repeat(len));
        check("no line end", response.as_bytes(), Err(ParseError::Chunk));
        let response = format!("{chunked}{}2\r\nhi\r\n0\r\n\r\n", "0".repeat(len - 1));
        check("zeros", response.as_bytes(), or(ok(200, true)));
    }
}

/// What is reported of the headers that are kept: the first of its name, all of it or nothing; of the type
/// its start.
#[test]
fn kept_headers_are_whole_or_absent() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (lines, expected) in [
        ("", [None, None, None]),
        (
            "Date: Sun, 06 Nov 1994 08:49:37 GMT",
            [Some(date), None, None],
        ),
        (
            "dATE:Sun, 06 Nov 1994 08:49:37 GMT\t",
            [Some(date), None, None],
        ),
        ("Date: a\r\nDate: b", [Some("a"), None, None]),
        ("Date:\r\nDate: b", [Some("b"), None, None]),
        ("Retry-After: 7\r\nRetry-After: 8", [None, Some("7"), None]),
        (
            "Retry-After: 12345678901234567890123456789012",
            [None, Some("12345678901234567890123456789012"), None],
        ),
        (
            "Retry-After: 123456789012345678901234567890123",
            [None, None, None],
        ),
        (
            "Retry-After: 1234567890123456789012345678901ä",
            [None, None, None],
        ),
        ("Content-Type: text/csv", [None, None, Some("text/csv")]),
        (
            "Content-Type: 0123456789012345678901234567890123456789012345678901234567890",
            [
                None,
                None,
                Some("012345678901234567890123456789012345678901234567"),
            ],
        ),
        (
            "X-Date: a\r\nXRetry-After: 1\r\nContent-Types: x\r\nContent-Typ: x",
            [None, None, None],
        ),
    ] {
        let response = format!("HTTP/1.1 200 OK\r\n{lines}\r\nContent-Length: 0\r\n\r\n");
        let response = response.replace("\r\n\r\nContent-Length", "\r\nContent-Length");
        let head = parse_each(response.as_bytes(), lines).head.unwrap();
        let found = [head.date, head.retry_after, head.content_type];
        assert_eq!(found.each_ref().map(Option::as_deref), expected, "{lines}");
    }
    // Those of an interim response are not the response's.
    let response = "HTTP/1.1 103 H\r\nDate: a\r\nRetry-After: 1\r\nContent-Type: b\r\n\r\nHTTP/1.1 204 N\r\n\r\n";
    let head = parse_each(response.as_bytes(), "interim").head.unwrap();
    assert_eq!(
        (head.date, head.retry_after, head.content_type),
        (None, None, None)
    );
}

/// A head has at most 16 KiB, and so have the trailers, however they are made up.
#[test]
fn heads_and_trailers_are_limited() {
    let too_long = Err(ParseError::TooLong);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n";
    for (len, fits) in [
        (16_000, true),
        (16_384, true),
        (16_400, false),
        (70_000, false),
    ] {
        let ok: Expected = if fits {
            Ok((200, "hi", true))
        } else {
            too_long
        };
        let start = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
        let space = len - start.len() - 2;
        let one = format!("{start}{}\r\n\r\nhi", line("X", "x", "", space - 2));
        let many = format!(
            "{start}{}{}\r\nhi",
            "a:b\r\n".repeat((space - 10) / 5),
            "c:".to_string() + &"d".repeat((space - 10) % 5) + "\r\n"
        );
        let reason = format!(
            "HTTP/1.1 200 {}\r\nContent-Length: 2\r\n\r\nhi",
            "x".repeat(len - 36)
        );
        let interim = format!(
            "HTTP/1.1 100 {}\r\n\r\n{start}\r\nhi",
            "x".repeat(len - start.len() - 30)
        );
        for response in [one, many, reason, interim] {
            check(&response[..30], response.as_bytes(), ok);
        }
        let trailers = format!("{chunked}{}\r\n", "a: b\r\n".repeat((len - 12) / 6));
        check("trailers", trailers.as_bytes(), ok);
        let endless = format!("{chunked}{}", "a".repeat(len - 5));
        check(
            "an endless trailer",
            endless.as_bytes(),
            if fits {
                Err(ParseError::Truncated)
            } else {
                too_long
            },
        );
    }
    // Not so the lines of chunks, of which any number may come.
    let mut response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..30_000 {
        response.extend_from_slice(b"1;x\r\na\r\n");
    }
    response.extend_from_slice(b"0\r\n\r\n");
    for size in [1, 2, 3, 1000, response.len()] {
        let seen = parse(response.chunks(size));
        assert_eq!((seen.body.len(), seen.end), (30_000, Some(Ok(()))));
    }
}

/// The end of a connection is the end of a response that is complete, also if its last event wasn't asked
/// for.
#[test]
fn a_complete_response_can_be_finished() {
    for (response, events) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", vec!["Head"]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", vec!["Head"]),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            vec!["Head", "Body"],
        ),
    ] {
        let mut parser = ResponseParser::new();
        let mut rest = response.as_bytes();
        for expected in events {
            let (used, event) = parser.feed(rest).unwrap();
            rest = &rest[used..];
            assert!(format!("{event:?}").starts_with(expected), "{event:?}");
        }
        assert!(rest.is_empty());
        assert_eq!(parser.finish(), Ok(()), "{response:?}");
    }
}
