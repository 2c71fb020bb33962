//! `Record`: cells as bytes, parsed on demand.

use core::fmt;

use super::cell::{Cell, FromCell};
use super::column_key::ColumnKey;
use super::error::{ValueError, ValueErrorKind};
use super::excerpt::Excerpt;
use super::from_cell::decode_base64;
use super::table::Table;

/// One record of a [`Table`], with cells that are parsed on demand.
///
/// A view into the decoder's buffers.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub(super) table: Table<'a>,
    /// The buffer from the record's text on.
    pub(super) text: &'a [u8],
    pub(super) ends: &'a [usize],
    /// Bytes between two cells: 1 where the delimiters are still in the text.
    pub(super) delimiter_len: usize,
    pub(super) row: u64,
}

impl<'a> Record<'a> {
    /// Returns the table that the record belongs to.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let record = rows.next()?.unwrap().record();
    /// assert_eq!(record.table().id(), Some(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn table(&self) -> Table<'a> {
        self.table
    }

    /// Returns the record's number in the response, over all tables, from 1. Annotation and header rows don't
    /// count.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let record = rows.next()?.unwrap().record();
    /// assert_eq!(record.row_number(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row_number(&self) -> u64 {
        self.row
    }

    /// Returns the value of a column, given by name, by index or by a [`Key`](super::Key), as a `T`. Allocates
    /// only if `T` owns its text.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let record = rows.next()?.unwrap().record();
    /// assert_eq!(record.get::<f64>("_value")?, 20.25);
    /// // By index, the first column of the data:
    /// assert_eq!(record.get::<f64>(0)?, 20.25);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such column, if the cell is null and `T` is no `Option` or text, or if its
    /// datatype or its text isn't that of a `T`. [`explain`](Record::explain) adds the column's name and the text.
    #[inline]
    pub fn get<T: FromCell<'a>>(&self, key: impl ColumnKey) -> Result<T, ValueError> {
        let Some(place) = key.cell(&self.table) else {
            return Err(self.error(None, ValueErrorKind::NoSuchColumn, T::WANTED));
        };
        T::from_cell(self.cell_at(place)).map_err(|kind| self.error(Some(place), kind, T::WANTED))
    }

    /// Returns the cell of a column, or the column's default if it is empty; `None` if there is no such column.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let record = rows.next()?.unwrap().record();
    /// assert!(record.cell("_value").is_some_and(|cell| !cell.is_null()));
    /// assert!(record.cell("no such column").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn cell(&self, key: impl ColumnKey) -> Option<Cell<'a>> {
        key.cell(&self.table).map(|place| self.cell_at(place))
    }

    /// Returns the cells of the data columns in order, with the default of each that is empty.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let record = rows.next()?.unwrap().record();
    /// let texts: Vec<_> = record.cells().map(|cell| cell.as_bytes()).collect();
    /// assert_eq!(texts, [&b"20.25"[..], b"zrh-1"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Cell<'a>> + Clone + use<'a> {
        let next = self.table.schema.first_column();
        Cells {
            record: *self,
            start: self.start_of(next),
            next,
        }
    }

    /// Decodes a `base64Binary` column into a buffer, and returns the part that was written. The buffer needs
    /// three bytes for every four characters, rounded up.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such column, if the cell is null or isn't base64, or if the buffer is too
    /// small.
    pub fn base64<'b>(
        &self,
        key: impl ColumnKey,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], ValueError> {
        const WANTED: &str = "bytes in base64";
        let Some(place) = key.cell(&self.table) else {
            return Err(self.error(None, ValueErrorKind::NoSuchColumn, WANTED));
        };
        decode_base64(self.cell_at(place), buffer)
            .map_err(|kind| self.error(Some(place), kind, WANTED))
    }

    /// Returns the error as a sentence: row, column, requested type, and an excerpt of the cell.
    #[must_use]
    pub fn explain(&self, error: &ValueError) -> impl fmt::Display + use<'a> {
        Explained {
            record: *self,
            error: *error,
        }
    }

    #[cfg_attr(feature = "std", inline)]
    #[cfg_attr(not(feature = "std"), inline(never))]
    pub(super) fn cell_at(&self, place: usize) -> Cell<'a> {
        let end = self.ends.get(place).copied().unwrap_or(0);
        self.filled(place, self.start_of(place), end)
    }

    #[inline]
    fn filled(&self, place: usize, start: usize, end: usize) -> Cell<'a> {
        let schema = self.table.schema;
        let flags = schema.flags(place, self.table.text);
        match self.text.get(start..) {
            Some(tail) if start < end => Cell {
                tail,
                len: (end - start).min(tail.len()),
                flags,
            },
            _ => Cell::new(
                schema.default_of(place, self.table.text, self.table.ends),
                flags,
            ),
        }
    }

    #[inline]
    fn start_of(&self, place: usize) -> usize {
        place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .map_or(0, |end| end + self.delimiter_len)
    }

    #[cold]
    fn error(
        &self,
        place: Option<usize>,
        kind: ValueErrorKind,
        wanted: &'static str,
    ) -> ValueError {
        let first = self.table.schema.first_column();
        ValueError {
            kind,
            row: self.row,
            column: place
                .and_then(|place| place.checked_sub(first))
                .and_then(|index| u32::try_from(index).ok()),
            wanted,
        }
    }
}

/// Names and values, as text.
impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.table.columns().zip(self.cells());
        f.debug_map()
            .entries(cells.map(|(column, cell)| (column.name(), Excerpt(cell.as_bytes()))))
            .finish()
    }
}

/// The cells of a record, from left to right: where one ends, the next begins.
#[derive(Clone)]
struct Cells<'a> {
    record: Record<'a>,
    start: usize,
    next: usize,
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    #[inline]
    fn next(&mut self) -> Option<Cell<'a>> {
        let end = *self.record.ends.get(self.next)?;
        let cell = self.record.filled(self.next, self.start, end);
        self.start = end + self.record.delimiter_len;
        self.next += 1;
        Some(cell)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.record.ends.len().saturating_sub(self.next);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Cells<'_> {}

struct Explained<'a> {
    record: Record<'a>,
    error: ValueError,
}

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self
            .error
            .column
            .and_then(|column| usize::try_from(column).ok());
        let Some((place, column)) = index.and_then(|index| {
            Some((
                self.record.table.cell_at(index)?,
                self.record.table.column(index)?,
            ))
        }) else {
            return self.error.fmt(f);
        };
        write!(
            f,
            "row {}, column `{}` ({}): wanted {}, found {}: {}",
            self.error.row,
            column.name(),
            column.datatype_or_string(),
            self.error.wanted,
            Excerpt(self.record.cell_at(place).as_bytes()),
            self.error.kind,
        )
    }
}
