//! Guesses that can't be right: the compiler's message says what to write.
//!
//! The compiler is run over small programs, with the crate as this test was linked with it. It is this
//! crate's words that are looked for, not the compiler's own, which change with it.

use crate::common::temp_dir::TempDir;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const PRELUDE: &str = "#![allow(unused)]
use influx_edge::*; use influx_edge::csv::*; use influx_edge::line::*;
struct Date; #[derive(Debug)] struct Own;
impl std::fmt::Display for Own {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) }
}
";

/// What is typed, and what the compiler has to say of it.
const MISTAKES: [(&str, &[&str]); 19] = [
    (
        "fn f(e: &mut Encoder<Vec<u8>>) { e.line(\"t\").field(\"v\", 1).timestamp(5_u64); }",
        &[
            "`u64` is not a timestamp",
            "`.timestamp(n as i64)`",
            "`Timestamp::from_millis(n)`",
        ],
    ),
    (
        "fn f(e: &mut Encoder<Vec<u8>>) { e.line(\"t\").field(\"v\", 1).timestamp(Date); }",
        &[
            "`Date` is not a timestamp",
            "from chrono and jiff: `.timestamp(SystemTime::from(t))`",
        ],
    ),
    (
        "fn f(e: &mut Encoder<Vec<u8>>) { e.line(\"t\").field(\"v\", vec![1.5]); }",
        &[
            "is not a field value",
            "one `.field(key, value)` for each part",
        ],
    ),
    (
        "fn f(e: &mut Encoder<Vec<u8>>) { e.line(\"t\").field(\"v\", Own); }",
        &["`Own` is not a field value", "write `Text(value)`"],
    ),
    (
        "fn f(e: &mut Encoder<Vec<u8>>) { e.line(\"t\").tag(\"v\", 1.5); }",
        &[
            "is not a tag value",
            "a measured value is a field: write `.field(key, value)`",
        ],
    ),
    (
        "fn f(r: Row<'_>) { let _ = r.get::<f64>(0_u32); }",
        &["`u32` names no column", "row.get::<f64>(0_usize)"],
    ),
    (
        "fn f(r: Row<'_>) { let _ = r.get::<Date>(\"_time\"); }",
        &[
            "a cell can't be read as `Date`",
            "row.get::<Value>(key)",
            "to chrono:",
            "client.query(flux).deserialize",
        ],
    ),
    (
        "fn f(c: &Client) { c.write(\"b\", 5); }",
        &[
            "can't be written",
            "write line protocol",
            "implements `ToLine`",
        ],
    ),
    (
        "fn f(c: &Client) { c.write(\"b\", (0..5).map(|n| n.to_string())); }",
        &["can't be written", "for an iterator, write `write_each(…)`"],
    ),
    (
        "fn f(w: &mut Writer) { w.write(&Own); }",
        &[
            "can't be written",
            "a type of your own that implements `ToLine`",
            "for a struct with serde's `Serialize`, `schema.point(&value)`",
        ],
    ),
    (
        "fn f(w: &mut Writer) { w.write_each([\"t v=1\"]); }",
        &[
            "can't be written as a line",
            "a text, or a list of texts (`lines.collect::<Vec<_>>()`), is written by `write`",
            "`Serialize` by `schema.point(&value)`",
        ],
    ),
    (
        "fn f(c: &Client) { c.query(\"\").param(\"start\", Date); }",
        &[
            "`Date` is no value that Flux has a form for",
            "from chrono and jiff: `SystemTime::from(time)`",
        ],
    ),
    (
        "fn f(c: &Client) { c.query(\"\").param(\"start\", Some(Own)); }",
        &[
            "is no value that Flux has a form for",
            "`value.to_string()`",
        ],
    ),
    (
        "fn f(e: &mut Encoder<Vec<u8>>) { e.encode(&Own); }",
        &[
            "`Own` can't be written as a line",
            "`impl ToLine for` the type",
        ],
    ),
    // A field of two roles in a schema.
    (
        "const S: Schema = Schema::new(\"t\").tags(&[\"x\", \"y\", \"x\"]);",
        &["a schema names the same tag twice"],
    ),
    (
        "const S: Schema = Schema::new(\"t\").tags(&[\"x\"]).time(\"x\");",
        &["a schema names one field as a tag and as the time"],
    ),
    (
        "static S: Schema = Schema::new(\"t\").time(\"x\").tags(&[\"x\"]);",
        &["a schema names one field as a tag and as the time"],
    ),
    (
        "const S: Schema = Schema::measurement_from(\"m\").tags(&[\"m\"]);",
        &["a schema names one field as the measurement and as a tag"],
    ),
    (
        "const S: Schema = Schema::measurement_from(\"m\").time(\"m\");",
        &["a schema names one field as the measurement and as the time"],
    ),
];

/// What does nothing yet, and what it lacks.
const UNFINISHED: [(&str, &str); 7] = [
    (
        "c.query(\"\");",
        "until `.call()?` for rows, `.deserialize::<T>()?`",
    ),
    (
        "c.query(\"\").param(\"a\", 1);",
        "or `.write_to(&mut out)?`",
    ),
    ("<Client>::builder(\"\").org(\"o\");", "until `.build()?`"),
    ("c.writer(\"b\");", "until `.build()?`"),
    ("c.request(client::Method::Get, \"/\");", "until `.call()?`"),
    (
        "c.delete_points(\"b\", Timestamp::MIN, Timestamp::MAX);",
        "until `.call()?`",
    ),
    ("c.scripts().invoke(&id, &());", "until `.call()?`"),
];

/// Constructors that other crates have: no message is about a private function of that name, or about
/// types that a user can't know.
const NO_CONSTRUCTORS: [&str; 6] = [
    "Client::new(\"http://localhost:8086\", \"org\", \"token\")",
    "client::ClientBuilder::new(\"http://localhost:8086\")",
    "Writer::new(c, \"bucket\")",
    "writer::WriterBuilder::new(c, \"bucket\")",
    "client::Query::new(\"buckets()\")",
    "client::Rows::new(c)",
];

#[test]
fn the_compiler_names_the_last_step() {
    let (dir, deps, library) = place();
    for (program, step) in UNFINISHED {
        let text = format!(
            "{PRELUDE} #[deny(unused_must_use)] fn f(c: &Client, id: api::Id<api::Script>) {{ {program} }}"
        );
        let message = compile(dir.path(), &deps, &library, &text).unwrap();
        assert!(
            message.contains(step),
            "{program}\nlacks: {step}\n{message}"
        );
    }
    for program in NO_CONSTRUCTORS {
        let text = format!("{PRELUDE} fn f(c: &Client) {{ {program}; }}");
        let message = compile(dir.path(), &deps, &library, &text).unwrap();
        assert!(message.contains("error"), "it compiles: {program}");
        assert!(!message.contains("private"), "{message}");
        assert!(!message.contains("mismatched types"), "{message}");
    }
}

/// A directory for programs, that of the libraries, and the crate's.
fn place() -> (TempDir, PathBuf, PathBuf) {
    let dir = TempDir::new("first-guesses");
    let deps = std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .to_path_buf();
    let fine = format!("{PRELUDE} fn f(c: &Client) {{ let _ = c.write(\"b\", \"t v=1\"); }}");
    let Some(library) = libraries(&deps).into_iter().find(|library| {
        compile(dir.path(), &deps, library, &fine).is_ok_and(|message| message.is_empty())
    }) else {
        panic!(
            "no build of the crate in {} compiles a program",
            deps.display()
        );
    };
    (dir, deps, library)
}

#[test]
fn the_compiler_says_what_to_write_instead() {
    let (dir, deps, library) = place();
    for (program, words) in MISTAKES {
        let text = format!("{PRELUDE}{program}");
        let message = compile(dir.path(), &deps, &library, &text).unwrap();
        assert!(message.contains("error"), "it compiles: {program}");
        for word in words {
            assert!(
                message.contains(word),
                "{program}\nlacks: {word}\n{message}"
            );
        }
    }
}

/// The builds of the crate, the newest first: an older one may have other features.
fn libraries(deps: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(deps)
        .unwrap()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let is_library = name.starts_with("libinflux_edge-") && name.ends_with(".rlib");
            let time = entry.metadata().ok()?.modified().ok()?;
            is_library.then(|| (time, entry.path()))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// What the compiler writes; nothing if it compiles.
fn compile(dir: &Path, deps: &Path, library: &Path, text: &str) -> std::io::Result<String> {
    let source = dir.join("guess.rs");
    std::fs::write(&source, text)?;
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler)
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata"])
        .arg(format!("--extern=influx_edge={}", library.display()))
        .arg(format!("-Ldependency={}", deps.display()))
        .arg(format!("--out-dir={}", dir.display()))
        .arg(&source)
        .output()?;
    Ok(match output.status.success() {
        true => String::new(),
        false => String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
