//! The least of a server: takes writes and keeps the last of them when asked, and responds to every query
//! with the same rows.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Mutex;

/// What was written to the bucket `check` since it was last asked for by `GET /written`.
static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Says its address on standard output and serves until standard input ends.
pub fn serve(response: Vec<u8>) -> ! {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    println!("http://{}", listener.local_addr().expect("it is bound"));
    let response: &'static [u8] = Vec::leak(response);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A connection's end is its client's business.
            std::thread::spawn(move || drop(connection(&stream, response)));
        }
    });
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    std::process::exit(0);
}

fn connection(mut stream: &TcpStream, response: &[u8]) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 << 10, stream);
    let mut body = Vec::new();
    loop {
        let Some(head) = head(&mut reader)? else {
            return Ok(());
        };
        body.clear();
        match head.length {
            Length::Of(length) => {
                body.resize(length, 0);
                reader.read_exact(&mut body)?;
            }
            Length::Chunked => chunks(&mut reader, &mut body)?,
        }
        let mut written = WRITTEN.lock().expect("nobody panics with it");
        let content: &[u8] = if head.first.starts_with("POST /api/v2/query") {
            response
        } else if head.first.starts_with("GET /written") {
            body = std::mem::take(&mut *written);
            &body
        } else {
            if head.first.contains("bucket=check") {
                written.extend_from_slice(&body);
            }
            drop(written);
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
            continue;
        };
        drop(written);
        let length = content.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/csv; charset=utf-8\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(content)?;
    }
}

struct Head {
    first: String,
    length: Length,
}

enum Length {
    Of(usize),
    Chunked,
}

fn head(reader: &mut impl BufRead) -> Result<Option<Head>> {
    let (mut first, mut length) = (String::new(), Length::Of(0));
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            return Ok(Some(Head { first, length }));
        }
        match line.split_once(':') {
            Some(("content-length", value)) => {
                length = Length::Of(value.trim().parse().expect("a length"));
            }
            Some(("transfer-encoding", value)) if value.trim() == "chunked" => {
                length = Length::Chunked;
            }
            _ => {}
        }
    }
}

fn chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> Result<()> {
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim_end(), 16).expect("a chunk's size");
        let start = body.len();
        // The chunk, or the empty trailer, and its end of line.
        body.resize(start + size + 2, 0);
        reader.read_exact(&mut body[start..])?;
        body.truncate(start + size);
        if size == 0 {
            return Ok(());
        }
    }
}
