//! HTTP/1.1 over one socket, as far as the clients under test use it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Longest head (request line and headers) taken, in bytes.
const MAX_HEAD: u64 = 64 * 1024;
/// Longest body taken, in bytes, as sent and also once unpacked.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// Size of the chunks of a chunked response. Small and odd on purpose: a client then meets cells,
/// line ends and UTF-8 sequences cut in two all the time.
const CHUNK: usize = 509;

/// One request as received. The server keeps it for the tests.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The request target as sent: path and query, percent-encoded.
    pub target: String,
    /// The headers in the order received.
    pub headers: Vec<(String, String)>,
    /// The body as sent, chunks put together, compression left as it is.
    pub body: Vec<u8>,
}

impl Request {
    /// The target up to the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The decoded value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(key) == name).then(|| percent_decode(value))
        })
    }

    /// The first header of this name, whatever its case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body with its gzip undone.
    pub(crate) fn plain_body(&self) -> io::Result<Vec<u8>> {
        match self.header("Content-Encoding") {
            Some("gzip" | "x-gzip") => {
                let mut plain = Vec::new();
                let cap = MAX_BODY as u64 + 1;
                flate2::read::GzDecoder::new(self.body.as_slice())
                    .take(cap)
                    .read_to_end(&mut plain)?;
                if plain.len() > MAX_BODY {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                Ok(plain)
            }
            _ => Ok(self.body.clone()),
        }
    }

    /// The plain body as text; what is not UTF-8 is replaced. Panics on broken gzip: for tests.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.plain_body().expect("a sound body")).into_owned()
    }

    fn wants(&self, header: &str, word: &str) -> bool {
        self.header(header)
            .is_some_and(|value| value.to_ascii_lowercase().contains(word))
    }

    /// The client waits for a status before it sends its body.
    pub(crate) fn expects_continue(&self) -> bool {
        self.wants("Expect", "100-continue")
    }

    /// The client closes the connection after this exchange.
    pub(crate) fn closes(&self) -> bool {
        self.wants("Connection", "close")
    }

    /// The client can read a gzip response.
    pub(crate) fn accepts_gzip(&self) -> bool {
        self.wants("Accept-Encoding", "gzip")
    }
}

/// One response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub chunked: bool,
    /// The body breaks off before its last chunk.
    pub cut: bool,
}

impl Response {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The body goes out in chunks, without a length known beforehand.
    pub(crate) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// An error in the server's form: JSON with `code` and `message`, the code also in a header.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = format!(
            r#"{{"code":{},"message":{}}}"#,
            json_string(code),
            json_string(message)
        );
        Self::new(status)
            .header("Content-Type", "application/json; charset=utf-8")
            .header("X-Platform-Error-Code", code)
            .body(body)
    }

    /// The bytes of the response, and how many of them are its head.
    pub(crate) fn to_wire(&self, head_only: bool) -> (Vec<u8>, usize) {
        let mut wire = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        for (name, value) in &self.headers {
            wire.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let bodiless = self.status == 204 || self.status == 304;
        if self.chunked && !bodiless {
            wire.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        } else if !bodiless {
            wire.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        wire.extend_from_slice(b"\r\n");
        let head = wire.len();
        if bodiless || head_only {
            return (wire, head);
        }
        if self.chunked {
            for chunk in self.body.chunks(CHUNK) {
                wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            if !self.cut {
                wire.extend_from_slice(b"0\r\n\r\n");
            }
        } else {
            wire.extend_from_slice(&self.body);
        }
        (wire, head)
    }
}

/// The server's end of one connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Reads a request up to its body. `None` when the client has closed the connection.
    pub(crate) fn read_head(&mut self) -> io::Result<Option<Request>> {
        let mut head = (&mut self.stream).take(MAX_HEAD);
        let mut next = || {
            let mut line = Vec::new();
            head.read_until(b'\n', &mut line)?;
            let line = String::from_utf8(line).map_err(|_| bad("head is not UTF-8"))?;
            Ok::<_, io::Error>(line)
        };
        let first = next()?;
        if first.is_empty() {
            return Ok(None);
        }
        let mut words = first.split_whitespace();
        let (Some(method), Some(target), Some("HTTP/1.1")) =
            (words.next(), words.next(), words.next())
        else {
            return Err(bad("request line"));
        };
        let mut request = Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        loop {
            let line = next()?;
            let Some(line) = line.strip_suffix("\r\n") else {
                return Err(bad("head is cut or too long"));
            };
            if line.is_empty() {
                return Ok(Some(request));
            }
            let (name, value) = line.split_once(':').ok_or_else(|| bad("header"))?;
            let header = (name.to_owned(), value.trim().to_owned());
            request.headers.push(header);
        }
    }

    /// Reads the body that the request's head announces.
    pub(crate) fn read_body(&mut self, request: &Request) -> io::Result<Vec<u8>> {
        if request.wants("Transfer-Encoding", "chunked") {
            return self.read_chunks();
        }
        let length = match request.header("Content-Length") {
            Some(text) => text.parse().map_err(|_| bad("Content-Length"))?,
            None => 0,
        };
        if length > MAX_BODY {
            return Err(bad("body too long"));
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut size = String::new();
            (&mut self.stream).take(32).read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim_end(), 16).map_err(|_| bad("chunk size"))?;
            if size > MAX_BODY || body.len() + size > MAX_BODY {
                return Err(bad("body too long"));
            }
            let start = body.len();
            body.resize(start + size, 0);
            self.stream.read_exact(&mut body[start..])?;
            let mut end = [0; 2];
            self.stream.read_exact(&mut end)?;
            if end != *b"\r\n" {
                return Err(bad("chunk end"));
            }
            if size == 0 {
                return Ok(body);
            }
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }
}

/// A JSON string as Go's encoder writes it: it escapes what could upset HTML or JavaScript as well.
pub(crate) fn json_string(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = text.get(at + 1..at + 3);
        let code = code.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        at += 1;
        match (byte, code) {
            (b'%', Some(code)) => {
                out.push(code);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
