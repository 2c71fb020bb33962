//! A JSON reader for the servers' responses, exact and independent.
//!
//! Numbers stay text, so that no reading of a float comes between the server and the comparison.

use std::iter::Peekable;
use std::str::Chars;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one value and nothing behind it. Panics with the place on anything else.
    pub(crate) fn parse(text: &str) -> Json {
        let mut chars = text.chars().peekable();
        let value = value(&mut chars);
        space(&mut chars);
        assert_eq!(chars.next(), None, "something behind the JSON value");
        value
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn number(&self) -> Option<&str> {
        match self {
            Json::Number(text) => Some(text),
            _ => None,
        }
    }
}

fn space(chars: &mut Peekable<Chars<'_>>) {
    while chars
        .next_if(|c| matches!(c, ' ' | '\t' | '\n' | '\r'))
        .is_some()
    {}
}

fn value(chars: &mut Peekable<Chars<'_>>) -> Json {
    space(chars);
    match chars.peek() {
        Some('"') => Json::Text(string(chars)),
        Some('[') => Json::List(sequence(chars, ']', value)),
        Some('{') => Json::Object(sequence(chars, '}', |chars| {
            space(chars);
            let key = string(chars);
            space(chars);
            assert_eq!(chars.next(), Some(':'), "a member without a colon");
            (key, value(chars))
        })),
        _ => word(chars),
    }
}

fn sequence<T>(
    chars: &mut Peekable<Chars<'_>>,
    end: char,
    mut item: impl FnMut(&mut Peekable<Chars<'_>>) -> T,
) -> Vec<T> {
    chars.next();
    let mut items = Vec::new();
    space(chars);
    if chars.next_if_eq(&end).is_some() {
        return items;
    }
    loop {
        items.push(item(chars));
        space(chars);
        match chars.next() {
            Some(',') => {}
            Some(c) if c == end => return items,
            other => panic!("{other:?} in a list, expected , or {end}"),
        }
    }
}

fn word(chars: &mut Peekable<Chars<'_>>) -> Json {
    let mut text = String::new();
    while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)) {
        text.push(c);
    }
    match text.as_str() {
        "null" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        // Not JSON, but what VictoriaMetrics exports.
        "+Inf" | "-Inf" => Json::Number(text),
        number if number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            Json::Number(text)
        }
        other => panic!("not JSON: {other:?}"),
    }
}

fn string(chars: &mut Peekable<Chars<'_>>) -> String {
    assert_eq!(chars.next(), Some('"'), "a string without its quote");
    let mut text = String::new();
    loop {
        match chars.next().expect("a string without its end") {
            '"' => return text,
            '\\' => text.push(escape(chars)),
            c => text.push(c),
        }
    }
}

fn escape(chars: &mut Peekable<Chars<'_>>) -> char {
    match chars.next().expect("a string without its end") {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let first = code_unit(chars);
            if !(0xd800..0xdc00).contains(&first) {
                return char::from_u32(first).expect("a lone surrogate");
            }
            assert_eq!((chars.next(), chars.next()), (Some('\\'), Some('u')));
            let second = code_unit(chars);
            let high = (first - 0xd800) << 10;
            char::from_u32(0x10000 + high + (second - 0xdc00)).expect("two surrogates")
        }
        c @ ('"' | '\\' | '/') => c,
        other => panic!("\\{other} is no escape"),
    }
}

fn code_unit(chars: &mut Peekable<Chars<'_>>) -> u32 {
    let hex: String = chars.take(4).collect();
    u32::from_str_radix(&hex, 16).expect("four hexadecimal digits")
}

#[test]
fn reads_what_servers_send() {
    let json = Json::parse(r#" {"a":[1,-2.5e+3,"x\"\\\n\u00e9\ud83d\ude00",null,true],"b":{}} "#);
    let items = json.get("a").unwrap().list();
    assert_eq!(items[1], Json::Number("-2.5e+3".into()));
    assert_eq!(items[2], Json::Text("x\"\\\né😀".into()));
    assert_eq!(json.get("b").unwrap().members(), []);
}
