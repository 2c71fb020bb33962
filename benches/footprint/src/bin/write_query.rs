//! The minimal program that also asks.

use influx_edge::line::Encoder;
use influx_edge::{Client, Precision};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("usage: write_query URL")?;
    let client = Client::builder(url).org("acme").token("token").build()?;
    let mut storage = [0u8; 256];
    let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
    let mut sum = 0.0;
    for n in 0..footprint::WRITES {
        enc.line("weather")
            .tag("station", "zrh-1")
            .field("temp_c", 20.0 + n as f64 / 100.0)
            .timestamp(1_700_000_000 + n)?;
        client.write("sensors", enc.lines())?;
        enc.clear();
        if n % 100 == 0 {
            let mut rows = client
                .query("from(bucket: params.b) |> range(start: -1h)")
                .param("b", "sensors")
                .call()?;
            while let Some(row) = rows.next()? {
                sum += row.get::<f64>("_value")?;
            }
        }
    }
    if sum <= 0.0 {
        return Err("the rows are missing".into());
    }
    footprint::report();
    Ok(())
}
