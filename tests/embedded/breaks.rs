//! Connections that break at any point: while the request is sent, before the response, within it.

use crate::connection::{STORED, lines};
use crate::scripted::{CONFIG, Fault, Scripted, response};
use embedded_io::ErrorKind;
use influx_edge::embedded::{Connection, Error};
use influx_edge::http::{ParseError, Remedy, Stored};

const BODY: &[u8] = b"m f=1 1\nm f=2 2\nm f=3 3\nm f=4 4\nm f=5 5\nm f=6 6\n";
/// What InfluxDB 2 responds to a request without a valid token; it doesn't wait for the lines.
const UNAUTHORIZED: &str = r#"{"code":"unauthorized","message":"unauthorized access"}"#;

type Results = (Result<(), Error<ErrorKind>>, bool, Vec<u8>);

fn write(transport: Scripted, size: usize) -> Results {
    let mut buffer = vec![0; size];
    let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
    let result = connection.write("b", lines(BODY));
    (
        result,
        connection.is_open(),
        connection.into_transport().written,
    )
}

/// The bytes of a whole request.
fn whole() -> Vec<u8> {
    write(Scripted::new(&[STORED]), 512).2
}

#[test]
fn the_request_breaks_off_anywhere() {
    let whole = whole();
    let unauthorized = response("401 Unauthorized", "", UNAUTHORIZED.as_bytes(), None);
    for at in 0..whole.len() {
        for size in [64, 100, 1_000] {
            for (pieces, interrupts) in [(1, false), (13, true), (usize::MAX, false)] {
                for fault in [
                    Fault::Zero,
                    Fault::Error(ErrorKind::BrokenPipe),
                    Fault::Error(ErrorKind::TimedOut),
                ] {
                    let script = |responses: &[&[u8]]| {
                        let mut transport = Scripted::new(responses).most(usize::MAX, pieces);
                        transport.interrupts = interrupts;
                        transport.failing(at, fault)
                    };
                    // Without a response it is the transport's error.
                    let (result, open, written) = write(script(&[]), size);
                    assert_eq!(written, whole[..at]);
                    let error = result.unwrap_err();
                    let sent = at > 0;
                    match fault {
                        Fault::Zero => assert_eq!(error, Error::Closed { sent }),
                        Fault::Error(kind) => {
                            assert_eq!(error, Error::Transport { error: kind, sent })
                        }
                    }
                    let stored = if sent { Stored::Unknown } else { Stored::None };
                    assert_eq!((error.stored(), error.remedy()), (stored, Remedy::Retry));
                    assert!(!open);
                    // A server may respond before it has everything. The rest of the request is what it
                    // would read next.
                    let (result, open, _) = write(script(&[&unauthorized]), size);
                    let error = result.unwrap_err();
                    assert_eq!(
                        (error.response().map(|r| r.status), error.remedy()),
                        (Some(401), Remedy::Operator)
                    );
                    assert!(!open, "{at}: half a request was sent");
                }
            }
        }
    }
}

/// An end or an error at each byte of each kind of response.
#[test]
fn the_response_breaks_off_anywhere() {
    let chunked = response("401 Unauthorized", "", UNAUTHORIZED.as_bytes(), Some(10));
    let plain = response("401 Unauthorized", "", UNAUTHORIZED.as_bytes(), None);
    let until_close = [b"HTTP/1.1 401 U\r\n\r\n", UNAUTHORIZED.as_bytes()].concat();
    for (response, has_end) in [
        (STORED, true),
        (&chunked[..], true),
        (&plain[..], true),
        (&until_close[..], false),
    ] {
        let head = response
            .windows(4)
            .position(|at| at == b"\r\n\r\n")
            .unwrap()
            + 4;
        for len in 0..=response.len() {
            for read in [1, 7, usize::MAX] {
                for size in [64, 512] {
                    for error in [
                        None,
                        Some(ErrorKind::TimedOut),
                        Some(ErrorKind::ConnectionReset),
                    ] {
                        let mut script = Scripted::new(&[&response[..len]]).most(read, usize::MAX);
                        if len == 0 {
                            script.incoming.clear();
                        }
                        if let Some(error) = error {
                            script = script.then(error);
                        }
                        let (result, open, _) = write(script, size);
                        let name = format!(
                            "{len} of {:?}, {error:?}",
                            String::from_utf8_lossy(response)
                        );
                        if len >= head {
                            // It has responded, whatever becomes of the rest.
                            let status = result
                                .err()
                                .map_or(Some(204), |error| error.response().map(|r| r.status));
                            let expected = if response == STORED { 204 } else { 401 };
                            assert_eq!(status, Some(expected), "{name}");
                            assert_eq!(open, has_end && len == response.len(), "{name}");
                            continue;
                        }
                        assert!(!open, "{name}");
                        let expected = match error {
                            Some(error) => Error::Transport { error, sent: true },
                            None if len == 0 => Error::Closed { sent: true },
                            None => Error::Parse(ParseError::Truncated),
                        };
                        let error = result.unwrap_err();
                        assert_eq!(error, expected, "{name}");
                        assert_eq!(
                            (error.stored(), error.remedy()),
                            (Stored::Unknown, Remedy::Retry)
                        );
                    }
                }
            }
        }
    }
}

/// What was received of an error's body counts as the start of it.
#[test]
fn half_an_error_means_what_the_whole_means() {
    let bad = r#"{"code":"invalid","message":"unable to parse 'm': missing fields and more words of it"}"#;
    let plain = response("400 Bad Request", "", bad.as_bytes(), None);
    let chunked = response("400 Bad Request", "", bad.as_bytes(), Some(1_000));
    let until_close = [b"HTTP/1.1 400 B\r\n\r\n", bad.as_bytes()].concat();
    for response in [&plain, &chunked, &until_close] {
        let start = response
            .windows(8)
            .position(|at| at == b"{\"code\":")
            .unwrap();
        for len in start + 50..start + bad.len() {
            let script = Scripted::new(&[&response[..len]]).then(ErrorKind::TimedOut);
            let (result, open, _) = write(script, 512);
            let error = result.unwrap_err();
            let name = String::from_utf8_lossy(&response[..len]);
            assert_eq!(
                (error.stored(), error.remedy()),
                (Stored::None, Remedy::RemoveBadLines),
                "{name}"
            );
            assert!(!open);
        }
    }
    // A buffer that holds a part of it only.
    for size in [80, 100, 128] {
        let (result, open, _) = write(Scripted::new(&[&plain]), size);
        assert_eq!(
            result.unwrap_err().remedy(),
            Remedy::RemoveBadLines,
            "{size}"
        );
        assert!(open);
    }
}

/// Whoever reports a success for a part of the lines hasn't stored the rest.
#[test]
fn a_success_before_the_whole_request_is_none() {
    let whole = whole();
    let accepted: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    for early in [STORED, accepted] {
        for at in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
            for size in [64, 512] {
                for (fault, text) in [
                    (Fault::Zero, format!("Closed {{ sent: {} }}", at > 0)),
                    (
                        Fault::Error(ErrorKind::BrokenPipe),
                        format!("Transport {{ error: BrokenPipe, sent: {} }}", at > 0),
                    ),
                    (
                        Fault::Error(ErrorKind::TimedOut),
                        format!("Transport {{ error: TimedOut, sent: {} }}", at > 0),
                    ),
                ] {
                    let script = Scripted::new(&[early]).failing(at, fault);
                    let (result, open, written) = write(script, size);
                    let error = result.unwrap_err();
                    assert_eq!(written, whole[..at]);
                    assert_eq!(error.response().map(|r| r.status), None, "{at}");
                    let stored = if at > 0 {
                        Stored::Unknown
                    } else {
                        Stored::None
                    };
                    assert_eq!((error.stored(), error.remedy()), (stored, Remedy::Retry));
                    assert!(!open);
                    assert_eq!(format!("{error:?}"), text);
                }
            }
        }
    }
    // A flush that fails has sent everything.
    let mut script = Scripted::new(&[STORED]);
    script.flush_fails = true;
    let (result, open, written) = write(script, 512);
    assert_eq!((result, open), (Ok(()), false));
    assert_eq!(written, whole);
}

/// A transport that reports more bytes than fit is no reason to panic.
#[test]
fn a_limit_beyond_the_buffer_is_the_buffer() {
    let head = b"HTTP/1.1 401 U\r\nContent-Length: 900\r\n\r\n".to_vec();
    for claims in [513, 600, usize::MAX - 512, usize::MAX - 1, usize::MAX] {
        for size in [64, 512] {
            let mut script = Scripted::new(&[&head, &[b'x'; 2_000]]);
            script.claims = Some(claims);
            let (result, open, _) = write(script, size);
            assert!(!open);
            assert_eq!(result.unwrap_err().remedy(), Remedy::Operator);
        }
    }
}
