//! Writes a struct as a point and reads the last hour's points as structs. Set `INFLUXDB_V2_URL`,
//! `INFLUXDB_V2_ORG`, `INFLUXDB_V2_TOKEN` and `INFLUXDB_V2_BUCKET`.
//!
//! ```sh
//! cargo run --example struct_roundtrip
//! ```
use influx_edge::{Client, Timestamp, line::Schema};
use std::{env, error::Error};

const HINT: &str = "set INFLUXDB_V2_URL, INFLUXDB_V2_ORG, INFLUXDB_V2_TOKEN and INFLUXDB_V2_BUCKET";

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Wind {
    time: Timestamp,
    mast: String,
    speed: f64,
    gust: Option<f64>,
}
/// The members that are tags or the time; all others are fields.
const WIND: Schema = Schema::new("wind").tags(&["mast"]).time("time");
const FLUX: &str = r#"from(bucket: params.bucket) |> range(start: -1h)
    |> filter(fn: (r) => r._measurement == "wind")"#;

fn main() -> Result<(), Box<dyn Error>> {
    let bucket = env::var("INFLUXDB_V2_BUCKET").map_err(|_| HINT)?;
    let client = Client::from_env()?;
    let wind = Wind {
        time: Timestamp::now(),
        mast: "north".into(),
        speed: 7.5,
        gust: None, // a field that this point lacks
    };
    client.write(&bucket, WIND.point(&wind))?;
    let query = client.query(FLUX).param("bucket", &bucket).pivot(&WIND);
    for wind in query.deserialize::<Wind>()? {
        println!("{:?}", wind?);
    }
    Ok(())
}
