//! `OwnedTable`: a whole table in memory, for small results.

use alloc::vec::Vec;
use core::fmt;
use std::io::Read;

use super::description::Description;
use super::read_error::ReadError;
use super::record::Record;
use super::row::Row;
use super::rows::{Item, Rows};
use super::table::Table;

impl<R: Read> Rows<R> {
    /// Reads all remaining tables with their rows into memory, for small results: it takes the memory of the
    /// response and a word for each cell.
    ///
    /// ```
    /// use influx_edge::csv::Rows;
    ///
    /// let response = "#datatype,string,long,double,string\r\n\
    ///     #group,false,false,false,true\r\n\
    ///     #default,_result,,,\r\n,result,table,_value,station\r\n\
    ///     ,,0,20.25,zrh-1\r\n,,1,19.75,zrh-2\r\n,,1,19.5,zrh-2\r\n";
    ///
    /// let tables = Rows::new(response.as_bytes()).tables()?;
    /// assert_eq!(tables.len(), 2);
    /// let last = tables.last().and_then(|table| table.rows().last());
    /// assert_eq!(
    ///     last.map(|row| row.get::<f64>("_value")).transpose()?,
    ///     Some(19.5)
    /// );
    /// # Ok::<(), influx_edge::csv::ReadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Rows::next`]; the tables before the error are lost.
    pub fn tables(mut self) -> Result<Vec<OwnedTable>, ReadError> {
        let mut tables: Vec<OwnedTable> = Vec::new();
        while let Some(item) = self.next_item()? {
            match item {
                Item::Table(table) => tables.push(OwnedTable::new(table)),
                Item::Row(row) => {
                    if let Some(table) = tables.last_mut() {
                        table.push(row.record());
                    }
                }
            }
        }
        Ok(tables)
    }
}

/// A table with its rows in memory; see [`Rows::tables`].
#[derive(Clone)]
pub struct OwnedTable {
    description: Description,
    /// The rows' texts, one after the other.
    cells: Vec<u8>,
    /// One entry per cell, counted from the row's beginning.
    cell_ends: Vec<usize>,
    rows: Vec<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    start: usize,
    delimiter_len: usize,
    row: u64,
}

impl OwnedTable {
    /// Returns the description: result, id and columns.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let tables = rows.tables()?;
    /// assert_eq!(tables[0].table().id(), Some(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn table(&self) -> Table<'_> {
        self.description.table()
    }

    /// Returns the rows in order. A table without rows has the values of its group key as defaults of the
    /// columns.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let tables = rows.tables()?;
    /// assert_eq!(tables[0].rows().len(), 2);
    /// let last = tables[0].rows().next_back().unwrap();
    /// assert_eq!(last.get::<f64>("_value")?, 20.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> + DoubleEndedIterator {
        let cells = self.table().schema.cells;
        self.rows.iter().enumerate().map(move |(index, place)| {
            let first = index * cells;
            let ends = self.cell_ends.get(first..first + cells);
            Row::new(Record {
                table: self.table(),
                text: self.cells.get(place.start..).unwrap_or_default(),
                ends: ends.unwrap_or_default(),
                delimiter_len: place.delimiter_len,
                row: place.row,
            })
        })
    }

    fn new(table: Table<'_>) -> OwnedTable {
        OwnedTable {
            description: Description::new(table),
            cells: Vec::new(),
            cell_ends: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn push(&mut self, record: Record<'_>) {
        let len = record.ends.last().copied().unwrap_or(0);
        self.rows.push(Place {
            start: self.cells.len(),
            delimiter_len: record.delimiter_len,
            row: record.row,
        });
        self.cells
            .extend_from_slice(record.text.get(..len).unwrap_or_default());
        self.cell_ends.extend_from_slice(record.ends);
    }
}

impl fmt::Debug for OwnedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedTable")
            .field("table", &self.table())
            .field("rows", &self.rows.len())
            .finish()
    }
}
