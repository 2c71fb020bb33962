//! Excerpts of a response in messages.

use core::fmt;

/// At most 64 bytes from outside, quoted and escaped.
pub(super) struct Excerpt<'a>(pub(super) &'a [u8]);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0.get(..64).unwrap_or(self.0);
        let cut = bytes.len() < self.0.len();
        if cut {
            // Cut before a character, not through one: drops its continuation bytes and its first byte.
            while bytes.last().is_some_and(|byte| byte & 0xC0 == 0x80) {
                bytes = bytes.get(..bytes.len() - 1).unwrap_or_default();
            }
            if bytes.last().is_some_and(|byte| *byte >= 0xC0) {
                bytes = bytes.get(..bytes.len() - 1).unwrap_or_default();
            }
        }
        match core::str::from_utf8(bytes) {
            Ok(text) => write!(f, "{text:?}")?,
            Err(_) => write!(f, "\"{}\"", bytes.escape_ascii())?,
        }
        f.write_str(if cut { "…" } else { "" })
    }
}

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
