//! `ResponseParser`: HTTP/1.1 responses (RFC 9112) from pieces of any size.
//!
//! Written by hand: `httparse` needs a head in one piece of memory, parses it from its start with each piece
//! that arrives, and would take 3 KiB of the 18 of a program that writes. This parser holds one line at a
//! time, and keeps the headers that matter.

use super::words::{number, trim};
use heapless::{String, Vec};

/// The longest line that is kept whole. The rest of a longer header is skipped, unless it decides where the
/// body ends.
const MAX_LINE: usize = 95;
/// The bytes of a content type that are kept.
const MAX_TYPE: usize = 48;
/// The most bytes of heads, and of trailers.
const MAX_HEAD: u16 = 16 * 1024;
/// The most interim responses (100 to 199) before the final one.
const MAX_INTERIM: u8 = 8;

/// The head of a response: its status and the headers that matter to a database client.
///
/// ```
/// use influx_edge::http::ResponseParser;
///
/// let parser = ResponseParser::new();
/// // Nothing was received yet:
/// assert_eq!((parser.head().status(), parser.head().date()), (0, None));
/// ```
#[derive(Clone, Debug)]
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

    /// Returns `true` if the connection can carry another request after the end of the response.
    #[must_use]
    pub fn keeps_alive(&self) -> bool {
        !self.close && (!self.http_1_0 || self.keep_alive) && self.has_end()
    }

    /// Returns `true` if the body's end is known from the response (RFC 9112 §6.3), and isn't the end of the
    /// connection.
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
            // 101: no request asks for another protocol.
            (None | Some(..=99 | 101), _) => return Err(ParseError::NotHttp),
            (Some(status), [] | [b' ', ..]) => status as u16,
            _ => return Err(ParseError::NotHttp),
        };
        Ok(())
    }

    /// Reads a header. `whole` is `false` if the line was longer than [`MAX_LINE`].
    fn read_header(&mut self, line: &[u8], whole: bool) -> Result<(), ParseError> {
        let len = line.iter().take_while(|byte| is_token(**byte)).count();
        let (name, value) = match line.split_at_checked(len) {
            Some((name @ [_, ..], [b':', value @ ..])) => (name, trim(value)),
            // No header that matters has so long a name.
            Some((_, [])) if !whole => return Ok(()),
            _ => return Err(ParseError::Header),
        };
        let Some(header) = HEADERS.iter().position(|known| is(name, known)) else {
            return Ok(());
        };
        let start = value.get(..MAX_TYPE).unwrap_or(value);
        let text = core::str::from_utf8(start).unwrap_or_default();
        // Of repeated headers the first counts. A time that is cut short is dropped. A header that frames the
        // body must be whole, for a guess would take the rest of the stream for another response.
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

    /// Reads a header that decides where the body or the connection ends.
    //
    // RFC 9112 §6.3: lengths that differ are an error and not a choice, because a proxy may have chosen the
    // other one (response splitting). A transfer coding other than exactly `chunked` isn't supported.
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

/// The headers that matter. `read_header` and `read_framing` know them by their index.
const HEADERS: [&str; 7] = [
    "date",
    "retry-after",
    "content-type",
    "content-length",
    "transfer-encoding",
    "content-encoding",
    "connection",
];

/// Compares without regard to case.
#[inline(never)]
fn is(value: &[u8], name: &str) -> bool {
    value.eq_ignore_ascii_case(name.as_bytes())
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// RFC 9110 §5.6.2: visible ASCII without the delimiters.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']' | b'{' | b'}')
}

/// Reads the size of a chunk. An extension may follow it (RFC 9112 §7.1.1).
fn chunk_size(line: &[u8]) -> Result<usize, ParseError> {
    let digits = line.split(|byte| *byte == b';').next();
    let digits = digits.unwrap_or_default().trim_ascii_end();
    number(digits, 16).ok_or(ParseError::Chunk)
}

/// The result of [`ResponseParser::feed`].
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
    /// The head is complete: see [`ResponseParser::head`]. Reported once.
    Head,
    /// A piece of the body, never empty.
    Body(&'a [u8]),
    /// The end of the response.
    End,
}

// RFC 9112 §2.1, §6.3 and §7.1:
//
//   StatusLine   status line                            -> Headers
//   Headers      empty line: status 1xx, at most 8      -> StatusLine
//                            status 204 or 304, length 0 -> End
//                            chunked                    -> ChunkSize
//                            length                     -> Body
//                            neither                    -> UntilClose
//   Body         last byte                              -> End; in a chunk ChunkEnd
//   ChunkEnd     empty line                             -> ChunkSize
//   ChunkSize    size                                   -> Body
//                size 0                                 -> Trailers
//   Trailers     empty line                             -> End
//   End          (reported)                             -> Done
//   UntilClose   finish()                               -> Done
//
// Invalid input leads from every state to Failed, which repeats its error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    StatusLine,
    Headers,
    /// In a body, or in a chunk of it, of which `left` bytes follow: at least one.
    Body {
        left: usize,
        chunked: bool,
    },
    UntilClose,
    ChunkSize,
    /// Before the line end after a chunk.
    ChunkEnd,
    Trailers,
    /// At the end, which isn't reported yet.
    End,
    Done,
    Failed(ParseError),
}

/// A push parser of HTTP/1.1 responses, fed with bytes in pieces of any size.
///
/// Interim responses (100 to 199) are skipped. A body is chunked, has the length in `Content-Length`, or ends
/// with the connection. A compressed body is an error after the head, because no
/// [`RequestHead`](super::RequestHead) asks for one. Heads and trailers have at most 16 KiB each. Nothing
/// allocates; a parser takes about 300 bytes.
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
    /// The line that is being received, up to its capacity.
    line: Vec<u8, MAX_LINE>,
    /// The line is longer than its capacity.
    cut: bool,
    /// A CR was received, which only an LF may follow.
    ending: bool,
    /// The bytes of heads, or of trailers, so far.
    head_bytes: u16,
    /// The number of interim responses so far.
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

    /// Returns the head, which is complete after [`Event::Head`].
    #[must_use]
    pub fn head(&self) -> &ResponseHead {
        &self.head
    }

    /// Marks the connection as not reusable, whatever the response says.
    #[cfg(feature = "embedded")]
    pub(crate) fn expect_close(&mut self) {
        self.head.close = true;
    }

    /// Marks the response as incomplete, whatever follows.
    #[cfg(feature = "embedded")]
    pub(crate) fn give_up(&mut self) {
        self.state = State::Failed(ParseError::Truncated);
    }

    /// Consumes bytes up to the next event, and returns their number with the event.
    ///
    /// Call it again with the rest until it returns [`Event::NeedInput`] or [`Event::End`]; after
    /// [`Event::Head`] also without input, because a response without a body ends there.
    ///
    /// # Errors
    /// Returns an error if the bytes aren't a response, or if any follow its end. Every later call
    /// returns the same error.
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

    /// Adds a byte to the line, or returns `true` if the line ends with it.
    //
    // RFC 9112 §2.2: a line ends with CRLF, and a lone LF is accepted. A lone CR is an error, since receivers
    // differ in what they make of it. A line that is cut keeps its start.
    fn ends_line(&mut self, byte: u8) -> Result<bool, ParseError> {
        self.head_bytes = self.head_bytes.saturating_add(1);
        match byte {
            b'\n' => return Ok(true),
            _ if self.head_bytes > MAX_HEAD => return Err(ParseError::TooLong),
            b'\r' if !self.ending => self.ending = true,
            b'\t' | b' '..=b'~' | 0x80.. if !self.ending => {
                self.cut |= self.line.push(byte).is_err();
            }
            // A control character, as in a TLS record, or a CR without LF.
            _ if self.state == State::StatusLine => return Err(ParseError::NotHttp),
            _ => return Err(ParseError::Header),
        }
        Ok(false)
    }

    /// Reads a complete line. Returns `true` if the final head ends with it.
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

    /// Ends a head. Returns `true` if it is that of the final response.
    fn end_head(&mut self) -> Result<bool, ParseError> {
        self.begin_line();
        if self.head.status < 200 {
            self.interim = self.interim.saturating_add(1);
            if self.interim > MAX_INTERIM {
                return Err(ParseError::TooLong);
            }
            // None of its headers was kept.
            self.head.status = 0;
            self.state = State::StatusLine;
            return Ok(false);
        }
        let head = &mut self.head;
        let has_length = head.length.is_some_and(|length| length > 0);
        // A 204 has no body, but a sender that announces one may send it, and it would be taken for the next
        // response. A head with both a length and chunks, or with chunks in HTTP/1.0, may have passed through
        // something that framed it otherwise (RFC 9112 §6.1). In both cases the connection is closed.
        head.close |= match head.has_no_body() {
            true => head.status == 204 && (head.chunked || has_length),
            false => head.encoded || head.chunked && (head.length.is_some() || head.http_1_0),
        };
        self.state = match head.length {
            _ if head.has_no_body() => State::End,
            // The head is reported first: a status is useful without the body.
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

/// The reason why bytes can't be used as a response.
///
/// After any of these the connection has to be reopened.
///
/// ```
/// use influx_edge::http::{ParseError, ResponseParser};
///
/// assert_eq!(
///     ResponseParser::new().feed(b"SSH-2.0-OpenSSH_9.2\r\n"),
///     Err(ParseError::NotHttp)
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseError {
    /// Neither HTTP/1.0 nor HTTP/1.1, but TLS or another protocol.
    NotHttp,
    /// A malformed header, or two different lengths.
    Header,
    /// A body that is compressed, or has a transfer coding other than `chunked`.
    Unsupported,
    /// A chunk without a size, or one that doesn't end at its size.
    Chunk,
    /// A head of more than 16 KiB, a line that matters of more than 95 bytes, or more than eight
    /// interim responses.
    TooLong,
    /// A connection that was closed before the end of the response.
    Truncated,
    /// Bytes after the end of the response.
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
