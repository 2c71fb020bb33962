//! A gateway: reads its sensors, writes their values, and reports the outcome of every point.
//!
//! `cargo run --example gateway` needs nothing: it starts a mock server, takes it away after
//! five seconds and brings it back after ten. With `INFLUXDB_V2_URL`, `INFLUXDB_V2_TOKEN`,
//! `INFLUXDB_V2_ORG` and `INFLUXDB_V2_BUCKET` set (the last is `sensors` if not) it writes to that
//! server instead. `SECONDS=15` ends it; so does Ctrl-C.
//!
//! One loop, no thread: the sensors are read ten times a second, and the rest of the time belongs
//! to `run_until`. What can't be delivered waits on disk (`SPOOL=directory`, else a directory that goes
//! away with the example), so that also a restart loses nothing.

#[path = "common/say.rs"]
#[macro_use]
mod say;

#[path = "gateway/sensors.rs"]
mod sensors;
#[path = "gateway/switch.rs"]
mod switch;

use influx_edge::client::RetryPolicy;
use influx_edge::writer::{Event, Stats, Writer};
use influx_edge::{Client, Error, Precision, Spool, Timestamp};
use sensors::Sensors;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};
use switch::Demo;

/// Longer than the server takes for a request: what a tick cuts off is sent again in the next.
const TICK: Duration = Duration::from_millis(100);

fn main() -> Result<(), Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let ring = Arc::clone(&stop);
    // A second Ctrl-C ends the program at once.
    let handled = ctrlc::set_handler(move || {
        if ring.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    if let Err(e) = handled {
        eprintln!("Ctrl-C can't be caught: {e}");
    }

    let mut demo = None;
    let client = if std::env::var_os("INFLUXDB_V2_URL").is_some() {
        Client::from_env()?
    } else {
        let demo = demo.insert(Demo::start());
        Client::builder(demo.url())
            .org(demo.org())
            .token(demo.token())
            .build()?
    };
    let bucket = std::env::var("INFLUXDB_V2_BUCKET").unwrap_or_else(|_| "sensors".to_owned());
    let own_spool = std::env::temp_dir().join(format!("gateway-{}", std::process::id()));
    let spool = std::env::var_os("SPOOL").map_or_else(|| own_spool.clone(), PathBuf::from);

    let mut w = client
        .writer(bucket)
        .precision(Precision::Millisecond)
        .default_tag("host", hostname().as_str())
        .flush_interval(Duration::from_secs(1))
        // A short patience, for a demonstration. The default goes up to five minutes.
        .retry(RetryPolicy {
            interval: Duration::from_millis(500),
            max_interval: Duration::from_secs(5),
            ..RetryPolicy::unbounded()
        })
        .spool(Spool::open(&spool)?)
        .on_event(tell)
        .build()?;
    mention!("writing to {}, spool in {}", client.url(), spool.display());

    let mut sensors = Sensors::find();
    mention!("sensors: {}", sensors.names());
    let end = std::env::var("SECONDS").ok().and_then(|s| s.parse().ok());
    let start = Instant::now();
    let mut status = Status::new(start);
    let mut next = start;
    while !stop.load(Ordering::Relaxed) {
        if end.is_some_and(|seconds| start.elapsed() >= Duration::from_secs(seconds)) {
            break;
        }
        if let Some(demo) = &mut demo {
            demo.act(start.elapsed());
        }
        // A gateway doesn't stop for one reading that can't be written.
        match Timestamp::try_from(SystemTime::now()) {
            Ok(now) => sensors.read(&mut w, now),
            Err(_) => eprintln!("\nthe clock shows an impossible time"),
        }
        // The tick's rest: what is due is sent, then there is nothing to do.
        next += TICK;
        w.run_until(next)?;
        // Nobody watches any more: it ends as with Ctrl-C.
        if status.show(&w).is_err() {
            break;
        }
    }

    mention!("\nending: what is in memory goes to the server, or to disk");
    if let Some(demo) = &mut demo {
        demo.on();
    }
    let result = w.flush_within(Duration::from_secs(10));
    let stats = w.stats();
    match result {
        Ok(outcome) => mention!("since the last account: {outcome}"),
        Err(error) => mention!("not everything is safe: {error}"),
    }
    account(&stats);
    for line in w.rejected().take(5) {
        mention!("refused: {:?} ({})", line.line, line.message);
    }
    let closed = w.close();
    if spool == own_spool && stats.spooled == 0 {
        drop(std::fs::remove_dir_all(&own_spool));
    }
    if let Some(demo) = demo {
        mention!("{} points are in the server", demo.points());
    }
    closed.map(drop)
}

/// What a person should hear of. (Deliveries are in the status line.)
fn tell(event: &Event<'_>) {
    match event {
        Event::Failed {
            error, retry_in, ..
        } => {
            eprintln!("\n{error}; again in {:.1} s", retry_in.as_secs_f32());
        }
        Event::Recovered { after, .. } => {
            eprintln!("\nthe server is back, after {:.1} s", after.as_secs_f32());
        }
        Event::Rejected { lines, reason, .. } => eprintln!("\n{lines} refused: {reason:?}"),
        Event::Dropped { lines, reason, .. } => eprintln!("\n{lines} lost: {reason:?}"),
        Event::SpoolFailed { message, .. } => eprintln!("\nthe disk: {message}"),
        _ => {}
    }
}

/// One line on the terminal, once a second.
struct Status {
    last: Instant,
    before: Stats,
}

impl Status {
    fn new(now: Instant) -> Self {
        Status {
            last: now,
            before: Stats::default(),
        }
    }

    fn show(&mut self, w: &Writer) -> std::io::Result<()> {
        let elapsed = self.last.elapsed();
        if elapsed < Duration::from_secs(1) {
            return Ok(());
        }
        let stats = w.stats();
        let rate = |now: u64, before: u64| (now - before) as f64 / elapsed.as_secs_f64();
        let mut out = std::io::stdout();
        write!(
            out,
            "\r{:6.1}/s in  {:6.1}/s out  {} in memory  {} on disk  {} rejected  {} dropped   ",
            rate(stats.accepted, self.before.accepted),
            rate(stats.delivered, self.before.delivered),
            stats.buffered,
            stats.spooled,
            stats.rejected.total(),
            stats.dropped.total(),
        )?;
        self.last = Instant::now();
        self.before = stats;
        out.flush()
    }
}

fn account(stats: &Stats) {
    mention!(
        "accepted {} = delivered {} + on disk {} + rejected {} + dropped {} + in memory {}{}",
        stats.accepted,
        stats.delivered,
        stats.spooled,
        stats.rejected.total(),
        stats.dropped.total(),
        stats.buffered,
        if stats.is_balanced() {
            ""
        } else {
            "  (that is not so!)"
        },
    );
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "gateway".to_owned(),
        name => name.to_owned(),
    }
}
