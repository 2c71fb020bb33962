//! A peer on a bare socket, which responds with exactly the bytes of a test, as no well-behaved server would.
//! Every step is bounded; nothing leaves the loopback.

#![allow(
    dead_code,
    reason = "shared by several test binaries, each of which uses a part"
)]

#[path = "gzip.rs"]
pub(crate) mod gzip;

pub(crate) use super::watch;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use influx_edge::Client;
use influx_edge::client::ClientBuilder;

/// The token of every test, which only requests may show.
pub(crate) const TOKEN: &str = "canary-7f3a-TOKEN-never-printed";

/// A thread that accepts connections and plays a scene on each, one scene a connection, in order.
pub(crate) struct Wire {
    addr: SocketAddr,
    /// Requests in the order they came.
    seen: Arc<Mutex<Vec<Seen>>>,
    thread: Option<JoinHandle<()>>,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub method: String,
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Which connection it came over, from 0.
    pub connection: usize,
}

impl Seen {
    /// The body with its gzip undone.
    pub(crate) fn plain_body(&self) -> Vec<u8> {
        let mut plain = self.body.clone();
        if self.header("content-encoding") == Some("gzip") {
            plain.clear();
            let mut gzip = flate2::read::GzDecoder::new(&self.body[..]);
            gzip.read_to_end(&mut plain).unwrap();
        }
        plain
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

pub(crate) type Scene = Box<dyn FnOnce(&mut Peer) + Send>;

/// The server's side of one connection.
pub(crate) struct Peer {
    pub stream: TcpStream,
    pub connection: usize,
    seen: Arc<Mutex<Vec<Seen>>>,
    ahead: Vec<u8>,
}

impl Wire {
    /// Plays one scene on each connection, in order, then stops listening.
    pub(crate) fn scenes(scenes: Vec<Scene>) -> Wire {
        // The whole of it, and what all secrets of these tests begin with.
        watch::watch(TOKEN);
        watch::watch("canary-7f3a");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&seen);
        let thread = std::thread::spawn(move || {
            for (connection, scene) in scenes.into_iter().enumerate() {
                let Some(stream) = accept(&listener) else {
                    return;
                };
                let mut peer = Peer {
                    stream,
                    connection,
                    seen: Arc::clone(&shared),
                    ahead: Vec::new(),
                };
                // Beside the next one: a scene may outlast the client's patience.
                std::thread::spawn(move || scene(&mut peer));
            }
        });
        Wire {
            addr,
            seen,
            thread: Some(thread),
        }
    }

    /// Plays the same scene on each of the next `n` connections.
    pub(crate) fn each(n: usize, scene: impl Fn(&mut Peer) + Send + Sync + 'static) -> Wire {
        let scene = Arc::new(scene);
        Wire::scenes(
            (0..n)
                .map(|_| {
                    let scene = Arc::clone(&scene);
                    Box::new(move |peer: &mut Peer| scene(peer)) as Scene
                })
                .collect(),
        )
    }

    /// Responds to every request on up to 16 connections with these bytes.
    pub(crate) fn responding(response: impl AsRef<[u8]>) -> Wire {
        let response = response.as_ref().to_vec();
        Wire::each(16, move |peer| {
            while peer.request().is_some() {
                peer.send(&response);
            }
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A client for this peer with the canary token and an organization.
    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// The same, whose bodies come as they are: for a scene that counts their bytes, or refuses the
    /// first of them in a way that may be about compression.
    pub(crate) fn plain_client(&self) -> Client {
        self.plain_builder().build().unwrap()
    }

    /// A client to be changed; with limits that suit a test.
    pub(crate) fn builder(&self) -> ClientBuilder {
        gzip::forced(self.plain_builder())
    }

    /// The same, with what the client compresses by default.
    pub(crate) fn plain_builder(&self) -> ClientBuilder {
        Client::builder(self.url())
            .org("acme")
            .token(TOKEN)
            .timeout(Duration::from_secs(5))
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Scenes without a connection end by themselves, because `accept` is bounded. A failed test shows its own
        // panic, not that of this thread.
        drop(self.thread.take());
    }
}

/// Waits for a connection, at most ten seconds.
fn accept(listener: &TcpListener) -> Option<TcpStream> {
    listener.set_nonblocking(true).unwrap();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).unwrap();
                stream
                    .set_read_timeout(Some(Duration::from_secs(10)))
                    .unwrap();
                stream
                    .set_write_timeout(Some(Duration::from_secs(10)))
                    .unwrap();
                stream.set_nodelay(true).unwrap();
                return Some(stream);
            }
            // Most connections come at once; many scenes never get one.
            Err(_) if start.elapsed() < Duration::from_millis(500) => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    None
}

impl Peer {
    /// Reads one whole request and notes it; `None` when the client closed.
    pub(crate) fn request(&mut self) -> Option<Seen> {
        let head = self.head()?;
        if head.header("expect").is_some() {
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let seen = self.body(head)?;
        self.note(seen.clone());
        Some(seen)
    }

    /// Reads the body that belongs to a head.
    pub(crate) fn body(&mut self, head: Seen) -> Option<Seen> {
        let length: usize = head
            .header("content-length")
            .and_then(|v| v.parse().ok())
            .unwrap_or(0);
        let body = if head.header("transfer-encoding") == Some("chunked") {
            self.chunked()?
        } else {
            self.exactly(length)?
        };
        Some(Seen { body, ..head })
    }

    /// Notes a request.
    pub(crate) fn note(&mut self, seen: Seen) {
        self.seen.lock().unwrap().push(seen);
    }

    /// Reads the head of a request, without noting it.
    pub(crate) fn head(&mut self) -> Option<Seen> {
        let end = loop {
            if let Some(at) = find(&self.ahead, b"\r\n\r\n") {
                break at + 4;
            }
            self.more()?;
        };
        let text = String::from_utf8(self.ahead[..end].to_vec()).unwrap();
        self.ahead.drain(..end);
        let mut lines = text.lines();
        let mut first = lines.next()?.split(' ');
        Some(Seen {
            method: first.next()?.to_string(),
            target: first.next()?.to_string(),
            headers: lines
                .filter_map(|l| l.split_once(':'))
                .map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_string()))
                .collect(),
            body: Vec::new(),
            connection: self.connection,
        })
    }

    pub(crate) fn exactly(&mut self, n: usize) -> Option<Vec<u8>> {
        while self.ahead.len() < n {
            self.more()?;
        }
        Some(self.ahead.drain(..n).collect())
    }

    fn chunked(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let at = loop {
                if let Some(at) = find(&self.ahead, b"\r\n") {
                    break at;
                }
                self.more()?;
            };
            let size = String::from_utf8(self.ahead[..at].to_vec()).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            self.ahead.drain(..at + 2);
            let chunk = self.exactly(size + 2)?;
            if size == 0 {
                return Some(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    fn more(&mut self) -> Option<()> {
        let mut piece = [0u8; 64 * 1024];
        match self.stream.read(&mut piece) {
            Ok(0) | Err(_) => None,
            Ok(n) => {
                self.ahead.extend_from_slice(&piece[..n]);
                Some(())
            }
        }
    }

    /// What was read beyond the head, taken out.
    pub(crate) fn take_ahead(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ahead)
    }

    /// Sends bytes as they are. That the client has gone by then is part of many scenes.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Closes so that the other side sees a reset, not an end.
    pub(crate) fn reset(&mut self) {
        // With unread input the kernel sends RST on a close.
        let _ = self.stream.shutdown(std::net::Shutdown::Read);
    }

    /// Waits for the client to close, at most ten seconds.
    pub(crate) fn wait_for_close(&mut self) {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if self.more().is_none() {
                return;
            }
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

/// A response with a length.
pub(crate) fn response(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut out = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    out.extend_from_slice(body);
    out
}

/// InfluxDB's own form of an error.
pub(crate) fn json_error(status: &str, code: &str, message: &str) -> Vec<u8> {
    let body = serde_json::json!({ "code": code, "message": message }).to_string();
    response(
        status,
        &format!(
            "Content-Type: application/json; charset=utf-8\r\nX-Platform-Error-Code: {code}\r\n"
        ),
        body,
    )
}

/// The response to a successful write.
pub(crate) const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\nX-Influxdb-Build: OSS\r\n\r\n";

/// A peer that repeats the request's secrets, in every part of its response, and its whole body. It opens sessions.
pub(crate) fn echo(status: &'static str) -> Wire {
    Wire::each(32, move |peer| {
        while let Some(seen) = peer.request() {
            let secret = seen.header("authorization").or(seen.header("cookie"));
            let secret = secret.unwrap_or("").to_string();
            if seen.target.ends_with("/signin") {
                peer.send(
                    "HTTP/1.1 204 No Content\r\nSet-Cookie: s=canary-7f3a-cookie; Path=/\r\n\r\n",
                );
                continue;
            }
            let headers = format!(
                "X-Influx-Error: {secret}\r\nX-Request-Id: {secret}\r\nLocation: http://{secret}/\r\nX-Platform-Error-Code: {secret}\r\n"
            );
            let body = String::from_utf8_lossy(&seen.body);
            let said = format!("you said {secret} and {body} to {}", seen.target);
            peer.send(response(status, &headers, said));
        }
    })
}

/// Checks that a `Debug` shows no canary, neither as it is nor in base64.
#[track_caller]
pub(crate) fn hidden(what: &dyn std::fmt::Debug) {
    let text = format!("{what:?}{what:#?}");
    assert!(
        !text.contains("canary-7f3a") && !text.contains("Y2FuYXJ5"),
        "a secret shows: {}",
        text.replace("canary-7f3a", "<canary>")
    );
}

/// A closed port: bound once and released.
pub(crate) fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Checks that no form of an error shows the canary.
pub(crate) fn no_secret(error: &influx_edge::Error) {
    let mut texts = vec![
        format!("{error}"),
        format!("{error:?}"),
        format!("{error:#?}"),
    ];
    texts.push(error.message().to_string());
    let mut source = std::error::Error::source(error);
    while let Some(e) = source {
        texts.push(format!("{e} {e:?}"));
        source = e.source();
    }
    for text in texts {
        // In base64, too, as Basic authentication has it.
        assert!(
            !text.contains("canary-7f3a") && !text.contains("Y2FuYXJ5"),
            "the token shows: {}",
            text.replace("canary-7f3a", "<canary>")
        );
    }
}
