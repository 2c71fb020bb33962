//! `Detail`: the cause of a failure, in which this crate's text and untrusted text are kept apart until it is
//! printed.

use crate::client::secret::Secrets;
use alloc::string::String;
use core::fmt;

/// The text of a failure. Own text is fixed strings, numbers, the hosts of the settings, and the system's
/// errors. Anything from a server, a proxy or a library is foreign.
//
//   |own|foreign|own|advice|
//       ^foreign^   ^end
pub(crate) struct Detail {
    text: String,
    /// Start and end of the foreign text, the only part that may repeat a secret or contain control
    /// characters.
    foreign: (usize, usize),
    /// The end of the cause. The advice follows, if there is any. A command is at its end, so that it can be
    /// pasted.
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

    /// Foreign text between own text.
    pub(crate) fn quote(before: &str, text: &str, after: &str) -> Self {
        let whole = joined(&[before, text, after]);
        Detail {
            foreign: (before.len(), before.len().saturating_add(text.len())),
            end: whole.len(),
            text: whole,
        }
    }

    /// Returns own text, foreign text, own text, and advice. Without foreign text, all own text is the first.
    fn parts(&self) -> [&str; 4] {
        let (cause, advice) = cut(&self.text, self.end);
        let (before, rest) = cut(cause, self.foreign.0);
        let (foreign, after) = cut(rest, self.foreign.1.saturating_sub(self.foreign.0));
        [before, foreign, after, advice]
    }

    /// Adds advice, unless there is some already.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub(super) fn advise(mut self, advice: &str) -> Self {
        if self.end == self.text.len() {
            for part in ["; ", advice] {
                self.text.push_str(part);
            }
        }
        self
    }

    /// Puts own text around the cause of a failure at a proxy. Advice about the URL becomes advice about the
    /// proxy's URL.
    pub(super) fn within(self, before: &str, after: &str, advice: &str) -> Self {
        let [own, foreign, rest, known] = self.parts();
        // Here the certificate is the proxy's.
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

    /// Adds a hint at the end of the advice.
    pub(crate) fn hint(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds own text at the end of the cause.
    pub(super) fn push(&mut self, text: &str) {
        self.text.insert_str(self.end, text);
        self.end = self.end.saturating_add(text.len());
    }

    /// Returns `true` if the own text contains this.
    pub(super) fn has(&self, text: &str) -> bool {
        let [before, _, after, _] = self.parts();
        before.contains(text) || after.contains(text)
    }

    /// Returns the whole text, with secrets masked and at most `max` bytes of the foreign text.
    pub(crate) fn printable(&self, secrets: &Secrets, max: usize) -> String {
        let [before, foreign, after, advice] = self.parts();
        joined(&[before, &secrets.printable(foreign, max), after, advice])
    }
}

/// Splits a text. If `at` isn't in it, all of it comes before.
fn cut(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Fixed text is own. A `String` has to be made one or the other.
impl From<&'static str> for Detail {
    fn from(words: &'static str) -> Self {
        Detail::own(words)
    }
}

/// `concat`, which takes more code.
fn joined(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

/// Secrets aren't masked here, so nothing is shown.
impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
