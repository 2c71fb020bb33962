//! Rows into your own types, by serde.
//!
//! A struct takes the columns its fields are named after (`#[serde(rename = "_value")]`) and never
//! looks at the others; a map takes all; a tuple takes them in order and has to be as long as the
//! table is wide; a single value takes the only column. Column by column the rules are those of
//! [`FromCell`](super::FromCell), and a null is for an `Option`, or for a text, which is empty
//! then.
//!
//! Times become a [`Time`](crate::Time), an `i64` of nanoseconds, a `SystemTime`, or text. Enums
//! are read by the name of their variant. A text can be borrowed (`&str`) where the row lives
//! long enough: [`Record::deserialize`], [`Row::deserialize`](super::Row::deserialize).
//!
//! `#[serde(deny_unknown_fields)]` on a struct has no effect: columns without a field are not
//! shown to it.

use core::fmt;
use core::time::Duration;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::ValueErrorKind;
use super::record::{Cell, Excerpt, Record};
use super::table::{DataType, Table};
use super::value::FromCell;
use crate::time::Time;

impl<'a> Record<'a> {
    /// The record as a `T`.
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
    ///     time: influx_edge::Time,
    ///     #[serde(rename = "_value")]
    ///     value: Option<f64>,
    ///     station: &'a str,
    /// }
    ///
    /// let (mut text, mut ends) = ([0; 256], [0; 32]);
    /// let mut decoder = Decoder::new(&mut text, &mut ends);
    /// let mut input: &[u8] = b"#datatype,string,long,dateTime:RFC3339,double,string\r\n\
    ///     ,result,table,_time,_value,station\r\n,,0,1970-01-01T00:00:01Z,1.5,zrh-1\r\n";
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
    /// [`DeserializeError`] names the column and says what doesn't fit.
    pub fn deserialize<T: de::Deserialize<'a>>(&self) -> Result<T, DeserializeError> {
        T::deserialize(RowDeserializer {
            record: *self,
            places: &mut Search,
        })
    }
}

/// Why a record doesn't become the type asked for.
#[derive(Clone, Debug)]
pub struct DeserializeError {
    pub(super) row: u64,
    /// The cell, as the table counts them; 0 if it isn't about one.
    pub(super) place: usize,
    pub(super) message: Message,
}

impl DeserializeError {
    /// Row of the stream, from 1.
    #[must_use]
    pub fn row(&self) -> u64 {
        self.row
    }

    fn at(mut self, record: &Record<'_>, place: usize) -> DeserializeError {
        self.row = record.row;
        if self.place == 0 {
            self.place = place;
        }
        self
    }

    #[cold]
    fn value(kind: ValueErrorKind, wanted: &str, cell: Cell<'_>) -> DeserializeError {
        if kind == ValueErrorKind::Null {
            return DeserializeError::custom(format_args!("wanted {wanted}: {kind}"));
        }
        DeserializeError::custom(format_args!(
            "wanted {wanted}, found {} ({}): {kind}",
            Excerpt(cell.bytes()),
            cell.datatype().as_str(),
        ))
    }
}

impl fmt::Display for DeserializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if self.place != 0 {
            write!(f, ", cell {}", self.place)?;
        }
        write!(f, ": {}", self.message.as_str())
    }
}

impl core::error::Error for DeserializeError {}

impl de::Error for DeserializeError {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> DeserializeError {
        DeserializeError {
            row: 0,
            place: 0,
            message: Message::new(message),
        }
    }
}

/// The text of an error: on the heap where there is one, else in place and cut to length.
#[derive(Clone)]
pub(super) struct Message {
    #[cfg(feature = "alloc")]
    text: alloc::boxed::Box<str>,
    #[cfg(not(feature = "alloc"))]
    text: [u8; 95],
    #[cfg(not(feature = "alloc"))]
    len: u8,
}

impl Message {
    #[cfg(feature = "alloc")]
    fn new(message: impl fmt::Display) -> Message {
        Message {
            text: alloc::string::ToString::to_string(&message).into_boxed_str(),
        }
    }

    #[cfg(feature = "alloc")]
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    #[cfg(not(feature = "alloc"))]
    fn new(message: impl fmt::Display) -> Message {
        let mut new = Message {
            text: [0; 95],
            len: 0,
        };
        // The error says that it didn't fit; the part that did is what we want.
        let _ = fmt::write(&mut new, format_args!("{message}"));
        new
    }

    #[cfg(not(feature = "alloc"))]
    pub(super) fn as_str(&self) -> &str {
        super::table::utf8(self.text.get(..usize::from(self.len)).unwrap_or_default())
    }
}

#[cfg(not(feature = "alloc"))]
impl fmt::Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let at = usize::from(self.len);
            let end = at + character.len_utf8();
            let room = self.text.get_mut(at..end).ok_or(fmt::Error)?;
            character.encode_utf8(room);
            self.len = u8::try_from(end).map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Where the fields of a struct are found among the columns.
pub(super) trait Places {
    /// The fields, before the first is asked for.
    fn begin(&mut self, table: &Table<'_>, fields: &'static [&'static str]);
    /// The cell of the `index`th field.
    fn place(&self, table: &Table<'_>, index: usize, name: &str) -> Option<usize>;
}

/// Searches every time.
struct Search;

impl Places for Search {
    fn begin(&mut self, _: &Table<'_>, _: &'static [&'static str]) {}

    fn place(&self, table: &Table<'_>, _: usize, name: &str) -> Option<usize> {
        table.find(name)
    }
}

/// Remembers the places for as long as the header is the same.
#[cfg(feature = "std")]
#[derive(Debug, Default)]
pub(super) struct Remembered {
    header: u64,
    fields: &'static [&'static str],
    places: alloc::vec::Vec<Option<usize>>,
}

#[cfg(feature = "std")]
impl Places for Remembered {
    #[inline]
    fn begin(&mut self, table: &Table<'_>, fields: &'static [&'static str]) {
        if self.header != table.block.number || !core::ptr::eq(self.fields, fields) {
            self.header = table.block.number;
            self.fields = fields;
            self.places.clear();
            self.places
                .extend(fields.iter().map(|name| table.find(name)));
        }
    }

    #[inline]
    fn place(&self, _: &Table<'_>, index: usize, _: &str) -> Option<usize> {
        self.places.get(index).copied().flatten()
    }
}

/// A record as serde sees it.
pub(super) struct RowDeserializer<'de, 'p, P> {
    pub(super) record: Record<'de>,
    pub(super) places: &'p mut P,
}

impl<'de, P: Places> RowDeserializer<'de, '_, P> {
    /// A single value is the only column's.
    fn only(self) -> Result<CellDeserializer<'de>, DeserializeError> {
        let place = self.record.table.cell_at(0);
        match (self.record.table.width(), place) {
            (1, Some(place)) => Ok(CellDeserializer {
                cell: self.record.cell_at(place),
            }),
            (width, _) => Err(DeserializeError::custom(format_args!(
                "a single value for a table of {width} columns"
            ))
            .at(&self.record, 0)),
        }
    }
}

macro_rules! from_only_column {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
            let record = self.record;
            self.only()?.$method(visitor).map_err(|error| error.at(&record, 0))
        }
    )*};
}

impl<'de, P: Places> Deserializer<'de> for RowDeserializer<'de, '_, P> {
    type Error = DeserializeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let next = self.record.table.block.first_column();
        let record = self.record;
        visitor
            .visit_map(AllColumns { record, next })
            .map_err(|error| error.at(&record, 0))
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let record = self.record;
        self.places.begin(&record.table, fields);
        visitor
            .visit_map(Fields {
                record,
                places: self.places,
                fields,
                next: 0,
                place: 0,
            })
            .map_err(|error| error.at(&record, 0))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let next = self.record.table.block.first_column();
        let record = self.record;
        visitor
            .visit_seq(AllColumns { record, next })
            .map_err(|error| error.at(&record, 0))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let width = self.record.table.width();
        if len != width {
            return Err(DeserializeError::custom(format_args!(
                "a tuple of {len} for a table of {width} columns"
            ))
            .at(&self.record, 0));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let record = self.record;
        self.only()?
            .deserialize_enum(name, variants, visitor)
            .map_err(|error| error.at(&record, 0))
    }

    from_only_column! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32
        deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_identifier
    }
}

/// All columns: names and values of a map, values of a sequence.
struct AllColumns<'de> {
    record: Record<'de>,
    next: usize,
}

impl<'de> AllColumns<'de> {
    fn value<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, DeserializeError> {
        let place = self.next;
        self.next += 1;
        seed.deserialize(CellDeserializer {
            cell: self.record.cell_at(place),
        })
        .map_err(|error| error.at(&self.record, place))
    }
}

impl<'de> MapAccess<'de> for AllColumns<'de> {
    type Error = DeserializeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Self::Error> {
        if self.next >= self.record.table.block.cells {
            return Ok(None);
        }
        let name = super::table::utf8(self.record.table.name_bytes(self.next));
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<T::Value, Self::Error> {
        self.value(seed)
    }
}

impl<'de> SeqAccess<'de> for AllColumns<'de> {
    type Error = DeserializeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Self::Error> {
        if self.next >= self.record.table.block.cells {
            return Ok(None);
        }
        self.value(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.record.table.block.cells.saturating_sub(self.next))
    }
}

/// The columns that a struct has fields for, in the order of the fields. A field without column
/// is left out, so that serde says it is missing or takes its default.
struct Fields<'de, 'p, P> {
    record: Record<'de>,
    places: &'p P,
    fields: &'static [&'static str],
    next: usize,
    place: usize,
}

impl<'de, P: Places> MapAccess<'de> for Fields<'de, '_, P> {
    type Error = DeserializeError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Self::Error> {
        while let Some(&name) = self.fields.get(self.next) {
            let index = self.next;
            self.next += 1;
            if let Some(place) = self.places.place(&self.record.table, index, name) {
                self.place = place;
                return seed
                    .deserialize(BorrowedStrDeserializer::new(name))
                    .map(Some);
            }
        }
        Ok(None)
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<T::Value, Self::Error> {
        seed.deserialize(CellDeserializer {
            cell: self.record.cell_at(self.place),
        })
        .map_err(|error| error.at(&self.record, self.place))
    }
}

/// One cell as serde sees it.
#[derive(Clone, Copy)]
struct CellDeserializer<'de> {
    cell: Cell<'de>,
}

impl<'de> CellDeserializer<'de> {
    #[inline]
    fn parse<T: FromCell<'de>>(self) -> Result<T, DeserializeError> {
        T::from_cell(self.cell).map_err(|kind| DeserializeError::value(kind, T::WANTED, self.cell))
    }
}

macro_rules! parsed {
    ($($method:ident $type:ty, $visit:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
            visitor.$visit(self.parse::<$type>()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for CellDeserializer<'de> {
    type Error = DeserializeError;

    /// What the column's datatype says; times as text.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.cell.is_null() {
            return visitor.visit_none();
        }
        match self.cell.datatype() {
            DataType::Double => visitor.visit_f64(self.parse()?),
            DataType::Long => visitor.visit_i64(self.parse()?),
            DataType::UnsignedLong => visitor.visit_u64(self.parse()?),
            DataType::Boolean => visitor.visit_bool(self.parse()?),
            _ => visitor.visit_borrowed_str(self.parse()?),
        }
    }

    parsed! {
        deserialize_bool bool, visit_bool;
        deserialize_i8 i64, visit_i64;
        deserialize_i16 i64, visit_i64;
        deserialize_i32 i64, visit_i64;
        deserialize_i64 i64, visit_i64;
        deserialize_u8 u64, visit_u64;
        deserialize_u16 u64, visit_u64;
        deserialize_u32 u64, visit_u64;
        deserialize_u64 u64, visit_u64;
        deserialize_f32 f64, visit_f64;
        deserialize_f64 f64, visit_f64;
        deserialize_char &'de str, visit_borrowed_str;
        deserialize_str &'de str, visit_borrowed_str;
        deserialize_string &'de str, visit_borrowed_str;
        deserialize_identifier &'de str, visit_borrowed_str;
        deserialize_bytes &'de [u8], visit_borrowed_bytes;
    }

    /// Owned bytes of a `base64Binary` column are decoded; borrowed ones can't be.
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        #[cfg(feature = "alloc")]
        if self.cell.datatype() == DataType::Base64 && !self.cell.is_null() {
            let mut bytes = alloc::vec![0; self.cell.bytes().len() / 4 * 3 + 3];
            let used = super::value::decode_base64(self.cell, &mut bytes)
                .map(<[u8]>::len)
                .map_err(|kind| DeserializeError::value(kind, "bytes in base64", self.cell))?;
            bytes.truncate(used);
            return visitor.visit_byte_buf(bytes);
        }
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.cell.is_null() {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.parse()?))
    }

    /// serde's form of the standard library's times: a struct of seconds and nanoseconds.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let since = match name {
            "SystemTime" => {
                let time: Time = self.parse()?;
                u64::try_from(time.as_nanos())
                    .map(Duration::from_nanos)
                    .map_err(|_| {
                        DeserializeError::value(
                            ValueErrorKind::OutOfRange,
                            "a time since 1970",
                            self.cell,
                        )
                    })?
            }
            "Duration" => self.parse()?,
            _ => return self.deserialize_any(visitor),
        };
        visitor.visit_seq(SecondsAndNanos {
            parts: [since.as_secs(), u64::from(since.subsec_nanos())],
            next: 0,
        })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.cell.is_null() {
            return visitor.visit_unit();
        }
        let found = core::str::from_utf8(self.cell.bytes())
            .map_or(Unexpected::Bytes(self.cell.bytes()), Unexpected::Str);
        Err(DeserializeError::invalid_type(found, &visitor))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { unit_struct seq tuple tuple_struct map }
}

struct SecondsAndNanos {
    parts: [u64; 2],
    next: usize,
}

impl<'de> SeqAccess<'de> for SecondsAndNanos {
    type Error = DeserializeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Self::Error> {
        let Some(&part) = self.parts.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        seed.deserialize(de::value::U64Deserializer::new(part))
            .map(Some)
    }
}
