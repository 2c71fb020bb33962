//! Rules for a whole name: not empty, not a comment, not reserved.

use super::error::{EncodeError, Location, Part};
use super::escape::{self, Name};
use super::slice_writer::SliceWriter;

/// Writes a measurement, escaped.
pub(super) fn measurement(out: &mut SliceWriter<'_>, text: &[u8]) -> Result<(), EncodeError> {
    match text.first() {
        None => Err(EncodeError::Empty(Location::new(Part::Measurement, 0, 0))),
        Some(b'#') => Err(EncodeError::Comment),
        Some(_) => {
            let part = Part::Measurement;
            escape::name(out, text, Name { part, index: 0 })
        }
    }
}

/// Writes `,key=` and returns the start of the key.
#[inline]
pub(super) fn tag_key(
    out: &mut SliceWriter<'_>,
    key: &[u8],
    name: Name,
) -> Result<usize, EncodeError> {
    named_tag_key(key, name)?;
    out.put(b',')?;
    let start = out.pos();
    escape::name(out, key, name)?;
    out.put(b'=')?;
    Ok(start)
}

/// Makes the checks of [`tag_key`] without writing.
#[cold]
pub(super) fn check_tag_key(key: &[u8], name: Name) -> Result<(), EncodeError> {
    named_tag_key(key, name)?;
    escape::check_name(key, name).map(|_| ())
}

/// Rejects an empty and a reserved key.
#[inline]
fn named_tag_key(key: &[u8], name: Name) -> Result<(), EncodeError> {
    match key.first() {
        None => Err(EncodeError::Empty(Location::new(name.part, name.index, 0))),
        Some(b'_' | b't') if is_reserved(Part::TagKey, key) => Err(EncodeError::Reserved(
            Location::new(name.part, name.index, 0),
        )),
        Some(_) => Ok(()),
    }
}

/// Returns `true` if [`reserved`] lists this key.
pub(super) fn is_reserved(part: Part, key: &[u8]) -> bool {
    reserved(part).iter().any(|name| name.as_bytes() == key)
}

/// Returns the keys that the server reserves.
//
// Of the tag keys, the server rejects the first three. It stores the others, and then every query that reads the
// series fails or returns the tag empty. A field `time` is dropped while the rest of its line is stored.
pub(super) const fn reserved(part: Part) -> &'static [&'static str] {
    match part {
        Part::TagKey => &[
            "time",
            "_field",
            "_measurement",
            "_time",
            "_value",
            "_start",
            "_stop",
        ],
        Part::FieldKey => &["time"],
        _ => &[],
    }
}
