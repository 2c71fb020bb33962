//! Secrets that are never printed: tokens, passwords, cookies; and the one way in which text from
//! outside is printed.

use super::auth::Auth;
use super::scrub::{self, Needles};
use alloc::string::String;
use alloc::sync::Arc;
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

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Everything that a client, or one of its calls, must not print. Text from outside becomes part of
/// an error, a `Debug` or a value that people print only through here.
pub(crate) struct Secrets {
    needles: Needles,
    /// The credentials, whose session has more of them.
    auth: Arc<Auth>,
}

impl Secrets {
    pub(crate) fn new(needles: Needles, auth: Arc<Auth>) -> Self {
        Secrets { needles, auth }
    }

    /// None, for tests.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Secrets::new(Needles::NONE, Arc::new(Auth::None))
    }

    /// These and more, for a call that has some of its own; with another's session, if it opens one.
    pub(crate) fn and(&self, more: &[&str], auth: Option<&Arc<Auth>>) -> Self {
        let auth = Arc::clone(auth.unwrap_or(&self.auth));
        let mut needles = self.needles.clone();
        for secret in auth.secrets().iter().map(Secret::reveal) {
            needles.add(secret);
        }
        for secret in more {
            needles.add(secret);
        }
        Secrets::new(needles, auth)
    }

    /// A text from outside as it may be printed, `max` bytes of it at most.
    pub(crate) fn printable(&self, text: &str, max: usize) -> String {
        self.with(|needles| scrub::printable(needles, text, max))
    }

    /// Hands what is looked for to a function.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&[&Needles]) -> T) -> T {
        let session = self.auth.session_needles();
        look(&[&self.needles, session.as_deref().unwrap_or(&Needles::NONE)])
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
