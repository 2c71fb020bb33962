//! What `influx-edge write` is measured against: a program of the library that does the same, and the server
//! for both.
//!
//! `lines N` prints N lines, `records N` the same as CSV; `sink` serves on a port that it prints; `write FILE`
//! and `write-csv FILE` deliver a file to the server of `INFLUXDB_V2_URL`.

#[allow(clippy::collapsible_if, reason = "shared with benches of Rust 1.85")]
#[path = "../../support/loopback.rs"]
mod loopback;

use csv_core::{ReadRecordResult, Reader};
use influx_edge::line::whole_lines;
use influx_edge::line::{OwnedFieldKey, OwnedSeries};
use influx_edge::{Client, Precision, Timestamp};
use std::error::Error;
use std::io::{BufWriter, Read, Write};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["lines", count] => lines(count.parse()?),
        ["sink"] => {
            println!("{}", loopback::sink());
            std::io::stdin().read_to_end(&mut Vec::new())?;
            Ok(())
        }
        ["records", count] => records(count.parse()?),
        ["write", file] => write(file),
        ["write-csv", file] => write_csv(file),
        _ => Err("lines N, records N, sink, write FILE, or write-csv FILE".into()),
    }
}

fn lines(count: u64) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for n in 0..count {
        writeln!(
            out,
            "weather,station=zrh-{},site=north temp_c={}.{},humidity={}.25 {}",
            n % 3,
            n % 40,
            n % 10,
            n % 97,
            1_700_000_000_000_000_000 + n * 1_000_003
        )?;
    }
    Ok(out.flush()?)
}

fn records(count: u64) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "time,station,site,temp_c,humidity")?;
    for n in 0..count {
        let nanos = 1_700_000_000_000_000_000 + n as i64 * 1_000_003;
        let time = Timestamp::from_nanos(nanos);
        let (temp, humidity) = (format!("{}.{}", n % 40, n % 10), n % 97);
        writeln!(out, "{time},zrh-{},north,{temp},{humidity}.25", n % 3)?;
    }
    Ok(out.flush()?)
}

/// Reads in pieces, hands over whole lines, closes.
fn write(file: &str) -> Result<(), Box<dyn Error>> {
    let mut writer = Client::from_env()?.writer("sensors").build()?;
    let mut file = std::fs::File::open(file)?;
    let mut text = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let len = file.read(&mut piece)?;
        text.extend_from_slice(&piece[..len]);
        let whole = if len == 0 {
            text.len()
        } else {
            whole_lines(&text)
        };
        let outcome =
            writer.write_lines(std::str::from_utf8(&text[..whole])?, Precision::Nanosecond);
        assert!(outcome.is_complete(), "{outcome}");
        text.drain(..whole);
        if len == 0 {
            break;
        }
    }
    println!("{}", writer.close()?);
    Ok(())
}

/// Reads in pieces, takes records apart by csv-core, and writes a line of each: for this table alone.
fn write_csv(file: &str) -> Result<(), Box<dyn Error>> {
    let mut writer = Client::from_env()?.writer("sensors").build()?;
    let mut file = std::fs::File::open(file)?;
    let series = OwnedSeries::new("weather")?;
    let keys = [
        OwnedFieldKey::new("temp_c")?,
        OwnedFieldKey::new("humidity")?,
    ];
    let mut reader = Reader::new();
    let (mut cells, mut ends) = ([0; 4096], [0; 16]);
    let (mut cells_len, mut count) = (0, 0);
    let mut header = true;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let len = file.read(&mut piece)?;
        let mut rest = &piece[..len];
        loop {
            let (result, read, wrote, ended) =
                reader.read_record(rest, &mut cells[cells_len..], &mut ends[count..]);
            rest = &rest[read..];
            (cells_len, count) = (cells_len + wrote, count + ended);
            match result {
                ReadRecordResult::Record if header => header = false,
                ReadRecordResult::Record => {
                    assert_eq!(count, 5);
                    let text = std::str::from_utf8(&cells[..cells_len])?;
                    let cell = |n: usize| &text[if n == 0 { 0 } else { ends[n - 1] }..ends[n]];
                    let values: [f64; 2] = [cell(3).parse()?, cell(4).parse()?];
                    let time = Timestamp::parse(cell(0))?;
                    writer.write_with(|enc| {
                        let line = enc.series(&series);
                        let line = line.tag("site", cell(2)).tag("station", cell(1));
                        let line = line.field(&keys[0], values[0]);
                        line.field(&keys[1], values[1]).timestamp(time)
                    })?;
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End => break,
                _ => return Err("a record is too long".into()),
            }
            (cells_len, count) = (0, 0);
        }
        if len == 0 {
            break;
        }
    }
    println!("{}", writer.close()?);
    Ok(())
}
