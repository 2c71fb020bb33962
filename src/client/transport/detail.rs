//! The cause of a failure: the crate's own words, and what a server, a proxy or a library says, kept
//! apart from where it arises to where it is printed.

use crate::client::secret::Secrets;
use alloc::string::String;
use core::fmt;

/// What is printed of a failure. Own are fixed words, numbers, the hosts of the settings, and what
/// the system says of itself; everything doubtful is foreign.
pub(crate) struct Detail {
    text: String,
    /// Where in it what is foreign begins and ends: the only part that can repeat a secret, or hold a
    /// character that a terminal obeys.
    foreign: (usize, usize),
    /// Where the cause ends. Behind it is what to do, if that is known; a command is its end, so that
    /// it can be pasted.
    end: usize,
}

impl Detail {
    pub(crate) fn own(text: impl Into<String>) -> Self {
        let text = text.into();
        Detail {
            foreign: (text.len(), text.len()),
            end: text.len(),
            text,
        }
    }

    pub(crate) fn foreign(text: String) -> Self {
        Detail {
            foreign: (0, text.len()),
            end: text.len(),
            text,
        }
    }

    /// Foreign text between own words.
    pub(crate) fn quote(before: &str, text: &str, after: &str) -> Self {
        let whole = joined(&[before, text, after]);
        Detail {
            foreign: (before.len(), before.len().saturating_add(text.len())),
            end: whole.len(),
            text: whole,
        }
    }

    /// Own words, foreign text, own words, and what to do. (Without foreign text all own ones are
    /// the first.)
    fn parts(&self) -> [&str; 4] {
        let (cause, advice) = cut(&self.text, self.end);
        let (before, rest) = cut(cause, self.foreign.0);
        let (foreign, after) = cut(rest, self.foreign.1.saturating_sub(self.foreign.0));
        [before, foreign, after, advice]
    }

    /// With what to do about it, unless that is known already.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub(super) fn advise(mut self, advice: &str) -> Self {
        if self.end == self.text.len() {
            for part in ["; ", advice] {
                self.text.push_str(part);
            }
        }
        self
    }

    /// The same within own words, for a failure at a proxy: advice about the URL becomes advice about the
    /// proxy's.
    pub(super) fn within(self, before: &str, after: &str, advice: &str) -> Self {
        let [own, foreign, rest, known] = self.parts();
        // The proxy's certificate here.
        let (its, own) = match own.strip_prefix("the server's") {
            Some(own) => ("its", own),
            None => ("", own),
        };
        let mut new = Detail::quote(&[before, its, own].concat(), foreign, rest);
        new.push(after);
        if known.is_empty() {
            new.text.push_str(advice);
        } else {
            let known = known.replace("the URL", "the proxy's URL");
            new.text.push_str(&known);
        }
        new
    }

    /// Adds what may be done, behind everything.
    pub(crate) fn hint(&mut self, words: &str) {
        self.text.push_str(words);
    }

    /// Adds own words behind the cause.
    pub(super) fn push(&mut self, words: &str) {
        self.text.insert_str(self.end, words);
        self.end = self.end.saturating_add(words.len());
    }

    /// Whether the own words have these among them.
    pub(super) fn has(&self, words: &str) -> bool {
        let [before, _, after, _] = self.parts();
        before.contains(words) || after.contains(words)
    }

    /// The whole, with at most `max` bytes of what is foreign.
    pub(crate) fn printable(&self, secrets: &Secrets, max: usize) -> String {
        let [before, foreign, after, advice] = self.parts();
        joined(&[before, &secrets.printable(foreign, max), after, advice])
    }
}

/// A text in two; all of it is before a place that isn't in it.
fn cut(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Fixed words are own. A `String` has to be given as one or the other.
impl From<&'static str> for Detail {
    fn from(words: &'static str) -> Self {
        Detail::own(words)
    }
}

/// (`concat` takes more of a small program.)
fn joined(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

/// Nothing is scrubbed here.
impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
