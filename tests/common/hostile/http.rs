//! HTTP by hand: one request a connection, to the address in a URL. The encoder is under test,
//! so there is no HTTP library between it and the server.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A server and what every request to it carries.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    address: String,
    base: String,
    authorization: Option<String>,
}

pub(crate) struct Response {
    pub status: u16,
    pub body: String,
}

impl Server {
    /// `url` is `http://host:port[/path]`.
    pub(crate) fn new(url: &str, token: Option<&str>) -> Server {
        let rest = url
            .strip_prefix("http://")
            .unwrap_or_else(|| panic!("{url}: these tests speak plain http:// only"));
        let (address, base) = rest.split_once('/').unwrap_or((rest, ""));
        let base = base.trim_end_matches('/');
        Server {
            address: address.to_owned(),
            base: if base.is_empty() {
                String::new()
            } else {
                format!("/{base}")
            },
            authorization: token.map(|token| format!("Token {token}")),
        }
    }

    pub(crate) fn get(&self, target: &str) -> Response {
        self.request("GET", target, "text/plain", b"")
    }

    pub(crate) fn post(&self, target: &str, body: &[u8]) -> Response {
        self.request("POST", target, "text/plain; charset=utf-8", body)
    }

    pub(crate) fn post_form(&self, target: &str, form: &[(&str, &str)]) -> Response {
        let body = query_string(form);
        let kind = "application/x-www-form-urlencoded";
        self.request("POST", target, kind, body.as_bytes())
    }

    fn request(&self, method: &str, target: &str, kind: &str, body: &[u8]) -> Response {
        let Server { address, base, .. } = self;
        let mut stream = TcpStream::connect(address)
            .unwrap_or_else(|e| panic!("{address} does not respond: {e}"));
        let limit = Some(Duration::from_secs(60));
        stream.set_read_timeout(limit).unwrap();
        stream.set_write_timeout(limit).unwrap();
        // HTTP/1.0: the response ends with the connection and is not chunked.
        let mut head = format!(
            "{method} {base}{target} HTTP/1.0\r\nHost: {address}\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n",
            body.len()
        );
        if let Some(authorization) = &self.authorization {
            write!(head, "Authorization: {authorization}\r\n").unwrap();
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).expect("a response in UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a response with a head");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Response {
            status: status.expect("a status line"),
            body: body.to_owned(),
        }
    }
}

/// `a=b&c=d`, percent-encoded.
pub(crate) fn query_string(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (key, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        for (text, end) in [(key, "="), (value, "")] {
            for byte in text.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    out.push(char::from(byte));
                } else {
                    write!(out, "%{byte:02X}").unwrap();
                }
            }
            out.push_str(end);
        }
    }
    out
}
