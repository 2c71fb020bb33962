//! `ResponseParser`: HTTP/1.1 responses from bytes in pieces of any size, by RFC 9112.
//!
//! Written by hand: `httparse` needs a whole head in one piece of memory and reads it again from its start
//! with each piece that comes, and it would take 3 KiB of the 18 that a program that writes has. Here a
//! line is held at a time, and of a head what matters.

use heapless::{String, Vec};

/// The longest line of which all is looked at, a CR included. Of a longer header the rest is passed over, unless it is
/// one that matters.
const MAX_LINE: usize = 96;
/// The most bytes of heads and trailers of one response.
const MAX_HEAD: u16 = 16 * 1024;
/// No chunk is larger than this many hexadecimal digits say: below the largest `usize`.
const MAX_CHUNK_DIGITS: usize = size_of::<usize>() * 2 - 1;
/// The most interim responses (100 to 199) before the final one.
const MAX_INTERIM: u8 = 8;

/// The head of a response: its status, and the headers that matter to a client of a database.
///
/// ```
/// use influx_edge::http::{Event, ResponseParser};
///
/// let mut parser = ResponseParser::new();
/// let response = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
/// assert_eq!(parser.feed(response)?, (response.len(), Event::Head));
/// assert_eq!((parser.head().status(), parser.head().retry_after()), (503, Some("7")));
/// # Ok::<(), influx_edge::http::ParseError>(())
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
    content_type: String<48>,
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
        let rest = line.strip_prefix(b"HTTP/1.").ok_or(ParseError::NotHttp)?;
        let (minor, digits) = match rest {
            [minor @ (b'0' | b'1'), b' ', a, b, c] => (minor, [a, b, c]),
            [minor @ (b'0' | b'1'), b' ', a, b, c, b' ', ..] => (minor, [a, b, c]),
            _ => return Err(ParseError::NotHttp),
        };
        self.http_1_0 = *minor == b'0';
        self.status = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return Err(ParseError::NotHttp);
            }
            self.status = self.status * 10 + u16::from(*digit - b'0');
        }
        match self.status {
            // Nothing was asked that could switch protocols.
            0..=99 | 101 => Err(ParseError::NotHttp),
            _ => Ok(()),
        }
    }

    /// A header, of which `whole` says whether all of it is there.
    fn read_header(&mut self, line: &[u8], whole: bool) -> Result<(), ParseError> {
        let colon = line.iter().position(|byte| *byte == b':');
        let Some((name, [_, value @ ..])) = colon.and_then(|at| line.split_at_checked(at)) else {
            // A name longer than a line is none that matters.
            return if whole || !line.iter().all(|byte| is_token(*byte)) {
                Err(ParseError::Header)
            } else {
                Ok(())
            };
        };
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
            return Err(ParseError::Header);
        }
        let Some(header) = HEADERS.iter().position(|known| is(name, known)) else {
            return Ok(());
        };
        let value = trim(value);
        let text = core::str::from_utf8(value).unwrap_or_default();
        match header {
            0 => keep(&mut self.date, text, whole),
            1 => keep(&mut self.retry_after, text, whole),
            2 => keep(&mut self.content_type, text, true),
            _ if !whole => return Err(ParseError::TooLong),
            3 => {
                let length = decimal(value)?;
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

#[inline(never)]
fn trim(value: &[u8]) -> &[u8] {
    value.trim_ascii()
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Keeps the first header of this name; of a value that is too long, or not all there, nothing, or its start.
fn keep<const N: usize>(kept: &mut String<N>, value: &str, whole: bool) {
    if !kept.is_empty() || !whole {
        return;
    }
    let start = if N > 32 {
        value.get(..N).unwrap_or(value)
    } else {
        value
    };
    let _ = kept.push_str(start);
}

fn is_token(byte: u8) -> bool {
    // Visible ASCII without the delimiters (RFC 9110 §5.6.2).
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']' | b'{' | b'}')
}

fn decimal(digits: &[u8]) -> Result<usize, ParseError> {
    if digits.is_empty() {
        return Err(ParseError::Header);
    }
    digits
        .iter()
        .try_fold(0_usize, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| usize::from(digit & 0xF));
            let more = number.checked_mul(10)?;
            digit.and_then(|digit| more.checked_add(digit))
        })
        .ok_or(ParseError::Header)
}

/// The size of a chunk, behind which an extension may follow.
fn chunk_size(line: &[u8]) -> Result<usize, ParseError> {
    let digits = line
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii_end();
    if digits.is_empty() || digits.len() > MAX_CHUNK_DIGITS {
        return Err(ParseError::Chunk);
    }
    digits
        .iter()
        .try_fold(0_usize, |size, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            Some(size << 4 | digit as usize)
        })
        .ok_or(ParseError::Chunk)
}

/// What [`ResponseParser::feed`] found.
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
    /// So many bytes of the body, or of a chunk, are to come.
    Body {
        left: usize,
        chunked: bool,
    },
    UntilClose,
    ChunkSize,
    /// The line end behind a chunk.
    ChunkEnd,
    Trailers,
    Done,
    Failed(ParseError),
}

/// A push parser of HTTP/1.1 responses: hand it bytes as they come, in pieces of any size.
///
/// Interim responses (100 to 199) are passed over. A body is chunked, as long as `Content-Length` says, or
/// ends with the connection; a compressed one is an error, since no [`RequestHead`](super::RequestHead)
/// asks for it. Heads and trailers together have at most 16 KiB. Nothing allocates; a parser takes some
/// 300 bytes.
///
/// ```
/// use influx_edge::http::{Event, ResponseParser};
///
/// let response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
///     6\r\n,resul\r\n2\r\nt,\r\n0\r\n\r\n";
/// let mut parser = ResponseParser::new();
/// let mut body = Vec::new();
/// 'response: for mut piece in response.chunks(5) {
///     loop {
///         let (used, event) = parser.feed(piece)?;
///         piece = &piece[used..];
///         match event {
///             Event::NeedInput => break,
///             Event::Body(bytes) => body.extend_from_slice(bytes),
///             Event::End => break 'response,
///             _ => assert_eq!(parser.head().status(), 200),
///         }
///     }
/// }
/// assert_eq!(body, b",result,");
/// assert!(parser.head().keeps_alive());
/// # Ok::<(), influx_edge::http::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ResponseParser {
    state: State,
    head: ResponseHead,
    /// The line that is being received, as far as it fits.
    line: Vec<u8, MAX_LINE>,
    /// More of the line came than fits.
    cut: bool,
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
    /// [`ParseError::Truncated`] if the response isn't complete, and every error of [`feed`](Self::feed).
    pub fn finish(&mut self) -> Result<(), ParseError> {
        match self.state {
            State::UntilClose
            | State::Done
            | State::Body {
                left: 0,
                chunked: false,
            } => {
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
            match self.state {
                State::Failed(error) => return Err(error),
                State::Done if rest.is_empty() => return Ok((used, Event::End)),
                State::Done => return Err(ParseError::AfterEnd),
                State::Body { left: 0, chunked } => {
                    self.state = if chunked {
                        State::ChunkEnd
                    } else {
                        State::Done
                    };
                    if !chunked {
                        return Ok((used, Event::End));
                    }
                }
                _ if rest.is_empty() => return Ok((used, Event::NeedInput)),
                State::Body { left, chunked } => {
                    let len = left.min(rest.len());
                    let left = left.saturating_sub(len);
                    self.state = State::Body { left, chunked };
                    let piece = rest.get(..len).unwrap_or_default();
                    return Ok((used + len, Event::Body(piece)));
                }
                State::UntilClose => return Ok((input.len(), Event::Body(rest))),
                _ => {
                    let (len, complete) = self.take_line(rest)?;
                    used += len;
                    if complete {
                        let event = self.read_line();
                        self.line.clear();
                        self.cut = false;
                        if let Some(event) = event? {
                            return Ok((used, event));
                        }
                    }
                }
            }
        }
    }

    /// Adds to the line what there is of it; whether it is complete.
    fn take_line(&mut self, input: &[u8]) -> Result<(usize, bool), ParseError> {
        let malformed = match self.state {
            // TLS, say.
            State::StatusLine => ParseError::NotHttp,
            _ => ParseError::Header,
        };
        for (index, byte) in input.iter().enumerate() {
            self.head_bytes = self.head_bytes.saturating_add(1);
            match *byte {
                b'\n' => {
                    if self.line.last() == Some(&b'\r') {
                        self.line.pop();
                    }
                    return Ok((index + 1, true));
                }
                // A control character, or a CR that no LF follows.
                _ if self.line.last() == Some(&b'\r') => return Err(malformed),
                0..=8 | 0xB | 0xC | 0xE..=0x1F | 0x7F => return Err(malformed),
                _ if self.head_bytes > MAX_HEAD => return Err(ParseError::TooLong),
                byte => {
                    // One place is kept for a CR, so that none is lost.
                    let full = self.line.len() + 1 >= MAX_LINE && byte != b'\r';
                    self.cut |= full || self.line.push(byte).is_err();
                }
            }
        }
        Ok((input.len(), false))
    }

    /// Reads a complete line. In the state that it ends there may be an event.
    fn read_line(&mut self) -> Result<Option<Event<'static>>, ParseError> {
        let line: &[u8] = &self.line;
        match self.state {
            State::StatusLine => {
                self.head.read_status(line)?;
                self.state = State::Headers;
            }
            State::Headers if line.is_empty() => return self.end_head(),
            State::Headers => self.head.read_header(line, !self.cut)?,
            State::Trailers if line.is_empty() => {
                self.state = State::Done;
                return Ok(Some(Event::End));
            }
            State::ChunkEnd => {
                if !line.is_empty() {
                    return Err(ParseError::Chunk);
                }
                self.head_bytes = 0;
                self.state = State::ChunkSize;
            }
            State::ChunkSize => {
                if self.cut {
                    return Err(ParseError::TooLong);
                }
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
        Ok(None)
    }

    fn end_head(&mut self) -> Result<Option<Event<'static>>, ParseError> {
        if self.head.status < 200 {
            self.interim = self.interim.saturating_add(1);
            if self.interim > MAX_INTERIM {
                return Err(ParseError::TooLong);
            }
            self.head = ResponseHead::default();
            self.state = State::StatusLine;
            return Ok(None);
        }
        let head = &mut self.head;
        if head.chunked && (head.length.is_some() || head.http_1_0) {
            // Whatever put both there, what follows on this connection can't be trusted (RFC 9112 §6.1).
            head.close = true;
        }
        self.state = match head.length {
            _ if head.has_no_body() => State::Body {
                left: 0,
                chunked: false,
            },
            _ if head.encoded => return Err(ParseError::Unsupported),
            _ if head.chunked => State::ChunkSize,
            Some(left) => State::Body {
                left,
                chunked: false,
            },
            None => State::UntilClose,
        };
        self.head_bytes = 0;
        Ok(Some(Event::Head))
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
