//! Records of CSV out of pieces of any length, each with the number of its first line.

use super::format::Position;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// A longer record is rejected, and no more of it is kept than its beginning.
pub(crate) const MAX_RECORD: usize = 1 << 20;
/// How much of a record that is too long is kept, to be recognized.
pub(crate) const EXCERPT: usize = 256;

const BOM: &[u8] = b"\xEF\xBB\xBF";
/// Space for the ends of cells beyond the number that a record should have.
const SPARE_ENDS: usize = 16;
const FIRST_CELLS: usize = 4 * 1024;

/// Splits an input into records.
///
/// A quoted cell may hold line ends. So a quote that isn't closed takes everything up to the next quote; the
/// number of cells is wrong then, or the record is too long. Where records begin is never guessed.
pub(crate) struct Records {
    reader: Reader,
    /// The record's cells, one behind the other.
    cells: Vec<u8>,
    cells_len: usize,
    /// Where each cell ends. Of cells beyond `width` only the number is kept.
    ends: Vec<usize>,
    count: usize,
    /// How many cells a record should have; `None` before the header.
    width: Option<usize>,
    /// What earlier pieces had of the record.
    raw: Vec<u8>,
    raw_len: usize,
    too_long: bool,
    /// How many bytes of a byte order mark were there; `None` behind the place for it.
    bom: Option<usize>,
    /// Lines to leave out.
    skip: u64,
    inside: bool,
    /// The record is whole, and is read by the caller until the next call.
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

    /// Goes on between two records.
    pub(crate) fn resume(&mut self, at: Position) {
        (self.bom, self.skip) = (None, 0);
        self.reset(at);
    }

    fn reset(&mut self, at: Position) {
        self.forget();
        self.bytes = at.bytes;
        self.position = at;
        self.reader.reset();
        // It would look for a byte order mark in the first piece, which need not hold all of it.
        let _ = self.reader.read_record(b"\r", &mut [0], &mut [0]);
        self.reader.set_line(at.lines.saturating_add(1));
    }

    /// How many cells a record should have.
    pub(crate) fn set_width(&mut self, width: usize) {
        self.width = Some(width);
        self.ends.resize(width.saturating_add(SPARE_ENDS), 0);
    }

    /// Takes the next record's part of `rest`. `Some` if the record is whole, with that part; `None` if
    /// `rest` is used up.
    #[inline]
    pub(crate) fn next<'p>(&mut self, rest: &mut &'p [u8]) -> Option<&'p [u8]> {
        if self.whole {
            self.forget();
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
                self.settle();
                return Some(taken);
            }
            self.keep(taken);
        }
        None
    }

    /// The end of the input: whether there is another record, which has no line end.
    pub(crate) fn last(&mut self) -> bool {
        if self.whole {
            self.forget();
        }
        if let Some(matched) = self.bom.take() {
            self.no_bom(matched);
        }
        while self.inside {
            match self.read(&[]).1 {
                Progress::Record => {
                    self.last_line = self.reader.line();
                    self.settle();
                    return true;
                }
                Progress::End => self.inside = false,
                Progress::More => {}
            }
        }
        false
    }

    /// The record's cells one behind the other, where each ends, and how many there are; `None` if it is too
    /// long. There may be more cells than ends.
    #[inline]
    pub(crate) fn record(&self) -> Option<(&[u8], &[usize], usize)> {
        if self.too_long {
            return None;
        }
        let cells = self.cells.get(..self.cells_len)?;
        let ends = self.ends.get(..self.count.min(self.ends.len()))?;
        Some((cells, ends, self.count))
    }

    /// The record as it was read, without its line end. `last` is what `next` returned.
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

    /// The number of the line at which the record begins, and of the one at which it ends.
    pub(crate) fn lines(&self) -> (u64, u64) {
        (self.number, self.last_line)
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Passes over what is no record: a byte order mark, lines to leave out, blank lines. `None` if `rest` is
    /// used up.
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
        self.settle();
        if rest.is_empty() {
            return None;
        }
        self.inside = true;
        self.number = self.reader.line();
        Some(())
    }

    /// Unless they are a whole byte order mark, so many bytes of one begin the first record.
    fn no_bom(&mut self, matched: usize) {
        let bytes = BOM.get(..matched).unwrap_or_default();
        if self.skip == 0 && matched > 0 && bytes.len() < BOM.len() {
            self.inside = true;
            self.number = self.reader.line();
            // They are no delimiter and no line end, and there is space for them.
            self.read(bytes);
            self.keep(bytes);
        }
    }

    /// Lets the reader read on.
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

    /// Takes so many bytes off `rest`.
    #[inline]
    fn take<'p>(&mut self, rest: &mut &'p [u8], count: usize) -> &'p [u8] {
        let (taken, left) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        *rest = left;
        self.bytes = self.bytes.saturating_add(taken.len() as u64);
        taken
    }

    /// Keeps what was read of a record that isn't whole yet.
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

    /// Here no record is begun.
    fn settle(&mut self) {
        self.whole = self.inside;
        self.inside = false;
        self.position = Position {
            bytes: self.bytes,
            lines: self.reader.line().saturating_sub(1),
        };
    }

    fn forget(&mut self) {
        (self.inside, self.whole, self.too_long) = (false, false, false);
        (self.cells_len, self.count, self.raw_len) = (0, 0, 0);
        self.raw.clear();
    }
}
