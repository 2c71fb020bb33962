//! Prints yesterday's readings (UTC) of a measurement as a table, a row a series, for a mail from cron. Ends
//! with 0, or 2 if there are none, or 1 and the reason on stderr. In a crontab, with a file of settings:
//! `0 7 * * *  . /etc/influx.env && cron_report weather`; here: `cargo run --example cron_report -- weather`
use influx_edge::{Client, Timestamp, csv::TextTable};
use std::io::{Write, stdout};
use std::{collections::BTreeMap, env, error::Error, fmt::Display, process::ExitCode};

const HINT: &str = "set INFLUXDB_V2_URL, INFLUXDB_V2_ORG, INFLUXDB_V2_TOKEN and INFLUXDB_V2_BUCKET";
const FLUX: &str = "from(bucket: params.bucket) |> range(start: -1d)
    |> filter(fn: (r) => r._measurement == params.measurement)";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let bucket = env::var("INFLUXDB_V2_BUCKET").map_err(|_| HINT)?;
    let measurement = env::args().nth(1).unwrap_or("weather".into());
    let today = Timestamp::from_secs(Timestamp::now().as_secs() / 86_400 * 86_400);
    let client = Client::from_env()?;
    let query = client.query(FLUX).now(today).param("bucket", &bucket);
    let mut series = BTreeMap::<String, Vec<f64>>::new();
    let mut rows = query.param("measurement", &measurement).call()?;
    while let Some(row) = rows.next()? {
        let (table, mut name): (_, String) = (row.table(), row.get("_field")?);
        let tags = table.columns().filter(|column| column.is_group());
        for tag in tags.filter(|tag| !tag.name().starts_with('_')) {
            name += &format!(" {}={}", tag.name(), row.get::<&str>(tag.name())?);
        }
        if let Ok(value) = row.get("_value") {
            series.entry(name).or_default().push(value); // (texts are not reported)
        }
    }
    let mut report = TextTable::new(["series", "readings", "min", "mean", "max"]);
    for (name, values) in &series {
        let min = values.iter().copied().fold(f64::NAN, f64::min);
        let max = values.iter().copied().fold(f64::NAN, f64::max);
        let mean = format!("{:.3}", values.iter().sum::<f64>() / values.len() as f64);
        report.row([name as &dyn Display, &values.len(), &min, &mean, &max]);
    }
    let table = report.display(usize::MAX); // a name that is cut could be that of two hosts
    writeln!(stdout(), "{measurement}, the day before {today}:\n{table}")?;
    Ok(ExitCode::from(if series.is_empty() { 2 } else { 0 }))
}
