//! A program under systemd that reports that it is ready, alive and stopping.
//!
//! `INFLUXDB_V2_URL=… INFLUXDB_V2_ORG=… INFLUXDB_V2_TOKEN=… cargo run --example service`
use influx_edge::{Client, Error, Spool};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
static STOP: AtomicBool = AtomicBool::new(false);

/// Sends a message to systemd. Does nothing if started by hand.
fn notify(message: &str) {
    #[cfg(unix)]
    if let Some(path) = std::env::var_os("NOTIFY_SOCKET") {
        let socket = std::os::unix::net::UnixDatagram::unbound();
        let sent = socket.and_then(|s| s.send_to(message.as_bytes(), path));
        sent.map_or_else(|error| eprintln!("NOTIFY_SOCKET: {error}"), drop);
    }
}

fn main() -> Result<(), Error> {
    let _ = ctrlc::set_handler(|| STOP.store(true, Relaxed)); // SIGTERM, too
    let client = Client::from_env()?;
    let dir = std::env::var("STATE_DIRECTORY").unwrap_or(".".into());
    let mut w = client
        .writer("sensors")
        .spool(Spool::open(dir + "/spool")?)
        .build()?;
    notify("READY=1");
    while !STOP.load(Relaxed) {
        let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = text.split(' ').next().unwrap_or_default();
        let load = load.parse().unwrap_or(f64::NAN);
        w.write_with(|enc| enc.line("machine").field("load", load).finish())
            .unwrap_or_else(|error| eprintln!("{error}"));
        w.run_until(Instant::now() + Duration::from_secs(1))?; // a tick
        notify("WATCHDOG=1"); // here: a thread would hide a hang
    }
    notify("STOPPING=1");
    println!("{}", w.close_within(Duration::from_secs(20))?); // rest: on disk
    Ok(())
}
