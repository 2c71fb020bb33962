//! `Statements`: which of a query's statements must have a result.

use alloc::string::String;

/// What a complete response to a query has, at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Statements {
    /// The number, from 1, of the last statement that has a result on every server; 0 if there is none.
    /// Nothing behind a `/` that may begin a pattern is counted.
    pub(super) last: u32,
    /// Whether there is a statement that InfluxDB 2.x carries out without a result.
    pub(super) silent: bool,
}

impl Statements {
    /// Whether there is none at all.
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

/// The first word of a statement that may change something, or `INTO`. What stands behind a pattern is
/// not read as InfluxQL: there each `;` begins a statement.
pub(super) fn writes(q: &str) -> Option<String> {
    let mut rest = q;
    while !rest.is_empty() {
        let (text, next, behind) = statement(rest);
        let found = word_that_writes(&text);
        if found.is_some() {
            return found;
        }
        // The first piece is the rest of this statement.
        for (at, piece) in behind.split(';').enumerate() {
            let found = if at == 0 {
                into(piece)
            } else {
                word_that_writes(piece)
            };
            if found.is_some() {
                return found;
            }
        }
        rest = next;
    }
    None
}

fn word_that_writes(statement: &str) -> Option<String> {
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

/// `DELETE` and `DROP MEASUREMENT`, to which 2.9.1 responds with an empty body, or with `{}` if it isn't
/// asked for chunks.
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

/// The first statement, without comments and strings; what stands behind its `;`; and what follows a `/`
/// that may begin a pattern, where the statement ends for this function.
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
                behind_quote(next, c)
            }
            c => {
                text.push(c);
                next
            }
        };
    }
}

/// What stands behind a string that has begun.
fn behind_quote(text: &str, quote: char) -> &str {
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
