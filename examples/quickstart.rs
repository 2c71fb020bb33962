//! A reading leaves this machine, reaches a server, and comes back.
//!
//! ```sh
//! cargo run --example quickstart
//! ```
//!
//! Ten samples of this machine (processor, load, memory, temperatures) become line protocol, go to a
//! server over HTTP, come back by a Flux query as annotated CSV, and are shown. Without settings the
//! server is a mock server inside this program; with `INFLUXDB_V2_URL`, `INFLUXDB_V2_TOKEN`,
//! `INFLUXDB_V2_ORG` and `INFLUXDB_V2_BUCKET` it is yours.

#[path = "quickstart/say.rs"]
#[macro_use]
mod say;

#[path = "quickstart/machine.rs"]
mod machine;
#[path = "quickstart/plot.rs"]
mod plot;
#[path = "quickstart/target.rs"]
mod target;

// The same mock server that the tests use.
#[path = "../tests/common/mock_server/mod.rs"]
mod mock_server;

use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use influx_edge::line::Encoder;
use influx_edge::{Client, Stored, Timestamp};
use serde::Deserialize;

use machine::Machine;
use plot::{Canvas, Series};
use target::{Target, setting};

const SAMPLES: usize = 10;
const PAUSE: Duration = Duration::from_millis(300);

/// `params` holds the values of [`influx_edge::client::Query::param`]; no value is inserted into the text of the
/// query.
const FLUX: &str = r#"
    from(bucket: params.bucket)
      |> range(start: params.start, stop: params.stop)
      |> filter(fn: (r) => r._measurement == "quickstart" and r.host == params.host)
"#;

/// A row of the response. A missing column is `None`.
#[derive(Deserialize)]
struct Reading {
    _time: Timestamp,
    _field: String,
    _value: f64,
    sensor: Option<String>,
}

fn main() -> ExitCode {
    match run(Canvas::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match error.downcast_ref().and_then(setting) {
                Some(setting) => eprintln!("quickstart: {error} (set by {setting})"),
                None => eprintln!("quickstart: {error}"),
            }
            ExitCode::FAILURE
        }
    }
}

fn run(canvas: Canvas) -> Result<(), Box<dyn Error>> {
    let heading = "A reading leaves this machine, reaches a server, and comes back.";
    say!("{}\n", canvas.strong(heading));

    let target = Target::from_env()?;
    let client = Client::builder(&target.url)
        .org(&target.org)
        .token(&target.token)
        .build()?;
    target.introduce(&client.url(), canvas);
    for warning in client.warnings() {
        eprintln!("warning: {warning}");
    }

    // 1 · Readings into line protocol.
    let mut machine = Machine::new();
    let mut enc = Encoder::with_sink(Vec::new());
    let mut times = Vec::new();
    let mut sent = 0;
    for done in 1..=SAMPLES {
        let sample = machine.sample_after(PAUSE)?;
        enc.encode(&sample)?;
        times.push(sample.time);
        sent += sample.len();
        progress(canvas, done);
    }
    if machine.is_bare() {
        say!("(This system has no /proc: only what Rust's std can measure is shown.)");
    }
    let example = canvas.fit(first_line(enc.as_bytes()));
    say!("{}\n", canvas.faint(&example));

    // 2 · Line protocol to the server.
    let start = Instant::now();
    if let Err(error) = client.write(&target.bucket, enc.lines()) {
        keep(enc.as_bytes(), error.stored());
        return Err(error.into());
    }
    say!(
        "written  {sent} values, {} lines, {} bytes, to bucket \"{}\" in {:.1} ms",
        enc.line_count(),
        enc.as_bytes().len(),
        target.bucket,
        millis(start),
    );

    // 3 · And back. The range ends with the last sample, not with the server's `now()`, because its clock may be
    // behind this machine's.
    let start = Instant::now();
    let readings = client
        .query(FLUX)
        .param("bucket", &target.bucket)
        .param("host", machine.host())
        .param("start", times[0])
        .param(
            "stop",
            Timestamp::from_nanos(times[SAMPLES - 1].as_nanos() + 1),
        )
        .deserialize::<Reading>()?;
    let mut series: Vec<Series> = Vec::new();
    let mut back = 0;
    for reading in readings {
        let reading = reading?;
        let name = match reading.sensor {
            Some(sensor) => format!("{sensor}_{}", reading._field),
            None => reading._field,
        };
        let point = (reading._time, reading._value);
        match series.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.push(point),
            None => series.push(Series {
                name,
                points: vec![point],
            }),
        }
        back += 1;
    }
    say!("queried  {back} values back in {:.1} ms\n", millis(start));
    if back != sent {
        let words = format!(
            "the server took {sent} values without complaint and gave {back} of them back; \
             is another program deleting from bucket \"{}\"?",
            target.bucket
        );
        return Err(words.into());
    }

    // 4 · Output.
    canvas.table(&times, &series);
    for series in &series {
        say!();
        canvas.plot(&times, series);
    }
    Ok(())
}

/// One line that grows on a terminal; anywhere else only its end.
fn progress(canvas: Canvas, done: usize) {
    if canvas.is_terminal {
        let bar = "█".repeat(2 * done);
        let end = if done == SAMPLES { "\n" } else { "" };
        print!(
            "\rsampled  {bar:░<0$} {done} of {SAMPLES}{end}",
            2 * SAMPLES
        );
        drop(stdout().flush());
    } else if done == SAMPLES {
        say!("sampled  {done} of {SAMPLES}");
    }
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

fn first_line(lines: &[u8]) -> &str {
    let text = std::str::from_utf8(lines).unwrap_or_default();
    text.lines().next().unwrap_or_default()
}

/// Prints undelivered lines, so that they can be sent by other means.
fn keep(lines: &[u8], stored: Stored) {
    let words = match stored {
        Stored::Partial => "The server stored only some of these lines",
        Stored::None => "None of these lines were stored",
        _ => "Whether these lines were stored is unknown (sending them again does no harm)",
    };
    say!("{words}:\n\n{}", String::from_utf8_lossy(lines));
}
