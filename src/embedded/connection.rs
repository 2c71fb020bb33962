//! `Connection`: blocking requests over a transport that reads and writes bytes.

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

/// The smallest buffer for which a response is useful.
const MIN_BUFFER: usize = 64;
/// The most bytes of an error's body that are skipped to keep the connection open.
const MAX_SKIPPED: usize = 64 * 1024;

/// A connection to a server over your transport.
///
/// The transport is a TCP socket, a TLS session or a modem.
///
/// A call sends one request and blocks until the response is received. It has no time limit of its own, so
/// the transport's reads should have one. Nothing is retried. The connection stays open between calls. After
/// most errors, and if the server closes it, it has to be reopened: see [`is_open`](Self::is_open).
///
/// The buffer, of at least 64 bytes, holds a request's head, the start of its body, and the response. Up to
/// three quarters of it keep the body of an error: 512 bytes hold most of them whole. Lines aren't copied
/// into it and may be longer.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::embedded::{Config, Connection};
/// use influx_edge::line::Encoder;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # mod board { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/transport.rs")); }
/// # let socket = board::connect(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs")));
/// const CONFIG: Config<'static> = Config::new("192.168.1.10:8086")
///     .org("acme")
///     .token("my-token");
///
/// let mut buffer = [0; 512];
/// let mut connection = Connection::new(socket, &mut buffer, &CONFIG);
/// let mut storage = [0; 256];
/// let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
/// enc.line("weather")
///     .tag("station", "zrh-1")
///     .field("temp_c", 21.5)
///     .timestamp(1_700_000_000)?;
/// connection.write("sensors", enc.lines())?;
/// assert!(connection.is_open());
/// # Ok(()) }
/// ```
pub struct Connection<'a, T> {
    transport: T,
    buffer: &'a mut [u8],
    config: &'a Config<'a>,
    open: bool,
    /// The parser of the last response. It is here because it would take 300 bytes of stack in each call.
    parser: ResponseParser,
    /// The length of the last error's body, which is at the start of the buffer.
    error_len: usize,
    error_truncated: bool,
    /// The last `Date`, in seconds since 1970.
    date: Option<u32>,
}

impl<'a, T: Read + Write> Connection<'a, T> {
    /// Makes a connection over a transport that is open. Sends nothing. See [`closed`](Self::closed) for one
    /// that isn't.
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

    /// Makes a connection over a transport that isn't open yet, such as a modem that hasn't dialled. Sends
    /// nothing. [`is_open`](Self::is_open) returns `false` until [`reopened`](Self::reopened) is called, so
    /// that a board's start and its recovery from an outage are the same code.
    pub fn closed(transport: T, buffer: &'a mut [u8], config: &'a Config<'a>) -> Self {
        let mut connection = Connection::new(transport, buffer, config);
        connection.open = false;
        connection
    }

    /// Writes lines into a bucket, by `/api/v2/write`. `Ok` means that the server has stored them. Without
    /// lines, nothing is sent.
    ///
    /// # Errors
    /// Returns an error if the server rejects some of the lines or no response is received: see
    /// [`Error::stored`] and [`Error::remedy`].
    pub fn write(&mut self, bucket: &str, lines: Lines<'_>) -> Result<(), Error<T::Error>> {
        let org = self.config.organization();
        let operation = Operation::write(bucket, org, lines.precision);
        self.write_by(operation, lines.bytes)
    }

    /// Writes lines into a database of InfluxDB 1.x, by `/write`, into its default retention policy.
    ///
    /// VictoriaMetrics and InfluxDB 3 have `/write`, too. For InfluxDB 2.x take [`write`](Self::write): its
    /// `/write` needs a DBRP mapping, accepts no `Bearer`, and reads timestamps in
    /// [`Microsecond`](crate::Precision::Microsecond) as nanoseconds, without an error.
    ///
    /// # Errors
    /// Returns the same errors as [`write`](Self::write).
    pub fn write_v1(&mut self, database: &str, lines: Lines<'_>) -> Result<(), Error<T::Error>> {
        self.write_by(Operation::write_v1(database, lines.precision), lines.bytes)
    }

    /// Writes lines into a database of InfluxDB 3, by `/api/v3/write_lp`. The good lines are stored even if
    /// others are bad. Other servers respond with 404 and a body in a form of their own
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

    /// Checks that the server responds, by `/ping`.
    ///
    /// # Errors
    /// Returns an error if the response isn't a success or no response is received.
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

    /// Returns the server's time from the last response that had a `Date`, in whole seconds, for example to
    /// set a board's clock directly after a [`ping`](Self::ping). It isn't the current time: a call that fails
    /// without a response leaves it as it was. InfluxDB 1.x and 2.x send a `Date`, and InfluxDB 3 sends it in
    /// most responses. A proxy's response may have one, too. Times before 1970 or after 2106 are ignored.
    #[must_use]
    pub fn server_time(&self) -> Option<Timestamp> {
        Some(Timestamp::from_secs(self.date?.into()))
    }

    /// Returns `true` if the next call can use the connection. If not, open the transport again and call
    /// [`reopen`](Self::reopen) or [`reopened`](Self::reopened).
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Replaces the transport by one that has just been opened.
    pub fn reopen(&mut self, transport: T) {
        self.transport = transport;
        self.reopened();
    }

    /// Marks the connection as open, after the transport itself, such as a modem, has opened it again. It must
    /// hold no byte of an earlier request or response.
    pub fn reopened(&mut self) {
        self.open = true;
    }

    /// Returns the transport, for example for a modem to dial again.
    pub fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// Returns the transport and drops the connection.
    pub fn into_transport(self) -> T {
        self.transport
    }

    /// Returns the body of the last error's response as it was received, or its start. A proxy's page, for
    /// example, has no message in [`error_body`](Self::error_body).
    #[must_use]
    pub fn error_bytes(&self) -> &[u8] {
        self.buffer.get(..self.error_len).unwrap_or_default()
    }

    /// Returns the parsed body of the response, if the last call failed with one: the server's message, and
    /// all lines that it names. An [`Error`] holds no such text. It is untrusted; displayed, its control
    /// characters are escaped.
    #[must_use]
    pub fn error_body(&self) -> ErrorBody<'_> {
        self.response().error_body()
    }

    /// Forgets the error of an earlier call.
    pub(super) fn forget_error(&mut self) {
        (self.error_len, self.error_truncated) = (0, false);
    }

    /// Sends a request and receives the head of its response. Returns the range of the buffer with the bytes
    /// received after the head.
    //
    // `open` is false from the first byte sent until the end of the response was read, in whatever way the
    // call ends: an unread rest would be taken for the next response.
    //
    // A failure to send doesn't end the call. A server may reject a request before it has read the body (401,
    // 413) and close the connection, and then its response explains the failure. It counts if it is an error
    // (status 300 and up), since the server can't have stored a body that it didn't receive. The connection is
    // closed in any case.
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
            // The sender keeps the error.
            Ok(()) | Err(HeadError::Full) => {}
            Err(error) => return Err(Error::Head(error)),
        }
        self.open = false;
        let _ = body(&mut out);
        let (sent, result) = out.finish();
        let received = self.receive_head();
        let Err(failure) = result else {
            return received;
        };
        self.parser.expect_close();
        match (received, sent) {
            // Only the flush failed.
            (Ok(unread), Sent::All) => Ok(unread),
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
                // A `u32` of seconds lasts until 2106.
                if let Some(Ok(date)) = date.map(u32::try_from) {
                    self.date = Some(date);
                }
                return Ok(used..len);
            }
        }
    }

    /// Reads a body to its end, and keeps its start at the start of the buffer. If the body breaks off, the
    /// part received is kept.
    //
    //   |error (at most 3/4)|unread ...|   the rest of the body is read into the space after the error
    pub(super) fn read_error(&mut self, mut unread: Range<usize>) {
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

    /// Makes an error of the response to a request that isn't a write.
    pub(super) fn refusal(&self) -> Error<T::Error> {
        let response = self.response();
        let status = WriteStatus::of_other(&response, &response.error_body());
        Error::Response(ResponseError::new(response.status, &status))
    }

    pub(super) fn organization(&self) -> &'a str {
        self.config.organization()
    }

    /// Returns transport, buffer, the flag of an open connection, and the parser, all borrowed at once.
    pub(super) fn parts(&mut self) -> (&mut T, &mut [u8], &mut bool, &mut ResponseParser) {
        (
            &mut self.transport,
            self.buffer,
            &mut self.open,
            &mut self.parser,
        )
    }

    /// Returns the head of the last response.
    pub(super) fn head(&self) -> &ResponseHead {
        self.parser.head()
    }
}

/// Moves bytes towards the start of the buffer. `copy_within` does the same, but links the `memmove` of the
/// prebuilt core: 1.5 KiB.
fn move_down(buffer: &mut [u8], from: usize, to: usize, len: usize) {
    for step in 0..len {
        let byte = buffer.get(from + step).copied().unwrap_or_default();
        if let Some(slot) = buffer.get_mut(to + step) {
            *slot = byte;
        }
    }
}

/// Reads what has arrived. Returns 0 at the end of the stream.
pub(super) fn read<T: Read>(transport: &mut T, into: &mut [u8]) -> Result<usize, Error<T::Error>> {
    loop {
        match transport.read(into) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Transport { error, sent: true }),
            // A faulty transport may report more than fits.
            Ok(len) => return Ok(len.min(into.len())),
        }
    }
}

/// Returns the result of a write of these lines.
fn write_result(response: &WriteResponse<'_>, lines: &[u8]) -> Result<(), ResponseError> {
    let status = WriteStatus::classify(response);
    if status.stored == Stored::All {
        return Ok(());
    }
    let mut error = ResponseError::new(response.status, &status);
    error.line = first_named(lines, status.line_errors);
    // A partial write of which every line was dropped has stored none.
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
