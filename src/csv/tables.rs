//! Whole tables in memory, for small results.

use alloc::vec::Vec;
use core::fmt;
use std::io::Read;

use super::read_error::ReadError;
use super::record::Record;
use super::rows::{Item, Row, Rows};
use super::schema::Schema;
use super::table::Table;

impl<R: Read> Rows<R> {
    /// All remaining tables with all their rows, in memory.
    ///
    /// For small results: it takes as much memory as the response is long, and a little for each
    /// cell. What is larger is better read row by row.
    ///
    /// ```
    /// use influx_edge::csv::Rows;
    ///
    /// let response = "#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    ///     #default,_result,,,\r\n,result,table,_value,station\r\n\
    ///     ,,0,20.25,zrh-1\r\n,,1,19.75,zrh-2\r\n,,1,19.5,zrh-2\r\n";
    ///
    /// let tables = Rows::new(response.as_bytes()).tables()?;
    /// assert_eq!(tables.len(), 2);
    /// let last = tables.last().and_then(|table| table.rows().last());
    /// assert_eq!(last.map(|row| row.get::<f64>("_value")).transpose()?, Some(19.5));
    /// assert_eq!(tables.rows().count(), 3);
    /// # Ok::<(), influx_edge::csv::ReadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Rows::next`]; the tables before it are lost then.
    pub fn tables(mut self) -> Result<Tables, ReadError> {
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
        Ok(Tables(tables))
    }
}

/// The tables of a response in order; see [`Rows::tables`]. A slice of them in every other respect.
#[derive(Clone, Debug, Default)]
pub struct Tables(Vec<OwnedTable>);

impl Tables {
    /// The rows of all tables, one table after the other.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let tables = rows.tables()?;
    /// let sum: Result<f64, _> = tables.rows().map(|row| row.get::<f64>("_value")).sum();
    /// assert_eq!(sum?, 40.75);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.0.iter().flat_map(OwnedTable::rows)
    }
}

impl core::ops::Deref for Tables {
    type Target = [OwnedTable];

    fn deref(&self) -> &[OwnedTable] {
        &self.0
    }
}

impl IntoIterator for Tables {
    type Item = OwnedTable;
    type IntoIter = alloc::vec::IntoIter<OwnedTable>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Tables {
    type Item = &'a OwnedTable;
    type IntoIter = core::slice::Iter<'a, OwnedTable>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// One table with its rows.
#[derive(Clone)]
pub struct OwnedTable {
    schema: Schema,
    /// The description, laid out as in the decoder's buffers.
    text: Vec<u8>,
    ends: Vec<usize>,
    /// The rows' texts, one behind the other.
    cells: Vec<u8>,
    /// `schema.cells` entries per row, counted from the row's beginning.
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
    /// Result, id and columns.
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
        Table {
            schema: &self.schema,
            text: &self.text,
            ends: &self.ends,
        }
    }

    /// How many rows it has.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let tables = rows.tables()?;
    /// assert_eq!(tables[0].len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no rows; the values of its group key are the defaults of the columns then.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let tables = rows.tables()?;
    /// assert!(!tables[0].is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of that index.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let tables = rows.tables()?;
    /// assert!(tables[0].row(1).is_some() && tables[0].row(2).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self, index: usize) -> Option<Row<'_>> {
        let place = self.rows.get(index)?;
        let cells = self.schema.cells;
        let first = index * cells;
        Some(Row::new(Record {
            table: self.table(),
            text: self.cells.get(place.start..)?,
            ends: self.cell_ends.get(first..first + cells)?,
            delimiter_len: place.delimiter_len,
            row: place.row,
        }))
    }

    /// Its rows in order.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let tables = rows.tables()?;
    /// // The newest first: rows can be read from either end.
    /// let newest = tables[0].rows().next_back().unwrap();
    /// assert_eq!(newest.get::<f64>("_value")?, 20.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = Row<'_>> {
        (0..self.len()).filter_map(|index| self.row(index))
    }

    fn new(table: Table<'_>) -> OwnedTable {
        let schema = *table.schema;
        let text = table.text.get(..schema.record_at());
        let ends = table.ends.get(..schema.ends_len);
        OwnedTable {
            schema,
            text: text.unwrap_or_default().to_vec(),
            ends: ends.unwrap_or_default().to_vec(),
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
            .field("result", &self.table().result())
            .field("id", &self.table().id())
            .field("columns", &self.table().columns())
            .field("rows", &self.rows.len())
            .finish()
    }
}
