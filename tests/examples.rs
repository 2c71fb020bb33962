//! The examples without a test of their own run as the README says: with nothing set, and to their end.
//! (`quickstart`, `pipe` and `spool_inspect` have tests under their names.)
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

#[test]
fn cron_report_has_something_to_report() {
    let out = run("cron_report", &[]);
    assert!(out.contains("23 readings of \"quickstart\""), "{out}");
}

#[test]
fn raw_call_asks_for_what_has_no_method() {
    let out = run("raw_call", &[]);
    assert!(out.contains("GET /health: 200"), "{out}");
}

#[test]
fn provision_sets_a_server_up() {
    let out = run("provision", &[]);
    assert!(out.contains("kept 30 days"), "{out}");
}

/// Through the outage at five seconds, and past its end at ten.
#[test]
fn gateway_survives_its_outage() {
    let out = run("gateway", &[("SECONDS", "11")]);
    let account = out.lines().find(|line| line.starts_with("accepted "));
    let numbers: Vec<u64> = account
        .unwrap_or_else(|| panic!("no account: {out}"))
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    let [accepted, delivered, on_disk, rejected, dropped, in_memory] = numbers[..] else {
        panic!("another account: {out}");
    };
    assert!(accepted > 100, "{out}");
    assert_eq!(
        (delivered, on_disk, rejected, dropped, in_memory),
        (accepted, 0, 0, 0, 0),
        "{out}"
    );
    assert!(!out.contains("that is not so"), "{out}");
}
