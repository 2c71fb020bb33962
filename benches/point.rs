//! Points by `Point` against the encoder alone, from values to the server's 204 over the loopback
//! interface: processor time of the client's thread per line, and ratios, in one run.
//!
//! `cargo bench --bench point`. The method is in `benches/README.md`.

#[path = "support/loopback.rs"]
mod loopback;
#[allow(
    dead_code,
    reason = "shared by several benchmarks, each of which uses a part"
)]
mod support;

use influx_edge::line::{Encoder, Fields, Sink};
use influx_edge::writer::Writer;
use influx_edge::{Client, Point};
use std::hint::black_box;
use std::time::Duration;
use support::Contest;
use support::lines::{Digits, KINDS, LINES, Line, Value, data};

/// How often the lines are taken in one round: with all rounds, a million lines or more.
const REPEATS: usize = 5;

fn main() {
    let client = Client::builder(loopback::sink())
        .token("t")
        .build()
        .unwrap();
    println!("point: time per line, and the ratio to the encoder (lower is better)\n");
    for kind in KINDS {
        let lines = data(kind, Digits::Two);
        alone(kind, &lines);
        by_client(kind, &lines, &client);
        by_writer(kind, &lines, &client);
    }
}

/// Without the sending: what is left when a network costs nothing.
fn alone(kind: &str, lines: &[Line]) {
    let mut enc = Encoder::with_sink(Vec::new());
    let mut by_point = Encoder::with_sink(Vec::new());
    let mut by_kept = Encoder::with_sink(Vec::new());
    let mut kept = Point::new(lines[0].measurement);
    let mut contest = Contest::new(&format!("{kind}, encoding alone"), lines.len());
    contest.floor("Encoder", || {
        enc.clear();
        for line in black_box(lines) {
            encode(&mut enc, line);
        }
        black_box(enc.as_bytes());
    });
    contest.run("Point, one for each line", || {
        by_point.clear();
        for line in black_box(lines) {
            by_point.encode(&point(line)).expect("a legal line");
        }
        black_box(by_point.as_bytes());
    });
    contest.run("Point, cleared and used again", || {
        by_kept.clear();
        for line in black_box(lines) {
            kept.clear();
            set(&mut kept, line);
            by_kept.encode(&kept).expect("a legal line");
        }
        black_box(by_kept.as_bytes());
    });
    contest.print();
}

fn by_client(kind: &str, lines: &[Line], client: &Client) {
    let mut enc = Encoder::with_sink(Vec::new());
    let title = format!("{kind}, Client::write");
    let mut contest = Contest::new(&title, lines.len() * REPEATS);
    contest.floor("Encoder", || {
        for _ in 0..REPEATS {
            enc.clear();
            for line in black_box(lines) {
                encode(&mut enc, line);
            }
            client.write("b", enc.lines()).unwrap();
        }
    });
    contest.run("a Vec of Points", || {
        for _ in 0..REPEATS {
            let points: Vec<Point> = black_box(lines).iter().map(point).collect();
            client.write("b", &points).unwrap();
        }
    });
    contest.run("write_each of Points", || {
        for _ in 0..REPEATS {
            let points = black_box(lines).iter().map(point);
            client.write_each("b", points).unwrap();
        }
    });
    contest.print();
}

fn by_writer(kind: &str, lines: &[Line], client: &Client) {
    let [mut by_encoder, mut by_point] = [(); 2].map(|()| writer(client));
    let title = format!("{kind}, Writer");
    let mut contest = Contest::new(&title, lines.len() * REPEATS);
    contest.floor("write_with(encoder)", || {
        for line in std::iter::repeat_n(black_box(lines), REPEATS).flatten() {
            by_encoder.write_with(|enc| end(enc, line)).unwrap();
        }
    });
    contest.run("write(&Point)", || {
        for line in std::iter::repeat_n(black_box(lines), REPEATS).flatten() {
            by_point.write(point(line)).unwrap();
        }
    });
    contest.print();
    for writer in [by_encoder, by_point] {
        let outcome = writer.close().unwrap();
        assert!(outcome.is_safe(), "{outcome:?}");
    }
}

fn writer(client: &Client) -> Writer {
    client
        .writer("b")
        .batch_lines(LINES)
        .flush_interval(Duration::from_secs(3_600))
        .build()
        .unwrap()
}

fn encode<S: Sink>(enc: &mut Encoder<S>, line: &Line) {
    end(enc, line).expect("a legal line");
}

fn end<S: Sink>(enc: &mut Encoder<S>, line: &Line) -> Result<(), influx_edge::line::EncodeError> {
    let mut out = enc.line(line.measurement);
    for (key, value) in &line.tags {
        out = out.tag(key, value);
    }
    let mut out: Fields<'_, S> = out.fields();
    for (key, value) in &line.fields {
        out = match value {
            Value::Float(v) => out.field(key, *v),
            Value::Text(v) => out.field(key, v),
        };
    }
    out.timestamp(line.time)
}

fn point(line: &Line) -> Point {
    let mut point = Point::new(line.measurement);
    set(&mut point, line);
    point
}

fn set(point: &mut Point, line: &Line) {
    for (key, value) in &line.tags {
        point.set_tag(key, value);
    }
    for (key, value) in &line.fields {
        match value {
            Value::Float(v) => point.set_field(key, *v),
            Value::Text(v) => point.set_field(key, v),
        };
    }
    point.set_time(line.time);
}
