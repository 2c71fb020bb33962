//! The cause of a failure: the crate's own words, and what a server, a proxy or a library says, kept
//! apart from where it arises to where it is printed.

use crate::client::secret::Secrets;
use alloc::string::String;
use core::fmt;

/// What is printed of a failure. Own are fixed words, numbers, the hosts of the settings, and what
/// the system says of itself; everything doubtful is foreign.
#[derive(Default)]
pub(crate) struct Detail {
    before: String,
    /// The only part that can repeat a secret or hold a character that a terminal obeys.
    foreign: String,
    after: String,
    /// What to do, if that is known; a command is its end, so that it can be pasted.
    advice: String,
}

impl Detail {
    pub(crate) fn own(text: impl Into<String>) -> Self {
        Detail {
            before: text.into(),
            ..Detail::default()
        }
    }

    pub(crate) fn foreign(text: impl Into<String>) -> Self {
        Detail::quote("", text, "")
    }

    /// Foreign text between own words.
    pub(crate) fn quote(
        before: impl Into<String>,
        text: impl Into<String>,
        after: impl Into<String>,
    ) -> Self {
        Detail {
            before: before.into(),
            foreign: text.into(),
            after: after.into(),
            advice: String::new(),
        }
    }

    /// With what to do about it, unless that is known already.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        if self.advice.is_empty() {
            self.advice = advice.into();
        }
        self
    }

    /// The same within own words. What is to be done about a proxy is said of its URL.
    pub(super) fn within(self, before: &str, after: &str, advice: &str) -> Self {
        // It is said of whoever shows a certificate.
        let cause = self.before.replacen("the server's", "its", 1);
        let advice = match self.advice.as_str() {
            "" => String::from(advice),
            known => known.replace("the URL", "the proxy's URL"),
        };
        Detail {
            before: [before, &cause].concat(),
            after: [&self.after, after].concat(),
            advice,
            ..self
        }
    }

    /// Adds own words behind the cause.
    pub(super) fn push(&mut self, words: &str) {
        self.after.push_str(words);
    }

    /// Whether the own words have these among them.
    pub(super) fn has(&self, words: &str) -> bool {
        self.before.contains(words) || self.after.contains(words)
    }

    /// The whole, with at most `max` bytes of what is foreign.
    pub(crate) fn printable(&self, secrets: &Secrets, max: usize) -> String {
        let foreign = secrets.printable(&self.foreign, max);
        let then = if self.advice.is_empty() { "" } else { "; " };
        [&self.before, &foreign, &self.after, then, &self.advice].concat()
    }
}

/// Fixed words are own. A `String` has to be given as one or the other.
impl From<&'static str> for Detail {
    fn from(words: &'static str) -> Self {
        Detail::own(words)
    }
}

/// Without what is foreign: nothing is scrubbed here.
impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let foreign = if self.foreign.is_empty() { "" } else { "***" };
        for part in [&self.before, foreign, &self.after] {
            f.write_str(part)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
