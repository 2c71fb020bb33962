//! Servers that take no compressed bodies: found out once, before any line is judged.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::wire::{NO_CONTENT, Seen, Wire, json_error, response};
use influx_edge::writer::Event;
use influx_edge::{Client, Error, Remedy, Stored};

const GZIP: &[u8] = &[0x1f, 0x8b];

fn is_gzip(seen: &Seen) -> bool {
    let named = seen.header("content-encoding") == Some("gzip");
    assert_eq!(named, seen.body.starts_with(GZIP));
    named
}

/// Text of several lines that the client compresses.
fn lines() -> String {
    (0..100).map(|n| format!("m v={n} {n}\n")).collect()
}

/// A server with one response to compressed bodies and another to others.
fn server(compressed: Vec<u8>, plain: Vec<u8>) -> Wire {
    Wire::each(32, move |peer| {
        while let Some(seen) = peer.request() {
            peer.send(if is_gzip(&seen) { &compressed } else { &plain });
        }
    })
}

fn client(wire: &Wire) -> Client {
    wire.builder().gzip_min_bytes(64).build().unwrap()
}

fn invalid(message: &str) -> Vec<u8> {
    json_error("400 Bad Request", "invalid", message)
}

/// Whether each request was compressed.
fn compressed(wire: &Wire) -> Vec<bool> {
    wire.seen().iter().map(is_gzip).collect()
}

#[test]
fn what_is_refused_compressed_is_sent_once_more_as_it_is() {
    let no = |status: &str| response(status, "", "no");
    let table = [
        (
            no("415 Unsupported Media Type"),
            NO_CONTENT.into(),
            vec![true, false, false],
            None,
        ),
        (
            no("411 Length Required"),
            NO_CONTENT.into(),
            vec![true, false, false],
            None,
        ),
        (
            no("501 Not Implemented"),
            NO_CONTENT.into(),
            vec![true, false, false],
            None,
        ),
        (
            no("500 Oops"),
            NO_CONTENT.into(),
            vec![true, false, false],
            None,
        ),
        (
            no("400 Bad Request"),
            NO_CONTENT.into(),
            vec![true, false, false],
            None,
        ),
        (
            invalid("error decoding gzip"),
            NO_CONTENT.into(),
            vec![true, false, false],
            None,
        ),
        (
            invalid("unable to parse '\u{1f}\u{8b}': missing fields"),
            NO_CONTENT.into(),
            vec![true, false, false],
            None,
        ),
        // A part of it stored shows the same.
        (
            no("415 No"),
            json_error(
                "422 No",
                "unprocessable entity",
                "partial write: points beyond retention policy dropped=3",
            ),
            vec![true, false, false],
            Some((Stored::Partial, Remedy::None)),
        ),
        // Refused both ways: about the lines, or about everything. Nothing is known of compression.
        (
            invalid("no"),
            invalid("no"),
            vec![true, false, true, false],
            Some((Stored::None, Remedy::RemoveBadLines)),
        ),
        (
            no("400 Bad Request"),
            no("400 Bad Request"),
            vec![true, false, true, false],
            Some((Stored::None, Remedy::Operator)),
        ),
        (
            no("500 Oops"),
            no("503 Busy"),
            vec![true, false, true, false],
            Some((Stored::Unknown, Remedy::Retry)),
        ),
        // What failed on the first may have stored it, whatever is said of the second.
        (
            no("500 Oops"),
            no("400 Bad Request"),
            vec![true, false, true, false],
            Some((Stored::Unknown, Remedy::Operator)),
        ),
        // A server that has read the lines takes compressed ones: nothing is sent again, nor later.
        (NO_CONTENT.into(), no("400 No"), vec![true, true], None),
        (
            invalid("unable to parse 'm v=7 7': no"),
            NO_CONTENT.into(),
            vec![true, true],
            Some((Stored::None, Remedy::RemoveBadLines)),
        ),
        (
            json_error(
                "422 No",
                "unprocessable entity",
                "partial write: points beyond retention policy dropped=3",
            ),
            NO_CONTENT.into(),
            vec![true, true],
            Some((Stored::Partial, Remedy::None)),
        ),
        // Not about the body.
        (
            no("401 No"),
            NO_CONTENT.into(),
            vec![true, true],
            Some((Stored::None, Remedy::Operator)),
        ),
        (
            no("403 No"),
            NO_CONTENT.into(),
            vec![true, true],
            Some((Stored::None, Remedy::Operator)),
        ),
        (
            no("404 No"),
            NO_CONTENT.into(),
            vec![true, true],
            Some((Stored::None, Remedy::Operator)),
        ),
        (
            no("413 No"),
            NO_CONTENT.into(),
            vec![true, true],
            Some((Stored::None, Remedy::Split)),
        ),
        (
            no("429 No"),
            NO_CONTENT.into(),
            vec![true, true],
            Some((Stored::None, Remedy::Retry)),
        ),
        (
            no("503 No"),
            NO_CONTENT.into(),
            vec![true, true],
            Some((Stored::Unknown, Remedy::Retry)),
        ),
    ];
    for (to_gzip, to_plain, expected, error) in table {
        let what = String::from_utf8_lossy(&to_gzip).into_owned();
        let check = |result: Result<(), Error>| {
            let outcome = result.err().map(|e| (e.stored(), e.remedy()));
            assert_eq!(outcome, error, "{what}");
        };
        let wire = server(to_gzip, to_plain);
        let client = client(&wire);
        check(client.write("edge", lines()));
        // Whoever shares the client knows it, too.
        check(client.in_org("other").write("edge", lines()));
        assert_eq!(compressed(&wire), expected, "{what}");
        for seen in wire.seen() {
            if !is_gzip(&seen) {
                assert_eq!(seen.body, lines().as_bytes());
            }
        }
    }
}

/// The limit of a call is that of both attempts.
#[test]
fn both_attempts_end_with_the_limit() {
    let wire = Wire::each(2, |peer| {
        while let Some(seen) = peer.request() {
            if !is_gzip(&seen) {
                return peer.wait_for_close();
            }
            std::thread::sleep(Duration::from_millis(600));
            peer.send(response("415 No", "", "no"));
        }
    });
    let limit = Duration::from_millis(900);
    let client = wire
        .builder()
        .gzip_min_bytes(64)
        .timeout(limit)
        .build()
        .unwrap();
    let start = Instant::now();
    let error = client.write("edge", lines()).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(
        start.elapsed() < Duration::from_millis(1_400),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(compressed(&wire), [true, false]);
}

#[test]
fn after_a_compressed_body_was_stored_a_refusal_is_one() {
    let count = Arc::new(Mutex::new(0));
    let wire = Wire::each(8, move |peer| {
        while peer.request().is_some() {
            let mut count = count.lock().unwrap();
            *count += 1;
            match *count {
                1 => peer.send(NO_CONTENT),
                _ => peer.send(response("415 No", "", "no")),
            }
        }
    });
    let client = client(&wire);
    client.write("edge", lines()).unwrap();
    assert_eq!(
        client.write("edge", lines()).unwrap_err().status(),
        Some(415)
    );
    assert_eq!(compressed(&wire), [true, true]);
}

#[cfg(feature = "v1")]
#[test]
fn the_same_for_influxdb_1() {
    let wire = server(response("415 No", "", "no"), NO_CONTENT.into());
    let client = client(&wire);
    client.v1("plant").write(lines()).unwrap();
    client.v1("plant").write(lines()).unwrap();
    client.write("edge", lines()).unwrap();
    assert_eq!(compressed(&wire), [true, false, false, false]);
}

#[test]
fn the_writer_emits_it_once_and_judges_no_line() {
    let wire = server(invalid("no such encoding"), NO_CONTENT.into());
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let mut writer = client(&wire)
        .writer("edge")
        .batch_lines(50)
        .on_event(move |event| {
            seen.lock().unwrap().push(match event {
                Event::Uncompressed { bucket } => format!("uncompressed {bucket}"),
                Event::Delivered { lines, .. } => format!("delivered {lines}"),
                other => format!("{other:?}"),
            });
        })
        .build()
        .unwrap();
    for n in 0..150i64 {
        writer
            .write_with(|enc| enc.line("m").field("v", n).timestamp(n))
            .unwrap();
    }
    assert!(writer.close().unwrap().is_safe());
    assert_eq!(
        *events.lock().unwrap(),
        [
            "delivered 50",
            "uncompressed edge",
            "delivered 50",
            "delivered 50"
        ]
    );
    assert_eq!(compressed(&wire), [true, false, false, false]);
}
