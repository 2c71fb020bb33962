//! Quoting of text: Flux strings, Flux regular expressions, JSON strings.

use core::fmt::{self, Write};

/// Writes a Flux string literal.
///
/// The dollar is a trap. `${` begins an interpolation, and is escaped as `\${`. Before any other character but a
/// quote, Flux's scanner reads a dollar together with the next character, whatever that is: in `"$\""` the
/// backslash belongs to the dollar, the quote ends the string, and the rest would run as code. So a dollar is
/// written bare only if the next character is written as itself; otherwise it is `\x24`.
pub(super) fn string_literal(text: &str, out: &mut dyn Write) -> fmt::Result {
    out.write_char('"')?;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if let Some(escaped) = escaped(character) {
            out.write_str(escaped)?;
            continue;
        }
        match character {
            '$' => match characters.peek() {
                Some('{') => out.write_str("\\$")?,
                Some('$' | '"' | '\\' | '\0'..='\x1F' | '\x7F') => out.write_str("\\x24")?,
                Some(_) | None => out.write_char('$')?,
            },
            '\0'..='\x1F' | '\x7F' => control("\\x", character, out)?,
            other => out.write_char(other)?,
        }
    }
    out.write_char('"')
}

/// Writes a Flux regular expression literal with the meaning of the pattern.
///
/// Flux's scanner resolves `\/` and `\xHH` before the expression is compiled: `\x2e`, a literal dot, would become
/// the dot that matches any character. Such an escape is written as the escaped character. A backslash at the end
/// would escape the closing slash, and is doubled.
pub(super) fn regex_literal(pattern: &str, out: &mut dyn Write) -> fmt::Result {
    if pattern.is_empty() {
        // `//` begins a comment.
        return out.write_str("/(?:)/");
    }
    out.write_char('/')?;
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        match character {
            '/' => out.write_str("\\/")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\\' => {
                let ahead = rest.as_str();
                let hex = ahead
                    .strip_prefix('x')
                    .and_then(|digits| digits.get(..2))
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                match hex {
                    Some(byte) => {
                        rest = ahead.get(3..).unwrap_or_default().chars();
                        let character = char::from(byte);
                        if character.is_ascii_punctuation() {
                            out.write_char('\\')?;
                        }
                        match character {
                            '\n' => out.write_str("\\n")?,
                            '\r' => out.write_str("\\r")?,
                            other => out.write_char(other)?,
                        }
                    }
                    None => {
                        out.write_char('\\')?;
                        out.write_char(rest.next().unwrap_or('\\'))?;
                    }
                }
            }
            other => out.write_char(other)?,
        }
    }
    out.write_char('/')
}

/// Writes a JSON string.
pub(crate) fn json_string(text: &str, out: &mut dyn Write) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match (escaped(character), character) {
            (Some(escaped), _) => out.write_str(escaped)?,
            (None, '\0'..='\x1F') => control("\\u00", character, out)?,
            (None, other) => out.write_char(other)?,
        }
    }
    out.write_char('"')
}

/// Returns the escape of a character that has the same one in Flux and in JSON.
fn escaped(character: char) -> Option<&'static str> {
    Some(match character {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => return None,
    })
}

/// Writes a control character as two hexadecimal digits, without the code size of `fmt`.
fn control(escape: &str, character: char, out: &mut dyn Write) -> fmt::Result {
    out.write_str(escape)?;
    for shift in [4, 0] {
        let digit = char::from_digit(u32::from(character) >> shift & 0xF, 16);
        out.write_char(digit.unwrap_or('0'))?;
    }
    Ok(())
}

/// Returns `true` if a name needs no quotes in Flux.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|next| next.is_ascii_alphanumeric() || next == '_')
        && !KEYWORDS.contains(&name)
}

const KEYWORDS: [&str; 13] = [
    "and", "import", "option", "if", "or", "package", "builtin", "then", "not", "return",
    "testcase", "else", "exists",
];
