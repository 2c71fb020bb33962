//! Classification of a row: annotation, header, record, or the server's error.
//!
//! | first cell | then | the row is |
//! |---|---|---|
//! | `#datatype`, `#group`, `#default`, `#…` | | an annotation; after records, of a new block |
//! | empty | `error,reference` and no more cells | the header of the server's error |
//! | empty | the block has no header yet | the header |
//! | empty | `result,table`, in a block with these columns | the header of a new block without annotations |
//! | empty | | a record: of the reported table if result and id are the same, else of a new one |
//! | other | | not annotated CSV |
//!
//! csv-core skips the empty lines between blocks, so they are no criterion.

use core::ops::Range;

use super::data_type::DataType;
use super::error::DecodeError;
use super::parser::{ErrorStored, Parser, Pending, Progress, State};
use super::schema::{GROUP, Schema, Stored, cell_of};
use crate::FAST_PATHS;

impl Parser {
    /// Classifies the row in the buffer. Returns `None` if there is nothing to report.
    #[inline]
    pub(super) fn classify_row(
        &mut self,
        text: &mut [u8],
        ends: &mut [usize],
    ) -> Result<Option<Progress>, ErrorStored> {
        let first = self.cell(0, text, ends);
        if self.state == State::Rows && first.is_empty() && !self.is_header(text, ends) {
            return self.data(text, ends).map(Some);
        }
        match self.state {
            State::ErrorTable => Err(self.error_row(text, ends)),
            _ if first.first() == Some(&b'#') => {
                let report = self.annotation(text, ends)?;
                Ok(self.count_head_row(report))
            }
            State::Head | State::Rows if first.is_empty() => {
                let report = self.header(text, ends)?;
                Ok(self.count_head_row(report))
            }
            _ => {
                let row = self.row;
                Err(self.fail(DecodeError::UnexpectedRow { row }))
            }
        }
    }

    /// Counts an annotation or header row, unless something is to be reported before it is read.
    fn count_head_row(&mut self, report: Option<Progress>) -> Option<Progress> {
        if report.is_none() {
            self.head_rows = self.head_rows.saturating_add(1);
        }
        report
    }

    /// Handles a record: of the reported table, or of a new one, which is reported first.
    #[inline]
    fn data(&mut self, text: &mut [u8], ends: &mut [usize]) -> Result<Progress, ErrorStored> {
        if self.cells != self.schema.cells {
            return Err(self.wrong_length());
        }
        if self.reported && (!self.schema.has_result_columns || self.same_table(text, ends)) {
            self.has_record = true;
            return Ok(Progress::Record);
        }
        if self.schema.has_result_columns && !self.begin_table(text, ends) {
            self.pending = Pending::Row;
            return Ok(Progress::TextFull);
        }
        self.reported = true;
        self.pending = Pending::Record;
        Ok(Progress::Table)
    }

    #[inline]
    fn same_table(&self, text: &[u8], ends: &[usize]) -> bool {
        let table = self.table(text, ends);
        let (result, id) = (self.cell(1, text, ends), self.cell(2, text, ends));
        // The common case: the result is the default, the id is that of the record before.
        let at = self.schema.text_len;
        if FAST_PATHS
            && result.is_empty()
            && self.schema.result_len == 0
            && !id.is_empty()
            && text.get(at..at + self.schema.id_len) == Some(id)
        {
            return true;
        }
        let or_default = |cell: &[u8], place| {
            if cell.is_empty() {
                self.schema.default_of(place, text, ends) == table_part(&table, place)
            } else {
                cell == table_part(&table, place)
            }
        };
        or_default(result, 1) && or_default(id, 2)
    }

    /// Copies result and id of a new table in front of its first record. Returns `false` if there is no space;
    /// the row can be classified again after growth.
    fn begin_table(&mut self, text: &mut [u8], ends: &mut [usize]) -> bool {
        let (mut result, mut id) = (self.range(1, ends), self.range(2, ends));
        let mut at = self.schema.text_len + result.len() + id.len();
        if text.len() < at + self.len && self.delimiter_len != 0 {
            // Without its delimiters the record is shorter.
            self.remove_delimiters(text, ends);
            (result, id) = (self.range(1, ends), self.range(2, ends));
            at = self.schema.text_len + result.len() + id.len();
        }
        let old = self.schema.record_at();
        if text.len() < at + self.len {
            return false;
        }
        move_within(text, old..old + self.len, at);
        self.schema.result_len = result.len();
        self.schema.id_len = id.len();
        let names = self.schema.text_len;
        move_within(text, at + result.start..at + result.end, names);
        let id_at = names + result.len();
        move_within(text, at + id.start..at + id.end, id_at);
        // A result's name in the record differs from the default, so every record has to be compared.
        let no_name = result.is_empty();
        self.set_row_prefix(match text.get(id_at..id_at + id.len()) {
            Some(id) if no_name => id,
            _ => &[],
        });
        true
    }

    fn annotation(
        &mut self,
        text: &mut [u8],
        ends: &mut [usize],
    ) -> Result<Option<Progress>, ErrorStored> {
        if let Some(progress) = self.leave_rows() {
            return Ok(Some(progress));
        }
        if let Some(progress) = self.open_schema(text, ends) {
            return Ok(Some(progress));
        }
        if self.cells != self.schema.cells {
            return Err(self.wrong_length());
        }
        let row = self.row;
        let is = |name| self.is(0, name, text, ends);
        let (data_type, group) = (is(b"#datatype"), is(b"#group"));
        if !data_type && !group && !is(b"#default") {
            // An unknown annotation begins a block like the known ones, and is otherwise ignored.
            return Ok(None);
        }
        let twice = if data_type {
            self.schema.datatypes.is_some()
        } else if group {
            self.schema.grouped
        } else {
            self.schema.defaults.is_some()
        };
        if twice {
            return Err(self.fail(DecodeError::UnexpectedRow { row }));
        }
        if group {
            self.schema.grouped = true;
            self.set_flags(text, ends, |cell| {
                if cell.eq_ignore_ascii_case(b"true") {
                    GROUP
                } else {
                    0
                }
            });
            return Ok(None);
        }
        if !self.is_utf8(text, ends) {
            return Err(self.fail(DecodeError::NotUtf8 { row }));
        }
        if data_type {
            self.set_flags(text, ends, |cell| DataType::parse(cell).code());
            self.schema.datatypes = Some(self.keep());
        } else {
            self.schema.defaults = Some(self.keep());
        }
        Ok(None)
    }

    fn header(
        &mut self,
        text: &mut [u8],
        ends: &mut [usize],
    ) -> Result<Option<Progress>, ErrorStored> {
        if let Some(progress) = self.leave_rows() {
            return Ok(Some(progress));
        }
        if self.is_error_header(text, ends) {
            self.state = State::ErrorTable;
            self.schema = Schema::default();
            return Ok(None);
        }
        if let Some(progress) = self.open_schema(text, ends) {
            return Ok(Some(progress));
        }
        let row = self.row;
        if self.cells != self.schema.cells {
            return Err(self.wrong_length());
        }
        if self.cells > self.max_cells {
            return Err(self.fail(DecodeError::TooManyColumns { row }));
        }
        if !self.is_utf8(text, ends) {
            return Err(self.fail(DecodeError::NotUtf8 { row }));
        }
        self.schema.has_result_columns =
            self.is(1, b"result", text, ends) && self.is(2, b"table", text, ends);
        self.schema.duplicates = self.has_duplicates(text, ends);
        self.schema.names = Some(self.keep());
        self.state = State::Rows;
        self.reported = false;
        Ok(None)
    }

    /// Ends a block. A table without records is reported now; then the row in the buffer is classified again.
    fn leave_rows(&mut self) -> Option<Progress> {
        if self.state != State::Rows {
            return None;
        }
        if !self.reported {
            self.reported = true;
            self.pending = Pending::Row;
            return Some(Progress::Table);
        }
        self.row_prefix.mask = 0;
        None
    }

    /// Makes the row in the buffer the first of a new block, unless one is open. Nothing of the block before
    /// is kept: the official clients let its group flags or defaults leak into the next one.
    fn open_schema(&mut self, text: &mut [u8], ends: &mut [usize]) -> Option<Progress> {
        if self.state == State::Head && self.schema.cells != 0 {
            return None;
        }
        self.remove_delimiters(text, ends);
        let (from, cells) = (self.schema.record_at(), self.cells);
        if text.len() < cells + self.len {
            self.pending = Pending::Row;
            return Some(Progress::TextFull);
        }
        let ends_from = self.schema.ends_len;
        move_within(text, from..from + self.len, cells);
        move_within(ends, ends_from..ends_from + cells, 0);
        text.get_mut(..cells).unwrap_or_default().fill(0);
        self.schema = Schema {
            cells,
            text_len: cells,
            number: self.schema.number + 1,
            ..Schema::default()
        };
        self.state = State::Head;
        None
    }

    /// Makes the row in the buffer a part of the block's description.
    fn keep(&mut self) -> Stored {
        let stored = Stored {
            text: self.schema.text_len,
            ends: self.schema.ends_len,
        };
        self.schema.text_len += self.len;
        self.schema.ends_len += self.cells;
        self.len = 0;
        self.cells = 0;
        stored
    }

    fn set_flags(&self, text: &mut [u8], ends: &[usize], flag: fn(&[u8]) -> u8) {
        // Cell 0 is the annotation's name.
        for place in 1..self.cells {
            let bits = flag(self.cell(place, text, ends));
            if let Some(flags) = text.get_mut(place) {
                *flags |= bits;
            }
        }
    }

    /// Returns `true` for the header of another block in a response without annotations, and for that of an
    /// error.
    #[inline]
    fn is_header(&self, text: &[u8], ends: &[usize]) -> bool {
        // With `#default` the result's name isn't repeated in the rows: the cell is empty, and one comparison
        // decides.
        match self.cell(1, text, ends) {
            b"result" => self.is(2, b"table", text, ends) && self.schema.has_result_columns,
            b"error" => self.is_error_header(text, ends),
            _ => false,
        }
    }

    /// Returns `true` for `error,reference` right after the annotation column. A user's own table may have
    /// columns of these names, but after `result` and `table`.
    pub(super) fn is_error_header(&self, text: &[u8], ends: &[usize]) -> bool {
        self.cells == 3
            && self.is(0, b"", text, ends)
            && self.is(1, b"error", text, ends)
            && self.is(2, b"reference", text, ends)
    }

    #[cold]
    fn error_row(&mut self, text: &[u8], ends: &[usize]) -> ErrorStored {
        if self.cell(0, text, ends).is_empty() {
            // `header` has reset the schema, so the row starts at the start of the text.
            (self.message, self.code) = (self.range(1, ends), self.range(2, ends));
        }
        self.fail(DecodeError::Server)
    }

    #[cold]
    fn wrong_length(&mut self) -> ErrorStored {
        let (row, expected, found) = (self.row, self.schema.cells, self.cells);
        self.fail(DecodeError::RowLength {
            row,
            expected,
            found,
        })
    }

    #[cfg_attr(feature = "std", inline)]
    #[cfg_attr(not(feature = "std"), inline(never))]
    fn cell<'a>(&self, place: usize, text: &'a [u8], ends: &'a [usize]) -> &'a [u8] {
        let (row, row_ends) = self.row_in(text, ends, self.cells);
        cell_of(row, row_ends, self.delimiter_len, place)
    }

    #[cfg_attr(feature = "std", inline)]
    #[cfg_attr(not(feature = "std"), inline(never))]
    fn is(&self, place: usize, name: &[u8], text: &[u8], ends: &[usize]) -> bool {
        self.cell(place, text, ends) == name
    }

    /// Where a cell lies in the row's text.
    fn range(&self, place: usize, ends: &[usize]) -> Range<usize> {
        let at = self.schema.ends_len;
        let ends = ends.get(at..at + self.cells).unwrap_or_default();
        let end = ends.get(place).copied().unwrap_or(0);
        let start = match place.checked_sub(1) {
            None => 0,
            Some(before) => ends.get(before).map_or(end, |end| end + self.delimiter_len),
        };
        start..end
    }

    /// Checks cell by cell: two halves of a character in neighbouring cells are no character.
    fn is_utf8(&self, text: &[u8], ends: &[usize]) -> bool {
        (0..self.cells).all(|place| core::str::from_utf8(self.cell(place, text, ends)).is_ok())
    }

    fn has_duplicates(&self, text: &[u8], ends: &[usize]) -> bool {
        // Every pair is compared, so a header of more than 64 cells is assumed to have duplicates. That only
        // costs a `Key` its shortcut.
        let first = self.schema.first_column();
        self.cells > 64
            || (first..self.cells).any(|one| {
                let name = self.cell(one, text, ends);
                name == b"result"
                    || name == b"table"
                    || (one + 1..self.cells).any(|other| self.cell(other, text, ends) == name)
            })
    }

    /// Removes the delimiters from a row that was copied with them.
    fn remove_delimiters(&mut self, text: &mut [u8], ends: &mut [usize]) {
        if self.delimiter_len == 0 {
            return;
        }
        let at = self.schema.record_at();
        let mut write = 0;
        for place in 0..self.cells {
            let range = self.range_with(place, write, ends);
            move_within(text, at + range.start..at + range.end, at + write);
            write += range.len();
            if let Some(end) = ends.get_mut(self.schema.ends_len + place) {
                *end = write;
            }
        }
        self.delimiter_len = 0;
        self.len = write;
    }

    /// Inserts the delimiters that csv-core removed from a row, if there is space. Such a row is only searched
    /// for a JSON error, so its ends stay as they are.
    pub(super) fn restore_delimiters(&mut self, text: &mut [u8], ends: &[usize]) {
        let (at, more) = (self.schema.record_at(), self.cells.saturating_sub(1));
        if text.len() < at + self.len + more {
            return;
        }
        for place in (1..self.cells).rev() {
            let range = self.range(place, ends);
            move_within(
                text,
                at + range.start..at + range.end,
                at + range.start + place,
            );
            if let Some(slot) = text.get_mut(at + range.start + place - 1) {
                *slot = self.delimiter;
            }
        }
        self.len += more;
    }

    /// A cell's range while the cells before it have been moved together: `place` delimiters have been removed
    /// before it, and its end still counts them.
    fn range_with(&self, place: usize, closed: usize, ends: &[usize]) -> Range<usize> {
        let end = ends
            .get(self.schema.ends_len + place)
            .copied()
            .unwrap_or(closed);
        let start = closed + place;
        start..end.max(start)
    }

    /// Turns CRLF into LF inside the cells, in place. Only a quoted cell can hold a line end, and Go's CSV
    /// writer, which the server uses, writes CRLF for every LF there and drops every CR. So no LF of its own
    /// is lost by this.
    pub(super) fn crlf_to_lf(&mut self, text: &mut [u8], ends: &mut [usize]) {
        let at = self.schema.record_at();
        let row = text.get_mut(at..at + self.len).unwrap_or_default();
        if self.keep_crlf || (FAST_PATHS && !row.contains(&b'\r')) {
            return;
        }
        let ends_at = self.schema.ends_len;
        let ends = ends
            .get_mut(ends_at..ends_at + self.cells)
            .unwrap_or_default();
        let (mut read, mut write) = (0, 0);
        for end in ends {
            while read < *end {
                let byte = row.get(read).copied().unwrap_or(0);
                read += 1;
                if byte == b'\r' && read < *end && row.get(read) == Some(&b'\n') {
                    continue;
                }
                if let Some(slot) = row.get_mut(write) {
                    *slot = byte;
                    write += 1;
                }
            }
            *end = write;
        }
        self.len = write;
    }
}

/// Copies a part of a slice within it; source and destination may overlap.
#[inline]
fn move_within<T: Copy>(slice: &mut [T], from: Range<usize>, to: usize) {
    if FAST_PATHS {
        slice.copy_within(from, to);
    } else {
        move_each(slice, from, to);
    }
}

/// Copies item by item, as [`move_within`] does where [`FAST_PATHS`] is off: memmove is 1.6 KiB of
/// code in rustup's prebuilt core for a Cortex-M. It is needed once per table and for the rows that
/// describe it, not for each record.
#[inline(never)]
fn move_each<T: Copy>(slice: &mut [T], from: Range<usize>, to: usize) {
    let len = from.len();
    for step in 0..len {
        // Forwards if it moves down, backwards if it moves up: nothing is overwritten before it is read.
        let at = if to < from.start {
            step
        } else {
            len - 1 - step
        };
        let item = slice.get(from.start + at).copied();
        if let (Some(item), Some(slot)) = (item, slice.get_mut(to + at)) {
            *slot = item;
        }
    }
}

fn table_part<'a>(table: &super::table::Table<'a>, place: usize) -> &'a [u8] {
    if place == 1 {
        table.result_bytes()
    } else {
        table.id_bytes()
    }
}

#[cfg(test)]
#[path = "tests/row_kind.rs"]
mod tests;
