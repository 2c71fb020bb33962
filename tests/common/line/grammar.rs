//! Line protocol read by its published grammar, on purpose as plainly as it can be written:
//! character by character, with none of the encoder's code or tricks. It accepts only what every
//! server's parser accepts.

use super::Value;

/// A line read back.
#[derive(Debug, PartialEq)]
pub(crate) struct Parsed {
    pub measurement: String,
    pub tags: Vec<(String, String)>,
    pub fields: Vec<(String, Value)>,
    pub time: Option<i64>,
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Splits a body into lines: at newlines outside a quoted string. A quote begins a string only
/// where a value begins: behind an `=` that is not escaped, in the section of the fields.
pub(crate) fn lines(body: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut escaped, mut quoted, mut values) = (0, false, false, false);
    let mut previous = '\n';
    for (at, c) in body.char_indices() {
        let mut this = c;
        match c {
            _ if escaped => {
                escaped = false;
                this = ' ';
            }
            '\\' => escaped = true,
            '"' if quoted => quoted = false,
            '"' if values && previous == '=' => quoted = true,
            _ if quoted => {}
            ' ' => values = true,
            '\n' => {
                lines.push(&body[start..at]);
                start = at + 1;
                values = false;
            }
            _ => {}
        }
        previous = this;
    }
    assert_eq!(start, body.len(), "the last line has no newline: {body:?}");
    lines
}

/// Reads one line, without its newline.
pub(crate) fn parse(line: &str) -> Result<Parsed, String> {
    let mut chars = line.chars().peekable();
    if chars.peek() == Some(&'#') {
        return Err("a comment".into());
    }
    let (measurement, mut end) = name(&mut chars, &[',', ' '], &[',', ' '])?;
    let mut tags = Vec::new();
    while end == Some(',') {
        let (key, stop) = name(&mut chars, &[',', '=', ' '], &['='])?;
        if stop != Some('=') {
            return Err(format!("tag {key:?} has no value"));
        }
        let (value, stop) = name(&mut chars, &[',', '=', ' '], &[',', ' '])?;
        if tags.iter().any(|(k, _)| *k == key) {
            return Err(format!("tag {key:?} twice"));
        }
        tags.push((key, value));
        end = stop;
    }
    if end != Some(' ') {
        return Err("no fields".into());
    }
    let mut fields: Vec<(String, Value)> = Vec::new();
    let mut end = Some(',');
    while end == Some(',') {
        let (key, stop) = name(&mut chars, &[',', '=', ' '], &['='])?;
        if stop != Some('=') {
            return Err(format!("field {key:?} has no value"));
        }
        if fields.iter().any(|(k, _)| *k == key) {
            return Err(format!("field {key:?} twice"));
        }
        fields.push((key, value(&mut chars)?));
        end = chars.next();
    }
    let time = match end {
        None => None,
        Some(' ') => {
            let text: String = chars.collect();
            Some(text.parse().map_err(|e| format!("time {text:?}: {e}"))?)
        }
        Some(c) => return Err(format!("{c:?} after a value")),
    };
    Ok(Parsed {
        measurement,
        tags,
        fields,
        time,
    })
}

/// A name up to one of `stops`, its `escapable` characters unescaped.
fn name(
    chars: &mut Chars<'_>,
    escapable: &[char],
    stops: &[char],
) -> Result<(String, Option<char>), String> {
    let mut text = String::new();
    loop {
        match chars.next() {
            Some('\\') => match chars.peek() {
                Some(c) if escapable.contains(c) => text.extend(chars.next()),
                // The parsers disagree about these.
                None | Some('\\' | '"' | '=') => return Err(format!("backslash after {text:?}")),
                Some(_) => text.push('\\'),
            },
            Some(c) if stops.contains(&c) => break some(text, Some(c)),
            Some(c) if c < ' ' || c == '\x7F' => return Err(format!("control {c:?}")),
            // An unescaped one that is no stop here means a server may read it otherwise.
            Some(c) if escapable.contains(&c) => return Err(format!("raw {c:?} in {text:?}")),
            Some(c) => text.push(c),
            None => break some(text, None),
        }
    }
}

fn some(text: String, stop: Option<char>) -> Result<(String, Option<char>), String> {
    if text.is_empty() {
        return Err("empty name".into());
    }
    Ok((text, stop))
}

fn value(chars: &mut Chars<'_>) -> Result<Value, String> {
    if chars.next_if_eq(&'"').is_some() {
        let mut text = String::new();
        loop {
            match chars.next() {
                None => return Err("string without end".into()),
                Some('"') => return Ok(Value::Text(text)),
                Some('\\') => match chars.next() {
                    Some(c @ ('"' | '\\')) => text.push(c),
                    // Legal, but read differently here and there: we never write it.
                    c => return Err(format!("backslash before {c:?} in a string")),
                },
                Some(c) => text.push(c),
            }
        }
    }
    let mut text = String::new();
    while let Some(c) = chars.next_if(|c| *c != ',' && *c != ' ') {
        text.push(c);
    }
    let bad = |e: &dyn std::fmt::Display| format!("value {text:?}: {e}");
    if let Some(digits) = text.strip_suffix('i') {
        return digits.parse().map(Value::Integer).map_err(|e| bad(&e));
    }
    if let Some(digits) = text.strip_suffix('u') {
        return digits.parse().map(Value::Unsigned).map_err(|e| bad(&e));
    }
    match text.as_str() {
        "true" => return Ok(Value::Boolean(true)),
        "false" => return Ok(Value::Boolean(false)),
        _ => {}
    }
    float(&text).ok_or_else(|| bad(&"not a float every server reads"))
}

/// `-?digits(.digits)?(e[+-]digits)?` and nothing else.
fn float(text: &str) -> Option<Value> {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((m, e)) => (m, Some(e)),
        None => (text, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if let Some(e) = exponent {
        digits(e.strip_prefix(['+', '-'])?).then_some(())?;
    }
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let legal = match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    };
    let value: f64 = text.parse().ok()?;
    (legal && value.is_finite()).then_some(Value::Float(value))
}
