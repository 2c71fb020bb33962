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
        // Any server fails once: see below.
        (
            no("500 Oops"),
            NO_CONTENT.into(),
            vec![true, false, true, false],
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

/// A server whose responses come in this order, the last one again and again.
fn in_order(statuses: &'static [&'static str]) -> Wire {
    let count = Arc::new(Mutex::new(0));
    Wire::each(32, move |peer| {
        while peer.request().is_some() {
            let mut count = count.lock().unwrap();
            let status = statuses.get(*count).or(statuses.last()).unwrap();
            *count += 1;
            match *status {
                "204" => peer.send(NO_CONTENT),
                status => peer.send(response(status, "", "no")),
            }
        }
    })
}

/// What is learnt, by the responses in the order in which they come: whether each request is
/// compressed, and the statuses of the writes that fail.
#[test]
fn one_failure_is_no_refusal_and_a_proxy_may_come_later() {
    type Row = (&'static [&'static str], usize, Vec<bool>, Vec<u16>);
    const OOPS: &str = "500 Oops";
    const ALL: [bool; 6] = [true; 6];
    let table: [Row; 11] = [
        // Failures of the server itself, each followed by a success: compression stays.
        (&[OOPS, "204"], 3, vec![true, false, true, true], vec![]),
        (
            &[OOPS, "204", OOPS, "204"],
            3,
            vec![true, false, true, false, true],
            vec![],
        ),
        // One that fails on all of them.
        (
            &[OOPS, "204", OOPS, "204", OOPS, "204"],
            5,
            vec![true, false, true, false, true, false, false, false],
            vec![],
        ),
        // Not in a row, nor while it fails on everything.
        (
            &[OOPS, "204", OOPS, "204", "204", OOPS, "204"],
            5,
            vec![true, false, true, false, true, true, true],
            vec![500],
        ),
        (
            &[OOPS, OOPS, OOPS, OOPS, OOPS, OOPS, "204"],
            5,
            vec![true, false, true, false, true, false, true, true],
            vec![500, 500, 500],
        ),
        // A failure and a refusal.
        (
            &[OOPS, "204", "415 No", "204"],
            3,
            vec![true, false, true, false, false],
            vec![],
        ),
        // Once it has read one, a refusal is about the lines, or a failure of its own.
        (&["204", "400 No"], 2, ALL[..2].to_vec(), vec![400]),
        (&["204", OOPS, "204"], 3, ALL[..3].to_vec(), vec![500]),
        // But not if it says that it is about the body's form: a proxy has come between.
        (
            &["204", "415 No", "204"],
            3,
            vec![true, true, false, false],
            vec![],
        ),
        (
            &["204", "411 No", "204"],
            3,
            vec![true, true, false, false],
            vec![],
        ),
        (
            &["204", "501 No", "204"],
            3,
            vec![true, true, false, false],
            vec![],
        ),
    ];
    for (statuses, writes, expected, errors) in table {
        let wire = in_order(statuses);
        let client = client(&wire);
        let failed: Vec<u16> = (0..writes)
            .filter_map(|_| client.write("edge", lines()).err()?.status())
            .collect();
        assert_eq!(failed, errors, "{statuses:?}");
        assert_eq!(compressed(&wire), expected, "{statuses:?}");
    }
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
fn the_writer_emits_it_once_and_rejects_no_line() {
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
