//! The state of the line being written: checks of each part (NaN, duplicate keys, too long keys),
//! commit and rollback.
//!
//! Nothing here is generic over the sink, so a program with three sinks has one copy of it.

// Commit and rollback need no log. The storage is
//
//     0 ........ committed ........ pos ........ end
//      whole lines    line under way    unused
//
// Only the bytes before `committed` are ever shown. Each part is written behind `pos` and moves it only when
// all of the part stands there and is checked; so a part that fails leaves no trace, and can be tried again in
// a larger buffer.
//
//     begin:  pos = committed          rolls back whatever was under way
//     part:   pos moves                or the first error is kept, and further parts do nothing
//     end:    newline, committed = pos commits; after an error pos = committed
//
// A line that is dropped half-way, or that panics in a `Display`, ends nowhere: the next `begin` rolls it back.

use core::fmt;

use super::duplicate_keys::{self, KeyHash, KeySet};
use super::error::{EncodeError, Location, Part};
use super::escape::{self, Name};
use super::field_key::Key;
use super::formatted;
use super::into_timestamp;
use super::names::measurement;
use super::number;
use super::series::SeriesRef;
use super::slice_writer::SliceWriter;
use super::tag_writer::{Tag, TagWriter};
use super::value::sealed::{Form, Value, ValueWriter};
use crate::Precision;

/// Series key + 4 + field key, as escaped: the storage engine keeps their length in 16 bits.
const MAX_KEY: usize = 65_535;
/// The length of what the storage engine puts between the two, `#!~#`.
const SEPARATOR: usize = 4;

/// The position of the encoder in its storage, its settings and counts, and the line under way.
#[derive(Clone, Debug, Default)]
pub(super) struct LineState {
    pub(super) committed: usize,
    pub(super) lines: usize,
    /// The number of lines without a time.
    pub(super) untimed: usize,
    pub(super) precision: Precision,
    pub(super) rules: Rules,
    pub(super) skipped: usize,
    pub(super) empty_tags: usize,
    pub(super) pos: usize,
    /// The most that a `Vec` may grow to.
    #[cfg(feature = "alloc")]
    pub(super) max_bytes: Option<usize>,
    /// The length of the series key, once the tags are closed.
    series_len: usize,
    error: Option<EncodeError>,
    tag_keys: KeySet,
    field_keys: KeySet,
    tags: u16,
    fields: u16,
    /// The length of the key that the error is about, which is kept behind the whole lines.
    #[cfg(feature = "alloc")]
    error_key_len: usize,
    /// True if that is the name of the struct's field that was serialized last.
    #[cfg(feature = "alloc")]
    error_named: bool,
}

/// The most bytes of a key that an error names.
#[cfg(feature = "alloc")]
const MAX_ERROR_KEY: usize = 256;

/// The options of an encoder.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    pub(super) reject_newlines: bool,
    pub(super) reject_quoted_keys: bool,
    pub(super) skip_non_finite: bool,
    pub(super) reject_empty_tags: bool,
}

impl LineState {
    /// Rolls back the line under way, and begins another.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.pos = self.committed;
        self.series_len = 0;
        self.error = None;
        self.tag_keys.clear();
        self.field_keys.clear();
        self.tags = 0;
        self.fields = 0;
        #[cfg(feature = "alloc")]
        {
            self.error_named = false;
        }
    }

    #[inline]
    pub(super) fn failed(&self) -> bool {
        self.error.is_some()
    }

    #[inline]
    pub(super) fn fail(&mut self, error: EncodeError) {
        self.error = Some(error);
    }

    /// Follows the bytes in the storage, of which the first `gone` have left.
    pub(super) fn moved(&mut self, gone: usize) {
        self.committed = self.committed.saturating_sub(gone);
        self.pos = self.pos.saturating_sub(gone);
    }

    #[inline]
    pub(super) fn measurement(&mut self, buf: &mut [u8], text: &[u8]) -> Result<(), EncodeError> {
        let mut out = SliceWriter::new(buf, self.pos);
        measurement(&mut out, text)?;
        self.pos = out.pos();
        Ok(())
    }

    #[inline]
    pub(super) fn series(
        &mut self,
        buf: &mut [u8],
        series: SeriesRef<'_>,
    ) -> Result<(), EncodeError> {
        let mut out = SliceWriter::new(buf, self.pos);
        out.copy_short(series.key)?;
        self.pos = out.pos();
        self.tag_keys.seed(series.bits);
        self.tags = series.tags;
        Ok(())
    }

    #[inline]
    pub(super) fn tag<V: Value>(
        &mut self,
        buf: &mut [u8],
        key: &[u8],
        value: &V,
    ) -> Result<(), EncodeError> {
        let written = self.put_tag(buf, key, value);
        #[cfg(feature = "alloc")]
        if let Err(error) = written {
            self.keep_key(buf, key, error);
        }
        written
    }

    #[inline]
    fn put_tag<V: Value>(
        &mut self,
        buf: &mut [u8],
        key: &[u8],
        value: &V,
    ) -> Result<(), EncodeError> {
        let mut out = SliceWriter::new(buf, self.pos);
        let written = value.write_to(TagWriter {
            out: &mut out,
            start: self.committed,
            key,
            index: self.tags,
            keys: &mut self.tag_keys,
        })?;
        match written {
            Tag::Written => {
                self.tags = self.tags.saturating_add(1);
                self.pos = out.pos();
                Ok(())
            }
            // A default tag of this key is added later.
            Tag::None => Ok(()),
            Tag::Empty => self.empty_tag(),
        }
    }

    /// Counts a tag with an empty value, or rejects its line.
    #[cold]
    fn empty_tag(&mut self) -> Result<(), EncodeError> {
        if self.rules.reject_empty_tags {
            let place = Location::new(Part::TagValue, self.tags, 0);
            return Err(EncodeError::Empty(place));
        }
        self.empty_tags = self.empty_tags.saturating_add(1);
        Ok(())
    }

    /// Ends the tags: adds the default tags that the line lacks, and notes the length.
    #[inline]
    pub(super) fn close_tags(
        &mut self,
        buf: &mut [u8],
        defaults: &[u8],
    ) -> Result<(), EncodeError> {
        if !defaults.is_empty() {
            self.defaults(buf, defaults)?;
        }
        self.series_len = self.pos.saturating_sub(self.committed);
        Ok(())
    }

    /// Adds those of a list of escaped tags, `,a=1,b=2`, that the line lacks.
    fn defaults(&mut self, buf: &mut [u8], defaults: &[u8]) -> Result<(), EncodeError> {
        let mut out = SliceWriter::new(buf, self.pos);
        let own = self.pos.saturating_sub(self.committed);
        let mut tags = self.tags;
        for tag in duplicate_keys::tags(defaults) {
            let line = out.written(self.committed);
            if !duplicate_keys::contains(
                line.get(..own).unwrap_or_default(),
                duplicate_keys::key_of(tag),
                false,
            ) {
                out.put(b',')?;
                out.copy_short(tag)?;
                tags = tags.saturating_add(1);
            }
        }
        self.tags = tags;
        self.pos = out.pos();
        Ok(())
    }

    #[inline]
    pub(super) fn field<K: Key, V: Value>(
        &mut self,
        buf: &mut [u8],
        key: K,
        value: &V,
    ) -> Result<(), EncodeError> {
        let line = &mut *self;
        let written = value.write_to(FieldWriter {
            line,
            buf: &mut *buf,
            key,
        });
        #[cfg(feature = "alloc")]
        if let Err(error) = written {
            self.keep_key(buf, key.bytes(), error);
        }
        written
    }

    /// Keeps the key that a line is rejected for, over the line that is rolled back.
    #[cfg(feature = "alloc")]
    #[cold]
    #[inline(never)]
    fn keep_key(&mut self, buf: &mut [u8], key: &[u8], error: EncodeError) {
        if error == EncodeError::BufferFull {
            // The line may go on in a larger buffer.
            return;
        }
        let space = buf.get_mut(self.committed..).unwrap_or_default();
        let len = key.len().min(space.len()).min(MAX_ERROR_KEY);
        if let (Some(to), Some(from)) = (space.get_mut(..len), key.get(..len)) {
            to.copy_from_slice(from);
        }
        self.error_key_len = len;
    }

    /// Names the struct's field that the error is about.
    #[cfg(all(feature = "serde", feature = "alloc"))]
    #[cold]
    pub(super) fn name_error(&mut self, buf: &mut [u8], name: &str) {
        if let Some(error) = self.error {
            self.keep_key(buf, name.as_bytes(), error);
            self.error_named = true;
        }
    }

    /// Notes that the error is about no key.
    #[cfg(all(feature = "serde", feature = "alloc"))]
    pub(super) fn forget_key(&mut self) {
        self.error_key_len = 0;
    }

    /// Returns the position of the next tag or field.
    #[cfg(feature = "serde")]
    pub(super) fn place(&self, part: Part) -> Location {
        let index = match part {
            Part::TagKey | Part::TagValue => self.tags,
            Part::FieldKey | Part::FieldValue => self.fields,
            Part::Measurement | Part::Timestamp => 0,
        };
        Location::new(part, index, 0)
    }

    /// Returns the first bytes of the key that the last error is about. `buf` is the whole storage.
    #[cfg(feature = "alloc")]
    pub(super) fn error_key<'a>(&self, buf: &'a [u8], error: &EncodeError) -> Option<&'a str> {
        match error.location()?.part {
            Part::Measurement | Part::Timestamp if !self.error_named => None,
            _ => {
                let end = self.committed.checked_add(self.error_key_len)?;
                let key = buf.get(self.committed..end).filter(|key| !key.is_empty())?;
                match core::str::from_utf8(key) {
                    Ok(key) => Some(key),
                    // Cut in the middle of a character.
                    Err(e) => core::str::from_utf8(key.get(..e.valid_up_to())?).ok(),
                }
            }
        }
    }

    /// Counts a field that is written up to `end`.
    #[inline]
    fn add_field(&mut self, hash: KeyHash, end: usize) {
        self.field_keys.insert(hash);
        self.fields = self.fields.saturating_add(1);
        self.pos = end;
    }

    /// Writes the separator, the key and the `=` of a field.
    //
    // (Without std, where bytes are counted, it may be a function of its own.)
    #[cfg_attr(feature = "std", inline(always))]
    #[cfg_attr(not(feature = "std"), inline)]
    fn field_key<K: Key>(&self, out: &mut SliceWriter<'_>, key: K) -> Result<KeyHash, EncodeError> {
        let name = Name {
            part: Part::FieldKey,
            index: self.fields,
        };
        let place = Location::new(name.part, name.index, 0);
        key.check(name)?;
        if self.rules.reject_quoted_keys {
            if let Some(at) = key.quote() {
                return Err(EncodeError::Quote(Location::new(name.part, name.index, at)));
            }
        }
        out.put(if self.fields == 0 { b' ' } else { b',' })?;
        let start = out.pos();
        key.put(out, name)?;
        let len = out.pos().saturating_sub(start);
        let whole = self
            .series_len
            .saturating_add(SEPARATOR)
            .saturating_add(len);
        if whole > MAX_KEY {
            let whole = u32::try_from(whole).unwrap_or(u32::MAX);
            return Err(EncodeError::KeyTooLong(place, whole));
        }
        let hash = key.hash();
        if self.field_keys.might_contain(hash) && self.has_field(out, start, hash) {
            return Err(EncodeError::Duplicate(place));
        }
        out.put(b'=')?;
        Ok(hash)
    }

    /// Returns `true` if the key that was written last, from `start` on, is among the line's other fields.
    #[cold]
    fn has_field(&self, out: &SliceWriter<'_>, start: usize, hash: KeyHash) -> bool {
        let first = self
            .committed
            .saturating_add(self.series_len)
            .saturating_add(1);
        let fields = out.between(first, start.saturating_sub(1));
        !self.field_keys.definitely_absent(hash)
            && duplicate_keys::contains(fields, out.written(start), true)
    }

    /// Ends the line, with or without a time, and commits it.
    #[inline]
    pub(super) fn end(&mut self, buf: &mut [u8], count: Option<i64>) -> Result<(), EncodeError> {
        if self.fields == 0 {
            return Err(EncodeError::NoFields);
        }
        let mut out = SliceWriter::new(buf, self.pos);
        if let Some(count) = count {
            let count = into_timestamp::check_range(count, self.precision)?;
            out.put(b' ')?;
            number::time(&mut out, count)?;
        }
        out.put(b'\n')?;
        self.pos = out.pos();
        self.committed = self.pos;
        self.lines = self.lines.saturating_add(1);
        self.untimed = self.untimed.saturating_add(usize::from(count.is_none()));
        Ok(())
    }

    /// Returns the first error of the line, and rolls the line back after one.
    #[inline]
    pub(super) fn take_error(&mut self) -> Option<EncodeError> {
        let error = self.error.take();
        if error.is_some() {
            self.pos = self.committed;
        }
        error
    }
}

/// Writes a field of the line under way.
struct FieldWriter<'l, 'b, K> {
    line: &'l mut LineState,
    buf: &'b mut [u8],
    key: K,
}

impl<K: Key> FieldWriter<'_, '_, K> {
    #[inline(always)]
    fn put(
        self,
        write: impl Fn(&mut SliceWriter<'_>, bool, u16) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let FieldWriter { line, buf, key } = self;
        let mut out = SliceWriter::new(buf, line.pos);
        let hash = line.field_key(&mut out, key)?;
        write(&mut out, line.rules.reject_newlines, line.fields)?;
        line.add_field(hash, out.pos());
        Ok(())
    }
}

impl<K: Key> ValueWriter for FieldWriter<'_, '_, K> {
    type Done = Result<(), EncodeError>;
    const TAG: bool = false;

    #[inline]
    fn none(self) -> Self::Done {
        Ok(())
    }

    #[inline]
    fn not_finite(self) -> Self::Done {
        if !self.line.rules.skip_non_finite {
            let place = Location::new(Part::FieldValue, self.line.fields, 0);
            return Err(EncodeError::NotFinite(place));
        }
        self.line.skipped = self.line.skipped.saturating_add(1);
        Ok(())
    }

    #[inline(always)]
    fn verbatim(
        self,
        write: impl Fn(&mut SliceWriter<'_>) -> Result<(), EncodeError>,
    ) -> Self::Done {
        self.put(|out, _, _| write(out))
    }

    #[inline(always)]
    fn bytes(self, bytes: &[u8], form: Form) -> Self::Done {
        // (As `put`, without a closure, which the compiler doesn't inline here.)
        let FieldWriter { line, buf, key } = self;
        let mut out = SliceWriter::new(buf, line.pos);
        let hash = line.field_key(&mut out, key)?;
        match form {
            Form::Verbatim => out.copy_short(bytes)?,
            Form::Text => {
                if line.rules.reject_newlines {
                    check_no_newline(bytes, line.fields)?;
                }
                out.put(b'"')?;
                escape::string(&mut out, bytes)?;
                out.put(b'"')?;
            }
            Form::Failed => {
                let place = Location::new(Part::FieldValue, line.fields, 0);
                return Err(EncodeError::Format(place));
            }
        }
        line.add_field(hash, out.pos());
        Ok(())
    }

    fn display(self, text: fmt::Arguments<'_>) -> Self::Done {
        self.put(|out, reject_newlines, index| {
            out.put(b'"')?;
            let start = out.pos();
            formatted::raw(out, text, Location::new(Part::FieldValue, index, 0))?;
            if reject_newlines {
                check_no_newline(out.written(start), index)?;
            }
            escape::string_in_place(out, start)?;
            out.put(b'"')
        })
    }
}

fn check_no_newline(text: &[u8], index: u16) -> Result<(), EncodeError> {
    match text.iter().position(|byte| *byte == b'\n') {
        Some(offset) => Err(EncodeError::Newline(Location::new(
            Part::FieldValue,
            index,
            offset,
        ))),
        None => Ok(()),
    }
}
