//! Finds the `yield` of a script: steps that are appended to the script go before it.

use super::arguments::{Token, Tokens};

/// The calls of `yield` in a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Yields {
    None,
    /// There is one, the last step of the script, `|> yield(…)`, whose pipe is at this byte.
    AtEnd(usize),
    /// There are several, or one at another place.
    Elsewhere,
}

/// Finds the calls of `yield` in a script, which is read as tokens, not parsed.
pub(crate) fn yields(flux: &str) -> Yields {
    let mut tokens = Tokens { rest: flux };
    let at = |tokens: Tokens<'_>| flux.len().saturating_sub(tokens.rest.len());
    let mut found = Yields::None;
    let mut depth = 0usize;
    // The last three tokens with their places.
    let mut pipe = (0, Token::End);
    let mut before = (0, Token::End);
    let mut last = (0, Token::End);
    loop {
        let token = tokens.next();
        let here = (at(tokens).saturating_sub(1), token);
        match (token, last.1) {
            (Token::End, _) => return found,
            (Token::Mark('('), Token::Name("yield")) if before.1 != Token::Mark('.') => {
                let piped = (pipe.1, before.1) == (Token::Mark('|'), Token::Mark('>'));
                if found != Yields::None || depth > 0 || !piped {
                    return Yields::Elsewhere;
                }
                found = Yields::AtEnd(pipe.0);
                depth = depth.saturating_add(1);
            }
            // Anything after the complete yield.
            (_, _) if depth == 0 && found != Yields::None => return Yields::Elsewhere,
            (Token::Mark('(' | '[' | '{'), _) => depth = depth.saturating_add(1),
            (Token::Mark(')' | ']' | '}'), _) => depth = depth.saturating_sub(1),
            _ => {}
        }
        (pipe, before, last) = (before, last, here);
    }
}

#[cfg(test)]
#[path = "tests/yields.rs"]
mod tests;
