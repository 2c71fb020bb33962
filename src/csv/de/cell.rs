//! The deserializer of a cell.

use core::time::Duration;

use serde::de::value::{BorrowedStrDeserializer, U64Deserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::error::DeserializeError;
use crate::Precision;
use crate::csv::cell::{Cell, FromCell};
use crate::csv::data_type::DataType;
use crate::csv::error::ValueErrorKind;
#[cfg(feature = "v3")]
use crate::csv::untyped;
use crate::timestamp::Timestamp;

/// A cell as a deserializer.
#[derive(Clone, Copy)]
pub(super) struct CellDeserializer<'de> {
    pub(super) cell: Cell<'de>,
    /// The unit of a time that is read as an integer.
    pub(super) unit: Precision,
}

impl<'de> CellDeserializer<'de> {
    #[inline]
    fn parse<T: FromCell<'de>>(self) -> Result<T, DeserializeError> {
        T::from_cell(self.cell).map_err(|kind| DeserializeError::value(kind, T::WANTED, self.cell))
    }
}

impl CellDeserializer<'_> {
    #[inline]
    fn signed(self) -> Result<i64, DeserializeError> {
        match self.cell.data_type() {
            DataType::Time if !self.cell.is_null() => self.time_count(),
            #[cfg(feature = "v3")]
            DataType::Untyped if untyped::is_time(self.cell.as_bytes()) => self.time_count(),
            _ => self.parse(),
        }
    }

    #[inline]
    fn unsigned(self) -> Result<u64, DeserializeError> {
        match self.cell.data_type() {
            DataType::Time if !self.cell.is_null() => self.time_since_1970(),
            #[cfg(feature = "v3")]
            DataType::Untyped if untyped::is_time(self.cell.as_bytes()) => self.time_since_1970(),
            _ => self.parse(),
        }
    }

    fn time_since_1970(self) -> Result<u64, DeserializeError> {
        u64::try_from(self.time_count()?).map_err(|_| {
            DeserializeError::value(ValueErrorKind::OutOfRange, "a time since 1970", self.cell)
        })
    }

    fn time_count(self) -> Result<i64, DeserializeError> {
        let time: Timestamp = self.parse()?;
        Ok(time.as_nanos().div_euclid(self.unit.nanos()))
    }
}

macro_rules! integers {
    ($($method:ident $read:ident, $visit:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
            visitor.$visit(self.$read()?)
        }
    )*};
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

    /// A value of the column's datatype; a time as text.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.cell.is_null() {
            return visitor.visit_none();
        }
        match self.cell.data_type() {
            DataType::Double => visitor.visit_f64(self.parse()?),
            DataType::Long => visitor.visit_i64(self.parse()?),
            DataType::UnsignedLong => visitor.visit_u64(self.parse()?),
            DataType::Boolean => visitor.visit_bool(self.parse()?),
            _ => visitor.visit_borrowed_str(self.parse()?),
        }
    }

    integers! {
        deserialize_i8 signed, visit_i64;
        deserialize_i16 signed, visit_i64;
        deserialize_i32 signed, visit_i64;
        deserialize_i64 signed, visit_i64;
        deserialize_u8 unsigned, visit_u64;
        deserialize_u16 unsigned, visit_u64;
        deserialize_u32 unsigned, visit_u64;
        deserialize_u64 unsigned, visit_u64;
    }

    parsed! {
        deserialize_bool bool, visit_bool;
        deserialize_f32 f32, visit_f32;
        deserialize_f64 f64, visit_f64;
        deserialize_char &'de str, visit_borrowed_str;
        deserialize_str &'de str, visit_borrowed_str;
        deserialize_string &'de str, visit_borrowed_str;
        deserialize_identifier &'de str, visit_borrowed_str;
        deserialize_bytes &'de [u8], visit_borrowed_bytes;
    }

    /// Decodes a `base64Binary` column. Borrowed bytes can't be decoded, so they are the text.
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        #[cfg(feature = "alloc")]
        if self.cell.data_type() == DataType::Base64 && !self.cell.is_null() {
            let mut bytes = alloc::vec![0; self.cell.as_bytes().len() / 4 * 3 + 3];
            let used = crate::csv::from_cell::decode_base64(self.cell, &mut bytes)
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

    /// serde deserializes the standard library's times from a struct of seconds and nanoseconds.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let since = match name {
            "SystemTime" => {
                let time: Timestamp = self.parse()?;
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
        let found = core::str::from_utf8(self.cell.as_bytes())
            .map_or(Unexpected::Bytes(self.cell.as_bytes()), Unexpected::Str);
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
        seed.deserialize(U64Deserializer::new(part)).map(Some)
    }
}
