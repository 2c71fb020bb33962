//! What happened since yesterday, for a mail from cron: a table and a plot of each series.
//!
//! ```sh
//! cargo run --example cron_report
//! cargo run --example cron_report -- weather    # another measurement than `quickstart`
//! ```
//! In a crontab, where nothing is set that isn't set there, with settings and program where you keep
//! them:
//! ```text
//! 0 7 * * *  . /etc/influx.env && cron_report weather || echo "exit code $?"
//! ```
//!
//! Ends with 0 when all is well, 1 when the server or the settings are at fault, 2 when there is
//! nothing to report: cron's mail, or a watchdog, can tell them apart. With `INFLUXDB_V2_URL`,
//! `INFLUXDB_V2_TOKEN`, `INFLUXDB_V2_ORG` and `INFLUXDB_V2_BUCKET` it asks that server; without, a
//! mock server inside this program, given some readings first. A server that restarts is waited for;
//! after a minute, or `INFLUXDB_V2_TIMEOUT` milliseconds, it gives up.

#[path = "common/say.rs"]
#[macro_use]
mod say;

// Plots, settings and mock server are the quickstart's.
#[path = "../tests/common/mock_server/mod.rs"]
mod mock_server;
#[path = "quickstart/plot.rs"]
#[allow(dead_code, reason = "the quickstart's table is not for a day's worth")]
mod plot;
#[path = "quickstart/target.rs"]
mod target;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use influx_edge::client::RetryPolicy;
use influx_edge::csv::{Item, Row, TextTable};
use influx_edge::line::Point;
use influx_edge::{Client, Timestamp};

use plot::{Canvas, Series};
use target::{Target, setting};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A plot has space for no more.
const POINTS: usize = 60;

const FLUX: &str = r#"
    from(bucket: params.bucket)
      |> range(start: params.start, stop: params.stop)
      |> filter(fn: (r) => r._measurement == params.measurement)
"#;

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
    let patience = match std::env::var("INFLUXDB_V2_TIMEOUT") {
        Ok(ms) => Duration::from_millis(ms.parse()?),
        Err(_) => Duration::from_secs(60),
    };
    let target = Target::from_env()?;
    let client = Client::builder(&target.url)
        .org(&target.org)
        .token(&target.token)
        .retry(RetryPolicy {
            max_time: patience,
            ..RetryPolicy::default()
        })
        .on_retry(|retry| eprintln!("trying again in {:.0?}: {}", retry.pause, retry.error))
        .build()?;
    target.introduce(&client.url(), canvas);
    for warning in client.warnings() {
        eprintln!("warning: {warning}");
    }
    let stop = SystemTime::now();
    let start = stop - DAY;
    if std::env::var_os("INFLUXDB_V2_URL").is_none() {
        client.write(&target.bucket, made_up(&measurement, start)?)?;
    }

    let mut rows = client
        .query(FLUX)
        .param("bucket", &target.bucket)
        .param("measurement", &measurement)
        .param("start", Timestamp::from_system(start)?)
        .param("stop", Timestamp::from_system(stop)?)
        .timeout(patience)
        .call()?;
    // Each series is a table of its own, named by its first row.
    let mut report: Vec<Series> = Vec::new();
    let mut not_numbers = 0u64;
    while let Some(item) = rows.next_item()? {
        match (item, report.last_mut()) {
            (Item::Row(row), Some(series)) => {
                if series.name.is_empty() {
                    series.name = name(&row)?;
                }
                match row.get("_value") {
                    Ok(value) => series.points.push((row.get("_time")?, value)),
                    // Text, a truth value, none at all.
                    Err(_) => not_numbers += 1,
                }
            }
            _ => report.push(Series {
                name: String::new(),
                points: Vec::new(),
            }),
        }
    }
    report.retain(|series| !series.points.is_empty());
    if report.is_empty() {
        say!(
            "No numbers of \"{measurement}\" in bucket \"{}\" since yesterday.",
            target.bucket
        );
        return Ok(false);
    }

    let seen: usize = report.iter().map(|series| series.points.len()).sum();
    say!("{seen} readings of \"{measurement}\" since yesterday\n");
    table(&mut report, canvas);
    if not_numbers > 0 {
        say!("({not_numbers} values are no numbers)");
    }
    for series in &report {
        say!();
        plot(series, canvas);
    }
    Ok(true)
}

/// What tells a series from the others of its measurement: `temp_c station=zrh-1`.
fn name(row: &Row<'_>) -> Result<String, influx_edge::csv::ReadError> {
    let mut name: String = row.get("_field")?;
    for column in row.table().group_key() {
        if !column.name().starts_with('_') {
            let value: &str = row.get(column.name())?;
            name += &format!(" {}={value}", column.name());
        }
    }
    // It goes to a terminal or into a mail.
    Ok(name.replace(char::is_control, "?"))
}

fn table(report: &mut [Series], canvas: Canvas) {
    let mut table = TextTable::new(["series", "count", "least", "mean", "most", "last"]);
    for series in report {
        series.points.sort_by_key(|(time, _)| *time);
        let values = || series.points.iter().map(|(_, value)| *value);
        let count = series.points.len();
        let numbers = [
            values().fold(f64::INFINITY, f64::min),
            values().sum::<f64>() / count as f64,
            values().fold(f64::NEG_INFINITY, f64::max),
            values().next_back().unwrap_or(f64::NAN),
        ];
        let cells = [series.name.clone(), count.to_string()];
        table.row(
            cells
                .into_iter()
                .chain(numbers.map(|number| format!("{number:.2}"))),
        );
    }
    canvas.print(&table);
}

/// As many of the points as there is space for.
fn plot(series: &Series, canvas: Canvas) {
    let step = series.points.len().div_ceil(POINTS);
    let points: Vec<_> = series.points.iter().copied().step_by(step).collect();
    let times: Vec<Timestamp> = points.iter().map(|(time, _)| *time).collect();
    let name = series.name.clone();
    canvas.plot(&times, &Series { name, points });
}

/// A day of readings of two stations, one an hour, for the mock server: nobody's, and it says so above.
fn made_up(measurement: &str, start: SystemTime) -> Result<Vec<Point>, Box<dyn Error>> {
    let mut points = Vec::new();
    for hour in 1..24 {
        let angle = f64::from(hour) / 24.0 * std::f64::consts::TAU;
        let time = Timestamp::from_system(start + DAY * hour / 24)?;
        for (station, mean) in [("zrh-1", 150.0), ("zrh-2", 120.0)] {
            points.push(
                Point::new(measurement)
                    .tag("station", station)
                    .field("temp_c", (mean - 60.0 * angle.cos()).round() / 10.0)
                    .field("state", "ok")
                    .time(time),
            );
        }
    }
    Ok(points)
}
