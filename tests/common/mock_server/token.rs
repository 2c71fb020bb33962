//! The tokens of a small part of Flux, each with its position.

use std::fmt;

use super::time;

/// A range of the text in an error: `1:6-1:12`, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    start: (usize, usize),
    end: (usize, usize),
}

impl Span {
    pub(crate) fn to(self, other: Self) -> Self {
        Self {
            start: self.start,
            end: other.end,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (self.start, self.end);
        write!(f, "{}:{}-{}:{}", start.0, start.1, end.0, end.1)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Name(String),
    String(String),
    Integer(i64),
    Float(f64),
    Duration(i64),
    Time(i64),
    /// `(`, `|>`, `==`, …, and the keywords `and`, `or`.
    Sign(&'static str),
    /// A character that this part of Flux doesn't use.
    Odd(String),
    End,
}

impl Token {
    /// The token's name in an error.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::End => "EOF".into(),
            Self::Sign(")") => "RPAREN".into(),
            Self::Sign(sign) => (*sign).into(),
            Self::Name(name) => name.clone(),
            Self::String(_) => "STRING".into(),
            Self::Integer(_) => "INT".into(),
            Self::Float(_) => "FLOAT".into(),
            Self::Duration(_) => "DURATION".into(),
            Self::Time(_) => "TIME".into(),
            Self::Odd(text) => text.chars().take(20).collect(),
        }
    }
}

const SIGNS: [&str; 17] = [
    "|>", "=>", "==", "!=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "-", "+", "=", "*",
];
/// Nanoseconds of each unit; months and years have no fixed length and are left out.
const UNITS: [(&str, i64); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

pub(crate) struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    column: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 1,
            column: 1,
        }
    }

    pub(crate) fn tokens(mut self) -> Vec<(Token, Span)> {
        let mut tokens = Vec::new();
        loop {
            self.skip_blank();
            let start = (self.line, self.column);
            let token = self.token();
            let end = (self.line, self.column);
            let last = token == Token::End;
            tokens.push((token, Span { start, end }));
            if last {
                return tokens;
            }
        }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        for byte in taken.bytes() {
            if byte == b'\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c));
        self.take(end.unwrap_or(self.rest.len()))
    }

    fn skip_blank(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if !self.rest.starts_with("//") {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn token(&mut self) -> Token {
        let Some(first) = self.rest.chars().next() else {
            return Token::End;
        };
        if first.is_alphabetic() || first == '_' {
            let word = self.take_while(|c| c.is_alphanumeric() || c == '_');
            return match word {
                "and" => Token::Sign("and"),
                "or" => Token::Sign("or"),
                _ => Token::Name(word.to_owned()),
            };
        }
        if first == '"' {
            return self.string();
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        match SIGNS.iter().find(|sign| self.rest.starts_with(**sign)) {
            Some(sign) => {
                self.take(sign.len());
                Token::Sign(sign)
            }
            None => Token::Odd(self.take(first.len_utf8()).to_owned()),
        }
    }

    fn string(&mut self) -> Token {
        let all = self.rest;
        self.take(1);
        let mut text = Vec::new();
        loop {
            let plain = self.take_while(|c| !matches!(c, '"' | '\\' | '$'));
            text.extend_from_slice(plain.as_bytes());
            let escaped = self.rest.get(..2).unwrap_or(self.rest);
            let (byte, length) = match escaped {
                r#"\""# => (b'"', 2),
                r"\\" => (b'\\', 2),
                r"\$" => (b'$', 2),
                r"\n" => (b'\n', 2),
                r"\r" => (b'\r', 2),
                r"\t" => (b'\t', 2),
                r"\x" => match self.rest.get(2..4).map(|hex| u8::from_str_radix(hex, 16)) {
                    Some(Ok(byte)) => (byte, 4),
                    _ => return Token::Odd(all.to_owned()),
                },
                _ if escaped.starts_with('"') => {
                    self.take(1);
                    return match String::from_utf8(text) {
                        Ok(text) => Token::String(text),
                        Err(_) => Token::Odd(all.to_owned()),
                    };
                }
                // Text spliced in by `${…}` is not understood here.
                _ if escaped.starts_with('$') && escaped != "${" => (b'$', 1),
                _ => return Token::Odd(self.take(self.rest.len()).to_owned()),
            };
            text.push(byte);
            self.take(length);
        }
    }

    fn number(&mut self) -> Token {
        let bytes = self.rest.as_bytes();
        if bytes.get(4) == Some(&b'-') && bytes[..4].iter().all(u8::is_ascii_digit) {
            let word = self.take_while(|c| {
                c.is_ascii_digit() || matches!(c, '-' | 'T' | ':' | '.' | 'Z' | '+')
            });
            return time::parse(word).map_or_else(|| Token::Odd(word.to_owned()), Token::Time);
        }
        let word = self.take_while(|c| c.is_alphanumeric() || c == '.');
        let odd = || Token::Odd(word.to_owned());
        if word.bytes().all(|b| b.is_ascii_digit()) {
            return word.parse().map_or_else(|_| odd(), Token::Integer);
        }
        if word.contains('.') {
            return word.parse().map_or_else(|_| odd(), Token::Float);
        }
        duration(word).map_or_else(odd, Token::Duration)
    }
}

/// `1h30m` in nanoseconds.
fn duration(mut word: &str) -> Option<i64> {
    let mut total: i64 = 0;
    while !word.is_empty() {
        let digits = word.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = word[..digits].parse().ok()?;
        word = &word[digits..];
        let unit = word.find(|c: char| c.is_ascii_digit());
        let (unit, rest) = word.split_at(unit.unwrap_or(word.len()));
        total = total.checked_add(count.checked_mul(unit_nanos(unit)?)?)?;
        word = rest;
    }
    Some(total)
}

/// Nanoseconds of a duration's unit.
pub(crate) fn unit_nanos(unit: &str) -> Option<i64> {
    let mut units = UNITS.iter();
    units
        .find(|(name, _)| *name == unit)
        .map(|(_, nanos)| *nanos)
}
