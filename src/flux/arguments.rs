//! Checks of a query's parameters before it is sent: a string in place of a duration or a time, and a range that
//! starts in the future.
//!
//! The script is read as tokens, not parsed: strings and comments are skipped, and an argument counts only if it is
//! `params.name` and nothing else. The server checks everything else.

/// Functions and their arguments that are durations or times, and for which InfluxDB 2.9.1 rejects strings.
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

/// An argument whose value is a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Argument<'q> {
    pub(crate) function: &'q str,
    pub(crate) name: &'q str,
    pub(crate) param: &'q str,
}

/// Finds the first argument that takes a duration or a time and whose value is a parameter that is a string.
pub(crate) fn text_for_duration<'q>(
    flux: &'q str,
    is_text: impl Fn(&str) -> bool,
) -> Option<Argument<'q>> {
    let takes_no_text = |call: &Call<'q>| {
        let taken = call.arguments.last().copied();
        taken.filter(|taken| takes_no_text(taken.function, taken.name) && is_text(taken.param))
    };
    find(flux, takes_no_text, |_| None)
}

/// Finds the start of the first range without a stop, which therefore ends now, whose value is a parameter that is a
/// duration above zero.
pub(crate) fn range_ahead<'q>(
    flux: &'q str,
    is_ahead: impl Fn(&str) -> bool,
) -> Option<Argument<'q>> {
    find(
        flux,
        |_| None,
        |call| {
            if call.function != "range" || call.names.contains(&"stop") {
                return None;
            }
            let mut given = call.arguments.iter().copied();
            given.find(|given| given.name == "start" && is_ahead(given.param))
        },
    )
}

/// A call whose bracket is open, or another open bracket.
#[derive(Default)]
struct Call<'q> {
    function: &'q str,
    /// The names of its arguments.
    names: alloc::vec::Vec<&'q str>,
    /// The arguments whose value is a parameter.
    arguments: alloc::vec::Vec<Argument<'q>>,
}

/// Returns the first argument that `given` finds after an argument whose value is a parameter, or `complete` at the end of a
/// call.
fn find<'q>(
    flux: &'q str,
    given: impl Fn(&Call<'q>) -> Option<Argument<'q>>,
    complete: impl Fn(&Call<'q>) -> Option<Argument<'q>>,
) -> Option<Argument<'q>> {
    let mut tokens = Tokens { rest: flux };
    // The call that each open bracket belongs to.
    let mut calls: alloc::vec::Vec<Call<'q>> = alloc::vec::Vec::new();
    let (mut before, mut last) = (Token::End, Token::End);
    loop {
        let token = tokens.next();
        let mut found = None;
        match (token, last) {
            (Token::End, _) => return None,
            (Token::Mark('('), Token::Name(function)) if before != Token::Mark('.') => {
                calls.push(Call {
                    function,
                    ..Call::default()
                });
            }
            (Token::Mark('(' | '[' | '{'), _) => calls.push(Call::default()),
            (Token::Mark(')' | ']' | '}'), _) => {
                found = calls.pop().and_then(|call| complete(&call));
            }
            (Token::Mark(':'), Token::Name(name)) => {
                let mut ahead = tokens;
                if let Some(call) = calls.last_mut() {
                    call.names.push(name);
                    if let Some(param) = ahead.param() {
                        call.arguments.push(Argument {
                            function: call.function,
                            name,
                            param,
                        });
                        found = given(call);
                    }
                }
            }
            _ => {}
        }
        if found.is_some() {
            return found;
        }
        (before, last) = (last, token);
    }
}

fn takes_no_text(function: &str, argument: &str) -> bool {
    let known = NO_TEXT.iter().find(|(name, _)| *name == function);
    known.is_some_and(|(_, arguments)| arguments.contains(&argument))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'q> {
    Name(&'q str),
    Text,
    Mark(char),
    End,
}

#[derive(Clone, Copy)]
pub(super) struct Tokens<'q> {
    pub(super) rest: &'q str,
}

impl<'q> Tokens<'q> {
    pub(super) fn next(&mut self) -> Token<'q> {
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
        let mut escaped = true; // so that the opening quote doesn't close it
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

    /// Returns the name of the parameter that follows, if it is the whole argument.
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
