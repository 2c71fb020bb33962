//! `Rows`: the records of a query, decoded while they arrive.

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
    /// table and one record of it must fit into the decoder's buffers (see [`csv`](crate::csv)). The decoder,
    /// some 600 bytes beside its buffers, can be kept for the next query, whatever became of this one. It is the
    /// caller's so that it isn't on the stack of the call. Nothing allocates.
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
    /// Returns an error if a parameter can't be one, the server rejects the query or no response is received.
    /// What fails later is an error of [`Rows::next`].
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
            // What it is without a parameter that has no form any more, the server rejects.
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

/// Counts bytes.
struct Counter(usize);

impl fmt::Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_add(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Writes as many bytes as were counted, whatever comes: a parameter may be another one when it is written
/// again, as a clock's, and what is longer than its length would be the next request.
struct Exact<'o, 's, T: Write> {
    out: &'o mut Sender<'s, T>,
    left: usize,
}

impl<T: Write> Exact<'_, '_, T> {
    /// Blanks behind a body in JSON are none of it.
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

/// The records of a query, decoded while they arrive.
///
/// Dropped before its end it leaves the connection closed, for the rest of the response is still to come.
/// See [`Connection::query`] for an example.
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
    /// What of the buffer was received and not parsed yet.
    unread: Range<usize>,
    /// A piece of the body that the decoder hasn't taken yet.
    piece: Range<usize>,
    /// The body has ended.
    ended: bool,
    decoder: &'q mut Decoder<'b>,
}

impl<T: Read + Write> Rows<'_, '_, T> {
    /// Returns the next record of any table; `None` behind the last one. Blocks until it is there.
    ///
    /// # Errors
    /// Returns an error if the response breaks off, isn't annotated CSV, doesn't fit into the buffers, or ends
    /// with an error of the server ([`server_error`](Self::server_error)). A response that is cut off never
    /// looks complete: after an error every further call is an error, too.
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

    /// Returns what the server reported, after [`DecodeError::Server`]. It comes from outside.
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
                // A transport that has failed may report an end next; it is none of a response.
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
