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
    pub(super) fn of(q: &str) -> Self {
        let mut found = Statements::default();
        let mut count = 0u32;
        let mut rest = q;
        while !rest.is_empty() {
            let (text, next) = statement(rest);
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

/// The first statement, without comments and strings; and what stands behind its `;`.
fn statement(q: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = q;
    loop {
        let mut chars = rest.chars();
        let Some(c) = chars.next() else {
            return (text, "");
        };
        let next = chars.as_str();
        rest = match c {
            ';' => return (text, next),
            '-' if next.starts_with('-') => {
                text.push(' ');
                next.split_once('\n').map_or("", |(_, line)| line)
            }
            '/' => {
                text.push(' ');
                match next.strip_prefix('*') {
                    Some(comment) => comment.split_once("*/").map_or("", |(_, after)| after),
                    // A pattern, or a division.
                    None => return (text, ""),
                }
            }
            '\'' | '"' => {
                text.push('_');
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
