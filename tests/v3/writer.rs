//! The batching writer by `/api/v3/write_lp`, over the mock server.

use crate::common::mock_server::{Fault, Request, Server};
use influx_edge::line::{Lines, Point, ToLine};
use influx_edge::writer::{OverflowPolicy, RejectReason, Rejected, WriterBuilder};
use influx_edge::{Client, Precision, Remedy};
use serde_json::Value as Json;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const SEC: Duration = Duration::from_secs(1);
const TYPES: &str = "invalid column type for column 'temp_c', expected iox::column_type::field::float, got iox::column_type::field::string";

fn client(server: &Server) -> Client {
    let builder = Client::builder(server.url()).token(server.token());
    let builder = builder.timeout(5 * SEC);
    #[cfg(feature = "gzip")]
    let builder = builder.gzip_min_bytes(1);
    builder.build().unwrap()
}

fn writer(server: &Server) -> WriterBuilder {
    client(server).v3("sensors").writer()
}

/// A reading; a bad one has the wrong type.
fn reading(n: usize, bad: bool) -> Point {
    let n = i64::try_from(n).unwrap();
    let point = Point::new("weather").tag("station", format!("zrh-{}", n % 7));
    let point = match bad {
        true => point.field("temp_c", format!("broken \"{n}\"")),
        false => point.field("temp_c", n as f64 / 10.0),
    };
    point.time(influx_edge::Timestamp::from_nanos(n))
}

fn text(point: &Point) -> String {
    let mut enc = influx_edge::Encoder::with_sink(Vec::new());
    point.to_line(&mut enc).unwrap();
    String::from_utf8(enc.as_bytes().trim_ascii_end().to_vec()).unwrap()
}

fn writes(server: &Server) -> Vec<Request> {
    let all = server.requests().into_iter();
    all.filter(|request| request.path() == "/api/v3/write_lp")
        .collect()
}

/// Each with our own text of the whole line, however little of it the server repeats.
fn check_rejected(rejected: &[Rejected], bad: &[usize], reason: RejectReason) {
    assert_eq!(rejected.len(), bad.len());
    for (one, n) in rejected.iter().zip(bad) {
        assert_eq!(one.line, text(&reading(*n, true)));
        assert_eq!((one.bucket.as_str(), one.lines), ("sensors", 1));
        assert_eq!((one.reason, one.message.as_str()), (reason, TYPES));
    }
}

#[test]
fn a_thousand_points_with_three_bad_ones_take_one_request() {
    for bad in [[100, 500, 900], [1, 2, 999], [997, 998, 999]] {
        for threaded in [false, true] {
            let server = Server::v3();
            let mut w = writer(&server).build().unwrap();
            let points = (0..1_000).map(|n| reading(n, bad.contains(&n)));
            let (outcome, rejected) = if threaded {
                let mut handle = w.spawn(OverflowPolicy::Reject).unwrap();
                handle.write_each(points).unwrap();
                let outcome = handle.flush().unwrap();
                (outcome, handle.take_rejected())
            } else {
                w.write_each(points).unwrap();
                let outcome = w.flush().unwrap();
                assert_eq!(w.stats().requests, 1);
                (outcome, w.take_rejected())
            };
            assert_eq!(outcome.delivered, 997, "{outcome}");
            assert_eq!(outcome.rejected.partial, 3, "{outcome}");
            check_rejected(&rejected, &bad, RejectReason::Partial);
            assert_eq!(server.points("sensors").len(), 997);
            // (The thread may have sent a part of them before.)
            let requests = writes(&server);
            assert!(requests.len() <= 2, "{}", requests.len());
            let first = &requests[0];
            assert_eq!(first.query("db").as_deref(), Some("sensors"));
            assert_eq!(first.query("precision").as_deref(), Some("nanosecond"));
            let gzip = cfg!(feature = "gzip").then_some("gzip");
            assert_eq!(first.header("Content-Encoding"), gzip);
            assert_eq!(
                (first.query("accept_partial"), first.query("no_sync")),
                (None, None)
            );
            assert!(first.query("org").is_none());
        }
    }
}

#[test]
fn without_partial_writes_each_named_line_is_removed_and_the_rest_sent() {
    let bad = [100, 500, 900];
    let server = Server::v3();
    let client = client(&server);
    let sensors = client.v3("sensors").accept_partial(false).no_sync(true);
    let mut w = sensors.writer().build().unwrap();
    w.write_each((0..1_000).map(|n| reading(n, bad.contains(&n))))
        .unwrap();
    let outcome = w.flush().unwrap();
    assert_eq!((outcome.delivered, outcome.rejected.refused), (997, 3));
    let rejected = w.take_rejected();
    check_rejected(&rejected, &bad, RejectReason::Refused);
    // The server names one line a request.
    let requests = writes(&server);
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert_eq!(request.query("accept_partial").as_deref(), Some("false"));
        assert_eq!(request.query("no_sync").as_deref(), Some("true"));
    }
    assert_eq!(server.points("sensors").len(), 997);
}

/// Nothing is taken for stored of which the server may have said otherwise.
#[test]
fn a_list_of_bad_lines_longer_than_what_is_read_is_read_in_parts() {
    type IsBad = fn(usize) -> bool;
    let all_bad: IsBad = |_| true;
    let table: [(IsBad, usize); 4] = [
        (|n| n % 2 == 1, 10),
        (|n| n >= 3_000, 10),
        (|n| n > 0 && n < 2_500, 10),
        (all_bad, 20),
    ];
    for (is_bad, most) in table {
        let server = Server::v3();
        // (The first one makes the column.)
        client(&server)
            .v3("sensors")
            .write(reading(1_000_000, false))
            .unwrap();
        let mut w = writer(&server).max_rejected_bytes(8 << 20).build().unwrap();
        w.write_each((0..5_000).map(|n| reading(n, is_bad(n))))
            .unwrap();
        let outcome = w.flush().unwrap();
        let bad: Vec<usize> = (0..5_000).filter(|n| is_bad(*n)).collect();
        assert_eq!(outcome.rejected.partial, bad.len() as u64, "{outcome}");
        assert_eq!(outcome.delivered, 5_000 - bad.len() as u64, "{outcome}");
        let rejected = w.take_rejected();
        check_rejected(&rejected, &bad, RejectReason::Partial);
        assert_eq!(server.points("sensors").len(), 5_001 - bad.len());
        assert!(writes(&server).len() <= most, "{}", writes(&server).len());
    }
}

/// The response to a partial write breaks off, within the words before the list, too.
#[test]
fn a_list_that_is_cut_off_rejects_no_good_line_and_loses_no_bad_one() {
    for bytes in [0, 20, 25, 33, 39, 48, 60, 100, 250, 400, 600] {
        let server = Server::v3();
        let mut w = writer(&server).build().unwrap();
        server.fault(Fault::cut_body(bytes).on("/api/v3/write_lp"));
        w.write_each((0..50).map(|n| reading(n, n == 20 || n == 40)))
            .unwrap();
        // (A pause of 1 s is for a person to wait; here it is asked at once.)
        let outcome = (0..5).find_map(|_| w.flush_within(5 * SEC).ok());
        assert!(outcome.is_some(), "{bytes}: {:?}", w.last_error());
        let stats = w.stats();
        assert_eq!(
            (stats.delivered, stats.rejected.total()),
            (48, 2),
            "{bytes}"
        );
        let rejected = w.take_rejected();
        check_rejected(&rejected, &[20, 40], RejectReason::Partial);
        assert_eq!(server.points("sensors").len(), 48);
    }
}

/// What a server of this kind says of ten points, of which these are bad, by number and text.
fn names(bad: &[(u32, &str)]) -> String {
    let entries = bad.iter().map(|(number, line)| {
        let why = format!("why {number}");
        serde_json::json!({"error_message": why, "line_number": number, "original_line": line})
    });
    let entries: Json = entries.collect();
    // In this order: of a long one only the start is read.
    format!(r#"{{"error":"partial write of line protocol occurred","data":{entries}}}"#)
}

/// A writer of ten points whose first request is responded to with this body.
fn after_partial(server: &Server, body: String) -> influx_edge::Writer {
    let mut w = writer(server).build().unwrap();
    w.write_each((0..10).map(|n| {
        Point::new("t")
            .field("v", n)
            .time(influx_edge::Timestamp::from_secs(n))
    }))
    .unwrap();
    server.fault(
        Fault::status(400)
            .header("Content-Type", "application/json")
            .body(body),
    );
    w
}

#[test]
fn a_line_is_counted_once_however_often_a_server_names_it() {
    let all: Vec<_> = (1..=9).chain([1]).map(|n| (n, "")).collect();
    let partial = "partial write of line protocol occurred";
    // By what is named: the lines, how many of them, and why.
    type Row<'a> = (&'a [(u32, &'a str)], &'a [(&'a str, u64, &'a str)]);
    let table: [Row<'_>; 12] = [
        (&[(3, "t v=2i")], &[("t v=2i", 1, "why 3")]),
        (&[(3, "t v=2i"), (3, "t v=2i")], &[("t v=2i", 1, "why 3")]),
        (&[(3, ""), (3, "t v=2i")], &[("t v=2i", 1, "why 3")]),
        (&[(3, "t v=2i"), (3, "")], &[("t v=2i", 1, "why 3")]),
        (
            &[(3, ""), (5, ""), (3, ""), (5, "")],
            &[("t v=2i", 1, "why 3"), ("t v=4i", 1, "why 5")],
        ),
        // Two lines, whatever the number.
        (
            &[(3, "t v=2i"), (3, "t v=4i 4")],
            &[("t v=2i", 1, "why 3"), ("t v=4i", 1, "why 3")],
        ),
        // Of lines that weren't sent it is unknown which they are; each is counted.
        (&[(11, "x")], &[("", 1, "'x': why 11")]),
        (&[(11, "x"), (11, "x")], &[("", 1, "'x': why 11")]),
        (&[(99, ""), (11, "x"), (99, "")], &[("", 2, partial)]),
        (
            &[(3, "t v=2i"), (11, "x")],
            &[("t v=2i", 1, "why 3"), ("", 1, "'x': why 11")],
        ),
        (
            &[(3, "t v=2i"), (11, "x"), (12, "")],
            &[("t v=2i", 1, "why 3"), ("", 2, partial)],
        ),
        (&all, &[]),
    ];
    for (bad, expected) in table {
        let server = Server::v3();
        let mut w = after_partial(&server, names(bad));
        let outcome = w.flush().unwrap();
        let found = w.take_rejected();
        let count: u64 = found.iter().map(|one| one.lines).sum();
        if bad.len() == 10 {
            // Nine of ten: the tenth is stored.
            assert_eq!((outcome.delivered, count), (1, 9));
            continue;
        }
        assert_eq!(found.len(), expected.len(), "{bad:?}: {found:?}");
        for (one, (line, lines, why)) in found.iter().zip(expected) {
            assert!(one.line.starts_with(line), "{bad:?}: {one:?}");
            assert_eq!(one.line.is_empty(), line.is_empty(), "{bad:?}: {one:?}");
            assert_eq!((one.lines, one.message.as_str()), (*lines, *why), "{bad:?}");
        }
        assert_eq!(outcome.delivered, 10 - count, "{bad:?}: {outcome}");
        assert_eq!(w.stats().requests, 1, "{bad:?}");
    }
}

/// Behind the end of what is read others may be named: only up to the last of our lines is known.
#[test]
fn a_long_list_of_lines_that_were_not_sent_hides_none() {
    let foreign: Vec<_> = (0..2_000).map(|n| (1_000 + n, "another line")).collect();
    for (first, last, sent_again) in [
        (None, None, 10),
        (Some((3, "t v=2i")), None, 7),
        (Some((3, "")), None, 7),
        (Some((9, "t v=8i")), None, 1),
        (Some((10, "t v=9i")), None, 0),
        // What stands behind the end isn't read.
        (Some((3, "t v=2i")), Some((5, "t v=4i")), 7),
    ] {
        let server = Server::v3();
        let bad: Vec<_> = first
            .into_iter()
            .chain(foreign.clone())
            .chain(last)
            .collect();
        let mut w = after_partial(&server, names(&bad));
        // (A pause is for the server to recover; here it is asked at once.)
        let done = (0..5).any(|_| w.flush_within(5 * SEC).is_ok());
        assert!(done, "{first:?}: {:?}", w.last_error());
        let stats = w.stats();
        let rejected = u64::from(first.is_some());
        assert_eq!(
            (stats.delivered, stats.rejected.total()),
            (10 - rejected, rejected),
            "{first:?}"
        );
        assert_eq!(server.points("sensors").len(), sent_again, "{first:?}");
    }
}

#[test]
fn what_no_line_is_to_blame_for_rejects_none() {
    let limit = r#"{"error":"Adding a new database would exceed limit of 5 databases"}"#;
    let table: [(&str, Fault, Remedy); 6] = [
        (
            "unavailable",
            Fault::status(503).body("unavailable"),
            Remedy::Retry,
        ),
        ("unauthorized", Fault::status(401), Remedy::Operator),
        (
            "serde error: unknown variant",
            Fault::status(400).body("serde error: unknown variant `x`, expected one of `auto`"),
            Remedy::Operator,
        ),
        (
            "limit of 5 databases",
            Fault::status(422).body(limit),
            Remedy::Operator,
        ),
        (
            "not found",
            Fault::status(404).body("not found"),
            Remedy::Operator,
        ),
        ("too many requests", Fault::status(429), Remedy::Retry),
    ];
    for (says, fault, remedy) in table {
        let server = Server::v3();
        // (Of a compressed body some of these are taken for what they may be about, and it is sent again.)
        let client = Client::builder(server.url()).token(server.token());
        let client = client.build().unwrap();
        let mut w = client.v3("sensors").writer().build().unwrap();
        w.write_each((0..20).map(|n| reading(n, false))).unwrap();
        server.fault(fault);
        let error = w.flush_within(100 * MS).unwrap_err();
        assert_eq!(error.remedy(), remedy, "{error}");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(w.unsent().count(), 1);
        let (db, Lines { bytes, .. }) = w.unsent().next().unwrap();
        assert_eq!(
            (db, bytes.iter().filter(|b| **b == b'\n').count()),
            ("sensors", 20)
        );
        let outcome = w.flush().unwrap();
        assert_eq!((outcome.delivered, outcome.rejected.total()), (20, 0));
    }
}

/// A name that InfluxDB 3 doesn't take is for a person to correct; an unknown one is made.
#[test]
fn names_of_databases() {
    let server = Server::v3();
    let client = client(&server);
    for name in ["a b", "a/b", "ü", "a&no_sync=true", "a.b"] {
        let mut w = client.v3(name).writer().build().unwrap();
        w.write(reading(1, false)).unwrap();
        let error = w.flush_within(SEC).unwrap_err();
        assert_eq!(error.remedy(), Remedy::Operator, "{error}");
        let words = "must be ASCII, containing only letters, numbers, underscores, or hyphens";
        assert!(error.to_string().contains(words), "{error}");
        let sent = writes(&server).last().unwrap().query("db");
        assert_eq!(sent.as_deref(), Some(name));
        assert!(w.close_within(Duration::ZERO).is_err());
        let error = client.v3(name).write(reading(1, false)).unwrap_err();
        assert!(error.line_errors().is_empty(), "{error}");
    }
    let mut w = client.v3("new-one").writer().build().unwrap();
    w.write(reading(1, false)).unwrap();
    w.write_to("new_two", reading(2, false)).unwrap();
    assert_eq!(w.close().unwrap().delivered, 2);
    let has = |db: &str| server.points(db).len();
    assert_eq!((has("new-one"), has("new_two")), (1, 1));

    let error = client.v3("").writer().build().unwrap_err().to_string();
    assert!(
        error.contains("the name of a bucket or a database"),
        "{error}"
    );
}

#[test]
fn text_of_any_precision_and_the_writers_own_line_go_the_same_way() {
    let server = Server::v3();
    let mut w = writer(&server)
        .report_stats("logger", SEC)
        .default_tag("host", "gw-7")
        .build()
        .unwrap();
    let lines = w.write_lines(
        "# a comment\nt v=1i 60\nt v=bad 61\n\nt v=2i 62\n",
        Precision::Second,
    );
    assert_eq!((lines.accepted, lines.rejected.len()), (2, 1));
    w.poll().unwrap();
    let other = w.write_lines_to("other", "t v=1i 60000\n", Precision::Millisecond);
    assert!(other.is_complete());
    assert!(w.close().unwrap().is_safe());
    assert_eq!(server.points("other")[0].time, 60_000_000_000);
    let all = server.points("sensors");
    assert!(all.iter().any(|point| point.measurement == "logger"));
    assert_eq!(
        all.iter().filter(|point| point.measurement == "t").count(),
        2
    );
    let units: Vec<_> = writes(&server)
        .iter()
        .filter_map(|request| request.query("precision"))
        .collect();
    for unit in ["second", "millisecond", "nanosecond"] {
        assert!(units.iter().any(|sent| sent == unit), "{units:?}");
    }
}

#[cfg(feature = "spool")]
mod spooled {
    use super::{SEC, Server, check_rejected, reading, writer, writes};
    use crate::common::temp_dir::TempDir;
    use crate::common::wire::closed_port;
    use influx_edge::spool::{Batch, ServerKind, Target};
    use influx_edge::writer::{OverflowPolicy, RejectReason};
    use influx_edge::{Client, Precision, Spool};
    use std::path::Path;

    /// A writer that reaches nobody leaves its points, two of them bad, in this directory.
    fn leave(dir: &Path, threaded: bool) {
        let client = Client::builder(closed_port()).org("acme").build().unwrap();
        let spool = Spool::open(dir).unwrap();
        let mut w = client.v3("sensors").writer().spool(spool).build().unwrap();
        let points = (0..100).map(|n| reading(n, n == 30 || n == 60));
        let outcome = if threaded {
            let mut handle = w.spawn(OverflowPolicy::Reject).unwrap();
            handle.write_each(points).unwrap();
            handle.close().unwrap()
        } else {
            w.write_each(points).unwrap();
            w.close().unwrap()
        };
        assert_eq!(outcome.spooled, 100, "{outcome}");
    }

    #[test]
    fn batches_carry_their_kind_of_server_and_go_there_only() {
        for threaded in [false, true] {
            let dir = TempDir::new("v3");
            leave(dir.path(), threaded);
            let spool = Spool::open(dir.path()).unwrap();
            let own = Target::new("", "sensors").unwrap();
            let own = own.for_server(ServerKind::V3);
            assert_eq!(spool.targets(), std::slice::from_ref(&own));

            // A writer of 2.x: another server, the same name.
            let v2 = Server::start();
            let client = Client::builder(v2.url()).org(v2.org()).token(v2.token());
            let mut w = client
                .build()
                .unwrap()
                .writer("sensors")
                .spool(spool)
                .build()
                .unwrap();
            w.write(reading(1_000, false)).unwrap();
            assert_eq!(w.stats().foreign, 100);
            assert_eq!(w.close().unwrap().delivered, 1);
            assert_eq!(v2.points("sensors").len(), 1);
            let spool = Spool::open(dir.path()).unwrap();
            assert_eq!(spool.targets(), std::slice::from_ref(&own));
            assert_eq!(spool.backlog(&own).points, 100);

            // Whatever organization the client has: InfluxDB 3 has none.
            let server = Server::v3();
            let client = Client::builder(server.url()).token(server.token()).org("x");
            let client = client.build().unwrap();
            let mut w = client.v3("sensors").writer().spool(spool).build().unwrap();
            assert_eq!((w.stats().foreign, w.stats().recovered), (0, 100));
            let outcome = w.flush().unwrap();
            assert_eq!(
                (outcome.delivered, outcome.rejected.partial),
                (98, 2),
                "{outcome}"
            );
            let rejected = w.take_rejected();
            check_rejected(&rejected, &[30, 60], RejectReason::Partial);
            assert_eq!(server.points("sensors").len(), 98);
            // (The two bad ones are kept on disk, too.)
            assert!(w.spool().unwrap().targets().is_empty());
            drop(w);
        }
    }

    #[test]
    fn a_backlog_of_the_server_before_is_sent_when_adopted() {
        for adopts in [false, true] {
            let dir = TempDir::new("v3");
            let mut spool = Spool::open(dir.path()).unwrap();
            for (org, kind) in [
                ("acme", ServerKind::V2),
                ("", ServerKind::V2),
                ("acme", ServerKind::V3),
                ("", ServerKind::V3),
            ] {
                let target = Target::new(org, "sensors").unwrap().for_server(kind);
                let line = format!(
                    "t org=\"{org}\",kind=\"{kind:?}\" {}\n",
                    spool.stats().points
                );
                let batch = Batch::new(&target, Precision::Nanosecond, 1, line.as_bytes());
                spool.append(batch).unwrap();
            }
            let server = Server::v3();
            let w = writer(&server).spool(spool);
            let w = if adopts { w.adopt_all() } else { w };
            let mut w = w.build().unwrap();
            let ours = if adopts { 4 } else { 1 };
            assert_eq!(w.stats().foreign, 4 - ours);
            while w.stats().delivered < ours {
                let _ = w.flush_within(5 * SEC).unwrap();
            }
            assert_eq!((w.stats().foreign, w.stats().spooled), (4 - ours, 0));
            assert!(
                writes(&server)
                    .iter()
                    .all(|r| r.query("db").as_deref() == Some("sensors"))
            );
        }
    }
}
