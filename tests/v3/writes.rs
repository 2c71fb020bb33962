//! Writes by `/api/v3/write_lp`, over the mock server: what each response means for the lines.

use crate::common::mock_server::{Fault, Server};
use influx_edge::client::RetryPolicy;
use influx_edge::line::{Lines, Point};
use influx_edge::{Client, Error, Precision, Remedy, Stored};
use std::time::Duration;

const PATH: &str = "/api/v3/write_lp";
const GOOD: &str = "weather,station=zrh-1 temp_c=1 1\n";
const NO_FIELDS: &str = "No fields were provided";

fn client(server: &Server, retry: u32) -> Client {
    let ms = Duration::from_millis(1);
    let policy = RetryPolicy {
        max_retries: retry,
        interval: ms,
        max_interval: 5 * ms,
        ..RetryPolicy::default()
    };
    let builder = Client::builder(server.url()).token(server.token());
    builder.retry(policy).build().unwrap()
}

/// The numbers, the lines and the beginnings of the reasons.
fn named(error: &Error) -> Vec<(u32, &str, &str)> {
    let lines = error.line_errors().iter();
    lines
        .map(|one| {
            let reason = one.reason.split(" for column").next().unwrap();
            (one.number.unwrap(), one.line.as_str(), reason)
        })
        .collect()
}

/// Each line by its number, with our own text: the server repeats twenty characters.
#[test]
fn bad_lines_have_their_numbers_and_our_own_text() {
    const TYPE: &str = "invalid column type";
    let long = "weather,station=of\\ a\\ long\\ name,site=north temp_c=\"twenty, and more\" 7";
    let text = "weather,station=zrh-1 temp_c=\"a\nb\",note=\"of two lines\" 8";
    type Named<'a> = (u32, &'a str, &'a str);
    let table: [(String, &[Named<'_>], Stored); 7] = [
        (
            format!("{GOOD}{long}\n{GOOD}"),
            &[(2, long, TYPE)],
            Stored::Partial,
        ),
        (
            format!("{GOOD}{text}\nbad line\n"),
            &[(2, text, TYPE), (3, "bad line", NO_FIELDS)],
            Stored::Partial,
        ),
        // Comments and empty lines count for us, and not for the server.
        (
            format!("# comment\n{GOOD}\nbad line\n#\n{long}"),
            &[(4, "bad line", NO_FIELDS), (6, long, TYPE)],
            Stored::Partial,
        ),
        (
            format!("bad line\r\n{GOOD}"),
            &[(1, "bad line", NO_FIELDS)],
            Stored::Partial,
        ),
        (
            "bad line\nalso bad\n".into(),
            &[(1, "bad line", NO_FIELDS), (2, "also bad", NO_FIELDS)],
            Stored::None,
        ),
        (
            format!("{GOOD}schöner Ort,a=b\n"),
            &[(2, "schöner Ort,a=b", NO_FIELDS)],
            Stored::Partial,
        ),
        (
            format!("{GOOD}same as\n{GOOD}same as\n"),
            &[(2, "same as", NO_FIELDS), (4, "same as", NO_FIELDS)],
            Stored::Partial,
        ),
    ];
    for gzip in [false, true] {
        for (lines, expected, stored) in &table {
            let server = Server::v3();
            let builder = Client::builder(server.url()).token(server.token());
            #[cfg(feature = "gzip")]
            let builder = builder.gzip_min_bytes(if gzip { 1 } else { usize::MAX });
            let client = builder.build().unwrap();
            let sensors = client.v3("sensors");
            sensors.write(GOOD).unwrap();
            let error = sensors.write(lines.as_str()).unwrap_err();
            assert_eq!(named(&error), *expected, "{lines:?}");
            assert_eq!(error.stored(), *stored, "{lines:?}");
            assert!(!error.is_retryable());
            let response = error.response().unwrap();
            assert_eq!(response.dropped(), Some(expected.len() as u64));
            let sent = server.requests();
            assert_eq!(sent.len(), 2);
            let gzipped = sent[1].header("Content-Encoding") == Some("gzip");
            assert_eq!(gzipped, gzip && cfg!(feature = "gzip"));

            // Nothing is stored, and the first one is named.
            let strict = sensors.accept_partial(false);
            let error = strict.write(lines.as_str()).unwrap_err();
            assert_eq!(named(&error), expected[..1], "{lines:?}");
            assert_eq!(error.stored(), Stored::None);
            assert_eq!(error.remedy(), Remedy::RemoveBadLines);
        }
    }
}

#[test]
fn each_status_means_what_it_does_elsewhere() {
    let full = r#"{"error":"Adding a new database would exceed limit of 5 databases"}"#;
    let table: [(Fault, Stored, Remedy, bool); 9] = [
        (
            Fault::status(503).header("Retry-After", "0"),
            Stored::Unknown,
            Remedy::Retry,
            true,
        ),
        (Fault::status(429), Stored::None, Remedy::Retry, true),
        (Fault::hang_up(), Stored::Unknown, Remedy::Retry, true),
        (Fault::lost_response(), Stored::Unknown, Remedy::Retry, true),
        (Fault::status(401), Stored::None, Remedy::Operator, false),
        (
            Fault::status(422).body(full),
            Stored::None,
            Remedy::Operator,
            false,
        ),
        (Fault::status(413), Stored::None, Remedy::Split, false),
        (
            Fault::status(400).body("serde error: missing field `db`"),
            Stored::None,
            Remedy::Operator,
            false,
        ),
        (
            Fault::status(200).body("<html>a portal</html>"),
            Stored::Unknown,
            Remedy::Operator,
            false,
        ),
    ];
    for (fault, stored, remedy, retried) in table {
        let server = Server::v3();
        // (A connection that dies is replaced once in any case, if it was used before.)
        server.fault(fault.clone().on(PATH).times(2));
        let error = client(&server, 0).v3("sensors").write(GOOD).unwrap_err();
        assert_eq!(
            (error.stored(), error.remedy()),
            (stored, remedy),
            "{error}"
        );
        assert!(error.line_errors().is_empty());

        let server = Server::v3();
        server.fault(fault.on(PATH).times(2));
        let written = client(&server, 5).v3("sensors").write(GOOD);
        assert_eq!(written.is_ok(), retried, "{written:?}");
        assert_eq!(server.points("sensors").len(), usize::from(retried));
    }
}

#[test]
fn whatever_a_client_writes_with_its_precision() {
    let server = Server::v3();
    let client = client(&server, 0);
    let sensors = client.v3("sensors");
    let unit = |precision| Lines {
        bytes: b"t v=1 7\n",
        precision,
    };
    sensors.write("t v=1 1").unwrap();
    sensors.write(["t v=1 2", "t v=1 3"]).unwrap();
    let point = Point::new("t").field("v", 1.0);
    sensors
        .write(point.clone().time(influx_edge::Timestamp::from_nanos(4)))
        .unwrap();
    sensors
        .write([point.time(influx_edge::Timestamp::from_nanos(5))])
        .unwrap();
    sensors.write("").unwrap();
    for precision in [
        Precision::Nanosecond,
        Precision::Microsecond,
        Precision::Millisecond,
        Precision::Second,
    ] {
        sensors.write(unit(precision)).unwrap();
    }
    let times: Vec<i64> = server.points("sensors").iter().map(|p| p.time).collect();
    assert_eq!(times, [1, 2, 3, 4, 5, 7, 7_000, 7_000_000, 7_000_000_000]);
    let refused = sensors
        .write(Point::new("t").field("a\u{85}", 1))
        .unwrap_err();
    assert!(
        refused.to_string().contains("control character 0x85"),
        "{refused}"
    );
    assert_eq!(
        server.requests().len(),
        8,
        "nothing was sent for it, or for nothing"
    );
}

/// A key that the encoder refuses is refused by the server, too, and only that line.
#[test]
fn the_server_refuses_the_keys_that_the_encoder_does() {
    let server = Server::v3();
    let client = client(&server, 0);
    for c in ['\u{80}', '\u{85}', '\u{9f}', '\u{a0}'] {
        for line in [format!("t,k{c}=x v=1 1"), format!("t v=1,k{c}=2 1")] {
            let written = client.v3("sensors").write(format!("{line}\n{GOOD}"));
            match written {
                Ok(()) => assert_eq!(c, '\u{a0}'),
                Err(error) => {
                    assert_eq!(error.line_errors()[0].line, line);
                    assert_eq!(error.stored(), Stored::Partial);
                }
            }
        }
        client
            .v3("sensors")
            .write(format!("t{c},k=x{c} s=\"{c}\" 2"))
            .unwrap();
    }
}
