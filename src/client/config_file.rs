//! Parsers of configuration files: TOML, INI and JSON into settings. Their meaning is in `config`.

use super::secret::Secret;
use super::setting_text::{Place, label};
use crate::error::Error;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::path::Path;
use toml_parser::decoder::{IntegerRadix, ScalarKind};
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};
use toml_parser::{ErrorSink, ParseError, Source};

/// The section of the settings.
const INFLUX: &str = "influx2";
const TAGS: &str = "tags";
/// The tags inside the settings.
const INNER_TAGS: &str = "influx2.tags";
/// The section of INI whose settings hold for each other section, unless it has its own.
const DEFAULT: &str = "DEFAULT";

/// One setting.
pub(super) struct Setting {
    /// In lower case, without a prefix.
    pub(super) name: String,
    pub(super) value: Secret,
    /// `None` for JSON and the environment.
    pub(super) line: Option<usize>,
}

/// The settings and tags of a file or the environment, not validated yet.
#[derive(Default)]
pub(super) struct Found {
    pub(super) settings: Vec<Setting>,
    /// The names of settings with empty values.
    pub(super) empty: Vec<String>,
    pub(super) tags: Vec<(String, String)>,
}

/// Parses a file in the format given by its name, or else by its content.
pub(super) fn read(path: &Path, text: &str, what: &str) -> Result<Found, Error> {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    let ending = ending.to_ascii_lowercase();
    let name = path.file_name().and_then(|n| n.to_str());
    match ending.as_str() {
        "json" => from_json(text, what),
        "toml" => toml(text, what)?.into_found(what),
        "ini" | "cfg" => ini(text, what)?.into_found(what),
        _ if name == Some("configs") => toml(text, what)?.into_found(what),
        _ if text.trim_start().starts_with('{') => from_json(text, what),
        _ => match toml(text, what) {
            Ok(file) => file.into_found(what),
            Err(_) => ini(text, what)?.into_found(what),
        },
    }
}

/// The sections of a TOML or INI file.
#[derive(Default)]
struct Sections(Vec<Section>);

struct Section {
    name: String,
    values: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    name: String,
    /// `None` for a list or a table.
    value: Option<String>,
    line: usize,
}

impl Sections {
    fn find(&self, name: &str) -> Option<&Section> {
        self.0.iter().find(|section| section.name == name)
    }

    /// The section of the settings: `[influx2]`, or the active one of a file of the `influx` command.
    fn settings(&self, what: &str) -> Result<&Section, Error> {
        if let Some(section) = self.find(INFLUX) {
            return Ok(section);
        }
        let mut active = self.0.iter().filter(|section| section.is_active());
        if let Some(section) = active.next() {
            if let Some(other) = active.next() {
                return Err(Error::config(format!(
                    "{what} has two active configurations, {:?} and {:?}",
                    label(&section.name),
                    label(&other.name)
                )));
            }
            return Ok(section);
        }
        let mut has = String::new();
        for section in self.0.iter().filter(|section| !section.name.is_empty()) {
            has.push_str(if has.is_empty() { "; it has " } else { ", " });
            has.push_str(&format!("[{}]", label(&section.name)));
        }
        let has_url = |section: &Section| section.get("url").is_some();
        if has.is_empty() && self.0.iter().any(has_url) {
            has.push_str("; put that line above its settings");
        } else if self.0.iter().any(|s| !s.name.is_empty() && has_url(s)) {
            // The sections of the influx command have this key.
            has.push_str("; none of them has active = true");
        }
        Err(Error::config(format!(
            "{what} has no section [{INFLUX}]{has}"
        )))
    }

    fn into_found(self, what: &str) -> Result<Found, Error> {
        let mut found = Found::default();
        let section = self.settings(what)?;
        let of_the_command = section.name != INFLUX;
        let place = Place::File(what);
        for Entry { name, value, line } in &section.values {
            let name = name.to_ascii_lowercase();
            let Some(value) = value else {
                let name = place.unknown(&name, Some(*line));
                return Err(Error::config(format!("{name} isn't a plain value")));
            };
            // Keys of the command itself.
            if of_the_command && matches!(&*name, "active" | "previous") {
                continue;
            }
            found.setting(name, value, Some(*line));
        }
        let tags = [TAGS, INNER_TAGS].map(|name| self.find(name));
        for Entry { name, value, .. } in tags.into_iter().flatten().flat_map(|tags| &tags.values) {
            let Some(value) = value else {
                return Err(Error::config(format!(
                    "the tag {} in {what} isn't a plain value",
                    label(name)
                )));
            };
            if !value.is_empty() {
                found.tags.push((name.clone(), value.clone()));
            }
        }
        Ok(found)
    }
}

impl Found {
    fn setting(&mut self, name: String, value: &str, line: Option<usize>) {
        if value.is_empty() {
            self.empty.push(name);
        } else {
            let value = Secret::new(value);
            self.settings.push(Setting { name, value, line });
        }
    }
}

impl Section {
    /// Whether the `influx` command uses this section.
    fn is_active(&self) -> bool {
        self.get("active") == Some("true")
    }

    fn get(&self, name: &str) -> Option<&str> {
        let entry = self.values.iter().find(|entry| entry.name == name);
        entry.and_then(|entry| entry.value.as_deref())
    }
}

/// The deepest nesting of tables and lists.
const MAX_DEPTH: u32 = 32;

/// Reads TOML. The grammar is that of `toml_parser`, which emits events; here each value gets the section
/// that it belongs to.
//
//   [a.b]                 header: Some([a, b])     -> current = "a.b"
//   c.d = 1               key: [c, d]              -> entry d of the section "a.b.c"
//   influx2 = { url = … } a known inline table     -> a section of its own; `outer` keeps `current`
//   e = { f = 1 }, [1]    any other table or list  -> entry e without a value; `depth` skips its content
fn toml(text: &str, what: &str) -> Result<Sections, Error> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut events: Vec<Event> = Vec::with_capacity(tokens.len());
    let mut error: Option<ParseError> = None;
    {
        let mut collect = |event: Event| events.push(event);
        let mut guarded = RecursionGuard::new(&mut collect, MAX_DEPTH);
        parse_document(&tokens, &mut guarded, &mut error);
    }
    let mut sections = Sections::default();
    // The header and the key being read, and the depth in lists and inline tables that are skipped.
    let (mut header, mut key, mut depth) = (None::<Vec<String>>, Vec::<String>::new(), 0u32);
    let mut current = String::new();
    // The values of `current` outside of the inline tables being read.
    let mut outer = Vec::<String>::new();
    for event in &events {
        let raw = source.get(event);
        match event.kind() {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => header = Some(Vec::new()),
            EventKind::StdTableClose | EventKind::ArrayTableClose => {
                current = header.take().unwrap_or_default().join(".");
                let listed = matches!(event.kind(), EventKind::ArrayTableClose);
                if !listed && sections.find(&current).is_some() {
                    report(&mut error, "a table stands there twice", event);
                }
                sections.0.push(Section {
                    name: current.clone(),
                    values: Vec::new(),
                });
            }
            EventKind::SimpleKey => {
                let mut name = String::new();
                if let Some(raw) = raw {
                    raw.decode_key(&mut name, &mut error);
                }
                match &mut header {
                    Some(header) => header.push(name),
                    None if depth == 0 => key.push(name),
                    None => {}
                }
            }
            EventKind::InlineTableOpen
                if depth == 0 && matches!(&*joined(&current, &key), INFLUX | TAGS | INNER_TAGS) =>
            {
                let name = joined(&current, &key);
                key.clear();
                sections.0.push(Section {
                    name: name.clone(),
                    values: Vec::new(),
                });
                outer.push(core::mem::replace(&mut current, name));
            }
            EventKind::InlineTableClose if depth == 0 => current = outer.pop().unwrap_or_default(),
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                if depth == 0 {
                    let line = line_of(text, event.span().start());
                    keep(
                        &mut sections,
                        &current,
                        &mut key,
                        None,
                        (event, line),
                        &mut error,
                    );
                }
                depth = depth.saturating_add(1);
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => depth = depth.saturating_sub(1),
            EventKind::Scalar => {
                let mut value = String::new();
                let kind = raw.map(|raw| raw.decode_scalar(&mut value, &mut error));
                if let Some(ScalarKind::Integer(radix)) = kind {
                    value = whole_number(&value, radix).unwrap_or(value);
                }
                if depth == 0 {
                    let at = (event, line_of(text, event.span().start()));
                    let value = Some(value);
                    keep(&mut sections, &current, &mut key, value, at, &mut error);
                }
            }
            _ => {}
        }
    }
    match error {
        None => Ok(sections),
        Some(e) => {
            // Without the text at that place: it may be a token.
            let at = e
                .unexpected()
                .or(e.context())
                .map_or(0, |span| span.start());
            Err(Error::config(format!(
                "{what} isn't valid TOML, line {}: {}",
                line_of(text, at),
                e.description()
            )))
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or("").matches('\n').count();
    before.saturating_add(1)
}

fn report(error: &mut Option<ParseError>, why: &'static str, event: &Event) {
    error.report_error(ParseError::new(why).with_unexpected(event.span()));
}

/// The name of the section `key` below `current`.
fn joined(current: &str, key: &[String]) -> String {
    let mut place = current.to_owned();
    for part in key {
        if !place.is_empty() {
            place.push('.');
        }
        place.push_str(part);
    }
    place
}

/// Adds a value to its section: `a.b.c = 1` in `[x]` is `c` in the section `x.a.b`.
fn keep(
    sections: &mut Sections,
    current: &str,
    key: &mut Vec<String>,
    value: Option<String>,
    (event, line): (&Event, usize),
    error: &mut Option<ParseError>,
) {
    let Some(name) = key.pop() else { return };
    let place = joined(current, key);
    key.clear();
    // The last section of that name: of an array of tables it is the current one.
    let there = sections.0.iter().rposition(|section| section.name == place);
    let section = match there.and_then(|at| sections.0.get_mut(at)) {
        Some(section) => section,
        None => {
            sections.0.push(Section {
                name: place,
                values: Vec::new(),
            });
            let Some(section) = sections.0.last_mut() else {
                return;
            };
            section
        }
    };
    if section.values.iter().any(|entry| entry.name == name) {
        report(error, "a key stands there twice", event);
    }
    section.values.push(Entry { name, value, line });
}

/// `0x1f` and similar forms as decimal digits; `+1` without its sign.
fn whole_number(text: &str, radix: IntegerRadix) -> Option<String> {
    let number = i64::from_str_radix(text, radix.value()).ok()?;
    Some(number.to_string())
}

/// Reads INI by the rules of Python's `configparser`, and removes double quotes around a value, as the
/// Python client does.
fn ini(text: &str, what: &str) -> Result<Sections, Error> {
    let mut sections = Sections::default();
    // The indentation of the last name: a line that is indented further continues its value.
    let mut indent = 0usize;
    let mut empty = false;
    for (number, line) in (1usize..).zip(text.lines()) {
        let at = |why: &str| Error::config(format!("{what}, line {number}: {why}"));
        let content = line.trim();
        if content.is_empty() {
            empty = true;
            continue;
        }
        if content.starts_with(['#', ';']) {
            continue;
        }
        let width = line.chars().take_while(|c| c.is_whitespace()).count();
        let last = sections.0.last_mut();
        if width > indent {
            let entry = last.and_then(|section| section.values.last_mut());
            if let Some(value) = entry.and_then(|entry| entry.value.as_mut()) {
                value.push_str(if empty { "\n\n" } else { "\n" });
                value.push_str(content);
                empty = false;
                continue;
            }
        }
        (indent, empty) = (width, false);
        if let Some(name) = content.strip_prefix('[') {
            let (name, _) = name
                .split_once(']')
                .ok_or_else(|| at("a [section] isn't closed"))?;
            if sections.find(name).is_some() {
                return Err(at("a [section] stands there twice"));
            }
            sections.0.push(Section {
                name: name.to_owned(),
                values: Vec::new(),
            });
            continue;
        }
        let Some(section) = sections.0.last_mut() else {
            return Err(at("there is no [section] before it"));
        };
        let Some(split) = content.find(['=', ':']) else {
            // The sections of other programs may contain anything.
            if !matches!(&*section.name, INFLUX | TAGS) {
                continue;
            }
            return Err(at("there is no ="));
        };
        let (name, value) = content.split_at(split);
        let name = name.trim();
        if section
            .values
            .iter()
            .any(|entry| entry.name.eq_ignore_ascii_case(name))
        {
            return Err(at("a name stands there twice"));
        }
        let value = value.get(1..).unwrap_or("").trim();
        section.values.push(Entry {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            line: number,
        });
    }
    let default = sections.find(DEFAULT).map(|section| section.values.clone());
    for section in &mut sections.0 {
        if section.name == INFLUX {
            // `[tags]` inherits nothing: a token in `[DEFAULT]` would become a tag.
            for entry in default.iter().flatten() {
                let is = |own: &Entry| own.name.eq_ignore_ascii_case(&entry.name);
                if !section.values.iter().any(is) {
                    section.values.push(entry.clone());
                }
            }
        } else if section.name != TAGS && !section.is_active() {
            continue;
        }
        for Entry { name, value, line } in &mut section.values {
            if let Some(value) = value {
                *value = interpolated(value).ok_or_else(|| {
                    let name = Place::File(what).unknown(name, Some(*line));
                    Error::config(format!(
                        "{name} has a % that isn't written %%; other settings can't be inserted"
                    ))
                })?;
            }
        }
    }
    Ok(sections)
}

/// A value of INI: `%%` is `%`, and double quotes around it are removed.
fn interpolated(value: &str) -> Option<String> {
    let mut out = String::with_capacity(value.len());
    let mut rest = value.trim_matches('"');
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        out.push('%');
        rest = after.strip_prefix('%')?;
    }
    out.push_str(rest);
    Some(out)
}

fn from_json(text: &str, what: &str) -> Result<Found, Error> {
    use serde_json::Value;
    let value: Value = serde_json::from_str(text).map_err(|e| {
        // Without the text at that place: it may be a token.
        let (line, column) = (e.line(), e.column());
        Error::config(format!(
            "{what} isn't valid JSON (line {line}, column {column})"
        ))
    })?;
    let plain = |name: &str, value: &Value| match value {
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(truth) => Ok(Some(truth.to_string())),
        Value::Null => Ok(None),
        _ => Err(Error::config(format!(
            "{} isn't a plain value",
            Place::File(what).unknown(name, None)
        ))),
    };
    let mut found = Found::default();
    let Value::Object(top) = &value else {
        return Err(Error::config(format!("{what} isn't a JSON object")));
    };
    // With an object `influx2`, like TOML, or flat, like the Python client.
    let (fields, tags) = match top.get(INFLUX) {
        Some(Value::Object(fields)) => (fields, top.get(TAGS)),
        _ => (top, None),
    };
    let tags = [tags, fields.get(TAGS)].into_iter().flatten();
    for (key, value) in tags.filter_map(Value::as_object).flatten() {
        if let Some(text) = plain(key, value)? {
            found.tags.push((key.clone(), text));
        }
    }
    for (name, value) in fields {
        if name == TAGS && value.is_object() {
            continue;
        }
        if let Some(text) = plain(name, value)? {
            found.setting(name.to_ascii_lowercase(), &text, None);
        }
    }
    Ok(found)
}
