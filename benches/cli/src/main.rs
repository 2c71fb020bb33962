//! What `influx-edge write` is measured against: a program of the library that does the same, and the server
//! for both.
//!
//! `lines N` prints N lines, `sink` serves on a port that it prints, `write FILE` delivers a file to the
//! server of `INFLUXDB_V2_URL`.

#[allow(clippy::collapsible_if, reason = "shared with benches of Rust 1.85")]
#[path = "../../support/loopback.rs"]
mod loopback;

use influx_edge::line::whole_lines;
use influx_edge::{Client, Precision};
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
        ["write", file] => write(file),
        _ => Err("lines N, sink, or write FILE".into()),
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
