//! Hostile bytes for a response parser and a board's connection, in pieces of any size, and the properties
//! that must hold. The fuzz targets use this file, too.

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use influx_edge::Precision;
use influx_edge::csv::Decoder;
use influx_edge::embedded::{Config, Connection, Error};
use influx_edge::http::{Event, ParseError, ResponseParser};
use influx_edge::line::Lines;

/// Sizes of pieces, again and again; without one, all in one piece.
#[derive(Clone, Copy)]
pub(crate) struct Sizes<'s> {
    sizes: &'s [u8],
    at: usize,
}

impl<'s> Sizes<'s> {
    pub(crate) fn new(sizes: &'s [u8]) -> Self {
        Sizes { sizes, at: 0 }
    }

    fn next(&mut self) -> usize {
        let size = self
            .sizes
            .get(self.at)
            .map_or(usize::MAX, |size| usize::from(*size).max(1));
        self.at = (self.at + 1) % self.sizes.len().max(1);
        size
    }
}

/// The events of the parser for its caller.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub head: Option<(u16, Option<usize>, bool)>,
    /// Retry-After, Date and Content-Type.
    pub texts: [String; 3],
    pub body: Vec<u8>,
    pub end: Option<Result<(), ParseError>>,
}

/// Feeds the bytes and then the end.
pub(crate) fn parse(mut bytes: &[u8], mut sizes: Sizes<'_>) -> Seen {
    let mut parser = ResponseParser::new();
    let mut seen = Seen::default();
    while !bytes.is_empty() {
        let (mut piece, rest) = bytes.split_at(sizes.next().min(bytes.len()));
        bytes = rest;
        let most = piece.len() + 4;
        for round in 0.. {
            assert!(round < most, "more events than bytes");
            let (used, event) = match parser.feed(piece) {
                Ok(found) => found,
                Err(error) => {
                    assert_eq!(parser.feed(b"\r\n"), Err(error));
                    assert_eq!(parser.finish(), Err(error));
                    seen.end = Some(Err(error));
                    return seen;
                }
            };
            assert!(used <= piece.len());
            if let Event::Body(bytes) = event {
                assert!(!bytes.is_empty() && piece[..used].ends_with(bytes));
                seen.body.extend_from_slice(bytes);
            }
            piece = &piece[used..];
            match event {
                Event::NeedInput => {
                    assert!(piece.is_empty());
                    break;
                }
                Event::Head => {
                    let head = parser.head();
                    let found = (head.status(), head.content_length(), head.keeps_alive());
                    assert!(seen.head.replace(found).is_none(), "a second head");
                    let texts = [head.retry_after(), head.date(), head.content_type()];
                    seen.texts = texts.map(|text| text.unwrap_or_default().to_string());
                }
                Event::Body(_) => assert!(seen.head.is_some()),
                _ => {
                    seen.end = Some(Ok(()));
                    if piece.is_empty() {
                        break;
                    }
                }
            }
        }
    }
    seen.end = Some(parser.finish());
    seen
}

/// The bytes mean one thing, however they are split.
pub(crate) fn check_parser(bytes: &[u8], sizes: &[u8]) -> Seen {
    let whole = parse(bytes, Sizes::new(&[]));
    let split = parse(bytes, Sizes::new(sizes));
    assert_eq!(
        split,
        whole,
        "{sizes:?}: {:?}",
        String::from_utf8_lossy(bytes)
    );
    whole
}

/// Reads the bytes, then the end. Takes what is written.
struct Tape<'t> {
    bytes: &'t [u8],
    at: usize,
    sizes: Sizes<'t>,
    ends: u32,
}

impl ErrorType for Tape<'_> {
    type Error = ErrorKind;
}

impl Read for Tape<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!into.is_empty(), "a read of nothing");
        let rest = &self.bytes[self.at..];
        let len = rest.len().min(into.len()).min(self.sizes.next());
        into[..len].copy_from_slice(&rest[..len]);
        self.at += len;
        self.ends += u32::from(rest.is_empty());
        assert!(self.ends < 10, "reads on behind the end");
        Ok(len)
    }
}

impl Write for Tape<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        Ok(bytes.len().min(self.sizes.next()))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// The outcome of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Called {
    pub result: Result<(), Error<ErrorKind>>,
    /// The content of the records.
    pub rows: Vec<u8>,
    /// The message of an error.
    pub message: Option<String>,
}

const CONFIG: Config<'static> = Config::new("board").org("acme").token("t");

/// One call over a buffer of this size: its outcome, whether the connection is open, how many bytes were
/// read.
fn call(kind: u8, size: usize, bytes: &[u8], sizes: Sizes<'_>) -> (Called, bool, usize) {
    let tape = Tape {
        bytes,
        at: 0,
        sizes,
        ends: 0,
    };
    let mut buffer = vec![0; 64 + size];
    let (mut text, mut ends) = ([0; 512], [0; 64]);
    let mut connection = Connection::new(tape, &mut buffer, &CONFIG);
    let lines = Lines {
        bytes: b"m f=1 1\nm f= 2\nn f=\"\n\" 3\n",
        precision: Precision::Second,
    };
    let mut rows = Vec::new();
    let result = match kind % 5 {
        0 => connection.write("b", lines),
        1 => connection.write_v1("b", lines),
        2 => connection.write_v3("b", lines),
        3 => connection.ping(),
        _ => match connection.query("x", &[], &mut Decoder::new(&mut text, &mut ends)) {
            Err(error) => Err(error),
            Ok(mut found) => loop {
                match found.next() {
                    Ok(Some(record)) => record.cells().for_each(|cell| {
                        rows.extend_from_slice(cell.as_bytes());
                        rows.push(b',');
                    }),
                    Ok(None) => break Ok(()),
                    Err(error) => {
                        assert!(!matches!(found.next(), Ok(None)), "an error, then an end");
                        break Err(error);
                    }
                }
            },
        },
    };
    let body = connection.error_body();
    let message = body.message().map(|text| text.to_string());
    let named = body.line_errors().count();
    assert!(named <= bytes.len());
    if let Err(error) = &result {
        let _ = (
            error.stored(),
            error.remedy(),
            error.response().and_then(|r| r.retry_after),
            error.response().and_then(|r| r.line),
            error.to_string(),
        );
    }
    let open = connection.is_open();
    let read = connection.transport().at;
    // The next call works, whatever bytes are left.
    let next = connection.ping();
    assert_eq!(matches!(next, Err(Error::NotOpen)), !open);
    (
        Called {
            result,
            rows,
            message,
        },
        open,
        read,
    )
}

/// A call ends, and ends the same however the bytes are split; and the connection is open only behind a
/// response that was whole.
pub(crate) fn check_connection(kind: u8, size: u8, bytes: &[u8], sizes: &[u8]) -> (Called, bool) {
    let size = usize::from(size) * 4;
    let (whole, open, read) = call(kind, size, bytes, Sizes::new(&[]));
    check_open(bytes, open, read);
    let (split, open_split, read) = call(kind, size, bytes, Sizes::new(sizes));
    assert_eq!(
        split,
        whole,
        "{sizes:?} {size}: {:?}",
        String::from_utf8_lossy(bytes)
    );
    check_open(bytes, open_split, read);
    (whole, open)
}

fn check_open(bytes: &[u8], open: bool, read: usize) {
    if open {
        let seen = parse(&bytes[..read], Sizes::new(&[]));
        let whole = seen.end == Some(Ok(())) && seen.head.is_some_and(|head| head.2);
        assert!(
            whole,
            "open after {:?}",
            String::from_utf8_lossy(&bytes[..read])
        );
    }
}
