//! Unit tests of `response_parser`: a table of responses, each whole, byte by byte and at every split.

use super::super::{Event, ParseError, ResponseParser};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// All that a caller sees of one response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) head: Option<Head>,
    pub(super) body: Vec<u8>,
    /// `Ok` if the response has an end.
    pub(super) end: Option<Result<(), ParseError>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) length: Option<usize>,
    pub(super) retry_after: Option<String>,
    pub(super) date: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) keeps_alive: bool,
}

fn head(parser: &ResponseParser) -> Head {
    let head = parser.head();
    Head {
        status: head.status(),
        length: head.content_length(),
        retry_after: head.retry_after().map(ToString::to_string),
        date: head.date().map(ToString::to_string),
        content_type: head.content_type().map(ToString::to_string),
        keeps_alive: head.keeps_alive(),
    }
}

/// Feeds the pieces, then the end of the connection.
pub(super) fn parse<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> Seen {
    let mut parser = ResponseParser::new();
    let mut seen = Seen::default();
    for mut piece in pieces {
        // More events than bytes would be an endless loop: a head and an end use none.
        let most = piece.len() + 4;
        for round in 0.. {
            assert!(round < most, "{seen:?}");
            let (used, event) = match parser.feed(piece) {
                Ok(found) => found,
                Err(error) => {
                    // Nothing revives it.
                    assert_eq!(parser.feed(b"HTTP/1.1 204 \r\n\r\n"), Err(error));
                    assert_eq!(parser.feed(b""), Err(error));
                    assert_eq!(parser.finish(), Err(error));
                    seen.end = Some(Err(error));
                    return seen;
                }
            };
            if let Event::Body(bytes) = event {
                assert!(!bytes.is_empty());
                assert_eq!(bytes, &piece[used - bytes.len()..used]);
                seen.body.extend_from_slice(bytes);
            }
            piece = &piece[used..];
            match event {
                Event::NeedInput => {
                    assert!(piece.is_empty());
                    break;
                }
                Event::Head => {
                    assert_eq!(seen.head.replace(head(&parser)), None);
                }
                Event::Body(_) => assert!(seen.head.is_some()),
                Event::End => {
                    seen.end = Some(Ok(()));
                    if piece.is_empty() {
                        break;
                    }
                }
            }
        }
    }
    let end = parser.finish();
    assert!(seen.end.is_none() || seen.end == Some(end));
    seen.end = Some(end);
    assert_eq!(parser.finish(), end);
    seen
}

/// Every place of a short response, some of a long one.
fn step(bytes: &[u8]) -> usize {
    bytes.len().saturating_mul(bytes.len()) / 500_000 + 1
}

/// The same in one piece, in single bytes, and in two pieces at every place.
pub(super) fn parse_each(bytes: &[u8], name: &str) -> Seen {
    let whole = parse([bytes]);
    assert_eq!(parse(bytes.chunks(1)), whole, "{name}: byte by byte");
    for at in (0..=bytes.len()).step_by(step(bytes)) {
        let (before, behind) = bytes.split_at(at);
        assert_eq!(parse([before, behind]), whole, "{name}: split at {at}");
        assert_eq!(parse([before, b"", behind]), whole, "{name}: and empty");
    }
    whole
}

/// Status, body, and whether the connection can be used again; or the error.
pub(super) type Expected = Result<(u16, &'static str, bool), ParseError>;

pub(super) fn check(name: &str, response: &[u8], expected: Expected) {
    let seen = parse_each(response, name);
    match expected {
        Ok((status, body, keeps_alive)) => {
            assert_eq!(seen.end, Some(Ok(())), "{name}");
            let head = seen.head.clone().unwrap();
            assert_eq!(
                (head.status, head.keeps_alive),
                (status, keeps_alive),
                "{name}"
            );
            assert_eq!(String::from_utf8_lossy(&seen.body), body, "{name}");
            cut_anywhere(name, response, &seen);
        }
        Err(error) => assert_eq!(seen.end, Some(Err(error)), "{name}"),
    }
}

/// Cut off before its end, a response is an error, and what was there of it is the start of it.
fn cut_anywhere(name: &str, response: &[u8], whole: &Seen) {
    let until_close = !whole.head.as_ref().unwrap().keeps_alive
        && !response
            .windows(7)
            .any(|at| at.eq_ignore_ascii_case(b"chunked"))
        && whole.head.as_ref().unwrap().length.is_none()
        && !matches!(whole.head.as_ref().unwrap().status, 204 | 304);
    for len in (0..response.len()).step_by(step(response)) {
        let seen = parse([&response[..len]]);
        let expected = match &seen.head {
            // Nobody can tell.
            Some(_) if until_close => Ok(()),
            _ => Err(ParseError::Truncated),
        };
        assert_eq!(seen.end, Some(expected), "{name}, {len} bytes");
        assert!(seen.head.is_none() || seen.head == whole.head, "{name}");
        assert!(whole.body.starts_with(&seen.body), "{name}, {len} bytes");
    }
}

#[test]
fn responses_have_one_meaning_however_they_are_split() {
    use ParseError::{AfterEnd, Chunk, Header, NotHttp, TooLong, Truncated, Unsupported};
    let table: &[(&str, &str, Expected)] = &[
        (
            "plain",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            Ok((200, "hello", true)),
        ),
        (
            "plain, empty",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            Ok((200, "", true)),
        ),
        (
            "any case, blanks around",
            "HTTP/1.1 200 OK\r\ncONTENT-lENGTH:\t 5 \t\r\n\r\nhello",
            Ok((200, "hello", true)),
        ),
        (
            "no blank behind the colon",
            "HTTP/1.1 200 OK\r\nContent-Length:5\r\n\r\nhello",
            Ok((200, "hello", true)),
        ),
        (
            "zeros before",
            "HTTP/1.1 200 OK\r\nContent-Length: 0005\r\n\r\nhello",
            Ok((200, "hello", true)),
        ),
        (
            "LF alone ends a line",
            "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
            Ok((200, "hello", true)),
        ),
        (
            "chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
            Ok((200, "hello", true)),
        ),
        (
            "chunked, any case",
            "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            Ok((200, "hello", true)),
        ),
        (
            "chunked, empty",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            Ok((200, "", true)),
        ),
        (
            "chunk extensions",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=1\r\nhel\r\n2 ; b=\"x;y\"\r\nlo\r\n0;c\r\n\r\n",
            Ok((200, "hello", true)),
        ),
        (
            "chunk sizes in letters and zeros",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00a\r\n0123456789\r\nA\r\n0123456789\r\n00\r\n\r\n",
            Ok((200, "01234567890123456789", true)),
        ),
        (
            "trailers",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\nDate: x\r\n\r\n",
            Ok((200, "hello", true)),
        ),
        (
            "line ends in a chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n\r\n0\r\n\r\n\n\r\n0\r\n\r\n",
            Ok((200, "\r\n0\r\n\r\n\n", true)),
        ),
        (
            "100 before it",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            Ok((204, "", true)),
        ),
        (
            "103 with headers before it",
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 99\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", true)),
        ),
        (
            "204",
            "HTTP/1.1 204 No Content\r\n\r\n",
            Ok((204, "", true)),
        ),
        // What may follow isn't the next response.
        (
            "204 with a length",
            "HTTP/1.1 204 No Content\r\nContent-Length: 12\r\n\r\n",
            Ok((204, "", false)),
        ),
        (
            "204 with a length of 0",
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
            Ok((204, "", true)),
        ),
        (
            "204 that says it is chunked",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
            Ok((204, "", false)),
        ),
        (
            "204 of 1.0 with a length",
            "HTTP/1.0 204 No Content\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n",
            Ok((204, "", false)),
        ),
        (
            "chunk sizes with zeros before them",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0000000a\r\n0123456789\r\n00000000000000000000000000000002;x=1\r\nhi\r\n0000000000000000\r\n\r\n",
            Ok((200, "0123456789hi", true)),
        ),
        (
            "304 with a length",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n",
            Ok((304, "", true)),
        ),
        (
            "close",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", false)),
        ),
        (
            "close among others",
            "HTTP/1.1 200 OK\r\nConnection: foo , CLOSE,bar\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", false)),
        ),
        (
            "close in the second",
            "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", false)),
        ),
        (
            "keep-alive",
            "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", true)),
        ),
        (
            "1.0",
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", false)),
        ),
        (
            "1.0 with keep-alive",
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", true)),
        ),
        (
            "1.0 until the close",
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhi\r\n\r\n",
            Ok((200, "hi\r\n\r\n", false)),
        ),
        (
            "1.0 and chunked",
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            Ok((200, "hi", false)),
        ),
        (
            "until the close",
            "HTTP/1.1 502 Bad Gateway\r\n\r\n<html>",
            Ok((502, "<html>", false)),
        ),
        (
            "two equal lengths",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", true)),
        ),
        (
            "two lengths",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a list of lengths",
            "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a negative length",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a length with a plus",
            "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "an empty length",
            "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a length with a blank in it",
            "HTTP/1.1 200 OK\r\nContent-Length: 1 0\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a length beyond 64 bits",
            "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\nhi",
            Err(Header),
        ),
        #[cfg(target_pointer_width = "64")]
        (
            "the largest length",
            "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nhi",
            Err(Truncated),
        ),
        (
            "a large length",
            "HTTP/1.1 200 OK\r\nContent-Length: 4294967295\r\n\r\nhi",
            Err(Truncated),
        ),
        (
            "a length in hexadecimal",
            "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "chunked and a length",
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            Ok((200, "hi", false)),
        ),
        (
            "a length and chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            Ok((200, "hi", false)),
        ),
        (
            "gzip, chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            Err(Unsupported),
        ),
        (
            "chunked twice",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            Err(Unsupported),
        ),
        (
            "an unknown transfer encoding",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nhi",
            Err(Unsupported),
        ),
        (
            "an empty transfer encoding",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\nhi",
            Err(Unsupported),
        ),
        (
            "gzip",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi",
            Err(Unsupported),
        ),
        (
            "identity",
            "HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", true)),
        ),
        (
            "gzip, then identity",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi",
            Err(Unsupported),
        ),
        (
            "gzip of nothing",
            "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n",
            Ok((204, "", true)),
        ),
        (
            "a header without a colon",
            "HTTP/1.1 200 OK\r\nContent-Length 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a header without a name",
            "HTTP/1.1 200 OK\r\n: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a blank before the colon",
            "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a folded line",
            "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a folded line with a colon",
            "HTTP/1.1 200 OK\r\nX-A: b\r\n\tc: d\r\nContent-Length: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a blank before the first header",
            "HTTP/1.1 200 OK\r\n Content-Length: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a name that isn't ASCII",
            "HTTP/1.1 200 OK\r\nX-Ä: 2\r\nContent-Length: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a value that isn't ASCII",
            "HTTP/1.1 200 OK\r\nX-A: ä\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", true)),
        ),
        (
            "a CR alone",
            "HTTP/1.1 200 OK\r\nX-A: b\rContent-Length: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "two CRs",
            "HTTP/1.1 200 OK\r\nX-A: b\r\r\nContent-Length: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a NUL in a value",
            "HTTP/1.1 200 OK\r\nX-A: b\0\r\nContent-Length: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a NUL in a name",
            "HTTP/1.1 200 OK\r\nX\0A: b\r\nContent-Length: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "an escape in a value",
            "HTTP/1.1 200 OK\r\nX-A: \x1b[0m\r\nContent-Length: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a DEL in a value",
            "HTTP/1.1 200 OK\r\nX-A: \x7f\r\nContent-Length: 2\r\n\r\nhi",
            Err(Header),
        ),
        (
            "a tab in a value",
            "HTTP/1.1 200 OK\r\nX-A: a\tb\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", true)),
        ),
        (
            "a chunk without a size",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhi\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "an extension without a size",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;a\r\nhi\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "a negative chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nhi\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "a chunk with a plus",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+2\r\nhi\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "a chunk with 0x",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "a blank before the size",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 2\r\nhi\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "a size with another word",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 x\r\nhi\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "a size that isn't one",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2g\r\nhi\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        #[cfg(target_pointer_width = "64")]
        (
            "a chunk of 60 bits",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\nhi",
            Err(Truncated),
        ),
        #[cfg(target_pointer_width = "64")]
        (
            "a chunk of 64 bits",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhi",
            Err(Truncated),
        ),
        (
            "a chunk beyond 64 bits",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000002\r\nhi\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "a large chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\nhi",
            Err(Truncated),
        ),
        (
            "a chunk longer than its size",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "no line end behind a chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "a chunk shorter than its size",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhi\r\n0\r\n\r\n",
            Err(Chunk),
        ),
        (
            "a CR alone behind a chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r0\r\n\r\n",
            Err(Header),
        ),
        (
            "no last chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
            Err(Truncated),
        ),
        (
            "bytes behind a plain body",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!",
            Err(AfterEnd),
        ),
        (
            "a line end behind a plain body",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi\r\n",
            Err(AfterEnd),
        ),
        (
            "bytes behind the last chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n!",
            Err(AfterEnd),
        ),
        (
            "a body behind 204",
            "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi",
            Err(AfterEnd),
        ),
        (
            "a response behind a response",
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            Err(AfterEnd),
        ),
        (
            "no reason",
            "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", true)),
        ),
        (
            "an empty reason",
            "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", true)),
        ),
        (
            "a reason that isn't ASCII",
            "HTTP/1.1 200 Gut für äöü\r\nContent-Length: 2\r\n\r\nhi",
            Ok((200, "hi", true)),
        ),
        (
            "status 999",
            "HTTP/1.1 999 ?\r\nContent-Length: 2\r\n\r\nhi",
            Ok((999, "hi", true)),
        ),
        ("status 099", "HTTP/1.1 099 ?\r\n\r\n", Err(NotHttp)),
        (
            "status 101",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            Err(NotHttp),
        ),
        (
            "a status of two digits",
            "HTTP/1.1 20 OK\r\n\r\n",
            Err(NotHttp),
        ),
        (
            "a status of four digits",
            "HTTP/1.1 2000 OK\r\n\r\n",
            Err(NotHttp),
        ),
        ("no status", "HTTP/1.1 OK\r\n\r\n", Err(NotHttp)),
        ("HTTP/2", "HTTP/2 200 OK\r\n\r\n", Err(NotHttp)),
        ("HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", Err(NotHttp)),
        ("two blanks", "HTTP/1.1  200 OK\r\n\r\n", Err(NotHttp)),
        ("lower case", "http/1.1 200 OK\r\n\r\n", Err(NotHttp)),
        ("ICY", "ICY 200 OK\r\n\r\n", Err(NotHttp)),
        (
            "a line end first",
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
            Err(NotHttp),
        ),
        ("SSH", "SSH-2.0-OpenSSH_9.2\r\n", Err(NotHttp)),
        ("a page without a head", "<html>\r\n", Err(NotHttp)),
        // Alert, version, length, fatal, protocol version.
        ("TLS", "\x15\x03\x01\x00\x02\x02\x46", Err(NotHttp)),
        ("MQTT", "\x20\x02\x00\x01", Err(NotHttp)),
        ("nothing", "", Err(Truncated)),
        (
            "many interim responses",
            "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
            Ok((204, "", true)),
        ),
        (
            "too many interim responses",
            "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
            Err(TooLong),
        ),
    ];
    for (name, response, expected) in table {
        check(name, response.as_bytes(), *expected);
    }
}
