//! The layout of a table's column metadata in the caller's buffers.
//!
//! ```text
//! text: [flags][datatypes][defaults][names] [result][id] [record …
//! ends:        [datatypes][defaults][names]              [record …
//! ```
//! One flag byte per cell holds the datatype's code and whether the column is in the group key;
//! the `#group` row itself isn't kept. The annotation rows lie in the order they came.

/// One row kept in the buffers: where its text and its ends begin.
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
    /// Which header of the stream this is, from 1.
    pub(super) number: u64,
    /// Whether a `#group` row was seen: only to notice a second one.
    pub(super) grouped: bool,
    /// Whether the header says `result` and `table` where the server puts them.
    pub(super) has_result_columns: bool,
    /// Whether a column name may occur twice, so that a remembered index isn't safe.
    pub(super) duplicates: bool,
    /// Bytes of `text` the rows above take.
    pub(super) text_len: usize,
    /// Entries of `ends` the rows above take.
    pub(super) ends_len: usize,
    /// The current table's result name, behind the rows; 0 if the default holds.
    pub(super) result_len: usize,
    /// The current table's id, behind the result name; 0 if the default holds.
    pub(super) id_len: usize,
}

/// In a flag byte: the column is part of the group key.
pub(super) const GROUP: u8 = 0x80;

impl Schema {
    /// Where the current record's text begins.
    #[inline]
    pub(super) fn record_at(&self) -> usize {
        self.text_len + self.result_len + self.id_len
    }

    /// The first cell that is a column of the data.
    #[inline]
    pub(super) fn first_column(&self) -> usize {
        if self.has_result_columns { 3 } else { 1 }
    }

    /// A cell of a kept row. Kept rows have no gaps between their cells.
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

    /// The default of a cell; empty if there is none.
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

/// The `cell`th cell of a row, given its text, the ends of its cells, and how many bytes lie
/// between two cells (1 if the delimiters are still there).
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
