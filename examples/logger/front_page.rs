use influx_edge::{Client, Error, Spool, Timestamp, line::Schema};
use std::{fs, sync::atomic::{AtomicBool, Ordering::Relaxed}, time::{Duration, Instant}};

#[derive(serde::Serialize, serde::Deserialize)]
struct Reading { time: Timestamp, sensor: String, temp_c: f64 }
const THERMAL: Schema = Schema::new("thermal").tags(&["sensor"]).time("time");
static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> Result<(), Error> {
    let _ = ctrlc::set_handler(|| STOP.store(true, Relaxed));
    let sensor = std::env::args().nth(1).unwrap_or("/sys/class/thermal/thermal_zone0/temp".into());
    let client = Client::from_env()?; // INFLUXDB_V2_URL, INFLUXDB_V2_ORG, INFLUXDB_V2_TOKEN
    eprintln!("{}", client.validate("sensors")); // server, clock, may write, may read: a line each
    let mut w = client.writer("sensors").spool(Spool::open("spool")?).build()?;
    let mut tick = Instant::now();
    while !STOP.load(Relaxed) {
        let text = fs::read_to_string(&sensor).unwrap_or_default();
        let temp_c = text.trim().parse::<f64>().map_or(f64::NAN, |milli| milli / 1000.0);
        let reading = Reading { time: Timestamp::now(), sensor: sensor.clone(), temp_c };
        // NaN can't be stored: this reading is missing, and the logger goes on.
        w.write(THERMAL.point(&reading)).unwrap_or_else(|error| eprintln!("{error}"));
        tick += Duration::from_secs(1);
        w.run_until(tick)?; // sends what is due; in an outage it waits in the spool
    }
    println!("{}", w.close()?); // 60 delivered
    let flux = r#"from(bucket: "sensors") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "thermal")"#;
    for reading in client.query(flux).pivot(&THERMAL).deserialize()? {
        let reading: Reading = reading?;
        println!("{} {} {}", reading.time, reading.sensor, reading.temp_c);
    }
    Ok(())
}
