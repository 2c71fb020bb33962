//! The fault table is complete, each of its rows has its test; and row 36, the wall clock.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Number and test of each row of the documented table.
fn rows() -> Vec<(u32, String)> {
    let text = fs::read_to_string(root().join("src/client/faults.rs")).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .filter_map(|line| {
            let number = line.split('|').next()?.trim().parse().ok()?;
            let test = line.trim_end_matches('|').rsplit('|').next()?.trim();
            Some((number, test.trim_matches('`').to_string()))
        })
        .collect()
}

/// The test of each rule of the transport.
fn rules() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/client/faults.rs")).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("//! | ")?.split_once(" · "))
        .filter_map(|(_, rest)| {
            let test = rest.trim_end_matches('|').rsplit('|').next()?.trim();
            Some(test.trim_matches('`').to_string())
        })
        .collect()
}

#[test]
fn no_row_is_missing() {
    let rows = rows();
    let numbers: Vec<u32> = rows.iter().map(|(n, _)| *n).collect();
    assert!(numbers.len() >= 37, "{} rows", numbers.len());
    let in_order = numbers.iter().zip(1..).all(|(n, wanted)| *n == wanted);
    assert!(in_order, "{numbers:?}");
    for (number, test) in &rows {
        let (file, name) = test.split_once("::").unwrap();
        let source = fs::read_to_string(root().join("tests").join(file)).unwrap();
        let at = source
            .find(&format!("\nfn {name}()"))
            .unwrap_or_else(|| panic!("row {number}: {test} is not there"));
        let before = source[..at].trim_end();
        assert!(before.ends_with("#[test]"), "{test} is not run as a test");
        assert!(
            name.contains(&format!("{number:02}")),
            "{test} is for another row"
        );
    }
    for test in rules() {
        let (file, name) = test.split_once("::").unwrap();
        let source = fs::read_to_string(root().join("tests").join(file)).unwrap();
        assert!(
            source.contains(&format!("\nfn {name}()")),
            "{test} is not there"
        );
    }
    assert_eq!(rules().len(), 25);
    // And no test claims a row that the table doesn't know.
    for program in fs::read_dir(root().join("tests")).unwrap() {
        let program = program.unwrap().path();
        if !program.join("main.rs").exists() {
            continue;
        }
        for file in fs::read_dir(&program).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let file = path.strip_prefix(root().join("tests")).unwrap().display();
            for line in fs::read_to_string(&path).unwrap().lines() {
                if let Some(name) = line
                    .strip_prefix("fn row_")
                    .and_then(|l| l.split('(').next())
                {
                    let test = format!("{file}::row_{name}");
                    assert!(
                        rows.iter().any(|(_, t)| *t == test),
                        "{test} is not in the table"
                    );
                }
            }
        }
    }
}

/// The faults of writer and disk are in `docs/fault-tests.md`, D1 to D4 among them.
#[test]
fn the_other_faults_have_their_tests() {
    let text = fs::read_to_string(root().join("docs/fault-tests.md")).unwrap();
    let headings: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## D")?.split(' ').next())
        .collect();
    assert_eq!(headings, ["1", "2", "3", "4"]);
    let mut count = 0;
    // A test stands alone on its line.
    let alone = |line: &'_ str| Some(line.strip_prefix("  `")?.strip_suffix('`')?.to_owned());
    for test in text.lines().filter_map(alone) {
        let (file, name) = test
            .split_once("::")
            .unwrap_or_else(|| panic!("no test: {test}"));
        let source = fs::read_to_string(root().join(file)).unwrap();
        let at = source.find(&format!("\nfn {name}()"));
        let before = &source[..at.unwrap_or_else(|| panic!("{file}::{name} is not there"))];
        let marks = before.rsplit("\n\n").next().unwrap_or_default();
        assert!(marks.contains("#[test]"), "{file}::{name} is no test");
        assert!(!marks.contains("#[ignore"), "{file}::{name} isn't run");
        count += 1;
    }
    assert!(count >= 40, "only {count} tests are listed");
}

/// Clocks at the edge jump: from 1970 to now when NTP comes, and back. Pauses and limits are
/// measured on the monotonic clock, and the wall clock isn't even read, but for what compares it with the
/// server's: nothing waits by that.
#[test]
fn row_36_the_wall_clock_has_no_effect() {
    fn search(dir: &Path, found: &mut Vec<String>, files: &mut usize) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                search(&path, found, files);
                continue;
            }
            *files += 1;
            let compares = ["client/server_clock.rs", "client/validate.rs"];
            if compares.iter().any(|file| path.ends_with(file)) {
                continue;
            }
            for line in fs::read_to_string(&path).unwrap().lines() {
                let code = line.split("//").next().unwrap();
                if code.contains("SystemTime") || code.contains("UNIX_EPOCH") {
                    found.push(format!("{}: {line}", path.display()));
                }
            }
        }
    }
    let (mut found, mut files) = (Vec::new(), 0);
    search(&root().join("src/client"), &mut found, &mut files);
    search(&root().join("src/error"), &mut found, &mut files);
    assert!(files > 20);
    assert!(found.is_empty(), "{found:#?}");
}
