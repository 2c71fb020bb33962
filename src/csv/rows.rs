//! `Rows`: the rows of a response from any `io::Read`, one at a time.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use std::io::Read;

use super::buffers::{INPUT_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES, fill, grow_ends, grow_text};
use super::error::DecodeError;
use super::parser::{Parser, Progress};
use super::profile;
use super::read_error::{ReadError, ReadErrorKind};
use super::row::Row;
use super::table::Table;
#[cfg(feature = "serde")]
use crate::Precision;

/// The rows of a response, one at a time, from any reader.
///
/// A row is lent until the next call, so it is never copied. The buffers grow until they hold the widest table
/// and the longest record, up to a limit; from then on nothing is allocated.
///
/// ```
/// use influx_edge::csv::Rows;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let response = "#datatype,string,long,dateTime:RFC3339,double\r\n\
///     #default,_result,,,\r\n\
///     ,result,table,_time,_value\r\n,,0,2023-11-14T22:13:20Z,20.25\r\n";
///
/// let mut rows = Rows::new(response.as_bytes());
/// while let Some(row) = rows.next()? {
///     let value: f64 = row.get("_value")?;
///     let nanos: i64 = row.get("_time")?;
///     assert_eq!((value, nanos), (20.25, 1_700_000_000_000_000_000));
/// }
/// # Ok(())
/// # }
/// ```
pub struct Rows<R> {
    reader: R,
    parser: Parser,
    text: Vec<u8>,
    ends: Vec<usize>,
    input: Vec<u8>,
    /// The part of `input` that is still to be decoded.
    start: usize,
    end: usize,
    max_record_bytes: usize,
    /// The profiles that were read, if they are split off.
    profile: Option<String>,
    /// The current table is a profile, and profiles are split off.
    in_profile: bool,
    /// The reader has returned its end.
    drained: bool,
    /// An error or the end was returned.
    over: bool,
    /// The unit of times that are deserialized as integers.
    #[cfg(feature = "serde")]
    pub(super) time_unit: Precision,
}

/// The most bytes of an error in JSON that are kept.
const MESSAGE_BYTES: usize = 64 << 10;
/// Annotation column, `result` and `table` are cells, but not columns of the data.
const FRAME: usize = 3;

impl<R: Read> Rows<R> {
    /// Returns the rows of the response from `reader`. Nothing is read yet. It needs no buffered reader, since it
    /// reads 16 KiB at a time; a `&mut reader` can be used afterwards.
    pub fn new(reader: R) -> Rows<R> {
        let mut parser = Parser::new();
        parser.max_cells = MAX_COLUMNS + FRAME;
        parser.message_capacity = MESSAGE_BYTES;
        Rows {
            reader,
            parser,
            text: Vec::new(),
            ends: Vec::new(),
            input: Vec::new(),
            start: 0,
            end: 0,
            max_record_bytes: MAX_RECORD_BYTES,
            profile: None,
            in_profile: false,
            drained: false,
            over: false,
            #[cfg(feature = "serde")]
            time_unit: Precision::Nanosecond,
        }
    }

    /// Sets the most bytes that a table's description and one of its records may take together. Default: 16 MiB.
    /// Memory is allocated as needed: the buffer doubles up to 128 KiB; a longer record gets a buffer of the limit
    /// or of 16 MiB, whichever is less, of which the system provides only the pages in use.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// // On a small board, a row of more than 64 KiB is a mistake rather than data.
    /// let mut rows =
    ///     influx_edge::csv::Rows::new(&response[..]).max_record_bytes(64 * 1024);
    /// assert!(rows.next()?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_record_bytes(mut self, bytes: usize) -> Rows<R> {
        self.max_record_bytes = bytes;
        self.parser.message_capacity = bytes.min(MESSAGE_BYTES);
        self
    }

    /// Sets the most columns that a table may have. Default: 4096.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// let mut rows = influx_edge::csv::Rows::new(&response[..]).max_columns(1);
    /// assert!(rows.next().is_err()); // an error, no column is cut
    /// ```
    #[must_use]
    pub fn max_columns(mut self, columns: usize) -> Rows<R> {
        self.parser.max_cells = columns.saturating_add(FRAME);
        self
    }

    /// Leaves CRLF inside quoted cells as sent; see [`Decoder::keep_crlf`](super::Decoder::keep_crlf). Default:
    /// `false`.
    #[must_use]
    pub fn keep_crlf(mut self, keep: bool) -> Rows<R> {
        self.parser.keep_crlf(keep);
        self
    }

    /// Sets the byte that separates cells; see [`Decoder::delimiter`](super::Decoder::delimiter). Default: a comma.
    ///
    /// ```
    /// # let response = b"#datatype;string;long;double\r\n#group;false;false;false\r\n#default;_result;;\r\n;result;table;_value\r\n;;0;20.25\r\n";
    /// let mut rows = influx_edge::csv::Rows::new(&response[..]).delimiter(b';');
    /// assert_eq!(rows.next()?.unwrap().get::<f64>("_value")?, 20.25);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Rows<R> {
        self.parser.set_delimiter(delimiter);
        self
    }

    /// Splits the tables of profilers (result `_profiler`) from the rows, and collects them as text, up to 1 MiB;
    /// see [`profile`](Rows::profile). Default: `false`, for which they are tables like others.
    #[must_use]
    pub fn split_profile(mut self, split: bool) -> Rows<R> {
        self.profile = split.then(String::new);
        self
    }

    /// Returns the profiles as text for people. The server sends them last, so they are complete when
    /// [`next`](Rows::next) has returned `None`.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.profile.as_deref().unwrap_or_default()
    }

    /// Returns the next row, or `None` after the last. Blocks as long as the reader does. Skips tables without
    /// records, which [`next_item`](Rows::next_item) returns.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let mut sum = 0.0;
    /// while let Some(row) = rows.next()? {
    ///     sum += row.get::<f64>("_value")?;
    /// }
    /// assert_eq!(sum, 40.75);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the reader fails, the stream isn't annotated CSV or exceeds a limit, or the server
    /// reports that the query failed. The rows before it are valid. It is returned once, then `None`.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator can't lend; `while let Some(row) = rows.next()?` is the loop"
    )]
    pub fn next(&mut self) -> Result<Option<Row<'_>>, ReadError> {
        loop {
            match self.advance()? {
                Progress::Record => return Ok(Some(self.row())),
                Progress::Table => {}
                _ => return Ok(None),
            }
        }
    }

    /// Returns the next table or row, for programs that need the boundaries of tables, or tables without records.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// use influx_edge::csv::Item;
    ///
    /// let (mut tables, mut records) = (0, 0);
    /// while let Some(item) = rows.next_item()? {
    ///     match item {
    ///         Item::Table(_) => tables += 1,
    ///         Item::Row(_) => records += 1,
    ///     }
    /// }
    /// assert_eq!((tables, records), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`next`](Rows::next).
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        Ok(match self.advance()? {
            Progress::Record => Some(Item::Row(self.row())),
            Progress::Table => Some(Item::Table(self.table())),
            _ => None,
        })
    }

    #[inline]
    fn table(&self) -> Table<'_> {
        self.parser.table(&self.text, &self.ends)
    }

    #[inline]
    fn row(&self) -> Row<'_> {
        Row::new(self.parser.record(&self.text, &self.ends))
    }

    /// Advances to the next table, record or end.
    #[inline]
    fn advance(&mut self) -> Result<Progress, ReadError> {
        if self.over {
            return Ok(Progress::End);
        }
        loop {
            let input = self.input.get(self.start..self.end).unwrap_or_default();
            let (used, progress) = match self.parser.feed(input, &mut self.text, &mut self.ends) {
                Ok(done) => done,
                Err(error) => return Err(self.failed(error)),
            };
            self.start += used;
            let progress = match progress {
                Progress::Table | Progress::Record => progress,
                _ => match self.wait(progress)? {
                    Some(progress) => progress,
                    None => continue,
                },
            };
            if self.profile.is_none() || !self.take_profile(progress) {
                return Ok(progress);
            }
        }
    }

    /// Returns `true` if the table or record belongs to a profile and was split off.
    fn take_profile(&mut self, progress: Progress) -> bool {
        match progress {
            Progress::Table => self.in_profile = self.table().result() == profile::RESULT,
            Progress::Record if self.in_profile => {
                let record = self.parser.record(&self.text, &self.ends);
                if let Some(text) = &mut self.profile {
                    profile::describe(record, text);
                }
            }
            _ => self.in_profile = false,
        }
        self.in_profile
    }

    /// Reads more, grows a buffer, or finishes the stream.
    #[cold]
    fn wait(&mut self, progress: Progress) -> Result<Option<Progress>, ReadError> {
        match progress {
            Progress::TextFull | Progress::EndsFull => {
                self.grow(progress)?;
                return Ok(None);
            }
            _ => {}
        }
        if !self.drained && self.fill()? > 0 {
            return Ok(None);
        }
        self.drained = true;
        loop {
            match self.parser.finish(&mut self.text, &mut self.ends) {
                Ok(full @ (Progress::TextFull | Progress::EndsFull)) => self.grow(full)?,
                Ok(Progress::End) => {
                    self.over = true;
                    return Ok(Some(Progress::End));
                }
                Ok(progress) => return Ok(Some(progress)),
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    fn fill(&mut self) -> Result<usize, ReadError> {
        self.input.resize(INPUT_BYTES, 0);
        match fill(&mut self.reader, &mut self.input) {
            Ok(bytes) => {
                (self.start, self.end) = (0, bytes);
                Ok(bytes)
            }
            Err(error) => {
                self.over = true;
                Err(error.into())
            }
        }
    }

    fn grow(&mut self, full: Progress) -> Result<(), ReadError> {
        // All but the record itself is at most three rows of the widest table.
        let max_ends = self.parser.max_cells.saturating_add(1).saturating_mul(4);
        let grown = match full {
            Progress::EndsFull => grow_ends(&mut self.ends, max_ends),
            _ => grow_text(&mut self.text, self.max_record_bytes),
        };
        if !grown {
            let error = self.parser.full(full);
            return Err(self.failed(error));
        }
        Ok(())
    }

    #[cold]
    fn failed(&mut self, error: DecodeError) -> ReadError {
        self.over = true;
        if let Some((message, code)) = self.parser.server_error(&self.text) {
            return ReadError::server(message, code);
        }
        ReadError::new(match error {
            DecodeError::TooManyColumns { row } => ReadErrorKind::TooManyColumns {
                row,
                max_columns: self.parser.max_cells.saturating_sub(FRAME),
            },
            DecodeError::RecordTooLong { row } => ReadErrorKind::RecordTooLong {
                row,
                max_record_bytes: self.max_record_bytes,
            },
            _ => return ReadError::decode(error, self.parser.current_row(&self.text)),
        })
    }
}

impl<R> fmt::Debug for Rows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("max_record_bytes", &self.max_record_bytes)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

/// A table or a row, from [`Rows::next_item`].
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// use influx_edge::csv::Item;
///
/// let mut page = String::new();
/// while let Some(item) = rows.next_item()? {
///     match item {
///         Item::Table(table) => {
///             page += &format!("{} columns:", table.columns().len())
///         }
///         Item::Row(row) => page += &format!(" {}", row.get::<f64>("_value")?),
///     }
/// }
/// assert_eq!(page, "2 columns: 20.25 20.5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A table begins.
    Table(Table<'a>),
    /// A row of the last table.
    Row(Row<'a>),
}
