//! The share of public items that are documented, and of public types with an example that asserts
//! something, counted in rustdoc's JSON. `rustdoc --show-coverage` doesn't look into examples, and
//! `cargo public-api` reads no documentation.
//!
//! ```text
//! surface coverage JSON    a table by module; fails below the minimum shares in this file
//! surface missing JSON     the types without such an example
//! ```

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// Minimum shares in percent. The example of a type may be that of one of its methods.
const DOCUMENTED: usize = 100;
const TYPES_WITH_EXAMPLE: usize = 100;

/// The most public types and functions, so that a larger surface is a decision; `v1`, `v3`, `embedded` and `http`
/// aren't counted.
const MAX_TYPES: usize = 160;
const MAX_FUNCTIONS: usize = 565;
const NOT_COUNTED: [&str; 4] = ["v1", "v3", "embedded", "http"];

/// Types without an example. Each can only be decoded from a response, and an example shows none that
/// isn't recorded.
const EXCEPTIONS: [(&str, &str); 2] = [
    // InfluxDB Cloud alone has schemas and scripts.
    ("src/api/schemas.rs", "MeasurementSchema"),
    ("src/api/scripts.rs", "Script"),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [job, file] = &args[..] else {
        eprintln!("usage: surface coverage|missing <rustdoc JSON>");
        return ExitCode::from(2);
    };
    let json = std::fs::read(file).expect("the file can be read");
    let json: Value = serde_json::from_slice(&json).expect("the file is JSON");
    let mut walk = Walk {
        index: &json["index"],
        seen: BTreeSet::new(),
        items: Vec::new(),
        owner: None,
    };
    walk.item(&json["root"]);
    let mut stale = false;
    for (file, name) in EXCEPTIONS {
        let mut items = walk.items.iter_mut();
        match items.find(|item| item.is_type && (item.file, item.name) == (file, name)) {
            // It is none of the types that are counted.
            Some(item) if !item.example => item.is_type = false,
            _ => {
                println!("no exception is needed any more: {file} {name}");
                stale = true;
            }
        }
    }
    if job == "missing" {
        for item in walk
            .items
            .iter()
            .filter(|item| item.is_type && !item.example)
        {
            println!("{}:{} {}", item.file, item.line, item.name);
        }
        return ExitCode::SUCCESS;
    }
    if coverage(&walk.items) && !stale {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A public item.
struct Item<'a> {
    name: &'a str,
    file: &'a str,
    line: u64,
    function: bool,
    is_type: bool,
    documented: bool,
    /// Whether a block of Rust in its documentation, or in that of one of its methods, asserts something.
    example: bool,
}

struct Walk<'a> {
    index: &'a Value,
    seen: BTreeSet<String>,
    items: Vec<Item<'a>>,
    /// The type or trait that is walked through, as a position in `items`.
    owner: Option<usize>,
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl<'a> Walk<'a> {
    /// An item by its id, and all that it contains.
    fn item(&mut self, id: &'a Value) {
        let id = id.to_string();
        let Some(item) = self.index.get(id.trim_matches('"')) else {
            return;
        };
        if !self.seen.insert(id) {
            return;
        }
        let Some((kind, inner)) = item["inner"].as_object().and_then(|map| map.iter().next())
        else {
            return;
        };
        match kind.as_str() {
            "use" => return self.item(&inner["id"]),
            "impl" => {
                // Methods of the type itself; those of a trait are documented there.
                if inner["trait"].is_null() {
                    list(&inner["items"]).for_each(|id| self.item(id));
                }
                return;
            }
            _ => {}
        }
        let name = item["name"].as_str().unwrap_or("");
        let owner = self.owner;
        // The fields of a tuple have numbers as names and need no documentation.
        if !name.starts_with(|c: char| c.is_ascii_digit()) {
            self.add(item, name, kind);
        }
        for part in [
            &inner["items"],
            &inner["variants"],
            &inner["impls"],
            &inner["kind"]["plain"]["fields"],
            &inner["kind"]["struct"]["fields"],
        ] {
            list(part).for_each(|id| self.item(id));
        }
        self.owner = owner;
    }

    fn add(&mut self, item: &'a Value, name: &'a str, kind: &str) {
        let docs = item["docs"].as_str().unwrap_or("");
        let example = asserts(docs);
        let is_type = ["struct", "enum", "trait", "union"].contains(&kind);
        if is_type {
            self.owner = Some(self.items.len());
        } else if let Some(owner) = self.owner.and_then(|owner| self.items.get_mut(owner)) {
            owner.example |= example;
        }
        self.items.push(Item {
            name,
            file: item["span"]["filename"].as_str().unwrap_or(""),
            line: item["span"]["begin"][0].as_u64().unwrap_or(0),
            function: kind == "function",
            is_type,
            documented: !docs.trim().is_empty(),
            example,
        });
    }
}

/// Whether a block of Rust that `cargo test` runs asserts something.
fn asserts(docs: &str) -> bool {
    // Text and blocks take turns; a block begins with what it is.
    docs.split("```").skip(1).step_by(2).any(|block| {
        let (head, body) = block.split_once('\n').unwrap_or((block, ""));
        let runs = |word: &str| word.is_empty() || ["rust", "should_panic"].contains(&word);
        head.split([',', ' ']).all(runs) && body.contains("assert")
    })
}

/// Items, documented ones, functions, types, and types with an example.
type Counts = [usize; 5];

fn coverage(items: &[Item<'_>]) -> bool {
    let mut modules: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut all = Counts::default();
    for item in items {
        if !item.documented {
            println!("not documented: {}:{} {}", item.file, item.line, item.name);
        }
        if item.is_type && !item.example {
            println!("no example: {}:{} {}", item.file, item.line, item.name);
        }
        let file = item.file.strip_prefix("src/").unwrap_or(item.file);
        let module = file
            .split('/')
            .next()
            .unwrap_or(file)
            .trim_end_matches(".rs");
        let counted = [
            true,
            item.documented,
            item.function,
            item.is_type,
            item.is_type && item.example,
        ];
        for counts in [modules.entry(module).or_default(), &mut all] {
            for (count, yes) in counts.iter_mut().zip(counted) {
                *count += usize::from(yes);
            }
        }
    }
    println!("| module | items | documented | functions | types | with an example |");
    println!("|---|---|---|---|---|---|");
    for (module, counts) in modules.iter().chain([(&"all", &all)]) {
        let [items, _, functions, types, _] = counts;
        let [documented, example] = shares(counts);
        println!("| {module} | {items} | {documented} % | {functions} | {types} | {example} % |");
    }
    let counted = modules
        .iter()
        .filter(|(module, _)| !NOT_COUNTED.contains(module));
    let (types, functions) = counted.fold((0, 0), |(types, functions), (_, counts)| {
        let [_, _, more, types_here, _] = counts;
        (types + types_here, functions + more)
    });
    println!(
        "without {}: {types} types (at most {MAX_TYPES}), {functions} functions (at most {MAX_FUNCTIONS})",
        NOT_COUNTED.join(", ")
    );
    let [documented, example] = shares(&all);
    documented >= DOCUMENTED
        && example >= TYPES_WITH_EXAMPLE
        && types <= MAX_TYPES
        && functions <= MAX_FUNCTIONS
}

/// In percent: documented items of all, and types with an example of all types.
fn shares(counts: &Counts) -> [usize; 2] {
    let [items, documented, _, types, example] = *counts;
    [(documented, items), (example, types)]
        .map(|(part, whole)| (part * 100).checked_div(whole).unwrap_or(100))
}
