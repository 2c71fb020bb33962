//! The example that no other test runs. (`quickstart`, `pipe` and `spool_inspect` have tests under
//! their names, those of the client are in `client_examples`, the gateway in `writer_gateway`.)
#![cfg(all(feature = "client", feature = "spool"))]

use std::path::PathBuf;
use std::process::Command;

/// A built example. A plain `cargo test` has built it; a single `--test examples` has not.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.ancestors().nth(2).expect("target/debug");
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let binary = profile.join("examples").join(file);
    if !binary.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--example", name]);
        assert!(build.status().expect("cargo").success());
    }
    binary
}

/// Runs an example to its good end; what it printed.
fn run(name: &str, set: &[(&str, &str)]) -> String {
    let mut command = Command::new(binary(name));
    for (variable, _) in std::env::vars_os() {
        let text = variable.to_string_lossy();
        if text.starts_with("INFLUXDB_V2_") || ["SPOOL", "BUCKET"].contains(&&*text) {
            command.env_remove(variable);
        }
    }
    let output = command.envs(set.iter().copied()).output().expect("it runs");
    let out = String::from_utf8(output.stdout).expect("text");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {out}\n{err}");
    out
}

#[test]
fn bare_metal_writes_and_reads_back() {
    let out = run("bare_metal", &[]);
    assert!(out.contains("written  20 readings in "), "{out}");
    assert!(out.contains("newest   24.5 °C"), "{out}");
}
