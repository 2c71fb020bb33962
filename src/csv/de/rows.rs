//! Iterators over the deserialized rows of a reader.

use alloc::borrow::ToOwned;
use core::fmt;
use core::marker::PhantomData;
use std::io::Read;

use serde::de::{Deserialize, DeserializeOwned};

use super::error::DeserializeError;
use super::row::{Remembered, RowDeserializer};
use crate::Precision;
use crate::csv::read_error::{ReadError, ReadErrorKind};
use crate::csv::record::Record;
use crate::csv::rows::{Row, Rows};

impl<R: Read> Rows<R> {
    /// All remaining rows, each as a `T`.
    ///
    /// Columns are looked up once per header, and nothing is allocated per row unless `T` owns
    /// something.
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
    /// let response = "#datatype,string,long,dateTime:RFC3339,double\r\n#default,_result,,,\r\n\
    ///     ,result,table,_time,_value\r\n,,0,2023-11-14T22:13:20Z,20.25\r\n";
    /// for sample in Rows::new(response.as_bytes()).deserialize::<Sample>() {
    ///     let sample = sample?;
    ///     assert_eq!(sample.time.to_string(), "2023-11-14T22:13:20Z");
    ///     assert_eq!(sample.value, 20.25);
    /// }
    /// # Ok::<(), influx_edge::csv::ReadError>(())
    /// ```
    pub fn deserialize<T: DeserializeOwned>(self) -> Deserialized<R, T> {
        Deserialized {
            rows: self,
            places: Remembered::default(),
            unit: Precision::Nanosecond,
            kind: PhantomData,
        }
    }
}

impl<'a> Row<'a> {
    /// The row as a `T`, which may borrow from it.
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
    /// Returns [`ReadErrorKind::Deserialize`] if a column doesn't fit; it names row and column.
    pub fn deserialize<T: Deserialize<'a>>(&self) -> Result<T, ReadError> {
        self.record()
            .deserialize()
            .map_err(|error| named(&self.record(), &error))
    }
}

/// The rows of a response as values; see [`Rows::deserialize`].
///
/// After an error in the stream it ends. A row that doesn't fit `T` is an error of its own, and
/// the rows behind it still come.
pub struct Deserialized<R, T> {
    rows: Rows<R>,
    places: Remembered,
    unit: Precision,
    kind: PhantomData<fn() -> T>,
}

impl<R: Read, T: DeserializeOwned> Iterator for Deserialized<R, T> {
    type Item = Result<T, ReadError>;

    #[inline]
    fn next(&mut self) -> Option<Result<T, ReadError>> {
        let record = match self.rows.next() {
            Ok(row) => row?.record(),
            Err(error) => return Some(Err(error)),
        };
        Some(read_as(&record, &mut self.places, self.unit))
    }
}

/// A record as a value that borrows nothing of it.
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

impl<R: Read, T> Deserialized<R, T> {
    /// Sets the unit of times that are read as integers; they are rounded down. Default: nanoseconds.
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
    /// let response = "#datatype,string,long,dateTime:RFC3339,double\r\n#default,_result,,,\r\n\
    ///     ,result,table,_time,_value\r\n,,0,2023-11-14T22:13:20Z,20.25\r\n";
    /// let rows = Rows::new(response.as_bytes()).deserialize::<Sample>();
    /// for sample in rows.time_precision(Precision::Second) {
    ///     assert_eq!(sample?._time, 1_700_000_000);
    /// }
    /// # Ok::<(), influx_edge::csv::ReadError>(())
    /// ```
    #[must_use]
    pub fn time_precision(mut self, unit: Precision) -> Self {
        self.unit = unit;
        self
    }

    /// The profiles seen so far; see [`Rows::profile`].
    #[must_use]
    pub fn profile(&self) -> &str {
        self.rows.profile()
    }
}

impl<R, T> fmt::Debug for Deserialized<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deserialized")
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
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
