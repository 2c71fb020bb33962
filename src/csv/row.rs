//! `Row`: a record with std, whose errors have names.

use super::cell::{Cell, FromCell};
use super::column_key::ColumnKey;
use super::read_error::ReadError;
use super::record::Record;
use super::table::Table;
use super::value::Value;

/// One row, lent by [`Rows`] until the next is asked for.
///
/// It is a [`Record`] whose errors come with names, so that they can leave the loop.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    record: Record<'a>,
}

impl<'a> Row<'a> {
    #[inline]
    pub(super) fn new(record: Record<'a>) -> Row<'a> {
        Row { record }
    }

    /// The value of a column as `T`; see [`Record::get`] and [`FromCell`].
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let row = rows.next()?.unwrap();
    /// let value: f64 = row.get("_value")?;
    /// let station: Option<&str> = row.get("station")?; // None where the cell is empty
    /// assert_eq!((value, station), (20.25, Some("zrh-1")));
    /// assert!(row.get::<i64>("_value").is_err()); // not cut to 20
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ReadErrorKind::Value`](super::ReadErrorKind::Value) under the conditions of
    /// [`Record::get`]; it names row, column, what was wanted and what was found.
    #[inline]
    pub fn get<T: FromCell<'a>>(&self, key: impl ColumnKey) -> Result<T, ReadError> {
        self.record
            .get(&key)
            .map_err(|error| ReadError::value(&self.record, error, &key))
    }

    /// The names and values of all columns, in order: a row whose columns aren't known beforehand.
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
    /// Each item is an error if its cell isn't what the column's datatype says.
    pub fn values(
        &self,
    ) -> impl Iterator<Item = Result<(&'a str, Value<'a>), ReadError>> + use<'a> {
        let row = *self;
        row.table()
            .columns()
            .enumerate()
            .map(move |(index, column)| Ok((column.name(), row.get(index)?)))
    }

    /// The row as the core's record.
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
