//! What happened since yesterday, for a mail from cron: a table and a plot of each series.
//!
//! ```sh
//! cargo run --example cron_report
//! cargo run --example cron_report -- weather    # another measurement than `quickstart`
//! ```
//!
//! Ends with 0 when all is well, 1 when the server or the settings are at fault, 2 when there is
//! nothing to report: cron's mail, or a watchdog, can tell them apart. With `INFLUXDB_V2_URL`,
//! `INFLUXDB_V2_TOKEN`, `INFLUXDB_V2_ORG` and `INFLUXDB_V2_BUCKET` it asks that server; without, a
//! stand-in inside this program, given some readings first.

// Plots, settings and stand-in are the quickstart's.
#[path = "quickstart/plot.rs"]
#[allow(dead_code, reason = "the quickstart's table is not for a day's worth")]
mod plot;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "quickstart/target.rs"]
mod target;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use influx_edge::client::RetryPolicy;
use influx_edge::line::Point;
use influx_edge::{Client, Time};
use serde::Deserialize;

use plot::{Canvas, Series};
use target::{Target, setting};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A plot has room for no more.
const POINTS: usize = 60;

const FLUX: &str = r#"
    from(bucket: params.bucket)
      |> range(start: params.start, stop: params.stop)
      |> filter(fn: (r) => r._measurement == params.measurement)
"#;

/// A row of the answer. What isn't a number has no `_value` that fits, and is passed over.
#[derive(Deserialize)]
struct Reading {
    _time: Time,
    _field: String,
    _value: Option<f64>,
}

fn main() -> ExitCode {
    match run(Canvas::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            match error.downcast_ref().and_then(setting) {
                Some(setting) => eprintln!("cron_report: {error} (set by {setting})"),
                None => eprintln!("cron_report: {error}"),
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether there was anything to report.
fn run(canvas: Canvas) -> Result<bool, Box<dyn Error>> {
    let measurement = std::env::args().nth(1).unwrap_or("quickstart".into());
    let target = Target::from_env()?;
    // Nobody waits for cron: a server that restarts is given its time.
    let client = Client::builder(&target.url)
        .org(&target.org)
        .token(&target.token)
        .retry(RetryPolicy {
            max_time: Duration::from_secs(60),
            ..RetryPolicy::default()
        })
        .on_retry(|retry| eprintln!("trying again in {:.0?}: {}", retry.pause, retry.error))
        .build()?;
    target.introduce(&client.url(), canvas);
    let stop = SystemTime::now();
    let start = stop - DAY;
    if std::env::var_os("INFLUXDB_V2_URL").is_none() {
        client.write(&target.bucket, made_up(&measurement, start)?)?;
    }

    let mut series: Vec<Series> = Vec::new();
    let mut seen = 0u64;
    let readings = client
        .query(FLUX)
        .param("bucket", &target.bucket)
        .param("measurement", &measurement)
        .param("start", Time::from_system(start)?)
        .param("stop", Time::from_system(stop)?)
        .deserialize::<Reading>()?;
    for reading in readings {
        let reading = reading?;
        let Some(value) = reading._value else {
            continue;
        };
        seen += 1;
        let point = (reading._time, value);
        match series.iter_mut().find(|s| s.name == reading._field) {
            Some(series) => series.points.push(point),
            None => series.push(Series {
                name: reading._field,
                points: vec![point],
            }),
        }
    }
    if seen == 0 {
        println!(
            "No \"{measurement}\" in bucket \"{}\" since yesterday.",
            target.bucket
        );
        return Ok(false);
    }
    println!("{seen} readings of \"{measurement}\" since yesterday\n");
    println!(
        "{:<20} {:>7} {:>10} {:>10} {:>10}",
        "field", "count", "least", "mean", "most"
    );
    for series in &mut series {
        series.points.sort_by_key(|(time, _)| *time);
        let values = || series.points.iter().map(|(_, value)| *value);
        let count = series.points.len();
        println!(
            "{:<20} {count:>7} {:>10.2} {:>10.2} {:>10.2}",
            series.name,
            values().fold(f64::INFINITY, f64::min),
            values().sum::<f64>() / count as f64,
            values().fold(f64::NEG_INFINITY, f64::max),
        );
        let step = count.div_ceil(POINTS);
        series.points = series.points.iter().copied().step_by(step).collect();
    }
    for series in &series {
        let times: Vec<Time> = series.points.iter().map(|(time, _)| *time).collect();
        println!();
        canvas.plot(&times, series);
    }
    Ok(true)
}

/// A day of readings, one an hour, for the stand-in: nobody's, and it says so above.
fn made_up(measurement: &str, start: SystemTime) -> Result<Vec<Point>, Box<dyn Error>> {
    (1..24)
        .map(|hour| {
            let angle = f64::from(hour) / 24.0 * std::f64::consts::TAU;
            let time = start + DAY * hour / 24;
            Ok(Point::new(measurement)
                .field("temp_c", (150.0 - 60.0 * angle.cos()).round() / 10.0)
                .time(Time::from_system(time)?))
        })
        .collect()
}
