//! The share of public items that are documented, and of public functions with an example, counted
//! in rustdoc's JSON. `rustdoc --show-coverage` counts no functions with examples, and
//! `cargo public-api` reads no documentation.
//!
//! ```text
//! surface coverage JSON    a table by module; fails below the minimum shares in this file
//! surface missing JSON     the functions without an example
//! ```

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// Minimum shares in percent. Each type has an example; a setter or an accessor beside it needs none.
const DOCUMENTED: usize = 100;
const WITH_EXAMPLE: usize = 55;
const WITH_EXAMPLE_RUN: usize = 55;

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
    };
    walk.item(&json["root"]);
    if job == "missing" {
        for item in walk.items.iter().filter(|i| i.function && !i.example) {
            println!("{}:{} {}", item.file, item.line, item.name);
        }
        return ExitCode::SUCCESS;
    }
    if coverage(&walk.items) {
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
    documented: bool,
    /// Whether it has a block of Rust, and one that `cargo test` also runs.
    example: bool,
    example_runs: bool,
}

struct Walk<'a> {
    index: &'a Value,
    seen: BTreeSet<String>,
    items: Vec<Item<'a>>,
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
    }

    fn add(&mut self, item: &'a Value, name: &'a str, kind: &str) {
        let docs = item["docs"].as_str().unwrap_or("");
        let (mut example, mut example_runs) = (false, false);
        for head in docs
            .lines()
            .filter_map(|l| l.trim_start().strip_prefix("```"))
            .step_by(2)
        {
            let mut words = head.split([',', ' ']).filter(|word| !word.is_empty());
            if words.all(|word| ["rust", "should_panic", "no_run"].contains(&word)) {
                example = true;
                example_runs |= !head.contains("no_run");
            }
        }
        self.items.push(Item {
            name,
            file: item["span"]["filename"].as_str().unwrap_or(""),
            line: item["span"]["begin"][0].as_u64().unwrap_or(0),
            function: kind == "function",
            documented: !docs.trim().is_empty(),
            example,
            example_runs,
        });
    }
}

/// Items, documented ones, functions, those with an example, those with one that runs.
type Counts = [usize; 5];

fn coverage(items: &[Item<'_>]) -> bool {
    let mut modules: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut all = Counts::default();
    for item in items {
        if !item.documented {
            println!("not documented: {}:{} {}", item.file, item.line, item.name);
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
            item.function && item.example,
            item.function && item.example_runs,
        ];
        for counts in [modules.entry(module).or_default(), &mut all] {
            for (count, yes) in counts.iter_mut().zip(counted) {
                *count += usize::from(yes);
            }
        }
    }
    println!("| module | items | documented | functions | with an example | that also runs |");
    println!("|---|---|---|---|---|---|");
    for (module, counts) in modules.iter().chain([(&"all", &all)]) {
        let [items, _, functions, ..] = counts;
        let [documented, example, runs] = shares(counts);
        println!("| {module} | {items} | {documented} % | {functions} | {example} % | {runs} % |");
    }
    let [documented, example, runs] = shares(&all);
    documented >= DOCUMENTED && example >= WITH_EXAMPLE && runs >= WITH_EXAMPLE_RUN
}

/// In percent: documented items of all, functions with an example of all, and with one that runs.
fn shares(counts: &Counts) -> [usize; 3] {
    let [items, documented, functions, example, runs] = *counts;
    [(documented, items), (example, functions), (runs, functions)]
        .map(|(part, whole)| (part * 100).checked_div(whole).unwrap_or(100))
}
