//! Deserialization of the rows of a reader.

use alloc::borrow::ToOwned;
use std::io::Read;

use serde::de::{Deserialize, DeserializeOwned};

use super::error::DeserializeError;
use super::row::{Remembered, RowDeserializer};
use crate::Precision;
use crate::csv::read_error::{ReadError, ReadErrorKind};
use crate::csv::record::Record;
use crate::csv::row::Row;
use crate::csv::rows::Rows;

impl<R: Read> Rows<R> {
    /// Returns an iterator of the remaining rows as values of type `T`. A row that can't be deserialized is an error
    /// of its own, and the rows after it follow; an error of the stream ends the iterator.
    ///
    /// Searches for the columns once per header. Allocates nothing per row unless `T` owns something.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    /// use influx_edge::csv::Rows;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Sample {
    ///     #[serde(rename = "_time")]
    ///     time: Timestamp,
    ///     #[serde(rename = "_value")]
    ///     value: f64,
    /// }
    ///
    /// let response = "#datatype,string,long,dateTime:RFC3339,double\r\n\
    ///     #default,_result,,,\r\n\
    ///     ,result,table,_time,_value\r\n,,0,2023-11-14T22:13:20Z,20.25\r\n";
    /// for sample in Rows::new(response.as_bytes()).deserialize::<Sample>() {
    ///     let sample = sample?;
    ///     assert_eq!(sample.time.to_string(), "2023-11-14T22:13:20Z");
    ///     assert_eq!(sample.value, 20.25);
    /// }
    /// # Ok::<(), influx_edge::csv::ReadError>(())
    /// ```
    pub fn deserialize<T: DeserializeOwned>(
        &mut self,
    ) -> impl Iterator<Item = Result<T, ReadError>> {
        let mut places = Remembered::default();
        core::iter::from_fn(move || self.next_as(&mut places))
    }

    /// As [`Rows::deserialize`], for an iterator that outlives its caller.
    #[cfg(feature = "client")]
    pub(crate) fn into_deserialize<T: DeserializeOwned>(
        mut self,
    ) -> impl Iterator<Item = Result<T, ReadError>> {
        let mut places = Remembered::default();
        core::iter::from_fn(move || self.next_as(&mut places))
    }

    #[inline]
    fn next_as<T: DeserializeOwned>(
        &mut self,
        places: &mut Remembered,
    ) -> Option<Result<T, ReadError>> {
        let unit = self.time_unit;
        let record = match self.next() {
            Ok(row) => row?.record(),
            Err(error) => return Some(Err(error)),
        };
        Some(read_as(&record, places, unit))
    }

    /// Sets the unit in which [`deserialize`](Rows::deserialize) reads times as integers; they are rounded
    /// down. Default: nanoseconds.
    ///
    /// ```
    /// use influx_edge::Precision;
    /// use influx_edge::csv::Rows;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Sample {
    ///     _time: u32,
    /// }
    ///
    /// let response = "#datatype,string,long,dateTime:RFC3339,double\r\n\
    ///     #default,_result,,,\r\n\
    ///     ,result,table,_time,_value\r\n,,0,2023-11-14T22:13:20Z,20.25\r\n";
    /// let mut rows = Rows::new(response.as_bytes()).time_precision(Precision::Second);
    /// for sample in rows.deserialize::<Sample>() {
    ///     assert_eq!(sample?._time, 1_700_000_000);
    /// }
    /// # Ok::<(), influx_edge::csv::ReadError>(())
    /// ```
    #[must_use]
    pub fn time_precision(mut self, unit: Precision) -> Self {
        self.time_unit = unit;
        self
    }
}

impl<'a> Row<'a> {
    /// Deserializes the row into a `T`, which may borrow from it; see [`Record::deserialize`].
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// #[derive(serde::Deserialize)]
    /// struct Sample<'a> {
    ///     station: &'a str,
    ///     _value: f64,
    /// }
    ///
    /// let row = rows.next()?.unwrap();
    /// let sample: Sample<'_> = row.deserialize()?;
    /// assert_eq!((sample.station, sample._value), ("zrh-1", 20.25));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ReadErrorKind::Deserialize`], with row and column, if a cell can't be converted.
    pub fn deserialize<T: Deserialize<'a>>(&self) -> Result<T, ReadError> {
        self.record()
            .deserialize()
            .map_err(|error| named(&self.record(), &error))
    }
}

/// Deserializes a record into a value that doesn't borrow from it.
#[inline]
pub(in crate::csv) fn read_as<T: DeserializeOwned>(
    record: &Record<'_>,
    places: &mut Remembered,
    unit: Precision,
) -> Result<T, ReadError> {
    let row = RowDeserializer {
        record: *record,
        places,
        unit,
    };
    T::deserialize(row).map_err(|error| named(record, &error))
}

#[cold]
fn named(record: &Record<'_>, error: &DeserializeError) -> ReadError {
    let name = record.table().name_bytes(error.place);
    ReadError::new(ReadErrorKind::Deserialize {
        row: error.row,
        column: (error.place != 0).then(|| crate::csv::table::utf8(name).to_owned()),
        message: error.message.as_str().to_owned(),
    })
}
