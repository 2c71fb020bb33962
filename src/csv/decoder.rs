//! The no_std decoder: annotated CSV over two fixed buffers.

use core::fmt;

use super::error::{DecodeError, ServerError};
use super::parser::{Parser, Progress};
use super::record::Record;
use super::table::Table;

/// A decoder of annotated CSV over two buffers of yours.
///
/// Hand it bytes as they come, in pieces of any size. After each call it says what is there now;
/// table and record are read from the decoder itself until the next call. It never allocates; see
/// the [module](crate::csv) for how large the buffers have to be.
///
/// ```
/// use influx_edge::csv::{Decoder, Step};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
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

/// What [`feed`](Decoder::feed) and [`finish`](Decoder::finish) came to.
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
    /// The piece is used up: feed the next, or say that there is none.
    NeedInput,
    /// A table begins; see [`Decoder::table`]. It may have no records at all.
    Table,
    /// A record is there; see [`Decoder::record`].
    Record,
    /// The stream is over, and nothing went wrong.
    End,
}

impl<'b> Decoder<'b> {
    /// A decoder of a new stream. What the buffers hold doesn't matter.
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

    /// Reads cells that are separated by another byte than a comma. Only of use before the first
    /// `feed`.
    ///
    /// It must be ASCII and neither a quote nor a line end; another one is ignored.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Decoder<'b> {
        self.parser.set_delimiter(delimiter);
        self
    }

    /// Leaves CRLF inside quoted cells as sent. Defaults to `false`: the server writes CRLF for
    /// every LF of a value, and LF is handed out again.
    #[must_use]
    pub fn keep_crlf(mut self, keep: bool) -> Decoder<'b> {
        self.parser.keep_crlf(keep);
        self
    }

    /// Begins a new stream, whatever became of the last one. The settings stay.
    #[cfg(feature = "embedded")]
    pub(crate) fn restart(&mut self) {
        self.parser.restart();
    }

    /// Takes bytes until a table or record is complete, and returns how many it took.
    ///
    /// Call it again with the rest until it returns [`Step::NeedInput`]. An empty slice does
    /// nothing; [`finish`](Decoder::finish) ends the stream.
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
    /// reports that the query failed. The error stays: every later call repeats it.
    #[inline]
    pub fn feed(&mut self, input: &[u8]) -> Result<(usize, Step), DecodeError> {
        let (used, progress) = self.parser.feed(input, self.text, self.ends)?;
        Ok((used, self.step(progress)?))
    }

    /// Ends the stream. Call it until it returns [`Step::End`]: a last table or record may
    /// still be due. After that a further row is an error; a new stream needs a new decoder.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// use influx_edge::csv::{DecodeError, Decoder};
    ///
    /// let (mut text, mut ends) = ([0; 256], [0; 32]);
    /// let mut decoder = Decoder::new(&mut text, &mut ends);
    /// decoder.feed(&response[..40])?; // and then the line broke
    /// assert!(matches!(decoder.finish(), Err(DecodeError::UnexpectedEnd { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError::UnexpectedEnd`] if a part is missing, [`DecodeError::Server`] if the
    /// end makes it plain that the server gave up, and the same errors as [`feed`](Decoder::feed).
    pub fn finish(&mut self) -> Result<Step, DecodeError> {
        let progress = self.parser.finish(self.text, self.ends)?;
        self.step(progress)
    }

    /// The table of the last [`Step::Table`]. Before the first it has no columns; after the call
    /// that follows the table's last record it may be the next one's beginning.
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

    /// The record of the last step, if that was [`Step::Record`]; otherwise one without cells.
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

    /// What the server said, after [`DecodeError::Server`].
    ///
    /// It is cut where the `text` buffer ended.
    #[must_use]
    pub fn server_error(&self) -> Option<ServerError<'_>> {
        let (message, code) = self.parser.server_error(self.text)?;
        Some(ServerError {
            message: valid_part(message),
            code: valid_part(code),
        })
    }

    /// After an error: the row it is about, as far as it was read, its cells run together.
    ///
    /// For people to look at; it may be anything, an HTML page included.
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
    /// println!("{}", String::from_utf8_lossy(decoder.offending_row()));
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

/// The text up to the first byte that isn't UTF-8: a message may be cut inside a character.
fn valid_part(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => bytes
            .get(..error.valid_up_to())
            .and_then(|valid| core::str::from_utf8(valid).ok())
            .unwrap_or_default(),
    }
}
