//! Writes the first number of each FILE every second: Linux shows sensors as files. Undelivered lines
//! wait in the directory `spool`; Ctrl-C and SIGTERM end it without a loss. Run it by
//! `cargo run --example minimal_gateway -- /proc/loadavg /sys/class/thermal/thermal_zone0/temp`
use influx_edge::{Client, Point, Spool, writer::Event, writer::OverflowPolicy};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{env, error::Error, fs, thread::sleep, time::Duration};
const HINT: &str = "set INFLUXDB_V2_URL, INFLUXDB_V2_ORG, INFLUXDB_V2_TOKEN and INFLUXDB_V2_BUCKET";
static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> Result<(), Box<dyn Error>> {
    ctrlc::set_handler(|| STOP.store(true, Relaxed))?; // SIGTERM, too, by its feature `termination`
    let bucket = env::var("INFLUXDB_V2_BUCKET").map_err(|_| HINT)?;
    let mut w = Client::from_env()?
        .writer(bucket)
        .spool(Spool::open("spool")?)
        .report_stats("gateway", Duration::from_secs(60)) // its own health, as a point
        .on_event(|event| match event {
            Event::Delivered { .. } | Event::Spooled { .. } => {}
            failure_or_recovery => eprintln!("{failure_or_recovery}"),
        })
        .build()?
        .spawn(OverflowPolicy::Reject)?; // a link may be slower than the sensors
    while !STOP.load(Relaxed) {
        for file in env::args().skip(1) {
            if let Err(error) = read(&file).and_then(|point| Ok(w.write(point)?)) {
                eprintln!("{file}: {error}"); // and the others go on
            }
        }
        sleep(Duration::from_secs(1));
    }
    println!("{}", w.close()?); // 60 delivered; or on disk, which the next start delivers
    Ok(())
}

fn read(file: &str) -> Result<Point, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let value: f64 = text.split_whitespace().next().unwrap_or_default().parse()?;
    let point = Point::new("sensors").tag("file", file);
    Ok(point.field("value", value))
}
