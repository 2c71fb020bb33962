//! The examples are code to copy: short, whole in their file, and with a command that runs them.

use crate::commands::{files, read, root};
use std::path::Path;

/// The show, which is to be run and not copied.
const LARGE: [&str; 1] = ["quickstart"];

/// Why a text is none to copy.
fn fault(name: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    if lines > 40 {
        return Some(format!("{lines} lines"));
    }
    if !text.starts_with("//! ") {
        return Some("it doesn't begin by saying what it does".into());
    }
    let command = text
        .lines()
        .filter(|line| line.starts_with("//!"))
        .any(|line| line.contains("cargo run") && line.contains(&format!("--example {name}")));
    if !command {
        return Some("no command runs it".into());
    }
    let unwanted = ["#[path", "mod ", ".unwrap()", ".expect(", "panic!", "todo!"];
    let found = unwanted.iter().find(|word| text.contains(**word))?;
    Some(format!("{found:?} is in it"))
}

#[test]
fn each_example_is_short_and_whole() {
    let (mut sources, mut seen) = (Vec::new(), 0);
    files(&root().join("examples"), &mut sources);
    for path in sources {
        let relative = path.strip_prefix(root().join("examples")).unwrap();
        let first = relative.iter().next().unwrap().to_string_lossy();
        let name = first.trim_end_matches(".rs");
        if LARGE.contains(&name) {
            continue;
        }
        // The front page's text is the example `logger`, which only includes it.
        if relative == Path::new("logger/front_page.rs") {
            continue;
        }
        let mut text = read(&path);
        if name == "logger" {
            text += &read("examples/logger/front_page.rs");
        }
        assert_eq!(fault(name, &text), None, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 9, "only {seen} examples were found");
}

/// What the check would find, if it were there.
#[test]
fn long_examples_and_those_with_helpers_are_found() {
    let good = "//! Writes.\n//! `cargo run --example write`\nfn main() {}\n";
    assert_eq!(fault("write", good), None);
    for (wrong, why) in [
        (good.replace("fn", &("\n".repeat(38) + "fn")), "41 lines"),
        (good.replace("//! Writes.\n", "\n"), "what it does"),
        (good.replace("--example write", "--example read"), "command"),
        (good.replace("fn main() {}", "mod a;"), "\"mod \""),
        (good.replace("{}", "{ f().unwrap() }"), "unwrap"),
    ] {
        assert!(
            fault("write", &wrong).is_some_and(|f| f.contains(why)),
            "{wrong}"
        );
    }
}
