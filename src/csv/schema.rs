//! The layout of a table's column metadata in the caller's buffers.
//!
//! ```text
//! text: [flags][datatypes][defaults][names] [result][id] [record …
//! ends:        [datatypes][defaults][names]              [record …
//! ```
//! One flag byte per cell holds the datatype's code, and in its top bit if the column is in the group key; so
//! the `#group` row itself isn't stored. The rows are stored in the order in which they came: each is read to
//! where the record will be, and becomes part of the description by moving that place behind it. A table's
//! result and id are copied in front of its first record, and stay there for its other records.

/// A row in the buffers: the starts of its text and of its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) text: usize,
    pub(super) ends: usize,
}

/// The description of the current block of tables: those that share one header.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Schema {
    /// Cells of each row, annotation column included; 0 while there is no block.
    pub(super) cells: usize,
    pub(super) datatypes: Option<Stored>,
    pub(super) defaults: Option<Stored>,
    pub(super) names: Option<Stored>,
    /// The number of this header in the stream, from 1.
    pub(super) number: u64,
    /// A `#group` row was read; a second one is an error.
    pub(super) grouped: bool,
    /// The header has `result` and `table` right after the annotation column.
    pub(super) has_result_columns: bool,
    /// A column name may occur twice, so that a remembered index may be that of the second one.
    pub(super) duplicates: bool,
    /// Bytes of `text` that these rows take.
    pub(super) text_len: usize,
    /// Entries of `ends` that these rows take.
    pub(super) ends_len: usize,
    /// Length of the current table's result name, which lies behind the rows; 0 for the default.
    pub(super) result_len: usize,
    /// Length of the current table's id, which lies behind the result name; 0 for the default.
    pub(super) id_len: usize,
}

/// The bit of a flag byte for a column of the group key.
pub(super) const GROUP: u8 = 0x80;

impl Schema {
    /// The start of the current record's text.
    #[inline]
    pub(super) fn record_at(&self) -> usize {
        self.text_len + self.result_len + self.id_len
    }

    /// The first cell that belongs to a column of the data.
    #[inline]
    pub(super) fn first_column(&self) -> usize {
        if self.has_result_columns { 3 } else { 1 }
    }

    /// Returns a cell of a stored row. Stored rows have no delimiters.
    #[inline]
    pub(super) fn stored<'a>(
        &self,
        row: Stored,
        cell: usize,
        text: &'a [u8],
        ends: &[usize],
    ) -> &'a [u8] {
        let ends = ends.get(row.ends..).unwrap_or_default();
        let text = text.get(row.text..).unwrap_or_default();
        cell_of(text, ends, 0, cell)
    }

    /// Returns the default of a cell; empty if there is none.
    #[cfg_attr(feature = "std", inline)]
    #[cfg_attr(not(feature = "std"), inline(never))]
    pub(super) fn default_of<'a>(&self, cell: usize, text: &'a [u8], ends: &[usize]) -> &'a [u8] {
        match self.defaults {
            Some(row) => self.stored(row, cell, text, ends),
            None => &[],
        }
    }

    #[inline]
    pub(super) fn flags(&self, cell: usize, text: &[u8]) -> u8 {
        text.get(cell).copied().unwrap_or(0)
    }
}

/// Returns a cell of a row by the row's text, the ends of its cells, and the number of bytes between two cells (1
/// if the delimiters are still there).
#[cfg_attr(feature = "std", inline)]
#[cfg_attr(not(feature = "std"), inline(never))]
pub(super) fn cell_of<'a>(
    text: &'a [u8],
    ends: &[usize],
    delimiter_len: usize,
    cell: usize,
) -> &'a [u8] {
    let end = ends.get(cell).copied().unwrap_or(0);
    let start = match cell.checked_sub(1) {
        None => 0,
        Some(before) => ends.get(before).map_or(0, |end| end + delimiter_len),
    };
    text.get(start..end).unwrap_or_default()
}
