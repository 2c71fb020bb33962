//! The parser, a state machine: bytes to tables and records, over buffers of the caller.
//!
//! It is sans-io and doesn't own its buffers, so the core's [`Decoder`](super::Decoder) can lend
//! it slices that never grow, and [`Rows`](super::Rows) vectors that do. That is why "full" is a
//! [`Progress`] here and not an error: after growth the same call goes on.
//!
//! Three things to watch:
//! - `csv_core::Reader` is never cloned: the clone of 0.1.13 copies a part of its state only.
//! - It takes an empty input for the end of the stream; `feed` never hands it one.
//! - It strips a byte order mark, but only one that comes in one piece. We do that ourselves.

use core::ops::Range;

use super::error::DecodeError;
use super::fast_split::{Line, split};
use super::record::Record;
use super::schema::Schema;
use super::table::Table;
use crate::FAST_PATHS;

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// All input is used.
    NeedInput,
    /// A table begins.
    Table,
    /// A record is there.
    Record,
    /// `text` is too small; nothing is lost if it grows now.
    TextFull,
    /// `ends` is too small; nothing is lost if it grows now.
    EndsFull,
    /// The stream is over.
    End,
}

/// Marks a failure; [`Parser::error`] returns the reason. The parser's own calls return only this:
/// an error of 32 bytes is not copied from call to call.
#[derive(Debug)]
pub(super) struct ErrorStored;

/// Where in the stream we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Annotations, or the header.
    Head,
    /// Records of the block.
    Rows,
    /// The header of an error table was read.
    ErrorTable,
    /// A JSON object where a row should be.
    Json,
    /// The end was reached without an error.
    Over,
}

/// What is to be handed out before more input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Nothing,
    /// The row in the buffer is yet to be classified: a table had to be reported before it, or a
    /// buffer had to grow.
    Row,
    /// The row in the buffer is a record, and its table was just reported.
    Record,
}

pub(super) const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

pub(super) struct Parser {
    pub(super) core: csv_core::Reader,
    pub(super) delimiter: u8,
    pub(super) keep_crlf: bool,
    /// Most cells a header may have.
    pub(super) max_cells: usize,
    /// As far as `text` may be asked to grow for the message of a JSON error; 0 if it can't.
    pub(super) message_capacity: usize,
    pub(super) state: State,
    pub(super) pending: Pending,
    pub(super) schema: Schema,
    /// Whether the block's current table was reported. Not before its first record is seen, since
    /// only that says which table it is.
    pub(super) reported: bool,
    /// How the records of the current table begin.
    pub(super) row_prefix: RowPrefix,
    /// Whether the next byte begins a row.
    pub(super) at_row_start: bool,
    /// Whether the row in the buffer is a record that may be looked at.
    pub(super) has_record: bool,
    /// Bytes of a byte order mark seen at the very start; 4 when that is settled.
    pub(super) bom_seen: usize,
    /// The row in the buffer: its bytes, its cells, and the bytes between two of them.
    pub(super) len: usize,
    pub(super) cells: usize,
    pub(super) delimiter_len: usize,
    /// Rows begun so far.
    pub(super) row: u64,
    /// Those of them that are annotations and headers.
    pub(super) head_rows: u64,
    failed: Option<DecodeError>,
    pub(super) message: Range<usize>,
    pub(super) code: Range<usize>,
}

impl Parser {
    pub(super) fn new() -> Parser {
        Parser::with_delimiter(b',')
    }

    pub(super) fn with_delimiter(delimiter: u8) -> Parser {
        let mut core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        // No byte is used, none is written; but the reader now has begun, and leaves byte order
        // marks alone.
        let _ = core.read_record(b"x", &mut [], &mut []);
        Parser {
            core,
            delimiter,
            keep_crlf: false,
            max_cells: usize::MAX,
            message_capacity: 0,
            state: State::Head,
            pending: Pending::Nothing,
            schema: Schema::default(),
            reported: false,
            row_prefix: RowPrefix::default(),
            at_row_start: true,
            has_record: false,
            bom_seen: 0,
            len: 0,
            cells: 0,
            delimiter_len: 0,
            row: 0,
            head_rows: 0,
            failed: None,
            message: 0..0,
            code: 0..0,
        }
    }

    /// Begins a new document with the same settings. csv-core's tables stay: they are most of it.
    #[cfg(feature = "embedded")]
    pub(super) fn restart(&mut self) {
        // Named one by one, so that none is forgotten.
        let Parser {
            core,
            delimiter: _,
            keep_crlf: _,
            max_cells: _,
            message_capacity: _,
            state,
            pending,
            schema,
            reported,
            row_prefix,
            at_row_start,
            has_record,
            bom_seen,
            len,
            cells,
            delimiter_len,
            row,
            head_rows,
            failed,
            message,
            code,
        } = self;
        core.reset();
        // As at the start.
        let _ = core.read_record(b"x", &mut [], &mut []);
        (*state, *pending, *failed) = (State::Head, Pending::Nothing, None);
        (*schema, *row_prefix) = (Schema::default(), RowPrefix::default());
        (*reported, *at_row_start, *has_record) = (false, true, false);
        (*bom_seen, *len, *cells, *delimiter_len) = (0, 0, 0, 0);
        (*row, *head_rows) = (0, 0);
        (*message, *code) = (0..0, 0..0);
    }

    /// Only before the first byte.
    pub(super) fn set_delimiter(&mut self, delimiter: u8) {
        if delimiter.is_ascii() && !matches!(delimiter, b'"' | b'\r' | b'\n') {
            *self = Parser {
                keep_crlf: self.keep_crlf,
                max_cells: self.max_cells,
                message_capacity: self.message_capacity,
                ..Parser::with_delimiter(delimiter)
            };
        }
    }

    pub(super) fn keep_crlf(&mut self, keep: bool) {
        self.keep_crlf = keep;
    }

    pub(super) fn table<'a>(&'a self, text: &'a [u8], ends: &'a [usize]) -> Table<'a> {
        Table {
            schema: &self.schema,
            text,
            ends,
        }
    }

    #[inline]
    pub(super) fn record<'a>(&'a self, text: &'a [u8], ends: &'a [usize]) -> Record<'a> {
        let cells = if self.has_record { self.cells } else { 0 };
        let ends_at = self.schema.ends_len;
        Record {
            table: self.table(text, ends),
            text: text.get(self.schema.record_at()..).unwrap_or_default(),
            ends: ends.get(ends_at..ends_at + cells).unwrap_or_default(),
            delimiter_len: self.delimiter_len,
            row: self.row.saturating_sub(self.head_rows),
        }
    }

    /// The row an error is about, or the part of it that was read.
    pub(super) fn current_row<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let at = self.schema.record_at();
        text.get(at..at + self.len).unwrap_or_default()
    }

    /// Message and code of the server's error.
    pub(super) fn server_error<'a>(&self, text: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        (self.failed == Some(DecodeError::Server)).then(|| {
            (
                text.get(self.message.clone()).unwrap_or_default(),
                text.get(self.code.clone()).unwrap_or_default(),
            )
        })
    }

    /// Stores the error: every later call returns it.
    #[cold]
    #[inline(never)]
    pub(super) fn fail(&mut self, error: DecodeError) -> ErrorStored {
        self.failed = Some(error);
        self.has_record = false;
        ErrorStored
    }

    /// The error that stuck.
    #[cold]
    #[inline(never)]
    pub(super) fn error(&self, _: ErrorStored) -> DecodeError {
        // Only `fail` and a stored error give an `ErrorStored`.
        self.failed
            .unwrap_or(DecodeError::UnexpectedRow { row: self.row })
    }

    /// The error for a buffer that can't grow.
    #[cold]
    pub(super) fn full(&mut self, progress: Progress) -> DecodeError {
        let row = self.row;
        let failed = self.fail(match progress {
            Progress::EndsFull => DecodeError::TooManyColumns { row },
            _ => DecodeError::RecordTooLong { row },
        });
        self.error(failed)
    }

    #[inline]
    pub(super) fn feed(
        &mut self,
        input: &[u8],
        text: &mut [u8],
        ends: &mut [usize],
    ) -> Result<(usize, Progress), DecodeError> {
        let done = self.advance(input, text, ends);
        done.map_err(|failed| self.error(failed))
    }

    #[inline]
    fn advance(
        &mut self,
        input: &[u8],
        text: &mut [u8],
        ends: &mut [usize],
    ) -> Result<(usize, Progress), ErrorStored> {
        if self.pending != Pending::Nothing || self.failed.is_some() {
            if let Some(progress) = self.take_pending(text, ends)? {
                return Ok((0, progress));
            }
        }
        let mut used = 0;
        loop {
            let rest = input.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Ok((used, Progress::NeedInput));
            }
            if self.at_row_start {
                if FAST_PATHS {
                    if let Some(bytes) = self.next_of_table(rest, text, ends) {
                        return Ok((used + bytes, Progress::Record));
                    }
                }
                match self.begin_row(rest, text, ends)? {
                    Begun::Skip(bytes) => {
                        used += bytes;
                        continue;
                    }
                    Begun::Report => return Ok((used, Progress::Table)),
                    Begun::Row(bytes) => {
                        used += bytes;
                        match self.classify_row(text, ends)? {
                            Some(progress) => return Ok((used, progress)),
                            None => continue,
                        }
                    }
                    Begun::Hard => {}
                }
            }
            if self.state == State::Json {
                let (bytes, progress) = self.take_json(rest, text);
                return Ok((used + bytes, progress));
            }
            let (bytes, progress) = self.read_core(rest, text, ends)?;
            used += bytes;
            if let Some(progress) = progress {
                return Ok((used, progress));
            }
        }
    }

    pub(super) fn take_pending(
        &mut self,
        text: &mut [u8],
        ends: &mut [usize],
    ) -> Result<Option<Progress>, ErrorStored> {
        if self.failed.is_some() {
            return Err(ErrorStored);
        }
        match core::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => Ok(None),
            Pending::Record => {
                self.has_record = true;
                Ok(Some(Progress::Record))
            }
            Pending::Row => self.classify_row(text, ends),
        }
    }

    /// Looks at the bytes where a row begins.
    #[inline]
    fn begin_row(
        &mut self,
        rest: &[u8],
        text: &mut [u8],
        ends: &mut [usize],
    ) -> Result<Begun, ErrorStored> {
        if self.bom_seen <= BYTE_ORDER_MARK.len() {
            let skipped = self.skip_bom(rest)?;
            if skipped > 0 {
                return Ok(Begun::Skip(skipped));
            }
        }
        // Empty lines, and the LF of a CRLF whose CR ended the row.
        let blank = rest
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        if blank > 0 {
            return Ok(Begun::Skip(blank));
        }
        if self.state == State::Over {
            let row = self.row + 1;
            return Err(self.fail(DecodeError::UnexpectedRow { row }));
        }
        let first = rest.first().copied().unwrap_or(0);
        if first == b'{' && self.state == State::Rows && !self.reported {
            self.reported = true;
            return Ok(Begun::Report);
        }
        self.has_record = false;
        self.len = 0;
        self.cells = 0;
        self.delimiter_len = 0;
        self.row += 1;
        if self.state == State::Rows && first != b'#' && first != b'{' {
            // Where it is off, csv-core alone reads rows: 900 bytes less.
            let line = FAST_PATHS.then(|| self.copy_line(rest, text, ends));
            if let Some(used) = line.flatten() {
                return Ok(Begun::Row(used));
            }
        }
        if first == b'{' {
            self.state = State::Json;
            self.schema = Schema::default();
            self.row_prefix.mask = 0;
        }
        self.at_row_start = false;
        Ok(Begun::Hard)
    }

    /// The quickest way: another record of the table, without quotes, there as a whole.
    ///
    /// Its first bytes are those of the records before it (`,,0,`), so it is neither an
    /// annotation nor a header, and its table is the one reported.
    #[inline]
    fn next_of_table(&mut self, rest: &[u8], text: &mut [u8], ends: &mut [usize]) -> Option<usize> {
        let word = u64::from_le_bytes(*rest.first_chunk()?);
        if self.row_prefix.mask == 0 || word & self.row_prefix.mask != self.row_prefix.bytes {
            return None;
        }
        let (from, cells) = (self.row_prefix.len, self.schema.cells);
        let ends_at = self.schema.ends_len;
        let row_ends = ends.get_mut(ends_at..ends_at + cells)?;
        let [first, result, id, row_ends @ ..] = row_ends else {
            return None;
        };
        let line = split(rest, from, self.delimiter, row_ends)?;
        if line.spare != 0 {
            return None;
        }
        (*first, *result, *id) = (0, 1, from - 1);
        self.copy(rest, &line, text)?;
        self.cells = cells;
        self.row += 1;
        self.has_record = true;
        Some(line.used)
    }

    /// Remembers the first bytes of a table's records, if a word holds them.
    pub(super) fn set_row_prefix(&mut self, id: &[u8]) {
        self.row_prefix.mask = 0;
        let mut bytes = [0; 8];
        let row_prefix = [self.delimiter; 2].into_iter().chain(id.iter().copied());
        let row_prefix = row_prefix.chain([self.delimiter]);
        let len = id.len() + 3;
        if !FAST_PATHS || id.is_empty() || len > bytes.len() {
            return;
        }
        bytes
            .iter_mut()
            .zip(row_prefix)
            .for_each(|(to, from)| *to = from);
        self.row_prefix = RowPrefix {
            mask: u64::MAX >> (64 - 8 * len),
            bytes: u64::from_le_bytes(bytes),
            len,
        };
    }

    /// Takes a record without quotes from the input, if one is there as a whole and fits.
    fn copy_line(&mut self, rest: &[u8], text: &mut [u8], ends: &mut [usize]) -> Option<usize> {
        let row_ends = ends.get_mut(self.schema.ends_len..)?;
        let line = split(rest, 0, self.delimiter, row_ends)?;
        let cells = row_ends.len() - line.spare;
        self.copy(rest, &line, text)?;
        self.cells = cells;
        Some(line.used)
    }

    #[inline]
    fn copy(&mut self, rest: &[u8], line: &Line, text: &mut [u8]) -> Option<()> {
        let at = self.schema.record_at();
        // One byte more than needed: then whatever fits here would fit through csv-core too, and
        // how the input was split makes no difference.
        let space = text.get_mut(at..at + line.len + 1)?;
        space
            .get_mut(..line.len)?
            .copy_from_slice(rest.get(..line.len)?);
        self.len = line.len;
        self.delimiter_len = 1;
        Some(())
    }

    fn read_core(
        &mut self,
        rest: &[u8],
        text: &mut [u8],
        ends: &mut [usize],
    ) -> Result<(usize, Option<Progress>), ErrorStored> {
        let at = self.schema.record_at() + self.len;
        let ends_at = self.schema.ends_len + self.cells;
        let (result, used, bytes, more) = self.core.read_record(
            rest,
            text.get_mut(at..).unwrap_or_default(),
            ends.get_mut(ends_at..).unwrap_or_default(),
        );
        self.len += bytes;
        self.cells += more;
        let progress = match result {
            csv_core::ReadRecordResult::Record => {
                self.at_row_start = true;
                self.crlf_to_lf(text, ends);
                self.classify_row(text, ends)?
            }
            csv_core::ReadRecordResult::OutputFull => Some(Progress::TextFull),
            csv_core::ReadRecordResult::OutputEndsFull => Some(Progress::EndsFull),
            csv_core::ReadRecordResult::InputEmpty | csv_core::ReadRecordResult::End => {
                Some(Progress::NeedInput)
            }
        };
        Ok((used, progress))
    }

    fn skip_bom(&mut self, rest: &[u8]) -> Result<usize, ErrorStored> {
        let left = BYTE_ORDER_MARK.get(self.bom_seen..).unwrap_or_default();
        let same = left.iter().zip(rest).take_while(|(a, b)| a == b).count();
        self.bom_seen += same;
        if same == rest.len() && self.bom_seen < BYTE_ORDER_MARK.len() {
            return Ok(same);
        }
        if self.bom_seen != 0 && self.bom_seen < BYTE_ORDER_MARK.len() {
            return Err(self.fail(DecodeError::UnexpectedRow { row: 1 }));
        }
        self.bom_seen = BYTE_ORDER_MARK.len() + 1;
        Ok(same)
    }

    /// The row in the buffer.
    #[inline]
    pub(super) fn row_in<'a>(
        &self,
        text: &'a [u8],
        ends: &'a [usize],
        cells: usize,
    ) -> (&'a [u8], &'a [usize]) {
        let at = self.schema.record_at();
        let ends_at = self.schema.ends_len;
        (
            text.get(at..at + self.len).unwrap_or_default(),
            ends.get(ends_at..ends_at + cells).unwrap_or_default(),
        )
    }
}

/// The first bytes of a table's records: `,,0,`, as a word to compare with.
#[derive(Clone, Copy, Default)]
pub(super) struct RowPrefix {
    /// Which bits of the word count; 0 if there is nothing to compare with.
    pub(super) mask: u64,
    bytes: u64,
    len: usize,
}

/// What was found where a row begins.
enum Begun {
    /// These bytes belong to no row.
    Skip(usize),
    /// A table without records has to be reported first.
    Report,
    /// A whole row was taken, of so many bytes.
    Row(usize),
    /// csv-core reads this one.
    Hard,
}

#[cfg(all(test, feature = "embedded"))]
#[path = "tests/restart.rs"]
mod tests;
