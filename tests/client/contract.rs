//! The shape of the API, as users write it: each part of this file has to compile and work as it
//! stands. A change that breaks it breaks every program that uses the crate.

use crate::common::mock_server;
use influx_edge::client::Method;
use influx_edge::csv::{Decoder, Step};
use influx_edge::line::{EncodeError, Encoder, Point, Series, Sink, ToLine};
use influx_edge::{Client, Precision};
use serde::Deserialize;
use serde_json::Value;
use std::time::SystemTime;

/// A serial port, as far as this test needs one.
#[derive(Default)]
struct Uart(Vec<u8>);

impl Uart {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

#[test]
fn fixed_buffer_without_allocator() -> Result<(), EncodeError> {
    let mut uart = Uart::default();
    let mut storage = [0u8; 64];
    let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
    for ts in 0..10 {
        loop {
            match enc
                .line("weather")
                .tag("station", "zrh-1")
                .field("temp_c", 21.5)
                .timestamp(ts)
            {
                Ok(()) => break,
                Err(EncodeError::BufferFull) if !enc.is_empty() => {
                    uart.write(enc.as_bytes());
                    enc.clear(); /* again */
                }
                Err(e) => return Err(e),
            }
        }
    }
    uart.write(enc.as_bytes());
    let lines = (0..10).map(|ts| format!("weather,station=zrh-1 temp_c=21.5 {ts}\n"));
    assert_eq!(uart.0, lines.collect::<String>().into_bytes());
    Ok(())
}

#[test]
fn prepared_series() -> Result<(), EncodeError> {
    let mut storage = [0u8; 256];
    let mut enc = Encoder::new(&mut storage);
    let (t, ts) = (21.5, 7);
    let series = Series::<64>::new("weather")?.tag("station", "zrh-1")?;
    enc.series(&series).field("temp_c", t).timestamp(ts)?;
    assert_eq!(enc.as_bytes(), b"weather,station=zrh-1 temp_c=21.5 7\n");
    Ok(())
}

struct Reading {
    temp_c: f64,
    at: i64,
}

impl ToLine for Reading {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        enc.line("weather")
            .field("temp_c", self.temp_c)
            .timestamp(self.at)
    }
}

#[derive(Deserialize)]
struct Sample {
    #[serde(rename = "_value")]
    value: f64,
}

#[test]
fn write_query_and_anything_else() -> Result<(), influx_edge::Error> {
    let server = mock_server::Server::start();
    let client = Client::builder(server.url())
        .org(server.org())
        .token(server.token())
        .build()?;
    let bucket = server.bucket();

    let mut storage = [0u8; 1024];
    let mut enc = Encoder::new(&mut storage);
    let now = SystemTime::now();
    enc.line("weather").field("temp_c", 20.5).timestamp(now)?;
    client.write(bucket, enc.lines())?;

    // Owned points, and own types.
    let p = Point::new("other")
        .tag("station", "zrh-1")
        .field("temp_c", 21.5)
        .time(SystemTime::now());
    client.write(bucket, [p])?;
    let nanos = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    let at = i64::try_from(nanos.as_nanos()).expect("before 2262") + 1;
    enc.clear();
    enc.encode(&Reading { temp_c: 1.5, at })?;
    client.write(bucket, enc.lines())?;

    let flux = r#"from(bucket: params.b) |> range(start: -1h) |> filter(fn: (r) => r._measurement == "weather")"#;
    let mut rows = client.query(flux).param("b", bucket).call()?;
    let mut sum = 0.0;
    while let Some(row) = rows.next()? {
        let v: f64 = row.get("_value")?;
        sum += v;
    }
    assert_eq!(sum, 22.0);

    let mut total = 0.0;
    for s in client
        .query(flux)
        .param("b", bucket)
        .deserialize::<Sample>()?
    {
        total += s?.value;
    }
    assert_eq!(total, 22.0);

    let health: Value = client
        .request(Method::Get, "/health")
        .query("limit", "10")
        .call()?
        .into_json()?;
    assert_eq!(health["status"], "pass");
    Ok(())
}

#[test]
fn the_same_decoder_without_std() -> Result<(), influx_edge::csv::DecodeError> {
    let body = b"#datatype,string,long,double\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,_value\r\n,,0,1.5\r\n,,0,2.5\r\n";
    let (mut text, mut ends) = ([0u8; 256], [0usize; 32]);
    let mut dec = Decoder::new(&mut text, &mut ends);
    let mut sum = 0.0;
    let mut chunk = &body[..];
    loop {
        let (n, step) = dec.feed(chunk)?;
        chunk = &chunk[n..];
        match step {
            Step::NeedInput => break,
            Step::Table => assert_eq!(dec.table().result(), "_result"),
            Step::Record => sum += dec.record().get::<f64>("_value").expect("a double"),
            Step::End => unreachable!("the end is said by finish()"),
        }
    }
    assert_eq!(dec.finish()?, Step::End);
    assert_eq!(sum, 4.0);
    Ok(())
}
