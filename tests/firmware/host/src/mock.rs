//! The firmware against the mock server, with faults of the server and of the connection.

use crate::emulator::{self, Run};
use crate::mock_server::{Fault, Point, Server, Value};
use crate::readings::{READINGS, Reading, expected};
use crate::relay::LinkFault;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

/// The server's clock, as its `Date` says it.
const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
const CLOCK: i64 = 1_700_000_000;

const WRITE: &str = "/api/v2/write";
const STATION: &str = "zrh-1";

/// The largest part of the stack that the connection, its parser and a query may take.
const STACK_LIMIT: i64 = 2048;

/// One of each fault: the readings, each once, and nothing else; the newest value read back; the
/// clock set; and an account that says so. Returns whether the stack was deep enough.
pub(crate) fn faults(firmware: &Path) -> Result<bool, Box<dyn Error>> {
    let server = server();
    let served = || Fault::slow(Duration::ZERO).on(WRITE);
    for fault in [
        served(),
        Fault::status(503).header("Retry-After", "1").on(WRITE),
        served(),
        Fault::lost_response().on(WRITE),
        served(),
        Fault::cut(20).on(WRITE),
        served(),
        Fault::hang_up().on(WRITE),
    ] {
        server.fault(fault);
    }
    // The first connection is refused, three are closed by the server, and one is cut in the middle of a
    // request.
    let mut script = vec![LinkFault::None; 5];
    script[0] = LinkFault::Refused;
    script[4] = LinkFault::CutAfter(3000);
    // A line that the station was handed as text, which the server refuses with status 400.
    let run = run(firmware, &server, script, &["bad=85"])?;
    readings_are_there(&server, &run);
    println!("faults: {}", summary(&run));

    assert_eq!(run.number("rejected"), 1, "{run:#?}");
    assert_eq!(run.number("dropped"), 0, "{run:#?}");
    assert_eq!(run.number("buffered"), 0, "{run:#?}");
    // The fourth batch begins with reading 75, and the line was in its first request.
    assert_eq!(run.number("line_error"), 11, "{run:#?}");
    let bad = server
        .requests()
        .iter()
        .filter(|r| r.text().contains("celsius=?"))
        .count();
    assert_eq!(bad, 1, "the bad line was sent {bad} times");
    assert_eq!((run.modem.refused, run.modem.cut), (1, 1), "{run:#?}");
    assert_eq!(run.modem.opened, 5, "{run:#?}");
    assert_eq!(run.number("connections"), 5, "{run:#?}");
    // By the board's clock, and by this machine's.
    assert!(run.number("waited_ms") >= 1000, "{run:#?}");
    assert!(run.took >= Duration::from_secs(1), "{run:#?}");

    let stack = ["ping", "write", "query"].map(|call| run.number(&format!("stack_{call}")));
    println!(
        "stack: {} bytes for a ping, {} for a write, {} for a query, at most {STACK_LIMIT}; \
         {} of the board's were never used",
        stack[0],
        stack[1],
        stack[2],
        run.number("stack_free")
    );
    Ok(stack
        .iter()
        .all(|bytes| (257..=STACK_LIMIT).contains(bytes)))
}

/// Nothing goes wrong: one connection, and one request for each batch.
pub(crate) fn keep_alive(firmware: &Path) -> Result<usize, Box<dyn Error>> {
    let server = server();
    let run = run(firmware, &server, Vec::new(), &[])?;
    readings_are_there(&server, &run);
    println!("keep-alive: {}", summary(&run));
    assert_eq!(server.connections(), 1, "{run:#?}");
    let writes = server
        .requests()
        .iter()
        .filter(|r| r.path() == WRITE)
        .count();
    assert_eq!(writes, usize::try_from(run.number("batches"))?, "{run:#?}");
    assert!((4..=40).contains(&writes), "{run:#?}");
    assert_eq!(run.modem.dropped, 0, "{run:#?}");
    Ok(run.modem.sent)
}

/// Three connections, each cut at some byte of what an undisturbed run sends.
pub(crate) fn cuts(firmware: &Path, sent: usize) -> Result<(), Box<dyn Error>> {
    let runs = from_env("INFLUX_EDGE_FIRMWARE_RUNS", 8);
    let seed = from_env("INFLUX_EDGE_SEED", 20_260_101);
    let mut random = Random(seed);
    println!("cuts: {runs} runs from seed {seed}");
    for _ in 0..runs {
        let server = server();
        let at: Vec<usize> = (0..3).map(|_| 1 + random.below(sent / 3)).collect();
        let script = at.iter().map(|at| LinkFault::CutAfter(*at)).collect();
        println!("  cut after {at:?}");
        let run = run(firmware, &server, script, &[])?;
        readings_are_there(&server, &run);
        assert_eq!(run.modem.cut, 3, "{run:#?}");
    }
    Ok(())
}

/// A server that doesn't respond: the board gives up by its own clock, and begins again.
pub(crate) fn silence(firmware: &Path) -> Result<(), Box<dyn Error>> {
    let server = server();
    server.fault(Fault::slow(Duration::ZERO).on(WRITE));
    server.fault(Fault::slow(Duration::from_secs(5)).on(WRITE));
    let run = run(firmware, &server, Vec::new(), &["limit=1500"])?;
    readings_are_there(&server, &run);
    println!("silence: {}", summary(&run));
    assert!(run.number("connections") >= 2, "{run:#?}");
    assert!(run.took >= Duration::from_millis(1500), "{run:#?}");
    Ok(())
}

fn server() -> Server {
    let server = Server::start();
    server.fault(Fault::status(204).header("Date", DATE).on("/ping"));
    server
}

fn run(
    firmware: &Path,
    server: &Server,
    script: Vec<LinkFault>,
    more: &[&str],
) -> Result<Run, Box<dyn Error>> {
    let url = server.url();
    let address = url.trim_start_matches("http://");
    let mut arguments = vec![
        "api=v2".to_owned(),
        "query=yes".to_owned(),
        format!("host={address}"),
        format!("org={}", server.org()),
        format!("bucket={}", server.bucket()),
        format!("token={}", server.token()),
        format!("station={STATION}"),
    ];
    arguments.extend(more.iter().map(|&text| text.to_owned()));
    Ok(emulator::run(
        firmware,
        address.parse()?,
        script,
        &arguments,
    )?)
}

/// What is stored is what the station took, and its account says the same.
fn readings_are_there(server: &Server, run: &Run) {
    assert_eq!(run.number("clock"), CLOCK, "{run:#?}");
    let first = run.number("first");
    assert!(first <= CLOCK, "{run:#?}");
    let points = server.points(server.bucket());
    let expected = expected(first);
    assert_eq!(
        column(&points, "temp_c"),
        pairs(&expected, |r| Value::Float(r.celsius))
    );
    assert_eq!(
        column(&points, "pulses"),
        pairs(&expected, |r| Value::Integer(r.pulses))
    );
    assert_eq!(points.len(), 2 * expected.len(), "{points:?}");

    assert_eq!(run.number("delivered"), i64::from(READINGS), "{run:#?}");
    let newest = expected.last().map(|reading| reading.celsius.to_string());
    assert_eq!(Some(run.text("newest")), newest.as_deref(), "{run:#?}");
    // The clock goes on from `Date`.
    let now = run.number("now");
    assert!((CLOCK..CLOCK + 120).contains(&now), "{run:#?}");
}

/// Times in nanoseconds, and values.
fn pairs(readings: &[Reading], value: fn(&Reading) -> Value) -> Vec<(i64, Value)> {
    let all = readings.iter();
    all.map(|reading| (reading.time * 1_000_000_000, value(reading)))
        .collect()
}

fn column(points: &[Point], field: &str) -> Vec<(i64, Value)> {
    let tags = [("station".to_owned(), STATION.to_owned())];
    let found = points.iter().filter(|point| {
        point.measurement == "weather" && point.tags == tags && point.field == field
    });
    found
        .map(|point| (point.time, point.value.clone()))
        .collect()
}

fn summary(run: &Run) -> String {
    format!(
        "{READINGS} readings in {} ms, {} bytes sent, connections opened: {}",
        run.took.as_millis(),
        run.modem.sent,
        run.modem.opened
    )
}

fn from_env(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap_or(0) % limit.max(1)
    }
}
