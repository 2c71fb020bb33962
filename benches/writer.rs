//! What the writer adds to encoding: times per line, and their ratio, in one run.
//!
//! `cargo bench --bench writer`. Both take the same points. The writer's are sent to a sink on the
//! loopback interface, between the measurements; a second figure includes the sending.

#[path = "support/loopback.rs"]
mod loopback;

use influx_edge::Client;
use influx_edge::line::{EncodeError, Encoder, Sink, ToLine};
use influx_edge::writer::Writer;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Lines of a batch.
const LINES: usize = 2_000;
const ROUNDS: usize = 201;

struct Reading {
    station: &'static str,
    temp_c: f64,
    humidity: f64,
    at: i64,
}

impl ToLine for Reading {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        enc.line("weather")
            .tag("station", self.station)
            .tag("site", "north")
            .field("temp_c", self.temp_c)
            .field("humidity", self.humidity)
            .timestamp(self.at)
    }
}

fn main() {
    let readings: Vec<Reading> = (0..LINES)
        .map(|n| Reading {
            station: ["zrh-1", "zrh-2", "gva-1"][n % 3],
            temp_c: (n % 400) as f64 / 10.0,
            humidity: (n % 97) as f64 + 0.25,
            at: 1_700_000_000_000_000_000 + n as i64 * 1_000_003,
        })
        .collect();
    let mut enc = Encoder::with_sink(Vec::new());
    let mut quiet = writer(LINES * 2);
    let mut sending = writer(LINES);
    let mut times: [Vec<f64>; 3] = Default::default();
    for round in 0..ROUNDS + 10 {
        let encoded = time(|| {
            enc.clear();
            for reading in black_box(&readings) {
                enc.encode(reading).unwrap();
            }
            black_box(enc.as_bytes());
        });
        let written = time(|| {
            for reading in black_box(&readings) {
                quiet.write(reading).unwrap();
            }
        });
        let _ = quiet.flush().unwrap();
        let sent = time(|| {
            for reading in black_box(&readings) {
                sending.write(reading).unwrap();
            }
        });
        assert_eq!(sending.stats().buffered, 0);
        if round >= 10 {
            for (list, time) in times.iter_mut().zip([encoded, written, sent]) {
                list.push(time);
            }
        }
    }
    let medians = times.map(|mut list| {
        list.sort_by(f64::total_cmp);
        list[list.len() / 2]
    });
    let names = ["encode", "writer.write", "writer.write, sent to loopback"];
    println!("{LINES} lines of two tags and two fields, median of {ROUNDS} runs");
    for (name, median) in names.iter().zip(medians) {
        println!(
            "  {name:<34} {median:>8.1} ns  {:>5.2} x",
            median / medians[0]
        );
    }
}

fn time(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_nanos() as f64 / LINES as f64
}

fn writer(batch_lines: usize) -> Writer {
    let client = Client::builder(loopback::sink())
        .token("t")
        .build()
        .unwrap();
    client
        .writer("sensors")
        .batch_lines(batch_lines)
        .flush_interval(Duration::from_secs(3_600))
        .build()
        .unwrap()
}
