//! Names and values of settings in messages. A value or a name may be a misplaced secret, so only text
//! that can't be one is printed.

use crate::error::Printable;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};

/// The source of a setting.
pub(super) enum Place<'a> {
    Environment,
    File(&'a str),
}

pub(super) const ENV: &str = "INFLUXDB_V2_";

impl Place<'_> {
    /// The name of a setting in this source.
    pub(super) fn name(&self, setting: &str) -> String {
        match self {
            Place::Environment => self.short(setting),
            Place::File(what) => format!("{setting} in {what}"),
        }
    }

    /// The same without the file.
    pub(super) fn short(&self, setting: &str) -> String {
        match self {
            Place::Environment => format!("{ENV}{}", setting.to_ascii_uppercase()),
            Place::File(_) => setting.to_owned(),
        }
    }

    /// A name that this client doesn't define; or its line, if the name may be a secret.
    pub(super) fn unknown(&self, name: &str, line: Option<usize>) -> String {
        if is_name(name) {
            return self.name(name);
        }
        match (self, line) {
            (Place::Environment, _) => format!("a variable {ENV}… ({})", length(name)),
            (Place::File(what), Some(line)) => format!("line {line} of {what}"),
            (Place::File(what), None) => format!("a name ({}) in {what}", length(name)),
        }
    }
}

/// The warning about a value in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("the value of {name} stands in quotes, which are taken as a part of it")
}

/// Whether a text is enclosed in quotes of one kind.
pub(super) fn is_quoted(text: &str) -> bool {
    ['"', '\''].iter().any(|quote| {
        let inner = text
            .strip_prefix(*quote)
            .and_then(|t| t.strip_suffix(*quote));
        inner.is_some()
    })
}

/// Whether a text looks like the name of a setting, and not like a token.
fn is_name(text: &str) -> bool {
    let in_name = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b'.');
    (1..=32).contains(&text.len()) && text.bytes().all(in_name)
}

/// The name of a section or a tag, if it looks like one: digits and spaces are allowed in it.
pub(super) fn label(text: &str) -> String {
    let in_name =
        |c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || matches!(c, '_' | '-' | '.' | ' ');
    if text.chars().count() <= 32 && text.chars().all(in_name) {
        Printable(text).to_string()
    } else {
        "…".to_owned()
    }
}

/// An invalid value, if it can't be a secret: it is shorter than one, or a number with a unit.
pub(super) fn value(text: &str) -> String {
    let number =
        |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'_' | b'\'' | b'+' | b'-');
    let unit = text.trim_start_matches(|c: char| c.is_ascii() && number(c as u8) || c == ' ');
    let is_number = unit.len() < text.len() && text.len().saturating_sub(unit.len()) <= 12;
    let unit = unit.to_ascii_lowercase();
    let is_word = WORDS.contains(&unit.trim_end_matches('s')) || unit.is_empty();
    if text.chars().count() < 8 || (is_number || unit.len() == text.len()) && is_word {
        format!("is {text:?}")
    } else {
        format!("is a text of {}", length(text))
    }
}

/// Units and words for a boolean, without the plural `s`.
const WORDS: [&str; 19] = [
    "",
    "m",
    "sec",
    "msec",
    "second",
    "millisecond",
    "microsecond",
    "nanosecond",
    "u",
    "n",
    "min",
    "minute",
    "h",
    "hour",
    "d",
    "day",
    "connection",
    "disabled",
    "undefined",
];

fn length(text: &str) -> String {
    format!("{} characters", text.chars().count())
}
