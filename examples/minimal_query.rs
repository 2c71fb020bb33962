//! Prints the last hour's temperatures of a station, as `minimal_write` writes them. Set
//! `INFLUXDB_V2_URL`, `INFLUXDB_V2_ORG`, `INFLUXDB_V2_TOKEN` and `INFLUXDB_V2_BUCKET`.
//!
//! ```sh
//! cargo run --example minimal_query -- zrh-1
//! ```
use influx_edge::{Client, Timestamp};
use std::io::{Write, stdout};
use std::{env, error::Error};

const HINT: &str = "set INFLUXDB_V2_URL, INFLUXDB_V2_ORG, INFLUXDB_V2_TOKEN and INFLUXDB_V2_BUCKET";
/// Parameters are always values: they can't change the query.
const FLUX: &str = r#"from(bucket: params.bucket) |> range(start: -1h)
    |> filter(fn: (r) => r._measurement == "weather" and r._field == "temp_c")
    |> filter(fn: (r) => r.station == params.station)"#;

fn main() -> Result<(), Box<dyn Error>> {
    let bucket = env::var("INFLUXDB_V2_BUCKET").map_err(|_| HINT)?;
    let client = Client::from_env()?;
    let station = env::args().nth(1).unwrap_or("zrh-1".into());

    let query = client.query(FLUX).param("bucket", &bucket);
    let mut rows = query.param("station", &station).call()?;
    let mut out = stdout().lock();
    while let Some(row) = rows.next()? {
        let (time, temp_c): (Timestamp, f64) = (row.get("_time")?, row.get("_value")?);
        writeln!(out, "{time} {temp_c:.1} °C")?;
    }
    Ok(())
}
