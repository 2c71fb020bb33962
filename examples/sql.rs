//! Writes readings to InfluxDB 3 and queries them with SQL. Set `INFLUXDB3_URL` (http://localhost:8181) and,
//! if the server requires it, `INFLUXDB3_TOKEN`.
//!
//! ```sh
//! cargo run --features v3 --example sql -- zrh-1
//! ```
use influx_edge::{Client, Point, Timestamp};
use std::{env, error::Error};

const READINGS: &str = "SELECT time, temp_c FROM quickstart
    WHERE station = $station ORDER BY time DESC LIMIT 10";

fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("INFLUXDB3_URL").map_err(|_| "set INFLUXDB3_URL and INFLUXDB3_TOKEN")?;
    let mut builder = Client::builder(url);
    if let Ok(token) = env::var("INFLUXDB3_TOKEN") {
        builder = builder.token(token);
    }
    let client = builder.build()?;
    let station = env::args().nth(1).unwrap_or("zrh-1".into());
    // The first write creates the database and its table.
    let sensors = client.v3("sensors");
    let reading = Point::new("quickstart").tag("station", &station);
    sensors.write([reading.field("temp_c", 21.5).time(Timestamp::now())])?;

    let mut rows = sensors.sql(READINGS).param("station", &station).call()?;
    while let Some(row) = rows.next()? {
        let time: Timestamp = row.get("time")?;
        println!("{time} {:.1} °C", row.get::<f64>("temp_c")?);
    }
    Ok(())
}
