//! A microcontroller's program, with std's TCP socket in place of the board's. Set `INFLUXDB_V2_URL` (plain
//! http), `_ORG`, `_TOKEN` and `_BUCKET`: `cargo run --features embedded --example embedded_tcp`
use embedded_io_adapters::std::FromStd;
use influx_edge::embedded::{Backoff, Config, Connection, Queue};
use influx_edge::{Encoder, Precision, Timestamp};
use std::{error::Error, net::TcpStream, thread, time::Duration, time::Instant};

fn open(host: &str) -> Result<FromStd<TcpStream>, Box<dyn Error>> {
    let socket = TcpStream::connect(host).map_err(|error| format!("{host}: {error}"))?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(FromStd::new(socket))
}

fn main() -> Result<(), Box<dyn Error>> {
    let set = |name| std::env::var(name).map_err(|_| format!("set {name}"));
    let (url, org) = (set("INFLUXDB_V2_URL")?, set("INFLUXDB_V2_ORG")?);
    let (token, bucket) = (set("INFLUXDB_V2_TOKEN")?, set("INFLUXDB_V2_BUCKET")?);
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let config = Config::new(host).org(&org).token(&token);
    let (mut buffer, mut line, mut ring) = ([0; 512], [0; 128], [0; 4096]);
    let mut connection = Connection::new(open(host)?, &mut buffer, &config);
    let mut queue = Queue::new(&mut ring, Precision::Second);
    let (start, mut backoff) = (Instant::now(), Backoff::new(std::process::id()));
    for n in 0..10 {
        let mut enc = Encoder::new(&mut line).precision(Precision::Second);
        let reading = enc.line("weather").tag("station", "zrh-1").field("n", n);
        queue.push(reading.timestamp(Timestamp::now()).map(|()| enc.lines())?)?;
        if backoff.is_due(start.elapsed()) {
            if let (false, Ok(socket)) = (connection.is_open(), open(host)) {
                connection.reopen(socket);
            }
            let result = queue.deliver(1024, |lines| connection.write(&bucket, lines));
            backoff.on_result(start.elapsed(), &result);
            result.map_or_else(|error| eprintln!("{error}"), drop);
        }
        thread::sleep(Duration::from_secs(1));
    }
    println!("{}", queue.stats());
    Ok(())
}
