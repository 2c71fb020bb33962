//! The firmware against real servers: it writes, and this machine reads back what is there.

use crate::emulator::{self, Run};
use crate::http::{Response, Server, query_string};
use crate::readings::{Reading, expected};
use serde_json::Value as Json;
use std::error::Error;
use std::path::Path;
use std::time::SystemTime;

type Outcome = Result<(), Box<dyn Error>>;

/// VictoriaMetrics by `/api/v2/write`, read back by `/api/v1/export`.
pub(crate) fn victoria_metrics(firmware: &Path, url: &str) -> Outcome {
    let server = Server::new(url, None);
    let station = unique();
    let run = run(firmware, url, &station, &["api=v2", "bucket=firmware"])?;
    ok(&server.get("/internal/force_flush"))?;
    for (field, value) in [
        ("temp_c", (|r| r.celsius) as fn(&Reading) -> f64),
        ("pulses", |r| r.pulses as f64),
    ] {
        let series = format!("{{__name__=\"weather_{field}\",station=\"{station}\"}}");
        let query = query_string(&[("match[]", &series), ("start", "0")]);
        let response = server.get(&format!("/api/v1/export?{query}"));
        let export: Json = serde_json::from_str(ok(&response)?)?;
        let found: Vec<_> = list(&export["timestamps"])
            .iter()
            .zip(list(&export["values"]))
            .map(|(time, value)| (time.as_i64(), value.as_f64()))
            .collect();
        let expected: Vec<_> = expected(run.number("first"))
            .iter()
            .map(|reading| (Some(reading.time * 1000), Some(value(reading))))
            .collect();
        assert_eq!(found, expected, "{series}");
    }
    println!("VictoriaMetrics: {}", summary(&run));
    Ok(())
}

/// InfluxDB 1.x by `/write`, read back by InfluxQL. The database is made for it and removed.
pub(crate) fn influxdb_1(firmware: &Path, url: &str) -> Outcome {
    let server = Server::new(url, None);
    let station = unique();
    let database = format!("influx_edge_{}", station.replace('-', "_"));
    let ask = |text: &str| -> Result<Json, Box<dyn Error>> {
        let form = [("db", database.as_str()), ("epoch", "s"), ("q", text)];
        Ok(serde_json::from_str(ok(
            &server.post_form("/query", &form)
        )?)?)
    };
    ask(&format!("CREATE DATABASE {database}"))?;
    let bucket = format!("bucket={database}");
    let run = run(firmware, url, &station, &["api=v1", &bucket])?;
    let text = format!("SELECT temp_c, pulses FROM weather WHERE station = '{station}'");
    let found = ask(&text)?;
    ask(&format!("DROP DATABASE {database}"))?;
    let rows = &found["results"][0]["series"][0]["values"];
    let found: Vec<_> = list(rows)
        .iter()
        .map(|row| (row[0].as_i64(), row[1].as_f64(), row[2].as_i64()))
        .collect();
    let expected: Vec<_> = expected(run.number("first"))
        .iter()
        .map(|r| (Some(r.time), Some(r.celsius), Some(r.pulses)))
        .collect();
    assert_eq!(found, expected);
    println!("InfluxDB 1.x: {}", summary(&run));
    Ok(())
}

fn run(firmware: &Path, url: &str, station: &str, more: &[&str]) -> Result<Run, Box<dyn Error>> {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut arguments = vec![format!("host={address}"), format!("station={station}")];
    arguments.extend(more.iter().map(|&text| text.to_owned()));
    let begun = now()?;
    let run = emulator::run(firmware, address.parse()?, Vec::new(), &arguments)?;
    // The server's clock is this machine's.
    let clock = run.number("clock");
    assert!((begun - 2..=now()? + 2).contains(&clock), "{run:#?}");
    Ok(run)
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The body of a response that says that all is well.
fn ok(response: &Response) -> Result<&str, String> {
    match response.status {
        200..=299 => Ok(&response.body),
        status => Err(format!("status {status}: {}", response.body)),
    }
}

/// A station that there was never before.
fn unique() -> String {
    let age = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    format!("fw-{}-{}", std::process::id(), age.as_millis())
}

fn now() -> Result<i64, Box<dyn Error>> {
    Ok(i64::try_from(SystemTime::UNIX_EPOCH.elapsed()?.as_secs())?)
}

fn summary(run: &Run) -> String {
    format!(
        "{} readings written in {} ms, connections opened: {}",
        run.number("delivered"),
        run.took.as_millis(),
        run.modem.opened
    )
}
