//! `Connection`: requests over a transport that reads and writes bytes.

use super::config::Config;
use super::error::{Error, ResponseError};
use super::named_line::first_named;
use super::sender::{Sender, Sent};
use crate::Timestamp;
use crate::http::{
    ErrorBody, Event, HeadError, Operation, ParseError, ResponseHead, ResponseParser, Stored,
    WriteResponse, WriteStatus, parse_date,
};
use crate::line::Lines;
use crate::line::split_lines::points;
use core::fmt;
use core::ops::Range;
use embedded_io::{Error as _, ErrorKind, Read, Write};

/// The smallest buffer that anything useful of a response fits into.
const MIN_BUFFER: usize = 64;
/// The most bytes of an error's body that are passed over to keep the connection.
const MAX_SKIPPED: usize = 64 * 1024;

/// A connection to a server over a transport of yours: a TCP socket, a TLS session, a modem.
///
/// A call sends one request and blocks until its response is there: as long as the transport does, whose
/// reads should have a time limit. Nothing is repeated. The connection stays open between calls; after most
/// errors, and where the server says so, it has to be opened again: see [`is_open`](Self::is_open).
///
/// The buffer, of at least 64 bytes, holds a request's head, the start of its body, and the response. Of a
/// response that is an error it keeps as much as three quarters of it hold: with 512 bytes, most errors whole.
/// Lines are sent from where they are, and may be longer than the buffer.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::embedded::{Config, Connection};
/// use influx_edge::line::Encoder;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # mod board { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/transport.rs")); }
/// # let socket = board::connect(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs")));
/// const CONFIG: Config<'static> = Config::new("192.168.1.10:8086").org("acme").token("my-token");
///
/// let mut buffer = [0; 512];
/// let mut connection = Connection::new(socket, &mut buffer, &CONFIG);
/// let mut storage = [0; 256];
/// let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
/// enc.line("weather").tag("station", "zrh-1").field("temp_c", 21.5).timestamp(1_700_000_000)?;
/// connection.write("sensors", enc.lines())?;
/// assert!(connection.is_open());
/// # Ok(()) }
/// ```
pub struct Connection<'a, T> {
    transport: T,
    buffer: &'a mut [u8],
    config: &'a Config<'a>,
    open: bool,
    /// Of the last response. Here and not on the stack, where it would take 300 bytes of each call.
    parser: ResponseParser,
    /// The body of the last error, at the start of the buffer.
    error_len: usize,
    error_truncated: bool,
    /// The last `Date`, in seconds since 1970.
    date: Option<u32>,
}

impl<'a, T: Read + Write> Connection<'a, T> {
    /// A connection over a transport that is open. Sends nothing. For one that isn't open yet there is
    /// [`closed`](Self::closed).
    pub fn new(transport: T, buffer: &'a mut [u8], config: &'a Config<'a>) -> Self {
        Connection {
            transport,
            buffer,
            config,
            open: true,
            parser: ResponseParser::new(),
            error_len: 0,
            error_truncated: false,
            date: None,
        }
    }

    /// A connection over a transport that isn't open yet: a modem that hasn't dialled. Sends nothing.
    /// [`is_open`](Self::is_open) is false until [`reopened`](Self::reopened), so that a board starts as it
    /// goes on after an outage.
    pub fn closed(transport: T, buffer: &'a mut [u8], config: &'a Config<'a>) -> Self {
        let mut connection = Connection::new(transport, buffer, config);
        connection.open = false;
        connection
    }

    /// Writes lines into a bucket, by `/api/v2/write`. `Ok` means that the server has stored them; without a
    /// line nothing is sent.
    ///
    /// # Errors
    /// Returns an error if the server rejects the lines or a part of them, or no response is received: see
    /// [`Error::stored`] and [`Error::remedy`].
    pub fn write(&mut self, bucket: &str, lines: Lines<'_>) -> Result<(), Error<T::Error>> {
        let org = self.config.organization();
        let operation = Operation::write(bucket, org, lines.precision);
        self.write_by(operation, lines.bytes)
    }

    /// Writes lines into a database of InfluxDB 1.x, by `/write`, into its default retention policy.
    ///
    /// VictoriaMetrics and InfluxDB 3 have `/write`, too. So has InfluxDB 2.x, where [`write`](Self::write) is
    /// the better choice: `/write` needs a DBRP mapping there, takes no `Bearer`, and reads lines in
    /// [`Microsecond`](crate::Precision::Microsecond) as nanoseconds, without an error.
    ///
    /// # Errors
    /// Returns the same errors as [`write`](Self::write).
    pub fn write_v1(&mut self, database: &str, lines: Lines<'_>) -> Result<(), Error<T::Error>> {
        self.write_by(Operation::write_v1(database, lines.precision), lines.bytes)
    }

    /// Writes lines into a database of InfluxDB 3, by `/api/v3/write_lp`. The good lines are stored where
    /// others are bad. Other servers respond with 404 in words of their own
    /// ([`error_bytes`](Self::error_bytes)).
    ///
    /// # Errors
    /// Returns the same errors as [`write`](Self::write).
    pub fn write_v3(&mut self, database: &str, lines: Lines<'_>) -> Result<(), Error<T::Error>> {
        self.write_by(Operation::write_v3(database, lines.precision), lines.bytes)
    }

    fn write_by(&mut self, operation: Operation<'_>, lines: &[u8]) -> Result<(), Error<T::Error>> {
        self.forget_error();
        if lines.is_empty() {
            return Ok(());
        }
        let unread = self.exchange(operation, lines.len(), |out| out.write_bytes(lines))?;
        self.read_error(unread);
        write_result(&self.response(), lines).map_err(Error::Response)
    }

    /// Asks whether the server is there, by `/ping`.
    ///
    /// # Errors
    /// Returns an error if the response isn't a success, or none is received.
    pub fn ping(&mut self) -> Result<(), Error<T::Error>> {
        let unread = self.exchange(Operation::ping(), 0, |_| Ok(()))?;
        self.read_error(unread);
        match self.parser.head().status() {
            200..=299 => {
                self.forget_error();
                Ok(())
            }
            _ => Err(self.refusal()),
        }
    }

    /// Returns the server's clock as of the last response that had a `Date`, in whole seconds; to set a
    /// board's clock by. InfluxDB 1.x and 2.x send one, InfluxDB 3 on most responses; whatever responds in their
    /// place may, too. A time before 1970 or after 2106 is none.
    #[must_use]
    pub fn server_time(&self) -> Option<Timestamp> {
        Some(Timestamp::from_secs(self.date?.into()))
    }

    /// Returns whether the next call can use the connection. If not, open the transport again and call
    /// [`reopen`](Self::reopen) or [`reopened`](Self::reopened).
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Goes on with a transport that has just been opened.
    pub fn reopen(&mut self, transport: T) {
        self.transport = transport;
        self.reopened();
    }

    /// Notes that the transport itself, a modem say, has opened its connection again: no byte of an earlier
    /// request or response is in it.
    pub fn reopened(&mut self) {
        self.open = true;
    }

    /// Returns the transport, which a modem needs to open its connection again.
    pub fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// Returns the transport, and gives up the connection.
    pub fn into_transport(self) -> T {
        self.transport
    }

    /// Returns what [`error_body`](Self::error_body) is read from, as it was received: the page of a proxy
    /// has no message. It may be the start of a longer one.
    #[must_use]
    pub fn error_bytes(&self) -> &[u8] {
        self.buffer.get(..self.error_len).unwrap_or_default()
    }

    /// Returns the body of the response, if the last call failed by one: the server's message, and all lines
    /// that it names. An [`Error`] has none of this text. It comes from outside; printed, it has no control
    /// characters.
    #[must_use]
    pub fn error_body(&self) -> ErrorBody<'_> {
        self.response().error_body()
    }

    /// A call begins, or its response is no error.
    pub(super) fn forget_error(&mut self) {
        (self.error_len, self.error_truncated) = (0, false);
    }

    /// Sends a request and receives the head of its response; what was received behind it is in this range
    /// of the buffer.
    pub(super) fn exchange(
        &mut self,
        operation: Operation<'_>,
        length: usize,
        body: impl FnOnce(&mut Sender<'_, T>) -> fmt::Result,
    ) -> Result<Range<usize>, Error<T::Error>> {
        self.forget_error();
        self.parser = ResponseParser::new();
        if !self.open {
            return Err(Error::NotOpen);
        }
        if self.buffer.len() < MIN_BUFFER {
            return Err(Error::Head(HeadError::Full));
        }
        let head = self.config.head(operation).content_length(length);
        let mut out = Sender::new(&mut self.transport, self.buffer);
        match head.write_pieces(&mut |piece| out.write_bytes(piece.as_bytes())) {
            // The sender knows why.
            Ok(()) | Err(HeadError::Full) => {}
            Err(error) => return Err(Error::Head(error)),
        }
        // Until the response has ended, nothing else can be sent.
        self.open = false;
        let _ = body(&mut out);
        let (sent, result) = out.finish();
        let received = self.receive_head();
        let Err(failure) = result else {
            return received;
        };
        // The server still waits for the rest.
        self.parser.expect_close();
        match (received, sent) {
            // All of it was sent, though not flushed.
            (Ok(unread), Sent::All) => Ok(unread),
            // A server may refuse and close before it has the whole body; it can't have stored that.
            (Ok(unread), _) if self.parser.head().status() >= 300 => Ok(unread),
            _ => Err(failure.error(sent != Sent::Nothing)),
        }
    }

    fn receive_head(&mut self) -> Result<Range<usize>, Error<T::Error>> {
        let mut silent = true;
        loop {
            let len = read(&mut self.transport, self.buffer)?;
            if len == 0 {
                return Err(match silent {
                    true => Error::Closed { sent: true },
                    false => Error::Parse(ParseError::Truncated),
                });
            }
            silent = false;
            let input = self.buffer.get(..len).unwrap_or_default();
            let (used, event) = self.parser.feed(input)?;
            if event == Event::Head {
                let date = self.parser.head().date().and_then(parse_date);
                // No server's clock shows a time after 2106.
                if let Some(Ok(date)) = date.map(u32::try_from) {
                    self.date = Some(date);
                }
                return Ok(used..len);
            }
        }
    }

    /// Reads a body to its end and keeps its start at the start of the buffer. If it breaks off, so do they.
    pub(super) fn read_error(&mut self, mut unread: Range<usize>) {
        // Some of the buffer stays for reading on.
        let most = self.buffer.len() / 4 * 3;
        let (mut len, mut skipped) = (0, 0);
        let whole = loop {
            let input = self.buffer.get(unread.clone()).unwrap_or_default();
            let Ok((used, event)) = self.parser.feed(input) else {
                break false;
            };
            unread.start += used;
            match event {
                Event::Body(piece) => {
                    let from = unread.start.saturating_sub(piece.len());
                    let kept = piece.len().min(most - len);
                    skipped += piece.len() - kept;
                    move_down(self.buffer, from, len, kept);
                    len += kept;
                    if skipped > MAX_SKIPPED {
                        break false;
                    }
                }
                Event::End => {
                    self.open = self.parser.head().keeps_alive() && unread.is_empty();
                    break skipped == 0;
                }
                _ => match read(
                    &mut self.transport,
                    self.buffer.get_mut(len..).unwrap_or_default(),
                ) {
                    Ok(0) => break self.parser.finish().is_ok() && skipped == 0,
                    Err(_) => break false,
                    Ok(more) => unread = len..len + more,
                },
            }
        };
        (self.error_len, self.error_truncated) = (len, !whole);
    }

    fn response(&self) -> WriteResponse<'_> {
        let head = self.parser.head();
        WriteResponse {
            status: head.status(),
            retry_after: head.retry_after(),
            date: head.date(),
            body: self.error_bytes(),
            truncated: self.error_truncated,
        }
    }

    /// The error of a response to a request that isn't a write.
    pub(super) fn refusal(&self) -> Error<T::Error> {
        let response = self.response();
        let status = WriteStatus::of_other(&response, &response.error_body());
        Error::Response(ResponseError::new(response.status, &status))
    }

    pub(super) fn organization(&self) -> &'a str {
        self.config.organization()
    }

    /// Transport, buffer, whether the connection can be used again, and the parser of the response.
    pub(super) fn parts(&mut self) -> (&mut T, &mut [u8], &mut bool, &mut ResponseParser) {
        (
            &mut self.transport,
            self.buffer,
            &mut self.open,
            &mut self.parser,
        )
    }

    /// The head of the last response.
    pub(super) fn head(&self) -> &ResponseHead {
        self.parser.head()
    }
}

/// Moves bytes of a body down to where it begins, never up. As `copy_within`, which brings the memmove of
/// the prebuilt core: 1.5 KiB.
fn move_down(buffer: &mut [u8], from: usize, to: usize, len: usize) {
    for step in 0..len {
        let byte = buffer.get(from + step).copied().unwrap_or_default();
        if let Some(slot) = buffer.get_mut(to + step) {
            *slot = byte;
        }
    }
}

/// Reads what has arrived. 0 at the end of the stream.
pub(super) fn read<T: Read>(transport: &mut T, into: &mut [u8]) -> Result<usize, Error<T::Error>> {
    loop {
        match transport.read(into) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Transport { error, sent: true }),
            // Never more than fits, whatever the transport reports.
            Ok(len) => return Ok(len.min(into.len())),
        }
    }
}

/// The result of a write of these lines.
fn write_result(response: &WriteResponse<'_>, lines: &[u8]) -> Result<(), ResponseError> {
    let status = WriteStatus::classify(response);
    if status.stored == Stored::All {
        return Ok(());
    }
    let mut error = ResponseError::new(response.status, &status);
    error.line = first_named(lines, status.line_errors);
    // A server that drops every line has stored none.
    if error.stored == Stored::Partial && status.dropped == Some(points(lines)) {
        error.stored = Stored::None;
    }
    Err(error)
}

impl<T> fmt::Debug for Connection<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("config", &self.config)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}
