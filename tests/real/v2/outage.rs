//! The writer with a spool, while the way to the server comes and goes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use influx_edge::Client;
use influx_edge::client::RetryPolicy;
use influx_edge::line::Point;
use influx_edge::spool::{Mode, Spool};
use influx_edge::writer::{Writer, WriterBuilder};

use super::T;
use super::place::{Place, unique};
use super::relay::Relay;

struct Dir(PathBuf);

impl Dir {
    fn new() -> Dir {
        let name = unique("spool").replace(' ', "-");
        Dir(std::env::temp_dir().join(name))
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // What the disk has seen is the lines, never what opens the server.
        if !std::thread::panicking() {
            crate::common::watch::watch(&std::env::var("INFLUXDB_V2_TOKEN").unwrap());
            crate::common::watch::no_secret_in(&self.0);
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn point(n: i64) -> Point {
    Point::new("m")
        .tag("series", if n % 2 == 0 { "even" } else { "odd" })
        .field("v", n)
        .time(influx_edge::Timestamp::from_nanos(T + n))
}

/// Each point once, with its own value.
fn all_there(place: &Place, points: i64) {
    let flux = r#"from(bucket: "b") |> range(start: 2023-11-14T00:00:00Z, stop: 2023-11-15T00:00:00Z)
        |> filter(fn: (r) => r._measurement == "m") |> group() |> sort(columns: ["_time"])"#;
    let mut rows = place.client.query(flux).call().unwrap();
    for n in 0..points {
        let row = rows
            .next()
            .unwrap()
            .unwrap_or_else(|| panic!("point {n} is missing"));
        assert_eq!(row.get::<i64>("_value").unwrap(), n);
        assert_eq!(
            row.get::<influx_edge::Timestamp>("_time")
                .unwrap()
                .as_nanos(),
            T + n
        );
    }
    assert!(rows.next().unwrap().is_none(), "a point that nobody wrote");
}

fn writer(place: &Place, relay: &Relay, dir: &Dir, mode: Mode) -> Writer {
    let token = std::env::var("INFLUXDB_V2_TOKEN").unwrap();
    let client = Client::builder(relay.url())
        .org_id(place.org.id.as_str())
        .token(token)
        .timeout(Duration::from_secs(5));
    let client = crate::common::gzip::forced(client).build().unwrap();
    let spool = Spool::builder(&dir.0).mode(mode).open().unwrap();
    quick(client.writer("b")).spool(spool).build().unwrap()
}

fn quick(writer: WriterBuilder) -> WriterBuilder {
    writer.batch_lines(50).retry(RetryPolicy {
        interval: Duration::from_millis(20),
        max_interval: Duration::from_millis(200),
        ..RetryPolicy::default()
    })
}

/// Polls until everything is delivered.
fn drain(writer: &mut Writer) {
    let end = Instant::now() + Duration::from_secs(60);
    while writer.stats().spooled + writer.stats().buffered > 0 {
        assert!(
            Instant::now() < end,
            "{:?}: {:?}",
            writer.stats(),
            writer.last_error()
        );
        let wait = writer.poll().unwrap();
        std::thread::sleep(wait.min(Duration::from_millis(50)));
    }
}

#[test]
fn an_outage_and_another_life_lose_nothing() {
    for mode in [Mode::OnFailure, Mode::WriteAhead] {
        let Some(place) = Place::new("outage") else {
            return;
        };
        let (relay, dir) = (Relay::start(&place.url), Dir::new());
        let mut next = 0;
        let mut write = |writer: &mut Writer, count: i64| {
            for n in next..next + count {
                writer.write(point(n)).unwrap();
            }
            next += count;
        };
        // The server is there, goes away, and the program ends meanwhile.
        let mut first = writer(&place, &relay, &dir, mode);
        write(&mut first, 500);
        assert_eq!(first.flush().unwrap().delivered, 500);
        relay.shut();
        write(&mut first, 1_000);
        let _ = first.flush().unwrap();
        let stats = first.stats();
        assert_eq!(
            (stats.spooled, stats.buffered, stats.dropped.total()),
            (1_000, 0, 0)
        );
        assert!(stats.is_balanced(), "{stats:?}");
        assert!(first.last_error().unwrap().is_transport());
        let _ = first.close().unwrap();

        // Another life finds it, and the server comes back in the middle of its work.
        let mut second = writer(&place, &relay, &dir, mode);
        assert_eq!(second.stats().recovered, 1_000);
        write(&mut second, 300);
        second.poll().unwrap();
        relay.reopen();
        write(&mut second, 200);
        drain(&mut second);
        // Gone and back, again and again, while it writes.
        for _ in 0..5 {
            write(&mut second, 170);
            relay.shut();
            write(&mut second, 130);
            relay.reopen();
            second.poll().unwrap();
        }
        let _ = second.flush().unwrap();
        drain(&mut second);
        let stats = second.stats();
        assert!(
            stats.is_balanced() && stats.dropped.total() == 0,
            "{stats:?}"
        );
        assert_eq!(stats.rejected.total(), 0, "{stats:?}");
        let _ = second.close().unwrap();
        all_there(&place, next);
    }
}

/// Lines of another type among hundreds of good ones: they are told, the others are there.
#[test]
fn rejected_lines_are_reported_and_hold_nothing_up() {
    let Some(place) = Place::new("refused") else {
        return;
    };
    let (relay, dir) = (Relay::start(&place.url), Dir::new());
    let mut w = writer(&place, &relay, &dir, Mode::OnFailure);
    w.write(point(0)).unwrap();
    let _ = w.flush().unwrap();
    relay.shut();
    for n in 1..400 {
        w.write(point(n)).unwrap();
        if n == 100 || n == 200 {
            // Another type than the field has.
            let conflict = Point::new("m").tag("series", "even").field("v", "text");
            w.write(conflict.time(influx_edge::Timestamp::from_nanos(T + n)))
                .unwrap();
        }
    }
    let _ = w.flush().unwrap();
    relay.reopen();
    drain(&mut w);
    let stats = w.stats();
    assert!(
        stats.is_balanced() && stats.dropped.total() == 0,
        "{stats:?}"
    );
    assert_eq!((stats.rejected.partial, stats.rejected.total()), (2, 2));
    let reasons: Vec<_> = w
        .take_rejected()
        .into_iter()
        .map(|one| one.reason)
        .collect();
    assert!(!reasons.is_empty());
    assert_eq!(stats.delivered, 400);
    let _ = w.close().unwrap();
    all_there(&place, 400);
}
