//! Rules of the transport that have no row in the fault table, and what can be watched: retries,
//! and the lines for a logger.

#[cfg(feature = "log")]
use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::wire::{self, NO_CONTENT, Peer, Wire, json_error, response};
use influx_edge::client::Method;
use influx_edge::client::RetryPolicy;
use influx_edge::{Client, Error, Stored};

const LINE: &str = "m f=1";

/// Bodies are read to their end, those of errors too: all of this goes over one connection.
#[test]
fn bodies_are_read_to_their_end() {
    let responses: Vec<Vec<u8>> = vec![
        json_error("404 Not Found", "not found", "bucket not found"),
        response("503 Service Unavailable", "Content-Type: text/html\r\n", "x".repeat(30_000)),
        b"HTTP/1.1 500 Internal Server Error\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_vec(),
        response("200 OK", "Content-Type: text/html\r\n", "<html>"),
        response("302 Found", "Location: /x\r\n", "moved"),
        NO_CONTENT.as_bytes().to_vec(),
    ];
    let n = responses.len();
    let wire = Wire::scenes(vec![Box::new(move |peer: &mut Peer| {
        for response in responses {
            peer.request();
            peer.send(response);
        }
        peer.wait_for_close();
    })]);
    let client = wire.client();
    for i in 0..n {
        assert_eq!(client.write("b", LINE).is_ok(), i == n - 1);
    }
    assert_eq!(wire.seen().len(), n);
    assert!(wire.seen().iter().all(|s| s.connection == 0));
}

/// A 204 has no body: nobody waits for one, even on a connection that stays open and silent.
#[test]
fn a_204_is_not_waited_for() {
    let wire = Wire::each(1, |peer| {
        while peer.request().is_some() {
            peer.send("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n");
        }
    });
    let client = wire.client();
    let start = std::time::Instant::now();
    client.write("b", LINE).unwrap();
    assert!(start.elapsed() < Duration::from_millis(500));
}

/// The cap counts what comes out, not what goes in, and a body of exactly that size is fine.
#[test]
fn the_cap_counts_decompressed_bytes_and_takes_its_own_size() {
    let wire = Wire::responding(response("200 OK", "", "x".repeat(1000)));
    let client = wire.client();
    let body = |cap| {
        client
            .request(Method::Get, "/x")
            .max_body_bytes(cap)
            .call()
            .unwrap()
            .into_bytes()
    };
    assert_eq!(body(1000).unwrap().len(), 1000);
    assert!(
        body(999)
            .unwrap_err()
            .to_string()
            .contains("more than 999 bytes")
    );
    #[cfg(feature = "gzip")]
    {
        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&[b'x'; 1000]).unwrap();
        let small = gzip.finish().unwrap();
        assert!(small.len() < 100);
        let wire = Wire::responding(response("200 OK", "Content-Encoding: gzip\r\n", small));
        let client = wire.client();
        let body = |cap| {
            client
                .request(Method::Get, "/x")
                .max_body_bytes(cap)
                .call()
                .unwrap()
                .into_bytes()
        };
        assert_eq!(body(1000).unwrap().len(), 1000);
        assert!(body(999).is_err());
    }
}

/// A request line or header that doesn't fit is said to be too long, before anything is sent.
#[test]
fn what_does_not_fit_is_refused_with_a_reason() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    let error = client.write(&"b".repeat(5000), LINE).unwrap_err();
    assert!(
        error.to_string().contains("longer than 4096 bytes"),
        "{error}"
    );
    let error = client
        .request(Method::Get, "/x")
        .header("X-A", &"a".repeat(5000))
        .call()
        .unwrap_err();
    assert!(
        error.to_string().contains("header x-a is longer"),
        "{error}"
    );
    assert!(wire.seen().is_empty());
    assert!(!error.is_retryable());
    client.write(&"b".repeat(3500), LINE).unwrap();
    client
        .request(Method::Get, "/x")
        .header("X-A", &"a".repeat(4000))
        .call()
        .unwrap();
    let error = client.request(Method::Get, "x").call().unwrap_err();
    assert!(error.to_string().contains("must start with /"), "{error}");
    let error = "GE T".parse::<Method>().unwrap_err();
    assert!(
        error.to_string().contains("isn't an HTTP method"),
        "{error}"
    );
}

/// Never an empty body to a write, always a length; chunks only for a stream of unknown length.
#[test]
fn lengths_are_sent() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    client.write("b", "").unwrap();
    assert!(wire.seen().is_empty());
    client.write("b", LINE).unwrap();
    client.write("b", "x".repeat(300_000).as_str()).unwrap();
    let mut known: &[u8] = b"12345";
    client
        .request(Method::Post, "/x")
        .reader(&mut known, Some(5))
        .call()
        .unwrap();
    client.request(Method::Get, "/x").call().unwrap();
    let lengths: Vec<_> = wire
        .seen()
        .iter()
        .map(|s| s.header("content-length").map(str::to_string))
        .collect();
    let expected = [Some("5"), Some("300000"), Some("5"), None].map(|l| l.map(str::to_string));
    assert_eq!(lengths, expected);
    assert!(
        wire.seen()
            .iter()
            .all(|s| s.header("transfer-encoding").is_none())
    );
    assert_eq!(wire.seen()[1].header("expect"), Some("100-continue"));
}

#[test]
fn retries_are_reported() {
    let n = Arc::new(Mutex::new(0));
    let wire = Wire::each(4, move |peer| {
        while peer.request().is_some() {
            let mut n = n.lock().unwrap();
            *n += 1;
            if *n < 3 {
                peer.send(response("503 Service Unavailable", "", ""));
            } else {
                peer.send(NO_CONTENT);
            }
        }
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let interval = Duration::from_millis(2);
    let client = wire
        .builder()
        .retry(RetryPolicy {
            interval,
            ..RetryPolicy::default()
        })
        .on_retry(move |attempt, pause, error| {
            tell.lock().unwrap().push((attempt, pause, error.status()))
        })
        .build()
        .unwrap();
    client.write("b", LINE).unwrap();
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 2);
    assert_eq!((told[0].0, told[0].2), (1, Some(503)));
    assert_eq!((told[1].0, told[1].2), (2, Some(503)));
    assert!(
        told.iter()
            .all(|(_, pause, _)| *pause >= interval && *pause <= interval * 8)
    );
}

/// A call that changes something isn't repeated by a policy; one that only reads is.
#[test]
fn only_what_can_be_repeated_is() {
    let wire = Wire::responding(response("503 Service Unavailable", "", ""));
    let policy = RetryPolicy {
        max_retries: 2,
        interval: Duration::from_millis(1),
        ..RetryPolicy::default()
    };
    let client = wire.builder().retry(policy).build().unwrap();
    client.ready().unwrap_err();
    assert_eq!(wire.seen().len(), 3);
    client
        .setup(&influx_edge::client::Setup::new("u", "o", "b"))
        .unwrap_err();
    assert_eq!(wire.seen().len(), 4);
    // The raw call gives every response as it is.
    assert_eq!(
        client.request(Method::Get, "/x").call().unwrap().status(),
        503
    );
    assert_eq!(wire.seen().len(), 5);
}

#[test]
fn another_organization() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    let other = client.in_org("other org");
    client.write("b", LINE).unwrap();
    other.write("b", LINE).unwrap();
    let seen = wire.seen();
    assert!(seen[0].target.contains("org=acme&"));
    assert!(seen[1].target.contains("org=other%20org&"));
    assert_eq!((seen[0].connection, seen[1].connection), (0, 0), "one pool");
}

#[cfg(feature = "log")]
#[test]
fn a_line_a_call() {
    // Other tests log, too, in threads of their own.
    thread_local! {
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }
    wire::watch::tap(|record| {
        if record.target() == "influx_edge" {
            let line = format!("{} {}", record.level(), record.args());
            LINES.with_borrow_mut(|lines| lines.push(line));
        }
    });
    let wire = Wire::responding(NO_CONTENT);
    let client = influx_edge::Client::builder(format!("{}/logtest", wire.url()))
        .org("acme")
        .token(wire::TOKEN)
        .build()
        .unwrap();
    client.write("secret-bucket", "secret-data f=1").unwrap();
    let lines = LINES.take();
    let ours: Vec<_> = lines.iter().filter(|l| l.contains("/logtest/")).collect();
    assert_eq!(ours.len(), 1, "{lines:?}");
    assert!(
        ours[0].starts_with("DEBUG POST /logtest/api/v2/write: 204 after "),
        "{ours:?}"
    );
    let all = lines.join("\n");
    assert!(!all.contains("secret") && !all.contains("canary"), "{all}");
}

/// What the last of several attempts ended with. None: nobody listens any more.
type Last = (&'static str, Option<Vec<u8>>, Stored);

/// An attempt that may have stored everything, and then one that ends otherwise: the error of the
/// call says what holds for both.
fn of_two_attempts(first: &[u8], last: Option<Vec<u8>>) -> Error {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (first, comes_again) = (first.to_vec(), last.is_some());
    let server = std::thread::spawn(move || {
        let mut listener = Some(listener);
        for response in [Some(first), last] {
            let Some(response) = response else { continue };
            let (mut stream, _) = listener.as_ref().unwrap().accept().unwrap();
            if !comes_again {
                // Nobody listens when the client hears of this attempt's end.
                listener = None;
            }
            let mut head = [0; 4096];
            assert!(std::io::Read::read(&mut stream, &mut head).unwrap() > 0);
            std::io::Write::write_all(&mut stream, &response).unwrap();
        }
    });
    let policy = RetryPolicy {
        max_retries: 1,
        interval: Duration::from_millis(1),
        ..RetryPolicy::default()
    };
    let client = Client::builder(url).org("acme").token(wire::TOKEN);
    let client = client.retry(policy).build().unwrap();
    let error = client.write("b", LINE).unwrap_err();
    server.join().unwrap();
    error
}

#[test]
fn what_an_earlier_attempt_may_have_stored_counts() {
    let close = "Connection: close\r\n";
    // No response, half a one, an error after the fact.
    let firsts: [(&[u8], bool); 5] = [
        (b"", true),
        (b"HTTP/1.1 20", true),
        (&response("500 Internal Server Error", close, "{}"), true),
        (&response("504 Gateway Timeout", close, ""), true),
        (&response("429 Too Many Requests", close, ""), false),
    ];
    let bad_line = "unable to parse 'm f=1': no";
    let lasts: [Last; 5] = [
        ("refused", None, Stored::None),
        (
            "429",
            Some(response("429 Too Many Requests", close, "")),
            Stored::None,
        ),
        (
            "401",
            Some(json_error(
                "401 Unauthorized",
                "unauthorized",
                "unauthorized access",
            )),
            Stored::None,
        ),
        (
            "404",
            Some(json_error(
                "404 Not Found",
                "not found",
                "bucket \"b\" not found",
            )),
            Stored::None,
        ),
        (
            "504",
            Some(response("504 Gateway Timeout", close, "")),
            Stored::Unknown,
        ),
    ];
    for (first, may_have) in firsts {
        for (name, last, alone) in &lasts {
            let error = of_two_attempts(first, last.clone());
            let expected = if may_have { Stored::Unknown } else { *alone };
            let first = String::from_utf8_lossy(first);
            assert_eq!(error.stored(), expected, "{first:?}, then {name}: {error}");
        }
        // The lines themselves are refused, so they were then.
        let last = json_error("400 Bad Request", "invalid", bad_line);
        let error = of_two_attempts(first, Some(last));
        assert_eq!(error.stored(), Stored::None, "{error}");
    }
}

/// A body may come out of another call of the same client, in the same thread.
#[test]
fn a_body_that_makes_calls_of_its_own() {
    struct Lazy(influx_edge::Client, bool);
    impl std::io::Read for Lazy {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            if std::mem::replace(&mut self.1, true) {
                return Ok(0);
            }
            self.0.write("inner", LINE).unwrap();
            buf[..5].copy_from_slice(b"outer");
            Ok(5)
        }
    }
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    let mut body = Lazy(client.clone(), false);
    client
        .request(Method::Post, "/outer")
        .reader(&mut body, None)
        .call()
        .unwrap();
    let seen = wire.seen();
    assert_eq!(seen.len(), 2);
    for seen in &seen {
        assert_eq!(
            seen.header("authorization"),
            Some(&*format!("Token {}", wire::TOKEN))
        );
    }
    assert_eq!(seen[1].body, b"outer");
}
