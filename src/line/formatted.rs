//! Texts that a `Display` writes, straight into the buffer.

use core::fmt::{self, Write as _};

use super::error::{EncodeError, Location};
use super::slice_writer::SliceWriter;

/// Writes the text as it is. The caller escapes it in place afterwards, because a `Display` writes in
/// pieces, and what is rejected or escaped may begin in one and end in the next.
pub(super) fn raw(
    out: &mut SliceWriter<'_>,
    text: fmt::Arguments<'_>,
    place: Location,
) -> Result<(), EncodeError> {
    let mut raw = Raw { out, full: false };
    match raw.write_fmt(text) {
        Ok(()) => Ok(()),
        Err(_) if raw.full => Err(EncodeError::BufferFull),
        Err(_) => Err(EncodeError::Format(place)),
    }
}

/// Tells a full buffer from a `Display` that failed by itself: both are an empty `fmt::Error`.
struct Raw<'o, 'b> {
    out: &'o mut SliceWriter<'b>,
    full: bool,
}

impl fmt::Write for Raw<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let done = self.out.copy(text.as_bytes());
        self.full |= done.is_err();
        done.map_err(|_| fmt::Error)
    }
}
