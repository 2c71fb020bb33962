//! `Receiver`: serde's thirty kinds of values, brought down to the few that a line distinguishes.

use core::fmt;

use serde::ser::{
    Impossible, Serialize, SerializeMap, SerializeStruct, Serializer as SerdeSerializer,
};

use super::Failed;
use crate::line::error::ValueKind;

pub(super) type Done = Result<(), Failed>;

/// Takes one value: a whole line, one of its entries, or the key of a map. A receiver rejects every kind that it
/// has no method for.
pub(super) trait Receiver: Sized {
    type Map: SerializeMap<Ok = (), Error = Failed>;
    type Struct: SerializeStruct<Ok = (), Error = Failed>;

    /// Returns the error for a value of this kind, after it has noted the reason.
    fn reject(self, kind: ValueKind) -> Failed;

    #[inline]
    fn boolean(self, _: bool) -> Done {
        Err(self.reject(ValueKind::Boolean))
    }

    #[inline]
    fn signed(self, _: i64) -> Done {
        Err(self.reject(ValueKind::Integer))
    }

    #[inline]
    fn unsigned(self, _: u64) -> Done {
        Err(self.reject(ValueKind::Integer))
    }

    /// Takes an integer that 64 bits can't hold.
    fn wide(self, _: fmt::Arguments<'_>) -> Done {
        Err(self.reject(ValueKind::WideInteger))
    }

    #[inline]
    fn float32(self, _: f32) -> Done {
        Err(self.reject(ValueKind::Float))
    }

    #[inline]
    fn float64(self, _: f64) -> Done {
        Err(self.reject(ValueKind::Float))
    }

    #[inline]
    fn text(self, _: &str) -> Done {
        Err(self.reject(ValueKind::Text))
    }

    fn display(self, _: fmt::Arguments<'_>) -> Done {
        Err(self.reject(ValueKind::Text))
    }

    /// Takes `None` or `()`.
    #[inline]
    fn nothing(self) -> Done {
        Err(self.reject(ValueKind::Nothing))
    }

    fn unit_struct(self) -> Done {
        Err(self.reject(ValueKind::Nothing))
    }

    #[inline]
    fn map(self) -> Result<Self::Map, Failed> {
        Err(self.reject(ValueKind::Map))
    }

    #[inline]
    fn structure(self, _: &'static str) -> Result<Self::Struct, Failed> {
        Err(self.reject(ValueKind::Struct))
    }

    /// Prepares for what is in a newtype of this name.
    #[inline]
    fn newtype(self, _: &'static str) -> Self {
        self
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        true
    }
}

/// Passes a serialized value to a receiver.
pub(super) struct Serializer<R>(pub(super) R);

macro_rules! widened {
    ($($method:ident($t:ty) $to:ident;)*) => {$(
        #[inline]
        fn $method(self, value: $t) -> Done {
            self.0.$to(value.into())
        }
    )*};
}

impl<R: Receiver> SerdeSerializer for Serializer<R> {
    type Ok = ();
    type Error = Failed;
    type SerializeSeq = Impossible<(), Failed>;
    type SerializeTuple = Impossible<(), Failed>;
    type SerializeTupleStruct = Impossible<(), Failed>;
    type SerializeTupleVariant = Impossible<(), Failed>;
    type SerializeMap = R::Map;
    type SerializeStruct = R::Struct;
    type SerializeStructVariant = Impossible<(), Failed>;

    widened! {
        serialize_bool(bool) boolean;
        serialize_i8(i8) signed;
        serialize_i16(i16) signed;
        serialize_i32(i32) signed;
        serialize_i64(i64) signed;
        serialize_u8(u8) unsigned;
        serialize_u16(u16) unsigned;
        serialize_u32(u32) unsigned;
        serialize_u64(u64) unsigned;
        serialize_f32(f32) float32;
        serialize_f64(f64) float64;
    }

    fn serialize_i128(self, value: i128) -> Done {
        match i64::try_from(value) {
            Ok(value) => self.0.signed(value),
            Err(_) => self.0.wide(format_args!("{value}")),
        }
    }

    fn serialize_u128(self, value: u128) -> Done {
        match u64::try_from(value) {
            Ok(value) => self.0.unsigned(value),
            Err(_) => self.0.wide(format_args!("{value}")),
        }
    }

    #[inline]
    fn serialize_char(self, value: char) -> Done {
        self.0.text(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Done {
        self.0.text(value)
    }

    fn collect_str<T: ?Sized + fmt::Display>(self, value: &T) -> Done {
        self.0.display(format_args!("{value}"))
    }

    fn serialize_bytes(self, _: &[u8]) -> Done {
        Err(self.0.reject(ValueKind::Bytes))
    }

    #[inline]
    fn serialize_none(self) -> Done {
        self.0.nothing()
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Done {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Done {
        self.0.nothing()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.0.unit_struct()
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.0.text(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        value: &T,
    ) -> Done {
        value.serialize(Serializer(self.0.newtype(name)))
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Done {
        Err(self.0.reject(ValueKind::Variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Failed> {
        Err(self.0.reject(ValueKind::Sequence))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Failed> {
        Err(self.0.reject(ValueKind::Sequence))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Failed> {
        Err(self.0.reject(ValueKind::Sequence))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Failed> {
        Err(self.0.reject(ValueKind::Variant))
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<R::Map, Failed> {
        self.0.map()
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<R::Struct, Failed> {
        self.0.structure(name)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Failed> {
        Err(self.0.reject(ValueKind::Variant))
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}
