//! Row 42 of the fault table: servers, and what stands before them, that refuse `Expect`, don't know
//! it, or come too late with `100 Continue`.

use std::time::Duration;

use crate::common::wire::{NO_CONTENT, Peer, Scene, Seen, Wire, json_error, no_secret};
use influx_edge::client::Method;
use influx_edge::{Client, Error};

const MS: Duration = Duration::from_millis(1);
/// Half of it is how long a body waits for `100 Continue` here.
const READ_LIMIT: Duration = Duration::from_millis(600);

/// How a server reacts to `Expect`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reaction {
    /// These bytes, and the connection stays as it is.
    Refuse(&'static str),
    /// These bytes, and the connection is closed.
    RefuseAndClose(&'static str),
    /// These bytes, but only when the body has come without having been asked for.
    RefuseLate(&'static str),
    /// Nothing; the body is waited for.
    Silence,
    /// `100 Continue` behind the body.
    ContinueLate,
}
use Reaction::{ContinueLate, Refuse, RefuseAndClose, RefuseLate, Silence};

/// The body of a call, and how it's handed over.
#[derive(Clone, Copy, Debug)]
enum Sent {
    Write(usize),
    Known(usize),
    Unknown(usize),
}

const REACTIONS: [Reaction; 9] = [
    Refuse("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"),
    Refuse("HTTP/1.1 417 No\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"),
    Refuse("HTTP/1.1 417 Expectation Failed\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    RefuseAndClose("HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n\r\n"),
    RefuseAndClose("HTTP/1.0 417 Expectation Failed\r\n\r\nan old proxy"),
    RefuseAndClose("HTTP/1.1 417 Expectation Failed\r\n\r\n"),
    RefuseLate("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"),
    Silence,
    ContinueLate,
];

/// Serves one connection; what has no `Expect` is taken like anything else.
fn serve(peer: &mut Peer, reaction: Reaction) {
    while let Some(head) = peer.head() {
        let expects = head.header("expect").is_some();
        match reaction {
            Refuse(bytes) if expects => {
                peer.send(bytes);
                continue;
            }
            RefuseAndClose(bytes) if expects => return peer.send(bytes),
            _ => {}
        }
        let Some(seen) = peer.body(head) else { return };
        peer.note(seen);
        match reaction {
            RefuseLate(bytes) if expects => {
                peer.send(bytes);
                continue;
            }
            ContinueLate if expects => peer.send("HTTP/1.1 100 Continue\r\n\r\n"),
            _ => {}
        }
        peer.send(NO_CONTENT);
    }
}

/// The status that it ended with.
fn call(client: &Client, sent: Sent) -> Result<u16, Error> {
    let text = |size: usize| "m f=1\n".repeat(size / 6);
    match sent {
        Sent::Write(size) => client.write("b", text(size).as_str()).map(|()| 204),
        Sent::Known(size) | Sent::Unknown(size) => {
            let text = text(size);
            let length = matches!(sent, Sent::Known(_)).then_some(text.len() as u64);
            let mut reader = text.as_bytes();
            let request = client.request(Method::Post, "/x");
            let response = request.reader(&mut reader, length).call()?;
            Ok(response.status())
        }
    }
}

#[test]
fn row_42_expect_refused_or_ignored() {
    let bodies = [
        Sent::Write(300_000),
        Sent::Write(1_000_000),
        Sent::Known(300_000),
        Sent::Unknown(12),
        Sent::Unknown(300_000),
    ];
    let one = |reaction: Reaction, sent: Sent| {
        let wire = Wire::each(4, move |peer| serve(peer, reaction));
        let client = wire
            .plain_builder()
            .read_timeout(READ_LIMIT)
            .build()
            .unwrap();
        let what = format!("{reaction:?} {sent:?}");
        let first = call(&client, sent).unwrap_or_else(|e| panic!("{what}: {e}"));
        // The bytes of a reader that was read from are gone, and can't be had again.
        let gone = matches!(reaction, RefuseLate(_)) && !matches!(sent, Sent::Write(_));
        assert_eq!(first, if gone { 417 } else { 204 }, "{what}");
        // No call expects again, so none waits; nor do the client's clones.
        let theirs = client.in_org("others");
        for (client, sent) in [(&client, sent), (&theirs, Sent::Write(400_000))] {
            let again = call(client, sent).unwrap_or_else(|e| panic!("{what}, again: {e}"));
            assert_eq!(again, 204, "{what}");
        }
        let seen = wire.seen();
        let last: Vec<&Seen> = seen.iter().rev().take(2).collect();
        assert!(last.iter().all(|s| s.header("expect").is_none()), "{what}");
        let whole = |s: &Seen| s.body == "m f=1\n".repeat(s.body.len().div_ceil(6)).as_bytes();
        assert!(seen.iter().all(whole), "{what}");
    };
    std::thread::scope(|scope| {
        // Beside each other, for most of them wait.
        for sent in bodies {
            scope.spawn(move || REACTIONS.map(|reaction| one(reaction, sent)));
        }
    });
}

/// A refusal of a large body is seen as well when nothing waits for `100 Continue` any more, and one
/// that isn't about `Expect` changes nothing.
#[test]
fn refusals_are_seen_without_expect() {
    let big = "m f=1\n".repeat(500_000);
    for (status, code) in [
        ("401 Unauthorized", "unauthorized"),
        ("413 Request Entity Too Large", "request too large"),
        ("503 Service Unavailable", "unavailable"),
    ] {
        for reaction in [REACTIONS[0], Silence] {
            let scenes: Vec<Scene> = vec![
                Box::new(move |peer| serve(peer, reaction)),
                Box::new(move |peer| serve(peer, reaction)),
                Box::new(move |peer| {
                    let head = peer.head().unwrap();
                    assert_eq!(head.header("expect"), None);
                    peer.send(json_error(status, code, code));
                    // Closed with the body unread.
                    std::thread::sleep(50 * MS);
                }),
            ];
            let wire = Wire::scenes(scenes);
            // No connection is kept, so that each has its scene.
            let client = wire.plain_builder().read_timeout(READ_LIMIT).pool_size(0);
            let client = client.build().unwrap();
            client.write("b", big.as_str()).unwrap();
            if reaction == Silence {
                client.write("b", big.as_str()).unwrap();
            }
            let error = client.write("b", big.as_str()).unwrap_err();
            assert_eq!(error.code(), Some(code), "{reaction:?}: {error}");
            no_secret(&error);
        }
    }
    // Refused for another reason: `Expect` was understood, and goes out again.
    let wire = Wire::each(2, |peer| {
        let head = peer.head().unwrap();
        peer.note(head);
        peer.send(json_error("401 Unauthorized", "unauthorized", "no"));
        std::thread::sleep(50 * MS);
    });
    let client = wire.plain_client();
    for _ in 0..2 {
        assert!(
            client
                .write("b", big.as_str())
                .unwrap_err()
                .is_unauthorized()
        );
    }
    let seen = wire.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|s| s.header("expect").is_some()));
}

/// A call that has no time to wait says nothing about the server.
#[test]
fn a_hurried_call_does_not_forget_expect() {
    let wire = Wire::each(4, |peer| {
        while let Some(head) = peer.head() {
            // Well within a second, but not within a quarter of one.
            std::thread::sleep(400 * MS);
            peer.send("HTTP/1.1 100 Continue\r\n\r\n");
            let Some(seen) = peer.body(head) else { return };
            peer.note(seen);
            peer.send(NO_CONTENT);
        }
    });
    let client = wire.plain_client();
    for limit in [1000 * MS, 5000 * MS, 1000 * MS] {
        let mut body: &[u8] = b"m f=1\n";
        let request = client.request(Method::Post, "/x").timeout(limit);
        let request = request.reader(&mut body, None);
        assert_eq!(request.call().unwrap().status(), 204, "{limit:?}");
    }
    let seen = wire.seen();
    assert!(seen.iter().all(|s| s.header("expect").is_some()));
}
