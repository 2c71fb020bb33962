//! The pages are read on GitHub, too, which shows the lines that rustdoc hides: no example there has
//! any.

use crate::commands::pages;

/// The lines of Rust examples that rustdoc hides.
fn hidden(page: &str) -> Vec<&str> {
    let (mut in_rust, mut in_other) = (false, false);
    let mut found = Vec::new();
    for line in page.lines() {
        let text = line.trim_start();
        if let Some(language) = text.strip_prefix("```") {
            let is_rust = language
                .split([',', ' '])
                .all(|word| matches!(word, "" | "rust" | "no_run" | "should_panic" | "ignore"));
            (in_rust, in_other) = match (in_rust, in_other) {
                (false, false) => (is_rust, !is_rust),
                _ => (false, false),
            };
        } else if in_rust && (text == "#" || text.starts_with("# ")) {
            found.push(text);
        }
    }
    found
}

#[test]
fn no_example_of_a_page_has_hidden_lines() {
    let mut seen = 0;
    for (path, text) in pages() {
        if path.extension().is_some_and(|ending| ending == "md") {
            seen += text.matches("```").count() / 2;
            let found = hidden(&text);
            assert!(found.is_empty(), "{}: {found:#?}", path.display());
        }
    }
    assert!(seen > 25, "only {seen} examples were found");
}

/// What the check would find, if it were there.
#[test]
fn hidden_lines_are_found() {
    for (page, expected) in [
        ("```\n# let a = 1;\nb()\n```", vec!["# let a = 1;"]),
        ("```rust,no_run\na()?;\n# Ok(()) }\n```", vec!["# Ok(()) }"]),
        ("```no_run\n  #   break;\n```", vec!["#   break;"]),
        ("```rust\n#\n```\n# A heading", vec!["#"]),
        ("# A heading\n```\n#[derive(Debug)]\n```", vec![]),
        ("```sh\n# a comment\n```", vec![]),
        ("```toml\n# a comment\n```\n```\n# x\n```", vec!["# x"]),
    ] {
        assert_eq!(hidden(page), expected, "{page}");
    }
}
