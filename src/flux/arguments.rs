//! Which arguments of Flux functions a text parameter can't be.
//!
//! A script is read as tokens, no further: strings and comments are passed over, and only an argument
//! that is `params.name` and nothing else counts. What isn't understood is left to the server.

/// Functions and those of their arguments that are durations or times, as InfluxDB 2.9.1 refuses texts.
const NO_TEXT: [(&str, &[&str]); 10] = [
    ("range", &["start", "stop"]),
    ("window", &["every", "period", "offset"]),
    ("aggregateWindow", &["every", "period", "offset"]),
    ("timeShift", &["duration"]),
    ("derivative", &["unit"]),
    ("elapsed", &["unit"]),
    ("integral", &["unit"]),
    ("stateDuration", &["unit"]),
    ("truncateTimeColumn", &["unit"]),
    ("timeWeightedAvg", &["unit"]),
];

/// An argument of a script that is given a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Argument<'q> {
    pub(crate) function: &'q str,
    pub(crate) name: &'q str,
    pub(crate) param: &'q str,
}

/// The first argument that takes a duration or a time and is given a parameter that is a text.
pub(crate) fn text_for_duration<'q>(
    flux: &'q str,
    is_text: impl Fn(&str) -> bool,
) -> Option<Argument<'q>> {
    let mut tokens = Tokens { rest: flux };
    // The call that each open bracket belongs to.
    let mut calls: alloc::vec::Vec<&str> = alloc::vec::Vec::new();
    let (mut before, mut last) = (Token::End, Token::End);
    loop {
        let token = tokens.next();
        match (token, last) {
            (Token::End, _) => return None,
            (Token::Mark('('), Token::Name(function)) if before != Token::Mark('.') => {
                calls.push(function);
            }
            (Token::Mark('(' | '[' | '{'), _) => calls.push(""),
            (Token::Mark(')' | ']' | '}'), _) => {
                calls.pop();
            }
            (Token::Mark(':'), Token::Name(name)) => {
                let function = calls.last().copied().unwrap_or_default();
                let mut ahead = tokens;
                if takes_no_text(function, name) {
                    if let Some(param) = ahead.param().filter(|param| is_text(param)) {
                        return Some(Argument {
                            function,
                            name,
                            param,
                        });
                    }
                }
            }
            _ => {}
        }
        (before, last) = (last, token);
    }
}

fn takes_no_text(function: &str, argument: &str) -> bool {
    let known = NO_TEXT.iter().find(|(name, _)| *name == function);
    known.is_some_and(|(_, arguments)| arguments.contains(&argument))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'q> {
    Name(&'q str),
    Text,
    Mark(char),
    End,
}

#[derive(Clone, Copy)]
struct Tokens<'q> {
    rest: &'q str,
}

impl<'q> Tokens<'q> {
    fn next(&mut self) -> Token<'q> {
        loop {
            self.rest = self.rest.trim_start();
            let Some(comment) = self.rest.strip_prefix("//") else {
                break;
            };
            self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        }
        let Some(first) = self.rest.chars().next() else {
            return Token::End;
        };
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        if is_name(first) {
            let len = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
            return Token::Name(self.take(len));
        }
        if first != '"' {
            self.take(first.len_utf8());
            return Token::Mark(first);
        }
        let mut escaped = true; // (the quote that opens it)
        let close = self.rest.char_indices().find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        self.take(close.map_or(self.rest.len(), |(at, _)| at.saturating_add(1)));
        Token::Text
    }

    fn take(&mut self, len: usize) -> &'q str {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// The name of the parameter that comes next, if it is the whole argument.
    fn param(&mut self) -> Option<&'q str> {
        let parts = (self.next(), self.next(), self.next(), self.next());
        match parts {
            (
                Token::Name("params"),
                Token::Mark('.'),
                Token::Name(name),
                Token::Mark(',' | ')'),
            ) => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "tests/arguments.rs"]
mod tests;
