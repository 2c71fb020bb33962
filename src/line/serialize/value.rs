//! `Value`: the value of one entry, which is a tag, a field, the time, or the measurement.

use core::fmt;

use serde::ser::{Impossible, Serialize, SerializeStruct};

use super::receiver::{Done, Receiver, Serializer};
use super::schema::Role;
use super::text::TextBuffer;
use super::{Failed, Walk};
use crate::Timestamp;
use crate::line::error::{EncodeError, ValueKind};
use crate::line::sink::Sink;
use crate::line::value::sealed::Value as LineValue;

/// An RFC 3339 time takes at most 35 bytes.
const TIME_LEN: usize = 48;
/// The longest measurement that is formatted.
const MEASUREMENT_LEN: usize = 256;

/// The receiver of an entry's value.
pub(super) struct Value<'w, 'e, 's, 'k, S> {
    pub(super) walk: &'w mut Walk<'e, 's, S>,
    pub(super) key: &'k str,
    pub(super) role: Role,
}

impl<'w, 'e, 's, 'k, S: Sink> Value<'w, 'e, 's, 'k, S> {
    /// (Always inlined, so that a field costs one call where the role is a constant, as by hand.)
    #[inline(always)]
    fn scalar(self, value: impl LineValue, kind: ValueKind) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, value),
            _ => self.no_field(value, kind),
        }
    }

    #[inline(never)]
    fn no_field(self, value: impl LineValue, kind: ValueKind) -> Done {
        match self.role {
            Role::Tag(_) => self.walk.tag(self.key, value),
            _ => Err(self.reject(kind)),
        }
    }

    #[inline(never)]
    fn special_text(self, value: &str) -> Done {
        match self.role {
            Role::Measurement => self.walk.measurement(value),
            Role::Time => self.time_text(value),
            _ => Err(self.reject(ValueKind::Text)),
        }
    }

    #[inline(never)]
    fn special_integer(self, value: i64) -> Done {
        match self.role {
            Role::Time => self.walk.count(value),
            Role::Instant => self.walk.instant(Timestamp::from_nanos(value)),
            _ => self.no_field(value, ValueKind::Integer),
        }
    }

    #[inline(never)]
    fn special_unsigned(self, value: u64) -> Done {
        match self.role {
            Role::Field | Role::Tag(_) | Role::Measurement | Role::Instant => {
                self.no_field(value, ValueKind::Integer)
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

impl<'w, 'e, 's, 'k, S: Sink> Receiver for Value<'w, 'e, 's, 'k, S> {
    type Map = Impossible<(), Failed>;
    type Struct = TimeParts<'w, 'e, 's, 'k, S>;

    #[cold]
    fn reject(self, kind: ValueKind) -> Failed {
        let place = self.walk.place(self.role);
        self.walk.fail(EncodeError::Unsupported(place, kind))
    }

    #[inline]
    fn boolean(self, value: bool) -> Done {
        self.scalar(value, ValueKind::Boolean)
    }

    #[inline]
    fn signed(self, value: i64) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, value),
            _ => self.special_integer(value),
        }
    }

    #[inline]
    fn unsigned(self, value: u64) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, value),
            _ => self.special_unsigned(value),
        }
    }

    #[inline]
    fn float32(self, value: f32) -> Done {
        self.scalar(value, ValueKind::Float)
    }

    #[inline]
    fn float64(self, value: f64) -> Done {
        self.scalar(value, ValueKind::Float)
    }

    #[inline]
    fn text(self, value: &str) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, value),
            Role::Tag(_) => self.walk.tag(self.key, value),
            _ => self.special_text(value),
        }
    }

    fn display(self, text: fmt::Arguments<'_>) -> Done {
        match self.role {
            Role::Field => self.walk.field(self.key, text),
            Role::Tag(_) => self.walk.tag(self.key, text),
            Role::Measurement => match TextBuffer::<MEASUREMENT_LEN>::of(text) {
                Some(text) => self.walk.measurement(text.as_str()),
                None => {
                    let place = self.walk.place(self.role);
                    Err(self.walk.fail(EncodeError::Format(place)))
                }
            },
            Role::Time => match TextBuffer::<TIME_LEN>::of(text) {
                Some(text) => self.time_text(text.as_str()),
                // Too long for a time.
                None => self.time_text(""),
            },
            Role::Instant | Role::Seconds | Role::Nanos => Err(self.reject(ValueKind::Text)),
        }
    }

    #[inline]
    fn nothing(self) -> Done {
        match self.role {
            Role::Measurement => Err(self.reject(ValueKind::Nothing)),
            _ => Ok(()),
        }
    }

    fn unit_struct(self) -> Done {
        Err(self.reject(ValueKind::Struct))
    }

    fn structure(self, name: &'static str) -> Result<Self::Struct, Failed> {
        match (self.role, name) {
            (Role::Time, "SystemTime") => {
                (self.walk.seconds, self.walk.nanos) = (0, 0);
                Ok(TimeParts(self))
            }
            _ => Err(self.reject(ValueKind::Struct)),
        }
    }

    #[inline]
    fn newtype(mut self, name: &'static str) -> Self {
        if self.role == Role::Time && name == Timestamp::SERDE_NAME {
            self.role = Role::Instant;
        }
        self
    }

    /// False for the time, which a [`Timestamp`] then gives as a number.
    #[inline]
    fn is_human_readable(&self) -> bool {
        self.role != Role::Time
    }
}

/// The receiver of the seconds and nanoseconds since 1970 that serde writes for a `SystemTime`.
pub(super) struct TimeParts<'w, 'e, 's, 'k, S>(Value<'w, 'e, 's, 'k, S>);

impl<S: Sink> SerializeStruct for TimeParts<'_, '_, '_, '_, S> {
    type Ok = ();
    type Error = Failed;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Done {
        value.serialize(Serializer(Value {
            walk: &mut *self.0.walk,
            key: self.0.key,
            role: match name {
                "secs_since_epoch" => Role::Seconds,
                _ => Role::Nanos,
            },
        }))
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
