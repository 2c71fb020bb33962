//! The minimal program that also keeps what can't be sent: a batching writer with a spool.

use influx_edge::line::{EncodeError, Encoder, Sink, ToLine};
use influx_edge::{Client, Precision, Spool};

struct Reading {
    temp_c: f64,
    at: i64,
}

impl ToLine for Reading {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        enc.line("weather")
            .tag("station", "zrh-1")
            .field("temp_c", self.temp_c)
            .timestamp(self.at)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "usage: write_query_spool URL DIRECTORY";
    let url = std::env::args().nth(1).ok_or(usage)?;
    let dir = std::env::args().nth(2).ok_or(usage)?;
    let client = Client::builder(url).org("acme").token("token").build()?;
    let mut writer = client
        .writer("sensors")
        .precision(Precision::Second)
        .batch_lines(1)
        .spool(Spool::open(dir)?)
        .build()?;
    let mut sum = 0.0;
    for n in 0..footprint::WRITES {
        writer.write(&Reading {
            temp_c: 20.0 + n as f64 / 100.0,
            at: 1_700_000_000 + n,
        })?;
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
    let outcome = writer.flush()?;
    println!("{outcome}");
    if sum <= 0.0 {
        return Err("the rows are missing".into());
    }
    footprint::report();
    Ok(())
}
