//! Rows that outlive the next one, and an iterator of them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use std::io::Read;

use super::cell::FromCell;
use super::column_key::ColumnKey;
#[cfg(feature = "v3")]
use super::plain::PlainRows;
use super::read_error::ReadError;
use super::record::Record;
use super::rows::{Item, Row, Rows};
use super::schema::Schema;
use super::table::Table;
use super::value::Value;

/// A row of its own, which can be kept, collected and sent to another thread.
///
/// It costs two allocations and a copy of the row's text; the description of its columns is shared by
/// all rows of a table. A loop that needs each row only until the next one is as fast as the rows come
/// with [`Rows::next`] or [`Rows::for_each`], which allocate nothing.
///
/// ```
/// use influx_edge::csv::{OwnedRow, Rows};
///
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// let rows: Vec<OwnedRow> = Rows::new(&response[..]).into_iter().collect::<Result<_, _>>()?;
/// assert_eq!(rows[1].get::<f64>("_value")?, 20.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct OwnedRow {
    description: Arc<Description>,
    text: Box<[u8]>,
    ends: Box<[usize]>,
    delimiter_len: usize,
    row: u64,
}

/// A table's columns, laid out as in the decoder's buffers.
struct Description {
    schema: Schema,
    text: Box<[u8]>,
    ends: Box<[usize]>,
}

impl Description {
    fn new(table: Table<'_>) -> Arc<Description> {
        let schema = *table.schema;
        let text = table.text.get(..schema.record_at());
        let ends = table.ends.get(..schema.ends_len);
        Arc::new(Description {
            schema,
            text: text.unwrap_or_default().into(),
            ends: ends.unwrap_or_default().into(),
        })
    }
}

impl OwnedRow {
    fn new(description: &Arc<Description>, record: Record<'_>) -> OwnedRow {
        let len = record.ends.last().copied().unwrap_or(0);
        OwnedRow {
            description: Arc::clone(description),
            text: record.text.get(..len).unwrap_or_default().into(),
            ends: record.ends.into(),
            delimiter_len: record.delimiter_len,
            row: record.row,
        }
    }

    /// The row as [`Rows`] lend it, with all that can be asked of one.
    #[must_use]
    pub fn as_row(&self) -> Row<'_> {
        let Description { schema, text, ends } = &*self.description;
        Row::new(Record {
            table: Table { schema, text, ends },
            text: &self.text,
            ends: &self.ends,
            delimiter_len: self.delimiter_len,
            row: self.row,
        })
    }

    /// The value of a column as `T`; see [`Row::get`].
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Row::get`].
    pub fn get<'a, T: FromCell<'a>>(&'a self, key: impl ColumnKey) -> Result<T, ReadError> {
        self.as_row().get(key)
    }

    /// The names and values of all columns; see [`Row::values`].
    pub fn values(&self) -> impl Iterator<Item = Result<(&str, Value<'_>), ReadError>> {
        self.as_row().values()
    }
}

impl From<Row<'_>> for OwnedRow {
    fn from(row: Row<'_>) -> OwnedRow {
        OwnedRow::new(&Description::new(row.table()), row.record())
    }
}

impl fmt::Debug for OwnedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_row().fmt(f)
    }
}

/// [`Rows`] as an iterator of [`OwnedRow`]s, by [`IntoIterator`]. It ends after the first error.
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// use influx_edge::csv::Rows;
///
/// let cut_off = &response[..response.len() - 8];
/// let mut rows = Rows::new(cut_off).into_iter();
/// assert_eq!(rows.next().expect("a row")?.get::<f64>("_value")?, 20.25);
/// assert!(rows.next().is_some_and(|row| row.is_err()));
/// assert!(rows.next().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OwnedRows<R> {
    rows: Rows<R>,
    description: Option<Arc<Description>>,
}

impl<R: Read> OwnedRows<R> {
    /// The profiles seen so far; see [`Rows::profile`].
    #[must_use]
    pub fn profile(&self) -> &str {
        self.rows.profile()
    }
}

impl<R: Read> Iterator for OwnedRows<R> {
    type Item = Result<OwnedRow, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.rows.next_item() {
                Err(error) => return Some(Err(error)),
                Ok(None) => return None,
                Ok(Some(Item::Table(table))) => self.description = Some(Description::new(table)),
                Ok(Some(Item::Row(row))) => {
                    // (Rows may have been taken before this iterator was made.)
                    let description = self
                        .description
                        .get_or_insert_with(|| Description::new(row.table()));
                    return Some(Ok(OwnedRow::new(description, row.record())));
                }
            }
        }
    }
}

/// The rows that are left, each of its own: `for row in rows`. What that costs is said at [`OwnedRow`].
impl<R: Read> IntoIterator for Rows<R> {
    type Item = Result<OwnedRow, ReadError>;
    type IntoIter = OwnedRows<R>;

    fn into_iter(self) -> OwnedRows<R> {
        OwnedRows {
            rows: self,
            description: None,
        }
    }
}

/// [`PlainRows`] as an iterator of [`OwnedRow`]s. It ends after the first error.
#[cfg(feature = "v3")]
pub(crate) struct OwnedPlainRows<R> {
    rows: PlainRows<R>,
    description: Option<Arc<Description>>,
}

#[cfg(feature = "v3")]
impl<R> OwnedPlainRows<R> {
    pub(crate) fn new(rows: PlainRows<R>) -> Self {
        OwnedPlainRows {
            rows,
            description: None,
        }
    }
}

#[cfg(feature = "v3")]
impl<R: Read> Iterator for OwnedPlainRows<R> {
    type Item = Result<OwnedRow, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.rows.next() {
            Ok(row) => row?,
            Err(error) => return Some(Err(error)),
        };
        let description = self
            .description
            .get_or_insert_with(|| Description::new(row.table()));
        Some(Ok(OwnedRow::new(description, row.record())))
    }
}

impl<R> fmt::Debug for OwnedRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedRows").finish_non_exhaustive()
    }
}
