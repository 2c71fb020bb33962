//! `Top`: the value as a whole, which is a struct, a map, or a newtype of one.

use serde::ser::{Serialize, SerializeMap, SerializeStruct};

use super::receiver::{Receiver, Serializer};
use super::schema::{Role, bits};
use super::text::{Key, NoKey, TextBuffer};
use super::{Failed, Pass, Walk};
use crate::line::error::{EncodeError, ValueKind};
use crate::line::sink::Sink;

/// The longest key of a map whose keys and values come apart.
const KEY_LEN: usize = 256;

/// A pass for the fields and the time, or one for the parts before them. These are two types, so that the latter
/// has no code for fields.
pub(super) struct Top<'w, 'e, 's, S, const FIELDS: bool> {
    pub(super) walk: &'w mut Walk<'e, 's, S>,
    /// The Bloom filter of the names that may not be plain fields in this pass.
    pub(super) special: u64,
}

impl<S: Sink, const FIELDS: bool> Top<'_, '_, '_, S, FIELDS> {
    /// (Always inlined: then the name is a constant, and so are its checks and its bits.)
    #[inline(always)]
    fn entry<T: ?Sized + Serialize>(&mut self, name: &str, value: &T) -> Result<(), Failed> {
        let walk = &mut *self.walk;
        if self.special & bits(name) == bits(name) {
            if FIELDS && walk.schema.is_tag(walk.next_tag, name) {
                walk.next_tag = walk.next_tag.wrapping_add(1);
                return Ok(());
            }
            if walk.special::<FIELDS, T>(name, value)? {
                return Ok(());
            }
        }
        match FIELDS {
            true => walk.plain(name, value),
            false => Ok(()),
        }
    }
}

impl<'w, 'e, 's, S: Sink, const FIELDS: bool> Receiver for Top<'w, 'e, 's, S, FIELDS> {
    type Map = Entries<'w, 'e, 's, S, FIELDS>;
    type Struct = Self;

    #[cold]
    fn reject(self, kind: ValueKind) -> Failed {
        self.walk.fail(EncodeError::NotAStruct(kind))
    }

    #[inline]
    fn map(self) -> Result<Self::Map, Failed> {
        self.walk.is_map = true;
        Ok(Entries {
            top: self,
            key: None,
        })
    }

    #[inline]
    fn structure(self, _: &'static str) -> Result<Self, Failed> {
        Ok(self)
    }
}

impl<S: Sink, const FIELDS: bool> SerializeStruct for Top<'_, '_, '_, S, FIELDS> {
    type Ok = ();
    type Error = Failed;

    #[inline(always)]
    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        self.entry(name, value)
    }

    /// A field that is skipped on purpose counts as present in the schema.
    #[inline]
    fn skip_field(&mut self, name: &'static str) -> Result<(), Failed> {
        let walk = &mut *self.walk;
        match (walk.pass, walk.role(name)) {
            (Pass::Tags, role @ Role::Tag(_)) | (Pass::Fields, role @ Role::Time) => {
                walk.meets(role).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn end(self) -> Result<(), Failed> {
        Ok(())
    }
}

/// The entries of a map, or of a struct with `#[serde(flatten)]`.
pub(super) struct Entries<'w, 'e, 's, S, const FIELDS: bool> {
    top: Top<'w, 'e, 's, S, FIELDS>,
    /// The key of the next value.
    key: Option<TextBuffer<KEY_LEN>>,
}

impl<S: Sink, const FIELDS: bool> Entries<'_, '_, '_, S, FIELDS> {
    /// Rejects the line for a key that isn't a text, or failed to serialize. Only the pass for the fields does so,
    /// because it knows the number of the field.
    fn checked(&mut self, done: Result<(), Failed>, why: Option<NoKey>) -> Result<(), Failed> {
        let walk = &mut *self.top.walk;
        if done.is_err() && !FIELDS && walk.check().is_ok() {
            return Ok(());
        }
        if done.is_err() {
            walk.blame_key(why);
        }
        done
    }
}

impl<S: Sink, const FIELDS: bool> SerializeMap for Entries<'_, '_, '_, S, FIELDS> {
    type Ok = ();
    type Error = Failed;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Failed> {
        let slot = &mut self.key;
        *slot = None;
        let (mut why, mut long) = (None, false);
        let text = |key: &str| {
            *slot = TextBuffer::of(format_args!("{key}"));
            long = slot.is_none();
            slot.as_ref().map(|_| ()).ok_or(Failed)
        };
        let done = key.serialize(Serializer(Key(text, &mut why)));
        self.checked(done, if long { Some(NoKey::Format) } else { why })
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Failed> {
        match self.key.take() {
            Some(key) => self.top.entry(key.as_str(), value),
            None => self.checked(Err(Failed), None),
        }
    }

    #[inline]
    fn serialize_entry<K: ?Sized + Serialize, V: ?Sized + Serialize>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), Failed> {
        let top = &mut self.top;
        let mut why = None;
        let text = |key: &str| top.entry(key, value);
        let done = key.serialize(Serializer(Key(text, &mut why)));
        self.checked(done, why)
    }

    #[inline]
    fn end(self) -> Result<(), Failed> {
        Ok(())
    }
}
