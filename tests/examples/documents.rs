//! The commands of the documents that people copy from: each is run against a mock server, except those of
//! `.ci/commands.allow`, which has a reason for each of them.
//!
//! `INFLUX_EDGE_RUN_COMMANDS=1` runs them, which takes minutes and the built command `influx-edge`; without it
//! only the list is checked.

use crate::commands::{commands, files, read, root};
use crate::common::mock_server::Server;
use crate::common::temp_dir::TempDir;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The commands of README.md, docs/*.md and cli/README.md, in their order: a later one may need what an
/// earlier one has left.
fn documented() -> Vec<String> {
    let mut paths = Vec::new();
    files(&root().join("docs"), &mut paths);
    paths.sort();
    paths.extend(["README.md", "cli/README.md"].map(|name| root().join(name)));
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    let mut found = Vec::new();
    for command in paths.iter().flat_map(|path| commands(&read(path))) {
        if !found.contains(&command) {
            found.push(command);
        }
    }
    found
}

/// The commands of the list, each with its reason.
fn allowed(list: &str) -> Vec<(String, String)> {
    let mut reason = "";
    let mut found = Vec::new();
    for line in list.lines() {
        match line.strip_prefix('#') {
            Some(comment) => reason = comment.trim(),
            None if line.is_empty() => reason = "",
            None => found.push((line.to_owned(), reason.to_owned())),
        }
    }
    found
}

/// How a command begins that is ours. Any other is the system's: it has to be on the list, and is not run even if
/// it is not.
const OURS: [&str; 5] = ["cargo run ", "influx-edge ", "printf ", "for ", "eval "];

fn is_ours(command: &str) -> bool {
    OURS.iter().any(|start| command.starts_with(start))
}

/// Those that are to be run.
fn run() -> Vec<String> {
    let allowed = allowed(&read(".ci/commands.allow"));
    let skipped = |command: &String| allowed.iter().any(|(one, _)| one == command);
    let commands = documented().into_iter();
    commands.filter(|command| !skipped(command)).collect()
}

#[test]
fn the_list_has_a_reason_for_each_command_and_no_other_commands() {
    if !root().join(".ci").is_dir() {
        return; // the package has no list
    }
    let documented = documented();
    for (command, reason) in allowed(&read(".ci/commands.allow")) {
        assert!(documented.contains(&command), "no document has: {command}");
        assert!(reason.len() > 20, "no reason: {command}");
    }
    let run = run();
    assert!(run.len() > 5, "{run:#?}");
    let neither: Vec<_> = run.iter().filter(|command| !is_ours(command)).collect();
    assert!(
        neither.is_empty(),
        "neither run nor on the list: {neither:#?}"
    );
    assert_eq!(
        allowed("# All\n# of it.\n\n# Why.\na b\nc\n\nd\n"),
        [("a b", "Why."), ("c", "Why."), ("d", "")].map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
}

#[test]
fn the_commands_run() {
    if std::env::var_os("INFLUX_EDGE_RUN_COMMANDS").is_none() {
        eprintln!("skipped: INFLUX_EDGE_RUN_COMMANDS is not set");
        return;
    }
    let (server, v3) = (Server::start(), Server::v3());
    server.add_bucket("sensors");
    let dir = TempDir::new("documents");
    let lines = "weather,station=zrh-1 temp_c=21.5 1700000000000000000\n";
    fs::write(dir.path().join("today.lp"), lines).unwrap();
    let mut failed = Vec::new();
    for command in run().into_iter().filter(|command| is_ours(command)) {
        eprintln!("--- {command}");
        let cargo = command.contains("cargo run ");
        let output = shell(&command)
            .current_dir(if cargo { root() } else { dir.path() })
            .env("XDG_STATE_HOME", dir.path())
            .env("INFLUXDB_V2_URL", server.url())
            .env("INFLUXDB_V2_TOKEN", server.token())
            .env("INFLUXDB_V2_ORG", server.org())
            .env("INFLUXDB_V2_BUCKET", server.bucket())
            .env("INFLUXDB3_URL", v3.url())
            .env("INFLUXDB3_TOKEN", v3.token())
            .output()
            .unwrap();
        eprint!("{}", String::from_utf8_lossy(&output.stdout));
        if !output.status.success() {
            failed.push(format!("{command}: {output:#?}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// A command as a person types it, with `influx-edge` on the path and a limit of time.
fn shell(command: &str) -> Command {
    let built = built();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("timeout");
    shell
        .args(["300", "bash", "-c", command])
        .stdin(Stdio::null())
        .env("PATH", format!("{}:{path}", built.display()))
        .env("CARGO_TARGET_DIR", built.parent().unwrap());
    shell
}

/// The folder of built programs.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).map(Path::to_owned).unwrap()
}
