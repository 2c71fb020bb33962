//! `Statements`: the results that a complete response must have, by the statements of a query.
//!
//! A response may be cut off between two JSON objects, where it looks complete. So the number of statements is
//! counted in the query. This isn't a parser of InfluxQL: where it can't know, after a `/` that is a division
//! or begins a pattern, it expects fewer results, so that no complete response is an error.

use alloc::string::String;

/// The results that a complete response has at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Statements {
    /// The number, from 1, of the last statement that has a result on every server; 0 if there is none.
    /// Statements after a `/` that may begin a pattern aren't counted.
    pub(super) last: u32,
    /// There is a statement that InfluxDB 2.x executes without a result.
    pub(super) silent: bool,
}

impl Statements {
    /// Returns `true` if there is no statement.
    pub(super) fn is_empty(&self) -> bool {
        self.last == 0 && !self.silent
    }

    pub(super) fn of(q: &str) -> Self {
        let mut found = Statements::default();
        let mut count = 0u32;
        let mut rest = q;
        while !rest.is_empty() {
            let (text, next, _) = statement(rest);
            rest = next;
            if text.trim().is_empty() {
                continue;
            }
            count = count.saturating_add(1);
            if is_silent(&text) {
                found.silent = true;
            } else {
                found.last = count;
            }
        }
        found
    }
}

/// Returns the first word of a statement that may write, or `INTO`; `None` if the query only reads.
//
// This errs to the side of writes: after a `/`, which may begin a pattern, quotes and comments aren't
// recognized, and each `;` begins a statement.
pub(super) fn writes(q: &str) -> Option<String> {
    let mut rest = q;
    while !rest.is_empty() {
        let (text, next, pattern) = statement(rest);
        let found = writing_word(&text);
        if found.is_some() {
            return found;
        }
        // The first piece is the rest of this statement.
        for (at, piece) in pattern.split(';').enumerate() {
            let found = if at == 0 {
                into(piece)
            } else {
                writing_word(piece)
            };
            if found.is_some() {
                return found;
            }
        }
        rest = next;
    }
    None
}

fn writing_word(statement: &str) -> Option<String> {
    let first = words(statement).next()?;
    let reads = ["select", "show", "explain"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word))
        && statement.trim_start().starts_with(first);
    if !reads {
        return Some(first.into());
    }
    into(statement)
}

fn into(text: &str) -> Option<String> {
    words(text)
        .find(|word| word.eq_ignore_ascii_case("into"))
        .map(Into::into)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// Returns `true` for `DELETE` and `DROP MEASUREMENT`, to which 2.9.1 responds with an empty body, or without
/// chunks with `{}`.
fn is_silent(statement: &str) -> bool {
    let mut words = statement.split_whitespace();
    let mut next_is = |word: &str| words.next().is_some_and(|w| w.eq_ignore_ascii_case(word));
    match statement.trim_start().get(..4) {
        Some(drop) if drop.eq_ignore_ascii_case("drop") => {
            next_is("drop") && next_is("measurement")
        }
        _ => next_is("delete"),
    }
}

/// Returns the first statement without comments and strings, the text after its `;`, and the text after a `/`
/// that may begin a pattern, at which the statement ends here.
fn statement(q: &str) -> (String, &str, &str) {
    let mut text = String::new();
    let mut rest = q;
    loop {
        let mut chars = rest.chars();
        let Some(c) = chars.next() else {
            return (text, "", "");
        };
        let next = chars.as_str();
        rest = match c {
            ';' => return (text, next, ""),
            '-' if next.starts_with('-') => {
                text.push(' ');
                next.split_once('\n').map_or("", |(_, line)| line)
            }
            '/' => {
                text.push(' ');
                match next.strip_prefix('*') {
                    Some(comment) => comment.split_once("*/").map_or("", |(_, after)| after),
                    // A pattern, or a division.
                    None => return (text, "", next),
                }
            }
            '\'' | '"' => {
                text.push_str(" _ ");
                after_quote(next, c)
            }
            c => {
                text.push(c);
                next
            }
        };
    }
}

/// Returns the text after the end of a string that has begun.
fn after_quote(text: &str, quote: char) -> &str {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            break;
        }
    }
    chars.as_str()
}
