//! A backlog over a thin link: points delivered in a second, and bytes on the link for each.
//!
//! `cargo run --release --manifest-path benches/link/Cargo.toml`, or
//! `… -- POINTS BYTES_PER_SECOND ROUND_TRIP_MS CUTS`. Without arguments 100 000 points of noisy sensors
//! over 256 kbit/s, 300 ms of round trip, and of a hundred exchanges one is cut. The others, whose rate
//! doesn't depend on it, have a tenth of the points.
//!
//! *reached* is what part of the points came through that the link could have carried in that time, at
//! the size that the client gave them.

mod relay;
mod sink;

use influx_edge::{Client, Precision, Spool};
use relay::{Relay, Shape};
use std::time::{Duration, Instant};

/// Lines of a request of the others.
const BATCH: usize = 5_000;

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let mut next = |default| args.next().map_or(default, |n| n.expect("a number"));
    let points = next(100_000) as usize;
    let shape = Shape {
        rate: next(32_000),
        round_trip: Duration::from_millis(next(300)),
        cuts: next(100),
    };
    let lines = noisy(points);
    let raw = lines.iter().map(String::len).sum::<usize>() as f64 / points as f64;
    println!(
        "{points} points of {raw:.1} bytes, {} bytes a second, {:?} round trip, one of {} exchanges cut\n",
        shape.rate, shape.round_trip, shape.cuts
    );
    println!("| | points a second | bytes a point | requests | reached |");
    println!("|---|---|---|---|---|");
    let few = &lines[..(points / 10).max(1).min(points)];
    run(
        "influx-edge, compressed as by default",
        &lines,
        shape,
        |url| ours(url, &lines, 1024),
    );
    run("influx-edge, uncompressed", few, shape, |url| {
        ours(url, few, usize::MAX)
    });
    run("a loop over ureq", few, shape, |url| by_ureq(url, few));
    run("influxdb2", few, shape, |url| by_influxdb2(url, few));
}

/// Eight stations whose temperature and humidity wander, read at no exact time.
fn noisy(points: usize) -> Vec<String> {
    let mut state = 88_172_645_463_325_252u64;
    let mut random = move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    };
    let mut values = [(21.5f64, 40.25f64); 8];
    let mut line = |n: usize| {
        let mut noise = || {
            (0..12)
                .map(|_| random() as f64 / (1u64 << 53) as f64)
                .sum::<f64>()
                - 6.0
        };
        let (temp, hum) = &mut values[n % 8];
        *temp += noise() * 0.05;
        *hum += noise() * 0.1;
        let (temp, hum) = (*temp, *hum);
        let at = 1_700_000_000_000_000_000
            + (n as u64 / 8) * 1_000_000_000
            + random() % 1_000_000 * 1_000;
        format!(
            "weather,station=zrh-{} temp_c={temp:.2},hum_pct={hum:.3},n={}i {at}\n",
            n % 8,
            n % 8
        )
    };
    (0..points).map(&mut line).collect()
}

/// Runs a client against a server behind a link of its own, and prints its row.
fn run(name: &str, lines: &[String], shape: Shape, client: impl FnOnce(&str) -> Instant) {
    let (addr, stored) = sink::start();
    let relay = Relay::start(addr, shape);
    let start = client(&relay.url);
    let stored = stored.lock().unwrap();
    assert_eq!(stored.lines(), lines.len(), "{name}: some are missing");
    let took = (stored.last.unwrap() - start).as_secs_f64();
    let points = lines.len() as f64;
    let size = stored.body_bytes as f64 / stored.received as f64;
    let ideal = points * size / shape.rate as f64;
    println!(
        "| {name} | {:.0} | {:.1} | {} | {:.0} % |",
        points / took,
        relay.bytes() as f64 / points,
        stored.requests,
        100.0 * ideal / took
    );
}

/// A writer with a spool, which has filled while the server was away. Returns when it began to send.
fn ours(url: &str, lines: &[String], gzip_min_bytes: usize) -> Instant {
    let dir = std::env::temp_dir().join(format!("influx-edge-link-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    let writer = |url: &str| {
        let client = Client::builder(url).org("acme").token("no-token");
        let client = client.gzip_min_bytes(gzip_min_bytes).build().unwrap();
        let spool = Spool::open(&dir).unwrap();
        client.writer("sensors").spool(spool).build().unwrap()
    };
    // Where nobody listens.
    let away = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut w = writer(&format!("http://{away}"));
    for line in lines {
        let outcome = w.write_lines(line, Precision::Nanosecond);
        assert_eq!(outcome.accepted, 1);
    }
    let _ = w.close_within(Duration::from_millis(100));
    let w = writer(url);
    assert_eq!(w.stats().spooled, lines.len() as u64);
    let start = Instant::now();
    let handle = w.spawn(influx_edge::OverflowPolicy::Reject).unwrap();
    while handle.stats().delivered < lines.len() as u64 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = handle.close().unwrap();
    let _ = std::fs::remove_dir_all(&dir);
    start
}

fn by_ureq(url: &str, lines: &[String]) -> Instant {
    let agent = ureq::Agent::new_with_defaults();
    let url = format!("{url}/api/v2/write?org=acme&bucket=sensors");
    let start = Instant::now();
    for batch in lines.chunks(BATCH) {
        let body = batch.concat();
        while let Err(error) = agent.post(&url).send(body.as_bytes()) {
            eprintln!("ureq: {error}");
        }
    }
    start
}

fn by_influxdb2(url: &str, lines: &[String]) -> Instant {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = influxdb2::Client::new(url, "acme", "no-token");
    let start = Instant::now();
    for batch in lines.chunks(BATCH) {
        let body = batch.concat();
        while let Err(error) =
            runtime.block_on(client.write_line_protocol("acme", "sensors", body.clone()))
        {
            eprintln!("influxdb2: {error}");
        }
    }
    start
}
