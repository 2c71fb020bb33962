//! Secrets that are never printed: tokens, passwords, cookies.

use alloc::string::String;
use core::fmt;

/// A token, password or cookie. `Debug` shows that there is one, nothing shows what it is: no
/// `Display`, no `Deref`, no serialization.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The one door to the text. Whoever calls this puts it on the wire and nowhere else.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Why the text can't be in an HTTP header, if it can't: only visible ASCII may.
    pub(crate) fn not_visible_ascii(&self) -> Option<&'static str> {
        if self.0.is_empty() {
            Some("it is empty")
        } else if self.0.bytes().any(|b| matches!(b, b'\r' | b'\n')) {
            Some("it contains a line break; was it read from a file without trimming?")
        } else if !self.0.bytes().all(|b| b.is_ascii_graphic()) {
            Some("it contains a space, a control character or a character outside ASCII")
        } else {
            None
        }
    }
}

/// Takes secrets of one call out of a text that came from outside.
pub(crate) fn hide<'a>(secrets: &'a [&'a str]) -> impl Fn(String) -> String + 'a {
    move |mut text| {
        for secret in secrets {
            take_out(&mut text, secret);
        }
        text
    }
}

/// Takes one secret out of a text.
pub(super) fn take_out(text: &mut String, secret: &str) {
    if !secret.is_empty() && text.contains(secret) {
        *text = text.replace(secret, "***");
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
