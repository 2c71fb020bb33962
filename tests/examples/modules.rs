//! The modules of the crate: none uses one that is below it in the table of `CONTRIBUTING.md`.

use crate::commands::{files, read, root};

/// From the top to the bottom; those of one line may use each other.
const LEVELS: &[&[&str]] = &[
    &["line", "csv", "flux", "http"],
    &["embedded"],
    &["spool"],
    &["error"],
    &["client"],
    &["api"],
    &["v1", "v3"],
    &["writer"],
];

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|level| level.contains(&module))
}

/// The modules that a line of code names by `crate::`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    code.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    })
}

#[test]
fn no_import_points_up() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for module in LEVELS.concat() {
        let mut sources = Vec::new();
        files(&root().join("src").join(module), &mut sources);
        for path in sources {
            if path.components().any(|part| part.as_os_str() == "tests") {
                continue;
            }
            for line in read(&path).lines() {
                for used in named(line) {
                    seen += usize::from(level(used).is_some());
                    if level(used) > level(module) {
                        wrong.push(format!("{}: {}", path.display(), line.trim()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 100, "only {seen} imports were found");
}

#[test]
fn an_import_is_found() {
    let cases: [(&str, &[&str]); 4] = [
        ("use crate::writer::WriterBuilder;", &["writer"]),
        (
            "let x = crate::api::Id::of(crate::line::Point::new(\"m\"));",
            &["api", "line"],
        ),
        ("/// See [`writer`](crate::writer).", &[]),
        ("use super::names;", &[]),
    ];
    for (line, modules) in cases {
        assert_eq!(named(line).collect::<Vec<_>>(), modules, "{line}");
    }
}
