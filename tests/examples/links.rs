//! Every relative link of the documents leads to a file that is there, and every anchor to a heading of it. Nothing
//! is fetched.
//!
//! The guides are read in two places: as files, and as pages of the crate's documentation, which takes the
//! definitions of `src/guide_links.md` before those at the end of a page. Both have to lead to the same page.

use crate::commands::{files, read, root};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The documents, by their path in the repository.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&root().join("docs"), &mut found);
    found.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    let mut found: Vec<PathBuf> = found
        .iter()
        .filter_map(|path| Some(path.strip_prefix(root()).ok()?.to_owned()))
        .collect();
    found.sort();
    let others = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];
    found.extend(others.map(PathBuf::from));
    found.extend(["cli/README.md", "benches/README.md"].map(PathBuf::from));
    // (The package has not all of them.)
    found.retain(|path| root().join(path).exists());
    found
}

/// The text without code, line by line; what is left out is blank.
fn prose(page: &str) -> String {
    let (mut in_block, mut text) = (false, String::new());
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            for (at, part) in line.split('`').enumerate() {
                // A code span stays one character, so that it can be the text of a link.
                text.push_str(if at % 2 == 0 { part } else { "·" });
            }
        }
        text.push('\n');
    }
    text
}

/// The anchor of a heading, as GitHub and rustdoc make it.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading
        .chars()
        .filter(kept)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn anchors(page: &str) -> Vec<String> {
    let mut in_block = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block && line.starts_with('#') {
            found.push(anchor(line));
        }
    }
    found
}

/// The links of a page: `[text](target)`, and the definitions `[label]: target`.
#[derive(Debug, Default, PartialEq)]
struct Links {
    targets: Vec<String>,
    definitions: BTreeMap<String, String>,
    /// `[label]` alone.
    labels: Vec<String>,
}

fn links(page: &str) -> Links {
    let text = prose(page);
    let mut found = Links::default();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('[') {
        let line_start = rest[..at].chars().next_back().is_none_or(|c| c == '\n');
        rest = &rest[at + 1..];
        let Some((label, after)) = rest.split_once(']') else {
            break;
        };
        let name = label.to_lowercase().replace('\n', " ");
        if let Some(target) = after.strip_prefix('(') {
            let target = target.split(')').next().unwrap_or_default();
            found.targets.push(target.trim().to_owned());
        } else if let (true, Some(target)) = (line_start, after.strip_prefix(": ")) {
            let target = target.lines().next().unwrap_or_default();
            found.definitions.insert(name, target.trim().to_owned());
        } else {
            found.labels.push(name);
        }
        rest = after;
    }
    found
}

/// Why a link of this page leads nowhere.
fn fault(page: &Path, target: &str) -> Option<String> {
    // Items of the crate are rustdoc's to check; a file has no colon in its path.
    if target.contains(':') {
        return None;
    }
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let mut file = page.to_owned();
    if !path.is_empty() {
        file.pop();
        for part in Path::new(path).components() {
            match part {
                Component::ParentDir => drop(file.pop()),
                Component::Normal(part) => file.push(part),
                _ => return Some(format!("{target} is not relative")),
            }
        }
    }
    if !root().join(&file).exists() {
        return Some(format!("there is no {}", file.display()));
    }
    let known = fragment.is_empty() || anchors(&read(&file)).iter().any(|one| one == fragment);
    (!known).then(|| format!("{} has no heading #{fragment}", file.display()))
}

#[test]
fn every_link_and_anchor_is_there() {
    let (mut count, mut wrong) = (0, Vec::new());
    for page in documents() {
        let links = links(&read(&page));
        for target in links.targets.iter().chain(links.definitions.values()) {
            count += 1;
            if let Some(why) = fault(&page, target) {
                wrong.push(format!("{}: {target}: {why}", page.display()));
            }
        }
        for label in &links.labels {
            if page.starts_with("docs") && !links.definitions.contains_key(label) {
                wrong.push(format!("{}: [{label}] is not defined", page.display()));
            }
        }
    }
    assert!(count > 150, "only {count} links were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A label leads to the same page on GitHub and in the crate's documentation.
#[test]
fn labels_mean_the_same_in_both_places() {
    let in_rustdoc = links(&read("src/guide_links.md")).definitions;
    assert!(in_rustdoc.len() > 8, "{in_rustdoc:#?}");
    for page in documents().iter().filter(|page| page.starts_with("docs")) {
        for (label, target) in links(&read(page)).definitions {
            let (file, fragment) = target.split_once(".md").unwrap_or_default();
            let module = format!("crate::guide::{}{fragment}", file.replace('-', "_"));
            assert_eq!(
                in_rustdoc.get(&label),
                Some(&module),
                "{}: [{label}]",
                page.display()
            );
        }
    }
}

/// rustdoc checks the module of a link to a guide, but not the anchor behind it.
#[test]
fn anchors_of_guides_in_the_code_are_there() {
    let mut sources = Vec::new();
    files(&root().join("src"), &mut sources);
    let mut wrong = Vec::new();
    for path in sources {
        let text = read(&path);
        for link in text.split("crate::guide::").skip(1) {
            let end = link.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '#')));
            let (module, fragment) = link[..end.unwrap_or(link.len())]
                .split_once('#')
                .unwrap_or_default();
            let page = format!("docs/{}.md", module.replace('_', "-"));
            if !module.is_empty() && !anchors(&read(&page)).iter().any(|one| one == fragment) {
                wrong.push(format!("{}: {page} has no #{fragment}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the checks would find, if it were there.
#[test]
fn wrong_links_are_found() {
    let page = "# A heading: `b`, c\n[a](x.md#y), [`b`](crate::B)\n```\n[no](z)\n# no\n```\n[two\nwords]\n\n[l]: x.md\n";
    let found = links(page);
    assert_eq!(found.targets, ["x.md#y", "crate::B"]);
    assert_eq!(found.labels, ["two words"]);
    assert_eq!(found.definitions["l"], "x.md");
    assert_eq!(anchors(page), ["a-heading-b-c"]);
    let page = Path::new("docs/reliability.md");
    assert_eq!(fault(page, "#sizing"), None);
    assert_eq!(fault(page, "../README.md"), None);
    assert_eq!(fault(page, "https://example.com/nowhere"), None);
    for wrong in [
        "#sizes",
        "nowhere.md",
        "README.md",
        "security.md#sizing",
        "/docs",
    ] {
        assert!(fault(page, wrong).is_some(), "{wrong}");
    }
}
