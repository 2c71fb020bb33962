//! `TagWriter`: one tag, checked and escaped, of a line or of a prepared series.

use core::fmt;

use super::duplicate_keys::{self, KeyHash, KeySet};
use super::error::{EncodeError, Location, Part};
use super::escape::{self, Name};
use super::formatted;
use super::names::{check_tag_key, tag_key};
use super::slice_writer::SliceWriter;
use super::value::sealed::{Form, ValueWriter};

/// Writes `,key=value` behind a measurement and its tags.
pub(super) struct TagWriter<'o, 'b> {
    /// Stands behind the last tag.
    pub(super) out: &'o mut SliceWriter<'b>,
    /// Where the measurement begins.
    pub(super) start: usize,
    pub(super) key: &'o [u8],
    /// The number of tags before it.
    pub(super) index: u16,
    /// Their keys, to which this one is added.
    pub(super) keys: &'o mut KeySet,
}

/// The outcome of writing a tag.
pub(super) enum Tag {
    /// It stands there.
    Written,
    /// Its value is empty, so nothing was written.
    Empty,
    /// Its value is `None`: absent on purpose.
    None,
}

impl TagWriter<'_, '_> {
    fn name(&self, part: Part) -> Name {
        Name {
            part,
            index: self.index,
        }
    }

    #[inline(always)]
    fn put(
        self,
        write: impl Fn(&mut SliceWriter<'_>, Name) -> Result<(), EncodeError>,
    ) -> Result<Tag, EncodeError> {
        let (key, value) = (self.name(Part::TagKey), self.name(Part::TagValue));
        let before = self.out.pos();
        let key_start = tag_key(self.out, self.key, key)?;
        let value_start = self.out.pos();
        write(self.out, value)?;
        if self.out.pos() == value_start {
            // Something formatted to nothing.
            self.out.rewind(before);
            return Ok(Tag::Empty);
        }
        let hash = KeyHash::of(self.key);
        if !self.keys.definitely_absent(hash) {
            let escaped = self.out.between(key_start, value_start.saturating_sub(1));
            let others = self.out.between(self.start, before);
            if duplicate_keys::contains(others, escaped, false) {
                let place = Location::new(Part::TagKey, self.index, 0);
                return Err(EncodeError::Duplicate(place));
            }
        }
        self.keys.insert(hash);
        Ok(Tag::Written)
    }

    /// Writes nothing. The key has to be right all the same, so that an error doesn't wait for a value.
    fn leave_out(&self, tag: Tag) -> Result<Tag, EncodeError> {
        check_tag_key(self.key, self.name(Part::TagKey)).map(|()| tag)
    }
}

impl ValueWriter for TagWriter<'_, '_> {
    type Done = Result<Tag, EncodeError>;
    const TAG: bool = true;

    #[inline]
    fn none(self) -> Self::Done {
        self.leave_out(Tag::None)
    }

    fn not_finite(self) -> Self::Done {
        let place = Location::new(Part::TagValue, self.index, 0);
        self.leave_out(Tag::None)?;
        Err(EncodeError::NotFinite(place))
    }

    #[inline(always)]
    fn verbatim(
        self,
        write: impl Fn(&mut SliceWriter<'_>) -> Result<(), EncodeError>,
    ) -> Self::Done {
        self.put(|out, _| write(out))
    }

    #[inline(always)]
    fn bytes(self, bytes: &[u8], form: Form) -> Self::Done {
        if bytes.is_empty() && form != Form::Failed {
            return self.leave_out(Tag::Empty);
        }
        self.put(|out, name| match form {
            Form::Verbatim => out.copy_short(bytes),
            Form::Text => escape::name(out, bytes, name),
            Form::Failed => {
                let place = Location::new(name.part, name.index, 0);
                Err(EncodeError::Format(place))
            }
        })
    }

    fn display(self, text: fmt::Arguments<'_>) -> Self::Done {
        self.put(|out, name| {
            let start = out.pos();
            formatted::raw(out, text, Location::new(name.part, name.index, 0))?;
            escape::name_in_place(out, start, name)
        })
    }
}
