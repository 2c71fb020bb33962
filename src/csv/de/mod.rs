//! Deserialization of rows with serde. [`Record::deserialize`] has the rules.

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
    /// The record as a `T`.
    ///
    /// - A struct takes the columns its fields are named after (`#[serde(rename = "_value")]`).
    ///   The other columns are not shown to it, so `#[serde(deny_unknown_fields)]` has no effect.
    /// - A map takes all columns, and so does a struct with `#[serde(flatten)]`.
    /// - A tuple takes them in order, and has to be as long as the table is wide.
    /// - A single value takes the only column.
    ///
    /// Column by column the rules are those of [`FromCell`](super::FromCell). A null is for an
    /// `Option`, or for a text, which is empty then. Times become a [`Timestamp`](crate::Timestamp), an
    /// `i64` of nanoseconds, a `SystemTime` (from 1970 on), or text; enums are read by the name of
    /// their variant; a text may be borrowed.
    ///
    /// Allocates nothing by itself. The columns are searched for in every record;
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
    /// let mut input: &[u8] = b"#datatype,string,long,dateTime:RFC3339,double,string\r\n\
    ///     ,result,table,_time,_value,station\r\n,_result,0,1970-01-01T00:00:01Z,1.5,zrh-1\r\n";
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
    /// Returns an error if a column doesn't fit; it names the column. For a field within
    /// `#[serde(flatten)]`, whose column serde doesn't tell, it is the column that has the value;
    /// if several have it, the message lists them.
    pub fn deserialize<T: serde::Deserialize<'a>>(&self) -> Result<T, DeserializeError> {
        T::deserialize(RowDeserializer {
            record: *self,
            places: &mut Search,
            unit: crate::Precision::Nanosecond,
        })
    }
}
