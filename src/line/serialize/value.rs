//! The value of one entry: a tag, a field, the time, or the measurement.

use core::fmt;

use serde::ser::{Impossible, Serialize, SerializeStruct, Serializer};

use super::schema::Role;
use super::text::TextBuffer;
use super::{Failed, Walk};
use crate::Timestamp;
use crate::line::error::{EncodeError, ValueKind};
use crate::line::sink::Sink;
use crate::line::value::{FieldValue, FloatTag, TagValue, Text};

/// Longest text of an RFC 3339 time is 35 bytes.
const TIME_LEN: usize = 48;
/// The longest measurement that isn't a string but displayed.
const MEASUREMENT_LEN: usize = 256;

/// Takes the value of one entry.
pub(super) struct Value<'w, 'e, 's, 'k, S> {
    pub(super) walk: &'w mut Walk<'e, 's, S>,
    pub(super) key: &'k str,
    pub(super) role: Role,
}

type Done = Result<(), Failed>;

impl<'w, 'e, 's, 'k, S: Sink> Value<'w, 'e, 's, 'k, S> {
    #[cold]
    fn unsupported(self, kind: ValueKind) -> Failed {
        let place = self.walk.place(self.role);
        self.walk.fail(EncodeError::Unsupported(place, kind))
    }

    /// (So small that it is inlined where the role is known: a field then costs one call, as by hand.)
    #[inline(always)]
    fn scalar(self, value: impl FieldValue + TagValue, kind: ValueKind) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, value),
            _ => self.no_field(value, kind),
        }
    }

    #[inline(always)]
    fn float<F: FieldValue + Copy>(self, value: F) -> Done
    where
        FloatTag<F>: TagValue,
    {
        match self.role {
            Role::Field => self.walk.field(self.key, value),
            _ => self.no_field(FloatTag(value), ValueKind::Float),
        }
    }

    #[inline(never)]
    fn no_field(self, value: impl TagValue, kind: ValueKind) -> Done {
        match self.role {
            Role::Tag(_) => self.walk.tag(self.key, value),
            _ => Err(self.unsupported(kind)),
        }
    }

    #[inline(never)]
    fn special_text(self, value: &str) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, value),
            Role::Tag(_) => self.walk.tag(self.key, value),
            Role::Measurement => self.walk.measurement(value),
            Role::Time => self.time_text(value),
            Role::Instant | Role::Seconds | Role::Nanos => Err(self.unsupported(ValueKind::Text)),
        }
    }

    #[inline(never)]
    fn special_integer(self, value: i64) -> Done {
        match self.role {
            Role::Time => self.walk.count(value),
            Role::Instant => self.walk.instant(Timestamp::from_nanos(value)),
            _ => self.scalar(value, ValueKind::Integer),
        }
    }

    #[inline(never)]
    fn special_unsigned(self, value: u64) -> Done {
        match self.role {
            Role::Field | Role::Tag(_) | Role::Measurement | Role::Instant => {
                self.scalar(value, ValueKind::Integer)
            }
            Role::Time => match i64::try_from(value) {
                Ok(count) => self.walk.count(count),
                Err(_) => Err(self.walk.fail(EncodeError::TimestampOutOfRange)),
            },
            Role::Seconds => {
                self.walk.seconds = value;
                Ok(())
            }
            Role::Nanos => {
                self.walk.nanos = value;
                Ok(())
            }
        }
    }

    fn time_text(self, text: &str) -> Done {
        match Timestamp::parse(text) {
            Ok(time) => self.walk.instant(time),
            Err(error) => Err(self.walk.fail(EncodeError::TimestampText(error))),
        }
    }
}

impl<'w, 'e, 's, 'k, S: Sink> Serializer for Value<'w, 'e, 's, 'k, S> {
    type Ok = ();
    type Error = Failed;
    type SerializeSeq = Impossible<(), Failed>;
    type SerializeTuple = Impossible<(), Failed>;
    type SerializeTupleStruct = Impossible<(), Failed>;
    type SerializeTupleVariant = Impossible<(), Failed>;
    type SerializeMap = Impossible<(), Failed>;
    type SerializeStruct = TimeParts<'w, 'e, 's, 'k, S>;
    type SerializeStructVariant = Impossible<(), Failed>;

    #[inline]
    fn serialize_bool(self, value: bool) -> Done {
        self.scalar(value, ValueKind::Boolean)
    }

    #[inline]
    fn serialize_i8(self, value: i8) -> Done {
        self.serialize_i64(i64::from(value))
    }

    #[inline]
    fn serialize_i16(self, value: i16) -> Done {
        self.serialize_i64(i64::from(value))
    }

    #[inline]
    fn serialize_i32(self, value: i32) -> Done {
        self.serialize_i64(i64::from(value))
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, value),
            _ => self.special_integer(value),
        }
    }

    fn serialize_i128(self, value: i128) -> Done {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => Err(self.unsupported(ValueKind::WideInteger)),
        }
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Done {
        self.serialize_u64(u64::from(value))
    }

    #[inline]
    fn serialize_u16(self, value: u16) -> Done {
        self.serialize_u64(u64::from(value))
    }

    #[inline]
    fn serialize_u32(self, value: u32) -> Done {
        self.serialize_u64(u64::from(value))
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, value),
            _ => self.special_unsigned(value),
        }
    }

    fn serialize_u128(self, value: u128) -> Done {
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => Err(self.unsupported(ValueKind::WideInteger)),
        }
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Done {
        self.float(value)
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Done {
        self.float(value)
    }

    #[inline]
    fn serialize_char(self, value: char) -> Done {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, value),
            Role::Tag(_) => self.walk.tag(self.key, value),
            _ => self.special_text(value),
        }
    }

    fn collect_str<T: ?Sized + fmt::Display>(self, value: &T) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, Text(value)),
            Role::Tag(_) => self.walk.tag(self.key, Text(value)),
            Role::Measurement => match TextBuffer::<MEASUREMENT_LEN>::of(format_args!("{value}")) {
                Some(text) => self.walk.measurement(text.as_str()),
                None => {
                    let place = self.walk.place(self.role);
                    Err(self.walk.fail(EncodeError::Format(place)))
                }
            },
            Role::Time => match TextBuffer::<TIME_LEN>::of(format_args!("{value}")) {
                Some(text) => self.time_text(text.as_str()),
                // Longer than any time.
                None => self.time_text(""),
            },
            Role::Instant | Role::Seconds | Role::Nanos => Err(self.unsupported(ValueKind::Text)),
        }
    }

    fn serialize_bytes(self, _: &[u8]) -> Done {
        Err(self.unsupported(ValueKind::Bytes))
    }

    #[inline]
    fn serialize_none(self) -> Done {
        match self.role {
            Role::Measurement => Err(self.unsupported(ValueKind::Nothing)),
            _ => Ok(()),
        }
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Done {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Done {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        Err(self.unsupported(ValueKind::Struct))
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Done {
        if self.role == Role::Time && name == Timestamp::SERDE_NAME {
            self.role = Role::Instant;
        }
        value.serialize(self)
    }

    /// False for the time, which a [`Timestamp`] then gives as a number.
    #[inline]
    fn is_human_readable(&self) -> bool {
        self.role != Role::Time
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Done {
        Err(self.unsupported(ValueKind::Variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Failed> {
        Err(self.unsupported(ValueKind::Sequence))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Failed> {
        Err(self.unsupported(ValueKind::Sequence))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Failed> {
        Err(self.unsupported(ValueKind::Sequence))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Failed> {
        Err(self.unsupported(ValueKind::Variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Failed> {
        Err(self.unsupported(ValueKind::Map))
    }

    fn serialize_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStruct, Failed> {
        match (self.role, name) {
            (Role::Time, "SystemTime") => {
                (self.walk.seconds, self.walk.nanos) = (0, 0);
                Ok(TimeParts(self))
            }
            _ => Err(self.unsupported(ValueKind::Struct)),
        }
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Failed> {
        Err(self.unsupported(ValueKind::Variant))
    }
}

/// The seconds and nanoseconds since 1970 that serde makes of a `SystemTime`.
pub(super) struct TimeParts<'w, 'e, 's, 'k, S>(Value<'w, 'e, 's, 'k, S>);

impl<S: Sink> SerializeStruct for TimeParts<'_, '_, '_, '_, S> {
    type Ok = ();
    type Error = Failed;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Done {
        value.serialize(Value {
            walk: &mut *self.0.walk,
            key: self.0.key,
            role: match name {
                "secs_since_epoch" => Role::Seconds,
                _ => Role::Nanos,
            },
        })
    }

    fn end(self) -> Done {
        let walk = self.0.walk;
        let nanos = i64::try_from(walk.seconds)
            .ok()
            .and_then(|seconds| seconds.checked_mul(1_000_000_000))
            .and_then(|nanos| nanos.checked_add_unsigned(walk.nanos));
        match nanos {
            Some(nanos) => walk.instant(Timestamp::from_nanos(nanos)),
            None => Err(walk.fail(EncodeError::TimestampOutOfRange)),
        }
    }
}
