//! Row 14 of the fault table: half a gigabyte out of half a megabyte, within the cap.

use std::io::Write as _;

use crate::common::wire::{self, NO_CONTENT, Peer, Scene, Wire, no_secret};
use influx_edge::client::Method;
use influx_edge::{Client, Error, ErrorKind, TransportErrorKind};

const BOMB: usize = 512 << 20;
const MEMBER: usize = 1 << 20;

/// Gzip's members may follow one another: a head, and one megabyte 512 times.
fn bomb(member: &[u8], head: &[u8]) -> Vec<u8> {
    let gzip = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    let mut all = gzip(head);
    all.extend_from_slice(&gzip(member).repeat(BOMB / MEMBER));
    all
}

fn blanks() -> Vec<u8> {
    bomb(&[b' '; MEMBER], b"")
}

fn rows() -> Vec<u8> {
    let head = "#datatype,string,long,double\r\n#default,_result,,\r\n,result,table,_value\r\n";
    bomb(",,0,1.5\r\n".repeat(MEMBER / 9).as_bytes(), head.as_bytes())
}

fn read_rows(client: &Client, cap: u64) -> Error {
    let mut rows = client.query("x").max_body_bytes(cap).call().unwrap();
    loop {
        match rows.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("an end"),
            Err(e) => return e,
        }
    }
}

fn scene(kind: &'static str, body: fn() -> Vec<u8>) -> Scene {
    Box::new(move |peer: &mut Peer| {
        let body = body();
        assert!(body.len() < 4 << 20, "{}", body.len());
        peer.request();
        peer.send(format!(
            "HTTP/1.1 {kind}\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ));
        peer.send(&body);
        peer.wait_for_close();
    })
}

#[track_caller]
fn too_large(error: &Error) {
    no_secret(error);
    match error.kind() {
        ErrorKind::Transport(e) => assert_eq!(e.kind(), TransportErrorKind::TooLarge, "{error}"),
        other => panic!("{other:?}"),
    }
}

/// Runs, and gives the most heap that this thread had at once.
fn heap(run: impl FnOnce()) -> u64 {
    allocation_counter::measure(run).bytes_max
}

#[test]
fn row_14_a_gzip_bomb_stays_within_the_cap() {
    let _alone = crate::alone();
    wire::watch::quiet();
    let wire = Wire::scenes(vec![
        scene("200 OK", blanks),
        scene("503 Service Unavailable", blanks),
        scene("200 OK\r\nContent-Type: text/csv", blanks),
        scene("200 OK\r\nContent-Type: text/csv", rows),
        Box::new(|peer: &mut Peer| {
            peer.request();
            peer.send(NO_CONTENT);
        }),
    ]);
    let client = wire.client();
    let margin = 256 << 10;

    let cap = 4 << 20;
    let peak = heap(|| {
        let response = client
            .request(Method::Get, "/x")
            .max_body_bytes(cap)
            .call()
            .unwrap();
        too_large(&response.into_bytes().unwrap_err());
    });
    assert!(peak <= cap + margin, "{peak}");

    // An error's body has a cap of its own.
    let peak = heap(|| {
        let error = client.write("b", "m f=1").unwrap_err();
        assert_eq!(error.status(), Some(503));
    });
    assert!(peak <= (64 << 10) + margin, "{peak}");

    // A query's rows are streamed. This one is all one row.
    let cap = 4 << 20;
    let peak = heap(|| too_large(&read_rows(&client, cap)));
    assert!(peak <= cap + margin, "{peak}");
    // Short rows without end need no more than one row does.
    let peak = heap(|| too_large(&read_rows(&client, 4 << 20)));
    assert!(peak <= margin, "{peak}");

    client.write("b", "m f=1").unwrap();
}
