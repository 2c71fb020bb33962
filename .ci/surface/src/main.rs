//! What the crate shows to the world, out of rustdoc's JSON.
//!
//! ```text
//! surface coverage JSON    items documented, functions with an example of their own, with one
//!                          that `cargo test` runs; fails below the marks in this file
//! surface missing JSON     the functions without one
//! surface listing JSON     one line for each public item, in order, to be compared with the
//!                          listing in the tree; run it where the crate's Cargo.toml is
//! ```
//!
//! Signatures are the source's own words, by the places that the JSON gives: its other parts change
//! with the compiler, these don't.

mod doc;
mod walk;

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::ExitCode;
use walk::{Item, Surface};

/// What must be there, in percent.
const DOCUMENTED: usize = 100;
const WITH_EXAMPLE: usize = 60;
const WITH_EXAMPLE_RUN: usize = 60;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (job, file) = match &args[..] {
        [job, file] => (job.as_str(), file),
        _ => {
            eprintln!("usage: surface coverage|missing|listing <rustdoc JSON>");
            return ExitCode::from(2);
        }
    };
    let json = std::fs::read(file).expect("the file can be read");
    let json: Value = serde_json::from_slice(&json).expect("the file is JSON");
    let surface = Surface::walk(&json);
    let good = match job {
        "coverage" => coverage(&surface.items),
        "missing" => missing(&surface.items),
        _ => listing(&surface),
    };
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[derive(Default)]
struct Counts {
    items: usize,
    documented: usize,
    functions: usize,
    shown: usize,
    run: usize,
}

fn coverage(items: &[Item]) -> bool {
    let mut rooms: BTreeMap<String, Counts> = BTreeMap::new();
    let mut all = Counts::default();
    for item in items {
        let examples = doc::examples(&item.docs);
        for counts in [rooms.entry(item.room()).or_default(), &mut all] {
            counts.items += 1;
            counts.documented += usize::from(!item.docs.trim().is_empty());
            if item.kind == "function" {
                counts.functions += 1;
                counts.shown += usize::from(examples.compiled > 0);
                counts.run += usize::from(examples.run > 0);
            }
        }
        if item.docs.trim().is_empty() {
            println!("not documented: {}", item.path);
        }
    }
    println!("| room | items | documented | functions | with an example | that also runs |");
    println!("|---|---|---|---|---|---|");
    for (room, counts) in &rooms {
        row(room, counts);
    }
    row("all", &all);
    percent(all.documented, all.items) >= DOCUMENTED
        && percent(all.shown, all.functions) >= WITH_EXAMPLE
        && percent(all.run, all.functions) >= WITH_EXAMPLE_RUN
}

fn row(name: &str, c: &Counts) {
    println!(
        "| {name} | {} | {} % | {} | {} % | {} % |",
        c.items,
        percent(c.documented, c.items),
        c.functions,
        percent(c.shown, c.functions),
        percent(c.run, c.functions),
    );
}

fn percent(part: usize, whole: usize) -> usize {
    (part * 100).checked_div(whole).unwrap_or(100)
}

fn missing(items: &[Item]) -> bool {
    for item in items {
        if item.kind == "function" && doc::examples(&item.docs).compiled == 0 {
            println!("{}:{} {}", item.file, item.line, item.path);
        }
    }
    true
}

fn listing(surface: &Surface) -> bool {
    let mut lines: Vec<String> = surface.items.iter().map(Item::line_of_listing).collect();
    lines.extend(surface.impls.iter().cloned());
    for (path, traits) in &surface.derived {
        let traits: Vec<&str> = traits.iter().map(String::as_str).collect();
        lines.push(format!("{path}: {}", traits.join(", ")));
    }
    lines.sort();
    lines.dedup();
    for line in lines {
        println!("{line}");
    }
    true
}
