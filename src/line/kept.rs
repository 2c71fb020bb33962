//! The parts that a point keeps: keys and values in one buffer, unescaped.
//!
//! A part is `key length, key, value length × 4 + kind, value`. Lengths are LEB128, so a short part takes no
//! more bytes than on the line. Texts are kept as they were given: the encoder that writes the point escapes
//! them, and its settings decide what it rejects. Numbers are kept as their text on the line, which is the same
//! for all encoders.

use alloc::vec::Vec;
use core::fmt;

use super::error::{EncodeError, Location, Part};
use super::formatted;
use super::slice_writer::SliceWriter;
use super::value::sealed::{Form, Value, ValueWriter};

/// The kind of a part's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The value's bytes on the line: a number or a boolean.
    Verbatim = 0,
    /// A tag's value or a string field.
    Text = 1,
    /// A tag that is `None`, a field that is not finite.
    None = 2,
    /// A value whose `Display` returned an error.
    Failed = 3,
}

/// The number of bits of the kind, below a value's length.
const KIND_BITS: u32 = 2;

/// A tag or a field.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptPart<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: KeptValue<'a>,
    /// The number of bytes that the part takes in the buffer.
    pub(super) size: usize,
}

/// A value, as bytes of UTF-8.
#[derive(Clone, Copy)]
pub(super) struct KeptValue<'a> {
    kind: Kind,
    bytes: &'a [u8],
}

/// The parts of a buffer, one by one.
#[derive(Clone)]
pub(super) struct KeptParts<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for KeptParts<'a> {
    type Item = KeptPart<'a>;

    #[inline]
    fn next(&mut self) -> Option<KeptPart<'a>> {
        let before = self.0.len();
        let key_len = take_length(&mut self.0)?;
        let key = take(&mut self.0, key_len)?;
        let head = take_length(&mut self.0)?;
        let bytes = take(&mut self.0, head >> KIND_BITS)?;
        let kind = match head & 3 {
            0 => Kind::Verbatim,
            1 => Kind::Text,
            2 => Kind::None,
            _ => Kind::Failed,
        };
        Some(KeptPart {
            key,
            value: KeptValue { kind, bytes },
            size: before.saturating_sub(self.0.len()),
        })
    }
}

#[inline]
fn take<'a>(from: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(len)?;
    *from = rest;
    Some(taken)
}

#[inline]
fn take_length(from: &mut &[u8]) -> Option<usize> {
    let (&first, rest) = from.split_first()?;
    *from = rest;
    if first < 0x80 {
        return Some(usize::from(first));
    }
    take_long_length(first, from)
}

#[cold]
fn take_long_length(first: u8, from: &mut &[u8]) -> Option<usize> {
    let mut length = usize::from(first & 0x7F);
    let mut shift = 7;
    loop {
        let (&byte, rest) = from.split_first()?;
        *from = rest;
        length |= usize::from(byte & 0x7F).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(length);
        }
        shift += 7;
    }
}

/// The storage of the parts. All of it can be written to; the first `len` bytes are in use.
pub(super) struct Kept {
    storage: Vec<u8>,
    len: usize,
}

/// The size that a point's storage starts with.
const FIRST: usize = 256;

impl Kept {
    /// Returns storage that begins with a measurement.
    pub(super) fn new(measurement: &str) -> Kept {
        let len = measurement.len();
        // Not `vec![0; size]`: glibc's calloc bypasses its thread cache, and takes longer than filling.
        let size = len.max(FIRST);
        let mut storage = Vec::with_capacity(size);
        storage.extend_from_slice(measurement.as_bytes());
        storage.resize(size, 0);
        Kept { storage, len }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.slice(0, self.len)
    }

    #[inline]
    pub(super) fn slice(&self, start: usize, end: usize) -> &[u8] {
        self.storage.get(start..end).unwrap_or_default()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Appends a part. Returns `false` if it is an absent field, which leaves nothing.
    #[inline]
    pub(super) fn push<const TAG: bool>(&mut self, key: &str, value: &impl Value) -> bool {
        loop {
            let mut out = SliceWriter::new(&mut self.storage, self.len);
            match push::<TAG>(&mut out, key, value) {
                Ok(present) => {
                    self.len = out.pos();
                    return present;
                }
                // There is no other error: see `Keep::display`.
                Err(_) => self.grow(),
            }
        }
    }

    #[cold]
    fn grow(&mut self) {
        let twice = self.storage.len().saturating_mul(2).max(FIRST);
        self.storage.resize(twice, 0);
    }

    /// Replaces the bytes from `start` to `end` by those from `new` to the end.
    pub(super) fn replace(&mut self, start: usize, end: usize, new: usize) {
        let (added, removed) = (self.len.saturating_sub(new), end.saturating_sub(start));
        let Some(parts) = self.storage.get_mut(start..self.len) else {
            return;
        };
        if added == removed {
            // The usual case: a reading is set again.
            parts.copy_within(new.saturating_sub(start).., 0);
        } else {
            parts.rotate_right(added);
            parts.copy_within(added.saturating_add(removed).., added);
        }
        self.len = self.len.saturating_sub(removed);
    }
}

/// The most parts that [`Kept::sort`] sorts.
pub(super) const FEW: usize = 16;

/// The position of a part, and the first bytes of its key.
#[derive(Clone, Copy, Default)]
struct Place {
    prefix: u64,
    start: usize,
    end: usize,
}

impl Kept {
    /// Sorts the `count` parts behind `start`, at most [`FEW`], by their keys. Of several with one key the last
    /// stays. Returns the start of the last part.
    //
    // Parts have different lengths, so their positions are sorted, by the first eight bytes of the keys as one
    // integer, which nearly always decides; then the parts are copied once, in order.
    pub(super) fn sort(&mut self, start: usize, count: u8) -> usize {
        if count == 2 {
            let mut parts = KeptParts(self.slice(start, self.len));
            if let (Some(a), Some(b)) = (parts.next(), parts.next()) {
                // Two parts are exchanged in place.
                if a.key > b.key {
                    let (first, last) = (a.size, b.size);
                    if let Some(parts) = self.storage.get_mut(start..self.len) {
                        parts.rotate_left(first);
                    }
                    return start.saturating_add(last);
                }
            }
        }
        let old = self.slice(start, self.len);
        let (mut places, mut count, mut end) = ([Place::default(); FEW], 0, 0usize);
        for (place, part) in places.iter_mut().zip(KeptParts(old)) {
            let prefix = prefix(part.key);
            let start = end;
            end = start.saturating_add(part.size);
            *place = Place { prefix, start, end };
            count += 1;
        }
        let part = |place: &Place| old.get(place.start..place.end).unwrap_or_default();
        let key = |place: &Place| KeptParts(part(place)).next().map(|part| part.key);
        let order =
            |a: &Place, b: &Place| a.prefix.cmp(&b.prefix).then_with(|| key(a).cmp(&key(b)));
        let places = places.get_mut(..count).unwrap_or_default();
        places.sort_unstable_by(|a, b| order(a, b).then(a.start.cmp(&b.start)));
        // In order beside the storage, and back.
        let (mut few, mut many) = ([0; FIRST], Vec::new());
        let space = match few.get_mut(..old.len()) {
            Some(space) => space,
            None => {
                many.resize(old.len(), 0);
                many.as_mut_slice()
            }
        };
        let (mut out, mut last) = (SliceWriter::new(space, 0), 0);
        let mut rest = places.iter().peekable();
        while let Some(place) = rest.next() {
            if rest.peek().is_some_and(|next| order(place, next).is_eq()) {
                continue;
            }
            last = out.pos();
            // Never fails: there is space for all of them.
            let _ = out.copy_short(part(place));
        }
        let sorted = out.written(0);
        let end = start.saturating_add(sorted.len());
        if let Some(parts) = self.storage.get_mut(start..end) {
            parts.copy_from_slice(sorted);
        }
        self.len = end;
        start.saturating_add(last)
    }
}

/// Returns the first eight bytes of a key as an integer, whose order is that of the keys unless it is equal.
#[inline]
fn prefix(key: &[u8]) -> u64 {
    match key.first_chunk::<8>() {
        Some(first) => u64::from_be_bytes(*first),
        None => key
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte))
            .checked_shl(64 - 8 * key.len() as u32)
            .unwrap_or(0),
    }
}

impl Clone for Kept {
    fn clone(&self) -> Kept {
        Kept {
            storage: self.bytes().to_vec(),
            len: self.len,
        }
    }
}

#[inline]
fn push<const TAG: bool>(
    out: &mut SliceWriter<'_>,
    key: &str,
    value: &impl Value,
) -> Result<bool, EncodeError> {
    let start = out.pos();
    put_length(out, key.len())?;
    out.copy_short(key.as_bytes())?;
    let value_start = out.pos();
    value.write_to(Keep::<TAG>(out))?;
    let present = out.pos() > value_start;
    if !present {
        out.rewind(start);
    }
    Ok(present)
}

#[inline]
fn put_length(out: &mut SliceWriter<'_>, mut length: usize) -> Result<(), EncodeError> {
    while length >= 0x80 {
        out.put(length as u8 | 0x80)?;
        length >>= 7;
    }
    out.put(length as u8)
}

#[inline]
fn head(len: usize, kind: Kind) -> usize {
    len << KIND_BITS | kind as usize
}

/// Appends the value of a part.
struct Keep<'o, 'b, const TAG: bool>(&'o mut SliceWriter<'b>);

impl<const TAG: bool> ValueWriter for Keep<'_, '_, TAG> {
    type Done = Result<(), EncodeError>;
    const TAG: bool = TAG;

    #[inline]
    fn none(self) -> Self::Done {
        match TAG {
            true => self.not_finite(),
            false => Ok(()),
        }
    }

    #[inline]
    fn not_finite(self) -> Self::Done {
        put_length(self.0, head(0, Kind::None))
    }

    #[inline]
    fn verbatim(
        self,
        write: impl Fn(&mut SliceWriter<'_>) -> Result<(), EncodeError>,
    ) -> Self::Done {
        let at = self.0.pos();
        self.0.put(0)?;
        write(self.0)?;
        close(self.0, at, Kind::Verbatim)
    }

    #[inline]
    fn bytes(self, bytes: &[u8], form: Form) -> Self::Done {
        let kind = match form {
            Form::Verbatim => Kind::Verbatim,
            Form::Text => Kind::Text,
            Form::Failed => Kind::Failed,
        };
        put_length(self.0, head(bytes.len(), kind))?;
        self.0.copy_short(bytes)
    }

    /// Keeps the failure of a `Display` as well, for the encoder to report.
    fn display(self, text: fmt::Arguments<'_>) -> Self::Done {
        let (at, out) = (self.0.pos(), self.0);
        out.put(0)?;
        match formatted::raw(out, text, Location::new(Part::FieldValue, 0, 0)) {
            Ok(()) => close(out, at, Kind::Text),
            Err(EncodeError::BufferFull) => Err(EncodeError::BufferFull),
            Err(_) => {
                out.rewind(at.saturating_add(1));
                close(out, at, Kind::Failed)
            }
        }
    }
}

/// Writes the head of a value into the one byte that was left free before it.
#[inline]
fn close(out: &mut SliceWriter<'_>, at: usize, kind: Kind) -> Result<(), EncodeError> {
    let len = out.pos().saturating_sub(at).saturating_sub(1);
    let head = head(len, kind);
    match out.tail_mut(at).first_mut() {
        Some(slot) if head < 0x80 => {
            *slot = head as u8;
            Ok(())
        }
        _ => close_long(out, at, head),
    }
}

/// Writes a head of several bytes behind the value, and moves it before it.
#[cold]
fn close_long(out: &mut SliceWriter<'_>, at: usize, head: usize) -> Result<(), EncodeError> {
    let end = out.pos();
    put_length(out, head)?;
    let size = out.pos().saturating_sub(end);
    let all = out.pos().saturating_sub(at);
    if let Some(value) = out.tail_mut(at).get_mut(..all) {
        value.rotate_right(size);
        // The byte that was left free is behind the head now.
        value.copy_within(size.saturating_add(1).., size);
    }
    out.rewind(out.pos().saturating_sub(1));
    Ok(())
}

impl<'a> KeptValue<'a> {
    /// Returns the value as a tag's, which makes a text of a number.
    pub(super) fn as_tag(&self) -> impl PartialEq + use<'a> {
        let kind = match self.kind {
            Kind::Verbatim => Kind::Text,
            kind => kind,
        };
        (kind, self.bytes)
    }
}

impl Value for KeptValue<'_> {
    #[inline]
    fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
        let form = match self.kind {
            Kind::Verbatim => Form::Verbatim,
            Kind::Text => Form::Text,
            Kind::None if W::TAG => return writer.none(),
            Kind::None => return writer.not_finite(),
            Kind::Failed => Form::Failed,
        };
        writer.bytes(self.bytes, form)
    }
}

impl fmt::Debug for KeptParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.clone().map(|part| (Utf8(part.key), part.value)))
            .finish()
    }
}

impl fmt::Debug for KeptValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, core::str::from_utf8(self.bytes)) {
            (Kind::Verbatim, Ok(text)) => f.write_str(text),
            (Kind::None, _) => f.write_str("none"),
            (Kind::Failed, _) => f.write_str("failed"),
            _ => Utf8(self.bytes).fmt(f),
        }
    }
}

/// Bytes known to be UTF-8, printed as the text they are.
pub(super) struct Utf8<'a>(pub(super) &'a [u8]);

impl fmt::Debug for Utf8<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match core::str::from_utf8(self.0) {
            Ok(text) => text.fmt(f),
            Err(_) => self.0.fmt(f),
        }
    }
}
