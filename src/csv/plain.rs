//! CSV with one header row and no annotations, as InfluxDB 3 sends it, from any `io::Read`.
//!
//! A record is a view into two buffers, as in the rest of this module, so that all of [`Record`] works here too.
//! In place of the annotation column it has an empty cell that isn't in the input.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use std::io::Read;

use serde::de::DeserializeOwned;

use super::buffers::{
    FIRST_TEXT, INPUT_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES, fill, grow_ends, grow_text,
};
use super::data_type::DataType;
use super::de::{Remembered, read_as};
use super::error::DecodeError;
use super::fast_split::split;
use super::read_error::{ReadError, ReadErrorKind};
use super::record::Record;
use super::row::Row;
use super::schema::{Schema, Stored, cell_of};
use super::table::Table;
use crate::{FAST_PATHS, Precision};

/// The rows of such a response, lent one at a time.
pub(crate) struct PlainRows<R> {
    reader: R,
    core: csv_core::Reader,
    schema: Schema,
    /// `[types][names] [record …`, with the lengths of `schema`.
    text: Vec<u8>,
    /// `[names] [record …`, each with the end of the empty cell in front.
    ends: Vec<usize>,
    /// A byte in front, then the bytes that were read. The byte stands for the delimiter after the empty cell of
    /// the first line; for the other lines it is the end of the line before.
    input: Vec<u8>,
    /// The part of `input` that is still to be decoded.
    start: usize,
    end: usize,
    max_record_bytes: usize,
    max_columns: usize,
    /// The row in the buffer: its bytes, its cells, and the bytes between two of them.
    len: usize,
    cells: usize,
    delimiter_len: usize,
    /// Rows begun so far, the header included.
    row: u64,
    /// The next byte begins a row.
    at_row_start: bool,
    /// An error or the end was returned.
    over: bool,
}

const MAX_COMPARED: usize = 64;
/// The empty cell before the columns.
const FRAME: usize = 1;

impl<R: Read> PlainRows<R> {
    pub(crate) fn new(reader: R) -> PlainRows<R> {
        let mut core = csv_core::Reader::new();
        // Ends the reader's start state, in which it would strip a byte order mark. The server sends none, so the
        // same bytes at the start belong to the first column's name.
        let _ = core.read_record(b"x", &mut [], &mut []);
        PlainRows {
            reader,
            core,
            schema: Schema::default(),
            text: Vec::new(),
            ends: Vec::new(),
            input: Vec::new(),
            start: 0,
            end: 0,
            max_record_bytes: MAX_RECORD_BYTES,
            max_columns: MAX_COLUMNS,
            len: 0,
            cells: 0,
            delimiter_len: 0,
            row: 0,
            at_row_start: true,
            over: false,
        }
    }

    pub(crate) fn max_record_bytes(mut self, bytes: usize) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    pub(crate) fn max_columns(mut self, columns: usize) -> Self {
        self.max_columns = columns;
        self
    }

    /// Returns the next row, or `None` after the last. An error is returned once, then `None`.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>, ReadError> {
        if !self.advance()? {
            return Ok(None);
        }
        Ok(Some(Row::new(self.record())))
    }

    /// Reads the header, unless that is done. An empty response has no columns.
    pub(crate) fn read_header(&mut self) -> Result<(), ReadError> {
        while self.schema.cells == 0 && self.advance_to_row()? {
            self.keep_header()?;
        }
        Ok(())
    }

    pub(crate) fn table(&self) -> Table<'_> {
        Table {
            schema: &self.schema,
            text: &self.text,
            ends: &self.ends,
        }
    }

    /// Returns the rows as values of one type; times that are read as integers are in this unit.
    pub(crate) fn deserialize<T>(self, unit: Precision) -> PlainValues<R, T> {
        PlainValues {
            rows: self,
            places: Remembered::default(),
            unit,
            kind: PhantomData,
        }
    }

    #[inline]
    fn record(&self) -> Record<'_> {
        let ends_at = self.schema.ends_len;
        let ends = self.ends.get(ends_at..ends_at + self.schema.cells);
        Record {
            table: self.table(),
            text: self.text.get(self.schema.text_len..).unwrap_or_default(),
            ends: ends.unwrap_or_default(),
            delimiter_len: self.delimiter_len,
            row: self.row.saturating_sub(1),
        }
    }

    /// Advances to the next record; returns `false` at the end.
    #[inline]
    fn advance(&mut self) -> Result<bool, ReadError> {
        if FAST_PATHS && self.at_row_start && self.copy_line().is_some() {
            return Ok(true);
        }
        self.read_header()?;
        if !self.advance_to_row()? {
            return Ok(false);
        }
        if self.cells != self.schema.cells {
            return Err(self.fail(DecodeError::RowLength {
                row: self.row,
                expected: self.schema.cells.saturating_sub(FRAME),
                found: self.cells.saturating_sub(FRAME),
            }));
        }
        Ok(true)
    }

    /// Copies a record without quotes from the input, if the input has all of it with the right number of cells:
    /// nearly all are such. csv-core reads the others, and finds their faults.
    #[inline]
    fn copy_line(&mut self) -> Option<()> {
        let (from, cells) = (self.schema.ends_len, self.schema.cells);
        let [frame, ends @ ..] = self.ends.get_mut(from..from + cells)? else {
            return None;
        };
        // From the byte before the line: see `input`.
        let rest = self.input.get(self.start.checked_sub(1)?..self.end)?;
        let line = split(rest, 1, b',', ends)?;
        // (An empty line is no record.)
        if line.spare != 0 || line.len == 1 {
            return None;
        }
        *frame = 0;
        let at = self.schema.text_len;
        // One byte more than needed, as csv-core does: the split of the input makes no difference then.
        let end = at + line.len + 1;
        if self.text.len() < end {
            self.grow_text_to(end)?;
        }
        let rest = self.input.get(self.start - 1..self.end)?;
        self.text
            .get_mut(at..at + line.len)?
            .copy_from_slice(rest.get(..line.len)?);
        self.start += line.used - 1;
        self.delimiter_len = 1;
        self.row += 1;
        Some(())
    }

    /// Reads the next row into the buffer by csv-core; returns `false` at the end.
    #[cold]
    fn advance_to_row(&mut self) -> Result<bool, ReadError> {
        loop {
            if self.over {
                return Ok(false);
            }
            if self.start == self.end && self.fill()? == 0 {
                self.over = true;
                if !self.at_row_start {
                    return Err(self.fail(DecodeError::UnexpectedEnd { row: self.row }));
                }
                return Ok(false);
            }
            let rest = self.input.get(self.start..self.end).unwrap_or_default();
            if self.at_row_start {
                let blank = |byte: &&u8| matches!(byte, b'\r' | b'\n');
                let skipped = rest.iter().take_while(blank).count();
                if skipped > 0 {
                    self.start += skipped;
                    continue;
                }
                self.at_row_start = false;
                self.row += 1;
                self.len = 0;
                self.cells = FRAME;
                self.delimiter_len = 0;
            }
            let (at, ends_at) = (self.schema.text_len, self.schema.ends_len);
            let (result, used, bytes, more) = self.core.read_record(
                rest,
                self.text.get_mut(at + self.len..).unwrap_or_default(),
                self.ends
                    .get_mut(ends_at + self.cells..)
                    .unwrap_or_default(),
            );
            self.start += used;
            self.len += bytes;
            self.cells += more;
            match result {
                csv_core::ReadRecordResult::Record => {
                    if let Some(frame) = self.ends.get_mut(ends_at) {
                        *frame = 0;
                    }
                    self.at_row_start = true;
                    return Ok(true);
                }
                csv_core::ReadRecordResult::OutputFull => self.grow_text()?,
                csv_core::ReadRecordResult::OutputEndsFull => self.grow_ends()?,
                csv_core::ReadRecordResult::InputEmpty | csv_core::ReadRecordResult::End => {}
            }
        }
    }

    fn fill(&mut self) -> Result<usize, ReadError> {
        self.input.resize(INPUT_BYTES + 1, 0);
        let space = self.input.get_mut(1..).unwrap_or_default();
        match fill(&mut self.reader, space) {
            Ok(bytes) => {
                (self.start, self.end) = (1, 1 + bytes);
                Ok(bytes)
            }
            Err(error) => {
                self.over = true;
                Err(error.into())
            }
        }
    }

    /// Makes the row in the buffer the header.
    fn keep_header(&mut self) -> Result<(), ReadError> {
        let row = self.row;
        if self.cells > self.max_columns.saturating_add(FRAME) {
            return Err(self.too_many_columns());
        }
        let cells = self.cells;
        let names = self.text.get(..self.len).unwrap_or_default();
        let ends = self.ends.get(..cells).unwrap_or_default();
        let name = |cell| cell_of(names, ends, 0, cell);
        // One by one: two halves of a character in neighbouring names are no character.
        if !(FRAME..cells).all(|cell| core::str::from_utf8(name(cell)).is_ok()) {
            return Err(self.fail(DecodeError::NotUtf8 { row }));
        }
        // Every pair is compared, so a header of more than 64 cells is assumed to have duplicates. That only
        // costs a `Key` its shortcut.
        let occurs_again = |cell| (cell + 1..cells).any(|other| name(other) == name(cell));
        let duplicates = cells > MAX_COMPARED || (FRAME..cells).any(occurs_again);
        let mut text = alloc::vec![DataType::Untyped.code(); cells];
        text.extend_from_slice(names);
        if text.len() > self.max_record_bytes {
            return Err(self.record_too_long());
        }
        self.schema = Schema {
            cells,
            names: Some(Stored {
                text: cells,
                ends: 0,
            }),
            number: 1,
            duplicates,
            text_len: text.len(),
            ends_len: cells,
            ..Schema::default()
        };
        let len = text.len().saturating_add(FIRST_TEXT);
        text.resize(len.min(self.max_record_bytes), 0);
        self.text = text;
        // One more, to notice a row that is too long.
        self.ends.resize(2 * cells + 1, 0);
        Ok(())
    }

    /// Grows to at least so many bytes; returns `None` if that exceeds the limit.
    #[cold]
    fn grow_text_to(&mut self, bytes: usize) -> Option<()> {
        while self.text.len() < bytes {
            if bytes > self.max_record_bytes {
                return None;
            }
            self.grow_text().ok()?;
        }
        Some(())
    }

    fn grow_text(&mut self) -> Result<(), ReadError> {
        if !grow_text(&mut self.text, self.max_record_bytes) {
            return Err(self.record_too_long());
        }
        Ok(())
    }

    fn grow_ends(&mut self) -> Result<(), ReadError> {
        // The header and a record, and in each the empty cell and one that is too many.
        let most = self.max_columns.saturating_add(FRAME + 1).saturating_mul(2);
        if !grow_ends(&mut self.ends, most) {
            return Err(self.too_many_columns());
        }
        Ok(())
    }

    /// Discards the input that is left.
    fn stop(&mut self) {
        self.over = true;
        self.start = self.end;
    }

    #[cold]
    fn record_too_long(&mut self) -> ReadError {
        self.stop();
        ReadError::new(ReadErrorKind::RecordTooLong {
            row: self.row,
            max_record_bytes: self.max_record_bytes,
        })
    }

    #[cold]
    fn too_many_columns(&mut self) -> ReadError {
        self.stop();
        ReadError::new(ReadErrorKind::TooManyColumns {
            row: self.row,
            max_columns: self.max_columns,
        })
    }

    #[cold]
    fn fail(&mut self, error: DecodeError) -> ReadError {
        self.stop();
        let at = self.schema.text_len;
        let row = self.text.get(at..at + self.len).unwrap_or_default();
        ReadError::decode(error, row)
    }
}

impl<R> fmt::Debug for PlainRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainRows").finish_non_exhaustive()
    }
}

/// The rows as values of one type. A row that can't be deserialized is an error of its own; the rows after it
/// follow.
pub(crate) struct PlainValues<R, T> {
    rows: PlainRows<R>,
    places: Remembered,
    unit: Precision,
    kind: PhantomData<fn() -> T>,
}

impl<R: Read, T: DeserializeOwned> Iterator for PlainValues<R, T> {
    type Item = Result<T, ReadError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let record = match self.rows.next() {
            Ok(row) => row?.record(),
            Err(error) => return Some(Err(error)),
        };
        Some(read_as(&record, &mut self.places, self.unit))
    }
}

#[cfg(test)]
#[path = "tests/plain.rs"]
mod tests;
