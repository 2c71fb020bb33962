//! Line protocol, checked twice: by the published parser of the 3.x family, and by the rules of OSS 2.x with
//! its recorded messages.

use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines, split_lines};

use super::store::{Line, Value};

/// Longest series key plus separator plus field key, in bytes as sent.
const MAX_KEY: usize = 65_535;
/// Latest time, and with a minus the earliest, in nanoseconds.
const MAX_TIME: i64 = i64::MAX - 1;
/// Tag keys that the server reserves.
const RESERVED_TAGS: [&str; 3] = ["time", "_field", "_measurement"];

/// Reads a body. All lines, or the messages about the bad ones joined by newlines, as the server
/// sends them: then nothing of the body may be stored.
///
/// `unit` is the precision in nanoseconds; `now` the time of lines that have none.
pub(crate) fn parse(body: &str, unit: i64, now: i64) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    let mut refused = Vec::new();
    for text in split_lines(body) {
        // The parser returns nothing for an empty line or a comment.
        let Some(judged) = parse_lines(text).next() else {
            continue;
        };
        let text = text.trim_start_matches([' ', '\t', '\0', '\n']);
        // Only a line whose quotes stay open runs on to the end of the body.
        let text = text.strip_suffix('\n').unwrap_or(text);
        let words = match (refusal(text, unit), judged) {
            (None, Ok(parsed)) => {
                lines.push(take(&parsed, unit, now));
                continue;
            }
            (Some(words), _) => words,
            // Accepted by 2.x, rejected by 3.x: there is no recorded message, so this is the parser's.
            (None, Err(error)) => error.to_string(),
        };
        refused.push(format!("unable to parse '{text}': {words}"));
    }
    if refused.is_empty() {
        Ok(lines)
    } else {
        Err(refused.join("\n"))
    }
}

pub(crate) fn take(parsed: &ParsedLine<'_>, unit: i64, now: i64) -> Line {
    let tags = parsed.series.tag_set.iter().flatten();
    let mut tags: Vec<_> = tags.map(|(k, v)| (k.to_string(), v.to_string())).collect();
    tags.sort();
    let fields = parsed.field_set.iter().map(|(key, value)| {
        let value = match value {
            FieldValue::F64(v) => Value::Float(*v),
            FieldValue::I64(v) => Value::Integer(*v),
            FieldValue::U64(v) => Value::Unsigned(*v),
            FieldValue::String(v) => Value::String(v.to_string()),
            FieldValue::Boolean(v) => Value::Boolean(*v),
        };
        (key.to_string(), value)
    });
    Line {
        measurement: parsed.series.measurement.to_string(),
        tags,
        fields: fields.collect(),
        time: match parsed.timestamp {
            Some(time) => time * unit,
            None => now - now.rem_euclid(unit),
        },
    }
}

/// The message with which OSS 2.x rejects this line; `None` if it accepts it.
fn refusal(line: &str, unit: i64) -> Option<String> {
    Scan {
        line: line.as_bytes(),
        at: 0,
    }
    .line(unit)
    .err()
}

struct Scan<'a> {
    line: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn line(&mut self, unit: i64) -> Result<(), String> {
        let longest_field = {
            self.series()?;
            let series = self.at;
            (series, self.fields()?)
        };
        let key = longest_field.0 + 4 + longest_field.1;
        if key > MAX_KEY {
            return Err(format!("max key length exceeded: {key} > {MAX_KEY}"));
        }
        self.timestamp(unit)
    }

    /// Measurement and tags. Leaves off at the space behind them.
    fn series(&mut self) -> Result<(), String> {
        if self.here() == Some(b',') {
            return Err("missing measurement".into());
        }
        self.at += 1;
        self.skip_to(b", ");
        let mut keys = Vec::new();
        while self.here() == Some(b',') {
            self.at += 1;
            keys.push(self.tag()?);
        }
        if self.here().is_none() {
            return Err("missing fields".into());
        }
        if let Some(key) = keys
            .iter()
            .find(|key| RESERVED_TAGS.contains(&key.as_str()))
        {
            return Err(format!("cannot use reserved tag key \"{key}\""));
        }
        keys.sort();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("duplicate tags".into());
        }
        Ok(())
    }

    /// One tag; its key as sent.
    fn tag(&mut self) -> Result<String, String> {
        let start = self.at;
        self.skip_to(b"=, ");
        if self.at == start {
            return Err("missing tag key".into());
        }
        let key = String::from_utf8_lossy(&self.line[start..self.at]).into_owned();
        if self.here() != Some(b'=') {
            return Err("missing tag value".into());
        }
        self.at += 1;
        let start = self.at;
        self.skip_to(b"=, ");
        match self.here() {
            Some(b'=') => Err("invalid tag format".into()),
            _ if self.at == start => Err("missing tag value".into()),
            None => Err("missing fields".into()),
            Some(_) => Ok(key),
        }
    }

    /// All fields; the length of the longest key.
    fn fields(&mut self) -> Result<usize, String> {
        self.skip_spaces();
        let mut longest = 0;
        loop {
            let start = self.at;
            self.skip_to(b"=, ");
            if self.here() != Some(b'=') {
                return Err("invalid field format".into());
            }
            if self.at == start {
                return Err("missing field key".into());
            }
            longest = longest.max(self.at - start);
            self.at += 1;
            self.value()?;
            match self.here() {
                Some(b',') => self.at += 1,
                Some(b' ') | None => return Ok(longest),
                Some(_) => return Err("invalid field format".into()),
            }
        }
    }

    fn value(&mut self) -> Result<(), String> {
        match self.here() {
            None | Some(b',' | b' ') => Err("missing field value".into()),
            Some(b'"') => self.string(),
            Some(b'0'..=b'9' | b'.' | b'-' | b'N' | b'n') => number(&self.word()),
            Some(_) => match self.word().as_str() {
                "t" | "T" | "true" | "True" | "TRUE" => Ok(()),
                "f" | "F" | "false" | "False" | "FALSE" => Ok(()),
                _ => Err("invalid boolean".into()),
            },
        }
    }

    fn string(&mut self) -> Result<(), String> {
        self.at += 1;
        while let Some(byte) = self.here() {
            self.at += 1;
            match byte {
                b'"' => return Ok(()),
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        Err("unbalanced quotes".into())
    }

    fn timestamp(&mut self, unit: i64) -> Result<(), String> {
        self.skip_spaces();
        let word = self.word();
        if word.is_empty() {
            return Ok(());
        }
        let digits = word.strip_prefix('-').unwrap_or(&word);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err("bad timestamp".into());
        }
        let time: i64 = word
            .parse()
            .map_err(|_| format!("strconv.ParseInt: parsing \"{word}\": value out of range"))?;
        let range = -MAX_TIME..=MAX_TIME;
        if !time.checked_mul(unit).is_some_and(|t| range.contains(&t)) {
            return Err(format!("time outside range -{MAX_TIME} - {MAX_TIME}"));
        }
        self.skip_spaces();
        if self.here().is_some() {
            return Err("point is invalid".into());
        }
        Ok(())
    }

    fn here(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while matches!(self.here(), Some(b' ' | b'\t' | 0)) {
            self.at += 1;
        }
    }

    /// On to the next of these bytes that has no backslash before it.
    fn skip_to(&mut self, stops: &[u8]) {
        while let Some(byte) = self.here() {
            let escaped = self.at > 0 && self.line[self.at - 1] == b'\\';
            if stops.contains(&byte) && !escaped {
                return;
            }
            self.at += 1;
        }
    }

    /// Everything up to the next comma, space or end.
    fn word(&mut self) -> String {
        let start = self.at;
        while !matches!(self.here(), None | Some(b',' | b' ')) {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.line[start..self.at]).into_owned()
    }
}

fn number(word: &str) -> Result<(), String> {
    let invalid = || Err("invalid number".to_owned());
    if let Some(digits) = word.strip_suffix('i') {
        let unsigned = digits.strip_prefix('-').unwrap_or(digits);
        if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
            return invalid();
        }
        if digits.parse::<i64>().is_err() {
            return Err(format!(
                "unable to parse integer {digits}: strconv.ParseInt: parsing \"{digits}\": value out of range"
            ));
        }
        return Ok(());
    }
    if let Some(digits) = word.strip_suffix('u') {
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return invalid();
        }
        if digits.parse::<u64>().is_err() {
            return Err(format!(
                "unable to parse unsigned {digits}: strconv.ParseUint: parsing \"{digits}\": value out of range"
            ));
        }
        return Ok(());
    }
    let looks_right = word
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    match word.parse::<f64>() {
        Ok(value) if looks_right && value.is_finite() => Ok(()),
        Ok(_) if looks_right => Err("invalid float".into()),
        _ => invalid(),
    }
}
