//! The crate's own words are printed whole, whatever the secret is; of a secret that is in them the
//! builder warns. So every word that is long enough has to be known.

use std::fs;
use std::path::{Path, PathBuf};

/// The literals of a source file, without comments, attributes and what only Rust prints.
fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/', '\'', '#']) {
        let (before, here) = rest.split_at(at);
        let raw = before.ends_with('r');
        if here.starts_with("//") {
            rest = here.split_once('\n').map_or("", |(_, rest)| rest);
        } else if here.starts_with("#[") || here.starts_with("#![") {
            // Up to its bracket; a literal may have others.
            let mut depth = 0;
            let mut quoted = false;
            let end = here.char_indices().find(|(at, c)| {
                match c {
                    '"' if !here[..*at].ends_with('\\') => quoted = !quoted,
                    '[' if !quoted => depth += 1,
                    ']' if !quoted => depth -= 1,
                    _ => {}
                }
                *c == ']' && depth == 0 && !quoted
            });
            rest = &here[end.unwrap().0..];
        } else if let Some(inner) = here.strip_prefix('\'') {
            // A character; or a lifetime, which ends elsewhere.
            let escaped = inner.starts_with('\\');
            let size = inner.chars().next().map_or(0, char::len_utf8);
            rest = match (escaped, inner[size..].starts_with('\'')) {
                (true, _) => inner[2..].split_once('\'').unwrap().1,
                (false, true) => &inner[size + 1..],
                (false, false) => inner,
            };
        } else if here.starts_with("#\"") && raw {
            let (literal, behind) = here[2..].split_once("\"#").unwrap();
            found.push(literal.to_owned());
            rest = behind;
        } else if let Some(inner) = here.strip_prefix('"') {
            let mut escaped = false;
            let end = inner.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped && !raw;
                ends
            });
            // Bytes are for the wire.
            if !before.ends_with('b') {
                found.push(inner[..end.unwrap()].to_owned());
            }
            rest = &inner[end.unwrap() + 1..];
        } else {
            rest = &here[1..];
        }
    }
    found
}

/// The words of a literal that are printed, without what a format puts in their places.
fn words(literal: &str) -> Vec<String> {
    let mut text = String::new();
    let mut depth = 0;
    for c in literal.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth == 0 => text.push(c),
            _ => {}
        }
        text.push_str(if c == '{' { " " } else { "" });
    }
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let long = words.filter(|word| word.len() >= 8);
    long.map(str::to_ascii_lowercase).collect()
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_own_word_that_is_long_enough_is_known() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let list = src.join("client/own_words.rs");
    let known = fs::read_to_string(&list).unwrap();
    let known = literals(&known).join(" ").replace('\\', " ");
    let known: Vec<&str> = known.split_whitespace().collect();
    let mut files = Vec::new();
    for part in ["client", "error", "v1", "api"] {
        sources(&src.join(part), &mut files);
    }
    let (mut seen, mut missing) = (0, Vec::new());
    for file in files.iter().filter(|file| **file != list) {
        for literal in literals(&fs::read_to_string(file).unwrap()) {
            // What has no space is a header's name, a path, a key of JSON; but for single words.
            // Those of the API are kinds of resources.
            let word = literal.bytes().all(|b| b.is_ascii_lowercase());
            let word = word && !file.starts_with(src.join("api"));
            if !word && !literal.contains(' ') {
                continue;
            }
            for word in words(&literal) {
                seen += 1;
                // The digits of base64, which are printed nowhere.
                let digits = word.starts_with("abcdef");
                if !digits && !known.iter().any(|known| known.contains(&word)) {
                    missing.push(format!("{word} in {}", file.display()));
                }
            }
        }
    }
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(files.len() > 60 && seen > 250, "{} {seen}", files.len());
}

/// The reader itself: it sees what it should, and nothing else.
#[test]
fn literals_are_found() {
    for (text, expected) in [
        (r#"let a = "one two"; // "three""#, vec!["one two"]),
        (r#"#[doc = "a ] b"] f("c d")"#, vec!["c d"]),
        (r#"f('"', "e", b'\'', '\\', "f")"#, vec!["e", "f"]),
        (r#"fn f<'a>(x: &'a str) { "g" }"#, vec!["g"]),
        (r#""h \" i""#, vec![r#"h \" i"#]),
        ("r#\"j \" k\"#", vec!["j \" k"]),
        (r#"r"l \" m"n""#, vec![r"l \", "n"]),
        (r#"b"o p" "q r""#, vec!["q r"]),
    ] {
        assert_eq!(literals(text), expected, "{text}");
    }
    assert_eq!(words("the {certificate:?} of {} responded"), ["responded"]);
}
