//! `ResponseParser`: HTTP/1.1 responses from bytes in pieces of any size, by RFC 9112.
//!
//! Written by hand: `httparse` needs a whole head in one piece of memory and reads it again from its start
//! with each piece that comes, and it would take 3 KiB of the 18 that a program that writes has. Here a
//! line is held at a time, and of a head what matters.

use super::words::{number, trim};
use heapless::{String, Vec};

/// The longest line of which all is looked at. Of a longer header the rest is passed over, unless it is
/// one that matters.
const MAX_LINE: usize = 95;
/// How much is kept of a content type.
const MAX_TYPE: usize = 48;
/// The most bytes of heads, and of trailers.
const MAX_HEAD: u16 = 16 * 1024;
/// The most interim responses (100 to 199) before the final one.
const MAX_INTERIM: u8 = 8;

/// The head of a response: its status, and the headers that matter to a client of a database.
///
/// ```
/// use influx_edge::http::ResponseParser;
///
/// let parser = ResponseParser::new();
/// assert_eq!((parser.head().status(), parser.head().date()), (0, None)); // nothing has come yet
/// ```
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    status: u16,
    http_1_0: bool,
    close: bool,
    keep_alive: bool,
    chunked: bool,
    encoded: bool,
    length: Option<usize>,
    retry_after: String<32>,
    date: String<32>,
    content_type: String<MAX_TYPE>,
}

impl ResponseHead {
    /// Returns the status; 0 before the head is complete.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns `Content-Length` unless the body is chunked.
    #[must_use]
    pub fn content_length(&self) -> Option<usize> {
        self.length.filter(|_| !self.chunked)
    }

    /// Returns `Retry-After`, for [`retry_after`](super::retry_after). `None` if it is longer than 32 bytes.
    #[must_use]
    pub fn retry_after(&self) -> Option<&str> {
        present(&self.retry_after)
    }

    /// Returns `Date`, for [`parse_date`](super::parse_date). `None` if it is longer than 32 bytes.
    #[must_use]
    pub fn date(&self) -> Option<&str> {
        present(&self.date)
    }

    /// Returns `Content-Type`, of which the first 48 bytes are kept.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        present(&self.content_type)
    }

    /// Returns whether the connection can carry another request when the response has ended.
    #[must_use]
    pub fn keeps_alive(&self) -> bool {
        !self.close && (!self.http_1_0 || self.keep_alive) && self.has_end()
    }

    /// The end of the body is in the body; else it is the end of the connection.
    fn has_end(&self) -> bool {
        self.chunked || self.length.is_some() || self.has_no_body()
    }

    fn has_no_body(&self) -> bool {
        matches!(self.status, 204 | 304)
    }

    fn read_status(&mut self, line: &[u8]) -> Result<(), ParseError> {
        let (version, rest) = line.split_at_checked(9).ok_or(ParseError::NotHttp)?;
        self.http_1_0 = version == b"HTTP/1.0 ";
        if !self.http_1_0 && version != b"HTTP/1.1 " {
            return Err(ParseError::NotHttp);
        }
        let (digits, reason) = rest.split_at_checked(3).ok_or(ParseError::NotHttp)?;
        self.status = match (number(digits, 10), reason) {
            // Nothing was asked that could switch protocols.
            (None | Some(..=99 | 101), _) => return Err(ParseError::NotHttp),
            (Some(status), [] | [b' ', ..]) => status as u16,
            _ => return Err(ParseError::NotHttp),
        };
        Ok(())
    }

    /// A header, of which `whole` says whether all of it is there.
    fn read_header(&mut self, line: &[u8], whole: bool) -> Result<(), ParseError> {
        let len = line.iter().take_while(|byte| is_token(**byte)).count();
        let (name, value) = match line.split_at_checked(len) {
            Some((name @ [_, ..], [b':', value @ ..])) => (name, trim(value)),
            // A name longer than a line is none that matters.
            Some((_, [])) if !whole => return Ok(()),
            _ => return Err(ParseError::Header),
        };
        let Some(header) = HEADERS.iter().position(|known| is(name, known)) else {
            return Ok(());
        };
        let start = value.get(..MAX_TYPE).unwrap_or(value);
        let text = core::str::from_utf8(start).unwrap_or_default();
        // The first of each name that fits; a part of a time is none.
        match header {
            0 | 1 => {
                let time = match header {
                    0 => &mut self.date,
                    _ => &mut self.retry_after,
                };
                if whole && time.is_empty() {
                    let _ = time.push_str(text);
                }
            }
            2 if self.content_type.is_empty() => _ = self.content_type.push_str(text),
            2 => {}
            _ if !whole => return Err(ParseError::TooLong),
            _ => return self.read_framing(header, value),
        }
        Ok(())
    }

    /// A header that says where the body ends, or the connection.
    fn read_framing(&mut self, header: usize, value: &[u8]) -> Result<(), ParseError> {
        match header {
            3 => {
                let length = number(value, 10).ok_or(ParseError::Header)?;
                if self.length.is_some_and(|other| other != length) {
                    return Err(ParseError::Header);
                }
                self.length = Some(length);
            }
            4 => {
                if self.chunked || !is(value, "chunked") {
                    return Err(ParseError::Unsupported);
                }
                self.chunked = true;
            }
            5 => self.encoded |= !is(value, "identity") && !value.is_empty(),
            _ => {
                for option in value.split(|byte| *byte == b',') {
                    let option = trim(option);
                    self.close |= is(option, "close");
                    self.keep_alive |= is(option, "keep-alive");
                }
            }
        }
        Ok(())
    }
}

const HEADERS: [&str; 7] = [
    "date",
    "retry-after",
    "content-type",
    "content-length",
    "transfer-encoding",
    "content-encoding",
    "connection",
];

/// Whether these are the same words, in capitals or not.
#[inline(never)]
fn is(value: &[u8], word: &str) -> bool {
    value.eq_ignore_ascii_case(word.as_bytes())
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn is_token(byte: u8) -> bool {
    // Visible ASCII without the delimiters (RFC 9110 §5.6.2).
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']' | b'{' | b'}')
}

/// The size of a chunk, behind which an extension may follow.
fn chunk_size(line: &[u8]) -> Result<usize, ParseError> {
    let digits = line.split(|byte| *byte == b';').next();
    let digits = digits.unwrap_or_default().trim_ascii_end();
    number(digits, 16).ok_or(ParseError::Chunk)
}

/// What [`ResponseParser::feed`] found.
///
/// ```
/// use influx_edge::http::{Event, Operation, RequestHead, ResponseParser};
/// # use std::io::{Read, Write};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let url = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"));
/// # let mut modem = std::net::TcpStream::connect(url.trim_start_matches("http://"))?;
/// # let mut buffer = [0; 256];
/// # let head = RequestHead::new("localhost:8086", Operation::health());
/// # modem.write_all(head.write_into(&mut buffer)?.as_bytes())?;
/// # let (mut body, mut ended) = (Vec::new(), false);
/// # let mut parser = ResponseParser::new();
/// # while !ended {
/// # let len = modem.read(&mut buffer)?;
/// # assert!(len > 0);
/// # let mut piece = &buffer[..len];
/// loop {
///     let (used, event) = parser.feed(piece)?;
///     piece = &piece[used..];
///     match event {
///         Event::Head => assert_eq!(parser.head().status(), 200),
///         Event::Body(part) => body.extend_from_slice(part),
///         Event::NeedInput => break, // feed more
///         _ => {
///             ended = true;
///             break;
///         }
///     }
/// }
/// # }
/// assert!(body.starts_with(b"{"));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// All input is used: feed more, or [`finish`](ResponseParser::finish).
    NeedInput,
    /// The head is complete: see [`ResponseParser::head`]. Comes once.
    Head,
    /// A piece of the body, never empty.
    Body(&'a [u8]),
    /// The response has ended.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    StatusLine,
    Headers,
    /// So many bytes of the body, or of a chunk, are to come: one at least.
    Body {
        left: usize,
        chunked: bool,
    },
    UntilClose,
    ChunkSize,
    /// The line end behind a chunk.
    ChunkEnd,
    Trailers,
    /// The end is to be reported.
    End,
    Done,
    Failed(ParseError),
}

/// A push parser of HTTP/1.1 responses: hand it bytes as they come, in pieces of any size.
///
/// Interim responses (100 to 199) are passed over. A body is chunked, as long as `Content-Length` says, or
/// ends with the connection; a compressed one is an error behind the head, since no
/// [`RequestHead`](super::RequestHead) asks for it. Heads have at most 16 KiB, and so do trailers.
/// Nothing allocates; a parser takes some 300 bytes.
///
/// ```
/// use influx_edge::http::{Event, Operation, RequestHead, ResponseParser};
/// use std::io::{Read, Write};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let url = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"));
/// # let mut modem = std::net::TcpStream::connect(url.trim_start_matches("http://"))?;
/// let mut buffer = [0; 256];
/// let head = RequestHead::new("localhost:8086", Operation::ping());
/// modem.write_all(head.write_into(&mut buffer)?.as_bytes())?;
/// let mut parser = ResponseParser::new();
/// 'response: loop {
///     let mut piece = match modem.read(&mut buffer)? {
///         0 => break parser.finish()?,
///         len => &buffer[..len],
///     };
///     loop {
///         let (used, event) = parser.feed(piece)?;
///         piece = &piece[used..];
///         match event {
///             Event::NeedInput => break,
///             Event::End => break 'response,
///             _ => {} // the head, and pieces of the body
///         }
///     }
/// }
/// assert_eq!(parser.head().status(), 204);
/// assert!(parser.head().keeps_alive());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ResponseParser {
    state: State,
    head: ResponseHead,
    /// The line that is being received, as far as it fits.
    line: Vec<u8, MAX_LINE>,
    /// More of the line came than fits.
    cut: bool,
    /// A CR came: the line ends here, or isn't one.
    ending: bool,
    /// Bytes of heads and trailers so far.
    head_bytes: u16,
    interim: u8,
}

impl Default for ResponseParser {
    fn default() -> Self {
        Self::new()
    }
}

impl ResponseParser {
    /// Creates a parser of one response.
    #[must_use]
    pub const fn new() -> Self {
        ResponseParser {
            state: State::StatusLine,
            head: ResponseHead {
                status: 0,
                http_1_0: false,
                close: false,
                keep_alive: false,
                chunked: false,
                encoded: false,
                length: None,
                retry_after: String::new(),
                date: String::new(),
                content_type: String::new(),
            },
            line: Vec::new(),
            cut: false,
            ending: false,
            head_bytes: 0,
            interim: 0,
        }
    }

    /// Returns the head, complete from [`Event::Head`] on.
    #[must_use]
    pub fn head(&self) -> &ResponseHead {
        &self.head
    }

    /// Whatever the response says, its connection can't carry another request.
    #[cfg(feature = "embedded")]
    pub(crate) fn expect_close(&mut self) {
        self.head.close = true;
    }

    /// Whatever comes, the response isn't complete.
    #[cfg(feature = "embedded")]
    pub(crate) fn give_up(&mut self) {
        self.state = State::Failed(ParseError::Truncated);
    }

    /// Takes bytes until there is something to report, and returns how many it took.
    ///
    /// Call it again with the rest until it returns [`Event::NeedInput`] or [`Event::End`]; after
    /// [`Event::Head`] also if no input is left, since a response without a body has ended then.
    ///
    /// # Errors
    /// Returns an error if the bytes aren't a response, or if any follow its end. Every later call
    /// repeats it.
    pub fn feed<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Event<'a>), ParseError> {
        let found = self.step(input);
        if let Err(error) = found {
            self.state = State::Failed(error);
        }
        found
    }

    /// Ends the response: the server has closed the connection.
    ///
    /// # Errors
    /// Returns [`ParseError::Truncated`] if the response isn't complete, and the same errors as
    /// [`feed`](Self::feed).
    pub fn finish(&mut self) -> Result<(), ParseError> {
        match self.state {
            State::UntilClose | State::End | State::Done => {
                self.state = State::Done;
                Ok(())
            }
            State::Failed(error) => Err(error),
            _ => {
                self.state = State::Failed(ParseError::Truncated);
                Err(ParseError::Truncated)
            }
        }
    }

    fn step<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Event<'a>), ParseError> {
        let mut used = 0;
        loop {
            let rest = input.get(used..).unwrap_or_default();
            match (self.state, rest) {
                (State::Failed(error), _) => return Err(error),
                (State::End, _) | (State::Done, []) => {
                    self.state = State::Done;
                    return Ok((used, Event::End));
                }
                (State::Done, _) => return Err(ParseError::AfterEnd),
                (_, []) => return Ok((used, Event::NeedInput)),
                (State::Body { left, chunked }, _) => {
                    let (piece, _) = rest.split_at_checked(left).unwrap_or((rest, &[]));
                    self.state = match left - piece.len() {
                        0 if chunked => State::ChunkEnd,
                        0 => State::End,
                        left => State::Body { left, chunked },
                    };
                    return Ok((used + piece.len(), Event::Body(piece)));
                }
                (State::UntilClose, _) => return Ok((input.len(), Event::Body(rest))),
                (_, [byte, ..]) => {
                    used += 1;
                    if self.ends_line(*byte)? && self.read_line()? {
                        return Ok((used, Event::Head));
                    }
                }
            }
        }
    }

    /// Adds a byte to the line, unless the line ends with it.
    fn ends_line(&mut self, byte: u8) -> Result<bool, ParseError> {
        self.head_bytes = self.head_bytes.saturating_add(1);
        match byte {
            b'\n' => return Ok(true),
            _ if self.head_bytes > MAX_HEAD => return Err(ParseError::TooLong),
            b'\r' if !self.ending => self.ending = true,
            b'\t' | b' '..=b'~' | 0x80.. if !self.ending => {
                self.cut |= self.line.push(byte).is_err();
            }
            // A control character, as in TLS, or a CR that no LF follows.
            _ if self.state == State::StatusLine => return Err(ParseError::NotHttp),
            _ => return Err(ParseError::Header),
        }
        Ok(false)
    }

    /// Reads a complete line. True if the head ends with it.
    fn read_line(&mut self) -> Result<bool, ParseError> {
        let line: &[u8] = &self.line;
        match (self.state, line) {
            (State::StatusLine, _) => {
                self.head.read_status(line)?;
                self.state = State::Headers;
            }
            (State::Headers, []) => return self.end_head(),
            (State::Headers, _) if self.head.status < 200 => {}
            (State::Headers, _) => self.head.read_header(line, !self.cut)?,
            (State::Trailers, []) => self.state = State::End,
            (State::ChunkEnd, []) => {
                self.head_bytes = 0;
                self.state = State::ChunkSize;
            }
            (State::ChunkEnd, _) => return Err(ParseError::Chunk),
            (State::ChunkSize, _) if self.cut => return Err(ParseError::TooLong),
            (State::ChunkSize, _) => {
                self.state = match chunk_size(line)? {
                    0 => State::Trailers,
                    left => State::Body {
                        left,
                        chunked: true,
                    },
                };
            }
            _ => {}
        }
        self.begin_line();
        Ok(false)
    }

    fn begin_line(&mut self) {
        self.line.clear();
        (self.cut, self.ending) = (false, false);
    }

    /// True if this is the final response's head.
    fn end_head(&mut self) -> Result<bool, ParseError> {
        self.begin_line();
        if self.head.status < 200 {
            self.interim = self.interim.saturating_add(1);
            if self.interim > MAX_INTERIM {
                return Err(ParseError::TooLong);
            }
            // Of its headers none was kept.
            self.head.status = 0;
            self.state = State::StatusLine;
            return Ok(false);
        }
        let head = &mut self.head;
        let has_length = head.length.is_some_and(|length| length > 0);
        // What follows a 204 of some length isn't the next response; and whatever put length and chunks
        // there, nothing that follows can be trusted (RFC 9112 §6.1).
        head.close |= match head.has_no_body() {
            true => head.status == 204 && (head.chunked || has_length),
            false => head.encoded || head.chunked && (head.length.is_some() || head.http_1_0),
        };
        self.state = match head.length {
            _ if head.has_no_body() => State::End,
            // The status means something without it.
            _ if head.encoded => State::Failed(ParseError::Unsupported),
            _ if head.chunked => State::ChunkSize,
            Some(0) => State::End,
            Some(left) => State::Body {
                left,
                chunked: false,
            },
            None => State::UntilClose,
        };
        self.head_bytes = 0;
        Ok(true)
    }
}

/// Why bytes aren't a response that can be used. After any of them the connection has to be opened again.
///
/// ```
/// use influx_edge::http::{ParseError, ResponseParser};
///
/// assert_eq!(ResponseParser::new().feed(b"SSH-2.0-OpenSSH_9.2\r\n"), Err(ParseError::NotHttp));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseError {
    /// No HTTP/1.0 or HTTP/1.1: TLS, another protocol, a port that something else listens on.
    NotHttp,
    /// A header that isn't one, or two lengths that contradict each other.
    Header,
    /// A body compressed or encoded otherwise than by chunks.
    Unsupported,
    /// A chunk without a size, or longer than its size.
    Chunk,
    /// A head of more than 16 KiB, a line that matters of more than 95 bytes, or more than eight
    /// interim responses.
    TooLong,
    /// The connection was closed before the response's end.
    Truncated,
    /// Bytes behind the response's end.
    AfterEnd,
}

impl core::fmt::Display for ParseError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            ParseError::NotHttp => {
                "the response isn't HTTP/1.1; is this the right port, and without TLS?"
            }
            ParseError::Header => "the response has a malformed header",
            ParseError::Unsupported => "the response's body has an encoding that wasn't asked for",
            ParseError::Chunk => "a chunk of the response's body is malformed",
            ParseError::TooLong => "the response's head is too long",
            ParseError::Truncated => "the connection was closed before the end of the response",
            ParseError::AfterEnd => "the response is longer than it says",
        })
    }
}

impl core::error::Error for ParseError {}
