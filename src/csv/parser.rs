//! The parser: a state machine from bytes to tables and records, over the caller's buffers.
//!
//! It is sans-io and doesn't own its buffers, so that [`Decoder`](super::Decoder) can pass slices, which never
//! grow, and [`Rows`](super::Rows) vectors, which do. That is why a full buffer is a [`Progress`] here and not
//! an error: after it has grown, the same call goes on.
//!
//! ```text
//! Head ──header──▶ Rows ──end of stream──▶ Ended      Head ──end of stream, if nothing was read──▶ Ended
//!   ▲               │
//!   └─ annotation, ─┘
//!      next header
//!
//! Head, Rows ──header `error,reference`──▶ ErrorTable ──its row or end of stream──▶ error
//! any ──`{` at the start of a row──▶ Json ──end of stream──▶ error
//! ```
//!
//! A row's text goes behind the table's description (see `schema`): by `fast_split` if it is whole and has no
//! quotes, else by csv-core, whose state survives any split of the input. `row_kind` then classifies it.
//!
//! Three properties of csv-core 0.1.13 shape this file:
//! - `csv_core::Reader` must not be cloned: its `Clone` copies only a part of the state.
//! - It takes an empty input for the end of the stream, so `feed` never passes one.
//! - It strips a byte order mark only if that comes in one piece, so it is stripped here.

use core::ops::Range;

use super::error::DecodeError;
use super::fast_split::{Line, split};
use super::record::Record;
use super::schema::Schema;
use super::table::Table;
use crate::FAST_PATHS;

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// All input is consumed.
    NeedInput,
    /// A table begins.
    Table,
    /// A record is complete.
    Record,
    /// `text` is too small; nothing is lost if it grows now.
    TextFull,
    /// `ends` is too small; nothing is lost if it grows now.
    EndsFull,
    /// The stream has ended.
    End,
}

/// Marks a failure whose reason [`Parser::error`] returns, so that the parser's calls don't pass an error of 32
/// bytes on to each other.
#[derive(Debug)]
pub(super) struct ErrorStored;

/// The position in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Annotations, or the header.
    Head,
    /// Records of the block.
    Rows,
    /// The header of an error table was read.
    ErrorTable,
    /// A JSON object in place of a row: the server's error.
    Json,
    /// The stream ended without an error.
    Ended,
}

/// What is to be returned before more input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Nothing,
    /// The row in the buffer is not classified yet: a table had to be reported before it, or a buffer had to
    /// grow.
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
    /// The length up to which `text` may grow for the message of a JSON error; 0 if it can't.
    pub(super) message_capacity: usize,
    pub(super) state: State,
    pub(super) pending: Pending,
    pub(super) schema: Schema,
    /// The block's current table was reported. That waits for its first record, which has its id.
    pub(super) reported: bool,
    /// The first bytes of the current table's records.
    pub(super) row_prefix: RowPrefix,
    /// The next byte begins a row.
    pub(super) at_row_start: bool,
    /// The row in the buffer is a record, and may be read.
    pub(super) has_record: bool,
    /// Bytes of a byte order mark seen at the start of the stream; 4 once that is decided.
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
        // Without space for output this consumes nothing, but it ends the reader's start state, in which it
        // would strip a byte order mark.
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

    /// Begins a new document with the same settings. csv-core's tables, the largest part of it, stay.
    #[cfg(feature = "embedded")]
    pub(super) fn restart(&mut self) {
        // Named one by one: a field that is added doesn't compile until it is reset here.
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
        // As in `with_delimiter`.
        let _ = core.read_record(b"x", &mut [], &mut []);
        (*state, *pending, *failed) = (State::Head, Pending::Nothing, None);
        (*schema, *row_prefix) = (Schema::default(), RowPrefix::default());
        (*reported, *at_row_start, *has_record) = (false, true, false);
        (*bom_seen, *len, *cells, *delimiter_len) = (0, 0, 0, 0);
        (*row, *head_rows) = (0, 0);
        (*message, *code) = (0..0, 0..0);
    }

    /// Takes effect only before the first byte.
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

    /// The row that an error is about, or the part of it that was read.
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

    /// The stored error.
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
                    RowStart::Skip(bytes) => {
                        used += bytes;
                        continue;
                    }
                    RowStart::Table => return Ok((used, Progress::Table)),
                    RowStart::Row(bytes) => {
                        used += bytes;
                        match self.classify_row(text, ends)? {
                            Some(progress) => return Ok((used, progress)),
                            None => continue,
                        }
                    }
                    RowStart::Core => {}
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

    /// Decides by its first bytes how the next row is read.
    #[inline]
    fn begin_row(
        &mut self,
        rest: &[u8],
        text: &mut [u8],
        ends: &mut [usize],
    ) -> Result<RowStart, ErrorStored> {
        if self.bom_seen <= BYTE_ORDER_MARK.len() {
            let skipped = self.skip_bom(rest)?;
            if skipped > 0 {
                return Ok(RowStart::Skip(skipped));
            }
        }
        // Empty lines, and the LF of a CRLF whose CR ended the row.
        let blank = rest
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        if blank > 0 {
            return Ok(RowStart::Skip(blank));
        }
        if self.state == State::Ended {
            let row = self.row + 1;
            return Err(self.fail(DecodeError::UnexpectedRow { row }));
        }
        let first = rest.first().copied().unwrap_or(0);
        if first == b'{' && self.state == State::Rows && !self.reported {
            self.reported = true;
            return Ok(RowStart::Table);
        }
        self.has_record = false;
        self.len = 0;
        self.cells = 0;
        self.delimiter_len = 0;
        self.row += 1;
        if self.state == State::Rows && first != b'#' && first != b'{' {
            // Without FAST_PATHS csv-core alone reads rows, which saves 900 bytes of code.
            let line = FAST_PATHS.then(|| self.copy_line(rest, text, ends));
            if let Some(used) = line.flatten() {
                return Ok(RowStart::Row(used));
            }
        }
        if first == b'{' {
            self.state = State::Json;
            self.schema = Schema::default();
            self.row_prefix.mask = 0;
        }
        self.at_row_start = false;
        Ok(RowStart::Core)
    }

    /// The fastest path: a further record of the current table, whole and without quotes.
    ///
    /// One comparison of a word (`,,0,`) with the records before it shows three things: the row is neither
    /// annotation nor header, its result name is the default, and its table is the reported one. So it needs no
    /// classification, and its first three ends are known.
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

    /// Stores the first bytes of a table's records if they fit into a word.
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

    /// Copies a record without quotes from the input, if the input has all of it and the buffers have space.
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
        // csv-core needs one byte more than the record is long. Asking for it here too makes the limit the
        // same for both paths, so that the split of the input makes no difference.
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

    /// The text of the row in the buffer and the ends of its first cells.
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

/// The first bytes of a table's records, such as `,,0,`, as a word to compare with.
#[derive(Clone, Copy, Default)]
pub(super) struct RowPrefix {
    /// The bits of the word that are compared; 0 if there is no prefix.
    pub(super) mask: u64,
    bytes: u64,
    len: usize,
}

/// How a row is read, by its first bytes.
enum RowStart {
    /// These bytes belong to no row.
    Skip(usize),
    /// A table without records has to be reported first.
    Table,
    /// A whole row of so many bytes was copied.
    Row(usize),
    /// csv-core reads it, or it is the JSON error.
    Core,
}

#[cfg(all(test, feature = "embedded"))]
#[path = "tests/restart.rs"]
mod tests;
