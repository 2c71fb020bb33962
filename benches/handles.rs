//! Handles of one writer, on several threads: points per second and processor time per point, eight
//! handles against one, in one run; and what it costs to have each point on disk before `write` returns.
//!
//! `cargo bench --bench handles`. The points are sent to a sink on the loopback interface, whose
//! processor time is in both figures.

#[path = "support/loopback.rs"]
mod loopback;

use influx_edge::line::{EncodeError, Encoder, Sink, ToLine};
use influx_edge::spool::{Durability, Mode};
use influx_edge::writer::{OverflowPolicy, WriterHandle};
use influx_edge::{Client, Spool};
use std::time::{Duration, Instant};

const POINTS: usize = 2_000_000;
const ROUNDS: usize = 5;

struct Reading {
    n: usize,
}

impl ToLine for Reading {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        enc.line("weather")
            .tag("station", ["zrh-1", "zrh-2", "gva-1"][self.n % 3])
            .tag("site", "north")
            .field("temp_c", (self.n % 400) as f64 / 10.0)
            .field("humidity", (self.n % 97) as f64 + 0.25)
            .timestamp(1_700_000_000_000_000_000 + self.n as i64 * 1_000_003)
    }
}

fn main() {
    let sink = loopback::sink();
    let client = Client::builder(sink).token("t").build().unwrap();
    let mut rows: [Vec<(f64, f64)>; 2] = Default::default();
    for _ in 0..ROUNDS {
        for (row, handles) in rows.iter_mut().zip([1, 8]) {
            let policy = OverflowPolicy::Block(Duration::from_secs(60));
            let writer = client.writer("sensors").build().unwrap();
            row.push(run(writer.spawn(policy).unwrap(), handles, POINTS));
        }
    }
    let median = |row: &mut Vec<(f64, f64)>, which: fn(&(f64, f64)) -> f64| {
        let mut list: Vec<f64> = row.iter().map(which).collect();
        list.sort_by(f64::total_cmp);
        list[list.len() / 2]
    };
    println!("{POINTS} points of two tags and two fields, median of {ROUNDS} runs");
    let (mut wall, mut processor) = (Vec::new(), Vec::new());
    for (row, handles) in rows.iter_mut().zip([1, 8]) {
        let (seconds, cpu) = (median(row, |r| r.0), median(row, |r| r.1));
        println!(
            "  {handles} handles  {:>9.0} points/s  {:>6.0} ns of processor time a point",
            POINTS as f64 / seconds,
            cpu / POINTS as f64 * 1e9,
        );
        wall.push(seconds);
        processor.push(cpu);
    }
    println!(
        "  eight against one: {:.2} x points/s, {:.2} x processor time",
        wall[0] / wall[1],
        processor[1] / processor[0]
    );
    println!("each point on disk before write returns");
    for (name, durability) in [
        ("synced", Durability::EveryBatch),
        (
            "synced within 100 ms",
            Durability::Interval(Duration::from_millis(100)),
        ),
        ("with the system", Durability::OsManaged),
    ] {
        for handles in [1, 4, 16] {
            let dir =
                std::env::temp_dir().join(format!("influx-edge-ahead-{}", std::process::id()));
            let spool = Spool::builder(&dir)
                .durability(durability)
                .mode(Mode::WriteAhead)
                .open()
                .unwrap();
            let writer = client.writer("sensors").spool(spool).build().unwrap();
            let points = if durability == Durability::EveryBatch {
                2_000
            } else {
                50_000
            };
            let before = syncs();
            let handle = writer
                .spawn(OverflowPolicy::Block(Duration::from_secs(60)))
                .unwrap();
            let (seconds, _) = run(handle, handles, points);
            let synced = before
                .zip(syncs())
                .map(|(before, after)| (after - before) as f64 / seconds);
            println!(
                "  {name:<22} {handles:>2} handles  {:>8.0} points/s{}",
                points as f64 / seconds,
                synced.map_or(String::new(), |n| format!("  {n:>6.0} disk flushes/s")),
            );
            std::fs::remove_dir_all(&dir).unwrap();
        }
    }
}

/// So many points through so many handles: seconds until all are delivered, and processor time.
fn run(handle: WriterHandle, handles: usize, points: usize) -> (f64, f64) {
    let (start, cpu) = (Instant::now(), processor());
    std::thread::scope(|scope| {
        for part in 0..handles {
            let mut handle = handle.clone();
            scope.spawn(move || {
                for n in (part..points).step_by(handles) {
                    handle.write(&Reading { n }).unwrap();
                }
            });
        }
    });
    let wall = start.elapsed().as_secs_f64();
    let outcome = handle.close().unwrap();
    assert_eq!(outcome.delivered, points as u64);
    (wall, processor() - cpu)
}

/// Processor time of the process, where the system tells it.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|f| f.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

/// Flushes that the system's block devices were asked for, where it tells.
fn syncs() -> Option<u64> {
    let stats = std::fs::read_to_string("/proc/diskstats").ok()?;
    let flushes = stats.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(18)?.parse::<u64>().ok()
    });
    Some(flushes.sum())
}
