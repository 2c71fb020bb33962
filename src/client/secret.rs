//! Secrets that are never printed (tokens, passwords, cookies), and the one way by which text from outside
//! is printed.

use super::scrub::{self, Needles};
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// A token, password or cookie. `Debug` shows only that there is one; there is no `Display`, `Deref` or
/// serialization.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The only access to the text. A caller sends it and uses it nowhere else.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The reason why the text can't be an HTTP header's value, if there is one: only visible ASCII can.
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

/// Credentials, whose secrets must not be printed. (A trait, so that the transport, which masks secrets, doesn't
/// depend on the sessions, which read its responses.)
pub(crate) trait SecretSource: Send + Sync {
    /// The secrets that stay.
    fn secrets(&self) -> &[Secret];

    /// The secrets of a session, while there is one.
    fn session_needles(&self) -> Option<Arc<Needles>>;
}

/// Everything that a client, or one of its calls, must not print. Text from outside gets into an error, a
/// `Debug` or a printable value only through here.
pub(crate) struct Secrets {
    needles: Needles,
    /// The credentials, whose session has more of them.
    auth: Arc<dyn SecretSource>,
}

impl Secrets {
    pub(crate) fn new(needles: Needles, auth: Arc<dyn SecretSource>) -> Self {
        Secrets { needles, auth }
    }

    /// No secrets, for tests.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        struct Nothing;
        impl SecretSource for Nothing {
            fn secrets(&self) -> &[Secret] {
                &[]
            }

            fn session_needles(&self) -> Option<Arc<Needles>> {
                None
            }
        }
        Secrets::new(Needles::NONE, Arc::new(Nothing))
    }

    /// These and more, for a call with secrets of its own, and with other credentials if it brings some.
    pub(crate) fn and(&self, more: &[&str], auth: Option<Arc<dyn SecretSource>>) -> Self {
        let auth = auth.unwrap_or_else(|| Arc::clone(&self.auth));
        let mut needles = self.needles.clone();
        for secret in auth.secrets().iter().map(Secret::reveal) {
            needles.add(secret);
        }
        for secret in more {
            needles.add(secret);
        }
        Secrets::new(needles, auth)
    }

    /// Text from outside in printable form, at most `max` bytes.
    pub(crate) fn printable(&self, text: &str, max: usize) -> String {
        self.with(|needles| scrub::printable(needles, text, max))
    }

    /// Calls a function with all needles: the fixed ones and those of the session.
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
