//! Whoever copies a command out of the documents finds what it names: example, test, benchmark,
//! feature, script, option and variable. Each is looked up here; none is run. The package has neither
//! benchmarks nor scripts, so there those are left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Options of cargo's that are followed by a word, and those that stand alone.
const WITH_A_WORD: [&str; 7] = [
    "-p",
    "--example",
    "--test",
    "--bench",
    "--bin",
    "--features",
    "--manifest-path",
];
const ALONE: [&str; 6] = [
    "--release",
    "--lib",
    "--doc",
    "--no-deps",
    "--locked",
    "--no-default-features",
];

#[test]
fn every_command_names_what_is_there() {
    let tree = Tree::new();
    let (mut count, mut wrong) = (0, Vec::new());
    for (page, text) in pages() {
        for command in commands(&text) {
            count += 1;
            if let Err(why) = tree.check(&command) {
                wrong.push(format!("{}: {command}: {why}", page.display()));
            }
        }
    }
    assert!(count > 30, "only {count} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the check would find, if it were there.
#[test]
fn wrong_commands_are_found() {
    let tree = Tree::new();
    let right = [
        "cargo test",
        "cargo run --example quickstart",
        "INFLUXDB_V2_ORG=acme cargo run --example minimal_write",
        "cargo test --test 'client*' --test roundtrip",
        "cargo test --features v1 --test v1",
        "cargo test --lib writer::",
        "cargo test --test csv recordings::",
        "cargo test --test real -- strings:: v2:: --nocapture",
    ];
    for command in right {
        assert_eq!(tree.check(command), Ok(()), "{command}");
    }
    let wrong = [
        "cargo fly",
        "cargo run --example quickstar",
        "INFLUXDB_V2_ORK=acme cargo run --example minimal_write",
        "cargo test --test 'lime_*'",
        "cargo test --tset roundtrip",
        "cargo test --features v9",
        "cargo test --lib reader::",
        "cargo test --test csv writer::",
        "cargo test --test real -- v9::",
        "cargo install --path clo",
    ];
    for command in wrong {
        assert!(tree.check(command).is_err(), "{command}");
    }
    if tree.whole {
        for command in [".ci/rum", ".ci/surface.sh --mising", "ONLY=fly .ci/run"] {
            assert!(tree.check(command).is_err(), "{command}");
        }
        assert!(tree.check("cargo bench --bench fly").is_err());
    }
    let page = "Take `cargo test --lib\nwriter::` or\n```sh\n# no\nls   # all\na \\\n  b |\n  c\n```\n| `a \\| cargo x` |\n`.ci/run` `influx-edge write` `influx-edge spool list`";
    assert_eq!(
        commands(page),
        [
            "cargo test --lib writer::",
            "ls",
            "a b | c",
            "a | cargo x",
            ".ci/run",
            "influx-edge spool list"
        ]
    );
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// All files below a folder.
pub(crate) fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if !path.is_dir() {
            found.push(path);
        } else if !path.ends_with("target") && !path.ends_with("recordings") {
            files(&path, found);
        }
    }
}

/// The pages, and of the code what its documentation says.
pub(crate) fn pages() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "cli/README.md",
    ]
    .map(Into::into)
    .into();
    for dir in ["docs", "src", "examples", "tests", "benches"] {
        files(&root().join(dir), &mut paths);
    }
    let mut pages = Vec::new();
    for path in paths {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("md") => pages.push((path.clone(), read(&path))),
            Some("rs") => pages.push((path.clone(), documentation(&read(&path)))),
            _ => {}
        }
    }
    pages
}

/// The text behind `//!` and `///`; a paragraph ends where anything else stands.
fn documentation(code: &str) -> String {
    let mut text = String::new();
    for line in code.lines().map(str::trim_start) {
        let doc = line
            .strip_prefix("//!")
            .or_else(|| line.strip_prefix("///"));
        text.push_str(doc.map_or("", |doc| doc.strip_prefix(' ').unwrap_or(doc)));
        text.push('\n');
    }
    text
}

/// The lines of shell blocks, and what between backticks begins as a command does.
pub(crate) fn commands(text: &str) -> Vec<String> {
    let (mut found, mut paragraph) = (Vec::new(), String::new());
    let mut block = None::<&str>;
    // A command that goes on in the next line.
    let mut begun = String::new();
    for line in text.lines().chain([""]).map(str::trim) {
        if let Some(kind) = line.strip_prefix("```") {
            block = if block.is_some() { None } else { Some(kind) };
        } else if block == Some("sh") {
            let command = line.split(" #").next().unwrap_or_default().trim();
            if command.is_empty() || command.starts_with('#') {
                continue;
            }
            let command = core::mem::take(&mut begun) + command;
            if let Some(part) = command.strip_suffix('\\') {
                begun = part.trim_end().to_owned() + " ";
            } else if command.ends_with('|') {
                begun = command + " ";
            } else {
                found.push(command);
            }
        } else if block.is_none() && !line.is_empty() {
            paragraph.push_str(line);
            paragraph.push(' ');
            continue;
        }
        // In a table a pipe is written as `\|`.
        let spans = core::mem::take(&mut paragraph).replace("\\|", "|");
        let spans = spans.split('`').skip(1).step_by(2).map(str::trim);
        found.extend(spans.filter(|span| is_command(span)).map(str::to_owned));
    }
    found
}

fn is_command(span: &str) -> bool {
    let last = span.rsplit(" | ").next().unwrap_or_default();
    let mut words = last
        .split_whitespace()
        .skip_while(|word| setting(word).is_some());
    match words.next() {
        Some("cargo") => words.next().is_some(),
        // More than the name of a subcommand, and not a part of another command's argument.
        Some("influx-edge") => {
            words.count() > 1 && !span.contains('…') && last.matches('\'').count() % 2 == 0
        }
        Some(word) => is_script(word),
        None => false,
    }
}

/// Whether the fuzz target is there that comes after `run`, and perhaps after a sanitizer.
fn fuzz(options: &[String]) -> Result<(), String> {
    let mut words = options.iter().map(String::as_str);
    if words.next() != Some("run") {
        return Err("cargo fuzz is only run".into());
    }
    let mut target = words.next();
    if target == Some("--sanitizer") {
        target = words.nth(1);
    }
    let target = target.ok_or("which target?")?;
    // A word in capitals stands for any of them.
    let source = root().join(format!("fuzz/fuzz_targets/{target}.rs"));
    if target != "TARGET" && !source.exists() {
        return Err(format!("there is no fuzz target {target}"));
    }
    Ok(())
}

fn is_script(word: &str) -> bool {
    let data = [".minimum", ".allow"].iter().any(|end| word.ends_with(end));
    (word.starts_with(".ci/") && !word.ends_with(['*', '/']) && !data)
        || (word.contains('/') && word.ends_with(".sh"))
}

/// The name in `NAME=value` before a command.
fn setting(word: &str) -> Option<&str> {
    let (name, _) = word.split_once('=')?;
    let capital = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    (!name.is_empty() && name.bytes().all(capital)).then_some(name)
}

/// The words of a command, quotes taken off.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in command.chars() {
        match (c, words.last_mut()) {
            ('\'', _) => quoted = !quoted,
            (' ', Some(last)) if !quoted => {
                if !last.is_empty() {
                    words.push(String::new());
                }
            }
            (c, Some(last)) => last.push(c),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What a command can name.
struct Tree {
    tests: BTreeSet<String>,
    benches: BTreeSet<String>,
    programs: BTreeSet<String>,
    features: BTreeSet<String>,
    /// All code and all scripts, where variables are asked for.
    text: String,
    /// Not the package, but the repository.
    whole: bool,
}

/// The names of the programs in a folder: `name.rs`, or `name/main.rs`.
fn programs(dir: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(root().join(dir))
        .into_iter()
        .flatten()
        .flatten()
    {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "rs") || path.join("main.rs").exists() {
            let name = path.file_stem().unwrap_or_default();
            names.insert(name.to_string_lossy().into_owned());
        }
    }
    names
}

impl Tree {
    fn new() -> Tree {
        let manifest = read("Cargo.toml");
        let features = manifest
            .split_once("\n[features]\n")
            .map_or("", |(_, rest)| rest);
        let features = features.lines().take_while(|line| !line.starts_with('['));
        let names = features.filter_map(|line| Some(line.split_once(" = [")?.0.to_owned()));
        let mut sources = Vec::new();
        for dir in ["src", "examples", "tests", "benches", ".ci"] {
            files(&root().join(dir), &mut sources);
        }
        // (This file names things that are not there.)
        sources.retain(|path| !path.ends_with("examples/commands.rs"));
        let mut bins = programs("benches/peers/src/bin");
        bins.extend(programs("benches/peers/end_to_end/src/bin"));
        Tree {
            tests: programs("tests"),
            benches: programs("benches"),
            programs: bins,
            features: names.collect(),
            text: sources.iter().map(read).collect(),
            whole: root().join(".ci").is_dir(),
        }
    }

    /// Why a command can't be right.
    fn check(&self, command: &str) -> Result<(), String> {
        for part in command.split(" | ") {
            let words = words(part);
            let own = words.iter().take_while(|word| setting(word).is_some());
            let (settings, rest) = words.split_at(own.count());
            let Some((program, arguments)) = rest.split_first() else {
                continue;
            };
            if is_script(program) && !self.whole {
                continue;
            }
            for name in settings.iter().filter_map(|word| setting(word)) {
                let (in_code, in_script) = (format!("\"{name}\""), format!("${{{name}"));
                if !self.text.contains(&in_code) && !self.text.contains(&in_script) {
                    return Err(format!("nobody asks for {name}"));
                }
            }
            if program == "cargo" {
                self.cargo(arguments)?;
            } else if is_script(program) {
                let only = settings.iter().find_map(|word| word.strip_prefix("ONLY="));
                self.script(program, arguments, only)?;
            }
            // Else it is the system's.
        }
        Ok(())
    }

    fn cargo(&self, arguments: &[String]) -> Result<(), String> {
        let (own, theirs) = match arguments.iter().position(|word| word == "--") {
            Some(at) => (&arguments[..at], &arguments[at + 1..]),
            None => (arguments, &[][..]),
        };
        let (command, options) = own.split_first().ok_or("what?")?;
        if command == "fuzz" {
            return fuzz(options);
        }
        // In a reader's own package.
        let elsewhere = match command.as_str() {
            "add" => options == [env!("CARGO_PKG_NAME")],
            "new" => options.len() == 1,
            "build" => options.iter().any(|option| option == "--target"),
            _ => false,
        };
        if elsewhere {
            return Ok(());
        }
        if let ("install", [option, path, ..]) = (command.as_str(), options) {
            let there = !self.whole || root().join(path).join("Cargo.toml").exists();
            return (option == "--path" && there)
                .then_some(())
                .ok_or(format!("there is no package {path}"));
        }
        if !["run", "test", "bench", "doc"].contains(&command.as_str()) {
            return Err(format!("{command} is none of cargo's"));
        }
        // Where the modules are that a filter names.
        let mut programs = Vec::new();
        let mut filters = Vec::new();
        let mut options = options.iter().map(String::as_str);
        while let Some(option) = options.next() {
            if WITH_A_WORD.contains(&option) {
                let name = options.next().ok_or("it ends too early")?;
                self.names(option, name)?;
                if option == "--test" {
                    programs.push(root().join("tests").join(name));
                }
                if option == "--example" {
                    let mut source = vec![root().join(format!("examples/{name}.rs"))];
                    files(&root().join("examples").join(name), &mut source);
                    let source: String = source.iter().map(read).collect();
                    for word in theirs.iter().filter(|word| word.starts_with("--")) {
                        if !source.contains(&format!("\"{word}\"")) {
                            return Err(format!("{name} knows no {word}"));
                        }
                    }
                }
            } else if !ALONE.contains(&option) {
                filters.push(option);
            }
        }
        filters.extend(
            theirs
                .iter()
                .map(String::as_str)
                .filter(|word| word.ends_with("::")),
        );
        if programs.is_empty() {
            programs.push(root().join("src"));
        }
        for filter in filters {
            let module = filter
                .strip_suffix("::")
                .ok_or(format!("what is {filter}?"))?;
            let there = |dir: &PathBuf| {
                dir.join(module).is_dir() || dir.join(format!("{module}.rs")).exists()
            };
            if command != "test" || !programs.iter().any(there) {
                return Err(format!("there is no module {module}"));
            }
        }
        Ok(())
    }

    /// Whether what an option names is there.
    fn names(&self, option: &str, name: &str) -> Result<(), String> {
        let there = match option {
            "--example" => root().join(format!("examples/{name}.rs")).exists(),
            "--test" => match name.strip_suffix('*') {
                Some(start) => self.tests.iter().any(|test| test.starts_with(start)),
                None => self.tests.contains(name),
            },
            "--features" => name.split(',').all(|name| self.features.contains(name)),
            "-p" => !self.whole || read("cli/Cargo.toml").contains(&format!("name = \"{name}\"")),
            "--manifest-path" => !self.whole || root().join(name).exists(),
            "--bench" => !self.whole || self.benches.contains(name),
            _ => !self.whole || self.programs.contains(name),
        };
        there
            .then_some(())
            .ok_or(format!("there is no {option} {name}"))
    }

    fn script(&self, script: &str, options: &[String], only: Option<&str>) -> Result<(), String> {
        let text = read(script);
        if !text.starts_with("#!") {
            return Err("there is no such script".into());
        }
        let steps = text
            .lines()
            .map(str::trim_start)
            .filter(|line| line.starts_with("step ") || line.starts_with("beside "));
        for name in only.into_iter().flat_map(|only| only.split('|')) {
            if !steps.clone().any(|step| step.contains(name)) {
                return Err(format!("no step is called {name}"));
            }
        }
        match options
            .iter()
            .find(|option| !text.contains(option.as_str()))
        {
            Some(option) => Err(format!("it knows no {option}")),
            None => Ok(()),
        }
    }
}
