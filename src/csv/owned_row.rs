//! `OwnedRow`: a row that outlives the next one.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use std::io::Read;

use super::cell::FromCell;
use super::column_key::ColumnKey;
use super::description::Description;
#[cfg(feature = "v3")]
use super::plain::PlainRows;
use super::read_error::ReadError;
use super::record::Record;
use super::row::Row;
use super::rows::{Item, Rows};

/// A row that owns its text, and can be kept, collected and sent to another thread.
///
/// It costs two allocations and a copy of the row's text; all rows of a table share the description of its
/// columns. [`Rows::next`] allocates nothing per row.
///
/// ```
/// use influx_edge::csv::{OwnedRow, Rows};
///
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// let rows: Vec<OwnedRow> =
///     Rows::new(&response[..]).owned().collect::<Result<_, _>>()?;
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

impl OwnedRow {
    /// The row, with its table's description: that of the row before, or a new one.
    fn of(row: Row<'_>, description: &mut Option<Arc<Description>>) -> OwnedRow {
        let description =
            description.get_or_insert_with(|| Arc::new(Description::new(row.table())));
        let record = row.record();
        let len = record.ends.last().copied().unwrap_or(0);
        OwnedRow {
            description: Arc::clone(description),
            text: record.text.get(..len).unwrap_or_default().into(),
            ends: record.ends.into(),
            delimiter_len: record.delimiter_len,
            row: record.row,
        }
    }

    /// Returns the row as [`Rows`] lend it, with all its functions.
    #[must_use]
    pub fn as_row(&self) -> Row<'_> {
        Row::new(Record {
            table: self.description.table(),
            text: &self.text,
            ends: &self.ends,
            delimiter_len: self.delimiter_len,
            row: self.row,
        })
    }

    /// Returns the value of a column as a `T`; see [`Row::get`].
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Row::get`].
    pub fn get<'a, T: FromCell<'a>>(&'a self, key: impl ColumnKey) -> Result<T, ReadError> {
        self.as_row().get(key)
    }
}

impl From<Row<'_>> for OwnedRow {
    fn from(row: Row<'_>) -> OwnedRow {
        OwnedRow::of(row, &mut None)
    }
}

impl fmt::Debug for OwnedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_row().fmt(f)
    }
}

impl<R: Read> Rows<R> {
    /// Returns an iterator of the remaining rows, each of which owns its text; [`OwnedRow`] has the cost. It ends
    /// after the first error.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// use influx_edge::csv::Rows;
    ///
    /// let cut_off = &response[..response.len() - 8];
    /// let mut rows = Rows::new(cut_off);
    /// let mut owned = rows.owned();
    /// assert_eq!(owned.next().expect("a row")?.get::<f64>("_value")?, 20.25);
    /// assert!(owned.next().is_some_and(|row| row.is_err()));
    /// assert!(owned.next().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn owned(&mut self) -> impl Iterator<Item = Result<OwnedRow, ReadError>> {
        let mut description = None;
        core::iter::from_fn(move || self.next_owned(&mut description))
    }

    /// As [`Rows::owned`], for an iterator that outlives its caller.
    #[cfg(feature = "client")]
    pub(crate) fn into_owned(mut self) -> impl Iterator<Item = Result<OwnedRow, ReadError>> {
        let mut description = None;
        core::iter::from_fn(move || self.next_owned(&mut description))
    }

    /// The next row; `description` is that of the current table, once it is known.
    fn next_owned(
        &mut self,
        description: &mut Option<Arc<Description>>,
    ) -> Option<Result<OwnedRow, ReadError>> {
        loop {
            match self.next_item() {
                Err(error) => return Some(Err(error)),
                Ok(None) => return None,
                Ok(Some(Item::Table(_))) => *description = None,
                Ok(Some(Item::Row(row))) => return Some(Ok(OwnedRow::of(row, description))),
            }
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
        Some(Ok(OwnedRow::of(row, &mut self.description)))
    }
}
