//! Writes one reading into a bucket. Set `INFLUXDB_V2_URL`, `INFLUXDB_V2_ORG`, `INFLUXDB_V2_TOKEN` and
//! `INFLUXDB_V2_BUCKET`.
//!
//! ```sh
//! cargo run --example minimal_write -- zrh-1 21.5
//! ```
use influx_edge::{Client, Point, Timestamp};
use std::{env, error::Error};

const HINT: &str = "set INFLUXDB_V2_URL, INFLUXDB_V2_ORG, INFLUXDB_V2_TOKEN and INFLUXDB_V2_BUCKET";

fn main() -> Result<(), Box<dyn Error>> {
    let bucket = env::var("INFLUXDB_V2_BUCKET").map_err(|_| HINT)?;
    let client = Client::from_env()?;
    let station = env::args().nth(1).unwrap_or("zrh-1".into());
    let temp_c = env::args().nth(2).unwrap_or("21.5".into());
    let temp_c: f64 = temp_c
        .parse()
        .map_err(|_| format!("{temp_c:?} is no number"))?;

    let reading = Point::new("weather")
        .tag("station", &station)
        .field("temp_c", temp_c)
        .time(Timestamp::now());
    client.write(&bucket, reading)?; // Ok: it is stored
    println!("{station}: {temp_c} °C is in bucket {bucket:?}");
    Ok(())
}
