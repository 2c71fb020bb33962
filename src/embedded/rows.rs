//! `Rows`: the records of a query, decoded as they arrive.

use super::connection::Connection;
use super::error::Error;
use super::sender::Sender;
use crate::csv::{DecodeError, Decoder, Record, ServerError, Step, Table};
use crate::flux::{ToFlux, write_query as write_body};
use crate::http::{Event, Operation, ParseError, ResponseParser};
use core::fmt;
use core::ops::Range;
use embedded_io::{Read, Write};

impl<T: Read + Write> Connection<'_, T> {
    /// Sends a Flux query and returns its records one by one. Blocks until the response begins.
    ///
    /// The script names a parameter as `params.name`; no value can change the script. The description of a
    /// table and one record of it must fit into the decoder's buffers (see [`csv`](crate::csv)). The decoder
    /// takes about 600 bytes in addition to its buffers. It is borrowed, so that it isn't on the stack of the
    /// call, and can be used for the next query, even after an error. Nothing allocates.
    ///
    /// ```
    /// use influx_edge::csv::Decoder;
    /// use influx_edge::embedded::{Config, Connection};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # mod board { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/transport.rs")); }
    /// # let socket = board::connect(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs")));
    /// # const CONFIG: Config<'static> = Config::new("192.168.1.10:8086").org("acme").token("my-token");
    /// let (mut buffer, mut text, mut ends) = ([0; 512], [0; 512], [0; 64]);
    /// let mut connection = Connection::new(socket, &mut buffer, &CONFIG);
    /// let mut decoder = Decoder::new(&mut text, &mut ends);
    /// let flux = "from(bucket: params.b) |> range(start: -1h)";
    /// let mut rows = connection.query(flux, &[("b", &"sensors")], &mut decoder)?;
    /// let mut count = 0;
    /// while let Some(record) = rows.next()? {
    ///     let value: f64 = record.get("_value")?;
    ///     assert!(value.is_finite());
    ///     count += 1;
    /// }
    /// assert!(count > 0 && connection.is_open());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns an error if a parameter is invalid, the server rejects the query, or no response is received.
    /// Later failures are errors of [`Rows::next`].
    pub fn query<'q, 'b>(
        &'q mut self,
        flux: &str,
        params: &[(&str, &dyn ToFlux)],
        decoder: &'q mut Decoder<'b>,
    ) -> Result<Rows<'q, 'b, T>, Error<T::Error>>
    where
        Self: 'q,
    {
        self.forget_error();
        decoder.restart();
        let mut length = Counter(0);
        write_body(flux, params, &mut length)?;
        let operation = Operation::query(self.organization());
        let unread = self.exchange(operation, length.0, |out| {
            let mut out = Exact {
                out,
                left: length.0,
            };
            // A parameter that has become invalid since the count leaves an invalid script, which the server
            // rejects.
            let _ = write_body(flux, params, &mut out);
            out.fill()
        })?;
        let head = self.head();
        let given = head.content_type().unwrap_or("text/csv");
        let given = given.as_bytes().split(|byte| *byte == b';').next();
        let given = given.unwrap_or_default().trim_ascii();
        let is_csv = ["text/csv", "application/csv"]
            .iter()
            .any(|csv| given.eq_ignore_ascii_case(csv.as_bytes()));
        if head.status() != 200 || !is_csv {
            self.read_error(unread);
            return Err(self.refusal());
        }
        let (transport, buffer, open, parser) = self.parts();
        Ok(Rows {
            transport,
            buffer,
            open,
            parser,
            unread,
            piece: 0..0,
            ended: false,
            decoder,
        })
    }
}

/// A writer that counts bytes.
struct Counter(usize);

impl fmt::Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_add(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// A writer of exactly the number of bytes that were counted.
//
// The body is written twice: into `Counter` for `Content-Length`, and to the transport. A parameter may differ
// the second time, as a clock's does. Bytes beyond the length would be taken for the next request, and missing
// ones would block the server.
struct Exact<'o, 's, T: Write> {
    out: &'o mut Sender<'s, T>,
    left: usize,
}

impl<T: Write> Exact<'_, '_, T> {
    /// Fills the rest with blanks, which may follow a JSON value.
    fn fill(mut self) -> fmt::Result {
        while self.left > 0 {
            fmt::Write::write_str(&mut self, " ")?;
        }
        Ok(())
    }
}

impl<T: Write> fmt::Write for Exact<'_, '_, T> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let text = text.as_bytes();
        let text = text.get(..self.left).unwrap_or(text);
        self.left -= text.len();
        self.out.write_bytes(text)
    }
}

/// The records of a query, decoded as they arrive. Made by [`Connection::query`].
///
/// If it is dropped before its end, the connection is closed, because the rest of the response isn't read.
///
/// ```
/// use influx_edge::csv::Decoder;
/// use influx_edge::embedded::{Config, Connection};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # mod board { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/transport.rs")); }
/// # let socket = board::connect(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs")));
/// # const CONFIG: Config<'static> = Config::new("192.168.1.10:8086").org("acme").token("my-token");
/// # let (mut buffer, mut text, mut ends) = ([0; 512], [0; 512], [0; 64]);
/// # let mut connection = Connection::new(socket, &mut buffer, &CONFIG);
/// # let mut decoder = Decoder::new(&mut text, &mut ends);
/// let mut rows = connection.query("buckets()", &[], &mut decoder)?;
/// let first = rows.next()?.expect("four buckets");
/// assert_eq!(first.get::<&str>("name")?, "_monitoring");
/// drop(rows); // before its end
/// assert!(!connection.is_open());
/// # Ok(()) }
/// ```
pub struct Rows<'q, 'b, T> {
    transport: &'q mut T,
    buffer: &'q mut [u8],
    open: &'q mut bool,
    parser: &'q mut ResponseParser,
    /// The part of the buffer that was received and isn't parsed yet.
    unread: Range<usize>,
    /// The part of the body that isn't decoded yet.
    piece: Range<usize>,
    /// The body has ended.
    ended: bool,
    decoder: &'q mut Decoder<'b>,
}

impl<T: Read + Write> Rows<'_, '_, T> {
    /// Returns the next record of any table; `None` after the last one. Blocks until it is received.
    ///
    /// # Errors
    /// Returns an error if the response breaks off, isn't annotated CSV, doesn't fit into the buffers, or ends
    /// with an error of the server ([`server_error`](Self::server_error)). After an error every further call
    /// returns an error, so a truncated response never looks complete.
    #[allow(
        clippy::should_implement_trait,
        reason = "a record borrows from the rows"
    )]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, Error<T::Error>> {
        loop {
            let step = if self.ended {
                self.decoder.finish()?
            } else {
                let piece = self.buffer.get(self.piece.clone()).unwrap_or_default();
                let (used, step) = self.decoder.feed(piece)?;
                self.piece.start += used;
                step
            };
            match step {
                Step::Record => return Ok(Some(self.decoder.record())),
                Step::End => return Ok(None),
                Step::NeedInput => self.receive()?,
                Step::Table => {}
            }
        }
    }

    /// Returns the table that the last record belongs to.
    #[must_use]
    pub fn table(&self) -> Table<'_> {
        self.decoder.table()
    }

    /// Returns the error that the server reported, after [`DecodeError::Server`]. Its text is untrusted.
    #[must_use]
    pub fn server_error(&self) -> Option<ServerError<'_>> {
        self.decoder.server_error()
    }

    /// Receives the next piece of the body, or its end.
    fn receive(&mut self) -> Result<(), Error<T::Error>> {
        loop {
            let input = self.buffer.get(self.unread.clone()).unwrap_or_default();
            let (used, event) = self.parser.feed(input)?;
            self.unread.start += used;
            match event {
                Event::Body(piece) => {
                    self.piece = self.unread.start.saturating_sub(piece.len())..self.unread.start;
                    return Ok(());
                }
                Event::End => {
                    *self.open = self.parser.head().keeps_alive() && self.unread.is_empty();
                    self.ended = true;
                    return Ok(());
                }
                // A transport that has failed may report an end of stream next, which doesn't end the response.
                _ => match super::connection::read(self.transport, self.buffer)
                    .inspect_err(|_| self.parser.give_up())?
                {
                    0 => {
                        self.parser.finish().map_err(|error| match error {
                            ParseError::Truncated => {
                                let row = self.decoder.record().row_number();
                                Error::Rows(DecodeError::UnexpectedEnd { row })
                            }
                            other => Error::Parse(other),
                        })?;
                        self.ended = true;
                        return Ok(());
                    }
                    len => self.unread = 0..len,
                },
            }
        }
    }
}

impl<T> fmt::Debug for Rows<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("decoder", &self.decoder)
            .finish_non_exhaustive()
    }
}
