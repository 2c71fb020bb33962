//! Splits CSV, in pieces of any length, into records with the numbers of their first lines.

use super::format::Position;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// The longest record. Of a longer one, which is rejected, only the beginning is kept.
pub(crate) const MAX_RECORD: usize = 1 << 20;
/// Bytes that are kept of a record that is too long.
pub(crate) const EXCERPT: usize = 256;

const BOM: &[u8] = b"\xEF\xBB\xBF";
/// Space for the ends of more cells than a record should have.
const SPARE_ENDS: usize = 16;
const FIRST_CELLS: usize = 4 * 1024;

/// Splits an input into records.
///
/// A quoted cell may contain line ends, so a cell whose quote isn't closed extends to the next quote: the number
/// of cells is then wrong, or the record too long, and it is rejected. The start of a record is never guessed.
pub(crate) struct Records {
    reader: Reader,
    /// The record's cells, concatenated.
    cells: Vec<u8>,
    cells_len: usize,
    /// The end of each cell. Further cells than `width` are only counted.
    ends: Vec<usize>,
    count: usize,
    /// The number of cells that a record should have; `None` before the header.
    width: Option<usize>,
    /// The record's bytes in earlier pieces.
    raw: Vec<u8>,
    raw_len: usize,
    too_long: bool,
    /// The number of bytes of a byte order mark read so far; `None` after the place for it.
    bom: Option<usize>,
    /// The number of lines to skip.
    skip: u64,
    inside: bool,
    /// The record is whole; the caller reads it until the next call.
    whole: bool,
    /// The numbers of the lines at which the record begins and ends.
    number: u64,
    last_line: u64,
    bytes: u64,
    position: Position,
}

enum Progress {
    More,
    Record,
    End,
}

impl Records {
    pub(crate) fn new(delimiter: u8, skip: u64) -> Records {
        let mut records = Records {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            cells: vec![0; FIRST_CELLS],
            cells_len: 0,
            ends: vec![0; SPARE_ENDS],
            count: 0,
            width: None,
            raw: Vec::new(),
            raw_len: 0,
            too_long: false,
            bom: Some(0),
            skip,
            inside: false,
            whole: false,
            number: 1,
            last_line: 1,
            bytes: 0,
            position: Position::default(),
        };
        records.reset(Position::default());
        records
    }

    /// Continues at a position between two records.
    pub(crate) fn resume(&mut self, at: Position) {
        (self.bom, self.skip) = (None, 0);
        self.reset(at);
    }

    fn reset(&mut self, at: Position) {
        self.clear();
        self.bytes = at.bytes;
        self.position = at;
        self.reader.reset();
        // csv-core looks for a byte order mark in its first input, which may hold only a part of one. A first
        // input of `\r` ends that search, and `begin` removes the mark instead.
        let _ = self.reader.read_record(b"\r", &mut [0], &mut [0]);
        self.reader.set_line(at.lines.saturating_add(1));
    }

    /// Sets the number of cells that a record should have.
    pub(crate) fn set_width(&mut self, width: usize) {
        self.width = Some(width);
        self.ends.resize(width.saturating_add(SPARE_ENDS), 0);
    }

    /// Takes the next record's part of `rest` and returns it if the record is whole; `None` if `rest` is used
    /// up.
    #[inline]
    pub(crate) fn next<'p>(&mut self, rest: &mut &'p [u8]) -> Option<&'p [u8]> {
        if self.whole {
            self.clear();
        }
        if !self.inside {
            self.begin(rest)?;
        }
        while !rest.is_empty() {
            let (read, progress) = self.read(rest);
            let taken = self.take(rest, read);
            if let Progress::Record = progress {
                let ended = u64::from(taken.last() == Some(&b'\n'));
                self.last_line = self.reader.line().saturating_sub(ended);
                self.end_record();
                return Some(taken);
            }
            self.keep(taken);
        }
        None
    }

    /// Ends the input; returns `true` if there is a last record, which has no line end.
    pub(crate) fn last(&mut self) -> bool {
        if self.whole {
            self.clear();
        }
        if let Some(matched) = self.bom.take() {
            self.no_bom(matched);
        }
        while self.inside {
            match self.read(&[]).1 {
                Progress::Record => {
                    self.last_line = self.reader.line();
                    self.end_record();
                    return true;
                }
                Progress::End => self.inside = false,
                Progress::More => {}
            }
        }
        false
    }

    /// Returns the record's cells, concatenated, with their ends and number; `None` if it is too long. There may
    /// be more cells than ends.
    #[inline]
    pub(crate) fn record(&self) -> Option<(&[u8], &[usize], usize)> {
        if self.too_long {
            return None;
        }
        let cells = self.cells.get(..self.cells_len)?;
        let ends = self.ends.get(..self.count.min(self.ends.len()))?;
        Some((cells, ends, self.count))
    }

    /// Returns the bytes of the record, without its line end. `last` is the part that `next` returned.
    pub(crate) fn raw(&self, last: &[u8]) -> Vec<u8> {
        let mut raw = self.raw.clone();
        raw.extend_from_slice(last);
        if self.too_long {
            raw.truncate(EXCERPT);
        } else {
            let ends = raw
                .iter()
                .rev()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'));
            raw.truncate(raw.len().saturating_sub(ends.count()));
        }
        raw
    }

    /// Returns the numbers of the record's first and last line.
    pub(crate) fn lines(&self) -> (u64, u64) {
        (self.number, self.last_line)
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Skips a byte order mark, the lines to skip, and blank lines before a record. `None` if `rest` is used up.
    #[inline]
    fn begin(&mut self, rest: &mut &[u8]) -> Option<()> {
        while let Some(matched) = self.bom {
            let first = rest.first()?;
            if BOM.get(matched) == Some(first) {
                self.take(rest, 1);
                self.bom = Some(matched.saturating_add(1));
            } else {
                self.bom = None;
                self.no_bom(matched);
            }
        }
        while self.skip > 0 {
            let end = memchr::memchr(b'\n', rest);
            self.take(rest, end.map_or(rest.len(), |end| end.saturating_add(1)));
            end?;
            self.reader.set_line(self.reader.line().saturating_add(1));
            self.skip = self.skip.saturating_sub(1);
        }
        if self.inside {
            return Some(());
        }
        while let Some(byte @ (b'\r' | b'\n')) = rest.first() {
            let lines = u64::from(*byte == b'\n');
            self.reader
                .set_line(self.reader.line().saturating_add(lines));
            self.take(rest, 1);
        }
        self.end_record();
        if rest.is_empty() {
            return None;
        }
        self.inside = true;
        self.number = self.reader.line();
        Some(())
    }

    /// Begins the first record with the bytes that looked like a byte order mark, unless they are a whole one.
    fn no_bom(&mut self, matched: usize) {
        let bytes = BOM.get(..matched).unwrap_or_default();
        if self.skip == 0 && matched > 0 && bytes.len() < BOM.len() {
            self.inside = true;
            self.number = self.reader.line();
            // They contain neither a delimiter nor a line end, and there is space for them.
            self.read(bytes);
            self.keep(bytes);
        }
    }

    /// Feeds the reader, and grows the buffers that it has filled.
    #[inline]
    fn read(&mut self, input: &[u8]) -> (usize, Progress) {
        let at = self.width.map_or(self.count, |width| self.count.min(width));
        let cells = self.cells.get_mut(self.cells_len..).unwrap_or_default();
        let ends = self.ends.get_mut(at..).unwrap_or_default();
        let (result, read, wrote, ended) = self.reader.read_record(input, cells, ends);
        self.cells_len = self.cells_len.saturating_add(wrote);
        self.count = self.count.saturating_add(ended);
        self.raw_len = self.raw_len.saturating_add(read);
        if self.raw_len > MAX_RECORD {
            self.too_long = true;
            (self.cells_len, self.count) = (0, 0);
        }
        let progress = match result {
            ReadRecordResult::Record => Progress::Record,
            ReadRecordResult::End => Progress::End,
            ReadRecordResult::InputEmpty => Progress::More,
            ReadRecordResult::OutputFull => {
                if self.cells_len == self.cells.len() {
                    self.cells.resize(self.cells.len().saturating_mul(2), 0);
                }
                Progress::More
            }
            ReadRecordResult::OutputEndsFull => {
                if self.width.is_none() && self.count == self.ends.len() {
                    self.ends.resize(self.ends.len().saturating_mul(2), 0);
                }
                Progress::More
            }
        };
        (read, progress)
    }

    /// Takes `count` bytes off `rest`.
    #[inline]
    fn take<'p>(&mut self, rest: &mut &'p [u8], count: usize) -> &'p [u8] {
        let (taken, left) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        *rest = left;
        self.bytes = self.bytes.saturating_add(taken.len() as u64);
        taken
    }

    /// Keeps the bytes of a record that isn't whole yet.
    fn keep(&mut self, read: &[u8]) {
        if self.too_long {
            let space = EXCERPT.saturating_sub(self.raw.len()).min(read.len());
            self.raw
                .extend_from_slice(read.get(..space).unwrap_or_default());
            self.raw.truncate(EXCERPT);
        } else {
            self.raw.extend_from_slice(read);
        }
    }

    /// Sets the position, which is between two records.
    fn end_record(&mut self) {
        self.whole = self.inside;
        self.inside = false;
        self.position = Position {
            bytes: self.bytes,
            lines: self.reader.line().saturating_sub(1),
        };
    }

    fn clear(&mut self) {
        (self.inside, self.whole, self.too_long) = (false, false, false);
        (self.cells_len, self.count, self.raw_len) = (0, 0, 0);
        self.raw.clear();
    }
}
