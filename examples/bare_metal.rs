//! A microcontroller's program, run on this machine: static buffers, no heap, no client.
//!
//! ```sh
//! cargo run --example bare_metal
//! ```
//!
//! `bare_metal/station.rs` is what runs on the board, and needs nothing but `core`. What is in this
//! file is the rest of the world: a clock, two sensors, and a modem that carries bytes to a mock
//! server and back, a few at a time. Most modems speak HTTP themselves; this one does it with two
//! headers.

#[path = "common/say.rs"]
#[macro_use]
mod say;

#[path = "../tests/common/mock_server/mod.rs"]
mod mock_server;
#[path = "bare_metal/station.rs"]
mod station;

use influx_edge::line::EncodeError;
use mock_server::Server;
use station::{LINES, Newest, Station, Text};
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the modem hands over at once.
const PIECE: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let mut modem = Modem {
        server: &server,
        requests: 0,
    };
    say!("server   a mock server inside this program; it is not InfluxDB and keeps nothing");

    let mut station = Station::new("zrh-1")?;
    say!(
        "station  {} bytes in all, {LINES} of them for lines",
        size_of::<Station>()
    );
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    for n in 0..20_u32 {
        let seconds = now - 20 + i64::from(n);
        // The thermometer is read every second time only.
        let celsius = (n % 2 == 0).then_some(20.0 + 0.25 * n as f32);
        match station.take(seconds, celsius, n) {
            Ok(()) => {}
            Err(EncodeError::BufferFull) => {
                send(&mut modem, &mut station)?;
                station.take(seconds, celsius, n)?;
            }
            Err(refused) => return Err(refused.into()),
        }
    }
    send(&mut modem, &mut station)?;
    say!("written  20 readings in {} requests", modem.requests);

    let mut storage = [0; 192];
    let mut question = Text::new(&mut storage);
    station::ask("zrh-1", &mut question)?;
    let path = format!("/api/v2/query?org={}", server.org());
    let (status, body) = modem.post(&path, "application/vnd.flux", question.as_bytes())?;
    if status != 200 {
        return Err(format!("the response to the query was {status}").into());
    }
    let (mut text, mut ends) = ([0; 384], [0; 48]);
    say!(
        "decoder  {} and {} bytes",
        size_of_val(&text),
        size_of_val(&ends)
    );
    let mut newest = Newest::new(&mut text, &mut ends);
    for piece in body.chunks(PIECE) {
        newest.feed(piece)?;
    }
    match newest.finish()? {
        Some(celsius) => say!("newest   {celsius} °C, read {PIECE} bytes at a time"),
        None => return Err("the readings are not there".into()),
    }
    Ok(())
}

/// Keeps the lines until the server has them.
fn send(modem: &mut Modem<'_>, station: &mut Station) -> Result<(), Box<dyn Error>> {
    let (org, bucket) = (modem.server.org(), modem.server.bucket());
    let path = format!("/api/v2/write?org={org}&bucket={bucket}&precision=s");
    let (status, _) = modem.post(&path, "text/plain; charset=utf-8", station.lines())?;
    // Nothing but 204 means that they are stored.
    if status != 204 {
        return Err(format!("the response to the write was {status}").into());
    }
    station.clear();
    Ok(())
}

struct Modem<'a> {
    server: &'a Server,
    requests: u32,
}

impl Modem<'_> {
    /// Status and body of the response.
    fn post(
        &mut self,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> Result<(u16, Vec<u8>), Box<dyn Error>> {
        self.requests += 1;
        let url = self.server.url();
        let host = url.trim_start_matches("http://");
        let mut wire = TcpStream::connect(host)?;
        write!(
            wire,
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Token {}\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.server.token(),
            body.len()
        )?;
        wire.write_all(body)?;
        let mut response = Vec::new();
        wire.read_to_end(&mut response)?;
        let end = response.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.ok_or("no response")?;
        let head = std::str::from_utf8(&response[..end])?.to_ascii_lowercase();
        let status = head.get(9..12).ok_or("no status")?.parse()?;
        let body = &response[end + 4..];
        let body = if head.contains("transfer-encoding: chunked") {
            joined(body).ok_or("a broken response")?
        } else {
            body.to_vec()
        };
        Ok((status, body))
    }
}

/// The chunks of a body, put together; none if the last is missing.
fn joined(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = chunks.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&chunks[..line]).ok()?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        chunks = &chunks[line + 2..];
        body.extend_from_slice(chunks.get(..length)?);
        chunks = chunks.get(length + 2..)?;
    }
}
