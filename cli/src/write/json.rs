//! `Json`: the format of `--jsonl`.

use super::cell::{Kind, Misfit, Value, excerpt};
use super::columns::{self, Layout, Measurement, Role, TimeColumn};
use super::format::{Format, LineEncoder, Lines, Position, RejectedRecord};
use super::records::{EXCERPT, MAX_RECORD};
use super::time::NoTime;
use crate::failure::Failure;
use influx_edge::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::rc::Rc;

/// The longest key of line protocol, in bytes.
const MAX_KEY: usize = 65_535;
/// The most fields of a record. The encoder compares each with those before it.
const MAX_FIELDS: usize = 4096;

/// Converts an object on each line to a line.
pub(crate) struct Json {
    layout: Rc<Layout>,
    record: Record,
    /// The line's bytes in earlier pieces; of a line that is too long, the beginning.
    partial: Vec<u8>,
    partial_len: usize,
    position: Position,
}

/// The members of an object that are part of the line.
#[derive(Default)]
struct Record {
    /// The key of the current member, after those of the objects around it.
    path: String,
    /// Keys and texts, concatenated.
    text: String,
    measurement: Option<Span>,
    tags: Vec<Option<Span>>,
    fields: Vec<(Span, Value<Span>)>,
    time: Option<Timestamp>,
    /// The reason why it is rejected, unless that is its syntax.
    reason: Option<String>,
}

/// A part of `Record::text`.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

impl Json {
    pub(crate) fn new(layout: Rc<Layout>) -> Json {
        Json {
            layout,
            record: Record::default(),
            partial: Vec::new(),
            partial_len: 0,
            position: Position::default(),
        }
    }

    /// Takes a whole line, with its line end if it has one. `len` is its length: of a line that is too long
    /// `line` is only the beginning.
    fn line(&mut self, line: &[u8], len: usize, lines: &mut Lines) {
        let record = match self.position {
            Position { bytes: 0, .. } => line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line),
            _ => line,
        };
        let record = record.trim_ascii();
        let number = self.position.lines.saturating_add(1);
        self.position.bytes = self.position.bytes.saturating_add(len as u64);
        let ended = len > line.len() || line.ends_with(b"\n");
        self.position.lines = self.position.lines.saturating_add(u64::from(ended));
        // A file of rejected records has the reasons in comments.
        if matches!(record, [] | [b'#', ..]) && len <= MAX_RECORD {
            return;
        }
        let done = if len > MAX_RECORD {
            Err(format!("longer than {MAX_RECORD} bytes"))
        } else {
            self.record
                .read(record, &self.layout)
                .and_then(|()| self.record.write(&self.layout, &mut lines.encoder))
        };
        match done {
            Ok(()) => lines.numbers.push(number),
            Err(reason) => {
                let kept = if len > MAX_RECORD {
                    EXCERPT
                } else {
                    record.len()
                };
                lines.rejected.push(RejectedRecord {
                    number,
                    record: record.get(..kept).unwrap_or(record).to_vec(),
                    reason,
                });
            }
        }
    }

    /// Takes the last part of a line that began in an earlier piece.
    fn line_in_parts(&mut self, last: &[u8], lines: &mut Lines) {
        self.keep(last);
        let line = std::mem::take(&mut self.partial);
        self.line(&line, self.partial_len, lines);
        self.partial = line;
        self.partial.clear();
        self.partial_len = 0;
    }

    fn keep(&mut self, part: &[u8]) {
        self.partial_len = self.partial_len.saturating_add(part.len());
        if self.partial_len <= MAX_RECORD {
            self.partial.extend_from_slice(part);
        } else {
            // Three bytes more, for a byte order mark.
            let most = EXCERPT.saturating_add(3);
            let space = most.saturating_sub(self.partial.len()).min(part.len());
            self.partial
                .extend_from_slice(part.get(..space).unwrap_or_default());
            self.partial.truncate(most);
        }
    }
}

impl Format for Json {
    fn push(&mut self, piece: &[u8], lines: &mut Lines) -> Result<(), Failure> {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, left) = rest
                .split_at_checked(end.saturating_add(1))
                .unwrap_or((rest, &[]));
            rest = left;
            if self.partial_len == 0 {
                self.line(line, line.len(), lines);
            } else {
                self.line_in_parts(line, lines);
            }
        }
        self.keep(rest);
        Ok(())
    }

    fn finish(&mut self, lines: &mut Lines) -> Result<(), Failure> {
        if self.partial_len > 0 {
            self.line_in_parts(&[], lines);
        }
        Ok(())
    }

    fn position(&self) -> Position {
        self.position
    }

    fn resume(&mut self, at: Position, _: &mut dyn Read) -> Result<(), Failure> {
        self.position = at;
        Ok(())
    }
}

impl Record {
    /// Parses a line.
    fn read(&mut self, line: &[u8], layout: &Layout) -> Result<(), String> {
        self.path.clear();
        self.text.clear();
        self.tags.clear();
        self.tags.resize(layout.tags.len(), None);
        self.fields.clear();
        (self.measurement, self.time, self.reason) = (None, None, None);
        let mut json = serde_json::Deserializer::from_slice(line);
        let object = Members {
            record: self,
            layout,
            role: None,
        };
        object
            .deserialize(&mut json)
            .and_then(|()| json.end())
            .map_err(|error| self.syntax(line, &error))
    }

    /// Writes the line.
    fn write(&self, layout: &Layout, encoder: &mut LineEncoder) -> Result<(), String> {
        let mut line = match (&layout.measurement, self.measurement) {
            (Measurement::Name(series), _) => encoder.series(series),
            (Measurement::Column(_), Some(name)) => encoder.line(self.part(name)),
            (Measurement::Column(key), None) => {
                return Err(format!("{key}: the key of the measurement is missing"));
            }
        };
        for (key, value) in layout.tags.iter().zip(&self.tags) {
            if let Some(value) = value {
                line = line.tag(key, self.part(*value));
            }
        }
        let mut fields = line.fields();
        for (key, value) in &self.fields {
            let key = self.part(*key);
            fields = match value {
                Value::Float(value) => fields.field(key, *value),
                Value::Int(value) => fields.field(key, *value),
                Value::Uint(value) => fields.field(key, *value),
                Value::Bool(value) => fields.field(key, *value),
                Value::Text(value) => fields.field(key, self.part(*value)),
            };
        }
        let ended = match (self.time, &layout.time) {
            (Some(time), _) => fields.timestamp(time),
            (None, TimeColumn::IfThere) => fields.finish(),
            (None, TimeColumn::Named(key)) => return Err(columns::no_time(key, "", NoTime::Empty)),
        };
        ended.map_err(|error| columns::rejected(encoder, error))
    }

    fn part(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    fn keep(text: &mut String, part: &str) -> Span {
        let start = text.len();
        text.push_str(part);
        Span {
            start,
            end: text.len(),
        }
    }

    fn field(&mut self, value: Value<&str>) -> Result<(), String> {
        if self.fields.len() >= MAX_FIELDS {
            return Err(format!("more than {MAX_FIELDS} fields"));
        }
        // Each key has the keys of the objects around it in front, so nesting can make it long.
        if self.text.len().saturating_add(self.path.len()) > MAX_RECORD {
            return Err(format!(
                "longer than {MAX_RECORD} bytes with its keys joined"
            ));
        }
        let key = Record::keep(&mut self.text, &self.path);
        let value = match value {
            Value::Float(value) => Value::Float(value),
            Value::Int(value) => Value::Int(value),
            Value::Uint(value) => Value::Uint(value),
            Value::Bool(value) => Value::Bool(value),
            Value::Text(value) => Value::Text(Record::keep(&mut self.text, value)),
        };
        self.fields.push((key, value));
        Ok(())
    }

    /// Takes a value by its text; `None` for null.
    fn text(&mut self, role: Role, text: Option<&str>, layout: &Layout) -> Result<(), String> {
        let twice = match (role, text) {
            (Role::Field(kind), Some(text)) => {
                let kind = kind.unwrap_or(Kind::String);
                let value = match (kind, text) {
                    // An empty string is a value, unlike an empty cell of CSV.
                    (Kind::String, text) => Some(Value::Text(text)),
                    (kind, text) => kind
                        .read(text)
                        .map_err(|misfit: Misfit| misfit.reason(&self.path, text, true))?,
                };
                return value.map_or(Ok(()), |value| self.field(value));
            }
            (Role::Time, text) => {
                let text = text.unwrap_or_default();
                let time = layout.clock.read(text);
                let time = time.map_err(|why| columns::no_time(&self.path, text, why))?;
                self.time.replace(time).is_some()
            }
            (Role::Measurement, Some(text)) => {
                let name = Record::keep(&mut self.text, text);
                self.measurement.replace(name).is_some()
            }
            (Role::Tag(index), Some(text)) => {
                let value = Record::keep(&mut self.text, text);
                let tag = self.tags.get_mut(index);
                tag.is_some_and(|tag| tag.replace(value).is_some())
            }
            _ => false,
        };
        if twice {
            return Err(format!("{}: the key occurs twice", excerpt(&self.path)));
        }
        Ok(())
    }

    /// Describes an error of serde_json.
    #[cold]
    fn syntax(&mut self, line: &[u8], error: &serde_json::Error) -> String {
        if let Some(reason) = self.reason.take() {
            return reason;
        }
        let key = match self.path.as_str() {
            "" => String::new(),
            path => format!("{}: ", excerpt(path)),
        };
        let at = error.column().saturating_sub(1);
        let value = line.get(at..).unwrap_or_default();
        for number in ["NaN", "Infinity"] {
            if value.starts_with(number.as_bytes()) {
                return format!("{key}{number} is not finite; use null for a missing value");
            }
        }
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        let hint = match line {
            [b'{', ..] => "",
            _ => " (a record is one JSON object on one line)",
        };
        format!("{key}{what} at byte {}{hint}", error.column())
    }
}

/// Returns the text of a JSON value: the content of a string, or the number or boolean itself; `None` for null.
fn literal(raw: &str) -> Result<Option<Cow<'_, str>>, String> {
    Ok(Some(match raw.as_bytes() {
        [b'n', ..] => return Ok(None),
        [b'{', ..] => return Err("the value is an object".to_owned()),
        [b'[', ..] => return Err("the value is an array".to_owned()),
        [b'"', ..] if raw.contains('\\') => {
            let text = serde_json::from_str::<String>(raw);
            Cow::Owned(text.map_err(|_| "the string has an invalid escape")?)
        }
        [b'"', .., b'"'] => Cow::Borrowed(raw.trim_matches('"')),
        _ => Cow::Borrowed(raw),
    }))
}

/// Reads an object, or a member of one.
struct Members<'a> {
    record: &'a mut Record,
    layout: &'a Layout,
    /// The role of the member; `None` for the record itself.
    role: Option<Role>,
}

impl Members<'_> {
    fn value<E: Error>(self, value: Value<&str>) -> Result<(), E> {
        match self.role {
            Some(Role::Field(_)) => self.record.field(value).map_err(|why| self.stop(why)),
            _ => Ok(()),
        }
    }

    /// Stops at the reason why the record is rejected.
    #[cold]
    fn stop<E: Error>(self, reason: String) -> E {
        self.record.reason = Some(reason);
        E::custom("")
    }
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        match self.role {
            None => json.deserialize_map(self),
            Some(_) => json.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.value(Value::Bool(value))
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "a field that isn't declared is a float"
    )]
    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.value(Value::Float(value as f64))
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "a field that isn't declared is a float"
    )]
    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.value(Value::Float(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.value(Value::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.value(Value::Text(value))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        if let Some(Role::Field(_)) = self.role {
            let reason = format!(
                "{}: the value is an array, which a field can't be",
                excerpt(&self.record.path)
            );
            return Err(self.stop(reason));
        }
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Members { record, layout, .. } = self;
        let outer = record.path.len();
        loop {
            record.path.truncate(outer);
            if outer > 0 {
                record.path.push('_');
            }
            if object.next_key_seed(Key(&mut record.path))?.is_none() {
                record.path.truncate(outer);
                return Ok(());
            }
            let role = layout.role(&record.path);
            let member = Members {
                record: &mut *record,
                layout,
                role: Some(role),
            };
            if member.record.path.len() > MAX_KEY {
                return Err(member.stop(format!("a key is longer than {MAX_KEY} bytes")));
            }
            if matches!(role, Role::Field(None) | Role::Unused) {
                object.next_value_seed(member)?;
                continue;
            }
            let raw = object.next_value::<&RawValue>()?.get();
            let done = match literal(raw) {
                Ok(text) => member.record.text(role, text.as_deref(), layout),
                Err(why) => Err(format!("{}: {why}", excerpt(&member.record.path))),
            };
            done.map_err(|why| member.stop(why))?;
        }
    }
}

/// Appends a key to a string.
struct Key<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        self.0.push_str(key);
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests/json.rs"]
mod tests;
