//! `TextBuffer`: a writer of text into a byte slice, whole pieces or none.

use core::fmt;

/// A writer of text to the start of a byte slice.
pub(crate) struct TextBuffer<'b> {
    storage: &'b mut [u8],
    len: usize,
}

impl<'b> TextBuffer<'b> {
    pub(crate) fn new(storage: &'b mut [u8]) -> Self {
        TextBuffer { storage, len: 0 }
    }

    pub(crate) fn into_str(self) -> &'b str {
        let TextBuffer { storage, len } = self;
        let text: &[u8] = storage;
        // Valid: only whole pieces were added.
        core::str::from_utf8(text.get(..len).unwrap_or_default()).unwrap_or_default()
    }
}

impl fmt::Write for TextBuffer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let space = self.storage.get_mut(self.len..).unwrap_or_default();
        let space = space.get_mut(..text.len()).ok_or(fmt::Error)?;
        space.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}
