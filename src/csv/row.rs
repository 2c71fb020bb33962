//! `Row`: a record with std, whose errors have names.

use super::cell::{Cell, FromCell};
use super::column_key::ColumnKey;
use super::read_error::ReadError;
use super::record::Record;
use super::table::Table;
use super::value::Value;

/// One row, lent by [`Rows`](super::Rows) until the next call.
///
/// A [`Record`] whose errors own the names and texts they mention.
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// let row = rows.next()?.expect("two rows");
/// let error = row.get::<f64>("temp").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"row 1: there is no column "temp", only _value, station"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    record: Record<'a>,
}

impl<'a> Row<'a> {
    #[inline]
    pub(super) fn new(record: Record<'a>) -> Row<'a> {
        Row { record }
    }

    /// Returns the value of a column, given by name, by index or by a [`Key`](super::Key), as a `T`; [`FromCell`]
    /// lists the types. Allocates only if `T` owns its text.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let row = rows.next()?.unwrap();
    /// let value: f64 = row.get("_value")?;
    /// let station: Option<&str> = row.get("station")?; // `None` if the cell is empty
    /// assert_eq!((value, station), (20.25, Some("zrh-1")));
    /// assert!(row.get::<i64>("_value").is_err()); // not cut to 20
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ReadErrorKind::Value`](super::ReadErrorKind::Value) under the conditions of
    /// [`Record::get`], with the row, the column, the requested type and an excerpt of the cell.
    #[inline]
    pub fn get<T: FromCell<'a>>(&self, key: impl ColumnKey) -> Result<T, ReadError> {
        self.record
            .get(&key)
            .map_err(|error| ReadError::value(&self.record, error, &key))
    }

    /// Returns the names and values of all columns in order, for columns that aren't known beforehand.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// use influx_edge::csv::Value;
    /// use std::collections::BTreeMap;
    ///
    /// let row = rows.next()?.unwrap();
    /// let map: BTreeMap<&str, Value> = row.values().collect::<Result<_, _>>()?;
    /// assert_eq!(map["_value"], Value::Float(20.25));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// An item is an error if its cell isn't of the column's datatype.
    pub fn values(
        &self,
    ) -> impl Iterator<Item = Result<(&'a str, Value<'a>), ReadError>> + use<'a> {
        let row = *self;
        row.table()
            .columns()
            .enumerate()
            .map(move |(index, column)| Ok((column.name(), row.get(index)?)))
    }

    /// Returns the row as a [`Record`], which has the other functions: row number, single cells, base64.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let row = rows.next()?.unwrap();
    /// assert_eq!(row.record().row_number(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn record(&self) -> Record<'a> {
        self.record
    }

    /// Returns the table that the row belongs to.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// assert_eq!(rows.next()?.unwrap().table().result(), "_result");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn table(&self) -> Table<'a> {
        self.record.table()
    }

    /// Returns the cells of the data columns in order; see [`Record::cells`].
    #[must_use]
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Cell<'a>> + Clone + use<'a> {
        self.record.cells()
    }
}
