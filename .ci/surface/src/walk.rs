//! From the root of the crate to everything a user can name.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Something public.
pub struct Item {
    pub path: String,
    pub kind: String,
    pub docs: String,
    pub file: String,
    pub line: u64,
    head: String,
    marks: String,
}

pub struct Surface {
    pub items: Vec<Item>,
    /// One line for each implementation that is written out.
    pub impls: BTreeSet<String>,
    /// By type, the traits that are derived, made by a macro, or not given by the compiler.
    pub derived: BTreeMap<String, BTreeSet<String>>,
}

impl Item {
    /// The part of the crate it is written in.
    pub fn room(&self) -> String {
        let file = self.file.strip_prefix("src/").unwrap_or(&self.file);
        let room = file.split('/').next().unwrap_or(file);
        room.trim_end_matches(".rs").to_owned()
    }

    pub fn line_of_listing(&self) -> String {
        format!("{}: {}{}", self.path, self.head, self.marks)
    }
}

/// Traits that the compiler gives or takes by itself, so that nobody sees it in a change.
const AUTO: [&str; 5] = ["Send", "Sync", "Unpin", "UnwindSafe", "RefUnwindSafe"];

struct Walk<'a> {
    index: &'a Value,
    sources: HashMap<String, Vec<String>>,
    seen: BTreeSet<String>,
    out: Surface,
}

impl Surface {
    pub fn walk(json: &Value) -> Self {
        let mut walk = Walk {
            index: &json["index"],
            sources: HashMap::new(),
            seen: BTreeSet::new(),
            out: Surface {
                items: Vec::new(),
                impls: BTreeSet::new(),
                derived: BTreeMap::new(),
            },
        };
        walk.named(&json["root"], "", None);
        walk.out
    }
}

/// An id is a number today and was a string once.
fn id(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn kind_of(item: &Value) -> (&str, &Value) {
    let inner = item["inner"].as_object().and_then(|map| map.iter().next());
    inner.map_or(("", &Value::Null), |(kind, value)| (kind.as_str(), value))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl<'a> Walk<'a> {
    fn get(&self, of: &Value) -> Option<&'a Value> {
        self.index.get(id(of))
    }

    /// A member of a module, which may be a re-export.
    fn member(&mut self, of: &Value, path: &str) {
        let Some(item) = self.get(of) else { return };
        let (kind, inner) = kind_of(item);
        if kind != "use" {
            return self.named(of, path, None);
        }
        let target = &inner["id"];
        if inner["is_glob"] == true {
            let members = self.get(target).map(|module| &kind_of(module).1["items"]);
            list(members.unwrap_or(&Value::Null)).for_each(|m| self.member(m, path));
        } else {
            self.named(target, path, inner["name"].as_str());
        }
    }

    fn named(&mut self, of: &Value, path: &str, name: Option<&str>) {
        let Some(item) = self.get(of) else { return };
        if !self.seen.insert(id(of)) {
            return;
        }
        let name = name.or(item["name"].as_str()).unwrap_or("?");
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}::{name}")
        };
        let (kind, inner) = kind_of(item);
        self.add(item, kind, inner, &path);
        let parts = match kind {
            "module" => {
                list(&inner["items"]).for_each(|member| self.member(member, &path));
                return;
            }
            "struct" => match &inner["kind"] {
                kind if kind["plain"].is_object() => &kind["plain"]["fields"],
                kind => &kind["tuple"],
            },
            "enum" => &inner["variants"],
            "trait" => &inner["items"],
            "variant" if inner["kind"]["struct"].is_object() => &inner["kind"]["struct"]["fields"],
            _ => &Value::Null,
        };
        for part in list(parts).filter(|part| !part.is_null()) {
            let public = self.get(part).is_some_and(|item| {
                // A tuple's fields have numbers for names and need no words of their own.
                !item["name"]
                    .as_str()
                    .unwrap_or("")
                    .starts_with(|c: char| c.is_ascii_digit())
            });
            if public {
                self.named(part, &path, None);
            }
        }
        list(&inner["impls"]).for_each(|of| self.implementation(of, &path));
        if kind == "trait" {
            list(&inner["implementations"]).for_each(|of| self.foreign(of, &path));
        }
    }

    fn add(&mut self, item: &Value, kind: &str, inner: &Value, path: &str) {
        let mut marks = String::new();
        if item["attrs"].to_string().contains("non_exhaustive") {
            marks.push_str(" [non_exhaustive]");
        }
        let hidden = inner["kind"]["plain"]["has_stripped_fields"] == true
            || list(&inner["kind"]["tuple"]).any(Value::is_null);
        if hidden {
            marks.push_str(" [private fields]");
        }
        let head = match kind {
            "module" => "mod".to_owned(),
            "struct" => self.text(&item["span"], &['{', '(', ';']),
            "enum" | "trait" | "function" => self.text(&item["span"], &['{', ';']),
            "variant" => self
                .text(&item["span"], &[])
                .trim_end_matches(',')
                .to_owned(),
            _ => self
                .text(&item["span"], &[';'])
                .trim_end_matches(',')
                .to_owned(),
        };
        self.out.items.push(Item {
            path: path.to_owned(),
            kind: kind.to_owned(),
            docs: item["docs"].as_str().unwrap_or("").to_owned(),
            file: item["span"]["filename"].as_str().unwrap_or("").to_owned(),
            line: item["span"]["begin"][0].as_u64().unwrap_or(0),
            head,
            marks,
        });
    }

    fn implementation(&mut self, of: &Value, path: &str) {
        let Some(item) = self.get(of) else { return };
        let inner = kind_of(item).1;
        if inner["trait"].is_null() {
            for member in list(&inner["items"]) {
                self.named(member, path, None);
            }
        } else if inner["blanket_impl"].is_null() {
            self.note(item, inner, path);
        }
    }

    /// An implementation of a trait of this crate for somebody else's type.
    fn foreign(&mut self, of: &Value, path: &str) {
        let Some(item) = self.get(of) else { return };
        let text = self.text(&item["span"], &['{']);
        if text.starts_with("impl") {
            self.out.impls.insert(format!("{path}: {text}"));
        }
    }

    fn note(&mut self, item: &Value, inner: &Value, path: &str) {
        let of = &inner["trait"];
        let name = of["path"].as_str().or(of["name"].as_str()).unwrap_or("?");
        let name = name.rsplit("::").next().unwrap_or(name);
        if item["span"].is_null() || inner["is_synthetic"] == true {
            // What every type has would be noise; what one lacks is news.
            if AUTO.contains(&name) && inner["is_negative"] == true {
                let traits = self.out.derived.entry(path.to_owned()).or_default();
                traits.insert(format!("not {name}"));
            }
            return;
        }
        let text = self.text(&item["span"], &['{']);
        if text.starts_with("impl") && !text.contains('$') {
            self.out.impls.insert(format!("{path}: {text}"));
        } else if name != "StructuralPartialEq" {
            // The place is not an implementation's.
            let traits = self.out.derived.entry(path.to_owned()).or_default();
            traits.insert(name.to_owned());
        }
    }

    /// The source between two places, up to the first of these characters outside of brackets,
    /// without comments, attributes and line breaks.
    fn text(&mut self, span: &Value, ends: &[char]) -> String {
        let file = span["filename"].as_str().unwrap_or("").to_owned();
        let lines = self.sources.entry(file.clone()).or_insert_with(|| {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        });
        let place = |which: &str, n: usize| {
            usize::try_from(span[which][n].as_u64().unwrap_or(0)).unwrap_or(0)
        };
        let (first, last) = (place("begin", 0), place("end", 0));
        let mut text = String::new();
        for number in first..=last {
            let line = lines.get(number.wrapping_sub(1)).map_or("", String::as_str);
            let to = if number == last {
                place("end", 1) - 1
            } else {
                line.len()
            };
            let from = if number == first {
                place("begin", 1) - 1
            } else {
                0
            };
            let line = line.get(from..to.max(from)).unwrap_or("").trim();
            let line = line.split("//").next().unwrap_or("").trim();
            if !line.is_empty() && !line.starts_with("#[") {
                text.push_str(line);
                text.push(' ');
            }
        }
        let mut depth = 0_i32;
        let mut end = text.len();
        for (at, c) in text.char_indices() {
            if depth == 0 && ends.contains(&c) {
                end = at;
                break;
            }
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
        }
        text.truncate(end);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // A line that broke behind a bracket, or before one.
        text.replace("( ", "(")
            .replace(", )", ")")
            .replace(" )", ")")
            .replace(" .", ".")
    }
}
