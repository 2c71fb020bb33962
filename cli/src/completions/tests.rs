//! The scripts of a table that has everything, in the shells themselves where they are installed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests of unix: clippy.toml is about those of any system"
)]

use crate::command::{Command, Count, Entry, Kind, Operand, Opt, all};
use std::process::{ExitCode, Stdio};

const LIST: Command = Command {
    name: "list",
    summary: "list what's there: everything",
    operands: &[Operand {
        name: "DIR",
        help: "the directory",
        count: Count::Optional,
        kind: Kind::Directory,
    }],
    options: &[Opt::value(
        "sort",
        "KEY",
        Kind::Choice(&["age", "size"]),
        "it's [sorted]",
    )
    .short('s')],
    connects: false,
    notes: "",
    examples: &[],
    commands: &[],
    run: |_| Ok(ExitCode::SUCCESS),
};

const TREE: Command = Command {
    name: "tree",
    commands: &[&LIST],
    options: &[],
    operands: &[],
    ..LIST
};

const PUT: Command = Command {
    name: "put",
    operands: &[
        Operand {
            name: "BUCKET",
            help: "where to",
            count: Count::One,
            kind: Kind::Text,
        },
        Operand {
            name: "FILE",
            help: "what",
            count: Count::Any,
            kind: Kind::File,
        },
    ],
    options: &[
        Opt::flag("all", "everything"),
        Opt::value("unit", "UNIT", Kind::Choice(&["ns", "us"]), "unit").short('u'),
        Opt::value("tag", "KEY=VALUE", Kind::Text, "a tag"),
        Opt::value("dir", "DIR", Kind::Directory, "a directory"),
    ],
    connects: true,
    ..LIST
};

fn entries() -> Vec<Entry> {
    all(&[&PUT, &TREE])
}

/// The output of this shell for a script; `None` if it is not installed.
fn printed(shell: &str, args: &[&str]) -> Option<String> {
    let output = std::process::Command::new(shell)
        .args(args)
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: {shell} is not installed");
        return None;
    };
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The words in front of the cursor, as bash splits them, and what is completed.
#[test]
fn bash_completes() {
    let cases: &[(&[&str], &str)] = &[
        (&[""], "put tree"),
        (&["tr"], "tree"),
        (&["-"], "--help --version"),
        (&["put", "--un"], "--unit"),
        (&["put", "--unit", ""], "ns us"),
        (&["put", "-u", "u"], "us"),
        (&["put", "--unit", "="], "ns us"),
        (&["put", "--unit", "=", "n"], "ns"),
        (&["put", "--org", ""], ""),
        (&["put", "--dir", ""], "-o dirnames"),
        (&["put", "--ca-file", ""], "-o default"),
        (&["put", ""], ""),
        (&["put", "sensors", ""], "-o default"),
        (&["put", "--", "--unit", ""], "-o default"),
        (&["put", "--", "--un"], ""),
        (&["put", "sensors", "one", "two", ""], "-o default"),
        (&["put", "--all", "sensors", ""], "-o default"),
        (&["put", "--unit", "ns", ""], ""),
        (&["put", "--unit", "=", "ns", "sensors", ""], "-o default"),
        (&["put", "--tag", "k", "=", "v", "--al"], "--all"),
        (&["put", "--tag", "k", "=", "v", "s", ""], "-o default"),
        (&["put", "--url", "http", ":", "//db", ":", "80"], ""),
        (&["put", "--url", "http", ":", "//db", "--al"], "--all"),
        (&["put", "put", ""], "-o default"),
        (&["tree", ""], "list"),
        (&["tree", "list", "--s"], "--sort"),
        (&["tree", "list", "-s", ""], "age size"),
        (&["tree", "list", ""], "-o dirnames"),
        (&["tree", "list", "x", ""], ""),
        (&["list", "--s"], ""),
    ];
    let mut script = super::bash::script(&entries());
    script.push_str("compopt() { COMPREPLY=(\"$@\"); }\n");
    for (words, _) in cases {
        let words: Vec<_> = words.iter().map(|word| super::quoted(word)).collect();
        script.push_str(&format!(
            "COMP_WORDS=(influx-edge {}) COMP_CWORD={}; _influx_edge; echo \"${{COMPREPLY[*]}}\"\n",
            words.join(" "),
            words.len()
        ));
    }
    let Some(printed) = printed("bash", &["--norc", "-c", &script]) else {
        return;
    };
    assert_eq!(printed.lines().count(), cases.len());
    for (printed, (words, expected)) in printed.lines().zip(cases) {
        assert_eq!(printed, *expected, "{words:?}");
    }
}

#[test]
fn fish_completes() {
    let cases = [
        ("influx-edge ", "put tree"),
        ("influx-edge tr", "tree"),
        ("influx-edge --v", "--version"),
        ("influx-edge put --un", "--unit"),
        ("influx-edge put --unit ", "ns us"),
        ("influx-edge put -u u", "us"),
        ("influx-edge put --unit=n", "--unit=ns"),
        ("influx-edge tree ", "list"),
        ("influx-edge tree list --so", "--sort"),
        ("influx-edge tree list -s ", "age size"),
        ("influx-edge list --so", ""),
        ("influx-edge put tree --so", ""),
        ("influx-edge put --org x", ""),
        ("influx-edge put sensors /bin/s", "/bin/sh"),
    ];
    let mut script = super::fish::script(&entries());
    for (typed, _) in cases {
        script.push_str(&format!("complete -C '{typed}'\necho .\n"));
    }
    let Some(printed) = printed("fish", &["--no-config", "-c", &script]) else {
        return;
    };
    let groups: Vec<_> = printed.split(".\n").collect();
    for ((typed, expected), group) in cases.iter().zip(groups) {
        let words = group.lines().map(|line| line.split('\t').next().unwrap());
        let words = words.collect::<Vec<_>>();
        if expected.starts_with('/') {
            assert!(words.contains(expected), "{typed}: {words:?}");
        } else {
            assert_eq!(words.join(" "), *expected, "{typed}");
        }
    }
}

#[test]
fn zsh_reads_the_script() {
    let path = std::env::temp_dir().join(format!("influx-edge-zsh-{}", std::process::id()));
    std::fs::write(&path, super::zsh::script(&entries())).unwrap();
    printed("zsh", &["-f", "-n", path.to_str().unwrap()]);
    std::fs::remove_file(path).unwrap();
}
