//! Deserialization of rows by serde. [`Record::deserialize`] has the rules.

mod cell;
mod error;
#[cfg(feature = "alloc")]
mod locate;
mod row;
#[cfg(feature = "std")]
mod rows;

pub use error::DeserializeError;

#[cfg(feature = "v3")]
pub(super) use row::Remembered;
use row::{RowDeserializer, Search};
#[cfg(feature = "v3")]
pub(super) use rows::read_as;

use super::record::Record;

impl<'a> Record<'a> {
    /// Deserializes the record into a `T`.
    ///
    /// - A struct reads the columns that its fields are named after (`#[serde(rename = "_value")]`). It doesn't
    ///   get the other columns, so `#[serde(deny_unknown_fields)]` has no effect.
    /// - A map reads all columns, and so does a struct with `#[serde(flatten)]`.
    /// - A tuple reads them in order, and must have as many elements as the table has columns.
    /// - A single value reads the only column.
    ///
    /// Each cell is converted by the rules of [`FromCell`](super::FromCell). Null is for an `Option`, or an empty
    /// text. A time becomes a [`Timestamp`](crate::Timestamp), an `i64` of nanoseconds, a `SystemTime` (from 1970
    /// on), or text. An enum is read by the name of its variant. Text may be borrowed.
    ///
    /// Allocates nothing itself. Searches for the columns in every record;
    /// [`Rows::deserialize`](super::Rows::deserialize) does so once per header.
    ///
    /// ```
    /// use influx_edge::csv::{Decoder, Step};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Sample<'a> {
    ///     #[serde(rename = "_time")]
    ///     time: influx_edge::Timestamp,
    ///     #[serde(rename = "_value")]
    ///     value: Option<f64>,
    ///     station: &'a str,
    /// }
    ///
    /// let (mut text, mut ends) = ([0; 256], [0; 32]);
    /// let mut decoder = Decoder::new(&mut text, &mut ends);
    /// let mut input: &[u8] = b"\
    ///     #datatype,string,long,dateTime:RFC3339,double,string\r\n\
    ///     ,result,table,_time,_value,station\r\n\
    ///     ,_result,0,1970-01-01T00:00:01Z,1.5,zrh-1\r\n";
    /// loop {
    ///     let (used, step) = decoder.feed(input)?;
    ///     input = &input[used..];
    ///     match step {
    ///         Step::Record => {
    ///             let sample: Sample = decoder.record().deserialize()?;
    ///             assert_eq!(sample.time.as_nanos(), 1_000_000_000);
    ///             assert_eq!((sample.value, sample.station), (Some(1.5), "zrh-1"));
    ///         }
    ///         Step::NeedInput => break,
    ///         _ => {}
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error, with the column, if a cell can't be converted. For a field within `#[serde(flatten)]`,
    /// whose column serde doesn't pass on, it is the column with that value; if several have it, the message lists
    /// them.
    pub fn deserialize<T: serde::Deserialize<'a>>(&self) -> Result<T, DeserializeError> {
        T::deserialize(RowDeserializer {
            record: *self,
            places: &mut Search,
            unit: crate::Precision::Nanosecond,
        })
    }
}
