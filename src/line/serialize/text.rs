//! Text of limited length on the stack, and the keys of maps as text.

use core::fmt::{self, Write as _};

use serde::ser::{Impossible, Serialize, Serializer};

use super::Failed;
use crate::line::error::ValueKind;

/// Up to `N` bytes of text.
#[derive(Clone, Copy)]
pub(super) struct TextBuffer<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> TextBuffer<N> {
    pub(super) const fn new() -> Self {
        TextBuffer {
            bytes: [0; N],
            len: 0,
        }
    }

    /// The start of a text, as much as there is space for.
    pub(super) fn cut(text: &str) -> Self {
        let mut new = Self::new();
        for character in text.chars() {
            if new.write_char(character).is_err() {
                break;
            }
        }
        new
    }

    /// What something displays; `None` if that is longer, or fails.
    pub(super) fn of(text: fmt::Arguments<'_>) -> Option<Self> {
        let mut new = Self::new();
        new.write_fmt(text).ok().map(|()| new)
    }

    pub(super) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Write for TextBuffer<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len.checked_add(text.len()).ok_or(fmt::Error)?;
        let space = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        space.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Why a key of a map is no text.
#[derive(Clone, Copy)]
pub(super) enum NoKey {
    /// It is no scalar.
    Kind(ValueKind),
    /// It is longer than the buffer for it, or its `Display` failed.
    Format,
}

/// Hands the key of a map's entry on as text, or leaves the reason why there is none.
pub(super) struct Key<'k, F>(pub(super) F, pub(super) &'k mut Option<NoKey>);

impl<F: FnOnce(&str) -> Result<(), Failed>> Key<'_, F> {
    fn display(self, key: fmt::Arguments<'_>) -> Result<(), Failed> {
        match TextBuffer::<128>::of(key) {
            Some(text) => (self.0)(text.as_str()),
            None => {
                *self.1 = Some(NoKey::Format);
                Err(Failed)
            }
        }
    }

    #[cold]
    fn no_scalar<T>(self, kind: ValueKind) -> Result<T, Failed> {
        *self.1 = Some(NoKey::Kind(kind));
        Err(Failed)
    }
}

macro_rules! displayed {
    ($($method:ident $t:ty;)*) => {$(
        fn $method(self, key: $t) -> Result<(), Failed> {
            self.display(format_args!("{key}"))
        }
    )*};
}

impl<F: FnOnce(&str) -> Result<(), Failed>> Serializer for Key<'_, F> {
    type Ok = ();
    type Error = Failed;
    type SerializeSeq = Impossible<(), Failed>;
    type SerializeTuple = Impossible<(), Failed>;
    type SerializeTupleStruct = Impossible<(), Failed>;
    type SerializeTupleVariant = Impossible<(), Failed>;
    type SerializeMap = Impossible<(), Failed>;
    type SerializeStruct = Impossible<(), Failed>;
    type SerializeStructVariant = Impossible<(), Failed>;

    displayed! {
        serialize_bool bool;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_i128 i128;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_u128 u128;
    }

    // (With an exponent where the number is large.)
    fn serialize_f32(self, key: f32) -> Result<(), Failed> {
        self.display(format_args!("{key:?}"))
    }

    fn serialize_f64(self, key: f64) -> Result<(), Failed> {
        self.display(format_args!("{key:?}"))
    }

    fn serialize_char(self, key: char) -> Result<(), Failed> {
        (self.0)(key.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, key: &str) -> Result<(), Failed> {
        (self.0)(key)
    }

    fn collect_str<T: ?Sized + fmt::Display>(self, key: &T) -> Result<(), Failed> {
        self.display(format_args!("{key}"))
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Failed> {
        (self.0)(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        key: &T,
    ) -> Result<(), Failed> {
        key.serialize(self)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, key: &T) -> Result<(), Failed> {
        key.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Failed> {
        self.no_scalar(ValueKind::Nothing)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Failed> {
        self.no_scalar(ValueKind::Bytes)
    }

    fn serialize_unit(self) -> Result<(), Failed> {
        self.no_scalar(ValueKind::Nothing)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failed> {
        self.no_scalar(ValueKind::Nothing)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Failed> {
        self.no_scalar(ValueKind::Variant)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Failed> {
        self.no_scalar(ValueKind::Sequence)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Failed> {
        self.no_scalar(ValueKind::Sequence)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Failed> {
        self.no_scalar(ValueKind::Sequence)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Failed> {
        self.no_scalar(ValueKind::Variant)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Failed> {
        self.no_scalar(ValueKind::Map)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Failed> {
        self.no_scalar(ValueKind::Struct)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Failed> {
        self.no_scalar(ValueKind::Variant)
    }
}
