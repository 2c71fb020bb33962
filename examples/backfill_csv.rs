//! Writes a CSV file with the columns time (RFC 3339), station and temperature into a bucket, and prints the
//! number of each rejected line. A failed request ends it; it can be run again, since repeated points change nothing.
//! `cargo run --example backfill_csv -- readings.csv`
use influx_edge::{Client, Encoder, Timestamp};
use std::{env, error::Error, process::ExitCode};
const HINT: &str = "set INFLUXDB_V2_URL, INFLUXDB_V2_ORG, INFLUXDB_V2_TOKEN and INFLUXDB_V2_BUCKET";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let bucket = env::var("INFLUXDB_V2_BUCKET").map_err(|_| HINT)?;
    let path = env::args().nth(1).ok_or("which CSV file?")?;
    let client = Client::from_env()?;
    let mut file = csv::Reader::from_path(&path).map_err(|why| format!("{path}: {why}"))?;
    let (mut rows, mut refused) = (file.deserialize::<(Timestamp, String, f64)>(), Vec::new());
    while !rows.reader().is_done() {
        let (mut enc, mut lines) = (Encoder::with_sink(Vec::new()), vec![0]); // one request's
        while lines.len() <= 5_000 {
            let line = rows.reader().position().line();
            let Some(row) = rows.next() else { break };
            let encoded = row.map(|(time, station, temp_c)| {
                let point = enc.line("weather").tag("station", station);
                point.field("temp_c", temp_c).timestamp(time)
            });
            match encoded {
                Ok(Ok(())) => lines.push(line),
                Ok(Err(why)) => refused.push(format!("{path}:{line}: {why}")), // NaN
                Err(why) => refused.push(format!("{path}:{line}: {why}")),     // no number
            }
        }
        if let Err(error) = client.write(&bucket, enc.lines()) {
            for bad in error.line_errors() {
                let line = bad.number.and_then(|n| lines.get(n as usize)).unwrap_or(&0);
                refused.push(format!("{path}:{line}: {}", bad.reason));
            }
            refused.push(error.to_string());
            break;
        }
    }
    refused.iter().for_each(|why| eprintln!("{why}"));
    Ok(ExitCode::from(u8::from(!refused.is_empty())))
}
