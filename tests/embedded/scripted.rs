//! A transport in memory that does what a script says.

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use influx_edge::embedded::Config;
use std::collections::VecDeque;

pub(crate) const TOKEN: &str = "canary-TOKEN-never-printed";
pub(crate) const CONFIG: Config<'static> = Config::new("board:8086").org("acme").token(TOKEN);

/// What a read finds.
#[derive(Clone, Debug)]
pub(crate) enum Incoming {
    Bytes(Vec<u8>),
    Error(ErrorKind),
}

/// What a write finds after so many bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Error(ErrorKind),
    /// It takes nothing.
    Zero,
}

/// Reads what is there, one piece at a time, then the end; keeps what is written.
#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    pub incoming: VecDeque<Incoming>,
    /// The most bytes of one read, and of one write.
    pub most: (usize, usize),
    /// Every other read and write is interrupted.
    pub interrupts: bool,
    pub fault: Option<(usize, Fault)>,
    pub written: Vec<u8>,
    pub flushed: usize,
    pub flush_fails: bool,
    /// What each read of bytes says that it has read, whatever it has.
    pub claims: Option<usize>,
    turn: bool,
    /// Reads at the end: somebody who goes on reading there never ends.
    ends: usize,
}

impl Scripted {
    pub(crate) fn new(responses: &[&[u8]]) -> Self {
        Scripted {
            incoming: responses
                .iter()
                .map(|bytes| Incoming::Bytes(bytes.to_vec()))
                .collect(),
            most: (usize::MAX, usize::MAX),
            interrupts: false,
            fault: None,
            written: Vec::new(),
            flushed: 0,
            flush_fails: false,
            claims: None,
            turn: false,
            ends: 0,
        }
    }

    pub(crate) fn most(self, read: usize, write: usize) -> Self {
        Scripted {
            most: (read, write),
            ..self
        }
    }

    /// Fails behind what is there.
    pub(crate) fn then(mut self, error: ErrorKind) -> Self {
        self.incoming.push_back(Incoming::Error(error));
        self
    }

    pub(crate) fn failing(self, at: usize, fault: Fault) -> Self {
        Scripted {
            fault: Some((at, fault)),
            ..self
        }
    }

    fn is_interrupted(&mut self) -> bool {
        self.turn = !self.turn;
        self.interrupts && self.turn
    }
}

impl ErrorType for Scripted {
    type Error = ErrorKind;
}

impl Read for Scripted {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!into.is_empty(), "a read of nothing");
        if self.is_interrupted() {
            return Err(ErrorKind::Interrupted);
        }
        match self.incoming.front_mut() {
            None => {
                self.ends += 1;
                assert!(self.ends < 100, "reads on behind the end");
                Ok(0)
            }
            Some(Incoming::Error(error)) => {
                let error = *error;
                self.incoming.pop_front();
                Err(error)
            }
            Some(Incoming::Bytes(bytes)) => {
                let len = bytes.len().min(into.len()).min(self.most.0);
                into[..len].copy_from_slice(&bytes[..len]);
                bytes.drain(..len);
                if bytes.is_empty() {
                    self.incoming.pop_front();
                }
                Ok(self.claims.unwrap_or(len))
            }
        }
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        assert!(!bytes.is_empty(), "a write of nothing");
        if self.is_interrupted() {
            return Err(ErrorKind::Interrupted);
        }
        let mut len = bytes.len().min(self.most.1);
        if let Some((at, fault)) = self.fault {
            len = len.min(at - self.written.len());
            match fault {
                _ if len > 0 => {}
                Fault::Error(error) => return Err(error),
                Fault::Zero => return Ok(0),
            }
        }
        self.written.extend_from_slice(&bytes[..len]);
        self.flushed = 0;
        Ok(len)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        if self.is_interrupted() {
            return Err(ErrorKind::Interrupted);
        }
        if self.flush_fails {
            return Err(ErrorKind::TimedOut);
        }
        self.flushed = self.written.len();
        Ok(())
    }
}

/// A request as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// All requests that were written, and nothing but them.
pub(crate) fn requests(mut bytes: &[u8]) -> Vec<Request> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(head) = request.parse(bytes).unwrap() else {
            panic!("a part of a head: {:?}", String::from_utf8_lossy(bytes));
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut headers: Vec<_> = request
            .headers
            .iter()
            .map(|header| (header.name.to_lowercase(), text(header.value)))
            .collect();
        headers.sort();
        let length = headers.iter().find(|header| header.0 == "content-length");
        let length: usize = length.map_or(0, |header| header.1.parse().unwrap());
        all.push(Request {
            method: request.method.unwrap().into(),
            target: request.path.unwrap().into(),
            headers,
            body: bytes[head..head + length].to_vec(),
        });
        bytes = &bytes[head + length..];
    }
    all
}

/// A response with a length, or chunked in pieces of so many bytes.
pub(crate) fn response(status: &str, headers: &str, body: &[u8], chunks: Option<usize>) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status}\r\n{headers}").into_bytes();
    match chunks {
        None => {
            out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            out.extend_from_slice(body);
        }
        Some(size) => {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for piece in body.chunks(size) {
                out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                out.extend_from_slice(piece);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"0\r\n\r\n");
        }
    }
    out
}
