//! `TextBuffer`, a text of limited length on the stack, and `Key`, the key of a map as text.

use core::fmt::{self, Write as _};

use serde::ser::Impossible;

use super::Failed;
use super::receiver::{Done, Receiver};
use crate::line::error::ValueKind;

/// Up to `N` bytes of text.
#[derive(Clone, Copy)]
pub(super) struct TextBuffer<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> TextBuffer<N> {
    pub(super) const fn new() -> Self {
        TextBuffer {
            bytes: [0; N],
            len: 0,
        }
    }

    /// Returns as much of a text as there is space for.
    pub(super) fn cut(text: &str) -> Self {
        let mut new = Self::new();
        for character in text.chars() {
            if new.write_char(character).is_err() {
                break;
            }
        }
        new
    }

    /// Returns a formatted text; `None` if it is longer, or formatting fails.
    pub(super) fn of(text: fmt::Arguments<'_>) -> Option<Self> {
        let mut new = Self::new();
        new.write_fmt(text).ok().map(|()| new)
    }

    pub(super) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Write for TextBuffer<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len.checked_add(text.len()).ok_or(fmt::Error)?;
        let space = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        space.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// The reason why the key of a map isn't a text.
#[derive(Clone, Copy)]
pub(super) enum NoKey {
    /// It isn't a scalar.
    Kind(ValueKind),
    /// It is longer than the buffer for it, or its `Display` failed.
    Format,
}

/// Passes on the key of a map's entry as text, or keeps the reason why there is none.
pub(super) struct Key<'k, F>(pub(super) F, pub(super) &'k mut Option<NoKey>);

impl<F: FnOnce(&str) -> Done> Receiver for Key<'_, F> {
    type Map = Impossible<(), Failed>;
    type Struct = Impossible<(), Failed>;

    #[cold]
    fn reject(self, kind: ValueKind) -> Failed {
        *self.1 = Some(NoKey::Kind(kind));
        Failed
    }

    fn boolean(self, key: bool) -> Done {
        self.display(format_args!("{key}"))
    }

    fn signed(self, key: i64) -> Done {
        self.display(format_args!("{key}"))
    }

    fn unsigned(self, key: u64) -> Done {
        self.display(format_args!("{key}"))
    }

    fn wide(self, key: fmt::Arguments<'_>) -> Done {
        self.display(key)
    }

    // (With an exponent where the number is large.)
    fn float32(self, key: f32) -> Done {
        self.display(format_args!("{key:?}"))
    }

    fn float64(self, key: f64) -> Done {
        self.display(format_args!("{key:?}"))
    }

    fn text(self, key: &str) -> Done {
        (self.0)(key)
    }

    fn display(self, key: fmt::Arguments<'_>) -> Done {
        match TextBuffer::<128>::of(key) {
            Some(text) => (self.0)(text.as_str()),
            None => {
                *self.1 = Some(NoKey::Format);
                Err(Failed)
            }
        }
    }
}
