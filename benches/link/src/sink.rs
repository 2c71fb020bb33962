//! A server that takes every write, and counts the lines that it hadn't yet.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

#[derive(Default)]
pub struct Stored {
    lines: HashSet<Vec<u8>>,
    pub requests: u64,
    /// Lines that came, also those that had come before.
    pub received: usize,
    /// Bytes of the bodies, as they came.
    pub body_bytes: u64,
    pub last: Option<Instant>,
}

impl Stored {
    pub fn lines(&self) -> usize {
        self.lines.len()
    }
}

pub fn start() -> (SocketAddr, Arc<Mutex<Stored>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let stored = Arc::new(Mutex::new(Stored::default()));
    let shared = Arc::clone(&stored);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let stored = Arc::clone(&shared);
            // Its end is the client's, or the link's.
            std::thread::spawn(move || drop(serve(&stream, &stored)));
        }
    });
    (addr, stored)
}

fn serve(mut stream: &TcpStream, stored: &Mutex<Stored>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut chunked, mut gzip, mut line) = (0, false, false, String::new());
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let lower = line.trim_end().to_ascii_lowercase();
            match lower.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap_or(0),
                Some(("transfer-encoding", value)) => chunked = value == "chunked",
                Some(("content-encoding", value)) => gzip = value == "gzip",
                Some(("expect", _)) => stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        while chunked {
            line.clear();
            reader.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
            let at = body.len();
            body.resize(at + size + 2, 0);
            reader.read_exact(&mut body[at..])?;
            body.truncate(at + size);
            chunked = size > 0;
        }
        let sent = body.len();
        if gzip {
            let packed = std::mem::take(&mut body);
            flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut body)?;
        }
        {
            let mut stored = stored.lock().unwrap();
            stored.requests += 1;
            stored.body_bytes += sent as u64;
            let lines = body.split(|b| *b == b'\n').filter(|line| !line.is_empty());
            for line in lines {
                stored.received += 1;
                stored.lines.insert(line.to_vec());
            }
            stored.last = Some(Instant::now());
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
    }
}
