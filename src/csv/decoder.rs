//! The no_std decoder: annotated CSV over two fixed buffers.

use core::fmt;

use super::error::{DecodeError, ServerError};
use super::parser::{Parser, Progress};
use super::record::Record;
use super::table::Table;

/// A decoder of annotated CSV over two buffers of the caller.
///
/// It takes bytes in pieces of any size. Each call returns a [`Step`]; the table or record it announces is
/// read from the decoder until the next call. Never allocates; the [module](crate::csv) has the sizes of the
/// buffers.
///
/// ```
/// use influx_edge::csv::{Decoder, Step};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let response =
///     b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
///     #default,_result,,,\r\n,result,table,_value,station\r\n\
///     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n,,1,19.75,zrh-2\r\n\r\n";
///
/// let (mut text, mut ends) = ([0; 256], [0; 32]);
/// let mut decoder = Decoder::new(&mut text, &mut ends);
/// let (mut tables, mut sum) = (0, 0.0);
/// for mut chunk in response.chunks(16) {
///     loop {
///         let (used, step) = decoder.feed(chunk)?;
///         chunk = &chunk[used..];
///         match step {
///             Step::NeedInput => break,
///             Step::Table => tables += 1,
///             Step::Record => sum += decoder.record().get::<f64>("_value")?,
///             Step::End => unreachable!("only after finish"),
///         }
///     }
/// }
/// while decoder.finish()? != Step::End {}
/// assert_eq!((tables, sum), (2, 60.5));
/// # Ok(())
/// # }
/// ```
pub struct Decoder<'b> {
    parser: Parser,
    text: &'b mut [u8],
    ends: &'b mut [usize],
}

/// The result of [`feed`](Decoder::feed) and [`finish`](Decoder::finish).
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # use influx_edge::csv::{Decoder, Step};
/// # let (mut text, mut ends) = ([0; 256], [0; 32]);
/// # let mut decoder = Decoder::new(&mut text, &mut ends);
/// let (mut input, mut steps) = (&response[..], Vec::new());
/// while steps.last() != Some(&Step::NeedInput) {
///     let (used, step) = decoder.feed(input)?;
///     input = &input[used..];
///     steps.push(step);
/// }
/// assert_eq!(steps, [Step::Table, Step::Record, Step::Record, Step::NeedInput]);
/// assert_eq!(decoder.finish()?, Step::End);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The piece is consumed: feed the next one, or call `finish`.
    NeedInput,
    /// A table begins; see [`Decoder::table`]. It may have no records at all.
    Table,
    /// A record is complete; see [`Decoder::record`].
    Record,
    /// The stream ended without an error.
    End,
}

impl<'b> Decoder<'b> {
    /// Returns a decoder for a new stream. The contents of the buffers don't matter.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// use influx_edge::csv::Decoder;
    ///
    /// let (mut text, mut ends) = ([0; 256], [0; 32]);
    /// let decoder = Decoder::new(&mut text, &mut ends);
    /// assert_eq!(decoder.table().columns().len(), 0); // no table yet
    /// ```
    #[must_use]
    pub fn new(text: &'b mut [u8], ends: &'b mut [usize]) -> Decoder<'b> {
        Decoder {
            parser: Parser::new(),
            text,
            ends,
        }
    }

    /// Sets the byte that separates cells; call it before the first `feed`. A byte that isn't ASCII, a quote
    /// and a line end are ignored. Default: a comma.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Decoder<'b> {
        self.parser.set_delimiter(delimiter);
        self
    }

    /// Leaves CRLF inside quoted cells as sent. Default: `false`. The server writes CRLF for every LF of a
    /// value, and the decoder restores the LF.
    #[must_use]
    pub fn keep_crlf(mut self, keep: bool) -> Decoder<'b> {
        self.parser.keep_crlf(keep);
        self
    }

    /// Begins a new stream, also after an error. The settings stay.
    #[cfg(feature = "embedded")]
    pub(crate) fn restart(&mut self) {
        self.parser.restart();
    }

    /// Consumes bytes until a table or record is complete, and returns how many.
    ///
    /// Call it again with the rest until it returns [`Step::NeedInput`]. An empty slice has no effect;
    /// [`finish`](Decoder::finish) ends the stream.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// use influx_edge::csv::{Decoder, Step};
    ///
    /// let (mut text, mut ends) = ([0; 256], [0; 32]);
    /// let mut decoder = Decoder::new(&mut text, &mut ends);
    /// let (used, step) = decoder.feed(response)?;
    /// assert_eq!(step, Step::Table);
    /// let (_, step) = decoder.feed(&response[used..])?;
    /// assert_eq!(step, Step::Record);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the stream isn't annotated CSV, a buffer is too small, or the server
    /// reports that the query failed. Every later call returns the same error.
    #[inline]
    pub fn feed(&mut self, input: &[u8]) -> Result<(usize, Step), DecodeError> {
        let (used, progress) = self.parser.feed(input, self.text, self.ends)?;
        Ok((used, self.step(progress)?))
    }

    /// Ends the stream. Call it until it returns [`Step::End`]: a last table or record may be pending. A row
    /// fed after that is an error; a new stream needs a new decoder.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// use influx_edge::csv::{DecodeError, Decoder};
    ///
    /// let (mut text, mut ends) = ([0; 256], [0; 32]);
    /// let mut decoder = Decoder::new(&mut text, &mut ends);
    /// decoder.feed(&response[..40])?; // then the connection broke
    /// assert!(matches!(decoder.finish(), Err(DecodeError::UnexpectedEnd { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError::UnexpectedEnd`] if the stream is truncated, [`DecodeError::Server`] if it ends
    /// with an error of the server, and the same errors as [`feed`](Decoder::feed).
    pub fn finish(&mut self) -> Result<Step, DecodeError> {
        let progress = self.parser.finish(self.text, self.ends)?;
        self.step(progress)
    }

    /// Returns the table of the last [`Step::Table`]. It has no columns before the first one. After the call
    /// that follows the table's last record it may describe part of the next table.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// use influx_edge::csv::{Decoder, Step};
    ///
    /// let (mut text, mut ends) = ([0; 256], [0; 32]);
    /// let mut decoder = Decoder::new(&mut text, &mut ends);
    /// let (_, step) = decoder.feed(response)?;
    /// assert_eq!((step, decoder.table().columns().len()), (Step::Table, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn table(&self) -> Table<'_> {
        self.parser.table(self.text, self.ends)
    }

    /// Returns the record of the last step if that was [`Step::Record`], otherwise one without cells.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// use influx_edge::csv::{Decoder, Step};
    ///
    /// let (mut text, mut ends) = ([0; 256], [0; 32]);
    /// let mut decoder = Decoder::new(&mut text, &mut ends);
    /// let (used, _) = decoder.feed(response)?;
    /// let (_, step) = decoder.feed(&response[used..])?;
    /// assert_eq!(step, Step::Record);
    /// assert_eq!(decoder.record().get::<f64>("_value")?, 20.25);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn record(&self) -> Record<'_> {
        self.parser.record(self.text, self.ends)
    }

    /// Returns the server's error after [`DecodeError::Server`], cut to the length of the `text` buffer.
    #[must_use]
    pub fn server_error(&self) -> Option<ServerError<'_>> {
        let (message, code) = self.parser.server_error(self.text)?;
        Some(ServerError {
            message: valid_part(message),
            code: valid_part(code),
        })
    }

    /// Returns the row that an error is about, as far as it was read, possibly without its delimiters.
    ///
    /// It may hold anything, such as an HTML page, so escape it before it is printed.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// use influx_edge::csv::Decoder;
    ///
    /// let (mut text, mut ends) = ([0; 256], [0; 32]);
    /// let mut decoder = Decoder::new(&mut text, &mut ends);
    /// assert!(decoder.feed(b"<html>\r\n").is_err());
    /// assert_eq!(decoder.offending_row(), b"<html>");
    /// ```
    #[must_use]
    pub fn offending_row(&self) -> &[u8] {
        self.parser.current_row(self.text)
    }

    #[inline]
    fn step(&mut self, progress: Progress) -> Result<Step, DecodeError> {
        Ok(match progress {
            Progress::NeedInput => Step::NeedInput,
            Progress::Table => Step::Table,
            Progress::Record => Step::Record,
            Progress::End => Step::End,
            full @ (Progress::TextFull | Progress::EndsFull) => {
                return Err(self.parser.full(full));
            }
        })
    }
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("row", &self.record().row_number())
            .finish_non_exhaustive()
    }
}

/// The text up to the first byte that isn't UTF-8, for a message may be cut inside a character.
fn valid_part(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => bytes
            .get(..error.valid_up_to())
            .and_then(|valid| core::str::from_utf8(valid).ok())
            .unwrap_or_default(),
    }
}
