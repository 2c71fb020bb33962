//! The deserializer of a record: a map, a sequence, or a single value.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::cell::CellDeserializer;
use super::error::DeserializeError;
#[cfg(feature = "alloc")]
use super::locate::located;
use crate::Precision;
use crate::csv::record::Record;
use crate::csv::table::{Table, utf8};

/// The columns of a struct's fields.
pub(super) trait Places {
    /// Prepares for these fields.
    fn begin(&mut self, table: &Table<'_>, fields: &'static [&'static str]);
    /// Returns the cell of the `index`th field.
    fn place(&self, table: &Table<'_>, index: usize, name: &str) -> Option<usize>;
}

/// Searches for the column of every field in every record.
pub(super) struct Search;

impl Places for Search {
    fn begin(&mut self, _: &Table<'_>, _: &'static [&'static str]) {}

    fn place(&self, table: &Table<'_>, _: usize, name: &str) -> Option<usize> {
        table.find(name)
    }
}

/// Searches once per header. The fields are compared by address: serde's derive passes the same static slice for
/// every record.
#[cfg(feature = "std")]
#[derive(Debug, Default)]
pub(in crate::csv) struct Remembered {
    header: u64,
    fields: &'static [&'static str],
    places: alloc::vec::Vec<Option<usize>>,
}

#[cfg(feature = "std")]
impl Places for Remembered {
    #[inline]
    fn begin(&mut self, table: &Table<'_>, fields: &'static [&'static str]) {
        if self.header != table.schema.number || !core::ptr::eq(self.fields, fields) {
            self.header = table.schema.number;
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

/// A record as a deserializer.
pub(super) struct RowDeserializer<'de, 'p, P> {
    pub(super) record: Record<'de>,
    pub(super) places: &'p mut P,
    pub(super) unit: Precision,
}

impl<'de, P: Places> RowDeserializer<'de, '_, P> {
    /// Returns the only column, for a single value.
    fn only(self) -> Result<CellDeserializer<'de>, DeserializeError> {
        let place = self.record.table.cell_at(0);
        match (self.record.table.columns().len(), place) {
            (1, Some(place)) => Ok(CellDeserializer {
                cell: self.record.cell_at(place),
                unit: self.unit,
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
        let next = self.record.table.schema.first_column();
        let unit = self.unit;
        let record = self.record;
        visitor
            .visit_map(AllColumns { record, next, unit })
            .map_err(|error| located(error, &record))
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
                unit: self.unit,
            })
            .map_err(|error| error.at(&record, 0))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let next = self.record.table.schema.first_column();
        let unit = self.unit;
        let record = self.record;
        visitor
            .visit_seq(AllColumns { record, next, unit })
            .map_err(|error| error.at(&record, 0))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let width = self.record.table.columns().len();
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

/// Without a heap serde buffers no values.
#[cfg(not(feature = "alloc"))]
fn located(error: DeserializeError, record: &Record<'_>) -> DeserializeError {
    error.at(record, 0)
}

/// All columns, as the entries of a map or the values of a sequence.
struct AllColumns<'de> {
    record: Record<'de>,
    next: usize,
    unit: Precision,
}

impl<'de> AllColumns<'de> {
    fn value<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, DeserializeError> {
        let place = self.next;
        self.next += 1;
        seed.deserialize(CellDeserializer {
            cell: self.record.cell_at(place),
            unit: self.unit,
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
        if self.next >= self.record.table.schema.cells {
            return Ok(None);
        }
        let name = utf8(self.record.table.name_bytes(self.next));
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
        if self.next >= self.record.table.schema.cells {
            return Ok(None);
        }
        self.value(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.record.table.schema.cells.saturating_sub(self.next))
    }
}

/// The columns of a struct's fields, in the order of the fields. A field without a column is skipped, so that serde
/// reports it as missing or uses its default.
struct Fields<'de, 'p, P> {
    record: Record<'de>,
    places: &'p P,
    fields: &'static [&'static str],
    next: usize,
    place: usize,
    unit: Precision,
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
            unit: self.unit,
        })
        .map_err(|error| error.at(&self.record, self.place))
    }
}
